/* Programs of the user on device `ambit`. */
#include <errno.h>
#include <stdlib.h>

#include "pim/arith.h"
#include "pim/devices/ambit.h"
#include "pim/program.h"

static struct ambit_run run_of(const struct ambit *a, const struct pim_program *p)
{
	return (struct ambit_run){
		.name = "the program",
		.program = &p->builder.p,
		.counts = &p->counts,
		.exact = &p->exact,
		.ps = ambit_program_ps(&a->timing, &p->builder.p),
		.batch_ps = ambit_batch_ps(&a->timing, &p->builder.p, ambit_parallel(&a->timing)),
	};
}

static char *row_of(const struct pim_operand *o)
{
	return ((const struct ambit_lanes *)o->mem)->p;
}

static unsigned data_rows(const struct ambit *a)
{
	return (unsigned)(a->geometry.rows - AMBIT_RESERVED_ROWS);
}

int ambit_run_program(void *state, struct pim_call *call, const struct pim_program *program,
		      const struct pim_operand *const *dst, const struct pim_operand *const *src)
{
	struct ambit *a = state;
	const struct ambit_program *p = &program->builder.p;
	struct ambit_run run = run_of(a, program);
	const uint64_t slots = ambit_held_slots(a, dst[0]->cols);
	const struct ambit_operands operands = {.src = src,
						.dst = dst,
						.n_src = p->inputs,
						.n_dst = p->outputs,
						.temporaries = ambit_temporaries(p),
						.name = run.name};
	struct ambit_route route;
	if (a->failures.protection != AMBIT_PROTECT_NONE)
		return pim_call_fail(call, -EOPNOTSUPP, "ambit: protect does not cover programs of the user");
	if (p->rows > data_rows(a))
		return pim_call_fail(call, -ENOSPC,
				     "ambit: the program needs %u data rows, a subarray with rows=%u has %u", p->rows,
				     (unsigned)a->geometry.rows, data_rows(a));
	int rc = ambit_route(a, call, &operands, &route);
	if (rc < 0)
		return rc;
	run.at = route.at;
	run.lanes = dst[0]->cols;
	run.operands = &operands;
	if (!dst[0]->mem) { /* unbacked vectors: only the cost */
		ambit_charge_route(a, call, &route, slots);
		ambit_charge(a, call, &run, slots);
		return 0;
	}
	size_t n = (size_t)p->inputs + p->outputs, bytes = arith_bytes(1, dst[0]->cols);
	char *few[32], **d = n > sizeof(few) / sizeof(few[0]) ? calloc(n, sizeof(*d)) : few;
	if (!d)
		return pim_call_fail(call, -ENOMEM, "ambit: out of memory");
	for (unsigned i = 0; i < p->inputs; i++)
		d[i] = row_of(src[i]);
	for (unsigned i = 0; i < p->outputs; i++)
		d[p->inputs + i] = row_of(dst[i]);
	rc = a->exact ? ambit_run_exact(a, call, &run, d, bytes)
		      : fused_run(&program->fused, call, d + p->inputs, d, bytes, a->cache_bytes);
	if (rc == 0) {
		ambit_charge_route(a, call, &route, slots);
		ambit_charge(a, call, &run, slots);
	}
	if (d != few)
		free(d);
	return rc;
}

int ambit_price_program(void *state, const struct pim_program *program, struct pim_price *out)
{
	const struct ambit *a = state;
	const struct ambit_run run = run_of(a, program);
	out->source = a->time_source;
	if (program->builder.p.rows > data_rows(a)) {
		out->rows = program->builder.p.rows;
		out->live_rows = data_rows(a);
		return -ENOSPC;
	}
	return ambit_fill_price(a, &run, out);
}
