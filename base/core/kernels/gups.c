#include "base/core/kernels/gups.h"

#include "base/core/stats.h"

const char *mw_gups_op_name(enum mw_gups_op op)
{
	static const char *const names[MW_GUPS_OP_COUNT] = {"update", "gather", "scatter"};
	return names[op];
}

void mw_gups_seed(struct mw_gups *g, uint64_t seed)
{
	for (size_t i = 0; i < MW_GUPS_LANES; i++)
		do
			g->x[i] = mw_random(&seed);
		while (g->x[i] == 0);
}

static inline uint64_t step(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* The upper half of x, scaled to 0..words-1. */
static inline uint64_t index_of(uint64_t x, uint64_t words)
{
	return ((x >> 32) * words) >> 32;
}

/* Unrolled, the lanes are in registers: fewer instructions per access, so that more accesses are under way. */
#define ALL_LANES _Pragma("GCC unroll 8")

static uint64_t update(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add)
{
	struct mw_gups s = *g;
	(void)add;
	for (size_t i = 0; i < count; i += MW_GUPS_LANES) {
		ALL_LANES
		for (size_t k = 0; k < MW_GUPS_LANES; k++) {
			uint64_t x = step(&s.x[k]);
			table[index_of(x, words)] ^= x;
		}
	}
	*g = s;
	return 0;
}

static uint64_t gather(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add)
{
	struct mw_gups s = *g;
	uint64_t sum = 0;
	(void)add;
	for (size_t i = 0; i < count; i += MW_GUPS_LANES) {
		ALL_LANES
		for (size_t k = 0; k < MW_GUPS_LANES; k++)
			sum += table[index_of(step(&s.x[k]), words)];
	}
	*g = s;
	return sum;
}

static uint64_t scatter(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add)
{
	struct mw_gups s = *g;
	for (size_t i = 0; i < count; i += MW_GUPS_LANES) {
		ALL_LANES
		for (size_t k = 0; k < MW_GUPS_LANES; k++) {
			uint64_t at = index_of(step(&s.x[k]), words);
			table[at] = at + add;
		}
	}
	*g = s;
	return 0;
}

const struct mw_gups_kernel mw_gups_kernels[] = {
	{MW_GUPS_UPDATE, MW_ISA_PORTABLE, update},
	{MW_GUPS_GATHER, MW_ISA_PORTABLE, gather},
	{MW_GUPS_SCATTER, MW_ISA_PORTABLE, scatter},
#if defined(__x86_64__)
	{MW_GUPS_GATHER, MW_ISA_AVX2, mw_gups_gather_avx2},
	{MW_GUPS_GATHER, MW_ISA_AVX512, mw_gups_gather_avx512},
	{MW_GUPS_SCATTER, MW_ISA_AVX512, mw_gups_scatter_avx512},
#endif
};
const size_t mw_gups_kernel_count = sizeof(mw_gups_kernels) / sizeof(mw_gups_kernels[0]);

void mw_gups_fill(uint64_t *table, uint64_t words, uint64_t first)
{
	for (uint64_t i = 0; i < words; i++)
		table[i] = first + i;
}

uint64_t mw_gups_errors(const uint64_t *table, uint64_t words, uint64_t first)
{
	uint64_t errors = 0;
	for (uint64_t i = 0; i < words; i++)
		errors += table[i] != first + i;
	return errors;
}

uint64_t mw_gups_unscattered(const uint64_t *table, uint64_t words, const struct mw_gups *from, size_t count,
			     uint64_t add)
{
	struct mw_gups s = *from;
	uint64_t errors = 0;
	for (size_t i = 0; i < count; i += MW_GUPS_LANES)
		for (size_t k = 0; k < MW_GUPS_LANES; k++) {
			uint64_t at = index_of(step(&s.x[k]), words);
			errors += table[at] != at + add;
		}
	return errors;
}

uint64_t mw_gups_expected(uint64_t words, const struct mw_gups *from, size_t count, uint64_t first)
{
	struct mw_gups s = *from;
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i += MW_GUPS_LANES)
		for (size_t k = 0; k < MW_GUPS_LANES; k++)
			sum += first + index_of(step(&s.x[k]), words);
	return sum;
}
