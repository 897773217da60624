#include <criterion/criterion.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/probe.h"
#include "base/sys/cpulist.h"
#include "base/sys/team.h"

enum { TEAM_MAX = 8 };

/* CPUs of this process, repeated until n are there. */
static int fill_cpus(int *cpus, int n)
{
	struct mw_cpulist mine;
	int distinct = 0, id = -1;
	cr_assert_eq(mw_cpulist_affinity(&mine), 0);
	for (int i = 0; i < n; i++) {
		id = mw_cpulist_next(&mine, id + 1);
		if (id < 0)
			id = mw_cpulist_next(&mine, 0);
		else
			distinct++;
		cpus[i] = id;
	}
	return distinct;
}

Test(team, slices_cover_every_item_once)
{
	static const size_t sizes[] = {0, 1, 7, 63, 64, 65, 1000, 4096, 1000003};
	static const size_t grains[] = {1, 8, 64, 4096};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t g = 0; g < sizeof(grains) / sizeof(grains[0]); g++)
			for (int members = 1; members <= 70; members += 3) {
				size_t next = 0, most = 0, least = SIZE_MAX;
				for (int rank = 0; rank < members; rank++) {
					size_t begin, end;
					mw_team_slice(sizes[i], grains[g], rank, members, &begin, &end);
					cr_assert(begin == next && end >= begin,
						  "n %zu grain %zu member %d of %d: %zu..%zu after %zu", sizes[i],
						  grains[g], rank, members, begin, end, next);
					cr_assert(begin % grains[g] == 0 || begin == sizes[i]);
					most = end - begin > most ? end - begin : most;
					least = end - begin < least ? end - begin : least;
					next = end;
				}
				cr_assert_eq(next, sizes[i]);
				cr_assert_leq(most - least, 2 * grains[g] - 1, "unfair slices");
			}
}

struct seen {
	int cpu[TEAM_MAX], runs[TEAM_MAX], n[TEAM_MAX], pinned_to[TEAM_MAX];
	int int_blocked[TEAM_MAX], segv_blocked[TEAM_MAX];
};

