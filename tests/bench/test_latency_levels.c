/* Levels found in made-up ladders: 2, 3 and 4 plateaus, noise, a level that is missing, a cache shared with others. */
#include <criterion/criterion.h>

#include <math.h>

#include "base/core/stats.h"
#include "bench/latency_levels.h"

enum { K = 1 << 10, M = 1 << 20 };

struct made {
	struct level_point v[LEVEL_POINTS_MAX];
	size_t n;
	struct level found[LEVELS_MAX];
	size_t levels;
};

struct step {
	double bytes, ns; /* latency of the level, which ends at that size */
};

/* Latency of a random walk over `size` bytes where each level keeps what fits of them. */
static double walk(const struct step *s, size_t n, double size)
{
	double ns = 0, kept = 0;
	for (size_t i = 0; i < n; i++) {
		double share = fmin(1.0, s[i].bytes / size);
		ns += fmax(0.0, share - kept) * s[i].ns;
		kept = fmax(kept, share);
	}
	return ns;
}

/* A ladder from 4K to 1G with that many points per octave and noise of +-`noise`. */
static void make(struct made *m, const struct step *s, size_t n, unsigned per_octave, double noise, uint64_t seed)
{
	*m = (struct made){.n = 18 * per_octave + 1};
	for (size_t i = 0; i < m->n; i++) {
		double size = 4.0 * K * exp2((double)i / per_octave);
		double off = (double)mw_random_below(&seed, 2001) / 1000.0 - 1.0;
		m->v[i] = (struct level_point){size, walk(s, n, size) * (1.0 + noise * off)};
	}
	m->levels = levels_find(m->v, m->n, m->found, LEVELS_MAX);
}

static const struct step four[] = {{48.0 * K, 1}, {1.0 * M, 3.5}, {32.0 * M, 14}, {INFINITY, 140}};
static const struct step three[] = {{32.0 * K, 1.2}, {512.0 * K, 5}, {INFINITY, 90}};
static const struct step two[] = {{64.0 * K, 1}, {INFINITY, 100}};

static void check(const struct made *m, const struct step *s, size_t n)
{
	cr_assert_eq(m->levels, n, "%zu levels", m->levels);
	for (size_t i = 0; i < n; i++) {
		const struct level *l = &m->found[i];
		cr_assert(fabs(l->ns / s[i].ns - 1) < 0.2, "level %zu: %g ns, not %g", i, l->ns, s[i].ns);
		cr_assert(l->first <= l->middle && l->middle <= l->last);
		if (i + 1 == n) {
			cr_assert(isnan(l->size));
			continue;
		}
		cr_assert(level_agrees(l, (uint64_t)s[i].bytes), "level %zu: %g not %g", i, l->size, s[i].bytes);
		cr_assert_not(level_agrees(l, 2 * (uint64_t)s[i].bytes), "level %zu: %g", i, l->size);
		cr_assert_not(level_agrees(l, (uint64_t)s[i].bytes / 2), "level %zu: %g", i, l->size);
		cr_assert(l->size_lo <= l->size && l->size <= l->size_hi);
	}
}

Test(latency_levels, plateaus)
{
	struct made m;
	for (unsigned per_octave = 2; per_octave <= 8; per_octave *= 2) {
		make(&m, four, 4, per_octave, 0, 1);
		check(&m, four, 4);
		make(&m, three, 3, per_octave, 0, 1);
		check(&m, three, 3);
		make(&m, two, 2, per_octave, 0, 1);
		check(&m, two, 2);
	}
}

Test(latency_levels, noise)
{
	struct made m;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		make(&m, four, 4, 4, 0.08, seed);
		check(&m, four, 4);
	}
}

/* A single value that something disturbed makes no level and moves no size. */
Test(latency_levels, outliers)
{
	struct made m;
	make(&m, four, 4, 4, 0, 1);
	for (size_t i = 3; i < m.n; i += 9)
		m.v[i].ns *= 6;
	m.levels = levels_find(m.v, m.n, m.found, LEVELS_MAX);
	check(&m, four, 4);
}

/* One flat line, and a rise without end, are one level and none; few points do not matter. */
Test(latency_levels, no_steps)
{
	struct made m = {.n = 0};
	cr_assert_eq(levels_find(m.v, 0, m.found, LEVELS_MAX), 0);
	for (m.n = 0; m.n < 40; m.n++)
		m.v[m.n] = (struct level_point){4096 * exp2(0.5 * (double)m.n), 3};
	cr_assert_eq(levels_find(m.v, 1, m.found, LEVELS_MAX), 0);
	cr_assert_eq(levels_find(m.v, m.n, m.found, LEVELS_MAX), 1);
	cr_assert(isnan(m.found[0].size));
	for (size_t i = 0; i < m.n; i++)
		m.v[i].ns = exp2(0.4 * (double)i);
	cr_assert_eq(levels_find(m.v, m.n, m.found, LEVELS_MAX), 0);
}

