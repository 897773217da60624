/* Streaming kernels over arrays of double. Each operation and kind of store has a family of loops: by instruction set,
 * cache lines per step (1, 2 or 4) and distance of software prefetch. No member is the fastest on every machine.
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
	MW_STREAM_READ,   /* returns the sum of the bit patterns of b[0..n-1] modulo 2^64 */
	MW_STREAM_WRITE,  /* a[i] = s */
	MW_STREAM_COPY,   /* a[i] = b[i] */
	MW_STREAM_TRIAD,  /* a[i] = b[i] + s * c[i], as McCalpin's STREAM; with FMA where the ISA has it */
	MW_STREAM_SCALE,  /* a[i] = s * b[i], as STREAM */
	MW_STREAM_ADD,    /* a[i] = b[i] + c[i], as STREAM */
	MW_STREAM_UPDATE, /* a[i] = s * a[i] */
	MW_STREAM_DOT,    /* returns the bit pattern of the sum of b[i] * c[i], which is summed in any order */
	MW_STREAM_FILL,   /* a[i] = s by the CPU's string instruction (rep stosq); x86-64 only */
	MW_STREAM_MEMCPY, /* a[i] = b[i] by memcpy of libc */
	MW_STREAM_MEMSET, /* memset of libc: every byte of a becomes the first byte of s */
	MW_STREAM_OP_COUNT
};

const char *mw_stream_op_name(enum mw_stream_op op);
/* Arrays that the operation touches. */
unsigned mw_stream_arrays(enum mw_stream_op op);
/* Bytes per element that the program reads and writes. */
unsigned mw_stream_payload_bytes(enum mw_stream_op op);
/* Bytes per element on the memory bus: an ordinary store first reads the line it writes (read for ownership), a
 * non-temporal one does not; update has read the line already. */
unsigned mw_stream_bus_bytes(enum mw_stream_op op, bool nt);
/* True when the kernel's code decides the kind of store. False for fill, memcpy and memset, where CPU or libc choose
 * it, by size as a rule: their bytes on the bus are between those with nt and those without. */
bool mw_stream_store_known(enum mw_stream_op op);
/* True for operations that write array a. */
bool mw_stream_stores(enum mw_stream_op op);

/* a, b and c do not overlap; those that an operation does not use may be NULL. Returns 0, but for read and dot. */
typedef uint64_t (*mw_stream_fn)(double *a, const double *b, const double *c, double s, size_t n);

struct mw_stream_kernel {
	/* Unique within (op, nt): "avx512-u2-p4k" has two cache lines per step and prefetches 4 KiB ahead. Without -u:
	 * four lines, or one with non-temporal stores after loads. "avx512-x4": four streams interleaved. "portable": a
	 * plain loop, as the compiler translates it. "libc", "string": not a loop of this program. */
	const char *name;
	enum mw_stream_op op;
	enum mw_isa isa;
	bool nt; /* non-temporal stores */
	mw_stream_fn run;
	unsigned lines; /* cache lines per step; 0: not a member of the family by lines and prefetch */
	unsigned ahead; /* bytes from a load to its software prefetch; 0: none */
};

/* Kernels of one instruction set; NULL with *n = 0 when this build has none. The caller asks mw_isa_supported whether
 * the CPU can run them. */
const struct mw_stream_kernel *mw_stream_kernels(enum mw_isa isa, size_t *n);

#endif
