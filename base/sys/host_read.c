#include "base/sys/host_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/core/cpu.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* Reads a file's text; NULL where it cannot be read. -ENOMEM. */
static int read_text(int root_fd, const char *path, char **out)
{
	int rc = mw_tree_text(root_fd, path, out);
	return rc == -ENOMEM ? rc : 0;
}

/* The word in brackets: "always [madvise] never". */
static int read_choice(int root_fd, const char *path, char **out)
{
	char *text;
	int rc = read_text(root_fd, path, &text);
	char *open = text ? strchr(text, '[') : NULL, *close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		rc = mw_text_set(out, open + 1);
	}
	free(text);
	return rc;
}

static int read_governor(int root_fd, const struct mw_topology *t, char **out)
{
	int rc = 0;
	for (int i = 0; i < t->host.n_cpus && rc == 0; i++) {
		char path[96], *text;
		mw_format(path, sizeof(path), "sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", t->cpus[i].id);
		rc = read_text(root_fd, path, &text);
		if (!text)
			return rc;
		if (i == 0)
			rc = mw_text_set(out, text);
		else if (strcmp(*out, text) != 0)
			rc = mw_text_set(out, "mixed");
		free(text);
	}
	return rc;
}

static int read_turbo(int root_fd, char **out)
{
	uint64_t v;
	if (mw_tree_u64(root_fd, "sys/devices/system/cpu/intel_pstate/no_turbo", &v) == 0)
		return mw_text_set(out, v ? "off" : "on");
	if (mw_tree_u64(root_fd, "sys/devices/system/cpu/cpufreq/boost", &v) == 0)
		return mw_text_set(out, v ? "on" : "off");
	return 0;
}

static int read_numa_balancing(int root_fd, char **out)
{
	static const char *const modes[] = {"off", "on", "tiering", "on+tiering"}; /* by value of the sysctl */
	uint64_t v;
	bool known = mw_tree_u64(root_fd, "proc/sys/kernel/numa_balancing", &v) == 0 && v < 4;
	return mw_text_set(out, known ? modes[v] : NULL);
}

/* /proc/cpuinfo of Arm has no model name; implementer and part number identify the core. */
static int name_part(const char *text, char **out)
{
	char *implementer, *part = NULL;
	int rc = mw_text_value(text, "CPU implementer", &implementer);
	if (rc == 0)
		rc = mw_text_value(text, "CPU part", &part);
	if (implementer && part && asprintf(out, "implementer %s part %s", implementer, part) < 0) {
		*out = NULL;
		rc = -ENOMEM;
	}
	free(implementer);
	free(part);
	return rc;
}

static int read_cpu_model(int root_fd, struct mw_host *h)
{
	char *text;
	int rc = read_text(root_fd, "proc/cpuinfo", &text);
	if (!text)
		return rc;
	rc = mw_text_value(text, "model name", &h->cpu_model);
	if (rc == 0 && !h->cpu_model)
		rc = mw_text_value(text, "Model", &h->cpu_model);
	if (rc == 0 && !h->cpu_model)
		rc = name_part(text, &h->cpu_model);
	if (rc == 0)
		rc = mw_text_value(text, "microcode", &h->microcode);
	free(text);
	return rc;
}

/* ---- virtualisation ---- */

struct signature {
	const char *text, *name;
};

static const char *match(const struct signature *rows, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, rows[i].text))
			return rows[i].name;
	return NULL;
}

/* The hypervisor's name from CPUID leaf 0x40000000. False without a hypervisor or on other CPUs than x86. */
static bool ask_cpu(char vendor[24])
{
	static const struct signature rows[] = {
		{"KVMKVMKVM", "kvm"},     {"Microsoft Hv", "hyper-v"}, {"VMwareVMware", "vmware"},
		{"XenVMMXenVMM", "xen"},  {"bhyve bhyve", "bhyve"},    {"TCGTCGTCGTCG", "qemu"},
		{"ACRNACRNACRN", "acrn"},
	};
#if defined(__x86_64__)
	unsigned a, b, c, d;
	if (__get_cpuid(1, &a, &b, &c, &d) && (c >> 31) & 1u) {
		__cpuid(0x40000000, a, b, c, d);
		unsigned words[3] = {b, c, d};
		char text[13] = {0};
		memcpy(text, words, sizeof(words));
		const char *name = match(rows, sizeof(rows) / sizeof(rows[0]), text);
		mw_format(vendor, 24, "%s", name ? name : *text ? text : "unknown hypervisor");
		return true;
	}
#else
	(void)rows;
	(void)vendor;
#endif
	return false;
}

