/* Files of earlier schemas, read for ever: their words become those of today. */
#ifndef MW_UPGRADE_H
#define MW_UPGRADE_H

#include "base/core/record.h"

/* A record of schema 1: renamed metrics and keys. */
void upgrade_record(struct mw_record *r);

#endif
