#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { PATH_BYTES = 200, MOST = 512 };

static char root[PATH_BYTES];
static int root_fd = -1;

/* Files and folders in the order in which they were made. */
static struct {
	char path[PATH_BYTES];
	bool folder;
} made[MOST];
static size_t n_made;

const char *fuzz_folder(void)
{
	if (root_fd >= 0)
		return root;
	const char *base = getenv("TMPDIR");
	(void)snprintf(root, sizeof(root), "%s/memwall-fuzz-XXXXXX", base && *base ? base : "/dev/shm");
	FUZZ_CHECK(mkdtemp(root));
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(root_fd >= 0);
	(void)atexit(fuzz_folder_remove);
	return root;
}

static void remember(const char *path, bool folder)
{
	FUZZ_CHECK(n_made < MOST);
	memcpy(made[n_made].path, path, strlen(path) + 1);
	made[n_made++].folder = folder;
}

void fuzz_folder_put(const char *path, const void *data, size_t n)
{
	char part[PATH_BYTES];
	(void)fuzz_folder();
	if (strlen(path) >= sizeof(part) || n_made + 20 > MOST)
		return;
	for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		if (mkdirat(root_fd, part, 0755) == 0)
			remember(part, true);
		if (n_made + 2 > MOST)
			return;
	}
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0)
		remember(path, false);
	else if (errno == EEXIST)
		fd = openat(root_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return;
	FUZZ_CHECK(write(fd, data, n) == (ssize_t)n);
	(void)close(fd);
}

void fuzz_folder_clear(void)
{
	while (n_made > 0) {
		n_made--;
		(void)unlinkat(root_fd, made[n_made].path, made[n_made].folder ? AT_REMOVEDIR : 0);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)st, (void)type, (void)w;
	return remove(path);
}

void fuzz_folder_remove(void)
{
	if (root_fd < 0)
		return;
	(void)close(root_fd);
	root_fd = -1;
	n_made = 0;
	(void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

size_t fuzz_folder_tree(const uint8_t *data, size_t n, bool (*keep)(const char *path))
{
	for (size_t at = 0; at < n;) {
		const uint8_t *end = memchr(data + at, '\0', n - at);
		if (!end)
			return n;
		const char *path = (const char *)data + at;
		at = (size_t)(end - data) + 1;
		if (strcmp(path, "=") == 0)
			return at;
		end = at < n ? memchr(data + at, '\0', n - at) : NULL;
		size_t size = end ? (size_t)(end - data) - at : n - at;
		if (keep(path))
			fuzz_folder_put(path, data + at, size);
		at += size + 1;
	}
	return n;
}
