#include "bench/loaded_records.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/output.h"
#include "base/core/visits.h"
#include "bench/loaded_curve.h"

/* ---- words ---- */

static const struct mw_metric metric_decline = {"decline", MW_RATIO, MW_LOWER,
						"share of the highest bandwidth that is lost at the most pressure"};

static const struct mw_key key_mix = {
	"mix", MW_TEXT, MW_PARAM,
	"read:write of the bytes that the memory moves; an ordinary store reads and writes its line; -nt: non-temporal "
	"stores, which only write"};
static const struct mw_key key_load = {
	"load", MW_NUMBER, MW_PARAM,
	"percent of the mix's highest bandwidth that the pacer aims at; 100: traffic without pauses"};
static const struct mw_key key_cpu_node = {"cpu_node", MW_NUMBER, MW_PARAM, "NUMA node of the CPUs that read"};
static const struct mw_key key_memory_node = {"memory_node", MW_NUMBER, MW_PARAM, "NUMA node of the memory"};
static const struct mw_key key_window = {"window", MW_BYTES, MW_PARAM,
					 "locality window: the chain visits all of it before the next one"};
static const struct mw_key key_pause = {
	"pause", MW_NUMBER, MW_OBSERVED,
	"iterations of an empty loop, about a cycle each, after 768 bytes of traffic (last sample)"};
static const struct mw_key key_target = {"target", MW_REAL, MW_OBSERVED, "bandwidth that the pacer aimed at, GB/s"};
static const struct mw_key key_achieved = {"achieved", MW_REAL, MW_OBSERVED, "bandwidth beside the chase, GB/s"};
static const struct mw_key key_bus = {
	"bus", MW_REAL, MW_OBSERVED,
	"GB/s that the memory moves for it, modelled: ordinary stores read the line that they overwrite"};
static const struct mw_key key_off_target = {"off_target", MW_NUMBER, MW_OBSERVED,
					     "samples more than 4 % from the target"};
static const struct mw_key key_error = {
	"edge_error", MW_REAL, MW_OBSERVED,
	"largest share of a sample's bytes that were in progress at the edges of its window"};
static const struct mw_key key_generators = {"generators", MW_NUMBER, MW_OBSERVED, "threads that make the traffic"};
static const struct mw_key key_rise = {"rise", MW_REAL, MW_OBSERVED,
				       "latency at the highest load divided by the unloaded one"};
static const struct mw_key key_at_load = {"at_load", MW_NUMBER, MW_OBSERVED, "load of the highest bandwidth, percent"};
static const struct mw_key key_oversaturated = {
	"oversaturated", MW_TEXT, MW_OBSERVED,
	"yes: more pressure gives less bandwidth at a higher latency; no; or why it is not known"};

enum { LATENCY, BANDWIDTH, UNLOADED, CURVE, CURVE_BUS, DECLINE };

#define CHASE &key_cpu_node, &key_memory_node, &mw_key_size, &mw_key_stride, &key_window, &mw_key_pages
#define POINT MW_LIST(&key_mix, &key_load, &mw_key_threads, &mw_key_isa, CHASE)
#define OF_CURVE MW_LIST(&key_mix, &mw_key_threads, &mw_key_isa, CHASE)
#define STATE MW_LIST(&mw_key_state)

static const struct mw_emit emits[] = {
	[LATENCY] = {MW_CASES("loaded"), &mw_metric_latency, POINT, STATE,
		     MW_LIST(&mw_key_cpu, &mw_key_obtained, &key_pause, &key_target, &key_achieved, &key_bus,
			     &key_off_target)},
	[BANDWIDTH] = {MW_CASES("loaded"), &mw_metric_bandwidth, POINT, STATE,
		       MW_LIST(&mw_key_cpu, &mw_key_obtained, &key_pause, &key_target, &key_bus, &key_error,
			       &key_off_target)},
	[UNLOADED] = {MW_CASES("unloaded"), &mw_metric_latency, MW_LIST(CHASE), NULL,
		      MW_LIST(&mw_key_cpu, &mw_key_obtained)},
	[CURVE] = {MW_CASES("knee", "highest", "saturation"), &mw_metric_bandwidth, OF_CURVE, STATE,
		   MW_LIST(&key_generators, &key_rise, &key_at_load)},
	[CURVE_BUS] = {MW_CASES("knee", "highest", "saturation"), &mw_metric_bus_bandwidth, OF_CURVE, STATE,
		       MW_LIST(&key_generators, &key_rise, &key_at_load)},
	[DECLINE] = {MW_CASES("over-saturation"), &metric_decline, OF_CURVE, STATE,
		     MW_LIST(&key_generators, &key_oversaturated)},
	{.metric = NULL},
};
const struct mw_emitter loaded_emitter = {"loaded", emits};

