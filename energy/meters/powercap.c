/* RAPL zones of the powercap class: energy_uj in microjoule, wrapping at max_energy_range_uj. A zone is identified by
 * its parent's and its own name, not by index: psys may be listed between packages, and every socket has a "dram". */
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

#define CLASS "sys/class/powercap"
#define ZONE_PREFIX "intel-rapl:" /* of AMD too; zones of intel-rapl-mmio: are the same packages again */

struct zone {
	char id[40]; /* "intel-rapl:0:1" */
	char name[32];
	int dirfd;
	struct energy_domain domain;
	uint64_t last, total;
	unsigned wraps;
};

struct powercap {
	size_t n;
	uint64_t t_ns; /* of the last reading */
	struct zone *z;
};

static void powercap_close(void *state)
{
	struct powercap *p = state;
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		(void)close(p->z[i].dirfd);
	free(p->z);
	free(p);
}

static int compare_id(const void *a, const void *b)
{
	return strcmp(((const struct zone *)a)->id, ((const struct zone *)b)->id);
}

static int add_zone(struct powercap *p, int parent, const char *id, char *why, size_t n)
{
	char text[64];
	struct zone *grown = reallocarray(p->z, p->n + 1, sizeof(*p->z));
	if (!grown)
		return -ENOMEM;
	p->z = grown;
	struct zone *z = &p->z[p->n];
	*z = (struct zone){.dirfd = openat(parent, id, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	if (z->dirfd < 0) {
		int rc = -errno;
		if (rc != -ENOTDIR)
			reason_add(why, n, "%s: %s", id, tree_errno(rc, text, sizeof(text)));
		return rc;
	}
	memcpy(z->id, id, strlen(id)); /* collect() has checked the length */
	p->n++;
	return 0;
}

static int collect(struct powercap *p, int parent, const char *path, int depth, char *why, size_t n);

static int collect_below(struct powercap *p, int fd, const char *id, int depth, char *why, size_t n)
{
	char text[64];
	int rc = collect(p, fd, id, depth, why, n);
	if (rc && !tree_short(rc))
		reason_add(why, n, "zones below %s: %s", id, tree_errno(rc, text, sizeof(text)));
	return rc;
}

/* Collects the zones of a directory and of the zones in it. In sysfs the class holds links to all zones; captured trees
 * may hold the nested directories only. */
static int collect(struct powercap *p, int parent, const char *path, int depth, char *why, size_t n)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int rc = -errno;
		(void)close(fd);
		return rc;
	}
	const struct dirent *e;
	int rc = 0;
	while ((e = readdir(dir)) != NULL) {
		bool zone = strncmp(e->d_name, ZONE_PREFIX, strlen(ZONE_PREFIX)) == 0;
		if (!zone || strlen(e->d_name) >= sizeof(p->z[0].id))
			continue;
		bool seen = false;
		for (size_t i = 0; i < p->n && !seen; i++)
			seen = strcmp(p->z[i].id, e->d_name) == 0;
		rc = seen ? 0 : add_zone(p, fd, e->d_name, why, n);
		if (rc == 0 && depth > 0)
			rc = collect_below(p, fd, e->d_name, depth - 1, why, n);
		if (tree_short(rc))
			break;
		rc = 0; /* zones that cannot be read are left out; why names them */
	}
	(void)closedir(dir);
	return rc;
}

static const struct zone *parent_of(const struct powercap *p, const struct zone *z)
{
	const char *cut = strrchr(z->id, ':');
	size_t len = (size_t)(cut - z->id);
	for (size_t i = 0; i < p->n; i++)
		if (strlen(p->z[i].id) == len && strncmp(p->z[i].id, z->id, len) == 0)
			return &p->z[i];
	return NULL;
}

static int socket_of(const char *name)
{
	int s;
	return sscanf(name, "package-%d", &s) == 1 ? s : -1;
}

/* Names a zone's domain; appends the zone's id when the name is in use. */
static void describe(struct powercap *p, struct zone *z)
{
	struct energy_domain *d = &z->domain;
	const struct zone *up = parent_of(p, z);
	bool package = strncmp(z->name, "package", 7) == 0;
	/* Both parts of a name show; the kernel's own are shorter. */
	char head[21], tail[21];
	mw_clip(head, sizeof(head), "%s", up ? up->name : "");
	mw_clip(tail, sizeof(tail), "%s", z->name);
	if (up)
		mw_format(d->name, sizeof(d->name), "%s/%s", head, tail);
	else
		mw_format(d->name, sizeof(d->name), "%s", z->name);
	mw_clip(d->kind, sizeof(d->kind), "%s", package ? "package" : z->name);
	d->socket = socket_of(up ? up->name : z->name);
	d->unit_j = 1e-6;
	for (const struct zone *o = p->z; o < z; o++)
		if (strcmp(o->domain.name, d->name) == 0) {
			mw_clip_add(d->name, sizeof(d->name), "@%s", z->id + strlen(ZONE_PREFIX));
			break;
		}
}

