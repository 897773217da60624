#include "base/core/kernels/stream_tables.h"

#if defined(__AVX2__)
#include <immintrin.h>

static inline uint64_t sum_lanes(__m256i v)
{
	__m128i x = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
	return (uint64_t)_mm_cvtsi128_si64(x) + (uint64_t)_mm_extract_epi64(x, 1);
}

#define VEC __m256d
#define VECI __m256i
#define LOAD(p) _mm256_loadu_pd(p)
#define LOADI(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_pd((p), (v))
#define STREAM(p, v) _mm256_stream_pd((p), (v))
#define SET1(s) _mm256_set1_pd(s)
#define FMA(x, y, z) _mm256_fmadd_pd((x), (y), (z))
#define ADDI(x, y) _mm256_add_epi64((x), (y))
#define SUMI(x) sum_lanes(x)
#define ZEROI _mm256_setzero_si256()
#define FENCE() _mm_sfence()
#define ISA MW_ISA_AVX2
#define NAME "avx2"
#include "base/core/kernels/stream_vector.h"

const struct mw_stream_kernel *mw_stream_avx2(size_t *n)
{
	*n = sizeof(table) / sizeof(table[0]);
	return table;
}
#else
const struct mw_stream_kernel *mw_stream_avx2(size_t *n)
{
	*n = 0;
	return NULL;
}
#endif
