#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/heldout.h"
#include "base/core/stats.h"

enum { KERNELS = 8, VISITS = 7, ROUNDS = 3 };

static const struct mw_emit emits[] = {
	{MW_CASES("fast"), &mw_metric_bandwidth, NULL, NULL, MW_LIST(&mw_key_winner)},
	{MW_CASES("short"), &mw_metric_latency, NULL, NULL, NULL},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"test", emits};

struct field {
	struct mw_record v[KERNELS];
	const struct mw_record *c[KERNELS];
	size_t k;
};

static void open_field(struct field *f, size_t k, int row)
{
	memset(f, 0, sizeof(*f));
	f->k = k;
	for (size_t i = 0; i < k; i++) {
		mw_record_open(&f->v[i], &emitter, &emits[row], emits[row].cases[0]);
		f->v[i].samples = calloc(VISITS * ROUNDS, sizeof(struct mw_sample));
		cr_assert(f->v[i].samples);
		f->c[i] = &f->v[i];
	}
}

static void close_field(struct field *f)
{
	for (size_t i = 0; i < f->k; i++)
		mw_record_fini(&f->v[i]);
}

static struct mw_sample *add(struct field *f, size_t c, uint32_t visit, uint32_t round, double value)
{
	struct mw_record *r = &f->v[c];
	cr_assert_lt(r->n_samples, VISITS * ROUNDS);
	struct mw_sample *s = &r->samples[r->n_samples++];
	*s = (struct mw_sample){.value = value, .visit = visit, .round = visit * ROUNDS + round};
	return s;
}

static struct mw_heldout pick(const struct field *f)
{
	struct mw_heldout h;
	cr_assert_eq(mw_heldout_best(f->c, f->k, 0.05, &h), 0);
	return h;
}

/* Sum of twelve uniform values: normal enough, standard deviation 1. */
static double noise(uint64_t *rng)
{
	double sum = -6.0;
	for (int i = 0; i < 12; i++)
		sum += (double)(mw_random(rng) >> 11) * 0x1p-53;
	return sum;
}

/* k equal kernels with noise, on a machine that drifts: the largest of their values is above what any of them has, the
 * held-out one is not, and its interval covers. */
Test(heldout, equal_kernels_gain_nothing)
{
	enum { TRIALS = 1500 };
	uint64_t rng = 11;
	double naive = 0.0, held = 0.0;
	unsigned covered = 0;
	for (int trial = 0; trial < TRIALS; trial++) {
		struct field f;
		double truth = 0.0, most = -INFINITY;
		open_field(&f, KERNELS, 0);
		for (uint32_t j = 0; j < VISITS; j++) {
			double drift = 0.02 * noise(&rng);
			truth += drift / VISITS;
			for (uint32_t r = 0; r < ROUNDS; r++)
				for (size_t c = 0; c < KERNELS; c++)
					add(&f, c, j, r, 100.0 * exp(drift + 0.05 * noise(&rng)));
		}
		for (size_t c = 0; c < KERNELS; c++) {
			struct mw_visits v;
			cr_assert_eq(mw_visits_summarize(f.v[c].samples, f.v[c].n_samples, 0, 0.05, &v), 0);
			most = fmax(most, v.value);
		}
		struct mw_heldout h = pick(&f);
		double value = 100.0 * exp(truth);
		naive += log(most / value) / TRIALS;
		held += log(h.stats.value / value) / TRIALS;
		covered += h.stats.ci_lo <= value && value <= h.stats.ci_hi;
		cr_assert_not(h.blind);
		mw_heldout_fini(&h);
		close_field(&f);
	}
	cr_log_info("naive %+.4f, held out %+.4f, covered %u of %d", naive, held, covered, TRIALS);
	cr_expect_gt(naive, 0.015, "%g", naive);
	cr_expect_lt(fabs(held), 0.003, "%g", held);
	cr_expect_geq(covered, 93 * TRIALS / 100, "%u", covered);
}

