/* Counters of memory controllers, which the kernel lists below /sys/bus/event_source/devices. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/counters.h"
#include "base/sys/cpulist.h"
#include "base/sys/tree.h"

#define DEVICES "sys/bus/event_source/devices"

enum { LINE = 64, NAME = 64, TEXT = 128 };

/* One event of one controller on one CPU of its socket. */
struct channel {
	int fd;
	double bytes; /* of one count */
	bool written;
	struct mw_counter_value last;
};

struct mw_controllers {
	struct mw_counter_sys sys;
	size_t n, units;
	const char *family; /* prefix of the units' names */
	char words[NAME];
	struct channel *v;
};

/* How the controllers of a family name what they read and write. With an event of the kernel's (`named`) scale and unit
 * are in its files; else `terms` are the event, of 64 byte each. */
struct traffic {
	bool named;
	const char *terms[2]; /* read, written */
};

static const struct {
	const char *prefix;
	struct traffic traffic[3];
} families[] = {
	/* Servers; free-running counters of clients; clients of older kernels. */
	{"uncore_imc",
	 {{true, {"cas_count_read", "cas_count_write"}},
	  {true, {"data_read", "data_write"}},
	  {true, {"data_reads", "data_writes"}}}},
	/* Zen 4 and later; the kernel has no names. umc_cas_cmd.rd and .wr of perf's list for amdzen4. */
	{"amd_umc", {{false, {"event=0x0a,rdwrmask=0x1", "event=0x0a,rdwrmask=0x2"}}}},
};

/* ---- from text to perf_event_attr ---- */

/* Puts the low bits of value into the bits that a format file names, such as "config:0-7,32". */
static int place_bits(const char *format, uint64_t value, uint64_t *config)
{
	if (strncmp(format, "config:", 7) != 0)
		return MW_EFORMAT; /* config1 and config2 hold filters, which these events do not have */
	const char *at = format + 6;
	do {
		char *end;
		unsigned long first = strtoul(++at, &end, 10), last = first;
		if (end == at)
			return MW_EFORMAT;
		if (*end == '-') {
			at = end + 1;
			last = strtoul(at, &end, 10);
		}
		if (end == at || last < first || last > 63)
			return MW_EFORMAT;
		for (unsigned long bit = first; bit <= last; bit++, value >>= 1)
			*config |= (value & 1u) << bit;
		at = end;
	} while (*at == ',');
	return *at || value ? MW_EFORMAT : 0;
}

/* perf_event_attr.config for terms such as "event=0x04,umask=0x03". */
static int read_terms(int pmu, const char *terms, uint64_t *config)
{
	char text[TEXT], path[NAME + TEXT], format[TEXT], *rest = NULL;
	*config = 0;
	int rc = mw_fit(text, sizeof(text), "%s", terms);
	for (char *term = strtok_r(text, ",", &rest); term && rc >= 0; term = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(term, '='), *end = NULL;
		if (value)
			*value++ = '\0';
		uint64_t number = value ? strtoull(value, &end, 0) : 1; /* a term without a value is a bit */
		if (end && (*end || end == value))
			return MW_EFORMAT;
		rc = mw_fit(path, sizeof(path), "format/%s", term);
		if (rc >= 0)
			rc = mw_tree_read(pmu, path, format, sizeof(format));
		if (rc >= 0)
			rc = place_bits(format, number, config);
	}
	return rc < 0 ? rc : 0;
}

/* Bytes of one count: .scale times .unit ("MiB" or "Bytes"); 64 without both files. */
static int read_scale(int pmu, const char *event, double *bytes)
{
	char path[TEXT], text[TEXT], *end;
	mw_format(path, sizeof(path), "events/%s.scale", event);
	int rc = mw_tree_read(pmu, path, text, sizeof(text));
	if (rc == -ENOENT) {
		*bytes = LINE;
		return 0;
	}
	if (rc < 0)
		return rc;
	*bytes = strtod(text, &end);
	if (end == text || *end || !(*bytes > 0 && isfinite(*bytes)))
		return MW_EFORMAT;
	mw_format(path, sizeof(path), "events/%s.unit", event);
	rc = mw_tree_read(pmu, path, text, sizeof(text));
	if (rc < 0)
		return rc;
	if (strcmp(text, "MiB") == 0)
		*bytes *= 1 << 20;
	else if (strcmp(text, "Bytes") != 0)
		return MW_EFORMAT;
	return 0;
}

struct event {
	uint64_t config;
	double bytes;
};

enum { NO_SUCH_EVENT = 1 };

/* The event for reads (0) or writes (1); NO_SUCH_EVENT when this controller has none of that kind. */
static int read_event(int pmu, const struct traffic *t, int write, struct event *e)
{
	char path[TEXT], terms[TEXT];
	e->bytes = LINE;
	if (!t->named)
		return read_terms(pmu, t->terms[write], &e->config);
	mw_format(path, sizeof(path), "events/%s", t->terms[write]);
	int rc = mw_tree_read(pmu, path, terms, sizeof(terms));
	if (rc == -ENOENT)
		return NO_SUCH_EVENT;
	if (rc >= 0)
		rc = read_terms(pmu, terms, &e->config);
	return rc < 0 ? rc : read_scale(pmu, t->terms[write], &e->bytes);
}

/* ---- opening ---- */

