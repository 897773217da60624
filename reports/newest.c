#include "reports/newest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"

/* Reading a results.json takes tens of milliseconds: at most so many are read, the newest first. */
enum { READ_MAX = 32 };

struct candidate {
	char *path; /* of results.json; owned */
	struct timespec when;
};

struct candidates {
	struct candidate *v;
	size_t n, cap;
	size_t unfinished; /* runs without results.json */
};

static void candidates_fini(struct candidates *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(mw_text_or(a, ""), mw_text_or(b, "")) == 0;
}

bool newest_same_host(const struct mw_host *a, const struct mw_host *b)
{
	return a->hostname && b->hostname && same_text(a->hostname, b->hostname) &&
	       same_text(a->cpu_model, b->cpu_model) && same_text(a->virtualization, b->virtualization) &&
	       a->n_cpus == b->n_cpus && a->n_cores == b->n_cores && a->n_sockets == b->n_sockets;
}

/* ---- looking for them ---- */

/* Owns path from here on, also on failure. */
static int add(struct candidates *l, char *path, struct timespec when)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct candidate *v = realloc(l->v, cap * sizeof(*v));
		if (!v) {
			free(path);
			return -ENOMEM;
		}
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct candidate){path, when};
	return 0;
}

/* Adds the run in dir, if there is one. */
static int look_at(struct candidates *l, const char *dir)
{
	struct mw_buf path = {0}, journal = {0};
	struct stat results, lines;
	mw_buf_add(&path, "%s/results.json", dir);
	mw_buf_add(&journal, "%s/records.jsonl", dir);
	int rc = path.failed || journal.failed ? -ENOMEM : 0;
	bool has_journal = rc == 0 && stat(mw_buf_text(&journal), &lines) == 0 && S_ISREG(lines.st_mode);
	if (rc == 0 && stat(mw_buf_text(&path), &results) == 0 && S_ISREG(results.st_mode)) {
		rc = add(l, path.p, has_journal ? lines.st_mtim : results.st_mtim);
		path = (struct mw_buf){0};
	} else {
		l->unfinished += has_journal;
	}
	mw_buf_fini(&path);
	mw_buf_fini(&journal);
	return rc;
}

static int look_in(struct candidates *l, const char *folder, const char *parent)
{
	struct mw_buf dir = {0};
	int rc = 0;
	mw_buf_add(&dir, "%s/%s", folder, parent);
	DIR *d = dir.failed ? NULL : opendir(mw_buf_text(&dir));
	for (struct dirent *e; rc == 0 && d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		mw_buf_clear(&dir);
		mw_buf_add(&dir, "%s/%s/%s", folder, parent, e->d_name);
		rc = dir.failed ? -ENOMEM : look_at(l, mw_buf_text(&dir));
	}
	if (d)
		(void)closedir(d);
	rc = dir.failed ? -ENOMEM : rc;
	mw_buf_fini(&dir);
	return rc;
}

/* Newest first; names decide between equals, so that the answer does not depend on the file system. */
static int newer(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->when.tv_sec != y->when.tv_sec)
		return x->when.tv_sec > y->when.tv_sec ? -1 : 1;
	if (x->when.tv_nsec != y->when.tv_nsec)
		return x->when.tv_nsec > y->when.tv_nsec ? -1 : 1;
	return strcmp(y->path, x->path);
}

/* ---- choosing one ---- */

struct seen {
	size_t unreadable, anonymized, foreign, partial;
};

static bool is_wanted(const struct results *r, const struct mw_host *host, struct seen *seen)
{
	if (r->info.anonymized || !r->host.hostname)
		seen->anonymized++;
	else if (!newest_same_host(&r->host, host))
		seen->foreign++;
	else if (r->partial)
		seen->partial++;
	else
		return true;
	return false;
}

static void say_why(const struct candidates *l, const struct seen *seen, char *why, size_t n)
{
	const struct {
		size_t count;
		const char *words;
	} parts[] = {
		{seen->foreign, "of other hosts"},
		{seen->anonymized, "anonymised"},
		{seen->partial + l->unfinished, "not finished"},
		{seen->unreadable, "unreadable"},
		{l->n > READ_MAX ? l->n - READ_MAX : 0, "older and not read"},
	};
	struct mw_buf b = {0};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].count)
			mw_buf_add(&b, "%s%zu %s", b.len ? ", " : "", parts[i].count, parts[i].words);
	mw_clip(why, n, "no finished run of this host (%s%s): 'memwall run' makes one",
		b.len ? "found: " : "no results were found", mw_buf_text(&b));
	mw_buf_fini(&b);
}

int newest_results(const char *folder, const struct mw_host *host, struct results *out, char *path, size_t path_size,
		   char *why, size_t n)
{
	struct candidates l = {0};
	struct seen seen = {0};
	struct mw_buf makefile = {0};
	int found = 0;
	results_init(out);
	/* As in cli/run.c: runs are below results/ only in a checkout of memwall. */
	mw_buf_add(&makefile, "%s/GNUmakefile", folder);
	int rc = makefile.failed ? -ENOMEM : 0;
	if (rc == 0 && access(mw_buf_text(&makefile), F_OK) == 0)
		rc = look_in(&l, folder, "results");
	if (rc == 0)
		rc = look_in(&l, folder, "memwall-results");
	if (rc < 0)
		goto out;
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), newer);
	for (size_t i = 0; i < l.n && i < READ_MAX && !found && rc == 0; i++) {
		char err[300];
		int read_rc = results_read(l.v[i].path, out, err, sizeof(err));
		if (read_rc == -ENOMEM)
			rc = read_rc;
		else if (read_rc < 0 || strlen(l.v[i].path) >= path_size)
			seen.unreadable++;
		else
			found = is_wanted(out, host, &seen);
		if (found)
			mw_format(path, path_size, "%s", l.v[i].path);
		else
			results_fini(out);
	}
	if (rc == 0 && !found)
		say_why(&l, &seen, why, n);
out:
	candidates_fini(&l);
	mw_buf_fini(&makefile);
	return rc < 0 ? rc : found;
}
