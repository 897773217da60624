#include "base/core/record.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const provenance_names[MW_PROVENANCE_COUNT] = {
	[MW_MEASURED] = "measured",
	[MW_MODELLED] = "modelled",
	[MW_REFERENCE] = "reference",
	[MW_UNAVAILABLE] = "unavailable",
};

static const char *const unit_names[MW_UNIT_COUNT] = {
	[MW_NS] = "ns",
	[MW_S] = "s",
	[MW_BYTE] = "byte",
	[MW_GBPS] = "GB/s",
	[MW_GFLOPS] = "GFLOP/s",
	[MW_GOPS] = "GOP/s",
	[MW_FLOP_PER_BYTE] = "FLOP/byte",
	[MW_PJ_PER_BYTE] = "pJ/byte",
	[MW_NJ_PER_KB] = "nJ/KB",
	[MW_NJ] = "nJ",
	[MW_JOULE] = "J",
	[MW_WATT] = "W",
	[MW_IOPS] = "IO/s",
	[MW_COUNT] = "count",
	[MW_RATIO] = "ratio",
};

static int parse_name(const char *const names[], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

const char *mw_provenance_name(enum mw_provenance p)
{
	return provenance_names[p];
}

int mw_provenance_parse(const char *name, enum mw_provenance *out)
{
	int i = parse_name(provenance_names, MW_PROVENANCE_COUNT, name);
	if (i < 0)
		return i;
	*out = (enum mw_provenance)i;
	return 0;
}

enum mw_provenance mw_weakest(enum mw_provenance a, enum mw_provenance b)
{
	return a > b ? a : b;
}

const char *mw_unit_name(enum mw_unit u)
{
	return unit_names[u];
}

int mw_unit_parse(const char *name, enum mw_unit *out)
{
	int i = parse_name(unit_names, MW_UNIT_COUNT, name);
	if (i < 0)
		return i;
	*out = (enum mw_unit)i;
	return 0;
}

static void set_text(char *dst, size_t n, const char *src)
{
	(void)snprintf(dst, n, "%s", src ? src : "");
}

void mw_record_init(struct mw_record *r, const char *bench, const char *case_name, const char *metric,
		    enum mw_unit unit)
{
	memset(r, 0, sizeof(*r));
	set_text(r->bench, sizeof(r->bench), bench);
	set_text(r->case_name, sizeof(r->case_name), case_name);
	set_text(r->metric, sizeof(r->metric), metric);
	r->unit = unit;
	r->method_version = 1;
	r->value = r->ci_lo = r->ci_hi = r->min = r->max = NAN;
}

void mw_record_fini(struct mw_record *r)
{
	free(r->samples);
	r->samples = NULL;
	r->n_samples = 0;
}

int mw_record_copy(struct mw_record *dst, const struct mw_record *src)
{
	struct mw_sample *samples = NULL;
	if (src->n_samples) {
		samples = malloc(src->n_samples * sizeof(*samples));
		if (!samples)
			return -ENOMEM;
		memcpy(samples, src->samples, src->n_samples * sizeof(*samples));
	}
	*dst = *src;
	dst->samples = samples;
	return 0;
}

static struct mw_kv *kv_slot(struct mw_kv_list *l, const char *key, enum mw_kv_type type)
{
	struct mw_kv *kv = NULL;
	for (size_t i = 0; i < l->n && !kv; i++)
		if (strcmp(l->v[i].key, key) == 0)
			kv = &l->v[i];
	if (!kv) {
		assert(l->n < MW_RECORD_PARAMS);
		kv = &l->v[l->n++];
	}
	memset(kv, 0, sizeof(*kv));
	set_text(kv->key, sizeof(kv->key), key);
	kv->type = type;
	return kv;
}

void mw_kv_set_int(struct mw_kv_list *l, const char *key, int64_t v)
{
	kv_slot(l, key, MW_KV_INT)->i = v;
}

void mw_kv_set_real(struct mw_kv_list *l, const char *key, double v)
{
	kv_slot(l, key, MW_KV_REAL)->r = v;
}

void mw_kv_set_str(struct mw_kv_list *l, const char *key, const char *v)
{
	struct mw_kv *kv = kv_slot(l, key, MW_KV_STR);
	set_text(kv->s, sizeof(kv->s), v);
}

const struct mw_kv *mw_kv_find(const struct mw_kv_list *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].key, key) == 0)
			return &l->v[i];
	return NULL;
}

int64_t mw_kv_int(const struct mw_kv_list *l, const char *key, int64_t fallback)
{
	const struct mw_kv *kv = mw_kv_find(l, key);
	return kv && kv->type == MW_KV_INT ? kv->i : fallback;
}

