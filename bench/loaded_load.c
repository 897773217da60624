#include "bench/loaded_load.h"

#include <sched.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"

/* ---- the window ---- */

void load_window_take(const struct load_machine *m, size_t warm, size_t loads, int n, struct load_window *out)
{
	m->chase(m->self, warm);
	m->timed_begin(m->self);
	/* Reading many counters takes time: the count belongs to the middle of the reading. */
	uint64_t before = m->now_ns(m->self);
	uint64_t first = n ? m->moved(m->self) : 0;
	uint64_t begin = m->now_ns(m->self);
	m->chase(m->self, loads);
	uint64_t end = m->now_ns(m->self);
	uint64_t last = n ? m->moved(m->self) : 0;
	uint64_t after = m->now_ns(m->self);
	m->timed_end(m->self);
	double ns = 0.5 * (double)((after - before) + (end - begin));
	double bytes = (double)(last - first) * LOAD_BLOCK_BYTES;
	*out = (struct load_window){.latency_ns = (double)(end - begin) / (double)loads};
	if (n == 0 || ns <= 0)
		return;
	out->bandwidth = bytes / ns;
	out->error = bytes > 0 ? (double)n * LOAD_TURN * LOAD_BLOCK_BYTES / bytes : 1;
}

static uint64_t real_now(void *self)
{
	(void)self;
	return mw_now_ns();
}

static uint64_t real_moved(void *self)
{
	const struct load_job *j = self;
	uint64_t sum = 0;
	for (int i = 0; i < j->n; i++)
		sum += atomic_load_explicit(&j->generators[i].moved, memory_order_relaxed);
	return sum;
}

static void real_chase(void *self, size_t loads)
{
	struct load_job *j = self;
	*j->chase = mw_chase(*j->chase, loads);
}

static void real_begin(void *self)
{
	struct load_job *j = self;
	mw_team_timed_begin(j->team, j->chase_rank);
}

static void real_end(void *self)
{
	struct load_job *j = self;
	(void)mw_team_timed_end(j->team, j->chase_rank);
}

/* Waits until the generator's counter changes. Yields at times: with more members than free CPUs, a thread that only
 * spins would use up their time. */
static void wait_for_turn(const struct load_generator *g)
{
	uint64_t before = atomic_load_explicit(&g->moved, memory_order_relaxed);
	for (unsigned spins = 1; atomic_load_explicit(&g->moved, memory_order_relaxed) == before; spins++)
		if (spins % 1024 == 0)
			(void)sched_yield();
}

/* Waits until every generator has done a whole turn with the present pause: the first one to end had begun before. */
static void wait_for_traffic(const struct load_job *j)
{
	for (int i = 0; i < j->n; i++) {
		wait_for_turn(&j->generators[i]);
		wait_for_turn(&j->generators[i]);
	}
}

static void chase(struct load_job *j)
{
	const struct load_machine m = {j, real_now, real_moved, real_chase, real_begin, real_end};
	do {
		wait_for_traffic(j);
		load_window_take(&m, j->warm, j->loads, j->n, &j->window);
	} while (j->next && j->next(j->self, j) > 0);
	atomic_store_explicit(&j->stop, 1, memory_order_relaxed);
}

/* ---- the generators ---- */

size_t load_region_blocks(const struct load_region *r)
{
	return r->bytes / LOAD_BLOCK_BYTES;
}

size_t load_region_split(const struct load_region *r, enum mw_mix mix)
{
	return load_region_blocks(r) * mw_mix_loads(mix) * MW_TRAFFIC_LINE;
}

/* True when the lines that a block stored hold the value. */
static bool written(const char *block, enum mw_mix mix, uint64_t value)
{
	uint64_t word, wrong = 0;
	for (size_t i = 0; i < mw_mix_stores(mix) * MW_TRAFFIC_LINE; i += sizeof(word)) {
		memcpy(&word, block + i, sizeof(word));
		wrong |= word ^ value;
	}
	return wrong == 0;
}

static void generate(const struct load_job *j, struct load_generator *g)
{
	struct load_region *r = g->region;
	const size_t blocks = load_region_blocks(r);
	const size_t load_bytes = mw_mix_loads(j->mix) * MW_TRAFFIC_LINE;
	const size_t store_bytes = mw_mix_stores(j->mix) * MW_TRAFFIC_LINE;
	char *to = r->base + load_region_split(r, j->mix), *stored;
	uint64_t moved = 0;
	r->at %= blocks;
	do {
		size_t n = blocks - r->at < LOAD_TURN ? blocks - r->at : LOAD_TURN;
		stored = to + (r->at + n - 1) * store_bytes;
		(void)j->traffic(to + r->at * store_bytes, r->base + r->at * load_bytes, j->value, n,
				 atomic_load_explicit(&j->pause, memory_order_relaxed));
		r->at = r->at + n < blocks ? r->at + n : 0;
		moved += n;
		atomic_store_explicit(&g->moved, moved, memory_order_relaxed);
	} while (!atomic_load_explicit(&j->stop, memory_order_relaxed));
	mw_traffic_fence();
	g->rc = written(stored, j->mix, j->value) ? 0 : MW_EVERIFY;
}

static void member(void *arg, int rank, int n)
{
	struct load_job *j = arg;
	(void)n;
	if (rank == j->chase_rank) {
		chase(j);
	} else if (j->n > 0 && j->generator_of[rank] >= 0) {
		mw_team_timed_begin(j->team, rank);
		generate(j, &j->generators[j->generator_of[rank]]);
		(void)mw_team_timed_end(j->team, rank);
	}
}

int load_run(struct load_job *j, char *err, size_t n)
{
	atomic_store_explicit(&j->stop, 0, memory_order_relaxed);
	for (int i = 0; i < j->n; i++) {
		atomic_store_explicit(&j->generators[i].moved, 0, memory_order_relaxed);
		j->generators[i].rc = 0;
	}
	int rc = mw_team_run(j->team, j->n ? j->members : j->chase_rank + 1, member, j);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	for (int i = 0; i < j->n; i++)
		if (j->generators[i].rc < 0)
			return mw_fail(j->generators[i].rc, err, n, "generator %d did not write the lines of %s", i,
				       mw_mix_name(j->mix));
	return 0;
}
