/* Traffic kernels for AVX-512: a vector is a line. */
#if defined(__AVX512F__)
#include <immintrin.h>
#include <stdint.h>

typedef __m512i VEC;

/* Not _mm512_reduce_add_epi64: it adds signed numbers, whose overflow is undefined. */
static inline uint64_t sum_lanes(VEC v)
{
	uint64_t lanes[8], sum = 0;
	_mm512_storeu_si512(lanes, v);
	for (int i = 0; i < 8; i++)
		sum += lanes[i];
	return sum;
}

#define NT 1
#define TABLE mw_traffic_avx512
#define LOAD(p) _mm512_load_si512((const void *)(p))
#define STORE(p, v) _mm512_store_si512((void *)(p), (v))
#define STREAM(p, v) _mm512_stream_si512((p), (v))
#define SET1(u) _mm512_set1_epi64((long long)(u))
#define ADD(x, y) _mm512_add_epi64((x), (y))
#define SUM(x) sum_lanes(x)

#include "base/core/kernels/traffic_loop.h"
#else
typedef int traffic_avx512_not_built; /* an empty translation unit is not ISO C */
#endif
