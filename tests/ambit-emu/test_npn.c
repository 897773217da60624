#include <criterion/criterion.h>

#include <stdlib.h>

#include "ambit-emu/decompose.h"
#include "ambit-emu/npn.h"
#include "tests/ambit-emu/model.h"

static void four_inputs(struct mig *g, mig_literal in[NPN_INPUTS])
{
	cr_assert_eq(mig_init(g, 0), 0);
	for (int i = 0; i < NPN_INPUTS; i++)
		in[i] = mig_leaf(g);
}

static uint16_t table_of(const struct mig *g, mig_literal l)
{
	uint64_t value[64] = {0};
	cr_assert_leq(g->n, 64u);
	for (int i = 0; i < NPN_INPUTS; i++)
		value[i + 1] = npn_input[i];
	mig_evaluate(g, value);
	return (uint16_t)mig_value(value, l);
}

Test(npn, every_function_of_four_inputs_is_planted_with_the_size_of_its_class)
{
	struct npn_memo *memo = calloc(1, sizeof(*memo));
	uint32_t functions[NPN_MAX_SIZE + 1] = {0};
	uint8_t seen[NPN_CLASSES] = {0};
	for (uint32_t f = 0; f < 1u << 16; f++) {
		struct mig g;
		mig_literal in[NPN_INPUTS], again = MIG_NONE;
		four_inputs(&g, in);
		const struct npn_match *m = npn_match(memo, (uint16_t)f);
		const uint32_t none[64] = {0};
		cr_assert_eq(npn_added(&g, m, in, none, &again), m->size);
		mig_literal l = npn_plant(&g, m, in);
		cr_assert_eq(table_of(&g, l), f, "%04x", f);
		cr_assert_eq(g.n - 1 - NPN_INPUTS, m->size, "%04x", f);
		const uint32_t used[64] = {[0 ... 63] = 1};
		cr_assert_eq(npn_added(&g, m, in, used, &again), 0u, "all of them exist and are in use");
		cr_assert_eq(again, l);
		functions[m->size]++;
		seen[m->at] = 1;
		mig_free(&g);
	}
	for (int i = 0; i < NPN_CLASSES; i++)
		cr_assert(seen[i], "class %04x is not the smallest table of a class", npn_table[i].function);
	cr_assert_eq(functions[0], 10u, "constants and inputs");
	cr_assert_eq(functions[1], 80u, "24 ANDs of two and 16 majorities of three, with complements");
	free(memo);
}

/* Values that repeat, so that decompositions exist, and random ones. */
static uint8_t value_of(unsigned kind, unsigned i, uint64_t *random)
{
	const unsigned a = i & 1, b = i >> 1 & 1, c = i >> 2 & 1, d = i >> 3 & 1, e = i >> 4 & 1, f = i >> 5 & 1;
	switch (kind) {
	case 0:
		return (uint8_t)((unsigned)__builtin_popcount(i) & 1);
	case 1:
		return (uint8_t)(__builtin_popcount(i) >= 4);
	case 2: /* the sum bit of three columns of an addition */
		return (uint8_t)(e ^ f ^ ((c & d) | ((c ^ d) & a & b)));
	case 3:
		return (uint8_t)(a ? (b & c) : (d | (e ^ f)));
	case 4:
		return (uint8_t)(i == 77);
	default:
		return test_random(random) & 1;
	}
}

Test(npn, tables_of_up_to_eight_inputs_are_decomposed_into_what_they_say)
{
	uint64_t random = 7;
	uint8_t value[DECOMPOSE_ROWS];
	for (unsigned n = 0; n <= DECOMPOSE_INPUTS; n++)
		for (unsigned kind = 0; kind < 9; kind++) {
			struct mig g;
			mig_literal in[DECOMPOSE_INPUTS];
			cr_assert_eq(mig_init(&g, 0), 0);
			for (unsigned k = 0; k < n; k++)
				in[k] = mig_leaf(&g) ^ (k & 1);
			for (unsigned i = 0; i < 1u << n; i++)
				value[i] = value_of(kind, i, &random);
			mig_literal l = mig_of_table(&g, value, n, in);
			cr_assert_eq(g.rc, 0);
			uint64_t *v = calloc(g.n, sizeof(*v));
			for (unsigned i = 0; i < 1u << n; i++) {
				for (unsigned k = 0; k < n; k++)
					v[k + 1] = (i >> k & 1) ^ (k & 1) ? UINT64_MAX : 0;
				mig_evaluate(&g, v);
				cr_assert_eq(mig_value(v, l) & 1, value[i], "%u inputs, kind %u, row %u", n, kind, i);
			}
			free(v);
			if (kind == 2 && n == 6)
				cr_assert_leq(g.n - 1 - n, 8u, "AND, carry, and two parities");
			mig_free(&g);
		}
}
