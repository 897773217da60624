/* What a record may say, declared once: metrics, keys, and which of them a benchmark emits together.
 *
 * Words that several files use stand here; a plug-in's own words are static in its file, so that a new benchmark stays
 * one file. A key is a parameter (an input, part of the identity) or observed, never both. */
#ifndef MW_VOCAB_H
#define MW_VOCAB_H

#include <stddef.h>

/* Units: the only spellings that a record may carry. */
enum mw_unit {
	MW_NS,
	MW_S,
	MW_BYTE,
	MW_GBPS,   /* GB/s = 1e9 byte per second */
	MW_GFLOPS, /* 1e9 FLOP per second */
	MW_GOPS,   /* 1e9 integer operations per second */
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
	const char *words; /* what is measured, in a line */
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
	const char *words; /* what it says, its unit included */
};

/* One sort of record. Lists end with NULL and may be NULL. */
struct mw_emit {
	const char *const *cases;             /* finite: what is dynamic (device, CPU, level) is a parameter */
	const struct mw_metric *metric;       /* NULL ends a table */
	const struct mw_key *const *params;   /* every one is there */
	const struct mw_key *const *optional; /* parameters that are there where they apply */
	const struct mw_key *const *observed; /* where known; those of mw_keys_of_rounds need not be named */
};

struct mw_emitter {
	const char *name; /* of the benchmark */
	const struct mw_emit *emits;
};

#define MW_LIST(...) ((const struct mw_key *const[]){__VA_ARGS__, NULL})
#define MW_CASES(...) ((const char *const[]){__VA_ARGS__, NULL})

/*         symbol, unit, better, words */
#define MW_SHARED_METRICS(X)                                                                                           \
	X(latency, MW_NS, MW_LOWER, "time of one access that the next one waits for")                                  \
	X(bandwidth, MW_GBPS, MW_HIGHER, "bytes that the program moves per second")                                    \
	X(bus_bandwidth, MW_GBPS, MW_HIGHER, "bytes that the memory bus carries per second")                           \
	X(flop_rate, MW_GFLOPS, MW_HIGHER, "floating-point operations per second")                                     \
	X(op_rate, MW_GOPS, MW_HIGHER, "integer operations per second")                                                \
	X(bytes_rate, MW_GBPS, MW_HIGHER, "bytes of operands per second, each counted once")                           \
	X(intensity, MW_FLOP_PER_BYTE, MW_NEITHER, "operations per byte of operands")                                  \
	X(roofline_fraction, MW_RATIO, MW_HIGHER, "rate over what the roofline allows")                                \
	X(time, MW_NS, MW_LOWER, "time of one use")                                                                    \
	X(energy, MW_NJ, MW_LOWER, "energy of one use")                                                                \
	X(speedup, MW_RATIO, MW_HIGHER, "host time over device time")                                                  \
	X(power, MW_WATT, MW_LOWER, "mean power")                                                                      \
	X(elapsed, MW_S, MW_NEITHER, "wall time that the benchmark took")

/*         symbol, kind, flags, words */
#define MW_SHARED_KEYS(X)                                                                                              \
	X(size, MW_BYTES, MW_PARAM, "bytes touched")                                                                   \
	X(stride, MW_BYTES, MW_PARAM, "distance between neighbouring elements")                                        \
	X(pages, MW_TEXT, MW_PARAM, "page kind asked for")                                                             \
	X(kernel, MW_TEXT, MW_PARAM, "inner loop")                                                                     \
	X(isa, MW_TEXT, MW_PARAM, "instruction set")                                                                   \
	X(stores, MW_TEXT, MW_PARAM, "kind of store: ordinary or nt (non-temporal)")                                   \
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
	X(price, MW_TEXT, MW_PARAM, "limit that the model puts on activations")                                        \
	X(mode, MW_TEXT, MW_PARAM, "resident operands, or end to end with what has to move")                           \
	X(cache, MW_TEXT, MW_PARAM, "operands cold or warm in the host's caches")                                      \
	X(dram, MW_TEXT, MW_PARAM, "DRAM part that the model prices")                                                  \
	X(row_hit, MW_REAL, MW_PARAM, "share of bursts that find their row open")                                      \
	X(block, MW_BYTES, MW_PARAM, "bytes of one read")                                                              \
	X(depth, MW_NUMBER, MW_PARAM, "reads in flight")                                                               \
	X(obtained, MW_TEXT, MW_OBSERVED, "pages that the kernel gave")                                                \
	X(span, MW_BYTES, MW_OBSERVED, "bytes from the first element to the last")                                     \
	X(cpu, MW_NUMBER, MW_OBSERVED, "CPU of the measuring thread")                                                  \
	X(node, MW_NUMBER, MW_OBSERVED, "NUMA node of the memory")                                                     \
	X(winner, MW_TEXT, MW_OBSERVED, "what was fastest")                                                            \
	X(ties, MW_TEXT, MW_OBSERVED, "what was as fast as the winner, as far as the visits can tell")                 \
	X(by_threads, MW_NUMBER, MW_OBSERVED, "threads of what was fastest")                                           \
	X(host_ns, MW_REAL, MW_OBSERVED, "ns that the host took, measured")                                            \
	X(channels, MW_NUMBER, MW_OBSERVED, "memory channels of the device")                                           \
	X(host_channels, MW_TEXT, MW_OBSERVED, "memory channels of this host, or assumed: as many as the device has")  \
	X(ranks, MW_NUMBER, MW_OBSERVED, "ranks per channel of the device")                                            \
	X(banks, MW_NUMBER, MW_OBSERVED, "banks per rank of the device")                                               \
	X(host_over_peak, MW_REAL, MW_OBSERVED, "rate that the host drew over the peak of the device's channels")

/* Keys that the round scheduler and the run add to any measured record. */
#define MW_ROUNDS_KEYS(X)                                                                                              \
	X(stop, MW_TEXT, MW_OBSERVED, "what ended the rounds: target, rounds or budget")                               \
	X(visits, MW_NUMBER, MW_OBSERVED, "visits that the interval stands on")                                        \
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

/* NULL when the list has none of that name. */
const struct mw_key *mw_keys_find(const struct mw_key *const *list, const char *name);

#endif
