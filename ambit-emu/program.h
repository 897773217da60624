/* Rows, addresses and micro-programs of an Ambit subarray (Seshadri et al., MICRO 2017).
 *
 * A micro-program is a list of AAP (ACTIVATE, ACTIVATE, PRECHARGE) and AP (ACTIVATE, PRECHARGE) with row addresses.
 * Addresses have three groups: D (data), C (constants C0, C1) and B (B0..B15), which raise one to three wordlines of
 * the compute rows. Each dual-contact cell row has two wordlines: d, and n, which shows the complement. */
#ifndef AMBIT_PROGRAM_H
#define AMBIT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ambit_group { AMBIT_D, AMBIT_B, AMBIT_C };

struct ambit_address {
	uint8_t group;     /* enum ambit_group */
	uint16_t subarray; /* of a bank; 0 in programs, which run in any one subarray */
	uint16_t index;
};

/* Physical rows: six compute rows, two constants, then the data rows of a program. */
enum ambit_row {
	AMBIT_T0,
	AMBIT_T1,
	AMBIT_T2,
	AMBIT_T3,
	AMBIT_DCC0,
	AMBIT_DCC1,
	AMBIT_COMPUTE_ROWS,
	AMBIT_C0 = AMBIT_COMPUTE_ROWS,
	AMBIT_C1,
	AMBIT_FIRST_D,
};

#define AMBIT_B_ADDRESSES 16u
/* Addresses of a subarray that hold no data: B0..B15, C0, C1. */
#define AMBIT_RESERVED_ROWS 18u

struct ambit_wordline {
	uint16_t row; /* enum ambit_row and above */
	bool n;       /* n-wordline: the cell gives and takes the complement */
};

struct ambit_wordlines {
	unsigned count; /* 1..3 */
	struct ambit_wordline w[3];
};

/* Wordlines that an address raises. -EINVAL: no such address. */
int ambit_decode(struct ambit_address a, struct ambit_wordlines *out);

enum ambit_kind { AMBIT_AAP, AMBIT_AP };

struct ambit_command {
	uint8_t kind;              /* enum ambit_kind */
	struct ambit_address a, b; /* b: AAP only */
};

struct ambit_program {
	const char *name;
	const struct ambit_command *cmd;
	size_t n;
	unsigned inputs;  /* D0..D(inputs-1) are read */
	unsigned rows;    /* D rows: inputs, results, temporaries; the last two start undefined */
	unsigned outputs; /* D(inputs)..D(inputs+outputs-1) are results */
};

/* The bulk bitwise operations; one program computes one row of the result. */
enum ambit_bulk {
	AMBIT_NOT,
	AMBIT_AND,
	AMBIT_OR,
	AMBIT_NAND,
	AMBIT_NOR,
	AMBIT_XOR,
	AMBIT_XNOR,
	AMBIT_MAJ,
	AMBIT_COPY,
	AMBIT_ZERO,
	AMBIT_ONE,
	AMBIT_BULK_COUNT
};

const struct ambit_program *ambit_bulk_program(enum ambit_bulk op);

/* Commands and extra wordlines of one run of a program. */
struct ambit_counts {
	uint64_t aap, ap;
	uint64_t extra_first, extra_second; /* wordlines above one, in first and in second activations */
};

/* Every address of the program must exist. */
void ambit_program_counts(const struct ambit_program *p, struct ambit_counts *out);
/* "AAP(D0,B8);AP(B14)". Returns the length as snprintf. */
int ambit_program_print(const struct ambit_program *p, char *out, size_t n);

/* ---- legality ---- */
struct ambit_verdict {
	size_t at;          /* command that is illegal */
	uint8_t stale;      /* bit per compute row that is read before the program writes it */
	bool data_stale;    /* true: a result or temporary row is read before it is written */
	bool result_stale;  /* true: a result or final input depends on such contents, or is not written */
	bool input_changed; /* true: an input row does not end as it began */
	char why[160];      /* empty when legal */
};

/* Checks a program by symbolic execution, for all data. 0, or -EINVAL with v->at and v->why; -ENOMEM; -E2BIG. Illegal
 * are: an unknown address; two wordlines in a first activation whose cells are not provably equal; AP on two wordlines;
 * both wordlines of one dual-contact row in one command; a constant row as destination; rows of two subarrays. */
int ambit_verify(const struct ambit_program *p, struct ambit_verdict *v);

#endif
