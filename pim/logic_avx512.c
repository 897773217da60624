/* One instruction computes any function of three inputs; it takes the first of them as the highest bit. */
#if defined(__AVX512F__)
#include <immintrin.h>

#define V_BYTES 64
#define LOGIC_TABLE logic_avx512
#define V_LOGIC(f, a, b, c) _mm512_ternarylogic_epi64((__m512i)(c), (__m512i)(b), (__m512i)(a), f)
#include "pim/logic_loop.h"
#else
typedef int logic_avx512_not_built; /* an empty translation unit is not ISO C */
#endif
