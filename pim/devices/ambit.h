/* State of device `ambit`; private to pim/devices/ambit*.c. */
#ifndef PIM_DEVICE_AMBIT_H
#define PIM_DEVICE_AMBIT_H

#include "ambit-emu/disturb.h"
#include "ambit-emu/energy.h"
#include "ambit-emu/exact.h"
#include "ambit-emu/occupancy.h"
#include "ambit-emu/ops.h"
#include "ambit-emu/rowclone.h"
#include "ambit-emu/timing.h"
#include "pim/core.h"
#include "pim/devices/ambit_fault.h"

enum ambit_transposer { AMBIT_TRANSPOSE_UNIT, AMBIT_TRANSPOSE_HOST, AMBIT_TRANSPOSE_DONE };

/* The program of one operation on one width, and its costs. */
struct ambit_prepared {
	struct ambit_request request;
	uint64_t used; /* time of last use, for eviction; 0: free */
	struct ambit_shape shape;
	struct ambit_builder builder;
	struct ambit_counts counts;
	uint64_t ps, batch_ps; /* in one subarray; in all that work at once */
	bool lowered;
	struct ambit_exact exact; /* valid when lowered */
};

enum { AMBIT_PREPARED = 64, AMBIT_UNBACKED = 16 };

/* Rows that a trace shows for unbacked vectors, which have none of their own. */
struct ambit_unbacked_vector {
	const struct pim_operand *o;
	uint64_t cols;
	uint32_t bits;
	uint64_t first;
};

struct ambit_unbacked {
	struct ambit_unbacked_vector known[AMBIT_UNBACKED];
	unsigned next;
	uint64_t rows; /* where the next one begins */
};

struct ambit {
	struct dram_part part;
	struct ambit_geometry geometry;
	struct ambit_timing timing;
	struct ambit_energy energy;
	const struct ambit_energy_table *energy_table; /* NULL: the equations */
	struct ambit_io io;
	struct ambit_hc_first hc_first;
	bool exact, published, via_host;
	struct ambit_failures failures;
	double in_gbps, out_gbps;
	double reload_gbps; /* of rows from one place to another by way of the host: all channels */
	enum ambit_transposer transposer;
	double transpose_gbps, host_gbps;
	struct ambit_occupancy occupancy;
	struct ambit_unbacked unbacked;
	uint64_t seed, runs;  /* the number of runs changes the noise from run to run */
	uint64_t clock;       /* counts uses of prepared programs */
	size_t commands_kept; /* in all prepared programs */
	struct ambit_prepared *prepared;
	struct ambit_trace *trace; /* NULL: none */
	size_t cache_bytes;
	struct ambit_bank **raw; /* rows of raw subarrays, by bank; NULL: none was used */
	struct mw_buf user;      /* values of the part that are the user's: "tras 30 trp 12" */
	char *time_source, *published_source, *wrong_source, *energy_source, *column_source; /* owned */
};

/* Lanes of a vector. Width 1 is packed bits. Wider lanes are planes of packed bits, one plane per bit, for the exact
 * engine, and containers for the fused one. */
struct ambit_lanes {
	bool planes;
	unsigned unit; /* bytes of a container; 0: packed */
	size_t stride; /* bytes from one plane to the next */
	size_t bytes;  /* of p */
	char *p;
	struct ambit_holding *held; /* its rows */
	/* protect=ecc: check bits of every plane, and what the planes would hold without failures. */
	char *check, *truth;
	size_t check_stride;
};

/* Without currents of the part, energy has no model. */
static inline bool ambit_has_energy(const struct ambit *a)
{
	return a->energy_table || dram_part_has_currents(&a->part);
}

/* Slots of all copies of a vector. */
static inline uint64_t ambit_held_slots(const struct ambit *a, uint64_t lanes)
{
	return a->failures.copies * ambit_slots(&a->geometry, lanes);
}

/* Lanes that all copies of a vector take; each copy begins with a new row. */
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
/* The program of an operation on operands of a type; it is kept. -EOPNOTSUPP, -ENOMEM or -EINVAL with the reason in why
 * (size n). */
int ambit_prepare(struct ambit *a, enum pim_op op, struct pim_type type, uint64_t value, struct ambit_prepared **out,
		  char *why, size_t n);
/* Prepares a program for the exact engine. */
int ambit_lower(struct ambit *a, struct ambit_prepared *p, char *why, size_t n);
void ambit_prepared_free(struct ambit *a);
int ambit_program_text(void *state, enum pim_op op, struct pim_type type, uint64_t value, char **text, char *err,
		       size_t n);
/* Does the published sequence give wrong lanes? (docs/pim.md) */
bool ambit_published_wrong(enum pim_op op, unsigned width);

/* ---- ambit_execute.c ---- */
struct ambit_operands {
	const struct pim_operand *const *src, *const *dst;
	size_t n_src, n_dst;
	uint32_t temporaries; /* data rows of the program besides those of its operands */
	const char *name;     /* of the operation, for errors */
};

/* A program to run on vectors of one length, and its costs. */
struct ambit_run {
	const char *name;
	const struct ambit_program *program;
	const struct ambit_counts *counts;
	const struct ambit_exact *exact;
	uint64_t ps, batch_ps; /* in one subarray; in all that work at once */
	struct ambit_shift at; /* where it runs */
	uint64_t lanes;        /* of an operand */
	const struct ambit_operands *operands;
};
/* Data rows besides those of inputs and results. */
static inline uint32_t ambit_temporaries(const struct ambit_program *p)
{
	unsigned named = p->inputs + p->outputs;
	return p->rows > named ? (uint32_t)(p->rows - named) : 0;
}
/* Runs a program in the exact engine. d: rows of inputs, then results, `bytes` each. -EIO: the commands executed are
 * not those of the program; -ENOMEM. */
