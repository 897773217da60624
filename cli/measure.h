/* Runs benchmarks: sets up their common context and calls the scheduler. */
#ifndef MW_MEASURE_H
#define MW_MEASURE_H

#include "bench/schedule.h"
#include "cli/command.h"

extern const struct mw_option measure_options[];
extern const struct bench_profile measure_profiles[]; /* ended by a NULL name */

/* Receives results as they come. */
struct measure_hooks {
	struct mw_sink record;
	const struct mw_sample_sink *samples; /* NULL: none */
	/* A benchmark was left out. fails: the run fails for that reason, which is also returned in err. A negative
	 * return ends the run. */
	int (*skip)(void *self, const char *bench, const char *reason, bool fails);
	void *self;
	const char *target; /* name of the file that record and skip write to, for messages; or NULL */
};

struct measure {
	struct mw_topology topo;
	struct mw_arenas *arenas;
	struct mw_team *team; /* NULL until measure_start_team */
	struct bench_profile profile;
	struct mw_records records; /* all records so far, of every benchmark */
	const atomic_int *stop;
	uint64_t start_ns, deadline_ns, seed;
	/* Of earlier sessions of the run: number of visits, and time of their last sample in ns. */
	unsigned visits_done;
	uint64_t earlier_ns;
	int lost; /* error of a record that could not be written, which ended the run; else 0 */
	bool show_progress;
	uint64_t shown_ns;
};

/* Reads the topology and the options (profile, cpus, nodes, max-mem, max-time, seed); touches no memory. Call
 * measure_close in every case. */
int measure_open(const struct cli *cli, struct measure *m, char *err, size_t n);
/* Sets the profile of that name, and its time limit unless --max-time is given; an unknown name changes nothing. */
void measure_set_profile(struct measure *m, const char *name, const struct mw_opts *opts);
int measure_start_team(struct measure *m, char *err, size_t n);
/* Frees the team and the arenas; the topology stays. */
void measure_stop(struct measure *m);
void measure_close(struct measure *m);

/* Runs the benchmarks of list. A second record of one identity is left out with a line on stderr. opts: options of
 * `named`; the others (all, when named is NULL) use their defaults. 0; MW_ECANCELLED after a signal; MW_EUNAVAILABLE
 * when `named` or one of only (a comma-separated list, may be NULL) could not run; else the first other failure, after
 * the rest has run. */
int measure_run(struct measure *m, const struct bench *const *list, size_t n_list, const struct bench *named,
		const struct mw_opts *opts, const char *only, const struct measure_hooks *hooks, char *err, size_t n);

/* Context for available() and plan(): no team. opts may be NULL. */
struct bench_ctx measure_ctx(struct measure *m, const struct mw_opts *opts);

/* Calls b->check (bench/bench.h) and puts the benchmark's name before the line in err. */
int measure_check(struct measure *m, const struct bench *b, const struct mw_opts *opts, char *err, size_t n);

/* `run --dry-run`: prints points, memory, disk and time of each benchmark, and their totals. */
int measure_dry_run(const struct cli *cli, struct measure *m, const struct bench *const *list, size_t n_list, char *err,
		    size_t n);

/* The benchmark of the list that other processes of a launcher take part in, when this process is one of those others
 * (bench.rank); else NULL. */
const struct bench *measure_followed(const struct bench *const *list, size_t n_list);
/* What such a process does until the first one is done. */
int measure_follow(struct measure *m, const struct cli *cli, const struct bench *b, char *err, size_t n);

/* `memwall NAME`: runs one benchmark with its options and prints its records. */
int measure_bench_command(struct cli *cli, const struct bench *b, char *err, size_t n);

#endif
