#include "base/core/text.h"
#include "reports/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/visits.h"
#include "reports/upgrade.h"

int json_refuse(const struct json_place *p, const char *key, const char *why)
{
	const char *dot = p->at[0] && key[0] && key[0] != '[' ? "." : "";
	return mw_fail(MW_EFORMAT, p->err, p->n, "%s: %s%s%s: %s", p->file, p->at, dot, key, why);
}

static int get_text(const json_t *o, const char *key, char *out, size_t size, const struct json_place *p)
{
	const json_t *v = json_object_get(o, key);
	if (!json_is_string(v))
		return json_refuse(p, key, v ? "expected a text" : "missing");
	if (json_string_length(v) >= size)
		return json_refuse(p, key, "text too long");
	memcpy(out, json_string_value(v), json_string_length(v) + 1);
	return 0;
}

/* A text of any length; *out is valid as long as o. */
static int get_string(const json_t *o, const char *key, const char **out, const struct json_place *p)
{
	const json_t *v = json_object_get(o, key);
	if (!json_is_string(v))
		return json_refuse(p, key, v ? "expected a text" : "missing");
	*out = json_string_value(v);
	return 0;
}

static int get_kept(const json_t *o, const char *key, struct mw_record *r, const char **out, const struct json_place *p)
{
	const char *text = NULL;
	int rc = get_string(o, key, &text, p);
	if (rc == 0)
		*out = mw_record_keep(r, text);
	return rc;
}

static int get_int(const json_t *o, const char *key, json_int_t lo, json_int_t hi, json_int_t *out,
		   const struct json_place *p)
{
	const json_t *v = json_object_get(o, key);
	if (!json_is_integer(v))
		return json_refuse(p, key, v ? "expected an integer" : "missing");
	*out = json_integer_value(v);
	return *out < lo || *out > hi ? json_refuse(p, key, "integer out of range") : 0;
}

/* Reads a number, or null as NaN. */
static int get_number(const json_t *o, const char *key, double *out, const struct json_place *p)
{
	const json_t *v = json_object_get(o, key);
	if (!json_is_number(v) && !json_is_null(v))
		return json_refuse(p, key, v ? "expected a number or null" : "missing");
	*out = json_is_null(v) ? (double)NAN : json_number_value(v);
	return 0;
}

static int to_kv(const json_t *o, const char *key, struct mw_record *r, enum mw_role role, const struct json_place *p)
{
	json_t *list = json_object_get(o, key);
	if (!json_is_object(list))
		return json_refuse(p, key, list ? "expected an object" : "missing");
	const char *name;
	json_t *v;
	int rc = 0;
	json_object_foreach(list, name, v)
	{
		if (json_is_integer(v))
			rc = mw_set_int(r, role, name, json_integer_value(v));
		else if (json_is_real(v) || json_is_null(v))
			rc = mw_set_real(r, role, name, json_is_null(v) ? (double)NAN : json_real_value(v));
		else if (json_is_string(v))
			rc = mw_set_text(r, role, name, json_string_value(v));
		else
			return json_refuse(p, key, "a value is neither number nor text");
		if (rc == -ENOSPC)
			return json_refuse(p, key, "too many entries");
		if (rc < 0)
			return mw_fail(rc, p->err, p->n, "%s: out of memory", p->file);
	}
	return 0;
}

static int sample_int(const json_t *list, size_t i, uint64_t max, uint64_t *out)
{
	const json_t *v = json_array_get(list, i);
	json_int_t x = json_integer_value(v);
	if (!json_is_integer(v) || x < 0 || (uint64_t)x > max)
		return -EINVAL;
	*out = (uint64_t)x;
	return 0;
}

enum {
	SAMPLE_VALUE,
	SAMPLE_ROUND,
	SAMPLE_T,
	SAMPLE_STATE,
	SAMPLE_FLAGS,
	SAMPLE_VISIT,
	SAMPLE_BEFORE,
	SAMPLE_AFTER,
	SAMPLE_LISTS
};

