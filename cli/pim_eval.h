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
	FILE *file;                  /* NULL: none */
	char path[4096], part[4112]; /* part: temporary, or path itself where that is no regular file */
};

struct eval {
	struct pim_device *dev;
	enum pim_op op;
	struct pim_type type; /* of the operands, as --width and --signed say */
	bool reduces;         /* to one number: no result file */
	struct eval_operand in[EVAL_INPUTS], out;
	unsigned n_in;
	uint64_t lanes;     /* of the files */
	uint64_t step;      /* lanes at a time: whole batches, so that costs add up to those of one vector */
	uint64_t allocated; /* lanes of the vectors; 0: none */
	uint64_t value;     /* fill, amount of a shift */
	uint64_t result;    /* of a reduction */
	struct pim_cost *cost;
	struct mw_team *team;
	struct eval_trace trace;
};

/* Bytes of that many lanes in a file. */
uint64_t eval_bytes(const struct eval_operand *o, uint64_t lanes);
/* The device's reason as one line. */
int eval_failed(const struct eval *e, int rc, const char *what, char *err, size_t n);

/* ---- pim_eval_setup.c ---- */
extern const struct mw_option eval_options[];
/* Checks the options, opens the device and the files. */
int eval_set_up(struct eval *e, const struct mw_opts *opts, char *err, size_t n);
void eval_tear_down(struct eval *e);

/* ---- pim_eval_trace.c ---- */
/* Nothing happens without --trace. */
int eval_trace_begin(struct eval *e, const struct mw_opts *opts, char *err, size_t n);
int eval_trace_commit(struct eval *e, char *err, size_t n);
void eval_trace_abort(struct eval *e);

/* ---- pim_eval_result.c ---- */
/* Bits beyond the width in a step that begins at byte `at` of its file are an error that names the place. */
int eval_check_excess(const struct eval_operand *o, const void *data, uint64_t lanes, uint64_t at, char *err, size_t n);
/* Adds a step's number to the result. */
void eval_add_result(struct eval *e, bool first, uint64_t value);
/* The number of a reduction, and what it all cost (--stats). */
int eval_print(const struct eval *e, const struct cli *cli, bool stats, char *err, size_t n);

#endif
