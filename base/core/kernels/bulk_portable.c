/* Bulk kernels in plain C: 64-bit words. */
#include <stdint.h>
#include <string.h>

typedef uint64_t V;
#define V_BYTES sizeof(V)
#define V_STREAM 0
#define BULK_TABLE mw_bulk_portable

static inline V v_load(const uint8_t *p)
{
	V v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void v_store(uint8_t *p, V v)
{
	memcpy(p, &v, sizeof(v));
}

#define v_fence() ((void)0)
#define v_and(a, b) ((a) & (b))
#define v_or(a, b) ((a) | (b))
#define v_xor(a, b) ((a) ^ (b))
#define v_not(a) (~(a))
#define v_nand(a, b) (~((a) & (b)))
#define v_nor(a, b) (~((a) | (b)))
#define v_xnor(a, b) (~((a) ^ (b)))
#define v_maj(a, b, c) (((a) & (b)) | ((c) & ((a) | (b))))
#define v_pattern(u) (u)
/* Adds two 32-bit lanes in one word: the top bits are added by XOR, so that no carry leaves a lane. */
#define V_TOP UINT64_C(0x8000000080000000)
#define v_add32(a, b) ((((a) & ~V_TOP) + ((b) & ~V_TOP)) ^ (((a) ^ (b)) & V_TOP))

#include "base/core/kernels/bulk_loop.h"
