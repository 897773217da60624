#include "base/core/visits.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/stats.h"
#include "base/core/text.h"

/* Two probes whose ratio is above this saw different placements: 45-70 ns on one core complex, about 200 ns across
 * two. */
#define PROBE_RATIO 1.6
/* Level of the F test: visits differ by more than chance when its p value is below this. */
#define F_LEVEL 0.05

/* Least ratio of two modes, and least number of rounds in which modes are looked for. */
#define MODE_RATIO 1.25
enum { MODE_ROUNDS = 12 };

enum { LEAST_VISITS = 3 };

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* ---- topology states ---- */

bool mw_probes_disagree(double before_ns, double after_ns)
{
	return before_ns > 0 && after_ns > 0 && fabs(log(after_ns / before_ns)) > log(PROBE_RATIO);
}

/* Best cut of sorted logarithms into two classes: largest variance between them (Otsu 1979). */
static size_t best_cut(const double *x, size_t n)
{
	double total = 0.0, left = 0.0, best = -1.0;
	size_t cut = 0;
	for (size_t i = 0; i < n; i++)
		total += x[i];
	for (size_t i = 1; i < n; i++) {
		left += x[i - 1];
		double gap = left / (double)i - (total - left) / (double)(n - i);
		double between = (double)i * (double)(n - i) * gap * gap;
		if (between > best) {
			best = between;
			cut = i;
		}
	}
	return cut;
}

/* Do the logarithms x form two clusters: centers at least `ratio` apart, at least `least` values in each, hardly any in
 * between? Sorts x. *cut: size of the lower cluster. */
static bool two_clusters(double *x, size_t n, double ratio, size_t least, double center[2], size_t *cut)
{
	qsort(x, n, sizeof(*x), compare_double);
	*cut = n > 1 ? best_cut(x, n) : 0;
	if (*cut < least || n - *cut < least)
		return false;
	double low = x[*cut / 2], high = x[*cut + (n - *cut) / 2];
	if (high - low < log(ratio))
		return false;
	double middle = 0.5 * (low + high), band = 0.15 * (high - low);
	size_t between = 0;
	for (size_t i = 0; i < n; i++)
		between += fabs(x[i] - middle) < band;
	if (between * 10 > (*cut < n - *cut ? *cut : n - *cut))
		return false;
	center[0] = exp(low);
	center[1] = exp(high);
	return true;
}

static void split_probes(double *x, size_t n, struct mw_split *out)
{
	size_t cut, least = n / 20 > 3 ? n / 20 : 3;
	double center[2];
	*out = (struct mw_split){.states = n ? 1 : 0, .threshold_ns = INFINITY};
	if (n == 0)
		return;
	if (two_clusters(x, n, PROBE_RATIO, least, center, &cut))
		*out = (struct mw_split){2, sqrt(center[0] * center[1]), {center[0], center[1]}};
	else
		out->center_ns[0] = exp(x[n / 2]);
}

int mw_split_find(const struct mw_visit_point *pts, size_t n, int threads, struct mw_split *out)
{
	size_t most = 0, k = 0;
	*out = (struct mw_split){.states = 0, .threshold_ns = INFINITY};
	for (size_t i = 0; i < n; i++)
		most += pts[i].threads == threads ? 2 * pts[i].n : 0;
	if (most == 0 || threads < 2)
		return 0;
	double *x = malloc(most * sizeof(*x));
	if (!x)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < pts[i].n && pts[i].threads == threads; j++) {
			const struct mw_sample *s = &pts[i].samples[j];
			if (s->before_ns > 0)
				x[k++] = log(s->before_ns);
			if (s->after_ns > 0)
				x[k++] = log(s->after_ns);
		}
	}
	split_probes(x, k, out);
	free(x);
	return 0;
}

static uint32_t state_of(const struct mw_sample *t, const struct mw_split *s)
{
	if (s->states < 2)
		return mw_probes_disagree(t->before_ns, t->after_ns) ? MW_STATE_UNKNOWN : 0;
	bool has_before = t->before_ns > 0, has_after = t->after_ns > 0;
	uint32_t before = t->before_ns > s->threshold_ns, after = t->after_ns > s->threshold_ns;
	if ((!has_before && !has_after) || (has_before && has_after && before != after))
		return MW_STATE_UNKNOWN;
	return has_before ? before : after;
}

