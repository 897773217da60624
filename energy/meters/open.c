#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/core/err.h"
#include "energy/meters/tree.h"

const struct energy_meter *energy_meter_find(const char *name)
{
	for (const struct energy_meter *const *m = meter_table; *m; m++)
		if (strcmp((*m)->name, name) == 0)
			return *m;
	return NULL;
}

/* The next meter after `last` in the order (preference, place in the table); NULL: no more. */
static const struct energy_meter *next_preferred(const struct energy_meter *last)
{
	const struct energy_meter *best = NULL;
	bool passed = false; /* `last` was seen: of equal preference only later ones follow */
	for (const struct energy_meter *const *m = meter_table; *m; m++) {
		bool after = !last || (*m)->preference > last->preference ||
			     ((*m)->preference == last->preference && passed);
		passed = passed || *m == last;
		if (after && (!best || (*m)->preference < best->preference))
			best = *m;
	}
	return best;
}

int energy_open_best(const char *root, const struct energy_meter **m, void **state, char *why, size_t n)
{
	char reason[400];
	if (n)
		why[0] = '\0';
	*m = NULL;
	*state = NULL;
	for (const struct energy_meter *t = next_preferred(NULL); t; t = next_preferred(t)) {
		reason[0] = '\0';
		if (t->open(root, state, reason, sizeof(reason)) == 0) {
			*m = t;
			if (reason[0])
				reason_add(why, n, "%s left out: %s", t->name, reason);
			return 0;
		}
		reason_add(why, n, "%s: %s", t->name, reason[0] ? reason : "cannot be opened");
	}
	return MW_EUNAVAILABLE;
}