/* An L3 of which a neighbour takes its part now and then: values on both sides of it are no level. */
Test(latency_levels, shared_cache)
{
	static const uint64_t reported[] = {48 * K, 1 * M, 32 * M};
	struct made m;
	int of[3];
	make(&m, four, 4, 2, 0, 1);
	for (size_t i = 0; i < m.n; i++)
		if (m.v[i].size > 1.2 * M && m.v[i].size < 24 * M)
			m.v[i].ns = i % 2 ? 14 : 140;
		else if (m.v[i].size >= 24 * M)
			m.v[i].ns = 140;
	m.levels = levels_find(m.v, m.n, m.found, LEVELS_MAX);
	cr_assert_eq(m.levels, 3, "%zu", m.levels);
	cr_assert(fabs(m.found[2].ns / 140 - 1) < 0.1);
	levels_match(m.found, m.levels, reported, 3, of);
	cr_assert_eq(of[0], 0);
	cr_assert_eq(of[1], 1);
	cr_assert_eq(of[2], -1, "no L3");
	cr_assert(level_agrees(&m.found[1], reported[1]));
}

/* A guest's ladder: of an L3 of 32 MiB it gets nothing that stays. */
Test(latency_levels, guest)
{
	static const struct level_point guest[] = {
		{16 * K, 0.99},  {24 * K, 0.99},  {32 * K, 1.01},  {48 * K, 2.2},   {64 * K, 3.46},  {96 * K, 3.45},
		{128 * K, 3.53}, {192 * K, 3.57}, {256 * K, 3.56}, {384 * K, 3.58}, {512 * K, 3.62}, {768 * K, 5.25},
		{1 * M, 8.5},    {1536 * K, 14},  {2 * M, 25},     {3 * M, 33},     {4 * M, 68},     {6 * M, 125},
		{8 * M, 137},    {12 * M, 138},   {16 * M, 141},   {24 * M, 142},   {32 * M, 144},   {48 * M, 145},
		{64 * M, 147},   {96 * M, 144},
	};
	static const uint64_t reported[] = {48 * K, 1 * M, 32 * M};
	struct level found[LEVELS_MAX];
	int of[3];
	size_t n = levels_find(guest, sizeof(guest) / sizeof(*guest), found, LEVELS_MAX);
	cr_assert_eq(n, 3, "%zu", n);
	levels_match(found, n, reported, 3, of);
	cr_assert(of[0] == 0 && of[1] == 1 && of[2] == -1);
	cr_assert(level_agrees(&found[0], reported[0]), "%g", found[0].size);
	cr_assert(level_agrees(&found[1], reported[1]), "%g", found[1].size);
}

static struct level ends(double bytes)
{
	return (struct level){.size = bytes, .size_lo = 0.8 * bytes, .size_hi = 1.2 * bytes};
}

Test(latency_levels, match)
{
	static const uint64_t known[] = {32 * K, 1 * M, 32 * M}, none[] = {0, 0, 0}, no_l3[] = {32 * K, 1 * M, 0};
	const struct level v[] = {ends(30.0 * K), ends(1.1 * M), ends(6.0 * M), ends(NAN)};
	int of[3];
	levels_match(v, 4, known, 3, of);
	cr_assert(of[0] == 0 && of[1] == 1 && of[2] == 2, "a share of the L3 is the L3");
	cr_assert_not(level_agrees(&v[2], known[2]));
	levels_match(v, 4, none, 3, of);
	cr_assert(of[0] == 0 && of[1] == 1 && of[2] == 2, "in order");
	levels_match(v, 2, none, 3, of);
	cr_assert(of[0] == 0 && of[1] == 1 && of[2] == -1);
	levels_match(v, 4, no_l3, 3, of);
	cr_assert(of[0] == 0 && of[1] == 1 && of[2] == -1);
	levels_match(v + 1, 3, known, 3, of);
	cr_assert(of[0] == -1 && of[1] == 0 && of[2] == 1, "the L1 is missing");
	levels_match(v + 3, 1, known, 3, of);
	cr_assert(of[0] == -1 && of[1] == -1 && of[2] == -1, "memory is no cache");
}
