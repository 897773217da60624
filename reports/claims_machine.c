/* Claims on machines: tables of machines (bench/model/machines.h, Epoch's hardware), and the emulator of Ambit. */
#include "reports/claims_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/stats.h"
#include "bench/model/machines.h"
#include "bench/model/published.h"
#include "bench/model/roofline.h"

/* ---- links and peaks ---- */

/* A08: bytes per second of a GPU's memory over those of its links. */
static int find_links(struct claim_case *k)
{
	double least = (double)INFINITY, most = 0;
	size_t n = 0;
	for (const struct machine *m = machine_table; m->name; m++) {
		if (m->kind != MACHINE_GPU || !isfinite(m->link) || !isfinite(m->bandwidth))
			continue;
		least = fmin(least, m->bandwidth / m->link);
		most = fmax(most, m->bandwidth / m->link);
		n++;
	}
	claim_states(k, n > 0 && least > 1, least, MW_REFERENCE);
	claim_found(k, "%zu GPUs read their memory %s to %s times faster than their links carry to one neighbour", n,
		    num(least).text, num(most).text);
	claim_evidence(k, "table of machines of `memwall plan`, e.g. H100: %s",
		       machine_source(machine_find("h100"), MACHINE_LINK));
	claim_evidence(k, "no benchmark here measures links between accelerators or sockets");
	claim_command(k, "memwall plan --show=devices");
	return 0;
}

/* C28: operations per second in 16 bits on tensor units over those in fp32, chip by chip. */
static int find_fp16(struct claim_case *k)
{
	const struct csv *t = &k->facts->trends.tables[TREND_EPOCH_HARDWARE];
	struct mw_summary s;
	int fp32_at = -1, fp16_at = -1;
	double *ratio = calloc(t->n_rows + 1, sizeof(*ratio));
	size_t n = 0, above = 0;
	if (!ratio)
		return -ENOMEM;
	int rc = csv_need(t, "fp32_flops", &fp32_at, k->err, k->n);
	if (rc == 0)
		rc = csv_need(t, "tensor_fp16_flops", &fp16_at, k->err, k->n);
	for (size_t row = 0; row < t->n_rows && rc >= 0; row++) {
		double fp32, fp16;
		rc = csv_number(t, row, fp32_at, &fp32, k->err, k->n);
		if (rc == 1)
			rc = csv_number(t, row, fp16_at, &fp16, k->err, k->n);
		if (rc != 1)
			continue;
		ratio[n++] = fp16 / fp32;
		above += fp16 / fp32 > k->claim->lo;
	}
	if (rc >= 0)
		rc = mw_summarize(ratio, n, &s);
	free(ratio);
	if (rc < 0)
		return rc;
	claim_plain(k, published_half_gain("h100"), MW_REFERENCE);
	mw_buf_add(&k->out->found, " for H100, %s for A100, %s for V100", num(published_half_gain("a100")).text,
		   num(published_half_gain("v100")).text);
	claim_found(k, "%zu of %zu chips gain more than %s; the median of all is %s", above, n, k->claim->value,
		    num(s.median).text);
	claim_evidence(k, "tensor units in 16 bits over fp32 of the same chip; %s",
		       trend_tables[TREND_EPOCH_HARDWARE].credit);
	return 0;
}

/* The CPU with the largest fp32 peak. */
static const struct machine *fastest_cpu(void)
{
	const struct machine *best = NULL;
	for (const struct machine *m = machine_table; m->name; m++)
		if (m->kind == MACHINE_CPU && (!best || m->peak[MACHINE_FP32] > best->peak[MACHINE_FP32]))
			best = m;
	return best;
}

/* C32: the newest GPU of the text's figure against the fastest CPU of the table. */
static int find_cpu_peak(struct claim_case *k)
{
	const struct machine *cpu = fastest_cpu(), *gpu = machine_find("h100"), *amx = machine_find("xeon-8480");
	claim_plain(k, gpu->peak[MACHINE_FP32] / cpu->peak[MACHINE_FP32], MW_REFERENCE);
	mw_buf_add(&k->out->found, " in fp32: %s over %s", gpu->words, cpu->words);
	claim_found(k, "%s in 16 bits over %s",
		    num(machine_peak(gpu, MACHINE_BF16, NULL) / machine_peak(amx, MACHINE_BF16, NULL)).text,
		    amx->words);
	claim_evidence(k, "table of machines: %s; %s%s", machine_source(gpu, MACHINE_PEAK),
		       machine_source(cpu, MACHINE_PEAK),
		       machine_is_verified(cpu, MACHINE_PEAK) ? "" : " (unverified)");
	const struct query peak = {.bench = "gemm", .case_name = "peak", .metric = "flop_rate", .where = "dtype=f32"};
	const struct mw_record *here = k->facts->measured ? query_best(k->facts->measured, &peak, false) : NULL;
	if (here)
		claim_evidence(k, "this program measured %s GFLOP/s on %s threads of %s", num(here->value).text,
			       num(record_number(here, "threads")).text, k->facts->measured_words);
	claim_command(k, "memwall gemm");
	return 0;
}

/* ---- work that reads each byte once ---- */

/* A weighted sum of gathered fp32 rows, as embeddings and graph aggregation do it: a product with one token. */
static double gather_intensity(void)
{
	struct gemm_shape rows = {.m = 1, .n = 128, .k = 64, .a_bytes = 4, .w_bytes = 4, .c_bytes = 4};
	return gemm_intensity(&rows);
}

