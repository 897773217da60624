/* Claims on the memory that models and their training take (bench/model/training.h, machines.h). */
#include "reports/claims_rules.h"

#include "base/core/err.h"
#include "bench/model/machines.h"
#include "bench/model/precision.h"
#include "bench/model/published.h"
#include "bench/model/training.h"

enum { ZERO_DEVICES = 64 };

static const struct transformer_shape *gpt3(void)
{
	return &transformer_find("gpt3-175b")->shape;
}

static double bytes_per_parameter(const char *optimizer)
{
	return training_bytes_per_parameter(optimizer_find(optimizer), training_factor_ratio(gpt3()));
}

/* Bytes of GPU memory for each parameter of a claim of so many A100 of 80 GB. */
static double implied(const struct claim *c, double parameters)
{
	return published_bytes_per_parameter(c->lo, machine_find("a100")->memory, parameters);
}

/* B08 */
static int find_gpus(struct claim_case *k)
{
	const struct claim *c = k->claim;
	double adam = bytes_per_parameter("adam");
	claim_plain(k, c->second * machine_find("v100")->memory / machine_find("a100")->memory, MW_REFERENCE);
	claim_found(k, "%s bytes for each parameter", num(implied(c, 1e12)).text);
	claim_evidence(k, "%s %s hold as much", c->second_text, c->second_source);
	claim_evidence(k, "mixed-precision Adam keeps %s bytes without activations: %s GPUs", num(adam).text,
		       num(published_devices(1e12, adam, machine_find("a100")->memory)).text);
	claim_command(k, "memwall plan --show=cases");
	return 0;
}

/* B09 */
static int find_cost(struct claim_case *k)
{
	const struct claim *gpus;
	int rc = claim_other(k, "B08", &gpus);
	if (rc != 0)
		return rc;
	claim_plain(k, gpus->lo * machine_find("a100")->price, MW_REFERENCE);
	claim_evidence(k, "%s GPUs (B08) at %s USD: %s", gpus->value, num(machine_find("a100")->price).text,
		       machine_source(machine_find("a100"), MACHINE_PRICE));
	claim_evidence(k, "only the multiplication is checked: the price is the text's own");
	return 0;
}

/* B10 against B08 */
static int find_more_gpus(struct claim_case *k)
{
	const struct claim *first;
	int rc = claim_other(k, "B08", &first);
	if (rc != 0)
		return rc;
	double here = implied(k->claim, 1e14), there = implied(first, 1e12);
	claim_plain(k, published_devices(1e14, there, machine_find("a100")->memory), MW_REFERENCE);
	mw_buf_add(&k->out->found, " by the text's own number for 1T parameters");
	claim_found(k, "%s bytes for each parameter here, %s there", num(here).text, num(there).text);
	if (k->out->verdict == CLAIM_DIFFERS)
		k->out->verdict = CLAIM_INCONSISTENT;
	claim_evidence(k, "%s x 80 GB for 1e14 parameters, %s x 80 GB for 1e12 (B08)", k->claim->value, first->value);
	claim_command(k, "memwall plan --show=cases");
	return 0;
}

/* B28 */
static int find_allocation(struct claim_case *k)
{
	double parameters = transformer_parameters(gpt3()), adam = bytes_per_parameter("adam");
	claim_plain(k, parameters * precision_find("f16")->bits / 8 / 1e9, MW_MODELLED);
	mw_buf_add(&k->out->found, " of weights of GPT-3 in 16 bits");
	claim_found(k, "%s GB to train it with Adam, before activations", num(parameters * adam / 1e9).text);
	claim_evidence(k, "%s parameters (B04) x 2 and x %s bytes (ZeRO, arXiv:1910.02054)", num(parameters).text,
		       num(adam).text);
	claim_command(k, "memwall plan --show=cases");
	return 0;
}

/* C10: memory over the plotted number of parameters. */
static int find_divisor(struct claim_case *k)
{
	const struct csv *t = &k->facts->trends.tables[TREND_ACCELERATOR_MEMORY];
	const struct claim *other;
	int memory_at = -1, plotted_at = -1;
	double least = (double)INFINITY, most = 0;
	int rc = claim_other(k, "B08", &other);
	if (rc == 0)
		rc = csv_need(t, "memory_bytes_GB", &memory_at, k->err, k->n);
	if (rc == 0)
		rc = csv_need(t, "plotted_max_params_B", &plotted_at, k->err, k->n);
	for (size_t row = 0; row < t->n_rows && rc >= 0; row++) {
		double memory, plotted;
		rc = csv_number(t, row, memory_at, &memory, k->err, k->n);
		if (rc == 1)
			rc = csv_number(t, row, plotted_at, &plotted, k->err, k->n);
		if (rc != 1)
			continue;
		least = fmin(least, memory / plotted);
		most = fmax(most, memory / plotted);
	}
	if (rc < 0)
		return rc;
	claim_value(k, (least + most) / 2, (double)NAN, (double)NAN, MW_REFERENCE);
	mw_buf_add(&k->out->found, " in all %zu points of figure 2a", t->n_rows);
	claim_found(k, "training takes more: Adam in mixed precision %s, source B's own %s",
		    num(bytes_per_parameter("adam")).text, num(implied(other, 1e12)).text);
	claim_evidence(k, "accelerator_memory.csv, memory over plotted parameters; ZeRO, arXiv:1910.02054; claim B08");
	claim_command(k, "memwall plan --show=cases");
	return 0;
}

