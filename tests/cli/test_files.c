/* Every option that names a file declares whether it is read or written, because cli/out.c checks declared files only.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "bench/bench.h"
#include "cli/command.h"

static unsigned check_table(const char *command, const struct mw_option *table)
{
	unsigned files = 0;
	for (const struct mw_option *o = table; o && o->name; o++) {
		bool named = o->arg && strcmp(o->arg, "FILE") == 0;
		cr_assert(!named || o->file != MW_OPT_NO_FILE, "%s --%s: neither MW_OPT_READS nor MW_OPT_WRITES",
			  command, o->name);
		files += named;
	}
	return files;
}

Test(files, options_declare_reads_or_writes)
{
	unsigned files = check_table("", cli_global_options);
	for (const struct command *const *c = command_table; *c; c++)
		files += check_table((*c)->name, (*c)->options);
	for (const struct bench *const *b = bench_table; *b; b++)
		files += check_table((*b)->name, (*b)->options);
	cr_assert_geq(files, 7);
}
