/* Bodies of the kernels, and the table of the family. A file of one instruction set defines the following, then
 * includes this: VEC, VECI            vectors of double and of 64-bit integers LOAD(p), LOADI(p)    unaligned loads
 *   STORE(p, v)          unaligned store
 *   SET1(s), FMA(x, y, z) = x * y + z, ADDI(x, y), SUMI(x) -> uint64_t, ZEROI
 *   ISA, NAME            enum mw_isa and its name as text
 *   STREAM(p, v)         optional: non-temporal store, p aligned to sizeof(VEC)
 *   FENCE()              with STREAM: orders non-temporal stores before whatever follows
 *   PLAIN                optional: initializers of more kernels; then the name without -u is that of a plain loop
 * The bodies have the number of lines, the distance of prefetch and the kind of store as constants, and are inlined
 * into one function for each member. */
#ifndef MW_STREAM_VECTOR_H
#define MW_STREAM_VECTOR_H

#include <string.h>

#include "base/core/kernels/stream_tables.h"

enum {
	LANES = (int)(sizeof(VEC) / sizeof(double)),
	LINE = (int)(64 / sizeof(VEC)), /* vectors */
	MOST = 4 * LINE,                /* of a step */
	STREAMS = 4,
	LINE_DOUBLES = 8
};

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
#define BODY static inline __attribute__((always_inline))

/* ---- operations that store ---- */

BODY double one(enum mw_stream_op op, const double *a, const double *b, const double *c, double s)
{
	switch (op) {
	case MW_STREAM_COPY:
		return *b;
	case MW_STREAM_SCALE:
		return s * *b;
	case MW_STREAM_ADD:
		return *b + *c;
	case MW_STREAM_TRIAD:
		return *b + s * *c;
	case MW_STREAM_UPDATE:
		return s * *a;
	default:
		return s;
	}
}

BODY VEC vector(enum mw_stream_op op, const double *a, const double *b, const double *c, VEC s)
{
	switch (op) {
	case MW_STREAM_COPY:
		return LOAD(b);
	case MW_STREAM_SCALE:
		return s * LOAD(b);
	case MW_STREAM_ADD:
		return LOAD(b) + LOAD(c);
	case MW_STREAM_TRIAD:
		return FMA(LOAD(c), s, LOAD(b));
	case MW_STREAM_UPDATE:
		return s * LOAD(a);
	default:
		return s;
	}
}

/* The lines of a step, `ahead` bytes further on. A prefetch beyond the end of an array does nothing. */
BODY void prefetch(const double *p, int lines, int ahead)
{
	UNROLL
	for (int k = 0; k < lines; k++)
		__builtin_prefetch((const char *)p + ahead + 64 * k, 0, 3);
}

BODY void prefetch_of(enum mw_stream_op op, const double *a, const double *b, const double *c, int lines, int ahead)
{
	if (op == MW_STREAM_UPDATE)
		prefetch(a, lines, ahead);
	else if (op != MW_STREAM_WRITE)
		prefetch(b, lines, ahead);
	if (op == MW_STREAM_ADD || op == MW_STREAM_TRIAD || op == MW_STREAM_DOT)
		prefetch(c, lines, ahead);
}

#ifdef STREAM
/* Elements before the first one whose address a non-temporal store accepts. */
static inline size_t head_of(const double *a, size_t n)
{
	size_t head = (0u - (uintptr_t)a) % sizeof(VEC) / sizeof(double);
	return head < n ? head : n;
}
#else
#define STREAM(p, v) ((void)(p), (void)(v))
#define FENCE() (void)0
#define head_of(a, n) ((size_t)0)
#endif

BODY uint64_t store_body(enum mw_stream_op op, bool nt, int lines, int ahead, double *a, const double *b,
			 const double *c, double s, size_t n)
{
	const int step = lines * LINE;
	const VEC scale = SET1(s);
	size_t i = 0, head = nt ? head_of(a, n) : 0;
	for (; i < head; i++)
		a[i] = one(op, a + i, b + i, c + i, s);
	for (; i + (size_t)(step * LANES) <= n; i += (size_t)(step * LANES)) {
		VEC v[MOST];
		if (ahead)
			prefetch_of(op, a + i, b + i, c + i, lines, ahead);
		UNROLL
		for (int k = 0; k < step; k++)
			v[k] = vector(op, a + i + k * LANES, b + i + k * LANES, c + i + k * LANES, scale);
		UNROLL
		for (int k = 0; k < step; k++)
			if (nt)
				STREAM(a + i + k * LANES, v[k]);
			else
				STORE(a + i + k * LANES, v[k]);
	}
	for (; i < n; i++)
		a[i] = one(op, a + i, b + i, c + i, s);
	if (nt)
		FENCE();
	return 0;
}