void mw_split_tag(const struct mw_split *s, struct mw_visit_point *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct mw_sample *v = &p->samples[i];
		v->flags &= ~(uint32_t)MW_SAMPLE_TOPOLOGY;
		v->state = p->threads > 1 ? state_of(v, s) : 0;
		if (v->state == MW_STATE_UNKNOWN)
			v->flags |= MW_SAMPLE_TOPOLOGY;
	}
}

/* ---- statistics of one state ---- */

struct round_value {
	double value;
	uint32_t visit;
	bool clean;
};

/* Values of the rounds in one state: the first clean sample of each round, else its first sample. Returns how many. */
static size_t round_values(const struct mw_sample *v, size_t n, uint32_t state, struct round_value *out)
{
	size_t rounds = 0;
	for (size_t i = 0; v && i < n;) {
		const struct mw_sample *pick = NULL;
		uint32_t round = v[i].round;
		for (; i < n && v[i].round == round; i++)
			if (v[i].state == state && (!pick || (pick->flags && !v[i].flags)))
				pick = &v[i];
		if (pick)
			out[rounds++] = (struct round_value){pick->value, pick->visit, pick->flags == 0};
	}
	return rounds;
}

/* Scale for the statistics: log(value / reference), or value - reference where a value is not above 0. */
struct scale {
	bool linear;
	double reference;
};

static double to_scale(const struct scale *s, double v)
{
	return s->linear ? v - s->reference : log(v / s->reference);
}

static double from_scale(const struct scale *s, double x)
{
	return s->linear ? s->reference + x : s->reference * exp(x);
}

/* Statistics over visits, on the scale. */
struct between {
	size_t visits, used; /* used: rounds that enter the value of their visit */
	double mean, square; /* of the visit values: mean, sum of squared deviations */
	double lo, hi;
	double f; /* variance between visits divided by that within; NaN when undefined */
};

