/* The subarrays of one bank for people who write their own command sequences: T, DCC and D rows keep what they hold
 * from one command to the next.
 *
 * Every command is checked against the symbolic contents that the commands before it left, as ambit_verify() does for
 * whole programs, and refused before any cell changes. What a row holds before its first write is seeded noise, a
 * function of seed, subarray, row and column. Only rows in use take memory. */
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

/* Runs the commands in order; an address names its subarray. -EINVAL with v->at and v->why when one of them would be
 * illegal, and then none has run; -ENOMEM, -E2BIG (some hundred thousand commands at once) likewise. */
int ambit_bank_execute(struct ambit_bank *b, const struct ambit_command *cmd, size_t n, struct ambit_verdict *v);
/* One row as a host sees it through the row buffer: addresses that raise one wordline, an n-wordline shows and stores
 * the complement. -EINVAL: no such address, several wordlines, or a write to a constant row. */
int ambit_bank_read(struct ambit_bank *b, struct ambit_address a, void *dst);
int ambit_bank_write(struct ambit_bank *b, struct ambit_address a, const void *src);
/* RowClone over the internal bus, into this or another bank with rows of the same length. Rows that were provably
 * equal stay so within a bank. Errors as read and write. */
int ambit_bank_clone(struct ambit_bank *dst, struct ambit_address to, struct ambit_bank *src,
		     struct ambit_address from);

/* Rows that hold memory. */
size_t ambit_bank_rows_used(const struct ambit_bank *b);

#endif
