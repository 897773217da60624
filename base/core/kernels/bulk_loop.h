/* The loop of every bulk kernel. Included once by each path's file, which first defines
 *   V             vector type          V_BYTES            its size
 *   v_load(p)     any alignment        v_store(p, v)      any alignment
 *   v_stream(p,v) aligned, non-temporal, and V_STREAM 1, or V_STREAM 0
 *   v_fence()     v_and v_or v_xor v_not v_maj v_nand v_nor v_xnor, v_pattern(u64)
 *   v_add32(a,b)  of 32-bit lanes
 *   BULK_TABLE    name of the table */
#include <stdint.h>
#include <string.h>

#include "base/core/kernels/bulk.h"

#define BULK_INLINE static inline __attribute__((always_inline))
/* Vectors per step of the main loop; more than four gained nothing on the machines measured. */
#define BULK_UNROLL 4
#if defined(__clang__)
#define BULK_UNROLLED _Pragma("unroll")
#else
#define BULK_UNROLLED _Pragma("GCC unroll 4")
#endif

BULK_INLINE V bulk_vector(enum mw_bulk_op op, V a, V b, V c)
{
	switch (op) {
	case MW_BULK_NOT:
		return v_not(a);
	case MW_BULK_AND:
		return v_and(a, b);
	case MW_BULK_OR:
		return v_or(a, b);
	case MW_BULK_NAND:
		return v_nand(a, b);
	case MW_BULK_NOR:
		return v_nor(a, b);
	case MW_BULK_XOR:
		return v_xor(a, b);
	case MW_BULK_XNOR:
		return v_xnor(a, b);
	case MW_BULK_MAJ:
		return v_maj(a, b, c);
	case MW_BULK_ADD32:
		return v_add32(a, b);
	default:
		return a;
	}
}

BULK_INLINE uint8_t bulk_byte(enum mw_bulk_op op, unsigned a, unsigned b, unsigned c)
{
	switch (op) {
	case MW_BULK_NOT:
		return (uint8_t)~a;
	case MW_BULK_AND:
		return (uint8_t)(a & b);
	case MW_BULK_OR:
		return (uint8_t)(a | b);
	case MW_BULK_NAND:
		return (uint8_t) ~(a & b);
	case MW_BULK_NOR:
		return (uint8_t) ~(a | b);
	case MW_BULK_XOR:
		return (uint8_t)(a ^ b);
	case MW_BULK_XNOR:
		return (uint8_t) ~(a ^ b);
	case MW_BULK_MAJ:
		return (uint8_t)((a & b) | (c & (a | b)));
	default:
		return (uint8_t)a;
	}
}

BULK_INLINE void bulk_bytes(enum mw_bulk_op op, uint8_t *d, const uint8_t *const s[3], size_t from, size_t to)
{
	uint32_t a, b;
	for (size_t i = from; op == MW_BULK_ADD32 && i + 4 <= to; i += 4) {
		memcpy(&a, s[0] + i, 4);
		memcpy(&b, s[1] + i, 4);
		a += b;
		memcpy(d + i, &a, 4);
	}
	for (size_t i = from; op != MW_BULK_ADD32 && i < to; i++)
		d[i] = bulk_byte(op, s[0][i], s[1][i], s[2][i]);
}

BULK_INLINE void bulk_put(uint8_t *p, V v, enum mw_bulk_store store)
{
#if V_STREAM
	if (store == MW_STORE_NT) {
		v_stream(p, v);
		return;
	}
#endif
	(void)store;
	v_store(p, v);
}

BULK_INLINE void bulk_run(enum mw_bulk_op op, enum mw_bulk_store store, void *dst, const void *const *src, size_t bytes)
{
	uint8_t *d = dst;
	const uint8_t *a = src[0];
	/* An input that op does not use is set to the first one; the compiler drops the loads. */
	const uint8_t *b = op == MW_BULK_NOT || op == MW_BULK_COPY ? a : (const uint8_t *)src[1];
	const uint8_t *c = op == MW_BULK_MAJ ? (const uint8_t *)src[2] : a;
	const uint8_t *const s[3] = {a, b, c};
	size_t i = 0;
	if (store == MW_STORE_NT) {
		size_t head = (size_t)(-(uintptr_t)d % 64);
		i = head < bytes ? head : bytes;
		bulk_bytes(op, d, s, 0, i);
	}
	for (; i + BULK_UNROLL * V_BYTES <= bytes; i += BULK_UNROLL * V_BYTES) {
		V r[BULK_UNROLL];
		BULK_UNROLLED
		for (unsigned k = 0; k < BULK_UNROLL; k++)
			r[k] = bulk_vector(op, v_load(a + i + k * V_BYTES), v_load(b + i + k * V_BYTES),
					   v_load(c + i + k * V_BYTES));
		BULK_UNROLLED
		for (unsigned k = 0; k < BULK_UNROLL; k++)
			bulk_put(d + i + k * V_BYTES, r[k], store);
	}
	for (; i + V_BYTES <= bytes; i += V_BYTES)
		bulk_put(d + i, bulk_vector(op, v_load(a + i), v_load(b + i), v_load(c + i)), store);
	bulk_bytes(op, d, s, i, bytes);
	if (store == MW_STORE_NT)
		v_fence();
}

