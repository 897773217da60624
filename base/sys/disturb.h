/* What disturbed a sample: steal time, context switches, frequency drift. */
#ifndef MW_DISTURB_H
#define MW_DISTURB_H

#include <stdbool.h>
#include <stdint.h>

struct mw_disturb {
	uint64_t t_ns;
	uint64_t steal_ticks; /* of all CPUs, /proc/stat, in USER_HZ */
	uint64_t switches;    /* involuntary, whole process */
};

void mw_disturb_read(struct mw_disturb *d);
/* Flags (enum mw_sample_flag) of the interval: steal above 1 % of it, or an involuntary switch per 10 ms. */
uint32_t mw_disturb_flags(const struct mw_disturb *before, const struct mw_disturb *after);
/* Is that an involuntary switch per 10 ms? */
bool mw_disturb_switched(uint64_t switches, uint64_t ns);
/* ns per iteration of a dependent-add chain on the calling thread (about 20 us): moves with the core clock. */
double mw_disturb_add_ns(void);

#endif
