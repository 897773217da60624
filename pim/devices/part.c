#include "pim/devices/part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/timing.h"
#include "base/core/err.h"
#include "energy/model/dram_part_text.h"

static bool has_key(const struct pim_key *keys, const char *name)
{
	for (const struct pim_key *k = keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return true;
	return false;
}

static unsigned width_of(const struct pim_key *keys, const struct pim_config *c)
{
	const char *width = has_key(keys, "width") ? pim_config_text(c, "width") : NULL;
	return width ? (unsigned)strtoul(width + 1, NULL, 10) : 0;
}

/* The part of a file; *base: that of the table with its name, or NULL. */
static int from_file(const char *device, const struct pim_key *keys, const struct pim_config *c, struct dram_part *out,
		     const struct dram_part **base, char *err, size_t n)
{
	const char *path = pim_config_text(c, "part");
	char why[MW_ERR_ROOM];
	unsigned width = width_of(keys, c);
	if (pim_config_given(c, "dram"))
		return mw_fail(-EINVAL, err, n, "%s: dram=%s and part=%s: one of the two", device,
			       pim_config_text(c, "dram"), path);
	int rc = dram_part_read(pim_config_file(c, "part"), path, out, why, sizeof(why));
	if (rc < 0)
		return mw_fail(rc, err, n, "part=%s", why);
	if (!dram_part_has_rows(out))
		return mw_fail(-EOPNOTSUPP, err, n, "part=%s: no row timings (tras, trp, ...), which %s needs", path,
			       device);
	if (width && width != out->chip_bits)
		return mw_fail(-EINVAL, err, n, "%s: width=x%u: the part of %s is x%u", device, width, path,
			       out->chip_bits);
	*base = dram_part_find(out->name);
	if (*base && strcmp((*base)->name, out->name) != 0)
		*base = NULL; /* found by its value of dram */
	return 0;
}

/* Sets the members whose keys are in the SPEC. */
static int set_keys(const char *device, const struct pim_key *keys, const struct pim_config *c, struct dram_part *p,
		    char *err, size_t n)
{
	char why[MW_REASON_ROOM];
	for (const struct mw_keyfile_key *k = dram_part_keys; k->name; k++) {
		/* Keys such as banks are the device's own: only timings and currents are those of the part. */
		bool value = k->decimals > 0 || k->kind == MW_KEYFILE_REAL;
		if (!value || !has_key(keys, k->name) || !pim_config_given(c, k->name))
			continue;
		if (mw_keyfile_set(k, pim_config_text(c, k->name), p, why, sizeof(why)) < 0)
			return mw_fail(-EINVAL, err, n, "%s: key %s", device, why);
	}
	if (dram_part_check(p, why, sizeof(why)) < 0)
		return mw_fail(-EINVAL, err, n, "%s: %s", device, why);
	return 0;
}

int part_of_config(const char *device, const struct pim_key *keys, const struct pim_config *c, struct dram_part *out,
		   struct mw_buf *user, char *err, size_t n)
{
	char why[MW_ERR_ROOM];
	const struct dram_part *base = NULL;
	bool file = pim_config_given(c, "part");
	int rc = 0;
	if (file) {
		rc = from_file(device, keys, c, out, &base, err, n);
	} else {
		base = ambit_dram_select(pim_config_text(c, "dram"), width_of(keys, c), why, sizeof(why));
		if (!base)
			return mw_fail(-EOPNOTSUPP, err, n, "%s: %s", device, why);
		*out = *base;
	}
	if (rc == 0)
		rc = set_keys(device, keys, c, out, err, n);
	if (rc < 0)
		return rc;
	if (base)
		(void)dram_part_differences(out, base, user);
	else
		mw_buf_add(user, "all values of %s, of file %s", out->name, pim_config_text(c, "part"));
	return 0;
}

const char *part_word(const char *key, size_t i)
{
	const struct dram_part *p, *before = NULL;
	if (strcmp(key, "dram") != 0)
		return NULL;
	for (size_t k = 0; (p = dram_part_at(k)); before = p, k++)
		if (!(before && strcmp(before->dram, p->dram) == 0) && i-- == 0)
			return p->dram;
	return NULL;
}

const char *part_name(size_t i)
{
	const struct dram_part *p = dram_part_at(i);
	return p ? p->name : NULL;
}

int part_text(const char *name, char *out, size_t n)
{
	const struct dram_part *p = dram_part_find(name);
	struct mw_buf text = {0};
	if (!p)
		return -ENOENT;
	dram_part_print(p, &text);
	int rc = text.failed ? -ENOMEM : snprintf(out, n, "%s", mw_buf_text(&text));
	mw_buf_fini(&text);
	return rc;
}
