/* The exact engine: executes every AAP and AP of a micro-program on the contents of the rows it names.
 *
 * Columns never meet inside a subarray, so a program runs strip by strip, a strip being a range of columns whose rows
 * stay in the caches. Inputs and results are the caller's memory; compute rows and temporaries are in the scratch of
 * the strip. Rows that a program reads before it writes them hold noise, a function of seed, row and column only. What
 * a command would leave in a row that is overwritten, or not read, before the end is not stored. */
#ifndef AMBIT_EXACT_H
#define AMBIT_EXACT_H

#include "ambit-emu/cells.h"
#include "ambit-emu/program.h"

#define AMBIT_LINE 64u

/* First write and last use of a data row, as indices of commands. */
struct ambit_span {
	size_t written; /* first command that writes it; the program's n: never written */
	size_t used;    /* 1 + the last command that reads or writes it; 0: none */
};

struct ambit_exact {
	struct ambit_step *step;
	size_t n;
	unsigned inputs, outputs, rows; /* data rows */
	bool input_changed;             /* as in struct ambit_verdict */
	uint16_t *noise;                /* physical rows that are read before they are written */
	size_t n_noise;
	struct ambit_span *span; /* of inputs, then results */
	unsigned early;          /* number of results that are written while an input may still be needed */
};

/* Verifies and prepares a program; time and memory grow with n + rows. -EINVAL with the reason in v->why for an illegal
 * program; -ENOMEM. */
int ambit_exact_prepare(const struct ambit_program *p, struct ambit_exact *out, struct ambit_verdict *v);
void ambit_exact_free(struct ambit_exact *x);

struct ambit_exact_job {
	const struct ambit_exact *x;
	const struct ambit_cells *cells;
	/* Contents of the inputs, then of the results, aligned to a line. A result may be the memory of an input: it is
	 * then written once the input is no longer needed. Otherwise rows that the program writes must not overlap with
	 * others. */
	char *const *d;
	size_t strip; /* multiple of a line */
	bool nt;      /* non-temporal stores for results */
	uint64_t seed;
};

/* Bytes of row that executed commands acted on, by enum ambit_kind. */
struct ambit_executed {
	uint64_t bytes[2];
};

/* Strip length in bytes that is fast for a program; nt as in the job. */
size_t ambit_exact_strip(const struct ambit_exact *x, bool nt);
/* Bytes of scratch for ambit_exact_run(). */
size_t ambit_exact_scratch(const struct ambit_exact *x, size_t strip);
/* Runs the program on bytes begin..end-1 of every row, both multiples of a line. scratch: ambit_exact_scratch() bytes,
 * aligned to 4096; one per concurrent call. Adds to *done. */
void ambit_exact_run(const struct ambit_exact_job *j, size_t begin, size_t end, void *scratch,
		     struct ambit_executed *done);

/* Translates a legal command into a step; s->op is left 0. */
void ambit_step_of(const struct ambit_command *c, struct ambit_step *s);
/* Noise of one 64-bit word of a physical row. */
uint64_t ambit_noise(uint64_t seed, unsigned row, uint64_t word);

#endif
