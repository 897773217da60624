/* The text of micro-programs, as ambit_program_print() writes it: "AAP(D0,B8);AP(B14)".
 *
 * Commands are separated by ';' or the end of the line. Blanks may separate words, and '#' begins a comment that ends
 * with the line. Two kinds of lines name rows: ".inputs a b" names D0, D1, and ".outputs c" the rows after them. */
#ifndef AMBIT_TEXT_H
#define AMBIT_TEXT_H

#include "ambit-emu/builder.h"
#include "ambit-emu/names.h"

struct ambit_ports {
	struct ambit_names inputs, outputs;
};

void ambit_ports_free(struct ambit_ports *p);

/* Appends the commands to b. ".inputs" and ".outputs" set b->p.inputs and b->p.outputs, which otherwise stay as they
 * are; ports (may be NULL) receives the names. Only checks that addresses exist; ambit_verify() decides what is legal.
 * -EINVAL with "line L, column C: ..." in err; -ENOMEM. */
int ambit_program_parse(const char *text, size_t len, struct ambit_builder *b, struct ambit_ports *ports, char *err,
			size_t n);

/* Finds inputs and outputs where the text declares none. Inputs: all D rows up to the last one that is read before it
 * is written. Outputs: the D rows after them, as long as each is written and not read after its last write. -ENOMEM. */
int ambit_program_infer(struct ambit_program *p);

#endif
