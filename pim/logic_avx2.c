#if defined(__AVX2__)
#define V_BYTES 32
#define LOGIC_TABLE logic_avx2
#include "pim/logic_loop.h"
#else
typedef int logic_avx2_not_built; /* an empty translation unit is not ISO C */
#endif
