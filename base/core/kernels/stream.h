/* Streaming kernels: read, write, copy, triad over arrays of double, by instruction set and kind of store.
 *
 * Every kernel touches every byte of its range exactly once per call, for any n and any addresses that are multiples of
 * 8. The tests check this, because a kernel that skips bytes reports too much bandwidth. */
#ifndef MW_STREAM_H
#define MW_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/cpu.h"

enum mw_stream_op {
	MW_STREAM_READ,  /* returns the sum of the bit patterns of b[0..n-1] modulo 2^64 */
	MW_STREAM_WRITE, /* a[i] = s */
	MW_STREAM_COPY,  /* a[i] = b[i] */
	MW_STREAM_TRIAD, /* a[i] = b[i] + s * c[i], as McCalpin's STREAM; with FMA where the ISA has it */
	MW_STREAM_OP_COUNT
};

const char *mw_stream_op_name(enum mw_stream_op op);
/* Bytes per element that the program reads and writes. */
unsigned mw_stream_payload_bytes(enum mw_stream_op op);
/* Bytes per element on the memory bus: an ordinary store first reads the line it writes (read for ownership), a
 * non-temporal one does not. */
unsigned mw_stream_bus_bytes(enum mw_stream_op op, bool nt);

/* a, b and c do not overlap; those that an operation does not use may be NULL. Returns 0, but for MW_STREAM_READ. */
typedef uint64_t (*mw_stream_fn)(double *a, const double *b, const double *c, double s, size_t n);

struct mw_stream_kernel {
	const char *name; /* unique within (op, nt): "avx512", "avx512-x4" (four streams interleaved) */
	enum mw_stream_op op;
	enum mw_isa isa;
	bool nt; /* non-temporal stores */
	mw_stream_fn run;
};

/* Kernels of one instruction set; NULL with *n = 0 when this build has none. The caller asks mw_isa_supported whether
 * the CPU can run them. */
const struct mw_stream_kernel *mw_stream_kernels(enum mw_isa isa, size_t *n);

#endif
