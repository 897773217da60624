/* `memwall report`: writes the page of a run, also of a killed one, or prints its records. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/loaded_records.h"
#include "cli/measured.h"
#include "reports/file.h"
#include "reports/journal.h"
#include "reports/print.h"
#include "reports/report.h"

static const struct mw_option report_options[] = {
	{.name = "figures",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "svg",
	 .choices = "svg|png|pdf",
	 .help = "png, pdf: also write each figure to a file beside the page"},
	{.name = "interconnect",
	 .type = MW_OPT_TEXT,
	 .arg = "RESULTS",
	 .file = MW_OPT_READS,
	 .help = "take the interconnect from these results (mpirun -n 2 memwall run --only=interconnect)"},
	{.name = "curves",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .file = MW_OPT_WRITES,
	 .help = "write memory_curves.csv of the Mess benchmark from what loaded measured"},
	{.name = "strict", .type = MW_OPT_FLAG, .help = "exit 1 when the measurement was disturbed"},
	{.name = "anonymize", .type = MW_OPT_FLAG, .help = "drop host name, serials, paths and arguments"},
	MW_OPT_END,
};

/* Path of report.html: in the run's folder, or beside the results file. */
static int page_path(const struct cli *cli, const char *from, bool folder, char *out, size_t size, char *err, size_t n)
{
	const char *slash = strrchr(from, '/');
	struct mw_place place;
	int len;
	/* Other files than regular ones are refused later, when they are read. */
	if (!cli->out_file && !folder && mw_place_of(from, &place) == 0 && !place.replaced && S_ISREG(place.mode))
		return mw_fail(MW_ESPEC, err, n, "%s is in no folder for report.html: name the page with -o FILE",
			       from);
	if (cli->out_file)
		len = snprintf(out, size, "%s", cli->out_file);
	else if (folder)
		len = snprintf(out, size, "%s/report.html", from);
	else
		len = snprintf(out, size, "%.*sreport.html", slash ? (int)(slash - from) + 1 : 0, from);
	return len < (int)size ? 0 : mw_fail(MW_ESPEC, err, n, "%s: name too long", from);
}

static enum report_figures figures_asked(const struct cli *cli)
{
	const char *kind = mw_opt_text(&cli->opts, "figures");
	return strcmp(kind, "png") == 0 ? REPORT_PNG : strcmp(kind, "pdf") == 0 ? REPORT_PDF : REPORT_SVG;
}

/* Adds the page, unless -o names it, and the files of figures to the files of the command. */
static int add_page(struct cli *cli, const char *page, enum report_figures kind, char *err, size_t n)
{
	struct mw_place place;
	char path[4200];
	int rc = cli->out_file ? 0 : cli_files_add(&cli->files, CLI_WRITES, "the page", page, err, n);
	bool through = rc == 0 && mw_place_of(page, &place) == 0 && !place.replaced;
	if (rc == 0 && !through) /* for the summary */
		rc = cli_files_add(&cli->files, CLI_WRITES, "standard output", NULL, err, n);
	if (rc < 0 || kind == REPORT_SVG)
		return rc;
	if (through)
		return mw_fail(MW_ESPEC, err, n, "--figures: %s is no file that figures could be put beside", page);
	for (size_t i = 0; rc == 0; i++) {
		int len = report_figure_path(page, kind, i, path, sizeof(path));
		if (len < 0)
			return 0;
		if ((size_t)len >= sizeof(path))
			return mw_fail(MW_ESPEC, err, n, "%s: name too long", page);
		rc = cli_files_add(&cli->files, CLI_WRITES, "the figure", path, err, n);
	}
	return rc;
}

/* Adds the files that are read, and those written besides -o. A killed run may have no results.json yet; anonymised
 * results must not replace the original. */
static int add_files(struct cli *cli, const char *from, bool folder, bool rewrites, char *err, size_t n)
{
	return folder ? cli_files_add_run(&cli->files, from, rewrites, err, n)
		      : cli_files_add(&cli->files, CLI_READS, "the results", from, err, n);
}

/* True when the page goes to standard output; nothing else is printed there then. */
static bool page_on_stdout(const char *path)
{
	struct mw_place place;
	struct mw_file_id out;
	return mw_place_of(path, &place) == 0 && !place.replaced && mw_file_id_fd(STDOUT_FILENO, &out) == 0 &&
	       place.id.dev == out.dev && place.id.ino == out.ino;
}

/* Writes results.json beside its journal. With -o an error is only a warning, because the folder may be read-only. */
static int refresh(const struct cli *cli, const struct results *r, const char *dir, char *err, size_t n)
{
	char why[MW_ERR_ROOM] = "";
	int rc = results_write(dir, r, why, sizeof(why));
	if (rc == 0 || !cli->out_file)
		return rc ? mw_fail(cli_out_fault(rc), err, n, "%s", why) : 0;
	cli_complain("%s; results.json was left as it is", why);
	return 0;
}

