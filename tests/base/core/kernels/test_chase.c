#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/chase.h"

/* Walks the chain: one cycle through all elements, each once, inside its element, a window finished before the next. */
static void check_cycle(const struct mw_chain *c, void *start, const char *what)
{
	size_t n = c->bytes / c->stride, per_window = c->window / c->stride;
	size_t last_window = SIZE_MAX, windows = 0;
	char *base = c->base, *seen = calloc(n, 1);
	if (per_window < 1)
		per_window = 1;
	if (per_window > n)
		per_window = n;
	void *p = start;
	for (size_t i = 0; i < n; i++) {
		cr_assert((char *)p >= base && (char *)p + sizeof(void *) <= base + n * c->stride,
			  "%s: step %zu leaves the memory", what, i);
		size_t element = (size_t)((char *)p - base) / c->stride;
		cr_assert_eq(p, (void *)mw_chain_place(c, element), "%s: element %zu", what, element);
		cr_assert_not(seen[element], "%s: element %zu again after %zu steps", what, element, i);
		seen[element] = 1;
		if (element / per_window != last_window) {
			last_window = element / per_window;
			windows++;
		}
		p = *(void **)p;
	}
	cr_assert_eq(p, start, "%s: not closed", what);
	cr_assert_eq(windows, (n + per_window - 1) / per_window, "%s: a window is left before its end", what);
	free(seen);
}

Test(kernels_chase, one_cycle_through_all)
{
	static const size_t sizes[] = {512, 1000, 4096, 65536, 65536 + 320, 100000};
	static const size_t strides[] = {8, 24, 64, 72, 128, 192, 256, 200};
	static const size_t windows[] = {8, 256, 300, 4096, 10000, 1 << 20};
	char *memory = aligned_alloc(4096, 1 << 17);
	char what[96];
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
		for (size_t t = 0; t < sizeof(strides) / sizeof(*strides); t++)
			for (size_t w = 0; w < sizeof(windows) / sizeof(*windows); w++) {
				struct mw_chain c = {memory, sizes[s], strides[t], windows[w], 0, s * 100 + w};
				void *start;
				(void)snprintf(what, sizeof(what), "size %zu stride %zu window %zu", sizes[s],
					       strides[t], windows[w]);
				memset(memory, 0xff, 1 << 17);
				cr_assert_eq(mw_chain_build(&c, &start), 0, "%s", what);
				check_cycle(&c, start, what);
			}
	free(memory);
}

Test(kernels_chase, chains_share_memory)
{
	static const size_t strides[] = {8, 16, 64, 192, 200, 256, 512};
	enum { BYTES = 20480 };
	char *memory = aligned_alloc(4096, BYTES);
	memset(memory, 0, BYTES);
	for (size_t t = 0; t < sizeof(strides) / sizeof(*strides); t++) {
		unsigned lanes = mw_chain_lanes(strides[t]), lines = mw_chain_lines(strides[t]);
		struct mw_chain c[64];
		void *start[64];
		cr_assert_leq(lanes, 64);
		for (unsigned k = 0; k < lanes; k++) {
			c[k] = (struct mw_chain){memory, BYTES, strides[t], 2048, k, k};
			cr_assert_eq(mw_chain_build(&c[k], &start[k]), 0);
		}
		for (unsigned k = 0; k < lanes; k++)
			check_cycle(&c[k], start[k], "after the other lanes were built");
		for (unsigned k = 1; k < lines; k++)
			for (size_t i = 0; i < BYTES / strides[t]; i++)
				cr_assert_neq((uintptr_t)mw_chain_place(&c[0], i) / 64,
					      (uintptr_t)mw_chain_place(&c[k], i) / 64, "lanes 0 and %u share a line",
					      k);
	}
	free(memory);
}

Test(kernels_chase, follows_the_pointers)
{
	char *memory = aligned_alloc(4096, 65536);
	struct mw_chain c = {memory, 65536, 64, 4096, 3, 1};
	void *start;
	cr_assert_eq(mw_chain_build(&c, &start), 0);
	for (size_t n = 0; n <= 5 * MW_CHASE_UNROLL; n += MW_CHASE_UNROLL) {
		void *p = start;
		for (size_t i = 0; i < n; i++)
			p = *(void **)p;
		cr_assert_eq(mw_chase(start, n), p, "%zu steps", n);
	}
	cr_assert_eq(mw_chase(start, 1024), start, "the cycle has 1024 elements");
	free(memory);
}

/* Every cycle of four elements is as likely as every other: 3! = 6 of them. */
Test(kernels_chase, cycles_are_uniform)
{
	char memory[4 * 64] __attribute__((aligned(64))) = {0};
	unsigned count[64] = {0}, kinds = 0;
	for (uint64_t seed = 0; seed < 6000; seed++) {
		struct mw_chain c = {memory, sizeof(memory), 64, sizeof(memory), 0, seed};
		void *p;
		cr_assert_eq(mw_chain_build(&c, &p), 0);
		unsigned code = 0;
		p = *(void **)memory;
		for (int i = 0; i < 3; i++, p = *(void **)p)
			code = code * 4 + (unsigned)(((char *)p - memory) / 64);
		count[code]++;
	}
	for (unsigned i = 0; i < 64; i++) {
		kinds += count[i] > 0;
		cr_assert(count[i] == 0 || (count[i] > 850 && count[i] < 1150), "cycle %u: %u of 6000", i, count[i]);
	}
	cr_assert_eq(kinds, 6);
}

Test(kernels_chase, refuses)
{
	char memory[1024] __attribute__((aligned(64)));
	const struct mw_chain bad[] = {
		{memory, 256, 256, 256, 0, 1}, {memory, 0, 64, 64, 0, 1},    {memory, 1024, 0, 64, 0, 1},
		{memory, 1024, 12, 64, 0, 1},  {memory, 1024, 64, 64, 8, 1}, {memory, 1024, 256, 64, 32, 1},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		void *start = memory;
		cr_assert_eq(mw_chain_build(&bad[i], &start), -EINVAL, "case %zu", i);
		cr_assert_null(start);
	}
}
