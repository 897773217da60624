/* The exact engine: every AAP and AP of a micro-program on the contents of the rows it names.
 *
 * Columns never meet inside a subarray, so a program runs strip by strip: the compute rows of one strip stay in the
 * first-level cache. Compute rows that a program reads before it writes them hold seeded noise, a function of seed,
 * row and column only. */
#ifndef AMBIT_EXACT_H
#define AMBIT_EXACT_H

#include "ambit-emu/cells.h"
#include "ambit-emu/program.h"

#define AMBIT_LINE 64u

struct ambit_exact {
	struct ambit_step *step;
	uint8_t *kind; /* enum ambit_kind of each step */
	size_t n;
	unsigned inputs, rows; /* data rows */
	uint8_t stale;         /* compute rows that need their noise */
};

/* Verifies and prepares. -EINVAL and the verdict's why for an illegal program; -ENOMEM. */
int ambit_exact_prepare(const struct ambit_program *p, struct ambit_exact *out, struct ambit_verdict *v);
void ambit_exact_free(struct ambit_exact *x);

struct ambit_exact_job {
	const struct ambit_exact *x;
	const struct ambit_cells *cells;
	char *const *d; /* contents of D0.., aligned to a line */
	size_t strip;   /* multiple of a line */
	bool nt;        /* results around the caches */
	uint64_t seed;
};

/* Commands executed times bytes of row they acted on, by enum ambit_kind. */
struct ambit_executed {
	uint64_t bytes[2];
};

/* Bytes of one strip that suit a program. */
size_t ambit_exact_strip(const struct ambit_exact *x);
size_t ambit_exact_scratch(const struct ambit_exact *x, size_t strip);
/* Bytes begin..end of every row, both multiples of a line. scratch: ambit_exact_scratch() bytes, aligned to 4096; one
 * per concurrent call. */
void ambit_exact_run(const struct ambit_exact_job *j, size_t begin, size_t end, void *scratch,
		     struct ambit_executed *done);

/* Noise of one 64-bit word of a compute row. */
uint64_t ambit_noise(uint64_t seed, unsigned row, uint64_t word);

#endif
