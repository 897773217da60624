/* State and scheduler of a trace; private to ambit-emu/trace*.c. */
#ifndef AMBIT_TRACE_SCHEDULE_H
#define AMBIT_TRACE_SCHEDULE_H

#include "ambit-emu/trace_text.h"

enum { TRACE_WINDOW = 4 };
#define TRACE_END (UINT64_C(1) << 60) /* ps: sums and multiples of times up to it fit into 64 bits */

/* A micro-program on rows, or a transfer (n = 0); kept until every bank has finished it. */
struct trace_work {
	struct trace_work *next;
	uint64_t start, slots; /* planned start in ps; rows over all channels */
	uint64_t layers;       /* rows of each vector in a subarray */
	size_t unfinished;     /* banks */
	size_t n;              /* commands */
	struct ambit_command *cmd;
	uint32_t *row;        /* data row of each D row; NULL: in order */
	uint64_t batch, rest; /* ps of a full batch, and of the last one where it is partial */
	bool alone;           /* one run, in the subarray `at` */
	struct ambit_place at;
	uint64_t *weight, *before, sum; /* each command's share of the batch; sum before it; sum of all */
	uint64_t real;                  /* modelled start in ps, for transfers: their rate includes refreshes */
	uint64_t bytes, pace;           /* bytes of a transfer; ps per row */
	bool write;
};

enum trace_step { TRACE_FIRST, TRACE_SECOND, TRACE_BURST, TRACE_CLOSE };

struct trace_bank {
	struct trace_work *work;
	uint64_t ready; /* ps at which the bank's own timing allows its next step */
	uint64_t index; /* number of the bank's row in the work */
	size_t at;      /* index of the command, or of the burst */
	uint64_t opened;
	enum trace_step step;
};

struct trace_rank {
	uint64_t window[TRACE_WINDOW]; /* ps at which the last four activations leave it; oldest at `next` */
	unsigned next;
	uint64_t bucket;  /* token bucket in quarter picoseconds (faw_acts=wl) */
	uint64_t act;     /* earliest next ACT by tRRD_S, ps */
	uint64_t *group;  /* the same by tRRD_L, for each bank group */
	uint64_t refresh; /* when the next refresh is due, ps */
	uint64_t pause;   /* ps by which refreshes have delayed the plan */
};

struct ambit_trace {
	struct ambit_timing timing;
	struct ambit_geometry g;
	bool raw_aap;
	uint64_t now;  /* modelled time, ps */
	uint64_t plan; /* modelled time without refreshes, whose delay is kept per rank */
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

/* Issues all commands that can be issued before `until`, in order of time, and frees finished work. */
void trace_run(struct ambit_trace *t, uint64_t until);
/* Adds work; idle banks start it at the modelled time. */
void trace_enqueue(struct ambit_trace *t, struct trace_work *w);
void trace_work_free(struct trace_work *w);
/* Frees the work that every bank has finished. */
void trace_finish(struct ambit_trace *t);
/* How many activations of the window a command's first or second ACT counts as. */
uint64_t trace_tokens(const struct ambit_trace *t, const struct ambit_command *c, bool second);

#endif
