/* Cost scopes, which are differences of the device's counters, and prices. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pim/core.h"

int pim_cost_begin(struct pim_device *dev, struct pim_cost **out)
{
	CORE_CHECK(dev);
	if (!dev || !out)
		return -EINVAL;
	int saved = errno;
	struct pim_cost *c = calloc(1, sizeof(*c));
	errno = saved;
	*out = c;
	if (!c)
		return core_fail(dev, -ENOMEM, "out of memory");
	c->dev = dev;
	memcpy(c->start, dev->counts, sizeof(c->start));
	core_link_add(&dev->costs, &c->link);
	return 0;
}

void pim_cost_stop(struct pim_cost *c)
{
	CORE_CHECK(c);
	if (!c || c->stopped)
		return;
	memcpy(c->stop, c->dev->counts, sizeof(c->stop));
	c->stopped = true;
}

void pim_cost_end(struct pim_cost *c)
{
	CORE_CHECK(c);
	if (!c)
		return;
	int saved = errno;
	core_link_del(&c->link);
	core_bury(c->dev, &c->link);
	errno = saved;
}

/* The count of a scope. -ERANGE: it exceeds 64 bits. */
static int difference(const struct pim_cost *c, enum pim_count what, uint64_t *value)
{
	mw_wide end = c->stopped ? c->stop[what] : c->dev->counts[what], d = end - c->start[what];
	if (d > UINT64_MAX || end == CORE_FULL)
		return core_fail(c->dev, -ERANGE, "%s exceeds 2^64 - 1 in this scope", pim_count_name(what));
	*value = (uint64_t)d;
	return 0;
}

int pim_cost_count(const struct pim_cost *c, enum pim_count what, uint64_t *value)
{
	CORE_CHECK(c);
	if (!c || !value || !pim_count_name(what))
		return -EINVAL;
	const struct pim_device_ops *ops = c->dev->ops;
	int rc = ops->counts ? ops->counts(c->dev->state, what) : -EOPNOTSUPP;
	if (rc < 0)
		return core_fail(c->dev, rc, "device %s has no model of %s", ops->name, pim_count_name(what));
	return difference(c, what, value);
}

/* Does the part occur in what was counted? Commands always have a price where anything has one. */
static bool occurs(struct pim_device *dev, const uint64_t *counts, enum pim_part part)
{
	struct pim_device_info info = {.size = sizeof(info)};
	switch (part) {
	case PIM_E_BACKGROUND:
	case PIM_E_REFRESH: /* of DRAM */
		return counts[PIM_PS_ELAPSED] && dev->ops->info && dev->ops->info(dev->state, &info) == 0 &&
		       info.channels;
	case PIM_E_RD:
		return counts[PIM_BYTES_OUT] || counts[PIM_BYTES_COPIED];
	case PIM_E_WR:
		return counts[PIM_BYTES_IN] || counts[PIM_BYTES_RELOAD] || counts[PIM_BYTES_COPIED];
	case PIM_E_IO:
		return counts[PIM_BYTES_IN] || counts[PIM_BYTES_OUT] || counts[PIM_BYTES_RELOAD];
	case PIM_E_TRANSPOSE:
		return counts[PIM_BYTES_TRANSPOSE];
	case PIM_E_MAC:
		return counts[PIM_MACS];
	default:
		return counts[PIM_PROGRAMS] || counts[PIM_ACT_FIRST] || counts[PIM_PASSES];
	}
}

/* Energy of all parts; *any: one of those that occur has a model. */
static int total(struct pim_device *dev, const uint64_t *counts, struct pim_energy *out, bool *any)
{
	*any = false;
	for (unsigned i = 0; i < PIM_E_TOTAL; i++) {
		struct pim_energy e = {.size = sizeof(e)};
		int rc = dev->ops->energy(dev->state, counts, (enum pim_part)i, &e);
		bool happened = occurs(dev, counts, (enum pim_part)i);
		if (rc == -EOPNOTSUPP) {
			out->missing |= i > PIM_E_PRE && happened ? 1u << i : 0;
			continue;
		}
		if (rc < 0)
			return rc;
		*any |= happened;
		out->parts |= 1u << i;
		out->min_pj += e.min_pj;
		out->typ_pj += e.typ_pj;
		out->max_pj += e.max_pj;
		out->source = e.source;
	}
	return out->parts ? 0 : -EOPNOTSUPP;
}

static int read_counts(const struct pim_cost *c, uint64_t *counts)
{
	int rc = c->dev->ops->energy ? 0 : -EOPNOTSUPP;
	if (rc < 0)
		return core_fail(c->dev, rc, "device %s has no energy model", c->dev->ops->name);
	for (unsigned i = 0; i < PIM_COUNT_N && rc == 0; i++)
		rc = difference(c, (enum pim_count)i, &counts[i]);
	return rc;
}

int pim_cost_energy(const struct pim_cost *c, enum pim_part part, struct pim_energy *energy)
{
	CORE_CHECK(c);
	if (!c || !energy || !pim_part_name(part) || energy->size < sizeof(*energy))
		return -EINVAL;
	struct pim_device *dev = c->dev;
	uint64_t counts[PIM_COUNT_N];
	bool any;
	int rc = read_counts(c, counts);
	if (rc < 0)
		return rc;
	*energy = (struct pim_energy){.size = energy->size};
	if (part == PIM_E_TOTAL) {
		rc = total(dev, counts, energy, &any);
	} else {
		rc = dev->ops->energy(dev->state, counts, part, energy);
		energy->parts = rc == 0 ? 1u << part : 0;
	}
	if (rc < 0)
		return core_fail(dev, rc, "device %s: energy part %s %s", dev->ops->name, pim_part_name(part),
				 rc == -EOPNOTSUPP ? "has no model" : "would be negative");
	return 0;
}

