#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/stats.h"
#include "base/core/visits.h"

enum { MAX_SAMPLES = 1024 };

/* Samples of one point, in the order they were taken. */
struct series {
	struct mw_sample v[MAX_SAMPLES];
	size_t n;
};

static struct mw_sample *add(struct series *s, uint32_t visit, uint32_t round, double value, uint32_t flags)
{
	cr_assert_lt(s->n, MAX_SAMPLES);
	s->v[s->n] = (struct mw_sample){.value = value,
					.before_ns = NAN,
					.after_ns = NAN,
					.t_ns = 1000000000u * (uint64_t)s->n,
					.round = round,
					.visit = visit,
					.flags = flags};
	return &s->v[s->n++];
}

static struct mw_visits summarize(const struct series *s, double target)
{
	struct mw_visits v;
	cr_assert_eq(mw_visits_summarize(s->v, s->n, 0, target, &v), 0);
	return v;
}

static bool close_to(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fabs(b);
}

/* ---- values ---- */

Test(visits, value_of_a_round_and_of_a_visit)
{
	struct series s = {.n = 0};
	/* Visit 0: the clean repeat counts; a disturbed round does not, while another one is clean. */
	add(&s, 0, 0, 900, MW_SAMPLE_STEAL);
	add(&s, 0, 0, 100, 0);
	add(&s, 0, 1, 800, MW_SAMPLE_SWITCH);
	add(&s, 0, 1, 700, MW_SAMPLE_SWITCH);
	/* Visit 1: nothing clean, the median of first samples. */
	add(&s, 1, 2, 300, MW_SAMPLE_FREQ);
	add(&s, 1, 2, 999, MW_SAMPLE_FREQ);
	add(&s, 1, 3, 400, MW_SAMPLE_FREQ);
	add(&s, 1, 4, 500, MW_SAMPLE_FREQ);
	struct mw_visits v = summarize(&s, 0.05);
	cr_expect(close_to(v.value, 200), "%g", v.value);
	cr_expect_eq(v.rounds, 5);
	cr_expect_eq(v.visits, 2);
	cr_expect_eq(v.min, 100);
	cr_expect_eq(v.max, 800);
	cr_expect(close_to(v.spread, 3), "%g", v.spread);
	cr_expect(isnan(v.ci_lo) && isnan(v.ci_hi), "two visits have no interval");
}

Test(visits, no_interval_below_three_visits_however_many_rounds)
{
	struct series s = {.n = 0};
	for (uint32_t round = 0; round < 200; round++)
		add(&s, round / 100, round, 100 + round % 7, 0);
	struct mw_visits v = summarize(&s, 0.05);
	cr_expect(isnan(v.ci_lo) && isnan(v.ci_hi));
	cr_expect_eq(mw_visits_rel_width(&v), INFINITY);
	add(&s, 2, 200, 103, 0);
	v = summarize(&s, 0.05);
	cr_expect(v.ci_lo <= v.value && v.value <= v.ci_hi, "%g..%g", v.ci_lo, v.ci_hi);
}

