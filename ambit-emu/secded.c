#include "ambit-emu/secded.h"

/* Data bits that each check bit covers. Their columns: the 56 of weight 3 in lexicographic order, then 8 of weight 5,
 * chosen so that every row has an odd number of ones. */
static const uint64_t covered[8] = {
	0xfc000000001fffff, 0xfa00000fffe0003f, 0xc6003ff003e007c1, 0xa90fc0f03c207842,
	0x6571c711c4438884, 0x93b65926488c9108, 0x5fdaaa4a91152210, 0x3fed348d221a4420,
};

uint8_t ambit_secded_check(uint64_t data)
{
	unsigned check = 0;
	for (unsigned i = 0; i < 8; i++)
		check |= (unsigned)__builtin_parityll(data & covered[i]) << i;
	return (uint8_t)check;
}

enum ambit_ecc ambit_secded_decode(uint64_t *data, uint8_t check)
{
	unsigned syndrome = (unsigned)(ambit_secded_check(*data) ^ check);
	if (syndrome == 0)
		return AMBIT_ECC_CLEAN;
	if (!__builtin_parity(syndrome))
		return AMBIT_ECC_DETECTED;
	if ((syndrome & (syndrome - 1)) == 0)
		return AMBIT_ECC_CORRECTED; /* the wrong bit is a check bit */
	uint64_t bits = UINT64_MAX;
	for (unsigned i = 0; i < 8; i++)
		bits &= syndrome >> i & 1 ? covered[i] : ~covered[i];
	*data ^= bits; /* bits is 0 where no single bit explains the syndrome: three or more errors */
	return bits ? AMBIT_ECC_CORRECTED : AMBIT_ECC_DETECTED;
}
