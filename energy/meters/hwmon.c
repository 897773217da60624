/* Sensors of the hwmon class that measure a processor, a module or the whole machine: energyN_input in microjoule, or
 * powerN_average (else powerN_input) in microwatt, integrated from reading to reading. Only the drivers listed below
 * are read, because graphics cards and disks have power sensors too. */
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

#define CLASS "sys/class/hwmon"

/* Contents of a chip's `name` file: ACPI power meter (servers, Nvidia Grace), Arm SCMI, IBM POWER's OCC, AMD's energy
 * driver. */
static const char *const chips[] = {"power_meter", "scmi_sensors", "occ", "amd_energy"};

struct sensor {
	int dirfd;
	char file[32]; /* below dirfd */
	bool is_power; /* true: microwatt; false: a counter of microjoule */
	struct energy_domain domain;
	uint64_t last; /* last reading: counter, or microwatt */
	uint64_t total;
	double rest_uj; /* integrated energy below one tick */
	unsigned wraps;
};

struct hwmon {
	size_t n;
	uint64_t t_ns;
	struct sensor *s;
};

static void hwmon_close(void *state)
{
	struct hwmon *h = state;
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		(void)close(h->s[i].dirfd);
	free(h->s);
	free(h);
}

/* What a sensor measures: its label, or the ACPI meter's oem_info ("Module Power Socket 0"), else "power1". Returns its
 * length, or an error for which tree_short() is true. */
static int label_of(int dirfd, const char *prefix, const char *quantity, int number, char *out, size_t n)
{
	static const char *const suffixes[] = {"label", "oem_info"};
	char path[64];
	for (size_t i = 0; i < 2; i++) {
		mw_format(path, sizeof(path), "%s%s%d_%s", prefix, quantity, number, suffixes[i]);
		int len = tree_text(dirfd, path, out, n);
		if (len > 0 || tree_short(len))
			return len;
	}
	return snprintf(out, n, "%s%d", quantity, number);
}

static void name_sensor(struct hwmon *h, struct sensor *s, const char *chip, const char *label)
{
	struct energy_domain *d = &s->domain;
	const char *socket = strcasestr(label, "socket");
	/* Both parts of a name show, with room for "@" and a number. */
	char head[13], tail[29];
	mw_clip(head, sizeof(head), "%s", chip);
	mw_clip(tail, sizeof(tail), "%s", label);
	mw_format(d->name, sizeof(d->name), "%s/%s", head, tail);
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->s[i].domain.name, d->name) == 0) {
			size_t len = strlen(d->name);
			mw_format(d->name + len, sizeof(d->name) - len, "@%zu", h->n);
			break;
		}
	d->unit_j = 1e-6;
	d->socket = -1;
	if (socket && sscanf(socket + 6, "%d", &d->socket) != 1)
		d->socket = -1;
	mw_format(d->kind, sizeof(d->kind), "%s", socket ? "socket" : "system");
}

/* Adds one sensor file if it exists and can be read. Returns 0, or an error for which tree_short() is true. */
static int add_sensor(struct hwmon *h, int chip_fd, const char *chip, const char *prefix, const char *quantity,
		      const char *suffix, int number, char *why, size_t n)
{
	char text[64], label[48];
	struct sensor s = {.is_power = strcmp(quantity, "power") == 0};
	mw_format(s.file, sizeof(s.file), "%s%s%d_%s", prefix, quantity, number, suffix);
	int rc = tree_u64(chip_fd, s.file, &s.last);
	if (rc == -ENOENT || tree_short(rc))
		return rc == -ENOENT ? 0 : rc;
	if (rc) {
		reason_add(why, n, "%s %s: %s", chip, s.file, tree_errno(rc, text, sizeof(text)));
		return 0;
	}
	rc = label_of(chip_fd, prefix, quantity, number, label, sizeof(label));
	if (rc < 0)
		return rc;
	if (strncmp(label, "Ecore", 5) == 0) /* amd_energy: cores are part of their socket */
		return 0;
	struct sensor *grown = reallocarray(h->s, h->n + 1, sizeof(*h->s));
	if (!grown)
		return -ENOMEM;
	h->s = grown;
	s.dirfd = fcntl(chip_fd, F_DUPFD_CLOEXEC, 0);
	if (s.dirfd < 0)
		return -errno;
	name_sensor(h, &s, chip, label);
	h->s[h->n++] = s;
	return 0;
}

/* The highest number of a sensor file of the chip (amd_energy numbers all cores before the sockets), or an error for
 * which tree_short() is true. */
static int highest_sensor(int chip_fd, const char *prefix)
{
	int fd = openat(chip_fd, prefix[0] ? prefix : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int rc = -errno;
		if (fd >= 0)
			(void)close(fd);
		return tree_short(rc) ? rc : 0;
	}
	const struct dirent *e;
	int most = 0, number;
	while ((e = readdir(dir)) != NULL)
		if ((sscanf(e->d_name, "energy%5d_", &number) == 1 || sscanf(e->d_name, "power%5d_", &number) == 1) &&
		    number > most)
			most = number;
	(void)closedir(dir);
	return most;
}

/* Reads the name of a chip. 1: its sensors are read; 0: they are not; or an error for which tree_short() is true. */
static int chip_name(int fd, char *chip, size_t n)
{
	int len = tree_text(fd, "name", chip, n);
	if (len < 0 && !tree_short(len))
		len = tree_text(fd, "device/name", chip, n);
	for (size_t i = 0; len > 0 && i < sizeof(chips) / sizeof(chips[0]); i++)
		if (strcmp(chip, chips[i]) == 0)
			return 1;
	return tree_short(len) ? len : 0;
}

