#include "base/sys/team.h"

#include <errno.h>
#include <linux/futex.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/probe.h"
#include "base/core/text.h"
#include "base/sys/cpulist.h"

/* Each member has a futex word of its own: a member that has no part in a job sleeps on and does not read a job that is
 * being written. (With one word for all, a slow member could run the next job twice.) */
struct member {
	_Alignas(128) _Atomic uint32_t jobs; /* futex: incremented for each job of this member */
	struct mw_team *team;
	pthread_t thread;
	int cpu;
	int pin_error;
	int rank; /* within the job */
	uint64_t begin_ns, end_ns;
	uint64_t switches; /* involuntary switches of the thread when its timed part began */
	struct mw_timed timed;
};

/* What member 0 saw of steal and clock, between jobs. */
struct watch {
	uint64_t steal_at_ns, steal_ticks;
	uint64_t add_at_ns;
	double add_ns;
	/* since the last take */
	uint64_t told_ticks, told_ns;
	bool short_part;
	double add_first_ns;
};

struct mw_team {
	_Alignas(128) _Atomic uint32_t unfinished; /* futex: members that have not finished the job */
	_Alignas(128) _Atomic int arrived;         /* start barrier of a timed job */
	mw_team_fn fn;                             /* NULL: end the thread */
	void *arg;
	int active;
	int timed;
	int size, wanted;
	bool alone; /* the only member is the calling thread */
	char short_why[120], unpinned_why[120];
	struct watch watch;
	struct member *members;
};

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void finish(struct mw_team *t)
{
	if (atomic_fetch_sub_explicit(&t->unfinished, 1, memory_order_acq_rel) == 1)
		futex_wake(&t->unfinished);
}

static uint64_t own_switches(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}

/* ---- what disturbs a timed part ---- */

/* The clock moves within milliseconds, and a look takes 20 us. */
#define CLOCK_STALE_NS 1000000u

static void look_at_steal(struct watch *w)
{
	w->steal_ticks = mw_disturb_steal();
	w->steal_at_ns = mw_now_ns();
}

static void look_at_clock(struct watch *w)
{
	w->add_ns = mw_disturb_add_ns();
	w->add_at_ns = mw_now_ns();
}

/* By the member of rank 0, before it is timed. A count of ticks that is younger than a tick will do: reading it takes
 * up to a millisecond, and many a timed part takes microseconds. */
static void watch_begin(struct watch *w)
{
	uint64_t now = mw_now_ns();
	if (now - w->steal_at_ns > mw_disturb_tick_ns())
		look_at_steal(w);
	if (now - w->add_at_ns > CLOCK_STALE_NS)
		look_at_clock(w);
	if (w->add_first_ns <= 0)
		w->add_first_ns = w->add_ns;
}

/* By the same, after a timed part of ns. */
static void watch_end(struct watch *w, uint64_t ns)
{
	if (ns < mw_disturb_tick_ns()) {
		w->short_part = true;
	} else {
		uint64_t ticks = w->steal_ticks, since = w->steal_at_ns;
		look_at_steal(w);
		w->told_ticks += w->steal_ticks > ticks ? w->steal_ticks - ticks : 0;
		w->told_ns += w->steal_at_ns - since;
	}
	if (mw_now_ns() - w->add_at_ns > CLOCK_STALE_NS)
		look_at_clock(w);
}

static void timed_begin(struct member *m)
{
	m->switches = own_switches();
	m->begin_ns = mw_now_ns();
}

static void timed_end(struct member *m)
{
	m->end_ns = mw_now_ns();
	m->timed.ns += m->end_ns - m->begin_ns;
	m->timed.switches += own_switches() - m->switches;
}

