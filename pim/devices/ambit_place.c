/* Where vectors and programs lie, and the costs of operands that lie in different subarrays. */
#include <errno.h>

#include "pim/devices/ambit.h"
#include "pim/lanes.h"

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

struct ambit_shift ambit_shift_of(const struct pim_operand *o)
{
	return (struct ambit_shift){o->channel, o->rank, o->bank, o->subarray};
}

/* ---- the rows of a vector ---- */

static void set_place(struct pim_operand *o, const struct ambit_holding *h)
{
	o->scattered = h->scattered;
	o->channel = h->at.channel;
	o->rank = h->at.rank;
	o->bank = h->at.bank;
	o->subarray = h->at.subarray;
}

/* At the place that the caller has chosen. */
static int place_at(struct ambit *a, struct pim_call *call, const struct pim_operand *o, struct ambit_holding **out)
{
	struct ambit_shift at = ambit_shift_of(o);
	uint64_t slots = ambit_held_slots(a, o->cols);
	int rc = ambit_occupancy_take(&a->occupancy, &at, slots, o->type.bits, out);
	if (rc != -ENOSPC)
		return rc;
	uint64_t need = o->type.bits * ambit_layers(&a->geometry, slots);
	return pim_call_fail(call, rc, "ambit: %llu data rows of each subarray needed, %u of %u free there",
			     (unsigned long long)need, ambit_occupancy_common(&a->occupancy, &at, slots),
			     a->occupancy.rows);
}

int ambit_place_vector(struct ambit *a, struct pim_call *call, struct pim_operand *o, struct ambit_holding **out)
{
	struct ambit_occupancy *rows = &a->occupancy;
	uint64_t slots = ambit_held_slots(a, o->cols);
	struct ambit_shift at;
	int rc;
	if (o->placed)
		rc = place_at(a, call, o, out);
	else if (ambit_occupancy_find(rows, slots, o->type.bits, &at))
		rc = ambit_occupancy_take(rows, &at, slots, o->type.bits, out);
	else
		rc = ambit_occupancy_scatter(rows, slots, o->type.bits, out);
	if (rc == -ENOSPC && !o->placed) {
		unsigned long long need = slots * o->type.bits, left = rows->left, all = rows->subarrays * rows->rows;
		return pim_call_fail(call, rc, "ambit: %llu data rows needed, %llu of %llu free", need, left, all);
	}
	if (rc == -ENOMEM)
		return pim_call_fail(call, rc, "ambit: no memory to note the rows of a vector");
	if (rc == 0 && !o->placed)
		set_place(o, *out);
	return rc;
}

/* ---- moving operands ---- */

/* How a row of an operand reaches a place; every slot is as far from it. Presets whose column commands have no timings
 * move rows over the channels only. */
static enum ambit_clone kind_of(const struct ambit *a, const struct pim_operand *o, const struct ambit_shift *at)
{
	const struct ambit_shift own = ambit_shift_of(o);
	struct ambit_place x = ambit_place_at(&a->geometry, 0, &own), y = ambit_place_at(&a->geometry, 0, at);
	enum ambit_clone kind = o->scattered ? AMBIT_CLONE_FAR : ambit_clone_kind(&x, &y);
	return kind == AMBIT_CLONE_NONE || dram_part_has_columns(a->timing.dram) ? kind : AMBIT_CLONE_FAR;
}

static bool seen_before(const struct pim_operand *const *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (v[k] == v[i])
			return true;
	return false;
}

static size_t operands_of(const struct ambit_operands *o)
{
	return o->n_src + o->n_dst;
}

/* Results first: where the costs are equal the program runs beside its result. */
static const struct pim_operand *operand(const struct ambit_operands *o, size_t i)
{
	return i < o->n_dst ? o->dst[i] : o->src[i - o->n_dst];
}

static bool repeated(const struct ambit_operands *o, size_t i)
{
	return i < o->n_dst ? seen_before(o->dst, i) : seen_before(o->src, i - o->n_dst);
}

/* Rows over the channels, out and in: as many channels work as slots lie in. */
static mw_wide reload_ps(const struct ambit *a, mw_wide rows, uint64_t slots)
{
	uint32_t channels = a->geometry.channels;
	double used = slots < channels ? (double)slots / channels : 1;
	return lanes_ps(2 * rows * ambit_row_bytes(&a->geometry), a->reload_gbps * used);
}

static mw_wide clone_ps(const struct ambit *a, const struct ambit_route *r, uint64_t slots)
{
	mw_wide ps = 0;
	for (unsigned k = AMBIT_CLONE_SUBARRAY; k < AMBIT_CLONE_FAR; k++)
		ps += r->rows[k] * ambit_clone_elapsed_ps(&a->geometry, &r->cost[k], slots);
	return ps;
}

/* Rows over the channels, for operands and to make room. */
static mw_wide reloaded(const struct ambit_route *r, uint64_t slots)
{
	return mw_wide_mul(r->rows[AMBIT_CLONE_FAR], slots) + r->evicted;
}

static mw_wide route_ps(const struct ambit *a, const struct ambit_route *r, uint64_t slots)
{
	return clone_ps(a, r, slots) + reload_ps(a, reloaded(r, slots), slots);
}

