/* `memwall help records`: the metrics and keys of records. */
#ifndef MW_CLI_RECORDS_H
#define MW_CLI_RECORDS_H

#include <stdio.h>

/* Prints them on f. 0 or -ENOMEM. */
int records_help(FILE *f);

#endif