/* C24: bytes kept for a parameter, second order over first order. */
static int find_second_order(struct claim_case *k)
{
	const struct optimizer *shampoo = optimizer_find("shampoo");
	claim_plain(k, published_optimizer_ratio(gpt3(), shampoo, optimizer_find("momentum")), MW_MODELLED);
	mw_buf_add(&k->out->found, " Shampoo over momentum");
	claim_found(k, "%s over Adam",
		    num(published_optimizer_ratio(gpt3(), shampoo, optimizer_find("adam-fp32"))).text);
	claim_evidence(
		k,
		"weights, gradients and states in fp32: Shampoo %s bytes for each parameter, momentum %s, Adam %s; "
		"matrices of GPT-3's shape without blocking",
		num(bytes_per_parameter("shampoo")).text, num(bytes_per_parameter("momentum")).text,
		num(bytes_per_parameter("adam-fp32")).text);
	claim_evidence(k, "%s", shampoo->source);
	claim_command(k, "memwall plan --show=cases");
	return 0;
}

/* C25: stage 2 splits states and gradients. */
static int find_zero(struct claim_case *k)
{
	const struct optimizer *adam = optimizer_find("adam");
	claim_plain(k, published_zero_gain(adam, 2, (double)INFINITY), MW_MODELLED);
	mw_buf_add(&k->out->found, " with stage 2, the limit for many devices");
	claim_found(k, "%s on %d devices; %s with stage 1 on many",
		    num(published_zero_gain(adam, 2, ZERO_DEVICES)).text, ZERO_DEVICES,
		    num(published_zero_gain(adam, 1, (double)INFINITY)).text);
	claim_evidence(k,
		       "bytes of weights, gradients and states on one device: ZeRO, arXiv:1910.02054, mixed-precision "
		       "Adam; activations not counted");
	claim_command(k, "memwall plan --show=cases");
	return 0;
}

/* C26, C27: memory that checkpointing saves and operations that it repeats, by the closed forms. */
static int find_checkpointing(struct claim_case *k)
{
	const struct claim *gain, *spent;
	int rc = claim_other(k, "C26", &gain);
	if (rc == 0)
		rc = claim_other(k, "C27", &spent);
	if (rc != 0)
		return rc;
	const double tokens = (double)gpt3()->context;
	double need = 100 * training_recompute_for(gpt3(), tokens, gain->lo), lo = 1, hi = 1e3;
	if (k->claim == spent) {
		claim_plain(k, need, MW_MODELLED);
		mw_buf_add(&k->out->found, " more operations for activations %s times smaller", gain->value);
	} else {
		for (int i = 0; i < 60;
		     i++) { /* bisection: the largest gain for that compute; NaN compares as too much */
			double mid = sqrt(lo * hi);
			if (100 * training_recompute_for(gpt3(), tokens, mid) <= spent->lo)
				lo = mid;
			else
				hi = mid;
		}
		claim_plain(k, lo, MW_MODELLED);
		mw_buf_add(&k->out->found, " smaller activations for %s %% more operations", spent->value);
	}
	claim_evidence(
		k,
		"closed form of Korthikanti et al., arXiv:2205.05198, GPT-3 at %.0f tokens, selective, then full "
		"checkpointing of some layers",
		tokens);
	if (k->claim == gain)
		claim_evidence(k, "%s: %s", gain->second_source, gain->second_text);
	claim_cannot(k, "no benchmark here trains, so the repeated operations are not timed");
	claim_command(k, "memwall plan --show=cases");
	return 0;
}

const struct claim_rule claim_rules_memory[] = {
	{"B08", find_gpus},          {"B09", find_cost},
	{"B10", find_more_gpus},     {"B28", find_allocation},
	{"C10", find_divisor},       {"C24", find_second_order},
	{"C25", find_zero},          {"C26", find_checkpointing},
	{"C27", find_checkpointing}, {NULL, NULL},
};
