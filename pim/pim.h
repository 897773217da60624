/* libpim: compute in (emulated) memory from C.
 *
 * A device is opened from a SPEC, `name[:key=value,...]`, e.g. "ambit:dram=ddr4-3200,limit=jedec". Operations give
 * exact results and a cost: integer counts of commands, bytes and picoseconds, and energy as a band (min, typ, max).
 *
 *	struct pim_device *dev;
 *	struct pim_vector *a, *b, *c;
 *	struct pim_cost *cost;
 *	uint64_t ps;
 *	char err[200];
 *	int rc = pim_open("ambit:dram=ddr3-1600", &dev, err, sizeof(err));
 *	if (rc == 0 && (rc = pim_alloc(dev, pim_uint(1), lanes, &a)) == 0 && ...) {
 *		pim_write(a, host_a, (lanes + 7) / 8);
 *		pim_cost_begin(dev, &cost);
 *		pim_and(c, a, b);
 *		pim_cost_count(cost, PIM_PS_ELAPSED, &ps);
 *		pim_cost_end(cost);
 *		pim_read(c, host_c, (lanes + 7) / 8);
 *	}
 *	pim_close(dev);
 *
 * Every function that can fail returns 0 or a negative errno value and leaves errno unchanged:
 *   -EINVAL      a NULL, a wrong length or type, a spec that cannot be read
 *   -ENODEV      no device of that name
 *   -EOPNOTSUPP  the device has no model of it: a cost is never 0 and a result never wrong for lack of a model
 *   -ENOSPC      no rows left; pim_error() says how many are needed and how many are free
 *   -EXDEV       operands of different devices
 *   -ENOMEM      the host has no memory left
 *   -ERANGE      a count, or its energy, exceeds 2^64 - 1: counts never wrap, and scopes that contain less can be read
 * NULL as a handle gives -EINVAL, or 0, "" or NULL from functions that return no code; freeing NULL does nothing.
 * A handle that pim_close, pim_free, pim_matrix_free, pim_cost_end, pim_subarray_close or pim_program_free has closed,
 * itself or with its device, must not be passed again: a library built with VARIANT=debug then ends the program with
 * abort() and one line that names the function; otherwise the behaviour is undefined.
 * There is no global state; devices are independent of each other. One thread at a time may use a device and its
 * vectors. The library creates no threads: see pim_set_executor. Structures begin with their size, which the caller
 * sets, so that later versions can add members. */
#ifndef PIM_H
#define PIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PIM_ABI 1
#define PIM_API __attribute__((visibility("default")))

struct pim_device;
struct pim_vector;
struct pim_matrix;
struct pim_cost;
struct pim_subarray;
struct pim_device_ops;

PIM_API const char *pim_version(void);

/* ---- devices ---- */

/* Opens a built-in device. err (size n, may be NULL/0) receives one line that names the wrong key. */
PIM_API int pim_open(const char *spec, struct pim_device **dev, char *err, size_t n);
/* Opens a device of the caller; ops and priv must outlive it. spec must begin with the name in ops; NULL: no keys. */
PIM_API int pim_open_ops(const struct pim_device_ops *ops, void *priv, const char *spec, struct pim_device **dev,
			 char *err, size_t n);
/* Closes the device and frees its vectors, matrices, cost scopes and subarrays. NULL is allowed. */
PIM_API void pim_close(struct pim_device *dev);
/* The i-th built-in device (name, summary, keys), NULL past the last. */
PIM_API const struct pim_device_ops *pim_builtin(size_t i);
PIM_API const struct pim_device_ops *pim_ops_of(const struct pim_device *dev);
/* Canonical spec: the keys that differ from their default, in the device's order. It lives as long as the device. */
PIM_API const char *pim_spec(const struct pim_device *dev);
/* Geometry of the memory that a device emulates. */
struct pim_device_info {
	size_t size;
	uint32_t channels;        /* of the memory system */
	uint32_t ranks;           /* of a channel */
	uint32_t banks;           /* of a rank */
	uint32_t subarrays, rows; /* of a bank; of a subarray, reserved ones included */
	uint64_t row_bytes;       /* of a rank */
	double channel_peak_gbps; /* data bus of one channel, GB/s = 1e9 byte per second */
};
/* info->size must be set. -EOPNOTSUPP: the device is not DRAM. */
PIM_API int pim_device_info(struct pim_device *dev, struct pim_device_info *info);
/* One line about the last failed call on this device or its vectors; "" when none failed. */
PIM_API const char *pim_error(const struct pim_device *dev);

