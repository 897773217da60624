/* Emits the records that compare host and device: each row, and the break-evens. */
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

/* Words for the device's limit on concurrent row activations. */
static const char *price_words(const struct offload_device *d)
{
	if (strcmp(d->limit, "none") == 0)
		return "unconstrained";
	return strcmp(d->limit, "jedec") == 0 ? "power-limited" : d->limit;
}

static void set_device(struct mw_record *r, const struct offload_device *d)
{
	mw_record_method(r, "pim-model", 1);
	mw_put_text(r, &mw_key_device, d->label);
	if (d->limit[0])
		mw_put_text(r, &mw_key_price, price_words(d));
}

static void device_record(const struct offload_side *s, const struct offload_work *w, struct mw_record *r,
			  enum offload_sort sort)
{
	offload_record(w, r, sort);
	set_device(r, s->d);
}

static void set_parts(struct mw_record *r, const struct offload_cost *c)
{
	static const struct {
		enum pim_count what;
		const struct mw_key *key;
	} counts[] = {{PIM_AAP, &offload_key_aap},         {PIM_AP, &offload_key_ap},
		      {PIM_BATCHES, &offload_key_batches}, {PIM_PASSES, &offload_key_passes},
		      {PIM_CYCLES, &offload_key_cycles},   {PIM_BYTES_RELOAD, &offload_key_reload_bytes}};
	mw_put_real(r, &offload_key_compute_ns, c->compute);
	mw_put_real(r, &offload_key_in_ns, c->in);
	mw_put_real(r, &offload_key_out_ns, c->out);
	mw_put_real(r, &offload_key_reload_ns, c->reload);
	if (c->transpose > 0)
		mw_put_real(r, &offload_key_transpose_ns, c->transpose);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (c->counted >> counts[i].what & 1)
			mw_put_int(r, counts[i].key, (int64_t)c->count[counts[i].what]);
}

/* Adds a note for each assumption that the value depends on. */
static void add_caveats(struct mw_record *r, const struct offload_side *s, const struct offload_cost *c, enum mode m)
{
	if (!c->verified)
		mw_record_add_note(r, "unverified");
	if (m == END_TO_END && c->transpose > 0)
		mw_record_add_note(r, "assumed: lanes are transposed at the rate of the key transpose");
	if (m == END_TO_END && s->d->assumes_efficiency)
		mw_record_add_note(r, "assumed: the rate of transfers, by the default of the key efficiency");
	if (s->d->channels_note[0])
		mw_record_add_note(r, "%s", s->d->channels_note);
}

/* Cost of the row at the other activation limit; NULL when the device has one limit only. */
static const struct offload_cost *other_cost(const struct offload_side *s, const struct offload_work *w)
{
	size_t row = (size_t)(w - s->o->work);
	return s->pair && s->pair->done[row] ? &s->pair->cost[row] : NULL;
}

/* Sets min and max to the values at the two activation limits, of which `value` is one. */
static void set_band(struct mw_record *r, const struct offload_side *s, const struct offload_work *w, double value,
		     double other)
{
	if (!other_cost(s, w))
		return;
	r->min = fmin(value, other);
	r->max = fmax(value, other);
	mw_record_add_note(r, "min and max are the two limits: unconstrained and power-limited");
}

static int emit_times(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c)
{
	const struct offload_cost *other = other_cost(s, w);
	int rc = 0;
	for (int m = 0; m < MODES && rc == 0; m++) {
		struct mw_record r;
		double ns = device_ns(c, (enum mode)m);
		device_record(s, w, &r, OFFLOAD_DEVICE_TIME);
		mw_put_text(&r, &mw_key_mode, mode_names[m]);
		mw_record_set(&r, ns, MW_MODELLED, c->source);
		set_parts(&r, c);
		set_band(&r, s, w, ns, other ? device_ns(other, (enum mode)m) : (double)NAN);
		add_caveats(&r, s, c, (enum mode)m);
		rc = mw_finish(s->o->sink, &r);
	}
	return rc;
}

/* The source of an energy, with what has no model and is therefore missing. */
static const char *energy_source(const struct offload_side *s, const char *source, uint32_t missing)
{
	char list[160];
	(void)pim_parts_print(missing, list, sizeof(list));
	return missing ? offload_text(s->o, "without %s (no model); %s", list, source) : source;
}

static int emit_energy(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c,
		       enum mode m)
{
	double moved[3] = {0};
	struct mw_record r;
	bool moves = !isnan(c->moved_pj[1]);
	if (m == END_TO_END && (!c->has_energy || !moves))
		return 0;
	device_record(s, w, &r, OFFLOAD_DEVICE_ENERGY);
	mw_put_text(&r, &mw_key_mode, mode_names[m]);
	if (m == END_TO_END)
		memcpy(moved, c->moved_pj, sizeof(moved));
	if (!c->has_energy) {
		mw_record_unavailable(&r, "the device has no energy model");
	} else {
		uint32_t missing = c->energy.missing | (m == END_TO_END ? c->moved_missing : 0);
		mw_record_set(&r, 1e-3 * (c->energy.typ_pj + moved[1]), MW_MODELLED,
			      energy_source(s, c->energy.source, missing));
		r.min = 1e-3 * (c->energy.min_pj + moved[0]);
		r.max = 1e-3 * (c->energy.max_pj + moved[2]);
		mw_record_note(&r, "min and max are the band of the model%s",
			       moves ? "" : "; the device has no model of the energy of transfers");
	}
	return mw_finish(s->o->sink, &r);
}

