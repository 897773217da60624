#include "base/core/kernels/traffic.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const struct {
	const char *name;
	unsigned loads, stores; /* lines of a block */
	bool nt;
} mixes[MW_MIX_COUNT] = {
	[MW_MIX_100] = {"100:0", 12, 0, false},    [MW_MIX_75] = {"75:25", 8, 4, false},
	[MW_MIX_50] = {"50:50", 0, 12, false},     [MW_MIX_50_NT] = {"50:50-nt", 6, 6, true},
	[MW_MIX_0_NT] = {"0:100-nt", 0, 12, true},
};

const char *mw_mix_name(enum mw_mix mix)
{
	return mixes[mix].name;
}

const char *mw_mix_word(size_t i)
{
	return i < MW_MIX_COUNT ? mixes[i].name : NULL;
}

unsigned mw_mix_loads(enum mw_mix mix)
{
	return mixes[mix].loads;
}

unsigned mw_mix_stores(enum mw_mix mix)
{
	return mixes[mix].stores;
}

bool mw_mix_nt(enum mw_mix mix)
{
	return mixes[mix].nt;
}

/* Lines that the memory reads for a block. */
static unsigned lines_read(enum mw_mix mix)
{
	return mixes[mix].loads + (mixes[mix].nt ? 0 : mixes[mix].stores);
}

unsigned mw_mix_read_percent(enum mw_mix mix)
{
	return 100 * lines_read(mix) / (lines_read(mix) + mixes[mix].stores);
}

double mw_mix_bus_factor(enum mw_mix mix)
{
	return (double)(lines_read(mix) + mixes[mix].stores) / MW_TRAFFIC_LINES;
}

const struct mw_traffic_kernels *mw_traffic_kernels(enum mw_isa isa)
{
	if (!mw_isa_supported(isa))
		return NULL;
	switch (isa) {
	case MW_ISA_PORTABLE:
		return &mw_traffic_portable;
#if defined(__x86_64__)
	case MW_ISA_AVX2:
		return &mw_traffic_avx2;
	case MW_ISA_AVX512:
		return &mw_traffic_avx512;
#elif defined(__aarch64__)
	case MW_ISA_NEON:
		return &mw_traffic_neon;
#endif
	default:
		return NULL;
	}
}

void mw_traffic_fence(void)
{
#if defined(__x86_64__)
	_mm_sfence();
#elif defined(__aarch64__)
	__asm__ volatile("dmb ishst" : : : "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}