/* Runs slices of one operation in parallel. run() calls fn(arg, i) for every i in 0..n-1, in any order, and returns
 * when all are done. Results and costs do not depend on it. */
struct pim_executor {
	size_t size;
	size_t threads; /* slices wanted */
	void (*run)(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg);
	void *ctx;
};
/* The structure is copied, ctx is not. NULL: one slice on the calling thread, as by default. */
PIM_API int pim_set_executor(struct pim_device *dev, const struct pim_executor *executor);

/* ---- vectors and matrices ---- */

enum pim_kind { PIM_UINT, PIM_INT, PIM_FP16, PIM_BF16, PIM_MXINT };

struct pim_type {
	size_t size;
	enum pim_kind kind;
	uint32_t bits;  /* 1..64 for integers */
	uint32_t block; /* elements that share a scale (PIM_MXINT), else 0 */
};

static inline struct pim_type pim_uint(uint32_t bits)
{
	struct pim_type t = {sizeof(struct pim_type), PIM_UINT, bits, 0};
	return t;
}

static inline struct pim_type pim_int(uint32_t bits)
{
	struct pim_type t = {sizeof(struct pim_type), PIM_INT, bits, 0};
	return t;
}

/* Allocates a vector; its contents are undefined until written. On the host, width 1 is packed bits, LSB first; other
 * widths are little-endian containers of 8, 16, 32 or 64 bits, whose excess bits read as 0 for signed lanes too. */
PIM_API int pim_alloc(struct pim_device *dev, struct pim_type type, uint64_t lanes, struct pim_vector **v);
/* Allocates a vector without contents, for costs alone: operations on it are charged as on a vector of pim_alloc, but
 * not computed. It takes neither memory nor rows, so it may be longer than both. pim_write, pim_read and pim_reduce
 * take NULL for its data; an operation takes either unbacked vectors only or none. -EOPNOTSUPP: the costs of this
 * device depend on more than sizes, or it has none. */
PIM_API int pim_alloc_unbacked(struct pim_device *dev, struct pim_type type, uint64_t lanes, struct pim_vector **v);
/* Where the rows of a vector lie: each goes to channel, rank, bank, then subarray, fastest first, moved on by `bank`
 * banks and `subarray` subarrays (modulo their numbers). Vectors of equal placement meet in every subarray. An
 * operation on others copies rows first (RowClone), every time; PIM_COPIES_* and PIM_PS_COPY count that. */
struct pim_placement {
	size_t size;
	uint32_t bank, subarray;
};
/* where NULL: as pim_alloc(). -EOPNOTSUPP: the device has no placement. */
PIM_API int pim_alloc_at(struct pim_device *dev, struct pim_type type, uint64_t lanes,
			 const struct pim_placement *where, struct pim_vector **v);
PIM_API struct pim_placement pim_vector_placement(const struct pim_vector *v);
PIM_API void pim_free(struct pim_vector *v);
PIM_API uint64_t pim_lanes(const struct pim_vector *v);
PIM_API struct pim_type pim_vector_type(const struct pim_vector *v);
/* Bytes of the vector in the host's layout. */
PIM_API size_t pim_bytes(const struct pim_vector *v);
/* Write or read the whole vector; bytes must be pim_bytes(v). The device's keys set the cost. pim_write ignores excess
 * bits of a container; pim_read sets them, and the bits past the last lane, to 0. */
PIM_API int pim_write(struct pim_vector *v, const void *src, size_t bytes);
PIM_API int pim_read(struct pim_vector *v, void *dst, size_t bytes);
/* The emulator's own copy of the lanes in the host's layout, valid until pim_free, for filling and checking large
 * vectors in place. Nothing is charged. Bits past the last lane are undefined; a caller that fills containers must
 * leave their excess bits 0. -EOPNOTSUPP: the device keeps no such copy. */
PIM_API int pim_map(struct pim_vector *v, void **p);

/* A matrix W of rows x cols elements, row-major on the host, for y = W x: x has cols lanes, y has rows. */
PIM_API int pim_matrix_alloc(struct pim_device *dev, struct pim_type type, uint64_t rows, uint64_t cols,
			     struct pim_matrix **m);