Test(visits, interval_is_that_of_student_on_logarithms)
{
	/* Two rounds a visit, whose medians are 100 e^(-0.02, -0.01, 0, 0.01, 0.02); noise of 20 % hides the steps. */
	struct series s = {.n = 0};
	for (uint32_t visit = 0; visit < 5; visit++)
		for (uint32_t i = 0; i < 3; i++)
			add(&s, visit, 3 * visit + i, 100 * exp(0.01 * (visit - 2.0) + 0.2 * (i - 1.0)), 0);
	struct mw_visits v = summarize(&s, 0.05);
	/* s = 0.0158114, t of 4 = 2.776445. The sign test over 15 rounds says ranks 3 and 11: 0.8 and 1.2 times. */
	double half = 2.7764451052 * 0.0158113883 / sqrt(5);
	cr_expect(close_to(v.value, 100), "%.9g", v.value);
	cr_expect_lt(v.ci_lo, 100 * exp(-half), "the sign test's interval over rounds is wider");
	cr_expect(close_to(v.ci_lo, 100 * exp(0.01 - 0.2)), "%g", v.ci_lo);
	cr_expect(close_to(v.ci_hi, 100 * exp(-0.01 + 0.2)), "%g", v.ci_hi);
	cr_expect_not(v.unsteady);
	/* One round a visit: nothing tells drift from noise, and no sign test below six rounds. */
	struct series one = {.n = 0};
	for (uint32_t visit = 0; visit < 5; visit++)
		add(&one, visit, visit, 100 * exp(0.01 * (visit - 2.0)), 0);
	v = summarize(&one, 0.001);
	cr_expect(fabs(log(v.ci_hi / 100) - half) < 1e-8, "%g", v.ci_hi);
	cr_expect(fabs(log(v.ci_lo / 100) + half) < 1e-8, "%g", v.ci_lo);
	cr_expect(fabs(mw_visits_rel_width(&v) - sinh(half)) < 1e-8);
	cr_expect_not(v.unsteady);
}

/* Visits far apart, hardly any noise within. */
static struct series stepping(double step)
{
	struct series s = {.n = 0};
	for (uint32_t visit = 0; visit < 5; visit++)
		for (uint32_t i = 0; i < 4; i++)
			add(&s, visit, 4 * visit + i, 100 * exp(step * (visit % 2) + 1e-5 * i), 0);
	return s;
}

Test(visits, visits_that_differ_beyond_the_target_are_unsteady)
{
	struct series s = stepping(0.1);
	struct mw_visits v = summarize(&s, 0.05);
	cr_expect(v.unsteady);
	cr_expect(fabs(v.spread - expm1(0.1)) < 1e-4, "%g", v.spread);
	v = summarize(&s, 0.2);
	cr_expect_not(v.unsteady, "within the target");
	/* s = 0.0548, another visit lands within 2.776 s sqrt(1.2) = 16.7 % of the mean. */
	double mean = 0.04 + 1.5e-5;
	cr_expect(fabs(log(v.ci_hi / 100) - mean - 0.16661) < 1e-4, "%g", log(v.ci_hi / 100) - mean);
	cr_expect(fabs(log(v.ci_lo / 100) - mean + 0.16661) < 1e-4, "%g", log(v.ci_lo / 100) - mean);
	/* As far as the target allows: 12 % are asked for. */
	v = summarize(&s, 0.12);
	cr_expect_not(v.unsteady);
	cr_expect(fabs(log(v.ci_hi / 100) - mean - log(1.12)) < 1e-9, "%g", log(v.ci_hi / 100) - mean);
	cr_expect_leq(mw_visits_rel_width(&v), 0.12, "reaching out does not lose the target");
}

Test(visits, noise_is_not_unsteadiness)
{
	uint64_t rng = 5;
	size_t unsteady = 0;
	for (int trial = 0; trial < 1000; trial++) {
		struct series s = {.n = 0};
		for (uint32_t round = 0; round < 30; round++)
			add(&s, round / 6, round, 100 + (double)mw_random_below(&rng, 1000) / 50, 0);
		unsteady += summarize(&s, 0.01).unsteady;
	}
	cr_expect_leq(unsteady, 70, "%zu of 1000; the F test promises 50", unsteady);
	cr_expect_geq(unsteady, 30, "%zu of 1000", unsteady);
}

Test(visits, values_that_are_not_above_zero_are_linear)
{
	struct series s = {.n = 0};
	for (uint32_t visit = 0; visit < 5; visit++)
		add(&s, visit, visit, visit - 1.0, 0);
	struct mw_visits v = summarize(&s, 0.05);
	cr_expect(close_to(v.value, 1), "%g", v.value);
	double half = 2.7764451052 * sqrt(2.5) / sqrt(5);
	cr_expect(fabs(v.ci_lo - (1 - half)) < 1e-8, "%g", v.ci_lo);
	cr_expect(fabs(v.ci_hi - (1 + half)) < 1e-8, "%g", v.ci_hi);
	cr_expect(close_to(v.spread, 4), "%g", v.spread);
}

