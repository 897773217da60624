/* `memwall run`: runs every benchmark that this machine can run, then writes the report. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/memory_read.h"
#include "bench/loaded_records.h"
#include "cli/measure.h"
#include "cli/resume.h"
#include "cli/version.h"
#include "reports/journal.h"
#include "reports/print.h"
#include "reports/report.h"

#define CURVES_FILE "memory_curves.csv"

static const char *bench_word(size_t i)
{
	return bench_table[i] ? bench_table[i]->name : NULL;
}

static const struct mw_option run_options[] = {
	{.name = "output", .type = MW_OPT_TEXT, .arg = "DIR", .help = "folder for the results; it must not exist"},
	{.name = "only",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = bench_word,
	 .help = "run these benchmarks, and those whose results they need"},
	{.name = "skip",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = bench_word,
	 .help = "leave these benchmarks out"},
	{.name = "resume", .type = MW_OPT_FLAG, .help = "continue the run in --output"},
	{.name = "dry-run", .type = MW_OPT_FLAG, .help = "print points, memory, disk and time, measure nothing"},
	{.name = "anonymize", .type = MW_OPT_FLAG, .help = "drop host name, serials, paths and arguments"},
	MW_OPT_END,
};

struct run {
	struct measure m;
	struct results results; /* the head of this run; at the end the contents of the journal */
	struct results old;     /* contents of the journal when this session began */
	struct journal *journal;
	char dir[4096];
	const struct bench *list[SCHEDULE_MAX];
	size_t n_list;
	bool idle; /* resumed, but nothing is left to measure: the journal is not changed */
};

/* ---- what to run ---- */

static int choose(struct run *run, const struct mw_opts *opts, char *err, size_t n)
{
	const char *only = mw_opt_text(opts, "only"), *skip = mw_opt_text(opts, "skip");
	const struct bench *wanted[SCHEDULE_MAX], *ordered[SCHEDULE_MAX];
	size_t count = 0;
	for (const struct bench *const *b = bench_table; *b && count < SCHEDULE_MAX; b++)
		if ((!only || mw_list_has(only, (*b)->name)) && !(skip && mw_list_has(skip, (*b)->name)))
			wanted[count++] = *b;
	if (count == 0)
		return mw_fail(MW_ESPEC, err, n, "--skip=%s leaves nothing to run", skip ? skip : "");
	count = schedule_order(wanted, count, ordered);
	for (size_t i = 0; i < count; i++)
		if (!(skip && mw_list_has(skip, ordered[i]->name)))
			run->list[run->n_list++] = ordered[i];
	return 0;
}

/* ---- where the results go ---- */

static int make_parent(const char *dir, char *err, size_t n)
{
	if (mkdir(dir, 0777) == 0 || errno == EEXIST)
		return 0;
	int rc = -errno;
	return mw_fail(MW_ESPEC, err, n, "cannot make the folder %s: %s, choose one with --output=DIR", dir,
		       mw_strerror(rc));
}

/* results/<host>-<time> in a checkout, memwall-results/<host>-<time> elsewhere. */
static int default_dir(struct run *run, bool anonymize, char *err, size_t n)
{
	const char *parent = access("GNUmakefile", W_OK) == 0 ? "results" : "memwall-results";
	char host[HOST_NAME_MAX + 1] = "host", stamp[32];
	const char *name = run->m.topo.host.hostname;
	if (!anonymize && name)
		mw_clip(host, sizeof(host), "%s", name);
	for (char *c = host; *c; c++)
		if (*c == '/')
			*c = '-';
	time_t now = time(NULL);
	struct tm tm;
	(void)gmtime_r(&now, &tm);
	(void)strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	int rc = make_parent(parent, err, n);
	for (int i = 0; rc == 0 && i < 100; i++) {
		mw_format(run->dir, sizeof(run->dir), i ? "%s/%s-%s-%d" : "%s/%s-%s", parent, host, stamp, i);
		if (mkdir(run->dir, 0777) == 0)
			return 0;
		if (errno != EEXIST)
			rc = mw_fail(MW_ESPEC, err, n, "cannot make the folder %s: %s", run->dir, mw_strerror(-errno));
	}
	return rc;
}

