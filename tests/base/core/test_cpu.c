#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/cpu.h"
#include "base/core/err.h"

/* Has /proc/cpuinfo this flag? The kernel's own reading of CPUID and XCR0. */
static bool kernel_says(const char *flag)
{
	static char line[16384];
	bool found = false;
	FILE *f = fopen("/proc/cpuinfo", "r");
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *save = NULL;
		if (strncmp(line, "flags", 5) != 0)
			continue;
		for (char *w = strtok_r(line, " \t\n:", &save); w; w = strtok_r(NULL, " \t\n:", &save))
			found = found || strcmp(w, flag) == 0;
		break;
	}
	if (f)
		(void)fclose(f);
	return found;
}

Test(cpu, features_agree_with_the_kernel)
{
	cr_expect(mw_isa_supported(MW_ISA_PORTABLE));
#if defined(__x86_64__)
	static const struct {
		const char *flag;
		enum mw_cpu_feature f;
	} rows[] = {
		{"fma", MW_CPU_FMA},
		{"avx_vnni", MW_CPU_AVX_VNNI},
		{"avx512_vnni", MW_CPU_AVX512_VNNI},
		{"avx512vbmi", MW_CPU_AVX512_VBMI},
		{"avx512_bf16", MW_CPU_AVX512_BF16},
		{"avx512_vpopcntdq", MW_CPU_AVX512_VPOPCNT},
		{"gfni", MW_CPU_GFNI},
		{"clflushopt", MW_CPU_CLFLUSHOPT},
		{"clwb", MW_CPU_CLWB},
	};
	char all[256];
	mw_cpu_describe(all, sizeof(all));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(mw_cpu_has(rows[i].f), kernel_says(rows[i].flag), "%s", rows[i].flag);
	cr_expect_eq(mw_isa_supported(MW_ISA_AVX2), kernel_says("avx2") && kernel_says("fma"));
	cr_expect_eq(mw_isa_supported(MW_ISA_AVX512), kernel_says("avx512f") && kernel_says("avx512bw") &&
							      kernel_says("avx512dq") && kernel_says("avx512vl"));
	cr_expect_not(mw_isa_supported(MW_ISA_NEON));
	cr_expect_eq(strstr(all, "avx2") != NULL, mw_isa_supported(MW_ISA_AVX2));
#elif defined(__aarch64__)
	cr_expect(mw_isa_supported(MW_ISA_NEON));
	cr_expect_not(kernel_says("avx2") || mw_isa_supported(MW_ISA_AVX2));
#endif
	char tiny[4] = "xyz";
	mw_cpu_describe(tiny, sizeof(tiny));
	cr_expect_lt(strlen(tiny), sizeof(tiny));
}

Test(cpu, the_override_chooses_each_supported_path)
{
	char err[160];
	(void)unsetenv("MEMWALL_ISA");
	enum mw_isa widest = mw_isa_best();
	cr_expect_eq(mw_isa_check_override(err, sizeof(err)), 0);
	for (int i = 0; i < MW_ISA_COUNT; i++) {
		enum mw_isa isa = (enum mw_isa)i;
		(void)setenv("MEMWALL_ISA", mw_isa_name(isa), 1);
		if (mw_isa_supported(isa)) {
			cr_expect_leq(i, (int)widest);
			cr_expect_eq(mw_isa_best(), isa, "%s", mw_isa_name(isa));
			cr_expect_eq(mw_isa_check_override(err, sizeof(err)), 0);
		} else {
			cr_expect_eq(mw_isa_best(), widest);
			cr_expect_eq(mw_isa_check_override(err, sizeof(err)), MW_ESPEC);
			cr_expect(strstr(err, mw_isa_name(isa)) && strstr(err, "does not support"), "%s", err);
		}
	}
	(void)setenv("MEMWALL_ISA", "", 1);
	cr_expect_eq(mw_isa_best(), widest);
	cr_expect_eq(mw_isa_check_override(err, sizeof(err)), 0);
}

Test(cpu, bad_overrides_are_refused_by_name)
{
	static const char *const names[] = {"AVX2", "avx", "sse2", "avx2 ", "0"};
	(void)unsetenv("MEMWALL_ISA");
	enum mw_isa widest = mw_isa_best();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char err[160] = "", want[160];
		(void)setenv("MEMWALL_ISA", names[i], 1);
		(void)snprintf(want, sizeof(want), "MEMWALL_ISA='%s' is not one of portable, neon, avx2, avx512",
			       names[i]);
		cr_expect_eq(mw_isa_check_override(err, sizeof(err)), MW_ESPEC);
		cr_expect_str_eq(err, want);
		cr_expect_eq(mw_isa_best(), widest);
	}
}
