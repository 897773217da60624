/* Converts records of earlier schemas to the current names of metrics and keys. */
#ifndef MW_UPGRADE_H
#define MW_UPGRADE_H

#include "base/core/record.h"

/* A record of schema 1: metrics and keys get their names of today, a size is the bytes touched, and what identifies a
 * point is what identifies it today, where the file tells. */
void upgrade_record(struct mw_record *r);

#endif
