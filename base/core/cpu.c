#include "base/core/cpu.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const isa_names[MW_ISA_COUNT] = {
	[MW_ISA_PORTABLE] = "portable",
	[MW_ISA_NEON] = "neon",
	[MW_ISA_AVX2] = "avx2",
	[MW_ISA_AVX512] = "avx512",
};

static const struct {
	enum mw_cpu_feature f;
	const char *name;
} feature_names[] = {
	{MW_CPU_FMA, "fma"},
	{MW_CPU_AVX_VNNI, "avx_vnni"},
	{MW_CPU_AVX512_VNNI, "avx512_vnni"},
	{MW_CPU_AVX512_VBMI, "avx512_vbmi"},
	{MW_CPU_AVX512_BF16, "avx512_bf16"},
	{MW_CPU_AVX512_VPOPCNT, "avx512_vpopcntdq"},
	{MW_CPU_GFNI, "gfni"},
	{MW_CPU_CLFLUSHOPT, "clflushopt"},
	{MW_CPU_CLWB, "clwb"},
};

enum { DETECTED = 1 << 30, ISA_SHIFT = 16 };

#if defined(__x86_64__)
static unsigned long long read_xcr0(void)
{
	unsigned eax, edx;
	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return ((unsigned long long)edx << 32) | eax;
}

/* `have` if bit number `bit` of `reg` is 1, else 0. */
static unsigned when(unsigned reg, unsigned bit, unsigned have)
{
	return (reg >> bit) & 1u ? have : 0u;
}

static unsigned detect(void)
{
	unsigned a, b, c, d, found = 1u << (ISA_SHIFT + MW_ISA_PORTABLE);
	if (!__get_cpuid(1, &a, &b, &c, &d))
		return found;
	unsigned fma = (c >> 12) & 1u, osxsave = (c >> 27) & 1u;
	unsigned long long xcr0 = osxsave ? read_xcr0() : 0;
	bool ymm = (xcr0 & 0x6) == 0x6;   /* the OS saves XMM and YMM */
	bool zmm = (xcr0 & 0xe6) == 0xe6; /* and also opmask, ZMM_Hi256, Hi16_ZMM */
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return found;
	found |= when(b, 23, MW_CPU_CLFLUSHOPT) | when(b, 24, MW_CPU_CLWB);
	if (ymm && fma) {
		found |= MW_CPU_FMA | when(b, 5, 1u << (ISA_SHIFT + MW_ISA_AVX2)) | when(c, 8, MW_CPU_GFNI);
		unsigned f = (b >> 16) & 1u, dq = (b >> 17) & 1u, bw = (b >> 30) & 1u, vl = (b >> 31) & 1u;
		if (zmm && f && dq && bw && vl)
			found |= 1u << (ISA_SHIFT + MW_ISA_AVX512) | when(c, 11, MW_CPU_AVX512_VNNI) |
				 when(c, 1, MW_CPU_AVX512_VBMI) | when(c, 14, MW_CPU_AVX512_VPOPCNT);
	}
	unsigned leaf1a, leaf1b, leaf1c, leaf1d;
	if (ymm && a >= 1 && __get_cpuid_count(7, 1, &leaf1a, &leaf1b, &leaf1c, &leaf1d)) {
		found |= when(leaf1a, 4, MW_CPU_AVX_VNNI);
		if (found & (1u << (ISA_SHIFT + MW_ISA_AVX512)))
			found |= when(leaf1a, 5, MW_CPU_AVX512_BF16);
	}
	return found;
}
#else
static unsigned detect(void)
{
	unsigned found = 1u << (ISA_SHIFT + MW_ISA_PORTABLE);
#if defined(__aarch64__)
	found |= 1u << (ISA_SHIFT + MW_ISA_NEON); /* AdvSIMD is part of every AArch64 ABI */
#endif
	return found;
}
#endif

static unsigned features(void)
{
	/* The only mutable global of base/core. Every thread that finds it empty stores the same value. */
	static atomic_uint cache;
	unsigned f = atomic_load_explicit(&cache, memory_order_relaxed);
	if (!(f & DETECTED)) {
		f = detect() | DETECTED;
		atomic_store_explicit(&cache, f, memory_order_relaxed);
	}
	return f;
}

const char *mw_isa_name(enum mw_isa isa)
{
	return isa_names[isa];
}

bool mw_isa_supported(enum mw_isa isa)
{
	return (features() >> (ISA_SHIFT + isa)) & 1u;
}

static int override_isa(void)
{
	const char *name = getenv("MEMWALL_ISA");
	if (!name || !*name)
		return -1;
	for (int i = 0; i < MW_ISA_COUNT; i++)
		if (strcmp(name, isa_names[i]) == 0)
			return i;
	return MW_ISA_COUNT;
}

enum mw_isa mw_isa_best(void)
{
	int forced = override_isa();
	if (forced >= 0 && forced < MW_ISA_COUNT && mw_isa_supported((enum mw_isa)forced))
		return (enum mw_isa)forced;
	for (int i = MW_ISA_COUNT - 1; i > 0; i--)
		if (mw_isa_supported((enum mw_isa)i))
			return (enum mw_isa)i;
	return MW_ISA_PORTABLE;
}

int mw_isa_check_override(char *err, size_t n)
{
	int forced = override_isa();
	if (forced == MW_ISA_COUNT)
		return mw_fail(MW_ESPEC, err, n, "MEMWALL_ISA='%s' is not one of portable, neon, avx2, avx512",
			       getenv("MEMWALL_ISA"));
	if (forced >= 0 && !mw_isa_supported((enum mw_isa)forced))
		return mw_fail(MW_ESPEC, err, n, "MEMWALL_ISA=%s: this CPU does not support it", isa_names[forced]);
	return 0;
}

bool mw_cpu_has(enum mw_cpu_feature f)
{
	return (features() & (unsigned)f) != 0;
}

static size_t add_word(char *out, size_t n, size_t len, const char *word)
{
	size_t room = len < n ? n - len : 0;
	return len + (size_t)snprintf(room ? out + len : NULL, room, "%s%s", len ? " " : "", word);
}

size_t mw_cpu_describe(char *out, size_t n)
{
	size_t len = 0;
	if (n)
		out[0] = '\0';
	for (int i = 1; i < MW_ISA_COUNT; i++)
		if (mw_isa_supported((enum mw_isa)i))
			len = add_word(out, n, len, isa_names[i]);
	for (size_t i = 0; i < sizeof(feature_names) / sizeof(feature_names[0]); i++)
		if (mw_cpu_has(feature_names[i].f))
			len = add_word(out, n, len, feature_names[i].name);
	return len;
}
