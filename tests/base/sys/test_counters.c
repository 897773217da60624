/* Counters with the kernel replaced by a table, and captured trees of machines. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "base/core/err.h"
#include "base/sys/counters.h"
#include "tests/energy/fixture.h"

/* ---- a tree below a temporary folder ---- */

static const char *root;

static void make_root(void)
{
	root = tree_make();
	tree_put(root, "proc/sys/kernel/perf_event_paranoid", "2\n");
	tree_put(root, "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse2\n");
}

static void remove_root(void)
{
	tree_remove(root);
}

static void put_unit(const char *unit, const char *file, const char *text)
{
	char path[200];
	(void)snprintf(path, sizeof(path), "sys/bus/event_source/devices/%s/%s", unit, file);
	tree_put(root, path, "%s", text);
}

/* A memory channel of a server of Intel. */
static void put_imc(const char *unit, const char *type, const char *cpus)
{
	put_unit(unit, "type", type);
	put_unit(unit, "cpumask", cpus);
	put_unit(unit, "format/event", "config:0-7\n");
	put_unit(unit, "format/umask", "config:8-15\n");
	put_unit(unit, "events/cas_count_read", "event=0x04,umask=0x03\n");
	put_unit(unit, "events/cas_count_read.scale", "6.103515625e-5\n");
	put_unit(unit, "events/cas_count_read.unit", "MiB\n");
	put_unit(unit, "events/cas_count_write", "event=0x04,umask=0x0c\n");
	put_unit(unit, "events/cas_count_write.scale", "6.103515625e-5\n");
	put_unit(unit, "events/cas_count_write.unit", "MiB\n");
}

/* ---- the kernel ---- */

enum { MAX_FDS = 64 };

struct fake {
	int n, open, cpu[MAX_FDS], refuse; /* refuse: the -errno of every open */
	struct perf_event_attr attr[MAX_FDS];
	struct mw_counter_value value[MAX_FDS];
	int read_rc;
};

static int fake_open(void *self, const struct perf_event_attr *attr, int cpu)
{
	struct fake *f = self;
	if (f->refuse)
		return f->refuse;
	f->attr[f->n] = *attr;
	f->cpu[f->n] = cpu;
	f->open++;
	return f->n++;
}

static int fake_read(void *self, int fd, struct mw_counter_value *out)
{
	struct fake *f = self;
	*out = f->value[fd];
	return f->read_rc;
}

static void fake_close(void *self, int fd)
{
	struct fake *f = self;
	(void)fd;
	f->open--;
}

static struct mw_counter_sys table(struct fake *f)
{
	return (struct mw_counter_sys){f, fake_open, fake_read, fake_close};
}

static void count(struct fake *f, int fd, uint64_t events)
{
	f->value[fd].count += events;
	f->value[fd].enabled_ns += 1000;
	f->value[fd].running_ns += 1000;
}

TestSuite(counters, .init = make_root, .fini = remove_root);

/* ---- differences ---- */

Test(counters, a_shared_counter_is_scaled_by_its_time)
{
	const struct mw_counter_value from = {100, 1000, 400}, to = {350, 2000, 650};
	double events = 0;
	cr_assert_eq(mw_counter_delta(&from, &to, &events), 0);
	cr_assert_float_eq(events, 250 * (1000.0 / 250.0), 1e-9);
	const struct mw_counter_value alone = {350, 2000, 1400};
	cr_assert_eq(mw_counter_delta(&from, &alone, &events), 0);
	cr_assert_float_eq(events, 250, 1e-9);
}

Test(counters, a_count_may_wrap_but_not_go_backwards)
{
	const struct mw_counter_value from = {UINT64_MAX - 9, 0, 0}, wrapped = {5, 10, 10};
	double events = 0;
	cr_assert_eq(mw_counter_delta(&from, &wrapped, &events), 0);
	cr_assert_float_eq(events, 15, 1e-9);
	const struct mw_counter_value back = {UINT64_MAX - 10, 10, 10};
	cr_assert_eq(mw_counter_delta(&from, &back, &events), -EIO);
}

