/* Counts and prices of device `ambit`. */
#include <errno.h>

#include "ambit-emu/use.h"
#include "pim/devices/ambit.h"

int ambit_modelled(void *state, enum pim_count what)
{
	const struct ambit *a = state;
	switch (what) {
	case PIM_PASSES:
	case PIM_CYCLES:
	case PIM_MACS:
		return -EOPNOTSUPP;
	case PIM_FAULTS_INJECTED:
	case PIM_BITS_WRONG:
		return a->failures.on ? 0 : -EOPNOTSUPP;
	case PIM_ECC_CORRECTED:
	case PIM_ECC_DETECTED:
	case PIM_ECC_UNDETECTED:
		return a->failures.on && a->failures.protection == AMBIT_PROTECT_ECC ? 0 : -EOPNOTSUPP;
	default:
		return 0;
	}
}

/* Commands of a published program whose count was cross-checked, by a second source or by executing the program
 * (CMU-SAFARI/MIMDRAM@49549f9 microworkloads). 0: not published, or published but unverified (div, abs, bitcount). */
static uint64_t checked_count(enum pim_op op, struct pim_type type)
{
	const uint64_t n = type.bits;
	const bool is_signed = type.kind == PIM_INT;
	switch (op) {
	case PIM_ADD:
	case PIM_SUB:
		return 8 * n + 1;
	case PIM_MUL_WIDE:
		return is_signed ? 0 : 11 * n * n - 5 * n - 1;
	case PIM_GT:
	case PIM_GE:
	case PIM_LT: /* the same program with inputs exchanged */
	case PIM_LE:
		return is_signed ? 0 : 3 * n + 2;
	case PIM_EQ:
		return 4 * n + 3;
	case PIM_MIN:
	case PIM_MAX:
		return is_signed ? 0 : 10 * n + 2;
	case PIM_IF_ELSE:
		return 7 * n;
	case PIM_RELU:
		return 3 * n + (n - 1) % 2;
	case PIM_RED_AND:
	case PIM_RED_OR:
		return n / 2 * 5 + 2;
	case PIM_RED_XOR:
		return n / 2 * 6 + 2;
	default:
		return 0;
	}
}

static const char *source_of(const struct ambit *a, enum pim_op op, struct pim_type type)
{
	if (!a->published || op <= PIM_FILL)
		return a->time_source;
	return ambit_published_wrong(op, type.bits) ? a->wrong_source : a->published_source;
}

/* Which of time and energy have constants with a checked source. */
static uint32_t verified_prices(const struct ambit *a)
{
	bool time = a->timing.aap != AMBIT_AAP_STRICT && !a->timing.dram->row_unverified[0] && !a->user.len;
	bool energy = a->energy_table && a->energy_table->verified; /* the factors of the equations are unverified */
	return (time ? PIM_VERIFIED_TIME : 0) | (energy ? PIM_VERIFIED_ENERGY : 0);
}

int ambit_fill_price(const struct ambit *a, const struct ambit_run *r, struct pim_price *out)
{
	out->aap = r->counts->aap;
	out->ap = r->counts->ap;
	out->ps = r->ps;
	out->ps_batch = r->batch_ps;
	out->programs = ambit_parallel(&a->timing);
	out->row_bytes = ambit_row_bytes(&a->geometry);
	out->lanes = 8 * out->row_bytes;
	out->rows = r->program->rows;
	out->verified = verified_prices(a);
	ambit_price_energy(a, r, out);
	struct ambit_row_use use;
	int rc = ambit_row_use(r->program, &use);
	if (rc < 0)
		return rc;
	out->live_rows = use.live;
	out->window_activations = ambit_window_activations(&a->timing, r->program, &use);
	ambit_price_disturbance(a, r, &use, out);
	return 0;
}

int ambit_price(void *state, enum pim_op op, struct pim_type type, struct pim_price *out)
{
	struct ambit *a = state;
	struct ambit_prepared *p;
	bool bulk = op <= PIM_FILL; /* counted per row, whatever the width */
	uint64_t value = op == PIM_FILL || op == PIM_SHL || op == PIM_SHR;
	if (type.kind != PIM_UINT && type.kind != PIM_INT)
		return -EOPNOTSUPP;
	int rc = ambit_prepare(a, op, bulk ? pim_uint(1) : type, value, &p, NULL, 0);
	if (rc < 0)
		return rc;
	const struct ambit_run run = {
		.program = &p->builder.p, .counts = &p->counts, .ps = p->ps, .batch_ps = p->batch_ps};
	const uint64_t commands = p->counts.aap + p->counts.ap;
	rc = ambit_fill_price(a, &run, out);
	if (rc < 0)
		return rc;
	out->published = bulk ? commands : checked_count(op, type);
	if (a->failures.protection == AMBIT_PROTECT_TMR)
		out->published = 0; /* this project's own programs */
	bool exact = !a->failures.on && !(a->published && ambit_published_wrong(op, type.bits));
	out->verified |= (exact ? PIM_VERIFIED_RESULTS : 0) | (out->published >= commands ? PIM_VERIFIED_COUNT : 0);
	out->source = source_of(a, op, type);
	return 0;
}
