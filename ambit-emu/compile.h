/* From logic to a micro-program: majority-inverter graph, rewriting, allocation of compute rows.
 *
 * Up to three forms of the graph are planned: as written, rewritten, and rewritten into other forms of the same size;
 * the fastest program is kept. The result is deterministic. Large graphs are searched less widely, so that the time
 * stays bounded. A program is found for every graph: where the search finds no rows, operands come from memory. */
#ifndef AMBIT_COMPILE_H
#define AMBIT_COMPILE_H

#include "ambit-emu/builder.h"
#include "ambit-emu/circuit.h"
#include "ambit-emu/rewrite.h"
#include "ambit-emu/text.h"

struct ambit_compiled {
	struct mig_size written, rewritten; /* size of the graph as read, and of the graph that the program computes */
	uint64_t placements;                /* ways to place operands that the search tried, its work */
};

/* PLAIN: no search for rows, every operand is copied from memory. QUICK: the narrowest search. THOROUGH: as wide as the
 * size of the graph allows. */
enum ambit_effort { AMBIT_PLAIN, AMBIT_QUICK, AMBIT_THOROUGH };

/* Compiles, checks that the program is legal and that it computes the circuit (ambit_equivalent). Data rows: the inputs
 * in the circuit's order, then the outputs, then temporaries. out: zeroed by the caller; info may be NULL. -ERANGE:
 * more rows than addresses; -EBADMSG: the program does not compute the circuit, a fault of the compiler; -E2BIG;
 * -ENOMEM. */
int ambit_compile(const struct ambit_circuit *c, enum ambit_effort effort, struct ambit_builder *out,
		  struct ambit_compiled *info);

/* The circuit that a legal program computes. Rows have the names in ports (may be NULL), else D0, D1, ... Where the
 * verdict says result_stale, the circuit has leaves that are no input. 0, -EINVAL for an illegal program, -E2BIG,
 * -ENOMEM or -EEXIST (a name twice). The circuit must be freed in every case. */
int ambit_circuit_of(struct ambit_circuit *c, const struct ambit_program *p, const struct ambit_ports *ports);

/* ---- equivalence ---- */

enum { AMBIT_EXHAUSTIVE_INPUTS = 16, AMBIT_RANDOM_LANES = 65536 };
#define AMBIT_NO_OUTPUT UINT32_MAX

struct ambit_equivalence {
	uint64_t lanes;
	bool exhaustive;  /* all combinations of the inputs, else random ones */
	uint64_t wrong;   /* lanes with a wrong output or a changed input */
	uint64_t example; /* the first wrong lane; when exhaustive its number is the inputs, D0 = bit 0 */
	uint32_t output;  /* the first output that is wrong in that lane; AMBIT_NO_OUTPUT: an input is changed there */
};

/* Runs the program in the exact engine on every combination of up to 16 inputs, on random lanes beyond, and compares
 * outputs and inputs with the circuit. -EINVAL: the program is illegal or has another number of inputs or outputs;
 * -ENOMEM. */
int ambit_equivalent(const struct ambit_circuit *c, const struct ambit_program *p, uint64_t seed,
		     struct ambit_equivalence *out);
/* "equivalent: all 8 input combinations". Returns the length as snprintf. */
int ambit_equivalence_print(const struct ambit_equivalence *e, char *out, size_t n);

#endif
