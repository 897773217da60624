#include "reports/headline.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/select.h"

struct list {
	struct headline *v;
	size_t n;
};

static struct headline *add(struct list *l, const char *label, const struct mw_record *r)
{
	if (!r || l->n == HEADLINES_MAX)
		return NULL;
	struct headline *h = &l->v[l->n++];
	*h = (struct headline){.label = label,
			       .value = r->value,
			       .ci_lo = r->ci_lo,
			       .ci_hi = r->ci_hi,
			       .unit = r->unit,
			       .provenance = r->provenance};
	return h;
}

/* Parameters worth naming, in the order given; absent ones are left out. */
static void describe(struct headline *h, const struct mw_record *r, const char *keys)
{
	size_t len = 0;
	while (h && *keys && len < sizeof(h->detail)) {
		char key[32], value[80], pair[120], words[120];
		size_t k = strcspn(keys, ",");
		(void)snprintf(key, sizeof(key), "%.*s", (int)k, keys);
		keys += k + (keys[k] == ',');
		if (!record_text(r, key, value, sizeof(value))[0])
			continue;
		(void)snprintf(pair, sizeof(pair), "%s=%s", key, value);
		(void)pair_words(pair, words, sizeof(words));
		len += (size_t)snprintf(h->detail + len, sizeof(h->detail) - len, "%s%s", len ? ", " : "", words);
	}
}

static void ratio(struct list *l, const char *label, enum mw_unit unit, const struct mw_record *a,
		  const struct mw_record *b, const char *detail)
{
	struct headline *h = a && b ? add(l, label, a) : NULL;
	if (!h)
		return;
	h->value = a->value / b->value;
	h->ci_lo = h->ci_hi = (double)NAN;
	h->unit = unit;
	h->provenance = mw_weakest(a->provenance, b->provenance);
	(void)snprintf(h->detail, sizeof(h->detail), "%s", detail);
}

static void memory(const struct mw_records *l, struct list *out)
{
	const struct mw_record *dram = mw_records_find(l, "latency", "dram", "latency");
	const struct mw_record *fastest = query_best(l, &(struct query){.bench = "latency", .unit = "ns"}, true);
	if (!dram || !isfinite(dram->value))
		dram = query_best(l, &(struct query){.bench = "latency", .unit = "ns"}, false);
	describe(add(out, "DRAM latency", dram), dram ? dram : fastest, "size,stride,window,pages");
	ratio(out, "DRAM against the fastest cache", MW_RATIO, dram, fastest,
	      "latency of DRAM / shortest latency seen");
	struct query one = {.bench = "bandwidth", .unit = "GB/s", .where = "level=DRAM,op=read,threads=1"};
	struct query any = {.bench = "bandwidth", .unit = "GB/s", .where = "level=DRAM,op=read"};
	const struct mw_record *single = query_best(l, &one, false), *every = query_best(l, &any, false);
	describe(add(out, "DRAM read, one thread", single), single, "isa,pages");
	if (every && every != single)
		describe(add(out, "DRAM read, best", every), every, "threads,isa,state");
}

size_t headlines(const struct results *r, struct headline *v)
{
	struct list out = {v, 0};
	memory(&r->records, &out);
	return out.n;
}
