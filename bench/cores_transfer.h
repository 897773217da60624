/* One sample of a pair of CPUs that pass cache lines. */
#ifndef MW_CORES_TRANSFER_H
#define MW_CORES_TRANSFER_H

#include "base/core/kernels/transfer.h"
#include "base/core/probe.h"
#include "base/sys/team.h"
#include "bench/cores_records.h"

enum { CORES_TRANSFER_LINES = 128, CORES_TRANSFER_STRIDE = 512 };

/* Memory of one pair: its lines, then what the two threads need to take turns. */
struct cores_slot {
	_Alignas(4096) char lines[(size_t)CORES_TRANSFER_LINES * CORES_TRANSFER_STRIDE];
	union {
		_Alignas(4096) struct mw_transfer transfer;
		struct mw_probe probe;
	};
};

struct cores_transfer {
	struct mw_team *team;
	int from, to; /* members: `from` holds the lines, `to` reads them */
	enum cores_line line;
	struct cores_slot *slot;
	uint64_t seed;
	uint64_t limit_ns;                 /* longest time of a sample: a CPU of a guest may not run */
	const struct mw_transfer_ops *ops; /* for tests; NULL: those of the machine */
};

/* ns per line. MW_ECANCELLED when the CPUs did not run together in time: there is no sample, but the next may be one;
 * MW_EVERIFY when `to` did not see what `from` wrote. */
int cores_transfer_sample(const struct cores_transfer *t, double *value, char *err, size_t n);

#endif
