/* Rows of `memwall trends`: the forecast on synthetic points with a known answer, what the tables hold, users' points.
 */
#include "tests/reports/fixture.h"

#include <errno.h>

#include "base/core/err.h"
#include "reports/trends.h"

TestSuite(trends, .init = make_dir, .fini = remove_dir);

static char err[400];

/* ---- forecast ---- */

/* Points each month: rate per two years before and after 2023, noise of a fixed pattern with mean 0, times level after.
 */
static void synthetic(struct trend_points *p, double before, double after, double noise, double level)
{
	static const double pattern[] = {1, -1, 0.5, -0.5, 0, 0.8, -0.8, 0};
	*p = (struct trend_points){0};
	for (int i = 0; i < 12 * 14; i++) {
		double date = 2013 + i / 12.0, y = (fmin(date, 2023) - 2013) / 2 * log2(before);
		y += fmax(0, date - 2023) / 2 * log2(after) + (date >= 2023 ? log2(level) : 0);
		cr_assert_eq(trend_points_add(p, date, exp2(y + noise * pattern[i % 8]), ""), 0);
	}
}

static struct trend_forecast forecast(double before, double after, double noise, double level)
{
	struct trend_points p;
	struct trend_forecast f;
	synthetic(&p, before, after, noise, level);
	cr_assert_eq(trend_forecast(&p, 2023, 2027, &f), 0);
	cr_assert_eq(f.before.n, 120);
	cr_assert_eq(f.later, 48);
	cr_assert_eq(f.inside + f.above + f.below, f.later);
	cr_assert_float_eq(trend_factor(&f.before.rate, 2), before, 0.03 * before);
	trend_points_fini(&p);
	return f;
}

Test(trends, rate_that_goes_on_is_kept)
{
	struct trend_forecast f = forecast(3, 3, 0.3, 1);
	cr_assert_eq(f.verdict, TREND_KEPT, "%s", trend_verdict_name(f.verdict));
	cr_assert_geq(f.inside, 45);
	cr_assert_float_eq(trend_factor(&f.change, 2), 1, 0.1);
	cr_assert(f.level_ci.lo < 1 && f.level_ci.hi > 1);
}

Test(trends, rate_that_halves_is_slower_and_one_that_doubles_is_faster)
{
	struct trend_forecast slow = forecast(3, 1.5, 0.3, 1), fast = forecast(1.5, 3, 0.3, 1);
	cr_assert_eq(slow.verdict, TREND_SLOWER);
	cr_assert_float_eq(trend_factor(&slow.change, 2), 0.5, 0.05);
	cr_assert_gt(slow.below, 10);
	cr_assert_eq(slow.above, 0);
	cr_assert_lt(slow.level_ci.hi, 1);
	cr_assert_eq(fast.verdict, TREND_FASTER);
	cr_assert_gt(fast.above, 10);
	cr_assert_gt(fast.level_ci.lo, 1);
}

Test(trends, noise_hides_the_rate_and_that_is_said)
{
	struct trend_forecast f = forecast(3, 3, 3, 1);
	cr_assert_eq(f.verdict, TREND_CANNOT_TELL, "%s", trend_verdict_name(f.verdict));
}

/* An interval that holds 1 and is wide to one side only does not show that the rate was kept. */
Test(trends, one_side_of_an_interval_does_not_show_that_a_rate_was_kept)
{
	size_t wide = 0;
	for (double after = 2; after < 4.5; after += 0.05) {
		struct trend_forecast f = forecast(3, after, 0.6, 1);
		if (f.verdict != TREND_KEPT)
			continue;
		wide += f.change_ci.lo <= 1 / TREND_KEPT_WITHIN || f.change_ci.hi >= TREND_KEPT_WITHIN;
	}
	cr_assert_eq(wide, 0, "%zu of them are wide", wide);
}

/* Level and interval of two later points about a line of three, by hand: y = 0, 1, 0 at 0, 1, 2 years, then 2 and 4 at
 * 3 and 5. */
