#include "base/core/keyfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/option.h"

enum { VALUE_ROOM = 512 };

static uint64_t power_of_ten(unsigned n)
{
	uint64_t p = 1;
	while (n--)
		p *= 10;
	return p;
}

/* "32.5" with 3 decimals is 32500. False: not a decimal number without sign, too large, or with more decimals. */
static bool parse_decimal(const char *text, unsigned decimals, uint64_t *out)
{
	uint64_t v = 0;
	unsigned digits = 0, left = decimals;
	bool point = false;
	for (; *text; text++) {
		if (*text == '.' && !point && digits) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)*text))
			return false;
		digits++;
		if (point && left == 0) {
			if (*text != '0')
				return false;
			continue;
		}
		left -= point;
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = 10 * v + (uint64_t)(*text - '0');
	}
	uint64_t scale = power_of_ten(left);
	if (digits == 0 || v > UINT64_MAX / scale)
		return false;
	*out = v * scale;
	return true;
}

static uint64_t whole(const struct mw_keyfile_key *key, const void *in)
{
	const char *at = (const char *)in + key->offset;
	uint32_t narrow;
	uint64_t wide;
	if (key->kind == MW_KEYFILE_U32) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static double real(const struct mw_keyfile_key *key, const void *in)
{
	double v;
	memcpy(&v, (const char *)in + key->offset, sizeof(v));
	return v;
}

static bool absent(const struct mw_keyfile_key *key, const void *in)
{
	switch (key->kind) {
	case MW_KEYFILE_TEXT:
		return ((const char *)in)[key->offset] == '\0';
	case MW_KEYFILE_REAL:
		return !(real(key, in) != 0) || isnan(real(key, in));
	default:
		return whole(key, in) == 0;
	}
}

/* ---- one value ---- */

static int wrong(const struct mw_keyfile_key *key, const char *value, char *err, size_t n)
{
	if (key->kind == MW_KEYFILE_REAL)
		return mw_fail(-EINVAL, err, n, "%s: '%s' is not a number from %.9g to %.9g (%s)", key->name, value,
			       key->min, key->max, key->help);
	if (key->decimals)
		return mw_fail(-EINVAL, err, n,
			       "%s: '%s' is not a number from %.9g to %.9g with at most %u decimals (%s)", key->name,
			       value, key->min, key->max, key->decimals, key->help);
	return mw_fail(-EINVAL, err, n, "%s: '%s' is not a whole number from %.9g to %.9g (%s)", key->name, value,
		       key->min, key->max, key->help);
}

static int set_text(const struct mw_keyfile_key *key, const char *value, char *out, char *err, size_t n)
{
	if (strlen(value) >= key->room)
		return mw_fail(-EINVAL, err, n, "%s: %zu characters, at most %zu fit", key->name, strlen(value),
			       key->room - 1);
	for (const char *c = value; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '#')
			return mw_fail(-EINVAL, err, n, "%s: byte 0x%02x: only printable ASCII without '#'", key->name,
				       (unsigned char)*c);
	memset(out, 0, key->room); /* equal texts are equal bytes */
	memcpy(out, value, strlen(value) + 1);
	return 0;
}

int mw_keyfile_set(const struct mw_keyfile_key *key, const char *value, void *out, char *err, size_t n)
{
	char *at = (char *)out + key->offset;
	double r, scale = (double)power_of_ten(key->decimals);
	uint64_t v = 0;
	if (*value == '\0')
		return mw_fail(-EINVAL, err, n, "%s: no value (%s)", key->name, key->help);
	if (key->kind == MW_KEYFILE_TEXT)
		return set_text(key, value, at, err, n);
	if (key->kind == MW_KEYFILE_REAL) {
		if (mw_parse_real(value, &r) < 0 || !(r >= key->min && r <= key->max))
			return wrong(key, value, err, n);
		memcpy(at, &r, sizeof(r));
		return 0;
	}
	if (!parse_decimal(value, key->decimals, &v) || (double)v < key->min * scale - 0.5 ||
	    (double)v > key->max * scale + 0.5 || (key->kind == MW_KEYFILE_U32 && v > UINT32_MAX))
		return wrong(key, value, err, n);
	if (key->kind == MW_KEYFILE_U32) {
		uint32_t narrow = (uint32_t)v;
		memcpy(at, &narrow, sizeof(narrow));
	} else {
		memcpy(at, &v, sizeof(v));
	}
	return 0;
}

/* The shortest of 15 to 17 digits that is read as the same number. */
static void print_real(double v, char *out, size_t n)
{
	for (int digits = 15; digits <= 17; digits++) {
		mw_format(out, n, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			return;
	}
}

void mw_keyfile_value(const struct mw_keyfile_key *key, const void *in, char *out, size_t n)
{
	out[0] = '\0';
	if (absent(key, in))
		return;
	if (key->kind == MW_KEYFILE_TEXT) {
		mw_format(out, n, "%s", (const char *)in + key->offset);
		return;
	}
	if (key->kind == MW_KEYFILE_REAL) {
		print_real(real(key, in), out, n);
		return;
	}
	uint64_t v = whole(key, in), scale = power_of_ten(key->decimals);
	mw_format(out, n, "%llu", (unsigned long long)(v / scale));
	if (v % scale == 0)
		return;
	mw_clip_add(out, n, ".%0*llu", (int)key->decimals, (unsigned long long)(v % scale));
	for (size_t len = strlen(out); out[len - 1] == '0'; len--)
		out[len - 1] = '\0';
}

bool mw_keyfile_same(const struct mw_keyfile_key *key, const void *a, const void *b)
{
	if (absent(key, a) || absent(key, b))
		return absent(key, a) && absent(key, b);
	if (key->kind == MW_KEYFILE_TEXT)
		return strcmp((const char *)a + key->offset, (const char *)b + key->offset) == 0;
	return key->kind == MW_KEYFILE_REAL ? real(key, a) == real(key, b) : whole(key, a) == whole(key, b);
}

unsigned mw_keyfile_differences(const struct mw_keyfile_key *keys, const void *a, const void *b, struct mw_buf *out)
{
	char value[VALUE_ROOM];
	unsigned count = 0;
	for (const struct mw_keyfile_key *k = keys; k->name; k++) {
		if (k->kind == MW_KEYFILE_TEXT || mw_keyfile_same(k, a, b))
			continue;
		mw_keyfile_value(k, a, value, sizeof(value));
		mw_buf_add(out, "%s%s %s", count++ ? " " : "", k->name, value[0] ? value : "none");
	}
	return count;
}

void mw_keyfile_print(const struct mw_keyfile_key *keys, const void *in, struct mw_buf *out)
{
	char value[VALUE_ROOM];
	for (const struct mw_keyfile_key *k = keys; k->name; k++) {
		if (absent(k, in))
			continue;
		mw_keyfile_value(k, in, value, sizeof(value));
		if (k->kind == MW_KEYFILE_TEXT)
			mw_buf_add(out, "%s = %s\n", k->name, value);
		else
			mw_buf_add(out, "%-17s = %-9s # %s\n", k->name, value, k->help);
	}
}

/* ---- a text ---- */

struct reader {
	const struct mw_keyfile_key *keys;
	const char *file;
	unsigned line;
	unsigned seen[MW_KEYFILE_MAX]; /* line of each key; 0: not yet */
	void *out;
	char *err;
	size_t n;
};

static int unknown(const struct reader *r, const char *word)
{
	const char *names[MW_KEYFILE_MAX + 1] = {NULL};
	for (size_t i = 0; i < MW_KEYFILE_MAX && r->keys[i].name; i++)
		names[i] = r->keys[i].name;
	const char *near = mw_nearest(word, names);
	char shown[MW_ESCAPED(64) + 1];
	mw_escape(word, shown, sizeof(shown));
	return mw_fail(-EINVAL, r->err, r->n, "%s:%u: no key '%.60s'%s%s%s", r->file, r->line, shown,
		       near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Cuts white space at both ends, in place. */
static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

static int read_line(struct reader *r, char *line)
{
	char why[MW_REASON_ROOM];
	line[strcspn(line, "#")] = '\0';
	char *key = trim(line), *value = strchr(key, '=');
	if (!*key)
		return 0;
	if (!value) {
		char shown[MW_ESCAPED(64) + 1];
		mw_escape(key, shown, sizeof(shown));
		return mw_fail(-EINVAL, r->err, r->n, "%s:%u: '%.60s' is not `key = value`", r->file, r->line, shown);
	}
	*value++ = '\0';
	key = trim(key);
	size_t i = 0;
	while (r->keys[i].name && strcmp(r->keys[i].name, key) != 0)
		i++;
	if (!r->keys[i].name)
		return unknown(r, key);
	if (r->seen[i])
		return mw_fail(-EINVAL, r->err, r->n, "%s:%u: %s: line %u has it already", r->file, r->line, key,
			       r->seen[i]);
	r->seen[i] = r->line;
	int rc = mw_keyfile_set(&r->keys[i], trim(value), r->out, why, sizeof(why));
	return rc < 0 ? mw_fail(rc, r->err, r->n, "%s:%u: %s", r->file, r->line, why) : 0;
}

int mw_keyfile_read(const struct mw_keyfile_key *keys, const char *text, const char *file, void *out, char *err,
		    size_t n)
{
	struct reader r = {.keys = keys, .file = file, .out = out, .err = err, .n = n};
	int rc = 0;
	while (*text && rc == 0) {
		char line[VALUE_ROOM];
		size_t len = strcspn(text, "\n");
		r.line++;
		if (len >= sizeof(line))
			return mw_fail(-EINVAL, err, n, "%s:%u: %zu characters, a line has at most %zu", file, r.line,
				       len, sizeof(line) - 1);
		memcpy(line, text, len);
		line[len] = '\0';
		rc = read_line(&r, line);
		text += len + (text[len] != '\0');
	}
	for (size_t i = 0; rc == 0 && keys[i].name; i++)
		if (keys[i].required && !r.seen[i])
			rc = mw_fail(-EINVAL, err, n, "%s: no line `%s = ...` (%s)", file, keys[i].name, keys[i].help);
	return rc;
}

int mw_keyfile_fail(const char *text, const char *file, const char *why, char *err, size_t n)
{
	size_t len = strcspn(why, ":");
	for (unsigned line = 1; *text; line++) {
		const char *at = text + strspn(text, " \t");
		if (strncmp(at, why, len) == 0 && at[len] && strchr(" \t=", at[len]))
			return mw_fail(-EINVAL, err, n, "%s:%u: %s", file, line, why);
		text += strcspn(text, "\n");
		text += *text != '\0';
	}
	return mw_fail(-EINVAL, err, n, "%s: %s", file, why);
}

/* ---- a file ---- */

uint64_t mw_keyfile_hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

static int read_all(int fd, const char *path, char *text, char *err, size_t n)
{
	size_t len = 0;
	for (;;) {
		ssize_t got = read(fd, text + len, MW_KEYFILE_BYTES + 1 - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return mw_fail(-errno, err, n, "%s: %s", path, mw_strerror(-errno));
		if (got == 0)
			break;
		len += (size_t)got;
		if (len > MW_KEYFILE_BYTES)
			return mw_fail(-EINVAL, err, n, "%s: more than %d bytes", path, MW_KEYFILE_BYTES);
	}
	text[len] = '\0';
	if (memchr(text, '\0', len))
		return mw_fail(-EINVAL, err, n, "%s: not a text, it has a byte 0", path);
	return 0;
}

int mw_keyfile_load(const char *path, char **text, char *err, size_t n)
{
	struct stat st;
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not block here */
	*text = NULL;
	if (fd < 0)
		return mw_fail(-errno, err, n, "%s: %s", path, mw_strerror(-errno));
	char *buffer = malloc(MW_KEYFILE_BYTES + 2);
	if (!buffer)
		rc = mw_fail(-ENOMEM, err, n, "out of memory");
	else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		rc = mw_fail(-EINVAL, err, n, "%s: not a regular file", path);
	else
		rc = read_all(fd, path, buffer, err, n);
	(void)close(fd);
	if (rc < 0)
		free(buffer);
	else
		*text = buffer;
	return rc;
}
