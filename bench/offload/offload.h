/* The same work on the host, measured, and on devices that compute in memory, modelled. Private to bench/offload.
 *
 * A row of the comparison is a struct offload_work. Its kind (bulk.c, gemv.c) computes it on the host and on a device.
 * host.c searches the host's ways, sample.c measures one, pick.c chooses the best; execute.c runs the rows on devices,
 * device.c opens these and reads their cost; compare.c emits the comparison. */
#ifndef MW_OFFLOAD_H
#define MW_OFFLOAD_H

#include <stdatomic.h>

#include "base/core/kernels/bulk.h"
#include "base/core/kernels/gemv.h"
#include "bench/bench.h"
#include "bench/offload/breakeven.h"
#include "bench/offload/words.h"
#include "bench/rounds.h"
#include "pim/pim_device.h"

enum {
	OFFLOAD_BULK_OPS = 5,
	OFFLOAD_VECTORS = 3,
	OFFLOAD_MAX_WORK = 96,
	OFFLOAD_MAX_SIZES = 16,
	OFFLOAD_MAX_DEVICES = 16,
	OFFLOAD_MAX_TRIES = 64,
	OFFLOAD_FINALISTS = 3,
	OFFLOAD_KERNELS = 8,
	OFFLOAD_STATES = 4, /* near, far, one, mixed */
};

enum offload_cache { OFFLOAD_COLD, OFFLOAD_WARM, OFFLOAD_CACHES };
extern const char *const offload_cache_names[OFFLOAD_CACHES];

/* One way in which the host can do the work. */
struct offload_try {
	int path; /* enum mw_isa (bulk), index into mw_gemv_paths (gemv) */
	int threads;
	enum mw_bulk_store store; /* bulk */
	double ns;                /* ns of one use, by the search */
};

/* The host's best in one topology state. */
struct offload_host {
	double ns, lo, hi;
	const char *how;
	int threads;
	const char *ties;                         /* other ways that cannot be told from it; "" none */
	const char *disturbed, *unsteady, *drift; /* as its record says; "" not */
	bool blind;                               /* one visit: chosen and quoted by the same samples */
	const char *state;                        /* topology state of those rounds; "" for one thread */
};

struct offload_kind;

struct offload_work {
	const struct offload_kind *kind;
	char name[16];      /* the record's case */
	enum mw_bulk_op op; /* bulk */
	unsigned width;     /* bulk: bits of a lane, 1 for bit vectors */
	enum pim_op device_op;
	uint64_t size;        /* bytes of one vector (bulk), of the matrix (gemv) */
	uint64_t rows, cols;  /* gemv: y[rows] = W x[cols] */
	uint64_t bytes;       /* of all operands, each counted once */
	bool cached;          /* less than four times the last-level cache: cold and warm times differ */
	const uint8_t *a, *b; /* matrix, x */
	uint8_t *out;
	struct offload_try best[OFFLOAD_CACHES][OFFLOAD_FINALISTS];
	size_t n_best[OFFLOAD_CACHES];
	uint64_t searched_size; /* size of the row whose search chose `best` */
	bool begun;             /* an earlier session of this run has samples of it */
	struct offload_host host[OFFLOAD_CACHES][OFFLOAD_STATES];
	size_t n_host[OFFLOAD_CACHES]; /* per cache state; 0: not measured */
};

struct offload_range {
	const void *p;
	size_t bytes;
};

struct offload_device {
	char spec[1024];   /* SPEC as given, with the activation limit */
	const char *label; /* canonical, for records */
	char limit[16];    /* "" when the device has no such key */
	const struct pim_device_ops *ops;
	bool flushes; /* has a key for the measured flush rate */
	bool is_dram;
	struct pim_device_info dram; /* valid where is_dram */
	const char *channels_note;   /* note on the number of channels of a DRAM device */
	bool assumes_efficiency;     /* the SPEC does not give the efficiency of transfers */
	size_t pair;                 /* index of the same device at the other limit; its own index: none */
	bool named;                  /* on the command line */
	size_t worked;               /* number of rows that it could compute */
};

/* Of the time of the comparison, for the devices at its end. */
#define OFFLOAD_FINISH_SHARE 0.4

struct offload_text;
struct offload_plan;
struct offload_points;

struct offload {
	const struct bench_ctx *ctx; /* of the call */
	const struct mw_sink *out;
	const struct mw_sink *sink; /* of the current call; in finish() it also keeps the host's records in seen */
	struct mw_records seen;
	uint64_t llc;
	size_t finalists;
	struct offload_work *work;
	size_t n_work;
	uint64_t largest; /* bytes of the largest vector */
	struct offload_plan *plan;
	struct offload_points *points; /* of the host */
	struct pim_library *library;   /* of --device-lib, or NULL */
	struct offload_device device[OFFLOAD_MAX_DEVICES];
	size_t n_devices;
	uint8_t *spare; /* twice the last-level cache; read to evict lines where they cannot be flushed */
	size_t spare_bytes;
	struct mw_block block;                      /* of all vectors and the spare */
	void (*flush)(const void *p, size_t bytes); /* offload_flush; a test counts the lines */
	double flush_gbps[OFFLOAD_CACHES]; /* GB/s of flushing lines that are absent from (cold) or dirty in (warm) the
					      caches; NaN: unknown */
	int channels;                      /* of this machine's memory; 0 = unknown */
	double row_s_per_byte;             /* of a row on a device, at the largest size so far; 0: nothing known */
	uint64_t row_size;                 /* that size; 0: a guess from the filling of the operands */
	struct offload_text *texts;
	bool no_memory; /* out of memory for a text */
};

