#include "reports/disturbance.h"

#include <math.h>

#include "base/core/visits.h"
#include "reports/select.h"

/* An interval from less than this many seconds does not include drift. A whole run takes longer. */
#define SHORT_S 30

struct disturbance disturbance_of(const struct mw_records *l)
{
	struct disturbance d = {.share = 0};
	double disturbed = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		size_t rounds = 0;
		uint32_t causes = 0;
		if (r->provenance != MW_MEASURED || r->n_samples == 0)
			continue;
		disturbed += mw_disturbed_share(r->samples, r->n_samples, &rounds, &causes) * (double)rounds;
		d.rounds += rounds;
		d.causes |= causes;
		d.records += mw_record_disturbed(r) > 0;
		d.of++;
	}
	d.share = d.rounds ? disturbed / (double)d.rounds : 0;
	return d;
}

bool is_disturbed(const struct disturbance *d)
{
	return d->share >= MW_DISTURBED_SHARE || (d->of && 3 * d->records >= d->of);
}

struct mw_buf disturbance_words(const struct disturbance *d)
{
	struct mw_buf text = mw_disturbed_words(d->share, d->rounds, d->causes);
	mw_buf_add(&text, "; %zu of %zu values are disturbed", d->records, d->of);
	return text;
}

struct mw_buf record_warnings(const struct mw_record *r)
{
	struct mw_buf out = {0};
	const char *disturbed = mw_kv_str(&r->observed, "disturbed", NULL);
	const char *unsteady = mw_kv_str(&r->observed, "unsteady", NULL);
	const char *drift = mw_kv_str(&r->observed, "drift", NULL);
	double over_s = record_number(r, "over_s");
	if (disturbed)
		mw_buf_add(&out, "disturbed: %s", disturbed);
	if (unsteady)
		mw_buf_add(&out, "%sunsteady: %s", out.len ? "; " : "", unsteady);
	else if (drift)
		mw_buf_add(&out, "%sdrift: %s", out.len ? "; " : "", drift);
	if (mw_kv_str(&r->observed, "modes", NULL))
		mw_buf_add(&out, "%stwo modes: %s", out.len ? "; " : "", mw_kv_str(&r->observed, "modes", ""));
	if (over_s < SHORT_S && isfinite(r->ci_lo))
		mw_buf_add(&out, "%swithin these %.*f s", out.len ? "; " : "", over_s < 9.95, over_s);
	return out;
}
