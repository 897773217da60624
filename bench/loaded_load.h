/* Windows of loaded latency: a pointer chase on one member of the team, paced traffic on others.
 *
 * The traffic begins before the timed part of the chase and ends after it; its bytes are counted over that part only,
 * from counters that the generators increase after each turn of blocks. */
#ifndef MW_LOADED_LOAD_H
#define MW_LOADED_LOAD_H

#include <stdatomic.h>

#include "base/core/kernels/chase.h"
#include "base/core/kernels/traffic.h"
#include "base/sys/team.h"

/* Blocks from one update of a generator's counter to the next. */
enum { LOAD_TURN = 4, LOAD_BLOCK_BYTES = MW_TRAFFIC_LINES * MW_TRAFFIC_LINE };

/* ---- the window ---- */

/* What a window is made of; tests replace it. */
struct load_machine {
	void *self;
	uint64_t (*now_ns)(void *self);
	uint64_t (*moved)(void *self); /* blocks that all generators have moved so far */
	void (*chase)(void *self, size_t loads);
	void (*timed_begin)(void *self); /* around the timed chase */
	void (*timed_end)(void *self);
};

struct load_window {
	double latency_ns;
	double bandwidth; /* GB/s that the program reads and writes; 0 without generators */
	/* Share by which the bandwidth can be wrong: of each generator, up to a turn is in progress at either end. 0
	 * without traffic. */
	double error;
};

/* Warms up, then times `loads` loads of the chase and counts the blocks moved meanwhile by n generators. */
void load_window_take(const struct load_machine *m, size_t warm, size_t loads, int n, struct load_window *out);

/* ---- the generators ---- */

/* Memory of one generator, aligned to a line: part of it is read, the rest written, in proportion to the mix. */
struct load_region {
	char *base;
	size_t bytes;
	size_t at; /* block with which the next job begins, so that it reads what is not cached */
};

struct load_generator {
	_Alignas(128) _Atomic uint64_t moved; /* blocks of this job */
	struct load_region *region;
	int rc;
};

struct load_job {
	struct mw_team *team;
	int chase_rank;
	const int *generator_of; /* [rank]: index into generators, -1: none */
	int members;             /* ranks 0 .. members - 1 take part */
	struct load_generator *generators;
	int n; /* generators; 0: the chase alone */
	mw_traffic_fn traffic;
	enum mw_mix mix;
	_Atomic size_t pause;
	uint64_t value; /* that stores write; not 0 */
	size_t warm, loads;
	void **chase; /* where the chase goes on */
	struct load_window window;
	/* Called on the chasing member after each window. It may set pause and loads; > 0: take another window while
	 * the traffic goes on. NULL: one window. */
	int (*next)(void *self, struct load_job *j);
	void *self;
	_Atomic int stop;
};

/* Blocks of a region for a mix; where the stored part begins, in bytes. */
size_t load_region_blocks(const struct load_region *r);
size_t load_region_split(const struct load_region *r, enum mw_mix mix);

/* Takes the windows of a job; j->window is the last one. 0, or MW_EVERIFY with a line in err when a generator did not
 * write what it should. */
int load_run(struct load_job *j, char *err, size_t n);

#endif
