/* Claims that need a measurement: records of a results.json, found by queries. */
#include "reports/claims_rules.h"

#include <string.h>

#include "bench/model/machines.h"
#include "bench/model/precision.h"
#include "bench/model/roofline.h"

/* The records that claims need; a test compares these queries with the declarations of the benchmarks. */
enum {
	DRAM_JOULES,
	POWER,
	METERS,
	MODEL_READ,
	READ_PEAK,
	GEMV_BYTES,
	GEMV_F32,
	GEMV_INT8_BYTES,
	GEMM_F32,
	PEAK_F32,
	PEAK_INT8,
	DRAM_LATENCY,
	CHASE,
	AND_END_TO_END,
	AND_RESIDENT,
};

const struct query claims_queries[] = {
	[DRAM_JOULES] = {.bench = "energy",
			 .case_name = "read-load",
			 .metric = "upper_bound_per_byte",
			 .where = "domain_kind=dram"},
	[POWER] = {.bench = "energy", .case_name = "read-load", .metric = "power", .keys = "domain_kind"},
	[METERS] = {.bench = "energy", .case_name = "meter", .metric = "domains", .keys = "meter"},
	[MODEL_READ] = {.bench = "energy", .case_name = "dram-model", .metric = "read_energy", .keys = "dram"},
	[READ_PEAK] = {.bench = "bandwidth", .case_name = "dram-read-peak", .metric = "bandwidth"},
	[GEMV_BYTES] = {.bench = "gemm",
			.case_name = "best",
			.metric = "bytes_rate",
			.where = "dtype=f32,m=1",
			.keys = "threads"},
	[GEMV_F32] = {.bench = "gemm", .case_name = "best", .metric = "flop_rate", .where = "dtype=f32,m=1"},
	[GEMV_INT8_BYTES] = {.bench = "gemm", .case_name = "best", .metric = "bytes_rate", .where = "dtype=int8,m=1"},
	[GEMM_F32] = {.bench = "gemm",
		      .case_name = "best",
		      .metric = "flop_rate",
		      .where = "dtype=f32",
		      .keys = "m,n,k,threads"},
	[PEAK_F32] = {.bench = "gemm", .case_name = "peak", .metric = "flop_rate", .where = "dtype=f32"},
	[PEAK_INT8] = {.bench = "gemm", .case_name = "peak", .metric = "op_rate", .where = "dtype=int8"},
	[DRAM_LATENCY] = {.bench = "latency", .case_name = "dram", .metric = "latency"},
	[CHASE] = {.bench = "latency", .case_name = "chase", .metric = "latency"},
	[AND_END_TO_END] = {.bench = "offload",
			    .case_name = "and",
			    .metric = "speedup",
			    .where = "mode=end_to_end",
			    .keys = "device"},
	[AND_RESIDENT] = {.bench = "offload",
			  .case_name = "and",
			  .metric = "speedup",
			  .where = "mode=resident",
			  .keys = "device"},
	{.bench = NULL},
};

/* NULL unless the value is above 0: rates, times and energies of 0 or less are no measurement. */
static const struct mw_record *positive(const struct mw_record *r)
{
	return r && r->value > 0 ? r : NULL;
}

/* The record of the query with the largest (smallest) value, or NULL. */
static const struct mw_record *largest(const struct claim_case *k, int query, bool smallest)
{
	struct query q = claims_queries[query];
	return positive(query_best(k->facts->measured, &q, smallest));
}

/* Are there results? If not, says why. Names the command that measures them in any case. */
static bool measured(struct claim_case *k, const char *only)
{
	claim_command(k, "memwall run --only=%s && memwall claims", only);
	if (!k->facts->measured)
		claim_cannot(k, "needs a measurement: %s", k->facts->measured_words);
	return k->facts->measured;
}

/* Says which records are missing. */
static int lacks(struct claim_case *k, const char *what)
{
	claim_cannot(k, "%s lacks %s", k->facts->measured_words, what);
	return 0;
}

static void from_results(struct claim_case *k, const char *words)
{
	claim_evidence(k, "%s: %s", k->facts->measured_words, words);
}

/* ---- energy ---- */

