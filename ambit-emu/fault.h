/* Failing columns: fixed by a seed, independent of the order of work and the number of threads.
 *
 * Process variation makes a triple-row activation (TRA) fail in some columns and never in others. Each (seed, bank,
 * subarray, TRA address, physical column) has one latent standard normal value z, drawn from a counter; the column is
 * bad when z exceeds the quantile of the configured failure rate. A bad column gives the wrong value whenever its three
 * cells differ, and the right one when they are equal. A column that is bad at one variation is bad at every larger
 * one. A model that draws errors anew for each operation has the same mean rate, but overstates what redundancy and
 * screening gain.
 *
 * Interference (PuDGhost 2026, abstract: adjacent idle rows change up to 10 %, concurrently computing columns up to 48
 * % of the results on random inputs; both are maxima over chips) is this library's own model of those two figures.
 * Latent values choose the susceptible columns; a susceptible column whose three cells differ gives the wrong value
 *   - when the bitline of a neighbour column settles to the opposite value, or
 *   - when the idle row next to the raised ones holds the opposite value in that column.
 * The shares of susceptible columns are set so that random inputs give 0.48 x interference and 0.10 x interference when
 * one effect acts alone. Assumed: compute rows lie in the order T0..T3, DCC0, DCC1 with one idle neighbour per TRA;
 * columns of a chip are neighbours in the order of their bits in a burst. Real chips scramble both. */
#ifndef AMBIT_FAULT_H
#define AMBIT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- rates ---- */

enum ambit_curve { AMBIT_CURVE_AMBIT55, AMBIT_CURVE_SIMDRAM22, AMBIT_CURVE_COUNT };

struct ambit_rate {
	double p;      /* share of columns that fail when their three cells differ, 0..1 */
	bool bound;    /* the source saw no failure: p is the 95 % upper bound (rule of three) */
	bool verified; /* every published point behind p was checked in its source */
};

/* Failure rate at a variation in percent. Between two points of a curve the probit of the rate is linear in 1 /
 * variation, as for a fixed margin and a spread proportional to the variation. (Without its own point, 15 % of ambit55
 * is found as 5.8 instead of 6.0 %, 20 % as 16.3 instead of 16.4 %; a probit linear in the variation finds 3.1 and 13.7
 * %.) Below the second point the line passes through the upper bound of the first. variation = 0 gives 0. -ERANGE
 * beyond the last point. */
int ambit_rate(enum ambit_curve curve, double variation, struct ambit_rate *out);
const char *ambit_curve_name(enum ambit_curve curve);
/* Variation of the last point of a curve, in percent. */
double ambit_curve_end(enum ambit_curve curve);
/* "0.0029" or "<= 3e-05 (no failure seen)", with " (unverified)" where it is. Returns the length as snprintf. */
int ambit_rate_print(const struct ambit_rate *r, char *out, size_t n);

/* Quantile of the standard normal distribution, p in 0..1. */
double ambit_probit(double p);

/* ---- maps ---- */

enum ambit_fault_kind {
	AMBIT_FAULT_TRA,     /* address: index of the B address, 12..15 */
	AMBIT_FAULT_COLUMNS, /* susceptible to neighbour columns; address as for TRA */
	AMBIT_FAULT_ROWS,    /* susceptible to the idle row; address as for TRA */
	AMBIT_FAULT_COTS,    /* address: kind of operation of an off-the-shelf chip */
};

struct ambit_site {
	uint64_t seed;
	uint32_t bank; /* of the device: (channel x ranks + rank) x banks + bank */
	uint32_t subarray;
	uint32_t kind;    /* enum ambit_fault_kind */
	uint32_t address; /* below 2^24 */
};

/* A rate as a threshold for 32 random bits, so that the comparison is exact: a column is bad when its bits are below
 * it. 2^32: all columns. */
uint64_t ambit_threshold(double p);
/* The latent z of one column, -6.4..6.4, with the resolution of 32 random bits. */
double ambit_latent(const struct ambit_site *s, uint64_t column);
/* Sets bit c % 64 of map[c / 64] for every bad column c in 0..64 x words - 1; c is below 2^34. */
void ambit_bad_columns(const struct ambit_site *s, uint64_t threshold, uint64_t *map, size_t words);

#endif
