#include "reports/results.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/core/err.h"
#include "reports/fields.h"
#include "reports/file.h"
#include "reports/journal.h"
#include "reports/json.h"

void results_init(struct results *r)
{
	memset(r, 0, sizeof(*r));
	r->info.elapsed_s = (double)NAN;
}

static void free_argv(struct results_info *info)
{
	for (char **a = info->argv; a && *a; a++)
		free(*a);
	free(info->argv);
	info->argv = NULL;
}

void results_fini(struct results *r)
{
	free_argv(&r->info);
	mw_records_fini(&r->records);
	free(r->skipped);
	results_init(r);
}

int results_set_argv(struct results *r, int argc, char *const *argv)
{
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	free_argv(&r->info);
	r->info.argv = copy;
	for (int i = 0; i < argc; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i]) {
			free_argv(&r->info);
			return -ENOMEM;
		}
	}
	return 0;
}

void results_set_started(struct results *r)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t t = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	struct tm tm;
	if (!gmtime_r(&t, &tm) || !strftime(r->info.started, sizeof(r->info.started), "%Y-%m-%dT%H:%M:%SZ", &tm))
		r->info.started[0] = '\0';
}

int results_skip(struct results *r, const char *bench, const char *reason)
{
	struct results_skip *v = realloc(r->skipped, (r->n_skipped + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	r->skipped = v;
	struct results_skip *s = &v[r->n_skipped++];
	(void)snprintf(s->bench, sizeof(s->bench), "%s", bench);
	(void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
	return 0;
}

/* ---- anonymising ---- */

/* Every word of text that starts like an absolute path becomes "(path)". "GB/s" and "a/b" stay. */
static void drop_paths(char *text, size_t size)
{
	char out[512];
	size_t len = 0;
	for (const char *c = text; *c && len + 8 < sizeof(out);) {
		bool flag = c - text >= 2 && c[-2] == '-' && (c[-1] == 'I' || c[-1] == 'L'); /* of the compiler */
		bool word_start = c == text || flag || strchr(" \t=:;'\"(<,", c[-1]);
		if (word_start && c[0] == '/' && (isalnum((unsigned char)c[1]) || c[1] == '.' || c[1] == '_')) {
			memcpy(out + len, "(path)", 6);
			len += 6;
			c += strcspn(c, " \t:;'\")>,");
		} else {
			out[len++] = *c++;
		}
	}
	out[len] = '\0';
	(void)snprintf(text, size, "%s", out);
}

static void anonymize_kv(struct mw_kv_list *l)
{
	static const char *const private_keys[] = {"hostname", "host", "serial", "path", "file", "dir", "wwn", "uuid"};
	for (size_t i = 0; i < l->n; i++) {
		struct mw_kv *kv = &l->v[i];
		if (kv->type != MW_KV_STR)
			continue;
		drop_paths(kv->s, sizeof(kv->s));
		for (size_t k = 0; k < sizeof(private_keys) / sizeof(*private_keys); k++)
			if (strcmp(kv->key, private_keys[k]) == 0)
				(void)snprintf(kv->s, sizeof(kv->s), "(dropped)");
	}
}

void record_anonymize(struct mw_record *rec)
{
	anonymize_kv(&rec->params);
	anonymize_kv(&rec->observed);
	drop_paths(rec->source, sizeof(rec->source));
	drop_paths(rec->note, sizeof(rec->note));
}

void results_anonymize(struct results *r)
{
	r->info.anonymized = true;
	free_argv(&r->info);
	r->host.hostname[0] = '\0';
	for (const struct field *f = info_fields; f->name; f++)
		if (f->type == FIELD_TEXT)
			drop_paths((char *)&r->info + f->offset, f->size);
	for (const struct field *f = host_fields; f->name; f++)
		if (f->type == FIELD_TEXT)
			drop_paths((char *)&r->host + f->offset, f->size);
	for (size_t i = 0; i < r->records.n; i++)
		record_anonymize(&r->records.v[i]);
	for (size_t i = 0; i < r->n_skipped; i++)
		drop_paths(r->skipped[i].reason, sizeof(r->skipped[i].reason));
}

/* ---- files ---- */

/* A signal that ends the program here would leave the temporary file behind. */
static int replace(const char *path, const char *text, char *err, size_t n)
{
	sigset_t old;
	file_hold_signals(&old);
	int rc = file_replace(path, text, strlen(text), err, n);
	file_let_signals(&old);
	return rc;
}

int results_write(const char *dir, const struct results *r, char *err, size_t n)
{
	char *text = NULL, path[4096];
	int rc = 0;
	if (snprintf(path, sizeof(path), "%s/results.json", dir) >= (int)sizeof(path))
		return mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", dir);
	json_t *doc = json_from_results(r);
	text = doc ? json_dumps(doc, JSON_FILE_FLAGS) : NULL;
	if (!text)
		rc = mw_fail(-ENOMEM, err, n, "%s: out of memory", path);
	else
		rc = replace(path, text, err, n);
	free(text);
	json_decref(doc);
	return rc;
}

int results_read(const char *path, struct results *out, char *err, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	json_error_t e;
	results_init(out);
	int rc = file_read(path, &text, &size, err, n);
	if (rc)
		return rc;
	json_t *doc = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);
	if (doc) {
		struct json_place place = {.file = path, .err = err, .n = n};
		rc = json_to_results(doc, &place, out);
	} else if (json_error_code(&e) == json_error_out_of_memory) {
		rc = mw_fail(-ENOMEM, err, n, "%s: out of memory", path);
	} else {
		rc = mw_fail(MW_EFORMAT, err, n, "%s:%d:%d: not JSON: %s", path, e.line, e.column, e.text);
	}
	json_decref(doc);
	free(text);
	return rc;
}

int results_load(const char *path, struct results *out, char *err, size_t n)
{
	struct stat st;
	char name[4096];
	results_init(out);
	if (stat(path, &st) != 0)
		return mw_fail(-errno, err, n, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return results_read(path, out, err, n);
	if (snprintf(name, sizeof(name), "%s/records.jsonl", path) >= (int)sizeof(name))
		return mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", path);
	if (access(name, F_OK) == 0)
		return journal_read(path, out, NULL, err, n);
	(void)snprintf(name, sizeof(name), "%s/results.json", path);
	if (access(name, F_OK) != 0)
		return mw_fail(-ENOENT, err, n, "%s: holds neither records.jsonl nor results.json", path);
	return results_read(name, out, err, n);
}