/* Says why no meter covers the domain, with the reasons in the records of the meters. */
static void no_meter(struct claim_case *k, const char *domain)
{
	size_t at = 0;
	const struct mw_record *r;
	struct mw_buf why = {0};
	while ((r = query_next(k->facts->measured, &claims_queries[METERS], &at))) {
		if (r->provenance == MW_UNAVAILABLE)
			mw_buf_add(&why, "%s%s: %s", why.len ? ", " : "", mw_kv_str(&r->params, "meter", "?"), r->note);
	}
	claim_cannot(k, "no meter of that machine has a domain for %s", domain);
	if (why.len)
		claim_cannot(k, "%s", mw_buf_text(&why));
	k->out->why.failed |= why.failed;
	mw_buf_fini(&why);
}

/* A01 */
static int find_dram_energy(struct claim_case *k)
{
	if (!measured(k, "bandwidth,energy"))
		return 0;
	const struct mw_record *r = largest(k, DRAM_JOULES, true), *model = largest(k, MODEL_READ, true);
	if (r) {
		claim_value(k, r->value, r->ci_lo, r->ci_hi, r->provenance);
		from_results(k, "energy of DRAM over the bytes read, background included: an upper bound");
		if (k->out->verdict == CLAIM_DIFFERS && r->value > k->claim->hi)
			claim_cannot(k, "an upper bound above the published value contradicts nothing");
	} else {
		no_meter(k, "DRAM");
	}
	if (model)
		claim_evidence(k, "by model %s pJ/byte in the DRAM chips, without bus and controller (%s)",
			       num(model->value).text, mw_kv_str(&model->params, "dram", "?"));
	return 0;
}

/* B13: share of DRAM in the power of DRAM and packages. */
static int find_dram_share(struct claim_case *k)
{
	double dram = 0, package = 0;
	size_t at = 0;
	const struct mw_record *r;
	if (!measured(k, "energy"))
		return 0;
	enum mw_provenance p = MW_MEASURED;
	while ((r = query_next(k->facts->measured, &claims_queries[POWER], &at))) {
		struct number_text room;
		const char *kind = record_text(r, "domain_kind", &room);
		if (!isfinite(r->value))
			continue;
		dram += strcmp(kind, "dram") == 0 ? r->value : 0;
		package += strcmp(kind, "package") == 0 ? r->value : 0;
		p = mw_weakest(p, r->provenance);
	}
	if (dram <= 0 || package <= 0) {
		no_meter(k, "DRAM beside one for the package");
		return 0;
	}
	claim_plain(k, 100 * dram / (dram + package), p);
	from_results(k,
		     "DRAM over DRAM and packages while all threads read memory; the rest of the machine is not in it");
	return 0;
}

/* ---- one token, many tokens ---- */

/* A07: products of one token, which decoding consists of. */
static int find_token_rate(struct claim_case *k)
{
	if (!measured(k, "bandwidth,gemm"))
		return 0;
	const struct mw_record *bytes = largest(k, GEMV_BYTES, false), *peak = largest(k, READ_PEAK, false),
			       *rate = largest(k, GEMV_F32, false), *flops = largest(k, PEAK_F32, false);
	if (!bytes || !peak || !rate || !flops)
		return lacks(k, "products of one token, the bandwidth of DRAM or the compute peak");
	double memory = bytes->value / peak->value, compute = rate->value / flops->value;
	claim_states(k, memory > 0.5 && compute < 0.5, memory, mw_weakest(bytes->provenance, peak->provenance));
	claim_found(k,
		    "products of one token reach %.0f %% of the read bandwidth of DRAM and %.0f %% of the compute peak",
		    100 * memory, 100 * compute);
	claim_evidence(k, "%s: %s of %s GB/s and %s of %s GFLOP/s, fp32", k->facts->measured_words,
		       num(bytes->value).text, num(peak->value).text, num(rate->value).text, num(flops->value).text);
	claim_evidence(k, "no benchmark here decodes a whole model");
	return 0;
}

