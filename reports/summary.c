#include <math.h>
#include <stdio.h>

#include "base/core/text.h"
#include "reports/disturbance.h"
#include "reports/headline.h"
#include "reports/print.h"

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
			(void)snprintf(ci, sizeof(ci), "%s .. %s", print_value(v[i].ci_lo, lo, sizeof(lo)),
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
	struct disturbance d = disturbance_of(&r->records);
	if (is_disturbed(&d)) {
		struct mw_buf words = disturbance_words(&d);
		(void)fprintf(f, "\ndisturbed: %s\n", mw_buf_text(&words));
		mw_buf_fini(&words);
	}
	char text[MW_ESCAPED(sizeof(r->skipped->reason))], bench[MW_ESCAPED(sizeof(r->skipped->bench))];
	for (size_t i = 0; i < r->n_skipped; i++) {
		(void)mw_escape(r->skipped[i].bench, bench, sizeof(bench));
		(void)mw_escape(r->skipped[i].reason, text, sizeof(text));
		(void)fprintf(f, "%sleft out: %s: %s\n", i || !n ? "" : "\n", bench, text);
	}
	(void)mw_escape(r->partial_why, text, sizeof(text));
	if (r->partial)
		(void)fprintf(f, "partial: %s\n", text);
	return rc;
}
