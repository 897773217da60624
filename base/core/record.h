/* A record is one number with its unit, parameters, statistics and provenance. Everything that is printed, plotted or
 * compared is a list of records.
 *
 * Identity = (bench, case, params, metric), unique in a run and printed as bench.case.metric{key=value;..}. Which
 * metrics and keys a record may have is declared in the table of its emitter (base/core/vocab.h). The record owns its
 * texts, which can be of any length. */
#ifndef MW_RECORD_H
#define MW_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/vocab.h"

enum mw_provenance {
	MW_MEASURED,    /* timed or counted here */
	MW_MODELLED,    /* computed by the model named in source; executed command counts are modelled */
	MW_REFERENCE,   /* published, named in source */
	MW_UNAVAILABLE, /* not measured: value is NaN, note says why */
	MW_PROVENANCE_COUNT
};

const char *mw_provenance_name(enum mw_provenance p);
/* -EINVAL for an unknown name. */
int mw_provenance_parse(const char *name, enum mw_provenance *out);
/* Provenance of a value derived from a and b: the one that comes later in the enum. */
enum mw_provenance mw_weakest(enum mw_provenance a, enum mw_provenance b);

enum mw_kv_type { MW_KV_STR, MW_KV_INT, MW_KV_REAL };

struct mw_kv {
	const char *name;
	const struct mw_key *key; /* its declaration; NULL in a record that was read from a file */
	enum mw_kv_type type;
	union {
		int64_t i;
		double r;
		const char *s;
	};
};

#define MW_RECORD_PARAMS 24

struct mw_kv_list {
	size_t n;
	struct mw_kv v[MW_RECORD_PARAMS];
};

/* What disturbed a sample. Flagged samples are repeated, kept and reported. */
enum mw_sample_flag {
	MW_SAMPLE_STEAL = 1 << 0,    /* the hypervisor took time */
	MW_SAMPLE_SWITCH = 1 << 1,   /* involuntary context switch */
	MW_SAMPLE_FREQ = 1 << 2,     /* core clock changed by more than 3 % */
	MW_SAMPLE_TOPOLOGY = 1 << 3, /* core-to-core probes before and after disagree */
};

struct mw_sample {
	double value;
	double before_ns, after_ns; /* core-to-core probes around it; NaN when not probed */
	uint64_t t_ns;              /* since the start of the run */
	uint32_t round;             /* number of the round, counted over all visits */
	uint32_t visit;
	uint32_t state; /* topology state, 0 = the only or first one */
	uint32_t flags; /* enum mw_sample_flag */
};

struct mw_text; /* storage of a record's texts */

struct mw_record {
	const char *bench, *case_name;
	const char *metric;
	const struct mw_metric *declared; /* NULL in a record that was read from a file */
	enum mw_unit unit;
	struct mw_kv_list params;   /* inputs only */
	struct mw_kv_list observed; /* CPUs, pages obtained, winning kernel, ... */
	const char *method;         /* records with different methods or versions are not compared */
	int method_version;
	double value;                  /* NaN when unavailable */
	double ci_lo, ci_hi, min, max; /* 95 % interval and range; NaN when unknown */
	size_t n;
	struct mw_sample *samples; /* n_samples entries, may be NULL; owned by the record */
	size_t n_samples;
	enum mw_provenance provenance;
	const char *source; /* model or publication; "" for measured */
	const char *note;
	/* Private. */
	const struct mw_emit *row; /* set from mw_record_open to mw_record_close */
	struct mw_text *text;
};

/* ---- building: open, put, set a value, close ---- */

/* Begins a record of one row of the emitter's table; case_name is one of the row's cases. The first error from here on
 * (out of memory, too many pairs, an undeclared case) is kept and returned by mw_record_close, so that callers need not
 * check the calls in between. Free with mw_record_fini or mw_finish. */
void mw_record_open(struct mw_record *r, const struct mw_emitter *e, const struct mw_emit *row, const char *case_name);
/* Adds a pair, or replaces the one with that key. The key's flags say whether it is a parameter or observed. */
void mw_put_int(struct mw_record *r, const struct mw_key *key, int64_t v);
void mw_put_real(struct mw_record *r, const struct mw_key *key, double v);
void mw_put_text(struct mw_record *r, const struct mw_key *key, const char *v);
/* Copies the pair with that key from src, if src has it. */
void mw_put_same(struct mw_record *r, const struct mw_key *key, const struct mw_record *src);
/* Opens r and copies all pairs of src whose keys the row declares. Note, source, method and statistics are not
 * copied. */
void mw_record_derive(struct mw_record *r, const struct mw_emitter *e, const struct mw_emit *row, const char *case_name,
		      const struct mw_record *src);
/* Sets value, interval and range to those of src times factor (> 0), and n to that of src; no samples. */
void mw_record_scale(struct mw_record *r, const struct mw_record *src, double factor);

