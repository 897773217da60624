/* Integer operations on lanes in the host's layout: packed bits for width 1, else containers whose excess bits are 0.
 *
 * Device `host` computes with them, and ambit's fused engine computes with them instead of running micro-programs. They
 * are plain arithmetic on whole containers, one path per instruction set, run in slices on the call's executor. */
#ifndef PIM_ARITH_H
#define PIM_ARITH_H

#include <stdbool.h>

#include "base/core/cpu.h"
#include "pim/pim_device.h"

/* Vectors are padded to a multiple of this many lanes, one step of a kernel. */
#define ARITH_LANES 512u

/* Bytes of `lanes` lanes of a width, padding included; 0: too many. */
size_t arith_bytes(unsigned bits, uint64_t lanes);
/* Bytes of the container of a width; 0: packed bits. */
unsigned arith_unit(unsigned bits);

struct arith_job {
	enum pim_op op;
	struct pim_type type; /* type of the last input; of the result for fill */
	uint64_t value;       /* as in struct pim_command */
	uint64_t lanes;
	void *dst;
	const void *src[3];
	size_t cache_bytes; /* of the last-level cache; larger results use non-temporal stores */
};

/* Runs PIM_NOT..PIM_RED_XOR. Pointers are aligned to 64 bytes, memory is padded; dst may be one of src where both have
 * one type. 0, or -EOPNOTSUPP for other operations. */
int arith_run(struct pim_call *call, const struct arith_job *job);
/* Copies lanes of any alignment into padded memory and clears excess bits. */
void arith_write(struct pim_call *call, void *dst, const void *src, unsigned bits, uint64_t lanes, size_t cache_bytes);
/* Continues a reduction over `lanes` lanes; *acc begins as arith_reduce_start(). */
uint64_t arith_reduce_start(enum pim_op op);
void arith_reduce(enum pim_op op, struct pim_type type, const void *src, uint64_t lanes, uint64_t *acc);
/* ... src is aligned to 64 bytes. */
/* Joins two accumulators. */
uint64_t arith_reduce_join(enum pim_op op, uint64_t a, uint64_t b);
/* A reduction of a whole vector on the call's executor: the accumulator. 0 or -ENOMEM. */
int arith_reduce_all(struct pim_call *call, enum pim_op op, struct pim_type type, const void *src, uint64_t lanes,
		     uint64_t *acc);
/* Turns an accumulator into the number that pim_reduce() returns. */
uint64_t arith_reduce_value(enum pim_op op, struct pim_type type, uint64_t acc);
/* Lane i of dst = lane i - by of src, 0 where src has no such lane; `lanes` lanes of `unit` bytes, 0: packed bits. dst
 * may be src. */
void arith_shift_lanes(void *dst, const void *src, unsigned unit, uint64_t lanes, int64_t by);

/* ---- kernels ---- */

struct arith_args {
	uint64_t mask; /* ones in the bits of a lane */
	uint64_t live; /* bits of a result that may be 1; shifts: without repeated sign bits */
	uint64_t sign; /* sign bit; 0 for unsigned lanes */
	unsigned amount;
};

/* lanes is a multiple of 64; pointers are aligned to 64. */
typedef void (*arith_fn)(const struct arith_args *a, void *dst, const void *const *src, size_t lanes);

enum arith_kernel {
	ARITH_NOT,
	ARITH_NAND,
	ARITH_NOR,
	ARITH_XNOR,
	ARITH_AND,
	ARITH_OR,
	ARITH_XOR,
	ARITH_MAJ,
	ARITH_COPY, /* excess bits cleared */
	ARITH_ADD,
	ARITH_SUB,
	ARITH_MUL,
	ARITH_DIV,
	ARITH_MOD,
	ARITH_MIN,
	ARITH_MAX,
	ARITH_ABS,
	ARITH_NEG,
	ARITH_RELU,
	ARITH_SHL,
	ARITH_SHR,
	ARITH_MUL_SAME,   /* mul_wide into containers of the same size */
	ARITH_MUL_DOUBLE, /* mul_wide into containers of twice the size */
	ARITH_IF_ELSE,    /* src[0]: packed bits */
	ARITH_POPCOUNT,   /* into containers of 1 byte */
	/* Into packed bits. */
	ARITH_EQ,
	ARITH_NE,
	ARITH_LT,
	ARITH_LE,
	ARITH_GT,
	ARITH_GE,
	ARITH_RED_AND,
	ARITH_RED_OR,
	ARITH_RED_XOR,
	ARITH_KERNELS
};

typedef uint64_t (*arith_ones_fn)(const void *src, size_t bytes);

/* By log2 of the container's bytes. */
struct arith_table {
	arith_fn fn[ARITH_KERNELS][4];
	arith_fn unpack; /* packed bits to containers of 1 byte holding 0 or 1 */
	/* Reductions over a multiple of 64 lanes, or of 64 bytes, aligned to 64. sign: as in arith_args. */
	uint64_t (*sum[4])(const void *src, size_t lanes, uint64_t sign);   /* modulo 2^64 */
	uint64_t (*least[4])(const void *src, size_t lanes, uint64_t sign); /* with the sign bit flipped */
	arith_ones_fn ones;
};

extern const struct arith_table arith_portable, arith_neon, arith_avx2, arith_avx512;
/* For processors with an instruction that counts ones. */
uint64_t arith_ones_vpopcnt(const void *src, size_t bytes);

/* The table of an instruction set; NULL when this build or CPU lacks it. */
const struct arith_table *arith_table(enum mw_isa isa);

#endif