PIM_API void pim_matrix_free(struct pim_matrix *m);
PIM_API size_t pim_matrix_bytes(const struct pim_matrix *m);
PIM_API int pim_matrix_write(struct pim_matrix *m, const void *src, size_t bytes);

/* ---- operations ---- */

enum pim_op {
	PIM_NOT,
	PIM_AND,
	PIM_OR,
	PIM_NAND,
	PIM_NOR,
	PIM_XOR,
	PIM_XNOR,
	PIM_MAJ,
	PIM_COPY,
	PIM_FILL,
	PIM_ADD,
	PIM_SUB,
	PIM_MUL,
	PIM_MUL_WIDE,
	PIM_DIV,
	PIM_MOD,
	PIM_EQ,
	PIM_NE,
	PIM_LT,
	PIM_LE,
	PIM_GT,
	PIM_GE,
	PIM_MIN,
	PIM_MAX,
	PIM_ABS,
	PIM_NEG,
	PIM_RELU,
	PIM_IF_ELSE,
	PIM_POPCOUNT,
	PIM_SHL,
	PIM_SHR,
	PIM_RED_AND,
	PIM_RED_OR,
	PIM_RED_XOR,
	PIM_SUM_LANES,
	PIM_MIN_LANES,
	PIM_COUNT_ONES,
	PIM_SHIFT_LANES,
	PIM_GEMV,
	PIM_OP_COUNT
};

/* "and", "mul_wide", ...; NULL for an unknown number. */
PIM_API const char *pim_op_name(enum pim_op op);
PIM_API int pim_op_parse(const char *name, enum pim_op *op);
/* Number of vectors read: 0 (fill) .. 3. */
PIM_API unsigned pim_op_inputs(enum pim_op op);
/* Type of the result for operands of a type (if_else: the type of its second and third input). Comparisons and red_*
 * give uint(1), popcount uint(floor(log2 bits) + 1), mul_wide twice the bits, all others the operand's type. -EINVAL:
 * lanes of that kind have no such operation; -EOPNOTSUPP: the result has more than 64 bits. */
PIM_API int pim_op_result(enum pim_op op, struct pim_type operand, struct pim_type *result);

/* dst = op(src[0..n_src-1]), lane by lane, modulo 2^bits. dst may be one of the inputs. All inputs have one type; the
 * result has that of pim_op_result(). if_else takes a uint(1) vector s first: s ? second : third.
 * x / 0 is all ones and x mod 0 is x; signed division truncates toward 0, the remainder has the sign of x, and the
 * least value divided by -1, its abs and its neg are the least value. abs and relu of unsigned lanes are copies. */
PIM_API int pim_execute(enum pim_op op, struct pim_vector *dst, struct pim_vector *const *src, size_t n_src);
/* PIM_SHL or PIM_SHR of the bits of each lane by amount, 0..bits; shr of signed lanes repeats the sign bit. */
PIM_API int pim_shift(enum pim_op op, struct pim_vector *dst, struct pim_vector *src, uint32_t amount);
/* PIM_SUM_LANES (modulo 2^64), PIM_MIN_LANES or PIM_COUNT_ONES (of all bits of all lanes) of a whole vector; signed
 * values are sign-extended to 64 bits. Columns never meet inside a subarray, so device `ambit` charges reading back and
 * the host's pass over the lanes. */
PIM_API int pim_reduce(enum pim_op op, struct pim_vector *src, uint64_t *value);
/* Lane i of dst = lane i - by of src, 0 where src has no such lane. Device `ambit` gives -EOPNOTSUPP unless its key
 * via=host lets the host do it, which is charged as reading back, the host's pass and writing. */
PIM_API int pim_shift_lanes(struct pim_vector *dst, struct pim_vector *src, int64_t by);
/* Every lane = value (0 or 1 for a bit vector). */
PIM_API int pim_fill(struct pim_vector *dst, uint64_t value);
/* y = W x on devices with matrices: W is rows x cols int8, x cols lanes of int8, y rows lanes of int32. */
PIM_API int pim_gemv(struct pim_vector *y, struct pim_matrix *w, struct pim_vector *x);

static inline int pim_not(struct pim_vector *dst, struct pim_vector *a)
{
	return pim_execute(PIM_NOT, dst, &a, 1);
}

