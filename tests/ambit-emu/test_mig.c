#include <criterion/criterion.h>

#include <errno.h>

#include "ambit-emu/rewrite.h"
#include "tests/ambit-emu/model.h"

/* Values of three leaves in the eight assignments. */
static const uint64_t leaf_value[3] = {0xaa, 0xcc, 0xf0};

static uint64_t value_of(const struct mig *g, mig_literal l)
{
	uint64_t *v = calloc(g->n, sizeof(*v));
	for (int i = 0; i < 3; i++)
		v[i + 1] = leaf_value[i];
	mig_evaluate(g, v);
	uint64_t out = mig_value(v, l) & 0xff;
	free(v);
	return out;
}

static uint64_t leaf_or_constant(mig_literal l)
{
	uint64_t v = l < 2 ? 0 : leaf_value[(l >> 1) - 1];
	return (l & 1 ? ~v : v) & 0xff;
}

Test(mig, majorities_of_all_literals_are_right_and_normal)
{
	struct mig g;
	cr_assert_eq(mig_init(&g, 0), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(mig_leaf(&g), (mig_literal)(2 * i + 2));
	for (mig_literal a = 0; a < 8; a++)
		for (mig_literal b = 0; b < 8; b++)
			for (mig_literal c = 0; c < 8; c++) {
				uint64_t x = leaf_or_constant(a), y = leaf_or_constant(b), z = leaf_or_constant(c);
				mig_literal l = mig_maj(&g, a, b, c);
				cr_assert_eq(value_of(&g, l), (x & y) | (y & z) | (x & z), "M(%u,%u,%u)", a, b, c);
				cr_assert_eq(mig_maj(&g, c ^ 1, a ^ 1, b ^ 1), l ^ 1, "self-dual");
				cr_assert_eq(mig_find(&g, b, a, c), l);
				if (a < 2) {
					mig_literal m = mig_mux(&g, b, c, a), n = mig_mux(&g, b, a, c);
					cr_assert_eq(value_of(&g, m), (y & z) | (~y & x & 0xff));
					cr_assert_eq(value_of(&g, n), (y & x) | (~y & z & 0xff));
					cr_assert_eq(value_of(&g, mig_xor(&g, b, c)), y ^ z);
				}
				cr_assert_eq(value_of(&g, mig_mux(&g, a, b, c)), (x & y) | (~x & z & 0xff));
			}
	mig_free(&g);
}

/* A net of one output over three inputs that computes f from its truth table, by Shannon. */
static void net_of(struct mig_net *net, unsigned f)
{
	struct mig g;
	mig_literal in[3], row[8];
	cr_assert_eq(mig_init(&g, 0), 0);
	for (int i = 0; i < 3; i++)
		in[i] = mig_leaf(&g);
	for (int i = 0; i < 8; i++)
		row[i] = f >> i & 1;
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 4 >> i; k++) /* the plain sum of products, not mig_mux's form */
			row[k] = mig_or(&g, mig_and(&g, in[i], row[2 * k + 1]), mig_and(&g, in[i] ^ 1, row[2 * k]));
	cr_assert_eq(mig_net_copy(net, &g, in, 3, row, 1), 0);
	mig_free(&g);
}

Test(mig, rewriting_keeps_every_function_of_three_inputs)
{
	uint32_t before = 0, after = 0, worst = 0;
	for (unsigned f = 0; f < 256; f++) {
		struct mig_net net, other;
		struct mig_size size;
		net_of(&net, f);
		cr_assert_eq(value_of(&net.g, net.out[0]), f);
		cr_assert_eq(mig_measure(&net.g, net.out, 1, &size), 0);
		before += size.nodes;
		for (int pass = 0; pass < 7; pass++) {
			cr_assert_eq(pass == 0   ? mig_rewrite_omega(&other, &net)
				     : pass < 4  ? mig_rewrite_cuts(&other, &net, (enum mig_cuts)(pass - 1))
				     : pass == 4 ? mig_rewrite_map(&other, &net)
						 : mig_rewrite_dag(&other, &net, pass == 6),
				     0);
			cr_assert_eq(value_of(&other.g, other.out[0]), f, "pass %d, function %02x", pass, f);
			mig_net_free(&other);
		}
		cr_assert_eq(mig_optimise(&net), 0);
		cr_assert_eq(value_of(&net.g, net.out[0]), f, "function %02x", f);
		cr_assert_eq(mig_measure(&net.g, net.out, 1, &size), 0);
		after += size.nodes;
		worst = size.nodes > worst ? size.nodes : worst;
		if (f == 0xe8 || f == 0x80 || f == 0xfe)
			cr_assert_eq(size.nodes, f == 0xe8 ? 1u : 2u, "function %02x", f);
		mig_net_free(&net);
	}
	cr_assert(after < before && worst <= 4, "%u nodes became %u, at most %u", before, after, worst);
}

Test(mig, the_axioms_find_what_they_are_for)
{
	struct mig g;
	mig_literal in[5], out[1];
	struct mig_net net, next;
	struct mig_size size;
	cr_assert_eq(mig_init(&g, 0), 0);
	for (int i = 0; i < 5; i++)
		in[i] = mig_leaf(&g);
	/* Distributivity: M(M(x,y,u), M(x,y,v), z) = M(x,y,M(u,v,z)). */
	out[0] = mig_maj(&g, mig_maj(&g, in[0], in[1], in[2]), mig_maj(&g, in[0], in[1], in[3]), in[4]);
	cr_assert_eq(mig_net_copy(&net, &g, in, 5, out, 1), 0);
	cr_assert_eq(mig_rewrite_omega(&next, &net), 0);
	cr_assert_eq(mig_measure(&next.g, next.out, 1, &size), 0);
	cr_assert_eq(size.nodes, 2u);
	mig_net_free(&next);
	mig_net_free(&net);
	/* Relevance: where the third operand matters x = ~y, so M(x, y, M(x, y, z)) = M(x, y, z) and
	 * M(x, y, M(x, ~y, z)) = x. */
	for (mig_literal flip = 0; flip < 2; flip++) {
		out[0] = mig_maj(&g, in[0], in[1], mig_maj(&g, in[0], in[1] ^ flip, in[2]));
		cr_assert_eq(mig_net_copy(&net, &g, in, 5, out, 1), 0);
		cr_assert_eq(mig_rewrite_omega(&next, &net), 0);
		cr_assert_eq(mig_measure(&next.g, next.out, 1, &size), 0);
		cr_assert_eq(size.nodes, flip ? 0u : 1u);
		mig_net_free(&next);
		mig_net_free(&net);
	}
	mig_free(&g);
}
