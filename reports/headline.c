#include "reports/headline.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/print.h"
#include "reports/select.h"

struct list {
	struct headline *v;
	size_t n;
	const struct words *words;
};

static struct headline *add(struct list *l, const char *label, const struct mw_record *r)
{
	if (!r || l->n == HEADLINES_MAX)
		return NULL;
	struct headline *h = &l->v[l->n++];
	*h = (struct headline){.label = label, .provenance = r->provenance};
	double scale = unit_scale(r->unit, r->value, &h->unit);
	h->value = r->value * scale;
	h->ci_lo = r->ci_lo * scale;
	h->ci_hi = r->ci_hi * scale;
	if (r->unit == MW_RATIO)
		h->unit = "×";
	if (r->provenance == MW_MEASURED && !isfinite(r->ci_lo))
		(void)snprintf(h->detail, sizeof(h->detail), "%zu round%s, too few for an interval", r->n,
			       r->n == 1 ? "" : "s");
	return h;
}

/* Pairs worth naming, in the order given; absent ones are left out. */
static void describe(const struct list *l, struct headline *h, const struct mw_record *r, const char *keys)
{
	struct mw_buf out = {0};
	for (size_t k; h && *keys; keys += k + (keys[k] == ',')) {
		char key[32], state[16];
		k = strcspn(keys, ",");
		(void)snprintf(key, sizeof(key), "%.*s", (int)k, keys);
		const struct mw_kv *kv = mw_kv_find(&r->params, key);
		kv = kv ? kv : mw_kv_find(&r->observed, key);
		if (!kv || (strcmp(key, "state") == 0 && !record_state(r, state, sizeof(state))[0]))
			continue;
		mw_buf_add(&out, "%s", out.len || h->detail[0] ? ", " : "");
		kv_words(l->words, kv, &out);
	}
	if (h && out.len)
		(void)snprintf(h->detail + strlen(h->detail), sizeof(h->detail) - strlen(h->detail), "%s",
			       mw_buf_text(&out));
	mw_buf_fini(&out);
}

static void ratio(struct list *l, const char *label, const char *unit, const struct mw_record *a,
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

static void memory(const struct mw_records *l, double c2c, struct list *out)
{
	const struct mw_record *dram = mw_records_find(l, "latency", "dram", "latency");
	const struct mw_record *fastest = query_best(l, &(struct query){.bench = "latency", .unit = "ns"}, true);
	if (!dram || !isfinite(dram->value))
		dram = query_best(l, &(struct query){.bench = "latency", .unit = "ns"}, false);
	describe(out, add(out, "DRAM latency", dram), dram ? dram : fastest, "size,stride,window,pages");
	ratio(out, "DRAM / cache latency", "×", dram, fastest, "DRAM latency / shortest latency of the staircase");
	struct query one = {
		.bench = "bandwidth", .case_name = "dram-read", .metric = "bandwidth", .where = "threads=1"};
	struct query any = {.bench = "bandwidth", .case_name = "dram-read-peak", .metric = "bandwidth", .c2c_ns = c2c};
	const struct mw_record *single = query_best(l, &one, false), *every = query_best(l, &any, false);
	describe(out, add(out, "DRAM read, one thread", single), single, "kernel,pages");
	describe(out, add(out, "DRAM read, all threads", every), every, "threads,kernel,state");
}

static void compute(const struct mw_records *l, double c2c, struct list *out)
{
	struct query peak = {"gemm", "peak", "flop_rate", "GFLOP/s", NULL, c2c};
	struct query gemm = {"gemm", "gemm", "flop_rate", "GFLOP/s", NULL, c2c};
	struct query gemv = {"gemm", "gemv", "bytes_rate", "GB/s", NULL, c2c};
	struct query read = {"bandwidth", "dram-read-peak", "bandwidth", NULL, NULL, c2c};
	const struct mw_record *top = query_best(l, &peak, false), *product = query_best(l, &gemm, false);
	const struct mw_record *vector = query_best(l, &gemv, false), *roof = query_best(l, &read, false);
	describe(out, add(out, "Best f32 GEMM", product), product, "engine,m,n,k,threads,state");
	describe(out, add(out, "Best GEMV, weights read", vector), vector, "engine,dtype,n,k,threads,state");
	if (!top)
		top = product;
	ratio(out, "Ridge of the roofline", "FLOP/byte", top, roof,
	      "f32 rate / DRAM read bandwidth: below it, memory limits");
}

/* "1 channel x 1 rank x 16 banks", and when the host drew more from its memory than these channels could give. */
static void describe_memory(struct headline *h, const struct mw_record *r)
{
	static const char *const keys[] = {"channels", "ranks", "banks"};
	double over = record_number(r, "host_over_peak");
	size_t len = strlen(h->detail);
	for (size_t i = 0; i < 3 && len < sizeof(h->detail); i++) {
		double n = record_number(r, keys[i]);
		if (!isfinite(n))
			return;
		len += (size_t)snprintf(h->detail + len, sizeof(h->detail) - len, "%s%.0f %.*s", i ? " × " : ", ", n,
					(int)strlen(keys[i]) - (n == 1), keys[i]);
	}
	if (over > 1 && len < sizeof(h->detail))
		(void)snprintf(h->detail + len, sizeof(h->detail) - len,
			       ", unequal memories: the host drew %.2g × their peak", over);
}

/* The speedup at the largest size that a query finds. */
static void offload(const struct mw_records *l, struct list *out, const char *label, const char *where)
{
	struct query q = {.bench = "offload", .case_name = "and", .metric = "speedup", .where = where};
	const struct mw_record *r = NULL, *next;
	for (size_t at = 0; (next = query_next(l, &q, &at));)
		if (isfinite(next->value) && (!r || record_number(next, "size") > record_number(r, "size")))
			r = next;
	struct headline *h = add(out, label, r);
	if (!h)
		return;
	h->unit = "× host";
	describe(out, h, r, "size,device");
	describe_memory(h, r);
}

static void others(const struct mw_records *l, struct list *out)
{
	struct query random = {.bench = "storage", .case_name = "random-read", .metric = "iops"};
	struct query first = {
		.bench = "storage", .case_name = "random-read", .metric = "latency_p50", .where = "depth=1"};
	struct query read_energy = {.bench = "energy", .metric = "read_energy", .unit = "pJ/byte"};
	const struct mw_record *r = query_best(l, &first, true);
	describe(out, add(out, "Storage, random read", r), r, "block,depth,engine");
	r = query_best(l, &random, false);
	describe(out, add(out, "Storage, random reads", r), r, "block,depth,engine");
	r = query_best(l, &read_energy, true);
	describe(out, add(out, "DRAM energy of a read", r), r, "dram,row_hit,domain");
	offload(l, out, "AND in DRAM, resident, unconstrained", "mode=resident,price=unconstrained,cache=cold");
	offload(l, out, "AND in DRAM, resident, power-limited", "mode=resident,price=power-limited,cache=cold");
	offload(l, out, "AND in DRAM, end to end, unconstrained", "mode=end_to_end,price=unconstrained,cache=cold");
	offload(l, out, "AND in DRAM, end to end, power-limited", "mode=end_to_end,price=power-limited,cache=cold");
}

size_t headlines(const struct results *r, struct headline *v)
{
	struct list out = {v, 0, &r->words};
	double c2c = query_usual_c2c(&r->records);
	memory(&r->records, c2c, &out);
	compute(&r->records, c2c, &out);
	others(&r->records, &out);
	return out.n;
}
