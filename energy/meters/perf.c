/* RAPL through the kernel's perf PMU `power`. The kernel supplies the units, extends the counters to 64 bits and names
 * one CPU per package; no list of CPU models is needed here. */
#include "energy/meters/perf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "energy/meters/tree.h"

#define PMU "sys/bus/event_source/devices/power"

struct counter {
	int fd;
	struct energy_domain domain;
	uint64_t last;
};

struct perf {
	struct mw_counter_sys sys;
	size_t n, found; /* counters that are open; counters that exist */
	struct counter c[METER_MAX_DOMAINS];
};

/* The kernel's event names and the domains they measure. */
static const struct {
	const char *event, *kind;
} known[] = {
	{"energy-pkg", "package"}, {"energy-ram", "dram"},  {"energy-cores", "core"},
	{"energy-gpu", "uncore"},  {"energy-psys", "psys"},
};

static void perf_close(void *state)
{
	struct perf *p = state;
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		p->sys.close(p->sys.self, p->c[i].fd);
	free(p);
}

/* Makes perf_event_attr.config from "event=0x02" and the bit position in the format file ("config:0-7"). */
static int event_config(int pmu, const char *event, uint64_t *config)
{
	char path[64], text[64];
	mw_format(path, sizeof(path), "events/%s", event);
	int rc = tree_text(pmu, path, text, sizeof(text));
	if (rc < 0)
		return rc;
	if (strncmp(text, "event=", 6) != 0)
		return MW_EFORMAT;
	char *end;
	unsigned long long code = strtoull(text + 6, &end, 0);
	if (*end || end == text + 6)
		return MW_EFORMAT;
	unsigned shift = 0;
	rc = tree_text(pmu, "format/event", text, sizeof(text));
	if (tree_short(rc))
		return rc;
	if (rc > 0 && (sscanf(text, "config:%u", &shift) != 1 || shift > 63))
		return MW_EFORMAT;
	*config = (uint64_t)code << shift;
	return 0;
}

/* Joules per count, from the .scale file; .unit must say Joules. */
static int event_unit(int pmu, const char *event, double *unit_j)
{
	char path[64], text[64];
	mw_format(path, sizeof(path), "events/%s.unit", event);
	int rc = tree_text(pmu, path, text, sizeof(text));
	if (rc < 0)
		return rc;
	if (strcmp(text, "Joules") != 0)
		return MW_EFORMAT;
	mw_format(path, sizeof(path), "events/%s.scale", event);
	rc = tree_text(pmu, path, text, sizeof(text));
	if (rc < 0)
		return rc;
	char *end;
	*unit_j = strtod(text, &end);
	return *end || !(*unit_j > 0 && *unit_j < 1) ? MW_EFORMAT : 0;
}

static void name_domain(const struct perf *p, struct energy_domain *d, const char *kind, int cpu)
{
	char package[32];
	if (d->socket >= 0)
		mw_format(package, sizeof(package), "package-%d", d->socket);
	else
		mw_format(package, sizeof(package), "package-of-cpu-%d", cpu);
	mw_format(d->kind, sizeof(d->kind), "%s", kind);
	if (strcmp(kind, "package") == 0)
		mw_format(d->name, sizeof(d->name), "%s", package);
	else if (strcmp(kind, "psys") == 0)
		mw_format(d->name, sizeof(d->name), "psys");
	else
		mw_format(d->name, sizeof(d->name), "%s/%s", package, kind);
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->c[i].domain.name, d->name) == 0) { /* several dies per package */
			size_t len = strlen(d->name);
			mw_format(d->name + len, sizeof(d->name) - len, "@cpu%d", cpu);
			break;
		}
}

static void explain_open(int rootfd, int rc, const char *event, int cpu, char *why, size_t n)
{
	char text[64], level[16];
	if (rc != -EACCES && rc != -EPERM) {
		reason_add(why, n, "%s on cpu %d: %s", event, cpu, tree_errno(rc, text, sizeof(text)));
		return;
	}
	if (tree_text(rootfd, "proc/sys/kernel/perf_event_paranoid", level, sizeof(level)) < 0)
		mw_format(level, sizeof(level), "unknown");
	reason_add(why, n,
		   "%s: %s: perf_event_paranoid is %s; system-wide counters need 0 or less, CAP_PERFMON or root", event,
		   strerrorname_np(-rc), level);
}

/* Opens one event on every CPU that the PMU names. A negative result means that every other event would fail in the
 * same way. */
