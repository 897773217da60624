/* Running benchmarks: the context they share, their order, their share of the time. */
#ifndef MW_MEASURE_H
#define MW_MEASURE_H

#include "bench/schedule.h"
#include "cli/command.h"

extern const struct mw_option measure_options[];
extern const struct bench_profile measure_profiles[]; /* ended by a NULL name */

/* What happens to results as they come. */
struct measure_hooks {
	struct mw_sink record;
	const struct mw_sample_sink *samples; /* NULL: none */
	/* A benchmark was left out; fails: that is what the run fails with, said at its end. Negative return ends the
	 * run. */
	int (*skip)(void *self, const char *bench, const char *reason, bool fails);
	void *self;
	const char *target; /* the file that record and skip write to, for messages; NULL: none */
};

struct measure {
	struct mw_topology topo;
	struct mw_arenas *arenas;
	struct mw_team *team; /* NULL until measure_start_team */
	struct bench_profile profile;
	struct mw_records records; /* all so far, of every benchmark */
	const atomic_int *stop;
	uint64_t start_ns, deadline_ns, seed;
	/* In earlier sessions of the run: visits, and the time of their last sample. */
	unsigned visits_done;
	uint64_t earlier_ns;
	int lost; /* why a record could not be kept, which ended the run; 0: all were */
	bool show_progress;
	uint64_t shown_ns;
};

/* Reads the machine and the options (profile, cpus, nodes, max-mem, max-time, seed); touches no memory. *m must be
 * closed in every case. */
int measure_open(const struct cli *cli, struct measure *m, char *err, size_t n);
/* Sets the profile of that name, and with it the limit on the time unless --max-time gives one; an unknown name
 * changes nothing. */
void measure_set_profile(struct measure *m, const char *name, const struct mw_opts *opts);
int measure_start_team(struct measure *m, char *err, size_t n);
/* Gives back the threads and the memory for measuring; what was read of the machine stays. */
void measure_stop(struct measure *m);
void measure_close(struct measure *m);

/* Runs them, one record of each identity: a second one is left out with a line on stderr. opts holds the options of
 * `named` (NULL: none is named, all run with their defaults). 0; MW_ECANCELLED after a signal; MW_EUNAVAILABLE when
 * `named` or one of only (a comma-separated list, may be NULL) could not run; the first other failure otherwise, after
 * the rest has run. */
int measure_run(struct measure *m, const struct bench *const *list, size_t n_list, const struct bench *named,
		const struct mw_opts *opts, const char *only, const struct measure_hooks *hooks, char *err, size_t n);

/* Context for available() and plan(): no team. opts may be NULL. */
struct bench_ctx measure_ctx(struct measure *m, const struct mw_opts *opts);

/* What b says to its options (bench.h, check), with its name before the line in err. */
int measure_check(struct measure *m, const struct bench *b, const struct mw_opts *opts, char *err, size_t n);

/* `run --dry-run`: prints points, memory, disk and time of each benchmark, and their totals. */
int measure_plan(const struct cli *cli, struct measure *m, const struct bench *const *list, size_t n_list, char *err,
		 size_t n);

/* `memwall NAME`: one benchmark with its options, records printed. */
int measure_bench_command(struct cli *cli, const struct bench *b, char *err, size_t n);

#endif
