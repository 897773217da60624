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

/* Bits that a state keeps for each node. */
enum bitset {
	COMPUTED,
	SAVED,   /* its value is in memory */
	SAVED_N, /* its complement is */
	SLOT,    /* the activation that computed it can still get a second address */
	BORN_N,  /* that activation computed the complement */
	BITSETS
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
	uint64_t *bits;   /* BITSETS x words */
	uint32_t *left;   /* by node: uses by majorities that are not computed yet */
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
	uint64_t key, hash; /* hash: key and rows */
	int64_t score;
	uint32_t node, parent;
	mig_literal value;
	uint8_t tra;
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
	size_t words;
	uint32_t *order, n_order;
	uint32_t *fan_first, *fan; /* users of node i: fan[fan_first[i]..fan_first[i+1]-1] */
	bool *is_output;           /* by literal */
	struct lines address[AMBIT_B_ADDRESSES];
	struct state *state, *other;
	unsigned n_states;
	struct candidate *best; /* ascending score */
	unsigned n_best;
	struct log_entry *log;
	size_t n_log, log_capacity;
	struct effort effort;
};

static inline bool bit(const struct search *s, const struct state *st, enum bitset which, uint32_t node)
{
	return st->bits[(size_t)which * s->words + node / 64] >> (node % 64) & 1;
}

static inline void bit_set(const struct search *s, struct state *st, enum bitset which, uint32_t node)
{
	st->bits[(size_t)which * s->words + node / 64] |= (uint64_t)1 << (node % 64);
}

static inline void bit_clear(const struct search *s, struct state *st, enum bitset which, uint32_t node)
{
	st->bits[(size_t)which * s->words + node / 64] &= ~((uint64_t)1 << (node % 64));
}

void plan_addresses(struct search *s);
/* How many operands of a majority the best triple-row address finds in its rows, 0..3. */
int plan_in_place(const struct search *s, const mig_literal row[ROWS], uint32_t node);
/* Adds to s->best every way found to compute node from state number `parent`. */
void plan_extend(struct search *s, unsigned parent, uint32_t node);

#endif
