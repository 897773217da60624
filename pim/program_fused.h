/* The fused engine's plan for a program of the user: functions of up to three bits, evaluated block by block. */
#ifndef PIM_PROGRAM_FUSED_H
#define PIM_PROGRAM_FUSED_H

#include "ambit-emu/rewrite.h"
#include "pim/pim_device.h"

/* Where a block of a value is. */
struct fused_ref {
	uint8_t in;     /* enum fused_memory */
	uint32_t index; /* of the input, result or buffer */
};

enum fused_memory { FUSED_INPUT, FUSED_RESULT, FUSED_BUFFER };

struct fused_step {
	uint8_t f; /* function number of pim/logic.h */
	struct fused_ref src[3], dst;
};

struct fused_plan {
	struct fused_step *step;
	size_t n;
	uint32_t inputs, results, buffers;
};

/* Covers the graph with functions of three inputs. 0 or -ENOMEM. */
int fused_plan(const struct mig_net *net, struct fused_plan *out);
void fused_free(struct fused_plan *p);

/* Computes the results from the inputs on the call's executor. dst and src: packed bits, `bytes` of each, a multiple of
 * 64, aligned to 64. A result may be the memory of an input. 0 or -ENOMEM. */
int fused_run(const struct fused_plan *p, struct pim_call *call, char *const *dst, char *const *src, size_t bytes,
	      size_t cache_bytes);

#endif
