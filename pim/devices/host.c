/* The host as a device: operations on plain memory with the best kernels of this machine. It has no cost of its own; a
 * measured rate can be given (gbps) and is then part of the spec. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "pim/arith.h"
#include "pim/core.h"
#include "pim/lanes.h"

struct host {
	double gbps; /* 0: unknown */
	size_t cache_bytes;
	char source[96];
};

static const struct pim_key keys[] = {
	{"gbps", PIM_KEY_REAL, NULL, NULL, 0.001, 1e6,
	 "measured rate of operations, inputs + result, GB/s; without it the device has no cost"},
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
	if (o->type.kind != PIM_UINT && o->type.kind != PIM_INT)
		return pim_call_fail(call, -EOPNOTSUPP, "host: lanes are integers of 1..64 bits");
	size_t bytes = arith_bytes(o->type.bits, o->cols);
	o->mem = bytes ? lanes_alloc(bytes) : NULL;
	return o->mem ? 0 : pim_call_fail(call, -ENOMEM, "host: no memory for %zu bytes", bytes_of(o));
}

static void host_free(void *state, struct pim_operand *o)
{
	(void)state;
	lanes_free(o->mem, arith_bytes(o->type.bits, o->cols));
}

static int host_write(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes)
{
	const struct host *h = state;
	(void)bytes;
	arith_write(call, o->mem, src, o->type.bits, o->cols, h->cache_bytes);
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

static void charge(const struct host *h, struct pim_call *call, uint64_t bytes)
{
	if (h->gbps > 0) {
		mw_wide ps = lanes_ps(bytes, h->gbps);
		core_time(call, PIM_PS_COMPUTE, ps, ps);
	}
}

static int reduce(struct pim_call *call, const struct pim_command *c)
{
	const struct pim_operand *o = c->src[0];
	uint64_t acc;
	int rc = arith_reduce_all(call, c->op, o->type, o->mem, o->cols, &acc);
	if (rc < 0)
		return pim_call_fail(call, rc, "host: no memory for partial results");
	*c->result = arith_reduce_value(c->op, o->type, acc);
	return 0;
}

static int compute(const struct host *h, struct pim_call *call, const struct pim_command *c)
{
	struct arith_job j = {.op = c->op,
			      .type = c->n_src ? c->src[c->n_src - 1]->type : c->dst->type,
			      .value = c->value,
			      .lanes = c->dst->cols,
			      .dst = c->dst->mem,
			      .cache_bytes = h->cache_bytes};
	for (unsigned i = 0; i < c->n_src; i++)
		j.src[i] = c->src[i]->mem;
	int rc = arith_run(call, &j);
	return rc < 0 ? pim_call_fail(call, rc, "host: no kernel for %s", pim_op_name(c->op)) : 0;
}

static int host_execute(void *state, struct pim_call *call, const struct pim_command *c)
{
	const struct host *h = state;
	uint64_t bytes = 0;
	int rc = 0;
	for (unsigned i = 0; i < c->n_src; i++)
		bytes += bytes_of(c->src[i]);
	if (c->result) {
		rc = reduce(call, c);
		if (rc == 0)
			charge(h, call, bytes);
		return rc;
	}
	bytes += bytes_of(c->dst);
	if (c->op == PIM_SHIFT_LANES)
		arith_shift_lanes(c->dst->mem, c->src[0]->mem, arith_unit(c->dst->type.bits), c->dst->cols,
				  (int64_t)c->value);
	else
		rc = compute(h, call, c);
	if (rc == 0)
		charge(h, call, bytes);
	return rc;
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
	.summary = "the same operations on the host's own memory and processor",
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
