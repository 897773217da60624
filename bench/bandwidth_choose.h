/* Chooses the kernels of a family that are worth measuring, by short probes: all instruction sets first, then the finer
 * properties of the fastest one. The values of the probes are not reported: a value that was chosen for being the
 * highest is too high. */
#ifndef MW_BENCH_BANDWIDTH_CHOOSE_H
#define MW_BENCH_BANDWIDTH_CHOOSE_H

#include "base/core/kernels/stream.h"

enum { BW_CANDIDATES = 64, BW_FINALISTS = 3 };

/* All kernels of one operation and kind of store that may be used. */
struct bw_candidates {
	const struct mw_stream_kernel *k[BW_CANDIDATES];
	size_t n;
};

/* isas: by enum mw_isa. Kernels without prefetch come first, of these the widest instruction set. */
void bw_candidates_list(struct bw_candidates *c, enum mw_stream_op op, bool nt, const bool *isas);

struct bw_choice {
	const struct mw_stream_kernel *k[BW_FINALISTS]; /* the fastest first */
	size_t n;
	unsigned probed; /* candidates that were probed; 0: chosen without probes */
};

/* The rate of a kernel; 0 or less: there is no time left. */
typedef double (*bw_probe_fn)(void *self, const struct mw_stream_kernel *k);

/* Fills *out with `want` kernels (at most BW_FINALISTS), or with all candidates where there are not more. far: also
 * tries kernels with prefetch. Without a probe that was in time: the first candidates. */
void bw_choose(const struct bw_candidates *c, size_t want, bool far, bw_probe_fn probe, void *self,
	       struct bw_choice *out);

#endif
