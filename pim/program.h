/* Programs of the user, for the core and the devices that run them. */
#ifndef PIM_PROGRAM_H
#define PIM_PROGRAM_H

#include "ambit-emu/compile.h"
#include "ambit-emu/exact.h"
#include "pim/core.h"
#include "pim/program_fused.h"

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
	struct fused_plan fused;
};

#endif
