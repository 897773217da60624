#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/sys/cpulist.h"
#include "bench/rounds.h"

/* A machine of our own: its clock moves only when a sample is taken, its probes and flags follow a script. */
struct fake {
	uint64_t clock_ns;
	double (*probe)(struct fake *f);
	uint32_t (*flags)(struct fake *f);
	unsigned probes, samples;
	uint64_t rng;
	char order[4096]; /* names of the points in the order they were measured */
};

struct fake_point {
	struct fake *machine;
	char name;
	uint64_t cost_ns;
	double (*value)(struct fake_point *p);
	unsigned calls, fails_at;
	atomic_int *stop;
	unsigned stops_at;
	int failure; /* the code of fails_at; 0: MW_EVERIFY */
};

static uint64_t fake_now(void *self)
{
	return ((struct fake *)self)->clock_ns;
}

static double fake_c2c(void *self, int threads)
{
	struct fake *f = self;
	cr_assert_gt(threads, 1, "a single thread needs no probe");
	f->probes++;
	return f->probe ? f->probe(f) : 50.0;
}

static void fake_before(void *self)
{
	(void)self;
}

static uint32_t fake_after(void *self)
{
	struct fake *f = self;
	return f->flags ? f->flags(f) : 0;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct fake_point *p = arg;
	struct fake *f = p->machine;
	if (f->samples < sizeof(f->order) - 1)
		f->order[f->samples] = p->name;
	f->samples++;
	p->calls++;
	f->clock_ns += p->cost_ns;
	if (p->stop && p->calls == p->stops_at)
		atomic_store(p->stop, 15);
	if (p->fails_at && p->calls == p->fails_at)
		return mw_fail(p->failure ? p->failure : MW_EVERIFY, err, n, "the sum is wrong");
	*value = p->value(p);
	return 0;
}

static double constant(struct fake_point *p)
{
	return p->name;
}

/* 20 % noise around 100: never meets a target of 1 %. */
static double noisy(struct fake_point *p)
{
	return 80.0 + 40.0 * (double)mw_random_below(&p->machine->rng, 1000) / 1000.0;
}

enum { MAX_POINTS = 8 };

struct setup {
	struct fake fake;
	struct fake_point fp[MAX_POINTS];
	struct round_point pts[MAX_POINTS];
	struct mw_records out;
	struct bench_profile profile;
	struct bench_ctx ctx;
	atomic_int stop;
	size_t n;
	int rc;
};

