/* State of device `ambit`; private to pim/devices/ambit*.c. */
#ifndef PIM_DEVICE_AMBIT_H
#define PIM_DEVICE_AMBIT_H

#include "ambit-emu/energy.h"
#include "ambit-emu/exact.h"
#include "ambit-emu/geometry.h"
#include "ambit-emu/ops.h"
#include "ambit-emu/rowclone.h"
#include "ambit-emu/timing.h"
#include "pim/core.h"
#include "pim/devices/ambit_fault.h"

enum ambit_transposer { AMBIT_TRANSPOSE_UNIT, AMBIT_TRANSPOSE_HOST, AMBIT_TRANSPOSE_DONE };

/* A program that was built for one operation on one width, and what it costs. */
struct ambit_prepared {
	struct ambit_request request;
	uint64_t used; /* when, for eviction; 0: free */
	struct ambit_shape shape;
	struct ambit_builder builder;
	struct ambit_counts counts;
	uint64_t ps, batch_ps; /* in one subarray; in all that work at once */
	bool lowered;
	struct ambit_exact exact; /* once lowered */
};

enum { AMBIT_PREPARED = 64 };

struct ambit {
	struct ambit_geometry geometry;
	struct ambit_timing timing;
	struct ambit_energy energy;
	const struct ambit_energy_table *energy_table; /* NULL: the equations */
	bool exact, published, via_host;
	struct ambit_failures failures;
	double in_gbps, out_gbps;
	enum ambit_transposer transposer;
	double transpose_gbps, host_gbps;
	uint64_t rows_used;   /* data rows taken in the fullest subarray */
	uint64_t seed, runs;  /* noise differs from program to program */
	uint64_t clock;       /* of the programs' use */
	size_t commands_kept; /* in all prepared programs */
	struct ambit_prepared *prepared;
	struct ambit_trace *trace; /* NULL: none */
	size_t cache_bytes;
	struct ambit_bank **raw; /* rows of raw subarrays, by bank; NULL: none was used */
	char time_source[640], published_source[720], wrong_source[720], energy_source[280];
};

/* Lanes of a vector. Width 1 is packed bits. Wider lanes are planes of packed bits, one row after the other of each
 * bit, for the exact engine, and containers for the fused one. */
struct ambit_lanes {
	bool planes;
	unsigned unit; /* bytes of a container; 0: packed */
	size_t stride; /* from plane to plane */
	size_t bytes;  /* of p */
	char *p;
	/* protect=ecc: check bits of every plane, and what the planes would hold had nothing failed. */
	char *check, *truth;
	size_t check_stride;
};

/* Rows of all copies of a vector. */
static inline uint64_t ambit_held_slots(const struct ambit *a, uint64_t lanes)
{
	return a->failures.copies * ambit_slots(&a->geometry, lanes);
}

/* Lanes of all copies of a vector with contents; each begins with a row. */
static inline uint64_t ambit_held(const struct ambit *a, uint64_t lanes)
{
	uint64_t row_bits = 8 * ambit_row_bytes(&a->geometry);
	return a->failures.copies > 1 ? ambit_held_slots(a, lanes) * row_bits : lanes;
}

static inline char *ambit_plane(const struct ambit_lanes *l, unsigned bit)
{
	return l->p + bit * l->stride;
}

/* ---- ambit_vector.c ---- */
int ambit_alloc(void *state, struct pim_call *call, struct pim_operand *o);
void ambit_free(void *state, struct pim_operand *o);
int ambit_write(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes);
int ambit_read(void *state, struct pim_call *call, const struct pim_operand *o, void *dst, size_t bytes);
int ambit_map(void *state, const struct pim_operand *o, void **p);
/* pim_reduce and pim_shift_lanes: the host does it, the device charges it. */
int ambit_reduce(struct ambit *a, struct pim_call *call, const struct pim_command *c);
int ambit_shift_lanes(struct ambit *a, struct pim_call *call, const struct pim_command *c);

/* ---- ambit_program.c ---- */
/* The program of an operation on operands of a type; kept. -EOPNOTSUPP and why (size n). */
int ambit_prepare(struct ambit *a, enum pim_op op, struct pim_type type, uint64_t value, struct ambit_prepared **out,
		  char *why, size_t n);