/* C23: the product with the most tokens against that with one. */
static int find_batch(struct claim_case *k)
{
	size_t at = 0;
	const struct mw_record *r, *most = NULL;
	if (!measured(k, "gemm"))
		return 0;
	while ((r = query_next(k->facts->measured, &claims_queries[GEMM_F32], &at))) {
		double m = record_number(r, "m"), best = most ? record_number(most, "m") : 0;
		if (isfinite(r->value) && positive(r) && (!most || m > best || (m == best && r->value > most->value)))
			most = r;
	}
	const struct mw_record *one = largest(k, GEMV_F32, false), *peak = largest(k, PEAK_F32, false);
	if (!most || !one || !peak)
		return lacks(k, "products of one and of many tokens, or the compute peak");
	double high = most->value / peak->value, low = one->value / peak->value;
	claim_states(k, high > 0.5 && low < 0.5, high, mw_weakest(most->provenance, peak->provenance));
	claim_found(k, "%.0f %% of the compute peak with %s tokens at once, %.0f %% with one", 100 * high,
		    num(record_number(most, "m")).text, 100 * low);
	const struct mw_record *bandwidth = largest(k, READ_PEAK, false);
	struct gemm_shape shape = {.n = (uint64_t)record_number(most, "n"),
				   .k = (uint64_t)record_number(most, "k"),
				   .a_bytes = 4,
				   .w_bytes = 4,
				   .c_bytes = 4};
	if (bandwidth)
		claim_evidence(k, "by roofline the product crosses from memory to compute at %s tokens",
			       num(gemm_tokens_at_ridge(&shape, roofline_ridge(peak->value, bandwidth->value))).text);
	from_results(k, "largest products of each kind, fp32; roofline from its peak and bandwidth");
	return 0;
}

/* C21: no decoder runs here, so a roofline of this machine is found. */
static int find_decode_time(struct claim_case *k)
{
	claim_cannot(k, "no benchmark here generates a sequence");
	if (!measured(k, "bandwidth,gemm"))
		return 0;
	const struct mw_record *peak = largest(k, PEAK_INT8, false), *bandwidth = largest(k, READ_PEAK, false);
	if (!peak || !bandwidth)
		return lacks(k, "the int8 peak or the bandwidth of DRAM");
	double ridge = roofline_ridge(peak->value, bandwidth->value), ratio[2];
	for (int i = 0; i < 2; i++) {
		double time[2];
		for (int decoder = 0; decoder < 2; decoder++) {
			const struct transformer_model *m = transformer_find(decoder ? "gpt2" : "bert-base");
			struct transformer_cost costs[TRANSFORMER_OPS];
			struct transformer_load load = transformer_paper_load(m, i ? 512 : 128);
			transformer_costs(&m->shape, &load, costs);
			time[decoder] = transformer_time(costs, ridge);
		}
		ratio[i] = time[1] / time[0];
	}
	claim_plain(k, ratio[0], MW_MODELLED);
	claim_cannot(k, "the finding is modelled by a roofline");
	mw_buf_add(&k->out->found, " at 128 tokens, %s at 512, by roofline", num(ratio[1]).text);
	claim_evidence(k, "%s: ridge of %s FLOP/byte in int8", k->facts->measured_words, num(ridge).text);
	const struct profile_cell *decoder = profile_find(&k->facts->profile, transformer_find("gpt2"), 128,
							  TRANSFORMER_TOTAL, PROFILE_LATENCY_MEASURED);
	if (decoder)
		claim_evidence(k, "%s measured %s at 128 tokens", decoder->source, decoder->printed);
	return 0;
}

/* ---- latency ---- */

/* B18: latency today is measured; that of 20 years ago is not, and Patterson's rate stands beside it. */
static int find_dram_latency(struct claim_case *k)
{
	double per_year;
	int rc = claim_cell(k, &k->facts->trends.tables[TREND_PATTERSON], "technology=memory;metric=latency per year",
			    "value", &per_year);
	if (rc < 0 || !measured(k, "latency"))
		return rc;
	const struct mw_record *r = largest(k, DRAM_LATENCY, true);
	if (!r)
		return lacks(k, "the latency of DRAM");
	k->out->provenance = r->provenance;
	claim_found(k, "an access takes %s ns today", num(r->value).text);
	claim_found(k, "%s times in 20 years is %s a year; Patterson's memory modules gained %s a year until 2000",
		    k->claim->value, num(pow(k->claim->lo, 1.0 / 20)).text, num(per_year).text);
	claim_cannot(k, "there is no measurement of 20 years ago to compare with");
	from_results(k, "idle random access, from the core and back");
	claim_evidence(k, "%s: %s ns", k->claim->second_source, k->claim->second_text);
	return 0;
}

