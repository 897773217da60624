/* Claims that are fits of published points (reports/trend_fit.h). */
#include "reports/claims_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/stats.h"

/* ---- growth rates ---- */

/* The series whose growth a claim states, and series to compare it with. */
struct fitted {
	const char *id, *series;
	double years;          /* that the claimed factor spans */
	const char *others[3]; /* other selections or data of the same quantity, ended by NULL */
};

static const struct fitted fits[] = {
	{"C01", "hw_flops", 2, {"hw_flops.no_16bit", "epoch_dc.best16", NULL}},
	{"C02", "dram_bw", 2, {"dram_bw.hbm", "epoch_dc.mem_bw", NULL}},
	{"C03", "interconnect_bw", 2, {"interconnect_bw.pcie", "interconnect_bw.nvlink", NULL}},
	{"C04", "hw_flops", 20, {"hw_flops.no_16bit", "epoch_dc.best16", NULL}},
	{"C05", "dram_bw", 20, {"rupp.intel_mem_bw", "epoch_dc.mem_bw", NULL}},
	{"C06", "interconnect_bw", 20, {"interconnect_bw.pcie", "interconnect_bw.nvlink", NULL}},
	{"C07", "model_train_flops", 2, {"model_train_flops.all", "epoch_lm.train_flop", NULL}},
	{"C08", "model_params", 2, {"model_params.dense", "epoch_lm.params", NULL}},
	{"C09", "accelerator_memory", 2, {"edition2021.accelerator_memory", "epoch_dc.memory", NULL}},
	{"B16", "epoch.memory", 20, {"epoch_dc.memory", "accelerator_memory", NULL}},
	{"C33", "rupp50.transistors", 2, {"rupp50.frequency", "rupp50.specint", NULL}},
};

static int other_rates(struct claim_case *k, const struct fitted *f)
{
	for (const char *const *name = f->others; *name; name++) {
		struct trend_line line;
		int rc = claim_fit(k, *name, &line);
		if (rc < 0)
			return rc;
		const struct trend_series *s = trend_series_find(*name);
		claim_evidence(k, "%s: %s", s->words, num(trend_factor(&line.rate, f->years)).text);
		if (s->table != trend_series_find(f->series)->table)
			mw_buf_add(&k->out->evidence, " (%s)", trend_tables[s->table].credit);
	}
	return 0;
}

static int find_rate(struct claim_case *k)
{
	const struct fitted *f = fits;
	while (strcmp(f->id, k->claim->id) != 0)
		f++;
	struct trend_line line;
	int rc = claim_fit(k, f->series, &line);
	if (rc != 0)
		return rc;
	struct trend_interval ci = trend_factor_ci(&line.rate, f->years);
	claim_value(k, trend_factor(&line.rate, f->years), ci.lo, ci.hi, MW_REFERENCE);
	const struct trend_series *s = trend_series_find(f->series);
	claim_evidence(k, "%s: least squares of log2 over the date, %zu points, R² %.3f (%s)", s->words, line.n,
		       line.r2, trend_tables[s->table].credit);
	claim_command(k, "memwall trends");
	return other_rates(k, f);
}

/* ---- windows and contradictions ---- */

/* C11: first and last date of the points of both fits. */
static int find_window(struct claim_case *k)
{
	struct trend_line params, flops;
	int rc = claim_fit(k, "model_params", &params);
	if (rc == 0)
		rc = claim_fit(k, "model_train_flops", &flops);
	if (rc != 0)
		return rc;
	claim_found(k, "the points span %.2f to %.2f (parameters) and %.2f to %.2f (training compute)", params.first,
		    params.last, flops.first, flops.last);
	k->out->value = params.first;
	k->out->provenance = MW_REFERENCE;
	k->out->verdict = claim_judge(k->claim, params.first, params.first, params.last);
	claim_evidence(
		k, "dates of the points fitted in figures 2a and 2b: the first, Transformer, is older than the window");
	claim_command(k, "memwall trends");
	return 0;
}

