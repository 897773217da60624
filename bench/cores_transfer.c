#include "bench/cores_transfer.h"

#include <math.h>

#include "base/core/err.h"

enum { PASSES = 50, TRIPS = 2000 };

static void transfer_member(void *arg, int rank, int n)
{
	(void)n;
	mw_transfer_side(arg, rank);
}

static void probe_member(void *arg, int rank, int n)
{
	(void)n;
	mw_probe_side(arg, rank);
}

static int read_lines(const struct cores_transfer *t, double *value, char *err, size_t n)
{
	struct cores_slot *s = t->slot;
	const struct mw_chain lines = {.base = s->lines,
				       .bytes = sizeof(s->lines),
				       .stride = CORES_TRANSFER_STRIDE,
				       .window = sizeof(s->lines),
				       .seed = t->seed};
	enum mw_transfer_line line = t->line == CORES_SHARED ? MW_LINE_SHARED : MW_LINE_MODIFIED;
	uint64_t ns;
	int rc = mw_transfer_init(&s->transfer, &lines, line, PASSES, t->limit_ns);
	if (t->ops)
		s->transfer.ops = t->ops;
	if (rc == 0)
		rc = mw_team_time_on(t->team, (const int[]){t->from, t->to}, 2, transfer_member, &s->transfer, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	if (s->transfer.wrong)
		return mw_fail(MW_EVERIFY, err, n, "the reading CPU did not see what the other one wrote");
	*value = mw_transfer_ns(&s->transfer);
	return 0;
}

static int hand_over(const struct cores_transfer *t, double *value, char *err, size_t n)
{
	struct mw_probe *probe = &t->slot->probe;
	uint64_t ns;
	mw_probe_init(probe, TRIPS, t->limit_ns);
	int rc = mw_team_time_on(t->team, (const int[]){t->from, t->to}, 2, probe_member, probe, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	*value = mw_probe_one_way_ns(probe);
	return 0;
}

int cores_transfer_sample(const struct cores_transfer *t, double *value, char *err, size_t n)
{
	int rc = t->line == CORES_HANDOVER ? hand_over(t, value, err, n) : read_lines(t, value, err, n);
	return rc == 0 && !isfinite(*value) ? MW_ECANCELLED : rc;
}