BULK_INLINE void bulk_fill(enum mw_bulk_store store, void *dst, const void *pattern, size_t bytes)
{
	uint8_t *d = dst, p[16];
	memcpy(p, pattern, 8);
	memcpy(p + 8, pattern, 8);
	size_t i = 0;
	if (store == MW_STORE_NT)
		for (; i < bytes && (uintptr_t)(d + i) % 64; i++)
			d[i] = p[i % 8];
	uint64_t word;
	memcpy(&word, p + i % 8, 8);
	V v = v_pattern(word);
	for (; i + BULK_UNROLL * V_BYTES <= bytes; i += BULK_UNROLL * V_BYTES) {
		BULK_UNROLLED
		for (unsigned k = 0; k < BULK_UNROLL; k++)
			bulk_put(d + i + k * V_BYTES, v, store);
	}
	for (; i + V_BYTES <= bytes; i += V_BYTES)
		bulk_put(d + i, v, store);
	for (; i < bytes; i++)
		d[i] = p[i % 8];
	if (store == MW_STORE_NT)
		v_fence();
}

#define BULK_ONE(name, op, store)                                                                                      \
	static void name(void *dst, const void *const *src, size_t bytes)                                              \
	{                                                                                                              \
		bulk_run(op, store, dst, src, bytes);                                                                  \
	}

#define BULK_SET(suffix, store)                                                                                        \
	BULK_ONE(bulk_not##suffix, MW_BULK_NOT, store)                                                                 \
	BULK_ONE(bulk_and##suffix, MW_BULK_AND, store)                                                                 \
	BULK_ONE(bulk_or##suffix, MW_BULK_OR, store)                                                                   \
	BULK_ONE(bulk_nand##suffix, MW_BULK_NAND, store)                                                               \
	BULK_ONE(bulk_nor##suffix, MW_BULK_NOR, store)                                                                 \
	BULK_ONE(bulk_xor##suffix, MW_BULK_XOR, store)                                                                 \
	BULK_ONE(bulk_xnor##suffix, MW_BULK_XNOR, store)                                                               \
	BULK_ONE(bulk_maj##suffix, MW_BULK_MAJ, store)                                                                 \
	BULK_ONE(bulk_copy##suffix, MW_BULK_COPY, store)                                                               \
	BULK_ONE(bulk_add32##suffix, MW_BULK_ADD32, store)                                                             \
	static void bulk_fill##suffix(void *dst, const void *const *src, size_t bytes)                                 \
	{                                                                                                              \
		bulk_fill(store, dst, src[0], bytes);                                                                  \
	}

#define BULK_ROW(suffix)                                                                                               \
	{                                                                                                              \
		[MW_BULK_NOT] = bulk_not##suffix, [MW_BULK_AND] = bulk_and##suffix, [MW_BULK_OR] = bulk_or##suffix,    \
		[MW_BULK_NAND] = bulk_nand##suffix, [MW_BULK_NOR] = bulk_nor##suffix,                                  \
		[MW_BULK_XOR] = bulk_xor##suffix, [MW_BULK_XNOR] = bulk_xnor##suffix,                                  \
		[MW_BULK_MAJ] = bulk_maj##suffix, [MW_BULK_COPY] = bulk_copy##suffix,                                  \
		[MW_BULK_FILL] = bulk_fill##suffix, [MW_BULK_ADD32] = bulk_add32##suffix,                              \
	}

BULK_SET(_ordinary, MW_STORE_ORDINARY)
#if V_STREAM
BULK_SET(_nt, MW_STORE_NT)
#endif

const struct mw_bulk_kernels BULK_TABLE = {
	.fn =
		{
			[MW_STORE_ORDINARY] = BULK_ROW(_ordinary),
#if V_STREAM
			[MW_STORE_NT] = BULK_ROW(_nt),
#endif
		},
};
