#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/chase.h"
#include "base/core/kernels/walk.h"

enum { LINE = 64, BYTES = 1 << 16 };

/* Each line once per cycle, one line of each stride of a window before the next window. */
static void check_cover(const struct mw_walk *w)
{
	static unsigned char seen[BYTES / LINE];
	const size_t lines = w->bytes / LINE, elements = w->window / w->stride;
	memset(seen, 0, sizeof(seen));
	for (size_t t = 0; t < lines; t++) {
		size_t offset = mw_walk_offset(w, t), first = mw_walk_offset(w, t - t % elements);
		cr_assert_eq(offset % LINE, 0);
		cr_assert_lt(offset, w->bytes);
		cr_assert_eq(offset / w->window, first / w->window, "load %zu leaves the window %zu at stride %zu", t,
			     w->window, w->stride);
		cr_assert_not(seen[offset / LINE], "load %zu: line %zu again", t, offset / LINE);
		seen[offset / LINE] = 1;
		if (t % w->bytes == 0)
			continue;
		/* Elements of one visit are different strides. */
		for (size_t k = t - t % elements; k < t && elements <= 64; k++)
			cr_assert_neq(mw_walk_offset(w, k) / w->stride, offset / w->stride);
	}
	cr_assert_eq(mw_walk_offset(w, lines) < w->bytes, 1);
}

Test(kernels_walk, visits_each_line_once)
{
	for (size_t bytes = 4096; bytes <= BYTES; bytes *= 4)
		for (size_t window = 256; window <= bytes; window *= 4)
			for (size_t stride = LINE; stride <= window; stride *= 2)
				for (int random = 0; random < 2; random++) {
					const struct mw_walk w = {.bytes = bytes,
								  .window = window,
								  .stride = stride,
								  .random = random,
								  .seed = 5};
					check_cover(&w);
				}
}

/* In order: exactly the stride. At random: hardly ever, also in a window of a page. */
Test(kernels_walk, order)
{
	static const size_t windows[] = {4096, BYTES};
	for (size_t i = 0; i < 2; i++)
		for (size_t stride = LINE; stride <= 512; stride *= 2) {
			struct mw_walk w = {.bytes = BYTES, .window = windows[i], .stride = stride, .seed = 9};
			size_t elements = w.window / stride, repeats = 0;
			for (size_t t = 1; t < BYTES / LINE; t++) {
				w.random = false;
				if (t % elements)
					cr_assert_eq(mw_walk_offset(&w, t) - mw_walk_offset(&w, t - 1), stride);
				w.random = true;
				size_t step = mw_walk_offset(&w, t) - mw_walk_offset(&w, t - 1);
				repeats += t > 1 && step == mw_walk_offset(&w, t - 1) - mw_walk_offset(&w, t - 2);
			}
			cr_assert_lt(repeats, BYTES / LINE / 4, "%zu repeated steps at stride %zu", repeats, stride);
		}
}

/* Loads are where offsets say, also when a run is interrupted. */
Test(kernels_walk, runs_along_the_offsets)
{
	char *memory = aligned_alloc(4096, BYTES);
	memset(memory, 0xff, BYTES);
	for (int random = 0; random < 2; random++) {
		struct mw_walk w = {.base = memory, .bytes = BYTES, .window = 4096, .stride = 256, .random = random};
		for (size_t t = 0; t < 3 * BYTES / LINE;) {
			size_t n = 1 + t % 7;
			const char *last = mw_walk_run(&w, n);
			t += n;
			cr_assert_eq(w.at, t);
			cr_assert_eq(last - memory, (ptrdiff_t)mw_walk_offset(&w, t - 1), "load %zu", t - 1);
		}
	}
	free(memory);
}

/* Each load waits for the one before: with a mask of ones, the word that was loaded moves the next address. */
Test(kernels_walk, loads_depend_on_each_other)
{
	char *memory = aligned_alloc(4096, BYTES + 4096);
	uint64_t *words = (uint64_t *)(void *)memory;
	for (size_t i = 0; i < (BYTES + 4096) / 8; i++)
		words[i] = 8 * (i % 8 + 1); /* word k of a line: 8 k + 8 */
	for (int random = 0; random < 2; random++) {
		struct mw_walk w = {.base = memory, .bytes = BYTES, .window = BYTES, .stride = 64, .random = random};
		w.mask = UINT64_MAX;
		/* Of each run the first load is at its place and the k-th one k words further. */
		for (ptrdiff_t k = 0; k < 7; k++) {
			w.at = 0;
			const char *last = mw_walk_run(&w, (size_t)k + 1);
			cr_assert_eq(last - memory, (ptrdiff_t)mw_walk_offset(&w, (uint64_t)k) + 8 * k, "load %td", k);
		}
	}
	free(memory);
}

/* A cycle through all lines of the chain, all in one set of a cache with stride / 64 sets. */
Test(kernels_walk, conflict_chains_stay_in_one_set)
{
	const size_t strides[] = {4096, 65536};
	char *memory = aligned_alloc(65536, 24 * 65536);
	for (size_t s = 0; s < 2; s++)
		for (size_t lines = 1; lines <= 24; lines++) {
			void *start;
			bool seen[24] = {false};
			cr_assert_eq(mw_conflict_build(memory, strides[s], lines, lines, &start), 0);
			void *p = start;
			for (size_t i = 0; i < lines; i++) {
				uintptr_t at = (uintptr_t)p;
				size_t nth = (size_t)((char *)p - memory) / strides[s];
				cr_assert_eq(at / LINE % (strides[s] / LINE),
					     (uintptr_t)memory / LINE % (strides[s] / LINE));
				cr_assert(nth < lines && !seen[nth], "%zu of %zu", nth, lines);
				seen[nth] = true;
				p = *(void **)p;
			}
			cr_assert_eq(p, start);
			cr_assert(mw_chase(start, 64) != NULL);
		}
	void *start;
	cr_assert_eq(mw_conflict_build(memory, 4096, 0, 1, &start), -EINVAL);
	cr_assert_eq(mw_conflict_build(memory, 100, 2, 1, &start), -EINVAL);
	cr_assert_eq(mw_conflict_build(memory, 0, 2, 1, &start), -EINVAL);
	free(memory);
}
