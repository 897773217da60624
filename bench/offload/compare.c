/* Both sides of each row, and from where on the device pays. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/offload/offload.h"
#include "bench/place.h"

enum mode { RESIDENT, END_TO_END, MODES };
static const char *const mode_names[MODES] = {"resident", "end_to_end"};

/* One device over all rows. */
struct side {
	struct offload *o;
	struct offload_device *d;
	struct offload_cost *cost; /* of each row */
	bool *done;
};

static double device_ns(const struct offload_cost *c, enum mode m)
{
	return m == RESIDENT ? c->resident : c->end_to_end;
}

static void device_record(const struct side *s, const struct offload_work *w, struct mw_record *r, const char *metric,
			  enum mw_unit unit)
{
	offload_record(w, r, metric, unit);
	(void)snprintf(r->method, sizeof(r->method), "pim-model");
	mw_kv_set_str(&r->params, "device", s->d->spec);
}

/* "unconstrained" and "power-limited" stand for what may throttle many activations at once. */
static const char *price_words(const struct offload_device *d)
{
	if (strcmp(d->limit, "none") == 0)
		return "unconstrained";
	return strcmp(d->limit, "jedec") == 0 ? "power-limited" : d->limit;
}

static void set_parts(struct mw_record *r, const struct side *s, const struct offload_cost *c)
{
	static const struct {
		enum pim_count what;
		const char *key;
	} counts[] = {{PIM_AAP, "aap"},       {PIM_AP, "ap"},         {PIM_BATCHES, "batches"},
		      {PIM_PASSES, "passes"}, {PIM_CYCLES, "cycles"}, {PIM_BYTES_RELOAD, "reload_bytes"}};
	mw_kv_set_real(&r->observed, "compute_ns", c->compute);
	mw_kv_set_real(&r->observed, "in_ns", c->in);
	mw_kv_set_real(&r->observed, "out_ns", c->out);
	mw_kv_set_real(&r->observed, "reload_ns", c->reload);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (c->counted >> counts[i].what & 1)
			mw_kv_set_int(&r->observed, counts[i].key, (int64_t)c->count[counts[i].what]);
	if (s->d->limit[0])
		mw_kv_set_str(&r->observed, "price", price_words(s->d));
}

static void note_scope(struct mw_record *r, const struct side *s, const struct offload_cost *c)
{
	(void)snprintf(r->note, sizeof(r->note), "%s%s", c->verified ? "" : "unverified; ",
		       isnan(s->d->peak_gbps) ? "" : s->o->channels_note);
}

static int emit_times(const struct side *s, const struct offload_work *w, const struct offload_cost *c)
{
	int rc = 0;
	for (int m = 0; m < MODES && rc == 0; m++) {
		struct mw_record r;
		device_record(s, w, &r, "time", MW_NS);
		mw_kv_set_str(&r.params, "mode", mode_names[m]);
		mw_record_set(&r, device_ns(c, (enum mode)m), MW_MODELLED, c->source);
		set_parts(&r, s, c);
		note_scope(&r, s, c);
		rc = offload_emit(s->o, &r);
	}
	return rc;
}

static int emit_energy(const struct side *s, const struct offload_work *w, const struct offload_cost *c)
{
	struct mw_record r;
	device_record(s, w, &r, "energy", MW_NJ);
	if (c->has_energy) {
		mw_record_set(&r, 1e-3 * c->energy.typ_pj, MW_MODELLED, c->energy.source);
		r.min = 1e-3 * c->energy.min_pj;
		r.max = 1e-3 * c->energy.max_pj;
		(void)snprintf(r.note, sizeof(r.note), "one use end to end; band of the model as min and max");
	} else {
		mw_record_unavailable(&r, "the device has no energy model");
	}
	return offload_emit(s->o, &r);
}

