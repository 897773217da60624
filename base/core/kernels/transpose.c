#include "base/core/kernels/transpose.h"

#include "base/core/kernels/transpose_paths.h"

/* A path without non-temporal stores has its ordinary functions in both places. */
#define PATH(path, isa, feature, nt)                                                                                   \
	{                                                                                                              \
#path, isa, feature, mw_to_planes_##path, mw_from_planes_##path, mw_to_planes_##nt,                    \
			mw_from_planes_##nt                                                                            \
	}

const struct mw_transpose mw_transpose_paths[] = {
	PATH(portable, MW_ISA_PORTABLE, 0, portable),
#if defined(__x86_64__)
	PATH(avx2, MW_ISA_AVX2, 0, avx2_nt),
	PATH(avx512, MW_ISA_AVX512, 0, avx512_nt),
	PATH(vbmi, MW_ISA_AVX512, MW_CPU_AVX512_VBMI | MW_CPU_GFNI, vbmi_nt),
#elif defined(__aarch64__)
	PATH(neon, MW_ISA_NEON, 0, neon),
#endif
	{.name = NULL},
};

bool mw_transpose_usable(const struct mw_transpose *p)
{
	bool usable = mw_isa_supported(p->isa);
	for (unsigned f = 1; f <= p->feature; f *= 2)
		usable = usable && (!(p->feature & f) || mw_cpu_has((enum mw_cpu_feature)f));
	return usable;
}

const struct mw_transpose *mw_transpose_best(void)
{
	const struct mw_transpose *best = &mw_transpose_paths[0];
	enum mw_isa limit = mw_isa_best();
	for (const struct mw_transpose *p = mw_transpose_paths; p->name; p++)
		if (p->isa <= limit && mw_transpose_usable(p))
			best = p;
	return best;
}
