/* Plain C meaning of the bulk operations on packed bits. */
#ifndef TEST_PIM_ORACLE_H
#define TEST_PIM_ORACLE_H

#include "pim/pim_device.h"

static inline unsigned char oracle_byte(enum pim_op op, unsigned a, unsigned b, unsigned c)
{
	switch (op) {
	case PIM_NOT:
		return (unsigned char)~a;
	case PIM_AND:
		return (unsigned char)(a & b);
	case PIM_OR:
		return (unsigned char)(a | b);
	case PIM_NAND:
		return (unsigned char)~(a & b);
	case PIM_NOR:
		return (unsigned char)~(a | b);
	case PIM_XOR:
		return (unsigned char)(a ^ b);
	case PIM_XNOR:
		return (unsigned char)~(a ^ b);
	case PIM_MAJ:
		return (unsigned char)((a & b) | (a & c) | (b & c));
	default:
		return (unsigned char)a;
	}
}

static inline uint64_t oracle_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
