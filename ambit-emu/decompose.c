#include "ambit-emu/decompose.h"

#include <string.h>

#include "ambit-emu/npn.h"

struct function {
	uint8_t v[DECOMPOSE_ROWS];
	unsigned n;
	mig_literal in[DECOMPOSE_INPUTS];
};

static unsigned rows(const struct function *f)
{
	return 1u << f->n;
}

/* f with input k at `value`; the inputs above it move down. */
static void cofactor(const struct function *f, unsigned k, unsigned value, struct function *out)
{
	const unsigned low = (1u << k) - 1;
	out->n = f->n - 1;
	for (unsigned i = 0; i < rows(out); i++)
		out->v[i] = f->v[(i & low) | (i & ~low) << 1 | value << k];
	for (unsigned i = 0; i < out->n; i++)
		out->in[i] = f->in[i + (i >= k)];
}

enum relation { UNRELATED, EQUAL, COMPLEMENT, BELOW, ABOVE };

static enum relation compare(const struct function *a, const struct function *b)
{
	bool equal = true, complement = true, below = true, above = true;
	for (unsigned i = 0; i < rows(a); i++) {
		equal &= a->v[i] == b->v[i];
		complement &= a->v[i] != b->v[i];
		below &= a->v[i] <= b->v[i];
		above &= a->v[i] >= b->v[i];
	}
	return equal ? EQUAL : complement ? COMPLEMENT : below ? BELOW : above ? ABOVE : UNRELATED;
}

static bool is_constant(const struct function *f, uint8_t value)
{
	return memchr(f->v, value ^ 1, rows(f)) == NULL;
}

static unsigned support(const struct function *f)
{
	struct function low, high;
	unsigned n = 0;
	for (unsigned k = 0; k < f->n; k++) {
		cofactor(f, k, 0, &low);
		cofactor(f, k, 1, &high);
		n += compare(&low, &high) != EQUAL;
	}
	return n;
}

static mig_literal build(struct mig *g, const struct function *f);

static mig_literal small(struct mig *g, const struct function *f)
{
	mig_literal leaf[NPN_INPUTS] = {MIG_ZERO};
	uint16_t table = 0;
	for (unsigned i = 0; i < 1u << NPN_INPUTS; i++)
		table |= (uint16_t)(f->v[i & (rows(f) - 1)] << i);
	memcpy(leaf, f->in, f->n * sizeof(leaf[0]));
	struct npn_match m;
	npn_find(table, &m);
	return npn_plant(g, &m, leaf);
}

/* f = x & h, x | h, x ^ h for an input x, plain or complemented; or f does not depend on x. */
static bool split_input(struct mig *g, const struct function *f, mig_literal *out)
{
	struct function low, high;
	for (unsigned k = 0; k < f->n; k++) {
		cofactor(f, k, 0, &low);
		cofactor(f, k, 1, &high);
		enum relation r = compare(&low, &high);
		mig_literal x = f->in[k];
		if (r == EQUAL)
			*out = build(g, &low);
		else if (is_constant(&low, 0))
			*out = mig_and(g, x, build(g, &high));
		else if (is_constant(&high, 0))
			*out = mig_and(g, x ^ 1, build(g, &low));
		else if (is_constant(&low, 1))
			*out = mig_or(g, x ^ 1, build(g, &high));
		else if (is_constant(&high, 1))
			*out = mig_or(g, x, build(g, &low));
		else if (r == COMPLEMENT)
			*out = mig_xor(g, x, build(g, &low));
		else
			continue;
		return true;
	}
	return false;
}

/* Puts the bits of x, from the lowest on, at the places that mask names. */
static unsigned scatter(unsigned x, unsigned mask)
{
	unsigned out = 0;
	for (unsigned k = 0; mask >> k; k++)
		if (mask >> k & 1) {
			out |= (x & 1) << k;
			x >>= 1;
		}
	return out;
}

static bool same_column(const struct function *f, unsigned a, unsigned b, unsigned others)
{
	const unsigned n = 1u << (f->n - (unsigned)__builtin_popcount(~others & (rows(f) - 1)));
	for (unsigned i = 0; i < n; i++) {
		unsigned at = scatter(i, others);
		if (f->v[at | a] != f->v[at | b])
			return false;
	}
	return true;
}

/* f(y, z) = h(p(y), z) for the inputs y in `mask`: the cofactors by y have two values only. */
static bool split_group(struct mig *g, const struct function *f, unsigned mask, mig_literal *out)
{
	const unsigned others = ~mask & (rows(f) - 1);
	struct function p = {.n = (unsigned)__builtin_popcount(mask)}, h = {.n = f->n - p.n + 1};
	unsigned first = 0; /* combination of y where p is 1; 0: none yet */
	for (unsigned i = 1; i < rows(&p); i++) {
		unsigned at = scatter(i, mask);
		if (same_column(f, 0, at, others))
			continue;
		if (first && !same_column(f, first, at, others))
			return false;
		first = at;
		p.v[i] = 1;
	}
	for (unsigned k = 0, own = 0, other = 0; k < f->n; k++) {
		if (mask >> k & 1)
			p.in[own++] = f->in[k];
		else
			h.in[other++] = f->in[k];
	}
	for (unsigned i = 0; i < rows(&h) / 2; i++) {
		h.v[i] = f->v[scatter(i, others)];
		h.v[i + rows(&h) / 2] = f->v[scatter(i, others) | first];
	}
	h.in[h.n - 1] = small(g, &p);
	*out = build(g, &h);
	return true;
}

static bool split_groups(struct mig *g, const struct function *f, mig_literal *out)
{
	for (int size = 2; size <= (int)NPN_INPUTS; size++)
		for (unsigned mask = 3; mask + 1 < rows(f); mask++)
			if (__builtin_popcount(mask) == size && split_group(g, f, mask, out))
				return true;
	return false;
}

/* Expands by the input for which the least remains: one majority where the function rises or falls with the input,
 * three where it does both. */
static mig_literal expand(struct mig *g, const struct function *f)
{
	struct function low, high;
	unsigned best = 0, least = UINT32_MAX;
	for (unsigned k = 0; k < f->n; k++) {
		cofactor(f, k, 0, &low);
		cofactor(f, k, 1, &high);
		unsigned cost = 2 * (support(&low) + support(&high)) + (compare(&low, &high) == UNRELATED ? 3 : 1);
		if (cost < least) {
			least = cost;
			best = k;
		}
	}
	cofactor(f, best, 0, &low);
	cofactor(f, best, 1, &high);
	mig_literal x = f->in[best], no = build(g, &low), yes = build(g, &high);
	switch (compare(&low, &high)) {
	case BELOW:
		return mig_maj(g, x, no, yes);
	case ABOVE:
		return mig_maj(g, x ^ 1, no, yes);
	default:
		return mig_mux(g, x, yes, no);
	}
}

/* Recursion: each level has at least one input fewer. */
static mig_literal build(struct mig *g, const struct function *f)
{
	mig_literal l = MIG_ZERO;
	if (f->n <= NPN_INPUTS)
		return small(g, f);
	if (split_input(g, f, &l) || split_groups(g, f, &l))
		return l;
	return expand(g, f);
}

mig_literal mig_of_table(struct mig *g, const uint8_t *value, unsigned n, const mig_literal *in)
{
	struct function f = {.n = n};
	memcpy(f.v, value, rows(&f));
	memcpy(f.in, in, n * sizeof(*in));
	return build(g, &f);
}
