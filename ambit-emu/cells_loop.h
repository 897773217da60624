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

#define CELLS_SET(suffix, stream)                                                                                      \
	CELLS_FN(copy1##suffix, 1, 1, stream)                                                                          \
	CELLS_FN(copy2##suffix, 1, 2, stream)                                                                          \
	CELLS_FN(copy3##suffix, 1, 3, stream)                                                                          \
	CELLS_FN(maj1##suffix, 3, 1, stream)                                                                           \
	CELLS_FN(maj2##suffix, 3, 2, stream)                                                                           \
	CELLS_FN(maj3##suffix, 3, 3, stream)                                                                           \
	CELLS_FN(maj4##suffix, 3, 4, stream)                                                                           \
	CELLS_FN(maj5##suffix, 3, 5, stream)                                                                           \
	CELLS_FN(maj6##suffix, 3, 6, stream)
#define CELLS_COPIES(suffix)                                                                                           \
	{                                                                                                              \
		{NULL, copy1##suffix, copy2##suffix, copy3##suffix},                                                   \
		{                                                                                                      \
			NULL, copy1##suffix##_n, copy2##suffix##_n, copy3##suffix##_n                                  \
		}                                                                                                      \
	}
#define CELLS_MAJORITIES(suffix)                                                                                       \
	{                                                                                                              \
		{NULL, maj1##suffix, maj2##suffix, maj3##suffix, maj4##suffix, maj5##suffix, maj6##suffix},            \
		{                                                                                                      \
			NULL, maj1##suffix##_n, maj2##suffix##_n, maj3##suffix##_n, maj4##suffix##_n,                  \
				maj5##suffix##_n, maj6##suffix##_n                                                     \
		}                                                                                                      \
	}

CELLS_SET(_ordinary, false)
#if V_STREAM
CELLS_SET(_nt, true)
#endif

static void cells_fence(void)
{
	v_fence();
}

const struct ambit_cells CELLS_TABLE = {
	.copy = CELLS_COPIES(_ordinary),
	.maj = CELLS_MAJORITIES(_ordinary),
#if V_STREAM
	.copy_nt = CELLS_COPIES(_nt),
	.maj_nt = CELLS_MAJORITIES(_nt),
#endif
	.fence = cells_fence,
};
