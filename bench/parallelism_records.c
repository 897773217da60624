#include "bench/parallelism_records.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/core/kernels/chases.h"

/* A level whose accesses take no longer than this many times those of the first-level cache, with as many chases, is
 * limited by what the core can execute. */
#define CORE_LIMIT 1.25

/* What a sample may follow of a chain that is larger than the caches. */
#define FRESH_SHARE 0.7

static const struct mw_metric metric_access_interval = {"access_interval", MW_NS, MW_LOWER,
							"mean time between two accesses of all chases and threads"};
static const struct mw_metric metric_in_flight = {
	"in_flight", MW_COUNT, MW_HIGHER,
	"mean number of accesses in flight, by Little's law: latency with one chase x accesses per time"};
static const struct mw_metric metric_knee = {
	"knee", MW_COUNT, MW_HIGHER,
	"smallest number of chases that no larger one beats by more than 5 % in throughput"};

static const struct mw_key key_window = {"window", MW_BYTES, MW_PARAM,
					 "locality window: the chain visits all of it before the next one"};
static const struct mw_key key_chases = {"chases", MW_NUMBER, MW_PARAM,
					 "independent pointer chains that each thread follows at the same time"};
static const struct mw_key key_at_knee = {"at_knee", MW_REAL, MW_OBSERVED, "accesses in flight at the knee"};
static const struct mw_key key_knee_ns = {"knee_ns", MW_REAL, MW_OBSERVED, "access time at the knee, ns"};
static const struct mw_key key_most_chases = {"most_chases", MW_NUMBER, MW_OBSERVED,
					      "largest number of chases measured"};
static const struct mw_key key_limit = {
	"limit", MW_TEXT, MW_OBSERVED,
	"what ends the gain: memory, the core (the first-level cache is as slow), or not reached"};

#define GROUP &mw_key_level, &mw_key_size, &mw_key_stride, &key_window, &mw_key_pages, &mw_key_threads

enum { POINT, FLIGHT, KNEE };
static const struct mw_emit emits[] = {
	[POINT] = {MW_CASES("chases"), &metric_access_interval, MW_LIST(GROUP, &key_chases), MW_LIST(&mw_key_state),
		   MW_LIST(&mw_key_obtained, &mw_key_cpu, &mw_key_node)},
	[FLIGHT] = {MW_CASES("chases"), &metric_in_flight, MW_LIST(GROUP, &key_chases), MW_LIST(&mw_key_state),
		    MW_LIST(&mw_key_obtained, &mw_key_cpu, &mw_key_node)},
	[KNEE] = {MW_CASES("knee"), &metric_knee, MW_LIST(GROUP), MW_LIST(&mw_key_state),
		  MW_LIST(&mw_key_obtained, &mw_key_cpu, &mw_key_node, &key_at_knee, &key_knee_ns, &key_most_chases,
			  &key_limit)},
	{.metric = NULL},
};
const struct mw_emitter par_emitter = {"parallelism", emits};

void par_record_open(struct mw_record *rec, const struct par_words *w)
{
	mw_record_open(rec, &par_emitter, &emits[POINT], "chases");
	mw_record_method(rec, "parallel-chases", 1);
	mw_put_text(rec, &mw_key_level, w->level);
	mw_put_int(rec, &mw_key_size, (int64_t)w->size);
	mw_put_int(rec, &mw_key_stride, (int64_t)w->stride);
	mw_put_int(rec, &key_window, (int64_t)w->window);
	mw_put_text(rec, &mw_key_pages, w->pages);
	mw_put_int(rec, &mw_key_threads, w->threads);
	mw_put_int(rec, &key_chases, w->chases);
	mw_put_text(rec, &mw_key_obtained, w->obtained);
	mw_put_int(rec, &mw_key_node, w->node);
	if (w->threads == 1)
		mw_put_int(rec, &mw_key_cpu, w->cpu);
}

/* ---- what follows ---- */

uint64_t par_seed(uint64_t seed, int member, unsigned n)
{
	return seed + (uint64_t)member + ((uint64_t)n << 32);
}

size_t par_steps(double sample_ns, uint64_t probe_ns, size_t probe_steps, size_t elements)
{
	double steps = sample_ns * (double)probe_steps / (double)(probe_ns ? probe_ns : 1);
	double most = elements ? FRESH_SHARE * (double)elements : 1e12;
	size_t n = (size_t)fmin(steps, most) / MW_CHASES_UNROLL * MW_CHASES_UNROLL;
	return n ? n : MW_CHASES_UNROLL;
}

double par_access_ns(uint64_t ns, size_t steps, unsigned chases, int threads)
{
	return (double)ns / ((double)steps * chases * threads);
}

double par_in_flight(double one_ns, int threads, double ns)
{
	return one_ns * threads / ns;
}

size_t par_knee(const double *ns, size_t n)
{
	double best = ns[n - 1];
	size_t knee = n - 1;
	for (size_t i = n; i-- > 0;) {
		best = ns[i] < best ? ns[i] : best;
		if (ns[i] <= best * PAR_GAIN)
			knee = i;
	}
	return knee;
}

int par_results_add(void *self, const struct mw_record *rec)
{
	struct par_results *r = self;
	int rc = mw_emit(r->out, rec);
	return rc < 0 || rec->provenance != MW_MEASURED ? rc : mw_records_add_bare(&r->kept, rec);
}

