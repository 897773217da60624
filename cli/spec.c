#include "cli/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/option.h"

const char *cli_pim_default(size_t i)
{
	const struct pim_device_ops *ops;
	for (size_t k = 0; i == 0 && (ops = pim_builtin(k)); k++)
		if (ops->compared)
			return ops->name;
	return NULL;
}

bool cli_pim_has_key(const struct pim_device *dev, const char *key)
{
	for (const struct pim_key *k = pim_ops_of(dev)->keys; k && k->name; k++)
		if (strcmp(k->name, key) == 0)
			return true;
	return false;
}

int cli_pim_set(const char *spec, const char *key, const char *value, char *text, size_t size, char *err, size_t n)
{
	struct mw_spec parsed;
	int rc = mw_spec_parse(&parsed, spec, err, n);
	if (rc < 0)
		return rc;
	size_t len = (size_t)snprintf(text, size, "%s", parsed.name);
	char sep = ':';
	for (size_t i = 0; i < parsed.n && len < size; i++) {
		if (key && strcmp(parsed.kv[i].key, key) == 0)
			continue;
		len += (size_t)snprintf(text + len, size - len, "%c%s=%s", sep, parsed.kv[i].key, parsed.kv[i].value);
		sep = ',';
	}
	if (key && len < size)
		len += (size_t)snprintf(text + len, size - len, "%c%s=%s", sep, key, value);
	if (len >= size)
		return mw_fail(MW_ESPEC, err, n, "the device text is too long: %.60s...", spec);
	return 0;
}

int cli_pim_open(const struct pim_library *library, const char *spec, const char *key, const char *value,
		 struct pim_device **dev, char *err, size_t n)
{
	char text[CLI_SPEC_MAX];
	int rc = cli_pim_set(spec, key, value, text, sizeof(text), err, n);
	if (rc < 0)
		return rc;
	rc = pim_library_open_device(library, text, dev, err, n);
	/* The SPEC comes from the command line, so an invalid one is an error of usage, and a missing model something
	 * named that is unavailable. */
	return rc == -EINVAL || rc == -ENODEV || rc == -ERANGE ? MW_ESPEC : rc == -EOPNOTSUPP ? MW_EUNAVAILABLE : rc;
}

int cli_pim_library(const struct mw_opts *opts, struct pim_library **library, char *err, size_t n)
{
	const char *path = mw_opt_text(opts, "device-lib");
	char why[MW_ERR_ROOM];
	*library = NULL;
	int rc = path ? pim_library_open(path, library, why, sizeof(why)) : 0;
	return rc < 0 ? mw_fail(rc == -ENOMEM ? rc : MW_ESPEC, err, n, "--device-lib: %s", why) : 0;
}

const char *cli_pim_spec(const struct mw_opts *opts, const struct pim_library *library)
{
	const struct pim_device_ops *first = pim_library_device(library, 0);
	return first && !mw_opt(opts, "device")->given ? first->name : mw_opt_text(opts, "device");
}
