/* A record is one number with its unit, parameters, statistics and provenance: the one currency of the
 * house. Everything that is printed, plotted or compared is a list of records.
 *
 * Identity = (bench, case, params, metric); results.json (schema 1) holds every field. */
#ifndef MW_RECORD_H
#define MW_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mw_provenance {
	MW_MEASURED,    /* timed or counted here */
	MW_MODELLED,    /* computed by the model named in source; executed command counts are modelled */
	MW_REFERENCE,   /* published, named in source */
	MW_UNAVAILABLE, /* value is NaN, note says why */
	MW_PROVENANCE_COUNT
};

const char *mw_provenance_name(enum mw_provenance p);
/* -EINVAL for an unknown name. */
int mw_provenance_parse(const char *name, enum mw_provenance *out);
/* A derived value takes its weakest input, in the order of the enum. */
enum mw_provenance mw_weakest(enum mw_provenance a, enum mw_provenance b);

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
int mw_unit_parse(const char *name, enum mw_unit *out);

enum mw_kv_type { MW_KV_STR, MW_KV_INT, MW_KV_REAL };

struct mw_kv {
	char key[24];
	enum mw_kv_type type;
	int64_t i;
	double r;
	char s[80];
};

#define MW_RECORD_PARAMS 12

struct mw_kv_list {
	size_t n;
	struct mw_kv v[MW_RECORD_PARAMS];
};

/* Flags of a sample; flagged samples are repeated and reported, never dropped in silence. */
enum mw_sample_flag {
	MW_SAMPLE_STEAL = 1 << 0,    /* the hypervisor took time */
	MW_SAMPLE_SWITCH = 1 << 1,   /* involuntary context switch */
	MW_SAMPLE_FREQ = 1 << 2,     /* core clock moved by more than 3 % */
	MW_SAMPLE_TOPOLOGY = 1 << 3, /* core-to-core probes before and after disagree */
};

struct mw_sample {
	double value;
	uint64_t t_ns; /* since the start of the run */
	uint32_t round;
	uint32_t state; /* topology state, 0 = the only or first one */
	uint32_t flags; /* enum mw_sample_flag */
};

struct mw_record {
	char bench[24];
	char case_name[48];
	struct mw_kv_list params;   /* inputs only */
	struct mw_kv_list observed; /* CPUs, pages obtained, winning kernel, ... */
	char method[32];            /* name of the method; compare refuses where it or its version differs */
	int method_version;
	char metric[32];
	enum mw_unit unit;
	double value;                  /* median over rounds; NaN when unavailable */
	double ci_lo, ci_hi, min, max; /* NaN when unknown */
	size_t n;
	struct mw_sample *samples; /* n_samples entries, may be NULL; owned by the record */
	size_t n_samples;
	enum mw_provenance provenance;
	char source[120]; /* model or publication; empty for measured */
	char note[240];
};

/* Sets every field to empty: NaN value, no samples, measured. */
void mw_record_init(struct mw_record *r, const char *bench, const char *case_name, const char *metric,
		    enum mw_unit unit);
void mw_record_fini(struct mw_record *r);
/* Deep copy; dst is overwritten (not freed first). -ENOMEM. */
int mw_record_copy(struct mw_record *dst, const struct mw_record *src);

/* Adding more than MW_RECORD_PARAMS pairs is a programming error and asserts; a repeated key replaces. */
void mw_kv_set_int(struct mw_kv_list *l, const char *key, int64_t v);
void mw_kv_set_real(struct mw_kv_list *l, const char *key, double v);
void mw_kv_set_str(struct mw_kv_list *l, const char *key, const char *v);
const struct mw_kv *mw_kv_find(const struct mw_kv_list *l, const char *key);
int64_t mw_kv_int(const struct mw_kv_list *l, const char *key, int64_t fallback);
const char *mw_kv_str(const struct mw_kv_list *l, const char *key, const char *fallback);
/* "key=value;key=value" as in the CSV contract; commas of values become '+'. Returns the length as snprintf. */
int mw_kv_format(const struct mw_kv_list *l, char *out, size_t n);
bool mw_kv_equal(const struct mw_kv_list *a, const struct mw_kv_list *b);

/* A value without statistics (a count, a model's answer). */
void mw_record_set(struct mw_record *r, double value, enum mw_provenance p, const char *source);
/* value NaN, provenance unavailable, note = why. */
void mw_record_unavailable(struct mw_record *r, const char *why);
bool mw_record_same_identity(const struct mw_record *a, const struct mw_record *b);
/* Equal for records of the same identity, whatever the order of their params. Differs between builds: not for files. */
uint64_t mw_record_hash(const struct mw_record *r);

struct mw_records {
	struct mw_record *v;
	size_t n, cap;
};

void mw_records_fini(struct mw_records *l);
/* Copies r to the end of l. -ENOMEM. */
int mw_records_add(struct mw_records *l, const struct mw_record *r);
/* First record with that bench, case and metric; NULL case matches any. NULL when none. */
const struct mw_record *mw_records_find(const struct mw_records *l, const char *bench, const char *case_name,
					const char *metric);

/* Where finished records go. emit copies what it keeps. */
struct mw_sink {
	int (*emit)(void *self, const struct mw_record *r);
	void *self;
};

static inline int mw_emit(const struct mw_sink *sink, const struct mw_record *r)
{
	return sink->emit(sink->self, r);
}

/* Progress callback: fraction of the named step in 0..1. */
struct mw_progress {
	void (*update)(void *self, const char *step, double fraction);
	void *self;
};

#endif
