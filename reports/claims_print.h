/* Claims and findings on a stream. */
#ifndef MW_CLAIMS_PRINT_H
#define MW_CLAIMS_PRINT_H

#include "reports/claims.h"
#include "reports/print.h"

struct claim_row {
	const struct claim *claim;
	struct claim_finding finding;
};

/* PRINT_TABLE: a block of lines of at most 100 columns for each claim, under its source, then where the
 * measurements are from (words; "": nothing) and how many verdicts there are of each kind. Other formats: a row each
 * with the columns
 * `id,source,phrase,kind,published,unit,found,ci_lo,ci_hi,verdict,evidence,command,provenance,phrase_status,claim,`
 * `finding,why`; CSV and JSON have the phrase as in the data, the others without the marks of TeX. 0 or -errno. */
int claims_print(FILE *f, const struct claim_row *rows, size_t n, const char *words, enum print_format format);

#endif
