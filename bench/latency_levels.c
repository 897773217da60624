#include "bench/latency_levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* On natural logarithms of the latency. A step between levels is at least 1.6 in practice; a level rises slowly,
 * because distant slices and translation cost more. */
#define FLAT 0.12       /* rise of a plateau, whatever its width */
#define DRIFT 0.10      /* and per octave */
#define JUMP 0.20       /* no rise from point to point within a plateau is larger */
#define SPREAD 0.20     /* distance from the smooth line at which a value counts as elsewhere */
#define SAME_LEVEL 0.26 /* plateaus closer than this are one */
#define LEAST_OCTAVES 0.8
#define LEAVES 0.25    /* share of the way to the next level at which this one is full */
#define SAME_CACHE 3.0 /* octaves between the size found and the size reported of one cache, at most */

struct ladder {
	double x[LEVEL_POINTS_MAX];   /* octaves */
	double y[LEVEL_POINTS_MAX];   /* ln ns, without single outliers */
	double fit[LEVEL_POINTS_MAX]; /* the closest line to y that never falls */
	size_t n;
};

static double median_of_three(double a, double b, double c)
{
	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* The closest non-decreasing line, by pooling neighbours that fall (Ayer et al., 1955). */
static void fit_ascending(struct ladder *l)
{
	size_t count[LEVEL_POINTS_MAX], pools = 0;
	double mean[LEVEL_POINTS_MAX];
	for (size_t i = 0; i < l->n; i++) {
		mean[pools] = l->y[i];
		count[pools++] = 1;
		for (; pools > 1 && mean[pools - 2] > mean[pools - 1]; pools--) {
			double a = (double)count[pools - 2], b = (double)count[pools - 1];
			mean[pools - 2] = (a * mean[pools - 2] + b * mean[pools - 1]) / (a + b);
			count[pools - 2] += count[pools - 1];
		}
	}
	for (size_t p = 0, i = 0; p < pools; p++)
		for (size_t k = 0; k < count[p]; k++)
			l->fit[i++] = mean[p];
}

static void read_ladder(struct ladder *l, const struct level_point *v, size_t n)
{
	l->n = n < LEVEL_POINTS_MAX ? n : LEVEL_POINTS_MAX;
	for (size_t i = 0; i < l->n; i++) {
		double here = log(v[i].ns);
		bool inner = i > 0 && i + 1 < l->n;
		l->x[i] = log2(v[i].size);
		l->y[i] = inner ? median_of_three(log(v[i - 1].ns), here, log(v[i + 1].ns)) : here;
	}
	fit_ascending(l);
}

static bool is_flat(const struct ladder *l, size_t first, size_t last)
{
	size_t away = 0;
	if (l->fit[last] - l->fit[first] > FLAT + DRIFT * (l->x[last] - l->x[first]))
		return false;
	for (size_t i = first; i <= last; i++) {
		away += fabs(l->y[i] - l->fit[i]) > SPREAD;
		if (i > first && l->fit[i] - l->fit[i - 1] > JUMP)
			return false;
	}
	return 4 * away <= last - first + 1;
}

/* The widest plateau among free points; false when none is wide enough. */
static bool widest(const struct ladder *l, const bool *taken, size_t *first, size_t *last)
{
	double best = LEAST_OCTAVES;
	bool found = false;
	for (size_t i = 0; i < l->n; i++)
		for (size_t j = i; j < l->n && !taken[j]; j++)
			if (j > i && l->x[j] - l->x[i] >= best && is_flat(l, i, j)) {
				best = l->x[ *last = j] - l->x[ *first = i];
				found = true;
			}
	return found;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void describe(const struct ladder *l, const struct level_point *v, struct level *p)
{
	double ns[LEVEL_POINTS_MAX], centre = 0.5 * (l->x[p->first] + l->x[p->last]);
	size_t n = p->last - p->first + 1;
	p->middle = p->first;
	for (size_t i = 0; i < n; i++) {
		ns[i] = v[p->first + i].ns;
		if (fabs(l->x[p->first + i] - centre) < fabs(l->x[p->middle] - centre))
			p->middle = p->first + i;
	}
	qsort(ns, n, sizeof(*ns), by_value);
	p->ns = 0.5 * (ns[(n - 1) / 2] + ns[n / 2]);
	p->size = p->size_lo = p->size_hi = NAN;
}

/* Finds where the latency leaves level a for level b. */
static void find_edge(const struct ladder *l, const struct level_point *v, struct level *a, const struct level *b)
{
	double edge = log(a->ns) + LEAVES * (log(b->ns) - log(a->ns));
	size_t i = a->first + 1;
	while (i < b->first && l->fit[i] < edge)
		i++;
	double lo = l->fit[i - 1], hi = l->fit[i], part = hi > lo ? (edge - lo) / (hi - lo) : 1.0;
	part = fmin(1.0, fmax(0.0, part));
	a->size = exp2(l->x[i - 1] + part * (l->x[i] - l->x[i - 1]));
	a->size_lo = v[i - 1].size;
	a->size_hi = v[i].size;
}

size_t levels_find(const struct level_point *v, size_t n, struct level *out, size_t max)
{
	struct ladder l;
	bool taken[LEVEL_POINTS_MAX] = {false};
	size_t found = 0, first = 0, last = 0;
	read_ladder(&l, v, n);
	while (found < max && widest(&l, taken, &first, &last)) {
		struct level p = {.first = first, .last = last};
		memset(taken + first, true, last - first + 1);
		describe(&l, v, &p);
		size_t at = found++;
		for (; at > 0 && out[at - 1].first > first; at--)
			out[at] = out[at - 1];
		out[at] = p;
	}
	for (size_t i = 1; i < found;) {
		if (log(out[i].ns / out[i - 1].ns) >= SAME_LEVEL) {
			i++;
			continue;
		}
		out[i - 1].last = out[i].last;
		describe(&l, v, &out[i - 1]);
		found--;
		memmove(&out[i], &out[i + 1], (found - i) * sizeof(*out));
	}
	for (size_t i = 1; i < found; i++)
		find_edge(&l, v, &out[i - 1], &out[i]);
	return found;
}

/* ---- names ---- */

struct match {
	const struct level *v;
	size_t n;
	const uint64_t *reported;
	size_t n_reported;
	int *of, *best; /* by cache */
	double cost;    /* of best */
};

/* Tries every assignment in order. A level or a cache without a partner costs half of the largest distance. */
static void try_match(struct match *m, size_t cache, size_t from, double cost)
{
	if (cache == m->n_reported) {
		cost += 0.5 * SAME_CACHE * (double)(m->n - from);
		if (cost < m->cost) {
			m->cost = cost;
			memcpy(m->best, m->of, m->n_reported * sizeof(*m->of));
		}
		return;
	}
	m->of[cache] = -1;
	try_match(m, cache + 1, from, cost + (m->reported[cache] ? 0.5 * SAME_CACHE : 0));
	for (size_t i = from; i < m->n && m->reported[cache]; i++) {
		double off = fabs(log2(m->v[i].size / (double)m->reported[cache]));
		m->of[cache] = (int)i;
		if (off <= SAME_CACHE)
			try_match(m, cache + 1, i + 1, cost + off + 0.5 * SAME_CACHE * (double)(i - from));
	}
	m->of[cache] = -1;
}

void levels_match(const struct level *v, size_t n, const uint64_t *reported, size_t n_reported, int *of)
{
	int now[LEVELS_MAX];
	bool any = false;
	while (n > 0 && !isfinite(v[n - 1].size))
		n--;
	n_reported = n_reported < LEVELS_MAX ? n_reported : LEVELS_MAX;
	for (size_t k = 0; k < n_reported; k++) {
		any = any || reported[k];
		of[k] = k < n ? (int)k : -1;
	}
	if (!any)
		return;
	struct match m = {v, n, reported, n_reported, now, of, INFINITY};
	try_match(&m, 0, 0, 0.0);
}

bool level_agrees(const struct level *l, uint64_t reported)
{
	double bytes = (double)reported;
	return (l->size_lo <= bytes && bytes <= l->size_hi) || fabs(log(l->size / bytes)) <= log(4.0 / 3.0);
}
