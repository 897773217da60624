/* Graphs with inputs and outputs (struct mig_net): making, copying, counting uses. */
#include <errno.h>
#include <stdlib.h>

#include "ambit-emu/rewrite.h"

static int net_init(struct mig_net *net, uint32_t n_in, uint32_t n_out, size_t expected)
{
	*net = (struct mig_net){.n_in = n_in, .n_out = n_out};
	int rc = mig_init(&net->g, expected);
	net->out = calloc((size_t)n_out + 1, sizeof(*net->out));
	if (!net->out)
		rc = -ENOMEM;
	for (uint32_t i = 0; i < n_in && rc == 0; i++) {
		(void)mig_leaf(&net->g);
		rc = net->g.rc;
	}
	return rc;
}

void mig_net_free(struct mig_net *net)
{
	mig_free(&net->g);
	free(net->out);
	*net = (struct mig_net){0};
}

int mig_net_like(struct mig_net *to, const struct mig_net *from)
{
	return net_init(to, from->n_in, from->n_out, from->g.n);
}

static void mark_used(const struct mig *g, const mig_literal *out, uint32_t n_out, uint32_t *refs)
{
	for (uint32_t i = 0; i < n_out; i++)
		refs[out[i] >> 1]++;
	for (uint32_t i = g->n; i-- > 1;)
		if (refs[i] && !mig_is_leaf(g, i))
			for (int k = 0; k < 3; k++)
				refs[g->v[i].in[k] >> 1]++;
}

uint32_t *mig_references(const struct mig_net *net)
{
	uint32_t *refs = calloc(net->g.n, sizeof(*refs));
	if (refs)
		mark_used(&net->g, net->out, net->n_out, refs);
	return refs;
}

int mig_net_copy(struct mig_net *net, const struct mig *g, const mig_literal *in, uint32_t n_in, const mig_literal *out,
		 uint32_t n_out)
{
	uint32_t *refs = calloc(g->n, sizeof(*refs));
	mig_literal *map = calloc(g->n, sizeof(*map));
	int rc = net_init(net, n_in, n_out, g->n);
	if (!refs || !map)
		rc = -ENOMEM;
	if (rc == 0) {
		mark_used(g, out, n_out, refs);
		for (uint32_t i = 0; i < n_in; i++)
			map[in[i] >> 1] = (i + 1) << 1;
		for (uint32_t i = 1; i < g->n; i++)
			if (refs[i] && !mig_is_leaf(g, i))
				map[i] = mig_maj(&net->g, mig_mapped(map, g->v[i].in[0]),
						 mig_mapped(map, g->v[i].in[1]), mig_mapped(map, g->v[i].in[2]));
		for (uint32_t i = 0; i < n_out; i++)
			net->out[i] = mig_mapped(map, out[i]);
		rc = net->g.rc;
	}
	free(refs);
	free(map);
	return rc;
}

int mig_net_clone(struct mig_net *to, const struct mig_net *from)
{
	mig_literal *in = calloc((size_t)from->n_in + 1, sizeof(*in));
	*to = (struct mig_net){0};
	if (!in)
		return -ENOMEM;
	for (uint32_t i = 0; i < from->n_in; i++)
		in[i] = (i + 1) << 1;
	int rc = mig_net_copy(to, &from->g, in, from->n_in, from->out, from->n_out);
	free(in);
	return rc;
}