/* The interval is the host's: the model has none. */
static int emit_speedup(const struct side *s, const struct offload_work *w, const struct offload_cost *c,
			enum offload_cache cache, enum mode m)
{
	const struct offload_host *h = &w->host[cache];
	double ns = device_ns(c, m);
	struct mw_record r;
	device_record(s, w, &r, "speedup", MW_RATIO);
	mw_kv_set_str(&r.params, "mode", mode_names[m]);
	mw_kv_set_str(&r.params, "cache", offload_cache_names[cache]);
	mw_record_set(&r, h->ns / ns, MW_MODELLED, c->source);
	r.ci_lo = h->lo / ns;
	r.ci_hi = h->hi / ns;
	mw_kv_set_real(&r.observed, "host_ns", h->ns);
	mw_kv_set_real(&r.observed, "device_ns", ns);
	mw_kv_set_str(&r.observed, "host", h->how);
	mw_kv_set_real(&r.observed, "host_gbps", (double)w->bytes / h->ns);
	if (!isnan(s->d->peak_gbps))
		mw_kv_set_real(&r.observed, "host_over_peak", (double)w->bytes / h->ns / s->d->peak_gbps);
	if (s->d->limit[0])
		mw_kv_set_str(&r.observed, "price", price_words(s->d));
	note_scope(&r, s, c);
	size_t len = strlen(r.note);
	(void)snprintf(r.note + len, sizeof(r.note) - len, "%smeasured host / modelled device", len ? "; " : "");
	return offload_emit(s->o, &r);
}

static int emit_uses(const struct side *s, const struct offload_work *w, const struct offload_cost *c,
		     enum offload_cache cache)
{
	const struct offload_host *h = &w->host[cache];
	double uses;
	enum breakeven be = breakeven_uses(h->ns, c->place, c->per_use, &uses);
	struct mw_record r;
	device_record(s, w, &r, be == BREAKEVEN_NEVER ? "break_even_never" : "break_even_uses",
		      be == BREAKEVEN_NEVER ? MW_RATIO : MW_COUNT);
	mw_kv_set_str(&r.params, "cache", offload_cache_names[cache]);
	mw_kv_set_str(&r.params, "question", "uses");
	mw_record_set(&r, be == BREAKEVEN_NEVER ? h->ns / c->per_use : uses, MW_MODELLED, c->source);
	mw_kv_set_real(&r.observed, "host_ns", h->ns);
	mw_kv_set_real(&r.observed, "place_ns", c->place);
	mw_kv_set_real(&r.observed, "use_ns", c->per_use);
	(void)snprintf(r.note, sizeof(r.note), "%s",
		       be == BREAKEVEN_NEVER
			       ? "never: no number of uses of resident operands pays; value = ratio for ever more uses"
			       : "uses of resident operands from which the device is ahead");
	return offload_emit(s->o, &r);
}

static int emit_row(const struct side *s, const struct offload_work *w, const struct offload_cost *c)
{
	int rc = emit_times(s, w, c);
	if (rc == 0)
		rc = emit_energy(s, w, c);
	for (int k = 0; k < OFFLOAD_CACHES && rc == 0; k++) {
		if (isnan(w->host[k].ns))
			continue;
		for (int m = 0; m < MODES && rc == 0; m++)
			rc = emit_speedup(s, w, c, (enum offload_cache)k, (enum mode)m);
		if (rc == 0)
			rc = emit_uses(s, w, c, (enum offload_cache)k);
	}
	return rc;
}

/* ---- the smallest size that pays ---- */

struct curve {
	size_t n;
	double size[OFFLOAD_MAX_WORK], host[OFFLOAD_MAX_WORK], device[OFFLOAD_MAX_WORK];
};

static void insert(struct curve *c, double size, double host, double device)
{
	size_t i = c->n++;
	for (; i > 0 && c->size[i - 1] > size; i--) {
		c->size[i] = c->size[i - 1];
		c->host[i] = c->host[i - 1];
		c->device[i] = c->device[i - 1];
	}
	c->size[i] = size;
	c->host[i] = host;
	c->device[i] = device;
}

/* Rows of one case. Beyond the caches warm and cold are one. */
static void collect(const struct side *s, const struct offload_work *first, enum offload_cache cache, struct curve *c)
{
	c->n = 0;
	for (size_t i = 0; i < s->o->n_work; i++) {
		const struct offload_work *w = &s->o->work[i];
		double host = w->host[w->cached ? cache : OFFLOAD_COLD].ns;
		if (strcmp(w->name, first->name) != 0 || !s->done[i] || isnan(host))
			continue;
		double one_use =
			w->kind == &offload_gemv ? s->cost[i].place + s->cost[i].end_to_end : s->cost[i].end_to_end;
		insert(c, (double)w->size, host, one_use);
	}
}

