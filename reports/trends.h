/* The memory wall from data: every rate of "AI and Memory Wall" (Gholami et al., IEEE Micro 2024) refitted, with
 * other selections of its points, other data, the chips since 2023, and the place of this host. */
#ifndef MW_TRENDS_H
#define MW_TRENDS_H

#include <stdbool.h>

#include "base/core/record.h"
#include "reports/results.h"
#include "reports/trend_data.h"
#include "reports/trend_forecast.h"

/* Numbers of a row; NaN: absent. */
enum trend_number {
	TREND_RATE, /* factor per two years; of a ratio: that of the ratio */
	TREND_LO,   /* its 95 % interval as published (1.96 standard errors) */
	TREND_HI,
	TREND_R2,
	TREND_FACTOR, /* in 20 years, from the rate */
	TREND_PUBLISHED,
	TREND_ERROR, /* rate over published, minus 1 */
	TREND_T_LO,  /* its 95 % interval by Student's t */
	TREND_T_HI,
	TREND_DOUBLING, /* years */
	TREND_PUBLISHED_20,
	TREND_ERROR_20,
	TREND_DRAWN, /* rate of the authors' line; GB of their bars */
	TREND_FIRST, /* decimal year of the first and last point */
	TREND_LAST,
	TREND_YEAR,  /* year of the row; of a host: in which the line reaches its value */
	TREND_VALUE, /* in the row's unit */
	TREND_VALUE_LO,
	TREND_VALUE_HI,
	TREND_LINE,  /* value of the fitted line at that date */
	TREND_LIMIT, /* memory of the GPU of the time, GB */
	TREND_SHARE, /* of chips within their interval, of activations in the sum: 0..1 */
	TREND_NUMBERS,
};

/* The prediction fits lines to points before CUT and compares them with points from CUT to before END. */
enum { TREND_CUT = 2023, TREND_END = 2027 };

/* Bytes per second in one direction of a link of sixteen lanes with 128b/130b encoding (PCIe 3 to 5), per GT/s of a
 * lane. */
#define TREND_X16_BYTES (1e9 * 16 / 8 * 128 / 130)

enum trend_part {
	TREND_T_PAPER,   /* the six rates, machine balance */
	TREND_T_EDITION, /* of 2021 */
	TREND_T_SENSITIVITY,
	TREND_T_INDEPENDENT,
	TREND_T_TWENTY_YEARS, /* "128x capacity, 20x bandwidth, 1.3x latency" */
	TREND_T_PATTERSON,
	TREND_T_TRAINING_MEMORY,
	TREND_T_BALANCE_YEARS,
	TREND_T_PREDICTION,
	TREND_T_PREDICTION_YEARS,
	TREND_T_PREDICTION_POINTS,
	TREND_T_HOST,
	TREND_T_USER,
	TREND_PARTS,
};

struct trend_row {
	enum trend_part part;
	char *series; /* owned */
	size_t n;     /* points; 0: it has none */
	double v[TREND_NUMBERS];
	const char *unit; /* of value, "" */
	enum mw_provenance provenance;
	char *source, *note; /* owned, never NULL */
	const char *licence; /* lives as long as the data */
};

struct trends {
	struct trend_data data;
	struct trend_row *rows;
	size_t n, cap;
	double from, to;
	double host_date; /* decimal year in which the results of this host were measured; NaN: not known */
};

struct trends_options {
	double from, to;                    /* decimal years, from <= date < to; 0: open */
	const char *user;                   /* CSV with the columns series,date,value[,name]; NULL: none */
	const struct results *host;         /* results of this host; NULL: none, and host_words says why */
	const char *host_path, *host_words; /* words: else what to say of them (incomplete, of another host) */
};

/* MW_EFORMAT or -errno with a line in err where the user's file cannot be used; -ENOMEM. *out is freed by the caller
 * with trends_fini in every case. */
int trends_open(const struct trends_options *opt, struct trends *out, char *err, size_t n);
void trends_fini(struct trends *t);

/* The row of that name, in any part; NULL. */
const struct trend_row *trends_find(const struct trends *t, const char *series);
/* Drops rows whose series does not match the shell pattern. */
void trends_select(struct trends *t, const char *pattern);
/* Rows with a rate that is fitted to points. */
size_t trends_fitted(const struct trends *t);
/* "paper", "sensitivity", ... */
const char *trend_part_name(enum trend_part part);

/* ---- for the files that make rows ---- */

/* A new row without numbers; NULL when memory is out. It lives until the next one is added. */
struct trend_row *trends_add(struct trends *t, enum trend_part part, const char *series, const char *note);
/* Replaces the source or note of a row. -ENOMEM with it NULL: the row is not to be used. */
int trend_row_text(char **member, const char *text);
/* Sets source and licence to those of a compiled-in table. -ENOMEM. */
int trend_row_source(struct trend_row *r, const struct trend_data *d, enum trend_table table);
/* Adds to the source of the row that `what` comes from that row of another table, and its licence if the row has none.
 * -ENOMEM. */
int trend_row_also(struct trend_row *r, const char *what, const struct trend_data *d, enum trend_table table,
		   size_t row);
/* Fill in the numbers of a rate, of a line, and the published rates (0: none) with the errors of the row against them.
 */
void trend_row_rate(struct trend_row *r, const struct trend_rate *rate);
void trend_row_line(struct trend_row *r, const struct trend_line *line);
void trend_row_published(struct trend_row *r, double per_2yr, double in_20yr);
/* Points of a series within the window. Freed by the caller. */
int trends_points(const struct trends *t, const struct trend_series *s, struct trend_points *p, char *err, size_t n);
/* The points of a series of that name, and their line. -EINVAL where no line can be fitted (*p has the points), other
 * errors. *p is freed by the caller. */
int trends_line(const struct trends *t, const char *series, struct trend_points *p, struct trend_line *l);

/* Each adds its parts. -ENOMEM, MW_EFORMAT. */
int trends_add_wall(struct trends *t, char *err, size_t n);      /* trend_wall.c: balance, years, prediction */
int trends_add_published(struct trends *t, char *err, size_t n); /* trend_published.c: published statements */
int trends_add_host(struct trends *t, const struct trends_options *opt);
int trends_add_user(struct trends *t, const char *path, char *err, size_t n);

#endif
