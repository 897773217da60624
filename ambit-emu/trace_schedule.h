/* State and scheduler of a trace; private to ambit-emu/trace*.c. */
#ifndef AMBIT_TRACE_SCHEDULE_H
#define AMBIT_TRACE_SCHEDULE_H

#include "ambit-emu/trace_text.h"

enum { TRACE_WINDOW = 4 };
#define TRACE_END (UINT64_C(1) << 60) /* ps: sums and multiples of times up to it fit into 64 bits */

/* A micro-program on rows, or a transfer (n = 0); kept until every bank has finished it. */
struct trace_work {
	struct trace_work *next;
	uint64_t number;       /* counts works */
	uint64_t start, slots; /* planned start in ps; rows over all channels, of one plane of a transfer */
	uint64_t layers;       /* rows of each vector in a subarray */
	size_t unfinished;     /* banks */
	struct ambit_trace_at at;
	uint32_t *row; /* at.row */
	/* Programs. */
	size_t n; /* commands */
	struct ambit_command *cmd;
	uint64_t batch, rest; /* ps of a full batch, and of the last one where it is partial */
	bool alone;           /* one run, in the subarray `where` */
	struct ambit_place where;
	uint64_t *weight, *before, sum; /* each command's share of the batch; sum before it; sum of all */
	/* Transfers: the rate includes refreshes, so that they start at the modelled time. */
	bool write;
	uint32_t planes, together; /* rows that are open at a time */
	uint64_t real, ps;         /* start, and time of the whole */
	uint64_t plane_bytes, copy_slots;
	uint64_t rows, bursts, issued; /* on this channel */
	uint64_t row_bursts;           /* of a full row */
	uint64_t due;                  /* of the next burst, ps */
};

enum trace_step { TRACE_FIRST, TRACE_SECOND, TRACE_BURST, TRACE_CLOSE };

struct trace_bank {
	struct trace_work *work;
	uint64_t ready; /* ps at which the bank's own timing allows its next step */
	uint64_t index; /* number of the bank's row in the work */
	size_t at;      /* index of the command, or of the burst */
	uint64_t opened;
	enum trace_step step;
	/* Of a transfer's row: */
	uint64_t order;  /* its place among the rows on this channel */
	uint64_t due;    /* ps before which it is not opened */
	uint64_t bursts; /* of it */
	uint32_t row;
};

/* Earliest next command of a rank or bank group, in ps. */
struct trace_earliest {
	uint64_t act, rd, wr, pre;
};

struct trace_rank {
	uint64_t window[TRACE_WINDOW]; /* ps at which the last four activations leave it; oldest at `next` */
	unsigned next;
	uint64_t bucket; /* token bucket in quarter picoseconds (faw_acts=wl) */
	struct trace_earliest at, *group;
	size_t opener;    /* bank of the last ACT that tRRD counts */
	uint64_t refresh; /* when the next refresh is due, ps */
	uint64_t pause;   /* ps by which refreshes have delayed the plan */
};

struct ambit_trace {
	struct ambit_timing timing;
	struct ambit_geometry g;
	bool raw_aap;
	uint64_t now;                /* modelled time, ps */
	uint64_t plan;               /* modelled time without refreshes, whose delay is kept per rank */
	uint64_t bus, column_bus;    /* command slots are free from here on, ps */
	uint64_t data;               /* the data bus is free from here on, ps */
	size_t data_rank;            /* that used it last */
	uint32_t burst_bytes, burst; /* bytes; ps on the data bus */
	uint32_t beats;
	size_t banks; /* of the channel */
	struct trace_bank *bank;
	struct trace_rank *rank;
	struct trace_earliest *groups;
	struct trace_work *first, *last;
	uint64_t works;
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
/* Data row `layer` of plane or D row i, from the bottom of its subarray. */
uint32_t trace_row(const struct ambit_trace *t, const struct trace_work *w, uint64_t i, uint32_t layer);
/* Number of the index-th row that bank k has in one plane of the work, over all channels. */
uint64_t trace_slot(const struct ambit_trace *t, const struct trace_work *w, size_t k, uint64_t index);
/* The first slot of a work that lies on the traced channel, if it has so many. */
uint64_t trace_first(const struct ambit_trace *t, const struct trace_work *w);
/* Where that slot lies. */
struct ambit_place trace_place(const struct ambit_trace *t, const struct trace_work *w, uint64_t slot);
/* How many activations of the window a command's first or second ACT counts as. */
uint64_t trace_tokens(const struct ambit_trace *t, const struct ambit_command *c, bool second);

/* ---- trace_transfer.c ---- */

/* Sets what follows from the work's slots, planes and bytes. */
void trace_transfer_begin(const struct ambit_trace *t, struct trace_work *w);
/* Has bank k a row number `index` of the transfer? */
bool trace_transfer_has(const struct ambit_trace *t, const struct trace_work *w, size_t k, uint64_t index);
/* Sets what bank k needs to know of its present row. */
void trace_transfer_arrive(struct ambit_trace *t, size_t k);
/* When the next burst of bank k may have the last slot of its command, apart from the bank's own state, in ps. */
uint64_t trace_burst_allowed(const struct ambit_trace *t, size_t k);
/* Place of the bank's next burst where the rows that are open at a time advance side by side, so that none is left to
 * the end with its bursts tCCD_L apart. */
static inline uint64_t trace_burst_place(const struct trace_bank *b)
{
	return b->order * b->work->row_bursts + b->at * b->work->together;
}
/* Notes a burst of bank k whose command has its last slot at `at`. True: it was the last of the row. */
bool trace_burst_issue(struct ambit_trace *t, size_t k, uint64_t at);
/* Writes the lines that the host moves, in the order of rows. */
void trace_transfer_lines(struct ambit_trace *t, const struct trace_work *w);

#endif
