/* `memwall pim eval` in parts; private to cli/pim_eval*.c. */
#ifndef MW_CLI_PIM_EVAL_H
#define MW_CLI_PIM_EVAL_H

#include <stdio.h>

#include "base/sys/stream.h"
#include "base/sys/team.h"
#include "cli/command.h"
#include "pim/pim.h"

enum { EVAL_INPUTS = 3 };

/* One file and the vector that holds a step of it. */
struct eval_operand {
	struct pim_type type;
	size_t container; /* bytes of a lane on the host; 0: packed bits */
	char path[4096];
	struct mw_stream *stream;
	struct pim_vector *v;
};

struct eval_trace {
	struct cli_out out; /* out.f NULL: no trace */
	bool stopped;       /* the device writes no more */
};

struct eval {
	struct pim_device *dev;
	enum pim_op op;
	struct pim_type type; /* of the operands, as --width and --signed say */
	bool reduces;         /* to one number: no result file */
	struct eval_operand in[EVAL_INPUTS], out;
	unsigned n_in;
	uint64_t lanes;     /* of the files */
	uint64_t grain;     /* lanes that are not divided: those of one row */
	uint64_t step;      /* lanes of a block of the files, whole grains */
	uint64_t piece;     /* lanes of the vectors, at most a step: less where the device has few rows */
	uint64_t allocated; /* lanes that they have now; 0: none */
	/* Lanes after which a long vector goes on in the next subarray of each bank, where results depend on the place
	 * (columns that fail): pieces are put there. 0: they do not. */
	uint64_t per_subarray;
	uint64_t value;  /* fill, amount of a shift */
	uint64_t result; /* of a reduction */
	/* Of one vector as long as the files, where the device can tell without contents; else of the pieces. */
	struct pim_cost *cost;
	struct pim_cost *executed; /* of the pieces: what depends on contents; NULL: cost is */
	struct mw_team *team;
	struct eval_trace trace;
	const atomic_int *stop;
	bool show; /* progress on the terminal */
	uint64_t start_ns, shown_ns;
};

/* ---- pim_eval_operation.c ---- */
/* Bytes of that many lanes in a file. */
uint64_t eval_bytes(const struct eval_operand *o, uint64_t lanes);
/* The device's reason as one line. */
int eval_failed(const struct eval *e, int rc, const char *what, char *err, size_t n);

/* The operation itself, on the given vectors. value: of a reduction; NULL for unbacked vectors. */
int eval_compute(const struct eval *e, struct pim_vector *dst, struct pim_vector *const *src, uint64_t *value);

/* ---- pim_eval_words.c ---- */
/* Rows of the emitter's table: operations x metrics. */
enum eval_row {
	EVAL_AAP,
	EVAL_AP,
	EVAL_PROGRAMS,
	EVAL_BATCHES,
	EVAL_BYTES_IN,
	EVAL_BYTES_OUT,
	EVAL_BYTES_TRANSPOSED,
	EVAL_TIME_RESIDENT,
	EVAL_TIME_TRANSPOSE,
	EVAL_TIME_HOST,
	EVAL_TIME_END_TO_END,
	EVAL_FAULTS_INJECTED,
	EVAL_BITS_WRONG,
	EVAL_ECC_CORRECTED,
	EVAL_ECC_DETECTED,
	EVAL_ECC_UNDETECTED,
	EVAL_ENERGY,
	EVAL_RESULT
};
extern const struct mw_emitter eval_emitter;
extern const struct mw_key eval_key_bytes, eval_key_width, eval_key_signed;

/* ---- pim_eval_setup.c ---- */
extern const struct mw_option eval_options[];
/* Checks the options, opens the device and the files. stats: they are printed in the end. */
int eval_set_up(struct eval *e, struct cli *cli, bool stats, char *err, size_t n);
void eval_tear_down(struct eval *e);

/* ---- pim_eval_trace.c ---- */
/* Nothing happens without --trace. */
int eval_trace_begin(struct eval *e, const struct mw_opts *opts, char *err, size_t n);
/* The device writes the rest; what it does from here on is not traced. */
int eval_trace_stop(struct eval *e, char *err, size_t n);
int eval_trace_commit(struct eval *e, char *err, size_t n);
void eval_trace_abort(struct eval *e);

/* ---- pim_eval_result.c ---- */
/* Bits beyond the width in a step that begins at byte `at` of its file are an error that names the place. */
int eval_check_excess(const struct eval_operand *o, const void *data, uint64_t lanes, uint64_t at, char *err, size_t n);
/* Adds a step's number to the result. */
void eval_add_result(struct eval *e, bool first, uint64_t value);
/* Opens e->cost: charges the operation on the whole files, or starts counting. */
int eval_charge(struct eval *e, char *err, size_t n);
/* Was executed what was charged? MW_EVERIFY. */
int eval_check_charge(const struct eval *e, char *err, size_t n);
/* The number of a reduction, and what it all cost (--stats). */
int eval_print(const struct eval *e, const struct cli *cli, bool stats, char *err, size_t n);

#endif
