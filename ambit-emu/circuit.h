/* Combinational logic with named inputs and outputs. The parsers make it, the compiler turns it into a micro-program.
 *
 * All parsers accept any bytes: time and memory are bounded by the length of the text, nesting by CIRCUIT_MAX_DEPTH.
 * They return 0, or -EINVAL (text), -EOPNOTSUPP (latches and whatever else is not combinational), -E2BIG or -ENOMEM
 * with one line in err (size n), "line L, column C: ..." where a place is known. The circuit must be freed in every
 * case. */
#ifndef AMBIT_CIRCUIT_H
#define AMBIT_CIRCUIT_H

#include "ambit-emu/mig.h"
#include "ambit-emu/names.h"

#define CIRCUIT_MAX_DEPTH 200u
#define CIRCUIT_MAX_PORTS 65000u /* inputs and outputs: each is a row of the subarray */
#define CIRCUIT_TABLE_INPUTS 16u

struct ambit_circuit {
	struct mig g;
	struct ambit_names inputs, outputs;
	mig_literal *in, *out; /* in the order of the names */
	uint32_t in_capacity, out_capacity;
};

/* Initialises *c whatever it held. -ENOMEM. */
int circuit_init(struct ambit_circuit *c);
void circuit_free(struct ambit_circuit *c);
/* Adds an input (its new leaf in *out) or an output. -E2BIG past CIRCUIT_MAX_PORTS; -EEXIST when the name is taken;
 * -ENOMEM. */
int circuit_input(struct ambit_circuit *c, const char *name, size_t len, mig_literal *out);
/* Adds an input whose leaf exists already. */
int circuit_named_input(struct ambit_circuit *c, const char *name, size_t len, mig_literal leaf);
int circuit_output(struct ambit_circuit *c, const char *name, size_t len, mig_literal value);

/* Statements `name = expression`, separated by ';'. Operators as in C: ~ ! & ^ | ?:, and maj(a,b,c), mux(s,a,b) = s ? a
 * : b, constants 0 and 1, '#' comments. A name that was not assigned before is an input; every assigned name is an
 * output unless it begins with '_'. A single expression without a name is the output "out". */
int circuit_parse_expression(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);
/* "3: 0xe8 0x96": number of inputs, then one number per output; its bit i is the output for the inputs i, x0 being bit
 * 0 of i. Or rows "101 1", x0 leftmost, '-' for either value; inputs that no row covers give 0. Inputs are called x0..,
 * outputs y0.., a single output y. */
int circuit_parse_table(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);
/* Berkeley logic interchange format: one .model of .names tables. */
int circuit_parse_blif(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);
/* AIGER 1.9 (Biere), ASCII or binary. */
int circuit_parse_aiger(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);

#endif