/* ---- operations that only read ---- */

static uint64_t tail_read(const double *b, size_t n)
{
	uint64_t sum = 0, bits;
	for (size_t i = 0; i < n; i++) {
		memcpy(&bits, b + i, sizeof(bits));
		sum += bits;
	}
	return sum;
}

BODY uint64_t sum_of(VECI *acc, int step)
{
	UNROLL
	for (int k = 1; k < step; k++)
		acc[0] = ADDI(acc[0], acc[k]);
	return SUMI(acc[0]);
}

BODY uint64_t read_body(int lines, int ahead, const double *b, size_t n)
{
	const int step = lines * LINE;
	VECI acc[MOST];
	size_t i = 0;
	UNROLL
	for (int k = 0; k < step; k++)
		acc[k] = ZEROI;
	for (; i + (size_t)(step * LANES) <= n; i += (size_t)(step * LANES)) {
		if (ahead)
			prefetch(b + i, lines, ahead);
		UNROLL
		for (int k = 0; k < step; k++)
			acc[k] = ADDI(acc[k], LOADI(b + i + k * LANES));
	}
	return sum_of(acc, step) + tail_read(b + i, n - i);
}

BODY uint64_t dot_body(int lines, int ahead, const double *b, const double *c, size_t n)
{
	const int step = lines * LINE;
	VEC acc[MOST];
	double lane[LANES], sum = 0;
	uint64_t bits;
	size_t i = 0;
	UNROLL
	for (int k = 0; k < step; k++)
		acc[k] = SET1(0.0);
	for (; i + (size_t)(step * LANES) <= n; i += (size_t)(step * LANES)) {
		if (ahead)
			prefetch_of(MW_STREAM_DOT, NULL, b + i, c + i, lines, ahead);
		UNROLL
		for (int k = 0; k < step; k++)
			acc[k] = FMA(LOAD(b + i + k * LANES), LOAD(c + i + k * LANES), acc[k]);
	}
	UNROLL
	for (int k = 1; k < step; k++)
		acc[0] = acc[0] + acc[k];
	STORE(lane, acc[0]);
	for (int k = 0; k < LANES; k++)
		sum += lane[k];
	for (; i < n; i++)
		sum += b[i] * c[i];
	memcpy(&bits, &sum, sizeof(bits));
	return bits;
}

/* Reads the four quarters of the range side by side, a cache line of each in turn: prefetchers follow four streams. */
static uint64_t run_read_x4(double *a, const double *b, const double *c, double s, size_t n)
{
	VECI acc[MOST];
	size_t part = n / STREAMS / LINE_DOUBLES * LINE_DOUBLES;
	(void)a, (void)c, (void)s;
	UNROLL
	for (int k = 0; k < MOST; k++)
		acc[k] = ZEROI;
	for (size_t i = 0; i < part; i += LINE_DOUBLES) {
		UNROLL
		for (int q = 0; q < STREAMS; q++) {
			const double *p = b + (size_t)q * part + i;
			UNROLL
			for (int k = 0; k < LINE; k++)
				acc[q * LINE + k] = ADDI(acc[q * LINE + k], LOADI(p + k * LANES));
		}
	}
	return sum_of(acc, MOST) + tail_read(b + STREAMS * part, n - STREAMS * part);
}

/* ---- the family ---- */

#define BY_AHEAD(X, name, op, store, lines)                                                                            \
	X(name, op, store, lines, 0) X(name, op, store, lines, 1) X(name, op, store, lines, 4)
#define LOADS(X, name, op, store)                                                                                      \
	BY_AHEAD(X, name, op, store, 4) BY_AHEAD(X, name, op, store, 2) BY_AHEAD(X, name, op, store, 1)