/* ---- points ---- */

void loaded_record_open(struct mw_record *rec, enum loaded_metric metric, const struct loaded_words *w)
{
	const struct mw_emit *row = &emits[w->load == 0 ? UNLOADED : metric == LOADED_LATENCY ? LATENCY : BANDWIDTH];
	mw_record_open(rec, &loaded_emitter, row, row->cases[0]);
	mw_record_method(rec, w->load && w->sibling ? "paced-traffic-sibling" : "paced-traffic", 1);
	if (w->load) {
		mw_put_text(rec, &key_mix, mw_mix_name(w->mix));
		mw_put_int(rec, &key_load, w->load);
		mw_put_int(rec, &mw_key_threads, w->threads);
		mw_put_text(rec, &mw_key_isa, w->isa);
	}
	mw_put_int(rec, &key_cpu_node, w->cpu_node);
	mw_put_int(rec, &key_memory_node, w->memory_node);
	mw_put_int(rec, &mw_key_size, (int64_t)w->size);
	mw_put_int(rec, &mw_key_stride, (int64_t)w->stride);
	mw_put_int(rec, &key_window, (int64_t)w->window);
	mw_put_text(rec, &mw_key_pages, w->pages);
	if (w->cpu >= 0)
		mw_put_int(rec, &mw_key_cpu, w->cpu);
	if (w->obtained)
		mw_put_text(rec, &mw_key_obtained, w->obtained);
	if (w->load && w->sibling)
		mw_record_add_note(rec, "a generator runs on the core of the chase: this machine has one core");
	if (w->size < w->least_size)
		mw_record_add_note(rec,
				   "in part a latency of the caches: time or memory allow fewer bytes than 4x the "
				   "last-level cache (%.0f MiB)",
				   (double)w->least_size / 1048576.0);
}

static bool is_point(const struct mw_record *rec, const struct mw_metric *metric)
{
	return strcmp(rec->case_name, "loaded") == 0 && strcmp(rec->metric, metric->name) == 0;
}

static bool mix_of(const struct mw_record *rec, enum mw_mix *out)
{
	const char *name = mw_kv_str(&rec->params, "mix", "");
	for (int i = 0; i < MW_MIX_COUNT; i++)
		if (strcmp(name, mw_mix_name((enum mw_mix)i)) == 0) {
			*out = (enum mw_mix)i;
			return true;
		}
	return false;
}

static void put_bus_source(struct mw_record *rec, enum mw_mix mix)
{
	unsigned moved = (unsigned)(mw_mix_bus_factor(mix) * MW_TRAFFIC_LINES + 0.5);
	mw_record_source(rec, "measured bandwidth x %u/%u: %s", moved, (unsigned)MW_TRAFFIC_LINES,
			 mw_mix_nt(mix)       ? "non-temporal stores do not read the line first"
			 : mw_mix_stores(mix) ? "ordinary stores read the line first (read for ownership)"
					      : "loads only");
}

/* Emits the record of a curve scaled to the bytes that the memory moves. */
static int emit_bus(const struct mw_sink *sink, const struct mw_record *rec)
{
	struct mw_record out;
	enum mw_mix mix;
	if (!mix_of(rec, &mix))
		return 0;
	mw_record_derive(&out, &loaded_emitter, &emits[CURVE_BUS], rec->case_name, rec);
	mw_record_method(&out, rec->method, rec->method_version);
	mw_record_scale(&out, rec, mw_mix_bus_factor(mix));
	out.provenance = MW_MODELLED;
	put_bus_source(&out, mix);
	if (rec->note && rec->note[0])
		mw_record_note(&out, "%s", rec->note);
	return mw_finish(sink, &out);
}