static int output_exists(const char *output, char *err, size_t n)
{
	return mw_fail(MW_ESPEC, err, n, "--output=%s exists already: name a new folder, or add --resume", output);
}

static int make_dir(struct run *run, const struct mw_opts *opts, char *err, size_t n)
{
	const char *output = mw_opt_text(opts, "output");
	bool resume = mw_opt_flag(opts, "resume");
	if (!output)
		return default_dir(run, mw_opt_flag(opts, "anonymize"), err, n);
	if (mw_fit(run->dir, sizeof(run->dir), "%s", output))
		return mw_fail(MW_ESPEC, err, n, "--output: the name is too long");
	if (resume)
		return 0;
	if (mkdir(output, 0777) == 0)
		return 0;
	if (errno == EEXIST)
		return output_exists(output, err, n);
	return mw_fail(MW_ESPEC, err, n, "--output=%s: cannot make the folder: %s", output, mw_strerror(-errno));
}

/* Adds the files of the folder. In a resumed folder one file may be a link to another. */
static int add_files(struct cli *cli, const char *dir, char *err, size_t n)
{
	char page[PATH_MAX], curves[PATH_MAX];
	if (mw_fit(page, sizeof(page), "%s/report.html", dir) || mw_fit(curves, sizeof(curves), "%s/" CURVES_FILE, dir))
		return mw_fail(MW_ESPEC, err, n, "--output=%s: name too long", dir);
	int rc = cli_files_add_run(&cli->files, dir, true, err, n);
	if (rc == 0)
		rc = cli_files_add(&cli->files, CLI_WRITES, "the curves", curves, err, n);
	return rc == 0 ? cli_files_add(&cli->files, CLI_WRITES, "the page", page, err, n) : rc;
}

/* ---- provenance ---- */

static int describe(struct results *r, const struct cli *cli, const struct measure *m)
{
	const struct {
		char **to;
		const char *text;
	} texts[] = {
		{&r->info.version, MEMWALL_VERSION},   {&r->info.commit, memwall_commit},
		{&r->info.compiler, memwall_compiler}, {&r->info.flags, memwall_flags},
		{&r->info.profile, m->profile.name},
	};
	int rc = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && rc == 0; i++)
		rc = mw_text_set(texts[i].to, texts[i].text);
	r->info.seed = m->seed;
	if (rc == 0)
		rc = results_set_started(r);
	if (rc == 0)
		rc = results_set_argv(r, cli->argc, cli->argv);
	return rc < 0 ? rc : mw_host_copy(&r->host, &m->topo.host);
}

/* ---- running ---- */

static int on_record(void *self, const struct mw_record *r)
{
	struct run *run = self;
	return journal_append(run->journal, r);
}

static int on_samples(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	struct run *run = self;
	return journal_samples(run->journal, point, threads, v, n);
}

static const struct mw_sample *earlier_samples(void *self, const struct mw_record *point, size_t *n)
{
	const struct run *run = self;
	const struct point *p = points_find(&run->old.points, point);
	*n = p ? p->rec.n_samples : 0;
	return p ? p->rec.samples : NULL;
}

static int on_skip(void *self, const char *bench, const char *reason, bool fails)
{
	struct run *run = self;
	if (run->m.show_progress)
		(void)fputs("\r\033[K", stderr);
	if (!fails)
		cli_complain("skipped %s: %s", bench, reason);
	return journal_skip(run->journal, bench, reason);
}

/* Takes profile and seed from the journal, unless they are given on the command line. */
static void adopt(struct run *run, const struct mw_opts *opts)
{
	struct measure *m = &run->m;
	if (!mw_opt(opts, "profile")->given)
		measure_set_profile(m, mw_text_or(run->old.info.profile, ""), opts);
	if (!mw_opt(opts, "seed")->given)
		m->seed = run->old.info.seed;
}

/* Benchmarks that have finished are not run again; their records are passed to those that need them. Records of
 * unfinished ones stay in the journal until they are measured again. */
