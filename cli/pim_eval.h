/* `memwall pim eval` in parts; private to cli/pim_eval*.c. */
#ifndef MW_CLI_PIM_EVAL_H
#define MW_CLI_PIM_EVAL_H

#include <stdio.h>

#include "base/sys/stream.h"
#include "base/sys/team.h"
#include "cli/command.h"
#include "pim/pim_device.h"

enum { EVAL_INPUTS = 3 };

/* One file, and the vector with a piece of it. */
struct eval_operand {
	struct pim_type type;
	size_t container; /* bytes of a lane on the host; 0: packed bits */
	char path[4096];
	struct mw_stream *stream;
	struct pim_vector *v;
};

struct eval_trace {
	struct cli_out out; /* out.f NULL: no trace */
	bool stopped;       /* the device has stopped writing the trace */
};

struct eval {
	struct pim_library *library; /* of --device-lib, or NULL */
	struct pim_device *dev;
	enum pim_op op;
	struct pim_type type; /* of the operands, as --width and --signed say */
	bool reduces;         /* the result is one number; there is no result file */
	struct eval_operand in[EVAL_INPUTS], out;
	unsigned n_in;
	uint64_t lanes;     /* of the files */
	uint64_t grain;     /* lanes of one row; pieces are multiples of it */
	uint64_t step;      /* lanes read at a time, a multiple of grain */
	uint64_t piece;     /* lanes of the vectors: step, or less where the device has few rows */
	uint64_t allocated; /* lanes allocated now; 0: none */
	/* If results depend on the place (columns that fail): lanes after which a long vector goes on in the next
	 * subarray of each bank, so that pieces are placed in the same way. Else 0. */
	uint64_t per_subarray;
	uint64_t value;  /* fill, amount of a shift */
	uint64_t result; /* of a reduction */
	/* Cost of one vector as long as the files, if the device can compute it without contents; else of the
	 * pieces. */
	struct pim_cost *cost;
	struct pim_cost *executed; /* cost of the pieces, for counts that depend on contents; NULL: cost has them */
	struct mw_team *team;
	struct eval_trace trace;
	const atomic_int *stop;
	bool show; /* progress on the terminal */
	uint64_t start_ns, shown_ns;
};

/* ---- pim_eval_operation.c ---- */
/* Bytes of `lanes` lanes in a file. */
uint64_t eval_bytes(const struct eval_operand *o, uint64_t lanes);
/* Writes the device's error as one line. */
int eval_failed(const struct eval *e, int rc, const char *what, char *err, size_t n);

/* Runs the operation on the given vectors. value: result of a reduction; NULL for vectors without contents. */
int eval_compute(const struct eval *e, struct pim_vector *dst, struct pim_vector *const *src, uint64_t *value);

/* ---- pim_eval_words.c ---- */
/* Rows of the emitter's table, one per metric. */
enum eval_row {
	EVAL_AAP,
	EVAL_AP,
	EVAL_PROGRAMS,
	EVAL_BATCHES,
	EVAL_BYTES_IN,
	EVAL_BYTES_OUT,
	EVAL_BYTES_TRANSPOSED,
	EVAL_TIME_RESIDENT,
	EVAL_TIME_IN,
	EVAL_TIME_OUT,
	EVAL_TIME_TRANSPOSE,
	EVAL_TIME_HOST,
	EVAL_TIME_END_TO_END,
	EVAL_FAULTS_INJECTED,
	EVAL_BITS_WRONG,
	EVAL_ECC_CORRECTED,
	EVAL_ECC_DETECTED,
	EVAL_ECC_UNDETECTED,
	EVAL_ENERGY,
	EVAL_ENERGY_RESIDENT,
	EVAL_ENERGY_IN,
	EVAL_ENERGY_OUT,
	EVAL_ENERGY_TRANSPOSE,
	EVAL_ENERGY_HOST,
	EVAL_ENERGY_PART,
	EVAL_RESULT
};
extern const struct mw_emitter eval_emitter;
extern const struct mw_key eval_key_bytes, eval_key_width, eval_key_signed, eval_key_part;

/* ---- pim_eval_setup.c ---- */
extern const struct mw_option eval_options[];
/* Checks the options, opens the device and the files. stats: costs will be printed. */
int eval_set_up(struct eval *e, struct cli *cli, bool stats, char *err, size_t n);
void eval_tear_down(struct eval *e);

/* ---- pim_eval_trace.c ---- */
/* Opens the trace; does nothing without --trace. */
int eval_trace_begin(struct eval *e, const struct mw_opts *opts, char *err, size_t n);
/* Ends tracing: the device writes what is buffered; later commands are not traced. */
int eval_trace_stop(struct eval *e, char *err, size_t n);
int eval_trace_commit(struct eval *e, char *err, size_t n);
void eval_trace_abort(struct eval *e);

/* ---- pim_eval_energy.c ---- */
/* Adds the energy of the whole, of each part of the time, and of each cause. */
int eval_add_energy(const struct eval *e, struct mw_records *l);

/* ---- pim_eval_result.c ---- */
/* Begins a record of the costs: its row, its device and the sizes. */
void eval_record(const struct eval *e, enum eval_row row, struct mw_record *r);
/* Ends it and adds it. */
int eval_take(struct mw_records *l, struct mw_record *r);
/* Checks that no lane of a step, which begins at byte `at` of its file, has bits beyond the width. MW_ESPEC with the
 * place in err. */
int eval_check_excess(const struct eval_operand *o, const void *data, uint64_t lanes, uint64_t at, char *err, size_t n);
/* Combines the result of a step with e->result. */
void eval_add_result(struct eval *e, bool first, uint64_t value);
/* Opens e->cost: computes the cost of the operation on the whole files, or starts counting the pieces. */
int eval_charge(struct eval *e, char *err, size_t n);
/* MW_EVERIFY when the executed counts differ from those computed for the whole files. */
int eval_check_charge(const struct eval *e, char *err, size_t n);
/* Prints the result of a reduction, and with stats the costs. */
int eval_print(const struct eval *e, const struct cli *cli, bool stats, char *err, size_t n);

#endif