static void observe(struct mw_record *rec, const struct loaded_observed *o, double achieved)
{
	bool latency = is_point(rec, &mw_metric_latency);
	enum mw_mix mix;
	mw_put_int(rec, &key_pause, (int64_t)o->pause);
	if (isfinite(o->target)) {
		mw_put_real(rec, &key_target, round(1e4 * o->target) / 1e4);
		mw_put_int(rec, &key_off_target, o->off_target);
	}
	if (latency && isfinite(achieved))
		mw_put_real(rec, &key_achieved, round(1e4 * achieved) / 1e4);
	if (isfinite(achieved) && mix_of(rec, &mix))
		mw_put_real(rec, &key_bus, round(1e4 * mw_mix_bus_factor(mix) * achieved) / 1e4);
	if (!latency)
		mw_put_real(rec, &key_error, o->error);
	if (isfinite(o->target) && fabs(achieved / o->target - 1) > 0.04)
		mw_record_add_note(rec, "the target was not reached: %.3g of %.3g GB/s", achieved, o->target);
}

int loaded_results_add(void *self, const struct mw_record *rec)
{
	struct loaded_results *r = self;
	return mw_records_add(&r->kept, rec);
}

/* ---- curves ---- */

struct curve {
	const struct mw_record *first; /* one of its latencies */
	enum mw_mix mix;
	const struct mw_record *unloaded; /* NULL: not measured */
	struct curve_point v[101];
	const struct mw_record *latency[101], *bandwidth[101]; /* of each point */
	size_t n, samples;
};

static int64_t param(const struct mw_record *rec, const char *name)
{
	return mw_kv_int(&rec->params, name, -1);
}

static bool same_text(const struct mw_record *a, const struct mw_record *b, const char *name)
{
	return strcmp(mw_kv_str(&a->params, name, ""), mw_kv_str(&b->params, name, "")) == 0;
}

static bool same_nodes(const struct mw_record *a, const struct mw_record *b)
{
	return param(a, "cpu_node") == param(b, "cpu_node") && param(a, "memory_node") == param(b, "memory_node");
}

static bool same_curve(const struct mw_record *a, const struct mw_record *b)
{
	return same_nodes(a, b) && same_text(a, b, "mix") && same_text(a, b, "state");
}

/* The bandwidth at the same point and state as this latency, or NULL. */
static const struct mw_record *bandwidth_of(const struct mw_records *l, const struct mw_record *latency)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_point(&l->v[i], &mw_metric_bandwidth) && same_curve(&l->v[i], latency) &&
		    param(&l->v[i], "load") == param(latency, "load"))
			return l->v[i].provenance == MW_MEASURED ? &l->v[i] : NULL;
	return NULL;
}

static struct curve_value value_of(const struct mw_record *rec)
{
	return (struct curve_value){rec->value, rec->ci_lo, rec->ci_hi};
}

/* Adds a point in the order of the loads. */
static void add_point(struct curve *c, const struct mw_record *latency, const struct mw_record *bandwidth)
{
	size_t at = c->n;
	double load = (double)param(latency, "load");
	if (c->n == sizeof(c->v) / sizeof(c->v[0]))
		return;
	for (; at > 0 && c->v[at - 1].load > load; at--) {
		c->v[at] = c->v[at - 1];
		c->latency[at] = c->latency[at - 1];
		c->bandwidth[at] = c->bandwidth[at - 1];
	}
	c->v[at] = (struct curve_point){load, value_of(latency), value_of(bandwidth)};
	c->latency[at] = latency;
	c->bandwidth[at] = bandwidth;
	c->n++;
	c->samples += latency->n;
}

/* Gathers the curve that begins with kept record i; false where another record began it, or i is no latency. */
static bool gather(const struct mw_records *l, size_t i, struct curve *c)
{
	const struct mw_record *first = &l->v[i];
	if (!is_point(first, &mw_metric_latency) || !mix_of(first, &c->mix))
		return false;
	for (size_t k = 0; k < i; k++)
		if (is_point(&l->v[k], &mw_metric_latency) && same_curve(&l->v[k], first))
			return false;
	c->first = first;
	c->unloaded = NULL;
	c->n = c->samples = 0;
	for (size_t k = 0; k < l->n; k++) {
		const struct mw_record *rec = &l->v[k];
		if (strcmp(rec->case_name, "unloaded") == 0 && same_nodes(rec, first) && rec->provenance == MW_MEASURED)
			c->unloaded = rec;
		if (!is_point(rec, &mw_metric_latency) || !same_curve(rec, first) || rec->provenance != MW_MEASURED)
			continue;
		const struct mw_record *bandwidth = bandwidth_of(l, rec);
		if (bandwidth)
			add_point(c, rec, bandwidth);
	}
	return true;
}

