#include "bench/cores_records.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/stats.h"

static const struct mw_metric metric_handover = {
	"handover", MW_NS, MW_LOWER,
	"time to pass one line on, half of a round trip in which both CPUs read it and then write to it"};
static const struct mw_metric metric_fairness = {"fairness", MW_RATIO, MW_HIGHER,
						 "operations of the slowest thread divided by those of the fastest"};

static const struct mw_key key_from_cpu = {"from_cpu", MW_NUMBER, MW_PARAM, "CPU that holds the lines in its caches"};
static const struct mw_key key_to_cpu = {"to_cpu", MW_NUMBER, MW_PARAM, "CPU that reads them"};
static const struct mw_key key_line = {
	"line", MW_TEXT, MW_PARAM,
	"modified: the other CPU has written to it; shared: it has only read it; handover: both write"};
static const struct mw_key key_home = {"home", MW_TEXT, MW_PARAM,
				       "NUMA node of the memory: that of the CPU `from` or of the CPU `to`"};
static const struct mw_key key_relation = {
	"relation", MW_TEXT, MW_PARAM,
	"what the CPUs share: smt (the core), same-l3, same-socket, or cross-socket for nothing"};
static const struct mw_key key_pairs = {"pairs", MW_NUMBER, MW_OBSERVED, "pairs of CPUs that were measured"};
static const struct mw_key key_of_pairs = {"of_pairs", MW_NUMBER, MW_OBSERVED,
					   "pairs of CPUs with this relation, in either direction counted once"};

#define PAIR MW_LIST(&key_from_cpu, &key_to_cpu, &key_line, &key_home, &key_relation)
#define RELATION MW_LIST(&key_line, &key_home, &key_relation)
#define CONTENDED MW_CASES("atomic-add", "cas", "spin-lock", "mutex", "same-line", "own-line")

enum { PAIR_LATENCY, PAIR_HANDOVER, MEDIAN_LATENCY, MEDIAN_HANDOVER, TIME, RATE, FAIRNESS };
static const struct mw_emit emits[] = {
	[PAIR_LATENCY] = {MW_CASES("pair"), &mw_metric_latency, PAIR, MW_LIST(&mw_key_state), MW_LIST(&mw_key_node)},
	[PAIR_HANDOVER] = {MW_CASES("pair"), &metric_handover, PAIR, MW_LIST(&mw_key_state), MW_LIST(&mw_key_node)},
	[MEDIAN_LATENCY] = {MW_CASES("median"), &mw_metric_latency, RELATION, MW_LIST(&mw_key_state),
			    MW_LIST(&key_pairs, &key_of_pairs)},
	[MEDIAN_HANDOVER] = {MW_CASES("median"), &metric_handover, RELATION, MW_LIST(&mw_key_state),
			     MW_LIST(&key_pairs, &key_of_pairs)},
	[TIME] = {CONTENDED, &mw_metric_time, MW_LIST(&mw_key_threads), MW_LIST(&mw_key_state), NULL},
	[RATE] = {CONTENDED, &mw_metric_op_rate, MW_LIST(&mw_key_threads), MW_LIST(&mw_key_state), NULL},
	[FAIRNESS] = {CONTENDED, &metric_fairness, MW_LIST(&mw_key_threads), MW_LIST(&mw_key_state), NULL},
	{.metric = NULL},
};
const struct mw_emitter cores_emitter = {"cores", emits};

static const char *const lines[CORES_LINES] = {"modified", "shared", "handover"};

const char *cores_line_name(enum cores_line l)
{
	return lines[l];
}

void cores_pair_open(struct mw_record *rec, const struct cores_words *w)
{
	bool handover = w->line == CORES_HANDOVER;
	mw_record_open(rec, &cores_emitter, &emits[handover ? PAIR_HANDOVER : PAIR_LATENCY], "pair");
	mw_record_method(rec, handover ? "ping-pong" : "dependent-reads", 1);
	mw_put_int(rec, &key_from_cpu, w->from->id);
	mw_put_int(rec, &key_to_cpu, w->to->id);
	mw_put_text(rec, &key_line, lines[w->line]);
	mw_put_text(rec, &key_home, w->home_is_to ? "to" : "from");
	mw_put_text(rec, &key_relation, cores_relation_name(cores_relation_of(w->from, w->to)));
	mw_put_int(rec, &mw_key_node, w->node);
}

void cores_contend_open(struct mw_record *rec, const struct mw_contend *c, enum cores_metric metric, int threads)
{
	static const int rows[CORES_METRICS] = {TIME, RATE, FAIRNESS};
	mw_record_open(rec, &cores_emitter, &emits[rows[metric]], c->name);
	mw_record_method(rec, "fixed-time", 1);
	mw_put_int(rec, &mw_key_threads, threads);
}

/* ---- medians ---- */

