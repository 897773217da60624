/* Parallel chains: disjoint, complete, in one window at a time, and each kernel follows each of them on its own. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/chases.h"

enum { BYTES = 1 << 20 };

static struct mw_chases chains(void *base, size_t bytes, size_t stride, size_t window, unsigned n)
{
	return (struct mw_chases){
		.of = {.base = base, .bytes = bytes, .stride = stride, .window = window, .seed = 5},
		.chains = n,
	};
}

/* Follows all chains once and notes every line; returns how many lines there are. */
static size_t walk(const struct mw_chases *c, void **at, unsigned char *line_of_chain)
{
	size_t length = mw_chases_length(c), lines = 0;
	void *p[MW_CHASES_MAX];
	memcpy(p, at, c->chains * sizeof(*p));
	memset(line_of_chain, 0, c->of.bytes / 64);
	for (size_t i = 0; i < length; i++) {
		size_t window = ((size_t)((char *)p[0] - (char *)c->of.base)) / c->of.window;
		for (unsigned k = 0; k < c->chains; k++) {
			size_t offset = (size_t)((char *)p[k] - (char *)c->of.base);
			cr_assert_lt(offset, c->of.bytes);
			cr_assert_eq(offset / c->of.window, window, "chain %u is in another window at step %zu", k, i);
			cr_assert_eq(line_of_chain[offset / 64], 0, "chains %u and %u share a line", k,
				     line_of_chain[offset / 64] - 1u);
			line_of_chain[offset / 64] = (unsigned char)(k + 1);
			lines++;
			p[k] = *(void **)p[k];
		}
	}
	for (unsigned k = 0; k < c->chains; k++)
		cr_assert_eq(p[k], at[k], "chain %u of %u is no cycle of %zu elements", k, c->chains, length);
	return lines;
}

Test(chases, are_disjoint_and_visit_all_their_elements)
{
	static const struct {
		size_t bytes, stride, window;
	} shapes[] = {{24 << 10, 64, 24 << 10}, {BYTES, 256, 64 << 10}, {BYTES, 128, 32 << 10}, {BYTES, 512, BYTES}};
	char *memory = aligned_alloc(4096, BYTES);
	unsigned char *seen = malloc(BYTES / 64);
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
		for (size_t i = 0; mw_chases_count(i); i++) {
			struct mw_chases c =
				chains(memory, shapes[s].bytes, shapes[s].stride, shapes[s].window, mw_chases_count(i));
			void *at[MW_CHASES_MAX];
			size_t windows = shapes[s].bytes / shapes[s].window;
			size_t in_window = shapes[s].window / shapes[s].stride;
			cr_assert_eq(mw_chases_length(&c), windows * (in_window / c.chains));
			cr_assert_eq(mw_chases_build(&c, at), 0);
			cr_assert_eq(walk(&c, at, seen), windows * (in_window / c.chains) * c.chains);
		}
	free(seen);
	free(memory);
}

Test(chases, are_in_random_order)
{
	char *memory = aligned_alloc(4096, BYTES);
	struct mw_chases c = chains(memory, BYTES, 256, BYTES, 1);
	void *at[1];
	size_t next = 0;
	cr_assert_eq(mw_chases_build(&c, at), 0);
	void **p = at[0];
	for (size_t i = 0; i < mw_chases_length(&c); i++, p = *p) {
		long step = (char *)*p - (char *)p;
		next += step > 0 && step < 768;
	}
	cr_assert_lt(next, mw_chases_length(&c) / 50, "%zu steps to a neighbour", next);
	free(memory);
}

/* Every kernel ends where single steps end, and the end of a chain depends on its own beginning only. */
Test(chases, kernels_follow_each_chain)
{
	char *memory = aligned_alloc(4096, BYTES);
	for (size_t i = 0; mw_chases_count(i); i++) {
		unsigned n = mw_chases_count(i);
		struct mw_chases c = chains(memory, BYTES, 256, 64 << 10, n);
		void *at[MW_CHASES_MAX], *end[MW_CHASES_MAX], *turned[MW_CHASES_MAX];
		cr_assert_eq(mw_chases_build(&c, at), 0);
		for (unsigned k = 0; k < n; k++) {
			void **p = at[k];
			for (int step = 0; step < 40; step++)
				p = *p;
			end[k] = (void *)p;
			turned[k] = at[(k + 1) % n];
		}
		mw_chases_run(at, n, 37); /* rounded up to 40 */
		for (unsigned k = 0; k < n; k++)
			cr_assert_eq(at[k], end[k], "chain %u of %u", k, n);
		mw_chases_run(turned, n, 40);
		for (unsigned k = 0; k < n; k++)
			cr_assert_eq(turned[k], end[(k + 1) % n], "chain %u of %u", k, n);
	}
	free(memory);
}

Test(chases, refuses)
{
	char *memory = aligned_alloc(4096, 65536);
	void *at[MW_CHASES_MAX];
	struct mw_chases c = chains(memory, 65536, 256, 4096, 7);
	cr_expect_eq(mw_chases_build(&c, at), -EINVAL, "no kernel for 7");
	c.chains = 0;
	cr_expect_eq(mw_chases_build(&c, at), -EINVAL);
	c = chains(memory, 65536, 256, 4096, 32);
	cr_expect_eq(mw_chases_length(&c), 0, "16 elements of a window for 32 chains");
	cr_expect_eq(mw_chases_build(&c, at), -EINVAL);
	c = chains(memory, 65536, 256, 4096, 4);
	c.of.lane = 1;
	cr_expect_eq(mw_chases_build(&c, at), -EINVAL, "lane");
	free(memory);
}
