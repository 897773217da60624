/* The storage benchmark does what its records say: each of these fails when a part of the method is left out. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/sys/irq.h"
#include "base/sys/tree.h"
#include "bench/storage.h"
#include "tests/bench/context.h"
#include "tests/bench/storage_folder.h"

/* A file of 4 MiB, a buffer for 32 MiB in flight, and an engine of depth 32. */
struct bed {
	struct storage_file f;
	struct storage_engine *e;
	struct storage_result *r;
	void *buf;
	uint64_t rng;
	char err[200];
};

static void bed_open(struct bed *b, bool uring)
{
	char why[200];
	memset(b, 0, sizeof(*b));
	b->rng = 3;
	cr_assert_eq(storage_create(folder(), 4 * MIB, 1, true, &forever, &b->f, b->err, sizeof(b->err)), 0, "%s",
		     b->err);
	cr_assert_eq(posix_memalign(&b->buf, 4096, 32 * MIB), 0);
	cr_assert_eq(storage_engine_open(32, uring, &b->e, why, sizeof(why)), 0);
	b->r = calloc(1, sizeof(*b->r));
	if (uring && !storage_engine_uring(b->e))
		cr_skip_test("%s", why);
}

static void bed_close(struct bed *b)
{
	storage_engine_close(b->e);
	storage_destroy(&b->f);
	free(b->buf);
	free(b->r);
	remove_folder();
}

static int take(struct bed *b, const struct storage_load *l)
{
	b->err[0] = '\0';
	return storage_sample(b->e, &b->f, l, b->buf, &b->rng, &forever, b->r, b->err, sizeof(b->err));
}

/* ---- O_DIRECT ---- */

Test(storage_method, direct_is_what_the_descriptor_says)
{
	char path[128], err[200] = "";
	(void)snprintf(path, sizeof(path), "%s/own", folder());
	int fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
	bool possible = fd >= 0;
	if (fd >= 0)
		(void)close(fd);
	(void)unlink(path);
	for (int asked = 0; asked < 2; asked++) {
		struct storage_file f;
		cr_assert_eq(storage_create(folder(), MIB, 1, asked, &forever, &f, err, sizeof(err)), 0, "%s", err);
		bool set = fcntl(f.fd, F_GETFL) & O_DIRECT;
		cr_expect_eq(f.direct, set);
		cr_expect_eq(f.direct, asked && possible);
		cr_expect_eq(f.direct, f.direct_why[0] == '\0');
		storage_destroy(&f);
	}
	remove_folder();
}

/* ---- depth ---- */

Test(storage_method, as_many_are_in_flight_as_asked)
{
	static const unsigned depths[] = {1, 2, 7, 32};
	struct bed b;
	bed_open(&b, true);
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		const struct storage_load l = {
			.random = true, .block = 4096, .depth = depths[i], .seconds = 0.01, .min_ops = 200};
		cr_assert_eq(take(&b, &l), 0, "%s", b.err);
		cr_expect_eq(b.r->in_flight, depths[i]);
		/* Each by itself, as fio's default: requests submitted together end together. */
		cr_expect_eq(b.r->submissions, b.r->ops);
		/* The rate is that of a full queue: without the first batch, and what ended after the last request. */
		cr_expect(b.r->full_ns > 0 && b.r->full_ns < b.r->ns);
		cr_expect(b.r->full_ops >= b.r->ops - 2 * depths[i] && b.r->full_ops < b.r->ops);
	}
	bed_close(&b);
}

/* ---- times ---- */

/* At most the sum of the values: each thousandth counts as its smallest. */
static double sum_at_most(const struct mw_histogram *h)
{
	double sum = 0;
	for (unsigned q = 0; q < 1000; q++)
		sum += mw_histogram_quantile(h, q) * (double)h->n / 1000;
	return sum;
}