/* What a device needs for one row, in ns. */
struct offload_cost {
	double compute, in, out, reload, transpose;
	double resident;   /* operands and result stay on the device */
	double end_to_end; /* with all data movement of one use */
	double place;      /* once, to place resident operands */
	double per_use;    /* each use of resident operands */
	uint64_t count[PIM_COUNT_N];
	uint32_t counted;         /* bit i: count[i] has a model */
	struct pim_energy energy; /* of one use of resident operands, pJ */
	double moved_pj[3];       /* min, typ, max of transfers, background meanwhile included, pJ; NaN: no model */
	uint32_t moved_missing;   /* bit i: enum pim_part i of them has no model */
	bool has_energy;
	bool verified;
	const char *source;
};

/* Operands on a device: vectors a, b, result (bulk); matrix and vectors x, y (gemv). */
struct offload_operands {
	struct pim_vector *v[3];
	struct pim_matrix *m;
	struct offload_cost write[2]; /* cost of writing each input, or the matrix */
};

struct offload_kind {
	/* Writes the host's ways to v; returns how many. */
	size_t (*tries)(const struct offload *o, struct offload_try *v, size_t max);
	/* Computes the part of one team member. */
	void (*slice)(const struct offload_work *w, const struct offload_try *t, int rank, int n);
	/* Writes the memory ranges that the work touches to v[0..2]; returns how many. */
	size_t (*ranges)(const struct offload_work *w, struct offload_range *v);
	/* Compares out with the result of another path, bit by bit, in this member's part; false when it differs. */
	bool (*matches)(const struct offload_work *w, const struct offload_try *t, int rank, int n);
	void (*describe)(const struct offload_try *t, struct mw_record *r);
	/* Allocates the operands on the device and writes them, once for all rows with the same operands. -EOPNOTSUPP
	 * with the device's reason in err when it cannot. Free *p with offload_unplace in every case. */
	int (*place)(const struct offload_work *w, struct pim_device *dev, struct offload_operands *p, char *err,
		     size_t n);
	/* Computes, reads the result back into w->out, and fills *cost, with the cost of placing. */
	int (*use)(struct offload_work *w, struct pim_device *dev, struct offload_operands *p,
		   struct offload_cost *cost, char *err, size_t n);
};

extern const struct offload_kind offload_bulk, offload_gemv;

/* Opens a record of that sort with the row's case and shape. */
void offload_record(const struct offload_work *w, struct mw_record *r, enum offload_sort sort);

