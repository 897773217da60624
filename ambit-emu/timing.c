#include "ambit-emu/timing.h"

uint64_t ambit_command_ps(const struct ambit_timing *t, const struct ambit_command *c)
{
	const struct dram_part *d = t->dram;
	if (c->kind == AMBIT_AP)
		return (uint64_t)d->tras + d->trp;
	bool split = t->aap == AMBIT_AAP_SPLIT ||
		     (t->aap == AMBIT_AAP_STRICT && (c->a.group == AMBIT_B) != (c->b.group == AMBIT_B));
	return (uint64_t)d->tras + (split ? d->overlap : d->tras) + d->trp;
}

uint64_t ambit_program_ps(const struct ambit_timing *t, const struct ambit_program *p)
{
	uint64_t ps = 0;
	for (size_t i = 0; i < p->n; i++)
		ps += ambit_command_ps(t, &p->cmd[i]);
	return ps;
}

uint64_t ambit_parallel(const struct ambit_timing *t)
{
	return (uint64_t)t->channels * t->ranks * t->banks * t->salp;
}

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t ambit_bus_slots(const struct dram_part *d, const struct ambit_counts *c)
{
	return c->aap * (2u * d->act_slots + 1u) + c->ap * (d->act_slots + 1u);
}

/* A time that does not fit is the longest one. */
static uint64_t full(mw_wide ps)
{
	return ps > UINT64_MAX ? UINT64_MAX : (uint64_t)ps;
}

/* Time that one rank needs for its activations (tFAW, tRRD) when `subarrays` of its subarrays run the program once. */
static uint64_t activation_ps(const struct ambit_timing *t, const struct ambit_counts *c, uint64_t subarrays)
{
	const struct dram_part *d = t->dram;
	uint64_t first = c->aap + c->ap, tokens = first;
	if (t->faw_acts == AMBIT_FAW_2)
		tokens = 2 * c->aap + c->ap;
	if (t->faw_acts == AMBIT_FAW_WORDLINES)
		tokens = 2 * c->aap + c->ap + c->extra_first + c->extra_second;
	uint64_t ps = full(((mw_wide)tokens * subarrays * t->tfaw + 3) / 4);
	if (subarrays > 1) { /* tRRD applies between banks, not between the two activations of an AAP */
		uint64_t same_group = ceil_div(subarrays, d->bank_groups),
			 acts = c->ap + (t->faw_acts == AMBIT_FAW_1 ? 1u : 2u) * c->aap;
		ps = max(ps, full((mw_wide)subarrays * acts * d->trrd_s));
		ps = max(ps, same_group > 1 ? full((mw_wide)same_group * acts * d->trrd_l) : 0);
	}
	return ps;
}

uint64_t ambit_batch_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots)
{
	const struct dram_part *d = t->dram;
	uint64_t ps = ambit_program_ps(t, p);
	if (t->limit == AMBIT_LIMIT_NONE || slots == 0)
		return slots ? ps : 0;
	struct ambit_counts c;
	ambit_program_counts(p, &c);
	ps = max(ps, full((mw_wide)ceil_div(slots, t->channels) * ambit_bus_slots(d, &c) * d->tck));
	if (t->limit == AMBIT_LIMIT_BUS)
		return ps;
	ps = max(ps, activation_ps(t, &c, ceil_div(slots, (uint64_t)t->channels * t->ranks)));
	if (t->refresh) /* every tREFI a refresh blocks the rank for tRFC */
		ps = full((mw_wide_mul(ps, d->trefi) + d->trefi - d->trfc - 1) / (d->trefi - d->trfc));
	return ps;
}

mw_wide ambit_elapsed_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots)
{
	uint64_t parallel = ambit_parallel(t), rest = slots % parallel;
	return mw_wide_mul(slots / parallel, ambit_batch_ps(t, p, parallel)) + ambit_batch_ps(t, p, rest);
}
