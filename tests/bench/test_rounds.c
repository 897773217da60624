/* rounds_run: order, budget, topology states, disturbances. */
#include "tests/bench/fake_machine.h"

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

/* A reason may name a path of the longest kind. */
Test(rounds, reason_of_a_dropped_point_is_whole)
{
	struct setup s;
	char why[4096];
	memset(why, 'y', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	init(&s, 3);
	s.fp[1].fails_at = 3;
	s.fp[1].why = why;
	run(&s);
	cr_assert_eq(s.rc, 0);
	cr_assert_str_eq(find(&s, "b", NULL)->note, why);
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
