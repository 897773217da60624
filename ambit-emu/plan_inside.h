/* Private to the compiler: the states of the search, shared by plan.c (generations) and place.c (one majority). */
#ifndef AMBIT_PLAN_INSIDE_H
#define AMBIT_PLAN_INSIDE_H

#include "ambit-emu/plan.h"

enum {
	ROWS = AMBIT_COMPUTE_ROWS,
	BIRTHS = 4,
	MAX_STEPS = 32,
	MAX_SAVED = 16,
	MAX_READY = 12,
	WINDOW = 64,
	MAX_TRIES = 3,
	NS_AAP = 49,
	NS_AP = 45,
	NS_SECOND = NS_AAP - NS_AP, /* an AP that becomes an AAP */
};

/* Flags that a state keeps for each node. */
enum flag {
	COMPUTED,
	SAVED,   /* its value is in memory */
	SAVED_N, /* its complement is */
	SLOT,    /* the activation that computed it can still get a second address */
	BORN_N,  /* that activation computed the complement */
	FLAGS
};

/* A majority among the BIRTHS latest. */
struct birth {
	mig_literal value; /* literal that its bitlines held */
	uint32_t seq;      /* command */
	uint8_t tra;       /* B address */
};

struct state {
	mig_literal row[ROWS];  /* MIG_NONE: undefined */
	uint32_t touched[ROWS]; /* number of the last command that raised the row, from 1 */
	uint32_t seq;           /* commands so far */
	struct birth birth[BIRTHS];
	uint64_t ns, key; /* key: hash of what is computed and saved */
	uint32_t log;     /* last step, UINT32_MAX: none */
	uint32_t first;   /* first index of `order` that is not computed */
	uint32_t *node;   /* by node: flags, and above them the uses by majorities that are not computed yet */
	uint32_t *dirty;  /* nodes whose entry may differ from the other states' since the last commit */
	uint32_t n_dirty;
};

/* A state with some of the steps to one more majority. */
struct trial {
	mig_literal row[ROWS];
	uint32_t touched[ROWS];
	uint32_t seq, birth_seq;
	uint64_t ns;
	struct plan_step step[MAX_STEPS];
	mig_literal saved[MAX_SAVED]; /* values newly saved */
	uint32_t taken[MAX_SAVED];    /* nodes whose second address is now used */
	uint8_t n_steps, n_saved, n_taken;
};

struct candidate {
	struct trial trial;
	uint64_t key;
	uint32_t node, parent;
	mig_literal value;
	uint8_t tra;
};

/* A place among the best candidates. */
struct place_of {
	int64_t score;
	uint64_t hash;
	uint32_t at; /* index into search.candidate */
};

struct log_entry {
	struct plan_step step;
	uint32_t parent;
};

/* A B address as masks of rows. */
struct lines {
	uint8_t d, n, all; /* raised through the d-wordline, the n-wordline, either */
};

struct effort {
	unsigned width;       /* states kept */
	unsigned max_ready;   /* majorities tried from each state */
	unsigned slack;       /* commands that an assignment may need above the best one */
	unsigned assignments; /* assignments of operands to rows tried for each majority */
	unsigned visits;      /* steps of the search for one assignment */
	unsigned near;        /* coming majorities by which a state is judged */
};

struct search {
	const struct mig_net *net;
	uint32_t *order, n_order;
	uint32_t *fan_first, *fan; /* users of node i: fan[fan_first[i]..fan_first[i+1]-1] */
	bool *is_output;           /* by literal */
	struct lines address[AMBIT_B_ADDRESSES];
	struct state *state, *other;
	unsigned n_states;
	struct candidate *candidate; /* width + 1 */
	struct place_of *best;       /* ascending score; the element after the last is free */
	unsigned n_best;
	bool commit; /* keep one state from time to time */
	struct log_entry *log;
	size_t n_log, log_capacity;
	uint64_t placements;    /* ways to place operands tried */
	struct plan_step *done; /* steps before the last commit */
	size_t n_done;
	struct effort effort;
};

static inline bool flag(const struct state *st, enum flag which, uint32_t node)
{
	return st->node[node] >> which & 1;
}

/* Uses of a node by majorities that are not computed yet. */
static inline uint32_t uses_left(const struct state *st, uint32_t node)
{
	return st->node[node] >> FLAGS;
}

void plan_addresses(struct search *s);
/* How many operands of a majority the best triple-row address finds in its rows, 0..3. */
int plan_in_place(const struct search *s, const mig_literal row[ROWS], uint32_t node);
/* Adds to s->best every way found to compute node from state number `parent`. */
void plan_extend(struct search *s, unsigned parent, uint32_t node);
/* Adds the way that always exists: what the rows hold and is needed again goes to memory, the operands come from there.
 */
void plan_plainly(struct search *s, unsigned parent, uint32_t node);

#endif
