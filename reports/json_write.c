#include "reports/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "base/core/visits.h"

/* Length of the UTF-8 sequence at s; 0 when it is invalid (overlong, surrogate, truncated). */
static size_t utf8_length(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	if (u[0] < 0x80)
		return 1;
	size_t len = u[0] >= 0xf0 && u[0] < 0xf5 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc2 ? 2 : 0;
	if (u[0] >= 0xf5 || len == 0)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xf0 && u[1] < 0x90);
	bool surrogate = (u[0] == 0xed && u[1] >= 0xa0) || (u[0] == 0xf4 && u[1] >= 0x90);
	return overlong || surrogate ? 0 : len;
}

json_t *json_text(const char *s)
{
	json_t *v = json_string(s);
	if (v)
		return v;
	char *clean = strdup(s);
	if (!clean)
		return NULL;
	for (char *c = clean; *c;) {
		size_t len = utf8_length(c);
		if (len == 0)
			*c = '?';
		c += len ? len : 1;
	}
	v = json_string(clean);
	free(clean);
	return v;
}

json_t *json_number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

void json_put(json_t *obj, const char *key, json_t *value, int *failed)
{
	if (!value || json_object_set_new(obj, key, value) != 0)
		(*failed)++;
}

static json_t *finish(json_t *v, int failed)
{
	if (failed) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static json_t *from_kv(const struct mw_kv_list *l)
{
	int failed = 0;
	json_t *o = json_object();
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_kv *kv = &l->v[i];
		json_t *v = kv->type == MW_KV_INT    ? json_integer(kv->i)
			    : kv->type == MW_KV_REAL ? json_number(kv->r)
						     : json_text(kv->s);
		json_put(o, kv->name, v, &failed);
	}
	return finish(o, failed);
}

/* Rounds a sample to seven digits: more are noise and would make files much larger. */
static json_t *sample_number(double v)
{
	char text[32];
	mw_format(text, sizeof(text), "%.7g", v);
	return json_number(isfinite(v) ? strtod(text, NULL) : v);
}

static json_t *state_number(uint32_t state)
{
	return state == MW_STATE_UNKNOWN ? json_null() : json_integer(state);
}

/* An object of arrays of n entries; with the probes if `probes`. */
static json_t *samples_of(const struct mw_sample *v, size_t n, bool probes)
{
	int failed = 0;
	json_t *o = json_object();
	json_t *value = json_array(), *round = json_array(), *t = json_array(), *state = json_array();
	json_t *flags = json_array(), *visit = json_array(), *before = json_array(), *after = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct mw_sample *s = &v[i];
		failed += json_array_append_new(value, sample_number(s->value)) != 0;
		failed += json_array_append_new(round, json_integer(s->round)) != 0;
		failed += json_array_append_new(t, json_integer((json_int_t)s->t_ns)) != 0;
		failed += json_array_append_new(state, state_number(s->state)) != 0;
		failed += json_array_append_new(flags, json_integer(s->flags)) != 0;
		failed += json_array_append_new(visit, json_integer(s->visit)) != 0;
		failed += probes && json_array_append_new(before, sample_number(s->before_ns)) != 0;
		failed += probes && json_array_append_new(after, sample_number(s->after_ns)) != 0;
	}
	json_put(o, "value", value, &failed);
	json_put(o, "round", round, &failed);
	json_put(o, "t_ns", t, &failed);
	json_put(o, "state", state, &failed);
	json_put(o, "flags", flags, &failed);
	json_put(o, "visit", visit, &failed);
	if (probes) {
		json_put(o, "before_ns", before, &failed);
		json_put(o, "after_ns", after, &failed);
	} else {
		json_decref(before);
		json_decref(after);
	}
	return finish(o, failed);
}

static json_t *from_samples(const struct mw_record *r)
{
	return samples_of(r->samples, r->n_samples, false);
}

static json_t *from_record(const struct mw_record *r, bool samples)
{
	int failed = 0;
	json_t *o = json_object();
	json_t *method = json_object();
	json_put(method, "name", json_text(r->method), &failed);
	json_put(method, "version", json_integer(r->method_version), &failed);
	json_put(o, "bench", json_text(r->bench), &failed);
	json_put(o, "case", json_text(r->case_name), &failed);
	json_put(o, "params", from_kv(&r->params), &failed);
	json_put(o, "observed", from_kv(&r->observed), &failed);
	json_put(o, "method", method, &failed);
	json_put(o, "metric", json_text(r->metric), &failed);
	json_put(o, "unit", json_text(mw_unit_name(r->unit)), &failed);
	json_put(o, "value", json_number(r->value), &failed);
	json_t *ci = json_null();
	if (isfinite(r->ci_lo) && isfinite(r->ci_hi))
		ci = json_pack("[f, f]", r->ci_lo, r->ci_hi);
	json_put(o, "ci95", ci, &failed);
	json_put(o, "min", json_number(r->min), &failed);
	json_put(o, "max", json_number(r->max), &failed);
	json_put(o, "n", json_integer((json_int_t)r->n), &failed);
	if (samples)
		json_put(o, "samples", from_samples(r), &failed);
	json_put(o, "provenance", json_text(mw_provenance_name(r->provenance)), &failed);
	json_put(o, "source", json_text(r->source), &failed);
	json_put(o, "note", json_text(r->note), &failed);
	return finish(o, failed);
}

