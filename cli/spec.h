/* Opens devices for commands. */
#ifndef MW_CLI_SPEC_H
#define MW_CLI_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "pim/pim_device.h"

enum { CLI_SPEC_MAX = 1024 };

/* Writes the SPEC to text, with key=value set or replaced (key NULL: as it is). MW_ESPEC when it is invalid or too
 * long. */
int cli_pim_set(const char *spec, const char *key, const char *value, char *text, size_t size, char *err, size_t n);
/* pim_open of the SPEC with key=value set or replaced (key NULL: as it is). -EINVAL, -ENODEV and -ERANGE become
 * MW_ESPEC, -EOPNOTSUPP becomes MW_EUNAVAILABLE. */
int cli_pim_open(const char *spec, const char *key, const char *value, struct pim_device **dev, char *err, size_t n);
/* For mw_option.defs: the device that is used by default, the first of those compared by default; NULL for i > 0. */
const char *cli_pim_default(size_t i);
bool cli_pim_has_key(const struct pim_device *dev, const char *key);

#endif
