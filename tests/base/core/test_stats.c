#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "base/core/stats.h"

/* P(Binomial(n, 1/2) < k) by the recurrence of the probabilities in long double: 2^-16000 is still a normal number. */
static long double tail_below(size_t n, size_t k)
{
	long double p = ldexpl(1.0L, -(int)n), sum = 0;
	for (size_t i = 0; i < k; i++) {
		sum += p;
		p = p * (long double)(n - i) / (long double)(i + 1);
	}
	return sum;
}

static double exact_coverage(size_t n)
{
	size_t lo, hi;
	(void)mw_median_ci_ranks(n, &lo, &hi);
	return (double)(1 - 2 * tail_below(n, lo + 1));
}

Test(stats, ranks_are_the_widest_that_the_binomial_allows)
{
	static const size_t sizes[] = {97, 100, 1000, 9999, 16000};
	size_t lo = 9, hi = 9;
	for (size_t n = 0; n < 6; n++)
		cr_expect_not(mw_median_ci_ranks(n, &lo, &hi), "n=%zu", n);
	for (size_t i = 6; i < 90 + sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = i < 90 ? i : sizes[i - 90];
		cr_assert(mw_median_ci_ranks(n, &lo, &hi));
		cr_expect_eq(lo + hi, n - 1, "n=%zu: ranks %zu and %zu are not symmetric", n, lo, hi);
		cr_expect_leq(tail_below(n, lo + 1), 0.025L, "n=%zu covers less than 95 %%", n);
		cr_expect_gt(tail_below(n, lo + 2), 0.025L, "n=%zu is wider than needed", n);
	}
}

Test(stats, ranks_of_published_tables)
{
	/* One-based ranks of the 95 % sign interval, Conover, Practical Nonparametric Statistics. */
	static const size_t rows[][3] = {{6, 1, 6},   {8, 1, 8},   {9, 2, 8},  {10, 2, 9},
					 {15, 4, 12}, {20, 6, 15}, {25, 8, 18}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t lo, hi;
		cr_assert(mw_median_ci_ranks(rows[i][0], &lo, &hi));
		cr_expect_eq(lo + 1, rows[i][1], "n=%zu: %zu", rows[i][0], lo + 1);
		cr_expect_eq(hi + 1, rows[i][2], "n=%zu: %zu", rows[i][0], hi + 1);
	}
}

Test(stats, summary_of_small_samples)
{
	struct mw_summary s;
	const double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2}, six[] = {6, 5, 4, 3, 2, 1}, bad[] = {1, NAN, 2};
	cr_assert_eq(mw_summarize(NULL, 0, &s), 0);
	cr_expect(isnan(s.median) && isnan(s.min) && isnan(s.ci_lo) && s.n == 0);
	cr_assert_eq(mw_summarize(odd, 3, &s), 0);
	cr_expect(s.median == 2 && s.min == 1 && s.max == 3 && isnan(s.ci_lo) && isnan(s.ci_hi));
	cr_expect(isinf(mw_summary_rel_width(&s)));
	cr_assert_eq(mw_summarize(even, 4, &s), 0);
	cr_expect_eq(s.median, 2.5);
	cr_assert_eq(mw_summarize(six, 6, &s), 0);
	cr_expect(s.ci_lo == 1 && s.ci_hi == 6 && s.median == 3.5);
	cr_expect_float_eq(mw_summary_rel_width(&s), 2.5 / 3.5, 1e-15);
	cr_expect_eq(six[0], 6, "the input was sorted in place");
	cr_expect_eq(mw_summarize(bad, 3, &s), -EINVAL);
	cr_expect(isnan(s.median));
}

/* ---- coverage on synthetic machines ---- */

enum { TRIALS = 4000, ROUNDS = 15, GAP = 300 };

static double uniform(uint64_t *state)
{
	return ((double)(mw_random(state) >> 11) + 0.5) * 0x1p-53;
}

/* Box-Muller. */
static double normal(uint64_t *state)
{
	double r = sqrt(-2 * log(uniform(state)));
	return r * cos(2 * M_PI * uniform(state));
}

