/* Rounds in several visits, with journal and resume; which context switches of a real team count. */
#include "tests/bench/fake_machine.h"

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

Test(rounds, points_left_out_come_first)
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
	mw_record_fini(&s.pts[0].rec);
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
