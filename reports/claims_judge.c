/* Verdicts by the tolerance that a claim states. */
#include <math.h>

#include "reports/claims.h"

static const char *const verdicts[CLAIM_VERDICTS] = {"holds", "differs", "inconsistent", "cannot be checked here"};

const char *claim_verdict_name(enum claim_verdict v)
{
	return verdicts[v];
}

/* Relative: a value that lies on a limit counts as inside in spite of rounding errors. */
static const double slack = 1e-9;

static bool between(double lo, double found, double hi)
{
	return found >= lo - slack * fabs(lo) && found <= hi + slack * fabs(hi);
}

static bool within_factor(const struct claim *c, double found, double factor)
{
	return between(c->lo / factor, found, c->hi * factor);
}

static bool holds(const struct claim *c, double found, double lo, double hi)
{
	switch (c->tolerance.kind) {
	case CLAIM_PRINTED:
		return between(c->lo - c->lo_off, found, c->hi + c->hi_off);
	case CLAIM_INTERVAL: /* the two overlap */
		return isfinite(lo) && isfinite(hi) && c->lo <= hi && c->hi >= lo;
	case CLAIM_MAGNITUDE:
		return within_factor(c, found, sqrt(10));
	case CLAIM_PERCENT:
		return between(c->lo * (1 - c->tolerance.by / 100), found, c->hi * (1 + c->tolerance.by / 100));
	case CLAIM_FACTOR:
		return within_factor(c, found, c->tolerance.by);
	case CLAIM_AT_LEAST:
		return between(c->lo, found, (double)INFINITY);
	case CLAIM_AT_MOST:
		return between(-(double)INFINITY, found, c->hi);
	case CLAIM_RANGE:
		return between(c->lo, isfinite(lo) ? lo : found, c->hi) &&
		       between(c->lo, isfinite(hi) ? hi : found, c->hi);
	case CLAIM_NO_NUMBER:
		break;
	}
	return false;
}

enum claim_verdict claim_judge(const struct claim *c, double found, double lo, double hi)
{
	if (isnan(found) || c->tolerance.kind == CLAIM_NO_NUMBER)
		return CLAIM_UNCHECKED;
	return holds(c, found, lo, hi) ? CLAIM_HOLDS : CLAIM_DIFFERS;
}
