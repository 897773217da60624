/* Numbers, sizes and names in text. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/option.h"
#include "base/core/text.h"

int mw_parse_int(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-' || *text == '+');
	char *end;
	if (!isdigit((unsigned char)*digits))
		return -EINVAL;
	/* 0x means hexadecimal (for seeds); a leading 0 does not mean octal. */
	bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	errno = 0;
	long long v = strtoll(text, &end, hex ? 16 : 10);
	if (end == text || *end != '\0')
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*out = v;
	return 0;
}

int mw_parse_u64(const char *text, uint64_t *out)
{
	char *end;
	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	errno = 0;
	unsigned long long v = strtoull(text, &end, hex ? 16 : 10);
	if (*end != '\0')
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*out = v;
	return 0;
}

int mw_parse_real(const char *text, double *out)
{
	char *end;
	if (isspace((unsigned char)*text))
		return -EINVAL;
	double v = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(v))
		return -EINVAL;
	*out = v;
	return 0;
}

int mw_parse_size(const char *text, uint64_t *out)
{
	char *end;
	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno == ERANGE)
		return -ERANGE;
	unsigned shift = 0;
	if (*end) {
		const char *units = "KMGT";
		const char *u = strchr(units, toupper((unsigned char)*end));
		if (u) {
			shift = 10u * (unsigned)(u - units + 1);
			end++;
		}
		if (shift && strcmp(end, "iB") == 0)
			end += 2;
		else if (strcmp(end, "B") == 0)
			end++;
	}
	if (*end != '\0')
		return -EINVAL;
	if (v > (UINT64_MAX >> shift))
		return -ERANGE;
	*out = (uint64_t)v << shift;
	return 0;
}

int mw_parse_pair(const char *text, size_t len, uint64_t pair[2])
{
	char word[64];
	if (len >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, len);
	word[len] = '\0';
	char *x = strchr(word, 'x');
	if (!x)
		return -EINVAL;
	*x = '\0';
	int rc = mw_parse_size(word, &pair[0]);
	return rc < 0 ? rc : mw_parse_size(x + 1, &pair[1]);
}

void mw_format_size(uint64_t bytes, char *out, size_t n)
{
	static const char units[] = " KMGT";
	unsigned u = 0;
	while (bytes && bytes % 1024 == 0 && u < 4) {
		bytes /= 1024;
		u++;
	}
	if (u)
		mw_format(out, n, "%llu%c", (unsigned long long)bytes, units[u]);
	else
		mw_format(out, n, "%llu", (unsigned long long)bytes);
}

bool mw_list_next(const char **rest, const char **item, size_t *len)
{
	if (!*rest)
		return false;
	*item = *rest;
	*len = strcspn(*rest, ",");
	*rest = (*item)[*len] ? *item + *len + 1 : NULL;
	return true;
}

bool mw_list_has(const char *list, const char *word)
{
	const char *item;
	size_t len, want = strlen(word);
	while (mw_list_next(&list, &item, &len))
		if (len == want && memcmp(item, word, len) == 0)
			return true;
	return false;
}

enum { NEAREST_MAX = 32 };

static int lower(char c)
{
	return tolower((unsigned char)c);
}

/* Levenshtein distance; "infinite" for words longer than NEAREST_MAX. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	if (la >= NEAREST_MAX || lb >= NEAREST_MAX)
		return SIZE_MAX;
	size_t row[NEAREST_MAX];
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[lb];
}

const char *mw_nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	size_t best_d = strlen(word) / 2 + 1; /* more than half of the word wrong: no typo */
	for (; *names; names++) {
		size_t d = edit_distance(word, *names);
		if (d < best_d) {
			best_d = d;
			best = *names;
		}
	}
	return best;
}
