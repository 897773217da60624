/* What records can say, as `memwall help records` prints it. */
#ifndef MW_CLI_RECORDS_H
#define MW_CLI_RECORDS_H

#include <stdio.h>

/* -ENOMEM. */
int records_help(FILE *f);

#endif
