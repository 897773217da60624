#include <string.h>

#include "base/core/kernels/stream_tables.h"

enum { BLOCK = 8 };

/* Keeps the compiler from turning a loop into memcpy or memset, which choose the kind of store themselves. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

static uint64_t bits_of(const double *x)
{
	uint64_t u;
	memcpy(&u, x, sizeof(u));
	return u;
}

static uint64_t run_read(double *a, const double *b, const double *c, double s, size_t n)
{
	uint64_t sum[4] = {0};
	size_t i = 0;
	(void)a;
	(void)c;
	(void)s;
	for (; i + 4 <= n; i += 4)
		for (size_t k = 0; k < 4; k++)
			sum[k] += bits_of(b + i + k);
	for (; i < n; i++)
		sum[0] += bits_of(b + i);
	return sum[0] + sum[1] + sum[2] + sum[3];
}

static uint64_t run_write(double *restrict a, const double *b, const double *c, double s, size_t n)
{
	size_t i = 0;
	(void)b;
	(void)c;
	for (; i + BLOCK <= n; i += BLOCK) {
		for (size_t k = 0; k < BLOCK; k++)
			a[i + k] = s;
		KEEP_LOOP();
	}
	for (; i < n; i++) {
		a[i] = s;
		KEEP_LOOP();
	}
	return 0;
}

static uint64_t run_copy(double *restrict a, const double *restrict b, const double *c, double s, size_t n)
{
	size_t i = 0;
	(void)c;
	(void)s;
	for (; i + BLOCK <= n; i += BLOCK) {
		for (size_t k = 0; k < BLOCK; k++)
			a[i + k] = b[i + k];
		KEEP_LOOP();
	}
	for (; i < n; i++) {
		a[i] = b[i];
		KEEP_LOOP();
	}
	return 0;
}

static uint64_t run_triad(double *restrict a, const double *restrict b, const double *restrict c, double s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = b[i] + s * c[i];
	return 0;
}

const struct mw_stream_kernel *mw_stream_portable(size_t *n)
{
	static const struct mw_stream_kernel table[] = {
		{"portable", MW_STREAM_READ, MW_ISA_PORTABLE, false, run_read},
		{"portable", MW_STREAM_WRITE, MW_ISA_PORTABLE, false, run_write},
		{"portable", MW_STREAM_COPY, MW_ISA_PORTABLE, false, run_copy},
		{"portable", MW_STREAM_TRIAD, MW_ISA_PORTABLE, false, run_triad},
	};
	*n = sizeof(table) / sizeof(table[0]);
	return table;
}
