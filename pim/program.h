/* Programs of the user from inside: for the core and the devices that run them. */
#ifndef PIM_PROGRAM_H
#define PIM_PROGRAM_H

#include "ambit-emu/compile.h"
#include "ambit-emu/exact.h"
#include "pim/core.h"

struct pim_program {
	struct core_link link; /* of no list: programs belong to no device */
	enum pim_language language;
	struct ambit_circuit circuit; /* as it was read */
	struct ambit_compiled info;
	struct ambit_builder builder;
	struct ambit_counts counts;
	struct ambit_exact exact;
	struct mig_net net; /* what it computes, for the fused engine */
};

/* Results of packed bits from inputs of packed bits without executing commands: in names' order, `bytes` of each,
 * a multiple of 8; a result may be an input's memory. On the call's executor. */
int program_evaluate(const struct pim_program *p, struct pim_call *call, char *const *dst, char *const *src,
		     size_t bytes);

#endif
