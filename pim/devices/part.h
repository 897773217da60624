/* The DRAM part of a device, from the keys dram, width and part of its SPEC and from keys named like the part's timings
 * and currents. */
#ifndef PIM_PART_H
#define PIM_PART_H

#include "base/core/text.h"
#include "energy/model/dram_part.h"
#include "pim/pim_device.h"

/* Rows of a table of keys: one for each timing, and for each voltage and current. */
#define PART_TIME_KEY(field, help) {#field, PIM_KEY_REAL, NULL, NULL, 0.001, 4e6, "of the part: " help ", ns"},
#define PART_CURRENT_KEY(field, help) {#field, PIM_KEY_REAL, NULL, NULL, 0.001, 100000, "of the part: " help},
#define PART_TIME_KEYS DRAM_PART_TIMES(PART_TIME_KEY)
#define PART_CURRENT_KEYS DRAM_PART_CURRENTS(PART_CURRENT_KEY)

/* Fills *out, and *user with the values that are the user's ("tras 30 trp 12"; empty for a part of the table). keys: of
 * the device, which has dram and part; width may be missing. A file without changes gives the part of the table.
 * -EINVAL: a file or a value that cannot be used; -EOPNOTSUPP: no sourced row timings. err begins with the device's
 * name, or with part=. */
int part_of_config(const char *device, const struct pim_key *keys, const struct pim_config *c, struct dram_part *out,
		   struct mw_buf *user, char *err, size_t n);

/* For struct pim_device_ops: the words of key dram; the names of parts, and their texts. */
const char *part_word(const char *key, size_t i);
const char *part_name(size_t i);
int part_text(const char *name, char *out, size_t n);

#endif