/* Counts what is moved when the program runs at r->at. Unbacked vectors take no rows, so there is room. */
static void plan_route(const struct ambit *a, const struct ambit_operands *o, struct ambit_route *r)
{
	uint64_t slots = ambit_held_slots(a, o->dst[0]->cols);
	for (size_t i = 0; i < operands_of(o); i++) {
		enum ambit_clone kind = kind_of(a, operand(o, i), &r->at);
		if (kind == AMBIT_CLONE_NONE || repeated(o, i))
			continue;
		r->apart = true;
		r->rows[kind] += operand(o, i)->type.bits;
		r->moved += operand(o, i)->type.bits;
	}
	if (o->dst[0]->mem)
		r->evicted = ambit_occupancy_short(&a->occupancy, &r->at, slots, (uint32_t)r->moved + o->temporaries);
}

/* Can a subarray hold the program's rows at all? Each operand is either there or copied to it. */
static int check_rows(const struct ambit *a, struct pim_call *call, const struct ambit_operands *o)
{
	uint64_t need = o->temporaries, have = a->occupancy.rows;
	for (size_t i = 0; i < operands_of(o); i++)
		need += repeated(o, i) ? 0 : operand(o, i)->type.bits;
	if (need <= have)
		return 0;
	return pim_call_fail(call, -ENOSPC, "ambit: %s needs %llu data rows, a subarray has %llu", o->name,
			     (unsigned long long)need, (unsigned long long)have);
}

static bool all_placed(const struct ambit_operands *o)
{
	for (size_t i = 0; i < operands_of(o); i++)
		if (!operand(o, i)->placed)
			return false;
	return true;
}

/* The first place with room for the program and copies of all operands; a full device has none. */
static bool find_room(const struct ambit *a, const struct ambit_operands *o, struct ambit_shift *at)
{
	uint64_t rows = o->temporaries;
	for (size_t i = 0; i < operands_of(o); i++)
		rows += repeated(o, i) ? 0 : operand(o, i)->type.bits;
	const uint64_t slots = ambit_held_slots(a, o->dst[0]->cols), one_each = ambit_subarrays(&a->geometry);
	return ambit_occupancy_find(&a->occupancy, slots < one_each ? slots : one_each, (uint32_t)rows, at);
}

/* Is r better? Rows never make room for vectors that the caller placed. */
static bool better(const struct ambit *a, const struct ambit_operands *o, const struct ambit_route *r,
		   const struct ambit_route *than)
{
	const uint64_t slots = ambit_held_slots(a, o->dst[0]->cols);
	if (all_placed(o) && !r->evicted != !than->evicted)
		return !r->evicted;
	return route_ps(a, r, slots) < route_ps(a, than, slots);
}

int ambit_route(const struct ambit *a, struct pim_call *call, const struct ambit_operands *o, struct ambit_route *out)
{
	struct ambit_route start = {.moved = 0};
	const uint64_t slots = ambit_held_slots(a, o->dst[0]->cols);
	bool found = false;
	int rc = check_rows(a, call, o);
	if (rc < 0)
		return rc;
	for (unsigned k = AMBIT_CLONE_SUBARRAY; k < AMBIT_CLONE_FAR && dram_part_has_columns(a->timing.dram); k++)
		(void)ambit_clone_price(a, call, (enum ambit_clone)k, &start.cost[k]);
	for (size_t i = 0; i <= operands_of(o); i++) {
		struct ambit_route r = start;
		bool own = i < operands_of(o);
		if (own && operand(o, i)->scattered)
			continue;
		/* Elsewhere only when rows must make room, and when all operands are scattered. */
		if (!own && found && (!out->evicted || all_placed(o)))
			break;
		if (own)
			r.at = ambit_shift_of(operand(o, i));
		else if (!find_room(a, o, &r.at) && found)
			break;
		plan_route(a, o, &r);
		if (!found || better(a, o, &r, out))
			*out = r;
		found = true;
		if (!r.apart && !r.evicted)
			break;
	}
	if (!out->evicted || !all_placed(o))
		return 0;
	unsigned long long need = out->moved + o->temporaries;
	return pim_call_fail(call, -ENOSPC, "ambit: %s: %llu temporary rows of each subarray needed, %u of %u free",
			     o->name, need, ambit_occupancy_common(&a->occupancy, &out->at, slots), a->occupancy.rows);
}

void ambit_route_copy(const struct ambit *a, const struct pim_operand *from, const struct pim_operand *to,
		      struct ambit_route *out)
{
	*out = (struct ambit_route){.at = ambit_shift_of(to)};
	enum ambit_clone kind = kind_of(a, from, &out->at);
	if (to->scattered)
		kind = AMBIT_CLONE_FAR;
	if (kind == AMBIT_CLONE_NONE)
		return;
	out->apart = true;
	out->rows[kind] = to->type.bits;
	if (kind != AMBIT_CLONE_FAR)
		(void)ambit_clone_cost(a->timing.dram, &a->geometry, kind, &out->cost[kind]);
}

static void charge_reload(const struct ambit *a, struct pim_call *call, mw_wide rows, uint64_t slots)
{
	mw_wide ps = reload_ps(a, rows, slots);
	if (!rows)
		return;
	core_charge(call, PIM_BYTES_RELOAD, 2 * rows * ambit_row_bytes(&a->geometry));
	core_time(call, PIM_PS_RELOAD, ps, 0);
	ambit_trace_wait(a, ps);
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
	charge_reload(a, call, reloaded(r, slots), slots);
}
