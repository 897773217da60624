#include "reports/journal_read.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/file.h"
#include "reports/json.h"

/* A journal with more skipped benchmarks than this is damaged. */
#define MAX_SKIPS 256
#define SHOWN_LINES 4

/* ---- where a record of that identity is: a hash table with open addressing ---- */

struct place {
	uint64_t hash;
	size_t next; /* index of the record + 1; 0: free */
};

struct table {
	struct place *v;
	size_t cap; /* a power of two, at least twice the records */
	uint64_t probes;
};

static bool same_point(const struct mw_record *a, const struct mw_record *b)
{
	return mw_record_same_identity(a, b) &&
	       strcmp(mw_kv_str(&a->observed, "state", ""), mw_kv_str(&b->observed, "state", "")) == 0;
}

static uint64_t point_hash(const struct mw_record *r)
{
	uint64_t h = mw_record_hash(r);
	for (const char *c = mw_kv_str(&r->observed, "state", ""); *c; c++)
		h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

/* The entry of r, or the free one where it is to be put. */
static struct place *table_find(struct table *t, uint64_t hash, const struct mw_record *r,
				const struct mw_records *records)
{
	size_t i = (size_t)hash & (t->cap - 1);
	for (;; i = (i + 1) & (t->cap - 1)) {
		struct place *p = &t->v[i];
		t->probes++;
		if (!p->next || (p->hash == hash && r && same_point(&records->v[p->next - 1], r)))
			return p;
	}
}

static int table_grow(struct table *t)
{
	struct table bigger = {.cap = t->cap ? 2 * t->cap : 256, .probes = t->probes};
	bigger.v = calloc(bigger.cap, sizeof(*bigger.v));
	if (!bigger.v)
		return -ENOMEM;
	for (size_t i = 0; i < t->cap; i++)
		if (t->v[i].next)
			*table_find(&bigger, t->v[i].hash, NULL, NULL) = t->v[i];
	free(t->v);
	*t = bigger;
	return 0;
}

/* ---- lines ---- */

struct reader {
	struct results *out;
	struct json_place place;
	struct table table;
	struct json_room room; /* memory for the values of the current line */
	json_t *head;
	bool other_run; /* a head of another run was read: the lines after it are not of this run */
	bool ended;     /* the last line read was an end */
	double session_s, earlier_s;
	unsigned session;  /* counted from 0 */
	unsigned *written; /* session of each record */
	size_t written_cap;
	size_t unread, unread_at[SHOWN_LINES];
};

static int no_memory(struct reader *rd)
{
	return mw_fail(-ENOMEM, rd->place.err, rd->place.n, "%s: out of memory", rd->place.file);
}

/* Removes the skip of a benchmark: a resumed run may run what was skipped before. */
static void forget_skip(struct results *out, const char *bench)
{
	for (size_t i = 0; i < out->n_skipped; i++)
		if (strcmp(out->skipped[i].bench, bench) == 0)
			results_unskip(out, i--);
}

static int note_session(struct reader *rd, size_t record)
{
	if (record >= rd->written_cap) {
		size_t cap = rd->written_cap ? 2 * rd->written_cap : 256;
		unsigned *more = realloc(rd->written, cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		rd->written = more;
		rd->written_cap = cap;
	}
	rd->written[record] = rd->session;
	return 0;
}

/* Session in which the benchmark finished; 0 also when it did not finish. */
static unsigned end_of(const struct reader *rd, const char *bench)
{
	const struct mw_records *l = &rd->out->records;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].case_name, "run") == 0 && strcmp(l->v[i].metric, "elapsed") == 0 &&
		    strcmp(l->v[i].bench, bench) == 0)
			return rd->written[i];
	return 0;
}

/* Removes the records that a benchmark wrote in sessions before the one in which it finished: it has written all of
 * them again, and with more samples it may have found other topology states. */
static void drop_superseded(struct reader *rd)
{
	struct mw_records *l = &rd->out->records;
	const char *bench = "";
	unsigned end = 0;
	size_t kept = 0;
	for (size_t i = 0; i < l->n && rd->session; i++) {
		if (strcmp(bench, l->v[i].bench) != 0)
			end = end_of(rd, bench = l->v[i].bench);
		if (rd->written[i] >= end)
			continue;
		l->v[i].unit = MW_UNIT_COUNT; /* mark only: end_of() still reads the names of records */
	}
	for (size_t i = 0; i < l->n && rd->session; i++) {
		if (l->v[i].unit == MW_UNIT_COUNT)
			mw_record_fini(&l->v[i]);
		else
			l->v[kept++] = l->v[i];
	}
	l->n = rd->session ? kept : l->n;
}

