#include "base/core/kernels/gups.h"

#if defined(__AVX512F__)
#include <immintrin.h>

static inline __m512i step(__m512i x)
{
	x = _mm512_xor_si512(x, _mm512_slli_epi64(x, 13));
	x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 7));
	return _mm512_xor_si512(x, _mm512_slli_epi64(x, 17));
}

static inline __m512i index_of(__m512i x, __m512i words)
{
	return _mm512_srli_epi64(_mm512_mul_epu32(_mm512_srli_epi64(x, 32), words), 32);
}

static inline __m512i scale_of(uint64_t words)
{
	return _mm512_set1_epi64((long long)words);
}

uint64_t mw_gups_gather_avx512(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add)
{
	__m512i x = _mm512_loadu_si512(g->x), sum = _mm512_setzero_si512(), scale = scale_of(words);
	(void)add;
	for (size_t i = 0; i < count; i += MW_GUPS_LANES) {
		x = step(x);
		sum = _mm512_add_epi64(sum, _mm512_i64gather_epi64(index_of(x, scale), table, 8));
	}
	_mm512_storeu_si512(g->x, x);
	return (uint64_t)_mm512_reduce_add_epi64(sum);
}

uint64_t mw_gups_scatter_avx512(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add)
{
	__m512i x = _mm512_loadu_si512(g->x), plus = _mm512_set1_epi64((long long)add), scale = scale_of(words);
	for (size_t i = 0; i < count; i += MW_GUPS_LANES) {
		x = step(x);
		__m512i at = index_of(x, scale);
		_mm512_i64scatter_epi64(table, at, _mm512_add_epi64(at, plus), 8);
	}
	_mm512_storeu_si512(g->x, x);
	return 0;
}
#endif
