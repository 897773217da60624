#if defined(__aarch64__)
#define V_BYTES 16
#define LOGIC_TABLE logic_neon
#include "pim/logic_loop.h"
#else
typedef int logic_neon_not_built; /* an empty translation unit is not ISO C */
#endif
