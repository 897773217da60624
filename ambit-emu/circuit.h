/* Combinational logic with named inputs and outputs: what the languages are read into and micro-programs are made of.
 *
 * All readers take any bytes: time and memory are bounded by the length of the text, nesting by CIRCUIT_MAX_DEPTH.
 * They return 0, -EINVAL with "line L, column C: ..." in err (size n), -EOPNOTSUPP for what a bit-wise program cannot
 * do (latches), -E2BIG, or -ENOMEM. The circuit must be freed in every case. */
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
	mig_literal *in, *out; /* by the names' order */
	uint32_t in_capacity, out_capacity;
};

/* Zero-initialise, then init. */
int circuit_init(struct ambit_circuit *c);
void circuit_free(struct ambit_circuit *c);
/* New ports. -E2BIG past CIRCUIT_MAX_PORTS; -EEXIST when the name is taken; -ENOMEM. */
int circuit_input(struct ambit_circuit *c, const char *name, size_t len, mig_literal *out);
/* The same for a leaf that is there already. */
int circuit_named_input(struct ambit_circuit *c, const char *name, size_t len, mig_literal leaf);
int circuit_output(struct ambit_circuit *c, const char *name, size_t len, mig_literal value);

/* Statements `name = expression`, separated by ';'. Operators as in C: ~ ! & ^ | ?:, and maj(a,b,c), mux(s,a,b) =
 * s ? a : b, constants 0 and 1, '#' comments. A name that no statement before assigned is an input; every assigned
 * name is an output unless it begins with '_'. One expression alone is the output "out". */
int circuit_parse_expression(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);
/* "3: 0xe8 0x96": inputs, then one number per output whose bit i is the value for the inputs with x0 = bit 0 of i. Or
 * rows "101 1", x0 leftmost, '-' for both; inputs that no row covers give 0. Inputs are x0.., outputs y0... */
int circuit_parse_table(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);
/* Berkeley logic interchange format: one .model of .names tables. */
int circuit_parse_blif(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);
/* AIGER 1.9 (Biere), ASCII or binary. */
int circuit_parse_aiger(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n);

#endif
