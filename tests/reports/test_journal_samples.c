#include "tests/reports/journal_open.h"

TestSuite(journal_samples, .init = make_dir, .fini = remove_dir);

static void put_samples(struct journal *j, const char *name, int threads, unsigned visit, double value)
{
	struct mw_record point;
	struct mw_sample v[4];
	mw_record_init(&point, "bandwidth", name, "bandwidth", MW_GBPS);
	(void)mw_set_int(&point, MW_AS_PARAM, "threads", threads);
	for (unsigned i = 0; i < 4; i++)
		v[i] = (struct mw_sample){.value = value + i,
					  .before_ns = threads > 1 ? 50 : (double)NAN,
					  .after_ns = threads > 1 ? 50 : (double)NAN,
					  .t_ns = (uint64_t)visit * 1000000000u + i,
					  .round = 4 * visit + i,
					  .visit = visit};
	cr_assert_eq(journal_samples(j, &point, threads, v, 4), 0);
	mw_record_fini(&point);
}

/* A killed run has records of what its benchmarks were measuring; one that goes on counts on. */
Test(journal_samples, become_records)
{
	struct results r, old;
	struct journal *j = open_journal(false), *again;
	char err[300] = "";
	put_samples(j, "read", 1, 0, 10);
	put_samples(j, "copy", 2, 0, 20);
	put_samples(j, "read", 1, 1, 12);
	put_samples(j, "read", 1, 2, 11);
	cr_assert_eq(journal_results(j, &r, NULL, 0), 0);
	journal_close(j);
	cr_assert_eq(r.records.n, 2);
	cr_assert(r.partial);
	const struct mw_record *read = mw_records_find(&r.records, "bandwidth", "read", "bandwidth"),
			       *copy = mw_records_find(&r.records, "bandwidth", "copy", "bandwidth");
	cr_assert_eq(read->n_samples, 12);
	cr_assert_eq(mw_kv_int(&read->observed, "visits", 0), 3);
	cr_assert(read->value > 12 && read->value < 13 && isfinite(read->ci_lo), "%g", read->value);
	cr_assert_str_eq(mw_kv_str(&copy->params, "state", ""), "one");
	cr_assert(isnan(copy->ci_lo), "one visit has no interval");
	results_fini(&r);

	cr_assert_eq(journal_open(dir, true, &old, &again, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(old.points.n, 2);
	cr_assert_eq(points_visits(&old.points), 3);
	struct results head;
	results_init(&head);
	cr_assert_eq(journal_begin(again, &head, err, sizeof(err)), 0, "%s", err);
	put_samples(again, "copy", 2, 3, 21);
	cr_assert_eq(journal_results(again, &r, NULL, 0), 0);
	cr_assert_eq(r.points.n, 2, "a point keeps its number");
	cr_assert_eq(mw_records_find(&r.records, "bandwidth", "copy", "bandwidth")->n_samples, 8);
	results_fini(&r);
	/* Its own record, in whatever state, counts more than what is made of samples. */
	struct mw_record done;
	mw_record_init(&done, "bandwidth", "copy", "bandwidth", MW_GBPS);
	(void)mw_set_int(&done, MW_AS_PARAM, "threads", 2);
	(void)mw_set_text(&done, MW_AS_PARAM, "state", "near");
	mw_record_set(&done, 99, MW_MEASURED, "");
	cr_assert_eq(journal_append(again, &done), 0);
	mw_record_fini(&done);
	cr_assert_eq(journal_results(again, &r, NULL, 0), 0);
	cr_assert_eq(r.records.n, 2);
	cr_assert_eq(mw_records_find(&r.records, "bandwidth", "copy", "bandwidth")->value, 99);
	results_fini(&r);
	results_fini(&head);
	results_fini(&old);
	journal_close(again);
}
