#include "base/core/record.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"

static const char *const provenance_names[MW_PROVENANCE_COUNT] = {
	[MW_MEASURED] = "measured",
	[MW_MODELLED] = "modelled",
	[MW_REFERENCE] = "reference",
	[MW_UNAVAILABLE] = "unavailable",
};

const char *mw_provenance_name(enum mw_provenance p)
{
	return provenance_names[p];
}

int mw_provenance_parse(const char *name, enum mw_provenance *out)
{
	for (size_t i = 0; i < MW_PROVENANCE_COUNT; i++) {
		if (strcmp(provenance_names[i], name) == 0) {
			*out = (enum mw_provenance)i;
			return 0;
		}
	}
	return -EINVAL;
}

enum mw_provenance mw_weakest(enum mw_provenance a, enum mw_provenance b)
{
	return a > b ? a : b;
}

/* ---- texts ---- */

/* Texts are kept in a list of blocks and never move. */
struct mw_text {
	struct mw_text *next; /* the first block's next is the newest */
	size_t used, cap;
	int error;      /* the record's first error; used in the first block only */
	char fault[96]; /* the same error as text */
	char bytes[];
};

enum { FIRST_BLOCK = 512 };

static struct mw_text *new_block(size_t cap)
{
	struct mw_text *t = malloc(sizeof(*t) + cap);
	if (!t)
		return NULL;
	t->next = NULL;
	t->used = 0;
	t->cap = cap;
	t->error = 0;
	t->fault[0] = '\0';
	return t;
}

