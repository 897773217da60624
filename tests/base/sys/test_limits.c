#include "tests/energy/fixture.h"

#include <errno.h>
#include <unistd.h>

#include "base/sys/limits.h"
#include "base/sys/tree.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

static struct mw_limits read_tree(const char *root)
{
	struct mw_limits l;
	int fd = mw_tree_open(root);
	cr_assert_geq(fd, 0);
	mw_limits_read(fd, false, &l);
	(void)close(fd);
	return l;
}

static void put_machine(const char *root)
{
	tree_put(root, "proc/meminfo",
		 "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n");
}

static void put_v2(const char *root, const char *group, const char *top)
{
	tree_put(root, "proc/self/cgroup", "0::%s\n", group);
	tree_put(root, "proc/self/mountinfo",
		 "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		 "30 22 0:26 %s /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
		 top);
}

static void put_v1(const char *root, const char *group, const char *top)
{
	tree_put(root, "proc/self/cgroup", "5:cpu,cpuacct:%s\n4:memory:%s\n1:name=systemd:/\n0::/\n", group, group);
	tree_put(root, "proc/self/mountinfo",
		 "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		 "32 31 0:29 %s /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
		 "35 31 0:32 %s /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
		 top, top);
}

static void expect(const char *root, uint64_t available, const char *source, double quota)
{
	struct mw_limits l = read_tree(root);
	cr_expect_eq(l.mem_available, available, "%llu MiB", (unsigned long long)(l.mem_available >> 20));
	cr_expect_str_eq(l.source, source);
	cr_expect_float_eq(l.cpu_quota, quota, 1e-12, "quota %g", l.cpu_quota);
}

Test(limits, machine_alone)
{
	const char *root = tree_make();
	expect(root, 0, "unknown", 0);
	put_machine(root);
	cr_expect_eq(read_tree(root).mem_total, 16 * GIB);
	expect(root, 8 * GIB, "machine", 0);
	tree_put(root, "proc/meminfo", "MemTotal: 16777216 kB\nMemFree: 1048576 kB\n"); /* before Linux 3.14 */
	expect(root, GIB, "machine", 0);
	tree_put(root, "proc/meminfo", "MemTotal: lots\nMemAvailable:\n");
	expect(root, 0, "unknown", 0);
	tree_remove(root);
}

