#include "base/core/heldout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/core/stats.h"

enum { LEAST_VISITS = 3 };

/* Samples of one candidate in one visit. */
struct cell {
	const struct mw_sample *v;
	size_t n;
	double x; /* value of the visit, larger is better; NaN without samples */
};

struct table {
	size_t k, visits;  /* candidates; visits in which at least one was measured */
	struct cell *cell; /* [j * k + c]: visit j, candidate c */
	double *sum;       /* [k]: sum over visits of x minus the mean of the visit */
	size_t *seen;      /* [k]: visits in which the candidate was measured */
	uint32_t *number;  /* [visits]: numbers of the visits, ascending */
};

static uint32_t state_of(const struct mw_record *r)
{
	for (size_t i = 0; i < r->n_samples; i++)
		if (r->samples[i].state != MW_STATE_UNKNOWN)
			return r->samples[i].state;
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Fills t->number with the visits that occur in any candidate's samples. */
static int list_visits(const struct mw_record *const *c, struct table *t)
{
	size_t n = 0, all = 0;
	for (size_t i = 0; i < t->k; i++)
		all += c[i]->n_samples;
	if (all == 0)
		return -EINVAL;
	t->number = malloc(all * sizeof(*t->number));
	if (!t->number)
		return -ENOMEM;
	for (size_t i = 0; i < t->k; i++)
		for (size_t s = 0; s < c[i]->n_samples; s++)
			if (s == 0 || c[i]->samples[s].visit != c[i]->samples[s - 1].visit)
				t->number[n++] = c[i]->samples[s].visit;
	qsort(t->number, n, sizeof(*t->number), compare_numbers);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || t->number[i] != t->number[i - 1])
			t->number[t->visits++] = t->number[i];
	return 0;
}

/* Computes candidate c's value in each visit. */
static int fill_candidate(const struct mw_record *r, struct table *t, size_t c)
{
	uint32_t state = state_of(r);
	for (size_t at = 0; at < r->n_samples;) {
		struct mw_visits v;
		size_t from = at, j = 0;
		while (at < r->n_samples && r->samples[at].visit == r->samples[from].visit)
			at++;
		while (t->number[j] != r->samples[from].visit)
			j++;
		struct cell *cell = &t->cell[j * t->k + c];
		int rc = mw_visits_summarize(&r->samples[from], at - from, state, 1.0, &v);
		if (rc < 0)
			return rc;
		*cell = (struct cell){&r->samples[from], at - from, v.value};
	}
	return 0;
}

/* Changes the values so that larger is better: logarithms where all are above 0, negated where lower is better. */
static void rescale(struct table *t, bool higher)
{
	bool linear = false;
	for (size_t i = 0; i < t->visits * t->k; i++)
		linear = linear || t->cell[i].x <= 0.0;
	for (size_t i = 0; i < t->visits * t->k; i++) {
		double x = linear ? t->cell[i].x : log(t->cell[i].x);
		t->cell[i].x = higher ? x : -x;
	}
}

/* Mean over the candidates in visit j. Subtracting it removes drift between visits, which moves all candidates
 * alike. */
static double mean_of(const struct table *t, size_t j)
{
	double sum = 0.0;
	size_t n = 0;
	for (size_t c = 0; c < t->k; c++)
		if (!isnan(t->cell[j * t->k + c].x)) {
			sum += t->cell[j * t->k + c].x;
			n++;
		}
	return n ? sum / (double)n : 0.0;
}

static int fill(const struct mw_record *const *c, struct table *t)
{
	int rc = list_visits(c, t);
	if (rc < 0)
		return rc;
	t->cell = calloc(t->visits * t->k, sizeof(*t->cell));
	t->sum = calloc(t->k, sizeof(*t->sum));
	t->seen = calloc(t->k, sizeof(*t->seen));
	if (!t->cell || !t->sum || !t->seen)
		return -ENOMEM;
	for (size_t i = 0; i < t->visits * t->k; i++)
		t->cell[i].x = NAN;
	for (size_t i = 0; i < t->k && rc == 0; i++)
		rc = fill_candidate(c[i], t, i);
	if (rc < 0)
		return rc;
	rescale(t, c[0]->declared && c[0]->declared->better == MW_HIGHER);
	for (size_t j = 0; j < t->visits; j++) {
		double mean = mean_of(t, j);
		for (size_t i = 0; i < t->k; i++) {
			double x = t->cell[j * t->k + i].x;
			t->sum[i] += isnan(x) ? 0.0 : x - mean;
			t->seen[i] += isnan(x) ? 0 : 1;
		}
	}
	return 0;
}