json_t *json_from_record(const struct mw_record *r)
{
	return from_record(r, true);
}

char *json_record_text(const struct mw_record *r)
{
	json_t *bare = from_record(r, false), *samples = from_samples(r);
	char *a = bare ? json_write_text(bare, JSON_LINE_FLAGS) : NULL;
	char *b = samples ? json_write_text(samples, JSON_SAMPLE_FLAGS) : NULL;
	static const char between[] = ",\"samples\":";
	size_t room = a && b ? strlen(a) + strlen(b) + sizeof(between) + 1 : 0;
	char *text = room ? malloc(room) : NULL;
	if (text) {
		a[strlen(a) - 1] = '\0'; /* removes the closing brace */
		mw_format(text, room, "%s%s%s}", a, between, b);
	}
	free(a);
	free(b);
	json_decref(bare);
	json_decref(samples);
	return text;
}

json_t *json_from_skip(const struct results_skip *s)
{
	int failed = 0;
	json_t *o = json_object();
	json_put(o, "bench", json_text(s->bench), &failed);
	json_put(o, "reason", json_text(s->reason), &failed);
	return finish(o, failed);
}

static json_t *from_field(const struct mw_field *f, const void *base)
{
	const void *at = (const char *)base + f->offset;
	const char *text;
	uint64_t u;
	int i;
	double d;
	switch (f->type) {
	case MW_FIELD_TEXT:
		text = *(char *const *)at;
		return text ? json_text(text) : json_null();
	case MW_FIELD_INT:
		memcpy(&i, at, sizeof(i));
		return i ? json_integer(i) : json_null();
	case MW_FIELD_U64:
	case MW_FIELD_COUNT:
		memcpy(&u, at, sizeof(u));
		return u != (f->type == MW_FIELD_COUNT ? MW_COUNT_UNKNOWN : 0) ? json_integer((json_int_t)u)
									       : json_null();
	case MW_FIELD_REAL:
		memcpy(&d, at, sizeof(d));
		return d != 0 ? json_number(d) : json_null();
	}
	return json_null();
}

static json_t *from_fields(const struct mw_field *fields, const void *base, int *failed)
{
	json_t *o = json_object();
	for (const struct mw_field *f = fields; f->name; f++) {
		json_t *v = from_field(f, base);
		if (f->later && json_is_null(v)) /* a file of an earlier version stays as it is */
			json_decref(v);
		else
			json_put(o, f->name, v, failed);
	}
	return o;
}

static json_t *from_info(const struct results_info *info)
{
	int failed = 0;
	json_t *o = from_fields(results_info_fields, info, &failed);
	json_t *argv = json_null();
	if (info->argv) {
		argv = json_array();
		for (char **a = info->argv; *a; a++)
			failed += json_array_append_new(argv, json_text(*a)) != 0;
	}
	/* As text, because JSON readers keep only 53 bits of a number, and a seed has 64. */
	char seed[24];
	mw_format(seed, sizeof(seed), "%" PRIu64, info->seed);
	json_put(o, "argv", argv, &failed);
	json_put(o, "seed", json_text(seed), &failed);
	json_put(o, "anonymized", json_boolean(info->anonymized), &failed);
	return finish(o, failed);
}

static json_t *from_host(const struct mw_host *host)
{
	int failed = 0;
	json_t *o = from_fields(mw_host_fields, host, &failed);
	json_t *nodes = json_array();
	for (int i = 0; i < host->n_nodes; i++) {
		json_t *node = json_object();
		json_t *distances = json_array();
		for (int k = 0; k < host->n_nodes; k++) {
			int d = *mw_host_distance(host, i, k);
			failed += json_array_append_new(distances, d ? json_integer(d) : json_null()) != 0;
		}
		json_put(node, "id", json_integer(host->nodes[i].id), &failed);
		uint64_t bytes = host->nodes[i].bytes;
		json_put(node, "bytes", bytes != MW_COUNT_UNKNOWN ? json_integer((json_int_t)bytes) : json_null(),
			 &failed);
		if (host->nodes[i].memory_only)
			json_put(node, "memory_only", json_true(), &failed);
		json_put(node, "distances", distances, &failed);
		failed += json_array_append_new(nodes, node) != 0;
	}
	json_put(o, "numa_nodes", nodes, &failed);
	return finish(o, failed);
}

