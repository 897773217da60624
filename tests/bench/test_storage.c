#include <criterion/criterion.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/rounds.h"
#include "bench/storage_io.h"
#include "tests/bench/context.h"
#include "tests/bench/storage_folder.h"

/* What the file holds is what was asked for, block by block, and differs between blocks and seeds. */
Test(storage, content)
{
	const char *dir = folder();
	for (int direct = 0; direct < 2; direct++) {
		struct storage_file f;
		char err[200] = "";
		cr_assert_eq(storage_create(dir, 3 * MIB, 7, direct, &forever, &f, err, sizeof(err)), 0, "%s", err);
		struct stat st;
		cr_assert_eq(fstat(f.fd, &st), 0);
		cr_assert_eq(st.st_size, 3 * MIB);
		cr_assert_eq(st.st_nlink, 0, "the file must have no name");
		cr_assert_geq(st.st_blocks * 512, 3 * MIB, "no holes");
		cr_assert(direct || !f.direct);
		cr_assert(f.fs[0]);
		void *buf = NULL;
		cr_assert_eq(posix_memalign(&buf, 4096, 3 * MIB), 0);
		cr_assert_eq(pread(f.fd, buf, 3 * MIB, 0), 3 * MIB);
		cr_assert_eq(storage_verify(7, 0, buf, 3 * MIB), 0);
		cr_assert_eq(storage_verify(8, 0, buf, 3 * MIB), MW_EVERIFY);
		cr_assert_eq(storage_verify(7, 4096, buf, 4096), MW_EVERIFY);
		((char *)buf)[2 * MIB + 5000] ^= 1;
		cr_assert_eq(storage_verify(7, 0, buf, 3 * MIB), MW_EVERIFY);
		free(buf);
		storage_destroy(&f);
	}
	remove_folder();
}

Test(storage, samples)
{
	const char *dir = folder();
	struct storage_file f;
	char err[200] = "", why[200];
	cr_assert_eq(storage_create(dir, 4 * MIB, 1, true, &forever, &f, err, sizeof(err)), 0, "%s", err);
	void *buf = NULL;
	cr_assert_eq(posix_memalign(&buf, 4096, 8 * MIB), 0);
	for (int uring = 0; uring < 2; uring++) {
		struct storage_engine *e;
		cr_assert_eq(storage_engine_open(8, uring, &e, why, sizeof(why)), 0);
		cr_assert_eq(storage_engine_uring(e), why[0] == '\0');
		uint64_t rng = 3;
		for (int i = 0; i < 4; i++) {
			struct storage_load load = {
				.random = i & 1, .block = i & 2 ? MIB : 4096, .seconds = 0.01, .min_ops = 3};
			load.depth = storage_engine_uring(e) ? 8 : 1;
			struct storage_result r;
			cr_assert_eq(storage_sample(e, &f, &load, buf, &rng, &forever, &r, err, sizeof(err)), 0, "%s",
				     err);
			cr_assert_geq(r.ops, 3);
			cr_assert_gt(r.ns, 0);
			const struct mw_histogram *h = &r.times[STORAGE_READ].latency;
			cr_assert_eq(h->n, r.ops);
			cr_assert_eq(r.times[STORAGE_WRITE].latency.n, 0);
			cr_assert_leq(h->max, r.ns);
			double p50 = storage_percentile(h, 500), p99 = storage_percentile(h, 990);
			cr_assert(isnan(p50) == (r.ops < 20) && isnan(p99) == (r.ops < 100));
			cr_assert(isnan(p99) || (p50 > 0 && p50 <= p99 && p99 <= (double)r.ns));
		}
		/* Bad loads are refused before anything is submitted. */
		static const struct storage_load bad[] = {{.block = 0, .depth = 1},
							  {.block = 512, .depth = 1},
							  {.block = 8 * MIB, .depth = 1},
							  {.block = 4096},
							  {.block = 4096, .depth = 9}};
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			struct storage_result r;
			cr_assert_eq(storage_sample(e, &f, &bad[i], buf, &rng, &forever, &r, err, sizeof(err)),
				     -EINVAL);
		}
		storage_engine_close(e);
	}
	free(buf);
	storage_destroy(&f);
	remove_folder();
}

