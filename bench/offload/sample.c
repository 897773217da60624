/* One sample of a row on the host, with warm or with evicted operands, and of flushing cache lines. */
#include <math.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/offload/offload.h"

enum { MAX_REPEATS = 4096 };

/* ---- what members do ---- */

static void work_member(void *arg, int rank, int n)
{
	const struct offload_job *j = arg;
	for (size_t i = 0; i < j->repeats; i++)
		j->w->kind->slice(j->w, &j->t, rank, n);
}

static void evict_member(void *arg, int rank, int n)
{
	const struct offload_job *j = arg;
	struct offload_range v[3];
	size_t begin, end;
	if (!offload_flush_name()) {
		mw_team_slice(j->o->spare_bytes, 4096, rank, n, &begin, &end);
		offload_stream(j->o->spare + begin, end - begin);
		return;
	}
	for (size_t i = 0, k = j->w->kind->ranges(j->w, v); i < k; i++) {
		mw_team_slice(v[i].bytes, 64, rank, n, &begin, &end);
		j->o->flush((const char *)v[i].p + begin, end - begin);
	}
}

static void clear_member(void *arg, int rank, int n)
{
	const struct offload_job *j = arg;
	struct offload_range v[3];
	size_t begin, end, k = j->w->kind->ranges(j->w, v);
	(void)k;
	mw_team_slice(v[k - 1].bytes, 4096, rank, n, &begin, &end);
	memset(j->w->out + begin, 0x5a, end - begin);
}

static void check_member(void *arg, int rank, int n)
{
	struct offload_job *j = arg;
	if (!j->w->kind->matches(j->w, &j->t, rank, n))
		atomic_store(&j->wrong, 1);
}

/* ---- one sample ---- */

static int once(struct offload_job *j, bool evict, size_t repeats, double *ns)
{
	struct mw_team *team = j->o->ctx->team;
	uint64_t t = 0;
	int rc = evict ? mw_team_run(team, j->t.threads, evict_member, j) : 0;
	j->repeats = repeats;
	if (rc == 0)
		rc = mw_team_time(team, j->t.threads, work_member, j, &t);
	*ns = (double)t / (double)repeats;
	return rc;
}

int offload_check(struct offload_job *j, char *err, size_t n)
{
	struct mw_team *team = j->o->ctx->team;
	double ns;
	atomic_store(&j->wrong, 0);
	int rc = mw_team_run(team, mw_team_size(team), clear_member, j);
	if (rc == 0)
		rc = once(j, false, 1, &ns);
	if (rc == 0)
		rc = mw_team_run(team, mw_team_size(team), check_member, j);
	if (rc == 0 && atomic_load(&j->wrong))
		rc = mw_fail(MW_EVERIFY, err, n, "%s: the result differs from that of another path", j->w->name);
	return rc;
}

/* Mean time of a use, over as many uses as fit into the sample; with `evict` each starts with the operands evicted. */
static int cold_sample(struct offload_job *j, bool evict, double sample_ns, double *value)
{
	double sum = 0, ns;
	size_t n = 0;
	uint64_t begin = mw_now_ns();
	do {
		int rc = once(j, evict, 1, &ns);
		if (rc < 0)
			return rc;
		sum += ns;
		n++;
	} while ((double)(mw_now_ns() - begin) < sample_ns && n < MAX_REPEATS);
	*value = sum / (double)n;
	return 0;
}

static int warm_sample(struct offload_job *j, double sample_ns, double *value)
{
	double ns;
	int rc = once(j, false, 1, &ns);
	if (rc == 0 && j->warm_repeats == 0) {
		rc = once(j, false, 1, &ns); /* the first one was cold */
		j->warm_repeats = (size_t)fmin(MAX_REPEATS, fmax(1, sample_ns / fmax(ns, 1)));
	}
	return rc < 0 ? rc : once(j, false, j->warm_repeats, value);
}

int offload_sample(struct offload_job *j, enum offload_cache cache, double sample_ns, double *value)
{
	return cache == OFFLOAD_WARM ? warm_sample(j, sample_ns, value)
				     : cold_sample(j, j->w->cached, sample_ns, value);
}

/* ---- flush rates ---- */

static void dirty_member(void *arg, int rank, int n)
{
	const struct offload_flush_point *f = arg;
	size_t begin, end;
	mw_team_slice(f->bytes, 4096, rank, n, &begin, &end);
	memset(f->o->work[0].out + begin, rank, end - begin);
}

static void flush_member(void *arg, int rank, int n)
{
	const struct offload_flush_point *f = arg;
	size_t begin, end;
	mw_team_slice(f->bytes, 4096, rank, n, &begin, &end);
	f->o->flush(f->o->work[0].out + begin, end - begin);
}

int offload_measure_flush(void *arg, double *value, char *err, size_t n)
{
	struct offload_flush_point *f = arg;
	struct mw_team *team = f->o->ctx->team;
	int members = mw_team_size(team), rc = 0;
	uint64_t ns = 0, sum = 0, begin = mw_now_ns();
	size_t times = 0;
	do {
		/* For absent lines, flush before the timed part. */
		rc = mw_team_run(team, members, f->dirty ? dirty_member : flush_member, f);
		if (rc == 0)
			rc = mw_team_time(team, members, flush_member, f, &ns);
		sum += ns;
		times++;
	} while (rc == 0 && (double)(mw_now_ns() - begin) < f->sample_ns);
	*value = (double)(f->bytes * times) / (double)sum;
	return rc < 0 ? mw_fail(rc, err, n, "flush: %s", mw_strerror(rc)) : 0;
}
