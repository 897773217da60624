/* Declares what a record may hold: metrics, keys, and which of them a benchmark emits together.
 *
 * Metrics and keys that several files use are declared here; those of one plug-in are static in its file, so that a new
 * benchmark is one file. A key is either a parameter (an input, part of the identity) or observed. */
#ifndef MW_VOCAB_H
#define MW_VOCAB_H

#include <stddef.h>

/* Units: the only spellings that a record may carry. */
enum mw_unit {
	MW_NS,
	MW_S,
	MW_CYCLES, /* of the core, at its clock of that moment */
	MW_BYTE,
	MW_GBPS,   /* GB/s = 1e9 byte per second */
	MW_GFLOPS, /* 1e9 FLOP per second */
	MW_GOPS,   /* 1e9 integer operations per second */
	MW_GUPS,   /* 1e9 updates of random words per second */
	MW_FLOP_PER_BYTE,
	MW_PJ_PER_BYTE,
	MW_NJ_PER_KB, /* nJ per 1024 byte of row */
	MW_NJ,
	MW_JOULE,
	MW_WATT,
	MW_IOPS, /* operations per second */
	MW_COUNT,
	MW_RATIO,
	MW_UNIT_COUNT
};

const char *mw_unit_name(enum mw_unit u);
/* -EINVAL for an unknown name. */
int mw_unit_parse(const char *name, enum mw_unit *out);

enum mw_better { MW_LOWER, MW_HIGHER, MW_NEITHER };

const char *mw_better_name(enum mw_better b);
int mw_better_parse(const char *name, enum mw_better *out);

struct mw_metric {
	const char *name;
	enum mw_unit unit;
	enum mw_better better;
	const char *words; /* what is measured, in one line */
};

enum mw_kind {
	MW_BYTES,  /* integer, shown as 64 KiB */
	MW_NUMBER, /* integer */
	MW_TEXT,
	MW_REAL,
	MW_KIND_COUNT
};

const char *mw_kind_name(enum mw_kind k);
int mw_kind_parse(const char *name, enum mw_kind *out);

enum {
	MW_PARAM = 1 << 0,    /* an input: part of the identity */
	MW_OBSERVED = 1 << 1, /* found out while measuring */
	MW_PRIVATE = 1 << 2,  /* may tell whose machine this is: --anonymize drops it */
};

struct mw_key {
	const char *name;
	enum mw_kind kind;
	unsigned flags;
	const char *words; /* what it holds, with its unit */
};

/* One kind of record. Lists end with NULL and may be NULL. */
struct mw_emit {
	const char *const *cases;             /* a fixed list: what varies (device, CPU, level) is a parameter */
	const struct mw_metric *metric;       /* NULL ends a table */
	const struct mw_key *const *params;   /* all of them are required */
	const struct mw_key *const *optional; /* parameters that are set where they apply */
	const struct mw_key *const *observed; /* set where known; mw_keys_of_rounds are always allowed */
};

struct mw_emitter {
	const char *name; /* of the benchmark */
	const struct mw_emit *emits;
};

#define MW_LIST(...) ((const struct mw_key *const[]){__VA_ARGS__, NULL})
#define MW_CASES(...) ((const char *const[]){__VA_ARGS__, NULL})

/*         symbol, unit, better, words */
#define MW_SHARED_METRICS(X)                                                                                           \
	X(latency, MW_NS, MW_LOWER, "time of one load when each load waits for the one before")                        \
	X(bandwidth, MW_GBPS, MW_HIGHER, "bytes that the program reads and writes per second")                         \
	X(bus_bandwidth, MW_GBPS, MW_HIGHER, "bytes that the memory bus carries per second")                           \
	X(flop_rate, MW_GFLOPS, MW_HIGHER, "floating-point operations per second")                                     \
	X(op_rate, MW_GOPS, MW_HIGHER, "integer operations per second")                                                \
	X(bytes_rate, MW_GBPS, MW_HIGHER, "bytes of operands per second, each operand counted once")                   \
	X(intensity, MW_FLOP_PER_BYTE, MW_NEITHER, "arithmetic operations per byte of operands")                       \
	X(roofline_fraction, MW_RATIO, MW_HIGHER, "measured rate divided by the rate that the roofline allows")        \
	X(time, MW_NS, MW_LOWER, "time of one operation")                                                              \
	X(energy, MW_NJ, MW_LOWER, "energy of one operation")                                                          \
	X(speedup, MW_RATIO, MW_HIGHER, "host time divided by device time")                                            \
	X(power, MW_WATT, MW_LOWER, "mean power")                                                                      \
	X(elapsed, MW_S, MW_NEITHER, "wall time that the benchmark took")

