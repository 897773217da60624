/* Cost scopes, which are differences of the device's counters, and prices. */
#include <errno.h>
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
	mw_wide d = (c->stopped ? c->stop[what] : c->dev->counts[what]) - c->start[what];
	if (d > UINT64_MAX)
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

static int total(const struct pim_device *dev, const uint64_t *counts, struct pim_energy *out)
{
	for (unsigned i = 0; i < PIM_E_TOTAL; i++) {
		struct pim_energy e = {.size = sizeof(e)};
		int rc = dev->ops->energy(dev->state, counts, (enum pim_part)i, &e);
		if (rc == -EOPNOTSUPP)
			continue;
		if (rc < 0)
			return rc;
		out->parts |= 1u << i;
		out->min_pj += e.min_pj;
		out->typ_pj += e.typ_pj;
		out->max_pj += e.max_pj;
		out->source = e.source;
	}
	return out->parts ? 0 : -EOPNOTSUPP;
}

int pim_cost_energy(const struct pim_cost *c, enum pim_part part, struct pim_energy *energy)
{
	CORE_CHECK(c);
	if (!c || !energy || !pim_part_name(part) || energy->size < sizeof(*energy))
		return -EINVAL;
	struct pim_device *dev = c->dev;
	if (!dev->ops->energy)
		return core_fail(dev, -EOPNOTSUPP, "device %s has no energy model", dev->ops->name);
	uint64_t counts[PIM_COUNT_N];
	for (unsigned i = 0; i < PIM_COUNT_N; i++) {
		int out = difference(c, (enum pim_count)i, &counts[i]);
		if (out < 0)
			return out;
	}
	*energy = (struct pim_energy){.size = energy->size};
	int rc;
	if (part == PIM_E_TOTAL) {
		rc = total(dev, counts, energy);
	} else {
		rc = dev->ops->energy(dev->state, counts, part, energy);
		energy->parts = rc == 0 ? 1u << part : 0;
	}
	if (rc < 0)
		return core_fail(dev, rc, "device %s: energy part %s %s", dev->ops->name, pim_part_name(part),
				 rc == -EOPNOTSUPP ? "has no model" : "would be negative");
	return 0;
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
	int saved = errno;
	*price = (struct pim_price){.size = price->size, .energy = {.size = price->energy.size}};
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
