/* The compiled-in points (reports/data/README.md), and the series that are made of them. */
#ifndef MW_TREND_DATA_H
#define MW_TREND_DATA_H

#include "reports/csv.h"
#include "reports/trend_fit.h"

enum trend_table {
	TREND_HW_FLOPS,
	TREND_DRAM_BW,
	TREND_INTERCONNECT_BW,
	TREND_EDITION_2021,
	TREND_MODEL_PARAMS,
	TREND_TRAIN_FLOPS,
	TREND_ACCELERATOR_MEMORY,
	TREND_TRAINING_MEMORY,
	TREND_README_MODELS,
	TREND_EPOCH_HARDWARE,
	TREND_EPOCH_MODELS,
	TREND_RUPP_50,
	TREND_RUPP_DEVICES,
	TREND_PATTERSON,
	TREND_TABLES,
};

struct trend_table_info {
	const char *name; /* of its file, without .csv */
	const char *text;
	const size_t *size;
	const char *credit; /* author to name beside its numbers, and licence */
};

extern const struct trend_table_info trend_tables[TREND_TABLES];

struct trend_data {
	struct csv tables[TREND_TABLES];
};

/* Reads all of them. MW_EFORMAT or -ENOMEM with a line in err; *out is freed with trend_data_fini in every case. */
int trend_data_open(struct trend_data *out, char *err, size_t n);
void trend_data_fini(struct trend_data *d);

/* ---- series ---- */

/* Selects rows whose column is (part: contains) one of the words "a|b|c"; not: all other rows. */
struct trend_where {
	const char *column, *words;
	int part, not ;
};

enum trend_twist {
	TREND_AS_IT_IS,
	TREND_RUNNING_MAX, /* only points above all earlier ones */
	TREND_END_POINTS,  /* the first and the last point only */
	TREND_R10000_390,  /* the first point is the data sheet's 390 MFLOP/s */
	TREND_AND_H100,    /* one more point: H100 SXM, 3.35 TB/s, 2022-09-20 (NVIDIA's data sheet) */
	TREND_LAST_H100,   /* that point in place of the last one */
};

enum trend_set { TREND_PAPER, TREND_EDITION, TREND_SENSITIVITY, TREND_INDEPENDENT };

struct trend_series {
	const char *name; /* "hw_flops", "hw_flops.no_tpu" */
	enum trend_set set;
	enum trend_table table;
	const char *date;  /* column */
	const char *value; /* column; "a|b": the largest of those that a row has; "a|b/c": a quotient */
	struct trend_where where[2];
	double from, to; /* 0: open; from <= date < to */
	enum trend_twist twist;
	int short_lived;                  /* no factor for 20 years: the points span few years */
	double published, published_20yr; /* 0: none */
	double drawn;     /* rate of the line in the authors' figure, read from its vector drawing; 0: none */
	const char *unit; /* of the values */
	const char *words;
};

extern const struct trend_series trend_series[]; /* ended by a NULL name */

/* NULL when there is none of that name. */
const struct trend_series *trend_series_find(const char *name);
/* Its points in the order of the file; names point into d. Rows without date or value are left out. MW_EFORMAT with a
 * line in err, or -ENOMEM, and *out empty; else the caller frees *out. */
int trend_series_points(const struct trend_data *d, const struct trend_series *s, struct trend_points *out, char *err,
			size_t n);

/* Names of Epoch's chips for datacentres: a selection by words, not Epoch's own (their table does not say). */
extern const char trend_datacentre_names[];

#endif
