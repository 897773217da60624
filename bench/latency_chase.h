/* The pointer chains of the latency benchmark: where each lies in its block, and its samples in ns and core cycles. */
#ifndef MW_LATENCY_CHASE_H
#define MW_LATENCY_CHASE_H

#include "base/core/kernels/chase.h"
#include "base/sys/arena.h"
#include "base/sys/team.h"
#include "bench/rounds.h"

enum { CHASE_LINE = 64 };

struct chase_block {
	enum mw_pages kind;
	struct mw_block block; /* held during a visit */
	uint64_t bytes;
	size_t cursor; /* end of the small chains placed so far */
};

/* What a sample is timed with. Called on the measuring thread. */
struct chase_clock {
	void *self;
	void (*begin)(void *self);
	uint64_t (*end)(void *self);    /* ns since begin */
	double (*cycle_ns)(void *self); /* ns of one core cycle at this moment */
};

struct chase {
	struct mw_team *team;
	struct chase_clock clock; /* chase_init sets that of the team; tests set their own */
	struct mw_chain chain;
	struct chase_block *block;
	size_t offset;     /* of the chain in its block */
	bool shares_place; /* another chain uses the same memory: write it again for each sample */
	bool warm;         /* fits into cache: follow all of it before each sample */
	void *at;          /* where the next sample goes on, so that it reads what is not cached */
	double sample_ns;
	size_t count; /* loads of one sample, a multiple of the unroll; 0 before calibration */
	int rc;
	/* The last sample. Its two values are handed out once each. */
	double ns, cycles;
	bool ns_fresh, cycles_fresh;
	unsigned round;
	struct round_shared shared;
};

void chase_init(struct chase *c, struct mw_team *team, struct chase_block *block, const struct mw_chain *chain);
/* Places chain v[i] beside v[0..i-1]: small chains one behind the other, large ones over all of the block in different
 * lanes. Chains that must use the same lines have shares_place set. */
void chase_place(struct chase *v, size_t i);
/* Writes the chain into its block, which is held, unless each sample does that. 0, or an error of mw_chain_build. */
int chase_build(struct chase *c);

/* For struct round_point.measure with a struct chase as arg: ns, or core cycles, of one load. Both are of one
 * sample. */
int chase_measure_ns(void *arg, double *value, char *err, size_t n);
int chase_measure_cycles(void *arg, double *value, char *err, size_t n);

/* Bytes from the first element to the last of a chain that touches `touched` bytes; and the reverse. */
size_t chase_span(size_t touched, size_t stride);
size_t chase_touched(size_t span, size_t stride);

#endif