static inline int pim_copy(struct pim_vector *dst, struct pim_vector *a)
{
	return pim_execute(PIM_COPY, dst, &a, 1);
}

static inline int pim_execute2(enum pim_op op, struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	struct pim_vector *const src[2] = {a, b};
	return pim_execute(op, dst, src, 2);
}

static inline int pim_and(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_AND, dst, a, b);
}

static inline int pim_or(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_OR, dst, a, b);
}

static inline int pim_nand(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_NAND, dst, a, b);
}

static inline int pim_nor(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_NOR, dst, a, b);
}

static inline int pim_xor(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_XOR, dst, a, b);
}

static inline int pim_xnor(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_XNOR, dst, a, b);
}

static inline int pim_maj(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b, struct pim_vector *c)
{
	struct pim_vector *const src[3] = {a, b, c};
	return pim_execute(PIM_MAJ, dst, src, 3);
}

static inline int pim_add(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_ADD, dst, a, b);
}

static inline int pim_sub(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_SUB, dst, a, b);
}

static inline int pim_mul(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_MUL, dst, a, b);
}

static inline int pim_lt(struct pim_vector *dst, struct pim_vector *a, struct pim_vector *b)
{
	return pim_execute2(PIM_LT, dst, a, b);
}

static inline int pim_if_else(struct pim_vector *dst, struct pim_vector *s, struct pim_vector *a, struct pim_vector *b)
{
	struct pim_vector *const src[3] = {s, a, b};
	return pim_execute(PIM_IF_ELSE, dst, src, 3);
}

/* ---- cost ---- */

/* Integer counts. They depend only on the spec and on the operations, their order and sizes (the last five also on the
 * data), not on the engine, the instruction set, the number of threads or the machine. */
enum pim_count {
	PIM_AAP,                    /* ACTIVATE, ACTIVATE, PRECHARGE */
	PIM_AP,                     /* ACTIVATE, PRECHARGE */
	PIM_ACT_FIRST,              /* first activations: one per AAP and AP */
	PIM_ACT_SECOND,             /* second activations: one per AAP */
	PIM_EXTRA_WORDLINES_FIRST,  /* wordlines above one, of first activations */
	PIM_EXTRA_WORDLINES_SECOND, /* the same of second activations */
	PIM_PRE,                    /* precharges */
	PIM_PROGRAMS,               /* micro-programs run: one per row of the result */
	PIM_BATCHES,                /* rounds in which every bank runs one micro-program */
	PIM_COPIES_INTER_SUBARRAY,  /* rows moved to another subarray of their bank, by way of another bank */
	PIM_COPIES_INTER_BANK,      /* rows moved to another bank over the internal bus */
	PIM_PASSES,                 /* passes of a compute array */
	PIM_CYCLES,                 /* clock cycles of a compute array */
	PIM_MACS,                   /* multiply-accumulate operations */
	PIM_BYTES_IN,               /* host to device */
	PIM_BYTES_OUT,              /* device to host */
	PIM_BYTES_RELOAD,           /* moved again because the device could not hold them */
	PIM_BYTES_COPIED,           /* over the chips' internal bus */
	PIM_BYTES_TRANSPOSE,        /* transposed between lanes in containers and rows of bits */
	PIM_PS_ELAPSED,             /* from start to end, ps: the sum of the seven parts below, as nothing overlaps */
	PIM_PS_COMPUTE,             /* commands in memory, operands resident */
	PIM_PS_IN,                  /* write, or cache flush where rows are host memory */
	PIM_PS_OUT,                 /* read, or cache invalidation */
	PIM_PS_RELOAD,              /* time of PIM_BYTES_RELOAD */
	PIM_PS_COPY,                /* copying rows to the subarrays where they are needed */
	PIM_PS_TRANSPOSE,
	PIM_PS_HOST, /* the host's part: reductions over lanes, shifts of lanes */
	PIM_PS_BUSY, /* sum over banks or arrays */
	/* Failures, by the device's model of them: the only counts that depend on the data. */
	PIM_FAULTS_INJECTED, /* bits that failing commands computed wrong */
	PIM_BITS_WRONG,      /* result bits of operations that differ from the right result of the same operands */
	PIM_ECC_CORRECTED,   /* words of 64 lanes in which one wrong bit was corrected */
	PIM_ECC_DETECTED,    /* words read with a detected error */
	PIM_ECC_UNDETECTED,  /* words read wrong without detection */
	PIM_COUNT_N
};

