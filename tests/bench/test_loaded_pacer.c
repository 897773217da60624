/* The pacer on simulated memories, and what is read off curves. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include "base/core/stats.h"
#include "bench/loaded_curve.h"
#include "bench/loaded_pacer.h"

/* ---- simulated memory ---- */

/* A block takes `busy` + `cycle` * pause ns, but never less than the memory needs, and where `waves` is set the memory
 * needs more the less the generators pause. Bandwidth in GB/s of 768 byte blocks. */
struct memory {
	double busy, cycle, needs, waves, noise;
	uint64_t rng;
};

static double bandwidth(struct memory *m, size_t pause)
{
	double needs = m->needs * (1 + m->waves * exp(-(double)pause / 40));
	double ns = fmax(m->busy + m->cycle * (double)pause, needs);
	double noise = 2.0 * (double)mw_random_below(&m->rng, 1000) / 1000.0 - 1.0;
	return 768 / ns * (1 + m->noise * noise);
}

static struct pacer_sweep sweep(struct memory *m)
{
	struct pacer_sweep s = {.n = 0};
	for (;;) {
		int more;
		size_t pause = pacer_sweep_next(&s, 0.04, &more);
		if (!more)
			return s;
		s.pause[s.n] = pause;
		s.bandwidth[s.n++] = bandwidth(m, pause);
	}
}

static const struct memory memories[] = {
	{.busy = 12, .cycle = 0.25, .needs = 19},                 /* the memory is the limit */
	{.busy = 30, .cycle = 0.25, .needs = 5},                  /* the core is */
	{.busy = 12, .cycle = 0.25, .needs = 19, .noise = 0.02},  /* with noise */
	{.busy = 2, .cycle = 0.5, .needs = 19, .waves = 0.15},    /* over-saturation */
	{.busy = 900, .cycle = 0.3, .needs = 1300, .noise = 0.01} /* many generators on a slow memory */
};

static const int levels[] = {10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 97};

Test(loaded_pacer, reaches_twelve_levels)
{
	for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++) {
		struct memory m = memories[i];
		struct pacer_sweep s = sweep(&m);
		double peak = pacer_sweep_peak(&s);
		size_t last = (size_t)-1;
		for (size_t l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
			struct pacer p;
			size_t pause;
			double slope, got, target = 0.01 * levels[l] * peak;
			enum pacer_state state;
			unsigned windows = 0;
			pacer_sweep_start(&s, target, &pause, &slope);
			pacer_begin(&p, target, pause, slope);
			do {
				got = bandwidth(&m, p.pause);
				windows++;
			} while ((state = pacer_next(&p, got)) == PACER_SEEKING);
			cr_expect_eq(state, PACER_HELD, "memory %zu, %d %%: state %d after %u windows", i, levels[l],
				     (int)state, windows);
			cr_expect_float_eq(got / target, 1, 0.0401, "memory %zu, %d %%: %g of %g", i, levels[l], got,
					   target);
			cr_expect_leq(windows, 6, "memory %zu, %d %%: %u windows", i, levels[l], windows);
			cr_expect_leq(p.pause, last, "memory %zu: the pause grows with the load", i);
			last = m.noise > 0 ? (size_t)-1 : p.pause;
		}
	}
}

/* From a start that is far off on either side. */
Test(loaded_pacer, converges_from_anywhere)
{
	static const size_t starts[] = {0, 1, 1000, 100000};
	static const double slopes[] = {0, 1e-6, 1e-1};
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (size_t k = 0; k < sizeof(slopes) / sizeof(slopes[0]); k++) {
			struct memory m = memories[0];
			struct pacer p;
			enum pacer_state state = PACER_SEEKING;
			pacer_begin(&p, 10, starts[i], slopes[k]);
			p.max_windows = 60;
			while (state == PACER_SEEKING)
				state = pacer_next(&p, bandwidth(&m, p.pause));
			cr_expect_eq(state, PACER_HELD, "start %zu, slope %g: state %d", starts[i], slopes[k],
				     (int)state);
			cr_expect_float_eq(bandwidth(&m, p.pause), 10, 0.41);
		}
}

