/* Every value is computed once, as a function of up to three others: an XOR, which is three majorities, or a chain of
 * two ANDs is one function. So a program takes no more passes than the operations that it was written with, and these
 * passes stay in the first-level cache, because all of them work on one block before the next. */
#include "pim/program_fused.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pim/core.h"
#include "pim/lanes.h"
#include "pim/logic.h"

/* ---- covering ---- */

/* A node as a function of leaves, which are nodes; unused ones are NONE. */
struct cover {
	uint32_t leaf[3];
	uint8_t f;
};

enum { NONE = UINT32_MAX };

struct node {
	struct cover cover;
	uint32_t uses; /* steps that read it and are not emitted yet */
	struct fused_ref at;
};

static unsigned place_of(const struct cover *c, uint32_t node)
{
	unsigned i = 0;
	while (i < 3 && c->leaf[i] != node)
		i++;
	return i;
}

/* Adds a leaf; false when there is no room. */
static bool add_leaf(struct cover *c, uint32_t node)
{
	if (place_of(c, node) < 3)
		return true;
	unsigned room = place_of(c, NONE);
	if (room < 3)
		c->leaf[room] = node;
	return room < 3;
}

/* Function number of `from` over the leaves of `to`, which has all of from's. */
static unsigned over(const struct cover *from, const struct cover *to)
{
	unsigned f = 0;
	for (unsigned m = 0; m < 8; m++) {
		unsigned at = 0;
		for (unsigned i = 0; i < 3; i++)
			if (from->leaf[i] != NONE)
				at |= (m >> place_of(to, from->leaf[i]) & 1) << i;
		f |= (unsigned)(from->f >> at & 1) << m;
	}
	return f;
}

static struct cover leaf_itself(uint32_t node)
{
	return (struct cover){{node, NONE, NONE}, LOGIC_A};
}

static const struct cover zero = {{NONE, NONE, NONE}, 0};

/* Gathers the leaves of a majority's operands, those of `inlined` (bits 0..2) being replaced by theirs. */
static bool gather(const struct mig *g, const struct node *done, uint32_t node, unsigned inlined, struct cover part[3],
		   struct cover *all)
{
	*all = zero;
	for (unsigned k = 0; k < 3; k++) {
		uint32_t operand = g->v[node].in[k] >> 1;
		if (operand == 0)
			part[k] = zero;
		else if (inlined >> k & 1 && !mig_is_leaf(g, operand))
			part[k] = done[operand].cover;
		else
			part[k] = leaf_itself(operand);
		for (unsigned l = 0; l < 3; l++)
			if (part[k].leaf[l] != NONE && !add_leaf(all, part[k].leaf[l]))
				return false;
	}
	return true;
}

/* Covers a majority, with as many operands replaced by their own functions as three leaves allow. */
static struct cover cover_node(const struct mig *g, const struct node *done, uint32_t node)
{
	static const uint8_t most_first[] = {7, 3, 5, 6, 1, 2, 4, 0};
	struct cover part[3], all;
	unsigned v[3], i = 0;
	while (!gather(g, done, node, most_first[i], part, &all))
		i++; /* 0 always fits */
	for (unsigned k = 0; k < 3; k++)
		v[k] = over(&part[k], &all) ^ (g->v[node].in[k] & 1 ? 0xffu : 0);
	all.f = (uint8_t)((v[0] & v[1]) | (v[2] & (v[0] | v[1])));
	return all;
}

/* ---- planning ---- */

struct planner {
	const struct mig_net *net;
	struct node *node;
	uint32_t *spare, n_spare; /* buffers that are free again */
	struct fused_plan *out;
};

static void count_uses(struct planner *p, const struct cover *c)
{
	for (unsigned i = 0; i < 3; i++)
		if (c->leaf[i] != NONE)
			p->node[c->leaf[i]].uses++;
}

static struct cover cover_of(const struct planner *p, uint32_t node)
{
	if (node == 0)
		return zero;
	return mig_is_leaf(&p->net->g, node) ? leaf_itself(node) : p->node[node].cover;
}

/* Emits dst = c; buffers of leaves that are not read again become free. */
static void emit(struct planner *p, const struct cover *c, unsigned flip, struct fused_ref dst)
{
	struct fused_step *s = &p->out->step[p->out->n++];
	*s = (struct fused_step){.f = (uint8_t)(c->f ^ flip), .dst = dst};
	for (unsigned i = 0; i < 3; i++)
		s->src[i] = c->leaf[i] != NONE ? p->node[c->leaf[i]].at : i ? s->src[0] : dst;
	for (unsigned i = 0; i < 3; i++)
		if (c->leaf[i] != NONE && --p->node[c->leaf[i]].uses == 0 && p->node[c->leaf[i]].at.in == FUSED_BUFFER)
			p->spare[p->n_spare++] = p->node[c->leaf[i]].at.index;
}

static struct fused_ref take_buffer(struct planner *p)
{
	uint32_t index = p->n_spare ? p->spare[--p->n_spare] : p->out->buffers++;
	return (struct fused_ref){FUSED_BUFFER, index};
}

