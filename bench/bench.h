/* A benchmark is one file and one `const struct bench bench_NAME`; the makefile finds it. */
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
	double limit_s;      /* whole run, set-up included */
	double target;       /* relative half width of the 95 % interval that ends the rounds */
	unsigned min_rounds; /* 6: below there is no interval; tiny takes fewer */
	unsigned max_rounds;
	double sample_s;    /* aim of one sample */
	uint64_t max_bytes; /* largest working set */
	unsigned visits;    /* that a benchmark's rounds are spread over; below 3 there is no interval. 0: 5 */
};

struct rounds_machine;

/* All that a benchmark may use. Read-only but for arenas, team and the memory behind them. */
struct bench_ctx {
	const struct mw_topology *topo;
	struct mw_arenas *arenas;
	struct mw_team *team;
	const struct bench_profile *profile;
	const struct mw_opts *opts; /* of this benchmark's option table; defaults in a `run` */
	/* Records of the benchmarks named in needs (and others before). Emitting a record may move them. */
	const struct mw_records *earlier;
	const struct mw_progress *progress;
	const atomic_int *stop; /* non-zero after SIGINT or SIGTERM: finish the sample, then return */
	uint64_t start_ns;      /* mw_now_ns() at the start of the run */
	double share_s;         /* this benchmark's share of the whole run: what it chooses its points for */
	uint64_t deadline_ns;   /* this call's share of the budget ends here */
	unsigned visit;         /* number of this visit, from 0 */
	const struct mw_sample_sink *samples; /* journal of samples; NULL: none */
	uint64_t seed;
	const char *scratch_dir;              /* for temporary files of its own; may be NULL */
	const struct rounds_machine *machine; /* what the round scheduler asks; NULL: this one. For tests. */
	bool named;                           /* asked for by name on the command line */
};

/* What a run would take, for `run --dry-run`. 0 = none. */
struct bench_plan {
	unsigned points;
	uint64_t memory_bytes; /* all blocks together */
	uint64_t disk_bytes;
};

enum { BENCH_DONE = 1 }; /* of visit() */

struct bench {
	const char *name;
	const char *summary;             /* one line */
	const struct mw_option *options; /* NULL or a table */
	const char *const *needs;        /* NULL-terminated names of benchmarks, or NULL */
	double weight;                   /* share of the run's time, relative to the others */
	const char *dependency;          /* optional library or device it uses, for `memwall list`; NULL */
	/* What the option table cannot tell about the options given: 0; MW_ESPEC, or MW_EUNAVAILABLE for something
	 * named that is not here, with one line in err that names the option. Called before anything is measured, for
	 * this benchmark or those it needs, and by --dry-run; it neither measures nor writes. NULL: the table tells
	 * all. ctx->team is NULL here. */
	int (*check)(const struct bench_ctx *ctx, char *err, size_t n);
	/* 0 when it can run; MW_EUNAVAILABLE and the reason in words. NULL: always. ctx->team may be NULL here. */
	int (*available)(const struct bench_ctx *ctx, char *why, size_t n);
	/* Points, memory and disk of a run with this context; NULL: not told. ctx->team may be NULL here. */
	void (*plan)(const struct bench_ctx *ctx, struct bench_plan *plan);
	/* The records that it emits. */
	const struct mw_emitter *emitter;
	/* Chooses the points, once, and prepares what measuring them needs; *state goes to the calls below. Emits what
	 * it leaves out as unavailable records. On failure one line in err; end() is called where *state was set. */
	int (*begin)(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n);
	/* Rounds over the points, until ctx->deadline_ns. Other benchmarks ran since the visit before: memory of the
	 * arenas is taken again, and may have lost its contents. 0; BENCH_DONE: no further visit is needed. */
	int (*visit)(struct bench_ctx *ctx, void *state, char *err, size_t n);
	/* Emits the records of what was measured, and what follows from them; after a signal as well. Those of needs
	 * are in ctx->earlier. */
	int (*finish)(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n);
	void (*end)(void *state);
	double finish_share; /* of its time that finish needs; 0: next to nothing */
};

/* The generated table, ended by NULL, in run order (needs first). */
extern const struct bench *const bench_table[];
const struct bench *bench_find(const char *name);

static inline bool bench_stopped(const struct bench_ctx *ctx)
{
	return atomic_load_explicit(ctx->stop, memory_order_relaxed) != 0;
}

#endif