/* A block that is not the one asked for must never count as a read. */
Test(storage, wrong_data_is_found)
{
	const char *dir = folder();
	char err[200] = "", why[200];
	for (int uring = 0; uring < 2; uring++) {
		struct storage_file f;
		cr_assert_eq(storage_create(dir, 2 * MIB, 1, true, &forever, &f, err, sizeof(err)), 0, "%s", err);
		void *buf = NULL;
		cr_assert_eq(posix_memalign(&buf, 4096, 4 * MIB), 0);
		/* The last 4 KiB of the first MiB come from elsewhere. */
		storage_fill(1, 0, buf, 4096);
		cr_assert_eq(pwrite(f.fd, buf, 4096, MIB - 4096), 4096);
		struct storage_engine *e;
		cr_assert_eq(storage_engine_open(4, uring, &e, why, sizeof(why)), 0);
		const struct storage_load load = {
			.block = MIB, .depth = storage_engine_uring(e) ? 4 : 1, .seconds = 0.02, .min_ops = 8};
		struct storage_result r;
		uint64_t rng = 1;
		cr_assert_eq(storage_sample(e, &f, &load, buf, &rng, &forever, &r, err, sizeof(err)), MW_EVERIFY);
		cr_assert(strstr(err, "wrong data"), "%s", err);
		/* A file cut short under us is a read that comes back short. */
		cr_assert_eq(ftruncate(f.fd, 4096), 0);
		cr_assert_eq(storage_sample(e, &f, &load, buf, &rng, &forever, &r, err, sizeof(err)), -EIO);
		storage_engine_close(e);
		free(buf);
		storage_destroy(&f);
	}
	remove_folder();
}

