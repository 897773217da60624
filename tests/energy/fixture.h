/* Trees of small files in a temporary directory, as captured from a machine. */
#ifndef TEST_ENERGY_FIXTURE_H
#define TEST_ENERGY_FIXTURE_H

#include <criterion/criterion.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "energy/meters/meter.h"

static inline const char *tree_make(void)
{
	static char root[64];
	/* In memory: some tests make a hundred trees. Criterion needs /dev/shm anyway. */
	(void)snprintf(root, sizeof(root), "/dev/shm/memwall-tree-XXXXXX");
	cr_assert(mkdtemp(root));
	cr_assert_eq(chmod(root, 0755), 0);
	return root;
}

static inline int tree_unlink_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)st, (void)type, (void)w;
	return remove(path);
}

static inline void tree_remove(const char *root)
{
	(void)nftw(root, tree_unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes text to root/path, making the directories in between. */
static inline void tree_put(const char *root, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static inline void tree_put(const char *root, const char *path, const char *fmt, ...)
{
	char full[4096];
	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		(void)mkdir(full, 0755);
		*p = '/';
	}
	FILE *f = fopen(full, "w");
	cr_assert(f, "%s", full);
	va_list ap;
	va_start(ap, fmt);
	cr_assert(vfprintf(f, fmt, ap) >= 0);
	va_end(ap);
	cr_assert_eq(fclose(f), 0);
}

static inline void tree_delete(const char *root, const char *path)
{
	char full[256];
	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	cr_assert_eq(unlink(full), 0, "%s", full);
}

static inline void tree_mode(const char *root, const char *path, mode_t mode)
{
	char full[256];
	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	cr_assert_eq(chmod(full, mode), 0, "%s", full);
}

/* Opens a meter with ever more descriptors to spare: either all `domains` are there, or none and the reason is told. */
typedef int (*tree_open_fn)(const char *root, void **state, char *why, size_t n);
static inline void tree_squeeze(const struct energy_meter *m, tree_open_fn open_fn, const char *root, size_t domains)
{
	static struct energy_domain d[METER_MAX_DOMAINS];
	struct rlimit old, low;
	int refused = 0, rc = -1, lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cr_assert(lowest >= 0 && close(lowest) == 0);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (rlim_t spare = 0; spare < 64 && rc != 0; spare++) {
		char why[400] = "";
		void *state;
		low = old;
		low.rlim_cur = (rlim_t)lowest + spare;
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
		rc = open_fn(root, &state, why, sizeof(why));
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
		if (rc == 0) {
			cr_assert_eq(m->domains(state, d, METER_MAX_DOMAINS), domains, "%d spare: %s", (int)spare, why);
			cr_assert_str_eq(why, "");
			m->close(state);
			continue;
		}
		refused++;
		cr_assert_eq(rc, MW_EUNAVAILABLE);
		cr_assert_null(state);
		cr_assert(strstr(why, "Too many open files"), "%d spare: %s", (int)spare, why);
	}
	cr_assert(rc == 0 && refused > (int)domains);
}

/* A user that file modes bind; root is one only after this. */
static inline void drop_privileges(void)
{
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
}

static inline void regain_privileges(void)
{
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
}

#endif
