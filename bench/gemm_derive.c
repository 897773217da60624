#include "bench/gemm_derive.h"

#include <math.h>
#include <string.h>

#include "base/core/heldout.h"
#include "base/core/text.h"
#include "bench/gemm_records.h"

static bool is_product(const struct mw_record *r)
{
	return strcmp(r->metric, gemm_rate_name(gemm_record_dtype(r))) == 0 && strcmp(r->case_name, "peak") != 0 &&
	       r->provenance == MW_MEASURED && isfinite(r->value);
}

/* ---- roofs ---- */

static bool same_state(const struct mw_record *a, const struct mw_record *b)
{
	return strcmp(mw_kv_str(&a->params, "state", ""), mw_kv_str(&b->params, "state", "")) == 0;
}

static bool same_threads(const struct mw_record *a, const struct mw_record *b)
{
	return mw_kv_int(&a->params, "threads", -1) == mw_kv_int(&b->params, "threads", -2);
}

/* True when a is a better roof for r than best: same topology state first, then the higher value. */
static bool better_roof(const struct mw_record *a, const struct mw_record *best, const struct mw_record *r)
{
	if (!best || same_state(a, r) != same_state(best, r))
		return !best || same_state(a, r);
	return a->value > best->value;
}

/* Highest DRAM read bandwidth of any kernel at r's thread count, on the same CPUs (threads that are spread use others).
 */
static const struct mw_record *find_bandwidth(const struct mw_records *earlier, const struct mw_record *r)
{
	const struct mw_record *best = NULL;
	for (size_t i = 0; earlier && i < earlier->n; i++) {
		const struct mw_record *b = &earlier->v[i];
		if (strcmp(b->bench, "bandwidth") != 0 || strcmp(b->case_name, "peak-read") != 0 ||
		    strcmp(mw_kv_str(&b->params, "level", ""), "dram") != 0 || b->unit != MW_GBPS ||
		    !isfinite(b->value) || !same_threads(b, r) || mw_kv_find(&b->params, "placement"))
			continue;
		if (better_roof(b, best, r))
			best = b;
	}
	return best;
}

/* Highest peak of r's type and thread count; NULL when none was measured. */
static const struct mw_record *find_peak(const struct mw_records *rates, const struct mw_record *r)
{
	const struct mw_record *best = NULL;
	for (size_t i = 0; i < rates->n; i++) {
		const struct mw_record *p = &rates->v[i];
		if (strcmp(p->case_name, "peak") == 0 && isfinite(p->value) && same_threads(p, r) &&
		    gemm_record_dtype(p) == gemm_record_dtype(r) && better_roof(p, best, r))
			best = p;
	}
	return best;
}

/* ---- records ---- */

/* Opens out as a record of the row, derived from r. */
static void derive(struct mw_record *out, enum gemm_row row, const char *case_name, const struct mw_record *r)
{
	mw_record_derive(out, &gemm_emitter, gemm_emit(row, gemm_record_dtype(r)), case_name, r);
	mw_record_method(out, r->method, r->method_version);
}

static int emit_bytes_rate(enum gemm_row row, const struct mw_record *r, const struct mw_sink *sink)
{
	struct gemm_shape s = gemm_record_shape(r);
	struct mw_record out;
	derive(&out, row, r->case_name, r);
	mw_record_scale(&out, r, 1.0 / gemm_intensity(&s));
	mw_record_note(&out, "counted bytes: weights; activations and results each once; time measured");
	return mw_finish(sink, &out);
}

static bool same_question(const struct mw_record *a, const struct mw_record *b)
{
	static const char *const keys[] = {"m", "n", "k", "threads"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (mw_kv_int(&a->params, keys[i], -1) != mw_kv_int(&b->params, keys[i], -1))
			return false;
	return gemm_record_dtype(a) == gemm_record_dtype(b) && same_state(a, b);
}

/* Lists the rates that differ from rates->v[i] only in the engine, itself included. Returns how many; 0 when an earlier
 * record listed them. */
static size_t list_answers(const struct mw_records *rates, size_t i, const struct mw_record **out)
{
	size_t n = 0;
	for (size_t j = 0; j < rates->n && n < ENGINES_MAX; j++) {
		const struct mw_record *r = &rates->v[j];
		if (!is_product(r) || !same_question(r, &rates->v[i]))
			continue;
		if (j < i)
			return 0;
		out[n++] = r;
	}
	return n;
}

static const char *engine_of(const struct mw_record *r)
{
	return mw_kv_str(&r->params, "engine", "");
}

static void put_ties(struct mw_record *out, const struct mw_record *const *answers, size_t n, const bool *tied)
{
	struct mw_buf text = {0};
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		if (!tied[i])
			continue;
		mw_buf_add(&text, "%s%s", any ? ", " : "", engine_of(answers[i]));
		any = true;
	}
	if (any)
		mw_put_text(out, &mw_key_ties, mw_buf_text(&text));
	mw_buf_fini(&text);
}

