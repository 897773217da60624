/* `memwall pim eval`: one operation on raw little-endian files of any size. */
#include "cli/pim_eval.h"

#include <errno.h>
#include <stdlib.h>

#include "base/core/err.h"

static int allocate(struct eval *e, uint64_t lanes, char *err, size_t n)
{
	int rc = 0;
	if (lanes == e->allocated)
		return 0;
	struct eval_operand *all[EVAL_INPUTS + 1] = {&e->out};
	unsigned count = 1;
	for (unsigned i = 0; i < e->n_in; i++)
		all[count++] = &e->in[i];
	for (unsigned i = 0; i < count; i++) {
		pim_free(all[i]->v);
		all[i]->v = NULL;
	}
	for (unsigned i = e->reduces; i < count && rc == 0; i++)
		rc = pim_alloc(e->dev, all[i]->type, lanes, &all[i]->v);
	e->allocated = lanes;
	return rc < 0 ? eval_failed(e, rc, "vector", err, n) : 0;
}

static int read_inputs(struct eval *e, uint64_t at, uint64_t lanes, char *err, size_t n)
{
	for (unsigned i = 0; i < e->n_in; i++) {
		struct eval_operand *o = &e->in[i];
		const void *data;
		size_t got;
		int rc = mw_stream_next(o->stream, &data, &got, err, n);
		if (rc == 0 && got != eval_bytes(o, lanes))
			rc = mw_fail(-EIO, err, n, "%s has become shorter while it was read", o->path);
		if (rc == 0)
			rc = eval_check_excess(o, data, lanes, eval_bytes(o, at), err, n);
		if (rc == 0 && (rc = pim_write(o->v, data, got)) < 0)
			rc = eval_failed(e, rc, "write", err, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int compute(struct eval *e, bool first)
{
	struct pim_vector *src[EVAL_INPUTS];
	uint64_t value;
	int rc;
	for (unsigned i = 0; i < e->n_in; i++)
		src[i] = e->in[i].v;
	if (e->reduces) {
		rc = pim_reduce(e->op, src[0], &value);
		if (rc == 0)
			eval_add_result(e, first, value);
		return rc;
	}
	if (e->op == PIM_FILL)
		return pim_fill(e->out.v, e->value);
	if (e->op == PIM_SHL || e->op == PIM_SHR)
		return pim_shift(e->op, e->out.v, src[0], (uint32_t)e->value);
	return pim_execute(e->op, e->out.v, src, e->n_in);
}

static int step(struct eval *e, uint64_t at, uint64_t lanes, char *err, size_t n)
{
	int rc = allocate(e, lanes, err, n);
	if (rc == 0)
		rc = read_inputs(e, at, lanes, err, n);
	if (rc < 0)
		return rc;
	rc = compute(e, at == 0);
	if (rc < 0)
		return eval_failed(e, rc, pim_op_name(e->op), err, n);
	if (e->reduces)
		return 0;
	void *buffer;
	size_t bytes = (size_t)eval_bytes(&e->out, lanes);
	rc = mw_stream_buffer(e->out.stream, &buffer, err, n);
	if (rc == 0 && (rc = pim_read(e->out.v, buffer, bytes)) < 0)
		return eval_failed(e, rc, "read", err, n);
	return rc < 0 ? rc : mw_stream_put(e->out.stream, bytes, err, n);
}

static int run_eval(struct cli *cli, char *err, size_t n)
{
	struct eval *e = calloc(1, sizeof(*e));
	if (!e)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	bool stats = mw_opt_flag(&cli->opts, "stats");
	int rc = eval_set_up(e, &cli->opts, err, n);
	for (uint64_t at = 0; rc == 0 && at < e->lanes; at += e->step) {
		uint64_t left = e->lanes - at;
		rc = atomic_load(cli->stop) ? MW_ECANCELLED : step(e, at, left < e->step ? left : e->step, err, n);
	}
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
	.details = "Width 1 reads packed bits, least significant first; other widths lie in containers of 8, 16, 32 or "
		   "64\n"
		   "bits whose excess bits are 0. Comparisons and red_* write packed bits, mul_wide lanes of twice the "
		   "width,\n"
		   "popcount of floor(log2 N) + 1 bits; if_else reads its selector as packed bits first. sum_lanes, "
		   "min_lanes\n"
		   "and count_ones print one number. The result is exact; --stats prints what the device would have "
		   "spent,\n"
		   "--trace writes its commands: every read and write of the files' lanes, every ACT, PRE and refresh.",
	.options = eval_options,
	.run = run_eval,
};