void mw_record_method(struct mw_record *r, const char *name, int version);
void mw_record_note(struct mw_record *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends to the note, after "; ". */
void mw_record_add_note(struct mw_record *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mw_record_source(struct mw_record *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets a value without statistics, such as a count or the result of a model. */
void mw_record_set(struct mw_record *r, double value, enum mw_provenance p, const char *source);
/* Sets value to NaN, provenance to unavailable and note to why. */
void mw_record_unavailable(struct mw_record *r, const char *why);

/* Checks the record against the row it was opened with: the case is declared, every parameter is set (an unavailable
 * record may lack some), every pair is declared and of the right kind. 0, or -ENOMEM, -ENOSPC or -EINVAL with the first
 * fault in why (may be NULL). Closing twice is allowed. */
int mw_record_close(struct mw_record *r, char *why, size_t n);

/* ---- without a declaration: what is read from files, and tests ---- */

/* Sets every field to empty: NaN value, no samples, measured. */
void mw_record_init(struct mw_record *r, const char *bench, const char *case_name, const char *metric,
		    enum mw_unit unit);
/* Copies s into the record. "" when out of memory; mw_record_close returns the error. */
const char *mw_record_keep(struct mw_record *r, const char *s);
enum mw_role { MW_AS_PARAM, MW_AS_OBSERVED };
/* 0, -ENOSPC beyond MW_RECORD_PARAMS pairs, -ENOMEM. */
int mw_set_int(struct mw_record *r, enum mw_role role, const char *name, int64_t v);
int mw_set_real(struct mw_record *r, enum mw_role role, const char *name, double v);
int mw_set_text(struct mw_record *r, enum mw_role role, const char *name, const char *v);

void mw_record_fini(struct mw_record *r);
/* Deep copy; dst is overwritten (not freed first). -ENOMEM. */
int mw_record_copy(struct mw_record *dst, const struct mw_record *src);
/* The same without samples. */
int mw_record_copy_bare(struct mw_record *dst, const struct mw_record *src);

/* ---- reading ---- */

const struct mw_kv *mw_kv_find(const struct mw_kv_list *l, const char *name);
int64_t mw_kv_int(const struct mw_kv_list *l, const char *name, int64_t fallback);
const char *mw_kv_str(const struct mw_kv_list *l, const char *name, const char *fallback);
bool mw_kv_equal(const struct mw_kv_list *a, const struct mw_kv_list *b);
/* The value as text, reals with nine digits. Returns the full length, as snprintf. */
int mw_kv_text(const struct mw_kv *kv, char *out, size_t n);
/* "key=value;key=value", as in CSV. A value that contains ; " or a line break is put in double quotes, with quotes
 * inside it doubled. Freed by the caller; NULL when out of memory. */
char *mw_kv_format(const struct mw_kv_list *l);
/* The identity "bench.case.metric{key=value;..}", with the keys sorted by name. Freed by the caller; NULL when out of
 * memory. */
char *mw_record_id(const struct mw_record *r);
bool mw_record_same_identity(const struct mw_record *a, const struct mw_record *b);
/* Hash of the identity; the order of params does not matter. May differ between builds: not for files. */
uint64_t mw_record_hash(const struct mw_record *r);

struct mw_records {
	struct mw_record *v;
	size_t n, cap;
};

void mw_records_fini(struct mw_records *l);
/* Copies r to the end of l. -ENOMEM. */
int mw_records_add(struct mw_records *l, const struct mw_record *r);
/* The same without r's samples. */
int mw_records_add_bare(struct mw_records *l, const struct mw_record *r);
/* Moves r to the end of l: r is empty afterwards. -ENOMEM leaves it as it is. */
int mw_records_take(struct mw_records *l, struct mw_record *r);
/* First record with that bench, case and metric; NULL case matches any. NULL when none. */
const struct mw_record *mw_records_find(const struct mw_records *l, const char *bench, const char *case_name,
					const char *metric);

/* Receives finished records; emit copies what it keeps. */
struct mw_sink {
	int (*emit)(void *self, const struct mw_record *r);
	void *self;
};

static inline int mw_emit(const struct mw_sink *sink, const struct mw_record *r)
{
	return sink->emit(sink->self, r);
}

/* Closes r, emits it and frees it. A record that mw_record_close refuses is not emitted; its error is returned. */
int mw_finish(const struct mw_sink *sink, struct mw_record *r);

/* Receives samples as they are taken. */
struct mw_sample_sink {
	/* New samples of the point that the record identifies. */
	int (*put)(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n);
	/* Samples that an earlier session took of that point, in their order; valid until the next call. NULL without
	 * an earlier session. */
	const struct mw_sample *(*earlier)(void *self, const struct mw_record *point, size_t *n);
	void *self;
};

/* Progress callback: fraction of the named step in 0..1. */
struct mw_progress {
	void (*update)(void *self, const char *step, double fraction);
	void *self;
};

#endif
