/* Triple modular redundancy inside one subarray.
 *
 * A bad column fails at one of the four TRA addresses, so three runs on the same rows would give the same wrong bit
 * three times. The program therefore runs once with all its TRAs at B12, once at B13 and once at B14, and a majority at
 * B15 votes: a bad address of a column makes one run wrong, or only the vote. The operands are not copied. Moving all
 * TRAs to one address needs more commands (loads, complements through a dual-contact row, results kept in temporaries),
 * which are charged like all others: AND takes 3 times its commands plus 4, programs that use several TRA addresses
 * take more. Moving each run's addresses on by one instead leaves XOR with more wrong bits than no protection, because
 * two runs then use each address. */
#ifndef AMBIT_REDUNDANT_H
#define AMBIT_REDUNDANT_H

#include "ambit-emu/builder.h"

/* Does the program have a TRA? Only TRAs fail. */
bool ambit_has_tra(const struct ambit_program *p);
/* Builds the triplicate into a zeroed builder: same inputs, same outputs, more temporaries. -EOPNOTSUPP: the program
 * reads a row before it writes it, or overwrites an input; -EINVAL: illegal; -ENOMEM; -ERANGE: too many rows. */
int ambit_triple(const struct ambit_program *p, struct ambit_builder *out);

#endif