enum pim_part {
	PIM_E_ACT,       /* first activations, one wordline */
	PIM_E_ACT2,      /* second activations, one wordline */
	PIM_E_WORDLINES, /* wordlines above one */
	PIM_E_PRE,
	PIM_E_BACKGROUND,
	PIM_E_REFRESH,
	PIM_E_RD,
	PIM_E_WR,
	PIM_E_IO,
	PIM_E_TRANSPOSE,
	PIM_E_MAC,   /* compute array */
	PIM_E_TOTAL, /* sum of the parts that have a model; pim_energy.parts lists them */
	PIM_PART_N
};

struct pim_energy {
	size_t size;
	uint32_t parts; /* bit i: enum pim_part i is included */
	double min_pj, typ_pj, max_pj;
	const char *source; /* model and parameters; lives as long as the device */
};

/* Starts a scope that counts from here on. Scopes may nest and overlap. */
PIM_API int pim_cost_begin(struct pim_device *dev, struct pim_cost **cost);
/* Stops counting; counts and energy can still be read. */
PIM_API void pim_cost_stop(struct pim_cost *cost);
PIM_API void pim_cost_end(struct pim_cost *cost);
/* -EOPNOTSUPP: the device has no model of that count; -ERANGE: the count of the scope exceeds 2^64 - 1. */
PIM_API int pim_cost_count(const struct pim_cost *cost, enum pim_count what, uint64_t *value);
/* Energy in pJ: counts times constants. energy->size must be set. -EOPNOTSUPP: the part has no model; -ERANGE: a term
 * would be negative, or a count of the scope exceeds 2^64 - 1. */
PIM_API int pim_cost_energy(const struct pim_cost *cost, enum pim_part part, struct pim_energy *energy);
PIM_API const char *pim_count_name(enum pim_count what);
PIM_API const char *pim_part_name(enum pim_part part);

/* What one operation costs, without running it. */
struct pim_price {
	size_t size;
	uint64_t aap, ap;
	uint64_t ps;              /* one micro-program in one subarray */
	uint64_t ps_batch;        /* one micro-program on every bank at once, steady state, under the key `limit` */
	uint64_t programs;        /* micro-programs in one batch: channels x ranks x banks x open subarrays per bank */
	uint64_t lanes;           /* of one micro-program */
	uint64_t row_bytes;       /* bytes of one row: one bit of each of these lanes */
	uint32_t rows;            /* data rows that the program touches */
	uint32_t verified;        /* 1: time and count come from a checked source, or are below it */
	uint64_t published;       /* commands of the published program, where that count was checked; 0: none */
	struct pim_energy energy; /* of one micro-program; parts = 0: no model */
	const char *source;       /* source of counts and time; lives as long as the device */
	uint32_t live_rows;       /* data rows needed at once: inputs, results, temporaries in use; 0: not known */
	/* Activations of the busiest row between two refreshes when the program runs back to back; 0: not known. */
	uint64_t window_activations;
};
/* price->size and price->energy.size must be set. -EINVAL: no such operation or type; -EOPNOTSUPP: no model. */
PIM_API int pim_price_of(struct pim_device *dev, enum pim_op op, struct pim_type type, struct pim_price *price);

/* ---- traces ---- */

enum pim_trace_format {
	PIM_TRACE_DRAMPOWER,      /* timestamp,command,rank,bankgroup,bank,row,column[,data] */
	PIM_TRACE_RAMULATOR,      /* as Ramulator 2.1 records commands */
	PIM_TRACE_RAMULATOR_HOST, /* LD and ST of the lines that the host moves, for Ramulator 2's LoadStoreTrace */
};

struct pim_trace_config {
	size_t size;
	enum pim_trace_format format;
	/* The second ACT of an AAP goes to an open bank, which JEDEC does not allow. 0: the trace has ACT, PRE, ACT,
	 * PRE instead; 1: ACT, ACT, PRE. The first line says which. */
	uint32_t raw_aap;
	uint32_t channel; /* a trace covers one channel */
	/* Receives whole lines; a negative value stops the trace, and pim_trace_end returns it. */
	int (*write)(void *ctx, const char *text, size_t n);
	void *ctx;
};

