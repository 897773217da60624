/* Opens devices for commands. */
#ifndef MW_CLI_SPEC_H
#define MW_CLI_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/core/option.h"
#include "pim/pim_device.h"

enum { CLI_SPEC_MAX = 4096 };

/* Writes the SPEC to text, with key=value set or replaced (key NULL: as it is). MW_ESPEC when it is invalid or too
 * long. */
int cli_pim_set(const char *spec, const char *key, const char *value, char *text, size_t size, char *err, size_t n);
/* Opens the device of the SPEC, of the library (NULL: none) or built in, with key=value set or replaced (key NULL: as
 * it is). -EINVAL, -ENODEV and -ERANGE become MW_ESPEC, -EOPNOTSUPP becomes MW_EUNAVAILABLE. */
int cli_pim_open(const struct pim_library *library, const char *spec, const char *key, const char *value,
		 struct pim_device **dev, char *err, size_t n);

/* ---- --device-lib ---- */

#define CLI_DEVICE_LIB                                                                                                 \
	{                                                                                                              \
		.name = "device-lib", .type = MW_OPT_TEXT, .arg = "FILE", .file = MW_OPT_READS,                        \
		.help = "a shared library with devices of others (docs/device.md); its first one is the default"       \
	}
/* Loads the file of --device-lib; *library is NULL without that option. MW_ESPEC where it is no library of devices. */
int cli_pim_library(const struct mw_opts *opts, struct pim_library **library, char *err, size_t n);
/* The SPEC of --device; by default the library's first device, else that of the option. */
const char *cli_pim_spec(const struct mw_opts *opts, const struct pim_library *library);
/* For mw_option.defs: the device that is used by default, the first of those compared by default; NULL for i > 0. */
const char *cli_pim_default(size_t i);
bool cli_pim_has_key(const struct pim_device *dev, const char *key);

#endif
