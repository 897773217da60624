#include "base/sys/cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"

/* Reads a number below MW_CPULIST_MAX at *text and moves *text behind it; -1 when there is none. */
static int number(const char **text)
{
	int v = 0;
	if (!isdigit((unsigned char)**text))
		return -1;
	for (; isdigit((unsigned char)**text); (*text)++) {
		v = 10 * v + (**text - '0');
		if (v >= MW_CPULIST_MAX)
			return -1;
	}
	return v;
}

/* *twice: the first member that is listed more than once, or -1. *ascending: each range begins above the end of the one
 * before.
 * */
static int parse(struct mw_cpulist *l, const char *text, int *twice, bool *ascending)
{
	int end = -1;
	memset(l, 0, sizeof(*l));
	*twice = -1;
	*ascending = true;
	if (!*text)
		return 0;
	for (;;) {
		int first = number(&text), last = first, stride = 1;
		if (*text == '-') {
			text++;
			last = number(&text);
			if (*text == ':') {
				text++;
				stride = number(&text);
			}
		}
		if (first < 0 || last < first || stride < 1)
			return -EINVAL;
		*ascending = *ascending && first > end;
		end = last;
		for (int i = first; i <= last; i += stride) {
			if (*twice < 0 && mw_cpulist_has(l, i))
				*twice = i;
			mw_cpulist_add(l, i);
		}
		if (!*text)
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}

int mw_cpulist_parse(struct mw_cpulist *l, const char *text)
{
	int twice;
	bool ascending;
	return parse(l, text, &twice, &ascending);
}

bool mw_cpulist_ascends(const char *text)
{
	struct mw_cpulist l;
	int twice;
	bool ascending;
	return parse(&l, text, &twice, &ascending) == 0 && ascending && mw_cpulist_next(&l, 0) >= 0;
}

int mw_cpulist_read(struct mw_cpulist *l, const char *text, const char *what, char *err, size_t n)
{
	int twice;
	bool ascending;
	if (parse(l, text, &twice, &ascending) < 0 || mw_cpulist_next(l, 0) < 0)
		return mw_fail(MW_ESPEC, err, n,
			       "'%s' is not a list of %ss, expected for example 0-3,8 (numbers up to %d)", text, what,
			       MW_CPULIST_MAX - 1);
	if (twice >= 0)
		return mw_fail(MW_ESPEC, err, n, "%s %d is named twice in '%s'", what, twice, text);
	return 0;
}

int mw_cpulist_format(const struct mw_cpulist *l, char *out, size_t n)
{
	int len = 0;
	if (n)
		out[0] = '\0';
	for (int first = mw_cpulist_next(l, 0), last; first >= 0; first = mw_cpulist_next(l, last + 1)) {
		for (last = first; mw_cpulist_has(l, last + 1);)
			last++;
		size_t room = (size_t)len < n ? n - (size_t)len : 0;
		len += snprintf(room ? out + len : NULL, room, last > first ? "%s%d-%d" : "%s%d", len ? "," : "", first,
				last);
	}
	return len;
}

int mw_cpulist_affinity(struct mw_cpulist *l)
{
	memset(l, 0, sizeof(*l));
	cpu_set_t *set = CPU_ALLOC(MW_CPULIST_MAX);
	if (!set)
		return -ENOMEM;
	size_t bytes = CPU_ALLOC_SIZE(MW_CPULIST_MAX);
	CPU_ZERO_S(bytes, set);
	int rc = sched_getaffinity(0, bytes, set) == 0 ? 0 : -errno;
	for (int i = 0; i < MW_CPULIST_MAX && rc == 0; i++)
		if (CPU_ISSET_S((size_t)i, bytes, set))
			mw_cpulist_add(l, i);
	CPU_FREE(set);
	return rc;
}

int mw_cpulist_next(const struct mw_cpulist *l, int id)
{
	for (; id < MW_CPULIST_MAX; id++)
		if (mw_cpulist_has(l, id))
			return id;
	return -1;
}