static void look(void *arg, int rank, int n)
{
	struct seen *s = arg;
	struct mw_cpulist mine;
	sigset_t mask;
	s->runs[rank]++;
	s->n[rank] = n;
	s->cpu[rank] = sched_getcpu();
	(void)mw_cpulist_affinity(&mine);
	s->pinned_to[rank] = mw_cpulist_next(&mine, 0);
	if (mw_cpulist_next(&mine, s->pinned_to[rank] + 1) >= 0)
		s->pinned_to[rank] = -1;
	(void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
	s->int_blocked[rank] = sigismember(&mask, SIGINT);
	s->segv_blocked[rank] = sigismember(&mask, SIGSEGV);
}

Test(team, every_member_runs_once_on_its_cpu)
{
	int cpus[TEAM_MAX];
	char err[160] = "";
	struct mw_team *team;
	struct mw_cpulist before, after;
	sigset_t mask;
	(void)fill_cpus(cpus, TEAM_MAX);
	(void)mw_cpulist_affinity(&before);
	cr_assert_eq(mw_team_create(cpus, TEAM_MAX, &team, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(mw_team_size(team), TEAM_MAX);
	for (int n = 1; n <= TEAM_MAX; n++) {
		struct seen s;
		memset(&s, 0, sizeof(s));
		uint64_t ns = 0;
		int rc = n % 2 ? mw_team_run(team, n, look, &s) : mw_team_time(team, n, look, &s, &ns);
		cr_assert_eq(rc, 0);
		cr_expect(n % 2 || ns > 0);
		for (int i = 0; i < TEAM_MAX; i++) {
			cr_expect_eq(s.runs[i], i < n, "member %d of %d ran %d times", i, n, s.runs[i]);
			if (i >= n)
				continue;
			cr_expect_eq(s.n[i], n);
			cr_expect_eq(s.cpu[i], cpus[i], "member %d on CPU %d", i, s.cpu[i]);
			cr_expect_eq(s.pinned_to[i], cpus[i]);
			cr_expect_eq(mw_team_cpu(team, i), cpus[i]);
			cr_expect(s.int_blocked[i] && !s.segv_blocked[i]);
		}
	}
	mw_team_destroy(team);
	/* The caller is untouched. */
	(void)mw_cpulist_affinity(&after);
	cr_expect_eq(memcmp(&before, &after, sizeof(before)), 0);
	(void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
	cr_expect_not(sigismember(&mask, SIGINT));
}

static void count(void *arg, int rank, int n)
{
	(void)rank;
	(void)n;
	atomic_fetch_add((atomic_int *)arg, 1);
}

Test(team, jobs_of_changing_size_run_exactly_once)
{
	int cpus[TEAM_MAX], expected = 0;
	atomic_int runs = 0;
	struct mw_team *team;
	(void)fill_cpus(cpus, TEAM_MAX);
	cr_assert_eq(mw_team_create(cpus, TEAM_MAX, &team, NULL, 0), 0);
	for (int i = 0; i < 4000; i++) {
		int n = 1 + i * 7 % TEAM_MAX;
		cr_assert_eq(mw_team_run(team, n, count, &runs), 0);
		expected += n;
		cr_assert_eq(atomic_load(&runs), expected, "after job %d of %d members", i, n);
	}
	mw_team_destroy(team);
}

/* One member alone: on its CPU, whatever its place in the team. */
Test(team, one_member_alone)
{
	int cpus[TEAM_MAX];
	struct mw_team *team;
	(void)fill_cpus(cpus, TEAM_MAX);
	cr_assert_eq(mw_team_create(cpus, TEAM_MAX, &team, NULL, 0), 0);
	for (int i = 0; i < TEAM_MAX; i++) {
		struct seen s;
		memset(&s, 0, sizeof(s));
		cr_assert_eq(mw_team_run_on(team, i, look, &s), 0);
		cr_expect_eq(s.runs[0], 1);
		cr_expect_eq(s.n[0], 1);
		cr_expect_eq(s.pinned_to[0], cpus[i]);
	}
	struct seen s;
	cr_expect_eq(mw_team_run_on(team, -1, look, &s), -EINVAL);
	cr_expect_eq(mw_team_run_on(team, TEAM_MAX, look, &s), -EINVAL);
	mw_team_destroy(team);
}

Test(team, bad_calls_are_refused)
{
	int cpus[2] = {0, MW_CPULIST_MAX - 1};
	char err[160] = "";
	atomic_int runs = 0;
	uint64_t ns;
	struct mw_team *team = NULL;
	(void)fill_cpus(cpus, 1);
	cr_expect_eq(mw_team_create(cpus, 0, &team, err, sizeof(err)), -EINVAL);
	cr_expect(!team && strstr(err, "at least one CPU"));
	cr_expect_eq(mw_team_create(cpus, 2, &team, err, sizeof(err)), MW_EUNAVAILABLE);
	cr_expect(!team && strstr(err, "cannot pin a thread to CPU 8191"), "%s", err);
	mw_team_destroy(NULL);
	cr_assert_eq(mw_team_create(cpus, 1, &team, err, sizeof(err)), 0);
	cr_expect_eq(mw_team_run(team, 0, count, &runs), -EINVAL);
	cr_expect_eq(mw_team_run(team, 2, count, &runs), -EINVAL);
	cr_expect_eq(mw_team_run(team, 1, NULL, &runs), -EINVAL);
	cr_expect_eq(mw_team_time(team, 2, count, &runs, &ns), -EINVAL);
	cr_expect_eq(atomic_load(&runs), 0);
	mw_team_destroy(team);
}

static void sleep_on_the_last(void *arg, int rank, int n)
{
	const struct timespec *t = arg;
	if (rank == n - 1)
		(void)nanosleep(t, NULL);
}

/* A timed job lasts until its last member is done. */
Test(team, time_is_that_of_all_members)
{
	const struct timespec long_sleep = {.tv_nsec = 30000000};
	int cpus[2];
	struct mw_team *team;
	uint64_t ns = 0;
	(void)fill_cpus(cpus, 2);
	cr_assert_eq(mw_team_create(cpus, 2, &team, NULL, 0), 0);
	cr_expect_eq(mw_team_time(team, 2, sleep_on_the_last, (void *)(uintptr_t)&long_sleep, &ns), 0);
	cr_expect_geq(ns, 30000000u);
	mw_team_destroy(team);
}

/* Half of a round trip, by the median block. */
Test(team, probe_is_one_way)
{
	struct mw_probe p;
	mw_probe_init(&p, 1000, 1);
	cr_expect(isnan(mw_probe_one_way_ns(&p)));
	p.blocks = 3;
	p.block_ns[0] = 20000; /* 100 round trips each */
	p.block_ns[1] = 900000;
	p.block_ns[2] = 10000;
	cr_expect_float_eq(mw_probe_one_way_ns(&p), 100.0, 1e-9);
}

Test(team, core_to_core_probe, .timeout = 300)
{
	int cpus[2];
	struct mw_team *team;
	int distinct = fill_cpus(cpus, 2);
	cr_assert_eq(mw_team_create(cpus, 1, &team, NULL, 0), 0);
	cr_expect(isnan(mw_team_c2c_ns(team, 0, 0)));
	cr_expect(isnan(mw_team_c2c_ns(team, 0, 1)));
	cr_expect(isnan(mw_team_c2c_ns(team, -1, 0)));
	mw_team_destroy(team);
	if (distinct < 2)
		cr_skip_test("one CPU");
	cr_assert_eq(mw_team_create(cpus, 2, &team, NULL, 0), 0);
	/* NaN: either side was put off for longer than a probe lasts. That may happen any number of times. */
	double ns = NAN;
	for (int i = 0; isnan(ns); i++)
		ns = mw_team_c2c_ns(team, i % 2, 1 - i % 2);
	cr_expect(isfinite(ns) && ns > 0, "%g ns", ns);
	mw_team_destroy(team);
}

static void add_one(void *arg, int rank, int n)
{
	(void)rank;
	(void)n;
	atomic_fetch_add((atomic_int *)arg, 1);
}

Test(team, refused_threads_leave_a_smaller_team)
{
#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("AddressSanitizer reserves terabytes of address space");
#endif
	enum { MANY = 64 };
	int cpus[MANY], cpu;
	char err[160] = "";
	struct mw_team *team = NULL;
	struct rlimit limit;
	unsigned long pages = 0;
	(void)fill_cpus(&cpu, 1);
	for (int i = 0; i < MANY; i++)
		cpus[i] = cpu;
	FILE *f = fopen("/proc/self/statm", "r");
	cr_assert(f && fscanf(f, "%lu", &pages) == 1);
	(void)fclose(f);
	cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = pages * 4096 + (16u << 20); /* room for a few stacks */
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	cr_assert_eq(mw_team_create(cpus, MANY, &team, err, sizeof(err)), 0, "%s", err);
	int size = mw_team_size(team);
	const char *why = mw_team_short(team);
	cr_expect(size >= 1 && size < MANY && mw_team_wanted(team) == MANY, "%d", size);
	cr_expect(strncmp(why, "cannot start thread ", 20) == 0 && strstr(why, " of 64: "), "%s", why);
	atomic_int done = 0;
	cr_expect_eq(mw_team_run(team, size, add_one, &done), 0);
	cr_expect_eq(done, size);
	cr_expect_eq(mw_team_run(team, size + 1, add_one, &done), -EINVAL);
	mw_team_destroy(team);
	/* Those that had started are gone: a small team still fits. */
	cr_expect_eq(mw_team_create(cpus, 2, &team, err, sizeof(err)), 0, "%s", err);
	cr_expect(mw_team_size(team) == 2 && mw_team_short(team)[0] == '\0');
	mw_team_destroy(team);
}

/* No thread at all can be made: the calling thread does the work, on the CPU asked for, and is untouched after it. */
Test(team, the_caller_alone_is_a_team_too)
{
#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("AddressSanitizer reserves terabytes of address space");
#endif
	int cpus[2];
	char err[160] = "";
	struct mw_team *team = NULL;
	struct mw_cpulist before, after;
	struct rlimit limit;
	unsigned long pages = 0;
	uint64_t ns = 0;
	int last = fill_cpus(cpus, 2) - 1;
	(void)mw_cpulist_affinity(&before);
	FILE *f = fopen("/proc/self/statm", "r");
	cr_assert(f && fscanf(f, "%lu", &pages) == 1);
	(void)fclose(f);
	cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = pages * 4096;
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	cr_assert_eq(mw_team_create(cpus + last, 2 - last, &team, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(mw_team_size(team), 1);
	cr_expect(strstr(mw_team_short(team), "cannot start thread 1 of "), "%s", mw_team_short(team));
	cr_expect_eq(mw_team_unpinned(team)[0], '\0');
	struct seen s;
	memset(&s, 0, sizeof(s));
	cr_assert_eq(mw_team_time(team, 1, look, &s, &ns), 0);
	cr_expect(s.runs[0] == 1 && s.n[0] == 1 && s.pinned_to[0] == cpus[last] && ns > 0);
	cr_expect(isnan(mw_team_c2c_ns(team, 0, 1)));
	cr_assert_eq(mw_team_run(team, 1, look, &s), 0);
	cr_expect_eq(s.runs[0], 2);
	mw_team_destroy(team);
	(void)mw_cpulist_affinity(&after);
	cr_expect_eq(memcmp(&before, &after, sizeof(before)), 0);
}

/* Where it cannot know what to go back to, the calling thread is not pinned, and why is told as it is. */
Test(team, alone_and_not_pinned_for_the_reason_given)
{
#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("the leak checker clones a process of its own");
#endif
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* system call number */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_getaffinity, 2, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
	struct mw_team *team = NULL;
	char err[160] = "";
	int cpu;
	(void)fill_cpus(&cpu, 1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		cr_skip_test("no seccomp filters here");
	cr_assert_eq(mw_team_create(&cpu, 1, &team, err, sizeof(err)), 0, "%s", err);
	cr_expect(strstr(mw_team_short(team), "cannot start thread 1 of 1"), "%s", mw_team_short(team));
	cr_expect(strstr(mw_team_unpinned(team), strerror(ENOSYS)), "%s", mw_team_unpinned(team));
	mw_team_destroy(team);
}

/* ---- what disturbs the timed parts ---- */

static uint64_t own_switches(void)
{
	struct rusage usage;
	cr_assert_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	return (uint64_t)usage.ru_nivcsw;
}

struct preempted {
	struct mw_team *team;
	atomic_int done;
	bool mark;
};

/* Two members of one CPU yield to each other until both were switched out three times. */
static void yield_member(void *arg, int rank, int n)
{
	struct preempted *p = arg;
	uint64_t before = own_switches();
	bool counted = false;
	if (p->mark)
		mw_team_timed_begin(p->team, rank);
	while (atomic_load(&p->done) < n) {
		(void)sched_yield();
		if (!counted && own_switches() >= before + 3) {
			counted = true;
			atomic_fetch_add(&p->done, 1);
		}
	}
	if (p->mark)
		(void)mw_team_timed_end(p->team, rank);
}

static void idle_member(void *arg, int rank, int n)
{
	(void)arg;
	(void)rank;
	(void)n;
}

static void wait_member(void *arg, int rank, int n)
{
	const uint64_t *ns = arg, begin = mw_now_ns();
	(void)rank, (void)n;
	while (mw_now_ns() - begin < *ns)
		;
}

/* Steal is told over the timed part and at most a tick before it, where the part is long enough; the clock always. */
Test(team, steal_and_clock_are_those_of_the_timed_part)
{
	char err[200];
	int cpu;
	uint64_t tick = mw_disturb_tick_ns(), part = 3 * tick, set_up = 10 * tick, short_part = tick / 10, ns;
	struct mw_team *t;
	fill_cpus(&cpu, 1);
	cr_assert_eq(mw_team_create(&cpu, 1, &t, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_team_run(t, 1, wait_member, &set_up), 0);
	cr_assert_eq(mw_team_time(t, 1, wait_member, &part, &ns), 0);
	struct mw_timed timed = mw_team_timed_take(t);
	cr_expect_geq(timed.steal_ns, part);
	/* A member that is stopped between a look and its part would make it longer: the part itself is what is known.
	 */
	cr_expect_lt(timed.steal_ns - timed.ns, set_up, "the set-up is counted");
	cr_expect(timed.add_first_ns > 0 && timed.add_last_ns > 0, "%g and %g", timed.add_first_ns, timed.add_last_ns);
	cr_assert_eq(mw_team_time(t, 1, wait_member, &part, &ns), 0);
	cr_assert_eq(mw_team_time(t, 1, wait_member, &short_part, &ns), 0);
	timed = mw_team_timed_take(t);
	cr_expect_eq(timed.steal_ns, ns < tick ? 0 : timed.steal_ns, "a short part cannot tell");
	timed = mw_team_timed_take(t);
	cr_expect_eq(timed.steal_ns, 0);
	cr_expect_eq(timed.add_first_ns, 0);
	mw_team_destroy(t);
}

Test(team, switches_count_in_the_timed_parts)
{
	char err[200];
	int cpus[2];
	uint64_t ns;
	fill_cpus(cpus, 1);
	cpus[1] = cpus[0];
	struct preempted p = {.team = NULL};
	cr_assert_eq(mw_team_create(cpus, 2, &p.team, err, sizeof(err)), 0, "%s", err);
	struct mw_timed timed = mw_team_timed_take(p.team);
	cr_expect_eq(timed.ns, 0);
	/* Set-up that is preempted. */
	cr_assert_eq(mw_team_run(p.team, 2, yield_member, &p), 0);
	timed = mw_team_timed_take(p.team);
	cr_expect_eq(timed.ns, 0);
	cr_expect_eq(timed.switches, 0, "%llu", (unsigned long long)timed.switches);
	/* The timed job, and one that marks its timed part. */
	for (int mark = 0; mark < 2; mark++) {
		p.mark = mark;
		atomic_store(&p.done, 0);
		cr_assert_eq(mark ? mw_team_run(p.team, 2, yield_member, &p)
				  : mw_team_time(p.team, 2, yield_member, &p, &ns),
			     0);
		timed = mw_team_timed_take(p.team);
		cr_expect_gt(timed.ns, 0);
		cr_expect_geq(timed.switches, 6, "%llu", (unsigned long long)timed.switches);
	}
	/* Nothing is carried over, and the yields of the start barrier do not count. */
	timed = mw_team_timed_take(p.team);
	cr_expect_eq(timed.ns, 0);
	cr_expect_eq(timed.switches, 0);
	uint64_t switches = 0;
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(mw_team_time(p.team, 2, idle_member, NULL, &ns), 0);
		switches += mw_team_timed_take(p.team).switches;
	}
	cr_expect_lt(switches, 50, "%llu in 100 empty jobs", (unsigned long long)switches);
	mw_team_destroy(p.team);
}

static void note_rank(void *arg, int rank, int n)
{
	int *cpu_of_rank = arg;
	cpu_of_rank[rank] = n == 2 ? sched_getcpu() : -1;
}

/* Chosen members take the ranks in the order given, on their own CPUs. */
Test(team, chosen_members_run_a_timed_job)
{
	int cpus[3], seen[2];
	char err[160] = "";
	struct mw_team *team;
	uint64_t ns = 0;
	(void)fill_cpus(cpus, 3);
	cr_assert_eq(mw_team_create(cpus, 3, &team, err, sizeof(err)), 0, "%s", err);
	static const int pairs[][2] = {{0, 1}, {1, 0}, {2, 1}, {0, 2}};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		cr_assert_eq(mw_team_time_on(team, pairs[i], 2, note_rank, seen, &ns), 0);
		cr_assert_gt(ns, 0);
		for (int rank = 0; rank < 2 && !mw_team_unpinned(team)[0]; rank++)
			cr_expect_eq(seen[rank], mw_team_cpu(team, pairs[i][rank]), "pair %zu rank %d", i, rank);
	}
	static const int bad[][2] = {{1, 1}, {0, 3}, {-1, 0}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(mw_team_time_on(team, bad[i], 2, note_rank, seen, &ns), -EINVAL, "%zu", i);
	mw_team_destroy(team);
}
