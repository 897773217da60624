/* Records and grids on the terminal or in a file. */
#include "reports/print.h"

#include <stdarg.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/command.h"

void cli_complain(const char *fmt, ...)
{
	char text[4608], line[MW_ESCAPED(sizeof(text))];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)mw_escape(text, line, sizeof(line));
	(void)fprintf(stderr, "memwall: %s\n", line);
}

void cli_put(FILE *f, const char *text)
{
	char line[MW_ESCAPED(4200)];
	(void)mw_escape(text, line, sizeof(line));
	(void)fputs(line, f);
}

int cli_print_records(const struct cli *cli, FILE *f, const struct mw_records *records, char *err, size_t n)
{
	int rc = print_records(f, records, cli->format);
	return rc < 0 ? mw_fail(rc, err, n, "cannot print the results: %s", mw_strerror(rc)) : 0;
}

int cli_no_option(const struct mw_opts *opts, const char *option, const char *why, char *err, size_t n)
{
	const struct mw_optval *v = mw_opt(opts, option);
	char letter[8] = "";
	if (!v->given)
		return 0;
	if (v->opt->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", v->opt->letter);
	return mw_fail(MW_ESPEC, err, n, "%s--%s: %s", letter, option, why);
}

int cli_print_grid(const struct cli *cli, const struct grid *g, char *err, size_t n)
{
	struct cli_out out;
	int rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = grid_print(out.f, g, cli->format);
	if (rc == 0)
		rc = cli_out_commit(&out, err, n);
	cli_out_abort(&out);
	return rc;
}

int cli_print_text(const struct cli *cli, void (*print)(FILE *f), char *err, size_t n)
{
	struct cli_out out = {0};
	int rc = cli_no_option(&cli->opts, "format", "this text has no other", err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc < 0)
		return rc;
	print(out.f);
	return cli_out_commit(&out, err, n);
}