static int keep_record(struct reader *rd, const json_t *v)
{
	struct mw_records *records = &rd->out->records;
	struct mw_record r;
	mw_record_init(&r, "", "", "", MW_COUNT);
	int rc = json_to_record(v, &rd->place, &r);
	if (rc == 0 && strcmp(r.case_name, "run") == 0 && strcmp(r.metric, "elapsed") == 0)
		forget_skip(rd->out, r.bench);
	if (rc == 0 && 2 * (records->n + 1) > rd->table.cap && table_grow(&rd->table))
		rc = no_memory(rd);
	if (rc == 0) {
		uint64_t hash = point_hash(&r);
		struct place *p = table_find(&rd->table, hash, &r, records);
		if (p->next) {
			struct mw_record older = records->v[p->next - 1];
			records->v[p->next - 1] = r;
			rd->written[p->next - 1] = rd->session;
			r = older;
		} else if (note_session(rd, records->n) || mw_records_take(records, &r)) {
			rc = no_memory(rd);
		} else {
			*p = (struct place){.hash = hash, .next = records->n};
		}
	}
	mw_record_fini(&r);
	return rc;
}

static int keep_skip(struct reader *rd, const json_t *v)
{
	const char *bench = json_string_value(json_object_get(v, "bench"));
	if (bench)
		forget_skip(rd->out, bench);
	if (rd->out->n_skipped >= MAX_SKIPS)
		return json_refuse(&rd->place, "skipped", "more benchmarks than there are");
	int rc = json_to_skip(v, &rd->place, rd->out);
	return rc == -ENOMEM ? no_memory(rd) : rc;
}

/* Adds the counts of a session to those of the run. */
static int keep_counts(struct reader *rd, const json_t *v)
{
	if (!json_is_object(v))
		return json_refuse(&rd->place, "counts", "expected an object");
	for (const struct mw_field *f = mw_host_during_fields; f->name; f++) {
		char *at = (char *)&rd->out->host + f->offset;
		const json_t *count = json_object_get(v, f->name);
		json_int_t more = json_integer_value(count);
		uint64_t sum;
		memcpy(&sum, at, sizeof(sum));
		sum = sum == MW_COUNT_UNKNOWN ? 0 : sum;
		if (count && (!json_is_integer(count) || more < 0 || sum > (uint64_t)(INT64_MAX - more)))
			return json_refuse(&rd->place, f->name, "expected a count");
		sum += (uint64_t)more;
		if (count)
			memcpy(at, &sum, sizeof(sum));
	}
	return 0;
}

static int keep_end(struct reader *rd, const json_t *v)
{
	const json_t *elapsed = json_object_get(v, "elapsed_s"), *why = json_object_get(v, "partial_why");
	if (!json_is_object(v))
		return json_refuse(&rd->place, "end", "expected an object");
	const json_t *counts = json_object_get(v, "counts");
	int rc = counts ? keep_counts(rd, counts) : 0;
	if (rc)
		return rc;
	rd->session_s = json_is_number(elapsed) ? json_number_value(elapsed) : (double)NAN;
	rd->ended = true;
	rd->out->partial = json_is_string(why);
	return mw_text_set(&rd->out->partial_why, json_string_value(why)) ? no_memory(rd) : 0;
}

/* Notes that the run goes on after an end, or is resumed: it is partial until the next end. If a session was killed,
 * its time is not known, nor is that of the whole run (NaN). */
static void goes_on(struct reader *rd, bool resumed)
{
	rd->session += resumed;
	if (rd->ended || resumed)
		rd->earlier_s += rd->ended ? rd->session_s : (double)NAN;
	rd->ended = false;
	rd->out->partial = true;
	(void)mw_text_set(&rd->out->partial_why, NULL); /* say_why() sets the reason at the end */
}

static int keep_head(struct reader *rd, json_t *v)
{
	if (rd->head) {
		rd->other_run = !json_equal(rd->head, v);
		return json_refuse(&rd->place, "", "a second head");
	}
	int rc = json_to_head(v, &rd->place, rd->out);
	if (rc == -ENOMEM)
		return no_memory(rd);
	if (rc == 0) {
		rd->head = json_incref(v);
		goes_on(rd, false);
	}
	return rc;
}

