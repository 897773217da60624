#include "base/core/kernels/chases.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/core/stats.h"

/* ---- the kernels ---- */

typedef void chases_fn(void **at, size_t n);

/* A step of every chain. Each load depends on the one of its own chain only. */
#define TIMES4(X) X X X X
#define LOAD(i) void **p##i = at[i];
#define STEP(i) p##i = *p##i;
#define SAVE(i) at[i] = p##i;
#define OF1(X) X(0)
#define OF2(X) OF1(X) X(1)
#define OF3(X) OF2(X) X(2)
#define OF4(X) OF3(X) X(3)
#define OF5(X) OF4(X) X(4)
#define OF6(X) OF5(X) X(5)
#define OF8(X) OF6(X) X(6) X(7)
#define OF10(X) OF8(X) X(8) X(9)
#define OF12(X) OF10(X) X(10) X(11)

#define IN_REGISTERS(k)                                                                                                \
	static void run_##k(void **at, size_t n)                                                                       \
	{                                                                                                              \
		OF##k(LOAD) for (size_t i = 0; i < n; i += MW_CHASES_UNROLL){TIMES4(OF##k(STEP))} OF##k(SAVE)          \
	}

/* The compiler keeps as many of the pointers in registers as fit. A step of each other one loads it from the array,
 * follows it and stores it. */
#define IN_ARRAY(k)                                                                                                    \
	static void run_##k(void **at, size_t n)                                                                       \
	{                                                                                                              \
		void *p[k];                                                                                            \
		for (unsigned c = 0; c < (k); c++)                                                                     \
			p[c] = at[c];                                                                                  \
		for (size_t i = 0; i < n; i++) {                                                                       \
			_Pragma("GCC unroll 64") for (unsigned c = 0; c < (k); c++) p[c] = *(void **)p[c];             \
		}                                                                                                      \
		for (unsigned c = 0; c < (k); c++)                                                                     \
			at[c] = p[c];                                                                                  \
	}

IN_REGISTERS(1)
IN_REGISTERS(2)
IN_REGISTERS(3)
IN_REGISTERS(4)
IN_REGISTERS(5)
IN_REGISTERS(6)
IN_REGISTERS(8)
IN_REGISTERS(10)
IN_REGISTERS(12)
IN_ARRAY(16)
IN_ARRAY(20)
IN_ARRAY(24)
IN_ARRAY(32)
IN_ARRAY(48)
IN_ARRAY(64)

static const struct {
	unsigned chains;
	chases_fn *run;
} kernels[] = {
	{1, run_1},   {2, run_2},   {3, run_3},   {4, run_4},   {5, run_5},   {6, run_6},   {8, run_8},   {10, run_10},
	{12, run_12}, {16, run_16}, {20, run_20}, {24, run_24}, {32, run_32}, {48, run_48}, {64, run_64},
};
enum { KERNELS = sizeof(kernels) / sizeof(kernels[0]), REGISTERS = 12 };

unsigned mw_chases_count(size_t i)
{
	return i < KERNELS ? kernels[i].chains : 0;
}

unsigned mw_chases_in_registers(void)
{
	return REGISTERS;
}

static chases_fn *kernel_of(unsigned chains)
{
	for (size_t i = 0; i < KERNELS; i++)
		if (kernels[i].chains == chains)
			return kernels[i].run;
	return NULL;
}

void mw_chases_run(void **at, unsigned chains, size_t n)
{
	chases_fn *run = kernel_of(chains);
	if (run)
		run(at, (n + MW_CHASES_UNROLL - 1) / MW_CHASES_UNROLL * MW_CHASES_UNROLL);
}

/* ---- the chains ---- */

static size_t per_window(const struct mw_chain *c)
{
	size_t all = mw_chain_elements(c), n = c->stride ? c->window / c->stride : 0;
	return n < all ? n : all;
}

size_t mw_chases_length(const struct mw_chases *c)
{
	size_t in_window = per_window(&c->of);
	return in_window && c->chains ? mw_chain_elements(&c->of) / in_window * (in_window / c->chains) : 0;
}

/* Appends the elements of one window, in the order `pick`, `share` of them to each chain. */
static void link_window(const struct mw_chases *c, size_t first, const size_t *pick, size_t share, void ***tail)
{
	for (size_t i = 0; i < share; i++)
		for (unsigned k = 0; k < c->chains; k++) {
			void **place = mw_chain_place(&c->of, first + pick[k * share + i]);
			*tail[k] = (void *)place;
			tail[k] = place;
		}
}

int mw_chases_build(const struct mw_chases *c, void **at)
{
	void **tail[MW_CHASES_MAX];
	size_t in_window = per_window(&c->of);
	if (!kernel_of(c->chains) || c->of.lane || c->of.stride % sizeof(void *) || mw_chases_length(c) < 2)
		return -EINVAL;
	size_t windows = mw_chain_elements(&c->of) / in_window;
	size_t *order = malloc((windows + in_window) * sizeof(*order)), *pick = order ? order + windows : NULL;
	if (!order)
		return -ENOMEM;
	uint64_t rng = c->of.seed;
	for (size_t w = 0; w < windows; w++)
		order[w] = w;
	for (size_t i = 0; i < in_window; i++)
		pick[i] = i;
	mw_shuffle(order, windows, &rng);
	for (unsigned k = 0; k < c->chains; k++)
		tail[k] = &at[k];
	for (size_t w = 0; w < windows; w++) {
		mw_shuffle(pick, in_window, &rng);
		link_window(c, order[w] * in_window, pick, in_window / c->chains, tail);
	}
	for (unsigned k = 0; k < c->chains; k++)
		*tail[k] = at[k];
	free(order);
	return 0;
}
