/* A team of pinned threads. No other file creates threads.
 *
 * Workers sleep on a futex between jobs, because spinning workers lower the clock of the core that is measured; they
 * spin only in the start barrier of a timed job. Member 0 is a worker too, so that the caller's affinity does not
 * change. Only where no thread can be created does the caller do its work, pinned during the job. */
#ifndef MW_TEAM_H
#define MW_TEAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/sys/disturb.h"

struct mw_team;

typedef void (*mw_team_fn)(void *arg, int rank, int n);

/* Starts one worker per CPU of cpus[0..n-1]. MW_EUNAVAILABLE with a line in err for a CPU that this process may not
 * use. When the system refuses threads the team has fewer members, at least the calling thread; when it refuses pinning
 * they are not pinned. mw_team_short and mw_team_unpinned give the reasons. */
int mw_team_create(const int *cpus, int n, struct mw_team **out, char *err, size_t en);
void mw_team_destroy(struct mw_team *t);
int mw_team_size(const struct mw_team *t);
/* Number of CPUs asked for: more than mw_team_size where threads were refused. */
int mw_team_wanted(const struct mw_team *t);
/* Why the team has fewer members than CPUs asked for; "" when it has them all. */
const char *mw_team_short(const struct mw_team *t);
/* Why members are not pinned to their CPUs; "" when they are pinned. */
const char *mw_team_unpinned(const struct mw_team *t);
int mw_team_cpu(const struct mw_team *t, int rank);

/* Runs fn on members 0..n-1 and waits. 0, or -EINVAL when n is above mw_team_size. */
int mw_team_run(struct mw_team *t, int n, mw_team_fn fn, void *arg);
/* Runs fn on that member alone, as rank 0 of 1, and waits. 0, or -EINVAL when there is no such member. */
int mw_team_run_on(struct mw_team *t, int member, mw_team_fn fn, void *arg);
/* As mw_team_run with a common start; *ns = latest end minus earliest begin. */
int mw_team_time(struct mw_team *t, int n, mw_team_fn fn, void *arg, uint64_t *ns);
/* The same on chosen members: who[i] of who[0..n-1], all different, gets rank i. -EINVAL for a member that the team
 * does not have. */
int mw_team_time_on(struct mw_team *t, const int *who, int n, mw_team_fn fn, void *arg, uint64_t *ns);
/* On a member, in a job of mw_team_run: a timed part begins, and ends. The end returns its ns. Jobs of mw_team_time are
 * timed parts as a whole. Member 0 looks at steal and clock before its part and after it, which takes some 20 us. */
void mw_team_timed_begin(struct mw_team *t, int rank);
uint64_t mw_team_timed_end(struct mw_team *t, int rank);
/* What happened in the timed parts since the last call; ns = 0 when nothing was marked. Not while a job runs. */
struct mw_timed mw_team_timed_take(struct mw_team *t);

/* One-way core-to-core latency between members a and b in ns; takes at most about 1 ms. NaN when it cannot be
 * measured. */
double mw_team_c2c_ns(struct mw_team *t, int a, int b);

/* Slice [*begin, *end) of n items for a member; multiples of grain, but for the last slice. */
void mw_team_slice(size_t n, size_t grain, int rank, int members, size_t *begin, size_t *end);

#endif