static int collect(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

static void init(struct setup *s, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->n = n;
	s->profile = (struct bench_profile){"test", 1, 0.05, 6, 30, 0.01, 1 << 20, 5};
	s->ctx = (struct bench_ctx){.profile = &s->profile, .stop = &s->stop, .deadline_ns = 1000000000, .seed = 3};
	for (size_t i = 0; i < n; i++) {
		s->fp[i] = (struct fake_point){&s->fake, (char)('a' + i), 1000000, constant, 0, 0, NULL, 0, 0};
		char name[2] = {(char)('a' + i), 0};
		mw_record_init(&s->pts[i].rec, "test", name, "value", MW_NS);
		s->pts[i].measure = measure;
		s->pts[i].arg = &s->fp[i];
		s->pts[i].threads = 1;
	}
}

static void run(struct setup *s)
{
	const struct rounds_machine m = {&s->fake, fake_now, fake_c2c, fake_before, fake_after};
	const struct mw_sink sink = {collect, &s->out};
	s->ctx.machine = &m;
	s->rc = rounds_run(&s->ctx, s->pts, s->n, &sink);
}

static const struct mw_record *find(const struct setup *s, const char *name, const char *state)
{
	for (size_t i = 0; i < s->out.n; i++)
		if (strcmp(s->out.v[i].case_name, name) == 0 &&
		    (!state || strcmp(mw_kv_str(&s->out.v[i].params, "state", ""), state) == 0))
			return &s->out.v[i];
	cr_assert_fail("no record %s %s", name, state ? state : "");
	return NULL;
}

static const char *stop_of(const struct mw_record *r)
{
	return mw_kv_str(&r->observed, "stop", "");
}

Test(rounds, one_value_per_point_and_round)
{
	struct setup s;
	init(&s, 4);
	run(&s);
	cr_assert_eq(s.rc, 0);
	cr_assert_eq(s.out.n, 4);
	/* Three visits have 6 rounds each; with an interval the other two are short: 2 of the least 6. */
	cr_assert_eq(s.fake.samples, 88, "steady values stop after five visits: %u samples", s.fake.samples);
	bool orders_differ = false;
	for (unsigned round = 0; round < 22; round++) {
		const char *o = s.fake.order + 4 * round;
		for (char c = 'a'; c <= 'd'; c++)
			cr_assert(memchr(o, c, 4), "round %u misses %c: %.4s", round, c, o);
		orders_differ |= memcmp(o, s.fake.order, 4) != 0;
	}
	cr_assert(orders_differ);
	for (size_t i = 0; i < 4; i++) {
		const struct mw_record *r = &s.out.v[i];
		cr_assert_eq(r->n, 22);
		cr_assert_eq(r->n_samples, 22);
		cr_assert_eq(mw_kv_int(&r->observed, "visits", 0), 5);
		cr_assert_eq(r->value, 'a' + (double)i);
		cr_assert_eq(r->ci_lo, r->value);
		cr_assert_eq(r->provenance, MW_MEASURED);
		cr_assert_str_eq(stop_of(r), "target");
		cr_assert_null(mw_kv_find(&r->params, "state"));
		for (uint32_t k = 0; k < 22; k++) {
			cr_assert_eq(r->samples[k].round, k);
			cr_assert_eq(r->samples[k].visit, k < 18 ? k / 6 : 3 + (k - 18) / 2);
		}
	}
	cr_assert_eq(s.fake.probes, 0);
	mw_records_fini(&s.out);
}

Test(rounds, same_seed_same_order)
{
	struct setup s[3];
	for (int i = 0; i < 3; i++) {
		init(&s[i], 5);
		s[i].ctx.seed = i == 2 ? 4 : 3;
		run(&s[i]);
		mw_records_fini(&s[i].out);
	}
	cr_assert_str_eq(s[0].fake.order, s[1].fake.order);
	cr_assert_str_neq(s[0].fake.order, s[2].fake.order);
}

Test(rounds, stops_at_the_most_rounds)
{
	struct setup s;
	init(&s, 2);
	s.fp[0].value = noisy;
	run(&s);
	cr_assert_eq(find(&s, "a", NULL)->n, 30);
	cr_assert_str_eq(stop_of(find(&s, "a", NULL)), "rounds");
	/* One noisy point keeps the round going: the others are measured along with it. */
	cr_assert_eq(find(&s, "b", NULL)->n, 30);
	cr_assert_str_eq(stop_of(find(&s, "b", NULL)), "target");
	mw_records_fini(&s.out);
}

Test(rounds, fewer_rounds_than_visits)
{
	struct setup s;
	init(&s, 2);
	s.profile.min_rounds = 2;
	s.profile.max_rounds = 3;
	run(&s);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(s.out.v[i].n, 3);
		cr_assert_eq(mw_kv_int(&s.out.v[i].observed, "visits", 0), 3);
		cr_assert_str_eq(stop_of(&s.out.v[i]), "rounds");
	}
	mw_records_fini(&s.out);
}

Test(rounds, deadline_is_absolute)
{
	/* From no room at all to room for 12 rounds of 4 samples of 10 ms. */
	for (uint64_t deadline = 0; deadline <= 500000000; deadline += 7000000) {
		struct setup s;
		init(&s, 4);
		s.ctx.deadline_ns = deadline;
		for (size_t i = 0; i < 4; i++) {
			s.fp[i].cost_ns = 10000000;
			s.fp[i].value = noisy;
		}
		run(&s);
		cr_assert_eq(s.rc, 0);
		cr_assert_leq(s.fake.clock_ns, deadline, "overshoot: %llu", (unsigned long long)s.fake.clock_ns);
		cr_assert_leq(deadline - s.fake.clock_ns, 10000000, "time left unused");
		cr_assert_eq(s.out.n, 4);
		for (size_t i = 0; i < 4; i++) {
			const struct mw_record *r = &s.out.v[i];
			if (r->provenance == MW_UNAVAILABLE) {
				cr_assert(strstr(r->note, "budget"), "%s", r->note);
				cr_assert(isnan(r->value));
				cr_assert_lt(deadline, 40000000);
			} else {
				/* A few values may happen to agree. */
				bool lucky = r->ci_hi - r->ci_lo <= 2 * 0.05 * r->value;
				cr_assert_str_eq(stop_of(r), lucky ? "target" : "budget");
				cr_assert_eq(isnan(r->ci_lo), mw_kv_int(&r->observed, "visits", 0) < 3);
			}
		}
		mw_records_fini(&s.out);
	}
}