/* Reads a zone's name, counter and range. Adds the reason to why when its energy cannot be read. */
static int probe_zone(struct zone *z, char *why, size_t n)
{
	char text[64];
	int rc = tree_text(z->dirfd, "name", z->name, sizeof(z->name));
	if (rc < 0) {
		reason_add(why, n, "%s/name: %s", z->id, tree_errno(rc, text, sizeof(text)));
		return rc;
	}
	rc = tree_u64(z->dirfd, "energy_uj", &z->last);
	if (rc == -EACCES)
		reason_add(why, n, "EACCES: /" CLASS "/%s/energy_uj is readable by root only (since Linux 5.10)",
			   z->id);
	else if (rc)
		reason_add(why, n, "%s/energy_uj: %s", z->id, tree_errno(rc, text, sizeof(text)));
	if (rc)
		return rc;
	/* Without a range the meter works until the counter goes backwards, which is then an error. */
	rc = tree_u64(z->dirfd, "max_energy_range_uj", &z->domain.range);
	if (rc)
		z->domain.range = 0;
	return tree_short(rc) ? rc : 0;
}

static int powercap_open(const char *root, void **state, char *why, size_t n)
{
	char text[64];
	struct powercap *p = NULL;
	*state = NULL;
	if (n)
		why[0] = '\0';
	int rootfd = tree_open(root, why, n);
	if (rootfd < 0)
		return MW_EUNAVAILABLE;
	int rc = -ENOMEM;
	p = calloc(1, sizeof(*p));
	if (!p)
		goto out;
	rc = collect(p, rootfd, CLASS, 2, why, n);
	if (rc == 0 && p->n == 0) {
		rc = collect(p, rootfd, CLASS "/intel-rapl", 2, why, n);
		rc = rc == -ENOENT || rc == -ENOTDIR ? 0 : rc;
	}
	if (rc == -ENOENT)
		(void)mw_fail(rc, why, n, "/" CLASS " absent: %s", tree_why_absent(rootfd));
	else if (rc)
		(void)mw_fail(rc, why, n, "/" CLASS ": %s", tree_errno(rc, text, sizeof(text)));
	else if (p->n == 0)
		rc = mw_fail(MW_EUNAVAILABLE, why, n, "/" CLASS " has no RAPL zone: %s", tree_why_absent(rootfd));
	else if (p->n > METER_MAX_DOMAINS)
		rc = meter_too_many(p->n, why, n);
	if (rc || !p->z)
		goto out;
	qsort(p->z, p->n, sizeof(p->z[0]), compare_id);
	size_t kept = 0, found = p->n;
	bool usable[METER_MAX_DOMAINS] = {false};
	for (size_t i = 0; i < found && !tree_short(rc); i++) {
		rc = probe_zone(&p->z[i], why, n);
		usable[i] = rc == 0;
	}
	if (tree_short(rc)) {
		(void)mw_fail(rc, why, n, "/" CLASS ": %s", tree_errno(rc, text, sizeof(text)));
		goto out;
	}
	/* Name domains before zones are dropped: a name contains the parent's. */
	for (size_t i = 0; i < found; i++)
		describe(p, &p->z[i]);
	for (size_t i = 0; i < found; i++) {
		if (usable[i])
			p->z[kept++] = p->z[i];
		else
			(void)close(p->z[i].dirfd);
	}
	p->n = kept;
	p->t_ns = mw_now_ns();
	rc = kept ? 0 : MW_EUNAVAILABLE;
out:
	(void)close(rootfd);
	if (rc) {
		powercap_close(p);
		return rc == -ENOMEM ? rc : MW_EUNAVAILABLE;
	}
	*state = p;
	return 0;
}

static size_t powercap_domains(const void *state, struct energy_domain *v, size_t max)
{
	const struct powercap *p = state;
	for (size_t i = 0; i < p->n && i < max; i++)
		v[i] = p->z[i].domain;
	return p->n;
}

static int powercap_read(void *state, struct energy_reading *r, char *why, size_t n)
{
	struct powercap *p = state;
	uint64_t now = mw_now_ns();
	double dt = (double)(now - p->t_ns) * 1e-9;
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < p->n; i++) {
		struct zone *z = &p->z[i];
		uint64_t cur;
		char text[64];
		int rc = tree_u64(z->dirfd, "energy_uj", &cur);
		if (rc)
			return mw_fail(-EIO, why, n, "%s: %s/energy_uj: %s", z->domain.name, z->id,
				       tree_errno(rc, text, sizeof(text)));
		rc = counter_advance(&z->domain, z->last, cur, dt, &z->total, &z->wraps, why, n);
		if (rc)
			return rc;
		z->last = cur;
		r->ticks[i] = z->total;
		r->wraps[i] = z->wraps;
	}
	/* Counters are updated about every millisecond: the middle of the sweep is as good as any time. */
	r->t_ns = now + (mw_now_ns() - now) / 2;
	p->t_ns = r->t_ns;
	return 0;
}

const struct energy_meter meter_powercap = {
	.name = "powercap",
	.summary = "RAPL counters from /sys/class/powercap",
	.preference = 20,
	.open = powercap_open,
	.domains = powercap_domains,
	.read = powercap_read,
	.close = powercap_close,
};
