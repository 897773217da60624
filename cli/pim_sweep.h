/* `--sweep KEY=A,B,..` of `memwall pim ops`: a device for every combination of values. */
#ifndef MW_CLI_PIM_SWEEP_H
#define MW_CLI_PIM_SWEEP_H

#include "pim/pim_device.h"
#include "reports/print.h"

enum { PIM_SWEEP_KEYS = 8, PIM_SWEEP_MAX = 4096 };

struct pim_sweep {
	size_t n;
	struct {
		char name[32];             /* of the key */
		char *values;              /* "A,B,..", owned */
		char value[64];            /* the one in turn */
		char cell[64];             /* the same for a table: a size in bytes, so that it is a number */
		char title[40];            /* "spec_KEY" */
		struct grid_column column; /* with that title */
	} key[PIM_SWEEP_KEYS];
};

/* Reads the options, separated by newlines (NULL: none), for the device of a SPEC. MW_ESPEC with a line in err. Free
 * with pim_sweep_fini() in every case. */
int pim_sweep_parse(struct pim_sweep *s, const char *text, const struct pim_library *library, const char *spec,
		    char *err, size_t n);
void pim_sweep_fini(struct pim_sweep *s);
/* Calls fn with the SPEC of every combination, the last key fastest; stops at the first error. */
int pim_sweep_each(struct pim_sweep *s, const char *spec, int (*fn)(void *arg, const char *spec, char *err, size_t n),
		   void *arg, char *err, size_t n);

#endif