/* Finds the arrays of samples; optional ones that the file lacks are NULL. */
static int sample_lists(const json_t *samples, const json_t *list[SAMPLE_LISTS], const struct json_place *p)
{
	static const char *const names[] = {"value", "round", "t_ns",      "state",
					    "flags", "visit", "before_ns", "after_ns"};
	if (!json_is_object(samples))
		return json_refuse(p, "samples", samples ? "expected an object" : "missing");
	for (size_t k = 0; k < SAMPLE_LISTS; k++) {
		list[k] = json_object_get(samples, names[k]);
		if (!list[k] && (k > SAMPLE_VISIT || (k == SAMPLE_VISIT && p->schema < 2)))
			continue;
		if (!json_is_array(list[k]) || json_array_size(list[k]) != json_array_size(list[0]))
			return json_refuse(p, "samples", "expected arrays of one length");
	}
	return 0;
}

/* Entry i of a list; NaN when the list is absent or the entry null. */
static double sample_real(const json_t *list, size_t i)
{
	const json_t *v = json_array_get(list, i);
	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

/* null: the sample's probes disagree. */
static int sample_state(const json_t *list, size_t i, uint64_t *out)
{
	*out = MW_STATE_UNKNOWN;
	return json_is_null(json_array_get(list, i)) ? 0 : sample_int(list, i, UINT32_MAX, out);
}

static int to_sample(const json_t *const list[SAMPLE_LISTS], size_t i, struct mw_sample *s)
{
	const json_t *value = json_array_get(list[SAMPLE_VALUE], i);
	uint64_t round, state, flags, visit = 0;
	if ((!json_is_number(value) && !json_is_null(value)) || sample_int(list[SAMPLE_ROUND], i, UINT32_MAX, &round) ||
	    sample_int(list[SAMPLE_T], i, INT64_MAX, &s->t_ns) || sample_state(list[SAMPLE_STATE], i, &state) ||
	    sample_int(list[SAMPLE_FLAGS], i, UINT32_MAX, &flags) ||
	    (list[SAMPLE_VISIT] && sample_int(list[SAMPLE_VISIT], i, UINT32_MAX, &visit)))
		return -EINVAL;
	s->value = sample_real(list[SAMPLE_VALUE], i);
	s->before_ns = sample_real(list[SAMPLE_BEFORE], i);
	s->after_ns = sample_real(list[SAMPLE_AFTER], i);
	s->visit = (uint32_t)visit;
	s->round = (uint32_t)round;
	s->state = (uint32_t)state;
	s->flags = (uint32_t)flags;
	return 0;
}

static int to_samples(const json_t *o, struct mw_record *r, const struct json_place *p)
{
	const json_t *list[SAMPLE_LISTS] = {NULL};
	if (p->samples && p->samples->v) {
		if (json_object_get(o, "samples"))
			return json_refuse(p, "samples", "twice");
		r->samples = p->samples->v;
		r->n_samples = p->samples->n;
		*p->samples = (struct json_samples){NULL, 0};
		return 0;
	}
	int rc = sample_lists(json_object_get(o, "samples"), list, p);
	size_t n = rc == 0 ? json_array_size(list[0]) : 0;
	if (n == 0)
		return rc;
	r->samples = calloc(n, sizeof(*r->samples));
	if (!r->samples)
		return mw_fail(-ENOMEM, p->err, p->n, "%s: out of memory", p->file);
	r->n_samples = n;
	for (size_t i = 0; i < n; i++)
		if (to_sample(list, i, &r->samples[i]) < 0)
			return json_refuse(p, "samples", "an entry is not a number in range");
	return 0;
}

static int to_interval(const json_t *o, struct mw_record *r, const struct json_place *p)
{
	const json_t *ci = json_object_get(o, "ci95");
	if (json_is_null(ci))
		return 0;
	if (!json_is_array(ci) || json_array_size(ci) != 2 || !json_is_number(json_array_get(ci, 0)) ||
	    !json_is_number(json_array_get(ci, 1)))
		return json_refuse(p, "ci95", ci ? "expected two numbers or null" : "missing");
	r->ci_lo = json_number_value(json_array_get(ci, 0));
	r->ci_hi = json_number_value(json_array_get(ci, 1));
	return 0;
}

/* Checks what the schema cannot: an unavailable record has no value but a reason, a modelled or published one names its
 * source. */
static int check_record(const struct mw_record *r, const struct json_place *p)
{
	if (!r->bench[0] || !r->metric[0])
		return json_refuse(p, r->bench[0] ? "metric" : "bench", "empty");
	if (r->provenance == MW_UNAVAILABLE && !isnan(r->value))
		return json_refuse(p, "value", "an unavailable record has a value");
	if (r->provenance == MW_UNAVAILABLE && !r->note[0])
		return json_refuse(p, "note", "an unavailable record gives no reason");
	if ((r->provenance == MW_MODELLED || r->provenance == MW_REFERENCE) && !r->source[0])
		return json_refuse(p, "source", "a modelled or published record names no source");
	return 0;
}

int json_to_record(const json_t *v, struct json_place *p, struct mw_record *out)
{
	char text[32];
	json_int_t version = 0, count = 0;
	int rc;
	if (!json_is_object(v))
		return json_refuse(p, "", "expected an object");
	const json_t *method = json_object_get(v, "method");
	if (!json_is_object(method))
		return json_refuse(p, "method", method ? "expected an object" : "missing");
	if ((rc = get_kept(v, "bench", out, &out->bench, p)) || (rc = get_kept(v, "case", out, &out->case_name, p)) ||
	    (rc = get_kept(v, "metric", out, &out->metric, p)) ||
	    (rc = get_kept(method, "name", out, &out->method, p)) ||
	    (rc = get_int(method, "version", 0, INT32_MAX, &version, p)) ||
	    (rc = get_kept(v, "source", out, &out->source, p)) || (rc = get_kept(v, "note", out, &out->note, p)) ||
	    (rc = to_kv(v, "params", out, MW_AS_PARAM, p)) || (rc = to_kv(v, "observed", out, MW_AS_OBSERVED, p)) ||
	    (rc = get_number(v, "value", &out->value, p)) || (rc = get_number(v, "min", &out->min, p)) ||
	    (rc = get_number(v, "max", &out->max, p)) || (rc = to_interval(v, out, p)) ||
	    (rc = get_int(v, "n", 0, INT64_MAX, &count, p)) || (rc = get_text(v, "unit", text, sizeof(text), p)))
		return rc;
	if (mw_unit_parse(text, &out->unit))
		return json_refuse(p, "unit", "not a unit of this schema");
	if ((rc = get_text(v, "provenance", text, sizeof(text), p)))
		return rc;
	if (mw_provenance_parse(text, &out->provenance))
		return json_refuse(p, "provenance", "expected measured, modelled, reference or unavailable");
	out->method_version = (int)version;
	out->n = (size_t)count;
	rc = to_samples(v, out, p);
	if (rc == 0)
		rc = check_record(out, p);
	if (rc == 0 && p->schema < 2)
		upgrade_record(out);
	if (rc == 0 && mw_record_close(out, NULL, 0))
		rc = mw_fail(-ENOMEM, p->err, p->n, "%s: out of memory", p->file);
	return rc;
}

int json_to_point(const json_t *v, struct json_place *p, struct points *out)
{
	struct mw_record r;
	json_int_t threads;
	mw_record_init(&r, "", "", "", MW_COUNT);
	int rc = json_to_record(v, p, &r);
	if (rc == 0)
		rc = get_int(v, "threads", 1, INT32_MAX, &threads, p);
	if (rc == 0 && points_add(out, &r, (int)threads))
		rc = mw_fail(-ENOMEM, p->err, p->n, "%s: out of memory", p->file);
	mw_record_fini(&r);
	return rc;
}

int json_to_point_samples(const json_t *v, struct json_place *p, struct points *out)
{
	struct mw_record r = {.samples = NULL};
	json_int_t number;
	if (!json_is_object(v))
		return json_refuse(p, "", "expected an object");
	int rc = get_int(v, "point", 0, INT32_MAX, &number, p);
	if (rc == 0 && (size_t)number >= out->n)
		rc = json_refuse(p, "point", "no point of that number came before");
	if (rc == 0)
		rc = to_samples(v, &r, p);
	if (rc == 0 && points_add_samples(&out->v[number], r.samples, r.n_samples))
		rc = mw_fail(-ENOMEM, p->err, p->n, "%s: out of memory", p->file);
	free(r.samples);
	return rc;
}

int json_to_skip(const json_t *v, struct json_place *p, struct results *out)
{
	const char *bench = NULL, *reason = NULL;
	int rc = json_is_object(v) ? 0 : json_refuse(p, "", "expected an object");
	if (rc || (rc = get_string(v, "bench", &bench, p)) || (rc = get_string(v, "reason", &reason, p)))
		return rc;
	return results_skip(out, bench, reason);
}

/* Reads a text; "" means not known. */
static int to_text(const json_t *v, const char *key, char **out, const struct json_place *p)
{
	if (!json_is_string(v))
		return json_refuse(p, key, "expected a text");
	int rc = mw_text_set(out, json_string_value(v));
	return rc ? mw_fail(rc, p->err, p->n, "%s: out of memory", p->file) : 0;
}

static int to_field(const struct mw_field *f, void *base, const json_t *o, const struct json_place *p)
{
	void *at = (char *)base + f->offset;
	const json_t *v = json_object_get(o, f->name);
	if (!v && f->later)
		return 0;
	if (!v)
		return json_refuse(p, f->name, "missing");
	if (json_is_null(v)) /* not known: the member keeps its initial value */
		return 0;
	json_int_t i = 0;
	int rc = 0;
	switch (f->type) {
	case MW_FIELD_TEXT:
		return to_text(v, f->name, mw_field_text(f, base), p);
	case MW_FIELD_INT:
		if ((rc = get_int(o, f->name, 0, INT32_MAX, &i, p)) == 0)
			memcpy(at, &(int){(int)i}, sizeof(int));
		return rc;
	case MW_FIELD_U64:
	case MW_FIELD_COUNT:
		if ((rc = get_int(o, f->name, 0, INT64_MAX, &i, p)) == 0)
			memcpy(at, &(uint64_t){(uint64_t)i}, sizeof(uint64_t));
		return rc;
	case MW_FIELD_REAL:
		if (!json_is_number(v))
			return json_refuse(p, f->name, "expected a number or null");
		memcpy(at, &(double){json_number_value(v)}, sizeof(double));
		return 0;
	}
	return 0;
}

static int to_fields(const struct mw_field *fields, void *base, const json_t *o, const struct json_place *p)
{
	int rc = 0;
	for (const struct mw_field *f = fields; f->name && rc == 0; f++)
		rc = to_field(f, base, o, p);
	return rc;
}

static int to_argv(const json_t *o, struct results *out, const struct json_place *p)
{
	const json_t *argv = json_object_get(o, "argv");
	if (json_is_null(argv))
		return 0;
	if (!json_is_array(argv))
		return json_refuse(p, "argv", argv ? "expected an array or null" : "missing");
	size_t n = json_array_size(argv);
	char **words = calloc(n + 1, sizeof(*words));
	int rc = words ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && rc == 0; i++) {
		/* The cast is safe: results_set_argv copies the words and does not change them. */
		const char *word = json_string_value(json_array_get(argv, i));
		if (!word)
			rc = json_refuse(p, "argv", "a word is not a text");
		else
			memcpy(&words[i], &word, sizeof(word));
	}
	if (rc == 0)
		rc = results_set_argv(out, (int)n, words);
	free(words);
	return rc;
}

