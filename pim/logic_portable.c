/* The base architecture: SSE2 on x86-64. */
#define V_BYTES 16
#define LOGIC_TABLE logic_portable
#include "pim/logic_loop.h"
