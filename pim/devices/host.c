/* The host itself behind the same handles: bulk operations on plain memory with the best kernels of this machine. It
 * has no cost of its own; a rate measured elsewhere can be given (gbps) and is then echoed in the spec. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "pim/core.h"
#include "pim/lanes.h"

struct host {
	double gbps; /* 0: unknown */
	size_t cache_bytes;
	char source[96];
};

static const struct pim_key keys[] = {
	{"gbps", PIM_KEY_REAL, NULL, NULL, 0.001, 1e6,
	 "measured rate of bulk operations, inputs + result, GB/s; without it the device has no cost"},
	{0},
};

static int host_open(void *priv, const struct pim_config *config, void **state, char *err, size_t n)
{
	(void)priv;
	struct host *h = calloc(1, sizeof(*h));
	if (!h)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	h->gbps = pim_config_text(config, "gbps") ? pim_config_real(config, "gbps") : 0;
	h->cache_bytes = lanes_cache_bytes();
	if (h->gbps > 0)
		(void)mw_fail(0, h->source, sizeof(h->source), "host rate of %g GB/s given in the spec", h->gbps);
	*state = h;
	return 0;
}

static void host_close(void *state)
{
	free(state);
}

static size_t bytes_of(const struct pim_operand *o)
{
	size_t bytes = 0;
	(void)core_host_bytes(o, &bytes);
	return bytes;
}

static int host_alloc(void *state, struct pim_call *call, struct pim_operand *o)
{
	(void)state;
	uint32_t bits = o->type.bits;
	if ((o->type.kind != PIM_UINT && o->type.kind != PIM_INT) ||
	    (bits != 1 && bits != 8 && bits != 16 && bits != 32 && bits != 64))
		return pim_call_fail(call, -EOPNOTSUPP, "host: integers of 1, 8, 16, 32 or 64 bits only");
	o->mem = lanes_alloc(bytes_of(o));
	return o->mem ? 0 : pim_call_fail(call, -ENOMEM, "host: no memory for %zu bytes", bytes_of(o));
}

static void host_free(void *state, struct pim_operand *o)
{
	(void)state;
	lanes_free(o->mem, bytes_of(o));
}

static int host_write(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes)
{
	const struct host *h = state;
	lanes_copy(call, o->mem, src, bytes, h->cache_bytes);
	return 0;
}

static int host_read(void *state, struct pim_call *call, const struct pim_operand *o, void *dst, size_t bytes)
{
	const struct host *h = state;
	lanes_copy(call, dst, o->mem, bytes, h->cache_bytes);
	if (o->type.bits == 1)
		lanes_mask_tail(dst, o->cols);
	return 0;
}

static int host_map(void *state, const struct pim_operand *o, void **p)
{
	(void)state;
	*p = o->mem;
	return 0;
}

/* The bulk operations come first in enum pim_op, in the kernels' order. */
_Static_assert((int)PIM_NOT == (int)MW_BULK_NOT && (int)PIM_MAJ == (int)MW_BULK_MAJ &&
		       (int)PIM_FILL == (int)MW_BULK_FILL,
	       "enum pim_op and enum mw_bulk_op agree on the bulk operations");

/* One lane's value repeated over 8 bytes. */
static uint64_t spread(uint64_t value, uint32_t bits)
{
	if (bits == 1)
		return value ? UINT64_MAX : 0;
	for (uint32_t w = bits; w < 64; w *= 2)
		value |= value << w;
	return value;
}

static int host_execute(void *state, struct pim_call *call, const struct pim_command *c)
{
	const struct host *h = state;
	if (c->op > PIM_FILL)
		return pim_call_fail(call, -EOPNOTSUPP, "host: %s is not a bulk operation", pim_op_name(c->op));
	size_t bytes = bytes_of(c->dst);
	enum mw_bulk_op op = (enum mw_bulk_op)c->op;
	uint64_t pattern = spread(c->value, c->dst->type.bits);
	const void *src[3] = {&pattern, NULL, NULL};
	for (unsigned i = 0; i < c->n_src; i++)
		src[i] = c->src[i]->mem;
	lanes_run(call, mw_bulk_best(op, lanes_store(bytes, c->n_src, h->cache_bytes)), c->dst->mem, src, c->n_src,
		  bytes);
	if (h->gbps > 0) {
		uint64_t ps = lanes_ps((c->n_src + 1) * (uint64_t)bytes, h->gbps);
		pim_call_time(call, PIM_PS_COMPUTE, ps, ps);
	}
	return 0;
}

static int host_counts(void *state, enum pim_count what)
{
	const struct host *h = state;
	bool time = what == PIM_PS_ELAPSED || what == PIM_PS_COMPUTE || what == PIM_PS_BUSY;
	return h->gbps > 0 && time ? 0 : -EOPNOTSUPP;
}

const struct pim_device_ops device_host = {
	.size = sizeof(struct pim_device_ops),
	.abi = PIM_ABI,
	.caps = PIM_CAP_VECTORS,
	.name = "host",
	.summary = "bulk operations on the host's own memory and processor",
	.keys = keys,
	.open = host_open,
	.close = host_close,
	.alloc = host_alloc,
	.free = host_free,
	.write = host_write,
	.read = host_read,
	.map = host_map,
	.execute = host_execute,
	.counts = host_counts,
};
