/* `memwall pim ops` with --cite or --ratios. */
#ifndef MW_CLI_PIM_CITE_H
#define MW_CLI_PIM_CITE_H

#include "cli/command.h"
#include "pim/pim.h"

/* Prints BibTeX of a device's models, and of the device: canonical SPEC, version, and a hash of both. */
int cli_pim_cite(const struct cli *cli, const struct pim_library *library, const char *spec, char *err, size_t n);
/* Prints published speed-ups without a published baseline, and the baseline in GB/s that each implies with the modelled
 * rate. */
int cli_pim_ratios(const struct cli *cli, char *err, size_t n);

#endif
