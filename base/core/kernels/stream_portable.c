#include <string.h>

#include "base/core/kernels/stream_tables.h"

/* Vectors of 16 bytes as the compiler knows them: SSE2 on x86-64, Advanced SIMD on AArch64. */
typedef double vec2 __attribute__((vector_size(16)));
typedef uint64_t vec2i __attribute__((vector_size(16)));

static inline vec2 load(const double *p)
{
	vec2 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline vec2i load_bits(const double *p)
{
	vec2i v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void store(double *p, vec2 v)
{
	memcpy(p, &v, sizeof(v));
}

enum { BLOCK = 8 };

/* Keeps the compiler from turning a loop into memcpy or memset, which choose the kind of store themselves. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

static uint64_t bits_of(const double *x)
{
	uint64_t u;
	memcpy(&u, x, sizeof(u));
	return u;
}

static uint64_t plain_read(double *a, const double *b, const double *c, double s, size_t n)
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

static uint64_t plain_write(double *restrict a, const double *b, const double *c, double s, size_t n)
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

static uint64_t plain_copy(double *restrict a, const double *restrict b, const double *c, double s, size_t n)
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

static uint64_t plain_triad(double *restrict a, const double *restrict b, const double *restrict c, double s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = b[i] + s * c[i];
	return 0;
}

static uint64_t plain_scale(double *restrict a, const double *restrict b, const double *c, double s, size_t n)
{
	(void)c;
	for (size_t i = 0; i < n; i++)
		a[i] = s * b[i];
	return 0;
}

static uint64_t plain_add(double *restrict a, const double *restrict b, const double *restrict c, double s, size_t n)
{
	(void)s;
	for (size_t i = 0; i < n; i++)
		a[i] = b[i] + c[i];
	return 0;
}

static uint64_t plain_update(double *restrict a, const double *b, const double *c, double s, size_t n)
{
	(void)b, (void)c;
	for (size_t i = 0; i < n; i++)
		a[i] = s * a[i];
	return 0;
}

static uint64_t plain_dot(double *a, const double *b, const double *c, double s, size_t n)
{
	double sum = 0;
	(void)a, (void)s;
	for (size_t i = 0; i < n; i++)
		sum += b[i] * c[i];
	return bits_of(&sum);
}

/* ---- not loops of this program ---- */

static uint64_t libc_memcpy(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)c, (void)s;
	if (n)
		memcpy(a, b, n * sizeof(*a));
	return 0;
}

static uint64_t libc_memset(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)b, (void)c;
	if (n)
		memset(a, (int)(bits_of(&s) & 0xff), n * sizeof(*a));
	return 0;
}

#if defined(__x86_64__)
static uint64_t string_fill(double *a, const double *b, const double *c, double s, size_t n)
{
	uint64_t bits = bits_of(&s);
	(void)b, (void)c;
	__asm__ volatile("rep stosq" : "+D"(a), "+c"(n) : "a"(bits) : "memory");
	return 0;
}
#define STRING_ROW {"string", MW_STREAM_FILL, MW_ISA_PORTABLE, false, string_fill, 0, 0},
#else
#define STRING_ROW
#endif

#define PLAIN_ROW(op, run) {"portable", op, MW_ISA_PORTABLE, false, run, 0, 0},
#define PLAIN                                                                                                          \
	PLAIN_ROW(MW_STREAM_READ, plain_read)                                                                          \
	PLAIN_ROW(MW_STREAM_WRITE, plain_write)                                                                        \
	PLAIN_ROW(MW_STREAM_COPY, plain_copy)                                                                          \
	PLAIN_ROW(MW_STREAM_TRIAD, plain_triad)                                                                        \
	PLAIN_ROW(MW_STREAM_SCALE, plain_scale)                                                                        \
	PLAIN_ROW(MW_STREAM_ADD, plain_add)                                                                            \
	PLAIN_ROW(MW_STREAM_UPDATE, plain_update)                                                                      \
	PLAIN_ROW(MW_STREAM_DOT, plain_dot){"libc", MW_STREAM_MEMCPY, MW_ISA_PORTABLE, false, libc_memcpy, 0, 0},      \
		{"libc", MW_STREAM_MEMSET, MW_ISA_PORTABLE, false, libc_memset, 0, 0}, STRING_ROW

#define VEC vec2
#define VECI vec2i
#define LOAD(p) load(p)
#define LOADI(p) load_bits(p)
#define STORE(p, v) store((p), (v))
#define SET1(s) ((vec2){(s), (s)})
#define FMA(x, y, z) ((x) * (y) + (z))
#define ADDI(x, y) ((x) + (y))
#define SUMI(x) ((x)[0] + (x)[1])
#define ZEROI ((vec2i){0, 0})
#define ISA MW_ISA_PORTABLE
#define NAME "portable"
#include "base/core/kernels/stream_vector.h"

const struct mw_stream_kernel *mw_stream_portable(size_t *n)
{
	*n = sizeof(table) / sizeof(table[0]);
	return table;
}
