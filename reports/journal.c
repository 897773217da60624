#include "reports/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/file.h"
#include "reports/journal_read.h"
#include "reports/json.h"

struct journal {
	int fd;
	bool anonymize;
	bool locked;
	bool torn; /* the file ends in the middle of a line */
	struct journal_tail tail;
	json_t *counts;       /* of this session; NULL: none */
	struct words words;   /* declarations that the file has */
	struct points points; /* points that the file has, without samples */
	char path[4096];
};

/* Appends a line with one write(), so that a reader sees all of it or nothing. If a full disk cuts it short, the part
 * is removed again, or the next line begins with a newline. value: JSON text; NULL: -ENOMEM. */
static int append_text(struct journal *j, const char *kind, const char *value)
{
	struct mw_buf line = {0};
	int rc = value ? 0 : -ENOMEM;
	mw_buf_add(&line, "{\"%s\":%s}\n", kind, value ? value : "");
	if (rc == 0 && line.failed)
		rc = -ENOMEM;
	if (rc == 0 && j->torn)
		rc = file_write_all(j->fd, "\n", 1);
	if (rc == 0) {
		j->torn = false;
		off_t before = lseek(j->fd, 0, SEEK_END);
		rc = file_write_all(j->fd, line.p, line.len);
		/* Without a lock another run may have written behind it. */
		if (rc && lseek(j->fd, 0, SEEK_END) != before)
			j->torn = !j->locked || before < 0 || ftruncate(j->fd, before) != 0;
	}
	mw_buf_fini(&line);
	return rc;
}

static int append_dump(struct journal *j, const char *kind, json_t *value, size_t flags)
{
	char *text = value ? json_write_text(value, flags) : NULL;
	int rc = append_text(j, kind, text);
	free(text);
	json_decref(value);
	return rc;
}

static int append_line(struct journal *j, const char *kind, json_t *value)
{
	return append_dump(j, kind, value, JSON_LINE_FLAGS);
}

/* Appends the declarations of r's metric and keys that the file lacks. */
static int append_words(struct journal *j, const struct mw_record *r)
{
	bool added;
	int rc = words_add_record(&j->words, r, &added);
	return rc < 0 || !added ? rc : append_line(j, "words", json_from_words(&j->words));
}

static int append_record(struct journal *j, const struct mw_record *r)
{
	int rc = append_words(j, r);
	char *text = rc == 0 ? json_record_text(r) : NULL;
	if (rc == 0)
		rc = append_text(j, "record", text);
	free(text);
	return rc;
}

/* ---- the lock ---- */

/* Process that holds a flock on the file, by /proc/locks; 0 when unknown. *kind: 'R' (shared) for a report, 'W' for a
 * run, '?' unknown. */
