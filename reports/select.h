/* Finding records by bench, case, metric, unit and parameters. Private to reports/.
 *
 * Figures and headlines take what is there: a key that a record lacks simply does not match. */
#ifndef MW_SELECT_H
#define MW_SELECT_H

#include "base/core/record.h"

/* Every member may be NULL: matches any. metric: one or several, as "flop_rate|op_rate". where: "key=value,key=value",
 * each found in params or observed. */
struct query {
	const char *bench, *case_name, *metric, *unit;
	const char *where;
	/* Topology state, as the core-to-core latency measured in it: records of another one do not match, those
	 * without one do. 0: any. */
	double c2c_ns;
	const char *keys; /* that are read of the records found, "stride,window"; does not select */
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
/* The matching record with a finite value that is largest (or smallest); NULL when none. */
const struct mw_record *query_best(const struct mw_records *l, const struct query *q, bool smallest);
/* Next match at or after *at, which moves past it; NULL at the end. Values may be NaN. */
const struct mw_record *query_next(const struct mw_records *l, const struct query *q, size_t *at);

/* Core-to-core latency of the topology state in which most of the run's rounds were measured, the first of equals; 0
 * without any that is positive. Rates of different states are those of different machines: a comparison takes one. */
double query_usual_c2c(const struct mw_records *l);

#endif
