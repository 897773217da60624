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
#include <sys/stat.h>
#include <unistd.h>

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
	char full[256];
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
