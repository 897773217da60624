/* Cells in plain C: 64 columns per step. */
#include <stdint.h>
#include <string.h>

typedef uint64_t V;
#define V_BYTES sizeof(V)
#define V_STREAM 0
#define CELLS_TABLE ambit_cells_portable

static inline V v_load(const char *p)
{
	V v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void v_store(char *p, V v)
{
	memcpy(p, &v, sizeof(v));
}

#define v_fence() ((void)0)
#define v_xor(a, b) ((a) ^ (b))
#define v_maj(a, b, c) (((a) & (b)) | ((c) & ((a) | (b))))
#define v_mask(on) (-(uint64_t)(on))

#include "ambit-emu/cells_loop.h"
