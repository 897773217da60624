/* From logic to a micro-program: majority-inverter graph, rewriting, allocation of compute rows.
 *
 * The graph is planned as it was written, rewritten, and rewritten into other forms of the same size; the shortest
 * program is kept. Everything is deterministic, and bounded: larger graphs are searched less widely. */
#ifndef AMBIT_COMPILE_H
#define AMBIT_COMPILE_H

#include "ambit-emu/builder.h"
#include "ambit-emu/circuit.h"
#include "ambit-emu/rewrite.h"
#include "ambit-emu/text.h"

struct ambit_compiled {
	struct mig_size written, rewritten; /* of the graph as read, and of the one the program computes */
};

enum ambit_effort { AMBIT_QUICK, AMBIT_THOROUGH };

/* Inputs are D0.. in the circuit's order, outputs the rows behind them, then temporaries. The program is verified.
 * out: zeroed, or NULL; info may be NULL. -ERANGE: more rows than addresses; -E2BIG; -ENOMEM. */
int ambit_compile(const struct ambit_circuit *c, enum ambit_effort effort, struct ambit_builder *out,
		  struct ambit_compiled *info);

/* The other way: what a legal program computes. Rows are named by ports (may be NULL), or D0, D1, ... Where the verdict
 * is result_stale the circuit holds leaves that are no input. 0, -EINVAL for an illegal program, or as above. The
 * circuit must be freed in every case. */
int ambit_circuit_of(struct ambit_circuit *c, const struct ambit_program *p, const struct ambit_ports *ports);

/* ---- equivalence ---- */

enum { AMBIT_EXHAUSTIVE_INPUTS = 16, AMBIT_RANDOM_LANES = 65536 };

struct ambit_equivalence {
	uint64_t lanes;
	bool exhaustive;  /* all combinations of the inputs, else random ones */
	uint64_t wrong;   /* lanes with at least one wrong output */
	uint32_t output;  /* first wrong output, of the first wrong lane */
	uint64_t example; /* that lane: the inputs' bits, D0 = bit 0 (exhaustive only) */
};

/* Runs the program in the exact engine on every combination of up to 16 inputs, or on random lanes, and compares it
 * with the circuit as it was read. -EINVAL: the program is illegal or has other inputs and outputs; -ENOMEM. */
int ambit_equivalent(const struct ambit_circuit *c, const struct ambit_program *p, uint64_t seed,
		     struct ambit_equivalence *out);
/* "equivalent: all 8 input combinations". Length as snprintf. */
int ambit_equivalence_print(const struct ambit_equivalence *e, char *out, size_t n);

#endif