static int take_over(struct run *run)
{
	const struct mw_records *records = &run->old.records;
	bool finished[SCHEDULE_MAX] = {false};
	struct mw_buf left = {0};
	size_t kept = 0;
	int rc = 0;
	for (size_t k = 0; k < records->n; k++)
		for (size_t i = 0; i < SCHEDULE_MAX && bench_table[i]; i++)
			if (schedule_is_end(&records->v[k], bench_table[i]))
				finished[i] = true;
	for (size_t k = 0; k < records->n && rc == 0; k++)
		for (size_t i = 0; i < SCHEDULE_MAX && bench_table[i] && rc == 0; i++)
			if (finished[i] && strcmp(records->v[k].bench, bench_table[i]->name) == 0)
				rc = mw_records_add(&run->m.records, &records->v[k]);
	for (size_t i = 0; i < run->n_list; i++) {
		size_t at = 0;
		const struct bench *b = run->list[i];
		while (bench_table[at] && bench_table[at] != b)
			at++;
		if (!bench_table[at] || finished[at])
			continue;
		run->list[kept++] = b;
		mw_buf_add(&left, "%s%s", left.len ? ", " : "", b->name);
	}
	cli_complain("--resume: %zu of %zu benchmarks are finished in %s, %s%s", run->n_list - kept, run->n_list,
		     run->dir, kept ? "left: " : "nothing is left to measure", mw_buf_text(&left));
	mw_buf_fini(&left);
	run->n_list = kept;
	run->m.visits_done = points_visits(&run->old.points);
	run->m.earlier_ns = points_last_ns(&run->old.points);
	return rc;
}

static bool chosen(const struct mw_opts *opts)
{
	return mw_opt_text(opts, "only") || mw_opt_text(opts, "skip");
}

/* Opens and locks the journal, and takes over what earlier sessions measured. */
static int begin(struct run *run, struct cli *cli, char *err, size_t n)
{
	struct results *head = &run->results;
	bool resume = mw_opt_flag(&cli->opts, "resume");
	int rc = resume ? resume_open(run->dir, &run->old, &run->journal, err, n)
			: journal_open(run->dir, false, NULL, &run->journal, err, n);
	if (rc < 0)
		return rc;
	if (!journal_locked(run->journal))
		cli_complain("%s: no locks on this file system: let no second run use this folder", run->dir);
	bool again = resume && resume_has_begun(&run->old);
	if (again)
		adopt(run, &cli->opts);
	head->info.anonymized = mw_opt_flag(&cli->opts, "anonymize");
	rc = describe(head, cli, &run->m);
	if (rc < 0)
		return rc;
	if (again && head->info.anonymized && !run->old.info.anonymized)
		return mw_fail(
			MW_ESPEC, err, n,
			"--anonymize: %s was begun without it: resume without, then 'memwall report --anonymize'",
			run->dir);
	if (again && run->old.info.anonymized)
		results_anonymize(head);
	if (again && ((rc = resume_same_run(run->dir, &run->old, head, err, n)) < 0 || (rc = take_over(run)) < 0))
		return rc;
	run->idle = again && run->n_list == 0 && (!run->old.partial || chosen(&cli->opts));
	return run->idle ? 0 : journal_begin(run->journal, head, err, n);
}

/* "not finished: A, B": benchmarks that an earlier session began and that this one was not asked for. */
static void name_open(const struct run *run, struct mw_buf *out)
{
	const struct mw_records *old = &run->old.records;
	for (const struct bench *const *b = bench_table; *b; b++) {
		bool begun = false, settled = false;
		for (size_t i = 0; i < old->n; i++) {
			begun = begun || strcmp(old->v[i].bench, (*b)->name) == 0;
			settled = settled || schedule_is_end(&old->v[i], *b);
		}
		for (size_t i = 0; i < run->n_list; i++)
			settled = settled || run->list[i] == *b;
		if (begun && !settled)
			mw_buf_add(out, "%s%s", out->len ? ", " : "not finished: ", (*b)->name);
	}
}

