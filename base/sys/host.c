#include "base/sys/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/core/cpu.h"
#include "base/sys/tree.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static void set(char *dst, size_t n, const char *text)
{
	size_t len = strlen(text);
	len = len < n ? len : n - 1;
	memcpy(dst, text, len);
	dst[len] = '\0';
}

/* The word in brackets: "always [madvise] never". */
static void read_choice(int root_fd, const char *path, char *out, size_t n)
{
	char text[128];
	set(out, n, "unknown");
	if (mw_tree_read(root_fd, path, text, sizeof(text)) <= 0)
		return;
	char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
	if (!close)
		return;
	*close = '\0';
	set(out, n, open + 1);
}

static void read_governor(int root_fd, struct mw_topology *t)
{
	set(t->governor, sizeof(t->governor), "unknown");
	for (int i = 0; i < t->n_cpus; i++) {
		char path[96], text[32];
		(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
			       t->cpus[i].id);
		if (mw_tree_read(root_fd, path, text, sizeof(text)) <= 0)
			return;
		if (i == 0)
			set(t->governor, sizeof(t->governor), text);
		else if (strcmp(t->governor, text) != 0)
			set(t->governor, sizeof(t->governor), "mixed");
	}
}

static void read_turbo(int root_fd, char *out, size_t n)
{
	uint64_t v;
	if (mw_tree_u64(root_fd, "sys/devices/system/cpu/intel_pstate/no_turbo", &v) == 0)
		set(out, n, v ? "off" : "on");
	else if (mw_tree_u64(root_fd, "sys/devices/system/cpu/cpufreq/boost", &v) == 0)
		set(out, n, v ? "on" : "off");
	else
		set(out, n, "unknown");
}

static void read_numa_balancing(int root_fd, char *out, size_t n)
{
	static const char *const modes[] = {"off", "on", "tiering", "on+tiering"}; /* bits of the sysctl */
	uint64_t v;
	bool known = mw_tree_u64(root_fd, "proc/sys/kernel/numa_balancing", &v) == 0 && v < 4;
	set(out, n, known ? modes[v] : "unknown");
}

/* Arm prints no model name: implementer and part number identify the core. */
static void read_cpu_model(int root_fd, struct mw_topology *t)
{
	char *text = mw_tree_slurp(root_fd, "proc/cpuinfo");
	char implementer[16], part[16];
	set(t->cpu_model, sizeof(t->cpu_model), "unknown");
	set(t->microcode, sizeof(t->microcode), "unknown");
	if (!text)
		return;
	if (!mw_text_str(text, "model name", t->cpu_model, sizeof(t->cpu_model)) &&
	    !mw_text_str(text, "Model", t->cpu_model, sizeof(t->cpu_model)) &&
	    mw_text_str(text, "CPU implementer", implementer, sizeof(implementer)) &&
	    mw_text_str(text, "CPU part", part, sizeof(part)))
		(void)snprintf(t->cpu_model, sizeof(t->cpu_model), "implementer %s part %s", implementer, part);
	(void)mw_text_str(text, "microcode", t->microcode, sizeof(t->microcode));
	free(text);
	for (size_t i = strlen(t->cpu_model); i > 0 && t->cpu_model[i - 1] == ' '; i--)
		t->cpu_model[i - 1] = '\0'; /* some vendors pad */
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

/* CPUID leaf 0x40000000: the hypervisor's own name. NULL: there is none, or this is no x86. */
static const char *ask_cpu(char *vendor, size_t n)
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
		set(vendor, n, name ? name : *text ? text : "unknown hypervisor");
		return vendor;
	}
#else
	(void)rows;
	(void)vendor;
	(void)n;
#endif
	return NULL;
}

/* Firmware strings; cloud vendors put their own name there. */
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
			return "none"; /* "c5.metal" of Amazon EC2 */
		const char *name = match(rows, sizeof(rows) / sizeof(rows[0]), text);
		if (name)
			return name;
	}
	return NULL;
}

static void read_virtualization(int root_fd, bool live, char *out, size_t n)
{
	char text[64];
	if (live && ask_cpu(text, sizeof(text))) {
		set(out, n, text);
		return;
	}
	if (mw_tree_read(root_fd, "sys/hypervisor/type", text, sizeof(text)) > 0) {
		set(out, n, text);
		return;
	}
	const char *dmi = ask_dmi(root_fd);
	char *cpuinfo = mw_tree_slurp(root_fd, "proc/cpuinfo");
	char *flags = cpuinfo ? strstr(cpuinfo, "flags\t") : NULL; /* x86: the bit is always reported */
	char *end = flags ? strchr(flags, '\n') : NULL;
	if (end)
		*end = '\0';
	if (dmi)
		set(out, n, dmi);
	else if (flags)
		set(out, n, strstr(flags, " hypervisor") ? "unknown hypervisor" : "none");
	else
		set(out, n, "unknown");
	free(cpuinfo);
}

static void read_kernel(int root_fd, bool live, struct mw_topology *t)
{
	struct utsname u;
	bool known = live && uname(&u) == 0;
	if (mw_tree_read(root_fd, "proc/sys/kernel/osrelease", t->kernel, sizeof(t->kernel)) <= 0)
		set(t->kernel, sizeof(t->kernel), known ? u.release : "unknown");
	if (mw_tree_read(root_fd, "proc/sys/kernel/hostname", t->hostname, sizeof(t->hostname)) <= 0)
		set(t->hostname, sizeof(t->hostname), known ? u.nodename : "unknown");
}

void mw_host_read(int root_fd, bool live, struct mw_topology *t)
{
	read_cpu_model(root_fd, t);
	read_kernel(root_fd, live, t);
	read_governor(root_fd, t);
	read_turbo(root_fd, t->turbo, sizeof(t->turbo));
	read_numa_balancing(root_fd, t->numa_balancing, sizeof(t->numa_balancing));
	read_choice(root_fd, "sys/kernel/mm/transparent_hugepage/enabled", t->thp, sizeof(t->thp));
	read_virtualization(root_fd, live, t->virtualization, sizeof(t->virtualization));
	if (live)
		mw_cpu_describe(t->isa, sizeof(t->isa));
	else
		set(t->isa, sizeof(t->isa), "unknown");
	t->hugepages_2m_free = 0;
	t->hugepages_known = mw_tree_u64(root_fd, "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
					 &t->hugepages_2m_free) == 0;
}