/* ---- what follows from a curve ---- */

/* The bandwidth that all threads read, measured by `bandwidth` in the same state, or in any when that is not known. */
static const struct mw_record *read_peak(const struct bench_ctx *ctx, const struct mw_record *like)
{
	const struct mw_record *any = NULL;
	for (size_t i = 0; ctx->earlier && i < ctx->earlier->n; i++) {
		const struct mw_record *rec = &ctx->earlier->v[i];
		if (strcmp(rec->bench, "bandwidth") != 0 || strcmp(rec->case_name, "dram-read-peak") != 0 ||
		    rec->provenance != MW_MEASURED)
			continue;
		if (same_text(rec, like, "state"))
			return rec;
		any = any ? any : rec;
	}
	return any;
}

/* How far the generators got: for the notes of what they did not reach. */
static void add_reach(struct mw_record *rec, const struct loaded_results *r, const struct curve *c,
		      const struct curve_facts *f)
{
	int64_t generators = param(c->first, "threads") - 1;
	double reached = mw_mix_bus_factor(c->mix) * c->v[f->peak].bandwidth.value;
	const struct mw_record *peak = read_peak(r->ctx, c->first);
	mw_record_add_note(rec, "%lld generator%s reached %.3g GB/s of the memory", (long long)generators,
			   generators == 1 ? "" : "s", reached);
	if (peak)
		mw_record_add_note(rec, "%.0f %% of the %.3g GB/s that `bandwidth` read with all threads",
				   100 * reached / peak->value, peak->value);
	mw_record_add_note(
		rec,
		"saturation was not reached: at the highest load the latency is %.2f times the unloaded one, "
		"saturation begins at %.0f times (Mess, MICRO 2024)",
		f->rise, CURVE_KNEE);
}

/* Not mw_record_derive: what its rounds found belongs to a point, not to the curve. */
static void open_curve(struct mw_record *rec, int row, const char *name, const struct curve *c)
{
	const struct mw_emit *e = &emits[row];
	mw_record_open(rec, &loaded_emitter, e, name);
	mw_record_method(rec, c->first->method, c->first->method_version);
	for (const struct mw_key *const *k = e->params; *k; k++)
		mw_put_same(rec, *k, c->first);
	mw_put_same(rec, &mw_key_state, c->first);
	mw_put_int(rec, &key_generators, param(c->first, "threads") - 1);
}

/* Emits the record and the same in bytes of the bus, and frees it. */
static int finish_both(const struct mw_sink *sink, struct mw_record *rec)
{
	int rc = mw_record_close(rec, NULL, 0);
	rc = rc < 0 ? rc : mw_emit(sink, rec);
	if (rc == 0 && rec->provenance != MW_UNAVAILABLE)
		rc = emit_bus(sink, rec);
	mw_record_fini(rec);
	return rc;
}

static int emit_knee(const struct loaded_results *r, const struct curve *c, const struct curve_facts *f)
{
	struct mw_record rec;
	open_curve(&rec, CURVE, "knee", c);
	mw_put_real(&rec, &key_rise, f->rise);
	if (isfinite(f->knee.value)) {
		mw_record_set(&rec, f->knee.value, MW_MEASURED, "");
		rec.ci_lo = f->knee.lo;
		rec.ci_hi = f->knee.hi;
		mw_record_note(&rec,
			       "bandwidth at which the latency is %.0f times the unloaded %.4g ns, between two "
			       "levels (Mess, MICRO 2024)",
			       CURVE_KNEE, c->unloaded->value);
	} else {
		mw_record_unavailable(&rec, "");
		add_reach(&rec, r, c, f);
	}
	return finish_both(r->out, &rec);
}