/* Traces what the device does from here on, until pim_trace_end or pim_close. Row numbers of operands are those of the
 * micro-program (docs/emulator.md). A trace ends after 2^60 ps, 13 days. -EOPNOTSUPP: the device, or its spec, has no
 * commands to trace; -EBUSY: a trace is being written already. */
PIM_API int pim_trace_begin(struct pim_device *dev, const struct pim_trace_config *config);
/* Writes the rest. Returns the first error: that of write(), -ERANGE where more than 2^60 ps were charged; -EINVAL
 * where no trace was begun. */
PIM_API int pim_trace_end(struct pim_device *dev);

/* ---- raw subarrays ---- */

/* Opens one subarray for commands of the caller. Its T, DCC and D rows keep their contents between calls, until the
 * device is closed; no vector lies in them. Rows have the names of micro-programs, D0.., C0, C1, B0..B15; one that was
 * never written holds noise, a function of the device's seed. bank counts the banks of the device: (channel x ranks +
 * rank) x banks + bank. Several handles of one subarray share its rows. */
PIM_API int pim_subarray_open(struct pim_device *dev, uint32_t bank, uint32_t subarray, struct pim_subarray **s);
/* Closes the handle; the rows keep their contents. */
PIM_API void pim_subarray_close(struct pim_subarray *s);
PIM_API size_t pim_row_bytes(const struct pim_subarray *s);
PIM_API uint32_t pim_data_rows(const struct pim_subarray *s);
/* Write or read a row through an address that raises one wordline; an n-wordline stores and shows the complement. bytes
 * must be pim_row_bytes(s). Charged as a transfer. */
PIM_API int pim_row_write(struct pim_subarray *s, const char *row, const void *src, size_t bytes);
PIM_API int pim_row_read(struct pim_subarray *s, const char *row, void *dst, size_t bytes);
/* Runs commands given as text, "AAP(D0,B8);AP(B14)". -EINVAL when one of them is illegal for what the rows hold,
 * whatever the data: then none has run, and pim_error() says which and why. */
PIM_API int pim_subarray_run(struct pim_subarray *s, const char *commands);
PIM_API int pim_aap(struct pim_subarray *s, const char *first, const char *second);
PIM_API int pim_ap(struct pim_subarray *s, const char *row);
/* Copies a row by RowClone: an AAP inside a subarray, else over the internal bus. -EOPNOTSUPP: another rank or channel.
 */
PIM_API int pim_row_copy(struct pim_subarray *dst, const char *to, struct pim_subarray *src, const char *from);
/* Source of the times of copies between subarrays, with those that are unverified; NULL: rows cannot be copied between
 * subarrays. Lives as long as the device. */
PIM_API const char *pim_row_copy_source(const struct pim_device *dev);

/* ---- programs of the user ---- */

/* Language of a program's text. All but the last are compiled: majority-inverter graph, rewriting, allocation of
 * compute rows. */
enum pim_language {
	PIM_EXPRESSION,    /* "s = a ^ b ^ c; d = maj(a, b, c)": ~ ! & ^ | ?: maj mux 0 1 */
	PIM_TABLE,         /* "3: 0xe8", or rows "011 1" */
	PIM_BLIF,          /* combinational .names */
	PIM_AIGER,         /* combinational, ASCII or binary */
	PIM_MICRO_PROGRAM, /* "AAP(D0,B8);AP(B14)", with lines ".inputs a b" and ".outputs c" for names */
};

struct pim_program;

/* Compiles a program. err (size n, may be NULL/0) receives one line with the place: "line 1, column 7: ...". -EINVAL:
 * the text cannot be read or the micro-program is illegal; -EOPNOTSUPP: latches; -E2BIG: too large; -ERANGE: more rows
 * than addresses. */
PIM_API int pim_program_compile(enum pim_language language, const char *text, size_t len, struct pim_program **program,
				char *err, size_t n);
PIM_API void pim_program_free(struct pim_program *program);