/* C12: 410 a year, where C08 of the same text has 410 in two years. */
static int find_per_year(struct claim_case *k)
{
	const struct claim *elsewhere;
	struct trend_line line;
	int rc = claim_other(k, "C08", &elsewhere);
	if (rc == 0)
		rc = claim_fit(k, "model_params", &line);
	if (rc != 0)
		return rc;
	struct trend_interval ci = trend_factor_ci(&line.rate, 1);
	claim_value(k, trend_factor(&line.rate, 1), ci.lo, ci.hi, MW_REFERENCE);
	if (k->claim->lo == elsewhere->lo && k->out->verdict == CLAIM_DIFFERS)
		k->out->verdict = CLAIM_INCONSISTENT;
	claim_found(k, "%s a year would be %s in two", num(k->claim->lo).text, num(k->claim->lo * k->claim->lo).text);
	claim_evidence(k, "the same text says %s %s (claim %s), and that is what its points give", elsewhere->value,
		       elsewhere->unit, elsewhere->id);
	claim_command(k, "memwall trends");
	return 0;
}

/* B17: two texts give two numbers; fits of CPU sockets and of accelerators. */
static int find_dram_bandwidth(struct claim_case *k)
{
	const struct claim *other;
	struct trend_line cpus, accelerators;
	int rc = claim_other(k, "C05", &other);
	if (rc == 0)
		rc = claim_fit(k, "rupp.intel_mem_bw", &cpus);
	if (rc == 0)
		rc = claim_fit(k, "dram_bw", &accelerators);
	if (rc != 0)
		return rc;
	struct trend_interval ci = trend_factor_ci(&cpus.rate, 20);
	claim_value(k, trend_factor(&cpus.rate, 20), ci.lo, ci.hi, MW_REFERENCE);
	mw_buf_add(&k->out->found, " for CPU sockets");
	claim_found(k, "%s for the memory of accelerators", num(trend_factor(&accelerators.rate, 20)).text);
	if (other->lo > 2 * k->claim->hi)
		k->out->verdict = CLAIM_INCONSISTENT;
	claim_evidence(k, "claim %s says %s x in 20 years; the texts mean different memories and do not say so",
		       other->id, other->value);
	claim_evidence(k, "fits of %zu Intel sockets of 2007-18 (%s) and of %zu accelerators (%s)", cpus.n,
		       trend_tables[TREND_RUPP_DEVICES].credit, accelerators.n, trend_tables[TREND_DRAM_BW].credit);
	claim_command(k, "memwall trends");
	return 0;
}

/* B19: Patterson's rates, which begin in 1980. */
static int find_divergence(struct claim_case *k)
{
	const struct csv *t = &k->facts->trends.tables[TREND_PATTERSON];
	double cpu, memory, cpu_latency, latency;
	int rc = claim_cell(k, t, "technology=CPU;metric=bandwidth per year", "value", &cpu);
	if (rc == 0)
		rc = claim_cell(k, t, "technology=memory;metric=bandwidth per year", "value", &memory);
	if (rc == 0)
		rc = claim_cell(k, t, "technology=CPU;metric=latency per year", "value", &cpu_latency);
	if (rc == 0)
		rc = claim_cell(k, t, "technology=memory;metric=latency per year", "value", &latency);
	if (rc != 0)
		return rc;
	double gap = pow(cpu / memory, 20);
	claim_states(k, gap > 1, (double)NAN, MW_REFERENCE);
	claim_found(
		k,
		"CPUs gain %s a year in bandwidth and %s in latency, memory %s and %s: %s times apart after 20 years",
		num(cpu).text, num(cpu_latency).text, num(memory).text, num(latency).text, num(gap).text);
	claim_evidence(k,
		       "rates of Patterson, CACM 47(10), 2004, about 1980 to 2000; no data here are older, so the year "
		       "itself is not checked");
	return 0;
}

