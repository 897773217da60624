#include "base/core/kernels/stream.h"

#include "base/core/kernels/stream_tables.h"

enum store {
	STORES_NONE,
	STORES_LINES,   /* an ordinary store reads the line first */
	STORES_READ,    /* the operation has read the line */
	STORES_UNKNOWN, /* CPU or libc choose the kind of store */
};

static const struct {
	const char *name;
	unsigned arrays, reads, writes; /* reads and writes: arrays */
	enum store store;
} ops[MW_STREAM_OP_COUNT] = {
	[MW_STREAM_READ] = {"read", 1, 1, 0, STORES_NONE},
	[MW_STREAM_WRITE] = {"write", 1, 0, 1, STORES_LINES},
	[MW_STREAM_COPY] = {"copy", 2, 1, 1, STORES_LINES},
	[MW_STREAM_TRIAD] = {"triad", 3, 2, 1, STORES_LINES},
	[MW_STREAM_SCALE] = {"scale", 2, 1, 1, STORES_LINES},
	[MW_STREAM_ADD] = {"add", 3, 2, 1, STORES_LINES},
	[MW_STREAM_UPDATE] = {"update", 1, 1, 1, STORES_READ},
	[MW_STREAM_DOT] = {"dot", 2, 2, 0, STORES_NONE},
	[MW_STREAM_FILL] = {"fill", 1, 0, 1, STORES_UNKNOWN},
	[MW_STREAM_MEMCPY] = {"memcpy", 2, 1, 1, STORES_UNKNOWN},
	[MW_STREAM_MEMSET] = {"memset", 1, 0, 1, STORES_UNKNOWN},
};

static const struct mw_stream_kernel *(*const tables[MW_ISA_COUNT])(size_t *n) = {
	[MW_ISA_PORTABLE] = mw_stream_portable,
	[MW_ISA_NEON] = mw_stream_neon,
	[MW_ISA_AVX2] = mw_stream_avx2,
	[MW_ISA_AVX512] = mw_stream_avx512,
};

const char *mw_stream_op_name(enum mw_stream_op op)
{
	return ops[op].name;
}

unsigned mw_stream_arrays(enum mw_stream_op op)
{
	return ops[op].arrays;
}

unsigned mw_stream_payload_bytes(enum mw_stream_op op)
{
	return (unsigned)sizeof(double) * (ops[op].reads + ops[op].writes);
}

unsigned mw_stream_bus_bytes(enum mw_stream_op op, bool nt)
{
	unsigned first = !nt && ops[op].store != STORES_READ ? ops[op].writes : 0;
	return mw_stream_payload_bytes(op) + (unsigned)sizeof(double) * first;
}

bool mw_stream_store_known(enum mw_stream_op op)
{
	return ops[op].store != STORES_UNKNOWN;
}

bool mw_stream_stores(enum mw_stream_op op)
{
	return ops[op].writes > 0;
}

const struct mw_stream_kernel *mw_stream_kernels(enum mw_isa isa, size_t *n)
{
	return tables[isa](n);
}
