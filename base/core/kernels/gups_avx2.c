#include "base/core/kernels/gups.h"

#if defined(__AVX2__)
#include <immintrin.h>

static inline __m256i step(__m256i x)
{
	x = _mm256_xor_si256(x, _mm256_slli_epi64(x, 13));
	x = _mm256_xor_si256(x, _mm256_srli_epi64(x, 7));
	return _mm256_xor_si256(x, _mm256_slli_epi64(x, 17));
}

static inline __m256i load(const uint64_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void store(uint64_t *p, __m256i v)
{
	_mm256_storeu_si256((__m256i *)(void *)p, v);
}

static inline __m256i pick(const uint64_t *table, __m256i x, __m256i words)
{
	__m256i at = _mm256_srli_epi64(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), words), 32);
	return _mm256_i64gather_epi64((const long long *)(const void *)table, at, 8);
}

uint64_t mw_gups_gather_avx2(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add)
{
	uint64_t lanes[4];
	const __m256i scale = _mm256_set1_epi64x((long long)words);
	__m256i a = load(g->x), b = load(g->x + 4);
	__m256i sum_a = _mm256_setzero_si256(), sum_b = sum_a;
	(void)add;
	for (size_t i = 0; i < count; i += MW_GUPS_LANES) {
		a = step(a);
		b = step(b);
		sum_a = _mm256_add_epi64(sum_a, pick(table, a, scale));
		sum_b = _mm256_add_epi64(sum_b, pick(table, b, scale));
	}
	store(g->x, a);
	store(g->x + 4, b);
	store(lanes, _mm256_add_epi64(sum_a, sum_b));
	return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}
#endif