static int to_info(const json_t *o, struct results *out, const struct json_place *p)
{
	char seed[24] = "", *end;
	int rc;
	if ((rc = to_fields(results_info_fields, &out->info, o, p)) || (rc = to_argv(o, out, p)) ||
	    (rc = get_text(o, "seed", seed, sizeof(seed), p)))
		return rc;
	errno = 0;
	out->info.seed = strtoull(seed, &end, 10);
	if (errno || *end || seed[0] < '0' || seed[0] > '9')
		return json_refuse(p, "seed", "expected a decimal number as text");
	const json_t *anonymized = json_object_get(o, "anonymized");
	if (!json_is_boolean(anonymized))
		return json_refuse(p, "anonymized", "expected true or false");
	out->info.anonymized = json_is_true(anonymized);
	return 0;
}

static int to_node(const json_t *node, struct mw_host *host, int i, const struct json_place *p)
{
	json_int_t id = 0, bytes = 0;
	const json_t *distances = json_object_get(node, "distances");
	bool known = !json_is_null(json_object_get(node, "bytes"));
	int rc = get_int(node, "id", 0, INT32_MAX, &id, p);
	if (rc == 0 && known)
		rc = get_int(node, "bytes", 0, INT64_MAX, &bytes, p);
	if (rc)
		return rc;
	if (!json_is_array(distances) || json_array_size(distances) != (size_t)host->n_nodes)
		return json_refuse(p, "numa_nodes", "expected one distance per node");
	const json_t *memory_only = json_object_get(node, "memory_only"); /* older files do not have it */
	if (memory_only && !json_is_boolean(memory_only))
		return json_refuse(p, "numa_nodes", "memory_only is neither true nor false");
	host->nodes[i] = (struct mw_host_node){
		.id = (int)id,
		.bytes = known ? (uint64_t)bytes : MW_COUNT_UNKNOWN,
		.memory_only = json_is_true(memory_only),
	};
	for (int k = 0; k < host->n_nodes; k++) {
		const json_t *v = json_array_get(distances, (size_t)k);
		json_int_t d = json_integer_value(v); /* 0 (unknown) for null */
		if (json_is_integer(v) ? d < 1 || d > INT32_MAX : !json_is_null(v))
			return json_refuse(p, "numa_nodes", "a distance is neither a positive integer nor null");
		*mw_host_distance(host, i, k) = (int)d;
	}
	return 0;
}

