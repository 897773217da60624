#include "base/core/kernels/chase.h"

#include <errno.h>
#include <stdlib.h>

#include "base/core/stats.h"

enum { LINE = 64, PLACES = LINE / sizeof(void *) };

size_t mw_chain_elements(const struct mw_chain *c)
{
	return c->stride ? c->bytes / c->stride : 0;
}

unsigned mw_chain_lines(size_t stride)
{
	return stride >= LINE ? (unsigned)(stride / LINE) : 1;
}

unsigned mw_chain_lanes(size_t stride)
{
	return stride >= LINE ? mw_chain_lines(stride) * PLACES : (unsigned)(stride / sizeof(void *));
}

/* Pseudo-random line of element i: multiplicative hash, of which the upper bits are well mixed. */
static size_t line_of(size_t i, size_t lines)
{
	return (size_t)(((uint32_t)i * 0x9e3779b1u) >> 16) % lines;
}

void **mw_chain_place(const struct mw_chain *c, size_t i)
{
	size_t lines = mw_chain_lines(c->stride);
	size_t line = c->stride >= LINE ? (line_of(i, lines) + c->lane % lines) % lines : 0;
	size_t offset = i * c->stride + line * LINE + c->lane / lines * sizeof(void *);
	return (void **)(void *)((char *)c->base + offset);
}

/* Links elements first .. first + n - 1 into one cycle that begins at first + enter; *last is the pointer that closes
 * it. Each element is inserted behind a random one that is linked already: every cycle is equally likely, and no second
 * array is needed. */
static void link_window(const struct mw_chain *c, size_t first, size_t n, size_t enter, void ***last, uint64_t *rng)
{
	void **entry = mw_chain_place(c, first + enter);
	*entry = (void *)entry;
	*last = entry;
	for (size_t i = 1; i < n; i++) {
		void **at = mw_chain_place(c, first + (enter + i) % n);
		void **behind = mw_chain_place(c, first + (enter + (size_t)mw_random_below(rng, i)) % n);
		*at = *behind;
		*behind = (void *)at;
		if (behind == *last)
			*last = at;
	}
}

int mw_chain_build(const struct mw_chain *c, void **start)
{
	size_t n = mw_chain_elements(c);
	*start = NULL;
	if (n < 2 || c->stride % sizeof(void *) || c->lane >= mw_chain_lanes(c->stride))
		return -EINVAL;
	size_t per_window = c->window / c->stride;
	if (per_window < 1)
		per_window = 1;
	if (per_window > n)
		per_window = n;
	size_t windows = (n + per_window - 1) / per_window;
	size_t *order = malloc(windows * sizeof(*order));
	if (!order)
		return -ENOMEM;
	uint64_t rng = c->seed;
	for (size_t w = 0; w < windows; w++)
		order[w] = w;
	mw_shuffle(order, windows, &rng);
	void *head = NULL, **tail = &head;
	for (size_t w = 0; w < windows; w++) {
		size_t first = order[w] * per_window;
		size_t len = n - first < per_window ? n - first : per_window;
		size_t enter = (size_t)mw_random_below(&rng, len);
		void **last;
		link_window(c, first, len, enter, &last, &rng);
		void **entry = mw_chain_place(c, first + enter);
		*tail = (void *)entry;
		tail = last;
	}
	*start = *tail = head;
	free(order);
	return 0;
}

void *mw_chase(void *p, size_t n)
{
	void **q = p;
	for (size_t i = 0; i < n; i += MW_CHASE_UNROLL) {
#define FOLLOW q = (void **)*q;
#define FOLLOW8 FOLLOW FOLLOW FOLLOW FOLLOW FOLLOW FOLLOW FOLLOW FOLLOW
		FOLLOW8 FOLLOW8 FOLLOW8 FOLLOW8
#undef FOLLOW8
#undef FOLLOW
	}
	return (void *)q;
}