Test(rounds, the_rest_of_the_budget_goes_to_open_points)
{
	struct setup s;
	init(&s, 3);
	s.profile.max_rounds = 1000;
	s.fp[0].value = noisy;
	s.fp[1].cost_ns = s.fp[2].cost_ns = 50000000;
	run(&s);
	const struct mw_record *open = find(&s, "a", NULL), *met = find(&s, "b", NULL);
	cr_assert_leq(met->n, 9, "%zu rounds of 101 ms fit into 1 s", met->n);
	cr_assert_geq(met->n, 5, "a round per visit: %zu", met->n);
	cr_assert_gt(open->n, 40, "%zu", open->n);
	cr_assert_leq(s.fake.clock_ns, 1000000000);
	mw_records_fini(&s.out);
}

Test(rounds, failing_point_is_dropped)
{
	struct setup s;
	init(&s, 3);
	s.fp[1].fails_at = 3;
	run(&s);
	cr_assert_eq(s.rc, 0);
	const struct mw_record *r = find(&s, "b", NULL);
	cr_assert_eq(r->provenance, MW_UNAVAILABLE);
	cr_assert_str_eq(r->note, "the sum is wrong");
	cr_assert_eq(s.fp[1].calls, 3);
	cr_assert_eq(find(&s, "a", NULL)->n, 22);
	cr_assert_eq(find(&s, "c", NULL)->n, 22);
	mw_records_fini(&s.out);
}

Test(rounds, cancelled_run_keeps_what_it_has)
{
	struct setup s;
	init(&s, 3);
	s.fp[0].stop = &s.stop;
	s.fp[0].stops_at = 2;
	run(&s);
	cr_assert_eq(s.rc, MW_ECANCELLED);
	cr_assert_eq(s.out.n, 3);
	cr_assert_eq(find(&s, "a", NULL)->n, 2);
	cr_assert_eq(find(&s, "a", NULL)->value, 'a');
	unsigned calls = s.fp[0].calls + s.fp[1].calls + s.fp[2].calls;
	cr_assert_eq(s.fake.order[calls - 1], 'a', "nothing is measured after the stop");
	mw_records_fini(&s.out);
	/* The stop cuts a sample short: that one is lost, those before it stay. */
	init(&s, 3);
	s.fp[0].stop = &s.stop;
	s.fp[0].stops_at = 2;
	s.fp[0].fails_at = 2;
	s.fp[0].failure = MW_ECANCELLED;
	run(&s);
	cr_assert_eq(s.rc, MW_ECANCELLED);
	cr_assert_eq(find(&s, "a", NULL)->n, 1);
	cr_assert_eq(find(&s, "a", NULL)->value, 'a');
	mw_records_fini(&s.out);
	/* Stopped before anything: three records that say so. */
	init(&s, 3);
	atomic_store(&s.stop, 2);
	run(&s);
	cr_assert_eq(s.rc, MW_ECANCELLED);
	cr_assert_eq(s.out.n, 3);
	cr_assert(strstr(s.out.v[0].note, "interrupted"), "%s", s.out.v[0].note);
	mw_records_fini(&s.out);
}

/* ---- topology states ---- */

static int placement; /* 0 near, 1 far */

static double flipping(struct fake *f)
{
	/* Every 50 probes the hypervisor moves a vCPU; 10 % spread within a state. */
	placement = f->probes / 50 % 2;
	double spread = 0.9 + 0.2 * (double)mw_random_below(&f->rng, 1000) / 1000.0;
	return (placement ? 200.0 : 55.0) * spread;
}

static double by_placement(struct fake_point *p)
{
	(void)p;
	return placement ? 85.0 : 50.0;
}