/* One at a time, the times add up to no more than that of the sample; and a request is accepted after it began. */
Test(storage_method, latency_and_completion)
{
	for (int uring = 0; uring < 2; uring++) {
		struct bed b;
		bed_open(&b, uring);
		const struct storage_load l = {
			.random = true, .block = 4096, .depth = 1, .seconds = 0.02, .min_ops = 300};
		cr_assert_eq(take(&b, &l), 0, "%s", b.err);
		const struct storage_times *t = &b.r->times[STORAGE_READ];
		cr_expect_eq(t->latency.n, b.r->ops);
		cr_expect_leq(sum_at_most(&t->latency), (double)b.r->ns * 257 / 256);
		cr_expect_eq(t->completion.n, uring ? b.r->ops : 0);
		if (uring) {
			cr_expect_gt(t->latency.max, t->completion.max);
			for (unsigned q = 1; q <= 1000; q++)
				cr_expect_geq(mw_histogram_quantile(&t->latency, q),
					      mw_histogram_quantile(&t->completion, q));
		}
		bed_close(&b);
	}
}

Test(storage_method, percentiles_of_a_skewed_distribution)
{
	struct mw_histogram *h = calloc(1, sizeof(*h));
	static const unsigned all[] = {500, 950, 990, 999, 1000};
	static const uint64_t least[] = {20, 20, 100, 1000, 1};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		mw_histogram_clear(h);
		for (uint64_t k = 1; k < least[i]; k++)
			mw_histogram_add(h, 100);
		cr_expect(isnan(storage_percentile(h, all[i])), "%u", all[i]);
		mw_histogram_add(h, 100);
		cr_expect_eq(storage_percentile(h, all[i]), 100);
	}
	mw_histogram_clear(h);
	static const struct {
		unsigned count;
		uint64_t ns;
	} tail[] = {{9400, 100}, {400, 120}, {150, 160}, {45, 200}, {5, 250}};
	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
		for (unsigned k = 0; k < tail[i].count; k++)
			mw_histogram_add(h, tail[i].ns);
	static const double want[] = {100, 120, 160, 200, 250};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		cr_expect_eq(storage_percentile(h, all[i]), want[i], "%u", all[i]);
	free(h);
}