Test(trends, level_has_the_interval_of_a_mean_of_new_points)
{
	static const double dates[] = {2000, 2001, 2002, 2003, 2005}, logs[] = {0, 1, 0, 2, 4};
	struct trend_points p = {0};
	struct trend_forecast f;
	for (size_t i = 0; i < 5; i++)
		cr_assert_eq(trend_points_add(&p, dates[i], exp2(logs[i]), ""), 0);
	cr_assert_eq(trend_forecast(&p, 2002.5, 2027, &f), 0);
	/* The line is flat at 1/3 and its one degree of freedom leaves s2 = 2/3; the mean of the new ones lies 3 years
	 * from the mean 2001, sxx is 2. Student's t at 0.975: 12.7062. */
	const double level = 3 - 1.0 / 3, half = 12.706204736 * sqrt(2.0 / 3 * (0.5 + 1.0 / 3 + 9.0 / 2));
	cr_assert_float_eq(log2(f.level), level, 1e-9);
	cr_assert_float_eq(log2(f.level_ci.hi), level + half, 1e-5);
	cr_assert_float_eq(log2(f.level_ci.lo), level - half, 1e-5);
	trend_points_fini(&p);
}

Test(trends, step_shows_in_the_level_and_not_in_the_rate)
{
	struct trend_forecast f = forecast(3, 3, 0.3, 0.5);
	cr_assert_eq(f.verdict, TREND_KEPT);
	cr_assert_float_eq(f.level, 0.5, 0.05);
	cr_assert_lt(f.level_ci.hi, 0.6);
}

Test(trends, forecast_without_points_on_both_sides_is_refused)
{
	struct trend_points p;
	struct trend_forecast f;
	synthetic(&p, 3, 3, 0.3, 1);
	cr_assert_eq(trend_forecast(&p, 2013, 2027, &f), -EINVAL);
	cr_assert_eq(trend_forecast(&p, 2027, 2030, &f), -EINVAL);
	cr_assert_eq(trend_forecast(&p, 2013.1, 2027, &f), -EINVAL); /* two points before */
	/* One later date: compared, without a rate. */
	cr_assert_eq(trend_forecast(&p, 2023, 2023.01, &f), 0);
	cr_assert_eq(f.later, 1);
	cr_assert_eq(f.verdict, TREND_CANNOT_TELL);
	trend_points_fini(&p);
}

/* ---- rows ---- */

static void open_rows(struct trends *t, const struct trends_options *opt)
{
	cr_assert_eq(trends_open(opt, t, err, sizeof(err)), 0, "%s", err);
}

static const struct trend_row *row(const struct trends *t, const char *series)
{
	const struct trend_row *r = trends_find(t, series);
	cr_assert_not_null(r, "%s", series);
	return r;
}

static void reads(const struct trends *t, const char *series, enum trend_number number, const char *expected)
{
	char text[32];
	(void)snprintf(text, sizeof(text), "%.4g", row(t, series)->v[number]);
	cr_assert_str_eq(text, expected, "%s: %s, expected %s", series, text, expected);
}

Test(trends, balance_is_the_ratio_of_two_rates)
{
	struct trends t;
	open_rows(&t, &(struct trends_options){0});
	reads(&t, "balance.dram", TREND_RATE, "1.901");
	reads(&t, "balance.dram", TREND_DOUBLING, "2.158");
	reads(&t, "balance.links", TREND_RATE, "2.138");
	reads(&t, "balance.links", TREND_DOUBLING, "1.824");
	/* Its interval holds the errors of both. */
	const struct trend_row *flops = row(&t, "hw_flops"), *balance = row(&t, "balance.dram");
	cr_assert_gt(balance->v[TREND_HI] / balance->v[TREND_LO], flops->v[TREND_HI] / flops->v[TREND_LO]);
	cr_assert_eq(balance->n, 49);
	/* The years that both lines cover. */
	reads(&t, "balance.dram", TREND_FIRST, "2004");
	reads(&t, "balance.dram", TREND_LAST, "2022");
	cr_assert_eq(balance->v[TREND_FIRST], row(&t, "dram_bw")->v[TREND_FIRST]);
	cr_assert_eq(balance->v[TREND_LAST], fmin(flops->v[TREND_LAST], row(&t, "dram_bw")->v[TREND_LAST]));
	trends_fini(&t);
}

