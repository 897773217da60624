#include "base/core/kernels/stream.h"

#include "base/core/kernels/stream_tables.h"

static const struct {
	const char *name;
	unsigned reads, writes; /* arrays per operation */
} ops[MW_STREAM_OP_COUNT] = {
	[MW_STREAM_READ] = {"read", 1, 0},
	[MW_STREAM_WRITE] = {"write", 0, 1},
	[MW_STREAM_COPY] = {"copy", 1, 1},
	[MW_STREAM_TRIAD] = {"triad", 2, 1},
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

unsigned mw_stream_payload_bytes(enum mw_stream_op op)
{
	return (unsigned)sizeof(double) * (ops[op].reads + ops[op].writes);
}

unsigned mw_stream_bus_bytes(enum mw_stream_op op, bool nt)
{
	return (unsigned)sizeof(double) * (ops[op].reads + (nt ? 1 : 2) * ops[op].writes);
}

const struct mw_stream_kernel *mw_stream_kernels(enum mw_isa isa, size_t *n)
{
	return tables[isa](n);
}
