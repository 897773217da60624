#include "base/core/kernels/transfer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"

enum { STOP = UINT32_MAX, CHECK_EVERY = 4096 };

/* ---- what a pass does to memory ---- */

/* The pointer stays, the word behind it changes: it makes the line modified and tells the taker the pass. */
static void write_line(void **line, uintptr_t pass)
{
	*(volatile uintptr_t *)(void *)(line + 1) = pass;
}

static void read_line(void **line)
{
	(void)*(void *const volatile *)line;
}

static void flush_line(void **line)
{
#if defined(__x86_64__)
	__builtin_ia32_clflush(line);
#elif defined(__aarch64__)
	__asm__ volatile("dc civac, %0" : : "r"(line) : "memory");
#else
	(void)line;
#endif
}

static void fence(void)
{
#if defined(__x86_64__)
	__builtin_ia32_mfence();
#elif defined(__aarch64__)
	__asm__ volatile("dsb ish" : : : "memory");
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

bool mw_transfer_can_flush(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
	return true;
#else
	return false;
#endif
}

const struct mw_transfer_ops mw_transfer_ops_of_machine = {
	.write = write_line,
	.flush = flush_line,
	.fence = fence,
	.read = read_line,
	.chase = mw_chase,
	.now_ns = mw_now_ns,
};

/* ---- passes ---- */

int mw_transfer_init(struct mw_transfer *t, const struct mw_chain *lines, enum mw_transfer_line line, uint32_t passes,
		     uint64_t limit_ns)
{
	memset(t, 0, sizeof(*t));
	atomic_init(&t->turn, 0);
	t->ops = &mw_transfer_ops_of_machine;
	t->lines = *lines;
	t->line = line;
	t->passes = passes < MW_TRANSFER_PASSES ? passes : MW_TRANSFER_PASSES;
	t->limit_ns = limit_ns;
	if (lines->lane || lines->stride < 64 || mw_chain_elements(lines) % MW_CHASE_UNROLL)
		return -EINVAL;
	return mw_chain_build(&t->lines, &t->start);
}

void mw_transfer_give(struct mw_transfer *t, uint32_t pass)
{
	size_t n = mw_chain_elements(&t->lines);
	if (t->line == MW_LINE_MODIFIED) {
		for (size_t i = 0; i < n; i++)
			t->ops->write(mw_chain_place(&t->lines, i), pass);
		return;
	}
	for (size_t i = 0; i < n; i++)
		t->ops->flush(mw_chain_place(&t->lines, i));
	t->ops->fence();
	for (size_t i = 0; i < n; i++)
		t->ops->read(mw_chain_place(&t->lines, i));
	t->ops->fence();
}

uint64_t mw_transfer_take(struct mw_transfer *t, uint32_t pass)
{
	size_t n = mw_chain_elements(&t->lines);
	uint64_t begin = t->ops->now_ns();
	void *end = t->ops->chase(t->start, n);
	uint64_t ns = t->ops->now_ns() - begin;
	t->wrong += end != t->start;
	for (size_t i = 0; i < n && t->line == MW_LINE_MODIFIED; i++)
		t->wrong += (uintptr_t)mw_chain_place(&t->lines, i)[1] != pass;
	return ns;
}

/* Waits until turn == want. False after the deadline or when the other side has stopped. */
static bool wait_turn(struct mw_transfer *t, uint32_t want, uint64_t deadline)
{
	for (unsigned spins = 1;; spins++) {
		uint32_t now = atomic_load_explicit(&t->turn, memory_order_acquire);
		if (now == want)
			return true;
		if (now == STOP || (spins % CHECK_EVERY == 0 && mw_now_ns() > deadline))
			return false;
	}
}

void mw_transfer_side(struct mw_transfer *t, int side)
{
	uint64_t deadline = mw_now_ns() + t->limit_ns;
	for (uint32_t pass = 1; pass <= t->passes + 1; pass++) {
		uint32_t turn = 2 * (pass - 1) + (uint32_t)side;
		if (!wait_turn(t, turn, deadline) || mw_now_ns() > deadline) {
			atomic_store_explicit(&t->turn, STOP, memory_order_release);
			return;
		}
		if (side == 0) {
			mw_transfer_give(t, pass);
		} else {
			uint64_t ns = mw_transfer_take(t, pass);
			if (pass > 1)
				t->pass_ns[t->done++] = ns;
		}
		atomic_store_explicit(&t->turn, turn + 1, memory_order_release);
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

double mw_transfer_ns(const struct mw_transfer *t)
{
	uint64_t v[MW_TRANSFER_PASSES];
	if (t->done == 0)
		return NAN;
	memcpy(v, t->pass_ns, t->done * sizeof(*v));
	qsort(v, t->done, sizeof(*v), by_value);
	uint64_t median = v[t->done / 2];
	return (double)median / (double)mw_chain_elements(&t->lines);
}
