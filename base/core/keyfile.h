/* Files of lines `key = value` that fill a structure by a table of its members: parts of DRAM, macros. '#' begins a
 * comment. What is printed and read again is the same structure.
 *
 * Whole numbers may stand for decimal fractions: with `decimals` 3, "32.5" is stored as 32500 (ns as ps), exactly. */
#ifndef MW_KEYFILE_H
#define MW_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/text.h"

enum mw_keyfile_kind {
	MW_KEYFILE_U32,
	MW_KEYFILE_U64,
	MW_KEYFILE_REAL, /* double */
	MW_KEYFILE_TEXT, /* char[room] */
};

/* One member. Absent is 0, NaN or "", which is not printed. */
struct mw_keyfile_key {
	const char *name; /* NULL ends a table */
	enum mw_keyfile_kind kind;
	size_t offset, room;
	unsigned decimals;
	bool required;
	double min, max; /* inclusive, in the unit of the text */
	const char *help;
};

#define MW_KEYFILE_END                                                                                                 \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}
enum { MW_KEYFILE_MAX = 64 }; /* keys of a table */

/* Sets one member. -EINVAL with a line in err that begins with the key and says what would be right. */
int mw_keyfile_set(const struct mw_keyfile_key *key, const char *value, void *out, char *err, size_t n);
/* Reads a text. Members without a line stay as they are. -EINVAL with "file:line: ..." or, for a missing key, "file:
 * ..." in err. */
int mw_keyfile_read(const struct mw_keyfile_key *keys, const char *text, const char *file, void *out, char *err,
		    size_t n);
/* For values that are right alone but not together: -EINVAL with "file:line: why" in err, where why begins with a key
 * and a colon, and line is that of the key ("file: why" when it has none). */
int mw_keyfile_fail(const char *text, const char *file, const char *why, char *err, size_t n);
/* Appends all members that are there, with their meaning as comments. */
void mw_keyfile_print(const struct mw_keyfile_key *keys, const void *in, struct mw_buf *out);
/* Value of one member as text; "" when absent. out: at least the member's room, and 32. */
void mw_keyfile_value(const struct mw_keyfile_key *key, const void *in, char *out, size_t n);
/* Appends "tras 30 trp 12" for the numbers of a that differ from those of b. Returns how many. */
unsigned mw_keyfile_differences(const struct mw_keyfile_key *keys, const void *a, const void *b, struct mw_buf *out);
bool mw_keyfile_same(const struct mw_keyfile_key *key, const void *a, const void *b);

/* FNV-1a, 64 bits, of a text: tells apart files of the same name. */
uint64_t mw_keyfile_hash(const char *text);
/* Contents of a regular file of at most MW_KEYFILE_BYTES, ended by '\0', to be freed. -errno, or -EINVAL: not a regular
 * file, too large, or a byte 0 in it; err names the file. */
enum { MW_KEYFILE_BYTES = 1 << 16 };
int mw_keyfile_load(const char *path, char **text, char *err, size_t n);

#endif
