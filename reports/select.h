/* Finding records by bench, case, metric, unit and parameters. Private to reports/.
 *
 * A record that lacks a key of the query does not match. */
#ifndef MW_SELECT_H
#define MW_SELECT_H

#include "base/core/record.h"

/* A NULL member matches any record. metric: one or several, as "flop_rate|op_rate". where: "key=value,key=value",
 * looked up in params and observed. */
struct query {
	const char *bench, *case_name, *metric, *unit;
	const char *where;
	/* Topology state, given by its core-to-core latency: records of another state do not match, records without a
	 * state do. 0: any. */
	double c2c_ns;
	const char *keys; /* keys that are shown of the records found, "stride,window"; not used for matching */
};

/* q in the topology state with that core-to-core latency. */
static inline struct query query_in(struct query q, double c2c_ns)
{
	q.c2c_ns = c2c_ns;
	return q;
}

struct number_text {
	char text[32];
};

/* Text of a parameter as in CSV ("" when absent): params first, then observed. A text is the record's own, whole; a
 * number is written to *number. */
const char *record_text(const struct mw_record *r, const char *key, struct number_text *number);
/* Topology state of the record's rounds, "" where there is none to tell apart: one thread, or one state seen ("one";
 * "only" in older files, which keep the state in observed). */
const char *record_state(const struct mw_record *r, struct number_text *number);
/* Number of a parameter or NaN: integers, reals, and texts such as 64K. */
double record_number(const struct mw_record *r, const char *key);

bool query_matches(const struct query *q, const struct mw_record *r);
/* The matching record with the largest (or smallest) finite value, or NULL. */
const struct mw_record *query_best(const struct mw_records *l, const struct query *q, bool smallest);
/* Next match at or after *at, which moves past it; NULL at the end. Values may be NaN. */
const struct mw_record *query_next(const struct mw_records *l, const struct query *q, size_t *at);

/* Core-to-core latency (ns) of the topology state in which most of the run's rounds were measured; 0 when no record has
 * one. Values of different states must not be compared, because the machine behaves differently. */
double query_usual_c2c(const struct mw_records *l);

#endif