/* The same, ready for the exact engine. */
int ambit_lower(struct ambit *a, struct ambit_prepared *p, char *why, size_t n);
void ambit_prepared_free(struct ambit *a);
/* Does the published sequence give wrong lanes? (docs/pim.md) */
bool ambit_published_wrong(enum pim_op op, unsigned width);

/* ---- ambit_execute.c ---- */
/* A program on vectors of one length, and what it costs. */
struct ambit_run {
	const char *name;
	const struct ambit_program *program;
	const struct ambit_counts *counts;
	const struct ambit_exact *exact;
	uint64_t ps, batch_ps;          /* in one subarray; in all that work at once */
	const struct pim_operand *home; /* where it runs */
};
/* d: the rows of inputs and results, `bytes` each. -EIO: other commands than the program's were executed. */
int ambit_run_exact(struct ambit *a, struct pim_call *call, const struct ambit_run *r, char *const *d, size_t bytes);
void ambit_charge(const struct ambit *a, struct pim_call *call, const struct ambit_run *r, uint64_t slots);
int ambit_execute(void *state, struct pim_call *call, const struct pim_command *c);

/* ---- ambit_trace.c ---- */
int ambit_trace(void *state, const struct pim_trace_config *config, const char *spec, char *err, size_t n);
/* Each beside what is charged; nothing happens without a trace. */
void ambit_trace_charge(const struct ambit *a, const struct ambit_program *p, uint64_t slots);
void ambit_trace_alone_at(const struct ambit *a, const struct ambit_program *p, struct ambit_place at);
void ambit_trace_bytes(const struct ambit *a, mw_wide bytes, mw_wide ps, bool write);
void ambit_trace_wait(const struct ambit *a, mw_wide ps);
void ambit_trace_drop(struct ambit *a);

/* ---- ambit_raw.c ---- */
extern const struct pim_raw_ops ambit_raw;
void ambit_raw_free(struct ambit *a);

/* ---- ambit_place.c ---- */

/* Commands of one program on each of `slots` rows; no time. */
void ambit_charge_commands(struct pim_call *call, const struct ambit_counts *n, uint64_t slots);

struct ambit_operands {
	const struct pim_operand *const *src, *const *dst;
	size_t n_src, n_dst;
};

/* What an operation on operands that lie apart moves before and after its program. */
struct ambit_route {
	bool apart;                     /* false: nothing */
	uint64_t rows[AMBIT_CLONE_FAR]; /* to move per slot, by enum ambit_clone */
	uint64_t temporaries;           /* rows for operands that were moved in or are moved out */
	const struct pim_operand *home; /* in whose subarrays the program runs */
	struct ambit_clone_cost cost[AMBIT_CLONE_FAR];
};
/* The cheapest subarray to work in; at least one result. -EOPNOTSUPP: the memory has no timings of column commands with
 * a source. */
int ambit_route(const struct ambit *a, struct pim_call *call, const struct ambit_operands *o, struct ambit_route *out);
void ambit_charge_route(const struct ambit *a, struct pim_call *call, const struct ambit_route *r, uint64_t slots);
/* Cost of moving one row; -EOPNOTSUPP as above and for AMBIT_CLONE_FAR. */
int ambit_clone_price(const struct ambit *a, struct pim_call *call, enum ambit_clone kind,
		      struct ambit_clone_cost *out);

/* ---- ambit_user.c ---- */
int ambit_run_program(void *state, struct pim_call *call, const struct pim_program *program,
		      const struct pim_operand *const *dst, const struct pim_operand *const *src);
int ambit_price_program(void *state, const struct pim_program *program, struct pim_price *out);

/* ---- ambit_price.c ---- */
/* Fills in what follows from a program's counts and times; the rest is left. -ENOMEM. */
int ambit_fill_price(const struct ambit *a, const struct ambit_run *r, struct pim_price *out);
int ambit_modelled(void *state, enum pim_count what);
int ambit_joules(void *state, const uint64_t *counts, enum pim_part part, struct pim_energy *out);
int ambit_price(void *state, enum pim_op op, struct pim_type type, struct pim_price *out);

#endif