/* Share of TRIALS whose interval holds the truth; sample() fills ROUNDS values of a fresh run. */
static double coverage(void (*sample)(double *v, uint64_t *state), double truth, uint64_t seed)
{
	int held = 0;
	for (int t = 0; t < TRIALS; t++) {
		double v[ROUNDS];
		struct mw_summary s;
		sample(v, &seed);
		cr_assert_eq(mw_summarize(v, ROUNDS, &s), 0);
		held += s.ci_lo <= truth && truth <= s.ci_hi;
	}
	return (double)held / TRIALS;
}

/* The exact coverage at n = 15 is 96.5 %; four standard errors of TRIALS trials. */
static void expect_exact(double c, const char *what)
{
	double p = exact_coverage(ROUNDS);
	cr_expect_leq(fabs(c - p), 4 * sqrt(p * (1 - p) / TRIALS), "%s: covers %.4f, exact %.4f", what, c, p);
}

static void skewed_iid(double *v, uint64_t *state)
{
	for (int i = 0; i < ROUNDS; i++)
		v[i] = exp(normal(state)); /* median 1, mean 1.65 */
}

/* A slow drift: AR(1) with a correlation time of 50 samples around 0, as clocks and neighbours do. */
static void drift(double *v, uint64_t *state, int gap)
{
	const double rho = 0.98;
	double x = normal(state); /* stationary start */
	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < gap; k++)
			x = rho * x + sqrt(1 - rho * rho) * normal(state);
		v[i] = x + 0.05 * normal(state);
	}
}

static void drift_rounds(double *v, uint64_t *state)
{
	drift(v, state, GAP);
}

static void drift_back_to_back(double *v, uint64_t *state)
{
	drift(v, state, 1);
}

/* Two topologies: 85 GB/s for 70 % of the time, 50 GB/s else, changing every 60 samples or so; noise of 1. */
static int next_state(int s, uint64_t *state)
{
	double leave = s == 0 ? 0.3 / 60 : 0.7 / 60;
	return uniform(state) < leave ? !s : s;
}

static void two_states(double *v, int *where, uint64_t *state, int gap)
{
	int s = uniform(state) < 0.7 ? 0 : 1;
	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < gap; k++)
			s = next_state(s, state);
		v[i] = (s == 0 ? 85 : 50) + normal(state);
		where[i] = s;
	}
}

static void two_states_rounds(double *v, uint64_t *state)
{
	int where[ROUNDS];
	two_states(v, where, state, GAP);
}

static void two_states_back_to_back(double *v, uint64_t *state)
{
	int where[ROUNDS];
	two_states(v, where, state, 1);
}

Test(stats, intervals_of_rounds_cover)
{
	/* Median of the mixture: quantile 2/7 of the upper state. Inverse normal of 2/7 = -0.565948821932863. */
	const double mixture = 85 - 0.565948821932863;
	expect_exact(coverage(skewed_iid, 1.0, 1), "iid");
	expect_exact(coverage(drift_rounds, 0.0, 2), "drift, rounds");
	expect_exact(coverage(two_states_rounds, mixture, 3), "two states, rounds");
}

Test(stats, intervals_of_back_to_back_samples_do_not)
{
	const double mixture = 85 - 0.565948821932863;
	double c = coverage(drift_back_to_back, 0.0, 4);
	cr_expect_lt(c, 0.5, "drift: covers %.3f", c);
	c = coverage(two_states_back_to_back, mixture, 5);
	cr_expect_lt(c, 0.7, "two states: covers %.3f", c);
}

Test(stats, values_of_one_state_cover_its_own_median)
{
	uint64_t seed = 6;
	int held[2] = {0}, tried[2] = {0};
	double expected[2] = {0};
	for (int t = 0; t < TRIALS; t++) {
		double v[ROUNDS], of[2][ROUNDS];
		size_t n[2] = {0};
		int where[ROUNDS];
		two_states(v, where, &seed, GAP);
		for (int i = 0; i < ROUNDS; i++)
			of[where[i]][n[where[i]]++] = v[i];
		for (int s = 0; s < 2; s++) {
			struct mw_summary sum;
			double truth = s == 0 ? 85 : 50;
			if (n[s] < 6)
				continue;
			cr_assert_eq(mw_summarize(of[s], n[s], &sum), 0);
			tried[s]++;
			held[s] += sum.ci_lo <= truth && truth <= sum.ci_hi;
			expected[s] += exact_coverage(n[s]);
		}
	}
	for (int s = 0; s < 2; s++) {
		cr_assert_gt(tried[s], 500);
		double sigma = sqrt(0.05 * 0.95 * tried[s]);
		cr_expect_leq(fabs(held[s] - expected[s]), 4 * sigma, "state %d: %d of %d hold, expected %.1f", s,
			      held[s], tried[s], expected[s]);
	}
}