static int write_page(struct cli *cli, const struct results *r, const char *path, char *err, size_t n)
{
	struct mw_buf note = {0};
	struct report_options opt = {.figures = figures_asked(cli)};
	int rc = report_html(path, r, &opt, &note, err, n);
	if (rc == 0 && note.len)
		cli_complain("%s", mw_buf_text(&note));
	mw_buf_fini(&note);
	if (cli_out_fault(rc) == MW_ESPEC)
		return MW_ESPEC;
	if (rc == 0 && !page_on_stdout(path)) {
		rc = print_summary(stdout, r);
		(void)fputc('\n', stdout);
		cli_put(stdout, path);
		(void)fputc('\n', stdout);
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
		mw_format(who, sizeof(who), " (process %ld)", (long)pid);
	(void)results_partial(r, "the run is still going on%s", who); /* out of memory: partial without a reason */
}

/* Prints the summary of a run that is going on, which will write results.json and report.html itself. */
static int show_live(const struct results *r, const char *dir)
{
	int rc = print_summary(stdout, r);
	cli_complain("%s: nothing was written there while the run goes on, -o FILE writes a page", dir);
	return rc;
}

static bool prints_records(const struct cli *cli)
{
	return mw_opt(&cli->opts, "format")->given || mw_opt(&cli->opts, "select")->given;
}

/* Asks before anything is read or written whether that file can be. */
static int check_curves(const struct cli *cli, char *err, size_t n)
{
	const char *path = mw_opt_text(&cli->opts, "curves");
	struct mw_place place;
	int rc = path ? mw_place_of(path, &place) : 0;
	return rc < 0 ? mw_fail(MW_ESPEC, err, n, "--curves: cannot write '%s': %s", path, mw_strerror(rc)) : 0;
}

static int write_curves(const struct cli *cli, const struct results *r, char *err, size_t n)
{
	const char *path = mw_opt_text(&cli->opts, "curves");
	char why[MW_ERR_ROOM] = "";
	int rc = path ? loaded_records_csv(&r->records, path, why, sizeof(why)) : 0;
	return rc < 0 && rc != -ENOMEM
		       ? mw_fail(rc == MW_EUNAVAILABLE ? rc : cli_out_fault(rc), err, n, "--curves=%s: %s", path, why)
		       : rc;
}

/* Loads the results, then prints records or writes the page. live: a run is writing into that folder, so nothing else
 * is written there. hold: lock, released before drawing and printing, which may take long. */
static int show(struct cli *cli, const char *from, bool folder, pid_t *live, int hold, char *err, size_t n)
{
	struct results r, links;
	char page[4200];
	bool prints = prints_records(cli), anonymize = mw_opt_flag(&cli->opts, "anonymize");
	bool draws = !prints && (!live || cli->out_file), rewrites = folder && draws && !anonymize && !live;
	results_init(&r);
	int rc = cli_read_links(cli, &links, err, n);
	if (rc == 0)
		rc = check_curves(cli, err, n);
	if (rc == 0)
		rc = add_files(cli, from, folder, rewrites, err, n);
	if (rc == 0 && draws)
		rc = page_path(cli, from, folder, page, sizeof(page), err, n);
	if (rc == 0 && draws)
		rc = add_page(cli, page, figures_asked(cli), err, n);
	if (rc == 0)
		rc = results_load(from, &r, err, n);
	if (rc < 0 && rc != -ENOMEM)
		rc = MW_ESPEC; /* the named file cannot be read */
	if (rc == 0 && live)
		tell_live(&r, *live);
	if (rc == 0 && rewrites)
		rc = refresh(cli, &r, from, err, n);
	if (rc == 0) /* after results.json, which stays that of its run */
		rc = cli_take_links(cli, &links, &r, err, n);
	if (rc == 0 && anonymize)
		results_anonymize(&r);
	journal_release(hold);
	if (rc == 0)
		rc = write_curves(cli, &r, err, n);
	if (rc == 0 && prints)
		rc = print_all(cli, &r, err, n);
	else if (rc == 0)
		rc = draws ? write_page(cli, &r, page, err, n) : show_live(&r, from);
	if (rc == 0)
		rc = cli_strict(cli, &r.records, err, n);
	results_fini(&links);
	results_fini(&r);
	return rc;
}

static int run_report(struct cli *cli, char *err, size_t n)
{
	const char *from = cli_word(cli, 0), *no_page = "with --format or --select records are printed, not a page";
	struct stat st;
	pid_t pid;
	int hold;
	int rc = prints_records(cli) ? cli_no_option(&cli->opts, "figures", no_page, err, n) : 0;
	if (rc < 0)
		return rc;
	bool live = journal_hold(from, &hold, &pid) == -EBUSY;
	return show(cli, from, stat(from, &st) == 0 && S_ISDIR(st.st_mode), live ? &pid : NULL, hold, err, n);
}

const struct command cmd_report = {
	.name = "report",
	.section = "Results",
	.usage = "DIR|results.json [-o FILE]",
	.summary = "write report.html of a finished, interrupted or killed run; with --format or --select, print its "
		   "records",
	.details =
		"A run's folder is read from its journal, so that everything measured before a kill is there, and\n"
		"results.json is written again from it. While a run goes on, only the file that -o names is written.\n"
		"The page is one file that loads nothing. Without gnuplot it holds the tables only. Values that an\n"
		"axis cannot show (not a positive number, or far from what a machine can have) are in the tables\n"
		"only. Regular files up to 1 GiB are read; the first SIGINT or SIGTERM ends the command.",
	.options = report_options,
	.min_words = 1,
	.max_words = 1,
	.records = true,
	.run = run_report,
};
