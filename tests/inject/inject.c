/* Makes the n-th call of one kind fail, in our own objects (jansson allocates through one): linked into memwall-inject
 *with --wrap.
 *
 *	INJECT=malloc:57	the 57th allocation fails, later ones do not
 *	INJECT=write:3+		from the third write on all fail, as on a full disk
 *	INJECT_COUNT=FILE	writes the number of calls of that kind to FILE at exit
 *
 * Kinds: malloc (everything that allocates), write (fflush and fclose of a file too), fsync, rename, mmap,
 * pthread_create. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { MALLOC, WRITE, FSYNC, RENAME, MMAP, THREAD, KINDS };

static const struct {
	const char *name;
	int error;
} kinds[KINDS] = {
	[MALLOC] = {"malloc", ENOMEM}, [WRITE] = {"write", ENOSPC}, [FSYNC] = {"fsync", EIO},
	[RENAME] = {"rename", EIO},    [MMAP] = {"mmap", ENOMEM},   [THREAD] = {"pthread_create", EAGAIN},
};

static struct {
	int kind; /* KINDS: none */
	long from, to;
	pid_t pid;
	atomic_long calls;
} plan = {.kind = KINDS};

static bool fails(enum kind k)
{
	if (plan.kind != (int)k)
		return false;
	long n = atomic_fetch_add(&plan.calls, 1) + 1;
	if (n < plan.from || n > plan.to)
		return false;
	errno = kinds[k].error;
	return true;
}

#define WRAP(kind, type, name, args, call, failure)                                                                    \
	type __real_##name args;                                                                                       \
	type __wrap_##name args;                                                                                       \
	type __wrap_##name args                                                                                        \
	{                                                                                                              \
		if (fails(kind))                                                                                       \
			return failure;                                                                                \
		return __real_##name call;                                                                             \
	}

WRAP(MALLOC, void *, malloc, (size_t n), (n), NULL)
WRAP(MALLOC, void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(MALLOC, void *, realloc, (void *p, size_t n), (p, n), NULL)
WRAP(MALLOC, void *, aligned_alloc, (size_t a, size_t n), (a, n), NULL)
WRAP(MALLOC, int, posix_memalign, (void **p, size_t a, size_t n), (p, a, n), ENOMEM)
WRAP(MALLOC, char *, strdup, (const char *s), (s), NULL)
WRAP(MALLOC, char *, strndup, (const char *s, size_t n), (s, n), NULL)
WRAP(MALLOC, FILE *, open_memstream, (char **p, size_t *n), (p, n), NULL)
WRAP(MALLOC, FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
WRAP(MALLOC, FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL)
WRAP(MALLOC, DIR *, opendir, (const char *path), (path), NULL)
WRAP(MALLOC, DIR *, fdopendir, (int fd), (fd), NULL)
WRAP(WRITE, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), -1)
WRAP(WRITE, ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), -1)
WRAP(FSYNC, int, fsync, (int fd), (fd), -1)
WRAP(RENAME, int, rename, (const char *from, const char *to), (from, to), -1)
WRAP(MMAP, void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t at), (p, n, prot, flags, fd, at),
     MAP_FAILED)
WRAP(THREAD, int, pthread_create, (pthread_t * t, const pthread_attr_t *a, void *(*fn)(void *), void *arg),
     (t, a, fn, arg), EAGAIN)

/* What stderr says is no result: it never fails. */
int __real_fflush(FILE *f);
int __wrap_fflush(FILE *f);
int __wrap_fflush(FILE *f)
{
	return f != stderr && fails(WRITE) ? EOF : __real_fflush(f);
}

/* A stream is closed even when its last bytes cannot be written. */
int __real_fclose(FILE *f);
int __wrap_fclose(FILE *f);
int __wrap_fclose(FILE *f)
{
	bool lost = __fwriting(f) && fileno(f) >= 0 && fails(WRITE);
	int rc = __real_fclose(f);
	if (lost)
		errno = ENOSPC;
	return lost ? EOF : rc;
}

static void write_count(void)
{
	const char *path = getenv("INJECT_COUNT");
	char text[32];
	if (!path || getpid() != plan.pid)
		return;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int len = snprintf(text, sizeof(text), "%ld\n", atomic_load(&plan.calls));
	if (fd < 0 || __real_write(fd, text, (size_t)len) != len)
		_exit(99);
	(void)close(fd);
}

__attribute__((constructor)) static void read_plan(void)
{
	const char *text = getenv("INJECT");
	char name[32];
	char plus = '\0';
	if (!text)
		return;
	if (sscanf(text, "%31[^:]:%ld%c", name, &plan.from, &plus) < 2)
		_exit(99);
	plan.to = plus == '+' ? __LONG_MAX__ : plan.from;
	plan.pid = getpid();
	(void)atexit(write_count);
	for (int k = 0; k < KINDS; k++)
		if (strcmp(kinds[k].name, name) == 0)
			plan.kind = k;
	if (plan.kind == KINDS)
		_exit(99);
}
