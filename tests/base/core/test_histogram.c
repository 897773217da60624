#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>

#include "base/core/histogram.h"
#include "base/core/stats.h"

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Nearest rank, as the header defines it. */
static uint64_t sorted_quantile(const uint64_t *v, uint64_t n, unsigned per_mille)
{
	uint64_t rank = (n * per_mille + 999) / 1000;
	return v[rank ? rank - 1 : 0];
}

/* One value: exact below 256, within 1/256 above, and never more than the largest. */
static void one_value(struct mw_histogram *h, uint64_t value, uint64_t above)
{
	mw_histogram_clear(h);
	mw_histogram_add(h, value);
	mw_histogram_add(h, above); /* so that the median is not the largest, which is exact */
	double got = mw_histogram_quantile(h, 500), want = (double)value;
	cr_assert_leq(fabs(got - want), value < 256 ? 0 : want / 256, "%llu: %.17g", (unsigned long long)value, got);
	cr_assert_eq(mw_histogram_quantile(h, 1000), (double)above);
}

Test(histogram, every_value_is_within_its_bucket, .timeout = 300)
{
	struct mw_histogram *h = malloc(sizeof(*h));
	const uint64_t above = UINT64_C(1) << 50;
	for (uint64_t v = 0; v < 2100; v++)
		one_value(h, v, above);
	/* The edges of all buckets beyond. */
	for (unsigned shift = 4; shift <= 42 - 8; shift++)
		for (uint64_t part = 128; part < 256; part++) {
			one_value(h, part << shift, above);
			one_value(h, ((part + 1) << shift) - 1, above);
		}
	free(h);
}

static uint64_t draw(unsigned kind, uint64_t *rng)
{
	switch (kind) {
	case 0:
		return 70000 + mw_random_below(rng, 5000);
	case 1: /* skewed: one in fifty is a thousand times slower */
		return mw_random_below(rng, 50) ? 60000 + mw_random_below(rng, 100) : 60000000;
	case 2: /* over all octaves */
		return mw_random(rng) >> (22 + mw_random_below(rng, 40));
	case 3:
		return mw_random_below(rng, 3);
	default:
		return 12345;
	}
}

Test(histogram, agrees_with_sorting_at_every_per_mille, .timeout = 300)
{
	static const size_t sizes[] = {1, 2, 3, 19, 20, 99, 100, 101, 999, 1000, 1001, 20000};
	struct mw_histogram *h = malloc(sizeof(*h));
	uint64_t *v = calloc(20000, sizeof(*v)), rng = 5;
	for (unsigned kind = 0; kind < 5; kind++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			size_t n = sizes[s];
			mw_histogram_clear(h);
			for (size_t i = 0; i < n; i++)
				mw_histogram_add(h, v[i] = draw(kind, &rng));
			qsort(v, n, sizeof(*v), by_value);
			for (unsigned q = 0; q <= 1000; q++) {
				double want = (double)sorted_quantile(v, n, q), got = mw_histogram_quantile(h, q);
				cr_assert_leq(fabs(got - want), want / 256, "kind %u, %zu values, %u: %g, not %g", kind,
					      n, q, got, want);
			}
			cr_assert_eq(mw_histogram_quantile(h, 1000), (double)v[n - 1]);
		}
	free(v);
	free(h);
}

Test(histogram, merges_and_holds_what_is_out_of_range)
{
	struct mw_histogram *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	cr_expect(isnan(mw_histogram_quantile(a, 500)));
	for (uint64_t i = 0; i < 90; i++)
		mw_histogram_add(a, 10);
	for (uint64_t i = 0; i < 10; i++)
		mw_histogram_add(b, UINT64_MAX - i);
	mw_histogram_merge(a, b);
	cr_expect_eq(a->n, 100);
	cr_expect_eq(mw_histogram_quantile(a, 900), 10);
	cr_expect_geq(mw_histogram_quantile(a, 901), 0x1p41);
	cr_expect_eq(mw_histogram_quantile(a, 1000), (double)UINT64_MAX);
	free(a);
	free(b);
}