json_t *json_from_head(const struct results *r)
{
	int failed = 0;
	json_t *o = json_object();
	json_put(o, "schema", json_integer(RESULTS_SCHEMA), &failed);
	json_put(o, "memwall", from_info(&r->info), &failed);
	json_put(o, "host", from_host(&r->host), &failed);
	return finish(o, failed);
}

json_t *json_from_point(const struct mw_record *point, int threads)
{
	int failed = 0;
	json_t *o = from_record(point, true);
	json_put(o, "threads", json_integer(threads), &failed);
	return finish(o, failed);
}

json_t *json_from_point_samples(size_t number, const struct mw_sample *v, size_t n)
{
	int failed = 0;
	bool probes = false;
	for (size_t i = 0; i < n; i++)
		probes = probes || isfinite(v[i].before_ns) || isfinite(v[i].after_ns);
	json_t *o = json_object();
	json_put(o, "point", json_integer((json_int_t)number), &failed);
	json_put(o, "samples", samples_of(v, n, probes), &failed);
	return finish(o, failed);
}

json_t *json_from_words(const struct words *w)
{
	int failed = 0;
	json_t *o = json_object(), *metrics = json_object(), *keys = json_object();
	for (size_t i = 0; i < w->n_metrics; i++) {
		const struct mw_metric *m = &w->metric[i];
		json_put(metrics, m->name,
			 json_pack("{s:s,s:s,s:o}", "unit", mw_unit_name(m->unit), "better", mw_better_name(m->better),
				   "words", json_text(m->words)),
			 &failed);
	}
	for (size_t i = 0; i < w->n_keys; i++) {
		const struct mw_key *k = &w->key[i];
		json_put(keys, k->name,
			 json_pack("{s:s,s:s,s:o}", "kind", mw_kind_name(k->kind), "role",
				   k->flags & MW_PARAM ? "parameter" : "observed", "words", json_text(k->words)),
			 &failed);
	}
	json_put(o, "metrics", metrics, &failed);
	json_put(o, "keys", keys, &failed);
	return finish(o, failed);
}

/* Everything but the records. */
static json_t *from_rest(const struct results *r)
{
	int failed = 0, rc = 0;
	struct words words = {0};
	json_t *o = json_from_head(r);
	if (!o)
		return NULL;
	json_t *skipped = json_array();
	for (size_t i = 0; i < r->n_skipped; i++)
		failed += json_array_append_new(skipped, json_from_skip(&r->skipped[i])) != 0;
	json_put(o, "skipped", skipped, &failed);
	json_put(o, "partial", json_boolean(r->partial), &failed);
	json_put(o, "partial_why", r->partial_why ? json_text(r->partial_why) : json_null(), &failed);
	for (size_t i = 0; i < r->words.n_metrics && rc == 0; i++)
		rc = words_add_metric(&words, &r->words.metric[i]);
	for (size_t i = 0; i < r->words.n_keys && rc == 0; i++)
		rc = words_add_key(&words, &r->words.key[i]);
	for (size_t i = 0; i < r->records.n && rc == 0; i++)
		rc = words_add_record(&words, &r->records.v[i], NULL);
	json_put(o, "words", rc == 0 ? json_from_words(&words) : NULL, &failed);
	words_fini(&words);
	return finish(o, failed);
}

char *json_results_text(const struct results *r)
{
	struct mw_buf out = {0};
	json_t *rest = from_rest(r);
	char *text = rest ? json_write_text(rest, JSON_FILE_FLAGS) : NULL;
	bool failed = !text;
	if (text)
		text[strlen(text) - 2] = '\0'; /* removes newline and brace */
	mw_buf_add(&out, "%s,\n \"records\": [", text ? text : "");
	free(text);
	json_decref(rest);
	for (size_t i = 0; i < r->records.n && !failed; i++) {
		text = json_record_text(&r->records.v[i]);
		failed = !text;
		mw_buf_add(&out, "%s\n  %s", i ? "," : "", text ? text : "");
		free(text);
	}
	mw_buf_add(&out, "\n ]\n}");
	if (!failed && !out.failed)
		return out.p;
	mw_buf_fini(&out);
	return NULL;
}
