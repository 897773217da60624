#include "reports/json_samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/visits.h"

enum { VALUE, ROUND, T, STATE, FLAGS, VISIT, LISTS };

static const char *const names[LISTS] = {"value", "round", "t_ns", "state", "flags", "visit"};

struct scan {
	const char *at, *end;
};

static bool skip(struct scan *s, const char *text)
{
	size_t len = strlen(text);
	if ((size_t)(s->end - s->at) < len || memcmp(s->at, text, len) != 0)
		return false;
	s->at += len;
	return true;
}

static size_t digits(struct scan *s)
{
	const char *from = s->at;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return (size_t)(s->at - from);
}

/* Scans an unsigned JSON integer of at most max. */
static bool whole(struct scan *s, uint64_t max, uint64_t *out)
{
	const char *from = s->at;
	size_t n = digits(s);
	if (n == 0 || n > 19 || (n > 1 && *from == '0'))
		return false;
	*out = 0;
	for (; from < s->at; from++)
		*out = 10 * *out + (uint64_t)(*from - '0');
	return *out <= max;
}

/* Scans a JSON number, or null as NaN. */
static bool real(struct scan *s, double *out)
{
	char text[40];
	const char *from = s->at;
	if (skip(s, "null")) {
		*out = (double)NAN;
		return true;
	}
	(void)skip(s, "-");
	const char *first = s->at;
	size_t n = digits(s);
	if (n == 0 || (n > 1 && *first == '0') || (skip(s, ".") && digits(s) == 0))
		return false;
	if (skip(s, "e") || skip(s, "E")) {
		if (!skip(s, "-"))
			(void)skip(s, "+");
		if (digits(s) == 0)
			return false;
	}
	size_t len = (size_t)(s->at - from);
	if (len >= sizeof(text))
		return false;
	memcpy(text, from, len);
	text[len] = '\0';
	*out = strtod(text, NULL);
	return isfinite(*out);
}

static bool put(struct scan *s, int list, struct mw_sample *v)
{
	uint64_t x;
	if (list == VALUE)
		return real(s, &v->value);
	if (list == STATE && skip(s, "null"))
		x = MW_STATE_UNKNOWN;
	else if (!whole(s, list == T ? INT64_MAX : UINT32_MAX, &x))
		return false;
	if (list == T)
		v->t_ns = x;
	else
		*(list == ROUND   ? &v->round
		  : list == STATE ? &v->state
		  : list == FLAGS ? &v->flags
				  : &v->visit) = (uint32_t)x;
	return true;
}

/* Scans "name":[1,2,..] with n entries. */
static bool read_list(struct scan *s, bool seen[LISTS], struct mw_sample *v, size_t n)
{
	int list = 0;
	if (!skip(s, "\""))
		return false;
	for (; list < LISTS; list++) {
		size_t len = strlen(names[list]);
		if ((size_t)(s->end - s->at) > len && memcmp(s->at, names[list], len) == 0 && s->at[len] == '"')
			break;
	}
	if (list == LISTS || seen[list])
		return false;
	seen[list] = true;
	s->at += strlen(names[list]);
	if (!skip(s, "\":["))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((i && !skip(s, ",")) || !put(s, list, &v[i]))
			return false;
	return skip(s, "]");
}

/* Number of entries of the first list. */
static size_t count(const char *at, const char *end)
{
	const char *open = memchr(at, '[', (size_t)(end - at));
	const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;
	size_t n = close && close > open + 1;
	for (const char *c = open; c && close && c < close; c++)
		n += *c == ',';
	return n;
}

static bool read_samples(const char *begin, const char *end, struct json_samples *out)
{
	struct scan s = {begin, end};
	bool seen[LISTS] = {false};
	size_t n = count(begin, end);
	struct mw_sample *v = n ? calloc(n, sizeof(*v)) : NULL;
	bool good = v && skip(&s, "{");
	for (int i = 0; i < LISTS && good; i++)
		good = (i == 0 || skip(&s, ",")) && read_list(&s, seen, v, n);
	good = good && skip(&s, "}") && s.at == end;
	for (size_t i = 0; i < n && good; i++)
		v[i].before_ns = v[i].after_ns = (double)NAN;
	if (good)
		*out = (struct json_samples){v, n};
	else
		free(v);
	return good;
}

bool json_samples_take(const char *line, size_t len, struct json_samples *out, char **rest, size_t *rest_len)
{
	static const char head[] = "{\"record\":{", key[] = ",\"samples\":{";
	const size_t key_len = sizeof(key) - 1;
	*out = (struct json_samples){NULL, 0};
	if (len < sizeof(head) || memcmp(line, head, sizeof(head) - 1) != 0 || memcmp(line + len - 3, "}}}", 3) != 0)
		return false;
	/* The key cannot be part of a JSON string, where its quotes would be escaped. */
	const char *at = memmem(line, len, key, key_len);
	if (!at || memmem(at + key_len, len - (size_t)(at - line) - key_len, key, key_len))
		return false;
	const char *begin = at + key_len - 1, *end = line + len - 2;
	char *text = malloc(len);
	if (!text || !read_samples(begin, end, out)) {
		free(text);
		return false;
	}
	size_t before = (size_t)(at - line);
	memcpy(text, line, before);
	memcpy(text + before, end, 2);
	*rest = text;
	*rest_len = before + 2;
	return true;
}