/* The highest bandwidth of the curve; it is the saturation bandwidth where the knee was passed. */
static int emit_highest(const struct loaded_results *r, const struct curve *c, const struct curve_facts *f,
			const char *name)
{
	struct mw_record rec;
	bool saturation = strcmp(name, "saturation") == 0;
	open_curve(&rec, CURVE, name, c);
	mw_put_real(&rec, &key_rise, f->rise);
	if (saturation && !isfinite(f->knee.value)) {
		mw_record_unavailable(&rec, "");
		add_reach(&rec, r, c, f);
		return finish_both(r->out, &rec);
	}
	mw_record_scale(&rec, c->bandwidth[f->peak], 1.0);
	mw_put_int(&rec, &key_at_load, (int64_t)c->v[f->peak].load);
	mw_record_note(&rec, "highest of %zu levels; latency there %.4g ns", c->n, c->v[f->peak].latency.value);
	return finish_both(r->out, &rec);
}

static int emit_decline(const struct loaded_results *r, const struct curve *c, const struct curve_facts *f)
{
	static const char *const answers[] = {[CURVE_NO] = "no",
					      [CURVE_YES] = "yes",
					      [CURVE_UNDECIDED] = "not known: intervals overlap or are missing"};
	struct mw_record rec;
	open_curve(&rec, DECLINE, "over-saturation", c);
	if (c->v[c->n - 1].load < 100) {
		mw_record_unavailable(&rec, "traffic without pauses was not measured");
		return mw_finish(r->out, &rec);
	}
	mw_record_set(&rec, f->decline.value, MW_MEASURED, "");
	rec.ci_lo = f->decline.lo;
	rec.ci_hi = f->decline.hi;
	mw_put_text(&rec, &key_oversaturated, answers[f->oversaturated]);
	mw_record_note(&rec, "without pauses %.4g GB/s at %.4g ns, highest %.4g GB/s at %.4g ns",
		       c->v[c->n - 1].bandwidth.value, c->v[c->n - 1].latency.value, c->v[f->peak].bandwidth.value,
		       c->v[f->peak].latency.value);
	return mw_finish(r->out, &rec);
}

static int derive_one(const struct loaded_results *r, const struct curve *c)
{
	struct curve_facts f;
	if (c->n == 0 || !c->unloaded)
		return 0; /* the records of its points say why */
	curve_facts_of(c->v, c->n, value_of(c->unloaded), &f);
	int rc = emit_knee(r, c, &f);
	rc = rc < 0 ? rc : emit_highest(r, c, &f, "highest");
	rc = rc < 0 ? rc : emit_highest(r, c, &f, "saturation");
	return rc < 0 ? rc : emit_decline(r, c, &f);
}

/* Emits a point with what was observed. */
static int pass_on(const struct loaded_results *r, struct mw_record *rec)
{
	const struct loaded_observed *o = strcmp(rec->case_name, "loaded") == 0 ? r->find(r->self, rec) : NULL;
	const struct mw_record *bandwidth = is_point(rec, &mw_metric_latency) ? bandwidth_of(&r->kept, rec) : rec;
	if (o && rec->provenance == MW_MEASURED)
		observe(rec, o, bandwidth ? bandwidth->value : (double)NAN);
	int rc = mw_record_close(rec, NULL, 0);
	return rc < 0 ? rc : mw_emit(r->out, rec);
}

int loaded_results_derive(struct loaded_results *r)
{
	struct curve *c = malloc(sizeof(*c));
	int rc = c ? 0 : -ENOMEM;
	for (size_t i = 0; i < r->kept.n && rc == 0; i++)
		rc = pass_on(r, &r->kept.v[i]);
	for (size_t i = 0; i < r->kept.n && rc == 0; i++)
		if (gather(&r->kept, i, c))
			rc = derive_one(r, c);
	free(c);
	return rc;
}

/* ---- memory_curves.csv ---- */

/* Standard deviation of the samples with a state; NaN for fewer than two. */
static double deviation(const struct mw_record *rec)
{
	double sum = 0, squares = 0, n = 0;
	for (size_t i = 0; i < rec->n_samples; i++)
		if (rec->samples[i].state != MW_STATE_UNKNOWN) {
			double d = rec->samples[i].value - rec->value;
			sum += d;
			squares += d * d;
			n++;
		}
	return n < 2 ? (double)NAN : sqrt(fmax(squares - sum * sum / n, 0) / (n - 1));
}

static size_t add_rows(const struct curve *c, struct curve_row *v)
{
	double factor = mw_mix_bus_factor(c->mix);
	for (size_t i = 0; i < c->n; i++) {
		const struct mw_record *b = c->bandwidth[i];
		v[i] = (struct curve_row){
			.read_percent = mw_mix_read_percent(c->mix),
			.pause = (size_t)mw_kv_int(&b->observed, "pause", 0),
			.bandwidth = factor * b->value,
			.bandwidth_sd = factor * deviation(b),
			.latency = c->v[i].latency.value,
			.latency_sd = deviation(c->latency[i]),
		};
	}
	return c->n;
}