#define NO_LOADS(X, name, op, store) X(name, op, store, 4, 0) X(name, op, store, 2, 0) X(name, op, store, 1, 0)

#define ORDINARY_FAMILY(X)                                                                                             \
	NO_LOADS(X, write, MW_STREAM_WRITE, ordinary)                                                                  \
	LOADS(X, copy, MW_STREAM_COPY, ordinary)                                                                       \
	LOADS(X, scale, MW_STREAM_SCALE, ordinary)                                                                     \
	LOADS(X, add, MW_STREAM_ADD, ordinary)                                                                         \
	LOADS(X, triad, MW_STREAM_TRIAD, ordinary)                                                                     \
	LOADS(X, update, MW_STREAM_UPDATE, ordinary)
#ifdef PLAIN
#define NT_FAMILY(X)
#else
#define NT_FAMILY(X)                                                                                                   \
	NO_LOADS(X, write, MW_STREAM_WRITE, nt_write)                                                                  \
	LOADS(X, copy, MW_STREAM_COPY, nt)                                                                             \
	LOADS(X, scale, MW_STREAM_SCALE, nt)                                                                           \
	LOADS(X, add, MW_STREAM_ADD, nt)                                                                               \
	LOADS(X, triad, MW_STREAM_TRIAD, nt)
#endif
#define READ_FAMILY(X) LOADS(X, read, MW_STREAM_READ, ordinary)
#define DOT_FAMILY(X) LOADS(X, dot, MW_STREAM_DOT, ordinary)

#define IS_NT_ordinary false
#define IS_NT_nt_write true
#define IS_NT_nt true

#ifdef PLAIN
#define LINES_ordinary_4 "-u4"
#else
#define LINES_ordinary_4 ""
#endif
#define LINES_ordinary_2 "-u2"
#define LINES_ordinary_1 "-u1"
#define LINES_nt_write_4 ""
#define LINES_nt_write_2 "-u2"
#define LINES_nt_write_1 "-u1"
#define LINES_nt_4 "-u4"
#define LINES_nt_2 "-u2"
#define LINES_nt_1 ""
#define AHEAD_0 ""
#define AHEAD_1 "-p1k"
#define AHEAD_4 "-p4k"

#define KERNEL_ARGS double *a, const double *b, const double *c, double s, size_t n
#define MAP(name, op, store, lines, ahead)                                                                             \
	static uint64_t run_##name##_##store##_u##lines##_p##ahead(KERNEL_ARGS)                                        \
	{                                                                                                              \
		return store_body(op, IS_NT_##store, lines, 1024 * (ahead), a, b, c, s, n);                            \
	}
#define READ(name, op, store, lines, ahead)                                                                            \
	static uint64_t run_##name##_##store##_u##lines##_p##ahead(KERNEL_ARGS)                                        \
	{                                                                                                              \
		(void)a, (void)c, (void)s;                                                                             \
		return read_body(lines, 1024 * (ahead), b, n);                                                         \
	}
#define DOT(name, op, store, lines, ahead)                                                                             \
	static uint64_t run_##name##_##store##_u##lines##_p##ahead(KERNEL_ARGS)                                        \
	{                                                                                                              \
		(void)a, (void)s;                                                                                      \
		return dot_body(lines, 1024 * (ahead), b, c, n);                                                       \
	}
#define ROW(name, op, store, lines, ahead)                                                                             \
	{NAME LINES_##store##_##lines AHEAD_##ahead, op,    ISA,           IS_NT_##store,                              \
	 run_##name##_##store##_u##lines##_p##ahead, lines, 1024 * (ahead)},

ORDINARY_FAMILY(MAP)
NT_FAMILY(MAP)
READ_FAMILY(READ)
DOT_FAMILY(DOT)

/* clang-format off */
static const struct mw_stream_kernel table[] = {
	READ_FAMILY(ROW)
	ORDINARY_FAMILY(ROW)
	NT_FAMILY(ROW)
	DOT_FAMILY(ROW)
	{NAME "-x4", MW_STREAM_READ, ISA, false, run_read_x4, 0, 0},
#ifdef PLAIN
	PLAIN
#endif
};
/* clang-format on */

#endif
