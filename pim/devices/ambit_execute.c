/* Operations of device `ambit`: executed command by command (exact), or computed and charged (fused). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pim/arith.h"
#include "pim/devices/ambit.h"
#include "pim/lanes.h"

/* ---- the exact engine ---- */

struct exact_slices {
	struct ambit_exact_job job;
	size_t bytes, row_bytes, n, scratch_bytes;
	char *scratch;
	struct ambit_executed *done; /* per slice */
};

static void exact_slice(void *arg, size_t i)
{
	struct exact_slices *s = arg;
	size_t begin, end;
	lanes_slice(s->bytes, s->row_bytes, i, s->n, &begin, &end);
	ambit_exact_run(&s->job, begin, end, s->scratch + i * s->scratch_bytes, &s->done[i]);
}

static int run_clean(struct ambit *a, struct pim_call *call, const struct ambit_exact *x, char *const *d, size_t bytes,
		     uint64_t seed, uint64_t sum[2])
{
	bool nt = lanes_store((x->inputs + x->outputs) * bytes, 0, a->cache_bytes) == MW_STORE_NT;
	size_t strip = ambit_exact_strip(x, nt);
	struct exact_slices s = {
		.job = {.x = x, .cells = ambit_cells(mw_isa_best()), .d = d, .strip = strip, .nt = nt, .seed = seed},
		.bytes = bytes,
		.row_bytes = (size_t)ambit_row_bytes(&a->geometry),
		/* Waking a thread of a virtual machine takes 50 us and more: below AND on 2 MiB one thread is faster.
		 */
		.n = bytes * x->n < (8u << 20) ? 1 : pim_call_threads(call),
		.scratch_bytes = ambit_exact_scratch(x, strip),
	};
	s.scratch = aligned_alloc(4096, s.n * s.scratch_bytes);
	s.done = calloc(s.n, sizeof(*s.done));
	int rc = s.scratch && s.done ? 0 : pim_call_fail(call, -ENOMEM, "ambit: no memory for compute rows");
	if (rc == 0) {
		pim_call_run(call, s.n, exact_slice, &s);
		for (size_t i = 0; i < s.n; i++)
			for (unsigned k = 0; k < 2; k++)
				sum[k] += s.done[i].bytes[k];
	}
	free(s.scratch);
	free(s.done);
	return rc;
}

int ambit_run_exact(struct ambit *a, struct pim_call *call, const struct ambit_run *r, char *const *d, size_t bytes)
{
	uint64_t sum[2] = {0}, seed = ambit_noise(a->seed, 0, a->runs++);
	const struct ambit_failing_run failing = {
		.program = r->program,
		.d = d,
		.bytes = bytes,
		.row_bytes = ambit_row_bytes(&a->geometry),
		.lanes = r->lanes,
		.period = a->failures.copies > 1 ? ambit_slots(&a->geometry, r->lanes) : 0,
		.at = r->at,
		.burst = a->failures.burst,
		.seed = seed,
	};
	int rc = a->failures.on ? ambit_failures_run(&a->failures, call, &failing, sum)
				: run_clean(a, call, r->exact, d, bytes, seed, sum);
	if (rc == 0 && (sum[AMBIT_AAP] != r->counts->aap * bytes || sum[AMBIT_AP] != r->counts->ap * bytes))
		rc = pim_call_fail(call, -EIO, "ambit: %s executed other commands than its program has", r->name);
	return rc;
}

/* Which memory of the lanes a run uses: the lanes, their check bits, or the lanes without failures. */
enum memory { LANES, CHECK, TRUTH };

static void set_rows(const struct pim_command *c, enum memory which, char **d)
{
	for (unsigned i = 0; i <= c->n_src; i++) {
		const struct pim_operand *o = i < c->n_src ? c->src[i] : c->dst;
		const struct ambit_lanes *l = o->mem;
		char *base = which == LANES ? l->p : which == CHECK ? l->check : l->truth;
		for (unsigned j = 0; j < o->type.bits; j++)
			*d++ = base + j * (which == CHECK ? l->check_stride : l->stride);
	}
}

/* Runs the program on the check bits, in columns of their own, and once more on the lanes without failures. */
static int run_check(struct ambit *a, struct pim_call *call, const struct pim_command *c, const struct ambit_run *r,
		     char **d, size_t bytes)
{
	uint64_t row_bytes = ambit_row_bytes(&a->geometry), executed[2] = {0};
	const struct ambit_failing_run check = {
		.program = r->program,
		.d = d,
		.bytes = bytes / 8,
		.row_bytes = row_bytes / 8,
		.first_column = 8 * row_bytes,
		.lanes = (c->dst->cols + 63) / 64 * 8,
		.at = r->at,
		.burst = {64, 64}, /* the check bits are in one chip */
		.seed = a->seed,
		.uncounted = true,
	};
	set_rows(c, CHECK, d);
	int rc = ambit_failures_run(&a->failures, call, &check, executed);
	set_rows(c, TRUTH, d);
	return rc < 0 ? rc : run_clean(a, call, r->exact, d, bytes, a->seed, executed);
}