Test(rounds, two_states_are_never_pooled)
{
	struct setup s;
	init(&s, 4);
	s.profile.max_rounds = s.profile.min_rounds = 60;
	s.fake.probe = flipping;
	for (size_t i = 0; i < 3; i++) {
		s.pts[i].threads = 2;
		s.fp[i].value = by_placement;
	}
	run(&s);
	cr_assert_eq(s.out.n, 7, "two records for each of three points, one for the single thread");
	for (size_t i = 0; i < 3; i++) {
		char name[2] = {(char)('a' + i), 0};
		const struct mw_record *near = find(&s, name, "near"), *far = find(&s, name, "far");
		cr_assert_eq(near->min, 50.0);
		cr_assert_eq(near->max, 50.0);
		cr_assert_eq(far->min, 85.0);
		cr_assert_eq(far->max, 85.0);
		cr_assert_geq(near->n + far->n, 54);
		cr_assert(fabs(mw_kv_find(&near->observed, "c2c_ns")->r - 55.0) < 6.0);
		cr_assert(fabs(mw_kv_find(&far->observed, "c2c_ns")->r - 200.0) < 20.0);
		size_t all = 0;
		for (uint32_t k = 0; k < 2; k++) {
			const struct mw_record *r = k ? far : near;
			all += r->n_samples;
			for (size_t j = 0; j < r->n_samples; j++)
				cr_assert(r->samples[j].state == k || (r->samples[j].flags & MW_SAMPLE_TOPOLOGY));
		}
		cr_assert_eq(all, s.fp[i].calls, "no sample is lost");
	}
	mw_records_fini(&s.out);
}

static double wandering(struct fake *f)
{
	/* Anything from 50 to 200 ns with no gap: one wide state, not two. */
	return 50.0 * exp(log(4.0) * (double)mw_random_below(&f->rng, 1000) / 1000.0);
}

static double steady(struct fake *f)
{
	/* One state, and now and then a probe that was interrupted. */
	return f->probes % 40 == 0 ? 400.0 : 60.0 + (double)(f->probes % 7);
}

Test(rounds, one_state_unless_clearly_two)
{
	double (*const probes[])(struct fake *) = {wandering, steady};
	for (int i = 0; i < 2; i++) {
		struct setup s;
		init(&s, 2);
		s.profile.min_rounds = s.profile.max_rounds = 30;
		s.fake.probe = probes[i];
		s.pts[0].threads = s.pts[1].threads = 2;
		run(&s);
		cr_assert_eq(s.out.n, 2);
		cr_assert_str_eq(mw_kv_str(&s.out.v[0].params, "state", ""), "one");
		mw_records_fini(&s.out);
	}
}

static double moved_within(struct fake *f)
{
	return f->probes % 2 ? 50.0 : 200.0; /* before: 50; after: 200 */
}

Test(rounds, disagreeing_probes_are_flagged)
{
	struct setup s;
	init(&s, 1);
	s.fake.probe = moved_within;
	s.pts[0].threads = 2;
	run(&s);
	cr_assert_eq(s.out.n, 1);
	const struct mw_record *r = &s.out.v[0];
	cr_assert_str_eq(mw_kv_str(&r->params, "state", ""), "mixed");
	cr_assert_eq(mw_kv_int(&r->observed, "flagged", 0), (int64_t)r->n_samples);
	for (size_t i = 0; i < r->n_samples; i++)
		cr_assert(r->samples[i].flags & MW_SAMPLE_TOPOLOGY);
	mw_records_fini(&s.out);
}

/* ---- disturbances ---- */

static uint32_t every_tenth(struct fake *f)
{
	return f->samples % 10 == 0 ? MW_SAMPLE_STEAL : 0;
}

static double wild_when_disturbed(struct fake_point *p)
{
	return p->machine->samples % 10 == 0 ? 1e6 : 100.0;
}

Test(rounds, disturbed_samples_are_repeated_and_kept)
{
	struct setup s;
	init(&s, 3);
	s.profile.min_rounds = s.profile.max_rounds = 20;
	s.fake.flags = every_tenth;
	for (size_t i = 0; i < 3; i++)
		s.fp[i].value = wild_when_disturbed;
	run(&s);
	size_t flagged = 0, kept = 0;
	for (size_t i = 0; i < 3; i++) {
		const struct mw_record *r = &s.out.v[i];
		cr_assert_eq(r->n, 20);
		cr_assert_eq(r->max, 100.0, "the clean repeat is the value of the round");
		flagged += (size_t)mw_kv_int(&r->observed, "flagged", 0);
		for (size_t k = 0; k < r->n_samples; k++)
			kept += r->samples[k].value == 1e6 && r->samples[k].flags == MW_SAMPLE_STEAL;
	}
	cr_assert_gt(flagged, 4);
	cr_assert_eq(kept, flagged, "flagged samples stay in the record");
	mw_records_fini(&s.out);
}

