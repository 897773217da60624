/* The identity of a record: as text, comparison and hash. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/record.h"
#include "base/core/text.h"

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
		const struct mw_kv *other = mw_kv_find(b, a->v[i].name);
		if (!other || !kv_same(&a->v[i], other))
			return false;
	}
	return true;
}

/* Appends at out + len and counts; writes nothing when out is NULL. */
static size_t append(char *out, size_t len, const char *s, bool doubled)
{
	size_t start = len;
	for (; *s; s++) {
		if (doubled && *s == '"') {
			if (out)
				out[len] = '"';
			len++;
		}
		if (out)
			out[len] = *s;
		len++;
	}
	return len - start;
}

static size_t format_pairs(const struct mw_kv_list *l, char *out)
{
	size_t len = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_kv *kv = &l->v[i];
		char number[32];
		bool text = kv->type == MW_KV_STR;
		bool quoted = text && strpbrk(kv->s, ";\"\r\n");
		if (!text)
			(void)mw_kv_text(kv, number, sizeof(number));
		len += append(out, len, i ? ";" : "", false);
		len += append(out, len, kv->name, false);
		len += append(out, len, quoted ? "=\"" : "=", false);
		len += append(out, len, text ? kv->s : number, quoted);
		len += append(out, len, quoted ? "\"" : "", false);
	}
	if (out)
		out[len] = '\0';
	return len;
}

char *mw_kv_format(const struct mw_kv_list *l)
{
	char *out = malloc(format_pairs(l, NULL) + 1);
	if (out)
		(void)format_pairs(l, out);
	return out;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct mw_kv *)a)->name, ((const struct mw_kv *)b)->name);
}

char *mw_record_id(const struct mw_record *r)
{
	struct mw_kv_list sorted = {.n = r->params.n};
	memcpy(sorted.v, r->params.v, sorted.n * sizeof(sorted.v[0]));
	qsort(sorted.v, sorted.n, sizeof(sorted.v[0]), by_name);
	size_t head = strlen(r->bench) + strlen(r->case_name) + strlen(r->metric) + 3;
	size_t pairs = format_pairs(&sorted, NULL);
	char *out = malloc(head + pairs + 2);
	if (!out)
		return NULL;
	mw_format(out, head + 1, "%s.%s.%s{", r->bench, r->case_name, r->metric);
	(void)format_pairs(&sorted, out + head);
	memcpy(out + head + pairs, "}", 2);
	return out;
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
	uint64_t h = hash_text(UINT64_C(0xcbf29ce484222325) + (uint64_t)kv->type, kv->name);
	if (kv->type == MW_KV_INT)
		return hash_bytes(h, &kv->i, sizeof(kv->i));
	if (kv->type == MW_KV_STR)
		return hash_text(h, kv->s);
	double r = isnan(kv->r) ? (double)NAN : kv->r == 0 ? 0.0 : kv->r; /* so that equal values have the same bits */
	return hash_bytes(h, &r, sizeof(r));
}

uint64_t mw_record_hash(const struct mw_record *r)
{
	uint64_t params = 0;
	for (size_t i = 0; i < r->params.n; i++) {
		uint64_t h = hash_kv(&r->params.v[i]);
		params += h ^ h >> 29; /* summed, so that the order does not matter */
	}
	uint64_t h = hash_text(hash_text(hash_text(params, r->bench), r->case_name), r->metric);
	return h ^ h >> 32;
}
