/* A benchmark is one file with one `const struct bench bench_NAME`, which scripts/gen-table puts into bench_table. */
#ifndef MW_BENCH_H
#define MW_BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/option.h"
#include "base/core/record.h"
#include "base/sys/arena.h"
#include "base/sys/team.h"
#include "base/sys/topology.h"

struct bench_profile {
	const char *name;    /* tiny, quick, standard, full */
	double limit_s;      /* seconds of the whole run, set-up included */
	double target;       /* relative half width of the 95 % interval that ends the rounds */
	unsigned min_rounds; /* below 6 there is no interval */
	unsigned max_rounds;
	double sample_s;    /* wanted length of a sample, s */
	uint64_t max_bytes; /* largest working set */
	unsigned visits;    /* number of visits of each benchmark; below 3 there is no interval; 0: 5 */
};

struct rounds_machine;

/* What a benchmark may use. Everything is read-only, except arenas, team and their memory. */
struct bench_ctx {
	const struct mw_topology *topo;
	struct mw_arenas *arenas;
	struct mw_team *team;
	const struct bench_profile *profile;
	const struct mw_opts *opts; /* of this benchmark's option table; defaults in a `run` */
	/* Records of the benchmarks in needs, and of others that ran before. Emitting a record may move the list. */
	const struct mw_records *earlier;
	const struct mw_progress *progress;
	const atomic_int *stop; /* non-zero after SIGINT or SIGTERM: finish the sample, then return */
	uint64_t start_ns;      /* mw_now_ns() at the start of the run */
	double share_s;         /* this benchmark's share of the whole run in s; it chooses its points for that time */
	uint64_t deadline_ns;   /* mw_now_ns() at which this call should end */
	unsigned visit;         /* number of this visit, from 0 */
	const struct mw_sample_sink *samples; /* journal of samples; NULL: none */
	uint64_t seed;
	const char *scratch_dir;              /* for temporary files of its own; may be NULL */
	const struct rounds_machine *machine; /* for tests: clock and counters; NULL: those of this machine */
	bool named;                           /* named on the command line */
};

/* Points, memory and disk of a run, for `run --dry-run`. 0 = none. */
struct bench_plan {
	unsigned points;
	uint64_t memory_bytes; /* all blocks together */
	uint64_t disk_bytes;
};

enum { BENCH_DONE = 1 }; /* returned by visit() */

struct bench {
	const char *name;
	const char *summary;             /* one line */
	const struct mw_option *options; /* NULL or a table */
	const char *const *needs;        /* NULL-terminated names of benchmarks, or NULL */
	double weight;                   /* share of the run's time, relative to the others */
	const char *dependency;          /* optional library or device it uses, for `memwall list`; NULL */
	/* Checks what the option table cannot check. 0, or with a line in err that names the option MW_ESPEC, or
	 * MW_EUNAVAILABLE for something named that this machine lacks. Called by --dry-run, and before this benchmark
	 * or those it needs measure anything; must not measure or write. May be NULL. ctx->team is NULL here. */
	int (*check)(const struct bench_ctx *ctx, char *err, size_t n);
	/* 0 when it can run; else MW_EUNAVAILABLE with the reason in why. NULL: it always can. ctx->team may be NULL
	 * here. */
	int (*available)(const struct bench_ctx *ctx, char *why, size_t n);
	/* Fills *plan for a run with this context. May be NULL: not known. ctx->team may be NULL here. */
	void (*plan)(const struct bench_ctx *ctx, struct bench_plan *plan);
	/* Declares the records that it emits. */
	const struct mw_emitter *emitter;
	/* Called once: chooses the points and prepares them; *state is passed to the calls below. Emits unavailable
	 * records for what it leaves out. On failure a line in err; end() is still called if *state was set. */
	int (*begin)(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n);
	/* Measures rounds over the points until ctx->deadline_ns. Other benchmarks ran since the previous visit, so
	 * memory of the arenas must be taken again and may have lost its contents. 0, or BENCH_DONE when no further
	 * visit is needed. */
	int (*visit)(struct bench_ctx *ctx, void *state, char *err, size_t n);
	/* Emits the records of what was measured, and derived ones; also after a signal. Records of the benchmarks in
	 * needs are in ctx->earlier. */
	int (*finish)(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n);
	void (*end)(void *state);
	double finish_share; /* share of its time that finish() needs; 0: 2 % */
	/* For one that measures between processes that a launcher started together; both NULL: one process. rank is
	 * the number of this process among them, -1 without a launcher. As a command of its own, and in a run that
	 * names it, all but process 0 print nothing and, after check, do only what follow() does, until process 0 is
	 * done. 0 or a failure with a line in err. */
	int (*rank)(void);
	int (*follow)(const struct bench_ctx *ctx, char *err, size_t n);
};

/* All benchmarks, ended by NULL; generated by scripts/gen-table. */
extern const struct bench *const bench_table[];
const struct bench *bench_find(const char *name);

static inline bool bench_stopped(const struct bench_ctx *ctx)
{
	return atomic_load_explicit(ctx->stop, memory_order_relaxed) != 0;
}

#endif
