/* Runs the emulator of Ambit for `memwall claims`. */
#ifndef MW_CLI_CLAIMS_AMBIT_H
#define MW_CLI_CLAIMS_AMBIT_H

#include <stddef.h>

#include "reports/claims_ambit.h"

/* Activates three rows together, executes bulk operations, and counts their commands. A negative code of
 * pim.h with a line in err. */
int cli_claims_ambit(struct claims_ambit *out, char *err, size_t n);

#endif