static int emit_size(const struct side *s, const struct offload_work *first, enum offload_cache cache)
{
	struct curve c;
	double size = NAN;
	collect(s, first, cache, &c);
	if (c.n == 0)
		return 0;
	bool bulk = first->kind == &offload_bulk;
	enum breakeven be = breakeven_size(c.size, c.host, c.device, c.n, bulk, &size);
	bool never = be == BREAKEVEN_NEVER;
	struct mw_record r;
	mw_record_init(&r, "offload", first->name, never ? "break_even_never" : "break_even_size",
		       never ? MW_RATIO : MW_BYTE);
	(void)snprintf(r.method, sizeof(r.method), "pim-model");
	mw_kv_set_str(&r.params, "device", s->d->spec);
	mw_kv_set_str(&r.params, "cache", offload_cache_names[cache]);
	mw_kv_set_str(&r.params, "question", "size");
	mw_record_set(&r, never ? c.host[c.n - 1] / c.device[c.n - 1] : size, MW_MODELLED, "");
	(void)snprintf(r.source, sizeof(r.source), "%s", s->o->last_source);
	mw_kv_set_int(&r.observed, "smallest", (int64_t)c.size[0]);
	mw_kv_set_int(&r.observed, "largest", (int64_t)c.size[c.n - 1]);
	(void)snprintf(r.note, sizeof(r.note), "%s",
		       never                     ? "never at one use: value = ratio at the largest size measured"
		       : be == BREAKEVEN_AT_ONCE ? "ahead at one use from the smallest size measured"
						 : "ahead at one use from this size on");
	return offload_emit(s->o, &r);
}

static int emit_sizes(const struct side *s)
{
	int rc = 0;
	for (size_t i = 0; i < s->o->n_work && rc == 0; i++) {
		bool first = true;
		for (size_t k = 0; k < i; k++)
			first = first && strcmp(s->o->work[k].name, s->o->work[i].name) != 0;
		for (int c = 0; c < OFFLOAD_CACHES && first && rc == 0; c++)
			rc = emit_size(s, &s->o->work[i], (enum offload_cache)c);
	}
	return rc;
}

/* ---- running ---- */

static void read_price(struct pim_device *dev, const struct offload_work *w, struct offload_cost *c)
{
	struct pim_price p = {.size = sizeof(p), .energy = {.size = sizeof(p.energy)}};
	struct pim_type type = w->kind == &offload_bulk ? pim_uint(1) : pim_int(8);
	c->source[0] = '\0';
	c->verified = false;
	if (pim_price_of(dev, w->device_op, type, &p) == 0) {
		(void)snprintf(c->source, sizeof(c->source), "%s", p.source ? p.source : "");
		c->verified = p.verified;
	}
	if (c->source[0] == '\0')
		(void)snprintf(c->source, sizeof(c->source), "%s", pim_spec(dev));
}

struct check {
	const struct offload_work *w;
	atomic_int wrong;
};

static void check_member(void *arg, int rank, int n)
{
	struct check *c = arg;
	if (!c->w->kind->matches(c->w, NULL, rank, n))
		atomic_store(&c->wrong, 1);
}

/* Runs the row and holds its result against the host's. */
static int run_row(const struct side *s, struct offload_work *w, const char *extra, struct offload_cost *cost,
		   char *err, size_t n)
{
	struct pim_device *dev = NULL;
	struct check check = {.w = w};
	struct mw_team *team = s->o->ctx->team;
	int rc = offload_open(s->o, s->d, w, extra, &dev, err, n);
	if (rc == 0)
		rc = w->kind->run(s->o, w, dev, cost, err, n);
	if (rc == 0)
		rc = mw_team_run(team, mw_team_size(team), check_member, &check);
	if (rc == 0 && atomic_load(&check.wrong))
		rc = mw_fail(MW_EVERIFY, err, n, "%s on %s: the result differs from the host's", w->name, s->d->spec);
	if (rc == 0) {
		read_price(dev, w, cost);
		/* The text of an energy source lives as long as its device. */
		(void)snprintf(cost->energy_source, sizeof(cost->energy_source), "%s",
			       cost->has_energy && cost->energy.source ? cost->energy.source : "");
		cost->energy.source = cost->energy_source;
	}
	pim_close(dev);
	return rc;
}