/*         symbol, kind, flags, words */
#define MW_SHARED_KEYS(X)                                                                                              \
	X(size, MW_BYTES, MW_PARAM, "bytes touched")                                                                   \
	X(stride, MW_BYTES, MW_PARAM, "distance between neighbouring elements")                                        \
	X(pages, MW_TEXT, MW_PARAM, "page kind asked for")                                                             \
	X(kernel, MW_TEXT, MW_PARAM, "variant of the inner loop")                                                      \
	X(isa, MW_TEXT, MW_PARAM, "instruction set")                                                                   \
	X(stores, MW_TEXT, MW_PARAM, "kind of store: ordinary, nt (non-temporal), or who chooses it: libc, string")    \
	X(threads, MW_NUMBER, MW_PARAM, "threads, one per CPU")                                                        \
	X(level, MW_TEXT, MW_PARAM, "memory level")                                                                    \
	X(engine, MW_TEXT, MW_PARAM, "library or interface that does the work")                                        \
	X(vector, MW_BYTES, MW_PARAM, "bytes of one vector")                                                           \
	X(inputs, MW_NUMBER, MW_PARAM, "columns of the matrix")                                                        \
	X(outputs, MW_NUMBER, MW_PARAM, "rows of the matrix")                                                          \
	X(dtype, MW_TEXT, MW_PARAM, "type of weights and activations")                                                 \
	X(m, MW_NUMBER, MW_PARAM, "rows of activations (tokens)")                                                      \
	X(n, MW_NUMBER, MW_PARAM, "outputs")                                                                           \
	X(k, MW_NUMBER, MW_PARAM, "inputs")                                                                            \
	X(state, MW_TEXT, MW_PARAM, "topology state of the CPUs: near, far, one, or mixed where unknown")              \
	X(device, MW_TEXT, MW_PARAM, "device that computes, as a SPEC, or host")                                       \
	X(price, MW_TEXT, MW_PARAM, "limit on the rate of row activations that the model assumes")                     \
	X(mode, MW_TEXT, MW_PARAM, "resident: operands are on the device already; end_to_end: with all data movement") \
	X(cache, MW_TEXT, MW_PARAM, "operands in the host's caches (warm) or not (cold)")                              \
	X(dram, MW_TEXT, MW_PARAM, "DRAM part of the energy model")                                                    \
	X(row_hit, MW_REAL, MW_PARAM, "share of bursts that hit an open row, 0 to 1")                                  \
	X(block, MW_BYTES, MW_PARAM, "bytes of one request")                                                           \
	X(depth, MW_NUMBER, MW_PARAM, "requests in flight")                                                            \
	X(obtained, MW_TEXT, MW_OBSERVED, "pages that the kernel gave")                                                \
	X(span, MW_BYTES, MW_OBSERVED, "bytes from the first element to the last")                                     \
	X(cpu, MW_NUMBER, MW_OBSERVED, "CPU of the measuring thread")                                                  \
	X(node, MW_NUMBER, MW_OBSERVED, "NUMA node of the memory")                                                     \
	X(winner, MW_TEXT, MW_OBSERVED, "the fastest candidate")                                                       \
	X(ties, MW_TEXT, MW_OBSERVED, "candidates that the visits do not separate from the fastest")                   \
	X(by_threads, MW_NUMBER, MW_OBSERVED, "threads of the fastest candidate")                                      \
	X(host_ns, MW_REAL, MW_OBSERVED, "measured time of the host, ns")                                              \
	X(channels, MW_NUMBER, MW_OBSERVED, "memory channels of the device")                                           \
	X(host_channels, MW_TEXT, MW_OBSERVED, "memory channels of this host, or assumed: as many as the device has")  \
	X(ranks, MW_NUMBER, MW_OBSERVED, "ranks per channel of the device")                                            \
	X(banks, MW_NUMBER, MW_OBSERVED, "banks per rank of the device")                                               \
	X(host_over_peak, MW_REAL, MW_OBSERVED,                                                                        \
	  "measured rate of the host divided by the peak rate of the device's channels")

/* Observed keys that the scheduler of rounds and the run may add to any measured record. */
#define MW_ROUNDS_KEYS(X)                                                                                              \
	X(stop, MW_TEXT, MW_OBSERVED, "what ended the rounds: target, rounds or budget")                               \
	X(visits, MW_NUMBER, MW_OBSERVED, "visits from which the interval is computed")                                \
	X(over_s, MW_REAL, MW_OBSERVED, "seconds from the first sample to the last")                                   \
	X(flagged, MW_NUMBER, MW_OBSERVED, "samples that something disturbed")                                         \
	X(disturbed, MW_TEXT, MW_OBSERVED, "share of the rounds without a clean sample, and by what")                  \
	X(unsteady, MW_TEXT, MW_OBSERVED, "how far visits differ beyond the target")                                   \
	X(drift, MW_TEXT, MW_OBSERVED, "how far visits differ by more than chance, within the target")                 \
	X(modes, MW_TEXT, MW_OBSERVED, "two values that the rounds fall on, with nothing between")                     \
	X(c2c_ns, MW_REAL, MW_OBSERVED, "core-to-core latency of the topology state, ns one way")                      \
	X(pinned, MW_TEXT, MW_OBSERVED, "no: the threads could not be bound to CPUs")

#define MW_DECLARE_METRIC(symbol, unit, better, words) extern const struct mw_metric mw_metric_##symbol;
#define MW_DECLARE_KEY(symbol, kind, flags, words) extern const struct mw_key mw_key_##symbol;
MW_SHARED_METRICS(MW_DECLARE_METRIC)
MW_SHARED_KEYS(MW_DECLARE_KEY)
MW_ROUNDS_KEYS(MW_DECLARE_KEY)
#undef MW_DECLARE_METRIC
#undef MW_DECLARE_KEY

extern const struct mw_key *const mw_keys_of_rounds[]; /* ended by NULL */

/* The key of that name, or NULL. */
const struct mw_key *mw_keys_find(const struct mw_key *const *list, const char *name);

#endif