static void put_all(struct mw_record *out, const struct mw_key *const *keys, const struct mw_record *src)
{
	for (; keys && *keys; keys++)
		mw_put_same(out, *keys, src);
}

/* Opens the record of the best engine, which is an observed key here instead of a parameter. *by: the winner's
 * record. */
static int open_best(struct mw_record *out, const struct mw_record *const *answers, size_t n, double target,
		     const struct mw_record **by)
{
	struct mw_heldout h;
	int rc = mw_heldout_best(answers, n, target, &h);
	if (rc < 0)
		return rc;
	*by = answers[h.best];
	const struct mw_emit *row = gemm_emit(GEMM_BEST, gemm_record_dtype(*by));
	mw_record_open(out, &gemm_emitter, row, "best");
	mw_record_method(out, (*by)->method, (*by)->method_version);
	put_all(out, row->params, *by);
	put_all(out, row->optional, *by);
	put_all(out, row->observed, *by);
	mw_put_text(out, &mw_key_winner, engine_of(*by));
	put_ties(out, answers, n, h.tied);
	if (n > 1)
		mw_record_note(out, "best of %zu engines, chosen for each visit by the other visits", n);
	mw_heldout_put(out, &h, answers);
	mw_heldout_fini(&h);
	return 0;
}

static int emit_intensity(const struct mw_record *best, double intensity, const struct mw_sink *sink)
{
	struct mw_record out;
	derive(&out, GEMM_INTENSITY, "best", best);
	mw_record_set(&out, intensity, MW_MODELLED, "closed form: 2mnk / bytes of A; W and C each once");
	return mw_finish(sink, &out);
}

static int emit_fraction(const struct mw_record *best, double intensity, const struct mw_record *top,
			 const struct mw_record *roof, const struct mw_sink *sink)
{
	struct mw_record out;
	derive(&out, GEMM_FRACTION, "best", best);
	if (!roof || !top) {
		mw_record_unavailable(&out, roof ? "no peak rate was measured"
						 : "no DRAM read bandwidth at this number of threads was measured");
		return mw_finish(sink, &out);
	}
	double peak = top->value;
	mw_record_set(&out, roofline_fraction(best->value, peak, roof->value, intensity),
		      mw_weakest(MW_MODELLED, roof->provenance), NULL);
	mw_record_source(&out, "rate / min(peak %.1f; %.1f GB/s DRAM peak-read x intensity)", peak, roof->value);
	double ridge = roofline_ridge(peak, roof->value);
	mw_record_note(&out, "%s roof; ridge %.1f FLOP/byte%s%s%s", intensity < ridge ? "memory" : "compute", ridge,
		       same_state(best, roof) ? "" : "; bandwidth of another topology state",
		       same_state(best, top) ? "" : "; peak of another topology state",
		       out.value > 1 ? "; above 1: the machine was slower when the roof was measured" : "");
	return mw_finish(sink, &out);
}

static int emit_best(const struct mw_records *rates, const struct mw_record *const *answers, size_t n, double target,
		     const struct mw_records *earlier, const struct mw_sink *sink)
{
	const struct mw_record *by;
	struct mw_record best;
	int rc = open_best(&best, answers, n, target, &by);
	if (rc < 0)
		return rc;
	struct gemm_shape s = gemm_record_shape(by);
	double intensity = gemm_intensity(&s);
	rc = mw_record_close(&best, NULL, 0);
	if (rc == 0)
		rc = mw_emit(sink, &best);
	if (rc == 0)
		rc = emit_bytes_rate(GEMM_BEST_BYTES, &best, sink);
	if (rc == 0)
		rc = emit_intensity(&best, intensity, sink);
	if (rc == 0)
		rc = emit_fraction(&best, intensity, find_peak(rates, by), find_bandwidth(earlier, by), sink);
	mw_record_fini(&best);
	return rc;
}

int gemm_emit_derived(const struct mw_records *rates, const struct mw_records *earlier, double target,
		      const struct mw_sink *sink)
{
	const struct mw_record *answers[ENGINES_MAX];
	int rc = 0;
	for (size_t i = 0; i < rates->n && rc == 0; i++) {
		if (!is_product(&rates->v[i]))
			continue;
		/* Of products of matrices the best one has its bytes: memory limits few of them. */
		if (strcmp(rates->v[i].case_name, "gemv") == 0)
			rc = emit_bytes_rate(GEMM_PRODUCT_BYTES, &rates->v[i], sink);
		size_t n = list_answers(rates, i, answers);
		if (rc == 0 && n)
			rc = emit_best(rates, answers, n, target, earlier, sink);
	}
	return rc;
}