int cores_results_add(void *self, const struct mw_record *rec)
{
	struct cores_results *r = self;
	int rc = mw_emit(r->out, rec);
	bool pair = rec->provenance == MW_MEASURED && strcmp(rec->case_name, "pair") == 0;
	return rc < 0 || !pair ? rc : mw_records_add_bare(&r->kept, rec);
}

void cores_results_fini(struct cores_results *r)
{
	mw_records_fini(&r->kept);
}

static bool same(const struct mw_record *a, const struct mw_record *b)
{
	static const char *const keys[] = {"line", "home", "relation", "state"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(mw_kv_str(&a->params, keys[i], ""), mw_kv_str(&b->params, keys[i], "")) != 0)
			return false;
	return true;
}

/* True when the unordered pair of record i is that of an earlier record of the same group. */
static bool pair_before(const struct mw_records *l, size_t i)
{
	int64_t from = mw_kv_int(&l->v[i].params, "from_cpu", 0), to = mw_kv_int(&l->v[i].params, "to_cpu", 0);
	for (size_t k = 0; k < i; k++)
		if (mw_kv_int(&l->v[k].params, "from_cpu", 0) == to &&
		    mw_kv_int(&l->v[k].params, "to_cpu", 0) == from && same(&l->v[k], &l->v[i]))
			return true;
	return false;
}

static uint64_t of_relation(const struct cores_results *r, const struct mw_record *rec)
{
	for (int k = 0; k < CORES_RELATIONS; k++)
		if (strcmp(mw_kv_str(&rec->params, "relation", ""), cores_relation_name((enum cores_relation)k)) == 0)
			return r->of[k];
	return 0;
}

/* What the records of a group have in common. */
struct group {
	double *v; /* their values */
	size_t n;
	uint64_t pairs;
	double ci_lo, ci_hi; /* over all intervals; NaN when one lacks */
	size_t rounds;       /* of the record with the fewest */
};

static void add_value(struct group *g, const struct mw_record *r)
{
	bool first = g->n == 0;
	g->v[g->n++] = r->value;
	/* Not fmin and fmax, which would drop a NaN. */
	g->ci_lo = first || isnan(r->ci_lo) || r->ci_lo < g->ci_lo ? r->ci_lo : g->ci_lo;
	g->ci_hi = first || isnan(r->ci_hi) || r->ci_hi > g->ci_hi ? r->ci_hi : g->ci_hi;
	g->rounds = first || r->n < g->rounds ? r->n : g->rounds;
}

static int emit_median(const struct cores_results *r, const struct mw_record *first, const struct group *g)
{
	struct mw_record out;
	struct mw_summary s;
	uint64_t pairs = g->pairs;
	int rc = mw_summarize(g->v, g->n, &s);
	if (rc < 0)
		return rc;
	bool handover = strcmp(first->metric, metric_handover.name) == 0;
	uint64_t of = of_relation(r, first);
	mw_record_open(&out, &cores_emitter, &emits[handover ? MEDIAN_HANDOVER : MEDIAN_LATENCY], "median");
	mw_record_method(&out, first->method, first->method_version);
	mw_put_same(&out, &key_line, first);
	mw_put_same(&out, &key_home, first);
	mw_put_same(&out, &key_relation, first);
	mw_put_same(&out, &mw_key_state, first);
	mw_put_int(&out, &key_pairs, (int64_t)pairs);
	mw_put_int(&out, &key_of_pairs, (int64_t)of);
	mw_record_set(&out, s.median, MW_MEASURED, "");
	out.min = s.min;
	out.max = s.max;
	out.n = g->rounds;
	out.ci_lo = isfinite(s.ci_lo) ? s.ci_lo : g->ci_lo;
	out.ci_hi = isfinite(s.ci_hi) ? s.ci_hi : g->ci_hi;
	if (pairs < of)
		mw_record_note(&out,
			       "%llu of %llu pairs: there was no time for all; one of each distance, the rest drawn",
			       (unsigned long long)pairs, (unsigned long long)of);
	return mw_finish(r->out, &out);
}

/* The group of record i, of which it is the first. */
static int derive_group(const struct cores_results *r, size_t i, double *v)
{
	struct group g = {.v = v};
	for (size_t k = i; k < r->kept.n; k++) {
		if (!same(&r->kept.v[i], &r->kept.v[k]))
			continue;
		g.pairs += !pair_before(&r->kept, k);
		add_value(&g, &r->kept.v[k]);
	}
	return emit_median(r, &r->kept.v[i], &g);
}

int cores_results_derive(const struct cores_results *r)
{
	double *v = calloc(r->kept.n ? r->kept.n : 1, sizeof(*v));
	int rc = v ? 0 : -ENOMEM;
	for (size_t i = 0; i < r->kept.n && rc == 0; i++) {
		bool first = true;
		for (size_t k = 0; k < i && first; k++)
			first = !same(&r->kept.v[k], &r->kept.v[i]);
		if (first)
			rc = derive_group(r, i, v);
	}
	free(v);
	return rc;
}