static int keep_line(struct reader *rd, const json_t *doc)
{
	json_t *v = json_object_get(doc, "head");
	if (v)
		return keep_head(rd, v);
	if (!rd->head)
		return json_refuse(&rd->place, "", "not the head of a run");
	if (rd->other_run)
		return json_refuse(&rd->place, "", "of another run");
	if ((v = json_object_get(doc, "end")))
		return keep_end(rd, v);
	int rc = 0;
	bool resumed = json_object_get(doc, "resumed");
	if ((v = json_object_get(doc, "record")))
		rc = keep_record(rd, v);
	else if ((v = json_object_get(doc, "point")))
		rc = json_to_point(v, &rd->place, &rd->out->points);
	else if ((v = json_object_get(doc, "samples")))
		rc = json_to_point_samples(v, &rd->place, &rd->out->points);
	else if ((v = json_object_get(doc, "words")))
		rc = json_to_words(v, &rd->place, rd->out);
	else if ((v = json_object_get(doc, "skipped")))
		rc = keep_skip(rd, v);
	else if (!resumed)
		rc = json_refuse(&rd->place, "", "not a line that a journal has");
	if (rc == 0)
		goes_on(rd, resumed);
	return rc;
}

static bool is_blank(const char *line, size_t len)
{
	while (len > 0 && strchr(" \t\r", line[len - 1]) && line[len - 1])
		len--;
	return len == 0;
}

static int keep_text(struct reader *rd, const char *text, size_t len, size_t number)
{
	json_error_t e;
	json_t *doc;
	struct json_room *room = rd->head ? &rd->room : NULL; /* the head is kept */
	json_room_reset(&rd->room);
	int rc = json_read_text(text, len, room, &doc, &e);
	if (rc == -ENOMEM)
		return no_memory(rd);
	if (rc)
		return mw_fail(MW_EFORMAT, rd->place.err, rd->place.n, "%s:%zu:%d: not JSON: %s", rd->place.file,
			       number, e.column, e.text);
	rc = keep_line(rd, doc);
	if (!room)
		json_decref(doc);
	return rc;
}

/* Reads one line. 0, MW_EFORMAT with the reason in the reader's err, or -ENOMEM. */
static int read_line(struct reader *rd, const char *line, size_t len, size_t number)
{
	struct json_samples samples;
	char *rest;
	size_t rest_len;
	int rc = MW_EFORMAT;
	mw_format(rd->place.at, sizeof(rd->place.at), "line %zu", number);
	if (rd->head && json_samples_take(line, len, &samples, &rest, &rest_len)) {
		rd->place.samples = &samples;
		rc = keep_text(rd, rest, rest_len, number);
		rd->place.samples = NULL;
		free(samples.v);
		free(rest);
	}
	/* If that failed, read the whole line as JSON, which also gives the error message. */
	return rc == MW_EFORMAT ? keep_text(rd, line, len, number) : rc;
}

/* Counts a line that cannot be read and goes on, except for the first line, the head, without which the others cannot
 * be used. */
static int count_unread(struct reader *rd, int rc, size_t number)
{
	if (rc != MW_EFORMAT || !rd->head)
		return rc;
	if (rd->unread < SHOWN_LINES)
		rd->unread_at[rd->unread] = number;
	rd->unread++;
	return 0;
}

/* Puts "3 lines of records.jsonl could not be read: 17, 20, 31" before the reason that is set already. */
static int tell_unread(const struct reader *rd)
{
	struct results *out = rd->out;
	char lines[SHOWN_LINES * 24 + 8] = "";
	size_t shown = rd->unread < SHOWN_LINES ? rd->unread : SHOWN_LINES;
	if (rd->unread == 0)
		return 0;
	for (size_t i = 0; i < shown; i++)
		mw_clip_add(lines, sizeof(lines), "%s%zu", i ? ", " : "", rd->unread_at[i]);
	if (rd->unread > shown)
		mw_clip_add(lines, sizeof(lines), ", ...");
	return results_partial(out, "%zu line%s of records.jsonl could not be read: %s%s%s", rd->unread,
			       rd->unread == 1 ? "" : "s", lines, out->partial_why ? "; " : "",
			       mw_text_or(out->partial_why, ""));
}