static double median_of(double *x, size_t n)
{
	qsort(x, n, sizeof(*x), compare_double);
	return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* Writes the values of the visit that begins at *at to out, on the scale: its clean rounds, or all where none is clean.
 * Moves *at behind the visit. Returns how many. */
static size_t visit_rounds(const struct round_value *r, size_t n, size_t *at, const struct scale *scale, double *out)
{
	size_t begin = *at, end = begin, k = 0;
	bool clean = false;
	for (; end < n && r[end].visit == r[begin].visit; end++)
		clean = clean || r[end].clean;
	for (size_t i = begin; i < end; i++)
		if (r[i].clean || !clean)
			out[k++] = to_scale(scale, r[i].value);
	*at = end;
	return k;
}

/* x: scratch for n values. */
static void compare_visits(const struct round_value *r, size_t n, const struct scale *scale, double *x,
			   struct between *out)
{
	double total = 0.0, squares = 0.0, within = 0.0; /* sums of the one-way analysis of variance over rounds */
	*out = (struct between){.lo = INFINITY, .hi = -INFINITY};
	for (size_t at = 0; at < n;) {
		size_t k = visit_rounds(r, n, &at, scale, x);
		double sum = 0.0, mean;
		for (size_t i = 0; i < k; i++)
			sum += x[i];
		mean = sum / (double)k;
		for (size_t i = 0; i < k; i++)
			within += (x[i] - mean) * (x[i] - mean);
		total += sum;
		squares += sum * mean;
		double median = median_of(x, k), step = median - out->mean;
		out->visits++;
		out->used += k;
		out->mean += step / (double)out->visits;
		out->square += step * (median - out->mean);
		out->lo = fmin(out->lo, median);
		out->hi = fmax(out->hi, median);
	}
	double groups = (double)out->visits, rounds = (double)out->used;
	double above = (squares - total * total / rounds) / (groups - 1.0), below = within / (rounds - groups);
	out->f = out->visits > 1 && out->used > out->visits && above > 0.0 ? above / below : (double)NAN;
}

/* Sets range and the sign test's interval over all rounds; with fewer than 6 rounds the interval is the value alone. x:
 * scratch for n values. */
static void pooled_interval(const struct round_value *r, size_t n, double *x, struct mw_visits *out)
{
	size_t lo, hi;
	for (size_t i = 0; i < n; i++)
		x[i] = r[i].value;
	qsort(x, n, sizeof(*x), compare_double);
	out->min = x[0];
	out->max = x[n - 1];
	out->ci_lo = out->ci_hi = out->value;
	if (mw_median_ci_ranks(n, &lo, &hi)) {
		out->ci_lo = fmin(out->ci_lo, x[lo]);
		out->ci_hi = fmax(out->ci_hi, x[hi]);
	}
}

static void student_interval(const struct between *b, const struct scale *scale, double target, struct mw_visits *out)
{
	double n = (double)b->visits;
	double reach = mw_t_quantile(0.975, n - 1.0) * sqrt(b->square / (n - 1.0));
	double half = reach / sqrt(n);
	if (mw_f_tail(b->f, n - 1.0, (double)b->used - n) < F_LEVEL) {
		double limit = scale->linear ? target * fabs(out->value) : log1p(target);
		half = fmax(half, fmin(reach * sqrt(1.0 + 1.0 / n), limit));
		out->drifts = true;
		out->unsteady = out->spread > target;
	}
	out->ci_lo = fmin(out->ci_lo, from_scale(scale, b->mean - half));
	out->ci_hi = fmax(out->ci_hi, from_scale(scale, b->mean + half));
}

/* scratch: n values. */
static void summarize_rounds(const struct round_value *r, size_t n, double target, double *scratch,
			     struct mw_visits *out)
{
	struct scale scale = {.reference = r[0].value};
	struct between b;
	for (size_t i = 0; i < n; i++)
		scale.linear = scale.linear || r[i].value <= 0.0;
	compare_visits(r, n, &scale, scratch, &b);
	out->rounds = n;
	out->visits = b.visits;
	out->value = from_scale(&scale, b.mean);
	out->spread = b.hi == b.lo ? 0.0 : scale.linear ? (b.hi - b.lo) / fabs(out->value) : expm1(b.hi - b.lo);
	pooled_interval(r, n, scratch, out);
	if (b.visits >= LEAST_VISITS)
		student_interval(&b, &scale, target, out);
	else
		out->ci_lo = out->ci_hi = NAN;
}

int mw_visits_summarize(const struct mw_sample *v, size_t n, uint32_t state, double target, struct mw_visits *out)
{
	*out = (struct mw_visits){0, 0, NAN, NAN, NAN, NAN, NAN, NAN, false, false};
	if (n == 0)
		return 0;
	int rc = 0;
	struct round_value *rounds = malloc(n * sizeof(*rounds));
	double *scratch = malloc(n * sizeof(*scratch));
	if (!rounds || !scratch) {
		rc = -ENOMEM;
		goto out;
	}
	size_t k = round_values(v, n, state, rounds);
	for (size_t i = 0; i < k; i++)
		if (!isfinite(rounds[i].value))
			rc = -EINVAL;
	if (rc == 0 && k)
		summarize_rounds(rounds, k, target, scratch, out);
out:
	free(rounds);
	free(scratch);
	return rc;
}

double mw_visits_rel_width(const struct mw_visits *v)
{
	if (isnan(v->ci_lo) || !(v->value != 0.0))
		return INFINITY;
	return 0.5 * (v->ci_hi - v->ci_lo) / fabs(v->value);
}

int mw_visits_met(const struct mw_visit_point *p, double target)
{
	struct mw_visits v[MW_STATES];
	size_t all = 0;
	for (uint32_t k = 0; k < MW_STATES; k++) {
		int rc = mw_visits_summarize(p->samples, p->n, k, target, &v[k]);
		if (rc < 0)
			return rc;
		all += v[k].rounds;
	}
	bool met = all > 0;
	for (uint32_t k = 0; k < MW_STATES; k++)
		if (v[k].rounds && v[k].rounds * 4 >= all)
			met = met && mw_visits_rel_width(&v[k]) <= target;
	return met;
}

/* ---- what disturbed them ---- */

double mw_disturbed_share(const struct mw_sample *v, size_t n, size_t *rounds, uint32_t *causes)
{
	size_t disturbed = 0;
	*rounds = 0;
	*causes = 0;
	for (size_t i = 0; i < n;) {
		uint32_t round = v[i].round, flags = 0;
		bool clean = false;
		for (; i < n && v[i].round == round; i++) {
			clean = clean || v[i].flags == 0;
			flags |= v[i].flags;
		}
		(*rounds)++;
		disturbed += !clean;
		*causes |= clean ? 0 : flags;
	}
	return *rounds ? (double)disturbed / (double)*rounds : 0.0;
}

const char *mw_flag_name(uint32_t flag)
{
	switch (flag) {
	case MW_SAMPLE_STEAL:
		return "steal";
	case MW_SAMPLE_SWITCH:
		return "switches";
	case MW_SAMPLE_FREQ:
		return "clock";
	case MW_SAMPLE_TOPOLOGY:
		return "topology";
	default:
		return NULL;
	}
}

struct mw_buf mw_disturbed_words(double share, size_t rounds, uint32_t causes)
{
	struct mw_buf text = {0};
	const char *before = ": ";
	mw_buf_add(&text, "%.0f %% of %zu rounds", 100.0 * share, rounds);
	for (uint32_t flag = 1; mw_flag_name(flag); flag <<= 1) {
		if (!(causes & flag))
			continue;
		mw_buf_add(&text, "%s%s", before, mw_flag_name(flag));
		before = ", ";
	}
	return text;
}

static void put_disturbed(struct mw_record *rec)
{
	size_t rounds;
	uint32_t causes;
	double share = mw_disturbed_share(rec->samples, rec->n_samples, &rounds, &causes);
	if (share < MW_DISTURBED_SHARE)
		return;
	struct mw_buf text = mw_disturbed_words(share, rounds, causes);
	mw_put_text(rec, &mw_key_disturbed, mw_buf_text(&text));
	mw_buf_fini(&text);
}

double mw_record_disturbed(const struct mw_record *r)
{
	double percent = strtod(mw_kv_str(&r->observed, "disturbed", "0"), NULL);
	return percent >= 0.0 && percent <= 100.0 ? 0.01 * percent : 0.0;
}

/* ---- records ---- */

/* Copies the samples of the state; for the first record also those of unknown state. */
static size_t copy_samples(const struct mw_visit_point *p, uint32_t state, bool first, struct mw_sample *out)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct mw_sample *s = &p->samples[i];
		if (s->state != state && !(first && s->state == MW_STATE_UNKNOWN))
			continue;
		out[n] = *s;
		out[n++].state = state == MW_STATE_UNKNOWN ? 0 : s->state;
	}
	return n;
}