const char *mw_kv_str(const struct mw_kv_list *l, const char *key, const char *fallback)
{
	const struct mw_kv *kv = mw_kv_find(l, key);
	return kv && kv->type == MW_KV_STR ? kv->s : fallback;
}

static void format_value(const struct mw_kv *kv, char *out, size_t n)
{
	switch (kv->type) {
	case MW_KV_INT:
		(void)snprintf(out, n, "%" PRId64, kv->i);
		break;
	case MW_KV_REAL:
		(void)snprintf(out, n, "%.9g", kv->r);
		break;
	case MW_KV_STR:
		set_text(out, n, kv->s);
		break;
	}
	/* The CSV contract: no field holds a comma, a quote or a newline. */
	for (char *c = out; *c; c++) {
		if (*c == ',' || *c == ';')
			*c = '+';
		else if (*c == '"' || *c == '\n' || *c == '\r')
			*c = ' ';
	}
}

int mw_kv_format(const struct mw_kv_list *l, char *out, size_t n)
{
	size_t len = 0;
	if (n)
		out[0] = '\0';
	for (size_t i = 0; i < l->n; i++) {
		char value[sizeof(l->v[i].s)];
		format_value(&l->v[i], value, sizeof(value));
		size_t room = len < n ? n - len : 0;
		int w = snprintf(room ? out + len : NULL, room, "%s%s=%s", i ? ";" : "", l->v[i].key, value);
		len += (size_t)w;
	}
	return (int)len;
}

static bool kv_same(const struct mw_kv *a, const struct mw_kv *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case MW_KV_INT:
		return a->i == b->i;
	case MW_KV_REAL:
		return a->r == b->r || (isnan(a->r) && isnan(b->r));
	case MW_KV_STR:
		return strcmp(a->s, b->s) == 0;
	}
	return false;
}

bool mw_kv_equal(const struct mw_kv_list *a, const struct mw_kv_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct mw_kv *other = mw_kv_find(b, a->v[i].key);
		if (!other || !kv_same(&a->v[i], other))
			return false;
	}
	return true;
}

void mw_record_set(struct mw_record *r, double value, enum mw_provenance p, const char *source)
{
	r->value = value;
	r->n = 1;
	r->provenance = p;
	set_text(r->source, sizeof(r->source), source);
}

void mw_record_unavailable(struct mw_record *r, const char *why)
{
	r->value = r->ci_lo = r->ci_hi = r->min = r->max = NAN;
	r->n = 0;
	r->provenance = MW_UNAVAILABLE;
	set_text(r->note, sizeof(r->note), why);
}

bool mw_record_same_identity(const struct mw_record *a, const struct mw_record *b)
{
	return strcmp(a->bench, b->bench) == 0 && strcmp(a->case_name, b->case_name) == 0 &&
	       strcmp(a->metric, b->metric) == 0 && mw_kv_equal(&a->params, &b->params);
}

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;
	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return h;
}

static uint64_t hash_text(uint64_t h, const char *s)
{
	return hash_bytes(h, s, strlen(s) + 1);
}

static uint64_t hash_kv(const struct mw_kv *kv)
{
	double r = isnan(kv->r) ? (double)NAN : kv->r == 0 ? 0.0 : kv->r; /* equal values have one pattern */
	uint64_t h = hash_text(UINT64_C(0xcbf29ce484222325) + (uint64_t)kv->type, kv->key);
	switch (kv->type) {
	case MW_KV_INT:
		return hash_bytes(h, &kv->i, sizeof(kv->i));
	case MW_KV_REAL:
		return hash_bytes(h, &r, sizeof(r));
	case MW_KV_STR:
		return hash_text(h, kv->s);
	}
	return h;
}

uint64_t mw_record_hash(const struct mw_record *r)
{
	uint64_t params = 0;
	for (size_t i = 0; i < r->params.n; i++) {
		uint64_t h = hash_kv(&r->params.v[i]);
		params += h ^ h >> 29; /* a sum: the order does not count */
	}
	uint64_t h = hash_text(hash_text(hash_text(params, r->bench), r->case_name), r->metric);
	return h ^ h >> 32;
}

void mw_records_fini(struct mw_records *l)
{
	for (size_t i = 0; i < l->n; i++)
		mw_record_fini(&l->v[i]);
	free(l->v);
	*l = (struct mw_records){0};
}

int mw_records_add(struct mw_records *l, const struct mw_record *r)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct mw_record *v = realloc(l->v, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	int rc = mw_record_copy(&l->v[l->n], r);
	if (rc == 0)
		l->n++;
	return rc;
}

const struct mw_record *mw_records_find(const struct mw_records *l, const char *bench, const char *case_name,
					const char *metric)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (strcmp(r->bench, bench) == 0 && (!case_name || strcmp(r->case_name, case_name) == 0) &&
		    strcmp(r->metric, metric) == 0)
			return r;
	}
	return NULL;
}
