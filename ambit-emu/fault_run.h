/* The exact engine with failing columns: command by command on strips of rows, in physical column order.
 *
 * Every strip runs twice on copies of its inputs, without and with failures, so that wrong bits of results can be
 * counted; the results with failures are kept. The faster engine of exact.h has no failures.
 *
 * With interference a column depends on its neighbours, and after each further TRA on their neighbours too. A strip is
 * therefore computed together with a halo: as many columns on either side as the program has TRAs. Its results are then
 * the same for every strip length. Rows of two slots are never neighbours. */
#ifndef AMBIT_FAULT_RUN_H
#define AMBIT_FAULT_RUN_H

#include "ambit-emu/fault.h"
#include "ambit-emu/geometry.h"
#include "ambit-emu/program.h"

#define AMBIT_TRA_ADDRESSES 4u /* B12..B15 */
#define AMBIT_FIRST_TRA 12u

struct ambit_fault_model {
	uint64_t seed;
	uint64_t tra, columns, rows; /* thresholds (ambit_threshold()) of the three kinds of latent values */
};

/* variation in percent, interference 0..1. rate (may be NULL) receives the rate of ambit_rate(). -ERANGE: variation
 * beyond the curve, or interference outside 0..1. */
int ambit_fault_model(struct ambit_fault_model *m, uint64_t seed, enum ambit_curve curve, double variation,
		      double interference, struct ambit_rate *rate);
static inline bool ambit_fault_active(const struct ambit_fault_model *m)
{
	return m->tra || m->columns || m->rows;
}

/* ---- maps of the subarrays in use ---- */

struct ambit_fault_maps {
	struct ambit_fault_model model;
	struct ambit_geometry geometry;
	size_t words;   /* words of 64 columns in a row */
	uint64_t **map; /* [subarray in the order of slots][TRA address]; each map is three rows of words */
	size_t n;       /* subarrays with an entry in map */
};

/* columns: physical columns of a row, a multiple of 64. */
void ambit_fault_maps_init(struct ambit_fault_maps *f, const struct ambit_fault_model *m,
			   const struct ambit_geometry *g, uint64_t columns);
void ambit_fault_maps_free(struct ambit_fault_maps *f);
/* Number of subarrays that hold slots 0..slots-1. */
uint64_t ambit_fault_subarrays(const struct ambit_fault_maps *f, uint64_t slots);
/* Makes entries for those subarrays. -ENOMEM. Must not run beside other calls on f. */
int ambit_fault_maps_reserve(struct ambit_fault_maps *f, uint64_t slots, const struct ambit_shift *at);
/* Draws the missing maps of one slot's subarray; addresses: bit i for B12 + i. Calls for different subarrays may run
 * side by side. -ENOMEM. */
int ambit_fault_maps_draw(struct ambit_fault_maps *f, uint64_t slot, const struct ambit_shift *at, unsigned addresses);
/* The maps of a slot's subarray, indexed by TRA address - B12; NULL where not drawn. */
uint64_t *const *ambit_fault_maps_of(const struct ambit_fault_maps *f, uint64_t slot, const struct ambit_shift *at);

/* ---- programs ---- */

struct ambit_fault_step {
	uint8_t kind; /* enum ambit_kind */
	uint8_t tra;  /* B address of a TRA, else 0 */
	struct ambit_wordlines a, b;
};

struct ambit_fault_program {
	struct ambit_fault_step *step;
	size_t n;
	unsigned inputs, outputs, rows;
	unsigned addresses; /* TRA addresses in use, as for ambit_fault_maps_draw() */
	size_t tras;
	uint8_t *stale; /* by physical row: 1 where it is read before it is written */
};

/* Verifies and prepares a program. -EINVAL with the reason in v->why for an illegal program; -ENOMEM. */
int ambit_fault_prepare(const struct ambit_program *p, struct ambit_fault_program *out, struct ambit_verdict *v);
void ambit_fault_program_free(struct ambit_fault_program *x);

/* ---- running ---- */

/* Which columns are neighbours: those of one chip, in the order of their bits in a burst. */
struct ambit_burst {
	unsigned chip_bits; /* bits of one chip in a beat */
	unsigned beat_bits; /* bits of all chips in a beat: divides 64; a single chip has chip_bits = beat_bits = 64 */
};

struct ambit_fault_job {
	const struct ambit_fault_program *x;
	const struct ambit_fault_maps *maps; /* reserved and drawn for the slots and addresses of the job */
	struct ambit_shift at;
	/* Contents of the inputs, then of the results; slot s lies at byte s x row_bytes of each. A result may be the
	 * memory of an input. */
	char *const *d;
	uint64_t row_bytes;    /* of one slot, a multiple of 64 */
	uint64_t first_column; /* physical column of lane 0 of a slot, a multiple of 64 */
	uint64_t lanes;        /* lanes that count, over all slots; columns past them never fail */
	uint64_t period;       /* slots after which lanes count from 0 again (vectors kept several times); 0: never */
	struct ambit_burst burst;
	size_t strip; /* bytes of a strip, a multiple of 64 */
	uint64_t seed;
};

struct ambit_fault_done {
	uint64_t bytes[2]; /* as struct ambit_executed */
	uint64_t injected; /* bits that a TRA got wrong */
	uint64_t wrong;    /* bits of results that differ from those without failures */
};

/* Bytes of scratch for ambit_fault_run(). */
size_t ambit_fault_scratch(const struct ambit_fault_job *j);
/* Runs the program on slots begin..end-1 of every row. bytes: length of all slots together, a multiple of 64; the last
 * slot may be partial. scratch: ambit_fault_scratch() bytes, aligned to 64; one per concurrent call. Adds to *done. */
void ambit_fault_run(const struct ambit_fault_job *j, uint64_t begin, uint64_t end, uint64_t bytes, void *scratch,
		     struct ambit_fault_done *done);

#endif