static int add_channel(struct mw_controllers *c, uint32_t type, int cpu, const struct event *e, bool written)
{
	struct channel *v = reallocarray(c->v, c->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	c->v = v;
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = e->config,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	int fd = c->sys.open(c->sys.self, &attr, cpu);
	if (fd < 0)
		return fd;
	c->v[c->n] = (struct channel){.fd = fd, .bytes = e->bytes, .written = written};
	return c->sys.read(c->sys.self, fd, &c->v[c->n++].last);
}

/* 0, NO_SUCH_EVENT, or an error. */
static int open_unit(struct mw_controllers *c, int pmu, const struct traffic *t)
{
	struct event e[2];
	struct mw_cpulist cpus;
	uint64_t type;
	char text[4096];
	int rc = 0;
	for (int write = 0; write < 2 && rc == 0; write++)
		rc = read_event(pmu, t, write, &e[write]);
	if (rc != 0)
		return rc;
	if (mw_tree_u64(pmu, "type", &type) < 0 || type > UINT32_MAX ||
	    mw_tree_read(pmu, "cpumask", text, sizeof(text)) <= 0 || mw_cpulist_parse(&cpus, text) < 0)
		return MW_EFORMAT;
	for (int cpu = mw_cpulist_next(&cpus, 0); cpu >= 0 && rc == 0; cpu = mw_cpulist_next(&cpus, cpu + 1)) {
		c->units++;
		for (int write = 0; write < 2 && rc == 0; write++)
			rc = add_channel(c, (uint32_t)type, cpu, &e[write], write == 1);
	}
	return rc;
}

/* uncore_imc, uncore_imc_3 and uncore_imc_free_running_0, but not amd_umc_x. */
static bool in_family(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	if (strncmp(name, prefix, n) != 0)
		return false;
	if (strncmp(name + n, "_free_running", 13) == 0)
		n += 13;
	return name[n] == '\0' || (name[n] == '_' && isdigit((unsigned char)name[n + 1]));
}

/* Opens the units of one family that have this kind of event. (Of a server's units only the free-running ones, which
 * count the same bytes again, have no cas_count_read.) */
static int open_family(struct mw_controllers *c, int devices, const char *prefix, const struct traffic *t, size_t *seen)
{
	int fd = openat(devices, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		rc = -errno;
		if (fd >= 0)
			(void)close(fd);
		return rc;
	}
	for (struct dirent *d; rc >= 0 && (d = readdir(dir));) {
		if (!in_family(d->d_name, prefix))
			continue;
		++*seen;
		int pmu = openat(devices, d->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (pmu < 0) {
			rc = -errno;
			break;
		}
		rc = open_unit(c, pmu, t);
		(void)close(pmu);
	}
	(void)closedir(dir);
	return rc < 0 ? rc : 0;
}

static int open_known(struct mw_controllers *c, int devices, size_t *seen)
{
	int rc = 0;
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (size_t k = 0; k < 3 && rc == 0 && c->units == 0 && families[f].traffic[k].terms[0]; k++) {
			c->family = families[f].prefix;
			rc = open_family(c, devices, families[f].prefix, &families[f].traffic[k], seen);
		}
	return rc;
}

static int why_none(const char *root, int devices, size_t seen, char *why, size_t n)
{
	char text[16];
	if (seen > 0)
		return mw_fail(MW_EUNAVAILABLE, why, n,
			       "the memory controllers' counters have no events that are known here");
	if (devices >= 0 && mw_tree_read(devices, "amd_df/type", text, sizeof(text)) > 0)
		return mw_fail(
			MW_EUNAVAILABLE, why, n,
			"the kernel has no driver for this CPU's memory controllers (amd_umc); the events of amd_df "
			"differ between models");
	return mw_counter_why(root, -ENODEV, "bytes at the memory controllers", MW_PARANOID_SYSTEM, why, n);
}

int mw_controllers_open(const struct mw_counter_sys *sys, const char *root, struct mw_controllers **out, char *why,
			size_t n)
{
	*out = NULL;
	struct mw_controllers *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->sys = *sys;
	int root_fd = mw_tree_open(root), rc = 0;
	int devices = root_fd < 0 ? root_fd : openat(root_fd, DEVICES, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t seen = 0;
	if (devices >= 0)
		rc = open_known(c, devices, &seen);
	if (rc == MW_EFORMAT)
		rc = mw_fail(MW_EUNAVAILABLE, why, n, "a file of %s in /" DEVICES " cannot be understood", c->family);
	else if (rc < 0 && rc != -ENOMEM)
		rc = mw_counter_why(root, rc, "bytes at the memory controllers", MW_PARANOID_SYSTEM, why, n);
	else if (rc == 0 && c->n == 0)
		rc = why_none(root, devices, seen, why, n);
	if (devices >= 0)
		(void)close(devices);
	if (root_fd >= 0)
		(void)close(root_fd);
	if (rc < 0) {
		mw_controllers_close(c);
		return rc;
	}
	mw_format(c->words, sizeof(c->words), "%zu of %s", c->units, c->family);
	*out = c;
	return 0;
}

void mw_controllers_close(struct mw_controllers *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		c->sys.close(c->sys.self, c->v[i].fd);
	free(c->v);
	free(c);
}

const char *mw_controllers_words(const struct mw_controllers *c)
{
	return c->words;
}

int mw_controllers_take(struct mw_controllers *c, struct mw_controller_bytes *out, char *why, size_t n)
{
	*out = (struct mw_controller_bytes){0};
	for (size_t i = 0; i < c->n; i++) {
		struct channel *v = &c->v[i];
		struct mw_counter_value now;
		double events = 0;
		int rc = c->sys.read(c->sys.self, v->fd, &now);
		if (rc == 0)
			rc = mw_counter_delta(&v->last, &now, &events);
		if (rc == MW_EUNAVAILABLE)
			return mw_fail(rc, why, n, "the counters of %s had no time for these events", c->family);
		if (rc < 0)
			return mw_fail(rc, why, n, "a counter of %s cannot be read: %s", c->family, mw_strerror(rc));
		v->last = now;
		*(v->written ? &out->written : &out->read) += events * v->bytes;
	}
	return 0;
}