Test(counters, an_event_without_time_has_no_count)
{
	const struct mw_counter_value from = {7, 1000, 300}, to = {7, 2000, 300};
	double events = 0;
	cr_assert_eq(mw_counter_delta(&from, &to, &events), MW_EUNAVAILABLE);
}

/* ---- threads ---- */

Test(counters, events_of_a_thread_are_counted_in_user_mode_with_their_times)
{
	static const struct {
		uint32_t type;
		uint64_t config;
	} want[MW_THREAD_EVENTS] = {
		[MW_LLC_READ_MISSES] = {PERF_TYPE_HW_CACHE, 0x10002},
		[MW_LLC_WRITE_MISSES] = {PERF_TYPE_HW_CACHE, 0x10102},
		[MW_LLC_PREFETCH_MISSES] = {PERF_TYPE_HW_CACHE, 0x10202},
		[MW_CORE_CYCLES] = {PERF_TYPE_HARDWARE, 0},
		[MW_STALLED_CYCLES] = {PERF_TYPE_HARDWARE, 8},
	};
	struct fake f = {0};
	const struct mw_counter_sys sys = table(&f);
	struct mw_thread_counters c;
	mw_thread_counters_open(&sys, &c);
	for (int e = 0; e < MW_THREAD_EVENTS; e++) {
		const struct perf_event_attr *a = &f.attr[c.fd[e]];
		cr_expect_eq(a->type, want[e].type);
		cr_expect_eq(a->config, want[e].config, "%s", mw_thread_event_name((enum mw_thread_event)e));
		cr_expect_eq(a->exclude_kernel, 1);
		cr_expect_eq(a->read_format, PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING);
		cr_expect_eq(f.cpu[c.fd[e]], -1);
	}
	struct mw_counter_value v;
	count(&f, c.fd[MW_CORE_CYCLES], 12);
	cr_assert_eq(mw_thread_counters_read(&sys, &c, MW_CORE_CYCLES, &v), 0);
	cr_assert_eq(v.count, 12);
	mw_thread_counters_close(&sys, &c);
	cr_assert_eq(f.open, 0);
	cr_assert_eq(mw_thread_counters_read(&sys, &c, MW_CORE_CYCLES, &v), -EBADF);
}