static pid_t lock_holder(int fd, char *kind)
{
	struct stat st;
	char line[160], type[16], mode[16];
	pid_t found = 0;
	*kind = '?';
	FILE *f = fstat(fd, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
	while (f && !found && fgets(line, sizeof(line), f)) {
		unsigned major_no, minor_no;
		unsigned long inode;
		int pid;
		if (sscanf(line, "%*s %15s %*s %15s %d %x:%x:%lu", type, mode, &pid, &major_no, &minor_no, &inode) ==
			    6 &&
		    strcmp(type, "FLOCK") == 0 && makedev(major_no, minor_no) == st.st_dev && inode == st.st_ino &&
		    pid > 0) {
			found = pid;
			*kind = mode[0];
		}
	}
	if (f)
		(void)fclose(f);
	return found;
}

/* 1: locked; 0: this file system has no locks; -EBUSY with a line in err. The kernel removes the lock of a process that
 * ends in any way. Waits up to 10 s for a report, which holds a lock while it reads the journal and writes
 * results.json. */
static int take_lock(struct journal *j, const char *dir, char *err, size_t n)
{
	enum { TURNS = 200, TURNS_UNKNOWN = 20 }; /* unknown: it may have ended before it was looked up */
	const struct timespec pause = {.tv_nsec = 50000000};
	for (int i = 0; flock(j->fd, LOCK_EX | LOCK_NB) != 0; i++) {
		char kind, who[48] = "";
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return 0;
		pid_t pid = lock_holder(j->fd, &kind);
		if (i < (kind == 'R' ? TURNS : kind == '?' ? TURNS_UNKNOWN : 0)) {
			(void)nanosleep(&pause, NULL);
			continue;
		}
		if (pid)
			mw_format(who, sizeof(who), " (process %ld)", (long)pid);
		return mw_fail(-EBUSY, err, n, "%s is in use by %s%s: let it end, or stop it first", dir,
			       kind == 'R'   ? "a report that is reading it"
			       : kind == 'W' ? "a run that is going on"
					     : "another memwall",
			       who);
	}
	return 1;
}

int journal_hold(const char *dir, int *hold, pid_t *pid)
{
	char path[4096], kind;
	*pid = 0;
	*hold = -1;
	if (snprintf(path, sizeof(path), "%s/records.jsonl", dir) >= (int)sizeof(path))
		return 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0; /* the caller reports the error when it reads the file */
	int rc = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK ? -EBUSY : 0;
	if (rc) {
		*pid = lock_holder(fd, &kind);
		(void)close(fd);
	} else {
		*hold = fd;
	}
	return rc;
}

void journal_release(int hold)
{
	if (hold >= 0)
		(void)close(hold);
}

/* ---- opening ---- */

static int open_file(struct journal *j, bool resume, char *err, size_t n)
{
	struct stat st;
	/* O_NOFOLLOW, and regular files only, because the file is truncated and appended to. */
	int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (resume ? 0 : O_CREAT | O_EXCL);
	j->fd = open(j->path, flags, 0666);
	if (j->fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		return mw_fail(-EINVAL, err, n, "%s: not a regular file", j->path);
	if (j->fd < 0)
		return mw_fail(-errno, err, n, "%s: %s", j->path, mw_strerror(-errno));
	if (fstat(j->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return mw_fail(-EINVAL, err, n, "%s: not a regular file", j->path);
	return 0;
}

int journal_open(const char *dir, bool resume, struct results *old, struct journal **out, char *err, size_t n)
{
	*out = NULL;
	if (old)
		results_init(old);
	struct journal *j = calloc(1, sizeof(*j));
	if (!j)
		return mw_fail(-ENOMEM, err, n, "%s: out of memory", dir);
	j->fd = -1;
	int rc = 0;
	if (snprintf(j->path, sizeof(j->path), "%s/records.jsonl", dir) >= (int)sizeof(j->path))
		rc = mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", dir);
	if (rc == 0)
		rc = open_file(j, resume, err, n);
	if (rc == 0 && (rc = take_lock(j, dir, err, n)) >= 0) {
		j->locked = rc > 0;
		rc = resume ? journal_read_fd(j->fd, j->path, old, NULL, &j->tail, err, n) : 0;
		if (rc == 0 && j->tail.other_run)
			rc = mw_fail(MW_EFORMAT, err, n, "%s: holds the head of another run, move its lines away",
				     j->path);
		for (size_t i = 0; rc == 0 && resume && old && i < old->points.n; i++)
			if (points_add(&j->points, &old->points.v[i].rec, old->points.v[i].threads))
				rc = mw_fail(-ENOMEM, err, n, "%s: out of memory", j->path);
	}
	if (rc) {
		journal_close(j);
		return rc;
	}
	*out = j;
	return 0;
}

bool journal_locked(const struct journal *j)
{
	return j->locked;
}

/* Cuts off an incomplete last line; a complete one without newline gets it with the next append. Without a lock another
 * run may have written behind it, so an incomplete line (other than the head) is only ended by a newline, and is
 * unreadable. */
static int mend_tail(struct journal *j)
{
	bool cut = j->tail.torn && (j->locked || !j->tail.has_head);
	j->torn = j->tail.unclosed || (j->tail.torn && !cut);
	return cut && ftruncate(j->fd, j->tail.whole) != 0 ? -errno : 0;
}

static int append_session(struct journal *j, const struct results *head)
{
	int failed = 0;
	json_t *session = json_object(), *argv = json_null();
	if (head->info.argv) {
		argv = json_array();
		for (char **a = head->info.argv; *a; a++)
			failed += json_array_append_new(argv, json_text(*a)) != 0;
	}
	json_put(session, "started", json_text(mw_text_or(head->info.started, "")), &failed);
	json_put(session, "argv", argv, &failed);
	if (failed) {
		json_decref(session);
		return -ENOMEM;
	}
	return append_line(j, "resumed", session);
}

int journal_begin(struct journal *j, const struct results *head, char *err, size_t n)
{
	struct results scrubbed;
	results_init(&scrubbed);
	j->anonymize = head->info.anonymized;
	int rc = j->anonymize ? results_copy_head(&scrubbed, head) : 0;
	if (rc == 0 && j->anonymize) {
		results_anonymize(&scrubbed);
		head = &scrubbed;
	}
	if (rc == 0)
		rc = mend_tail(j);
	if (rc == 0)
		rc = j->tail.has_head ? append_session(j, head) : append_line(j, "head", json_from_head(head));
	results_fini(&scrubbed);
	return rc ? mw_fail(rc, err, n, "%s: %s", j->path, mw_strerror(rc)) : 0;
}

int journal_results(struct journal *j, struct results *out, char *err, size_t n)
{
	return journal_read_fd(j->fd, j->path, out, NULL, NULL, err, n);
}

int journal_append(struct journal *j, const struct mw_record *r)
{
	if (!j->anonymize)
		return append_record(j, r);
	struct mw_record copy;
	int rc = mw_record_copy(&copy, r);
	if (rc)
		return rc;
	record_anonymize(&copy);
	rc = append_record(j, &copy);
	mw_record_fini(&copy);
	return rc;
}

/* Appends the point with the next number, unless the file has it. */
static int append_point(struct journal *j, const struct mw_record *point, int threads)
{
	struct mw_record copy;
	int rc = mw_record_copy_bare(&copy, point);
	if (rc < 0)
		return rc;
	if (j->anonymize)
		record_anonymize(&copy);
	rc = append_words(j, &copy);
	if (rc == 0)
		rc = append_line(j, "point", json_from_point(&copy, threads));
	mw_record_fini(&copy);
	return rc < 0 ? rc : points_add(&j->points, point, threads);
}

int journal_samples(struct journal *j, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	const struct point *p = points_find(&j->points, point);
	int rc = p ? 0 : append_point(j, point, threads);
	if (rc < 0)
		return rc;
	p = p ? p : &j->points.v[j->points.n - 1];
	json_t *line = json_from_point_samples((size_t)(p - j->points.v), v, n);
	return append_dump(j, "samples", line, JSON_SAMPLE_FLAGS);
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

int journal_counts(struct journal *j, const struct mw_host *h)
{
	int failed = 0;
	json_decref(j->counts);
	j->counts = json_object();
	for (const struct mw_field *f = mw_host_during_fields; f->name; f++) {
		uint64_t v;
		memcpy(&v, (const char *)h + f->offset, sizeof(v));
		if (v != MW_COUNT_UNKNOWN)
			json_put(j->counts, f->name, json_integer((json_int_t)v), &failed);
	}
	return failed || !j->counts ? -ENOMEM : 0;
}

int journal_end(struct journal *j, double elapsed_s, const char *partial_why)
{
	int failed = 0;
	json_t *end = json_object();
	json_put(end, "elapsed_s", json_number(elapsed_s), &failed);
	json_put(end, "partial_why", partial_why && *partial_why ? json_text(partial_why) : json_null(), &failed);
	if (j->counts && json_object_size(j->counts))
		json_put(end, "counts", json_incref(j->counts), &failed);
	return append_line(j, "end", end);
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		(void)close(j->fd);
	json_decref(j->counts);
	words_fini(&j->words);
	points_fini(&j->points);
	free(j);
}
