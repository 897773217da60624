/* Programs of the user, for the core and the devices that run them. */
#ifndef PIM_PROGRAM_H
#define PIM_PROGRAM_H

#include "ambit-emu/compile.h"
#include "ambit-emu/exact.h"
#include "pim/core.h"

struct pim_program {
	struct core_link link; /* in no list: programs belong to no device */
	enum pim_language language;
	bool of_op;                   /* of the device itself: may be wrong as published */
	bool print_only;              /* it depends on old contents of rows or changes an input, so it has no circuit */
	struct ambit_circuit circuit; /* as it was read */
	struct ambit_compiled info;
	struct ambit_builder builder;
	struct ambit_counts counts;
	struct ambit_exact exact;
	struct mig_net net; /* what it computes, for the fused engine */
};

/* Computes the results from the inputs without executing commands, on the call's executor. dst and src: packed bits in
 * the order of the names, `bytes` of each, a multiple of 8. A result may be the memory of an input. 0 or -ENOMEM. */
int program_evaluate(const struct pim_program *p, struct pim_call *call, char *const *dst, char *const *src,
		     size_t bytes);

#endif
