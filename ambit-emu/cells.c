#include "ambit-emu/cells.h"

const struct ambit_cells *ambit_cells(enum mw_isa isa)
{
	if (!mw_isa_supported(isa))
		return NULL;
	switch (isa) {
	case MW_ISA_PORTABLE:
		return &ambit_cells_portable;
#if defined(__x86_64__)
	case MW_ISA_AVX2:
		return &ambit_cells_avx2;
	case MW_ISA_AVX512:
		return &ambit_cells_avx512;
#elif defined(__aarch64__)
	case MW_ISA_NEON:
		return &ambit_cells_neon;
#endif
	default:
		return NULL;
	}
}
