/* `memwall trends`: the memory wall refitted from data, and where this host stands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/trends_print.h"

static const struct mw_option trends_options[] = {
	{.name = "data",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .file = MW_OPT_READS,
	 .help = "points of your own: CSV with the columns series,date,value[,name]"},
	{.name = "interconnect",
	 .type = MW_OPT_TEXT,
	 .arg = "RESULTS",
	 .file = MW_OPT_READS,
	 .help = "take the interconnect from these results (mpirun -n 2 memwall run --only=interconnect)"},
	{.name = "from",
	 .type = MW_OPT_INT,
	 .arg = "YEAR",
	 .min = 1900,
	 .max = 2199,
	 .help = "leave out points before this year"},
	{.name = "to",
	 .type = MW_OPT_INT,
	 .arg = "YEAR",
	 .min = 1900,
	 .max = 2199,
	 .help = "leave out points after this year"},
	{.name = "output",
	 .type = MW_OPT_TEXT,
	 .arg = "DIR",
	 .help = "write figures 1, 2 and 4, the prediction and their data there"},
	{.name = "figures",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "svg",
	 .choices = "svg|png|pdf",
	 .help = "file type of the figures in --output"},
	MW_OPT_END,
};

/* The first day of the option's year plus `more`, as decimal date; 0: the option was not given. */
static double year_option(const struct mw_opts *opts, const char *name, int more)
{
	char text[16];
	double date = 0;
	if (!mw_opt(opts, name)->given)
		return 0;
	mw_format(text, sizeof(text), "%d", (int)mw_opt_int(opts, name) + more);
	return trend_date(text, &date) == 0 ? date : 0;
}

static int check_window(const struct mw_opts *opts, char *err, size_t n)
{
	bool both = mw_opt(opts, "from")->given && mw_opt(opts, "to")->given;
	if (both && mw_opt_int(opts, "from") > mw_opt_int(opts, "to"))
		return mw_fail(MW_ESPEC, err, n, "--from=%lld is after --to=%lld", (long long)mw_opt_int(opts, "from"),
			       (long long)mw_opt_int(opts, "to"));
	return 0;
}

/* Refuses options that leave no rows. */
static int check_rows(const struct cli *cli, struct trends *t, char *err, size_t n)
{
	const char *pattern = mw_opt_text(&cli->opts, "select");
	bool window = mw_opt(&cli->opts, "from")->given || mw_opt(&cli->opts, "to")->given;
	if (window && trends_fitted(t) == 0)
		return mw_fail(MW_ESPEC, err, n,
			       "--from, --to: no series has points of two dates left in these years (there are points "
			       "of 1971 to 2026)");
	if (pattern)
		trends_select(t, pattern);
	if (t->n == 0)
		return mw_fail(MW_ESPEC, err, n,
			       "--select=%s: no series has such a name, expected for example 'dram_bw*'", pattern);
	return 0;
}

static int print(const struct cli *cli, const struct trends *t, const struct cli_measured *m, char *err, size_t n)
{
	struct cli_out out = {0};
	const char *dir = mw_opt_text(&cli->opts, "output");
	int rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = trends_print(out.f, t, m, cli->format);
	if (rc == 0 && dir && cli->format == PRINT_TABLE)
		trends_list_files(out.f, dir, mw_opt_text(&cli->opts, "figures"));
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	return rc;
}

static int take_links(const struct cli *cli, const struct results *links, struct cli_measured *m, char *err, size_t n)
{
	const char *path = mw_opt_text(&cli->opts, "interconnect");
	if (path && !m->found)
		return mw_fail(MW_ESPEC, err, n, "--interconnect=%s goes with results of a run, and there are none: %s",
			       path, m->words);
	return cli_take_links(cli, links, &m->results, err, n);
}

static int run_trends(struct cli *cli, char *err, size_t n)
{
	struct cli_measured *m = calloc(1, sizeof(*m));
	struct trends t = {0};
	struct results links;
	results_init(&links);
	if (!m)
		return -ENOMEM;
	const char *dir = mw_opt_text(&cli->opts, "output"), *kind = mw_opt_text(&cli->opts, "figures");
	int rc = check_window(&cli->opts, err, n);
	if (rc == 0 && !dir)
		rc = cli_no_option(&cli->opts, "figures", "name the folder for them with --output=DIR", err, n);
	if (rc == 0)
		rc = cli_read_links(cli, &links, err, n);
	if (rc == 0)
		rc = cli_measured(cli, cli_word(cli, 0), m, err, n);
	if (rc == 0)
		rc = take_links(cli, &links, m, err, n);
	if (rc == 0) {
		const struct trends_options opt = {
			.from = year_option(&cli->opts, "from", 0),
			.to = year_option(&cli->opts, "to", 1),
			.user = mw_opt_text(&cli->opts, "data"),
			.host = m->found ? &m->results : NULL,
			.host_path = m->path,
			.host_words = m->words,
		};
		rc = trends_open(&opt, &t, err, n);
		rc = rc == 0 || rc == -ENOMEM ? rc : MW_ESPEC; /* what was named cannot be used */
	}
	if (rc == 0)
		rc = check_rows(cli, &t, err, n);
	if (rc == 0 && dir)
		rc = trends_add_files(cli, dir, kind, err, n);
	if (rc == 0 && dir)
		rc = trends_draw(&t, dir, kind, err, n);
	if (rc == 0)
		rc = print(cli, &t, m, err, n);
	trends_fini(&t);
	results_fini(&links);
	cli_measured_fini(m);
	free(m);
	return rc;
}

const struct command cmd_trends = {
	.name = "trends",
	.section = "The memory wall",
	.usage = "[RESULTS]",
	.summary = "growth rates of compute, memory and interconnect refitted from data, and where this host stands",
	.details =
		"The rates of \"AI and Memory Wall\" (Gholami et al., IEEE Micro 2024) from the points of its figures, "
		"what\n"
		"they depend on, what data of others give, and whether the wall kept its rate after 2022. Growth is "
		"fitted\n"
		"as the paper does: least squares of log2(value) on the date; 95 % is 1.96 standard errors, and "
		"columns\n"
		"t_lo, t_hi (Student t) are the interval of Student's t, wider where points are few. error is "
		"relative.\n"
		"RESULTS is a results.json or a run's folder; without it the newest complete run of this host is "
		"used.\n"
		"--interconnect adds what a launcher's processes measured: a run of them has nothing else.\n"
		"CSV and JSON hold all tables below one header; column table tells them apart. --select takes series,\n"
		"such as 'dram_bw*'. Dates of --data are YYYY, YYYY-MM, YYYY-MM-DD or decimal years; a series that has "
		"the\n"
		"name of one of ours (in its unit: FLOP/s, B/s, GT/s, parameters, PFLOP, GB) is also fitted with it.",
	.options = trends_options,
	.max_words = 1,
	.records = true,
	.run = run_trends,
};