/* Adds all sensors of a chip. Returns 0, or an error for which tree_short() is true. */
static int add_sensors(struct hwmon *h, int fd, const char *chip, const char *prefix, char *why, size_t n)
{
	/* Preferred first: a counter is more precise than samples of power. */
	static const char *const files[][2] = {{"energy", "input"}, {"power", "average"}, {"power", "input"}};
	int most = highest_sensor(fd, prefix), rc = most < 0 ? most : 0;
	for (int number = 1; number <= most; number++) {
		size_t before = h->n;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && h->n == before && rc == 0; i++)
			rc = add_sensor(h, fd, chip, prefix, files[i][0], files[i][1], number, why, n);
	}
	return rc;
}

static int add_chip(struct hwmon *h, int class_fd, const char *entry, char *why, size_t n)
{
	char chip[32], text[64];
	int fd = openat(class_fd, entry, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int rc = -errno;
		reason_add(why, n, "%s: %s", entry, tree_errno(rc, text, sizeof(text)));
		return tree_short(rc) ? rc : 0;
	}
	int rc = chip_name(fd, chip, sizeof(chip));
	if (rc > 0) {
		rc = add_sensors(h, fd, chip, "", why, n);
		if (rc == 0) /* older drivers have their files in device/ */
			rc = add_sensors(h, fd, chip, "device/", why, n);
	}
	(void)close(fd);
	return rc;
}

static int add_chips(struct hwmon *h, int rootfd, char *why, size_t n)
{
	int fd = openat(rootfd, CLASS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int rc = dir ? 0 : -errno;
	const struct dirent *e;
	while (dir && rc == 0 && (e = readdir(dir)) != NULL)
		if (strncmp(e->d_name, "hwmon", 5) == 0)
			rc = add_chip(h, fd, e->d_name, why, n);
	if (dir)
		(void)closedir(dir);
	else if (fd >= 0)
		(void)close(fd);
	return tree_short(rc) ? rc : 0;
}

static int hwmon_open(const char *root, void **state, char *why, size_t n)
{
	char text[64];
	*state = NULL;
	if (n)
		why[0] = '\0';
	int rootfd = tree_open(root, why, n);
	if (rootfd < 0)
		return MW_EUNAVAILABLE;
	struct hwmon *h = calloc(1, sizeof(*h));
	int rc = h ? add_chips(h, rootfd, why, n) : -ENOMEM;
	if (rc)
		(void)mw_fail(rc, why, n, "/" CLASS ": %s", tree_errno(rc, text, sizeof(text)));
	else if (h->n == 0 && (!n || !why[0]))
		(void)mw_fail(0, why, n, "no power or energy sensor in /" CLASS ": %s", tree_why_absent(rootfd));
	else if (h->n > METER_MAX_DOMAINS)
		(void)meter_too_many(h->n, why, n);
	(void)close(rootfd);
	if (rc || h->n == 0 || h->n > METER_MAX_DOMAINS) {
		hwmon_close(h);
		return rc == -ENOMEM ? rc : MW_EUNAVAILABLE;
	}
	h->t_ns = mw_now_ns();
	*state = h;
	return 0;
}

static size_t hwmon_domains(const void *state, struct energy_domain *v, size_t max)
{
	const struct hwmon *h = state;
	for (size_t i = 0; i < h->n && i < max; i++)
		v[i] = h->s[i].domain;
	return h->n;
}

/* Adds the trapezoid between the last power and this one. */
static void integrate(struct sensor *s, uint64_t microwatt, double dt_s)
{
	double uj = ((double)s->last + (double)microwatt) / 2.0 * dt_s + s->rest_uj;
	uint64_t whole = (uint64_t)uj;
	s->rest_uj = uj - (double)whole;
	s->total += whole;
	s->last = microwatt;
}

static int hwmon_read(void *state, struct energy_reading *r, char *why, size_t n)
{
	struct hwmon *h = state;
	uint64_t now = mw_now_ns();
	double dt = (double)(now - h->t_ns) * 1e-9;
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < h->n; i++) {
		struct sensor *s = &h->s[i];
		uint64_t v;
		char text[64];
		int rc = tree_u64(s->dirfd, s->file, &v);
		if (rc)
			return mw_fail(-EIO, why, n, "%s: %s: %s", s->domain.name, s->file,
				       tree_errno(rc, text, sizeof(text)));
		if (s->is_power) {
			/* A whole server may draw more than a socket; more than ten times that is a wrong reading. */
			if ((double)v * 1e-6 > 10 * METER_MAX_WATT)
				return mw_fail(-EIO, why, n, "%s: %.0f W is not plausible", s->domain.name,
					       (double)v * 1e-6);
			integrate(s, v, dt);
		} else {
			rc = counter_advance(&s->domain, s->last, v, dt, &s->total, &s->wraps, why, n);
			if (rc)
				return rc;
			s->last = v;
		}
		r->ticks[i] = s->total;
	}
	r->t_ns = now;
	h->t_ns = now;
	return 0;
}

const struct energy_meter meter_hwmon = {
	.name = "hwmon",
	.summary = "power and energy sensors of servers, Arm and POWER from /sys/class/hwmon",
	.preference = 40,
	.open = hwmon_open,
	.domains = hwmon_domains,
	.read = hwmon_read,
	.close = hwmon_close,
};
