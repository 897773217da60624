/* Files of earlier schemas, read for ever: their words become those of today. */
#ifndef MW_UPGRADE_H
#define MW_UPGRADE_H

#include "base/core/record.h"

/* A record of schema 1: metrics and keys get their names of today, and a size is the bytes touched. */
void upgrade_record(struct mw_record *r);

#endif
