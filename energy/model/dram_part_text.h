/* A DRAM part as text: lines `key = value`, the keys being the fields of struct dram_part, times in ns. */
#ifndef DRAM_PART_TEXT_H
#define DRAM_PART_TEXT_H

#include "base/core/keyfile.h"
#include "energy/model/dram_part.h"

/* All fields, in the order of the text; ended by name NULL. */
extern const struct mw_keyfile_key dram_part_keys[];
/* By name; NULL when there is none. */
const struct mw_keyfile_key *dram_part_key(const char *name);

void dram_part_print(const struct dram_part *p, struct mw_buf *out);
/* Reads a part; `file` is for messages. -EINVAL with one line in err that names file, line, key and what would be
 * right, also where values contradict each other. */
int dram_part_read(const char *text, const char *file, struct dram_part *out, char *err, size_t n);
/* -EINVAL, with the keys in err, where values of different keys contradict each other. */
int dram_part_check(const struct dram_part *p, char *err, size_t n);
/* Appends "tras 30 trp 12" for the numbers of p that differ from those of q. Returns how many. */
unsigned dram_part_differences(const struct dram_part *p, const struct dram_part *q, struct mw_buf *out);

#endif