/* Formats a text that is freed with o. "" when out of memory; o->no_memory is set then. */
const char *offload_text(struct offload *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void offload_texts_free(struct offload *o);

/* ---- plan.c ---- */
/* What to compare: asked for by the options, reduced to what memory and time allow. */
struct offload_plan {
	uint64_t sizes[OFFLOAD_MAX_SIZES];
	size_t n_sizes;
	uint64_t left_out[OFFLOAD_MAX_SIZES]; /* left out, for lack of memory or time */
	size_t n_left_out;
	const char *why[OFFLOAD_MAX_SIZES];
	uint64_t shapes[OFFLOAD_MAX_SIZES][2]; /* inputs, outputs */
	size_t n_shapes;
	uint64_t shapes_left_out[OFFLOAD_MAX_SIZES][2]; /* left out, for lack of memory */
	size_t n_shapes_left_out;
	const char *shapes_why;
	bool op[OFFLOAD_BULK_OPS], gemv;
};

const char *offload_kernel_word(size_t i);
/* Makes the plan, which depends on options, profile and machine only. MW_ESPEC with a line in err. */
int offload_make_plan(struct offload *o, struct offload_plan *p, char *err, size_t n);
/* Fills o->work. Returns the bytes of the largest vector. */
uint64_t offload_add_rows(struct offload *o, const struct offload_plan *p);
/* Emits an unavailable record for each size or shape that is left out. */
int offload_report_left_out(struct offload *o, const struct offload_plan *p);
/* True when the device has a model of at least one of the kernels. */
bool offload_models_one(const struct offload *o, const struct offload_device *d, const struct offload_plan *p);
/* Bytes from the start of one vector to the next: whole huge pages, and one more for the different offsets. */
size_t offload_vector_step(size_t bytes);

/* ---- evict.c ---- */
/* "clflushopt", "clflush" or NULL when this architecture has no such instruction for user programs. */
const char *offload_flush_name(void);
/* Writes the cache lines of the range back and invalidates them. p must be aligned to a line. */
void offload_flush(const void *p, size_t bytes);
/* Calls `flush` for every line of the range. */
static inline __attribute__((always_inline)) void offload_each_line(const void *p, size_t bytes,
								    void (*flush)(const char *line))
{
	for (size_t i = 0; i < bytes; i += 64)
		flush((const char *)p + i);
}
/* Reads the range, so that it displaces the contents of the caches. */
void offload_stream(const void *p, size_t bytes);

/* ---- sample.c ---- */
/* One way of doing the work of a row. The memory of the operands must be held. */
struct offload_job {
	const struct offload *o;
	const struct offload_work *w;
	struct offload_try t;
	size_t repeats;      /* uses of the timed part in progress */
	size_t warm_repeats; /* uses per warm sample; 0 before the first one */
	atomic_int wrong;
};

/* Computes the work once over an overwritten result and compares with another path. MW_EVERIFY when they differ. */
int offload_check(struct offload_job *j, char *err, size_t n);
/* ns of one use. Cold: each use starts with the operands evicted, where they would fit into the caches. Warm: after a
 * use that is not timed. */
int offload_sample(struct offload_job *j, enum offload_cache cache, double sample_ns, double *value);

struct offload_flush_point {
	struct offload *o;
	size_t bytes;
	bool dirty; /* every line is written before it is flushed; else it is flushed before */
	double sample_ns;
};

/* GB/s of flushing; arg is a struct offload_flush_point. For rounds. */
int offload_measure_flush(void *arg, double *value, char *err, size_t n);

/* ---- host.c ---- */
/* Searches the host's ways and makes points of the fastest few. The memory of the operands must be held, here and in a
 * visit. */
int offload_host_begin(struct offload *o, char *err, size_t n);
/* Measures rounds over the points. BENCH_DONE when they need no more. */
int offload_host_visit(struct offload *o);
/* Emits the records of the points. */
int offload_host_finish(struct offload *o);
void offload_host_close(struct offload *o);

/* ---- pick.c ---- */
/* Fills w->host and the flush rates from the records of the rounds and of earlier benchmarks. */
int offload_host_pick(struct offload *o);

/* ---- emulator.c: how fast the emulation itself runs ---- */
struct offload_rates;
int offload_rates_points(struct offload *o, struct offload_rates **out, struct round_point *pts, size_t *n_pts,
			 size_t max, char *err, size_t n);
void offload_rates_free(struct offload_rates *r);

/* ---- channels.c ---- */
/* Populated memory channels below root ("/" or a captured tree); 0 = unknown. */
int offload_channels(const char *root);

/* ---- device.c ---- */
/* SPEC i of those that devices declare for comparison by default; NULL after the last one. */
const char *offload_default_device(size_t i);
/* Loads --device-lib and adds the devices of the SPECs (separated by newlines; NULL: the default ones), opening each to
 * check it. MW_ESPEC with a line in err. */
int offload_devices(struct offload *o, const char *specs, char *err, size_t n);
/* Opens device d with the flush rate for the row and extra keys ("" or "engine=exact"). */
int offload_open(struct offload *o, const struct offload_device *d, const struct offload_work *w, const char *extra,
		 struct pim_device **dev, char *err, size_t n);
/* Adds the energy of a transfer to cost->moved_pj. */
void offload_add_moved(struct offload_cost *cost, const struct offload_cost *transfer);
/* Reads times, counts and energy of a scope into *cost. */
int offload_read_cost(struct pim_device *dev, struct pim_cost *scope, struct offload_cost *cost, char *err, size_t n);
/* The device's key of that name, or NULL. */
const struct pim_key *offload_key(const struct pim_device_ops *ops, const char *name);

/* Writes a message on a lack of memory: why, and what limits the memory of this run. */
void offload_say_memory(const struct offload *o, const char *why, char *out, size_t n);

void offload_unplace(struct offload_operands *p);

/* One device, and its cost of each row. */
struct offload_side {
	struct offload *o;
	struct offload_device *d;
	const struct offload_side *pair; /* the same device at the other limit; NULL: none */
	struct offload_cost *cost;
	bool *done;
	const struct offload_work *late;   /* the last group that it had no time for, by its first row; or NULL */
	char refused[OFFLOAD_KERNELS][16]; /* cases that the device has no model of */
	size_t n_refused;
};

/* ---- execute.c ---- */
/* Runs every row on every device, small rows first, and compares each result with the host's. MW_EVERIFY when one
 * differs. */
int offload_execute(struct offload *o, char *err, size_t n);

/* ---- compare.c: records ---- */
int offload_emit_row(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c);
/* Emits an unavailable record for the row. whole_case: the reason holds for every size of the case. */
int offload_emit_missing(const struct offload_side *s, const struct offload_work *w, bool whole_case, const char *why);
/* Emits the smallest sizes from which one use on the device is faster. */
int offload_emit_sizes(const struct offload_side *s);

#endif
