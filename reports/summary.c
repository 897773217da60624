#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/core/text.h"
#include "reports/disturbance.h"
#include "reports/findings.h"
#include "reports/headline.h"
#include "reports/print.h"

/* Writes one line; bench may be NULL. bench and text come from files, so control characters are escaped. */
static int put_line(FILE *f, const char *head, const char *bench, const char *text)
{
	struct mw_buf line = {0};
	mw_buf_add(&line, "%s%s%s", bench ? bench : "", bench ? ": " : "", text);
	size_t room = MW_ESCAPED(line.len);
	char *shown = line.failed ? NULL : malloc(room);
	if (shown) {
		(void)mw_escape(mw_buf_text(&line), shown, room);
		(void)fprintf(f, "%s%s\n", head, shown);
	}
	mw_buf_fini(&line);
	int rc = shown ? 0 : -ENOMEM;
	free(shown);
	return rc;
}

static int put_findings(FILE *f, const struct results *r)
{
	struct findings found;
	int rc = findings_of(r, &found);
	for (size_t i = 0; i < found.n && rc == 0; i++) {
		const struct finding *v = &found.v[i];
		struct mw_buf text = {0};
		mw_buf_add(&text, "%s: %s (%s): %s", finding_severity_name(v->severity), v->rule->words, v->evidence,
			   v->rule->todo);
		rc = text.failed ? -ENOMEM : put_line(f, i ? "finding: " : "\nfinding: ", NULL, mw_buf_text(&text));
		mw_buf_fini(&text);
	}
	findings_fini(&found);
	return rc;
}

int print_summary(FILE *f, const struct results *r)
{
	static const struct grid_column columns[] = {
		{"what", "", false},         {"value", "value", true},
		{"unit", "", false},         {"ci95", "95 % interval", true},
		{"provenance", NULL, false}, {"detail", "", false},
	};
	struct headlines all;
	struct grid g;
	int rc = headlines_of(r, &all);
	const struct headline *v = all.v;
	size_t n = all.n;
	grid_init(&g, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < n && rc == 0; i++) {
		char value[32], lo[32], hi[32], ci[72] = "";
		if (isfinite(v[i].ci_lo) && isfinite(v[i].ci_hi))
			mw_format(ci, sizeof(ci), "%s .. %s", print_value(v[i].ci_lo, lo, sizeof(lo)),
				  print_value(v[i].ci_hi, hi, sizeof(hi)));
		const char *cells[] = {
			v[i].label, print_value(v[i].value, value, sizeof(value)), v[i].unit,
			ci,         mw_provenance_name(v[i].provenance),           v[i].detail,
		};
		rc = grid_add(&g, cells);
	}
	if (rc == 0 && n)
		rc = grid_print(f, &g, PRINT_TABLE);
	grid_fini(&g);
	headlines_fini(&all);
	if (rc == 0)
		rc = put_findings(f, r);
	struct disturbance d = disturbance_of(&r->records);
	if (is_disturbed(&d)) {
		struct mw_buf words = disturbance_words(&d);
		(void)fprintf(f, "\ndisturbed: %s\n", mw_buf_text(&words));
		mw_buf_fini(&words);
	}
	for (size_t i = 0; i < r->n_skipped && rc == 0; i++)
		rc = put_line(f, i || !n ? "left out: " : "\nleft out: ", r->skipped[i].bench, r->skipped[i].reason);
	if (r->partial && rc == 0)
		rc = put_line(f, "partial: ", NULL, mw_text_or(r->partial_why, ""));
	return rc;
}
