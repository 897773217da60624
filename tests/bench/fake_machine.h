/* A simulated machine for the round scheduler: its clock advances only when a sample is taken, its probes and flags
 * follow a script. */
#ifndef MW_TESTS_BENCH_FAKE_MACHINE_H
#define MW_TESTS_BENCH_FAKE_MACHINE_H

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
	int failure;     /* the code of fails_at; 0: MW_EVERIFY */
	const char *why; /* NULL: "the sum is wrong" */
};

static inline uint64_t fake_now(void *self)
{
	return ((struct fake *)self)->clock_ns;
}

static inline double fake_c2c(void *self, int threads)
{
	struct fake *f = self;
	cr_assert_gt(threads, 1, "a single thread needs no probe");
	f->probes++;
	return f->probe ? f->probe(f) : 50.0;
}

static inline void fake_before(void *self)
{
	(void)self;
}

static inline uint32_t fake_after(void *self)
{
	struct fake *f = self;
	return f->flags ? f->flags(f) : 0;
}

static inline int measure(void *arg, double *value, char *err, size_t n)
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
		return mw_fail(p->failure ? p->failure : MW_EVERIFY, err, n, "%s",
			       p->why ? p->why : "the sum is wrong");
	*value = p->value(p);
	return 0;
}

static inline double constant(struct fake_point *p)
{
	return p->name;
}

/* 20 % noise around 100: never meets a target of 1 %. */
static inline double noisy(struct fake_point *p)
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

static inline int collect(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

static inline void init(struct setup *s, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->n = n;
	s->profile = (struct bench_profile){"test", 1, 0.05, 6, 30, 0.01, 1 << 20, 5};
	s->ctx = (struct bench_ctx){.profile = &s->profile, .stop = &s->stop, .deadline_ns = 1000000000, .seed = 3};
	for (size_t i = 0; i < n; i++) {
		s->fp[i] = (struct fake_point){&s->fake, (char)('a' + i), 1000000, constant, 0, 0, NULL, 0, 0, NULL};
		char name[2] = {(char)('a' + i), 0};
		mw_record_init(&s->pts[i].rec, "test", name, "value", MW_NS);
		s->pts[i].measure = measure;
		s->pts[i].arg = &s->fp[i];
		s->pts[i].threads = 1;
	}
}

static inline void run(struct setup *s)
{
	const struct rounds_machine m = {&s->fake, fake_now, fake_c2c, fake_before, fake_after};
	const struct mw_sink sink = {collect, &s->out};
	s->ctx.machine = &m;
	s->rc = rounds_run(&s->ctx, s->pts, s->n, &sink);
}

static inline const struct mw_record *find(const struct setup *s, const char *name, const char *state)
{
	for (size_t i = 0; i < s->out.n; i++)
		if (strcmp(s->out.v[i].case_name, name) == 0 &&
		    (!state || strcmp(mw_kv_str(&s->out.v[i].params, "state", ""), state) == 0))
			return &s->out.v[i];
	cr_assert_fail("no record %s %s", name, state ? state : "");
	return NULL;
}

static inline const char *stop_of(const struct mw_record *r)
{
	return mw_kv_str(&r->observed, "stop", "");
}

#endif
