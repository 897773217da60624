/* Both sides of each row, and from where on the device pays. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/offload/offload.h"

enum mode { RESIDENT, END_TO_END, MODES };
static const char *const mode_names[MODES] = {"resident", "end_to_end"};

static double device_ns(const struct offload_cost *c, enum mode m)
{
	return m == RESIDENT ? c->resident : c->end_to_end;
}

/* "unconstrained" and "power-limited" stand for what may throttle many activations at once. */
static const char *price_words(const struct offload_device *d)
{
	if (strcmp(d->limit, "none") == 0)
		return "unconstrained";
	return strcmp(d->limit, "jedec") == 0 ? "power-limited" : d->limit;
}

static void set_device(struct mw_record *r, const struct offload_device *d)
{
	(void)mw_set_text(r, MW_AS_PARAM, "device", d->label);
	if (d->limit[0])
		(void)mw_set_text(r, MW_AS_PARAM, "price", price_words(d));
}

static void device_record(const struct offload_side *s, const struct offload_work *w, struct mw_record *r,
			  const char *metric, enum mw_unit unit)
{
	offload_record(w, r, metric, unit);
	mw_record_method(r, "pim-model", 1);
	set_device(r, s->d);
}

static void set_parts(struct mw_record *r, const struct offload_cost *c)
{
	static const struct {
		enum pim_count what;
		const char *key;
	} counts[] = {{PIM_AAP, "aap"},       {PIM_AP, "ap"},         {PIM_BATCHES, "batches"},
		      {PIM_PASSES, "passes"}, {PIM_CYCLES, "cycles"}, {PIM_BYTES_RELOAD, "reload_bytes"}};
	(void)mw_set_real(r, MW_AS_OBSERVED, "compute_ns", c->compute);
	(void)mw_set_real(r, MW_AS_OBSERVED, "in_ns", c->in);
	(void)mw_set_real(r, MW_AS_OBSERVED, "out_ns", c->out);
	(void)mw_set_real(r, MW_AS_OBSERVED, "reload_ns", c->reload);
	if (c->transpose > 0)
		(void)mw_set_real(r, MW_AS_OBSERVED, "transpose_ns", c->transpose);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (c->counted >> counts[i].what & 1)
			(void)mw_set_int(r, MW_AS_OBSERVED, counts[i].key, (int64_t)c->count[counts[i].what]);
}

static void note_scope(struct mw_record *r, const struct offload_side *s, const struct offload_cost *c)
{
	mw_record_note(r, "%s%s%s", c->verified ? "" : "unverified; ",
		       c->transpose > 0 ? "end to end transposes lanes at the rate of the key transpose; " : "",
		       s->d->is_dram ? s->o->channels_note : "");
}

static int emit_times(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c)
{
	int rc = 0;
	for (int m = 0; m < MODES && rc == 0; m++) {
		struct mw_record r;
		device_record(s, w, &r, "time", MW_NS);
		(void)mw_set_text(&r, MW_AS_PARAM, "mode", mode_names[m]);
		mw_record_set(&r, device_ns(c, (enum mode)m), MW_MODELLED, c->source);
		set_parts(&r, c);
		note_scope(&r, s, c);
		rc = offload_emit(s->o, &r);
	}
	return rc;
}

static int emit_energy(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c,
		       enum mode m)
{
	double moved[3] = {0};
	struct mw_record r;
	bool moves = !isnan(c->moved_pj[1]);
	if (m == END_TO_END && (!c->has_energy || !moves))
		return 0;
	device_record(s, w, &r, "energy", MW_NJ);
	(void)mw_set_text(&r, MW_AS_PARAM, "mode", mode_names[m]);
	if (m == END_TO_END)
		memcpy(moved, c->moved_pj, sizeof(moved));
	if (!c->has_energy) {
		mw_record_unavailable(&r, "the device has no energy model");
	} else {
		mw_record_set(&r, 1e-3 * (c->energy.typ_pj + moved[1]), MW_MODELLED, c->energy.source);
		r.min = 1e-3 * (c->energy.min_pj + moved[0]);
		r.max = 1e-3 * (c->energy.max_pj + moved[2]);
		mw_record_note(&r, "min and max are the band of the model%s%s",
			       moves ? "" : "; the device has no model of the energy of transfers",
			       m == END_TO_END && c->transpose > 0 ? "; transposing has no model of its energy" : "");
	}
	return offload_emit(s->o, &r);
}

/* How much memory the device has for it, against what the host drew from its own. */
static void set_memory(struct mw_record *r, const struct offload_device *d, double host_gbps)
{
	if (!d->is_dram)
		return;
	(void)mw_set_int(r, MW_AS_OBSERVED, "channels", d->dram.channels);
	(void)mw_set_int(r, MW_AS_OBSERVED, "ranks", d->dram.ranks);
	(void)mw_set_int(r, MW_AS_OBSERVED, "banks", d->dram.banks);
	(void)mw_set_real(r, MW_AS_OBSERVED, "host_over_peak",
			  host_gbps / (d->dram.channels * d->dram.channel_peak_gbps));
}

/* A comparison is against a host of one topology state. */
static void set_state(struct mw_record *r, const char *state)
{
	if (state[0])
		(void)mw_set_text(r, MW_AS_PARAM, "state", state);
}