void mw_visits_put(struct mw_record *rec, const struct mw_visits *v)
{
	rec->value = v->value;
	rec->ci_lo = v->ci_lo;
	rec->ci_hi = v->ci_hi;
	rec->min = v->min;
	rec->max = v->max;
	rec->n = v->rounds;
	rec->provenance = MW_MEASURED;
	mw_put_int(rec, &mw_key_visits, (int64_t)v->visits);
	if (v->drifts) {
		struct mw_buf text = {0};
		double percent = 100.0 * v->spread;
		mw_buf_add(&text, "visits differ by %.*f %%", percent < 9.95, percent);
		mw_put_text(rec, v->unsteady ? &mw_key_unsteady : &mw_key_drift, mw_buf_text(&text));
		mw_buf_fini(&text);
	}
}

/* Puts observed.modes, such as "13.1 in 60 % of rounds, 24.8 in 40 %", where the rounds form two clusters. */
static int put_modes(struct mw_record *rec)
{
	struct round_value *rounds = malloc((rec->n_samples + 1) * sizeof(*rounds));
	double *x = malloc((rec->n_samples + 1) * sizeof(*x)), center[2];
	size_t n = 0, cut;
	int rc = rounds && x ? 0 : -ENOMEM;
	if (rc == 0)
		n = round_values(rec->samples, rec->n_samples, rec->samples ? rec->samples[0].state : 0, rounds);
	for (size_t i = 0; i < n; i++) {
		x[i] = log(rounds[i].value);
		if (!isfinite(x[i]))
			n = 0;
	}
	if (n >= MODE_ROUNDS && two_clusters(x, n, MODE_RATIO, n / 5 > 3 ? n / 5 : 3, center, &cut)) {
		struct mw_buf text = {0};
		double low = 100.0 * (double)cut / (double)n;
		mw_buf_add(&text, "%.4g in %.0f %% of rounds, %.4g in %.0f %%", center[0], low, center[1], 100.0 - low);
		mw_put_text(rec, &mw_key_modes, mw_buf_text(&text));
		mw_buf_fini(&text);
	}
	free(rounds);
	free(x);
	return rc;
}

