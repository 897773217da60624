/* `memwall pim ops --program=OP`. */
#ifndef MW_CLI_PIM_LISTING_H
#define MW_CLI_PIM_LISTING_H

#include "cli/command.h"
#include "pim/pim.h"

/* Prints the micro-program of an operation as `pim compile --program` reads it, with its price in comments. */
int cli_pim_listing(const struct cli *cli, const struct pim_library *library, char *err, size_t n);

#endif
