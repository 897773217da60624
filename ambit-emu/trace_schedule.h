/* The state of a trace and its schedule; private to ambit-emu/trace*.c. */
#ifndef AMBIT_TRACE_SCHEDULE_H
#define AMBIT_TRACE_SCHEDULE_H

#include "ambit-emu/trace_text.h"

enum { TRACE_WINDOW = 4 };
#define TRACE_END (UINT64_C(1) << 60) /* ps: sums and multiples of times up to it fit into 64 bits */

/* A micro-program on rows, or a transfer (n = 0), until every bank is through with it. */
struct trace_work {
	struct trace_work *next;
	uint64_t start, slots; /* start by plan; rows over all channels */
	uint64_t layers;       /* of the vectors' rows in a subarray */
	size_t unfinished;     /* banks */
	size_t n;              /* commands */
	struct ambit_command *cmd;
	uint32_t *row;        /* of D rows, NULL: in order */
	uint64_t batch, rest; /* ps of a whole batch, and of the last where that is partial */
	bool alone;           /* one run, in the subarray `at` */
	struct ambit_place at;
	uint64_t *weight, *before, sum; /* share of the batch that each command is given; added up before it; in all */
	uint64_t real;                  /* modelled start: of a transfer, whose rate has room for refreshes */
	uint64_t bytes, pace;           /* of a transfer; ps per row */
	bool write;
};

enum trace_step { TRACE_FIRST, TRACE_SECOND, TRACE_BURST, TRACE_CLOSE };

struct trace_bank {
	struct trace_work *work;
	uint64_t ready; /* when its own timing allows the next step */
	uint64_t index; /* row of this bank in the work */
	size_t at;      /* command, or burst */
	uint64_t opened;
	enum trace_step step;
};

struct trace_rank {
	uint64_t window[TRACE_WINDOW]; /* when each of four activations stops counting, oldest at `next` */
	unsigned next;
	uint64_t bucket;  /* token bucket in quarter picoseconds (faw_acts=wl) */
	uint64_t act;     /* next first ACT by tRRD_S */
	uint64_t *group;  /* by tRRD_L, for each bank group */
	uint64_t refresh; /* due */
	uint64_t pause;   /* how far refreshes have shifted the plan */
};

struct ambit_trace {
	struct ambit_timing timing;
	struct ambit_geometry g;
	bool raw_aap;
	uint64_t now;  /* modelled */
	uint64_t plan; /* the same without refreshes: what they take is added per rank */
	uint64_t data_free, bus_free;
	uint32_t burst_bytes;
	size_t banks; /* of the channel */
	struct trace_bank *bank;
	struct trace_rank *rank;
	uint64_t *groups;
	struct trace_work *first, *last;
	int rc;
	struct trace_text text;
};

static inline bool trace_jedec(const struct ambit_trace *t)
{
	return t->timing.limit == AMBIT_LIMIT_JEDEC;
}

/* Everything that can happen before `until`, in order of time. Frees what is done. */
void trace_run(struct ambit_trace *t, uint64_t until);
/* Work that the banks without any begin with, at the modelled time. */
void trace_enqueue(struct ambit_trace *t, struct trace_work *w);
void trace_work_free(struct trace_work *w);
/* Frees the work that every bank is through with. */
void trace_finish(struct ambit_trace *t);
/* Activations that a command takes from the window. */
uint64_t trace_tokens(const struct ambit_trace *t, const struct ambit_command *c, bool second);

#endif