Test(visits, nothing_and_nonsense)
{
	struct series s = {.n = 0};
	struct mw_visits v = summarize(&s, 0.05);
	cr_expect(isnan(v.value) && v.rounds == 0 && v.visits == 0);
	add(&s, 0, 0, 1, 0);
	cr_expect_eq(mw_visits_summarize(s.v, s.n, 1, 0.05, &v), 0);
	cr_expect(isnan(v.value) && v.rounds == 0, "no sample of that state");
	add(&s, 0, 1, NAN, 0);
	cr_expect_eq(mw_visits_summarize(s.v, s.n, 0, 0.05, &v), -EINVAL);
	s.v[1].value = INFINITY;
	cr_expect_eq(mw_visits_summarize(s.v, s.n, 0, 0.05, &v), -EINVAL);
}

/* ---- coverage ---- */

/* The logarithm of a value is the noise of its round plus a drift: an AR(1) process in time, which is measured in
 * lengths of the run. */
struct process {
	double noise, drift, correlation;
	double target;
};

static double gauss(uint64_t *rng)
{
	double u = ((double)(mw_random(rng) >> 11) + 0.5) * 0x1p-53, w = (double)(mw_random(rng) >> 11) * 0x1p-53;
	return sqrt(-2 * log(u)) * cos(2 * acos(-1) * w);
}

struct drift {
	double x, t, sum;
	size_t n;
};

/* Moves on to time t in small steps; sum / n becomes the mean over the run. */
static double drift_at(struct drift *d, const struct process *p, double t, uint64_t *rng)
{
	const double step = 0.01;
	while (p->drift > 0 && d->t < t) {
		double dt = t - d->t < step ? t - d->t : step;
		double keep = exp(-dt / p->correlation);
		d->x = keep * d->x + sqrt(1 - keep * keep) * gauss(rng);
		d->t += dt;
		if (dt >= 0.9 * step) {
			d->sum += p->drift * d->x;
			d->n++;
		}
	}
	return p->drift * d->x;
}

enum { ROUNDS = 6, TRIALS = 1000 };

struct coverage {
	double run;     /* intervals that hold the mean over the run */
	double process; /* the same with the mean of the process, or flagged */
	double flagged;
};

static struct coverage cover(const struct process *p, uint32_t visits, uint64_t seed)
{
	size_t run = 0, process = 0, flagged = 0;
	uint64_t rng = seed;
	for (int trial = 0; trial < TRIALS; trial++) {
		struct series s = {.n = 0};
		struct drift d = {.x = gauss(&rng)};
		/* A visit takes a fiftieth of the time from one to the next. */
		for (uint32_t k = 0; k < visits * ROUNDS; k++) {
			uint32_t visit = k / ROUNDS, i = k % ROUNDS;
			double at = (visit + 0.02 * i / ROUNDS) / (visits - 1 + 0.02);
			add(&s, visit, k, 100 * exp(drift_at(&d, p, at, &rng) + p->noise * gauss(&rng)), 0);
		}
		struct mw_visits v = summarize(&s, p->target);
		double mean = d.n ? 100 * exp(d.sum / (double)d.n) : 100;
		run += v.ci_lo <= mean && mean <= v.ci_hi;
		process += (v.ci_lo <= 100 && 100 <= v.ci_hi) || v.drifts;
		flagged += v.drifts;
	}
	return (struct coverage){(double)run / TRIALS, (double)process / TRIALS, (double)flagged / TRIALS};
}

static const uint32_t some_visits[] = {5, 7, 9};