/* Puts the observed keys over_s, flagged and disturbed. */
static void put_circumstances(struct mw_record *rec)
{
	size_t flagged = 0;
	uint64_t first = UINT64_MAX, last = 0;
	for (size_t i = 0; i < rec->n_samples; i++) {
		const struct mw_sample *s = &rec->samples[i];
		flagged += s->flags != 0;
		first = s->t_ns < first ? s->t_ns : first;
		last = s->t_ns > last ? s->t_ns : last;
	}
	if (rec->n_samples > 1) {
		double s = 1e-9 * (double)(last - first);
		mw_put_real(rec, &mw_key_over_s, s < 10.0 ? round(100.0 * s) / 100.0 : round(s));
	}
	if (flagged)
		mw_put_int(rec, &mw_key_flagged, (int64_t)flagged);
	put_disturbed(rec);
}

static void put_state(struct mw_record *rec, const struct mw_split *split, uint32_t state)
{
	static const char *const names[MW_STATES] = {"near", "far"};
	if (state == MW_STATE_UNKNOWN) {
		mw_put_text(rec, &mw_key_state, "mixed");
		return;
	}
	mw_put_text(rec, &mw_key_state, split->states == 2 ? names[state] : "one");
	if (split->states)
		mw_put_real(rec, &mw_key_c2c_ns, round(10.0 * split->center_ns[state]) / 10.0);
	if (split->states == 2 && !rec->note[0])
		mw_record_note(rec, "%s CPUs: core to core %.0f ns", names[state], split->center_ns[state]);
}

static int emit_state(const struct mw_visit_point *p, uint32_t state, bool first, double target,
		      const struct mw_split *split, const struct mw_sink *sink)
{
	struct mw_record rec;
	struct mw_visits v;
	int rc = mw_visits_summarize(p->samples, p->n, state, target, &v);
	if (rc < 0)
		return rc;
	rc = mw_record_copy_bare(&rec, p->rec);
	if (rc < 0)
		return rc;
	rec.samples = malloc(p->n * sizeof(*rec.samples));
	if (!rec.samples) {
		mw_record_fini(&rec);
		return -ENOMEM;
	}
	rec.n_samples = copy_samples(p, state, first, rec.samples);
	mw_put_text(&rec, &mw_key_stop, p->stop);
	mw_visits_put(&rec, &v);
	put_circumstances(&rec);
	if (p->threads > 1)
		put_state(&rec, split, state);
	rc = put_modes(&rec);
	if (rc == 0)
		return mw_finish(sink, &rec);
	mw_record_fini(&rec);
	return rc;
}

static int emit_nothing(const struct mw_visit_point *p, const struct mw_sink *sink)
{
	struct mw_record rec;
	int rc = mw_record_copy_bare(&rec, p->rec);
	if (rc < 0)
		return rc;
	mw_record_unavailable(&rec, p->why ? p->why : "no sample was taken");
	return mw_finish(sink, &rec);
}

static int emit_point(const struct mw_visit_point *p, double target, const struct mw_split *split,
		      const struct mw_sink *sink)
{
	size_t count[MW_STATES] = {0}, any = 0;
	if (p->n == 0 || p->why)
		return emit_nothing(p, sink);
	for (size_t i = 0; i < p->n; i++)
		if (p->samples[i].state < MW_STATES) {
			count[p->samples[i].state]++;
			any++;
		}
	if (any == 0)
		return emit_state(p, MW_STATE_UNKNOWN, false, target, split, sink);
	bool first = true;
	int rc = 0;
	for (uint32_t k = 0; k < MW_STATES && rc == 0; k++) {
		if (count[k] == 0)
			continue;
		rc = emit_state(p, k, first, target, split, sink);
		first = false;
	}
	return rc;
}

int mw_visits_finish(struct mw_visit_point *pts, size_t n, double target, const struct mw_sink *sink)
{
	struct mw_split split = {.threshold_ns = INFINITY};
	int threads = 0, rc = 0;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		if (pts[i].threads != threads)
			rc = mw_split_find(pts, n, threads = pts[i].threads, &split);
		if (rc < 0)
			break;
		mw_split_tag(&split, &pts[i]);
		rc = emit_point(&pts[i], target, &split, sink);
	}
	return rc;
}
