#include "reports/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "reports/file.h"
#include "reports/json.h"

struct journal {
	int fd;
	bool anonymize;
};

/* One line, one write: O_APPEND makes it whole or absent for every reader but one that dies with the kernel. */
static int append_line(struct journal *j, const char *kind, json_t *value)
{
	int failed = 0;
	json_t *line = json_object();
	json_put(line, kind, value, &failed);
	char *text = failed ? NULL : json_dumps(line, JSON_LINE_FLAGS);
	json_decref(line);
	if (!text)
		return -ENOMEM;
	size_t len = strlen(text);
	text[len] = '\n'; /* in place of the NUL: one buffer, one write */
	int rc = file_write_all(j->fd, text, len + 1);
	free(text);
	return rc;
}

/* A line that a kill tore is cut off, or the next record would be glued to it. Returns the size left or -errno. */
static off_t cut_torn_line(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char c;
	while (end > 0) {
		if (pread(fd, &c, 1, end - 1) != 1)
			return -EIO;
		if (c == '\n')
			break;
		end--;
	}
	return end < 0 || ftruncate(fd, end) != 0 ? -errno : end;
}

static int append_head(struct journal *j, const struct results *head)
{
	if (!j->anonymize)
		return append_line(j, "head", json_from_head(head));
	struct results scrubbed;
	results_init(&scrubbed);
	scrubbed.info = head->info;
	scrubbed.info.argv = NULL; /* head's own */
	scrubbed.host = head->host;
	results_anonymize(&scrubbed);
	return append_line(j, "head", json_from_head(&scrubbed));
}

int journal_open(const char *dir, const struct results *head, bool resume, struct journal **out, char *err, size_t n)
{
	char path[4096];
	off_t size = 0;
	int rc = 0;
	*out = NULL;
	if (snprintf(path, sizeof(path), "%s/records.jsonl", dir) >= (int)sizeof(path))
		return mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", dir);
	struct journal *j = calloc(1, sizeof(*j));
	if (!j)
		return mw_fail(-ENOMEM, err, n, "%s: out of memory", path);
	j->anonymize = head->info.anonymized;
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (resume ? 0 : O_EXCL), 0666);
	if (j->fd < 0)
		rc = -errno;
	else if (resume && (size = cut_torn_line(j->fd)) < 0)
		rc = (int)size;
	else if (size == 0)
		rc = append_head(j, head);
	if (rc) {
		journal_close(j);
		return mw_fail(rc, err, n, "%s: %s", path, mw_strerror(rc));
	}
	*out = j;
	return 0;
}

int journal_append(struct journal *j, const struct mw_record *r)
{
	if (!j->anonymize)
		return append_line(j, "record", json_from_record(r));
	struct mw_record copy;
	int rc = mw_record_copy(&copy, r);
	if (rc)
		return rc;
	record_anonymize(&copy);
	rc = append_line(j, "record", json_from_record(&copy));
	mw_record_fini(&copy);
	return rc;
}

int journal_skip(struct journal *j, const char *bench, const char *reason)
{
	struct results one;
	results_init(&one);
	int rc = results_skip(&one, bench, reason);
	if (rc == 0) {
		if (j->anonymize)
			results_anonymize(&one);
		rc = append_line(j, "skipped", json_from_skip(&one.skipped[0]));
	}
	results_fini(&one);
	return rc;
}

int journal_end(struct journal *j, double elapsed_s, const char *partial_why)
{
	int failed = 0;
	json_t *end = json_object();
	json_put(end, "elapsed_s", json_number(elapsed_s), &failed);
	json_put(end, "partial_why", partial_why && *partial_why ? json_text(partial_why) : json_null(), &failed);
	return append_line(j, "end", end);
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		(void)close(j->fd);
	free(j);
}

static int sink_emit(void *self, const struct mw_record *r)
{
	return journal_append(self, r);
}

struct mw_sink journal_sink(struct journal *j)
{
	return (struct mw_sink){.emit = sink_emit, .self = j};
}

/* ---- reading ---- */

static bool same_point(const struct mw_record *a, const struct mw_record *b)
{
	return mw_record_same_identity(a, b) &&
	       strcmp(mw_kv_str(&a->observed, "state", ""), mw_kv_str(&b->observed, "state", "")) == 0 &&
	       mw_kv_int(&a->observed, "state", 0) == mw_kv_int(&b->observed, "state", 0);
}

