#include "ambit-emu/cut4.h"

#include <string.h>

static bool unite(const struct cut4 *a, const struct cut4 *b, struct cut4 *out)
{
	unsigned i = 0, k = 0, n = 0;
	uint32_t leaf[NPN_INPUTS] = {0};
	while (i < a->n || k < b->n) {
		uint32_t x = i < a->n ? a->leaf[i] : UINT32_MAX, y = k < b->n ? b->leaf[k] : UINT32_MAX;
		if (n == NPN_INPUTS)
			return false;
		leaf[n++] = x < y ? x : y;
		i += x <= y;
		k += y <= x;
	}
	memcpy(out->leaf, leaf, sizeof(leaf));
	out->n = (uint8_t)n;
	return true;
}

/* Moves variable `from` of a table to the later place `to`, which it does not depend on. */
static uint16_t move_input(uint16_t f, unsigned from, unsigned to)
{
	static const uint16_t keep[3] = {0x9999, 0xc3c3, 0xf00f}, up[3] = {0x2222, 0x0c0c, 0x00f0};
	for (; from < to && from < NPN_INPUTS - 1; from++)
		f = (uint16_t)((f & keep[from]) | (f & up[from]) << (1u << from) | (f >> (1u << from) & up[from]));
	return f;
}

/* The function of cut c with the leaves of the larger cut `to` as variables. */
static uint16_t widen(const struct cut4 *c, const struct cut4 *to)
{
	uint16_t f = c->function;
	for (unsigned i = c->n, k = to->n; i-- > 0;) {
		do
			k--;
		while (to->leaf[k] != c->leaf[i]);
		f = move_input(f, i, k);
	}
	return f;
}

static bool depends(uint16_t f, unsigned k)
{
	return (f & npn_input[k]) >> (1u << k) != (f & (uint16_t)~npn_input[k]);
}

/* Drops leaves that the function does not depend on. */
static void reduce(struct cut4 *c)
{
	for (unsigned k = c->n; k-- > 0;) {
		if (depends(c->function, k))
			continue;
		for (unsigned i = k; i + 1 < c->n; i++) {
			c->function = move_input(c->function, i, i + 1);
			c->leaf[i] = c->leaf[i + 1];
		}
		c->n--;
	}
}

bool cut4_same_leaves(const struct cut4 *a, const struct cut4 *b)
{
	return a->n == b->n && memcmp(a->leaf, b->leaf, a->n * sizeof(a->leaf[0])) == 0;
}

void cut4_insert(struct cut4_list *l, unsigned at, const struct cut4 *c)
{
	if (at == CUT4_MAX - 1)
		return;
	if (l->n == CUT4_MAX - 1)
		l->n--;
	memmove(&l->v[at + 1], &l->v[at], (l->n - at) * sizeof(*c));
	l->v[at] = *c;
	l->n++;
}

struct cut4 cut4_self(uint32_t node)
{
	return (struct cut4){.leaf = {node}, .function = npn_input[0], .n = 1};
}

bool cut4_merge(const struct cut4 *a, const struct cut4 *b, const struct cut4 *c, const mig_literal in[3],
		struct cut4 *out)
{
	struct cut4 two, all = {.n = 0};
	if (!unite(a, b, &two) || !unite(&two, c, &all))
		return false;
	uint16_t f[3] = {widen(a, &all), widen(b, &all), widen(c, &all)};
	for (int k = 0; k < 3; k++)
		f[k] ^= (uint16_t)(0 - (in[k] & 1));
	all.function = (uint16_t)((f[0] & f[1]) | (f[2] & (f[0] | f[1])));
	reduce(&all);
	*out = all;
	return true;
}

bool cut4_inside(const struct cut4 *a, const struct cut4 *b)
{
	unsigned i = 0;
	for (unsigned k = 0; k < b->n && i < a->n; k++)
		i += a->leaf[i] == b->leaf[k];
	return i == a->n;
}
