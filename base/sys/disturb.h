/* Detects what disturbed a sample: steal time, involuntary context switches, changes of the core clock. */
#ifndef MW_DISTURB_H
#define MW_DISTURB_H

#include <stdbool.h>
#include <stdint.h>

struct mw_disturb {
	uint64_t t_ns;
	uint64_t steal_ticks; /* of all CPUs, /proc/stat, in USER_HZ */
	uint64_t switches;    /* involuntary, whole process */
};

/* What happened in the timed parts of a sample, for which base/sys/team.h looks.
 *
 * Steal is counted by the kernel in ticks (10 ms): it can be told for timed parts that last a tick or longer only. It
 * is read at most one tick before such a part begins, and when the part ends. */
struct mw_timed {
	uint64_t ns;                      /* of the member with most */
	uint64_t switches;                /* involuntary, of all members */
	uint64_t steal_ticks;             /* of all CPUs, in USER_HZ */
	uint64_t steal_ns;                /* over which these were counted; 0: a part was shorter than a tick */
	double add_first_ns, add_last_ns; /* mw_disturb_add_ns before the first part and after the last one; 0: none */
};

void mw_disturb_read(struct mw_disturb *d);
/* Ticks of all CPUs; takes 10 us to 1 ms, the more CPUs the longer. */
uint64_t mw_disturb_steal(void);
uint64_t mw_disturb_tick_ns(void);
/* Flags (enum mw_sample_flag) of the interval: steal above 1 % of it, or an involuntary switch per 10 ms. */
uint32_t mw_disturb_flags(const struct mw_disturb *before, const struct mw_disturb *after);
/* The flags of a sample. Set-up may be disturbed, so timed parts decide where they tell: whole, the flags of all that
 * the sample took and the process did, counts where no timed part was marked, and for steal where one was shorter than
 * a tick. add_ns: the chain before the sample and after it, looked at where no timed part was marked. */
uint32_t mw_disturb_of_sample(uint32_t whole, const struct mw_timed *timed, double add_before_ns, double add_after_ns);
/* ns per iteration of a dependent-add chain on the calling thread (about 20 us): moves with the core clock. */
double mw_disturb_add_ns(void);

#endif