static int keep_record(const json_t *v, struct json_place *p, struct results *out)
{
	struct mw_record r;
	mw_record_init(&r, "", "", "", MW_COUNT);
	int rc = json_to_record(v, p, &r);
	for (size_t i = 0; i < out->records.n && rc == 0; i++) {
		if (same_point(&out->records.v[i], &r)) {
			mw_record_fini(&out->records.v[i]);
			out->records.v[i] = r;
			return 0;
		}
	}
	if (rc == 0 && mw_records_add(&out->records, &r))
		rc = mw_fail(-ENOMEM, p->err, p->n, "%s: out of memory", p->file);
	mw_record_fini(&r);
	return rc;
}

static int read_end(const json_t *v, struct results *out)
{
	const json_t *elapsed = json_object_get(v, "elapsed_s"), *why = json_object_get(v, "partial_why");
	if (json_is_number(elapsed))
		out->info.elapsed_s = json_number_value(elapsed);
	out->partial = json_is_string(why);
	(void)snprintf(out->partial_why, sizeof(out->partial_why), "%s", out->partial ? json_string_value(why) : "");
	return 0;
}

/* A resumed run runs what it skipped before: the later word counts. */
static void forget_skip(struct results *out, const char *bench)
{
	for (size_t i = 0; i < out->n_skipped; i++)
		if (strcmp(out->skipped[i].bench, bench) == 0)
			out->skipped[i--] = out->skipped[--out->n_skipped];
}

static int read_line(const char *line, size_t len, size_t number, struct json_place *p, struct results *out)
{
	json_error_t e;
	int rc;
	(void)snprintf(p->at, sizeof(p->at), "line %zu", number);
	json_t *doc = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);
	if (!doc)
		return mw_fail(MW_EFORMAT, p->err, p->n, "%s:%zu:%d: not JSON: %s", p->file, number, e.column, e.text);
	const json_t *v;
	bool first = number == 1;
	if (first != (json_object_get(doc, "head") != NULL)) {
		rc = json_refuse(p, "", first ? "not the head of a run" : "a second head");
	} else if ((v = json_object_get(doc, "head"))) {
		rc = json_to_head(v, p, out);
	} else if ((v = json_object_get(doc, "record"))) {
		rc = keep_record(v, p, out);
	} else if ((v = json_object_get(doc, "skipped"))) {
		forget_skip(out, json_string_value(json_object_get(v, "bench"))
					 ? json_string_value(json_object_get(v, "bench"))
					 : "");
		rc = json_to_skip(v, p, out);
	} else if ((v = json_object_get(doc, "end"))) {
		rc = read_end(v, out);
	} else {
		rc = json_refuse(p, "", "neither head, record, skipped nor end");
	}
	/* What follows an end belongs to a resumed run, which needs an end of its own. */
	if (rc == 0 && !json_object_get(doc, "end")) {
		out->partial = true;
		(void)snprintf(out->partial_why, sizeof(out->partial_why), "the run did not come to its end");
	}
	json_decref(doc);
	return rc;
}

int journal_read(const char *dir, struct results *out, char *err, size_t n)
{
	char path[4096], *text = NULL;
	size_t size = 0, number = 0;
	results_init(out);
	if (snprintf(path, sizeof(path), "%s/records.jsonl", dir) >= (int)sizeof(path))
		return mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", dir);
	int rc = file_read(path, &text, &size, err, n);
	if (rc)
		return rc;
	struct json_place place = {.file = path, .err = err, .n = n};
	const char *line = text;
	for (const char *end; rc == 0 && (end = memchr(line, '\n', size - (size_t)(line - text))); line = end + 1)
		rc = read_line(line, (size_t)(end - line), ++number, &place, out);
	if (rc == 0 && number == 0)
		rc = mw_fail(MW_EFORMAT, err, n, "%s: holds no complete line", path);
	if (rc == 0 && line < text + size) {
		out->partial = true;
		(void)snprintf(
			out->partial_why, sizeof(out->partial_why),
			"the run was killed while it wrote a record; that record is lost, the %zu before it are kept",
			out->records.n);
	}
	free(text);
	return rc;
}