static void fault(struct mw_record *r, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Keeps the first fault. Without a first block (out of memory) nothing is kept; mw_record_close returns -ENOMEM
 * then. */
static void fault(struct mw_record *r, int error, const char *fmt, ...)
{
	va_list ap;
	if (!r->text || r->text->error)
		return;
	r->text->error = error;
	va_start(ap, fmt);
	mw_vclip(r->text->fault, sizeof(r->text->fault), fmt, ap);
	va_end(ap);
}

/* Space for len bytes and a NUL; NULL when out of memory. */
static char *text_room(struct mw_record *r, size_t len)
{
	struct mw_text *first = r->text, *t = first;
	if (!first)
		return NULL;
	if (first->next && first->cap - first->used <= len)
		t = first->next;
	if (t->cap - t->used <= len) {
		t = new_block(len + 1 > FIRST_BLOCK ? len + 1 : FIRST_BLOCK);
		if (!t) {
			fault(r, -ENOMEM, "out of memory");
			return NULL;
		}
		t->next = first->next;
		first->next = t;
	}
	char *at = t->bytes + t->used;
	t->used += len + 1;
	return at;
}

const char *mw_record_keep(struct mw_record *r, const char *s)
{
	size_t len = s ? strlen(s) : 0;
	char *at = len ? text_room(r, len) : NULL;
	if (!at)
		return "";
	memcpy(at, s, len + 1);
	return at;
}

static const char *keep_format(struct mw_record *r, const char *before, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static const char *keep_format(struct mw_record *r, const char *before, const char *fmt, va_list ap)
{
	va_list again;
	size_t lead = strlen(before) + (*before ? 2 : 0);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len <= 0)
		return before;
	char *at = text_room(r, lead + (size_t)len);
	if (!at)
		return before;
	if (lead)
		mw_format(at, lead + 1, "%s; ", before);
	mw_vclip(at + lead, (size_t)len + 1, fmt, ap);
	return at;
}

void mw_record_note(struct mw_record *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	r->note = keep_format(r, "", fmt, ap);
	va_end(ap);
}

void mw_record_add_note(struct mw_record *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	r->note = keep_format(r, r->note, fmt, ap);
	va_end(ap);
}

void mw_record_source(struct mw_record *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	r->source = keep_format(r, "", fmt, ap);
	va_end(ap);
}

void mw_record_method(struct mw_record *r, const char *name, int version)
{
	r->method = mw_record_keep(r, name);
	r->method_version = version;
}

/* ---- pairs ---- */

static struct mw_kv_list *list_of(struct mw_record *r, enum mw_role role)
{
	return role == MW_AS_PARAM ? &r->params : &r->observed;
}

static struct mw_kv *slot(struct mw_record *r, enum mw_role role, const char *name)
{
	struct mw_kv_list *l = list_of(r, role);
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	if (l->n == MW_RECORD_PARAMS) {
		fault(r, -ENOSPC, "%s: more than %d pairs", name, MW_RECORD_PARAMS);
		return NULL;
	}
	l->v[l->n] = (struct mw_kv){.name = name};
	return &l->v[l->n++];
}

static int set_value(struct mw_record *r, enum mw_role role, const char *name, const struct mw_key *key,
		     const struct mw_kv *value)
{
	const char *text = value->type == MW_KV_STR ? mw_record_keep(r, value->s) : NULL;
	struct mw_kv *kv = slot(r, role, name);
	if (!kv)
		return -ENOSPC;
	/* Names of declared keys are static; others are copied into the record. */
	const char *own = key ? key->name : kv->name == name ? mw_record_keep(r, name) : kv->name;
	*kv = *value;
	kv->name = own;
	kv->key = key;
	if (text)
		kv->s = text;
	return r->text && !r->text->error ? 0 : r->text ? r->text->error : -ENOMEM;
}

int mw_set_int(struct mw_record *r, enum mw_role role, const char *name, int64_t v)
{
	return set_value(r, role, name, NULL, &(struct mw_kv){.type = MW_KV_INT, .i = v});
}

int mw_set_real(struct mw_record *r, enum mw_role role, const char *name, double v)
{
	return set_value(r, role, name, NULL, &(struct mw_kv){.type = MW_KV_REAL, .r = v});
}

int mw_set_text(struct mw_record *r, enum mw_role role, const char *name, const char *v)
{
	return set_value(r, role, name, NULL, &(struct mw_kv){.type = MW_KV_STR, .s = v});
}

static void put(struct mw_record *r, const struct mw_key *key, const struct mw_kv *value)
{
	(void)set_value(r, key->flags & MW_PARAM ? MW_AS_PARAM : MW_AS_OBSERVED, key->name, key, value);
}

void mw_put_int(struct mw_record *r, const struct mw_key *key, int64_t v)
{
	put(r, key, &(struct mw_kv){.type = MW_KV_INT, .i = v});
}

void mw_put_real(struct mw_record *r, const struct mw_key *key, double v)
{
	put(r, key, &(struct mw_kv){.type = MW_KV_REAL, .r = v});
}

void mw_put_text(struct mw_record *r, const struct mw_key *key, const char *v)
{
	put(r, key, &(struct mw_kv){.type = MW_KV_STR, .s = v});
}

void mw_put_same(struct mw_record *r, const struct mw_key *key, const struct mw_record *src)
{
	const struct mw_kv *kv = mw_kv_find(key->flags & MW_PARAM ? &src->params : &src->observed, key->name);
	if (kv)
		put(r, key, kv);
}

const struct mw_kv *mw_kv_find(const struct mw_kv_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

int64_t mw_kv_int(const struct mw_kv_list *l, const char *name, int64_t fallback)
{
	const struct mw_kv *kv = mw_kv_find(l, name);
	return kv && kv->type == MW_KV_INT ? kv->i : fallback;
}

const char *mw_kv_str(const struct mw_kv_list *l, const char *name, const char *fallback)
{
	const struct mw_kv *kv = mw_kv_find(l, name);
	return kv && kv->type == MW_KV_STR ? kv->s : fallback;
}

int mw_kv_text(const struct mw_kv *kv, char *out, size_t n)
{
	if (kv->type == MW_KV_INT)
		return snprintf(out, n, "%" PRId64, kv->i);
	if (kv->type == MW_KV_REAL)
		return snprintf(out, n, "%.9g", kv->r);
	return snprintf(out, n, "%s", kv->s);
}

/* ---- life ---- */

static void init(struct mw_record *r, size_t text)
{
	memset(r, 0, offsetof(struct mw_record, params));
	r->params.n = r->observed.n = 0;
	r->method = r->source = r->note = "";
	r->method_version = 1;
	r->value = r->ci_lo = r->ci_hi = r->min = r->max = NAN;
	r->n = r->n_samples = 0;
	r->samples = NULL;
	r->provenance = MW_MEASURED;
	r->row = NULL;
	r->text = new_block(text);
}

void mw_record_init(struct mw_record *r, const char *bench, const char *case_name, const char *metric,
		    enum mw_unit unit)
{
	init(r, FIRST_BLOCK);
	r->bench = mw_record_keep(r, bench);
	r->case_name = mw_record_keep(r, case_name);
	r->metric = mw_record_keep(r, metric);
	r->unit = unit;
}

void mw_record_fini(struct mw_record *r)
{
	free(r->samples);
	r->samples = NULL;
	r->n_samples = 0;
	while (r->text) {
		struct mw_text *t = r->text;
		r->text = t->next;
		free(t);
	}
}

static size_t text_bytes(const struct mw_record *r)
{
	size_t n = 0;
	for (const struct mw_text *t = r->text; t; t = t->next)
		n += t->used;
	return n + 1;
}

static void copy_pairs(struct mw_record *dst, struct mw_kv_list *to, const struct mw_kv_list *from)
{
	to->n = from->n;
	memcpy(to->v, from->v, from->n * sizeof(*from->v));
	for (size_t i = 0; i < to->n; i++) {
		struct mw_kv *kv = &to->v[i];
		kv->name = kv->key ? kv->name : mw_record_keep(dst, kv->name);
		if (kv->type == MW_KV_STR)
			kv->s = mw_record_keep(dst, kv->s);
	}
}

int mw_record_copy_bare(struct mw_record *dst, const struct mw_record *src)
{
	/* One block is large enough for all texts of src. */
	struct mw_text *text =
		new_block(text_bytes(src) + strlen(src->bench) + strlen(src->case_name) + strlen(src->metric) + 3);
	if (!text)
		return -ENOMEM;
	memcpy(dst, src, offsetof(struct mw_record, params));
	memcpy(&dst->method, &src->method, sizeof(*dst) - offsetof(struct mw_record, method));
	dst->text = text;
	dst->samples = NULL;
	dst->n_samples = 0;
	dst->bench = mw_record_keep(dst, src->bench);
	dst->case_name = mw_record_keep(dst, src->case_name);
	dst->metric = mw_record_keep(dst, src->metric);
	dst->method = mw_record_keep(dst, src->method);
	dst->source = mw_record_keep(dst, src->source);
	dst->note = mw_record_keep(dst, src->note);
	copy_pairs(dst, &dst->params, &src->params);
	copy_pairs(dst, &dst->observed, &src->observed);
	int rc = dst->text->error;
	if (rc < 0)
		mw_record_fini(dst);
	return rc;
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
	int rc = mw_record_copy_bare(dst, src);
	if (rc < 0) {
		free(samples);
		return rc;
	}
	dst->samples = samples;
	dst->n_samples = src->n_samples;
	return 0;
}

/* ---- declared records ---- */

static bool has_case(const struct mw_emit *row, const char *name)
{
	for (const char *const *c = row->cases; *c; c++)
		if (strcmp(*c, name) == 0)
			return true;
	return false;
}

void mw_record_open(struct mw_record *r, const struct mw_emitter *e, const struct mw_emit *row, const char *case_name)
{
	mw_record_init(r, e->name, case_name, row->metric->name, row->metric->unit);
	r->declared = row->metric;
	r->row = row;
	if (!has_case(row, case_name))
		fault(r, -EINVAL, "case %s is not declared", case_name);
}

static void put_declared(struct mw_record *r, const struct mw_key *const *keys, const struct mw_record *src)
{
	for (; keys && *keys; keys++)
		mw_put_same(r, *keys, src);
}

void mw_record_derive(struct mw_record *r, const struct mw_emitter *e, const struct mw_emit *row, const char *case_name,
		      const struct mw_record *src)
{
	mw_record_open(r, e, row, case_name);
	put_declared(r, row->params, src);
	put_declared(r, row->optional, src);
	put_declared(r, row->observed, src);
	put_declared(r, mw_keys_of_rounds, src);
}

/* The modes are values too. */
static void scale_modes(struct mw_record *r, double factor)
{
	const char *text = mw_kv_str(&r->observed, "modes", NULL);
	double low, low_share, high, high_share;
	if (!text || sscanf(text, "%lf in %lf %% of rounds, %lf in %lf %%", &low, &low_share, &high, &high_share) != 4)
		return;
	struct mw_buf scaled = {0};
	mw_buf_add(&scaled, "%.4g in %.0f %% of rounds, %.4g in %.0f %%", low * factor, low_share, high * factor,
		   high_share);
	mw_put_text(r, &mw_key_modes, mw_buf_text(&scaled));
	mw_buf_fini(&scaled);
}

void mw_record_scale(struct mw_record *r, const struct mw_record *src, double factor)
{
	r->value = src->value * factor;
	r->ci_lo = src->ci_lo * factor;
	r->ci_hi = src->ci_hi * factor;
	r->min = src->min * factor;
	r->max = src->max * factor;
	r->n = src->n;
	r->provenance = src->provenance;
	scale_modes(r, factor);
}

static bool kind_fits(const struct mw_kv *kv)
{
	switch (kv->key->kind) {
	case MW_BYTES:
	case MW_NUMBER:
		return kv->type == MW_KV_INT;
	case MW_TEXT:
		return kv->type == MW_KV_STR;
	case MW_REAL:
		return kv->type == MW_KV_REAL;
	case MW_KIND_COUNT:
		break;
	}
	return false;
}

static bool holds(const struct mw_key *const *keys, const struct mw_key *key)
{
	for (; keys && *keys; keys++)
		if (*keys == key)
			return true;
	return false;
}

static void check_pairs(struct mw_record *r, const struct mw_kv_list *l, const struct mw_key *const *a,
			const struct mw_key *const *b)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_kv *kv = &l->v[i];
		if (!kv->key || (!holds(a, kv->key) && !holds(b, kv->key)))
			fault(r, -EINVAL, "key %s is not declared for %s", kv->name, r->metric);
		else if (!kind_fits(kv))
			fault(r, -EINVAL, "key %s is declared as %s", kv->name, mw_kind_name(kv->key->kind));
	}
}

