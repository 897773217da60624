/* What is worth knowing about the machine before its numbers are used: a table of rules over the host and the records
 * of a run. Pure functions of these, so that files of other machines and earlier versions have findings too. */
#ifndef MW_FINDINGS_H
#define MW_FINDINGS_H

#include "base/core/text.h"
#include "reports/print.h"
#include "reports/results.h"

enum finding_severity {
	FINDING_NONE,
	FINDING_NOTE,    /* explains numbers; nothing to repair */
	FINDING_WARNING, /* costs performance or repeatability */
	FINDING_SERIOUS, /* the hardware or the run is not sound */
	FINDING_SEVERITIES
};

const char *finding_severity_name(enum finding_severity s); /* "note", "warning", "serious" */

struct finding_rule {
	const char *id;    /* "channels-empty"; NULL ends the table */
	const char *words; /* what is so, in one line */
	const char *todo;  /* what to do, in one line */
	/* Adds the evidence, FINDING_NONE when it does not apply or is not known. */
	enum finding_severity (*check)(const struct results *r, struct mw_buf *evidence);
};

extern const struct finding_rule finding_rules[];

struct finding {
	const struct finding_rule *rule;
	enum finding_severity severity;
	char *evidence; /* owned */
};

struct findings {
	struct finding *v; /* the gravest first, then in the order of the rules */
	size_t n;
};

/* 0 or -ENOMEM. Free with findings_fini. */
int findings_of(const struct results *r, struct findings *out);
void findings_fini(struct findings *f);

/* Fills *g, which it initializes, with columns severity, finding, evidence, todo. 0 or -ENOMEM; the caller frees *g. */
int findings_grid(const struct findings *f, struct grid *g);

#endif
