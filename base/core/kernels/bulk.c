#include "base/core/kernels/bulk.h"

static const struct {
	const char *name;
	unsigned inputs;
} ops[MW_BULK_COUNT] = {
	[MW_BULK_NOT] = {"not", 1},   [MW_BULK_AND] = {"and", 2},     [MW_BULK_OR] = {"or", 2},
	[MW_BULK_NAND] = {"nand", 2}, [MW_BULK_NOR] = {"nor", 2},     [MW_BULK_XOR] = {"xor", 2},
	[MW_BULK_XNOR] = {"xnor", 2}, [MW_BULK_MAJ] = {"maj", 3},     [MW_BULK_COPY] = {"copy", 1},
	[MW_BULK_FILL] = {"fill", 0}, [MW_BULK_ADD32] = {"add32", 2},
};

const struct mw_bulk_kernels *mw_bulk_kernels(enum mw_isa isa)
{
	if (!mw_isa_supported(isa))
		return NULL;
	switch (isa) {
	case MW_ISA_PORTABLE:
		return &mw_bulk_portable;
#if defined(__x86_64__)
	case MW_ISA_AVX2:
		return &mw_bulk_avx2;
	case MW_ISA_AVX512:
		return &mw_bulk_avx512;
#elif defined(__aarch64__)
	case MW_ISA_NEON:
		return &mw_bulk_neon;
#endif
	default:
		return NULL;
	}
}

mw_bulk_fn mw_bulk_best(enum mw_bulk_op op, enum mw_bulk_store store)
{
	const struct mw_bulk_kernels *k = mw_bulk_kernels(mw_isa_best());
	return k->fn[store][op] ? k->fn[store][op] : k->fn[MW_STORE_ORDINARY][op];
}

const char *mw_bulk_name(enum mw_bulk_op op)
{
	return ops[op].name;
}

unsigned mw_bulk_inputs(enum mw_bulk_op op)
{
	return ops[op].inputs;
}