/* Writes to the journal how this session ended. */
static int end(struct run *run, struct cli *cli, int rc, char *err, size_t n)
{
	struct mw_buf why = {0};
	if (run->m.lost)
		mw_buf_add(&why, "a record could not be kept: %s", mw_strerror(run->m.lost));
	else if (rc == MW_ECANCELLED)
		mw_buf_add(&why, "interrupted by SIG%s", sigabbrev_np(atomic_load(cli->stop)));
	else
		name_open(run, &why);
	struct mw_host counts = {.edac_corrected_during = MW_COUNT_UNKNOWN,
				 .edac_uncorrected_during = MW_COUNT_UNKNOWN,
				 .throttled_during = MW_COUNT_UNKNOWN};
	mw_memory_count("/", &run->m.topo, &counts);
	int end_rc = journal_counts(run->journal, &counts);
	if (end_rc == 0)
		end_rc = journal_end(run->journal, (double)(mw_now_ns() - run->m.start_ns) * 1e-9, mw_buf_text(&why));
	mw_buf_fini(&why);
	if (run->m.lost == 0)
		run->m.lost = end_rc;
	if (run->m.lost)
		return mw_fail(run->m.lost, err, n, "%s/records.jsonl: %s; what it holds is kept, --resume goes on",
			       run->dir, mw_strerror(run->m.lost));
	return rc;
}

/* Latency over bandwidth, for the tools of the Mess benchmark; nothing where no curve was measured. */
static int write_curves(struct run *run, char *err, size_t n)
{
	char path[sizeof(run->dir) + 20];
	mw_format(path, sizeof(path), "%s/" CURVES_FILE, run->dir);
	int rc = loaded_records_csv(&run->results.records, path, err, n);
	return rc == MW_EUNAVAILABLE ? 0 : rc;
}

/* Writes results.json, curves and report.html from the journal; prints the summary and the two paths. */
static int write_report(struct run *run, char *err, size_t n)
{
	char path[sizeof(run->dir) + 16];
	struct mw_buf note = {0};
	results_fini(&run->results);
	mw_format(path, sizeof(path), "%s/report.html", run->dir);
	int rc = journal_results(run->journal, &run->results, err, n);
	if (rc == 0)
		rc = results_write(run->dir, &run->results, err, n);
	if (rc == 0)
		rc = write_curves(run, err, n);
	if (rc == 0)
		rc = report_html(path, &run->results, NULL, &note, err, n);
	if (rc < 0)
		goto out;
	rc = print_summary(stdout, &run->results);
	if (note.len)
		cli_complain("%s", mw_buf_text(&note));
	(void)fputc('\n', stdout);
	cli_put(stdout, run->dir);
	(void)fputs("/results.json\n", stdout);
	cli_put(stdout, path);
	(void)fputc('\n', stdout);
out:
	mw_buf_fini(&note);
	return rc;
}

static int measure_all(struct run *run, struct cli *cli, char *err, size_t n)
{
	char report_err[MW_ERR_ROOM] = "";
	int rc = begin(run, cli, err, n);
	if (rc < 0)
		return rc;
	char journal[sizeof(run->dir) + 16];
	mw_format(journal, sizeof(journal), "%s/records.jsonl", run->dir);
	const struct mw_sample_sink samples = {.put = on_samples, .earlier = earlier_samples, .self = run};
	const struct measure_hooks hooks = {
		.record = {on_record, run}, .samples = &samples, .skip = on_skip, .self = run, .target = journal};
	if (!run->idle) {
		rc = measure_run(&run->m, run->list, run->n_list, NULL, NULL, mw_opt_text(&cli->opts, "only"), &hooks,
				 err, n);
		rc = end(run, cli, rc, err, n);
	}
	measure_stop(&run->m);
	mw_records_fini(&run->m.records); /* frees the records, because the report reads them from the journal again */
	int report_rc = write_report(run, report_err, sizeof(report_err));
	if (report_rc == 0 && rc == 0)
		rc = cli_strict(cli, &run->results.records, err, n);
	if (report_rc < 0 && rc == 0)
		return mw_fail(report_rc, err, n, "%s", report_err);
	/* After a lost record, the report most likely failed for the same reason (a full disk): print one line only. */
	if (report_rc < 0 && !run->m.lost)
		cli_complain("%s", report_err);
	return rc;
}

