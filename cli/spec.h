/* Opening devices for the command line. */
#ifndef MW_CLI_SPEC_H
#define MW_CLI_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "pim/pim.h"

enum { CLI_SPEC_MAX = 1024 };

/* The spec with key=value (NULL: none) set, or replaced. MW_ESPEC: it cannot be read or is too long. */
int cli_pim_set(const char *spec, const char *key, const char *value, char *text, size_t size, char *err, size_t n);
/* pim_open with an errno code turned into MW_ESPEC; key=value (NULL: none) is set in the spec, or replaced there. */
int cli_pim_open(const char *spec, const char *key, const char *value, struct pim_device **dev, char *err, size_t n);
/* The first device that takes part in comparisons: what is meant where none is named. NULL for i > 0. */
const char *cli_pim_default(size_t i);
bool cli_pim_has_key(const struct pim_device *dev, const char *key);

#endif