/* Of the candidates measured in visit j, the one with the best mean over the other visits; the best in visit j itself
 * where no candidate was measured in any other. */
static size_t choose(const struct table *t, size_t j)
{
	double mean = mean_of(t, j), most = -INFINITY, own = -INFINITY;
	size_t by_others = t->k, by_own = t->k;
	for (size_t c = 0; c < t->k; c++) {
		double x = t->cell[j * t->k + c].x;
		if (isnan(x))
			continue;
		if (x > own) {
			own = x;
			by_own = c;
		}
		double score = t->seen[c] > 1 ? (t->sum[c] - (x - mean)) / (double)(t->seen[c] - 1) : -(double)INFINITY;
		if (score > most) {
			most = score;
			by_others = c;
		}
	}
	return by_others < t->k ? by_others : by_own;
}

static size_t best_of_all(const struct table *t)
{
	size_t best = t->k;
	for (size_t c = 0; c < t->k; c++)
		if (t->seen[c] &&
		    (best == t->k || t->sum[c] / (double)t->seen[c] > t->sum[best] / (double)t->seen[best]))
			best = c;
	return best;
}

/* Paired t test at 5 % over the visits in which both were measured. True also with too few of them to test. */
static bool told_apart(const struct table *t, size_t a, size_t b)
{
	double mean = 0.0, square = 0.0;
	size_t n = 0;
	for (size_t j = 0; j < t->visits; j++) {
		double d = t->cell[j * t->k + a].x - t->cell[j * t->k + b].x;
		if (isnan(d))
			continue;
		double step = d - mean;
		n++;
		mean += step / (double)n;
		square += step * (d - mean);
	}
	if (n < LEAST_VISITS)
		return true;
	return fabs(mean) > mw_t_quantile(0.975, (double)n - 1.0) * sqrt(square / (double)(n - 1) / (double)n);
}

/* Copies the samples of each visit's chosen candidate to out, without those of unknown state. Returns how many. */
static size_t quote(const struct table *t, struct mw_sample *out)
{
	size_t n = 0;
	for (size_t j = 0; j < t->visits; j++) {
		size_t c = choose(t, j);
		const struct cell *cell = c < t->k ? &t->cell[j * t->k + c] : NULL;
		for (size_t i = 0; cell && i < cell->n; i++) {
			if (cell->v[i].state == MW_STATE_UNKNOWN)
				continue;
			out[n] = cell->v[i];
			out[n++].state = 0;
		}
	}
	return n;
}

int mw_heldout_best(const struct mw_record *const *c, size_t k, double target, struct mw_heldout *out)
{
	struct table t = {.k = k};
	struct mw_sample *samples = NULL;
	size_t all = 0;
	*out = (struct mw_heldout){.best = 0};
	int rc = k ? fill(c, &t) : -EINVAL;
	if (rc < 0)
		goto out;
	out->best = best_of_all(&t);
	if (out->best == k) {
		rc = -EINVAL;
		goto out;
	}
	for (size_t i = 0; i < k; i++)
		all += c[i]->n_samples;
	samples = calloc(all + 1, sizeof(*samples));
	out->tied = calloc(k + 1, sizeof(*out->tied));
	if (!samples || !out->tied) {
		rc = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < k; i++)
		out->tied[i] = i != out->best && !told_apart(&t, out->best, i);
	out->blind = k > 1 && t.visits == 1;
	rc = mw_visits_summarize(samples, quote(&t, samples), 0, target, &out->stats);
out:
	free(samples);
	free(t.cell);
	free(t.sum);
	free(t.seen);
	free(t.number);
	if (rc < 0)
		mw_heldout_fini(out);
	return rc;
}

void mw_heldout_fini(struct mw_heldout *h)
{
	free(h->tied);
	h->tied = NULL;
}

void mw_heldout_put(struct mw_record *r, const struct mw_heldout *h, const struct mw_record *const *c)
{
	for (const struct mw_key *const *k = mw_keys_of_rounds; *k; k++)
		if (*k != &mw_key_unsteady && *k != &mw_key_drift)
			mw_put_same(r, *k, c[h->best]);
	mw_visits_put(r, &h->stats);
	if (h->blind)
		mw_record_add_note(r, "the same single visit chose the best and gave its value, so the value is biased "
				      "towards better");
}
