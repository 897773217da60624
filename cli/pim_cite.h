/* What an author needs beside the table of `memwall pim ops`. */
#ifndef MW_CLI_PIM_CITE_H
#define MW_CLI_PIM_CITE_H

#include "cli/command.h"

/* BibTeX of the models behind a device, and of the device itself: canonical SPEC, version, hash of both. */
int cli_pim_cite(const struct cli *cli, const char *spec, char *err, size_t n);
/* Published speed-ups whose baseline was not published with them, and the baseline that each implies here. */
int cli_pim_ratios(const struct cli *cli, char *err, size_t n);

#endif