static void make_steps(struct planner *p)
{
	const struct mig_net *net = p->net;
	uint32_t first = net->n_in + 1, n = net->g.n;
	for (uint32_t i = first; i < n; i++)
		p->node[i].cover = cover_node(&net->g, p->node, i);
	for (uint32_t k = 0; k < net->n_out; k++) {
		const struct cover c = cover_of(p, net->out[k] >> 1);
		count_uses(p, &c);
	}
	for (uint32_t i = n; i-- > first;)
		if (p->node[i].uses)
			count_uses(p, &p->node[i].cover);
	for (uint32_t i = 1; i < first; i++)
		p->node[i].at = (struct fused_ref){FUSED_INPUT, i - 1};
	for (uint32_t i = first; i < n; i++) {
		if (!p->node[i].uses)
			continue;
		p->node[i].at = take_buffer(p);
		emit(p, &p->node[i].cover, 0, p->node[i].at);
	}
	for (uint32_t k = 0; k < net->n_out; k++) {
		const struct cover c = cover_of(p, net->out[k] >> 1);
		emit(p, &c, net->out[k] & 1 ? 0xff : 0, (struct fused_ref){FUSED_RESULT, k});
	}
}

int fused_plan(const struct mig_net *net, struct fused_plan *out)
{
	size_t n = net->g.n;
	*out = (struct fused_plan){.inputs = net->n_in, .results = net->n_out};
	struct node *node = calloc(n, sizeof(*node));
	uint32_t *spare = calloc(n, sizeof(*spare));
	out->step = calloc(n + net->n_out, sizeof(*out->step));
	int rc = node && spare && out->step ? 0 : -ENOMEM;
	struct planner p = {.net = net, .node = node, .spare = spare, .out = out};
	if (rc == 0)
		make_steps(&p);
	else
		fused_free(out);
	free(node);
	free(spare);
	return rc;
}

void fused_free(struct fused_plan *p)
{
	free(p->step);
	p->step = NULL;
}

/* ---- running ---- */

struct run {
	const struct fused_plan *p;
	const struct logic_table *table;
	char *const *dst;
	char *const *src;
	size_t bytes, block, n;
	bool apart;      /* results are computed in buffers and copied at the end of a block */
	mw_bulk_fn copy; /* of these */
	char *buffers;   /* of all slices */
	size_t per_slice;
};

static char *place(const struct run *r, struct fused_ref ref, char *buffers, size_t at)
{
	if (ref.in == FUSED_INPUT)
		return r->src[ref.index] + at;
	if (ref.in == FUSED_BUFFER)
		return buffers + ref.index * r->block;
	return r->apart ? buffers + (r->p->buffers + ref.index) * r->block : r->dst[ref.index] + at;
}

static void run_block(const struct run *r, char *buffers, size_t at, size_t bytes)
{
	const struct fused_plan *p = r->p;
	for (size_t i = 0; i < p->n; i++) {
		const struct fused_step *s = &p->step[i];
		const void *const src[3] = {place(r, s->src[0], buffers, at), place(r, s->src[1], buffers, at),
					    place(r, s->src[2], buffers, at)};
		r->table->fn[s->f](place(r, s->dst, buffers, at), src, bytes);
	}
	for (uint32_t k = 0; k < p->results && r->apart; k++) {
		const void *const from[3] = {buffers + (p->buffers + k) * r->block};
		r->copy(r->dst[k] + at, from, bytes);
	}
}

static void run_slice(void *arg, size_t i)
{
	const struct run *r = arg;
	size_t begin, end;
	lanes_slice(r->bytes, 4096, i, r->n, &begin, &end);
	for (size_t at = begin; at < end; at += r->block)
		run_block(r, r->buffers + i * r->per_slice, at, end - at < r->block ? end - at : r->block);
}

static bool in_place(const struct fused_plan *p, char *const *dst, char *const *src)
{
	for (uint32_t k = 0; k < p->results; k++)
		for (uint32_t i = 0; i < p->inputs; i++)
			if (dst[k] == src[i])
				return true;
	return false;
}

/* Bytes of a block: all buffers, and as many rows of the caller, fit in half of a first-level cache of 32 KiB. */
static size_t block_of(const struct fused_plan *p)
{
	size_t rows = (size_t)p->buffers + p->results + p->inputs, block = 4096;
	while (block > 512 && rows * block > 16384)
		block /= 2;
	return block;
}

int fused_run(const struct fused_plan *p, struct pim_call *call, char *const *dst, char *const *src, size_t bytes,
	      size_t cache_bytes)
{
	if (p->n == 1) { /* one operation on whole rows */
		const struct fused_ref *in = p->step[0].src;
		const void *rows[3];
		for (unsigned i = 0; i < 3; i++)
			rows[i] = in[i].in == FUSED_INPUT ? src[in[i].index] : dst[0];
		logic_run(call, p->step[0].f, dst[0], rows, bytes, cache_bytes);
		return 0;
	}
	struct run r = {.p = p, .table = logic_table(mw_isa_best()), .dst = dst, .src = src, .bytes = bytes};
	enum mw_bulk_store store =
		bytes > cache_bytes / ((size_t)p->inputs + p->results) ? MW_STORE_NT : MW_STORE_ORDINARY;
	r.apart = store == MW_STORE_NT || in_place(p, dst, src);
	r.copy = mw_bulk_best(MW_BULK_COPY, store);
	r.block = block_of(p);
	r.n = bytes < ((size_t)256 << 10) ? 1 : pim_call_threads(call);
	r.per_slice = ((size_t)p->buffers + (r.apart ? p->results : 0)) * r.block;
	if (r.per_slice) {
		r.buffers = aligned_alloc(LANES_LINE, r.n * r.per_slice);
		if (!r.buffers)
			return pim_call_fail(call, -ENOMEM, "no memory to evaluate %zu functions", p->n);
	}
	pim_call_run(call, r.n, run_slice, &r);
	free(r.buffers);
	return 0;
}
