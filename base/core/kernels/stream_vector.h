/* Body of the vector kernels. A file of one instruction set defines the following, then includes this:
 *   VEC, VECI            vectors of double and of 64-bit integers
 *   LOAD(p), LOADI(p)    unaligned loads
 *   STORE(p, v)          unaligned store
 *   STREAM(p, v)         non-temporal store, p aligned to sizeof(VEC)
 *   SET1(s), FMA(x, y, z) = x * y + z, ADDI(x, y), SUMI(x) -> uint64_t, ZEROI
 *   FENCE()              orders non-temporal stores before whatever follows
 *   ISA, NAME            enum mw_isa and its name as text
 * A step is four cache lines of 64 B; copy and triad with non-temporal stores take one line, which was fastest on Zen
 * 5. */
#ifndef MW_STREAM_VECTOR_H
#define MW_STREAM_VECTOR_H

#include <string.h>

#include "base/core/kernels/stream_tables.h"

enum {
	LANES = (int)(sizeof(VEC) / sizeof(double)),
	LINE = (int)(64 / sizeof(VEC)), /* vectors */
	STEP = 4 * LINE,
	STREAMS = 4
};

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

static uint64_t tail_read(const double *b, size_t n)
{
	uint64_t sum = 0, bits;
	for (size_t i = 0; i < n; i++) {
		memcpy(&bits, b + i, sizeof(bits));
		sum += bits;
	}
	return sum;
}

static inline uint64_t sum_of(VECI acc[STEP])
{
	UNROLL
	for (int k = 1; k < STEP; k++)
		acc[0] = ADDI(acc[0], acc[k]);
	return SUMI(acc[0]);
}

static uint64_t run_read(double *a, const double *b, const double *c, double s, size_t n)
{
	VECI acc[STEP];
	size_t i = 0;
	(void)a;
	(void)c;
	(void)s;
	UNROLL
	for (int k = 0; k < STEP; k++)
		acc[k] = ZEROI;
	for (; i + STEP * LANES <= n; i += STEP * LANES) {
		UNROLL
		for (int k = 0; k < STEP; k++)
			acc[k] = ADDI(acc[k], LOADI(b + i + k * LANES));
	}
	return sum_of(acc) + tail_read(b + i, n - i);
}

/* Reads the four quarters of the range side by side, a cache line of each in turn: prefetchers follow four streams. */
static uint64_t run_read_x4(double *a, const double *b, const double *c, double s, size_t n)
{
	VECI acc[STEP];
	size_t part = n / STREAMS / (LINE * LANES) * (LINE * LANES);
	(void)a;
	(void)c;
	(void)s;
	UNROLL
	for (int k = 0; k < STEP; k++)
		acc[k] = ZEROI;
	for (size_t i = 0; i < part; i += LINE * LANES) {
		UNROLL
		for (int q = 0; q < STREAMS; q++) {
			const double *p = b + (size_t)q * part + i;
			UNROLL
			for (int k = 0; k < LINE; k++)
				acc[q * LINE + k] = ADDI(acc[q * LINE + k], LOADI(p + k * LANES));
		}
	}
	return sum_of(acc) + tail_read(b + STREAMS * part, n - STREAMS * part);
}

static uint64_t run_write(double *a, const double *b, const double *c, double s, size_t n)
{
	VEC v = SET1(s);
	size_t i = 0;
	(void)b;
	(void)c;
	for (; i + STEP * LANES <= n; i += STEP * LANES) {
		UNROLL
		for (int k = 0; k < STEP; k++)
			STORE(a + i + k * LANES, v);
	}
	for (; i < n; i++)
		a[i] = s;
	return 0;
}

static uint64_t run_copy(double *a, const double *b, const double *c, double s, size_t n)
{
	size_t i = 0;
	(void)c;
	(void)s;
	for (; i + STEP * LANES <= n; i += STEP * LANES) {
		VEC v[STEP];
		UNROLL
		for (int k = 0; k < STEP; k++)
			v[k] = LOAD(b + i + k * LANES);
		UNROLL
		for (int k = 0; k < STEP; k++)
			STORE(a + i + k * LANES, v[k]);
	}
	for (; i < n; i++)
		a[i] = b[i];
	return 0;
}

static uint64_t run_triad(double *a, const double *b, const double *c, double s, size_t n)
{
	VEC scale = SET1(s);
	size_t i = 0;
	for (; i + STEP * LANES <= n; i += STEP * LANES) {
		VEC v[STEP];
		UNROLL
		for (int k = 0; k < STEP; k++)
			v[k] = FMA(LOAD(c + i + k * LANES), scale, LOAD(b + i + k * LANES));
		UNROLL
		for (int k = 0; k < STEP; k++)
			STORE(a + i + k * LANES, v[k]);
	}
	for (; i < n; i++)
		a[i] = __builtin_fma(c[i], s, b[i]);
	return 0;
}

/* Elements before the first one whose address a non-temporal store accepts. */
static inline size_t head_of(const double *a, size_t n)
{
	size_t head = (0u - (uintptr_t)a) % sizeof(VEC) / sizeof(double);
	return head < n ? head : n;
}

static uint64_t run_write_nt(double *a, const double *b, const double *c, double s, size_t n)
{
	VEC v = SET1(s);
	size_t i = 0, head = head_of(a, n);
	(void)b;
	(void)c;
	for (; i < head; i++)
		a[i] = s;
	for (; i + STEP * LANES <= n; i += STEP * LANES) {
		UNROLL
		for (int k = 0; k < STEP; k++)
			STREAM(a + i + k * LANES, v);
	}
	for (; i < n; i++)
		a[i] = s;
	FENCE();
	return 0;
}

static uint64_t run_copy_nt(double *a, const double *b, const double *c, double s, size_t n)
{
	size_t i = 0, head = head_of(a, n);
	(void)c;
	(void)s;
	for (; i < head; i++)
		a[i] = b[i];
	for (; i + LINE * LANES <= n; i += LINE * LANES) {
		UNROLL
		for (int k = 0; k < LINE; k++)
			STREAM(a + i + k * LANES, LOAD(b + i + k * LANES));
	}
	for (; i < n; i++)
		a[i] = b[i];
	FENCE();
	return 0;
}

static uint64_t run_triad_nt(double *a, const double *b, const double *c, double s, size_t n)
{
	VEC scale = SET1(s);
	size_t i = 0, head = head_of(a, n);
	for (; i < head; i++)
		a[i] = __builtin_fma(c[i], s, b[i]);
	for (; i + LINE * LANES <= n; i += LINE * LANES) {
		UNROLL
		for (int k = 0; k < LINE; k++)
			STREAM(a + i + k * LANES, FMA(LOAD(c + i + k * LANES), scale, LOAD(b + i + k * LANES)));
	}
	for (; i < n; i++)
		a[i] = __builtin_fma(c[i], s, b[i]);
	FENCE();
	return 0;
}

static const struct mw_stream_kernel table[] = {
	{NAME, MW_STREAM_READ, ISA, false, run_read},   {NAME "-x4", MW_STREAM_READ, ISA, false, run_read_x4},
	{NAME, MW_STREAM_WRITE, ISA, false, run_write}, {NAME, MW_STREAM_COPY, ISA, false, run_copy},
	{NAME, MW_STREAM_TRIAD, ISA, false, run_triad}, {NAME, MW_STREAM_WRITE, ISA, true, run_write_nt},
	{NAME, MW_STREAM_COPY, ISA, true, run_copy_nt}, {NAME, MW_STREAM_TRIAD, ISA, true, run_triad_nt},
};

#endif
