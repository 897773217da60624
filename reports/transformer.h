/* Closed forms of transformers (bench/model/transformer.h) beside the values that Kim et al., arXiv:2302.14017, print.
 * Makes rows of numbers for those who draw or print them. */
#ifndef MW_REPORT_TRANSFORMER_H
#define MW_REPORT_TRANSFORMER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/core/text.h"
#include "bench/model/transformer.h"
#include "reports/csv.h"

/* ---- what is published: reports/data/transformer_profile.csv ---- */

enum profile_metric {
	PROFILE_FLOPS,
	PROFILE_BYTES,
	PROFILE_INTENSITY,        /* FLOP/byte */
	PROFILE_LATENCY_MEASURED, /* both: as multiples of BERT-Base at 128 tokens */
	PROFILE_LATENCY_ANALYTIC,
	PROFILE_METRICS,
};

struct profile_cell {
	const struct transformer_model *model;
	double seq; /* tokens */
	enum transformer_op op;
	enum profile_metric metric;
	const char *printed, *unit; /* as printed: "7.25", "GFLOP" */
	double value, unit_size;    /* number of printed; FLOP or bytes in one unit */
	const char *source, *licence, *note;
	bool in_table; /* printed in a table, for each operator; false: in a figure, for whole models */
};

struct profile {
	struct csv csv; /* owns the texts */
	struct profile_cell *cells;
	size_t n;
};

/* MW_EFORMAT with a line in err when the table is not as expected; -ENOMEM. *p is freed with profile_close in every
 * case. */
int profile_open(struct profile *p, char *err, size_t n);
/* The same for `size` bytes of another table; name: for messages. */
int profile_parse(struct profile *p, const char *name, const char *text, size_t size, char *err, size_t n);
void profile_close(struct profile *p);

/* The cell of that model, or of the one that it is a variant of; one of a table before one of a figure. NULL where
 * nothing is published. */
const struct profile_cell *profile_find(const struct profile *p, const struct transformer_model *model, double seq,
					enum transformer_op op, enum profile_metric metric);

/* Does value round to what is printed, with its number of decimals? Half a unit of the last one goes either way. */
bool profile_rounds(double value, const char *printed);

/* What the closed forms give for a cell of FLOPs, bytes or intensity, in the cell's unit, as the paper counts: 8 bits,
 * one sequence. NaN for latencies. */
double profile_value(const struct profile_cell *cell);

struct profile_fit {
	size_t cells, missed; /* of the three metrics above; missed: the closed form does not round to it */
};
/* in_tables: of Tables 3, 10 and 11; else of Figures 4 to 6. */
struct profile_fit profile_fit(const struct profile *p, bool in_tables);

/* ---- rows ---- */

struct transformer_case {
	const char *name;                      /* of the model, or "custom" */
	const struct transformer_model *model; /* NULL: a shape of the user */
	struct transformer_shape shape;
	struct transformer_load load;
};

/* As the paper counts the model: 8 bits, one sequence, encoder or the whole sequence generated. */
struct transformer_load transformer_paper_load(const struct transformer_model *model, double tokens);

struct transformer_row {
	const struct transformer_case *of;
	enum transformer_op op;
	struct transformer_cost cost;
	/* By metric FLOPS, BYTES, INTENSITY; NULL where nothing is published for these conditions. */
	const struct profile_cell *published[PROFILE_INTENSITY + 1];
};

/* All operators of a case, the total last. c and p must outlive the rows. */
void transformer_rows(const struct transformer_case *c, const struct profile *p,
		      struct transformer_row out[TRANSFORMER_OPS]);

/* FLOP, bytes or FLOP/byte of a row. */
double transformer_row_value(const struct transformer_row *r, enum profile_metric metric);

/* Adds notes on a row, if there are any: published values that it does not round to and why, experts that it reads, a
 * length beyond the model's context. */
void transformer_row_note(const struct transformer_row *r, struct mw_buf *note);

struct transformer_latency {
	double modelled; /* multiple of BERT-Base at 128 tokens, one sequence, in the same formats */
	const struct profile_cell *measured, *analytic; /* or NULL */
};
/* Latency of a case: sum over the operators of max(FLOP, bytes ridge), ridge > 0 in FLOP/byte. */
struct transformer_latency transformer_latency_of(const struct transformer_case *c, const struct profile *p,
						  double ridge);

#endif
