#include "base/core/kernels/contend.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { LINE = 64, WORDS = LINE / sizeof(uint64_t) };

/* The common word is the first one of the block; what guards it is on the same line, as in ordinary structures. */
struct guarded {
	uint64_t word;
	atomic_uint held;
	pthread_mutex_t mutex; /* zeros are a mutex, as PTHREAD_MUTEX_INITIALIZER has them */
};

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void run_add(void *block, int rank, uint64_t n)
{
	_Atomic uint64_t *word = block;
	(void)rank;
	for (uint64_t i = 0; i < n; i++)
		atomic_fetch_add_explicit(word, 1, memory_order_seq_cst);
}

static void run_cas(void *block, int rank, uint64_t n)
{
	_Atomic uint64_t *word = block;
	(void)rank;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
		while (!atomic_compare_exchange_strong(word, &seen, seen + 1))
			;
	}
}

static void run_spin_lock(void *block, int rank, uint64_t n)
{
	struct guarded *g = block;
	(void)rank;
	for (uint64_t i = 0; i < n; i++) {
		while (atomic_exchange_explicit(&g->held, 1, memory_order_acquire))
			while (atomic_load_explicit(&g->held, memory_order_relaxed))
				relax();
		g->word++;
		atomic_store_explicit(&g->held, 0, memory_order_release);
	}
}

static void run_mutex(void *block, int rank, uint64_t n)
{
	struct guarded *g = block;
	(void)rank;
	for (uint64_t i = 0; i < n; i++) {
		(void)pthread_mutex_lock(&g->mutex);
		g->word++;
		(void)pthread_mutex_unlock(&g->mutex);
	}
}

/* Eight threads have a line together, the next eight the next one. */
static size_t word_together(int rank)
{
	return (size_t)rank / WORDS * MW_CONTEND_APART + (size_t)rank % WORDS * sizeof(uint64_t);
}

static size_t word_apart(int rank)
{
	return (size_t)rank * MW_CONTEND_APART;
}

static void increment(void *block, size_t at, uint64_t n)
{
	volatile uint64_t *word = (volatile uint64_t *)(void *)((char *)block + at);
	for (uint64_t i = 0; i < n; i++)
		*word = *word + 1;
}

static void run_together(void *block, int rank, uint64_t n)
{
	increment(block, word_together(rank), n);
}

static void run_apart(void *block, int rank, uint64_t n)
{
	increment(block, word_apart(rank), n);
}

const struct mw_contend mw_contend_table[] = {
	{"atomic-add", "atomic addition to one word", run_add, NULL},
	{"cas", "addition to one word by compare-and-swap, with its failed attempts", run_cas, NULL},
	{"spin-lock", "lock of one word, increment, unlock", run_spin_lock, NULL},
	{"mutex", "pthread mutex, increment, unlock", run_mutex, NULL},
	{"same-line", "ordinary increment of a word of the thread's own, eight threads on a line", run_together,
	 word_together},
	{"own-line", "ordinary increment of a word of the thread's own, on a line of its own", run_apart, word_apart},
	{.name = NULL},
};

size_t mw_contend_bytes(int threads)
{
	size_t bytes = word_apart(threads);
	return bytes > sizeof(struct guarded) ? bytes : 2 * (size_t)MW_CONTEND_APART;
}

static uint64_t word_at(const void *block, size_t at)
{
	uint64_t v;
	memcpy(&v, (const char *)block + at, sizeof(v));
	return v;
}

bool mw_contend_right(const struct mw_contend *c, const void *block, const uint64_t *done, int n)
{
	uint64_t sum = 0;
	for (int i = 0; i < n; i++) {
		sum += done[i];
		if (c->word && word_at(block, c->word(i)) != done[i])
			return false;
	}
	return c->word || word_at(block, 0) == sum;
}