int mw_record_close(struct mw_record *r, char *why, size_t n)
{
	const struct mw_emit *row = r->row;
	if (!r->text)
		return mw_fail(-ENOMEM, why, n, "out of memory");
	if (row) {
		check_pairs(r, &r->params, row->params, row->optional);
		check_pairs(r, &r->observed, row->observed, mw_keys_of_rounds);
		for (const struct mw_key *const *k = row->params; k && *k && r->provenance != MW_UNAVAILABLE; k++)
			if (!mw_kv_find(&r->params, (*k)->name))
				fault(r, -EINVAL, "parameter %s is missing", (*k)->name);
	}
	if (r->text->error)
		return mw_fail(r->text->error, why, n, "%s.%s.%s: %s", r->bench, r->case_name, r->metric,
			       r->text->fault);
	r->row = NULL;
	return 0;
}

int mw_finish(const struct mw_sink *sink, struct mw_record *r)
{
	int rc = mw_record_close(r, NULL, 0);
	if (rc == 0)
		rc = mw_emit(sink, r);
	mw_record_fini(r);
	return rc;
}

void mw_record_set(struct mw_record *r, double value, enum mw_provenance p, const char *source)
{
	r->value = value;
	r->n = 1;
	r->provenance = p;
	r->source = mw_record_keep(r, source);
}

