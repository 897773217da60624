/* Records on the terminal or in a file. */
#include "reports/print.h"
#include "base/core/err.h"
#include "cli/command.h"

int cli_print_records(const struct cli *cli, FILE *f, const struct mw_records *records, char *err, size_t n)
{
	int rc = print_records(f, records, cli->format);
	return rc < 0 ? mw_fail(rc, err, n, "cannot print the results: %s", mw_strerror(rc)) : 0;
}