/* B29: how much a core could do while it waits. */
static int find_wasted(struct claim_case *k)
{
	if (!measured(k, "latency,gemm"))
		return 0;
	const struct mw_record *dram = largest(k, DRAM_LATENCY, true), *cache = largest(k, CHASE, true), *peak = NULL;
	struct query one = claims_queries[PEAK_F32];
	one.where = "dtype=f32,threads=1";
	peak = positive(query_best(k->facts->measured, &one, false));
	if (!dram || !cache)
		return lacks(k, "the latency of DRAM or of the first cache");
	double ratio = dram->value / cache->value;
	claim_states(k, ratio > 1, ratio, mw_weakest(dram->provenance, cache->provenance));
	claim_found(k, "an access to DRAM takes %s ns, as long as %s accesses to the first cache",
		    num(dram->value).text, num(ratio).text);
	if (peak)
		claim_found(k, "a core could do %s FLOP meanwhile", num(dram->value * peak->value).text);
	from_results(k, "idle latency by pointer chase, compute peak of one thread");
	return 0;
}

/* ---- formats and sparsity ---- */

/* C29 */
static int find_int4(struct claim_case *k)
{
	double wide = precision_find("f32")->bits, narrow = precision_find("int4")->bits;
	claim_plain(k, wide / narrow, MW_MODELLED);
	mw_buf_add(&k->out->found, " smaller than fp32, scales not counted");
	claim_cannot(k, "no benchmark here multiplies int4, so its latency is not measured");
	claim_evidence(k, "%s of %.0f bits over %s of %.0f", "f32", wide, "int4", narrow);
	if (!measured(k, "gemm"))
		return 0;
	const struct mw_record *f32 = largest(k, GEMV_BYTES, false), *int8 = largest(k, GEMV_INT8_BYTES, false);
	if (!f32 || !int8)
		return 0;
	/* Both read bytes; a weight takes 4 of fp32, 1 of int8. */
	claim_evidence(k,
		       "%s: products of one token are %s times faster in int8 than in fp32, with %s times fewer bytes",
		       k->facts->measured_words, num(int8->value * 4 / f32->value).text,
		       num(wide / precision_find("int8")->bits).text);
	return 0;
}

/* C30, C31 */
static int find_sparse(struct claim_case *k)
{
	claim_cannot(
		k,
		"no benchmark here multiplies sparse matrices, and none trains: neither time nor accuracy is measured");
	return 0;
}

/* ---- computing in memory ---- */

/* B32: speed of the device over the host, with and without the transfer of the operands. */
static int find_against_host(struct claim_case *k)
{
	if (!measured(k, "bandwidth,gemm,offload"))
		return 0;
	const struct mw_record *whole = largest(k, AND_END_TO_END, false), *resident = largest(k, AND_RESIDENT, false);
	if (!whole || !resident)
		return lacks(k, "offloads of AND");
	claim_states(k, whole->value < 1, whole->value, mw_weakest(whole->provenance, MW_MODELLED));
	claim_found(k,
		    "a bulk AND on %s runs at %s times this host's speed with the operands moved there and back, at %s "
		    "times with operands that are in place",
		    mw_kv_str(&whole->params, "device", "?"), num(whole->value).text, num(resident->value).text);
	claim_evidence(k, "%s: the host is measured, the device modelled, and both stand on the same memory",
		       k->facts->measured_words);
	const struct mw_record *bandwidth = largest(k, READ_PEAK, false);
	const struct machine *gpu = machine_find("h100");
	if (bandwidth)
		claim_evidence(k, "no GPU was measured: the memory of %s is %s times as fast as this host's",
			       gpu->words, num(gpu->bandwidth / 1e9 / bandwidth->value).text);
	return 0;
}

const struct claim_rule claim_rules_measured[] = {
	{"A01", find_dram_energy}, {"A07", find_token_rate},   {"B13", find_dram_share},  {"B18", find_dram_latency},
	{"B29", find_wasted},      {"B32", find_against_host}, {"C21", find_decode_time}, {"C23", find_batch},
	{"C29", find_int4},        {"C30", find_sparse},       {"C31", find_sparse},      {NULL, NULL},
};
