/* Traces of device `ambit`: every command it charges. */
#include <errno.h>
#include <stdlib.h>

#include "ambit-emu/trace.h"
#include "base/core/err.h"
#include "pim/devices/ambit.h"

_Static_assert((int)PIM_TRACE_DRAMPOWER == (int)AMBIT_TRACE_DRAMPOWER &&
		       (int)PIM_TRACE_RAMULATOR == (int)AMBIT_TRACE_RAMULATOR &&
		       (int)PIM_TRACE_RAMULATOR_HOST == (int)AMBIT_TRACE_HOST,
	       "formats are numbered alike");

static int end(struct ambit *a, char *err, size_t n)
{
	if (!a->trace)
		return mw_fail(-EINVAL, err, n, "nothing is traced");
	int rc = ambit_trace_close(a->trace);
	a->trace = NULL;
	return rc < 0 ? mw_fail(rc, err, n, "trace: %s", mw_strerror(rc)) : 0;
}

int ambit_trace(void *state, const struct pim_trace_config *config, const char *spec, char *err, size_t n)
{
	struct ambit *a = state;
	if (!config)
		return end(a, err, n);
	if (a->trace)
		return mw_fail(-EBUSY, err, n, "a trace is being written already");
	const struct ambit_trace_config c = {
		.timing = &a->timing,
		.geometry = &a->geometry,
		.spec = spec,
		.format = (enum ambit_trace_format)config->format,
		.raw_aap = config->raw_aap != 0,
		.channel = config->channel,
		.write = config->write,
		.ctx = config->ctx,
	};
	return ambit_trace_open(&c, &a->trace, err, n);
}

/* ---- where vectors lie ---- */

static uint64_t layers_of(const struct ambit *a, const struct pim_operand *o)
{
	return ambit_layers(&a->geometry, ambit_held_slots(a, o->cols));
}

/* Lists the rows of all bits of a vector; returns where the list ends. stride: layers that are listed. */
static uint32_t *list_rows(struct ambit *a, const struct pim_operand *o, uint32_t stride, uint32_t *row)
{
	for (uint32_t bit = 0; bit < o->type.bits; bit++)
		for (uint32_t k = 0; k < stride; k++)
			*row++ = ambit_row_of(a, o, bit, k);
	return row;
}

/* Layers to list: all of a vector that has rows; the first of an unbacked one, whose layers follow each other. */
static uint32_t stride_of(const struct ambit *a, const struct pim_operand *o)
{
	return o->mem ? (uint32_t)layers_of(a, o) : 1;
}

static bool apart(const struct ambit *a, const struct pim_operand *o, const struct ambit_shift *at)
{
	const struct ambit_shift own = ambit_shift_of(o);
	struct ambit_place x = ambit_place_at(&a->geometry, 0, &own), y = ambit_place_at(&a->geometry, 0, at);
	return o->scattered || ambit_clone_kind(&x, &y) != AMBIT_CLONE_NONE;
}

/* Rows of a program's operands in the order of its D rows, then of its temporaries, which one layer after the other
 * uses. An operand that lies elsewhere was copied to temporaries. */
static void program_rows(struct ambit *a, const struct ambit_run *r, uint32_t stride, uint32_t *row)
{
	const struct ambit_operands *v = r->operands;
	uint32_t *at = row, *end = row + (size_t)r->program->rows * stride;
	uint64_t temporary = 0;
	for (size_t i = 0; i < v->n_src + v->n_dst; i++) {
		const struct pim_operand *o = i < v->n_src ? v->src[i] : v->dst[i - v->n_src];
		if (!apart(a, o, &r->at))
			at = list_rows(a, o, stride, at);
		else
			for (uint32_t k = 0; k < o->type.bits; k++, temporary++)
				for (uint32_t layer = 0; layer < stride; layer++)
					*at++ = ambit_row_free(a, &r->at, temporary);
	}
	uint64_t first = v->dst[0]->mem ? 0 : a->unbacked.rows;
	for (; at < end; temporary++)
		for (uint32_t layer = 0; layer < stride; layer++)
			*at++ = ambit_row_free(a, &r->at, first + temporary);
}

void ambit_trace_charge(struct ambit *a, const struct ambit_run *r, uint64_t slots)
{
	if (!a->trace)
		return;
	uint32_t stride = stride_of(a, r->operands->dst[0]);
	uint32_t *row = calloc((size_t)r->program->rows * stride + 1, sizeof(*row));
	const struct ambit_trace_at at = {.row = row, .stride = stride, .shift = r->at};
	if (row)
		program_rows(a, r, stride, row);
	/* ambit_trace_close() returns the first error. */
	(void)(row ? ambit_trace_program(a->trace, r->program, slots, &at) : ambit_trace_fail(a->trace, -ENOMEM));
	free(row);
}

void ambit_trace_alone_at(const struct ambit *a, const struct ambit_program *p, struct ambit_place at)
{
	if (a->trace)
		(void)ambit_trace_alone(a->trace, p, at);
}

void ambit_trace_vector_moves(struct ambit *a, const struct pim_operand *o, mw_wide ps, bool write)
{
	if (!a->trace)
		return;
	uint32_t stride = stride_of(a, o);
	uint32_t *row = calloc((size_t)o->type.bits * stride, sizeof(*row));
	const struct ambit_trace_vector v = {
		.at = {.row = row, .stride = stride, .shift = ambit_shift_of(o)},
		.planes = o->type.bits,
		.copies = a->failures.copies,
		.plane_bytes = o->cols / 8 + (o->cols % 8 != 0),
	};
	if (row)
		(void)list_rows(a, o, stride, row);
	(void)(row ? ambit_trace_transfer(a->trace, &v, ps, write) : ambit_trace_fail(a->trace, -ENOMEM));
	free(row);
}

void ambit_trace_wait(const struct ambit *a, mw_wide ps)
{
	if (a->trace)
		(void)ambit_trace_idle(a->trace, ps);
}

void ambit_trace_drop(struct ambit *a)
{
	(void)ambit_trace_close(a->trace);
	a->trace = NULL;
}
