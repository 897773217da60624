/* Ones of a range by AVX-512 VPOPCNTDQ. */
#include "pim/arith.h"

#if defined(__AVX512VPOPCNTDQ__)
#include <immintrin.h>

uint64_t arith_ones_vpopcnt(const void *src, size_t bytes)
{
	const __m512i *p = src;
	__m512i a = _mm512_setzero_si512(), b = a;
	size_t n = bytes / 64, i = 0;
	for (; i + 2 <= n; i += 2) {
		a = _mm512_add_epi64(a, _mm512_popcnt_epi64(_mm512_load_si512(p + i)));
		b = _mm512_add_epi64(b, _mm512_popcnt_epi64(_mm512_load_si512(p + i + 1)));
	}
	if (i < n)
		a = _mm512_add_epi64(a, _mm512_popcnt_epi64(_mm512_load_si512(p + i)));
	return (uint64_t)_mm512_reduce_add_epi64(_mm512_add_epi64(a, b));
}
#endif