static uint32_t always(struct fake *f)
{
	(void)f;
	return MW_SAMPLE_SWITCH;
}

Test(rounds, repeats_are_limited)
{
	struct setup s;
	init(&s, 3);
	s.profile.min_rounds = s.profile.max_rounds = 30;
	s.fake.flags = always;
	run(&s);
	cr_assert_gt(s.fake.samples, 90);
	cr_assert_leq(s.fake.samples, 90 * 6 / 5 + 1, "%u", s.fake.samples);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(s.out.v[i].n, 30);
	mw_records_fini(&s.out);
}

static double drifting(struct fake_point *p)
{
	/* The machine slows to half over the run; b takes 1.25 times as long as a. */
	double slow = 1.0 + (double)p->machine->clock_ns / 1e9;
	return (p->name == 'b' ? 125.0 : 100.0) * slow;
}

Test(rounds, drift_hits_all_points_alike)
{
	struct setup s;
	init(&s, 2);
	s.profile.min_rounds = s.profile.max_rounds = 40;
	for (size_t i = 0; i < 2; i++) {
		s.fp[i].value = drifting;
		s.fp[i].cost_ns = 12000000;
	}
	run(&s);
	double ratio = find(&s, "b", NULL)->value / find(&s, "a", NULL)->value;
	cr_assert(fabs(ratio - 1.25) < 0.02, "%g", ratio);
	const struct mw_record *r = find(&s, "a", NULL);
	cr_assert(r->ci_hi / r->ci_lo > 1.1, "the interval shows the drift: %g..%g", r->ci_lo, r->ci_hi);
	mw_records_fini(&s.out);
}

static double skewed(struct fake_point *p)
{
	/* 100 plus a one-sided disturbance: the median of the distribution is 100 (1 + 0.08 / 2). */
	return 100.0 * (1.0 + 0.08 * (double)mw_random_below(&p->machine->rng, 1u << 30) / (1u << 30));
}

/* Stopping as soon as the interval looks narrow must not make it narrower than it says. */
Test(rounds, intervals_cover_although_the_run_stops_early)
{
	static const size_t points[] = {1, 4, 8};
	static const size_t percent[] = {94, 94, 94};
	for (size_t c = 0; c < 3; c++) {
		size_t covered = 0, all = 0, rounds = 0;
		for (uint64_t seed = 1; seed <= 600; seed++) {
			struct setup s;
			init(&s, points[c]);
			s.fake.rng = seed * 1000003;
			s.profile.target = 0.02;
			s.profile.visits = 10;
			s.profile.max_rounds = 100;
			for (size_t i = 0; i < points[c]; i++) {
				s.fp[i].value = skewed;
				s.fp[i].cost_ns = 1000;
			}
			run(&s);
			for (size_t i = 0; i < s.out.n; i++, all++) {
				covered += s.out.v[i].ci_lo <= 104.0 && s.out.v[i].ci_hi >= 104.0;
				rounds += s.out.v[i].n;
			}
			mw_records_fini(&s.out);
		}
		cr_assert_lt(rounds, 70 * all, "the target must end the run early for this test to mean anything");
		cr_assert_gt(covered * 100, all * percent[c], "%zu of %zu", covered, all);
	}
}

Test(rounds, nothing_to_do)
{
	struct setup s;
	init(&s, 0);
	run(&s);
	cr_assert_eq(s.rc, 0);
	cr_assert_eq(s.out.n, 0);
}

/* ---- visits ---- */

struct visiting {
	struct setup s;
	struct rounds_machine m;
	struct rounds *r;
	struct mw_sample kept[512]; /* the journal, of all points */
	char of[512];
	uint64_t at_ns[512]; /* when it was handed over */
	size_t n;
	size_t earlier; /* samples of each point in kept that an earlier session left */
	size_t told;
	int put_fails;
	struct mw_sample_sink samples;
};

static int put_sample(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	struct visiting *t = self;
	cr_assert_eq(threads, 1);
	if (t->put_fails)
		return t->put_fails;
	for (size_t i = 0; i < n; i++, t->n++) {
		cr_assert_lt(t->n, 512);
		t->kept[t->n] = v[i];
		t->of[t->n] = point->case_name[0];
		t->at_ns[t->n] = t->s.fake.clock_ns;
	}
	return 0;
}

