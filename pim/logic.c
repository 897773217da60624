#include "pim/logic.h"

#include "pim/lanes.h"

const struct logic_table *logic_table(enum mw_isa isa)
{
	if (!mw_isa_supported(isa))
		return NULL;
	switch (isa) {
	case MW_ISA_PORTABLE:
		return &logic_portable;
#if defined(__x86_64__)
	case MW_ISA_AVX2:
		return &logic_avx2;
	case MW_ISA_AVX512:
		return &logic_avx512;
#elif defined(__aarch64__)
	case MW_ISA_NEON:
		return &logic_neon;
#endif
	default:
		return NULL;
	}
}

/* These functions, on inputs a, b, c, have bulk kernels: with non-temporal stores, and unrolled. */
static const struct {
	uint8_t f, op;
} bulk[] = {
	{LOGIC_A, MW_BULK_COPY},
	{LOGIC_A ^ 0xff, MW_BULK_NOT},
	{LOGIC_A & LOGIC_B, MW_BULK_AND},
	{LOGIC_A | LOGIC_B, MW_BULK_OR},
	{LOGIC_A ^ LOGIC_B, MW_BULK_XOR},
	{(LOGIC_A & LOGIC_B) ^ 0xff, MW_BULK_NAND},
	{(LOGIC_A | LOGIC_B) ^ 0xff, MW_BULK_NOR},
	{LOGIC_A ^ LOGIC_B ^ 0xff, MW_BULK_XNOR},
	{(LOGIC_A & LOGIC_B) | (LOGIC_C & (LOGIC_A | LOGIC_B)), MW_BULK_MAJ},
};

void logic_run(struct pim_call *call, unsigned f, void *dst, const void *const src[3], size_t bytes, size_t cache_bytes)
{
	enum mw_bulk_store store = lanes_store(bytes, 2, cache_bytes);
	size_t i = 0, n = sizeof(bulk) / sizeof(bulk[0]);
	while (i < n && bulk[i].f != f)
		i++;
	mw_bulk_fn fn = i < n ? mw_bulk_best((enum mw_bulk_op)bulk[i].op, store) : logic_table(mw_isa_best())->fn[f];
	lanes_run(call, fn, dst, src, 3, bytes);
}
