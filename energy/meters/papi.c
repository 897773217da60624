/* RAPL through PAPI, in a child process, because PAPI prints, calls exit(127) when an MSR read fails and overruns a
 * table above two sockets. It also returns the raw value for an unchanged powercap counter and 0, without an error, for
 * one that cannot be read: every value is checked for plausibility. */
#include "energy/meters/papi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/child.h"
#include "energy/meters/tree.h"

#define CLASS "sys/class/powercap"
#define PATIENCE_MS 10000
#define AWAKE_NS 100000000u /* counters that have not moved after this time are left out */

struct hello {
	int rc;
	size_t n;
	struct energy_domain d[METER_MAX_DOMAINS];
	char why[MW_ERR_ROOM];
};

struct answer {
	int rc;
	struct energy_reading r;
	char why[MW_ERR_ROOM];
};

/* ---- in the child ---- */

struct counter {
	struct energy_domain d;
	int slot; /* index among the event set's values */
	uint64_t last;
	bool raw_when_unchanged; /* bug of PAPI's powercap component: an unchanged counter reads as its raw value */
	long long seen;          /* last raw value before the counter was first seen to advance */
};

struct child {
	const struct papi_api *api;
	void *lib;
	int rootfd, set;
	size_t n, found; /* counters kept; counters that could be added */
	int n_values;    /* number of events in the set */
	uint64_t t0_ns;
	struct counter c[METER_MAX_DOMAINS];
};

static int add_counter(struct child *k, const char *event, const char *name, const char *kind, int socket,
		       double unit_j, char *why, size_t n)
{
	char reason[120] = "";
	int rc = k->api->add(k->lib, k->set, event, reason, sizeof(reason));
	if (rc < 0) {
		(void)mw_fail(rc, why, n, "%s: %s", event, reason);
		return rc;
	}
	if (k->found++ >= METER_MAX_DOMAINS)
		return 0; /* try_component() refuses the whole set */
	struct counter *c = &k->c[k->n++];
	*c = (struct counter){.slot = k->n_values++};
	mw_format(c->d.name, sizeof(c->d.name), "%s", name);
	mw_format(c->d.kind, sizeof(c->d.kind), "%s", kind);
	c->d.socket = socket;
	c->d.unit_j = unit_j;
	return 0;
}

static void domain_name(char *out, size_t n, const char *kind, int package)
{
	if (strcmp(kind, "package") == 0)
		mw_format(out, n, "package-%d", package);
	else
		mw_format(out, n, "package-%d/%s", package, kind);
}

static void explain_packages(int packages, char *why, size_t n)
{
	char text[64];
	if (packages <= 0)
		reason_add(why, n, "%s",
			   tree_short(packages) ? tree_errno(packages, text, sizeof(text))
						: "no CPU topology in sysfs");
}

/* Adds libpfm4's RAPL events, which read the kernel's PMU, on one CPU of each package. */
static void add_uncore(struct child *k, char *why, size_t n)
{
	static const char *const events[][2] = {
		{"PKG", "package"}, {"DRAM", "dram"}, {"CORES", "core"}, {"GPU", "uncore"}, {"PSYS", "psys"}};
	struct tree_package *package;
	int packages = tree_packages(k->rootfd, &package);
	for (int p = 0; p < packages; p++)
		for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++) {
			char event[64], name[48], refused[200] = "";
			domain_name(name, sizeof(name), events[e][1], package[p].package);
			mw_format(event, sizeof(event), "rapl::RAPL_ENERGY_%s:cpu=%d", events[e][0], package[p].cpu);
			int rc = add_counter(k, event, name, events[e][1], package[p].package, 0x1p-32, refused,
					     sizeof(refused));
			if (rc < 0 && e == 0) /* only the package domain must exist */
				reason_add(why, n, "%s", refused);
		}
	explain_packages(packages, why, n);
	free(package);
}

static void add_rapl(struct child *k, char *why, size_t n)
{
	static const char *const events[][2] = {
		{"PACKAGE", "package"}, {"DRAM", "dram"}, {"PP0", "core"}, {"PP1", "uncore"}, {"PSYS", "psys"}};
	struct tree_package *package;
	int packages = tree_packages(k->rootfd, &package);
	for (int p = 0; p < packages; p++)
		for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++) {
			char event[64], name[48], refused[200] = "";
			domain_name(name, sizeof(name), events[e][1], package[p].package);
			mw_format(event, sizeof(event), "rapl:::%s_ENERGY:PACKAGE%d", events[e][0], package[p].package);
			int rc = add_counter(k, event, name, events[e][1], package[p].package, 1e-9, refused,
					     sizeof(refused));
			if (rc < 0 && e == 0)
				reason_add(why, n, "%s", refused);
		}
	explain_packages(packages, why, n);
	free(package);
}

