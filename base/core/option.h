/* Option tables: one table drives parsing, `memwall help`, man pages, shell completion and the echo in
 * results.json. Also the SPEC parser for `name[:key=value,...]`. */
#ifndef MW_OPTION_H
#define MW_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Every list refuses an empty item and a repeated one. */
enum mw_option_type {
	MW_OPT_FLAG, /* present or not */
	MW_OPT_INT,
	MW_OPT_U64,  /* 0 to 2^64 - 1, for seeds and values; min and max are ignored */
	MW_OPT_SIZE, /* 64K, 1G: powers of two */
	MW_OPT_REAL,
	MW_OPT_TEXT,
	MW_OPT_CHOICE,   /* one of the legal words */
	MW_OPT_CHOICES,  /* comma-separated list of them */
	MW_OPT_SIZES,    /* comma-separated sizes */
	MW_OPT_INTS,     /* comma-separated whole numbers */
	MW_OPT_NAMES,    /* comma-separated words that the command checks */
	MW_OPT_DURATION, /* 90, 90s, 2m, 1h; value in seconds */
	MW_OPT_PATHS,    /* text that may be repeated; the parser joins with '\n' */
};

/* What a program does with the files that an option's text names. */
enum mw_option_file { MW_OPT_NO_FILE, MW_OPT_READS, MW_OPT_WRITES };

struct mw_option {
	const char *name; /* long name without dashes; NULL ends a table */
	const char *was;  /* a former name: refused with a message that gives the new one; or NULL */
	char letter;      /* short form or 0 */
	enum mw_option_type type;
	const char *arg; /* word for the value in help; NULL for flags */
	const char *def; /* default as text; NULL: unset */
	/* Instead of def, for a default that is known elsewhere: defs(0), and for PATHS defs(1), ... up to NULL. */
	const char *(*defs)(size_t i);
	/* Legal words of CHOICE and CHOICES: "a|b|c", or, where they are known elsewhere, word(0), word(1), ... up to
	 * NULL. At most 64 of 31 characters. Of TEXT: what completion offers; the command judges what is given. */
	const char *choices;
	const char *(*word)(size_t i);
	double min, max;    /* inclusive range of numbers and sizes when max > min */
	unsigned max_items; /* of a list; 0: any number */
	enum mw_option_file file;
	const char *help;
};

#define MW_OPT_END                                                                                                     \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

struct mw_optval {
	const struct mw_option *opt;
	bool given; /* on the command line, not by default */
	bool set;   /* given or defaulted */
	int64_t i;  /* INT, SIZE, FLAG; the bits of U64 */
	double r;   /* REAL, DURATION */
	char *text; /* as typed; owned */
};

struct mw_opts {
	struct mw_optval *v;
	size_t n;
	const char **positional; /* point into argv */
	size_t n_positional;
};

/* Parses argv[1..argc-1] against n_tables tables, each ended by MW_OPT_END. Options may come before or after positional
 * words; "--" ends them; abbreviations are refused. On error returns MW_ESPEC or -ENOMEM with one line in err that
 * names the option and says what would be right. Call mw_opts_fini also after an error. */
int mw_opts_parse(struct mw_opts *out, const struct mw_option *const *tables, size_t n_tables, int argc, char **argv,
		  char *err, size_t n);
void mw_opts_fini(struct mw_opts *o);

/* Look-up by long name; asserts that a table has it. */
const struct mw_optval *mw_opt(const struct mw_opts *o, const char *name);
/* True when a table has that name. */
bool mw_opt_exists(const struct mw_opts *o, const char *name);
bool mw_opt_flag(const struct mw_opts *o, const char *name);
int64_t mw_opt_int(const struct mw_opts *o, const char *name);      /* INT or SIZE; 0 when unset */
uint64_t mw_opt_u64(const struct mw_opts *o, const char *name);     /* U64; 0 when unset */
double mw_opt_real(const struct mw_opts *o, const char *name);      /* REAL or DURATION; 0 when unset */
const char *mw_opt_text(const struct mw_opts *o, const char *name); /* NULL when unset */
/* Writes the sizes of a MW_OPT_SIZES option to v[0..max-1]; returns how many. */
size_t mw_opt_sizes(const struct mw_opts *o, const char *name, uint64_t *v, size_t max);
/* The same for the numbers of a MW_OPT_INTS option. */
size_t mw_opt_ints(const struct mw_opts *o, const char *name, int64_t *v, size_t max);