/* State of most samples of the first pair of nodes. */
static const char *usual_state(const struct loaded_results *r, const struct mw_record *pair, struct curve *c)
{
	const char *best = "";
	size_t most = 0, *of = calloc(r->kept.n + 1, sizeof(*of));
	for (size_t i = 0; i < r->kept.n && of; i++) {
		if (!gather(&r->kept, i, c) || !same_nodes(c->first, pair))
			continue;
		size_t k = 0; /* the first record of that state counts for all */
		while (!is_point(&r->kept.v[k], &mw_metric_latency) || !same_nodes(&r->kept.v[k], pair) ||
		       !same_text(&r->kept.v[k], c->first, "state"))
			k++;
		of[k] += c->samples;
		if (of[k] > most) {
			most = of[k];
			best = mw_kv_str(&c->first->params, "state", "");
		}
	}
	free(of);
	return best;
}

/* True when the file has that curve: of two mixes with the same share of reads, the first one measured there. */
static bool in_file(const struct mw_record *pair, const char *state, const struct curve *c, bool *seen)
{
	unsigned percent = mw_mix_read_percent(c->mix);
	if (!same_nodes(c->first, pair) || strcmp(mw_kv_str(&c->first->params, "state", ""), state) != 0 || c->n == 0 ||
	    seen[percent])
		return false;
	seen[percent] = true;
	return true;
}

static size_t collect_rows(const struct loaded_results *r, struct curve *c, struct curve_row *v)
{
	const struct mw_record *pair = NULL;
	bool seen[101] = {false};
	size_t n = 0;
	for (size_t i = 0; i < r->kept.n && !pair; i++)
		pair = is_point(&r->kept.v[i], &mw_metric_latency) ? &r->kept.v[i] : NULL;
	const char *state = pair ? usual_state(r, pair, c) : "";
	for (int nt = 0; nt < 2 && pair; nt++) /* ordinary stores first */
		for (size_t i = 0; i < r->kept.n; i++)
			if (gather(&r->kept, i, c) && mw_mix_nt(c->mix) == (nt != 0) && in_file(pair, state, c, seen))
				n += add_rows(c, v + n);
	return n;
}

static int write_text(const char *path, const struct mw_buf *text)
{
	struct mw_output o;
	int rc = text->failed ? -ENOMEM : mw_output_open(path, &o);
	if (rc < 0)
		return rc;
	for (size_t at = 0; at < text->len;) {
		ssize_t n = write(o.fd, text->p + at, text->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? -errno : -EIO;
			mw_output_abort(&o);
			return rc;
		}
		at += (size_t)n;
	}
	return mw_output_commit(&o);
}

int loaded_records_csv(const struct mw_records *l, const char *path, char *err, size_t n)
{
	struct loaded_results own = {.out = NULL};
	int rc = 0;
	for (size_t i = 0; i < l->n && rc == 0; i++)
		if (strcmp(l->v[i].bench, loaded_emitter.name) == 0)
			rc = loaded_results_add(&own, &l->v[i]);
	if (rc == 0)
		rc = loaded_results_csv(&own, path, err, n);
	loaded_results_fini(&own);
	return rc;
}

int loaded_results_csv(const struct loaded_results *r, const char *path, char *err, size_t n)
{
	struct curve *c = malloc(sizeof(*c));
	struct curve_row *v = calloc(r->kept.n + 1, sizeof(*v));
	struct mw_buf text = {0};
	int rc = c && v ? 0 : -ENOMEM;
	size_t rows = rc == 0 ? collect_rows(r, c, v) : 0;
	if (rc == 0 && rows == 0) {
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "no curve was measured");
	} else if (rc == 0) {
		curve_csv(v, rows, &text);
		rc = write_text(path, &text);
		if (rc < 0)
			(void)mw_fail(rc, err, n, "cannot write '%s': %s", path, mw_strerror(rc));
	}
	mw_buf_fini(&text);
	free(v);
	free(c);
	return rc;
}

void loaded_results_fini(struct loaded_results *r)
{
	mw_records_fini(&r->kept);
}
