#include "ambit-emu/mig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mig_init(struct mig *g, size_t expected)
{
	*g = (struct mig){.capacity = 64, .mask = 63};
	while (g->capacity < expected && g->capacity < MIG_MAX_NODES)
		g->capacity *= 2;
	g->mask = g->capacity - 1;
	g->v = calloc(g->capacity, sizeof(*g->v));
	g->head = calloc(g->capacity, sizeof(*g->head));
	if (!g->v || !g->head) {
		mig_free(g);
		return -ENOMEM;
	}
	g->n = 1;
	return 0;
}

void mig_free(struct mig *g)
{
	free(g->v);
	free(g->head);
	*g = (struct mig){0};
}

static uint32_t bucket(const struct mig *g, const mig_literal in[3])
{
	return (in[0] * 0x9e3779b1u ^ in[1] * 0x85ebca6bu ^ in[2] * 0xc2b2ae35u) >> 7 & g->mask;
}

static int grow(struct mig *g)
{
	if (g->capacity >= MIG_MAX_NODES)
		return -E2BIG;
	uint32_t capacity = 2 * g->capacity;
	struct mig_node *v = reallocarray(g->v, capacity, sizeof(*v));
	if (!v)
		return -ENOMEM;
	g->v = v;
	g->capacity = capacity;
	uint32_t *head = calloc(capacity, sizeof(*head));
	if (!head)
		return -ENOMEM;
	free(g->head);
	g->head = head;
	g->mask = capacity - 1;
	for (uint32_t i = 1; i < g->n; i++) {
		if (mig_is_leaf(g, i))
			continue;
		uint32_t h = bucket(g, v[i].in);
		v[i].next = head[h];
		head[h] = i;
	}
	return 0;
}

static uint32_t new_node(struct mig *g)
{
	if (g->rc == 0 && g->n == g->capacity)
		g->rc = grow(g);
	if (g->rc < 0)
		return 0;
	g->v[g->n] = (struct mig_node){{0}, 0};
	return g->n++;
}

mig_literal mig_leaf(struct mig *g)
{
	return new_node(g) << 1;
}

static void sort2(mig_literal *a, mig_literal *b)
{
	if (*a > *b) {
		mig_literal t = *a;
		*a = *b;
		*b = t;
	}
}

/* Normalises the operands. *known: the result where it needs no new node, else MIG_NONE. Returns whether the node to
 * make is the complement of what was asked for. */
static mig_literal normalise(const struct mig *g, mig_literal in[3], mig_literal *known)
{
	sort2(&in[0], &in[1]);
	sort2(&in[1], &in[2]);
	sort2(&in[0], &in[1]);
	*known = MIG_NONE;
	/* Sorted literals: a node and its complement are adjacent. */
	if (in[0] >> 1 == in[1] >> 1)
		*known = in[0] == in[1] ? in[0] : in[2];
	else if (in[1] >> 1 == in[2] >> 1)
		*known = in[1] == in[2] ? in[1] : in[0];
	mig_literal flip = in[0] & 1; /* self-dual: MAJ(~a,~b,~c) = ~MAJ(a,b,c); the first literal is kept plain */
	if (*known != MIG_NONE)
		return flip;
	for (int i = 0; i < 3; i++)
		in[i] ^= flip;
	for (uint32_t i = g->head[bucket(g, in)]; i; i = g->v[i].next)
		if (memcmp(g->v[i].in, in, sizeof(g->v[i].in)) == 0) {
			*known = i << 1 | flip;
			break;
		}
	return flip;
}

mig_literal mig_find(const struct mig *g, mig_literal a, mig_literal b, mig_literal c)
{
	mig_literal in[3] = {a, b, c}, known;
	(void)normalise(g, in, &known);
	return known;
}

mig_literal mig_maj(struct mig *g, mig_literal a, mig_literal b, mig_literal c)
{
	mig_literal in[3] = {a, b, c}, known;
	mig_literal flip = normalise(g, in, &known);
	if (known != MIG_NONE)
		return known;
	uint32_t i = new_node(g);
	if (g->rc < 0)
		return MIG_ZERO;
	uint32_t h = bucket(g, in);
	memcpy(g->v[i].in, in, sizeof(in));
	g->v[i].next = g->head[h];
	g->head[h] = i;
	return i << 1 | flip;
}

mig_literal mig_xor(struct mig *g, mig_literal a, mig_literal b)
{
	mig_literal flip = (a ^ b) & 1; /* of a ^ ~b */
	a &= ~1u;
	b &= ~1u;
	mig_literal left = mig_and(g, a, b ^ 1), right = mig_and(g, a ^ 1, b);
	return mig_or(g, left, right) ^ flip;
}

mig_literal mig_mux(struct mig *g, mig_literal s, mig_literal t, mig_literal e)
{
	if (t == e)
		return t;
	if (t == (e ^ 1))
		return mig_xor(g, s, e);
	if (t <= MIG_ONE || t >> 1 == s >> 1) /* s ? 1 : e = s | e */
		return t == MIG_ONE || t == s ? mig_or(g, s, e) : mig_and(g, s ^ 1, e);
	if (e <= MIG_ONE || e >> 1 == s >> 1)
		return e == MIG_ZERO || e == s ? mig_and(g, s, t) : mig_or(g, s ^ 1, t);
	/* MAJ(s|e, ~s&e, t) has one operand fewer to copy than (s & t) | (~s & e). */
	return mig_maj(g, mig_or(g, s, e), mig_and(g, s ^ 1, e), t);
}

void mig_evaluate(const struct mig *g, uint64_t *value)
{
	value[0] = 0;
	for (uint32_t i = 1; i < g->n; i++) {
		if (mig_is_leaf(g, i))
			continue;
		const mig_literal *in = g->v[i].in;
		uint64_t a = mig_value(value, in[0]), b = mig_value(value, in[1]), c = mig_value(value, in[2]);
		value[i] = (a & b) | (c & (a | b));
	}
}

int mig_measure(const struct mig *g, const mig_literal *out, size_t n_out, struct mig_size *size)
{
	*size = (struct mig_size){0};
	uint32_t *level = calloc(g->n, sizeof(*level));
	bool *used = calloc(g->n, sizeof(*used));
	if (!level || !used) {
		free(level);
		free(used);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n_out; i++)
		used[out[i] >> 1] = true;
	for (uint32_t i = g->n; i-- > 1;)
		for (int k = 0; k < 3 && used[i]; k++)
			used[g->v[i].in[k] >> 1] = true;
	for (uint32_t i = 1; i < g->n; i++) {
		if (!used[i] || mig_is_leaf(g, i))
			continue;
		for (int k = 0; k < 3; k++)
			if (level[g->v[i].in[k] >> 1] >= level[i])
				level[i] = level[g->v[i].in[k] >> 1] + 1;
		size->nodes++;
		if (level[i] > size->depth)
			size->depth = level[i];
	}
	free(level);
	free(used);
	return 0;
}
