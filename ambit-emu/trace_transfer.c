/* Rows and bursts of transfers between the host and vectors. */
#include "ambit-emu/trace_schedule.h"

enum { LINE_BYTES = 64 };

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static uint64_t share(uint64_t ps, uint64_t part, uint64_t of)
{
	return (uint64_t)((unsigned __int128)ps * part / of);
}

/* ---- rows ---- */

static uint64_t slot_bytes(const struct ambit_trace *t, const struct trace_work *w, uint64_t slot)
{
	uint64_t row = ambit_row_bytes(&t->g);
	return min(row, w->plane_bytes - slot % w->copy_slots * row);
}

static uint64_t bursts_of(const struct ambit_trace *t, const struct trace_work *w, uint64_t slot)
{
	return ceil_div(slot_bytes(t, w, slot), t->burst_bytes);
}

/* Slots that lie on this channel. */
static uint64_t on_channel(const struct ambit_trace *t, const struct trace_work *w)
{
	uint64_t first = trace_first(t, w);
	return w->slots > first ? (w->slots - first - 1) / t->g.channels + 1 : 0;
}

/* How many rows must be open at once so that bursts to one bank group, tCCD_L apart, leave no gap: and one more, which
 * is being opened. */
static uint32_t rows_together(const struct ambit_trace *t, bool write)
{
	const struct dram_part *d = t->timing.dram;
	uint64_t apart = write ? dram_part_write_gap_ps(d) : d->tccd_l;
	uint64_t n = min(ceil_div(apart, max(t->burst, d->tccd_s)), d->bank_groups);
	return (uint32_t)((n + 1) * t->g.ranks);
}

void trace_transfer_begin(const struct ambit_trace *t, struct trace_work *w)
{
	uint64_t row = ambit_row_bytes(&t->g), full = ceil_div(row, t->burst_bytes);
	w->rows = on_channel(t, w);
	w->row_bursts = full;
	w->bursts = w->rows * full;
	w->together = rows_together(t, w->write);
	for (uint64_t last = w->copy_slots - 1; last < w->slots; last += w->copy_slots)
		if (last % t->g.channels == trace_first(t, w))
			w->bursts -= full - bursts_of(t, w, last);
	w->rows *= w->planes;
	w->bursts *= w->planes;
	w->due = w->real;
}

/* Rows of one plane in bank k. */
static uint64_t rows_in(const struct ambit_trace *t, const struct trace_work *w, size_t k)
{
	uint64_t first = trace_slot(t, w, k, 0);
	return first < w->slots ? (w->slots - first - 1) / (t->banks * t->g.channels) + 1 : 0;
}

bool trace_transfer_has(const struct ambit_trace *t, const struct trace_work *w, size_t k, uint64_t index)
{
	return index < w->planes * rows_in(t, w, k);
}

void trace_transfer_arrive(struct ambit_trace *t, size_t k)
{
	struct trace_bank *b = &t->bank[k];
	const struct trace_work *w = b->work;
	uint64_t n = rows_in(t, w, k);
	if (n == 0)
		return; /* it has none: trace_transfer_has() said so */
	uint64_t plane = b->index / n, slot = trace_slot(t, w, k, b->index % n);
	struct ambit_place at = trace_place(t, w, slot);
	b->row = at.subarray * t->g.rows + trace_row(t, w, plane, at.layer);
	b->bursts = bursts_of(t, w, slot);
	b->order = plane * (w->rows / w->planes) + slot / t->g.channels;
	b->due = w->real + (b->order < w->together ? 0 : share(w->ps, b->order - w->together + 1, w->rows));
}

/* ---- bursts ---- */

static struct trace_rank *rank_of(const struct ambit_trace *t, size_t k)
{
	return &t->rank[k / t->g.banks];
}

static struct trace_earliest *group_of(const struct ambit_trace *t, size_t k)
{
	return &rank_of(t, k)->group[k % t->g.banks % t->timing.dram->bank_groups];
}

uint64_t trace_burst_allowed(const struct ambit_trace *t, size_t k)
{
	const struct dram_part *d = t->timing.dram;
	const struct trace_work *w = t->bank[k].work;
	const struct trace_earliest *r = &rank_of(t, k)->at, *g = group_of(t, k);
	uint64_t at = w->due, latency = w->write ? d->tcwl : d->tcl;
	uint64_t data = t->data + (t->data_rank != k / t->g.banks ? d->tcs : 0);
	at = max(at, w->write ? max(r->wr, g->wr) : max(r->rd, g->rd));
	return max(at, data > latency ? data - latency : 0);
}

bool trace_burst_issue(struct ambit_trace *t, size_t k, uint64_t at)
{
	const struct dram_part *d = t->timing.dram;
	struct trace_bank *b = &t->bank[k];
	struct trace_work *w = b->work;
	struct trace_earliest *r = &rank_of(t, k)->at, *g = group_of(t, k);
	uint64_t end = at + d->tcwl + t->burst;
	if (w->write) {
		r->wr = at + d->tccd_s;
		g->wr = at + dram_part_write_gap_ps(d);
		r->rd = max(r->rd, end + d->twtr_s);
		g->rd = max(g->rd, end + d->twtr_l);
	} else {
		r->rd = at + d->tccd_s;
		g->rd = at + d->tccd_l;
		r->wr = max(r->wr, at + d->trtw);
		end = at + d->tcl + t->burst;
	}
	t->data = end;
	t->data_rank = k / t->g.banks;
	w->due = w->real + share(w->ps, ++w->issued, w->bursts);
	if (++b->at < b->bursts)
		return false;
	b->ready = max(b->opened + d->tras, w->write ? end + d->twr : at + d->trtp);
	b->at = 0;
	return true;
}

/* ---- the host's side ---- */

void trace_transfer_lines(struct ambit_trace *t, const struct trace_work *w)
{
	for (uint64_t plane = 0; plane < w->planes; plane++)
		for (uint64_t s = trace_first(t, w); s < w->slots && t->text.rc == 0; s += t->g.channels) {
			struct ambit_place at = trace_place(t, w, s);
			uint64_t row = at.subarray * (uint64_t)t->g.rows + trace_row(t, w, plane, at.layer);
			uint64_t line = ((row * t->g.ranks + at.rank) * t->g.banks + at.bank) * t->g.channels;
			line = (line + at.channel) * ambit_row_bytes(&t->g);
			for (uint64_t i = 0; i < slot_bytes(t, w, s); i += LINE_BYTES)
				trace_text_line(&t->text, line + i, w->write);
		}
}