Test(trends, published_numbers_stand_beside_the_fits)
{
	struct trends t;
	open_rows(&t, &(struct trends_options){0});
	static const struct {
		const char *series, *published, *error, *twenty;
	} rows[] = {
		{"hw_flops", "3", "0.008553", "6e+04"},          {"dram_bw", "1.6", "-0.005398", "100"},
		{"interconnect_bw", "1.4", "0.01069", "30"},     {"model_params", "410", "0.007623", "nan"},
		{"model_train_flops", "750", "0.006586", "nan"}, {"accelerator_memory", "2", "-0.0683", "nan"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct trend_row *r = row(&t, rows[i].series);
		reads(&t, rows[i].series, TREND_PUBLISHED, rows[i].published);
		cr_assert_float_eq(r->v[TREND_ERROR], strtod(rows[i].error, NULL), 6e-4, "%s: %g", rows[i].series,
				   r->v[TREND_ERROR]);
		reads(&t, rows[i].series, TREND_PUBLISHED_20, rows[i].twenty);
		cr_assert_str_neq(r->source, "");
		cr_assert_str_neq(r->licence, "");
		/* Few points: the interval of Student's t holds that of the normal distribution. */
		cr_assert_lt(r->v[TREND_T_LO], r->v[TREND_LO]);
		cr_assert_gt(r->v[TREND_T_HI], r->v[TREND_HI]);
	}
	trends_fini(&t);
}

Test(trends, what_is_said_stands_beside_data_and_is_called_unverified)
{
	struct trends t;
	open_rows(&t, &(struct trends_options){0});
	reads(&t, "essay.bandwidth.dram_bw", TREND_PUBLISHED_20, "20");
	reads(&t, "essay.bandwidth.dram_bw", TREND_FACTOR, "104.2");
	reads(&t, "essay.bandwidth.intel", TREND_FACTOR, "26.9");
	reads(&t, "essay.capacity.epoch", TREND_PUBLISHED, "1.625");
	reads(&t, "essay.latency.memory", TREND_FACTOR, "3.87");
	reads(&t, "essay.latency.memory", TREND_PUBLISHED_20, "1.3");
	size_t said = 0;
	for (size_t i = 0; i < t.n; i++) {
		if (t.rows[i].part != TREND_T_TWENTY_YEARS)
			continue;
		cr_assert_not_null(strstr(t.rows[i].note, "unverified"), "%s", t.rows[i].series);
		said++;
	}
	cr_assert_eq(said, 7);
	/* Patterson: what bandwidth and latency do, and one against the other. */
	reads(&t, "patterson.memory.bandwidth", TREND_FACTOR, "119.1");
	reads(&t, "patterson.memory.latency", TREND_VALUE, "1.217");
	reads(&t, "patterson.disk.latency", TREND_VALUE, "1.435");
	reads(&t, "patterson.memory_module_1980_2000.latency", TREND_VALUE, "1.222");
	trends_fini(&t);
}

Test(trends, training_memory_is_summed_again)
{
	static const struct {
		const char *model, *sum, *readme, *figure, *limit;
		int share;
	} golden[] = {
		{"AlexNet", "1.17", "1.71", "1.17", "3", 61},
		{"VGG19", "5.72", "5.72", "5.72", "6", 81},
		{"ResNet152", "5.58", "5.58", "5.58", "12", 92},
		{"DenseNet201", "6.18", "6.18", "6.18", "12", 98},
		{"ResNeXt101 (64x4d)", "7.96", "7.96", "7.96", "12", 92},
		{"Transformer Big (WMT)", "14.84", "14.84", "14.84", "16", 79},
		{"BERT Large", "18.34", "18.34", "18.34", "32", 78},
		{"GPT-2", "26.11", "26.21", "26.21", "32", 33},
	};
	struct trends t;
	open_rows(&t, &(struct trends_options){0});
	for (size_t i = 0; i < sizeof(golden) / sizeof(*golden); i++) {
		char series[80];
		(void)snprintf(series, sizeof(series), "training_memory.%s", golden[i].model);
		reads(&t, series, TREND_VALUE, golden[i].sum);
		reads(&t, series, TREND_PUBLISHED, golden[i].readme);
		reads(&t, series, TREND_DRAWN, golden[i].figure);
		reads(&t, series, TREND_LIMIT, golden[i].limit);
		cr_assert_eq((int)lround(100 * row(&t, series)->v[TREND_SHARE]), golden[i].share, "%s", series);
	}
	trends_fini(&t);
}

Test(trends, years_of_balance_and_forecast_of_it)
{
	struct trends t;
	open_rows(&t, &(struct trends_options){0});
	reads(&t, "balance.2010", TREND_LINE, "5.479");
	reads(&t, "balance.2018", TREND_VALUE, "139.2");
	/* Each number of a row has a source: the line of the paper's points, the chips of Epoch's. */
	const struct trend_row *line = row(&t, "balance.2010"), *both = row(&t, "balance.2018");
	cr_assert_eq(line->n, 0);
	cr_assert(strstr(line->source, "ai_and_memory_wall") && !strstr(line->source, "Epoch"), "%s", line->source);
	cr_assert(strstr(line->licence, "MIT"), "%s", line->licence);
	cr_assert(strstr(both->source, "Epoch") && strstr(both->source, "; line: amirgholami"), "%s", both->source);
	const struct trend_row *said = row(&t, "essay.capacity.epoch"), *latency = row(&t, "essay.latency.memory");
	cr_assert(strstr(said->source, "unverified; fitted: Epoch AI"), "%s", said->source);
	cr_assert_str_eq(said->licence, "CC BY 4.0");
	cr_assert(strstr(latency->source, "; Patterson: slideserve"), "%s", latency->source);
	reads(&t, "balance.2020", TREND_VALUE, "180.4"); /* of four chips: the mean of the two in the middle */
	cr_assert_eq(row(&t, "balance.2020")->n, 4);
	cr_assert_eq(row(&t, "balance.2018")->n, 7);
	cr_assert(isnan(row(&t, "balance.2024")->v[TREND_LINE]), "no line beyond its points");
	cr_assert_null(trends_find(&t, "balance.2002"));
	/* 60 chips: 39 before 2023. */
	cr_assert_eq(row(&t, "prediction.epoch_dc.best16.to_2022")->n, 39);
	cr_assert_eq(row(&t, "prediction.epoch_dc.best16.from_2023")->n, 21);
	cr_assert_str_eq(row(&t, "prediction.epoch_dc.balance.change")->note, "rate after / before: cannot tell");
	const struct trend_row *chip = row(&t, "prediction.epoch_dc.mem_bw.NVIDIA B200");
	cr_assert(chip->v[TREND_VALUE_LO] < chip->v[TREND_LINE] && chip->v[TREND_LINE] < chip->v[TREND_VALUE_HI]);
	cr_assert_eq(chip->v[TREND_VALUE], 7.7e12);
	trends_fini(&t);
}

Test(trends, window_leaves_points_out_and_says_where_none_are_left)
{
	struct trends t;
	open_rows(&t, &(struct trends_options){.from = 2002});
	cr_assert_eq(row(&t, "hw_flops")->n, 35);
	reads(&t, "hw_flops", TREND_RATE, "2.883");
	cr_assert(isnan(row(&t, "hw_flops")->v[TREND_ERROR]), "what was published is about all points");
	trends_fini(&t);
	open_rows(&t, &(struct trends_options){.to = 1997.5});
	cr_assert_eq(row(&t, "hw_flops")->provenance, MW_UNAVAILABLE);
	cr_assert_not_null(strstr(row(&t, "hw_flops")->note, "1 point left"));
	cr_assert_gt(trends_fitted(&t), 0); /* Rupp's fifty years */
	trends_fini(&t);
	open_rows(&t, &(struct trends_options){.to = 1960});
	cr_assert_eq(trends_fitted(&t), 0);
	trends_fini(&t);
}

Test(trends, selection_keeps_what_the_pattern_names)
{
	struct trends t;
	open_rows(&t, &(struct trends_options){0});
	trends_select(&t, "dram_bw*");
	cr_assert_eq(t.n, 6);
	trends_fini(&t);
}

/* ---- this host ---- */

Test(trends, host_without_results_is_absent_with_the_reason)
{
	struct trends t;
	open_rows(&t, &(struct trends_options){.host_words = "nothing was measured"});
	cr_assert_eq(row(&t, "host")->provenance, MW_UNAVAILABLE);
	cr_assert_str_eq(row(&t, "host")->note, "nothing was measured");
	trends_fini(&t);
}

Test(trends, host_stands_at_the_year_of_its_value)
{
	struct trends t;
	struct results host;
	cr_assert_eq(results_read("results/reference/run-1.json", &host, err, sizeof(err)), 0, "%s", err);
	open_rows(&t,
		  &(struct trends_options){.host = &host, .host_path = "run-1.json", .host_words = "of another host"});
	const struct trend_row *r = row(&t, "host.mem_bw/dram_bw");
	struct trend_points p;
	struct trend_line l;
	cr_assert_eq(trends_line(&t, "dram_bw", &p, &l), 0);
	cr_assert_float_eq(trend_at(&l, r->v[TREND_YEAR]) / r->v[TREND_VALUE], 1, 1e-9);
	cr_assert_float_eq(r->v[TREND_VALUE] / 42.676262e9, 1, 1e-6);
	cr_assert_eq(r->provenance, MW_MEASURED);
	cr_assert_not_null(strstr(r->note, "of another host"));
	/* GB/s of Rupp's table against B/s. */
	cr_assert_float_eq(row(&t, "host.mem_bw/rupp.intel_mem_bw")->v[TREND_YEAR], 2011.2, 0.1);
	cr_assert_float_eq(row(&t, "host.balance/epoch_dc.balance")->v[TREND_VALUE], 453.9158 / 42.67626, 1e-4);
	trend_points_fini(&p);
	trends_fini(&t);
	results_fini(&host);
}

/* ---- points of users ---- */

static int user(const char *text, struct trends *t, double from)
{
	write_file("user.csv", text, strlen(text));
	return trends_open(&(struct trends_options){.user = in_dir("user.csv"), .from = from}, t, err, sizeof(err));
}

Test(trends, users_points_are_fitted_alone_and_beside_ours)
{
	struct trends t;
	cr_assert_eq(user("series,date,value,name\nmine,2000,1,a\nmine,2002,4,b\nmine,2004,16,\n"
			  "dram_bw,2022-09-20,3.35e12,H100 SXM\ndram_bw,2024-11-15,7.7e12,B200\n",
			  &t, 0),
		     0, "%s", err);
	cr_assert_float_eq(row(&t, "user.mine")->v[TREND_RATE], 4, 0.01);
	cr_assert_eq(row(&t, "user.mine")->part, TREND_T_USER);
	cr_assert_str_eq(row(&t, "user.mine")->licence, "user");
	cr_assert_null(trends_find(&t, "mine+user"));
	cr_assert_eq(row(&t, "dram_bw+user")->n, 14);
	cr_assert_eq(row(&t, "dram_bw")->n, 12);
	double own = row(&t, "user.dram_bw")->v[TREND_RATE], ours = row(&t, "dram_bw")->v[TREND_RATE];
	cr_assert_float_eq(row(&t, "user/dram_bw")->v[TREND_RATE], own / ours, 1e-9);
	cr_assert(isnan(row(&t, "user.dram_bw")->v[TREND_LO]), "two points have no interval");
	trends_fini(&t);
}

static void refused(const char *text, double from, const char *words)
{
	struct trends t;
	cr_assert_eq(user(text, &t, from), MW_EFORMAT, "'%s' is accepted", text);
	cr_assert(strstr(err, words), "'%s' is not in: %s", words, err);
	trends_fini(&t);
}

Test(trends, users_points_that_cannot_be_fitted_are_refused)
{
	refused("series,date\na,2000\n", 0, "user.csv:1: no column 'value'");
	refused("series,date,value\n", 0, "a header and no points");
	refused("series,date,value\na,2000,1\na,2001,-2\n", 0, "user.csv:3: column 'value': '-2', expected a positive");
	refused("series,date,value\na,2000,0\n", 0, "user.csv:2: column 'value': '0', expected a positive");
	refused("series,date,value\na,2000,\n", 0, "user.csv:2: column 'value': ''");
	refused("series,date,value\na,2000,1 GB\n", 0, "'1 GB' is no number");
	refused("series,date,value\na,2000,1\na,2001-02-30,2\n", 0,
		"user.csv:3: column 'date': '2001-02-30' is no date");
	refused("series,date,value\na,2000,1\na,2000,2\n", 0,
		"series 'a' has 2 points of one date, expected at least two");
	refused("series,date,value\na,2000,1\na,2001,2\n", 2000.5, "series 'a' has 1 point of one date within --from");
	refused("series,date,value\n,2000,1\n", 0, "user.csv:2: column 'series'");
	refused("series,date,value\na,2000,1,2\n", 0, "4 cells, the header names 3 columns");
}