static int to_nodes(const json_t *o, struct mw_host *host, const struct json_place *p)
{
	/* Linux has at most 1024 nodes; a damaged file must not make this allocate n * n distances for more. */
	enum { NODES_MAX = 1024 };
	const json_t *nodes = json_object_get(o, "numa_nodes");
	size_t n = json_array_size(nodes);
	if (!json_is_array(nodes) || n > NODES_MAX)
		return json_refuse(p, "numa_nodes", "expected an array of at most 1024 nodes");
	int rc = mw_host_set_nodes(host, (int)n);
	if (rc)
		return mw_fail(rc, p->err, p->n, "%s: out of memory", p->file);
	for (int i = 0; i < host->n_nodes && rc == 0; i++)
		rc = to_node(json_array_get(nodes, (size_t)i), host, i, p);
	return rc;
}

int json_to_head(const json_t *v, struct json_place *p, struct results *out)
{
	json_int_t schema = 0;
	int rc;
	if (!json_is_object(v))
		return json_refuse(p, "", "not a results file (expected an object)");
	if ((rc = get_int(v, "schema", INT32_MIN, INT32_MAX, &schema, p)))
		return rc;
	if (schema < 1 || schema > RESULTS_SCHEMA) {
		char why[80];
		mw_format(why, sizeof(why), "version %" JSON_INTEGER_FORMAT " is not known here, expected 1 to %d",
			  schema, RESULTS_SCHEMA);
		return json_refuse(p, "schema", why);
	}
	p->schema = (int)schema;
	const json_t *info = json_object_get(v, "memwall"), *host = json_object_get(v, "host");
	if (!json_is_object(info) || !json_is_object(host))
		return json_refuse(p, json_is_object(info) ? "host" : "memwall", "missing");
	struct json_place sub = *p;
	mw_format(sub.at, sizeof(sub.at), "memwall");
	if ((rc = to_info(info, out, &sub)))
		return rc;
	mw_format(sub.at, sizeof(sub.at), "host");
	rc = to_fields(mw_host_fields, &out->host, host, &sub);
	return rc ? rc : to_nodes(host, &out->host, &sub);
}

