/* The subarrays of one bank for command sequences of the user: T, DCC and D rows keep their contents from one command
 * to the next.
 *
 * Every command is checked against the symbolic contents that earlier commands left, as ambit_verify() does for whole
 * programs; an illegal one is refused before any cell changes. Before its first write a row holds noise, a function of
 * seed, subarray, row and column. Only rows in use take memory. */
#ifndef AMBIT_SUBARRAY_H
#define AMBIT_SUBARRAY_H

#include "ambit-emu/cells.h"
#include "ambit-emu/program.h"

struct ambit_bank;

struct ambit_bank_config {
	uint32_t subarrays; /* 1..65536 */
	uint32_t data_rows; /* of a subarray */
	size_t row_bytes;   /* a multiple of AMBIT_LINE */
	uint64_t seed;
	const struct ambit_cells *cells;
};

/* -EINVAL: a size of 0 or beyond the range; -ENOMEM. */
int ambit_bank_create(const struct ambit_bank_config *c, struct ambit_bank **out);
void ambit_bank_destroy(struct ambit_bank *b);

/* Runs the commands in order; each address names its subarray. When one of them is illegal, none runs: -EINVAL with
 * v->at and v->why. None runs either on -ENOMEM or -E2BIG (several hundred thousand commands at once). */
int ambit_bank_execute(struct ambit_bank *b, const struct ambit_command *cmd, size_t n, struct ambit_verdict *v);
/* Reads or writes one row through an address that raises one wordline; an n-wordline reads and stores the complement.
 * -EINVAL: no such address, several wordlines, or a write to a constant row. */
int ambit_bank_read(struct ambit_bank *b, struct ambit_address a, void *dst);
int ambit_bank_write(struct ambit_bank *b, struct ambit_address a, const void *src);
/* RowClone over the internal bus, into the same or another bank with rows of the same length. Within a bank, rows that
 * were provably equal stay so. Errors as read and write. */
int ambit_bank_clone(struct ambit_bank *dst, struct ambit_address to, struct ambit_bank *src,
		     struct ambit_address from);

/* Number of rows that have memory. */
size_t ambit_bank_rows_used(const struct ambit_bank *b);

#endif