/* How much memory the device has for it, against what the host drew from its own. */
static void set_memory(struct mw_record *r, const struct offload_side *s, double host_gbps)
{
	const struct offload_device *d = s->d;
	if (!d->is_dram)
		return;
	if (s->o->channels)
		mw_put_text(r, &mw_key_host_channels, offload_text(s->o, "%d", s->o->channels));
	else
		mw_put_text(r, &mw_key_host_channels, "assumed");
	mw_put_int(r, &mw_key_channels, d->dram.channels);
	mw_put_int(r, &mw_key_ranks, d->dram.ranks);
	mw_put_int(r, &mw_key_banks, d->dram.banks);
	if (!isnan(d->dram.peak_gbps))
		mw_put_real(r, &mw_key_host_over_peak, host_gbps / d->dram.peak_gbps);
}

/* Puts what identifies the host's side: cache, kernel, threads and topology state. */
static void set_host(struct mw_record *r, enum offload_cache cache, const struct offload_host *h)
{
	mw_put_text(r, &mw_key_cache, offload_cache_names[cache]);
	if (h->state[0])
		mw_put_text(r, &mw_key_state, h->state);
	mw_put_real(r, &mw_key_host_ns, h->ns);
}

/* The interval of the speedup is that of the host's time; the model has none. */
static int emit_speedup(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c,
			enum offload_cache cache, const struct offload_host *h, enum mode m)
{
	const struct offload_cost *other = other_cost(s, w);
	double ns = device_ns(c, m);
	struct mw_record r;
	device_record(s, w, &r, OFFLOAD_SPEEDUP);
	mw_put_text(&r, &mw_key_mode, mode_names[m]);
	set_host(&r, cache, h);
	mw_record_set(&r, h->ns / ns, MW_MODELLED, c->source);
	r.ci_lo = h->lo / ns;
	r.ci_hi = h->hi / ns;
	mw_put_real(&r, &offload_key_device_ns, ns);
	mw_put_text(&r, &mw_key_winner, h->how);
	mw_put_int(&r, &mw_key_by_threads, h->threads);
	if (h->ties[0])
		mw_put_text(&r, &mw_key_ties, h->ties);
	if (h->disturbed[0])
		mw_put_text(&r, &mw_key_disturbed, h->disturbed);
	if (h->unsteady[0])
		mw_put_text(&r, &mw_key_unsteady, h->unsteady);
	if (h->drift[0])
		mw_put_text(&r, &mw_key_drift, h->drift);
	mw_put_real(&r, &offload_key_host_gbps, (double)w->bytes / h->ns);
	set_memory(&r, s, (double)w->bytes / h->ns);
	mw_record_note(&r, "measured host / modelled device");
	if (h->blind)
		mw_record_add_note(
			&r, "the same single visit chose the host's best and gave its value, so the host is favoured");
	set_band(&r, s, w, r.value, other ? h->ns / device_ns(other, m) : (double)NAN);
	add_caveats(&r, s, c, m);
	return mw_finish(s->o->sink, &r);
}

static int emit_uses(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c,
		     enum offload_cache cache, const struct offload_host *h)
{
	double uses;
	bool never = breakeven_uses(h->ns, c->place, c->per_use, &uses) == BREAKEVEN_NEVER;
	struct mw_record r;
	device_record(s, w, &r, never ? OFFLOAD_USES_NEVER : OFFLOAD_USES);
	set_host(&r, cache, h);
	mw_record_set(&r, never ? h->ns / c->per_use : uses, MW_MODELLED, c->source);
	mw_put_real(&r, &offload_key_place_ns, c->place);
	mw_put_real(&r, &offload_key_use_ns, c->per_use);
	mw_record_note(&r, "%s",
		       never ? "never: at no number of uses is the device ahead; value = ratio for infinitely many uses"
			     : "number of uses of resident operands from which the device is ahead");
	add_caveats(&r, s, c, END_TO_END);
	return mw_finish(s->o->sink, &r);
}

int offload_emit_row(const struct offload_side *s, const struct offload_work *w, const struct offload_cost *c)
{
	int rc = emit_times(s, w, c);
	for (int m = 0; m < MODES && rc == 0; m++)
		rc = emit_energy(s, w, c, (enum mode)m);
	for (int k = 0; k < OFFLOAD_CACHES; k++)
		for (size_t i = 0; i < w->n_host[k] && rc == 0; i++) {
			const struct offload_host *h = &w->host[k][i];
			for (int m = 0; m < MODES && rc == 0; m++)
				rc = emit_speedup(s, w, c, (enum offload_cache)k, h, (enum mode)m);
			if (rc == 0)
				rc = emit_uses(s, w, c, (enum offload_cache)k, h);
		}
	return rc;
}