void par_results_fini(struct par_results *r)
{
	mw_records_fini(&r->kept);
}

static int threads_of(const struct mw_record *r)
{
	return (int)mw_kv_int(&r->params, "threads", 1);
}

static bool same_text(const struct mw_record *a, const struct mw_record *b, const char *key)
{
	return strcmp(mw_kv_str(&a->params, key, ""), mw_kv_str(&b->params, key, "")) == 0;
}

/* Same threads and state. */
static bool alike(const struct mw_record *a, const struct mw_record *b)
{
	return threads_of(a) == threads_of(b) && same_text(a, b, "state");
}

static bool same_group(const struct mw_record *a, const struct mw_record *b)
{
	return alike(a, b) && same_text(a, b, "level") && same_text(a, b, "pages") &&
	       mw_kv_int(&a->params, "size", 0) == mw_kv_int(&b->params, "size", 0);
}

/* The record of a group, or of the first-level cache with its threads and state, that has this many chases. */
static const struct mw_record *find(const struct par_results *r, const struct mw_record *of, unsigned chases,
				    bool in_l1)
{
	for (size_t i = 0; i < r->kept.n; i++) {
		const struct mw_record *v = &r->kept.v[i];
		bool fits = in_l1 ? alike(v, of) && strcmp(mw_kv_str(&v->params, "level", ""), "l1") == 0
				  : same_group(v, of);
		if (fits && mw_kv_int(&v->params, "chases", 0) == chases)
			return v;
	}
	return NULL;
}

static int emit_in_flight(const struct par_results *r, const struct mw_record *one, const struct mw_record *v)
{
	struct mw_record out;
	int threads = threads_of(v);
	mw_record_derive(&out, &par_emitter, &emits[FLIGHT], "chases", v);
	mw_record_method(&out, "littles-law", 1);
	mw_record_set(&out, par_in_flight(one->value, threads, v->value), MW_MEASURED, "");
	/* The widest that both intervals allow. With one chase the number is exact, because each load waits. */
	out.ci_lo = v == one ? out.value : par_in_flight(one->ci_lo, threads, v->ci_hi);
	out.ci_hi = v == one ? out.value : par_in_flight(one->ci_hi, threads, v->ci_lo);
	out.n = v->n;
	double most = threads * (double)mw_kv_int(&v->params, "chases", 1);
	if (out.value > PAR_GAIN * most)
		mw_record_note(&out,
			       "more than the %.0f chases can have: something slowed the samples with one chase, or "
			       "prefetchers helped the others",
			       most);
	return mw_finish(r->out, &out);
}

static const char *limit_of(const struct par_results *r, const struct mw_record *at, bool last)
{
	const struct mw_record *l1 = find(r, at, (unsigned)mw_kv_int(&at->params, "chases", 0), true);
	if (last)
		return "not reached";
	if (!l1)
		return "not known: the first-level cache was not measured";
	return at->value <= CORE_LIMIT * l1->value ? "core" : "memory";
}

static int emit_knee(const struct par_results *r, const struct mw_record *one, const struct mw_record *const *v,
		     size_t n)
{
	double ns[MW_CHASES_MAX];
	struct mw_record out;
	for (size_t i = 0; i < n; i++)
		ns[i] = v[i]->value;
	size_t knee = par_knee(ns, n);
	const struct mw_record *at = v[knee];
	mw_record_derive(&out, &par_emitter, &emits[KNEE], "knee", at);
	mw_record_method(&out, "littles-law", 1);
	mw_record_set(&out, (double)mw_kv_int(&at->params, "chases", 0), MW_MEASURED, "");
	out.n = at->n;
	mw_put_real(&out, &key_at_knee, par_in_flight(one->value, threads_of(at), at->value));
	mw_put_real(&out, &key_knee_ns, at->value);
	mw_put_int(&out, &key_most_chases, mw_kv_int(&v[n - 1]->params, "chases", 0));
	mw_put_text(&out, &key_limit, limit_of(r, at, knee == n - 1));
	if (knee == n - 1)
		mw_record_note(&out, "at least: more chases than %d were not measured",
			       (int)mw_kv_int(&at->params, "chases", 0));
	return mw_finish(r->out, &out);
}

/* All of one group, of which `one` has one chase. */
static int derive_group(const struct par_results *r, const struct mw_record *one)
{
	const struct mw_record *v[MW_CHASES_MAX];
	size_t n = 0;
	int rc = 0;
	for (size_t i = 0; mw_chases_count(i) && rc == 0; i++) {
		const struct mw_record *next = find(r, one, mw_chases_count(i), false);
		if (!next || !(next->value > 0))
			continue;
		v[n++] = next;
		rc = emit_in_flight(r, one, next);
	}
	return rc == 0 && n > 1 ? emit_knee(r, one, v, n) : rc;
}

int par_results_derive(const struct par_results *r)
{
	int rc = 0;
	for (size_t i = 0; i < r->kept.n && rc == 0; i++)
		if (mw_kv_int(&r->kept.v[i].params, "chases", 0) == 1 && r->kept.v[i].value > 0)
			rc = derive_group(r, &r->kept.v[i]);
	return rc;
}
