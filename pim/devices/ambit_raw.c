/* Raw subarrays of device `ambit`: every command is checked against what the rows hold, executed and charged. A trace
 * shows commands as commands, and rows that are read, written or copied as idle time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/subarray.h"
#include "ambit-emu/text.h"
#include "pim/devices/ambit.h"
#include "pim/lanes.h"

static uint32_t banks_of(const struct ambit *a)
{
	return a->geometry.channels * a->geometry.ranks * a->geometry.banks;
}

void ambit_raw_free(struct ambit *a)
{
	for (uint32_t i = 0; a->raw && i < banks_of(a); i++)
		ambit_bank_destroy(a->raw[i]);
	free(a->raw);
	a->raw = NULL;
}

static int shape(void *state, struct pim_call *call, uint32_t bank, uint32_t subarray, size_t *row_bytes,
		 uint32_t *data_rows)
{
	const struct ambit *a = state;
	if (bank >= banks_of(a) || subarray >= a->geometry.subarrays)
		return pim_call_fail(call, -EINVAL, "ambit: bank %u of %u, subarray %u of %u", bank, banks_of(a),
				     subarray, a->geometry.subarrays);
	*row_bytes = (size_t)ambit_row_bytes(&a->geometry);
	*data_rows = a->geometry.rows - AMBIT_RESERVED_ROWS;
	return 0;
}

/* The rows of a bank, kept until the device is closed; NULL with a line for pim_error(). */
static struct ambit_bank *find(struct ambit *a, struct pim_call *call, uint32_t bank)
{
	if (!a->raw)
		a->raw = calloc(banks_of(a), sizeof(struct ambit_bank *));
	if (a->raw && !a->raw[bank]) {
		const struct ambit_bank_config c = {
			.subarrays = a->geometry.subarrays,
			.data_rows = a->geometry.rows - AMBIT_RESERVED_ROWS,
			.row_bytes = (size_t)ambit_row_bytes(&a->geometry),
			.seed = ambit_noise(a->seed, UINT16_MAX, bank),
			.cells = ambit_cells(mw_isa_best()),
		};
		(void)ambit_bank_create(&c, &a->raw[bank]);
	}
	if (!a->raw || !a->raw[bank])
		(void)pim_call_fail(call, -ENOMEM, "ambit: no memory for bank %u", bank);
	return a->raw ? a->raw[bank] : NULL;
}

static int parse(struct pim_call *call, const char *text, uint32_t subarray, struct ambit_builder *b)
{
	char why[CORE_ERR];
	int rc = ambit_program_parse(text, strlen(text), b, NULL, why, sizeof(why));
	if (rc < 0)
		return pim_call_fail(call, rc, "ambit: %s", rc == -ENOMEM ? "out of memory" : why);
	for (size_t i = 0; i < b->p.n; i++)
		b->cmd[i].a.subarray = b->cmd[i].b.subarray = (uint16_t)subarray;
	return 0;
}

static struct ambit_place place_of(const struct ambit *a, const struct pim_row *row)
{
	const struct ambit_geometry *g = &a->geometry;
	return (struct ambit_place){
		.channel = row->bank / g->banks / g->ranks,
		.rank = row->bank / g->banks % g->ranks,
		.bank = row->bank % g->banks,
		.subarray = row->subarray,
	};
}

static int execute(struct ambit *a, struct pim_call *call, uint32_t bank, const struct ambit_program *p)
{
	struct ambit_bank *rows = find(a, call, bank);
	struct ambit_verdict v;
	if (!rows)
		return -ENOMEM;
	if (p->n == 0)
		return 0;
	int rc = ambit_bank_execute(rows, p->cmd, p->n, &v);
	if (rc < 0)
		return pim_call_fail(call, rc, "ambit: %s", rc == -ENOMEM ? "no memory for rows" : v.why);
	struct ambit_counts n;
	ambit_program_counts(p, &n);
	ambit_charge_commands(call, &n, 1);
	pim_call_charge(call, PIM_BATCHES, 1);
	mw_wide ps = ambit_elapsed_ps(&a->timing, p, 1);
	core_time(call, PIM_PS_COMPUTE, ps, ambit_program_ps(&a->timing, p));
	const struct pim_row at = {.bank = bank, .subarray = p->cmd[0].a.subarray};
	ambit_trace_alone_at(a, p, place_of(a, &at));
	return 0;
}