/* The machine drifts faster than the run is long (a tenth of it): what repeats would find is covered, or the record is
 * called unsteady, whatever the sizes of drift, noise and target. */
Test(visits, coverage_of_what_repeats_find)
{
	static const double drift[] = {0, 0.002, 0.005, 0.01, 0.02, 0.05}, noise[] = {0.002, 0.01},
			    target[] = {0.01, 0.02, 0.05};
	for (size_t d = 0; d < 6; d++)
		for (size_t k = 0; k < 2; k++)
			for (size_t t = 0; t < 3; t++)
				for (size_t i = 0; i < 3; i++) {
					const struct process p = {noise[k], drift[d], 0.1, target[t]};
					struct coverage c = cover(&p, some_visits[i], 77 + d);
					cr_expect_geq(c.process, 0.93, "%u visits, noise %g, drift %g, target %g: %g",
						      some_visits[i], p.noise, p.drift, p.target, c.process);
					cr_expect_geq(c.run, 0.93, "%u visits, noise %g, drift %g, target %g: %g",
						      some_visits[i], p.noise, p.drift, p.target, c.run);
				}
}

/* A drift as slow as the run is long: the mean over the run is covered. What repeats find is covered, or the record
 * says that values drift, where the drift is at least 2.5 times the noise of a round; a smaller one cannot be told from
 * that noise by one run (70 to 95 % are covered then). */
Test(visits, coverage_under_slow_drift)
{
	static const double drift[] = {0.002, 0.005, 0.01, 0.02, 0.05}, noise[] = {0, 0.002, 0.01},
			    target[] = {0.01, 0.05};
	for (size_t d = 0; d < 5; d++)
		for (size_t k = 0; k < 3; k++)
			for (size_t t = 0; t < 2; t++)
				for (size_t i = 0; i < 3; i++) {
					const struct process p = {noise[k], drift[d], 1.0, target[t]};
					struct coverage c = cover(&p, some_visits[i], 99 + d);
					cr_expect_geq(c.run, 0.93, "%u visits, noise %g, drift %g, target %g: %g",
						      some_visits[i], p.noise, p.drift, p.target, c.run);
					if (p.drift >= 2.5 * p.noise)
						cr_expect_geq(c.process, 0.93,
							      "%u visits, noise %g, drift %g, target %g: %g",
							      some_visits[i], p.noise, p.drift, p.target, c.process);
				}
}

/* ---- topology states ---- */

