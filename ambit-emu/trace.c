#include "ambit-emu/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/trace_schedule.h"
#include "base/core/err.h"

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Does ps fit on the clock of the trace? Sets t->rc otherwise. */
static bool fits(struct ambit_trace *t, mw_wide ps)
{
	if (t->rc == 0 && ps > TRACE_END - t->now)
		t->rc = -ERANGE;
	return t->rc == 0;
}

static int pass(struct ambit_trace *t, uint64_t ps, uint64_t plan)
{
	t->now += ps;
	t->plan += plan;
	trace_run(t, t->now);
	return t->rc;
}

/* ---- work ---- */

/* What tFAW or tRRD ask of a rank for one command. */
static uint64_t activations_ps(const struct ambit_trace *t, const struct ambit_command *c)
{
	bool aap = c->kind == AMBIT_AAP;
	uint64_t tokens = trace_tokens(t, c, false) + (aap ? trace_tokens(t, c, true) : 0);
	uint64_t window = tokens * t->timing.tfaw / TRACE_WINDOW, apart = 0;
	if (trace_jedec(t))
		apart = (aap && t->timing.faw_acts != AMBIT_FAW_1 ? 2u : 1u) * (uint64_t)t->timing.dram->trrd_s;
	return window > apart ? window : apart;
}

/* Sets each command's share of the batch time, in proportion to the resource that limits the batch: the bank, the
 * command bus, or activations. */
static void set_weights(const struct ambit_trace *t, struct trace_work *w)
{
	const struct dram_part *d = t->timing.dram;
	uint64_t sum[3] = {0};
	int most = 0;
	for (int kind = 0; kind < 4; kind++) {
		w->sum = 0;
		for (size_t i = 0; i < w->n; i++) {
			const struct ambit_command *c = &w->cmd[i];
			bool aap = c->kind == AMBIT_AAP;
			uint64_t need[3] = {ambit_command_ps(&t->timing, c)};
			if (t->timing.limit != AMBIT_LIMIT_NONE)
				need[1] = ((aap ? 2u : 1u) * d->act_slots + 1u) * (uint64_t)d->tck * t->banks;
			need[2] = activations_ps(t, c) * t->g.banks;
			w->weight[i] = need[kind < 3 ? kind : most];
			w->before[i] = w->sum;
			w->sum += w->weight[i];
		}
		if (kind < 3)
			sum[kind] = w->sum;
		if (kind < 3 && sum[kind] > sum[most])
			most = kind;
	}
}

/* Copies where the n rows of a work lie; 0 or -ENOMEM. */
static int copy_at(const struct ambit_trace_at *at, size_t n, struct trace_work *w)
{
	if (!at)
		return 0;
	w->at = *at;
	if (!at->row || n == 0)
		return 0;
	n *= at->stride > 1 ? at->stride : 1;
	w->at.row = w->row = malloc(n * sizeof(*w->row));
	if (!w->row)
		return -ENOMEM;
	memcpy(w->row, at->row, n * sizeof(*w->row));
	return 0;
}

static struct trace_work *copy_program(const struct ambit_program *p, const struct ambit_trace_at *at)
{
	struct trace_work *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->n = p->n;
	w->cmd = malloc(p->n * sizeof(*w->cmd));
	w->weight = calloc(p->n, sizeof(*w->weight));
	w->before = calloc(p->n, sizeof(*w->before));
	if (!w->cmd || !w->weight || !w->before || copy_at(at, p->rows, w) < 0) {
		trace_work_free(w);
		return NULL;
	}
	memcpy(w->cmd, p->cmd, p->n * sizeof(*w->cmd));
	return w;
}

static int add_program(struct ambit_trace *t, const struct ambit_program *p, uint64_t slots,
		       const struct ambit_trace_at *at, const struct ambit_place *where)
{
	mw_wide ps = ambit_elapsed_ps(&t->timing, p, slots);
	uint64_t parallel = ambit_parallel(&t->timing);
	struct ambit_timing plan = t->timing;
	bool elsewhere = where && where->channel != t->text.channel;
	plan.refresh = false;
	if (!fits(t, ps))
		return t->rc;
	if (t->text.format != AMBIT_TRACE_HOST && !elsewhere && p->n > 0 && slots > 0) {
		struct trace_work *w = copy_program(p, at);
		if (!w)
			return t->rc = -ENOMEM;
		w->slots = slots;
		w->alone = where != NULL;
		w->where = where ? *where : (struct ambit_place){0};
		w->batch = ambit_batch_ps(&plan, p, min(slots, parallel));
		w->rest = ambit_batch_ps(&plan, p, slots % parallel);
		set_weights(t, w);
		trace_enqueue(t, w);
	}
	return pass(t, (uint64_t)ps, (uint64_t)ambit_elapsed_ps(&plan, p, slots)); /* plan <= ps */
}

int ambit_trace_program(struct ambit_trace *t, const struct ambit_program *p, uint64_t slots,
			const struct ambit_trace_at *at)
{
	return add_program(t, p, slots, at, NULL);
}