/* Sets the reason why the run is partial. */
static int say_why(struct reader *rd)
{
	struct results *out = rd->out;
	int rc = out->partial && !out->partial_why ? results_partial(out, "the run did not come to its end") : 0;
	if (rc == 0)
		rc = tell_unread(rd);
	return rc ? no_memory(rd) : 0;
}

/* Reads what follows the last newline: a complete line without its newline, or an incomplete one. */
static int read_tail(struct reader *rd, const char *line, size_t len, size_t number, struct journal_tail *tail)
{
	struct results *out = rd->out;
	int rc = read_line(rd, line, len, number);
	if (rc == 0) {
		tail->unclosed = true;
		tail->whole += (off_t)len;
	} else if (rc == MW_EFORMAT && rd->head) {
		rd->ended = false;
		rc = results_partial(out, "killed while it wrote a record: that record is lost, %zu before it are kept",
				     out->records.n);
		rc = rc ? no_memory(rd) : 0;
	} else if (rc == MW_EFORMAT && strncmp(line, "{\"head\":", len < 8 ? len : 8) == 0) {
		rc = mw_fail(MW_EFORMAT, rd->place.err, rd->place.n,
			     "%s: holds no complete line: the run was killed before it began", rd->place.file);
	}
	return rc;
}

static int read_lines(struct reader *rd, const char *text, size_t size, struct journal_stats *stats,
		      struct journal_tail *tail)
{
	const char *line = text, *end;
	size_t number = 0;
	int rc = 0;
	while (rc == 0 && (end = memchr(line, '\n', size - (size_t)(line - text)))) {
		size_t len = (size_t)(end - line);
		number++;
		if (!is_blank(line, len))
			rc = count_unread(rd, read_line(rd, line, len, number), number);
		line = end + 1;
	}
	size_t rest = size - (size_t)(line - text);
	tail->whole = line - text;
	if (rc == 0 && (rest > 0 || !rd->head))
		rc = read_tail(rd, line, rest, ++number, tail);
	tail->torn = rest > 0 && !tail->unclosed;
	tail->has_head = rd->head != NULL;
	tail->other_run = rd->other_run;
	*stats = (struct journal_stats){.lines = number, .unread = rd->unread, .probes = rd->table.probes};
	return rc;
}

int journal_read_fd(int fd, const char *path, struct results *out, struct journal_stats *stats,
		    struct journal_tail *tail, char *err, size_t n)
{
	char *text, why[512] = "";
	size_t size;
	struct reader rd = {.out = out, .place = {.file = path, .err = why, .n = sizeof(why)}};
	struct journal_stats own_stats;
	struct journal_tail own_tail = {.has_head = false};
	results_init(out);
	rd.session_s = (double)NAN;
	int rc = file_read_fd(fd, path, &text, &size, why, sizeof(why));
	if (rc)
		goto out;
	rc = read_lines(&rd, text, size, &own_stats, &own_tail);
	bool unborn = rc == MW_EFORMAT && own_tail.whole == 0 && strncmp(text, "{\"head\":", size < 8 ? size : 8) == 0;
	if (unborn && tail) {
		results_fini(out); /* parts of the head that were read */
		rc = 0;
	}
	if (rc)
		goto out;
	drop_superseded(&rd);
	rc = points_finish(&out->points, &out->records);
	if (rc) {
		rc = no_memory(&rd);
		goto out;
	}
	out->info.elapsed_s = rd.ended ? rd.earlier_s + rd.session_s : (double)NAN;
	rc = say_why(&rd);
	if (rc)
		goto out;
	if (stats)
		*stats = own_stats;
	if (tail)
		*tail = own_tail;
out:
	free(text);
	free(rd.table.v);
	free(rd.written);
	json_decref(rd.head);
	json_room_fini(&rd.room);
	return rc ? mw_fail(rc, err, n, "%s", why) : 0;
}

int journal_read(const char *dir, struct results *out, char *err, size_t n)
{
	char path[4096];
	results_init(out);
	if (snprintf(path, sizeof(path), "%s/records.jsonl", dir) >= (int)sizeof(path))
		return mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", dir);
	int fd = file_open(path, err, n);
	if (fd < 0)
		return fd;
	int rc = journal_read_fd(fd, path, out, NULL, NULL, err, n);
	(void)close(fd);
	return rc;
}
