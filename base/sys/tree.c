#include "base/sys/tree.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/text.h"

int mw_tree_open(const char *root)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_below(int root_fd, const char *path)
{
	while (*path == '/')
		path++;
	int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Reads n bytes, or less at the end of the file: procfs may return a file in pieces. */
static ssize_t read_full(int fd, char *out, size_t n)
{
	size_t len = 0;
	while (len < n) {
		ssize_t got = read(fd, out + len, n - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

int mw_tree_read(int root_fd, const char *path, char *out, size_t n)
{
	out[0] = '\0';
	int fd = open_below(root_fd, path);
	if (fd < 0)
		return fd;
	ssize_t len = read_full(fd, out, n - 1);
	(void)close(fd);
	if (len < 0) {
		out[0] = '\0';
		return (int)len;
	}
	while (len > 0 && isspace((unsigned char)out[len - 1]))
		len--;
	out[len] = '\0';
	return (int)len;
}

/* Reads at most 16 MiB of the file and appends a NUL. */
static int read_whole(int root_fd, const char *path, char **out, size_t *length)
{
	enum { FIRST = 4096, MOST = 16 << 20 };
	char *text = NULL;
	size_t len = 0;
	int rc = 0;
	*out = NULL;
	int fd = open_below(root_fd, path);
	if (fd < 0)
		return fd;
	for (size_t cap = FIRST; cap <= MOST; cap *= 2) {
		char *grown = realloc(text, cap + 1);
		ssize_t got = grown ? read_full(fd, grown + len, cap - len) : -ENOMEM;
		text = grown ? grown : text;
		if (got < 0) {
			free(text);
			text = NULL;
			rc = (int)got;
			break;
		}
		len += (size_t)got;
		text[len] = '\0';
		if (len < cap)
			break;
	}
	(void)close(fd);
	*out = text;
	*length = len;
	return rc;
}

char *mw_tree_slurp(int root_fd, const char *path)
{
	char *text;
	size_t len;
	return read_whole(root_fd, path, &text, &len) < 0 ? NULL : text;
}

int mw_tree_text(int root_fd, const char *path, char **out)
{
	size_t len = 0;
	int rc = read_whole(root_fd, path, out, &len);
	if (!*out)
		return rc;
	while (len > 0 && isspace((unsigned char)(*out)[len - 1]))
		(*out)[--len] = '\0';
	if (rc == 0 && (len == 0 || !**out)) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

int mw_tree_bytes(int root_fd, const char *path, unsigned char **out, size_t *n)
{
	char *bytes;
	*n = 0;
	int rc = read_whole(root_fd, path, &bytes, n);
	*out = (unsigned char *)bytes;
	return rc;
}

static bool parse_u64(const char *text, uint64_t *out)
{
	while (*text == ' ' || *text == '\t' || *text == ':')
		text++;
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	unsigned long long v = strtoull(text, NULL, 10);
	if (errno == ERANGE)
		return false;
	*out = v;
	return true;
}

int mw_tree_u64(int root_fd, const char *path, uint64_t *out)
{
	char text[64];
	int rc = mw_tree_read(root_fd, path, text, sizeof(text));
	if (rc < 0)
		return rc;
	return parse_u64(text, out) ? 0 : -EINVAL;
}

/* Text after key at the start of a line, or NULL. The key must be followed by a separator. */
static const char *after_key(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *line = text; line && *line;) {
		const char *rest = line + len;
		if (strncmp(line, key, len) == 0 && (*rest == ' ' || *rest == '\t' || *rest == ':'))
			return rest;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

bool mw_text_u64(const char *text, const char *key, uint64_t *out)
{
	const char *rest = after_key(text, key);
	return rest && parse_u64(rest, out);
}

int mw_text_value(const char *text, const char *key, char **out)
{
	const char *rest = after_key(text, key);
	*out = NULL;
	if (!rest)
		return 0;
	rest += strspn(rest, " \t:");
	size_t len = strcspn(rest, "\n");
	while (len > 0 && isspace((unsigned char)rest[len - 1])) /* some firmware pads with spaces */
		len--;
	if (len == 0)
		return 0;
	*out = strndup(rest, len);
	return *out ? 0 : -ENOMEM;
}

bool mw_text_str(const char *text, const char *key, char *out, size_t n)
{
	const char *rest = after_key(text, key);
	if (!rest)
		return false;
	rest += strspn(rest, " \t:");
	size_t len = strcspn(rest, "\n");
	mw_format(out, n, "%.*s", (int)(len < n ? len : n - 1), rest);
	return *out != '\0';
}
