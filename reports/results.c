#include "reports/results.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/file.h"
#include "reports/journal.h"
#include "reports/json.h"

#define INFO(member, kind) MW_FIELD(struct results_info, member, MW_FIELD_##kind, 0)

/* clang-format off */
const struct mw_field results_info_fields[] = {
	INFO(version, TEXT),
	INFO(commit, TEXT),
	INFO(compiler, TEXT),
	INFO(flags, TEXT),
	INFO(profile, TEXT),
	INFO(started, TEXT),
	INFO(elapsed_s, REAL),
	MW_FIELDS_END,
};
/* clang-format on */

void results_init(struct results *r)
{
	memset(r, 0, sizeof(*r));
	mw_host_init(&r->host);
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
	mw_fields_fini(results_info_fields, &r->info);
	mw_host_fini(&r->host);
	mw_records_fini(&r->records);
	points_fini(&r->points);
	words_fini(&r->words);
	while (r->n_skipped)
		results_unskip(r, r->n_skipped - 1);
	free(r->skipped);
	free(r->partial_why);
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

int results_copy_head(struct results *to, const struct results *from)
{
	int argc = 0;
	int rc = mw_fields_copy(results_info_fields, &to->info, &from->info);
	if (rc == 0)
		rc = mw_host_copy(&to->host, &from->host);
	to->info.seed = from->info.seed;
	to->info.anonymized = from->info.anonymized;
	while (from->info.argv && from->info.argv[argc])
		argc++;
	return rc == 0 && from->info.argv ? results_set_argv(to, argc, from->info.argv) : rc;
}

int results_set_started(struct results *r)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t t = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	struct tm tm;
	char text[40];
	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		text[0] = '\0';
	return mw_text_set(&r->info.started, text);
}