int ambit_run_exact(struct ambit *a, struct pim_call *call, const struct ambit_run *r, char *const *d, size_t bytes);
void ambit_charge(struct ambit *a, struct pim_call *call, const struct ambit_run *r, uint64_t slots);
int ambit_execute(void *state, struct pim_call *call, const struct pim_command *c);

/* ---- ambit_trace.c ---- */
int ambit_trace(void *state, const struct pim_trace_config *config, const char *spec, char *err, size_t n);
/* Add to the trace what is charged; they do nothing without a trace. */
void ambit_trace_charge(struct ambit *a, const struct ambit_run *r, uint64_t slots);
void ambit_trace_alone_at(const struct ambit *a, const struct ambit_program *p, struct ambit_place at);
/* The vector is written, or read; ps: the time that was charged. */
void ambit_trace_vector_moves(struct ambit *a, const struct pim_operand *o, mw_wide ps, bool write);
void ambit_trace_wait(const struct ambit *a, mw_wide ps);
void ambit_trace_drop(struct ambit *a);

/* ---- ambit_rows.c ---- */
/* Data row of bit `bit` of a vector in layer `layer` of its subarrays. Unbacked vectors have no rows of their own: they
 * take rows from 0 on, in the order in which a trace first meets them, and start over at the end. The rows of scattered
 * ones differ from slot to slot; a trace shows rows from 0 on. */
uint32_t ambit_row_of(struct ambit *a, const struct pim_operand *o, unsigned bit, uint64_t layer);
/* The n-th data row that is free in the subarray of slot 0 at a place; starts over where fewer are free. */
uint32_t ambit_row_free(const struct ambit *a, const struct ambit_shift *at, uint64_t n);

/* ---- ambit_raw.c ---- */
extern const struct pim_raw_ops ambit_raw;
void ambit_raw_free(struct ambit *a);

/* ---- ambit_place.c ---- */

/* Takes the rows of a vector and sets its place. -ENOSPC says how many are needed and free; -ENOMEM. */
int ambit_place_vector(struct ambit *a, struct pim_call *call, struct pim_operand *o, struct ambit_holding **out);
struct ambit_shift ambit_shift_of(const struct pim_operand *o);

/* Charges the commands of one program on each of `slots` rows, no time. */
void ambit_charge_commands(struct pim_call *call, const struct ambit_counts *n, uint64_t slots);

/* Where a program runs, and what is moved before and after it: operands that lie elsewhere, and rows that make room.
 * Per kind of copy; AMBIT_CLONE_FAR: over the channels, out and in again. */
struct ambit_route {
	struct ambit_shift at;
	bool apart; /* an operand lies elsewhere */
	uint64_t rows[AMBIT_CLONE_FAR + 1];
	uint64_t moved;  /* rows beside each slot that hold copies of operands, and results to be copied back */
	mw_wide evicted; /* rows of other vectors, over all slots, that are brought out and in again */
	struct ambit_clone_cost cost[AMBIT_CLONE_FAR];
};
/* Chooses the place with the least time for copies: that of an operand (at least one result), or the first one with
 * room. -ENOSPC: more rows than a subarray has, or too few left for vectors that were placed by the caller. */
int ambit_route(const struct ambit *a, struct pim_call *call, const struct ambit_operands *o, struct ambit_route *out);
/* The route of a copy, which needs no program; apart is false where it does. */
void ambit_route_copy(const struct ambit *a, const struct pim_operand *from, const struct pim_operand *to,
		      struct ambit_route *out);
void ambit_charge_route(const struct ambit *a, struct pim_call *call, const struct ambit_route *r, uint64_t slots);
/* Cost of copying one row. -EOPNOTSUPP: AMBIT_CLONE_FAR, or the timings of column commands have no source. */
int ambit_clone_price(const struct ambit *a, struct pim_call *call, enum ambit_clone kind,
		      struct ambit_clone_cost *out);

/* ---- ambit_user.c ---- */
int ambit_run_program(void *state, struct pim_call *call, const struct pim_program *program,
		      const struct pim_operand *const *dst, const struct pim_operand *const *src);
int ambit_price_program(void *state, const struct pim_program *program, struct pim_price *out);

/* Gives the text away, with the values of the part that are the user's. NULL: out of memory. */
char *ambit_source_text(const struct ambit *a, struct mw_buf *b, bool user);

/* ---- ambit_energy.c ---- */
/* Reads the keys of energy and read disturbance; geometry, timing and failures are set. */
int ambit_energy_open(struct ambit *a, const struct pim_config *c, char *err, size_t n);
int ambit_joules(void *state, const uint64_t *counts, enum pim_part part, struct pim_energy *out);
/* Energy of one of the programs of a batch. */
void ambit_price_energy(const struct ambit *a, const struct ambit_run *r, struct pim_price *price);
/* use: of that program. p has its other members. */
void ambit_price_disturbance(const struct ambit *a, const struct ambit_run *r, const struct ambit_row_use *use,
			     struct pim_price *p);

/* ---- ambit_price.c ---- */
/* Fills in what follows from a program's counts and times and leaves the rest. -ENOMEM. */
int ambit_fill_price(const struct ambit *a, const struct ambit_run *r, struct pim_price *out);
int ambit_modelled(void *state, enum pim_count what);
int ambit_price(void *state, enum pim_op op, struct pim_type type, struct pim_price *out);

#endif