static int to_metric(const json_t *v, const char *name, struct json_place *p, struct results *out)
{
	const char *unit = json_string_value(json_object_get(v, "unit"));
	const char *better = json_string_value(json_object_get(v, "better"));
	struct mw_metric m = {.name = name, .words = json_string_value(json_object_get(v, "words"))};
	if (!m.words || !unit || mw_unit_parse(unit, &m.unit) || !better || mw_better_parse(better, &m.better))
		return json_refuse(p, name, "expected unit, better (lower, higher, neither) and words");
	return words_add_metric(&out->words, &m);
}

static int to_key(const json_t *v, const char *name, struct json_place *p, struct results *out)
{
	const char *kind = json_string_value(json_object_get(v, "kind"));
	const char *role = json_string_value(json_object_get(v, "role"));
	struct mw_key k = {.name = name, .words = json_string_value(json_object_get(v, "words"))};
	bool param = role && strcmp(role, "parameter") == 0;
	if (!k.words || !kind || mw_kind_parse(kind, &k.kind) || (!param && (!role || strcmp(role, "observed") != 0)))
		return json_refuse(p, name, "expected kind, role (parameter, observed) and words");
	k.flags = param ? MW_PARAM : MW_OBSERVED;
	return words_add_key(&out->words, &k);
}

