#include "base/core/kernels/stream_tables.h"

#if defined(__AVX512F__)
#include <immintrin.h>

/* Not _mm512_reduce_add_epi64: it adds signed numbers, whose overflow is undefined. */
static inline uint64_t sum_lanes(__m512i v)
{
	uint64_t lanes[8], sum = 0;
	_mm512_storeu_si512(lanes, v);
	for (int i = 0; i < 8; i++)
		sum += lanes[i];
	return sum;
}

#define VEC __m512d
#define VECI __m512i
#define LOAD(p) _mm512_loadu_pd(p)
#define LOADI(p) _mm512_loadu_si512((const void *)(p))
#define STORE(p, v) _mm512_storeu_pd((p), (v))
#define STREAM(p, v) _mm512_stream_pd((p), (v))
#define SET1(s) _mm512_set1_pd(s)
#define FMA(x, y, z) _mm512_fmadd_pd((x), (y), (z))
#define ADDI(x, y) _mm512_add_epi64((x), (y))
#define SUMI(x) sum_lanes(x)
#define ZEROI _mm512_setzero_si512()
#define FENCE() _mm_sfence()
#define ISA MW_ISA_AVX512
#define NAME "avx512"
#include "base/core/kernels/stream_vector.h"

const struct mw_stream_kernel *mw_stream_avx512(size_t *n)
{
	*n = sizeof(table) / sizeof(table[0]);
	return table;
}
#else
const struct mw_stream_kernel *mw_stream_avx512(size_t *n)
{
	*n = 0;
	return NULL;
}
#endif