static int zone_name(const struct child *k, int zone, int sub, char *out, size_t n)
{
	char path[96];
	if (sub < 0)
		mw_format(path, sizeof(path), CLASS "/intel-rapl:%d/name", zone);
	else
		mw_format(path, sizeof(path), CLASS "/intel-rapl:%d:%d/name", zone, sub);
	return tree_text(k->rootfd, path, out, n);
}

/* PAPI 7.0 numbers powercap zones by sysfs index, later versions by package. Where psys is listed between packages the
 * two differ, and it is not known which zone ZONE0 is. */
static bool zones_ambiguous(const struct child *k)
{
	char name[32];
	bool other = false;
	for (int z = 0; zone_name(k, z, -1, name, sizeof(name)) > 0; z++) {
		int package;
		bool is_package = sscanf(name, "package-%d", &package) == 1;
		if (is_package && (other || package != z))
			return true;
		other = other || !is_package;
	}
	return false;
}

/* Adds a zone or subzone. Returns 0, or an error for which tree_short() is true. */
static int add_zone(struct child *k, int zone, int sub, char *why, size_t n)
{
	char parent[24], own[24], event[64], name[48], refused[200] = "";
	int rc = zone_name(k, zone, -1, parent, sizeof(parent));
	if (rc > 0 && sub >= 0)
		rc = zone_name(k, zone, sub, own, sizeof(own));
	if (rc < 0)
		return tree_short(rc) ? rc : 0;
	bool package = strncmp(parent, "package", 7) == 0;
	if (sub < 0)
		mw_format(event, sizeof(event), "powercap:::ENERGY_UJ:ZONE%d", zone);
	else
		mw_format(event, sizeof(event), "powercap:::ENERGY_UJ:ZONE%d_SUBZONE%d", zone, sub);
	mw_format(name, sizeof(name), "%s%s%s", parent, sub < 0 ? "" : "/", sub < 0 ? "" : own);
	const char *kind = sub < 0 ? (package ? "package" : parent) : own;
	char short_kind[16];
	mw_clip(short_kind, sizeof(short_kind), "%s", kind);
	size_t before = k->n;
	if (add_counter(k, event, name, short_kind, package ? zone : -1, 1e-6, refused, sizeof(refused)) < 0)
		reason_add(why, n, "%s", refused);
	else if (k->n > before)
		k->c[before].raw_when_unchanged = true;
	return 0;
}

static void add_powercap(struct child *k, char *why, size_t n)
{
	char name[32], text[64];
	int rc = 0;
	if (zones_ambiguous(k)) {
		reason_add(why, n, "psys is listed between the packages: PAPI's zone numbers are ambiguous");
		return;
	}
	for (int z = 0; !tree_short(rc) && (rc = zone_name(k, z, -1, name, sizeof(name))) > 0; z++) {
		rc = add_zone(k, z, -1, why, n);
		for (int s = 0; !tree_short(rc) && (rc = zone_name(k, z, s, name, sizeof(name))) > 0; s++)
			rc = add_zone(k, z, s, why, n);
	}
	if (tree_short(rc)) {
		reason_add(why, n, "/" CLASS ": %s", tree_errno(rc, text, sizeof(text)));
		k->n = 0; /* not some of the zones: a sum over them would be wrong */
	}
	if (k->n == 0 && n && !why[0])
		reason_add(why, n, "no zone");
}

/* Reads the event set once. -EIO for a value that is not plausible or goes backwards. */
static int child_read(struct child *k, struct energy_reading *r, char *why, size_t n)
{
	long long v[METER_MAX_DOMAINS] = {0};
	char reason[120] = "";
	uint64_t begin = mw_now_ns();
	int rc = k->api->read(k->lib, k->set, v, reason, sizeof(reason));
	uint64_t end = mw_now_ns();
	if (rc < 0)
		return mw_fail(-EIO, why, n, "%s", reason[0] ? reason : "read failed");
	memset(r, 0, sizeof(*r));
	r->t_ns = begin + (end - begin) / 2;
	double limit_j = METER_MAX_WATT * ((double)(end - k->t0_ns) * 1e-9 + 1.0);
	for (size_t i = 0; i < k->n; i++) {
		struct counter *c = &k->c[i];
		long long now = v[c->slot];
		if (c->raw_when_unchanged && c->last == 0) {
			/* Taken once the counter has advanced and the value fits the time since start. */
			bool moved = now != c->seen && c->seen != 0;
			c->seen = now;
			if (!moved || (double)now * c->d.unit_j > limit_j)
				continue;
		}
		if (now < 0 || (double)now * c->d.unit_j > limit_j)
			return mw_fail(-EIO, why, n, "%s: %lld ticks since start are not plausible", c->d.name, now);
		if ((uint64_t)now < c->last)
			return mw_fail(-EIO, why, n, "%s: went backwards from %llu to %lld", c->d.name,
				       (unsigned long long)c->last, now);
		c->last = (uint64_t)now;
		r->ticks[i] = (uint64_t)now;
	}
	return 0;
}

