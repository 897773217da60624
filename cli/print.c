/* Prints records and grids to the terminal or a file. */
#include "reports/print.h"
#include "reports/disturbance.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/command.h"

void cli_complain(const char *fmt, ...)
{
	struct mw_buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	mw_buf_vadd(&text, fmt, ap);
	va_end(ap);
	size_t room = MW_ESCAPED(text.len);
	char *line = text.failed ? NULL : malloc(room);
	if (line)
		(void)mw_escape(mw_buf_text(&text), line, room);
	(void)fprintf(stderr, "memwall: %s\n", line ? line : "out of memory");
	free(line);
	mw_buf_fini(&text);
}

void cli_put(FILE *f, const char *text)
{
	char line[MW_ESCAPED(4200)];
	(void)mw_escape(text, line, sizeof(line));
	(void)fputs(line, f);
}

/* Lists the records that --select matches. They share the texts and samples of `all`: free some->v only. */
static int select_records(const char *pattern, const struct mw_records *all, struct mw_records *some)
{
	int rc = 0;
	some->v = calloc(all->n + 1, sizeof(*some->v));
	if (!some->v)
		return -ENOMEM;
	for (size_t i = 0; i < all->n && rc >= 0; i++) {
		rc = print_selects(pattern, &all->v[i]);
		if (rc == 1)
			some->v[some->n++] = all->v[i];
	}
	return rc < 0 ? rc : 0;
}

int cli_print_records(const struct cli *cli, FILE *f, const struct mw_records *records, char *err, size_t n)
{
	const char *pattern = mw_opt_text(&cli->opts, "select");
	struct mw_records some = {0};
	int rc = pattern ? select_records(pattern, records, &some) : 0;
	bool none = rc == 0 && pattern && !some.n;
	if (rc == 0 && !none)
		rc = print_records(f, pattern ? &some : records, cli->format);
	free(some.v);
	if (none)
		return mw_fail(MW_ESPEC, err, n, "--select=%s: no record has such an id", pattern);
	return rc < 0 ? mw_fail(rc, err, n, "cannot print the results: %s", mw_strerror(rc)) : 0;
}

int cli_strict(const struct cli *cli, const struct mw_records *l, char *err, size_t n)
{
	struct disturbance d = disturbance_of(l);
	if (!mw_opt_flag(&cli->opts, "strict") || !is_disturbed(&d))
		return 0;
	struct mw_buf words = disturbance_words(&d);
	int rc = mw_fail(MW_EVERIFY, err, n, "--strict: disturbed: %s", mw_buf_text(&words));
	mw_buf_fini(&words);
	return rc;
}

int cli_no_option(const struct mw_opts *opts, const char *option, const char *why, char *err, size_t n)
{
	const struct mw_optval *v = mw_opt(opts, option);
	char letter[8] = "";
	if (!v->given)
		return 0;
	if (v->opt->letter)
		mw_format(letter, sizeof(letter), "-%c, ", v->opt->letter);
	return mw_fail(MW_ESPEC, err, n, "%s--%s: %s", letter, option, why);
}

int cli_print_grid(const struct cli *cli, const struct grid *g, char *err, size_t n)
{
	struct cli_out out;
	int rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = grid_print(out.f, g, cli->format);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	return rc;
}

int cli_print_text(const struct cli *cli, void (*print)(FILE *f), char *err, size_t n)
{
	struct cli_out out = {0};
	int rc = cli_no_option(&cli->opts, "format", "this text has one format only", err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc < 0)
		return rc;
	print(out.f);
	return cli_out_commit(&out, err, n);
}
