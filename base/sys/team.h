/* A team of pinned threads: the only place that creates threads.
 *
 * Workers sleep on a futex between jobs (an idle worker that spins costs the measured core its clock), and spin
 * only in the start barrier of a timed job. Member 0 is a worker too, so that the caller's affinity is untouched;
 * only where no thread can be made the caller does its work, pinned for as long as that takes. */
#ifndef MW_TEAM_H
#define MW_TEAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/sys/disturb.h"

struct mw_team;

typedef void (*mw_team_fn)(void *arg, int rank, int n);

/* One worker per CPU of cpus[0..n-1]. MW_EUNAVAILABLE with a reason for a CPU that this process may not use.
 * Where the system gives fewer threads the team has fewer members, the calling thread alone at the least, and where it
 * lets nobody pin, they are not pinned: the two calls below tell. */
int mw_team_create(const int *cpus, int n, struct mw_team **out, char *err, size_t en);
void mw_team_destroy(struct mw_team *t);
int mw_team_size(const struct mw_team *t);
/* CPUs asked for: more than mw_team_size where threads were refused. */
int mw_team_wanted(const struct mw_team *t);
/* Why the team has fewer members than CPUs were asked for; "" when it has them all. */
const char *mw_team_short(const struct mw_team *t);
/* Why members are not pinned to their CPUs; "" when they are. */
const char *mw_team_unpinned(const struct mw_team *t);
int mw_team_cpu(const struct mw_team *t, int rank);

/* Runs fn on members 0..n-1 and waits. n above the size is -EINVAL. */
int mw_team_run(struct mw_team *t, int n, mw_team_fn fn, void *arg);
/* The same with a common start: *ns = latest end - earliest begin over the members. */
int mw_team_time(struct mw_team *t, int n, mw_team_fn fn, void *arg, uint64_t *ns);
/* On a member, in a job of mw_team_run: a timed part begins, and ends. The end returns its ns. Jobs of mw_team_time are
 * timed parts as a whole. Member 0 looks at steal and clock before its part and after it, which takes some 20 us. */
void mw_team_timed_begin(struct mw_team *t, int rank);
uint64_t mw_team_timed_end(struct mw_team *t, int rank);
/* What happened in the timed parts since the last call; ns = 0 when nothing was marked. Not while a job runs. */
struct mw_timed mw_team_timed_take(struct mw_team *t);

/* One-way core-to-core latency between members a and b in ns, at most about 1 ms of time; NaN when n < 2. */
double mw_team_c2c_ns(struct mw_team *t, int a, int b);

/* Half-open slice of n items for a member, multiples of grain but for the last. */
void mw_team_slice(size_t n, size_t grain, int rank, int members, size_t *begin, size_t *end);

#endif
