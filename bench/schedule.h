/* The order of a run: every benchmark begins, is visited several times in turn with the others, and finishes.
 *
 * What repeats of a run differ by is drift over minutes, so the samples of each benchmark are spread over the whole run
 * in short visits. */
#ifndef MW_SCHEDULE_H
#define MW_SCHEDULE_H

#include "bench/bench.h"

enum { SCHEDULE_MAX = 64 };

/* One benchmark of a run. */
struct schedule_item {
	const struct bench *bench;
	const struct mw_opts *opts; /* NULL: the defaults of its table */
	bool named;                 /* asked for on the command line: that it cannot run is a failure */
};

/* What happens to results as they come. */
struct schedule_hooks {
	struct mw_sink record;
	const struct mw_sample_sink *samples; /* NULL: none */
	/* A benchmark was left out; fails: that is what the run fails with, said at its end. Negative return ends the
	 * run. */
	int (*skip)(void *self, const char *bench, const char *reason, bool fails);
	/* Records that are left out, in a line. */
	void (*complain)(void *self, const char *line);
	void (*progress)(void *self, const char *bench, const char *step, double fraction); /* of the whole run */
	void *self;
	const char *target; /* the file that record and skip write to, for messages; NULL: none */
};

struct schedule {
	struct bench_ctx ctx;       /* of every benchmark; the scheduler sets opts, earlier, named and the deadlines */
	struct mw_records *records; /* all records of the run, one of each identity; may hold some of before */
	unsigned visits_done;       /* in an earlier session of this run */
	int lost;                   /* out: why a record could not be kept, which ended the run; 0: all were */
};

/* The benchmarks to run, each after the ones it needs. Returns how many; at most SCHEDULE_MAX. */
size_t schedule_order(const struct bench *const *wanted, size_t n, const struct bench **out);

/* Runs the items, which are in order. ctx.deadline_ns is the end of the whole run: a fifth of it at most goes to the
 * beginnings, what benchmarks ask for in finish_share to the ends, the rest to profile->visits visits by weight.
 * A record is kept and handed on if it was closed, its words are declared by its benchmark and nothing of its identity
 * was there before; else it is left out with a line.
 * 0; MW_ECANCELLED after a signal; MW_EUNAVAILABLE when a named one could not run; the first other failure otherwise,
 * after the rest has run. */
int schedule_run(struct schedule *s, const struct schedule_item *items, size_t n, const struct schedule_hooks *hooks,
		 char *err, size_t en);

/* What the scheduler emits for each benchmark that came to its end. */
extern const struct mw_emit *const schedule_end_row;
/* Is r the record that says that b came to its end? */
bool schedule_is_end(const struct mw_record *r, const struct bench *b);

#endif
