/* Runs benchmarks: begin() of each, several rounds of visits to all, then finish() of each.
 *
 * Repeats of a run differ by drift over minutes, so the samples of each benchmark are spread over the whole run in
 * short visits. */
#ifndef MW_SCHEDULE_H
#define MW_SCHEDULE_H

#include "bench/bench.h"

enum { SCHEDULE_MAX = 64 };

/* One benchmark of a run. */
struct schedule_item {
	const struct bench *bench;
	const struct mw_opts *opts; /* NULL: the defaults of its option table */
	bool named;                 /* named on the command line: the run fails if it cannot run */
};

/* Receives results as they come. */
struct schedule_hooks {
	struct mw_sink record;
	const struct mw_sample_sink *samples; /* NULL: none */
	/* A benchmark was left out. fails: the run fails for that reason, which is also returned in err. A negative
	 * return ends the run. */
	int (*skip)(void *self, const char *bench, const char *reason, bool fails);
	/* A line about a record that was left out. */
	void (*complain)(void *self, const char *line);
	void (*progress)(void *self, const char *bench, const char *step, double fraction); /* of the run */
	void *self;
	const char *target; /* name of the file that record and skip write to, for messages; or NULL */
};

struct schedule {
	/* For every benchmark; the scheduler sets opts, earlier, named, share_s, visit and the deadlines. */
	struct bench_ctx ctx;
	struct mw_records *records; /* all of the run, one per identity; may hold some of an earlier session */
	unsigned visits_done;       /* visits that an earlier session of this run did */
	int lost; /* out: error of a record or sample that could not be written, which ends the run; else 0 */
};

/* Writes the wanted benchmarks and those that they need to out, each after the ones it needs. Returns how many, at most
 * SCHEDULE_MAX. */
size_t schedule_order(const struct bench *const *wanted, size_t n, const struct bench **out);

/* Runs the items in the order given. ctx.deadline_ns is the end of the whole run: at most a fifth of the time goes to
 * begin(), what the benchmarks ask for in finish_share to finish(), the rest to profile->visits visits, divided by
 * weight. A record is kept and passed on if it was closed, its metric and keys are declared by its benchmark and no
 * other record has its identity; else it is left out with a line. 0; MW_ECANCELLED after a signal; MW_EUNAVAILABLE when
 * a named benchmark could not run; else the first other failure, after the rest has run. */
int schedule_run(struct schedule *s, const struct schedule_item *items, size_t n, const struct schedule_hooks *hooks,
		 char *err, size_t en);

/* Row of the record that is emitted for each benchmark that has finished. */
extern const struct mw_emit *const schedule_end_row;
/* True when r is the record that b has finished. */
bool schedule_is_end(const struct mw_record *r, const struct bench *b);

#endif