Test(storage_method, values_of_a_sample)
{
	struct storage_result *r = calloc(1, sizeof(*r));
	const struct storage_load random = {.random = true, .block = 4096}, sequential = {.block = MIB};
	r->ops = 1000;
	r->ns = 1;
	r->full_ops = 500;
	r->full_ns = 250000000;
	for (unsigned i = 0; i < 100; i++) {
		mw_histogram_add(&r->times[STORAGE_READ].latency, i < 98 ? 100 : 200);
		mw_histogram_add(&r->times[STORAGE_READ].completion, i < 98 ? 60 : 150);
		mw_histogram_add(&r->times[STORAGE_WRITE].latency, 30);
	}
	static const struct {
		struct storage_value v;
		double want;
	} cases[] = {
		{{STORAGE_LATENCY, STORAGE_READ, 500, false}, 100},
		{{STORAGE_LATENCY, STORAGE_READ, 990, false}, 200},
		{{STORAGE_COMPLETION, STORAGE_READ, 500, false}, 60},
		{{STORAGE_COMPLETION, STORAGE_READ, 990, false}, 150},
		{{STORAGE_LATENCY, STORAGE_WRITE, 990, false}, 30},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(storage_value_of(&random, &cases[i].v, r), cases[i].want, "%zu", i);
	const struct storage_value rate = {STORAGE_RATE, STORAGE_READ, 0, false};
	cr_expect_float_eq(storage_value_of(&random, &rate, r), 2000, 1e-9);
	cr_expect_float_eq(storage_value_of(&sequential, &rate, r), 2000.0 * MIB * 1e-9, 1e-9);
	free(r);
}

/* ---- offsets ---- */

/* Random requests reach the first block and the last one, of every size. */
Test(storage_method, random_offsets_cover_the_file)
{
	for (int last = 0; last < 2; last++)
		for (int uring = 0; uring < 2; uring++)
			for (uint32_t block = 4096; block <= 64 << 10; block *= 16) {
				struct bed b;
				bed_open(&b, uring);
				off_t at = last ? 4 * MIB - 4096 : 0;
				memset(b.buf, 7, 4096);
				cr_assert_eq(pwrite(b.f.fd, b.buf, 4096, at), 4096);
				const struct storage_load l = {.random = true,
							       .block = block,
							       .depth = uring ? 4 : 1,
							       .seconds = 0.01,
							       .min_ops = 40 * 4 * MIB / block};
				cr_expect_eq(take(&b, &l), MW_EVERIFY, "block %u at %lld", block, (long long)at);
				bed_close(&b);
			}
}

/* ---- writes ---- */

/* Every block carries its stamp; *changed counts those whose other contents differ from what was there at first. */
static void look_at_file(const struct bed *b, size_t *changed)
{
	char *got = NULL, want[4096];
	*changed = 0;
	cr_assert_eq(posix_memalign((void **)&got, 4096, 4 * MIB), 0);
	cr_assert_eq(pread(b->f.fd, got, 4 * MIB, 0), 4 * MIB);
	for (uint64_t at = 0; at < 4 * MIB; at += 4096) {
		storage_fill(1, at, want, sizeof(want));
		cr_assert_eq(memcmp(got + at, want, 8), 0, "the stamp at %llu", (unsigned long long)at);
		*changed += memcmp(got + at + 8, want + 8, sizeof(want) - 8) != 0;
	}
	free(got);
}

Test(storage_method, only_loads_that_write_change_the_file)
{
	for (int uring = 0; uring < 2; uring++) {
		struct bed b;
		size_t changed;
		bed_open(&b, uring);
		struct storage_load l = {
			.random = true, .block = 8192, .depth = uring ? 8 : 1, .seconds = 0.01, .min_ops = 400};
		cr_assert_eq(take(&b, &l), 0, "%s", b.err);
		look_at_file(&b, &changed);
		cr_expect_eq(changed, 0);

		l.write_percent = 30;
		l.min_ops = 1500;
		l.seconds = 10;
		struct storage_limit soon = {.deadline_ns = mw_now_ns() + 300000000};
		cr_assert_eq(storage_sample(b.e, &b.f, &l, b.buf, &b.rng, &soon, b.r, b.err, sizeof(b.err)), 0, "%s",
			     b.err);
		uint64_t writes = b.r->times[STORAGE_WRITE].latency.n, reads = b.r->times[STORAGE_READ].latency.n;
		cr_expect_eq(writes + reads, b.r->ops);
		if (b.r->ops > 500) /* seven standard deviations */
			cr_expect(writes * 100 > 15 * b.r->ops && writes * 100 < 45 * b.r->ops, "%llu of %llu",
				  (unsigned long long)writes, (unsigned long long)b.r->ops);
		look_at_file(&b, &changed);
		cr_expect(changed > 0 && changed <= 2 * writes, "%zu blocks by %llu writes", changed,
			  (unsigned long long)writes);

		l = (struct storage_load){
			.write_percent = 100, .block = MIB, .depth = 1, .seconds = 0.01, .min_ops = 4};
		cr_assert_eq(take(&b, &l), 0, "%s", b.err);
		cr_expect_eq(b.r->times[STORAGE_WRITE].latency.n, b.r->ops);
		look_at_file(&b, &changed);
		cr_expect_eq(changed, 1024, "four sequential writes of 1 MiB are the file");
		bed_close(&b);
	}
}

/* ---- fsync ---- */

/* From here on a system call fails with EIO. */
static void break_call(unsigned number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		cr_skip_test("no seccomp filters here");
}

static void sync_is_called(enum storage_sync sync, unsigned number, const char *name)
{
	struct bed b;
	size_t changed;
	bed_open(&b, true);
	struct storage_load l = {
		.random = true, .write_percent = 100, .sync = sync, .block = 4096, .depth = 1, .min_ops = 5};
	cr_assert_eq(take(&b, &l), 0, "%s", b.err);
	cr_expect_geq(b.r->ops, 5);
	cr_expect_eq(b.r->times[STORAGE_WRITE].latency.n, b.r->ops);
	look_at_file(&b, &changed);
	cr_expect_gt(changed, 0, "nothing was written before the call");
	struct storage_load deep = l;
	deep.depth = 2;
	cr_expect_eq(take(&b, &deep), -EINVAL);
	deep = l;
	deep.write_percent = 0;
	cr_expect_eq(take(&b, &deep), -EINVAL);
	break_call(number);
	cr_expect_eq(take(&b, &l), -EIO);
	cr_expect(strstr(b.err, name), "%s", b.err);
	/* The other kind of call is not affected. */
	l.sync = sync == STORAGE_FSYNC ? STORAGE_FDATASYNC : STORAGE_FSYNC;
	cr_expect_eq(take(&b, &l), 0, "%s", b.err);
	bed_close(&b);
}

Test(storage_method, fsync_is_called)
{
	sync_is_called(STORAGE_FSYNC, SYS_fsync, "fsync: Input/output error");
}

Test(storage_method, fdatasync_is_called)
{
	sync_is_called(STORAGE_FDATASYNC, SYS_fdatasync, "fdatasync: Input/output error");
}

/* What is read was not only written to memory before. */
Test(storage_method, the_file_is_synced)
{
	struct storage_file f;
	char err[200] = "";
	(void)folder();
	break_call(SYS_fdatasync);
	cr_expect_eq(storage_create(folder(), MIB, 1, true, &forever, &f, err, sizeof(err)), -EIO);
	cr_expect(strstr(err, "Input/output error"), "%s", err);
	remove_folder();
}

/* Without O_DIRECT every sample begins with nothing of the file in memory. */
Test(storage_method, the_page_cache_is_dropped)
{
	struct storage_file f;
	struct storage_engine *e;
	char err[200] = "", why[200];
	unsigned char resident[1024];
	struct storage_result *r = calloc(1, sizeof(*r));
	void *buf = NULL;
	uint64_t rng = 1;
	cr_assert_eq(storage_create(folder(), 4 * MIB, 1, false, &forever, &f, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(posix_memalign(&buf, 4096, 4 * MIB), 0);
	cr_assert_eq(pread(f.fd, buf, 4 * MIB, 0), 4 * MIB);
	void *map = mmap(NULL, 4 * MIB, PROT_READ, MAP_SHARED, f.fd, 0);
	cr_assert_neq(map, MAP_FAILED);
	size_t before = 0, after = 0;
	cr_assert_eq(mincore(map, 4 * MIB, resident), 0);
	for (size_t i = 0; i < 1024; i++)
		before += resident[i] & 1;
	cr_assert_eq(storage_engine_open(1, false, &e, why, sizeof(why)), 0);
	const struct storage_load l = {.random = true, .block = 4096, .depth = 1, .min_ops = 1};
	cr_assert_eq(storage_sample(e, &f, &l, buf, &rng, &forever, r, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mincore(map, 4 * MIB, resident), 0);
	for (size_t i = 0; i < 1024; i++)
		after += resident[i] & 1;
	if (before == 1024)
		cr_expect_lt(after, 1024, "all of the file was still in memory");
	(void)munmap(map, 4 * MIB);
	storage_engine_close(e);
	storage_destroy(&f);
	free(buf);
	free(r);
	remove_folder();
}

/* ---- suspicion ---- */

Test(storage_method, a_cache_is_suspected_by_its_times)
{
	static const struct {
		bool direct;
		int rotational;
		double pass_ns[2];
		const char *words; /* NULL: no sign */
	} cases[] = {
		{false, 0, {80e3, 80e3}, "page cache"},
		{true, 1, {8e6, 8e6}, NULL},
		{true, 1, {8e6, 0.5e6}, "rotating disk"}, /* the second pass tells it */
		{true, 1, {60e3, 60e3}, "rotating disk"},
		{true, 1, {8e6, 3e6}, "second time"},
		{true, 0, {60e3, 60e3}, NULL},
		{true, -1, {60e3, 60e3}, NULL},
		{true, 0, {60e3, 43e3}, NULL},
		{true, 0, {60e3, 41e3}, "second time"},
		{true, 0, {2.9e3, 2.9e3}, "any storage device"},
		{true, 0, {3.1e3, 3.1e3}, NULL},
		{true, 0, {40e3, 60e3}, NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct storage_file f = {.direct = cases[i].direct, .rotational = cases[i].rotational};
		char words[300];
		bool suspect = storage_cache_suspect(&f, cases[i].pass_ns, words, sizeof(words));
		cr_expect_eq(suspect, cases[i].words != NULL, "case %zu: %s", i, words);
		cr_expect_eq(strncmp(words, suspect ? "yes: " : "no sign: ", suspect ? 5 : 9), 0, "case %zu: %s", i,
			     words);
		cr_expect(!cases[i].words || strstr(words, cases[i].words), "case %zu: %s", i, words);
		cr_expect_lt(strlen(words), sizeof(words) - 1, "cut: %s", words);
	}
}

Test(storage_method, the_same_blocks_are_read_twice)
{
	struct bed b;
	double pass[2] = {0, 0};
	bed_open(&b, false);
	cr_assert_eq(storage_reread(&b.f, b.buf, &b.rng, &forever, pass), 0);
	cr_expect(pass[0] > 0 && pass[1] > 0);
	struct storage_limit over = {.deadline_ns = 1};
	cr_expect_eq(storage_reread(&b.f, b.buf, &b.rng, &over, pass), MW_EBUDGET);
	cr_assert_eq(ftruncate(b.f.fd, 0), 0);
	cr_expect_eq(storage_reread(&b.f, b.buf, &b.rng, &forever, pass), -EIO);
	bed_close(&b);
}

/* ---- loads ---- */

static size_t count(const struct storage_load *v, size_t n, bool random, uint32_t block, unsigned depth)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++)
		found += v[i].random == random && v[i].write_percent == 0 && v[i].block == block && v[i].depth == depth;
	return found;
}

Test(storage_method, loads_for_the_time)
{
	struct storage_load v[64];
	struct storage_wish w = {.max_depth = 64};
	size_t n = storage_plan(&w, v, 64);
	cr_expect_eq(n, 7);
	for (unsigned depth = 1; depth <= 64; depth *= 4)
		cr_expect_eq(count(v, n, true, 4096, depth), 1);
	for (unsigned depth = 1; depth <= 16; depth *= 4)
		cr_expect_eq(count(v, n, false, MIB, depth), 1);
	w.matrix = true;
	n = storage_plan(&w, v, 64);
	for (unsigned depth = 1; depth <= 64; depth *= 2)
		cr_expect_eq(count(v, n, true, 4096, depth), 1);
	for (unsigned depth = 1; depth <= 64; depth *= 4)
		for (uint32_t block = 16 << 10; block <= 256 << 10; block *= 4)
			cr_expect_eq(count(v, n, true, block, depth), 1);
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(v[i].write_percent, 0, "writes were not asked for");
	/* The deepest is the largest power of two, and every depth is there once. */
	w = (struct storage_wish){.max_depth = 11};
	n = storage_plan(&w, v, 64);
	cr_expect(count(v, n, true, 4096, 8) == 1 && count(v, n, true, 4096, 4) == 1 && n == 6);
	w = (struct storage_wish){.max_depth = 64, .write = true};
	n = storage_plan(&w, v, 64);
	size_t writes = 0, mixed = 0, syncs = 0;
	for (size_t i = 0; i < n; i++) {
		writes += v[i].write_percent == 100 && !v[i].sync;
		mixed += v[i].write_percent == 30;
		syncs += v[i].sync != STORAGE_NO_SYNC && v[i].write_percent == 100 && v[i].depth == 1;
	}
	cr_expect(writes == 4 && mixed == 2 && syncs == 2 && n == 7 + 8, "%zu %zu %zu of %zu", writes, mixed, syncs, n);
	w = (struct storage_wish){.max_depth = 64, .blocks = {8192, 4096}, .n_blocks = 2, .depths = {3}, .n_depths = 1};
	n = storage_plan(&w, v, 64);
	cr_expect(n == 3 && count(v, n, true, 8192, 3) == 1 && count(v, n, true, 4096, 3) == 1 &&
		  count(v, n, false, MIB, 3) == 1);
	cr_expect_eq(storage_plan(&w, v, 1), 3);
}

Test(storage_method, place_of_the_thread)
{
	static const int cpus[] = {4, 5, 9};
	struct mw_cpulist irq = {{0}};
	struct storage_place p;
	storage_choose_place(NULL, "nobody knows", cpus, 3, &p);
	cr_expect(p.member == -1 && strstr(p.words, "not bound") && strstr(p.words, "nobody knows") && !p.irq_cpus[0]);
	mw_cpulist_add(&irq, 9);
	mw_cpulist_add(&irq, 1);
	storage_choose_place(&irq, "", cpus, 3, &p);
	cr_expect(p.member == 2 && strcmp(p.irq_cpus, "1,9") == 0, "%d %s", p.member, p.irq_cpus);
	mw_cpulist_add(&irq, 4);
	storage_choose_place(&irq, "", cpus, 3, &p);
	cr_expect_eq(p.member, 0);
	storage_choose_place(&irq, "", cpus + 1, 1, &p);
	cr_expect(p.member == 0 && strstr(p.words, "away from") && p.irq_cpus[0], "%s", p.words);
}

/* ---- the whole benchmark ---- */

/* The place that the interrupts of the disk below folder call for. */
static void expected_place(const struct test_context *t, struct storage_place *p)
{
	struct stat st;
	struct mw_cpulist irq;
	char why[200] = "";
	int root = mw_tree_open("/"), cpus[2], n = mw_team_size(t->ctx.team);
	for (int i = 0; i < n; i++)
		cpus[i] = mw_team_cpu(t->ctx.team, i);
	cr_assert_eq(stat(folder(), &st), 0);
	int rc = mw_irq_cpus(root, major(st.st_dev), minor(st.st_dev), &irq, why, sizeof(why));
	storage_choose_place(rc == 0 ? &irq : NULL, why, cpus, n, p);
	(void)close(root);
}

static size_t of_case(const struct mw_records *l, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].case_name, name) == 0;
	return n;
}

static void expect_seen(const struct mw_record *r, const struct storage_place *place, int cpu)
{
	cr_expect_eq(mw_kv_int(&r->observed, "in_flight", -1), mw_kv_int(&r->params, "depth", -2), "%s.%s",
		     r->case_name, r->metric);
	cr_expect_eq(mw_kv_int(&r->observed, "cpu", -1), cpu);
	cr_expect_str_eq(mw_kv_str(&r->observed, "irq_cpus", ""), place->irq_cpus);
	cr_expect_str_eq(mw_kv_str(&r->observed, "thread", ""), place->words);
	cr_expect_str_eq(r->note, "");
	cr_expect(isfinite(r->value) || strcmp(r->metric, "latency_p999") == 0, "%s.%s", r->case_name, r->metric);
}

static void whole_benchmark(bool write)
{
	char dir[80];
	(void)snprintf(dir, sizeof(dir), "--dir=%s", folder());
	const char *const options[] = {
		"--file-size=1M", "--depths=1,4", "--blocks=4K,8K", dir, write ? "--write" : NULL, NULL};
	struct test_context t;
	struct storage_place place;
	test_open(&t, bench_find("storage"), options);
	expected_place(&t, &place);
	int rc = test_run(&t, bench_find("storage"));
	if (rc == MW_EUNAVAILABLE)
		cr_skip_test("%s", t.err);
	cr_assert_eq(rc, 0, "%s", t.err);
	/* Rate, three percentiles, two of completion, two of the whole run, for each block and depth. */
	cr_expect_eq(of_case(&t.out, "random-read"), 4 * 8);
	cr_expect_eq(of_case(&t.out, "sequential-read"), 2 * 8);
	cr_expect_eq(of_case(&t.out, "random-write"), write ? 4 * 8 : 0);
	cr_expect_eq(of_case(&t.out, "sequential-write"), write ? 2 * 8 : 0);
	cr_expect_eq(of_case(&t.out, "mixed"), write ? 4 : 0);
	cr_expect_eq(of_case(&t.out, "mixed-read"), write ? 4 * 7 : 0);
	cr_expect_eq(of_case(&t.out, "mixed-write"), write ? 4 * 7 : 0);
	cr_expect_eq(of_case(&t.out, "fsync"), write ? 6 : 0);
	cr_expect_eq(of_case(&t.out, "fdatasync"), write ? 6 : 0);
	int cpu = place.member >= 0 ? mw_team_cpu(t.ctx.team, place.member) : -1;
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		if (strcmp(mw_kv_str(&r->observed, "interface", ""), "pread") == 0 && !strstr(r->case_name, "sync"))
			cr_skip_test("%s", r->note);
		if (r->provenance == MW_MEASURED)
			expect_seen(r, &place, cpu);
		bool told = mw_kv_find(&r->observed, "cache_suspect");
		cr_expect(!told ||
			  (strcmp(r->case_name, "random-read") == 0 && mw_kv_int(&r->params, "depth", 0) == 1));
		bool whole = strcmp(r->metric, "latency_p999") == 0 || strcmp(r->metric, "latency_max") == 0;
		cr_expect_eq(mw_kv_find(&r->observed, "requests") != NULL, whole);
	}
	test_close(&t);
	remove_folder();
}

Test(storage_method, reads_only, .timeout = 300)
{
	whole_benchmark(false);
}

Test(storage_method, writes_when_asked, .timeout = 300)
{
	whole_benchmark(true);
}
