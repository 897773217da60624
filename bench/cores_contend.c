#include "bench/cores_contend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"

/* Between two looks at the clock a thread works for this long. */
#define CHUNK_NS 20000u

static void contend_member(void *arg, int rank, int n)
{
	struct cores_contend *p = arg;
	uint64_t t = mw_now_ns(), end = t + (uint64_t)p->sample_ns, chunk = 16, done = 0;
	(void)n;
	do {
		p->kernel->run(p->block, rank, chunk);
		done += chunk;
		uint64_t now = mw_now_ns(), took = now - t;
		chunk = took < CHUNK_NS ? 2 * chunk : took > 4 * CHUNK_NS && chunk > 1 ? chunk / 2 : chunk;
		t = now;
	} while (t < end);
	p->done[rank * CORES_DONE_STEP] = done;
}

void cores_contend_values(const uint64_t *done, int n, uint64_t ns, double value[CORES_METRICS])
{
	uint64_t sum = 0, least = UINT64_MAX, most = 0;
	for (int i = 0; i < n; i++) {
		sum += done[i];
		least = done[i] < least ? done[i] : least;
		most = done[i] > most ? done[i] : most;
	}
	value[CORES_TIME] = sum ? (double)ns * n / (double)sum : (double)NAN;
	value[CORES_RATE] = ns ? (double)sum / (double)ns : (double)NAN;
	value[CORES_FAIRNESS] = most ? (double)least / (double)most : (double)NAN;
}

static int sample(struct cores_contend *p, char *err, size_t n)
{
	uint64_t ns = 0;
	memset(p->block, 0, mw_contend_bytes(p->threads));
	int rc = mw_team_time(p->team, p->threads, contend_member, p, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	for (int i = 1; i < p->threads; i++)
		p->done[i] = p->done[i * CORES_DONE_STEP];
	if (!mw_contend_right(p->kernel, p->block, p->done, p->threads))
		return mw_fail(MW_EVERIFY, err, n, "%s: the words in memory do not hold the number of operations done",
			       p->kernel->name);
	cores_contend_values(p->done, p->threads, ns, p->value);
	for (int k = 0; k < CORES_METRICS; k++)
		p->fresh[k] = true;
	return 0;
}

int cores_contend_measure(void *arg, double *value, char *err, size_t n)
{
	const struct cores_contend_arg *a = arg;
	struct cores_contend *p = a->point;
	p->shared.reused = p->fresh[a->metric] && p->round == p->shared.round;
	if (!p->shared.reused) {
		int rc = sample(p, err, n);
		if (rc < 0)
			return rc;
		p->round = p->shared.round;
	}
	p->fresh[a->metric] = false;
	*value = p->value[a->metric];
	return 0;
}
