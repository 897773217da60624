#include "reports/headline.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/disturbance.h"
#include "reports/figure.h"
#include "reports/print.h"
#include "reports/section.h"
#include "reports/select.h"

enum { LEAST_ROUNDS = 6 }; /* for an interval */

static struct headline *grow(struct headlines *h)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 16;
		struct headline *v = realloc(h->v, cap * sizeof(*v));
		if (!v) {
			h->failed = true;
			return NULL;
		}
		h->v = v;
		h->cap = cap;
	}
	char *detail = calloc(1, 1);
	if (!detail) {
		h->failed = true;
		return NULL;
	}
	h->v[h->n] = (struct headline){.detail = detail};
	return &h->v[h->n++];
}

static void vsay(struct headlines *h, struct headline *line, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void vsay(struct headlines *h, struct headline *line, const char *fmt, va_list ap)
{
	struct mw_buf all = {0};
	mw_buf_add(&all, "%s%s", line->detail, line->detail[0] ? ", " : "");
	mw_buf_vadd(&all, fmt, ap);
	if (all.failed) {
		h->failed = true;
		mw_buf_fini(&all);
		return;
	}
	free(line->detail);
	line->detail = all.p;
}

void headline_say(struct headlines *h, struct headline *line, const char *fmt, ...)
{
	va_list ap;
	if (!line)
		return;
	va_start(ap, fmt);
	vsay(h, line, fmt, ap);
	va_end(ap);
}

struct headline *headline_add(struct headlines *h, const char *label, const struct mw_record *r)
{
	struct headline *line = r ? grow(h) : NULL;
	if (!line)
		return NULL;
	double scale = unit_scale(r->unit, r->value, &line->unit);
	line->label = label;
	line->provenance = r->provenance;
	line->value = r->value * scale;
	line->ci_lo = r->ci_lo * scale;
	line->ci_hi = r->ci_hi * scale;
	if (r->unit == MW_RATIO)
		line->unit = "×";
	/* What is derived from points, such as a number of ways, has enough rounds and no interval. */
	bool few = r->n < LEAST_ROUNDS || mw_kv_find(&r->observed, "visits");
	if (r->provenance == MW_MEASURED && !isfinite(r->ci_lo) && few)
		headline_say(h, line, "%zu round%s, too few for an interval", r->n, r->n == 1 ? "" : "s");
	line->record = r;
	return line;
}

struct headline *headline_number(struct headlines *h, const char *label, double value, const char *unit,
				 enum mw_provenance provenance)
{
	struct headline *line = grow(h);
	if (!line)
		return NULL;
	line->label = label;
	line->value = value;
	line->ci_lo = line->ci_hi = (double)NAN;
	line->unit = unit;
	line->provenance = provenance;
	return line;
}

struct headline *headline_ratio(struct headlines *h, const char *label, const char *unit, const struct mw_record *a,
				const struct mw_record *b, const char *detail)
{
	if (!a || !b)
		return NULL;
	struct headline *line =
		headline_number(h, label, a->value / b->value, unit, mw_weakest(a->provenance, b->provenance));
	headline_say(h, line, "%s", detail);
	return line;
}

void headline_missing(struct headlines *h, const char *label, const char *fmt, ...)
{
	va_list ap;
	struct headline *line = headline_number(h, label, (double)NAN, "", MW_UNAVAILABLE);
	if (!line)
		return;
	va_start(ap, fmt);
	vsay(h, line, fmt, ap);
	va_end(ap);
}

void headline_pairs(struct headlines *h, struct headline *line, const struct mw_record *r, const char *keys)
{
	struct mw_buf out = {0};
	for (size_t k; line && *keys; keys += k + (keys[k] == ',')) {
		char key[32];
		struct number_text state;
		k = strcspn(keys, ",");
		mw_format(key, sizeof(key), "%.*s", (int)k, keys);
		const struct mw_kv *kv = mw_kv_find(&r->params, key);
		kv = kv ? kv : mw_kv_find(&r->observed, key);
		if (!kv || (strcmp(key, "state") == 0 && !record_state(r, &state)[0]))
			continue;
		mw_buf_clear(&out);
		kv_words(&h->results->words, kv, &out);
		headline_say(h, line, "%s", mw_buf_text(&out));
	}
	mw_buf_fini(&out);
}

void headline_range(struct headlines *h, struct headline *line, const struct mw_record *r, const char *words)
{
	char lo[32], hi[32];
	const char *unit;
	double scale = unit_scale(r->unit, r->value, &unit);
	if (line && isfinite(r->min) && isfinite(r->max) && r->min < r->max)
		headline_say(h, line, "%s %s .. %s", words, print_value(r->min * scale, lo, sizeof(lo)),
			     print_value(r->max * scale, hi, sizeof(hi)));
}

/* ---- all of them ---- */

static bool first_of_bench(const struct mw_records *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(l->v[k].bench, l->v[i].bench) == 0)
			return false;
	return true;
}

/* Adds a line with the number of values for each benchmark that has no section. */
static void others(struct headlines *h)
{
	const struct mw_records *l = &h->results->records;
	for (size_t i = 0; i < l->n; i++) {
		size_t n = 0;
		if (section_of(l->v[i].bench) || !first_of_bench(l, i))
			continue;
		for (size_t k = i; k < l->n; k++)
			n += strcmp(l->v[k].bench, l->v[i].bench) == 0 && isfinite(l->v[k].value) &&
			     strcmp(l->v[k].case_name, "run") != 0;
		struct headline *line = grow(h);
		if (!line)
			return;
		line->label = l->v[i].bench;
		line->value = (double)n;
		line->ci_lo = line->ci_hi = (double)NAN;
		line->unit = "values";
		line->provenance = l->v[i].provenance;
		headline_say(h, line, "in a table of the report");
	}
}

static void warn(struct headlines *h, struct headline *line)
{
	struct mw_buf warnings = {0};
	if (line->record)
		warnings = record_warnings(line->record);
	if (warnings.len)
		headline_say(h, line, "%s", mw_buf_text(&warnings));
	mw_buf_fini(&warnings);
}

int headlines_of(const struct results *r, struct headlines *out)
{
	*out = (struct headlines){.results = r, .c2c_ns = query_usual_c2c(&r->records)};
	for (int place = 0; place < SECTION_PLACES; place++)
		for (const struct section *const *s = section_table; *s; s++)
			if ((*s)->place == place && (*s)->headlines)
				(*s)->headlines(r, out);
	for (size_t i = 0; i < out->n; i++)
		warn(out, &out->v[i]);
	others(out);
	return out->failed ? -ENOMEM : 0;
}

void headlines_fini(struct headlines *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].detail);
	free(h->v);
	*h = (struct headlines){0};
}
