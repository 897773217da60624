#include "base/core/kernels/walk.h"

#include <errno.h>

#include "base/core/stats.h"

enum { LINE = 64 };

static unsigned log2_of(size_t v)
{
	return v > 1 ? 63u - (unsigned)__builtin_clzll(v) : 0;
}

/* A permutation of 0..2^bits-1 that the key selects: additions, products with odd numbers and xor-shifts are invertible
 * modulo a power of two. */
static inline size_t permute(uint64_t i, unsigned bits, uint64_t key)
{
	const uint64_t mask = (UINT64_C(1) << bits) - 1;
	const unsigned shift = (bits + 1) / 2;
	uint64_t x = ((i + key) * UINT64_C(0x9e3779b97f4a7c15)) & mask;
	x ^= x >> shift;
	x = (x * UINT64_C(0xd1342543de82ef95) + (key >> 32)) & mask;
	x ^= x >> shift;
	return (size_t)x;
}

/* Sizes as powers of two, and what is fixed for all loads of one visit to a window. */
struct visit {
	unsigned stride_bits, element_bits, window_bits, line_bits; /* of counts, but for the stride */
	size_t window;                                              /* offset of the window */
	size_t line;                                                /* number of the line within a stride */
	uint64_t element, key;
};

static struct visit visit_at(const struct mw_walk *w, uint64_t t)
{
	struct visit v;
	v.stride_bits = log2_of(w->stride);
	v.element_bits = log2_of(w->window) - v.stride_bits;
	v.window_bits = log2_of(w->bytes) - log2_of(w->window);
	v.line_bits = v.stride_bits - log2_of(LINE);
	uint64_t nth = t >> v.element_bits, lap = nth >> v.window_bits;
	uint64_t window = nth & ((UINT64_C(1) << v.window_bits) - 1);
	v.element = t & ((UINT64_C(1) << v.element_bits) - 1);
	v.line = permute(lap & ((UINT64_C(1) << v.line_bits) - 1), v.line_bits, w->seed);
	if (w->random)
		window = permute(window, v.window_bits, w->seed ^ (v.line * UINT64_C(0xbf58476d1ce4e5b9)));
	v.window = (size_t)window << log2_of(w->window);
	v.key = (w->seed + nth) * UINT64_C(0x94d049bb133111eb);
	return v;
}

/* Offset within the window of element i of a random visit: the line within the stride varies, so that all sets of the
 * caches are used. */
static inline size_t random_offset(const struct visit *v, uint64_t i)
{
	size_t element = permute(i, v->element_bits, v->key);
	size_t line = (((element * UINT64_C(0x9e3779b1)) >> 16) + v->line) & ((UINT64_C(1) << v->line_bits) - 1);
	return (element << v->stride_bits) + line * LINE;
}

size_t mw_walk_offset(const struct mw_walk *w, uint64_t t)
{
	struct visit v = visit_at(w, t);
	return v.window + (w->random ? random_offset(&v, v.element) : (v.element << v.stride_bits) + v.line * LINE);
}

const void *mw_walk_run(struct mw_walk *w, size_t count)
{
	const char *p = w->base;
	const uint64_t mask = w->mask;
	uint64_t word = 0;
	while (count > 0) {
		struct visit v = visit_at(w, w->at);
		uint64_t left = (UINT64_C(1) << v.element_bits) - v.element, n = count < left ? count : left;
		const char *base = w->base + v.window;
		if (w->random)
			for (uint64_t i = v.element; i < v.element + n; i++) {
				p = base + random_offset(&v, i) + (word & mask);
				word = *(const volatile uint64_t *)(const void *)p;
			}
		else
			for (uint64_t i = v.element; i < v.element + n; i++) {
				p = base + (i << v.stride_bits) + v.line * LINE + (word & mask);
				word = *(const volatile uint64_t *)(const void *)p;
			}
		w->at += n;
		count -= n;
	}
	return p;
}

int mw_conflict_build(void *base, size_t stride, size_t lines, uint64_t seed, void **start)
{
	if (lines < 1 || stride == 0 || stride % LINE)
		return -EINVAL;
	/* Each element is inserted behind a random one that is linked already. */
	void **first = base;
	*first = (void *)first;
	for (size_t i = 1; i < lines; i++) {
		void **at = (void **)(void *)((char *)base + i * stride);
		void **behind = (void **)(void *)((char *)base + (size_t)mw_random_below(&seed, i) * stride);
		*at = *behind;
		*behind = (void *)at;
	}
	*start = base;
	return 0;
}
