/* `memwall report`: the page of a run, also of one that was killed; its records in every format. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "cli/command.h"
#include "reports/journal.h"
#include "reports/print.h"
#include "reports/report.h"

static const struct mw_option report_options[] = {
	{.name = "figures",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "svg",
	 .choices = "svg|png|pdf",
	 .help = "png, pdf: each figure becomes a file beside the page, too"},
	{.name = "anonymize", .type = MW_OPT_FLAG, .help = "drop host name, serials, paths and arguments"},
	MW_OPT_END,
};

/* report.html in the run's folder, or beside the results file. */
static int page_path(const struct cli *cli, const char *from, bool folder, char *out, size_t size, char *err, size_t n)
{
	const char *slash = strrchr(from, '/');
	int len;
	if (cli->out_file)
		len = snprintf(out, size, "%s", cli->out_file);
	else if (folder)
		len = snprintf(out, size, "%s/report.html", from);
	else
		len = snprintf(out, size, "%.*sreport.html", slash ? (int)(slash - from) + 1 : 0, from);
	return len < (int)size ? 0 : mw_fail(MW_ESPEC, err, n, "%s: name too long", from);
}

/* results.json beside the journal that it is made from. With -o the folder may be one that cannot be written. */
static int refresh(const struct cli *cli, const struct results *r, const char *dir, char *err, size_t n)
{
	char why[480] = "";
	int rc = results_write(dir, r, why, sizeof(why));
	if (rc == 0 || !cli->out_file)
		return rc ? mw_fail(rc, err, n, "%s", why) : 0;
	(void)fprintf(stderr, "memwall: %s; results.json was left as it is\n", why);
	return 0;
}

static int write_page(struct cli *cli, const struct results *r, const char *from, bool folder, char *err, size_t n)
{
	char path[4200], note[300] = "";
	struct report_options opt = {.figures = REPORT_SVG};
	const char *kind = mw_opt_text(&cli->opts, "figures");
	if (strcmp(kind, "svg") != 0)
		opt.figures = strcmp(kind, "png") == 0 ? REPORT_PNG : REPORT_PDF;
	int rc = page_path(cli, from, folder, path, sizeof(path), err, n);
	/* What is anonymised here must not replace the original. */
	if (rc == 0 && folder && !mw_opt_flag(&cli->opts, "anonymize"))
		rc = refresh(cli, r, from, err, n);
	if (rc == 0)
		rc = report_html(path, r, &opt, note, sizeof(note), err, n);
	if (rc == -ENOENT || rc == -EACCES || rc == -EROFS || rc == -ENOTDIR || rc == -EISDIR)
		return MW_ESPEC; /* a place that cannot be written is bad usage */
	if (note[0])
		(void)fprintf(stderr, "memwall: %s\n", note);
	if (rc == 0) {
		rc = print_summary(stdout, r);
		(void)printf("\n%s\n", path);
	}
	return rc;
}

static int print_all(struct cli *cli, const struct results *r, char *err, size_t n)
{
	struct cli_out out;
	int rc = cli_out_open(cli, &out, err, n);
	if (rc < 0)
		return rc;
	rc = cli_print_records(cli, out.f, &r->records, err, n);
	if (rc < 0) {
		cli_out_abort(&out);
		return rc;
	}
	return cli_out_commit(&out, err, n);
}

static void tell_live(struct results *r, pid_t pid)
{
	char who[48] = "";
	if (pid)
		(void)snprintf(who, sizeof(who), " (process %ld)", (long)pid);
	r->partial = true;
	(void)snprintf(r->partial_why, sizeof(r->partial_why), "the run is still going on%s", who);
}

/* A living run writes results.json and report.html itself. */
static int show_live(const struct results *r, const char *dir)
{
	int rc = print_summary(stdout, r);
	(void)fprintf(stderr, "memwall: %s: nothing was written there while the run goes on, -o FILE writes a page\n",
		      dir);
	return rc;
}

static int run_report(struct cli *cli, char *err, size_t n)
{
	const char *from = cli_word(cli, 0);
	struct results r;
	struct stat st;
	const char *no_page = "with --format records are printed, not a page";
	int rc = mw_opt(&cli->opts, "format")->given ? cli_no_option(&cli->opts, "figures", no_page, err, n) : 0;
	if (rc < 0)
		return rc;
	pid_t pid;
	int hold;
	bool live = journal_hold(from, &hold, &pid) == -EBUSY;
	rc = results_load(from, &r, err, n) < 0 ? MW_ESPEC : 0;
	bool folder = rc == 0 && stat(from, &st) == 0 && S_ISDIR(st.st_mode);
	if (rc == 0 && live)
		tell_live(&r, pid);
	if (rc == 0 && mw_opt_flag(&cli->opts, "anonymize"))
		results_anonymize(&r);
	if (rc == 0 && mw_opt(&cli->opts, "format")->given)
		rc = print_all(cli, &r, err, n);
	else if (rc == 0 && live && !cli->out_file)
		rc = show_live(&r, from);
	else if (rc == 0)
		rc = write_page(cli, &r, from, folder && !live, err, n);
	results_fini(&r);
	journal_release(hold);
	return rc;
}

const struct command cmd_report = {
	.name = "report",
	.section = "Results",
	.usage = "DIR|results.json [-o FILE]",
	.summary = "write report.html of a finished, interrupted or killed run; with --format, print its records",
	.details = "A run's folder is read from its journal, so that everything finished before a kill is there;\n"
		   "results.json is written again from it. While a run goes on, nothing is written but what -o names.\n"
		   "The page is one file that loads nothing. Without gnuplot it holds the tables only.",
	.options = report_options,
	.min_words = 1,
	.max_words = 1,
	.run = run_report,
};
