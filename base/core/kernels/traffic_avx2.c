/* Traffic kernels for AVX2: two vectors per line. */
#if defined(__AVX2__)
#include <immintrin.h>
#include <stdint.h>

typedef __m256i VEC;

static inline uint64_t sum_lanes(VEC v)
{
	uint64_t lanes[4];
	_mm256_storeu_si256((__m256i *)(void *)lanes, v);
	return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

#define NT 1
#define TABLE mw_traffic_avx2
#define LOAD(p) _mm256_load_si256(p)
#define STORE(p, v) _mm256_store_si256((p), (v))
#define STREAM(p, v) _mm256_stream_si256((p), (v))
#define SET1(u) _mm256_set1_epi64x((long long)(u))
#define ADD(x, y) _mm256_add_epi64((x), (y))
#define SUM(x) sum_lanes(x)

#include "base/core/kernels/traffic_loop.h"
#else
typedef int traffic_avx2_not_built; /* an empty translation unit is not ISO C */
#endif
