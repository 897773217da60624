/* `memwall pim eval`: one operation on raw little-endian files of any size. */
#include "cli/pim_eval.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"

/* Allocates the vectors of a piece. Returns the device's code, because on -ENOSPC the caller tries again with fewer
 * lanes. */
static int allocate(struct eval *e, uint64_t first, uint64_t lanes)
{
	int rc = 0;
	if (lanes == e->allocated && !e->per_subarray)
		return 0;
	/* A place of its own choice: what has no room there is refused, and never spilled at a cost. */
	const bool placed = pim_ops_of(e->dev)->caps & PIM_CAP_PLACEMENT;
	struct pim_placement place = {.size = sizeof(place)};
	if (e->per_subarray)
		place.subarray = (uint32_t)(first / e->per_subarray);
	e->allocated = 0;
	struct eval_operand *all[EVAL_INPUTS + 1] = {&e->out};
	unsigned count = 1;
	for (unsigned i = 0; i < e->n_in; i++)
		all[count++] = &e->in[i];
	for (unsigned i = 0; i < count; i++) {
		pim_free(all[i]->v);
		all[i]->v = NULL;
	}
	for (unsigned i = e->reduces; i < count && rc == 0; i++)
		rc = pim_alloc_at(e->dev, all[i]->type, lanes, placed ? &place : NULL, &all[i]->v);
	if (rc == 0)
		e->allocated = lanes;
	return rc;
}

struct block {
	uint64_t at, lanes; /* position and number, in lanes of the files */
	const char *in[EVAL_INPUTS];
	char *out;
};

/* Computes lanes from..from + lanes - 1 of a block; *what names the step that failed. */
static int run_piece(struct eval *e, const struct block *b, uint64_t from, uint64_t lanes, const char **what)
{
	struct pim_vector *src[EVAL_INPUTS] = {NULL};
	uint64_t value;
	*what = "vector";
	int rc = allocate(e, b->at + from, lanes);
	for (unsigned i = 0; i < e->n_in && rc == 0; i++) {
		const struct eval_operand *o = &e->in[i];
		*what = "write";
		src[i] = o->v;
		rc = pim_write(o->v, b->in[i] + eval_bytes(o, from), (size_t)eval_bytes(o, lanes));
	}
	if (rc < 0)
		return rc;
	*what = pim_op_name(e->op);
	rc = eval_compute(e, e->out.v, src, e->reduces ? &value : NULL);
	if (rc < 0)
		return rc;
	if (e->reduces) {
		eval_add_result(e, b->at + from == 0, value);
		return 0;
	}
	*what = "read";
	return pim_read(e->out.v, b->out + eval_bytes(&e->out, from), (size_t)eval_bytes(&e->out, lanes));
}

static int run_pieces(struct eval *e, const struct block *b, char *err, size_t n)
{
	const char *what;
	for (uint64_t from = 0; from < b->lanes;) {
		uint64_t lanes = b->lanes - from < e->piece ? b->lanes - from : e->piece;
		if (atomic_load(e->stop))
			return MW_ECANCELLED;
		int rc = run_piece(e, b, from, lanes, &what);
		if (rc == -ENOSPC && lanes > e->grain) {
			e->piece = lanes / 2 > e->grain ? lanes / 2 / e->grain * e->grain : e->grain;
			continue;
		}
		if (rc < 0)
			return eval_failed(e, rc, what, err, n);
		from += lanes;
	}
	return 0;
}

static int run_block(struct eval *e, uint64_t at, char *err, size_t n)
{
	struct block b = {.at = at, .lanes = e->lanes - at < e->step ? e->lanes - at : e->step};
	for (unsigned i = 0; i < e->n_in; i++) {
		struct eval_operand *o = &e->in[i];
		const void *data;
		size_t got;
		int rc = mw_stream_next(o->stream, &data, &got, err, n);
		if (rc == 0 && got != eval_bytes(o, b.lanes))
			rc = mw_fail(-EIO, err, n, "%s has become shorter while it was read", o->path);
		if (rc == 0)
			rc = eval_check_excess(o, data, b.lanes, eval_bytes(o, at), err, n);
		if (rc < 0)
			return rc;
		b.in[i] = data;
	}
	void *buffer = NULL;
	int rc = e->reduces ? 0 : mw_stream_buffer(e->out.stream, &buffer, err, n);
	b.out = buffer;
	if (rc == 0)
		rc = run_pieces(e, &b, err, n);
	return rc < 0 || e->reduces ? rc : mw_stream_put(e->out.stream, (size_t)eval_bytes(&e->out, b.lanes), err, n);
}

/* Shows one line on the terminal: share done, time left. */
static void show(struct eval *e, uint64_t done)
{
	uint64_t now = mw_now_ns();
	if (!e->show || now - e->shown_ns < 100000000u)
		return;
	e->shown_ns = now;
	double part = (double)done / (double)e->lanes, elapsed = (double)(now - e->start_ns) * 1e-9;
	(void)fprintf(stderr, "\r\033[K%3.0f%%  %s  (%.0f s left)", 100 * part, pim_op_name(e->op),
		      elapsed / part - elapsed);
	(void)fflush(stderr);
}

static int run_eval(struct cli *cli, char *err, size_t n)
{
	struct eval *e = calloc(1, sizeof(*e));
	if (!e)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	bool stats = mw_opt_flag(&cli->opts, "stats");
	e->stop = cli->stop;
	e->show = isatty(STDERR_FILENO) == 1;
	e->start_ns = e->shown_ns = mw_now_ns();
	int rc = eval_set_up(e, cli, stats, err, n);
	for (uint64_t at = 0; rc == 0 && at < e->lanes; at += e->step) {
		rc = run_block(e, at, err, n);
		if (rc == 0 && at + e->step < e->lanes)
			show(e, at + e->step);
	}
	if (e->show)
		(void)fprintf(stderr, "\r\033[K");
	if (rc == 0)
		rc = eval_check_charge(e, err, n);
	if (rc == 0 && !e->reduces)
		rc = mw_stream_commit(e->out.stream, err, n);
	if (rc == 0)
		rc = eval_trace_commit(e, err, n);
	if (rc == 0 && (stats || e->reduces))
		rc = eval_print(e, cli, stats, err, n);
	eval_tear_down(e);
	free(e);
	return rc;
}

const struct command cmd_pim_eval = {
	.name = "pim eval",
	.section = "Processing in memory",
	.usage = "--op=OP --in=A [--in=B ...] --out=C",
	.summary = "run one operation on raw little-endian files of any size",
	.details = "Width 1 reads packed bits, least significant first; other widths use containers of 8, 16, 32 or "
		   "64\n"
		   "bits whose excess bits are 0. Comparisons and red_* write packed bits, mul_wide lanes of twice the "
		   "width,\n"
		   "popcount of floor(log2 N) + 1 bits; if_else reads its selector as packed bits first. sum_lanes, "
		   "min_lanes\n"
		   "and count_ones print one number. The result is exact; --stats prints what the device would have "
		   "spent,\n"
		   "--trace writes its commands: every read and write of the files' lanes, every ACT, PRE and refresh.",
	.options = eval_options,
	.stops = true,
	.records = true,
	.emitter = &eval_emitter,
	.run = run_eval,
};