Test(storage, refuses_memory_and_bad_folders)
{
	char why[200] = "";
	if (access("/dev/shm", W_OK) == 0) {
		cr_assert_eq(storage_check_dir("/dev/shm", MIB, why, sizeof(why)), MW_EUNAVAILABLE);
		cr_assert(strstr(why, "tmpfs") && strstr(why, "memory"), "%s", why);
		struct storage_file f;
		cr_assert_eq(storage_create("/dev/shm", MIB, 1, true, &forever, &f, why, sizeof(why)), MW_EUNAVAILABLE);
	}
	cr_assert_eq(storage_check_dir("/nonexistent", MIB, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert(strstr(why, "/nonexistent: No such file"), "%s", why);
	cr_assert_eq(storage_check_dir(folder(), UINT64_MAX / 4, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert(strstr(why, "MiB free"), "%s", why);
	remove_folder();
}

static void ends_early(const struct storage_limit *limit, int want)
{
	struct storage_file f;
	char err[200] = "";
	int rc = storage_create(folder(), 64 * MIB, 1, true, limit, &f, err, sizeof(err));
	cr_assert_eq(rc, want, "%d %s", rc, err);
	cr_assert_eq(f.fd, -1);
	cr_assert(strstr(err, "MiB"), "%s", err);
	cr_assert_eq(strstr(err, "no time left") != NULL, want == MW_EBUDGET, "%s", err);
}

Test(storage, stop_and_deadline)
{
	atomic_int stop = 1;
	ends_early(&(struct storage_limit){.stop = &stop}, MW_ECANCELLED);
	ends_early(&(struct storage_limit){.deadline_ns = 1}, MW_EBUDGET);

	struct storage_file f;
	char err[200] = "", why[200];
	cr_assert_eq(storage_create(folder(), 2 * MIB, 1, true, &forever, &f, err, sizeof(err)), 0, "%s", err);
	void *buf = NULL;
	cr_assert_eq(posix_memalign(&buf, 4096, MIB), 0);
	struct storage_engine *e;
	cr_assert_eq(storage_engine_open(1, true, &e, why, sizeof(why)), 0);
	const struct storage_load load = {.block = 4096, .depth = 1, .seconds = 3600};
	const struct storage_limit limit = {.stop = &stop};
	struct storage_result r;
	uint64_t rng = 1;
	cr_assert_eq(storage_sample(e, &f, &load, buf, &rng, &limit, &r, err, sizeof(err)), MW_ECANCELLED);
	storage_engine_close(e);
	free(buf);
	storage_destroy(&f);
	remove_folder();
}

/* Writing beyond a file-size limit stands in for a full disk: one clear line, nothing left behind. */
Test(storage, cannot_write_it_all)
{
	const char *dir = folder();
	const struct rlimit two = {2 * MIB, 2 * MIB};
	struct storage_file f;
	char err[200] = "";
	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &two), 0);
	cr_assert_eq(storage_create(dir, 4 * MIB, 1, true, &forever, &f, err, sizeof(err)), MW_EUNAVAILABLE);
	cr_assert(strstr(err, "File too large") && strstr(err, "ulimit -f"), "%s", err);
	cr_assert_eq(f.fd, -1);
	remove_folder();
}

/* A kernel that refuses io_uring, as container runtimes do. */
Test(storage, io_uring_refused)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* system call number */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		cr_skip_test("no seccomp filters here");
	struct storage_engine *e;
	char why[200] = "";
	cr_assert_eq(storage_engine_open(16, true, &e, why, sizeof(why)), 0);
	cr_assert_not(storage_engine_uring(e));
	cr_assert_str_eq(why, "io_uring refused: Operation not permitted");
	storage_engine_close(e);
}

/* A machine that disturbs every sample and calls what takes no time switched: no value is one of those. */
static uint64_t began_ns;

static uint64_t machine_now(void *self)
{
	(void)self;
	return mw_now_ns();
}

static double machine_c2c(void *self, int threads)
{
	(void)self, (void)threads;
	return (double)NAN;
}

static void machine_before(void *self)
{
	(void)self;
	began_ns = mw_now_ns();
}

static uint32_t machine_after(void *self)
{
	(void)self;
	return mw_now_ns() - began_ns > 2000000 ? MW_SAMPLE_STEAL : MW_SAMPLE_SWITCH;
}

/* Rate and percentiles of one load come from one sample; each carries its flags. */
Test(storage, values_carry_the_flags_of_their_own_sample, .timeout = 120)
{
	static const char *const options[] = {"--file-size=1M", "--max-depth=1", "--engine=pread", NULL};
	const struct rounds_machine machine = {NULL, machine_now, machine_c2c, machine_before, machine_after};
	struct test_context t;
	test_open(&t, bench_find("storage"), options);
	t.ctx.machine = &machine;
	int rc = test_run(&t, bench_find("storage"));
	if (rc == MW_EUNAVAILABLE)
		cr_skip_test("%s", t.err);
	cr_assert_eq(rc, 0, "%s", t.err);
	size_t samples = 0;
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		for (size_t k = 0; k < r->n_samples; k++, samples++) {
			cr_expect_eq(r->samples[k].flags, MW_SAMPLE_STEAL, "%s.%s", r->case_name, r->metric);
		}
	}
	cr_expect_geq(samples, 6 * 3, "%zu", samples);
	test_close(&t);
}

/* A queue deeper than one, and what there is no queue for: each record as its table says. */
Test(storage, records_are_declared, .timeout = 120)
{
	static const char *const uring[] = {"--file-size=1M", "--max-depth=2", NULL};
	static const char *const one_by_one[] = {"--file-size=1M", "--max-depth=2", "--engine=pread", NULL};
	static const char *const *const options[] = {uring, one_by_one};
	for (size_t k = 0; k < 2; k++) {
		struct test_context t;
		test_open(&t, bench_find("storage"), options[k]);
		int rc = test_run(&t, bench_find("storage"));
		if (rc == MW_EUNAVAILABLE)
			cr_skip_test("%s", t.err);
		cr_assert_eq(rc, 0, "%s", t.err);
		cr_assert_geq(t.out.n, k ? 8 : 12);
		for (size_t i = 0; i < t.out.n; i++) {
			const struct mw_record *r = &t.out.v[i];
			cr_expect(r->declared && !r->row, "%s.%s was not closed", r->case_name, r->metric);
			cr_expect_eq(mw_kv_int(&r->params, "file", 0), 1 << 20);
		}
		test_close(&t);
	}
}