/* Legal word i (from 0) of an option; false after the last one. *word has *len characters and no '\0' behind them. */
bool mw_option_word(const struct mw_option *o, size_t i, const char **word, size_t *len);
/* Room for all legal words of an option, and for a default that is a path. */
enum { MW_OPT_ROOM = 4200 };
/* All legal words as "a|b|c"; "" when there are none. Returns the length. */
size_t mw_option_choices(const struct mw_option *o, char *out, size_t n);
/* The default as text; several of a PATHS are separated by `join`. Returns the full length, as snprintf; 0 without
 * default. */
size_t mw_option_default(const struct mw_option *o, char join, char *out, size_t n);

/* Next item of a comma-separated list, which may be empty. The caller sets *rest to the list (NULL: no items); it is
 * NULL after the last item. */
bool mw_list_next(const char **rest, const char **item, size_t *len);
/* True when word is one of the comma-separated words of list (which may be NULL). */
bool mw_list_has(const char *list, const char *word);

/* "64K" -> 65536. Suffixes K M G T (powers of two), optional iB/B. -EINVAL, -ERANGE. */
int mw_parse_size(const char *text, uint64_t *out);
/* Decimal, or hexadecimal after 0x. -EINVAL, -ERANGE. */
int mw_parse_int(const char *text, int64_t *out);
/* The same without a sign, up to 2^64 - 1. -EINVAL, -ERANGE. */
int mw_parse_u64(const char *text, uint64_t *out);
/* "768x3072" or "1Kx4K": two sizes in text[0..len-1]. -EINVAL, -ERANGE. */
int mw_parse_pair(const char *text, size_t len, uint64_t pair[2]);
/* Finite numbers only. -EINVAL. */
int mw_parse_real(const char *text, double *out);
/* 65536 -> "64K". A number that is no multiple of a unit is written in bytes, never rounded. */
void mw_format_size(uint64_t bytes, char *out, size_t n);

/* Word of names (ended by NULL) with the smallest edit distance, ignoring case; NULL when more than half of the word
 * differs. */
const char *mw_nearest(const char *word, const char *const *names);

/* Help text of one table: aligned, wrapped by hand in the table itself. */
void mw_opts_help(FILE *f, const struct mw_option *table);

/* ---- SPEC: name[:key=value,...] ---- */
#define MW_SPEC_KEYS 64
struct mw_spec {
	char name[32];
	size_t n;
	struct {
		char key[24];
		char value[256]; /* room for the path of a file */
	} kv[MW_SPEC_KEYS];
};

/* MW_ESPEC with a line in err for a repeated key, an empty key or value, or one that is too long. */
int mw_spec_parse(struct mw_spec *out, const char *text, char *err, size_t n);
/* Value of a key, or NULL when it is not given. */
const char *mw_spec_get(const struct mw_spec *s, const char *key);
/* Checks every key against the table: name, type, range, choices. MW_ESPEC with a line in err, which suggests the
 * nearest name for an unknown key. */
int mw_spec_check(const struct mw_spec *s, const struct mw_option *table, char *err, size_t n);
/* Typed value of a key that mw_spec_check accepted, or the table's default. */
int64_t mw_spec_int(const struct mw_spec *s, const struct mw_option *table, const char *key);
double mw_spec_real(const struct mw_spec *s, const struct mw_option *table, const char *key);
const char *mw_spec_text(const struct mw_spec *s, const struct mw_option *table, const char *key);
/* Canonical text, the same for equal devices: name:key=value,... with the keys that differ from their default, in the
 * table's order, numbers in one spelling (2048K becomes 2M). Returns the full length, as snprintf. */
int mw_spec_canonical(const struct mw_spec *s, const struct mw_option *table, char *out, size_t n);

#endif