int ambit_trace_alone(struct ambit_trace *t, const struct ambit_program *p, struct ambit_place at)
{
	return add_program(t, p, 1, NULL, &at);
}

static struct trace_work *copy_transfer(const struct ambit_trace *t, const struct ambit_trace_vector *v)
{
	uint64_t row_bytes = ambit_row_bytes(&t->g);
	struct trace_work *w = calloc(1, sizeof(*w));
	if (!w || copy_at(&v->at, v->planes, w) < 0) {
		free(w);
		return NULL;
	}
	w->planes = v->planes;
	w->plane_bytes = v->plane_bytes;
	w->copy_slots = v->plane_bytes / row_bytes + (v->plane_bytes % row_bytes != 0);
	w->slots = w->copy_slots * v->copies;
	w->layers = ambit_layers(&t->g, w->slots);
	return w;
}

int ambit_trace_transfer(struct ambit_trace *t, const struct ambit_trace_vector *v, mw_wide wide_ps, bool write)
{
	if (!fits(t, wide_ps))
		return t->rc;
	uint64_t ps = (uint64_t)wide_ps;
	if (v->plane_bytes == 0 || v->planes == 0 || v->copies == 0)
		return pass(t, ps, ps);
	struct trace_work *w = copy_transfer(t, v);
	if (!w)
		return t->rc = -ENOMEM;
	w->write = write;
	w->ps = ps;
	if (t->text.format != AMBIT_TRACE_HOST) {
		trace_enqueue(t, w);
		return pass(t, ps, ps);
	}
	trace_transfer_lines(t, w);
	trace_work_free(w);
	t->now += ps;
	return t->rc = t->text.rc;
}

int ambit_trace_idle(struct ambit_trace *t, mw_wide ps)
{
	return fits(t, ps) ? pass(t, (uint64_t)ps, (uint64_t)ps) : t->rc;
}

int ambit_trace_fail(struct ambit_trace *t, int rc)
{
	return t->rc = t->rc < 0 ? t->rc : rc;
}

uint64_t ambit_trace_ps(const struct ambit_trace *t)
{
	return t->now;
}

/* ---- beginning and end ---- */

static void release(struct ambit_trace *t)
{
	for (struct trace_work *w = t->first; w; w = w->next)
		w->unfinished = 0;
	trace_finish(t);
	free(t->bank);
	free(t->rank);
	free(t->groups);
	free(t);
}

static int set_up(struct ambit_trace *t, const struct ambit_trace_config *c)
{
	const struct dram_part *d = c->timing->dram;
	t->timing = *c->timing;
	t->g = *c->geometry;
	t->raw_aap = c->raw_aap;
	t->burst_bytes = d->channel_bits / 8 * d->burst_length;
	t->beats = d->burst_length;
	t->burst = dram_part_burst_ps(d);
	t->banks = (size_t)t->g.ranks * t->g.banks;
	t->bank = calloc(t->banks, sizeof(*t->bank));
	t->rank = calloc(t->g.ranks, sizeof(*t->rank));
	t->groups = calloc((size_t)t->g.ranks * d->bank_groups, sizeof(*t->groups));
	if (!t->bank || !t->rank || !t->groups)
		return -ENOMEM;
	for (uint32_t r = 0; r < t->g.ranks; r++) {
		t->rank[r].group = t->groups + (size_t)r * d->bank_groups;
		t->rank[r].refresh = trace_jedec(t) && t->timing.refresh ? d->trefi : UINT64_MAX;
	}
	return 0;
}

int ambit_trace_open(const struct ambit_trace_config *c, struct ambit_trace **out, char *err, size_t n)
{
	*out = NULL;
	if (c->channel >= c->geometry->channels)
		return mw_fail(-EINVAL, err, n, "trace of channel %u: there are %u", c->channel, c->geometry->channels);
	if (c->timing->salp > 1 && c->format != AMBIT_TRACE_HOST)
		return mw_fail(-EOPNOTSUPP, err, n,
			       "trace: salp=%u has several open rows in a bank, which no format can express",
			       c->timing->salp);
	struct ambit_trace *t = calloc(1, sizeof(*t));
	int rc = t ? set_up(t, c) : -ENOMEM;
	if (rc < 0) {
		if (t)
			release(t);
		return mw_fail(rc, err, n, "trace: out of memory");
	}
	t->text.burst_bytes = t->burst_bytes;
	trace_text_begin(&t->text, c);
	*out = t;
	return 0;
}

int ambit_trace_close(struct ambit_trace *t)
{
	if (!t)
		return 0;
	uint64_t end = t->now;
	trace_run(t, t->now);
	for (uint32_t r = 0; r < t->g.ranks; r++)
		t->rank[r].refresh = UINT64_MAX; /* no more refreshes: pending commands only */
	trace_run(t, UINT64_MAX);
	for (size_t k = 0; k < t->banks; k++)
		end = t->bank[k].ready > end ? t->bank[k].ready : end;
	trace_text_end(&t->text, end, t->now);
	int rc = t->rc < 0 ? t->rc : t->text.rc;
	release(t);
	return rc;
}
