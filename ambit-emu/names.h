/* Names of signals: an ordered list with look-up. */
#ifndef AMBIT_NAMES_H
#define AMBIT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define AMBIT_NO_NAME UINT32_MAX

/* Zero-initialise. */
struct ambit_names {
	char **v;
	uint32_t n, capacity;
	uint32_t *slot; /* hash table of index + 1 */
	uint32_t mask;
};

/* Index of a name, or AMBIT_NO_NAME. */
uint32_t ambit_names_find(const struct ambit_names *l, const char *word, size_t len);
/* Appends a copy of a word that is not in the list. 0 or -ENOMEM. */
int ambit_names_add(struct ambit_names *l, const char *word, size_t len);
void ambit_names_free(struct ambit_names *l);

#endif