struct pim_program_info {
	size_t size;
	uint32_t inputs, outputs, temporaries; /* data rows */
	uint32_t majorities_read;              /* majorities of the text as written */
	uint32_t majorities, depth;            /* of the program */
	uint64_t aap, ap;
};
PIM_API int pim_program_info(const struct pim_program *program, struct pim_program_info *info);
/* Names in the order of the rows; NULL past the last. They live as long as the program. */
PIM_API const char *pim_program_input(const struct pim_program *program, size_t i);
PIM_API const char *pim_program_output(const struct pim_program *program, size_t i);
/* Prints the micro-program as text. Returns the length as snprintf. */
PIM_API int pim_program_print(const struct pim_program *program, char *out, size_t n);

/* Result of executing every command on all combinations of up to 16 inputs (exhaustive), or on 65536 random lanes
 * beyond, and comparing with the text as it was read. */
struct pim_equivalence {
	size_t size;
	uint64_t lanes, wrong;
	int exhaustive;
};
PIM_API int pim_program_verify(const struct pim_program *program, uint64_t seed, struct pim_equivalence *equivalence);

/* dst and src: vectors of uint(1), of one device and one length, in the order of the names. A result may be an input.
 */
PIM_API int pim_program_run(const struct pim_program *program, struct pim_vector *const *dst, size_t n_dst,
			    struct pim_vector *const *src, size_t n_src);
/* Price of one run in one subarray. price->size and price->energy.size must be set. */
PIM_API int pim_program_price(struct pim_device *dev, const struct pim_program *program, struct pim_price *price);

/* ---- writing a device ---- */

/* PIM_KEY_U64: any whole number of 64 bits, such as a seed; min and max are ignored. */
enum pim_key_type { PIM_KEY_INT, PIM_KEY_SIZE, PIM_KEY_REAL, PIM_KEY_TEXT, PIM_KEY_CHOICE, PIM_KEY_U64 };

/* One key of a device's SPEC; a table ends with name NULL. Its layout is fixed by PIM_ABI. */
struct pim_key {
	const char *name;
	enum pim_key_type type;
	const char *def;     /* default as text; NULL: unset */
	const char *choices; /* PIM_KEY_CHOICE: "a|b|c" */
	double min, max;     /* inclusive when max > min */
	const char *help;
};

struct pim_config; /* checked keys of one spec; valid during open */
/* For a PIM_KEY_U64 the result holds its bits: cast it to uint64_t. */
PIM_API int64_t pim_config_int(const struct pim_config *c, const char *key);
PIM_API double pim_config_real(const struct pim_config *c, const char *key);
PIM_API const char *pim_config_text(const struct pim_config *c, const char *key); /* NULL: unset */

