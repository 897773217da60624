/* The claims of the three texts behind this program (docs/claims.md), and what it finds about each.
 *
 * A claim is a row of reports/data/claims.csv: an exact phrase, the value that it publishes, and how near a finding has
 * to come. A finding is computed anew each time: by the fits and closed forms of this program, by its emulator, or from
 * records of a results.json. No finding is a literal. */
#ifndef MW_CLAIMS_H
#define MW_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/core/record.h"
#include "base/core/text.h"
#include "reports/claims_ambit.h"
#include "reports/csv.h"
#include "reports/transformer.h"
#include "reports/trend_data.h"

/* ---- what is claimed ---- */

/* How a claim can be checked: by measuring this machine, by calculation, by a fit of published points, or only against
 * other publications. */
enum claim_kind { CLAIM_MEASURE, CLAIM_COMPUTE, CLAIM_FIT, CLAIM_CITE, CLAIM_KINDS };
const char *claim_kind_name(enum claim_kind kind);

enum claim_rule_kind {
	CLAIM_NO_NUMBER, /* the evaluator judges */
	CLAIM_PRINTED,   /* rounds to the printed digits; zeros at the end of a whole number are no digits */
	CLAIM_INTERVAL,  /* the published value or range meets the 95 % interval of the finding */
	CLAIM_MAGNITUDE, /* less than half a decade away */
	CLAIM_PERCENT,   /* not more than so many per cent away */
	CLAIM_FACTOR,    /* not more than such a factor away */
	CLAIM_AT_LEAST,  /* the finding is not below */
	CLAIM_AT_MOST,   /* the finding is not above */
	CLAIM_RANGE,     /* the finding's range lies inside the published one */
};

struct claim_tolerance {
	enum claim_rule_kind kind;
	double by; /* per cent of PERCENT, factor of FACTOR */
};

struct claim {
	const char *id, *title, *phrase; /* phrase: as the source has it, TeX included */
	const char *value, *unit;        /* as published; "" where the phrase has no number */
	const char *tolerance_text, *licence;
	const char *second_text, *second_source; /* what another publication says, "" where none was found */
	double lo, hi;                           /* value; equal unless a range, NaN without one */
	double lo_off, hi_off;                   /* half a unit of the last printed digit of lo and of hi */
	double second;                           /* NaN without one */
	struct claim_tolerance tolerance;
	enum claim_kind kind;
	char source;   /* 'A', 'B', 'C' */
	bool verified; /* the phrase was compared with the text, word by word */
};

struct claims {
	struct csv csv; /* owns the texts */
	struct claim *v;
	size_t n;
};

/* The compiled-in table. MW_EFORMAT with a line in err when it is not as expected, -ENOMEM; *out is freed by the caller
 * with claims_close in every case. */
int claims_open(struct claims *out, char *err, size_t n);
/* The same for `size` bytes of another text; name: for messages. */
int claims_parse(const char *name, const char *text, size_t size, struct claims *out, char *err, size_t n);
void claims_close(struct claims *c);
/* NULL when there is none of that id. */
const struct claim *claims_find(const struct claims *c, const char *id);

/* A source in words; NULL for another letter. */
struct claim_source {
	char letter;
	const char *short_name, *words;
};
extern const struct claim_source claim_sources[]; /* ended by letter 0 */
const struct claim_source *claim_source_of(char letter);

/* The phrase without the marks of TeX ("$3.0\times$" becomes "3.0×"), otherwise whole. NULL when memory is out; freed
 * by the caller. */
char *claim_phrase(const struct claim *c);

/* ---- what is found ---- */

enum claim_verdict { CLAIM_HOLDS, CLAIM_DIFFERS, CLAIM_INCONSISTENT, CLAIM_UNCHECKED, CLAIM_VERDICTS };
/* "holds", "differs", "inconsistent", "cannot be checked here". */
const char *claim_verdict_name(enum claim_verdict v);

/* HOLDS or DIFFERS by the claim's tolerance. lo..hi: 95 % interval or range of found; NaN: none. UNCHECKED
 * when found is NaN or the claim has no number. */
enum claim_verdict claim_judge(const struct claim *c, double found, double lo, double hi);

struct claim_finding {
	double value, lo, hi; /* in the claim's unit; NaN: none */
	enum mw_provenance provenance;
	enum claim_verdict verdict;
	struct mw_buf found;    /* in words and numbers */
	struct mw_buf why;      /* reason why it cannot be checked here */
	struct mw_buf evidence; /* what it was computed from */
	struct mw_buf command;  /* command line that checks it, or shows more */
};
void claim_finding_fini(struct claim_finding *f);

/* All that findings are computed from. */
struct claims_facts {
	struct claims claims;
	struct trend_data trends;
	struct profile profile;
	struct csv horowitz;               /* energy_horowitz45nm.csv */
	const struct claims_ambit *ambit;  /* NULL: not run */
	const struct mw_records *measured; /* NULL: no results */
	const char *measured_words;        /* path of the results; without results: why there are none */
};

/* Reads the compiled-in tables; ambit and measured are the caller's. As claims_open. */
int claims_facts_open(struct claims_facts *f, char *err, size_t n);
void claims_facts_close(struct claims_facts *f);

/* -ENOMEM, or MW_EFORMAT with a line in err when a table lacks what a finding needs. *out is freed by the caller with
 * claim_finding_fini in every case. */
int claim_evaluate(const struct claims_facts *f, const struct claim *c, struct claim_finding *out, char *err, size_t n);

/* Id i of those that an evaluator exists for, or NULL. A test checks that these are the ids of claims.csv. */
const char *claim_rule_id(size_t i);

#endif
