/* Single error correction, double error detection: 8 check bits over 64 data bits, all columns of odd weight (Hsiao,
 * IBM J. Res. Dev. 1970).
 *
 * Codes are linear: they survive XOR (check(a ^ b) = check(a) ^ check(b)) and copies, and with them the operations that
 * are built of XOR alone. They do not survive AND, OR or majority: the check bits of a & b cannot be had from those of
 * a and b. This code has an all-ones word (64 ones, 8 ones) among its own, so that NOT and XNOR, done on data and check
 * bits alike, also give words of the code. */
#ifndef AMBIT_SECDED_H
#define AMBIT_SECDED_H

#include <stdint.h>

enum ambit_ecc { AMBIT_ECC_CLEAN, AMBIT_ECC_CORRECTED, AMBIT_ECC_DETECTED };

uint8_t ambit_secded_check(uint64_t data);
/* Corrects *data where one of the 72 bits is wrong; leaves it where two are. */
enum ambit_ecc ambit_secded_decode(uint64_t *data, uint8_t check);

#endif