struct pim_call; /* the call in progress */
/* Stores one line for pim_error() and returns code. */
PIM_API int pim_call_fail(struct pim_call *call, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Adds n to a count of every open scope. */
PIM_API void pim_call_charge(struct pim_call *call, enum pim_count what, uint64_t n);
/* Adds time to part, PIM_PS_COMPUTE..PIM_PS_HOST, and to PIM_PS_ELAPSED; busy_ps goes to PIM_PS_BUSY. */
PIM_API void pim_call_time(struct pim_call *call, enum pim_count part, uint64_t elapsed_ps, uint64_t busy_ps);
/* The number of slices wanted by the caller's executor, and their execution on it. */
PIM_API size_t pim_call_threads(const struct pim_call *call);
PIM_API void pim_call_run(struct pim_call *call, size_t n, void (*fn)(void *arg, size_t i), void *arg);

/* A vector (rows = 1, cols = lanes) or a matrix as the device sees it; mem is what the device's alloc made. */
struct pim_operand {
	size_t size;
	struct pim_type type;
	uint64_t rows, cols;
	void *mem;
	uint32_t bank, subarray; /* as in pim_placement; 0 without PIM_CAP_PLACEMENT */
};

struct pim_command {
	size_t size;
	enum pim_op op;
	uint32_t n_src;
	const struct pim_operand *dst;    /* NULL for PIM_SUM_LANES, PIM_MIN_LANES, PIM_COUNT_ONES */
	const struct pim_operand *src[3]; /* PIM_GEMV: matrix, x */
	uint64_t value;                   /* PIM_FILL; amount of a shift, as int64_t for PIM_SHIFT_LANES */
	uint64_t *result;                 /* for PIM_SUM_LANES, PIM_MIN_LANES, PIM_COUNT_ONES */
};

enum pim_caps {
	PIM_CAP_VECTORS = 1 << 0,
	PIM_CAP_MATRICES = 1 << 1,
	PIM_CAP_MODELLED = 1 << 2,  /* costs come from a model; otherwise the device is the host */
	PIM_CAP_UNBACKED = 1 << 3,  /* operands with mem NULL, which alloc has not seen, are charged but not accessed */
	PIM_CAP_PLACEMENT = 1 << 4, /* pim_alloc_at */
};

/* A row of a raw subarray. */
struct pim_row {
	size_t size;
	uint32_t bank, subarray;
	const char *name;
};

/* Raw subarrays of a device. shape checks bank and subarray and returns their sizes; buffers hold one row. */
struct pim_raw_ops {
	size_t size; /* sizeof(struct pim_raw_ops) */
	int (*shape)(void *state, struct pim_call *call, uint32_t bank, uint32_t subarray, size_t *row_bytes,
		     uint32_t *data_rows);
	int (*run)(void *state, struct pim_call *call, uint32_t bank, uint32_t subarray, const char *commands);
	int (*write)(void *state, struct pim_call *call, const struct pim_row *to, const void *src);
	int (*read)(void *state, struct pim_call *call, const struct pim_row *from, void *dst);
	int (*copy)(void *state, struct pim_call *call, const struct pim_row *to, const struct pim_row *from);
	const char *(*copy_source)(void *state);
};

/* A published speed-up whose baseline figure was not published with it. */
struct pim_ratio {
	const char *source, *against;
	double ratio;
	const char *spec; /* SPEC of the device that was compared */
};

/* The table of a device. The core checks handles, lengths, types and devices before it calls; one thread at a time is
 * in a state. An operation may be NULL: -EOPNOTSUPP. */
struct pim_device_ops {
	size_t size;  /* sizeof(struct pim_device_ops) */
	uint32_t abi; /* PIM_ABI */
	uint32_t caps;
	const char *name;
	const char *summary;
	const struct pim_key *keys;
	int (*open)(void *priv, const struct pim_config *config, void **state, char *err, size_t n);
	void (*close)(void *state);
	/* Fills o->mem from o->type, o->rows, o->cols. */
	int (*alloc)(void *state, struct pim_call *call, struct pim_operand *o);
	void (*free)(void *state, struct pim_operand *o);
	/* bytes: the operand's size in the host's layout. */
	int (*write)(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes);
	int (*read)(void *state, struct pim_call *call, const struct pim_operand *o, void *dst, size_t bytes);
	int (*map)(void *state, const struct pim_operand *o, void **p);
	int (*execute)(void *state, struct pim_call *call, const struct pim_command *command);
	/* 0 when the device models that count, else -EOPNOTSUPP. */
	int (*counts)(void *state, enum pim_count what);
	/* Energy in pJ of one part (never PIM_E_TOTAL) for counts[0..PIM_COUNT_N-1]. */
	int (*energy)(void *state, const uint64_t *counts, enum pim_part part, struct pim_energy *out);
	int (*price)(void *state, enum pim_op op, struct pim_type type, struct pim_price *out);
	/* Begins a trace; config NULL: ends it and returns its first error. spec: the canonical one. */
	int (*trace)(void *state, const struct pim_trace_config *config, const char *spec, char *err, size_t n);
	const struct pim_raw_ops *raw; /* NULL: none */

	/* Runs a user's program on vectors of uint(1); pim_program_input() and _output() count and name them. */
	int (*run_program)(void *state, struct pim_call *call, const struct pim_program *program,
			   const struct pim_operand *const *dst, const struct pim_operand *const *src);
	/* -ENOSPC: the program has more rows than the device; out->rows and out->live_rows are those numbers. */
	int (*price_program)(void *state, const struct pim_program *program, struct pim_price *out);
	int (*info)(void *state, struct pim_device_info *out);

	const char *cite;               /* BibTeX entries of the publications behind the model; NULL: none */
	const struct pim_ratio *ratios; /* ended by source NULL; NULL: none */
	/* SPECs that `offload` compares when no device is named, ended by NULL; NULL: only when named. Keys of these
	 * names mean the same in every device: channels, limit (none, jedec: least and most restrictive), flush (GB/s
	 * at which the host writes its caches back), engine (how it is emulated). */
	const char *const *compared;
};

#ifdef __cplusplus
}
#endif

#endif