/* The interval is the host's: the model has none. */
static int emit_speedup(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c,
			enum offload_cache cache, enum mode m)
{
	const struct offload_host *h = &w->host[cache];
	double ns = device_ns(c, m);
	struct mw_record r;
	device_record(s, w, &r, "speedup", MW_RATIO);
	(void)mw_set_text(&r, MW_AS_PARAM, "mode", mode_names[m]);
	(void)mw_set_text(&r, MW_AS_PARAM, "cache", offload_cache_names[cache]);
	set_state(&r, h->state);
	mw_record_set(&r, h->ns / ns, MW_MODELLED, c->source);
	r.ci_lo = h->lo / ns;
	r.ci_hi = h->hi / ns;
	(void)mw_set_real(&r, MW_AS_OBSERVED, "host_ns", h->ns);
	(void)mw_set_real(&r, MW_AS_OBSERVED, "device_ns", ns);
	(void)mw_set_text(&r, MW_AS_OBSERVED, "host", h->how);
	(void)mw_set_real(&r, MW_AS_OBSERVED, "host_gbps", (double)w->bytes / h->ns);
	set_memory(&r, s->d, (double)w->bytes / h->ns);
	note_scope(&r, s, c);
	mw_record_add_note(&r, "measured host / modelled device");
	return offload_emit(s->o, &r);
}

static int emit_uses(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c,
		     enum offload_cache cache)
{
	const struct offload_host *h = &w->host[cache];
	double uses;
	enum breakeven be = breakeven_uses(h->ns, c->place, c->per_use, &uses);
	struct mw_record r;
	device_record(s, w, &r, be == BREAKEVEN_NEVER ? "break_even_never" : "break_even_uses",
		      be == BREAKEVEN_NEVER ? MW_RATIO : MW_COUNT);
	(void)mw_set_text(&r, MW_AS_PARAM, "cache", offload_cache_names[cache]);
	(void)mw_set_text(&r, MW_AS_PARAM, "question", "uses");
	set_state(&r, h->state);
	mw_record_set(&r, be == BREAKEVEN_NEVER ? h->ns / c->per_use : uses, MW_MODELLED, c->source);
	(void)mw_set_real(&r, MW_AS_OBSERVED, "host_ns", h->ns);
	(void)mw_set_real(&r, MW_AS_OBSERVED, "place_ns", c->place);
	(void)mw_set_real(&r, MW_AS_OBSERVED, "use_ns", c->per_use);
	mw_record_note(&r, "%s",
		       be == BREAKEVEN_NEVER
			       ? "never: no number of uses of resident operands pays; value = ratio for ever more uses"
			       : "uses of resident operands from which the device is ahead");
	return offload_emit(s->o, &r);
}

int offload_emit_row(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c)
{
	int rc = emit_times(s, w, c);
	for (int m = 0; m < MODES && rc == 0; m++)
		rc = emit_energy(s, w, c, (enum mode)m);
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
	const char *source, *state; /* of the host; "mixed" where sizes differ */
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
static void collect(const struct offload_side *s, const struct offload_work *first, enum offload_cache cache,
		    struct curve *c)
{
	*c = (struct curve){.state = ""};
	for (size_t i = 0; i < s->o->n_work; i++) {
		const struct offload_work *w = &s->o->work[i];
		const struct offload_host *h = &w->host[w->cached ? cache : OFFLOAD_COLD];
		if (strcmp(w->name, first->name) != 0 || !s->done[i] || isnan(h->ns))
			continue;
		double one_use =
			w->kind == &offload_gemv ? s->cost[i].place + s->cost[i].end_to_end : s->cost[i].end_to_end;
		insert(c, (double)w->size, h->ns, one_use);
		if (h->state[0])
			c->state = !c->state[0] || strcmp(c->state, h->state) == 0 ? h->state : "mixed";
		c->source = s->cost[i].source;
	}
}

static int emit_size(const struct offload_side *s, const struct offload_work *first, enum offload_cache cache)
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
	mw_record_method(&r, "pim-model", 1);
	set_device(&r, s->d);
	(void)mw_set_text(&r, MW_AS_PARAM, "cache", offload_cache_names[cache]);
	(void)mw_set_text(&r, MW_AS_PARAM, "question", "size");
	set_state(&r, c.state);
	mw_record_set(&r, never ? c.host[c.n - 1] / c.device[c.n - 1] : size, MW_MODELLED, c.source);
	(void)mw_set_int(&r, MW_AS_OBSERVED, "smallest", (int64_t)c.size[0]);
	(void)mw_set_int(&r, MW_AS_OBSERVED, "largest", (int64_t)c.size[c.n - 1]);
	mw_record_note(&r, "%s",
		       never                     ? "never at one use: value = ratio at the largest size measured"
		       : be == BREAKEVEN_AT_ONCE ? "ahead at one use from the smallest size measured"
						 : "ahead at one use from this size on");
	return offload_emit(s->o, &r);
}

int offload_emit_sizes(const struct offload_side *s)
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

int offload_emit_missing(const struct offload_side *s, const struct offload_work *w, bool whole_case, const char *why)
{
	struct mw_record r;
	device_record(s, w, &r, "time", MW_NS);
	if (whole_case) {
		r.params.n = 0;
		set_device(&r, s->d);
	}
	mw_record_unavailable(&r, why);
	return offload_emit(s->o, &r);
}
