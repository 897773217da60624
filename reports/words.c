#include "reports/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void words_fini(struct words *w)
{
	for (size_t i = 0; i < w->n_metrics; i++) {
		free((void *)(uintptr_t)w->metric[i].name);
		free((void *)(uintptr_t)w->metric[i].words);
	}
	for (size_t i = 0; i < w->n_keys; i++) {
		free((void *)(uintptr_t)w->key[i].name);
		free((void *)(uintptr_t)w->key[i].words);
	}
	free(w->metric);
	free(w->key);
	*w = (struct words){0};
}

static const struct mw_metric *own_metric(const struct words *w, const char *name)
{
	for (size_t i = 0; w && i < w->n_metrics; i++)
		if (strcmp(w->metric[i].name, name) == 0)
			return &w->metric[i];
	return NULL;
}

static const struct mw_key *own_key(const struct words *w, const char *name)
{
	for (size_t i = 0; w && i < w->n_keys; i++)
		if (strcmp(w->key[i].name, name) == 0)
			return &w->key[i];
	return NULL;
}

/* Replaces the name and the words by copies; false when out of memory. */
static bool copy_texts(const char **name, const char **words)
{
	char *a = strdup(*name), *b = strdup(*words);
	if (!a || !b) {
		free(a);
		free(b);
		return false;
	}
	*name = a;
	*words = b;
	return true;
}

int words_add_metric(struct words *w, const struct mw_metric *m)
{
	struct mw_metric own = *m;
	if (own_metric(w, m->name))
		return 0;
	struct mw_metric *v = realloc(w->metric, (w->n_metrics + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	w->metric = v;
	if (!copy_texts(&own.name, &own.words))
		return -ENOMEM;
	v[w->n_metrics++] = own;
	return 0;
}

int words_add_key(struct words *w, const struct mw_key *k)
{
	struct mw_key own = *k;
	if (own_key(w, k->name))
		return 0;
	struct mw_key *v = realloc(w->key, (w->n_keys + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	w->key = v;
	if (!copy_texts(&own.name, &own.words))
		return -ENOMEM;
	v[w->n_keys++] = own;
	return 0;
}

static int add_pairs(struct words *w, const struct mw_kv_list *l)
{
	int rc = 0;
	for (size_t i = 0; i < l->n && rc == 0; i++)
		if (l->v[i].key)
			rc = words_add_key(w, l->v[i].key);
	return rc;
}

int words_add_record(struct words *w, const struct mw_record *r, bool *added)
{
	size_t before = w->n_metrics + w->n_keys;
	int rc = r->declared ? words_add_metric(w, r->declared) : 0;
	if (rc == 0)
		rc = add_pairs(w, &r->params);
	if (rc == 0)
		rc = add_pairs(w, &r->observed);
	if (added)
		*added = w->n_metrics + w->n_keys > before;
	return rc;
}

#define METRIC(symbol, unit, better, words) &mw_metric_##symbol,
#define KEY(symbol, kind, flags, words) &mw_key_##symbol,
static const struct mw_metric *const shared_metrics[] = {MW_SHARED_METRICS(METRIC)};
static const struct mw_key *const shared_keys[] = {MW_SHARED_KEYS(KEY) NULL};

const struct mw_metric *words_metric(const struct words *w, const char *name)
{
	const struct mw_metric *m = own_metric(w, name);
	for (size_t i = 0; i < sizeof(shared_metrics) / sizeof(shared_metrics[0]) && !m; i++)
		if (strcmp(shared_metrics[i]->name, name) == 0)
			m = shared_metrics[i];
	return m;
}

const struct mw_key *words_key(const struct words *w, const char *name)
{
	const struct mw_key *k = own_key(w, name);
	if (!k)
		k = mw_keys_find(shared_keys, name);
	return k ? k : mw_keys_find(mw_keys_of_rounds, name);
}

const struct mw_key *words_of(const struct words *w, const struct mw_kv *kv)
{
	return kv->key ? kv->key : words_key(w, kv->name);
}

static int add_shown(const struct words *file, const struct mw_record *r, struct words *out)
{
	const struct mw_metric *m = r->declared ? r->declared : words_metric(file, r->metric);
	int rc = m ? words_add_metric(out, m) : 0;
	for (size_t i = 0; i < r->params.n && rc == 0; i++) {
		const struct mw_key *k = words_of(file, &r->params.v[i]);
		rc = k ? words_add_key(out, k) : 0;
	}
	return rc;
}

int words_of_table(const struct words *file, const struct mw_records *l, const char *bench, struct words *out)
{
	int rc = 0;
	for (size_t i = 0; i < l->n && rc == 0; i++)
		if (strcmp(l->v[i].bench, bench) == 0 && strcmp(l->v[i].case_name, "run") != 0)
			rc = add_shown(file, &l->v[i], out);
	return rc;
}