/* Refuses options that exclude each other or have no effect. */
static int check_options(const struct mw_opts *opts, char *err, size_t n)
{
	const char *output = mw_opt_text(opts, "output");
	if (mw_opt_flag(opts, "resume") && !output)
		return mw_fail(MW_ESPEC, err, n, "--resume needs --output=DIR, the folder of the run to go on with");
	if (!mw_opt_flag(opts, "dry-run")) {
		const char *why = "run writes results.json and report.html into --output=DIR; its records in other "
				  "formats: memwall report DIR --format=FORMAT -o FILE";
		int rc = cli_no_option(opts, "out-file", why, err, n);
		return rc < 0 ? rc : cli_no_option(opts, "format", why, err, n);
	}
	/* --dry-run plans a whole run in a new folder. */
	if (mw_opt_flag(opts, "resume"))
		return mw_fail(MW_ESPEC, err, n, "--dry-run plans a whole run, it takes no --resume");
	if (output && access(output, F_OK) == 0)
		return output_exists(output, err, n);
	return 0;
}

/* With a launcher: the benchmark that --only names and that the started processes measure together; else NULL, and each
 * process is a run of its own. */
static const struct bench *shared(const struct run *run, const struct mw_opts *opts)
{
	for (size_t i = 0; i < run->n_list && mw_opt_text(opts, "only"); i++)
		if (run->list[i]->rank && run->list[i]->rank() >= 0)
			return run->list[i];
	return NULL;
}

/* What all but the first of these processes do. */
static int follow(struct run *run, struct cli *cli, const struct bench *b, char *err, size_t n)
{
	return mw_opt_flag(&cli->opts, "dry-run") ? 0 : measure_follow(&run->m, cli, b, err, n);
}

static int run_run(struct cli *cli, char *err, size_t n)
{
	struct run *run = calloc(1, sizeof(*run));
	if (!run)
		return -ENOMEM;
	results_init(&run->results);
	results_init(&run->old);
	int rc = choose(run, &cli->opts, err, n);
	const struct bench *together = rc == 0 ? shared(run, &cli->opts) : NULL;
	bool follows = together && together->rank() > 0;
	if (follows)
		cli_be_silent();
	if (rc == 0)
		rc = check_options(&cli->opts, err, n);
	if (rc == 0 && together && mw_opt_flag(&cli->opts, "resume"))
		rc = mw_fail(MW_ESPEC, err, n,
			     "--resume: a run of several processes (%s) begins anew: name a new folder",
			     together->name);
	if (rc == 0)
		rc = measure_open(cli, &run->m, err, n);
	if (rc == 0 && follows) {
		rc = follow(run, cli, together, err, n);
		goto out;
	}
	if (rc == 0 && mw_opt_flag(&cli->opts, "dry-run")) {
		rc = measure_dry_run(cli, &run->m, run->list, run->n_list, err, n);
		goto out;
	}
	if (rc == 0)
		rc = measure_start_team(&run->m, err, n);
	if (rc == 0)
		rc = make_dir(run, &cli->opts, err, n);
	if (rc == 0)
		rc = add_files(cli, run->dir, err, n);
	if (rc == 0)
		rc = measure_all(run, cli, err, n);
out:
	journal_close(run->journal);
	results_fini(&run->results);
	results_fini(&run->old);
	measure_close(&run->m);
	free(run);
	return rc;
}

const struct command cmd_run = {
	.name = "run",
	.section = "Everything at once",
	.usage = "",
	.summary = "measure all that this machine can do, then write results.json and report.html",
	.details = "Results go to results/<host>-<time>/ in a checkout, to memwall-results/ elsewhere. What was\n"
		   "measured is kept as it comes. Ctrl-C ends the run and writes the report of what there is; after a\n"
		   "kill, 'memwall report DIR' writes it. --resume measures what is missing, on the same machine and\n"
		   "with the same program, profile and seed.",
	.options = run_options,
	.measures = true,
	.stops = true,
	.run = run_run,
};