static void work(struct member *m)
{
	struct mw_team *t = m->team;
	if (t->timed) {
		if (m->rank == 0)
			watch_begin(&t->watch); /* before the barrier: the members begin together */
		atomic_fetch_add_explicit(&t->arrived, 1, memory_order_acq_rel);
		/* Yields at times: with more members than free CPUs, a thread that only spins would use up its time
		 * slice. */
		for (unsigned spins = 1; atomic_load_explicit(&t->arrived, memory_order_acquire) < t->active; spins++) {
			relax();
			if (spins % 4096 == 0)
				(void)sched_yield();
		}
		timed_begin(m); /* after the barrier, because the kernel counts its yields as involuntary switches */
	}
	t->fn(t->arg, m->rank, t->active);
	if (t->timed) {
		timed_end(m);
		if (m->rank == 0)
			watch_end(&t->watch, m->end_ns - m->begin_ns);
	}
}

static int pin_self(int cpu)
{
	size_t bits = (size_t)cpu + 1;
	size_t bytes = CPU_ALLOC_SIZE(bits);
	cpu_set_t *set = CPU_ALLOC(bits);
	if (!set)
		return ENOMEM;
	CPU_ZERO_S(bytes, set);
	CPU_SET_S((size_t)cpu, bytes, set);
	int rc = sched_setaffinity(0, bytes, set) == 0 ? 0 : errno;
	CPU_FREE(set);
	return rc;
}

/* Does member 0's work on the calling thread, which is pinned during the job. */
static void work_alone(struct member *m)
{
	size_t bytes = CPU_ALLOC_SIZE(MW_CPULIST_MAX);
	cpu_set_t *before = CPU_ALLOC(MW_CPULIST_MAX);
	bool known = before && sched_getaffinity(0, bytes, before) == 0;
	/* Pins only if the old affinity is known and can be restored. */
	m->pin_error = known ? pin_self(m->cpu) : before ? errno : ENOMEM;
	if (m->team->fn)
		work(m);
	if (known)
		(void)sched_setaffinity(0, bytes, before);
	CPU_FREE(before);
}

static void *worker(void *arg)
{
	struct member *m = arg;
	struct mw_team *t = m->team;
	m->pin_error = pin_self(m->cpu);
	uint32_t seen = 0;
	finish(t);
	for (;;) {
		uint32_t now;
		while ((now = atomic_load_explicit(&m->jobs, memory_order_acquire)) == seen)
			futex_wait(&m->jobs, seen);
		seen = now;
		if (!t->fn)
			return NULL;
		work(m);
		finish(t);
	}
}

static void wait_finished(struct mw_team *t)
{
	uint32_t left;
	while ((left = atomic_load_explicit(&t->unfinished, memory_order_acquire)) != 0)
		futex_wait(&t->unfinished, left);
}

static void hand_out(struct member *m)
{
	atomic_fetch_add_explicit(&m->jobs, 1, memory_order_release);
	futex_wake(&m->jobs);
}

/* New threads inherit the signal mask. Blocked signals are delivered to the caller's threads and do not disturb a
 * measurement. Faults are not blocked. */
static void block_signals(sigset_t *old)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
	sigset_t all;
	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(&all, faults[i]);
	(void)pthread_sigmask(SIG_BLOCK, &all, old);
}

/* With the default of 8 MiB per thread, teams on many CPUs would exceed a ulimit -v. The size does not depend on the
 * team, so that the C library can reuse stacks of ended threads. */
static size_t stack_bytes(void)
{
	struct rlimit limit;
	bool limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
	return limited ? (size_t)512 << 10 : (size_t)2 << 20;
}