/* The counts that go with one part of the time. */
static bool goes_with(enum pim_count what, enum pim_count time)
{
	switch (what) {
	case PIM_BYTES_IN:
		return time == PIM_PS_IN;
	case PIM_BYTES_OUT:
		return time == PIM_PS_OUT;
	case PIM_BYTES_RELOAD:
		return time == PIM_PS_RELOAD;
	case PIM_BYTES_COPIED:
	case PIM_COPIES_INTER_BANK:
	case PIM_COPIES_INTER_SUBARRAY:
		return time == PIM_PS_COPY;
	case PIM_BYTES_TRANSPOSE:
		return time == PIM_PS_TRANSPOSE;
	default:
		return what == time || (what < PIM_BYTES_IN && time == PIM_PS_COMPUTE);
	}
}

/* Energy of the counts that go with `time`, and with `also` if that is another. The time that banks are busy belongs to
 * computing and copying together. */
static int energy_of(const struct pim_cost *c, const uint64_t *all, enum pim_count time, enum pim_count also,
		     struct pim_energy *out, bool *any)
{
	uint64_t counts[PIM_COUNT_N] = {0};
	for (unsigned i = 0; i < PIM_COUNT_N; i++)
		if (goes_with((enum pim_count)i, time) || goes_with((enum pim_count)i, also))
			counts[i] = all[i];
	counts[PIM_PS_ELAPSED] = all[time] + (also == time ? 0 : all[also]);
	if (time == PIM_PS_COMPUTE)
		counts[PIM_PS_BUSY] = all[PIM_PS_BUSY];
	return total(c->dev, counts, out, any);
}

int pim_cost_energy_during(const struct pim_cost *c, enum pim_count time, struct pim_energy *energy)
{
	CORE_CHECK(c);
	if (!c || !energy || time < PIM_PS_COMPUTE || time > PIM_PS_HOST || energy->size < sizeof(*energy))
		return -EINVAL;
	uint64_t counts[PIM_COUNT_N] = {0};
	struct pim_energy copies = {.size = sizeof(copies)};
	bool any = false, ignored;
	int rc = read_counts(c, counts);
	if (rc < 0)
		return rc;
	*energy = (struct pim_energy){.size = energy->size};
	bool both = time == PIM_PS_COMPUTE && counts[PIM_PS_COPY];
	rc = energy_of(c, counts, time, both ? PIM_PS_COPY : time, energy, &any);
	if (rc == 0 && both)
		rc = energy_of(c, counts, PIM_PS_COPY, PIM_PS_COPY, &copies, &ignored);
	if (rc == 0 && !any && counts[time])
		rc = -EOPNOTSUPP;
	if (rc < 0)
		return core_fail(c->dev, rc, "device %s: the energy during %s %s", c->dev->ops->name,
				 pim_count_name(time), rc == -EOPNOTSUPP ? "has no model" : "would be negative");
	energy->min_pj -= copies.min_pj;
	energy->typ_pj -= copies.typ_pj;
	energy->max_pj -= copies.max_pj;
	return 0;
}

void core_price_start(struct pim_price *out)
{
	*out = (struct pim_price){.size = out->size, .energy = {.size = out->energy.size}};
	out->disturbance = (struct pim_disturbance){
		.guard_time = NAN,
		.guard_energy = NAN,
		.guard_multi_time = NAN,
		.guard_multi_energy = NAN,
		.refresh_rate = NAN,
		.refresh_share = NAN,
		.rotate_time = NAN,
		.rotate_energy = NAN,
	};
}

int pim_price_of(struct pim_device *dev, enum pim_op op, struct pim_type type, struct pim_price *price)
{
	CORE_CHECK(dev);
	if (!dev || !price)
		return -EINVAL;
	if (!pim_op_name(op))
		return core_fail(dev, -EINVAL, "no operation has the number %d", (int)op);
	if (price->size < sizeof(*price) || price->energy.size < sizeof(price->energy))
		return core_fail(dev, -EINVAL, "a price needs both sizes set");
	int rc = core_check_type(dev, type);
	if (rc < 0)
		return rc;
	struct pim_type result;
	if (pim_op_result(op, type, &result) == -EOPNOTSUPP)
		return core_fail(dev, -EOPNOTSUPP, "%s of %u bits: its result of %u bits exceeds 64", pim_op_name(op),
				 type.bits, result.bits);
	int saved = errno;
	core_price_start(price);
	rc = dev->ops->price ? dev->ops->price(dev->state, op, type, price) : -EOPNOTSUPP;
	errno = saved;
	if (rc == -EOPNOTSUPP)
		return core_fail(dev, rc, "device %s has no model of %s on %u bits", dev->ops->name, pim_op_name(op),
				 type.bits);
	if (rc < 0)
		return rc;
	price->size = sizeof(*price);
	price->energy.size = sizeof(price->energy);
	/* A device of others may leave out what it has no model of; that is no price of 0. */
	if (price->ps == 0 || price->ps_batch == 0 || price->programs == 0 || price->lanes == 0)
		return core_fail(dev, -EOPNOTSUPP, "device %s gives no time or no lanes for %s on %u bits",
				 dev->ops->name, pim_op_name(op), type.bits);
	if (!price->source) {
		price->source = "the device names no source";
		price->verified = 0;
	}
	return 0;
}