int json_to_words(const json_t *v, struct json_place *p, struct results *out)
{
	json_t *metrics = json_object_get(v, "metrics"), *keys = json_object_get(v, "keys"), *one;
	const char *name;
	int rc = 0;
	if (!json_is_object(metrics) || !json_is_object(keys))
		return json_refuse(p, "words", "expected metrics and keys");
	mw_format(p->at, sizeof(p->at), "words.metrics");
	json_object_foreach(metrics, name, one) if (rc == 0) rc = to_metric(one, name, p, out);
	mw_format(p->at, sizeof(p->at), "words.keys");
	json_object_foreach(keys, name, one) if (rc == 0) rc = to_key(one, name, p, out);
	return rc == -ENOMEM ? mw_fail(rc, p->err, p->n, "%s: out of memory", p->file) : rc;
}

static int to_records(const json_t *records, struct json_place *p, struct results *out)
{
	int rc = 0;
	for (size_t i = 0; i < json_array_size(records) && rc == 0; i++) {
		struct mw_record r;
		mw_record_init(&r, "", "", "", MW_COUNT);
		mw_format(p->at, sizeof(p->at), "records[%zu]", i);
		rc = json_to_record(json_array_get(records, i), p, &r);
		if (rc == 0 && mw_records_take(&out->records, &r))
			rc = mw_fail(-ENOMEM, p->err, p->n, "%s: out of memory", p->file);
		mw_record_fini(&r);
	}
	return rc;
}

int json_to_records(const json_t *v, struct json_place *p, struct results *out)
{
	p->schema = RESULTS_SCHEMA;
	return to_records(v, p, out);
}

int json_to_results(const json_t *v, struct json_place *p, struct results *out)
{
	int rc = json_to_head(v, p, out);
	if (rc)
		return rc;
	const json_t *records = json_object_get(v, "records"), *skipped = json_object_get(v, "skipped");
	const json_t *partial = json_object_get(v, "partial"), *why = json_object_get(v, "partial_why");
	if (!json_is_array(records) || !json_is_array(skipped))
		return json_refuse(p, json_is_array(records) ? "skipped" : "records", "expected an array");
	if (!json_is_boolean(partial))
		return json_refuse(p, "partial", "expected true or false");
	out->partial = json_is_true(partial);
	if (why && !json_is_null(why) && (rc = to_text(why, "partial_why", &out->partial_why, p)))
		return rc;
	if (p->schema >= 2 && (rc = json_to_words(json_object_get(v, "words"), p, out)))
		return rc;
	rc = to_records(records, p, out);
	for (size_t i = 0; i < json_array_size(skipped) && rc == 0; i++) {
		mw_format(p->at, sizeof(p->at), "skipped[%zu]", i);
		rc = json_to_skip(json_array_get(skipped, i), p, out);
	}
	return rc;
}