/* ---- the smallest size that pays ---- */

struct curve {
	size_t n;
	const char *source;
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

/* Operands larger than the caches use the cold time of the host. */
static enum offload_cache cache_of(const struct offload_work *w, enum offload_cache cache)
{
	return w->cached ? cache : OFFLOAD_COLD;
}

/* The host's best of the row in that topology state. A best with one thread has no state and is used for every
 * state. */
static const struct offload_host *host_in(const struct offload_work *w, enum offload_cache cache, const char *state)
{
	for (size_t i = 0; i < w->n_host[cache]; i++)
		if (!w->host[cache][i].state[0] || strcmp(w->host[cache][i].state, state) == 0)
			return &w->host[cache][i];
	return NULL;
}

/* Collects the times of host and device over the sizes of one case, with the host in one state. */
static void collect(const struct offload_side *s, const struct offload_work *first, enum offload_cache cache,
		    const char *state, struct curve *c)
{
	*c = (struct curve){.n = 0};
	for (size_t i = 0; i < s->o->n_work; i++) {
		const struct offload_work *w = &s->o->work[i];
		const struct offload_host *h = host_in(w, cache_of(w, cache), state);
		if (strcmp(w->name, first->name) != 0 || !s->done[i] || !h)
			continue;
		double one_use =
			w->kind == &offload_gemv ? s->cost[i].place + s->cost[i].end_to_end : s->cost[i].end_to_end;
		insert(c, (double)w->size, h->ns, one_use);
		c->source = s->cost[i].source;
	}
}

static int emit_size(const struct offload_side *s, const struct offload_work *first, enum offload_cache cache,
		     const char *state)
{
	struct curve c;
	double size = NAN;
	collect(s, first, cache, state, &c);
	if (c.n == 0)
		return 0;
	bool bulk = first->kind == &offload_bulk;
	enum breakeven be = breakeven_size(c.size, c.host, c.device, c.n, bulk, &size);
	bool never = be == BREAKEVEN_NEVER;
	struct mw_record r;
	mw_record_open(&r, &offload_emitter, never ? offload_row_size_never : offload_row_size, first->name);
	set_device(&r, s->d);
	mw_put_text(&r, &mw_key_cache, offload_cache_names[cache]);
	if (state[0])
		mw_put_text(&r, &mw_key_state, state);
	mw_record_set(&r, never ? c.host[c.n - 1] / c.device[c.n - 1] : size, MW_MODELLED, c.source);
	mw_put_int(&r, &offload_key_smallest, (int64_t)c.size[0]);
	mw_put_int(&r, &offload_key_largest, (int64_t)c.size[c.n - 1]);
	mw_record_note(&r, "%s",
		       never                     ? "never ahead at one use; value = ratio at the largest size measured"
		       : be == BREAKEVEN_AT_ONCE ? "ahead at one use from the smallest size measured"
						 : "ahead at one use from this size on");
	return mw_finish(s->o->sink, &r);
}

/* Lists the topology states of the host's best over the sizes of one case; "" when it has none. */
static size_t states_of(const struct offload *o, const char *name, enum offload_cache cache, const char **v)
{
	size_t n = 0;
	for (size_t i = 0; i < o->n_work; i++) {
		const struct offload_work *w = &o->work[i];
		enum offload_cache c = cache_of(w, cache);
		for (size_t k = 0; k < w->n_host[c] && strcmp(w->name, name) == 0; k++) {
			const char *state = w->host[c][k].state;
			size_t at = 0;
			while (at < n && strcmp(v[at], state) != 0)
				at++;
			if (at == n && state[0] && n < OFFLOAD_STATES)
				v[n++] = state;
		}
	}
	if (n == 0)
		v[n++] = "";
	return n;
}

int offload_emit_sizes(const struct offload_side *s)
{
	int rc = 0;
	for (size_t i = 0; i < s->o->n_work && rc == 0; i++) {
		const struct offload_work *w = &s->o->work[i];
		const char *state[OFFLOAD_STATES];
		bool first = true;
		for (size_t k = 0; k < i; k++)
			first = first && strcmp(s->o->work[k].name, w->name) != 0;
		for (int c = 0; c < OFFLOAD_CACHES && first; c++) {
			size_t n = states_of(s->o, w->name, (enum offload_cache)c, state);
			for (size_t k = 0; k < n && rc == 0; k++)
				rc = emit_size(s, w, (enum offload_cache)c, state[k]);
		}
	}
	return rc;
}

int offload_emit_missing(const struct offload_side *s, const struct offload_work *w, bool whole_case, const char *why)
{
	struct mw_record r;
	device_record(s, w, &r, OFFLOAD_DEVICE_TIME);
	if (whole_case) {
		r.params.n = 0;
		set_device(&r, s->d);
	}
	mw_record_unavailable(&r, why);
	return mw_finish(s->o->sink, &r);
}
