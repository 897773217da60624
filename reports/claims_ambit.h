/* What the emulator of Ambit finds about the claims on Ambit. cli/claims_ambit.c runs the emulator, which this folder
 * may not include, and fills in this structure. */
#ifndef MW_CLAIMS_AMBIT_H
#define MW_CLAIMS_AMBIT_H

#include <stdbool.h>

struct claims_ambit_op {
	unsigned long long aap, ap; /* commands that ran for one row */
	double ns;                  /* modelled time of them */
	bool exact;                 /* the result is that of the host */
};

struct claims_ambit {
	char device[256]; /* SPEC of the device */
	int rows_raised;  /* rows that hold the result of one activation of B12 */
	int rows_kept;    /* of the three, rows that still hold their operand after it */
	bool majority;    /* the result is the majority of the three for all eight combinations */
	bool and_or;      /* with a third row of zeros it is AND, of ones OR */
	struct claims_ambit_op op_not, op_and, op_or, op_xor, op_xnor;
};

#endif