/* Small rows run on the reference engines too: same result, same counts. */
static int run_references(const struct side *s, struct offload_work *w, const struct offload_cost *cost, char *err,
			  size_t n)
{
	const struct pim_key *k = s->d->ops->keys;
	while (k && k->name && strcmp(k->name, "engine") != 0)
		k++;
	if (!k || !k->name || !k->choices || !k->def || w->size > (1u << 20))
		return 0;
	for (const char *e = k->choices; *e;) {
		struct offload_cost other;
		char extra[32];
		size_t len = strcspn(e, "|");
		(void)snprintf(extra, sizeof(extra), "engine=%.*s", (int)len, e);
		bool same = strlen(k->def) == len && strncmp(e, k->def, len) == 0;
		int rc = same || strstr(s->d->spec, "engine=") ? 0 : run_row(s, w, extra, &other, err, n);
		if (rc < 0)
			return rc;
		if (!same && !strstr(s->d->spec, "engine=") &&
		    memcmp(other.count, cost->count, sizeof(other.count)) != 0)
			return mw_fail(MW_EVERIFY, err, n, "%s on %s: %s counts differently", w->name, s->d->spec,
				       extra);
		e += len + (e[len] == '|');
	}
	return 0;
}

static int emit_unavailable(const struct side *s, const struct offload_work *w, bool whole_case, const char *why)
{
	struct mw_record r;
	device_record(s, w, &r, "time", MW_NS);
	if (whole_case) {
		r.params.n = 0;
		mw_kv_set_str(&r.params, "device", s->d->spec);
	}
	mw_record_unavailable(&r, why);
	return offload_emit(s->o, &r);
}

/* 1 when the device has no such operation: the case's other rows need not be tried. */
static int do_row(struct side *s, size_t i, char *err, size_t n)
{
	struct offload_work *w = &s->o->work[i];
	if (bench_left_s(s->o->ctx) <= 0)
		return emit_unavailable(s, w, false, "the time budget ended before it");
	int rc = run_row(s, w, "", &s->cost[i], err, n);
	if (rc == -EOPNOTSUPP) {
		rc = emit_unavailable(s, w, true, err);
		return rc < 0 ? rc : 1;
	}
	if (rc == -ENOSPC || rc == -ENOMEM)
		return emit_unavailable(s, w, false, err);
	if (rc == 0)
		rc = run_references(s, w, &s->cost[i], err, n);
	if (rc < 0)
		return rc;
	s->done[i] = true;
	s->d->worked++;
	(void)snprintf(s->o->last_source, sizeof(s->o->last_source), "%s", s->cost[i].source);
	return emit_row(s, w, &s->cost[i]);
}

static int compare_device(struct side *s, char *err, size_t n)
{
	char refused[OFFLOAD_MAX_WORK][16];
	size_t n_refused = 0;
	for (size_t i = 0; i < s->o->n_work; i++) {
		const struct offload_work *w = &s->o->work[i];
		bool skip = false;
		for (size_t k = 0; k < n_refused; k++)
			skip = skip || strcmp(refused[k], w->name) == 0;
		if (bench_stopped(s->o->ctx))
			return MW_ECANCELLED;
		int rc = skip ? 0 : do_row(s, i, err, n);
		if (rc < 0)
			return rc;
		if (rc == 1)
			(void)snprintf(refused[n_refused++], sizeof(refused[0]), "%s", w->name);
	}
	return emit_sizes(s);
}

int offload_compare(struct offload *o, char *err, size_t n)
{
	struct side s = {.o = o};
	s.cost = calloc(o->n_work, sizeof(*s.cost));
	s.done = calloc(o->n_work, sizeof(*s.done));
	int rc = s.cost && s.done ? 0 : mw_fail(-ENOMEM, err, n, "no memory for the comparison");
	for (size_t k = 0; k < o->n_devices && rc == 0; k++) {
		s.d = &o->device[k];
		memset(s.done, 0, o->n_work * sizeof(*s.done));
		rc = compare_device(&s, err, n);
	}
	free(s.cost);
	free(s.done);
	return rc;
}