/* Drops counters that stay at 0: PAPI reads a denied counter as 0 without an error. */
static int keep_awake(struct child *k, char *why, size_t n)
{
	struct energy_reading r = {0};
	const struct timespec nap = {.tv_nsec = 5000000};
	size_t awake = 0;
	do {
		(void)nanosleep(&nap, NULL);
		int rc = child_read(k, &r, why, n);
		if (rc < 0)
			return rc;
		awake = 0;
		for (size_t i = 0; i < k->n; i++)
			awake += r.ticks[i] != 0;
	} while (awake < k->n && mw_now_ns() - k->t0_ns < AWAKE_NS);
	size_t kept = 0;
	for (size_t i = 0; i < k->n; i++) {
		if (r.ticks[i])
			k->c[kept++] = k->c[i];
		else
			reason_add(why, n, "%s reads 0 (not readable for this user, or not there)", k->c[i].d.name);
	}
	k->n = kept;
	return kept ? 0 : MW_EUNAVAILABLE;
}

static int try_component(struct child *k, const char *name, void (*add)(struct child *, char *, size_t), char *why,
			 size_t n)
{
	k->n = k->found = 0;
	k->n_values = 0;
	int cid = k->api->component(k->lib, name, why, n);
	if (cid < 0)
		return cid;
	k->set = k->api->event_set(k->lib, cid, why, n);
	if (k->set < 0)
		return k->set;
	add(k, why, n);
	if (k->n == 0)
		return MW_EUNAVAILABLE;
	if (k->found > METER_MAX_DOMAINS)
		return meter_too_many(k->found, why, n);
	int rc = k->api->start(k->lib, k->set, why, n);
	k->t0_ns = mw_now_ns();
	return rc < 0 ? rc : keep_awake(k, why, n);
}

static int packages_in_powercap(int rootfd)
{
	char name[32];
	int packages = 0;
	const struct child k = {.rootfd = rootfd};
	for (int z = 0; zone_name(&k, z, -1, name, sizeof(name)) > 0; z++)
		packages += strncmp(name, "package", 7) == 0;
	return packages;
}

static int choose_component(struct child *k, char *why, size_t n)
{
	static const struct {
		const char *name;
		void (*add)(struct child *, char *, size_t);
	} components[] = {{"perf_event_uncore", add_uncore}, {"rapl", add_rapl}, {"powercap", add_powercap}};
	int rc = k->api->load(k->api->self, &k->lib, why, n);
	if (rc < 0)
		return rc;
	if (k->api->built_in(k->lib, "powercap") && packages_in_powercap(k->rootfd) > 2)
		return mw_fail(MW_EUNAVAILABLE, why, n, "PAPI's powercap component overruns its table above 2 sockets");
	rc = k->api->init(k->lib, why, n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
		char reason[200] = "";
		if (try_component(k, components[i].name, components[i].add, reason, sizeof(reason)) == 0) {
			if (reason[0])
				reason_add(why, n, "%s", reason);
			return 0;
		}
		reason_add(why, n, "%s: %s", components[i].name, reason[0] ? reason : "no event");
	}
	return MW_EUNAVAILABLE;
}

struct job {
	const struct papi_api *api;
	const char *root;
};

/* The child process: sends what it found, then answers requests until the parent is gone. */
static void serve(void *arg, int fd)
{
	const struct job *job = arg;
	struct hello *h = calloc(1, sizeof(*h));
	struct answer *a = calloc(1, sizeof(*a));
	struct child *k = calloc(1, sizeof(*k));
	if (!h || !a || !k)
		goto out;
	k->api = job->api;
	k->rootfd = tree_open(job->root, h->why, sizeof(h->why));
	h->rc = k->rootfd < 0 ? k->rootfd : choose_component(k, h->why, sizeof(h->why));
	h->n = k->n;
	for (size_t i = 0; i < k->n; i++)
		h->d[i] = k->c[i].d;
	char order;
	bool go = mw_child_send(fd, h, sizeof(*h)) && h->rc == 0;
	while (go && mw_child_receive(fd, &order, 1, -1)) {
		a->why[0] = '\0';
		a->rc = child_read(k, &a->r, a->why, sizeof(a->why));
		go = mw_child_send(fd, a, sizeof(*a));
	}
out:
	free(h);
	free(a);
	free(k);
}

