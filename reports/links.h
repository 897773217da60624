/* The interconnect of a host, the third wall beside compute and memory: its records in a run's results, and those of a
 * run of its own, which a launcher starts with several processes. Private to reports/ and cli/. */
#ifndef MW_LINKS_H
#define MW_LINKS_H

#include "reports/results.h"
#include "reports/select.h"

/* The largest measured bandwidth of messages between the processes that were farthest apart. */
struct links {
	const struct mw_record *one_way, *both_ways; /* both_ways: the sum of both directions; NULL: not measured */
	const char *between;                         /* "one socket", "two sockets", "two hosts"; NULL: none measured */
};

extern const struct query links_queries[]; /* ended by a NULL bench */

struct links links_of(const struct mw_records *l);
/* Two processes on one socket exchange messages by copying them in memory: no link carries them. */
bool links_cross(const struct links *k);
/* Why links_of found nothing, in words for users: the reason that the run gives, or how to measure it. */
const char *links_absent(const struct results *r);

/* Replaces the interconnect's records of `to` by those of `from`, each with a note that says where it is from. 0;
 * -ENOMEM; MW_ESPEC with a line in err when `from` has none, or names another host. */
int links_take(struct results *to, const struct results *from, const char *path, char *err, size_t n);

#endif
