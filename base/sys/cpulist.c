#include "base/sys/cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* A number below MW_CPULIST_MAX at *text, moved past it; -1 when there is none. */
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

int mw_cpulist_parse(struct mw_cpulist *l, const char *text)
{
	memset(l, 0, sizeof(*l));
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
		for (int i = first; i <= last; i += stride)
			mw_cpulist_add(l, i);
		if (!*text)
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
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