static int open_event(struct perf *p, int rootfd, int pmu, uint32_t type, size_t k, const int *cpus, int n_cpus,
		      char *why, size_t n)
{
	char text[64];
	uint64_t config = 0;
	double unit_j = 0.0;
	int rc = event_config(pmu, known[k].event, &config);
	if (rc == -ENOENT)
		return 0; /* this CPU has no such domain */
	if (!rc)
		rc = event_unit(pmu, known[k].event, &unit_j);
	if (rc) {
		reason_add(why, n, "%s: %s", known[k].event, tree_errno(rc, text, sizeof(text)));
		return tree_short(rc) ? rc : 0;
	}
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = config,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	for (int i = 0; i < n_cpus; i++) {
		if (p->found++ >= METER_MAX_DOMAINS)
			continue; /* perf_open_with() refuses the whole meter */
		struct counter *c = &p->c[p->n];
		int package = tree_package_of(rootfd, cpus[i]);
		if (tree_short(package)) {
			explain_open(rootfd, package, known[k].event, cpus[i], why, n);
			return package;
		}
		*c = (struct counter){.fd = p->sys.open(p->sys.self, &attr, cpus[i])};
		if (c->fd < 0) {
			explain_open(rootfd, c->fd, known[k].event, cpus[i], why, n);
			if (c->fd == -EACCES || c->fd == -EPERM || tree_short(c->fd))
				return c->fd;
			continue;
		}
		c->domain.socket = strcmp(known[k].kind, "psys") == 0 ? -1 : package;
		c->domain.unit_j = unit_j;
		name_domain(p, &c->domain, known[k].kind, cpus[i]);
		p->n++;
	}
	return 0;
}

int perf_open_with(const struct mw_counter_sys *sys, const char *root, void **state, char *why, size_t n)
{
	char text[256];
	uint64_t type;
	int *cpus = NULL;
	struct perf *p = NULL;
	*state = NULL;
	if (n)
		why[0] = '\0';
	int rootfd = tree_open(root, why, n);
	if (rootfd < 0)
		return MW_EUNAVAILABLE;
	int rc = MW_EUNAVAILABLE;
	int pmu = openat(rootfd, PMU, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pmu < 0) {
		int code = -errno;
		(void)mw_fail(0, why, n, "perf PMU `power` absent: %s",
			      tree_short(code) ? tree_errno(code, text, sizeof(text)) : tree_why_absent(rootfd));
		goto out;
	}
	int bad = tree_u64(pmu, "type", &type);
	int n_cpus = bad ? bad : tree_cpus(pmu, "cpumask", &cpus);
	if (n_cpus <= 0 || !cpus || type > UINT32_MAX) {
		(void)mw_fail(0, why, n, "/" PMU ": %s: %s", bad ? "type" : "cpumask",
			      tree_errno(n_cpus < 0 ? n_cpus : -ERANGE, text, sizeof(text)));
		goto out;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		rc = -ENOMEM;
		goto out;
	}
	p->sys = *sys;
	int stop = 0;
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]) && stop == 0; k++)
		stop = open_event(p, rootfd, pmu, (uint32_t)type, k, cpus, n_cpus, why, n);
	rc = p->n && !tree_short(stop) ? 0 : MW_EUNAVAILABLE;
	if (rc == 0 && p->found > METER_MAX_DOMAINS)
		rc = meter_too_many(p->found, why, n);
	if (rc && n && !why[0])
		(void)mw_fail(0, why, n, "perf PMU `power` has no energy event");
out:
	if (pmu >= 0)
		(void)close(pmu);
	(void)close(rootfd);
	free(cpus);
	if (rc)
		perf_close(p);
	else
		*state = p;
	return rc;
}

static int perf_open(const char *root, void **state, char *why, size_t n)
{
	*state = NULL;
	/* The PMU number in a captured tree is not that of the running kernel. */
	if (strcmp(root, "/") != 0)
		return mw_fail(MW_EUNAVAILABLE, why, n, "perf counters belong to the running kernel, not to %s", root);
	return perf_open_with(&mw_counter_kernel, root, state, why, n);
}

static size_t perf_domains(const void *state, struct energy_domain *v, size_t max)
{
	const struct perf *p = state;
	for (size_t i = 0; i < p->n && i < max; i++)
		v[i] = p->c[i].domain;
	return p->n;
}

static int perf_read(void *state, struct energy_reading *r, char *why, size_t n)
{
	struct perf *p = state;
	char text[64];
	memset(r, 0, sizeof(*r));
	uint64_t begin = mw_now_ns();
	for (size_t i = 0; i < p->n; i++) {
		struct counter *c = &p->c[i];
		struct mw_counter_value got;
		int rc = p->sys.read(p->sys.self, c->fd, &got);
		if (rc)
			return mw_fail(-EIO, why, n, "%s: %s", c->domain.name, tree_errno(rc, text, sizeof(text)));
		if (got.count < c->last)
			return mw_fail(-EIO, why, n, "%s: went backwards from %llu to %llu", c->domain.name,
				       (unsigned long long)c->last, (unsigned long long)got.count);
		c->last = got.count;
		r->ticks[i] = got.count;
	}
	r->t_ns = begin + (mw_now_ns() - begin) / 2;
	return 0;
}

const struct energy_meter meter_perf = {
	.name = "perf",
	.summary = "RAPL counters from the kernel's perf PMU `power`",
	.preference = 10,
	.open = perf_open,
	.domains = perf_domains,
	.read = perf_read,
	.close = perf_close,
};