Test(heldout, a_clear_winner_has_its_own_value)
{
	for (int row = 0; row < 2; row++) {
		uint64_t rng = 5;
		struct field f;
		struct mw_visits own;
		struct mw_record out;
		size_t winner = row == 0 ? 2 : 0; /* the highest bandwidth, the lowest latency */
		open_field(&f, 3, row);
		for (uint32_t j = 0; j < VISITS; j++)
			for (uint32_t r = 0; r < ROUNDS; r++)
				for (size_t c = 0; c < 3; c++)
					add(&f, c, j, r, (100.0 + 20.0 * (double)c) * exp(0.01 * noise(&rng)));
		cr_assert_eq(mw_visits_summarize(f.v[winner].samples, f.v[winner].n_samples, 0, 0.05, &own), 0);
		mw_put_text(&f.v[winner], &mw_key_stop, "target");
		struct mw_heldout h = pick(&f);
		cr_expect_eq(h.best, winner);
		cr_expect_eq(h.stats.value, own.value);
		cr_expect_eq(h.stats.ci_lo, own.ci_lo);
		cr_expect_eq(h.stats.ci_hi, own.ci_hi);
		cr_expect_not(h.tied[0] || h.tied[1] || h.tied[2]);
		mw_record_open(&out, &emitter, &emits[row], emits[row].cases[0]);
		mw_heldout_put(&out, &h, f.c);
		cr_expect_eq(out.value, own.value);
		cr_expect_eq(out.n, VISITS * ROUNDS);
		cr_expect_eq(mw_kv_int(&out.observed, "visits", 0), VISITS);
		cr_expect_str_eq(mw_kv_str(&out.observed, "stop", ""), "target");
		cr_expect_str_eq(out.note, "");
		cr_expect_eq(mw_record_close(&out, NULL, 0), 0);
		mw_record_fini(&out);
		mw_heldout_fini(&h);
		close_field(&f);
	}
}

/* Two of equal speed and one that is a fifth slower. */
Test(heldout, ties_are_named_among_candidates)
{
	uint64_t rng = 3;
	struct field f;
	open_field(&f, 3, 0);
	for (uint32_t j = 0; j < VISITS; j++)
		for (uint32_t r = 0; r < ROUNDS; r++)
			for (size_t c = 0; c < 3; c++)
				add(&f, c, j, r, (c == 1 ? 80.0 : 100.0) * exp(0.02 * noise(&rng)));
	struct mw_heldout h = pick(&f);
	cr_expect_neq(h.best, 1);
	cr_expect(h.tied[h.best == 0 ? 2 : 0]);
	cr_expect_not(h.tied[1]);
	cr_expect_not(h.tied[h.best]);
	mw_heldout_fini(&h);
	close_field(&f);
}

/* A candidate that was measured in the fast visits only is no better for it. */
Test(heldout, drift_between_visits_does_not_decide)
{
	struct field f;
	open_field(&f, 3, 0);
	for (uint32_t j = 0; j < 6; j++) {
		double machine = j < 3 ? 200.0 : 100.0;
		if (j < 3)
			add(&f, 0, j, 0, machine);
		add(&f, 1, j, 0, machine * 1.1);
		add(&f, 2, j, 0, machine * 0.9);
	}
	struct mw_heldout h = pick(&f);
	cr_expect_eq(h.best, 1);
	cr_expect_float_eq(h.stats.value, 1.1 * sqrt(200.0 * 100.0), 1e-9);
	cr_expect_eq(h.stats.visits, 6);
	mw_heldout_fini(&h);
	close_field(&f);
}

Test(heldout, a_choice_by_one_visit_is_noted)
{
	struct field f;
	struct mw_record out;
	open_field(&f, 2, 0);
	add(&f, 0, 4, 0, 90);
	add(&f, 1, 4, 0, 95);
	struct mw_heldout h = pick(&f);
	cr_expect(h.blind);
	cr_expect_eq(h.best, 1);
	cr_expect_eq(h.stats.value, 95);
	cr_expect(isnan(h.stats.ci_lo));
	mw_record_open(&out, &emitter, &emits[0], "fast");
	mw_heldout_put(&out, &h, f.c);
	cr_expect(strstr(out.note, "same single visit"), "%s", out.note);
	mw_record_fini(&out);
	mw_heldout_fini(&h);
	/* Alone there is no choice. */
	f.k = 1;
	h = pick(&f);
	cr_expect_not(h.blind);
	mw_heldout_fini(&h);
	f.k = 2;
	close_field(&f);
}

Test(heldout, samples_of_unknown_state_do_not_count)
{
	struct field f;
	open_field(&f, 2, 0);
	for (uint32_t j = 0; j < 3; j++) {
		add(&f, 0, j, 0, 100)->state = 1;
		add(&f, 0, j, 1, 900)->state = MW_STATE_UNKNOWN;
		add(&f, 1, j, 0, 110)->state = 1;
	}
	struct mw_heldout h = pick(&f);
	cr_expect_eq(h.best, 1);
	cr_expect_float_eq(h.stats.value, 110, 1e-9);
	cr_expect_eq(h.stats.rounds, 3);
	mw_heldout_fini(&h);
	close_field(&f);
}

Test(heldout, nothing_to_choose_from)
{
	struct field f;
	struct mw_heldout h;
	open_field(&f, 2, 0);
	cr_expect_eq(mw_heldout_best(f.c, 0, 0.05, &h), -EINVAL);
	cr_expect_eq(mw_heldout_best(f.c, 2, 0.05, &h), -EINVAL);
	add(&f, 0, 0, 0, NAN);
	cr_expect_eq(mw_heldout_best(f.c, 2, 0.05, &h), -EINVAL);
	cr_expect_null(h.tied);
	close_field(&f);
}
