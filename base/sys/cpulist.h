/* Lists of CPU or node numbers as the kernel and taskset write them: "0-3,8,10-12". */
#ifndef MW_CPULIST_H
#define MW_CPULIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MW_CPULIST_MAX 8192 /* Linux on x86 has at most 8192 CPUs (CONFIG_NR_CPUS) */

struct mw_cpulist {
	uint64_t bits[MW_CPULIST_MAX / 64];
};

/* Parses numbers and ranges below MW_CPULIST_MAX in any order; a range may have a stride, "0-63:2". An empty text is an
 * empty list. -EINVAL for anything else. */
int mw_cpulist_parse(struct mw_cpulist *l, const char *text);

/* True for a list that is not empty and whose numbers ascend. hwloc accepts no other. */
bool mw_cpulist_ascends(const char *text);

/* As mw_cpulist_parse for what a user typed: also refuses an empty list and a member that is named twice. what is "CPU"
 * or "node". MW_ESPEC with a line in err. */
int mw_cpulist_read(struct mw_cpulist *l, const char *text, const char *what, char *err, size_t n);
/* "0-3,8". Length as snprintf. */
int mw_cpulist_format(const struct mw_cpulist *l, char *out, size_t n);

static inline bool mw_cpulist_has(const struct mw_cpulist *l, int id)
{
	return id >= 0 && id < MW_CPULIST_MAX && ((l->bits[id / 64] >> (id % 64)) & 1u);
}

static inline void mw_cpulist_add(struct mw_cpulist *l, int id)
{
	if (id >= 0 && id < MW_CPULIST_MAX)
		l->bits[id / 64] |= UINT64_C(1) << (id % 64);
}

/* CPUs that the calling thread may run on. -errno. */
int mw_cpulist_affinity(struct mw_cpulist *l);
/* First member at or above id, or -1. */
int mw_cpulist_next(const struct mw_cpulist *l, int id);

#endif