/* What is asked for point a only. */
static const struct mw_sample *earlier_samples(void *self, const struct mw_record *point, size_t *n)
{
	struct visiting *t = self;
	t->told++;
	*n = point->case_name[0] == 'a' ? t->earlier : 0;
	return t->kept;
}

static void begin(struct visiting *t, size_t n)
{
	memset(t, 0, sizeof(*t));
	init(&t->s, n);
	t->m = (struct rounds_machine){&t->s.fake, fake_now, fake_c2c, fake_before, fake_after};
	t->samples = (struct mw_sample_sink){put_sample, NULL, t};
	t->s.ctx.machine = &t->m;
	t->s.ctx.samples = &t->samples;
}

static int visit(struct visiting *t, uint64_t ns)
{
	t->s.ctx.deadline_ns = t->s.fake.clock_ns + ns;
	int rc = rounds_visit(t->r, &t->s.ctx);
	cr_assert_leq(t->s.fake.clock_ns, t->s.ctx.deadline_ns);
	return rc;
}

static void end(struct visiting *t)
{
	const struct mw_sink sink = {collect, &t->s.out};
	cr_assert_eq(rounds_finish(t->r, &sink), 0);
	rounds_close(t->r);
}

Test(rounds, visits_make_one_record)
{
	struct visiting t;
	begin(&t, 2);
	t.s.fp[0].value = noisy;
	t.s.profile.sample_s = 0.001;
	cr_assert_eq(rounds_open(&t.s.ctx, t.s.pts, 2, &t.r), 0);
	for (unsigned i = 0; i < 5; i++) {
		t.s.ctx.visit = i == 1 ? 3 : 0; /* 0, 3, 4, 5, 6 */
		cr_assert_not(rounds_met(t.r));
		cr_assert_eq(visit(&t, 6500000), 0);
		t.s.fake.clock_ns += 2000000000;
	}
	end(&t);
	const struct mw_record *r = find(&t.s, "a", NULL);
	static const uint32_t numbers[] = {0, 3, 4, 5, 6};
	size_t per_visit[5] = {0};
	for (size_t i = 0; i < r->n_samples; i++)
		for (size_t k = 0; k < 5; k++)
			per_visit[k] += r->samples[i].visit == numbers[k];
	for (size_t k = 0; k < 5; k++)
		cr_expect_geq(per_visit[k], 3, "visit %u: %zu samples of a", numbers[k], per_visit[k]);
	cr_expect_eq(mw_kv_int(&r->observed, "visits", 0), 5);
	cr_expect_eq(mw_kv_find(&r->observed, "over_s")->r, 8.03);
	cr_expect_str_eq(stop_of(r), "budget");
	cr_expect_str_eq(stop_of(find(&t.s, "b", NULL)), "target");
	cr_expect_eq(t.n, r->n_samples + find(&t.s, "b", NULL)->n_samples, "every sample was journalled once");
	mw_records_fini(&t.s.out);
}

Test(rounds, who_was_left_out_comes_first)
{
	struct visiting t;
	begin(&t, 4);
	cr_assert_eq(rounds_open(&t.s.ctx, t.s.pts, 4, &t.r), 0);
	cr_expect(fabs(rounds_round_s(t.r) - 0.04) < 1e-9, "what the profile aims at");
	for (size_t i = 0; i < 4; i++)
		t.s.fp[i].cost_ns = 11000000;
	for (unsigned i = 0; i < 10; i++) {
		double round_s = i < 1 ? 0.04 : i < 2 ? 0.042 : 0.044; /* as the points become known */
		cr_expect(fabs(rounds_round_s(t.r) - round_s) < 1e-9, "visit %u: %g", i, rounds_round_s(t.r));
		cr_assert_eq(visit(&t, 25000000), 0);
		for (size_t k = 0; k < 4; k++)
			cr_expect_eq(t.s.fp[k].calls, (i + 1) / 2 + (i % 2 == 0 && t.s.fp[k].calls > (i + 1) / 2),
				     "visit %u, %c: %u", i, t.s.fp[k].name, t.s.fp[k].calls);
	}
	end(&t);
	for (size_t k = 0; k < 4; k++)
		cr_expect_eq(mw_kv_int(&t.s.out.v[k].observed, "visits", 0), 5);
	mw_records_fini(&t.s.out);
}

