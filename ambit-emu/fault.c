#include "ambit-emu/fault.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "ambit-emu/philox.h"

struct point {
	double variation, p; /* percent, share */
	double runs;         /* number of runs when p is 0; 0: not stated */
	bool verified;
};

struct curve {
	const char *name;
	struct point v[6]; /* last point without a failure, then rising rates; ended by variation 0 */
};

/* From ambit-emu/data/fault_rates.csv. Points below the last one without a failure are left out: they add nothing. */
static const struct curve curves[AMBIT_CURVE_COUNT] = {
	[AMBIT_CURVE_AMBIT55] = {"ambit55",
				 {{5, 0, 100000, true},
				  {10, 0.0029, 0, true},
				  {15, 0.0601, 0, true},
				  {20, 0.1636, 0, false},
				  {25, 0.2619, 0, false}}},
	[AMBIT_CURVE_SIMDRAM22] = {"simdram22", {{5, 0, 0, true}, {10, 0.0042, 0, true}, {20, 0.045, 0, true}}},
};

/* 95 % upper bound after no failure in n runs: 3 / n. Where a source does not state its runs, those of the other source
 * are assumed and the bound is unverified. */
#define RULE_OF_THREE 3.0
#define ASSUMED_RUNS 100000.0

double ambit_probit(double p)
{
	double lo = -40, hi = 40;
	for (int i = 0; i < 120; i++) {
		double mid = 0.5 * (lo + hi);
		if (0.5 * erfc(-mid / sqrt(2)) < p)
			lo = mid;
		else
			hi = mid;
	}
	return 0.5 * (lo + hi);
}

static double upper(const struct point *q)
{
	return q->p > 0 ? q->p : RULE_OF_THREE / (q->runs > 0 ? q->runs : ASSUMED_RUNS);
}

static bool sure(const struct point *q)
{
	return q->verified && (q->p > 0 || q->runs > 0);
}

int ambit_rate(enum ambit_curve curve, double variation, struct ambit_rate *out)
{
	if ((unsigned)curve >= AMBIT_CURVE_COUNT || !(variation >= 0) || variation > ambit_curve_end(curve))
		return -ERANGE;
	*out = (struct ambit_rate){.verified = true};
	if (variation == 0)
		return 0; /* by definition; no table has this point */
	const struct point *a = curves[curve].v;
	while (a[2].variation > 0 && variation >= a[1].variation)
		a++;
	const struct point *b = a + 1, *at = variation == a->variation ? a : variation == b->variation ? b : NULL;
	if (at) {
		*out = (struct ambit_rate){upper(at), at->p == 0, sure(at)};
		return 0;
	}
	double za = ambit_probit(upper(a)), zb = ambit_probit(upper(b));
	double share = (1 / variation - 1 / a->variation) / (1 / b->variation - 1 / a->variation);
	out->p = 0.5 * erfc(-(za + share * (zb - za)) / sqrt(2));
	out->bound = a->p == 0;
	out->verified = sure(a) && sure(b);
	return 0;
}

const char *ambit_curve_name(enum ambit_curve curve)
{
	return (unsigned)curve < AMBIT_CURVE_COUNT ? curves[curve].name : NULL;
}

double ambit_curve_end(enum ambit_curve curve)
{
	const struct point *p = curves[curve].v;
	while (p[1].variation > 0)
		p++;
	return p->variation;
}

int ambit_rate_print(const struct ambit_rate *r, char *out, size_t n)
{
	return snprintf(out, n, r->bound ? "<= %.2g (no failure seen)%s" : "%.4g%s", r->p,
			r->verified ? "" : " (unverified)");
}

uint64_t ambit_threshold(double p)
{
	double t = p * 4294967296.0;
	return t <= 0 ? 0 : t >= 4294967296.0 ? (uint64_t)1 << 32 : (uint64_t)llround(t);
}

static void draw(const struct ambit_site *s, uint64_t column, uint32_t out[4])
{
	const uint32_t counter[4] = {(uint32_t)(column / 4), s->bank, s->subarray, s->kind << 24 | s->address};
	philox4x32(counter, s->seed, out);
}

double ambit_latent(const struct ambit_site *s, uint64_t column)
{
	uint32_t u[4];
	draw(s, column, u);
	return -ambit_probit((u[column % 4] + 0.5) / 4294967296.0); /* small random bits mean a large z */
}

void ambit_bad_columns(const struct ambit_site *s, uint64_t threshold, uint64_t *map, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		uint64_t bits = 0;
		for (unsigned c = 0; c < 64 && threshold; c += 4) {
			uint32_t u[4];
			draw(s, 64 * (uint64_t)w + c, u);
			for (unsigned i = 0; i < 4; i++)
				bits |= (uint64_t)(u[i] < threshold) << (c + i);
		}
		map[w] = bits;
	}
}
