#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/gups.h"

enum { WORDS = 1000, COUNT = 8 * 500, GUARD = 8 };

/* The stream by another way: xorshift64 with shifts 13, 7, 17, and the upper half scaled by long multiplication. */
static uint64_t next(uint64_t *x)
{
	*x = *x ^ (*x << 13);
	*x = *x ^ (*x >> 7);
	*x = *x ^ (*x << 17);
	return *x;
}

static uint64_t index_of(uint64_t x, uint64_t words)
{
	return (uint64_t)(((unsigned __int128)(x >> 32) * words) >> 32);
}

static bool usable(const struct mw_gups_kernel *k)
{
	return mw_isa_supported(k->isa);
}

struct expected {
	uint64_t table[WORDS], sum, distinct;
};

static void expect(struct expected *e, enum mw_gups_op op, uint64_t seed, uint64_t first, uint64_t add)
{
	struct mw_gups g;
	bool seen[WORDS] = {false};
	mw_gups_seed(&g, seed);
	memset(e, 0, sizeof(*e));
	for (size_t i = 0; i < WORDS; i++)
		e->table[i] = first + i;
	for (size_t i = 0; i < COUNT; i++) {
		uint64_t x = next(&g.x[i % MW_GUPS_LANES]), at = index_of(x, WORDS);
		e->distinct += !seen[at];
		seen[at] = true;
		if (op == MW_GUPS_UPDATE)
			e->table[at] ^= x;
		else if (op == MW_GUPS_SCATTER)
			e->table[at] = at + add;
		else
			e->sum += e->table[at];
	}
}

/* Each path visits the words of the stream, leaves all others, and goes on where it ended. */
Test(kernels_gups, all_paths_agree)
{
	size_t tried = 0;
	for (size_t k = 0; k < mw_gups_kernel_count; k++) {
		const struct mw_gups_kernel *kernel = &mw_gups_kernels[k];
		static struct expected e;
		uint64_t memory[GUARD + WORDS + GUARD], *table = memory + GUARD;
		struct mw_gups g;
		if (!usable(kernel))
			continue;
		expect(&e, kernel->op, 7, 5, 1u << 20);
		memset(memory, 0xa5, sizeof(memory));
		mw_gups_fill(table, WORDS, 5);
		mw_gups_seed(&g, 7);
		uint64_t sum = 0;
		for (int part = 0; part < 4; part++)
			sum += kernel->run(table, WORDS, &g, COUNT / 4, 1u << 20);
		const char *what = mw_isa_name(kernel->isa);
		cr_assert_eq(sum, e.sum, "%s %s", mw_gups_op_name(kernel->op), what);
		cr_assert_eq(memcmp(table, e.table, sizeof(e.table)), 0, "%s %s", mw_gups_op_name(kernel->op), what);
		for (size_t i = 0; i < GUARD; i++)
			cr_assert(memory[i] == 0xa5a5a5a5a5a5a5a5u && table[WORDS + i] == 0xa5a5a5a5a5a5a5a5u,
				  "%s %s writes outside of the table", mw_gups_op_name(kernel->op), what);
		/* The stream covers nearly the whole table: (1 - 1/1000)^4000 = 2 % are left. */
		cr_assert_gt(e.distinct, WORDS * 95 / 100);
		tried++;
	}
	cr_assert_geq(tried, MW_GUPS_OP_COUNT);
}

/* Every word is wrong after one pass that changed it, and none after the second. */
Test(kernels_gups, the_same_updates_again_restore_the_table)
{
	static uint64_t table[WORDS];
	struct mw_gups g;
	mw_gups_fill(table, WORDS, 42);
	cr_assert_eq(mw_gups_errors(table, WORDS, 42), 0);
	cr_assert_eq(mw_gups_errors(table, WORDS, 41), WORDS);
	mw_gups_seed(&g, 3);
	(void)mw_gups_kernels[0].run(table, WORDS, &g, COUNT, 0);
	uint64_t wrong = mw_gups_errors(table, WORDS, 42);
	cr_assert_gt(wrong, WORDS * 9 / 10);
	mw_gups_seed(&g, 4);
	(void)mw_gups_kernels[0].run(table, WORDS, &g, COUNT, 0);
	cr_assert_gt(mw_gups_errors(table, WORDS, 42), WORDS * 9 / 10, "another stream restores nothing");
	mw_gups_seed(&g, 4);
	(void)mw_gups_kernels[0].run(table, WORDS, &g, COUNT, 0);
	mw_gups_seed(&g, 3);
	(void)mw_gups_kernels[0].run(table, WORDS, &g, COUNT, 0);
	cr_assert_eq(mw_gups_errors(table, WORDS, 42), 0);
	table[WORDS - 1] ^= 1;
	cr_assert_eq(mw_gups_errors(table, WORDS, 42), 1, "one wrong bit is found");
}

Test(kernels_gups, what_is_expected_of_gathers_and_scatters)
{
	static uint64_t table[WORDS];
	static struct expected e;
	struct mw_gups g;
	expect(&e, MW_GUPS_GATHER, 9, 100, 0);
	mw_gups_seed(&g, 9);
	cr_assert_eq(mw_gups_expected(WORDS, &g, COUNT, 100), e.sum);
	expect(&e, MW_GUPS_SCATTER, 9, 100, 1u << 30);
	memcpy(table, e.table, sizeof(table));
	cr_assert_eq(mw_gups_unscattered(table, WORDS, &g, COUNT, 1u << 30), 0);
	cr_assert_eq(mw_gups_unscattered(table, WORDS, &g, COUNT, 1u << 29), COUNT, "an older scatter");
	mw_gups_fill(table, WORDS, 100);
	cr_assert_eq(mw_gups_unscattered(table, WORDS, &g, COUNT, 1u << 30), COUNT, "no scatter at all");
}

/* Large tables: the last word is reached, and none behind it. */
Test(kernels_gups, indices_cover_the_table)
{
	const uint64_t words = UINT64_C(0xfffffff0);
	struct mw_gups g;
	mw_gups_seed(&g, 1);
	uint64_t low = words, high = 0;
	for (int i = 0; i < 100000; i++) {
		uint64_t at = index_of(next(&g.x[i % MW_GUPS_LANES]), words);
		low = at < low ? at : low;
		high = at > high ? at : high;
	}
	cr_assert_lt(low, words / 1000);
	cr_assert_gt(high, words / 1000 * 999);
	cr_assert_lt(index_of(UINT64_MAX, words), words);
}