Test(rounds, visits_after_the_target_take_nothing)
{
	struct visiting t;
	begin(&t, 2);
	cr_assert_eq(rounds_open(&t.s.ctx, t.s.pts, 2, &t.r), 0);
	for (unsigned i = 0; i < 9; i++) {
		cr_expect_eq(rounds_met(t.r), i >= 5, "visit %u", i);
		cr_assert_eq(visit(&t, 100000000), 0);
	}
	cr_expect_eq(t.s.fake.samples, 44);
	end(&t);
	cr_expect_str_eq(stop_of(&t.s.out.v[0]), "target");
	mw_records_fini(&t.s.out);
}

Test(rounds, no_sample_waits_five_seconds_for_the_journal)
{
	struct visiting t;
	begin(&t, 3);
	for (size_t i = 0; i < 3; i++)
		t.s.fp[i].cost_ns = 700000000;
	cr_assert_eq(rounds_open(&t.s.ctx, t.s.pts, 3, &t.r), 0);
	cr_assert_eq(visit(&t, 12700000000), 0);
	cr_expect_eq(t.n, 18);
	for (size_t i = 0; i < t.n; i++)
		cr_expect_leq(t.at_ns[i] - t.kept[i].t_ns, 5000000000u + 700000000u, "%c: %g s", t.of[i],
			      1e-9 * (double)(t.at_ns[i] - t.kept[i].t_ns));
	t.put_fails = -EIO;
	cr_expect_eq(visit(&t, 1000000000), -EIO);
	end(&t);
	mw_records_fini(&t.s.out);
}

Test(rounds, a_resumed_session_counts_on)
{
	struct visiting t;
	begin(&t, 2);
	t.s.fp[0].value = t.s.fp[1].value = noisy;
	/* Two visits of two rounds, the last with a repeat. */
	for (uint32_t i = 0; i < 5; i++)
		t.kept[i] = (struct mw_sample){.value = 100,
					       .before_ns = NAN,
					       .after_ns = NAN,
					       .t_ns = i,
					       .round = i < 4 ? i : 3,
					       .visit = i / 2 < 2 ? i / 2 : 1,
					       .flags = i == 3 ? MW_SAMPLE_STEAL : 0};
	t.earlier = t.n = 5;
	t.samples.earlier = earlier_samples;
	cr_assert_eq(rounds_open(&t.s.ctx, t.s.pts, 2, &t.r), 0);
	cr_expect_eq(t.told, 2);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(visit(&t, 1000000000), 0);
	end(&t);
	const struct mw_record *a = find(&t.s, "a", NULL), *b = find(&t.s, "b", NULL);
	cr_expect_eq(a->n, 30, "%zu", a->n);
	cr_expect_eq(b->n, 26, "%zu", b->n);
	cr_expect_eq(mw_kv_int(&a->observed, "visits", 0), 5);
	cr_expect_eq(mw_kv_int(&b->observed, "visits", 0), 3);
	cr_expect_eq(a->samples[5].round, 4);
	cr_expect_eq(a->samples[5].visit, 2);
	cr_expect_eq(t.n, 5 + 26 + 26, "earlier samples are not journalled again");
	mw_records_fini(&t.s.out);
}

Test(rounds, samples_are_as_long_as_time_allows)
{
	struct setup s;
	init(&s, 1);
	s.profile.sample_s = 10;
	s.ctx.share_s = 600;
	/* 30 points in 7 visits, and two thirds of three quarters of 600 s. */
	s.profile.visits = 7;
	cr_expect(fabs(rounds_visits_sample_s(&s.ctx, 30) - 0.67 * 0.75 * 600 / 210) < 1e-9);
	s.profile.visits = 5; /* 6 rounds at the least */
	cr_expect(fabs(rounds_visits_sample_s(&s.ctx, 30) - 0.67 * 0.75 * 600 / 180) < 1e-9);
	s.profile.sample_s = 0.02;
	cr_expect_eq(rounds_visits_sample_s(&s.ctx, 30), 0.02);
	/* All at once: until the deadline, which has passed here. */
	s.ctx.deadline_ns = 1;
	cr_expect_eq(rounds_sample_s(&s.ctx, 30), 1e-4);
	s.ctx.deadline_ns = mw_now_ns() + 600000000000u;
	cr_expect_eq(rounds_sample_s(&s.ctx, 30), 0.02);
}