static void expect_why(int rc, int needed, const char *words)
{
	char why[300] = "";
	cr_expect_eq(mw_counter_why(root, rc, "cycles", needed, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_expect(strstr(why, words), "%d: '%s' lacks '%s'", rc, why, words);
}

Test(counters, the_reason_says_what_helps)
{
	expect_why(-EACCES, MW_PARANOID_SYSTEM, "perf_event_paranoid is 2");
	expect_why(-EPERM, MW_PARANOID_SYSTEM, "sysctl kernel.perf_event_paranoid=0");
	expect_why(-EPERM, MW_PARANOID_THREAD, "seccomp");
	tree_put(root, "proc/sys/kernel/perf_event_paranoid", "4\n");
	expect_why(-EACCES, MW_PARANOID_THREAD, "sysctl kernel.perf_event_paranoid=2");
	expect_why(-ENOENT, MW_PARANOID_THREAD, "this CPU, or the kernel's driver");
	expect_why(-EOPNOTSUPP, MW_PARANOID_THREAD, "does not count cycles");
	tree_put(root, "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse2 hypervisor lm\n");
	expect_why(-ENOENT, MW_PARANOID_THREAD, "virtual machine");
	expect_why(-ENOSYS, MW_PARANOID_THREAD, "without perf events");
	expect_why(-EMFILE, MW_PARANOID_THREAD, "cycles cannot be counted");
}

/* ---- memory controllers ---- */

Test(counters, channels_of_intel_are_counted_on_every_socket)
{
	put_imc("uncore_imc_0", "21\n", "0,24\n");
	put_imc("uncore_imc_1", "22\n", "0,24\n");
	/* The same bytes again: must not be added. */
	put_unit("uncore_imc_free_running_0", "type", "40\n");
	put_unit("uncore_imc_free_running_0", "cpumask", "0\n");
	put_unit("uncore_imc_free_running_0", "events/read", "event=0xff,umask=0x20\n");
	struct fake f = {0};
	const struct mw_counter_sys sys = table(&f);
	struct mw_controllers *c;
	char why[300] = "";
	cr_assert_eq(mw_controllers_open(&sys, root, &c, why, sizeof(why)), 0, "%s", why);
	cr_assert_str_eq(mw_controllers_words(c), "4 of uncore_imc");
	cr_assert_eq(f.n, 8);
	for (int fd = 0; fd < f.n; fd++) {
		bool write = f.attr[fd].config == 0x0c04;
		cr_expect(write || f.attr[fd].config == 0x0304, "%#llx", (unsigned long long)f.attr[fd].config);
		cr_expect(f.cpu[fd] == 0 || f.cpu[fd] == 24);
		cr_expect(f.attr[fd].type == 21 || f.attr[fd].type == 22);
		cr_expect_eq(f.attr[fd].exclude_kernel, 0, "controllers refuse it");
		count(&f, fd, write ? 10 : 1000);
	}
	struct mw_controller_bytes b;
	cr_assert_eq(mw_controllers_take(c, &b, why, sizeof(why)), 0, "%s", why);
	cr_expect_float_eq(b.read, 4 * 1000 * 64, 1e-6);
	cr_expect_float_eq(b.written, 4 * 10 * 64, 1e-6);
	for (int fd = 0; fd < f.n; fd++)
		count(&f, fd, 1);
	cr_assert_eq(mw_controllers_take(c, &b, why, sizeof(why)), 0, "%s", why);
	cr_expect_float_eq(b.read, 4 * 64, 1e-6, "since the previous call");
	f.read_rc = -EIO;
	cr_expect_eq(mw_controllers_take(c, &b, why, sizeof(why)), -EIO);
	mw_controllers_close(c);
	cr_assert_eq(f.open, 0);
}

Test(counters, free_running_counters_of_a_client)
{
	static const char *const units[] = {"uncore_imc_free_running_0", "uncore_imc_free_running_1"};
	for (int i = 0; i < 2; i++) {
		put_unit(units[i], "type", "30");
		put_unit(units[i], "cpumask", "0");
		put_unit(units[i], "format/event", "config:0-7");
		put_unit(units[i], "format/umask", "config:8-15");
		put_unit(units[i], "events/data_read", "event=0xff,umask=0x20");
		put_unit(units[i], "events/data_read.scale", "6.103515625e-5");
		put_unit(units[i], "events/data_read.unit", "MiB");
		put_unit(units[i], "events/data_write", "event=0xff,umask=0x30");
		put_unit(units[i], "events/data_write.scale", "64");
		put_unit(units[i], "events/data_write.unit", "Bytes");
	}
	struct fake f = {0};
	const struct mw_counter_sys sys = table(&f);
	struct mw_controllers *c;
	char why[300] = "";
	cr_assert_eq(mw_controllers_open(&sys, root, &c, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(f.n, 4);
	for (int fd = 0; fd < f.n; fd++)
		count(&f, fd, 3);
	struct mw_controller_bytes b;
	cr_assert_eq(mw_controllers_take(c, &b, why, sizeof(why)), 0, "%s", why);
	cr_expect_float_eq(b.read, 2 * 3 * 64, 1e-6);
	cr_expect_float_eq(b.written, 2 * 3 * 64, 1e-6);
	mw_controllers_close(c);
}

static void put_umc(const char *unit)
{
	put_unit(unit, "type", "17\n");
	put_unit(unit, "cpumask", "0\n");
	put_unit(unit, "format/event", "config:0-7\n");
	put_unit(unit, "format/rdwrmask", "config:8-9\n");
}

Test(counters, channels_of_amd_have_numbers_instead_of_names)
{
	put_umc("amd_umc_0");
	put_umc("amd_umc_11");
	struct fake f = {0};
	const struct mw_counter_sys sys = table(&f);
	struct mw_controllers *c;
	char why[300] = "";
	cr_assert_eq(mw_controllers_open(&sys, root, &c, why, sizeof(why)), 0, "%s", why);
	cr_assert_str_eq(mw_controllers_words(c), "2 of amd_umc");
	cr_assert_eq(f.n, 4);
	for (int fd = 0; fd < f.n; fd++) {
		cr_expect_eq(f.attr[fd].config, fd % 2 ? 0x20a : 0x10a);
		count(&f, fd, fd % 2 ? 7 : 5);
	}
	struct mw_controller_bytes b;
	cr_assert_eq(mw_controllers_take(c, &b, why, sizeof(why)), 0, "%s", why);
	cr_expect_float_eq(b.read, 2 * 5 * 64, 1e-6);
	cr_expect_float_eq(b.written, 2 * 7 * 64, 1e-6);
	mw_controllers_close(c);
}

static void expect_none(int refuse, const char *words)
{
	struct fake f = {.refuse = refuse};
	const struct mw_counter_sys sys = table(&f);
	struct mw_controllers *c;
	char why[300] = "";
	cr_expect_eq(mw_controllers_open(&sys, root, &c, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_expect_null(c);
	cr_expect(strstr(why, words), "'%s' lacks '%s'", why, words);
	cr_expect_eq(f.open, 0);
}

Test(counters, without_controllers_the_reason_is_given)
{
	expect_none(0, "does not count bytes at the memory controllers");
	put_unit("amd_df", "type", "16\n");
	expect_none(0, "amd_df differ between models");
	put_imc("uncore_imc_0", "21\n", "0\n");
	expect_none(-EACCES, "sysctl kernel.perf_event_paranoid=0");
	expect_none(-ENOENT, "does not count");
}

/* Part of the channels would be part of the traffic. */
static int refuse_the_third(void *self, const struct perf_event_attr *attr, int cpu)
{
	const struct fake *f = self;
	return f->n == 2 ? -EACCES : fake_open(self, attr, cpu);
}

Test(counters, a_channel_that_is_refused_leaves_none)
{
	put_imc("uncore_imc_0", "21\n", "0\n");
	put_imc("uncore_imc_1", "22\n", "0\n");
	struct fake f = {0};
	struct mw_counter_sys sys = table(&f);
	sys.open = refuse_the_third;
	struct mw_controllers *c;
	char why[300] = "";
	cr_assert_eq(mw_controllers_open(&sys, root, &c, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_eq(f.open, 0);
}

Test(counters, files_that_make_no_sense_are_refused)
{
	static const struct {
		const char *file, *text;
	} wrong[] = {
		{"events/cas_count_read", "event=0x04,umask=zero"},
		{"events/cas_count_read", "event=0x104"},
		{"events/cas_count_read.scale", "-1"},
		{"events/cas_count_read.unit", "Joules"},
		{"format/event", "config1:0-7"},
		{"format/event", "config:60-70"},
		{"format/event", "config:0-7x"},
		{"cpumask", "none"},
		{"type", "x"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		put_imc("uncore_imc_0", "21\n", "0\n");
		put_unit("uncore_imc_0", wrong[i].file, wrong[i].text);
		struct fake f = {0};
		const struct mw_counter_sys sys = table(&f);
		struct mw_controllers *c;
		char why[300] = "";
		cr_expect_eq(mw_controllers_open(&sys, root, &c, why, sizeof(why)), MW_EUNAVAILABLE, "%s",
			     wrong[i].text);
		cr_expect(strstr(why, "uncore_imc"), "%s", why);
		cr_expect_eq(f.open, 0);
	}
}