static int run(void *state, struct pim_call *call, uint32_t bank, uint32_t subarray, const char *text)
{
	struct ambit_builder b = {0};
	int rc = parse(call, text, subarray, &b);
	if (rc == 0)
		rc = execute(state, call, bank, &b.p);
	ambit_builder_free(&b);
	return rc;
}

static int address(struct pim_call *call, const struct pim_row *row, struct ambit_address *out)
{
	struct ambit_builder b = {0};
	char text[40];
	struct ambit_wordlines w;
	if (snprintf(text, sizeof(text), "AP(%s)", row->name) >= (int)sizeof(text))
		return pim_call_fail(call, -EINVAL, "ambit: no row has such a long name");
	int rc = parse(call, text, row->subarray, &b);
	if (rc == 0 && (b.p.n != 1 || ambit_decode(b.cmd[0].a, &w) < 0 || w.count != 1))
		rc = pim_call_fail(call, -EINVAL, "ambit: %s is not an address of one wordline", row->name);
	if (rc == 0)
		*out = b.cmd[0].a;
	ambit_builder_free(&b);
	return rc;
}

static int transfer_failed(struct pim_call *call, int rc, const struct pim_row *row, const char *what)
{
	return pim_call_fail(call, rc, "ambit: %s of row %s: %s", what, row->name,
			     rc == -ENOMEM ? "out of memory" : "no such row, or a constant");
}

static int write_row(void *state, struct pim_call *call, const struct pim_row *to, const void *src)
{
	struct ambit *a = state;
	struct ambit_bank *rows = find(a, call, to->bank);
	struct ambit_address at = {0};
	int rc = rows ? address(call, to, &at) : -ENOMEM;
	if (rc < 0)
		return rc;
	rc = ambit_bank_write(rows, at, src);
	if (rc < 0)
		return transfer_failed(call, rc, to, "write");
	uint64_t bytes = ambit_row_bytes(&a->geometry);
	pim_call_charge(call, PIM_BYTES_IN, bytes);
	core_time(call, PIM_PS_IN, lanes_ps(bytes, a->in_gbps), 0);
	ambit_trace_wait(a, lanes_ps(bytes, a->in_gbps));
	return 0;
}

static int read_row(void *state, struct pim_call *call, const struct pim_row *from, void *dst)
{
	struct ambit *a = state;
	struct ambit_bank *rows = find(a, call, from->bank);
	struct ambit_address at = {0};
	int rc = rows ? address(call, from, &at) : -ENOMEM;
	if (rc < 0)
		return rc;
	rc = ambit_bank_read(rows, at, dst);
	if (rc < 0)
		return transfer_failed(call, rc, from, "read");
	uint64_t bytes = ambit_row_bytes(&a->geometry);
	pim_call_charge(call, PIM_BYTES_OUT, bytes);
	core_time(call, PIM_PS_OUT, lanes_ps(bytes, a->out_gbps), 0);
	ambit_trace_wait(a, lanes_ps(bytes, a->out_gbps));
	return 0;
}

static int copy_row(void *state, struct pim_call *call, const struct pim_row *to, const struct pim_row *from)
{
	struct ambit *a = state;
	struct ambit_bank *dst = find(a, call, to->bank), *src = find(a, call, from->bank);
	struct ambit_command c = {.kind = AMBIT_AAP};
	int rc = dst && src ? address(call, from, &c.a) : -ENOMEM;
	if (rc == 0)
		rc = address(call, to, &c.b);
	if (rc < 0)
		return rc;
	struct ambit_place here = place_of(a, from), there = place_of(a, to);
	enum ambit_clone kind = ambit_clone_kind(&here, &there);
	if (kind == AMBIT_CLONE_NONE) {
		const struct ambit_program one = {.cmd = &c, .n = 1};
		return execute(a, call, to->bank, &one);
	}
	struct ambit_route move = {.moved = 0};
	rc = ambit_clone_price(a, call, kind, &move.cost[kind % AMBIT_CLONE_FAR]);
	if (rc < 0)
		return rc;
	rc = ambit_bank_clone(dst, c.b, src, c.a);
	if (rc < 0)
		return transfer_failed(call, rc, to, "copy");
	move.rows[kind] = 1;
	ambit_charge_route(a, call, &move, 1);
	return 0;
}

static const char *copy_source(void *state)
{
	const struct ambit *a = state;
	return dram_part_has_columns(&a->part) ? a->column_source : NULL;
}

const struct pim_raw_ops ambit_raw = {
	.size = sizeof(struct pim_raw_ops),
	.shape = shape,
	.run = run,
	.write = write_row,
	.read = read_row,
	.copy = copy_row,
	.copy_source = copy_source,
};
