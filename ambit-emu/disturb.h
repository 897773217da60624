/* Read disturbance (RowHammer): activating a row often flips bits of its neighbours before their next refresh.
 *
 * A micro-program raises the same few compute rows in every run, so that its busiest row exceeds the published
 * thresholds within a refresh window. This model compares the two and prices what would keep the neighbours safe. It
 * flips no bits. */
#ifndef AMBIT_DISTURB_H
#define AMBIT_DISTURB_H

#include "ambit-emu/use.h"

/* HC_first: activations of each of the two neighbours of a row until its first bit flips. The smallest value found in
 * any chip, for the most and the least vulnerable kind of chip that was tested. */
struct ambit_hc_first {
	uint64_t low, high; /* 0: no figure with a source */
	uint64_t multi;     /* the smallest where several rows are opened at once; 0: no figure with a source */
	const char *source;
};

/* The published values for a memory; low 0 where there are none. */
const struct ambit_hc_first *ambit_hc_first(const struct dram_part *d);

/* What keeps the neighbours of all rows safe when no row may be activated more than `limit` times between refreshes of
 * its neighbours. The program runs back to back in one subarray of every bank. */
struct ambit_safe {
	/* Both neighbours of a row are refreshed (an AP each) after `limit` activations of it: such APs per run. */
	double refreshes;
	double time_share; /* time that they add, relative to the program's */
	/* Every row is refreshed so often that no row reaches `limit` in between. */
	double rate;       /* how many times as often as usual */
	double rate_share; /* share of time that refreshing then takes; 1 and above: impossible */
	/* The work goes on in another subarray of the bank before a row reaches `limit`. */
	uint64_t subarrays;    /* needed in a refresh window */
	double runs_per_visit; /* runs until the next subarray's turn */
};
/* u: of that program, activations: ambit_window_activations(). limit > 0; the program has commands. */
void ambit_keep_safe(const struct ambit_timing *t, const struct ambit_program *p, const struct ambit_row_use *u,
		     uint64_t limit, struct ambit_safe *out);

#endif