/* ---- least squares ---- */

Test(stats, least_squares_of_anscombe)
{
	/* Anscombe, The American Statistician 27 (1973), first set. */
	static const double x[] = {10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
	static const double y[] = {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
	struct mw_fit f;
	cr_assert_eq(mw_least_squares(x, y, 11, &f), 0);
	cr_expect_float_eq(f.slope, 0.5000909, 1e-7);
	cr_expect_float_eq(f.intercept, 3.0000909, 1e-7);
	cr_expect_float_eq(f.slope_se, 0.1179055, 1e-7);
	cr_expect_float_eq(f.r2, 0.6665425, 1e-7);
	cr_expect_eq(f.n, 11);
}

Test(stats, least_squares_edges)
{
	struct mw_fit f;
	const double x[] = {2017, 2019, 2021}, same[] = {3, 3, 3}, y[] = {1, 5, 9};
	cr_assert_eq(mw_least_squares(x, y, 3, &f), 0);
	cr_expect_float_eq(f.slope, 2.0, 1e-12);
	cr_expect_float_eq(f.r2, 1.0, 1e-12);
	cr_expect_float_eq(f.slope_se, 0.0, 1e-12);
	cr_assert_eq(mw_least_squares(x, y, 2, &f), 0);
	cr_expect(isnan(f.slope_se));
	cr_assert_eq(mw_least_squares(x, same, 3, &f), 0);
	cr_expect(f.slope == 0 && isnan(f.r2));
	cr_expect_eq(mw_least_squares(same, y, 3, &f), -EINVAL);
	cr_expect_eq(mw_least_squares(x, y, 1, &f), -EINVAL);
	cr_expect_eq(mw_least_squares(x, y, 0, &f), -EINVAL);
	cr_expect(isnan(f.slope));
}

/* ---- random numbers ---- */

Test(stats, splitmix64_is_the_published_generator)
{
	/* Steele, Lea, Flood, OOPSLA 2014; the sequence of seed 1234567 is the usual check. */
	static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
					    4593380528125082431u, 16408922859458223821u};
	uint64_t state = 1234567;
	for (size_t i = 0; i < 5; i++)
		cr_expect_eq(mw_random(&state), expected[i], "number %zu", i);
}

Test(stats, random_below_and_shuffle_are_uniform)
{
	enum { DRAWS = 70000, PERMS = 60000 };
	unsigned seen[7] = {0}, perm[27] = {0};
	uint64_t state = 42;
	for (int i = 0; i < DRAWS; i++) {
		uint64_t v = mw_random_below(&state, 7);
		cr_assert_lt(v, 7);
		seen[v]++;
	}
	for (int i = 0; i < 7; i++) /* 10000 expected, sigma 93 */
		cr_expect_leq(fabs(seen[i] - 10000.0), 5 * 93.0, "%d: %u", i, seen[i]);
	for (int i = 0; i < PERMS; i++) {
		size_t v[3] = {0, 1, 2};
		mw_shuffle(v, 3, &state);
		cr_assert_eq((1u << v[0]) | (1u << v[1]) | (1u << v[2]), 7u);
		perm[v[0] * 9 + v[1] * 3 + v[2]]++;
	}
	int used = 0;
	for (int i = 0; i < 27; i++) {
		used += perm[i] > 0;
		if (perm[i])
			cr_expect_leq(fabs(perm[i] - 10000.0), 5 * 92.0, "permutation %d: %u", i, perm[i]);
	}
	cr_expect_eq(used, 6);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(mw_random_below(&state, 1), 0);
	mw_shuffle(NULL, 0, &state);
	/* Above half of the range every second draw is rejected. */
	uint64_t bound = (UINT64_C(1) << 63) + 1;
	for (int i = 0; i < 1000; i++)
		cr_assert_lt(mw_random_below(&state, bound), bound);
}

/* ---- Student's t and F, against published tables ---- */

Test(stats, t_quantiles_are_those_of_the_tables)
{
	static const struct {
		double dof, p, t;
	} rows[] = {
		{1, 0.975, 12.706}, {2, 0.975, 4.303}, {3, 0.975, 3.182},  {4, 0.975, 2.776},    {5, 0.975, 2.571},
		{6, 0.975, 2.447},  {8, 0.975, 2.306}, {11, 0.975, 2.201}, {30, 0.975, 2.042},   {120, 0.975, 1.980},
		{4, 0.95, 2.132},   {4, 0.995, 4.604}, {8, 0.90, 1.397},   {1, 0.9995, 636.619},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double t = mw_t_quantile(rows[i].p, rows[i].dof);
		cr_expect(fabs(t - rows[i].t) <= 0.00051, "dof %g p %g: %g, not %g", rows[i].dof, rows[i].p, t,
			  rows[i].t);
		cr_expect(fabs(mw_t_quantile(1 - rows[i].p, rows[i].dof) + t) < 1e-9 * t);
	}
	cr_expect(fabs(mw_t_quantile(0.5, 7)) < 1e-9);
	cr_expect(isnan(mw_t_quantile(0, 4)));
	cr_expect(isnan(mw_t_quantile(1, 4)));
	cr_expect(isnan(mw_t_quantile(0.9, 0)));
	cr_expect(isnan(mw_t_quantile(NAN, 4)));
}

Test(stats, f_tails_are_those_of_the_tables)
{
	static const struct {
		double above, below, tail, f;
	} rows[] = {
		{1, 1, 0.05, 161.448}, {1, 10, 0.05, 4.9646}, {4, 20, 0.05, 2.8661},
		{4, 25, 0.05, 2.7587}, {8, 45, 0.05, 2.1521}, {5, 2, 0.05, 19.2964},
		{4, 20, 0.01, 4.4307}, {8, 40, 0.01, 2.9930}, {2, 120, 0.1, 2.3473},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double p = mw_f_tail(rows[i].f, rows[i].above, rows[i].below);
		cr_expect(fabs(p / rows[i].tail - 1.0) < 1e-3, "F(%g, %g) > %g: %g, not %g", rows[i].above,
			  rows[i].below, rows[i].f, p, rows[i].tail);
	}
	cr_expect_eq(mw_f_tail(0, 4, 20), 1);
	cr_expect_eq(mw_f_tail(INFINITY, 4, 20), 0);
	cr_expect(isnan(mw_f_tail(NAN, 4, 20)));
	cr_expect(isnan(mw_f_tail(-1, 4, 20)));
}

Test(stats, incomplete_beta)
{
	/* I_x(1, b) = 1 - (1 - x)^b, I_x(a, b) = 1 - I_1-x(b, a), and the binomial sum. */
	for (double x = 0.05; x < 1.0; x += 0.05) {
		cr_expect(fabs(mw_beta_inc(1, 3.5, x) - (1 - pow(1 - x, 3.5))) < 1e-13);
		cr_expect(fabs(mw_beta_inc(0.5, 80, x) + mw_beta_inc(80, 0.5, 1 - x) - 1) < 1e-13);
		double sum = 0, q = 1 - x;
		sum += 10 * x * x * x * q * q + 5 * x * x * x * x * q + x * x * x * x * x;
		cr_expect(fabs(mw_beta_inc(3, 3, x) - sum) < 1e-13, "%g", x);
	}
	cr_expect_eq(mw_beta_inc(2, 3, 0), 0);
	cr_expect_eq(mw_beta_inc(2, 3, 1), 1);
	cr_expect(isnan(mw_beta_inc(2, 3, 1.5)));
	cr_expect(isnan(mw_beta_inc(0, 3, 0.5)));
}