/* ---- in the parent ---- */

struct papi {
	struct mw_child child;
	int patience_ms;
	size_t n;
	struct energy_domain d[METER_MAX_DOMAINS];
	struct answer answer;
};

static void bury(struct papi *p, const char *doing, char *why, size_t n)
{
	char how[64];
	mw_child_end(&p->child, how, sizeof(how));
	(void)mw_fail(0, why, n, "PAPI %s while %s", how, doing);
}

static void papi_close(void *state)
{
	struct papi *p = state;
	if (!p)
		return;
	mw_child_end(&p->child, NULL, 0);
	free(p);
}

/* True where none of the three components has anything to read, so that no process need be started. */
static bool nothing_to_read(int rootfd)
{
	static const char *const paths[] = {"sys/bus/event_source/devices/power", "dev/cpu/0/msr", CLASS};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (faccessat(rootfd, paths[i], F_OK, 0) == 0)
			return false;
	return true;
}

int papi_open_with(const struct papi_api *api, const char *root, void **state, char *why, size_t n)
{
	*state = NULL;
	if (n)
		why[0] = '\0';
	int rootfd = tree_open(root, why, n);
	if (rootfd < 0)
		return MW_EUNAVAILABLE;
	bool nothing = nothing_to_read(rootfd);
	const char *absent = tree_why_absent(rootfd);
	(void)close(rootfd);
	if (nothing)
		return mw_fail(MW_EUNAVAILABLE, why, n, "no power PMU, MSR device or powercap class to read: %s",
			       absent);

	struct job job = {.api = api, .root = root};
	struct papi *p = calloc(1, sizeof(*p));
	struct hello *h = calloc(1, sizeof(*h));
	int rc = p && h ? 0 : -ENOMEM;
	if (rc)
		goto out;
	p->patience_ms = api->patience_ms ? api->patience_ms : PATIENCE_MS;
	rc = mw_child_start(serve, &job, &p->child, why, n);
	if (rc)
		goto out;
	if (!mw_child_receive(p->child.fd, h, sizeof(*h), p->patience_ms)) {
		bury(p, "starting", why, n);
		rc = MW_EUNAVAILABLE;
		goto out;
	}
	(void)mw_fail(0, why, n, "%s", h->why);
	if (h->rc) {
		rc = MW_EUNAVAILABLE;
		goto out;
	}
	p->n = h->n;
	memcpy(p->d, h->d, sizeof(p->d));
out:
	free(h);
	if (rc)
		papi_close(p);
	else
		*state = p;
	return rc;
}

static int papi_open(const char *root, void **state, char *why, size_t n)
{
	const struct papi_api *api = papi_installed();
	*state = NULL;
	if (!api)
		return mw_fail(MW_EUNAVAILABLE, why, n, "built without papi.h");
	if (strcmp(root, "/") != 0)
		return mw_fail(MW_EUNAVAILABLE, why, n, "PAPI reads the running machine, not %s", root);
	return papi_open_with(api, root, state, why, n);
}

static size_t papi_domains(const void *state, struct energy_domain *v, size_t max)
{
	const struct papi *p = state;
	for (size_t i = 0; i < p->n && i < max; i++)
		v[i] = p->d[i];
	return p->n;
}

static int papi_read(void *state, struct energy_reading *r, char *why, size_t n)
{
	struct papi *p = state;
	const char order = 'r';
	if (p->child.fd < 0)
		return mw_fail(-EIO, why, n, "the PAPI process has ended");
	if (!mw_child_send(p->child.fd, &order, 1) ||
	    !mw_child_receive(p->child.fd, &p->answer, sizeof(p->answer), p->patience_ms)) {
		bury(p, "reading", why, n);
		return -EIO;
	}
	*r = p->answer.r;
	return p->answer.rc ? mw_fail(p->answer.rc, why, n, "%s", p->answer.why) : 0;
}

const struct energy_meter meter_papi = {
	.name = "papi",
	.summary = "RAPL counters through PAPI (perf_event_uncore, rapl, powercap components)",
	.dependency = "PAPI",
	.preference = 30,
	.open = papi_open,
	.domains = papi_domains,
	.read = papi_read,
	.close = papi_close,
};
