/* The loops of one instruction set; included once by each cells_*.c, which first defines
 *	V, V_BYTES, v_load(p), v_store(p, v), v_xor, v_maj, v_mask(bool), V_STREAM with v_stream(p, v) and v_fence()
 *	CELLS_TABLE: name of the table */
#include "ambit-emu/cells.h"

#define CELLS_INLINE static inline __attribute__((always_inline))
/* Unrolled so that pointers and masks stay in registers; -O2 alone does not unroll. */
#if defined(__clang__)
#define CELLS_UNROLL _Pragma("unroll")
#else
#define CELLS_UNROLL _Pragma("GCC unroll 6")
#endif

/* n: some wordline of the command is an n-wordline. */
CELLS_INLINE void cells_run(const struct ambit_step *s, char *const *row, size_t bytes, unsigned n_src, unsigned n_dst,
			    bool n, bool stream)
{
	const char *a = row[s->src[0]];
	const char *b = n_src == 3 ? row[s->src[1]] : a, *c = n_src == 3 ? row[s->src[2]] : a;
	char *d[AMBIT_MAX_DST];
	V flip[AMBIT_MAX_DST];
	CELLS_UNROLL
	for (unsigned k = 0; k < n_dst; k++) {
		d[k] = row[s->dst[k]];
		if (n)
			flip[k] = v_mask((s->dst_n >> k & 1) != (n_src == 1 && s->src_n));
	}
	for (size_t i = 0; i < bytes; i += V_BYTES) {
		V v = v_load(a + i);
		if (n_src == 3)
			v = v_maj(v, v_load(b + i), v_load(c + i));
		CELLS_UNROLL
		for (unsigned k = 0; k < n_dst; k++) {
			V out = n ? v_xor(v, flip[k]) : v;
#if V_STREAM
			if (stream && k + 1 == n_dst) {
				v_stream(d[k] + i, out);
				continue;
			}
#endif
			v_store(d[k] + i, out);
		}
	}
	(void)stream;
}

#define CELLS_ONE(name, n_src, n_dst, n, stream)                                                                       \
	static void name(const struct ambit_step *s, char *const *row, size_t bytes)                                   \
	{                                                                                                              \
		cells_run(s, row, bytes, n_src, n_dst, n, stream);                                                     \
	}
#define CELLS_FN(name, n_src, n_dst, stream)                                                                           \
	CELLS_ONE(name, n_src, n_dst, false, stream)                                                                   \
	CELLS_ONE(name##_n, n_src, n_dst, true, stream)

CELLS_FN(copy1, 1, 1, false)
CELLS_FN(copy2, 1, 2, false)
CELLS_FN(copy3, 1, 3, false)
CELLS_FN(maj3, 3, 3, false)
CELLS_FN(maj4, 3, 4, false)
CELLS_FN(maj5, 3, 5, false)
CELLS_FN(maj6, 3, 6, false)
#if V_STREAM
CELLS_FN(copy1_nt, 1, 1, true)
CELLS_FN(maj4_nt, 3, 4, true)
#endif

static void cells_fence(void)
{
	v_fence();
}

const struct ambit_cells CELLS_TABLE = {
	.copy = {{NULL, copy1, copy2, copy3}, {NULL, copy1_n, copy2_n, copy3_n}},
	.maj = {{maj3, maj4, maj5, maj6}, {maj3_n, maj4_n, maj5_n, maj6_n}},
#if V_STREAM
	.copy_nt = {copy1_nt, copy1_nt_n},
	.maj4_nt = {maj4_nt, maj4_nt_n},
#endif
	.fence = cells_fence,
};
