/* Costs of operands that lie in different subarrays. */
#include <errno.h>

#include "pim/devices/ambit.h"

void ambit_charge_commands(struct pim_call *call, const struct ambit_counts *n, uint64_t slots)
{
	core_charge(call, PIM_AAP, mw_wide_mul(n->aap, slots));
	core_charge(call, PIM_AP, mw_wide_mul(n->ap, slots));
	core_charge(call, PIM_ACT_FIRST, mw_wide_mul(n->aap + n->ap, slots));
	core_charge(call, PIM_ACT_SECOND, mw_wide_mul(n->aap, slots));
	core_charge(call, PIM_EXTRA_WORDLINES_FIRST, mw_wide_mul(n->extra_first, slots));
	core_charge(call, PIM_EXTRA_WORDLINES_SECOND, mw_wide_mul(n->extra_second, slots));
	core_charge(call, PIM_PRE, mw_wide_mul(n->aap + n->ap, slots));
	core_charge(call, PIM_PROGRAMS, slots);
}

int ambit_clone_price(const struct ambit *a, struct pim_call *call, enum ambit_clone kind, struct ambit_clone_cost *out)
{
	const struct dram_part *d = a->timing.dram;
	if (kind == AMBIT_CLONE_FAR)
		return pim_call_fail(call, -EOPNOTSUPP,
				     "ambit: the internal bus of a rank does not reach another rank or channel");
	if (!dram_part_has_columns(d))
		return pim_call_fail(call, -EOPNOTSUPP,
				     "ambit: dram=%s has no timings of column commands with a source: rows cannot be "
				     "moved between subarrays",
				     d->dram);
	return ambit_clone_cost(d, &a->geometry, kind, out);
}

/* How far apart two operands are; every slot differs by the same number of banks and subarrays. */
static enum ambit_clone kind_of(const struct ambit *a, const struct pim_operand *from, const struct pim_operand *to)
{
	const struct ambit_geometry *g = &a->geometry;
	struct ambit_place x = {.bank = from->bank % g->banks, .subarray = from->subarray % g->subarrays};
	struct ambit_place y = {.bank = to->bank % g->banks, .subarray = to->subarray % g->subarrays};
	return ambit_clone_kind(&x, &y);
}

static bool seen_before(const struct pim_operand *const *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (v[k] == v[i])
			return true;
	return false;
}

/* Counts the rows to copy when the program runs in the subarrays of `home`. */
static void count_moves(const struct ambit *a, const struct ambit_operands *o, const struct pim_operand *home,
			struct ambit_route *r)
{
	for (size_t i = 0; i < o->n_src + o->n_dst; i++) {
		const struct pim_operand *const *v = i < o->n_src ? o->src : o->dst;
		size_t k = i < o->n_src ? i : i - o->n_src;
		enum ambit_clone kind = kind_of(a, v[k], home);
		if (kind == AMBIT_CLONE_NONE || seen_before(v, k))
			continue;
		r->rows[kind] += v[k]->type.bits;
		r->temporaries += v[k]->type.bits;
	}
}

static uint64_t moving_ps(const struct ambit_route *r)
{
	return r->rows[AMBIT_CLONE_SUBARRAY] * r->cost[AMBIT_CLONE_SUBARRAY].ps +
	       r->rows[AMBIT_CLONE_BANK] * r->cost[AMBIT_CLONE_BANK].ps;
}

int ambit_route(const struct ambit *a, struct pim_call *call, const struct ambit_operands *o, struct ambit_route *out)
{
	struct ambit_route best = {.home = o->dst[0]};
	bool apart = false;
	*out = best;
	for (size_t i = 0; i < o->n_src; i++)
		apart |= kind_of(a, o->src[i], o->dst[0]) != AMBIT_CLONE_NONE;
	for (size_t i = 1; i < o->n_dst; i++)
		apart |= kind_of(a, o->dst[i], o->dst[0]) != AMBIT_CLONE_NONE;
	if (!apart)
		return 0;
	best.apart = true;
	for (unsigned k = AMBIT_CLONE_SUBARRAY; k < AMBIT_CLONE_FAR; k++) {
		int rc = ambit_clone_price(a, call, (enum ambit_clone)k, &best.cost[k]);
		if (rc < 0)
			return rc;
	}
	*out = best;
	count_moves(a, o, o->dst[0], out);
	for (size_t i = 1; i < o->n_dst + o->n_src; i++) {
		struct ambit_route other = best;
		other.home = i < o->n_dst ? o->dst[i] : o->src[i - o->n_dst];
		count_moves(a, o, other.home, &other);
		if (moving_ps(&other) < moving_ps(out))
			*out = other;
	}
	return 0;
}

void ambit_charge_route(const struct ambit *a, struct pim_call *call, const struct ambit_route *r, uint64_t slots)
{
	for (unsigned k = AMBIT_CLONE_SUBARRAY; k < AMBIT_CLONE_FAR; k++) {
		mw_wide rows = mw_wide_mul(r->rows[k], slots);
		if (!rows)
			continue;
		core_charge(call, k == AMBIT_CLONE_BANK ? PIM_COPIES_INTER_BANK : PIM_COPIES_INTER_SUBARRAY, rows);
		core_charge(call, PIM_BYTES_COPIED, rows * r->cost[k].bytes);
		/* Each copy occupies two banks. */
		mw_wide ps = r->rows[k] * ambit_clone_elapsed_ps(&a->geometry, &r->cost[k], slots);
		core_time(call, PIM_PS_COPY, ps, 2 * rows * r->cost[k].ps);
		ambit_trace_wait(a, ps); /* no trace format has a TRANSFER command */
	}
}