/* Starts up to n threads and stops when one is refused; t->size is the number started. */
static int start(struct mw_team *t, const int *cpus, int n)
{
	pthread_attr_t attr;
	sigset_t old;
	int rc = -pthread_attr_init(&attr);
	if (rc < 0)
		return rc;
	(void)pthread_attr_setstacksize(&attr, stack_bytes());
	block_signals(&old);
	for (int i = 0; i < n && rc == 0; i++) {
		t->members[i].team = t;
		t->members[i].cpu = cpus[i];
		rc = -pthread_create(&t->members[i].thread, &attr, worker, &t->members[i]);
		t->size += rc == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
	return rc;
}

/* An error when a CPU is not one that the process may use (EINVAL). When the system refuses pinning, the reason is kept
 * and the team stays unpinned. */
static int check_pins(struct mw_team *t, char *err, size_t en)
{
	for (int i = 0; i < t->size; i++) {
		const struct member *m = &t->members[i];
		if (m->pin_error == EINVAL)
			return mw_fail(MW_EUNAVAILABLE, err, en, "cannot pin a thread to CPU %d: %s", m->cpu,
				       mw_strerror(-m->pin_error));
		if (m->pin_error && !t->unpinned_why[0])
			mw_format(t->unpinned_why, sizeof(t->unpinned_why), "cannot pin a thread to CPU %d: %s", m->cpu,
				  mw_strerror(-m->pin_error));
	}
	return 0;
}

int mw_team_create(const int *cpus, int n, struct mw_team **out, char *err, size_t en)
{
	*out = NULL;
	if (n < 1)
		return mw_fail(-EINVAL, err, en, "a team needs at least one CPU");
	struct mw_team *t = aligned_alloc(_Alignof(struct mw_team), sizeof(*t));
	struct member *members = aligned_alloc(_Alignof(struct member), (size_t)n * sizeof(*members));
	if (!t || !members) {
		free(t);
		free(members);
		return mw_fail(-ENOMEM, err, en, "no memory for a team of %d threads", n);
	}
	memset(t, 0, sizeof(*t));
	memset(members, 0, (size_t)n * sizeof(*members));
	t->members = members;
	t->wanted = n;
	atomic_init(&t->unfinished, (uint32_t)n);
	int rc = start(t, cpus, n);
	if (rc < 0)
		mw_format(t->short_why, sizeof(t->short_why), "cannot start thread %d of %d: %s", t->size + 1, n,
			  mw_strerror(rc));
	atomic_fetch_sub(&t->unfinished, (uint32_t)(n - t->size));
	wait_finished(t);
	if (t->size == 0) {
		t->size = 1;
		t->alone = true;
		members[0].team = t;
		members[0].cpu = cpus[0];
		work_alone(&members[0]);
	}
	rc = check_pins(t, err, en);
	if (rc < 0) {
		mw_team_destroy(t);
		return rc;
	}
	*out = t;
	return 0;
}

void mw_team_destroy(struct mw_team *t)
{
	if (!t)
		return;
	t->fn = NULL;
	for (int i = 0; i < t->size && !t->alone; i++)
		hand_out(&t->members[i]);
	for (int i = 0; i < t->size && !t->alone; i++)
		(void)pthread_join(t->members[i].thread, NULL);
	free(t->members);
	free(t);
}

int mw_team_size(const struct mw_team *t)
{
	return t->size;
}

int mw_team_wanted(const struct mw_team *t)
{
	return t->wanted;
}

const char *mw_team_short(const struct mw_team *t)
{
	return t->short_why;
}

const char *mw_team_unpinned(const struct mw_team *t)
{
	return t->unpinned_why;
}

int mw_team_cpu(const struct mw_team *t, int rank)
{
	return t->members[rank].cpu;
}

/* Members who[0..n-1] take ranks 0..n-1; who NULL: the first n. */
static int run_job(struct mw_team *t, const int *who, int n, mw_team_fn fn, void *arg, int timed)
{
	if (n < 1 || n > t->size || !fn)
		return -EINVAL;
	t->fn = fn;
	t->arg = arg;
	t->active = n;
	t->timed = timed;
	atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
	if (t->alone) {
		t->members[0].rank = 0;
		work_alone(&t->members[0]);
		return 0;
	}
	atomic_store_explicit(&t->unfinished, (uint32_t)n, memory_order_relaxed);
	for (int i = 0; i < n; i++) {
		struct member *m = &t->members[who ? who[i] : i];
		m->rank = i;
		hand_out(m);
	}
	wait_finished(t);
	return 0;
}

int mw_team_run(struct mw_team *t, int n, mw_team_fn fn, void *arg)
{
	return run_job(t, NULL, n, fn, arg, 0);
}

int mw_team_run_on(struct mw_team *t, int member, mw_team_fn fn, void *arg)
{
	return member < 0 || member >= t->size ? -EINVAL : run_job(t, &member, 1, fn, arg, 0);
}

static int time_job(struct mw_team *t, const int *who, int n, mw_team_fn fn, void *arg, uint64_t *ns)
{
	int rc = run_job(t, who, n, fn, arg, 1);
	if (rc < 0)
		return rc;
	uint64_t begin = UINT64_MAX, end = 0;
	for (int i = 0; i < n; i++) {
		const struct member *m = &t->members[who ? who[i] : i];
		if (m->begin_ns < begin)
			begin = m->begin_ns;
		if (m->end_ns > end)
			end = m->end_ns;
	}
	*ns = end - begin;
	return 0;
}

int mw_team_time(struct mw_team *t, int n, mw_team_fn fn, void *arg, uint64_t *ns)
{
	return time_job(t, NULL, n, fn, arg, ns);
}

int mw_team_time_on(struct mw_team *t, const int *who, int n, mw_team_fn fn, void *arg, uint64_t *ns)
{
	for (int i = 0; i < n; i++) {
		if (who[i] < 0 || who[i] >= t->size)
			return -EINVAL;
		for (int k = 0; k < i; k++)
			if (who[k] == who[i])
				return -EINVAL;
	}
	return time_job(t, who, n, fn, arg, ns);
}

void mw_team_timed_begin(struct mw_team *t, int rank)
{
	if (rank == 0)
		watch_begin(&t->watch);
	timed_begin(&t->members[rank]);
}

uint64_t mw_team_timed_end(struct mw_team *t, int rank)
{
	struct member *m = &t->members[rank];
	timed_end(m);
	if (rank == 0)
		watch_end(&t->watch, m->end_ns - m->begin_ns);
	return m->end_ns - m->begin_ns;
}

struct mw_timed mw_team_timed_take(struct mw_team *t)
{
	struct watch *w = &t->watch;
	struct mw_timed sum = {.add_first_ns = w->add_first_ns};
	sum.add_last_ns = w->add_first_ns > 0 ? w->add_ns : 0;
	if (!w->short_part) {
		sum.steal_ticks = w->told_ticks;
		sum.steal_ns = w->told_ns;
	}
	w->told_ticks = w->told_ns = 0;
	w->add_first_ns = 0;
	w->short_part = false;
	for (int i = 0; i < t->size; i++) {
		struct mw_timed *m = &t->members[i].timed;
		sum.ns = m->ns > sum.ns ? m->ns : sum.ns;
		sum.switches += m->switches;
		*m = (struct mw_timed){0};
	}
	return sum;
}

static void c2c_member(void *arg, int rank, int n)
{
	(void)n;
	mw_probe_side(arg, rank);
}

double mw_team_c2c_ns(struct mw_team *t, int a, int b)
{
	if (a == b || a < 0 || b < 0 || a >= t->size || b >= t->size)
		return NAN;
	/* 500 round trips take about 0.05 ms on one core complex and 0.2 ms across two; the limit is 1 ms. */
	struct mw_probe probe;
	mw_probe_init(&probe, 500, 1000000);
	if (run_job(t, (const int[]){a, b}, 2, c2c_member, &probe, 1) < 0)
		return NAN;
	return mw_probe_one_way_ns(&probe);
}

void mw_team_slice(size_t n, size_t grain, int rank, int members, size_t *begin, size_t *end)
{
	size_t units = (n + grain - 1) / grain;
	size_t first = units * (size_t)rank / (size_t)members;
	size_t last = units * ((size_t)rank + 1) / (size_t)members;
	*begin = first * grain < n ? first * grain : n;
	*end = last * grain < n ? last * grain : n;
}