Test(limits, cgroup_v2)
{
	const char *root = tree_make();
	put_machine(root);
	put_v2(root, "/a/b", "/");
	expect(root, 8 * GIB, "machine", 0);
	/* 2 GiB, 1.5 in use, half of that is cache that nobody touches. */
	tree_put(root, "sys/fs/cgroup/a/b/memory.max", "%llu\n", (unsigned long long)(2 * GIB));
	tree_put(root, "sys/fs/cgroup/a/b/memory.current", "%llu\n", (unsigned long long)(1536 * MIB));
	tree_put(root, "sys/fs/cgroup/a/b/memory.stat", "anon 5\nfile 7\ninactive_anon 3\ninactive_file %llu\n",
		 (unsigned long long)(768 * MIB));
	tree_put(root, "sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
	expect(root, 1280 * MIB, "cgroup v2 memory.max", 1.5);
	/* The parent is tighter. */
	tree_put(root, "sys/fs/cgroup/a/memory.max", "max\n");
	tree_put(root, "sys/fs/cgroup/a/memory.high", "%llu\n", (unsigned long long)GIB);
	tree_put(root, "sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	expect(root, GIB, "cgroup v2 memory.high", 0.5);
	tree_put(root, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	tree_put(root, "sys/fs/cgroup/a/cpu.max", "max 100000\n");
	expect(root, GIB, "cgroup v2 memory.high", 0);
	/* More in use than allowed: nothing is left, not a huge number. */
	tree_put(root, "sys/fs/cgroup/a/memory.current", "%llu\n", (unsigned long long)(3 * GIB));
	expect(root, 0, "cgroup v2 memory.high", 0);
	tree_remove(root);
}

/* Groups of containers within containers have long names. */
Test(limits, cgroup_with_a_long_name)
{
	char group[1300] = "", path[1400];
	for (int i = 0; i < 6; i++) {
		size_t len = strlen(group);
		group[len] = '/';
		memset(group + len + 1, 'a' + i, 200);
	}
	for (int v2 = 0; v2 < 2; v2++) {
		const char *root = tree_make();
		put_machine(root);
		(v2 ? put_v2 : put_v1)(root, group, "/");
		(void)snprintf(path, sizeof(path), "sys/fs/cgroup%s%s/memory.%s", v2 ? "" : "/memory", group,
			       v2 ? "max" : "limit_in_bytes");
		tree_put(root, path, "%llu\n", (unsigned long long)GIB);
		expect(root, GIB, v2 ? "cgroup v2 memory.max" : "cgroup v1 memory.limit_in_bytes", 0);
		tree_remove(root);
	}
}

Test(limits, cgroup_v2_in_a_container)
{
	/* Without a cgroup namespace the process sees the host's path, the mount shows only its own group. */
	static const char *const groups[][2] = {
		{"/docker/abc", "/docker/abc"},    {"/docker/abc/x", "/docker/abc"}, {"/", "/"}, {"/../other", "/"},
		{"/docker/abcdef", "/docker/abc"},
	};
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		const char *root = tree_make();
		put_machine(root);
		put_v2(root, groups[i][0], groups[i][1]);
		tree_put(root, "sys/fs/cgroup/memory.max", "%llu\n", (unsigned long long)GIB);
		expect(root, GIB, "cgroup v2 memory.max", 0);
		tree_remove(root);
	}
}

Test(limits, cgroup_v1)
{
	const char *root = tree_make();
	put_machine(root);
	put_v1(root, "/job/7", "/");
	tree_put(root, "sys/fs/cgroup/memory/job/7/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
	tree_put(root, "sys/fs/cgroup/cpu,cpuacct/job/7/cpu.cfs_quota_us", "-1\n");
	tree_put(root, "sys/fs/cgroup/cpu,cpuacct/job/7/cpu.cfs_period_us", "100000\n");
	expect(root, 8 * GIB, "machine", 0);
	tree_put(root, "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "%llu\n", (unsigned long long)(4 * GIB));
	tree_put(root, "sys/fs/cgroup/memory/job/memory.usage_in_bytes", "%llu\n", (unsigned long long)(3 * GIB));
	tree_put(root, "sys/fs/cgroup/memory/job/memory.stat", "inactive_file 1\ntotal_inactive_file %llu\n",
		 (unsigned long long)GIB);
	tree_put(root, "sys/fs/cgroup/cpu,cpuacct/job/7/cpu.cfs_quota_us", "250000\n");
	expect(root, 2 * GIB, "cgroup v1 memory.limit_in_bytes", 2.5);
	tree_remove(root);
}

Test(limits, ulimits)
{
	static const char format[] = "Limit                     Soft Limit           Hard Limit           Units     \n"
				     "Max data size             %-20s unlimited            bytes     \n"
				     "Max address space         %-20s unlimited            bytes     \n";
	const char *root = tree_make();
	put_machine(root);
	tree_put(root, "proc/self/status", "Name:\tmemwall\nVmSize:\t  262144 kB\nVmData:\t  131072 kB\n");
	tree_put(root, "proc/self/limits", format, "unlimited", "unlimited");
	expect(root, 8 * GIB, "machine", 0);
	tree_put(root, "proc/self/limits", format, "unlimited", "1073741824");
	expect(root, 768 * MIB, "ulimit -v", 0);
	tree_put(root, "proc/self/limits", format, "268435456", "1073741824");
	expect(root, 128 * MIB, "ulimit -d", 0);
	tree_put(root, "proc/self/limits", format, "unlimited", "1000");
	expect(root, 0, "ulimit -v", 0);
	tree_remove(root);
}

Test(limits, garbage_is_no_limit)
{
	static const char *const files[] = {
		"proc/self/limits",      "proc/self/status",          "sys/fs/cgroup/memory.max",
		"sys/fs/cgroup/cpu.max", "sys/fs/cgroup/memory.high", "sys/fs/cgroup/memory.stat",
		"proc/self/mountinfo",   "proc/self/cgroup",
	};
	static const char *const junk[] = {"",
					   "\n\n\n",
					   "-1\n",
					   "::::\n",
					   " - \n",
					   "cgroup2 - cgroup2\n",
					   "1 2 3 4\n",
					   "99999999999999999999999\n",
					   "Max address space\nVmSize"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t k = 0; k < sizeof(junk) / sizeof(junk[0]); k++) {
			if (strcmp(junk[k], "1 2 3 4\n") == 0 && strncmp(files[i], "sys", 3) == 0)
				continue; /* a number is a number */
			const char *root = tree_make();
			put_machine(root);
			put_v2(root, "/", "/");
			tree_put(root, files[i], "%s", junk[k]);
			expect(root, 8 * GIB, "machine", 0);
			tree_remove(root);
		}
}

Test(tree, reads_below_the_root)
{
	const char *root = tree_make();
	char text[8];
	uint64_t v = 7;
	int fd = mw_tree_open(root);
	cr_assert_geq(fd, 0);
	tree_put(root, "a/b", "  \n");
	tree_put(root, "a/c", "12 34\n");
	tree_put(root, "a/long", "0123456789");
	cr_expect_eq(mw_tree_read(fd, "a/b", text, sizeof(text)), 0);
	cr_expect_eq(mw_tree_read(fd, "/a/c", text, sizeof(text)), 5);
	cr_expect_str_eq(text, "12 34");
	cr_expect_eq(mw_tree_read(fd, "a/long", text, sizeof(text)), 7);
	cr_expect_str_eq(text, "0123456");
	cr_expect_eq(mw_tree_u64(fd, "a/b", &v), -EINVAL);
	cr_expect_eq(mw_tree_u64(fd, "a/none", &v), -ENOENT);
	cr_expect_eq(mw_tree_read(fd, "a", text, sizeof(text)), -EISDIR);
	cr_expect_str_eq(text, "");
	cr_expect_eq(v, 7);
	cr_expect(mw_tree_u64(fd, "a/c", &v) == 0 && v == 12);
	cr_expect_null(mw_tree_slurp(fd, "a/none"));
	tree_put(root, "big", "%*d", 100000, 5); /* longer than the first buffer */
	char *big = mw_tree_slurp(fd, "big");
	cr_assert_not_null(big);
	cr_expect(strlen(big) == 100000 && big[99999] == '5');
	free(big);
	(void)close(fd);
	cr_expect_eq(mw_tree_open("/nonexistent"), -ENOENT);
	tree_remove(root);
}

Test(tree, keys_of_text)
{
	static const char text[] =
		"total_inactive_file 9\ninactive_file 5\nMax address space   7  x\nName:\tword more \nEmpty:\n";
	char word[32];
	uint64_t v = 0;
	cr_expect(mw_text_u64(text, "inactive_file", &v) && v == 5);
	cr_expect(mw_text_u64(text, "Max address space", &v) && v == 7);
	cr_expect_not(mw_text_u64(text, "inactive", &v));
	cr_expect_not(mw_text_u64(text, "Name", &v));
	cr_expect(mw_text_str(text, "Name", word, sizeof(word)));
	cr_expect_str_eq(word, "word more ");
	cr_expect_not(mw_text_str(text, "Empty", word, sizeof(word)));
	cr_expect_not(mw_text_str("", "Name", word, sizeof(word)));
	cr_expect(mw_text_str(text, "Name", word, 3));
	cr_expect_str_eq(word, "wo");
}