/* B01 */
static int find_growth(struct claim_case *k)
{
	const struct csv *flops = &k->facts->trends.tables[TREND_TRAIN_FLOPS],
			 *params = &k->facts->trends.tables[TREND_README_MODELS];
	double gpt3, alexnet, alexnet_params, largest;
	int rc = claim_cell(k, flops, "name=GPT-3", "train_PFLOPs", &gpt3);
	if (rc == 0)
		rc = claim_cell(k, flops, "name=AlexNet", "train_PFLOPs", &alexnet);
	if (rc == 0)
		rc = claim_cell(k, params, "model=AlexNet", "params_M", &alexnet_params);
	if (rc == 0)
		rc = claim_cell(k, &k->facts->trends.tables[TREND_MODEL_PARAMS], "name=Switch Transformer", "params",
				&largest);
	if (rc != 0)
		return rc;
	claim_plain(k, gpt3 / alexnet, MW_REFERENCE);
	mw_buf_add(&k->out->found, " in training compute, AlexNet to GPT-3");
	claim_found(k, "only %s in parameters, AlexNet to Switch", num(largest / (alexnet_params * 1e6)).text);
	claim_evidence(k,
		       "points of figures 2a and 2b of Gholami et al. and their README; the phrase does not say what "
		       "grew");
	return 0;
}

/* ---- training memory ---- */

/* C34: figure 4. */
static int find_training_memory(struct claim_case *k)
{
	const struct csv *t = &k->facts->trends.tables[TREND_TRAINING_MEMORY];
	double need[64], limit[64], lowest = (double)INFINITY, highest = 0;
	struct mw_fit fit;
	size_t n = 0;
	int sum_at = -1, limit_at = -1;
	int rc = csv_need(t, "fig_total_GB", &sum_at, k->err, k->n);
	if (rc == 0)
		rc = csv_need(t, "gpu_limit_GB", &limit_at, k->err, k->n);
	for (size_t row = 0; row < t->n_rows && rc >= 0 && n < 64; row++) {
		double a, b;
		rc = csv_number(t, row, sum_at, &a, k->err, k->n);
		if (rc == 1)
			rc = csv_number(t, row, limit_at, &b, k->err, k->n);
		if (rc != 1)
			continue;
		lowest = fmin(lowest, a / b);
		highest = fmax(highest, a / b);
		need[n] = log2(a);
		limit[n++] = log2(b);
	}
	if (rc < 0)
		return rc;
	if (mw_least_squares(limit, need, n, &fit) < 0)
		return mw_fail(MW_EFORMAT, k->err, k->n, "%s: fewer than two limits", t->name);
	/* "Follows" is taken to mean: it rises with it, R^2 is above 0.5, and no model needs more than its GPU had. */
	claim_states(k, fit.slope > 0 && fit.r2 > 0.5 && highest <= 1, fit.r2, MW_REFERENCE);
	claim_found(
		k,
		"R² %.2f between the logarithms of both; models take %.0f to %.0f %% of the GPU memory of their year",
		fit.r2, 100 * lowest, 100 * highest);
	claim_evidence(k, "%zu models of figure 4 of Gholami et al. (training_memory.csv), least squares", n);
	return 0;
}

const struct claim_rule claim_rules_fit[] = {
	{"B01", find_growth},
	{"B16", find_rate},
	{"B17", find_dram_bandwidth},
	{"B19", find_divergence},
	{"C01", find_rate},
	{"C02", find_rate},
	{"C03", find_rate},
	{"C04", find_rate},
	{"C05", find_rate},
	{"C06", find_rate},
	{"C07", find_rate},
	{"C08", find_rate},
	{"C09", find_rate},
	{"C11", find_window},
	{"C12", find_per_year},
	{"C33", find_rate},
	{"C34", find_training_memory},
	{NULL, NULL},
};