/* It ends where it cannot get there: more than the memory gives, nothing at all, or a step over the target. */
Test(loaded_pacer, ends_when_it_cannot_reach)
{
	struct memory m = memories[0];
	struct pacer p;
	enum pacer_state state = PACER_SEEKING;
	unsigned windows = 0;
	pacer_begin(&p, 60, 500, 1e-4);
	for (; state == PACER_SEEKING && windows < 100; windows++)
		state = pacer_next(&p, bandwidth(&m, p.pause));
	cr_expect_eq(state, PACER_UNREACHABLE);
	cr_expect_eq(p.pause, 0);
	cr_expect_leq(windows, 12);

	pacer_begin(&p, 10, 500, 1e-4);
	for (state = PACER_SEEKING, windows = 0; state == PACER_SEEKING && windows < 100; windows++)
		state = pacer_next(&p, 0);
	cr_expect_neq(state, PACER_HELD);
	cr_expect_leq(windows, 12);

	pacer_begin(&p, 10, 64, 1e-4);
	for (state = PACER_SEEKING, windows = 0; state == PACER_SEEKING && windows < 100; windows++)
		state = pacer_next(&p, p.pause < 77 ? 15 : 5);
	cr_expect_eq(state, PACER_GAVE_UP);
	cr_expect_leq(windows, 12);

	/* Bandwidth that the pause does not change, above the target. */
	pacer_begin(&p, 10, 1, 1e-4);
	for (state = PACER_SEEKING, windows = 0; state == PACER_SEEKING && windows < 100; windows++)
		state = pacer_next(&p, 20);
	cr_expect_eq(state, PACER_GAVE_UP);
	cr_expect_leq(windows, 12);
}

Test(loaded_pacer, tolerance_is_a_few_per_cent)
{
	static const struct {
		double achieved;
		enum pacer_state state;
	} cases[] = {{96.1, PACER_HELD}, {103.9, PACER_HELD}, {95.9, PACER_SEEKING}, {104.1, PACER_SEEKING}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pacer p;
		pacer_begin(&p, 100, 10, 1e-4);
		cr_expect_eq(pacer_next(&p, cases[i].achieved), cases[i].state, "%g", cases[i].achieved);
		cr_expect((p.pause > 10) == (cases[i].state == PACER_SEEKING && cases[i].achieved > 100));
		cr_expect((p.pause < 10) == (cases[i].state == PACER_SEEKING && cases[i].achieved < 100));
	}
}

Test(loaded_pacer, sweep_ends_below_its_least_level)
{
	struct memory m = memories[0];
	struct pacer_sweep s = sweep(&m);
	double peak = pacer_sweep_peak(&s);
	cr_assert_geq(s.n, 8);
	cr_expect_eq(s.pause[0], 0);
	for (size_t i = 1; i < s.n; i++)
		cr_expect_eq(s.pause[i], (size_t)1 << (i - 1));
	cr_expect_lt(s.bandwidth[s.n - 1], 0.04 * peak);
	cr_expect_geq(s.bandwidth[s.n - 2], 0.04 * peak);
	cr_expect_float_eq(peak, 768.0 / 19, 1e-9);
	/* A bandwidth that no pause changes ends it, too. */
	m.cycle = 0;
	s = sweep(&m);
	cr_expect_eq(s.n, sizeof(s.pause) / sizeof(s.pause[0]));
}

/* ---- curves ---- */

enum { N = 12 };
static const struct curve_value unloaded = {100, 99, 101};

/* Latencies and bandwidths with intervals of +-1 %. */
static void fill(struct curve_point *v, const double *latency, const double *gbps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v[i].load = i + 1 == n ? 100 : 8.0 * (double)(i + 1);
		v[i].latency = (struct curve_value){latency[i], 0.99 * latency[i], 1.01 * latency[i]};
		v[i].bandwidth = (struct curve_value){gbps[i], 0.99 * gbps[i], 1.01 * gbps[i]};
	}
}

Test(loaded_curve, knee_is_where_the_latency_doubles)
{
	static const double latency[N] = {100, 101, 103, 105, 108, 112, 118, 128, 150, 180, 220, 400};
	static const double gbps[N] = {5, 10, 15, 20, 25, 30, 35, 40, 44, 47, 49, 50};
	struct curve_point v[N];
	struct curve_facts f;
	fill(v, latency, gbps, N);
	curve_facts_of(v, N, unloaded, &f);
	cr_expect_float_eq(f.knee.value, 48, 1e-9); /* half way from 180 to 220 ns */
	cr_expect(f.knee.lo < 48 && f.knee.lo > 47, "%g", f.knee.lo);
	cr_expect(f.knee.hi > 48 && f.knee.hi < 49, "%g", f.knee.hi);
	cr_expect_eq(f.peak, N - 1);
	cr_expect_float_eq(f.rise, 4, 1e-9);
	cr_expect_eq(f.oversaturated, CURVE_NO);
	cr_expect_eq(f.decline.value, 0);
}

