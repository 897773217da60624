/* Triple modular redundancy inside one subarray.
 *
 * A bad column fails at one of the four TRA addresses, so computing the same three times on the same rows would give
 * the same wrong bit three times. The program therefore runs once with all its TRAs at B12, once at B13 and once at
 * B14, and a majority at B15 votes: one bad address of a column spoils one run, or only the vote. Operands need no
 * copies. What moving to one address costs (loads, complements through a dual-contact row, results kept in temporaries)
 * are commands of the program and charged like all others: 3 times plus 4 for AND, more for programs whose TRAs were
 * spread over the addresses. Moving each run's addresses on by one instead leaves XOR with more wrong bits than it had:
 * every address is then used by two runs. */
#ifndef AMBIT_REDUNDANT_H
#define AMBIT_REDUNDANT_H

#include "ambit-emu/builder.h"

/* Without a TRA there is nothing that fails. */
bool ambit_has_tra(const struct ambit_program *p);
/* Builds into a zeroed builder: same inputs, same outputs, more temporaries. -EOPNOTSUPP: a program that reads what a
 * row held before it or overwrites an input; -EINVAL: illegal; -ENOMEM; -ERANGE: too many rows. */
int ambit_triple(const struct ambit_program *p, struct ambit_builder *out);

#endif