/* C35 */
static int find_gathers(struct claim_case *k)
{
	double lowest = (double)INFINITY;
	size_t n = 0;
	for (const struct machine *m = machine_table; m->name; m++) {
		if (m->kind != MACHINE_GPU && m->kind != MACHINE_CPU)
			continue;
		double ridge = roofline_ridge(machine_peak(m, MACHINE_FP32, NULL), m->bandwidth);
		if (!isfinite(ridge))
			continue;
		lowest = fmin(lowest, ridge);
		n++;
	}
	claim_states(k, n > 0 && gather_intensity() < lowest, gather_intensity(), MW_MODELLED);
	claim_found(
		k,
		"a weighted sum of gathered rows does %s FLOP/byte; %zu CPUs and GPUs need %s or more to be bound by "
		"compute",
		num(gather_intensity()).text, n, num(lowest).text);
	claim_evidence(k, "roofline: 64 rows of 128 fp32 values; ridges of the table of machines in fp32; nothing here "
			  "measures gathers");
	return 0;
}

/* C36 */
static int find_cpus_ahead(struct claim_case *k)
{
	const struct machine *gpu = machine_find("h100"), *cpu = machine_find("epyc-9654");
	double ratio = roofline_attainable(gpu->peak[MACHINE_FP32] / 1e9, gpu->bandwidth / 1e9, gather_intensity()) /
		       roofline_attainable(cpu->peak[MACHINE_FP32] / 1e9, cpu->bandwidth / 1e9, gather_intensity());
	k->out->value = ratio;
	k->out->provenance = MW_MODELLED;
	claim_found(k, "by bandwidth alone %s is %s times faster than %s", gpu->words, num(ratio).text, cpu->words);
	claim_cannot(k,
		     "no GPU is measured here, and a roofline knows neither caches nor tables that do not fit a GPU");
	claim_evidence(k, "roofline at %s FLOP/byte, table of machines%s", num(gather_intensity()).text,
		       machine_is_verified(cpu, MACHINE_BANDWIDTH) ? "" : " (CPU unverified)");
	return 0;
}

/* ---- Ambit ---- */

static const struct claims_ambit *ambit(struct claim_case *k)
{
	claim_command(k, "memwall pim ops");
	if (!k->facts->ambit)
		claim_cannot(k, "the emulator was not run");
	else
		claim_evidence(k, "commands executed by the emulator, device %s", k->facts->ambit->device);
	return k->facts->ambit;
}

/* B26 */
static int find_rows(struct claim_case *k)
{
	const struct claims_ambit *a = ambit(k);
	if (!a)
		return 0;
	claim_plain(k, a->rows_raised, MW_MODELLED);
	mw_buf_add(&k->out->found, " hold the result after one activation of B12 (three rows at once)");
	claim_found(k, "it is%s their majority for all eight combinations", a->majority ? "" : " not");
	if (!a->majority)
		k->out->verdict = CLAIM_DIFFERS;
	return 0;
}

static unsigned long long commands(const struct claims_ambit_op *op)
{
	return op->aap + op->ap;
}

/* B27 */
static int find_cycles(struct claim_case *k)
{
	const struct claims_ambit *a = ambit(k);
	if (!a)
		return 0;
	claim_states(k, commands(&a->op_and) > 1 && commands(&a->op_or) > 1 && commands(&a->op_not) > 1,
		     (double)commands(&a->op_and), MW_MODELLED);
	claim_found(k,
		    "AND takes %llu AAP (%s ns), OR %llu (%s ns), NOT %llu (%s ns), XOR %llu AAP and %llu AP (%s ns)",
		    a->op_and.aap, num(a->op_and.ns).text, a->op_or.aap, num(a->op_or.ns).text, a->op_not.aap,
		    num(a->op_not.ns).text, a->op_xor.aap, a->op_xor.ap, num(a->op_xor.ns).text);
	return 0;
}

/* B30 */
static int find_roles(struct claim_case *k)
{
	const struct claims_ambit *a = ambit(k);
	if (!a)
		return 0;
	claim_plain(k, a->rows_kept, MW_MODELLED);
	claim_found(k, "all three rows are inputs and all three are overwritten by the result%s",
		    a->and_or ? "; for AND the third holds zeros, for OR ones" : "");
	return 0;
}

/* B31 */
static int find_xnor(struct claim_case *k)
{
	const struct claims_ambit *a = ambit(k);
	if (!a)
		return 0;
	claim_states(k, !a->op_xnor.exact, (double)commands(&a->op_xnor), MW_MODELLED);
	claim_found(k,
		    "XNOR takes %llu AAP and %llu AP, %s ns: %s times an AND, and is%s equal to that of the host bit "
		    "by bit",
		    a->op_xnor.aap, a->op_xnor.ap, num(a->op_xnor.ns).text, num(a->op_xnor.ns / a->op_and.ns).text,
		    a->op_xnor.exact ? "" : " not");
	return 0;
}

const struct claim_rule claim_rules_machine[] = {
	{"A08", find_links},      {"B26", find_rows}, {"B27", find_cycles},   {"B30", find_roles},
	{"B31", find_xnor},       {"C28", find_fp16}, {"C32", find_cpu_peak}, {"C35", find_gathers},
	{"C36", find_cpus_ahead}, {NULL, NULL},
};
