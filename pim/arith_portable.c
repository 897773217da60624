/* The base architecture: SSE2 on x86-64, NEON on AArch64, by the compiler's own vector types. */
#define V_BYTES 16
#define ARITH_TABLE arith_portable
#include "pim/arith_loop.h"
