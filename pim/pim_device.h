/* libpim for those who write a device: the table that a device fills, and what it may call.
 *
 * A device is one C file. In a shared library that ends in PIM_DEVICE_LIBRARY(&table) it works in `memwall pim ops`,
 * `pim eval` and `offload` (option --device-lib) and in pim_library_open(); a program may also hand its table to
 * pim_open_ops(). docs/device.md has an example. */
#ifndef PIM_DEVICE_H
#define PIM_DEVICE_H

#include "pim.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- keys ---- */

/* PIM_KEY_U64: any whole number of 64 bits, such as a seed; min and max are ignored. PIM_KEY_FILE: a text file of at
 * most 64 KiB, which the library reads; the canonical SPEC is FILE@HASH, and a SPEC with a hash is refused when the
 * file has changed. A table has at most one. */
enum pim_key_type { PIM_KEY_INT, PIM_KEY_SIZE, PIM_KEY_REAL, PIM_KEY_TEXT, PIM_KEY_CHOICE, PIM_KEY_U64, PIM_KEY_FILE };

/* One key of a device's SPEC; a table ends with name NULL. Its layout is fixed by PIM_ABI. */
struct pim_key {
	const char *name;
	enum pim_key_type type;
	const char *def;     /* default as text; NULL: unset */
	const char *choices; /* PIM_KEY_CHOICE: "a|b|c"; NULL: word() of the device lists them */
	double min, max;     /* inclusive when max > min */
	const char *help;
};

struct pim_config; /* checked keys of one spec; valid during open */
/* For a PIM_KEY_U64 the result holds its bits: cast it to uint64_t. */
PIM_API int64_t pim_config_int(const struct pim_config *c, const char *key);
PIM_API double pim_config_real(const struct pim_config *c, const char *key);
PIM_API const char *pim_config_text(const struct pim_config *c, const char *key); /* NULL: unset */
PIM_API int pim_config_given(const struct pim_config *c, const char *key);        /* 1: in the SPEC, not a default */
/* Contents of a PIM_KEY_FILE, NULL when unset; pim_config_text() is its path. */
PIM_API const char *pim_config_file(const struct pim_config *c, const char *key);

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
	/* As in pim_placement; 0 without PIM_CAP_PLACEMENT. Unless `placed` is 1, alloc chooses them. */
	uint32_t bank, subarray, channel, rank, scattered;
	uint32_t placed;
	uint32_t matrix; /* 1: of pim_matrix_alloc, which may have one row; 0: a vector */
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
	/* The micro-program of an operation as text of PIM_MICRO_PROGRAM, with .inputs and .outputs; libpim frees it.
	 * For pim_program_of_op(). */
	int (*program_text)(void *state, enum pim_op op, struct pim_type type, uint64_t value, char **text, char *err,
			    size_t n);

	const char *cite;               /* BibTeX entries of the publications behind the model; NULL: none */
	const struct pim_ratio *ratios; /* ended by source NULL; NULL: none */
	/* SPECs that `offload` compares when no device is named, ended by NULL; NULL: only when named. Keys of these
	 * names mean the same in every device: channels, limit (none, jedec: least and most restrictive), flush (GB/s
	 * at which the host writes its caches back), engine (how it is emulated). */
	const char *const *compared;
	/* i-th legal word of a PIM_KEY_CHOICE without choices; NULL past the last. */
	const char *(*word)(const char *key, size_t i);
	/* What is built in and a PIM_KEY_FILE can replace: name of the i-th, NULL past the last; its text as such a
	 * file, by one of these names (returns the length as snprintf; -ENOENT). */
	const char *(*part_name)(size_t i);
	int (*part_text)(const char *name, char *out, size_t n);
};

/* ---- devices in a shared library ---- */

/* Sizes of what a device and libpim fill for each other, and numbers of the lists that only grow: a library that was
 * compiled with other ones is refused. */
#define PIM_LAYOUT                                                                                                     \
	{                                                                                                              \
		sizeof(struct pim_device_ops), sizeof(struct pim_key), sizeof(struct pim_type),                        \
			sizeof(struct pim_operand), sizeof(struct pim_command), sizeof(struct pim_price),              \
			sizeof(struct pim_energy), sizeof(struct pim_device_info), sizeof(struct pim_trace_config),    \
			sizeof(struct pim_raw_ops), sizeof(struct pim_row), sizeof(struct pim_ratio), PIM_OP_COUNT,    \
			PIM_COUNT_N, PIM_PART_N                                                                        \
	}
enum { PIM_LAYOUT_N = 15 };

struct pim_device_library {
	size_t size;  /* sizeof(struct pim_device_library) */
	uint32_t abi; /* PIM_ABI */
	uint32_t layout[PIM_LAYOUT_N];
	const struct pim_device_ops *const *devices; /* ended by NULL */
};

/* The last line of a library: PIM_DEVICE_LIBRARY(&one_device, &another); */
#define PIM_DEVICE_LIBRARY(...)                                                                                        \
	static const struct pim_device_ops *const pim_library_devices[] = {__VA_ARGS__, NULL};                         \
	const struct pim_device_library pim_device_library = {sizeof(struct pim_device_library), PIM_ABI, PIM_LAYOUT,  \
							      pim_library_devices}
extern const struct pim_device_library pim_device_library __attribute__((visibility("default")));

#ifdef __cplusplus
}
#endif

#endif
