/* The text of micro-programs, as ambit_program_print writes it: "AAP(D0,B8);AP(B14)".
 *
 * Commands are separated by ';' or the end of the line. Blanks may stand anywhere between words and '#' begins a
 * comment that ends with the line. Two lines may say what the rows are called: ".inputs a b" names D0, D1, and
 * ".outputs c" the rows behind them. */
#ifndef AMBIT_TEXT_H
#define AMBIT_TEXT_H

#include "ambit-emu/builder.h"
#include "ambit-emu/names.h"

struct ambit_ports {
	struct ambit_names inputs, outputs;
};

void ambit_ports_free(struct ambit_ports *p);

/* Appends the commands to b. ".inputs" and ".outputs" set b->p.inputs and b->p.outputs, which stay as they are
 * without; ports (may be NULL) receives the names. Checks the writing only: addresses B0..B15, C0, C1 and D0.. exist,
 * what is legal ambit_verify decides. -EINVAL with "line L, column C: ..." in err; -ENOMEM. */
int ambit_program_parse(const char *text, size_t len, struct ambit_builder *b, struct ambit_ports *ports, char *err,
			size_t n);

/* Finds inputs and outputs of commands that nobody declared: inputs are all rows up to the last one that is read
 * before it is written; outputs those behind them that are written and not read afterwards, up to the first other. */
int ambit_program_infer(struct ambit_program *p);

#endif