static void note_progress(void *self, const char *step, double fraction)
{
	double *last = self;
	cr_expect_str_eq(step, "test");
	cr_expect(fraction >= *last && fraction <= 1, "%g after %g", fraction, *last);
	*last = fraction;
}

Test(rounds, progress_goes_forward)
{
	for (uint64_t deadline = 10000000; deadline <= 1000000000; deadline *= 3) {
		struct setup s;
		double last = 0;
		const struct mw_progress progress = {note_progress, &last};
		init(&s, 3);
		s.fp[0].value = noisy;
		s.ctx.progress = &progress;
		s.ctx.deadline_ns = deadline;
		run(&s);
		cr_expect_geq(last, 0.7, "%g", last);
		mw_records_fini(&s.out);
	}
}

/* ---- a real team: which switches count ---- */

struct preempted {
	struct mw_team *team;
	atomic_int done;
	bool timed;
};

static uint64_t own_switches(void)
{
	struct rusage usage;
	cr_assert_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	return (uint64_t)usage.ru_nivcsw;
}

/* Two members of one CPU yield to each other until both were switched out often enough for a flag. */
static void yield_member(void *arg, int rank, int n)
{
	struct preempted *p = arg;
	uint64_t before = own_switches(), begin = mw_now_ns();
	bool counted = false;
	(void)rank;
	while (atomic_load(&p->done) < n) {
		(void)sched_yield();
		uint64_t switches = own_switches() - before;
		if (!counted && switches > 3 && switches * 10000000u > 2 * (mw_now_ns() - begin)) {
			counted = true;
			atomic_fetch_add(&p->done, 1);
		}
	}
}

static void short_member(void *arg, int rank, int n)
{
	(void)arg;
	(void)rank;
	(void)n;
	for (uint64_t begin = mw_now_ns(); mw_now_ns() - begin < 20000;)
		;
}

static int measure_preempted(void *arg, double *value, char *err, size_t n)
{
	struct preempted *p = arg;
	uint64_t ns = 0;
	atomic_store(&p->done, 0);
	int rc = p->timed ? 0 : mw_team_run(p->team, 2, yield_member, p);
	if (rc == 0)
		rc = mw_team_time(p->team, 2, p->timed ? yield_member : short_member, p, &ns);
	*value = 1;
	return rc < 0 ? mw_fail(rc, err, n, "%s", mw_strerror(rc)) : 0;
}

Test(rounds, switches_outside_the_timed_part_are_no_disturbance)
{
	struct setup s;
	struct preempted p[2];
	struct mw_cpulist mine;
	char err[200];
	cr_assert_eq(mw_cpulist_affinity(&mine), 0);
	int cpu = mw_cpulist_next(&mine, 0);
	init(&s, 2);
	cr_assert_eq(mw_team_create((const int[]){cpu, cpu}, 2, &s.ctx.team, err, sizeof(err)), 0, "%s", err);
	s.profile.min_rounds = s.profile.max_rounds = 30;
	s.ctx.start_ns = mw_now_ns();
	s.ctx.deadline_ns = s.ctx.start_ns + 600000000000u;
	for (size_t i = 0; i < 2; i++) {
		p[i] = (struct preempted){.team = s.ctx.team, .timed = i == 1};
		s.pts[i].measure = measure_preempted;
		s.pts[i].arg = &p[i];
	}
	const struct mw_sink sink = {collect, &s.out};
	cr_assert_eq(rounds_run(&s.ctx, s.pts, 2, &sink), 0);
	size_t flagged[2] = {0};
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < s.out.v[i].n_samples; k++)
			flagged[i] += (s.out.v[i].samples[k].flags & MW_SAMPLE_SWITCH) != 0;
	/* Another process may preempt the 20 us of one or another sample. */
	cr_expect_lt(2 * flagged[0], s.out.v[0].n_samples, "%zu of %zu", flagged[0], s.out.v[0].n_samples);
	cr_expect_eq(flagged[1], s.out.v[1].n_samples, "%zu of %zu", flagged[1], s.out.v[1].n_samples);
	mw_team_destroy(s.ctx.team);
	mw_records_fini(&s.out);
}