void mw_record_unavailable(struct mw_record *r, const char *why)
{
	r->value = r->ci_lo = r->ci_hi = r->min = r->max = NAN;
	r->n = 0;
	r->provenance = MW_UNAVAILABLE;
	r->source = "";
	r->note = mw_record_keep(r, why);
}

/* ---- lists ---- */

void mw_records_fini(struct mw_records *l)
{
	for (size_t i = 0; i < l->n; i++)
		mw_record_fini(&l->v[i]);
	free(l->v);
	*l = (struct mw_records){0};
}

static int grow(struct mw_records *l)
{
	if (l->n < l->cap)
		return 0;
	size_t cap = l->cap ? 2 * l->cap : 64;
	struct mw_record *v = realloc(l->v, cap * sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->v = v;
	l->cap = cap;
	return 0;
}

int mw_records_add(struct mw_records *l, const struct mw_record *r)
{
	int rc = grow(l);
	if (rc == 0)
		rc = mw_record_copy(&l->v[l->n], r);
	l->n += rc == 0;
	return rc;
}

int mw_records_add_bare(struct mw_records *l, const struct mw_record *r)
{
	int rc = grow(l);
	if (rc == 0)
		rc = mw_record_copy_bare(&l->v[l->n], r);
	l->n += rc == 0;
	return rc;
}

int mw_records_take(struct mw_records *l, struct mw_record *r)
{
	int rc = grow(l);
	if (rc < 0)
		return rc;
	l->v[l->n++] = *r;
	r->samples = NULL;
	r->n_samples = 0;
	r->text = NULL;
	return 0;
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