int results_skip(struct results *r, const char *bench, const char *reason)
{
	struct results_skip *v = realloc(r->skipped, (r->n_skipped + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	r->skipped = v;
	v[r->n_skipped] = (struct results_skip){strdup(bench), strdup(reason)};
	r->n_skipped++;
	if (v[r->n_skipped - 1].bench && v[r->n_skipped - 1].reason)
		return 0;
	results_unskip(r, r->n_skipped - 1);
	return -ENOMEM;
}

void results_unskip(struct results *r, size_t i)
{
	free(r->skipped[i].bench);
	free(r->skipped[i].reason);
	r->skipped[i] = r->skipped[--r->n_skipped];
}

int results_partial(struct results *r, const char *fmt, ...)
{
	struct mw_buf why = {0};
	va_list ap;
	va_start(ap, fmt);
	mw_buf_vadd(&why, fmt, ap);
	va_end(ap);
	r->partial = true;
	int rc = why.failed ? -ENOMEM : mw_text_set(&r->partial_why, mw_buf_text(&why));
	mw_buf_fini(&why);
	return rc;
}

/* ---- anonymising ---- */

enum { NAMES_MAX = 4 };

/* Names to remove: host names, home folder and current folder. */
struct names {
	const char *v[NAMES_MAX];
	size_t n;
	char here[256], folder[4096];
};

static void add_name(struct names *l, const char *name, size_t least)
{
	if (name && strlen(name) >= least && l->n < NAMES_MAX)
		l->v[l->n++] = name;
}

/* hostname: that of the results; must stay valid. Adds that of this machine too, for texts written on it. */
static void find_names(struct names *l, const char *hostname)
{
	l->n = 0;
	l->here[sizeof(l->here) - 1] = '\0';
	/* Host names of one or two letters are not removed: they would match words. */
	add_name(l, hostname, 3);
	if (gethostname(l->here, sizeof(l->here) - 1) == 0 && (!hostname || strcmp(l->here, hostname) != 0))
		add_name(l, l->here, 3);
	add_name(l, getenv("HOME"), 2);
	add_name(l, getcwd(l->folder, sizeof(l->folder)), 2);
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Length of the name at c, if it is a whole word there; else 0. */
static size_t name_at(const struct names *l, const char *text, const char *c)
{
	size_t longest = 0;
	for (size_t i = 0; i < l->n; i++) {
		size_t len = strlen(l->v[i]);
		bool whole = (c == text || !in_word(c[-1]) || c[0] == '/') && strncmp(c, l->v[i], len) == 0 &&
			     !in_word(c[len]);
		longest = whole && len > longest ? len : longest;
	}
	return longest;
}

/* Length of the path at c: absolute, or beginning with ~ or dots; else 0. "GB/s" and "a/b" are not paths. */
static size_t path_at(const char *text, const char *c)
{
	bool flag = c - text >= 2 && c[-2] == '-' && (c[-1] == 'I' || c[-1] == 'L'); /* compiler's */
	if (c != text && !flag && !strchr(" \t=:;'\"(<,[{|`", c[-1]))
		return 0;
	size_t first = strspn(c, "/.~");
	if (!memchr(c, '/', first) || !c[first] || strchr(" \t:;'\")>,]}|`", c[first]))
		return 0;
	return strcspn(c, " \t:;'\")>,]}|`");
}

/* Copy of text with names and paths replaced by "(host)" and "(path)", freed by the caller; NULL when out of memory. */
static char *without_names(const char *text, const struct names *l)
{
	enum { WORD = 6 };
	char *out = malloc(WORD * strlen(text) + 1);
	size_t len = 0;
	for (const char *c = text; out && *c;) {
		size_t name = name_at(l, text, c), path = path_at(text, c), gone = name > path ? name : path;
		if (gone) {
			const char *word = *c == '/' || path ? "(path)" : "(host)";
			memcpy(out + len, word, WORD);
			len += WORD;
			c += gone;
			/* Skip the rest of a path that begins with a name. */
			c += word[1] == 'p' ? strcspn(c, " \t:;'\")>,]}|`") : 0;
		} else {
			out[len++] = *c++;
		}
	}
	if (out)
		out[len] = '\0';
	return out;
}

/* Removes names from *text. When out of memory, removes the text, so that nothing private remains. */
static void drop_names_owned(char **text, const struct names *l)
{
	char *clean = *text ? without_names(*text, l) : NULL;
	free(*text);
	*text = clean;
}

static void drop_reason_names(struct results_skip *s, const struct names *l)
{
	char *clean = without_names(s->reason, l);
	if (!clean) {
		s->reason[0] = '\0';
		return;
	}
	free(s->reason);
	s->reason = clean;
}

static const char *clean_text(struct mw_record *rec, const char *text, const struct names *l)
{
	char *clean = without_names(text, l);
	const char *kept = !clean ? "(dropped)" : strcmp(clean, text) == 0 ? text : mw_record_keep(rec, clean);
	free(clean);
	return kept;
}

static void anonymize_kv(struct mw_record *rec, struct mw_kv_list *l, const struct names *names)
{
	/* Names of private keys in files that do not declare them. "host" is not among them: it is the kernel with
	 * which the host was fastest. */
	static const char *const private_keys[] = {"hostname", "serial", "path", "file", "dir", "wwn", "uuid", "user"};
	for (size_t i = 0; i < l->n; i++) {
		struct mw_kv *kv = &l->v[i];
		bool drop = kv->key && kv->key->flags & MW_PRIVATE;
		if (kv->type != MW_KV_STR)
			continue;
		for (size_t k = 0; k < sizeof(private_keys) / sizeof(*private_keys); k++)
			drop = drop || strcmp(kv->name, private_keys[k]) == 0;
		kv->s = drop ? "(dropped)" : clean_text(rec, kv->s, names);
	}
}

static void anonymize_record(struct mw_record *rec, const struct names *names)
{
	anonymize_kv(rec, &rec->params, names);
	anonymize_kv(rec, &rec->observed, names);
	rec->source = clean_text(rec, rec->source, names);
	rec->note = clean_text(rec, rec->note, names);
}

void record_anonymize(struct mw_record *rec)
{
	struct names names;
	find_names(&names, NULL);
	anonymize_record(rec, &names);
}

static void drop_field_names(const struct mw_field *fields, void *base, const struct names *names)
{
	for (const struct mw_field *f = fields; f->name; f++)
		if (f->type == MW_FIELD_TEXT)
			drop_names_owned(mw_field_text(f, base), names);
}

void results_anonymize(struct results *r)
{
	struct names names;
	char *hostname = r->host.hostname;
	r->host.hostname = NULL;
	find_names(&names, hostname);
	r->info.anonymized = true;
	free_argv(&r->info);
	drop_field_names(results_info_fields, &r->info, &names);
	drop_field_names(mw_host_fields, &r->host, &names);
	for (size_t i = 0; i < r->records.n; i++)
		anonymize_record(&r->records.v[i], &names);
	drop_names_owned(&r->partial_why, &names);
	for (size_t i = 0; i < r->n_skipped; i++)
		drop_reason_names(&r->skipped[i], &names);
	free(hostname);
}

/* ---- files ---- */

int results_write(const char *dir, const struct results *r, char *err, size_t n)
{
	char *text = NULL, path[4096];
	int rc = 0;
	if (snprintf(path, sizeof(path), "%s/results.json", dir) >= (int)sizeof(path))
		return mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", dir);
	if (file_is_special(path))
		return mw_fail(-EINVAL, err, n, "%s: not a regular file: move it away", path);
	text = json_results_text(r);
	if (!text)
		rc = mw_fail(-ENOMEM, err, n, "%s: out of memory", path);
	else
		rc = file_replace(path, text, strlen(text), err, n);
	free(text);
	return rc;
}

static int read_document(const char *path, bool lists, struct results *out, char *err, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	json_error_t e;
	results_init(out);
	int rc = file_read(path, &text, &size, err, n);
	if (rc)
		return rc;
	json_t *doc;
	rc = json_read_text(text, size, NULL, &doc, &e);
	if (rc == 0) {
		struct json_place place = {.file = path, .err = err, .n = n};
		rc = lists && json_is_array(doc) ? json_to_records(doc, &place, out)
						 : json_to_results(doc, &place, out);
	} else if (rc == -ENOMEM) {
		rc = mw_fail(rc, err, n, "%s: out of memory", path);
	} else {
		rc = mw_fail(rc, err, n, "%s:%d:%d: not JSON: %s", path, e.line, e.column, e.text);
	}
	json_decref(doc);
	free(text);
	return rc;
}

int results_read(const char *path, struct results *out, char *err, size_t n)
{
	return read_document(path, false, out, err, n);
}

int results_load_records(const char *path, struct results *out, char *err, size_t n)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return read_document(path, true, out, err, n);
	return results_load(path, out, err, n);
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
	if (access(name, F_OK) == 0 || errno != ENOENT)
		return journal_read(path, out, err, n);
	mw_format(name, sizeof(name), "%s/results.json", path);
	if (access(name, F_OK) != 0)
		return mw_fail(-ENOENT, err, n, "%s: holds neither records.jsonl nor results.json", path);
	return results_read(name, out, err, n);
}
