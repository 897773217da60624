/* Columns that fail: persistent, seeded, the same for any order of work and any number of threads.
 *
 * Process variation makes a triple-row activation (TRA) fail in some columns and never in others: a failing column
 * fails again. So each (seed, bank, subarray, TRA address, physical column) has one latent z, standard normal, drawn
 * from a counter; the column is bad when z exceeds the quantile that belongs to the configured rate. It then gives the
 * wrong value whenever the three cells differ; three equal cells never fail. Bad columns nest: those at a smaller
 * variation are bad at every larger one. Errors that are drawn anew for each operation have the same mean and no such
 * columns; redundancy and screening look far better under them than they are.
 *
 * Interference (PuDGhost 2026, abstract: adjacent idle rows change up to 10 %, concurrently computing columns up to
 * 48 % of the results on random inputs; both are maxima over chips) is a model of our own around those two figures, not
 * a published one. Latents as above say which columns are susceptible; a susceptible column whose three cells differ
 * gives the wrong value
 *   - when a neighbour column's bitline settles to the opposite value, or
 *   - when the idle row next to the raised ones holds the opposite value in that column.
 * The shares of susceptible columns are set so that random inputs give 0.48 x interference and 0.10 x interference
 * when one effect acts alone. Compute rows are taken to lie in the order T0..T3, DCC0, DCC1 with one idle neighbour
 * per TRA; columns of one chip are neighbours in the order of their bits in a burst. Real chips scramble both. */
#ifndef AMBIT_FAULT_H
#define AMBIT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- rates ---- */

enum ambit_curve { AMBIT_CURVE_AMBIT55, AMBIT_CURVE_SIMDRAM22, AMBIT_CURVE_COUNT };

struct ambit_rate {
	double p;      /* share of columns that fail on mixed inputs */
	bool bound;    /* the source saw no failure here: p is the upper end of what it allows (rule of three) */
	bool verified; /* every point that p rests on was checked in its source */
};

/* Between two points of a curve the probit of the rate is linear in 1 / variation: a fixed margin against a spread that
 * grows with variation. (Leaving out one point of ambit55, this finds 5.8 % for 6.0 and 16.3 % for 16.4; a probit
 * linear in the variation finds 3.1 % and 13.7 %.) Below the smallest failing point the line goes through the upper
 * bound there. variation in percent. -ERANGE beyond the curve's last point. */
int ambit_rate(enum ambit_curve curve, double variation, struct ambit_rate *out);
const char *ambit_curve_name(enum ambit_curve curve);
/* Last point of a curve, in percent. */
double ambit_curve_end(enum ambit_curve curve);
/* "0.0029" or "<= 3.0e-05 (no failure seen)", "(unverified)" where it is: length as snprintf. */
int ambit_rate_print(const struct ambit_rate *r, char *out, size_t n);

/* Quantile of the standard normal distribution, p in 0..1. */
double ambit_probit(double p);

/* ---- maps ---- */

enum ambit_fault_kind {
	AMBIT_FAULT_TRA,     /* address: index of the B address, 12..15 */
	AMBIT_FAULT_COLUMNS, /* susceptible to neighbour columns; address as above */
	AMBIT_FAULT_ROWS,    /* susceptible to the idle row; address as above */
	AMBIT_FAULT_COTS,    /* address: kind of operation of an off-the-shelf chip */
};

struct ambit_site {
	uint64_t seed;
	uint32_t bank; /* of the device: (channel x ranks + rank) x banks + bank */
	uint32_t subarray;
	uint32_t kind;    /* enum ambit_fault_kind */
	uint32_t address; /* below 2^24 */
};

/* Rates as thresholds, so that comparing is exact: a column is bad when its 32 random bits are below it. 2^32: all. */
uint64_t ambit_threshold(double p);
/* z of one column, in -6.4..6.4 in steps of the 32 bits drawn. */
double ambit_latent(const struct ambit_site *s, uint64_t column);
/* Bit c % 64 of word c / 64 says that column c is bad, for columns 0..64 x words - 1; column below 2^34. */
void ambit_bad_columns(const struct ambit_site *s, uint64_t threshold, uint64_t *map, size_t words);

#endif