static int collect(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

static struct mw_records finish(struct series *s, size_t points, int threads, double target)
{
	struct mw_records out = {0};
	const struct mw_sink sink = {collect, &out};
	struct mw_record rec[4];
	struct mw_visit_point pts[4];
	for (size_t i = 0; i < points; i++) {
		char name[2] = {(char)('a' + i), 0};
		mw_record_init(&rec[i], "test", name, "latency", MW_NS);
		pts[i] = (struct mw_visit_point){&rec[i], s[i].v, s[i].n, threads, "budget", NULL};
	}
	cr_assert_eq(mw_visits_finish(pts, points, target, &sink), 0);
	for (size_t i = 0; i < points; i++)
		mw_record_fini(&rec[i]);
	return out;
}

static const char *state_name(const struct mw_record *r)
{
	return mw_kv_str(&r->params, "state", "");
}

static const char *observed(const struct mw_record *r, const char *key)
{
	return mw_kv_str(&r->observed, key, "");
}

/* The hypervisor moves a virtual CPU three times a run on average: near and far have values of their own. */
static void two_states(struct series *s, uint32_t visits, uint64_t *rng)
{
	bool far = mw_random_below(rng, 2);
	for (uint32_t k = 0; k < visits * ROUNDS; k++) {
		if (mw_random_below(rng, visits * ROUNDS) < 3)
			far = !far;
		struct mw_sample *v = add(s, k / ROUNDS, k, (far ? 85 : 50) * exp(0.02 * gauss(rng)), 0);
		v->before_ns = (far ? 200 : 55) * exp(0.05 * gauss(rng));
		v->after_ns = (far ? 200 : 55) * exp(0.05 * gauss(rng));
	}
}

Test(visits, coverage_of_each_of_two_states)
{
	for (size_t i = 0; i < 3; i++) {
		size_t covered = 0, all = 0, split = 0;
		uint64_t rng = 11 + i;
		for (int trial = 0; trial < TRIALS; trial++) {
			struct series s = {.n = 0};
			two_states(&s, some_visits[i], &rng);
			struct mw_records out = finish(&s, 1, 2, 0.05);
			split += out.n == 2;
			for (size_t k = 0; k < out.n; k++) {
				const struct mw_record *r = &out.v[k];
				double truth = mw_kv_find(&r->observed, "c2c_ns")->r < 100 ? 50 : 85;
				cr_assert_leq(fabs(r->value - truth), 5, "%s: values of two states were pooled: %g",
					      state_name(r), r->value);
				cr_expect_eq(isnan(r->ci_lo), mw_kv_int(&r->observed, "visits", 0) < 3);
				if (isnan(r->ci_lo))
					continue;
				all++;
				covered += (r->ci_lo <= truth && truth <= r->ci_hi) || observed(r, "unsteady")[0];
			}
			mw_records_fini(&out);
		}
		cr_expect_gt(split, TRIALS / 2, "%zu", split);
		cr_expect_gt(all, TRIALS, "%zu", all);
		cr_expect_geq(100 * covered, 93 * all, "%u visits: %zu of %zu", some_visits[i], covered, all);
	}
}

Test(visits, samples_of_unknown_state_are_kept_but_not_used)
{
	struct series s = {.n = 0};
	uint64_t rng = 3;
	two_states(&s, 9, &rng);
	size_t before = s.n;
	struct mw_sample *v = add(&s, 8, 54, 1e6, 0);
	v->before_ns = 55;
	v->after_ns = 200;
	struct mw_records out = finish(&s, 1, 2, 0.05);
	cr_assert_eq(out.n, 2);
	cr_expect_str_eq(state_name(&out.v[0]), "near");
	cr_expect_str_eq(state_name(&out.v[1]), "far");
	cr_expect_eq(out.v[0].n_samples + out.v[1].n_samples, before + 1);
	cr_expect_lt(out.v[0].max, 100);
	cr_expect_eq(out.v[0].samples[out.v[0].n_samples - 1].flags, MW_SAMPLE_TOPOLOGY);
	cr_expect_eq(out.v[0].samples[out.v[0].n_samples - 1].state, MW_STATE_UNKNOWN);
	cr_expect_geq(mw_kv_int(&out.v[0].observed, "flagged", 0), 1);
	cr_expect(strstr(out.v[0].note, "near CPUs"), "%s", out.v[0].note);
	mw_records_fini(&out);
}

Test(visits, one_state_and_none)
{
	struct series s[3] = {{.n = 0}, {.n = 0}, {.n = 0}};
	for (uint32_t k = 0; k < 12; k++) {
		struct mw_sample *a = add(&s[0], k / 3, k, 50, 0), *b = add(&s[1], k / 3, k, 60, 0);
		a->before_ns = a->after_ns = 50 + k % 3;
		b->before_ns = 50;
		b->after_ns = 300;
	}
	struct mw_records out = finish(s, 1, 2, 0.05);
	cr_assert_eq(out.n, 1);
	cr_expect_str_eq(state_name(&out.v[0]), "one");
	cr_expect_eq(out.v[0].value, 50);
	mw_records_fini(&out);
	/* Every sample saw a move; the last point has no samples. */
	out = finish(s + 1, 2, 2, 0.05);
	cr_assert_eq(out.n, 2);
	cr_expect_str_eq(state_name(&out.v[0]), "mixed");
	cr_expect_eq(out.v[0].value, 60);
	cr_expect_eq(mw_kv_int(&out.v[0].observed, "flagged", 0), 12);
	cr_expect_null(mw_kv_find(&out.v[0].observed, "c2c_ns"));
	cr_expect_eq(out.v[1].provenance, MW_UNAVAILABLE);
	cr_expect(out.v[1].note[0]);
	mw_records_fini(&out);
	/* A single thread has no state. */
	out = finish(s, 1, 1, 0.05);
	cr_expect_null(mw_kv_find(&out.v[0].params, "state"));
	mw_records_fini(&out);
}

/* ---- what a record says of its circumstances ---- */

Test(visits, records_say_how_long_and_how_steady)
{
	struct series s = stepping(0.1);
	struct mw_records out = finish(&s, 1, 1, 0.05);
	const struct mw_record *r = &out.v[0];
	cr_expect_str_eq(observed(r, "stop"), "budget");
	cr_expect_str_eq(observed(r, "unsteady"), "visits differ by 11 %");
	cr_expect_str_eq(observed(r, "disturbed"), "");
	cr_expect_eq(mw_kv_int(&r->observed, "visits", 0), 5);
	cr_expect_eq(mw_kv_find(&r->observed, "over_s")->r, 19);
	cr_expect_null(mw_kv_find(&r->observed, "flagged"));
	cr_expect_eq(r->n, 20);
	cr_expect_eq(r->n_samples, 20);
	cr_expect_eq(r->samples[19].visit, 4);
	cr_expect_eq(mw_record_disturbed(r), 0);
	mw_records_fini(&out);
	s = stepping(0.03);
	out = finish(&s, 1, 1, 0.01);
	cr_expect_str_eq(observed(&out.v[0], "unsteady"), "visits differ by 3.0 %");
	cr_expect_str_eq(observed(&out.v[0], "drift"), "");
	mw_records_fini(&out);
	/* Within the target, but more than chance. */
	out = finish(&s, 1, 1, 0.05);
	cr_expect_str_eq(observed(&out.v[0], "unsteady"), "");
	cr_expect_str_eq(observed(&out.v[0], "drift"), "visits differ by 3.0 %");
	mw_records_fini(&out);
}

Test(visits, disturbed_rounds_are_counted_with_their_causes)
{
	struct series s = {.n = 0};
	for (uint32_t round = 0; round < 40; round++) {
		/* A clean repeat makes the round clean, and its flag no cause. */
		if (round % 4 == 0)
			add(&s, round / 10, round, 100, MW_SAMPLE_FREQ);
		bool steal = round % 4 == 1, both = round % 8 == 2;
		add(&s, round / 10, round, 100,
		    (uint32_t)(steal  ? MW_SAMPLE_STEAL
			       : both ? MW_SAMPLE_STEAL | MW_SAMPLE_SWITCH
				      : 0));
		if (steal)
			add(&s, round / 10, round, 100, MW_SAMPLE_STEAL);
	}
	struct mw_records out = finish(&s, 1, 1, 0.05);
	cr_expect_str_eq(observed(&out.v[0], "disturbed"), "38 % of 40 rounds: steal, switches");
	cr_expect_eq(mw_kv_int(&out.v[0].observed, "flagged", 0), 35);
	cr_expect(fabs(mw_record_disturbed(&out.v[0]) - 0.38) < 1e-9);
	mw_records_fini(&out);
	size_t rounds;
	uint32_t causes;
	cr_expect_eq(mw_disturbed_share(s.v, s.n, &rounds, &causes), 0.375);
	cr_expect_eq(rounds, 40);
	cr_expect_eq(causes, MW_SAMPLE_STEAL | MW_SAMPLE_SWITCH);
	cr_expect_eq(mw_disturbed_share(s.v, 0, &rounds, &causes), 0);
	/* A few disturbed rounds are not worth a word. */
	struct series few = {.n = 0};
	for (uint32_t round = 0; round < 40; round++)
		add(&few, round / 10, round, 100, (uint32_t)(round < 3 ? MW_SAMPLE_SWITCH : 0));
	out = finish(&few, 1, 1, 0.05);
	cr_expect_str_eq(observed(&out.v[0], "disturbed"), "");
	cr_expect_eq(mw_kv_int(&out.v[0].observed, "flagged", 0), 3);
	mw_records_fini(&out);
}

Test(visits, a_reason_makes_a_point_unavailable)
{
	struct series s = stepping(0);
	struct mw_records out = {0};
	const struct mw_sink sink = {collect, &out};
	struct mw_record rec;
	mw_record_init(&rec, "test", "a", "latency", MW_NS);
	struct mw_visit_point p = {&rec, s.v, s.n, 1, "budget", "the sum is wrong"};
	cr_assert_eq(mw_visits_finish(&p, 1, 0.05, &sink), 0);
	cr_expect_eq(out.v[0].provenance, MW_UNAVAILABLE);
	cr_expect_str_eq(out.v[0].note, "the sum is wrong");
	mw_records_fini(&out);
	mw_record_fini(&rec);
}

Test(visits, a_point_is_met_state_by_state)
{
	struct series s = {.n = 0};
	/* Near is steady; far has a third of the rounds and wide noise. */
	for (uint32_t k = 0; k < 45; k++) {
		bool far = k % 3 == 0;
		add(&s, k / 9, k, far ? 80 + 2 * (k % 5) : 50, 0)->state = far;
	}
	struct mw_visit_point p = {NULL, s.v, s.n, 2, NULL, NULL};
	cr_expect_eq(mw_visits_met(&p, 0.2), 1);
	cr_expect_eq(mw_visits_met(&p, 0.001), 0);
	/* A state that holds fewer than a quarter does not keep the others waiting. */
	for (uint32_t k = 45; k < 180; k++)
		add(&s, k / 36, k, 50, 0);
	p.n = s.n;
	cr_expect_eq(mw_visits_met(&p, 0.001), 1);
	p.n = 0;
	cr_expect_eq(mw_visits_met(&p, 0.001), 0, "nothing is not met");
}

/* ---- two modes ---- */

/* visits x 4 rounds: every third round at `second`, the rest at 10; both spread by 2 %. */
static struct mw_records two_values(double second, uint32_t visits)
{
	static struct series s;
	uint64_t rng = 5;
	s.n = 0;
	for (uint32_t i = 0; i < 4 * visits; i++)
		add(&s, i / 4, i, (i % 3 ? 10 : second) * exp(0.02 * gauss(&rng)), 0);
	return finish(&s, 1, 1, 0.05);
}

Test(visits, a_bimodal_point_shows_both_modes)
{
	struct mw_records l = two_values(20, 7);
	const char *modes = observed(&l.v[0], "modes");
	double low = 0, high = 0, low_share = 0, high_share = 0;
	cr_assert_eq(sscanf(modes, "%lf in %lf %% of rounds, %lf in %lf %%", &low, &low_share, &high, &high_share), 4,
		     "'%s'", modes);
	cr_expect(fabs(low - 10) < 0.5 && fabs(high - 20) < 1, "%s", modes);
	cr_expect(fabs(low_share - 64) < 2 && fabs(low_share + high_share - 100) < 0.1, "%s", modes);
	mw_records_fini(&l);
}

Test(visits, one_mode_is_not_split)
{
	for (int i = 0; i < 3; i++) {
		struct mw_records l = two_values(i == 0 ? 10 : i == 1 ? 11 : 20, i == 2 ? 2 : 7);
		cr_expect_str_eq(observed(&l.v[0], "modes"), "", "%d: %s", i, observed(&l.v[0], "modes"));
		mw_records_fini(&l);
	}
}
