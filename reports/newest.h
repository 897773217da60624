/* The newest results of this machine, for commands that were given none on the command line. */
#ifndef MW_NEWEST_H
#define MW_NEWEST_H

#include "reports/results.h"

/* Do both describe one machine: host name, CPU, virtualisation and the CPUs that a run may use? What changes between
 * two runs by itself (kernel, microcode, governor, free memory) does not count. False where a host name is not known:
 * anonymised results match no host. */
bool newest_same_host(const struct mw_host *a, const struct mw_host *b);

/* Finds, below `folder` ("." for a user), the newest complete results.json of that host in the folders where `memwall
 * run` puts them: results/NAME in a checkout, memwall-results/NAME. Newest: by the time its journal was last written
 * (that of results.json without one), since reports write results.json again. Complete: the run came to its end.
 * 1: *out holds it and path its name. 0: there is none, and why says in one line what was found instead.
 * -ENOMEM. *out is freed by the caller with results_fini in every case. */
int newest_results(const char *folder, const struct mw_host *host, struct results *out, char *path, size_t path_size,
		   char *why, size_t n);

#endif