/* Without intervals there is a knee, but no interval of it. */
Test(loaded_curve, knee_without_intervals)
{
	static const double latency[3] = {100, 150, 300};
	static const double gbps[3] = {10, 20, 30};
	struct curve_point v[3];
	struct curve_facts f;
	fill(v, latency, gbps, 3);
	for (size_t i = 0; i < 3; i++)
		v[i].latency.lo = v[i].latency.hi = v[i].bandwidth.lo = v[i].bandwidth.hi = (double)NAN;
	curve_facts_of(v, 3, (struct curve_value){100, (double)NAN, (double)NAN}, &f);
	cr_expect_float_eq(f.knee.value, 20 + 10.0 / 3, 1e-9);
	cr_expect(isnan(f.knee.lo) && isnan(f.knee.hi));
}

Test(loaded_curve, flat_has_no_knee)
{
	static const double latency[N] = {100, 100, 101, 101, 102, 103, 104, 106, 110, 115, 120, 130};
	static const double gbps[N] = {3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36};
	struct curve_point v[N];
	struct curve_facts f;
	fill(v, latency, gbps, N);
	curve_facts_of(v, N, unloaded, &f);
	cr_expect(isnan(f.knee.value) && isnan(f.knee.lo) && isnan(f.knee.hi));
	cr_expect_float_eq(f.rise, 1.3, 1e-9);
}

/* One level that something disturbed is no knee: the latency must stay above. */
Test(loaded_curve, an_outlier_is_no_knee)
{
	static const double latency[N] = {100, 101, 250, 104, 107, 110, 115, 122, 140, 170, 230, 500};
	static const double gbps[N] = {5, 10, 15, 20, 25, 30, 35, 40, 44, 47, 49, 50};
	struct curve_point v[N];
	struct curve_facts f;
	fill(v, latency, gbps, N);
	curve_facts_of(v, N, unloaded, &f);
	cr_expect_float_eq(f.knee.value, 48, 1e-9);
}

/* Latency above twice the unloaded one from the first level on: between no traffic and that level. */
Test(loaded_curve, knee_before_the_first_level)
{
	static const double latency[2] = {300, 600};
	static const double gbps[2] = {20, 30};
	struct curve_point v[2];
	struct curve_facts f;
	fill(v, latency, gbps, 2);
	curve_facts_of(v, 2, unloaded, &f);
	cr_expect_float_eq(f.knee.value, 10, 1e-9);
}

/* More pressure, less bandwidth, higher latency: only where the intervals are apart. */
Test(loaded_curve, over_saturation)
{
	static const double gbps[4] = {20, 40, 50, 45}, close[4] = {20, 40, 50, 49.5};
	static const double latency[4] = {100, 130, 230, 400}, falls[4] = {100, 130, 230, 210};
	struct curve_point v[4];
	struct curve_facts f;
	fill(v, latency, gbps, 4);
	curve_facts_of(v, 4, unloaded, &f);
	cr_expect_eq(f.peak, 2);
	cr_expect_eq(f.oversaturated, CURVE_YES);
	cr_expect_float_eq(f.decline.value, 0.1, 1e-9);
	cr_expect(f.decline.lo > 0.05 && f.decline.lo < 0.1 && f.decline.hi > 0.1 && f.decline.hi < 0.15);
	cr_expect_float_eq(f.knee.value, 40 + 10 * 0.7, 1e-9);

	fill(v, latency, close, 4);
	curve_facts_of(v, 4, unloaded, &f);
	cr_expect_eq(f.oversaturated, CURVE_UNDECIDED);

	fill(v, falls, gbps, 4);
	curve_facts_of(v, 4, unloaded, &f);
	cr_expect_eq(f.oversaturated, CURVE_NO, "the latency falls");

	fill(v, latency, gbps, 4);
	v[3].bandwidth.hi = (double)NAN;
	curve_facts_of(v, 4, unloaded, &f);
	cr_expect_eq(f.oversaturated, CURVE_UNDECIDED);
}

/* As the plotter of Mess 2.0 writes it; sorted by percentage of reads and bandwidth. */
Test(loaded_curve, memory_curves_csv)
{
	struct curve_row v[] = {
		{100, 0, 42.5, 0.25, 180.125, 3},
		{75, 0, 50, 0.5, 200, 4},
		{100, 640, 4.25, 0.125, 110.5, (double)NAN},
	};
	struct mw_buf out = {0};
	curve_csv(v, 3, &out);
	cr_expect_str_eq(mw_buf_text(&out),
			 "read_pct_rounded,pause,bandwidth_mean,bandwidth_std,rd_percentage_actual_mean,latency_mean,"
			 "latency_std,bandwidth_smooth,latency_smooth\n"
			 "75,0,50,0.5,0.75,200,4,50,200\n"
			 "100,640,4.25,0.125,1,110.5,,4.25,110.5\n"
			 "100,0,42.5,0.25,1,180.125,3,42.5,180.125\n");
	mw_buf_fini(&out);
}
