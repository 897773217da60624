#include "base/core/kernels/gemv.h"

const struct mw_gemv_path mw_gemv_paths[] = {
	{"portable", MW_ISA_PORTABLE, 0, mw_gemv_f32_portable, mw_gemv_s8_portable, mw_peak_f32_portable,
	 mw_peak_s8_portable},
#if defined(__x86_64__)
	{"avx2", MW_ISA_AVX2, 0, mw_gemv_f32_avx2, mw_gemv_s8_avx2, mw_peak_f32_avx2, mw_peak_s8_avx2},
	{"avx512", MW_ISA_AVX512, 0, mw_gemv_f32_avx512, mw_gemv_s8_avx512, mw_peak_f32_avx512, mw_peak_s8_avx512},
	{"vnni", MW_ISA_AVX512, MW_CPU_AVX512_VNNI, mw_gemv_f32_avx512, mw_gemv_s8_vnni, mw_peak_f32_avx512,
	 mw_peak_s8_vnni},
#elif defined(__aarch64__)
	{"neon", MW_ISA_NEON, 0, mw_gemv_f32_neon, mw_gemv_s8_neon, mw_peak_f32_neon, mw_peak_s8_neon},
#endif
	{.name = NULL},
};

bool mw_gemv_usable(const struct mw_gemv_path *p)
{
	return mw_isa_supported(p->isa) && (p->feature == 0 || mw_cpu_has((enum mw_cpu_feature)p->feature));
}

const struct mw_gemv_path *mw_gemv_best(void)
{
	const struct mw_gemv_path *best = &mw_gemv_paths[0];
	enum mw_isa limit = mw_isa_best();
	for (const struct mw_gemv_path *p = mw_gemv_paths; p->name; p++)
		if (p->isa <= limit && mw_gemv_usable(p))
			best = p;
	return best;
}