/* The hypervisor or cloud vendor by the firmware's strings; NULL when none of them is known. */
static const char *ask_dmi(int root_fd)
{
	static const char *const files[] = {"sys/class/dmi/id/product_name", "sys/class/dmi/id/sys_vendor",
					    "sys/class/dmi/id/bios_vendor"};
	static const struct signature rows[] = {
		{"KVM", "kvm"},
		{"QEMU", "qemu"},
		{"Amazon EC2", "amazon"},
		{"Google Compute Engine", "google"},
		{"VMware", "vmware"},
		{"Xen", "xen"},
		{"VirtualBox", "virtualbox"},
		{"Virtual Machine", "hyper-v"},
		{"BHYVE", "bhyve"},
		{"Parallels", "parallels"},
	};
	char text[128];
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (mw_tree_read(root_fd, files[i], text, sizeof(text)) <= 0)
			continue;
		if (strstr(text, "metal"))
			return "none"; /* such as "c5.metal" of Amazon EC2: no virtual machine */
		const char *name = match(rows, sizeof(rows) / sizeof(rows[0]), text);
		if (name)
			return name;
	}
	return NULL;
}

/* x86 lists "hypervisor" among the flags of /proc/cpuinfo. *out stays NULL without flags. */
static int ask_flags(int root_fd, char **out)
{
	char *cpuinfo, *flags;
	int rc = read_text(root_fd, "proc/cpuinfo", &cpuinfo);
	if (!cpuinfo)
		return rc;
	flags = strstr(cpuinfo, "flags\t");
	if (flags) {
		flags[strcspn(flags, "\n")] = '\0';
		rc = mw_text_set(out, strstr(flags, " hypervisor") ? "unknown hypervisor" : "none");
	}
	free(cpuinfo);
	return rc;
}

static int read_virtualization(int root_fd, bool live, char **out)
{
	char vendor[24];
	if (live && ask_cpu(vendor))
		return mw_text_set(out, vendor);
	int rc = read_text(root_fd, "sys/hypervisor/type", out);
	if (rc < 0 || *out)
		return rc;
	const char *dmi = ask_dmi(root_fd);
	return dmi ? mw_text_set(out, dmi) : ask_flags(root_fd, out);
}

static int read_kernel(int root_fd, bool live, struct mw_host *h)
{
	struct utsname u;
	bool known = live && uname(&u) == 0;
	int rc = read_text(root_fd, "proc/sys/kernel/osrelease", &h->kernel);
	if (rc == 0 && !h->kernel)
		rc = mw_text_set(&h->kernel, known ? u.release : NULL);
	if (rc == 0)
		rc = read_text(root_fd, "proc/sys/kernel/hostname", &h->hostname);
	if (rc == 0 && !h->hostname)
		rc = mw_text_set(&h->hostname, known ? u.nodename : NULL);
	return rc;
}

static int describe_cpu(char **out)
{
	size_t len = mw_cpu_describe(NULL, 0);
	char *text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	(void)mw_cpu_describe(text, len + 1);
	int rc = mw_text_set(out, text);
	free(text);
	return rc;
}

static void read_numbers(int root_fd, bool live, struct mw_host *h)
{
	uint64_t pages;
	long page = live ? sysconf(_SC_PAGESIZE) : 0;
	h->page_bytes = page > 0 ? (uint64_t)page : 0;
	if (mw_tree_u64(root_fd, "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", &pages) == 0)
		h->hugepages_2m_free = pages;
}

int mw_host_read(int root_fd, bool live, struct mw_topology *t)
{
	struct mw_host *h = &t->host;
	int rc = read_cpu_model(root_fd, h);
	if (rc == 0)
		rc = read_kernel(root_fd, live, h);
	if (rc == 0)
		rc = read_governor(root_fd, t, &h->governor);
	if (rc == 0)
		rc = read_turbo(root_fd, &h->turbo);
	if (rc == 0)
		rc = read_numa_balancing(root_fd, &h->numa_balancing);
	if (rc == 0)
		rc = read_choice(root_fd, "sys/kernel/mm/transparent_hugepage/enabled", &h->thp);
	if (rc == 0)
		rc = read_virtualization(root_fd, live, &h->virtualization);
	if (rc == 0 && live)
		rc = describe_cpu(&h->isa);
	read_numbers(root_fd, live, h);
	return rc;
}
