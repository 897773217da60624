#include "cli/resume.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	int entries = 0;
	while (d && readdir(d))
		entries++;
	if (d)
		(void)closedir(d);
	return entries == 2; /* "." and ".." */
}

int resume_open(const char *dir, struct results *old, struct journal **out, char *err, size_t n)
{
	char why[MW_ERR_ROOM] = "";
	int rc = journal_open(dir, true, old, out, why, sizeof(why));
	if (rc == -ENOENT && is_empty(dir))
		rc = journal_open(dir, false, NULL, out, why, sizeof(why));
	if (rc == -ENOMEM)
		return mw_fail(rc, err, n, "%s", why);
	return rc ? mw_fail(MW_ESPEC, err, n, "--resume: %s", why) : 0;
}

bool resume_has_begun(const struct results *old)
{
	return old->info.version != NULL;
}

static int same_text(const char *dir, const char *what, const char *then, const char *now, char *err, size_t n)
{
	then = mw_text_or(then, "unknown");
	now = mw_text_or(now, "unknown");
	if (strcmp(then, now) == 0)
		return 0;
	return mw_fail(MW_ESPEC, err, n,
		       "--resume: %s was begun with %s '%s' and this is '%s': choose a new folder with --output", dir,
		       what, then, now);
}

static int same_number(const char *dir, const char *what, uint64_t then, uint64_t now, char *err, size_t n)
{
	char a[24], b[24];
	mw_format(a, sizeof(a), "%" PRIu64, then);
	mw_format(b, sizeof(b), "%" PRIu64, now);
	return same_text(dir, what, a, b, err, n);
}

/* Governor, free memory and huge pages are not compared, because they may change between sessions. */
int resume_same_run(const char *dir, const struct results *old, const struct results *now, char *err, size_t n)
{
	const struct results_info *a = &old->info, *b = &now->info;
	const struct mw_host *h = &old->host, *k = &now->host;
	const struct {
		const char *what, *then, *now;
	} texts[] = {
		{"version", a->version, b->version},       {"commit", a->commit, b->commit},
		{"compiler", a->compiler, b->compiler},    {"compiler flags", a->flags, b->flags},
		{"profile", a->profile, b->profile},       {"host", h->hostname, k->hostname},
		{"CPU model", h->cpu_model, k->cpu_model}, {"microcode", h->microcode, k->microcode},
		{"instruction sets", h->isa, k->isa},      {"kernel", h->kernel, k->kernel},
	};
	const struct {
		const char *what;
		uint64_t then, now;
	} numbers[] = {
		{"seed", a->seed, b->seed},
		{"CPUs to use", (uint64_t)h->n_cpus, (uint64_t)k->n_cpus},
		{"cores", (uint64_t)h->n_cores, (uint64_t)k->n_cores},
		{"sockets", (uint64_t)h->n_sockets, (uint64_t)k->n_sockets},
		{"page size", h->page_bytes, k->page_bytes},
	};
	int rc = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && rc == 0; i++)
		rc = same_text(dir, texts[i].what, texts[i].then, texts[i].now, err, n);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers) && rc == 0; i++)
		rc = same_number(dir, numbers[i].what, numbers[i].then, numbers[i].now, err, n);
	return rc;
}
