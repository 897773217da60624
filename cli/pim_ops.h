/* The table of `memwall pim ops`. */
#ifndef MW_CLI_PIM_OPS_H
#define MW_CLI_PIM_OPS_H

#include "cli/command.h"
#include "pim/pim.h"

enum { OPS_WIDTHS = 64 }; /* most items of --width */

/* Prints operations x widths x swept devices. library: of --device-lib, or NULL. */
int cli_pim_ops_table(struct cli *cli, const struct pim_library *library, char *err, size_t n);

#endif
