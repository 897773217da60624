/* Single error correction, double error detection: 8 check bits over 64 data bits, all columns of odd weight (Hsiao,
 * IBM J. Res. Dev. 1970).
 *
 * The code is linear: XOR (check(a ^ b) = check(a) ^ check(b)), copies and operations built of XOR alone keep check
 * bits valid. AND, OR and majority do not: the check bits of a & b do not follow from those of a and b. The word of 64
 * ones has 8 ones as check bits, so NOT and XNOR on data and check bits alike also give valid words. */
#ifndef AMBIT_SECDED_H
#define AMBIT_SECDED_H

#include <stdint.h>

enum ambit_ecc { AMBIT_ECC_CLEAN, AMBIT_ECC_CORRECTED, AMBIT_ECC_DETECTED };

uint8_t ambit_secded_check(uint64_t data);
/* Corrects *data where one of the 72 bits is wrong and leaves it where two are. Three or more wrong bits may be
 * miscorrected. */
enum ambit_ecc ambit_secded_decode(uint64_t *data, uint8_t check);

#endif