static int run_exact(struct ambit *a, struct pim_call *call, const struct pim_command *c, const struct ambit_run *r)
{
	size_t bytes = arith_bytes(1, ambit_held(a, c->dst->cols));
	char **d = calloc(r->program->rows + 1, sizeof(*d));
	if (!d)
		return pim_call_fail(call, -ENOMEM, "ambit: out of memory");
	set_rows(c, LANES, d);
	int rc = ambit_run_exact(a, call, r, d, bytes);
	if (rc == 0 && ((const struct ambit_lanes *)c->dst->mem)->check)
		rc = run_check(a, call, c, r, d, bytes);
	free(d);
	return rc;
}

/* ---- the fused engine ---- */

static int run_fused(const struct ambit *a, struct pim_call *call, const struct pim_command *c)
{
	const struct ambit_lanes *dst = c->dst->mem;
	struct arith_job j = {
		.op = c->op,
		.type = c->n_src ? c->src[c->n_src - 1]->type : c->dst->type,
		.value = c->value,
		.lanes = c->dst->cols,
		.dst = dst->p,
		.cache_bytes = a->cache_bytes,
	};
	for (unsigned i = 0; i < c->n_src; i++)
		j.src[i] = ((const struct ambit_lanes *)c->src[i]->mem)->p;
	if (a->published && ambit_published_wrong(c->op, j.type.bits))
		return pim_call_fail(
			call, -EOPNOTSUPP,
			"ambit: the published program of %s gives wrong lanes; only engine=exact shows them",
			pim_op_name(c->op));
	return arith_run(call, &j);
}

/* ---- both ---- */

void ambit_charge(struct ambit *a, struct pim_call *call, const struct ambit_run *r, uint64_t slots)
{
	uint64_t parallel = ambit_parallel(&a->timing);
	ambit_charge_commands(call, r->counts, slots);
	core_charge(call, PIM_BATCHES, (slots + parallel - 1) / parallel);
	mw_wide elapsed =
		mw_wide_mul(slots / parallel, r->batch_ps) + ambit_batch_ps(&a->timing, r->program, slots % parallel);
	core_time(call, PIM_PS_COMPUTE, elapsed, mw_wide_mul(slots, r->ps));
	ambit_trace_charge(a, r, slots);
}

/* PIM_COPY to other subarrays: only the move is charged, no program. Both vectors have one layout. */
static int move_vector(const struct ambit *a, struct pim_call *call, const struct pim_command *c,
		       const struct ambit_route *route)
{
	const struct ambit_lanes *dst = c->dst->mem, *src = c->src[0]->mem;
	if (dst)
		lanes_copy(call, dst->p, src->p, dst->bytes, a->cache_bytes);
	if (dst && dst->check) {
		memcpy(dst->check, src->check, c->dst->type.bits * dst->check_stride);
		memcpy(dst->truth, src->truth, dst->bytes);
	}
	ambit_charge_route(a, call, route, ambit_held_slots(a, c->dst->cols));
	return 0;
}

int ambit_execute(void *state, struct pim_call *call, const struct pim_command *c)
{
	struct ambit *a = state;
	struct ambit_prepared *p;
	char why[160];
	if (c->result)
		return ambit_reduce(a, call, c);
	if (c->op == PIM_SHIFT_LANES)
		return ambit_shift_lanes(a, call, c);
	struct pim_type type = c->n_src ? c->src[c->n_src - 1]->type : c->dst->type;
	int rc = ambit_prepare(a, c->op, type, c->value, &p, why, sizeof(why));
	bool backed = c->dst->mem;
	if (rc == 0 && a->exact && backed)
		rc = ambit_lower(a, p, why, sizeof(why));
	if (rc < 0)
		return pim_call_fail(call, rc, "%s", why);
	const struct ambit_program *program = &p->builder.p;
	struct ambit_route route;
	if (c->op == PIM_COPY) {
		ambit_route_copy(a, c->src[0], c->dst, &route);
		if (route.apart)
			return move_vector(a, call, c, &route);
	}
	const struct ambit_operands operands = {
		.src = c->src,
		.dst = &c->dst,
		.n_src = c->n_src,
		.n_dst = 1,
		.temporaries = ambit_temporaries(program),
		.name = pim_op_name(c->op),
	};
	rc = ambit_route(a, call, &operands, &route);
	if (rc < 0)
		return rc;
	const struct ambit_run run = {
		.name = pim_op_name(c->op),
		.program = program,
		.counts = &p->counts,
		.exact = &p->exact,
		.ps = p->ps,
		.batch_ps = p->batch_ps,
		.at = route.at,
		.lanes = c->dst->cols,
		.operands = &operands,
	};
	if (rc == 0 && backed)
		rc = a->exact ? run_exact(a, call, c, &run) : run_fused(a, call, c);
	if (rc < 0)
		return rc;
	uint64_t slots = ambit_held_slots(a, c->dst->cols);
	ambit_charge_route(a, call, &route, slots);
	ambit_charge(a, call, &run, slots);
	return 0;
}
