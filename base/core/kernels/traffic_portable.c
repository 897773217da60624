/* Traffic kernels in plain C: 64-bit words, without non-temporal stores. */
#include <stdint.h>

typedef uint64_t VEC;
#define NT 0
#define TABLE mw_traffic_portable
#define LOAD(p) (*(p))
#define STORE(p, v) (*(p) = (v))
#define SET1(u) (u)
#define ADD(x, y) ((x) + (y))
#define SUM(x) (x)

#include "base/core/kernels/traffic_loop.h"
