/* Optional libraries are opened as modules: shared objects that are searched in $MEMWALL_MODULES when that is set, else
 * in modules/ beside the executable and then in ../lib/memwall/modules (where `make install` puts them). */
#ifndef MW_BENCH_MODULE_H
#define MW_BENCH_MODULE_H

#include <stddef.h>

#include "base/core/text.h"

/* Sets *path to the file of a module, or returns MW_EUNAVAILABLE with the reason in why. */
int module_find(const char *name, struct mw_buf *path, char *why, size_t n);

#endif
