/* Energy: package and DRAM power from the machine's counters, idle and under a read load, and the power that the DRAM
 * model gives for the measured read bandwidth. Without counters only the modelled records are emitted. */
#include "bench/energy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/keyfile.h"
#include "bench/energy_window.h"
#include "bench/place.h"
#include "bench/rounds.h"
#include "energy/model/dram_energy.h"
#include "energy/model/dram_part_text.h"

enum { IDLE, LOAD, STATES };

static const char *const state_names[STATES] = {"idle", "read-load"};

/* ---- what it emits ---- */

static const struct mw_metric metric_window_energy = {"window_energy", MW_JOULE, MW_LOWER,
						      "energy that the domain used during one sample"};
static const struct mw_metric metric_upper_bound = {
	"upper_bound_per_byte", MW_PJ_PER_BYTE, MW_LOWER,
	"energy of the sample divided by the bytes read, background power included"};
static const struct mw_metric metric_domains = {"domains", MW_COUNT, MW_NEITHER,
						"number of counters that the meter has"};
static const struct mw_metric metric_read_energy = {"read_energy", MW_PJ_PER_BYTE, MW_LOWER,
						    "energy of a byte read from DRAM"};
static const struct mw_metric metric_write_energy = {"write_energy", MW_PJ_PER_BYTE, MW_LOWER,
						     "energy of a byte written to DRAM"};
static const struct mw_metric metric_standing_power = {"standing_power", MW_WATT, MW_LOWER,
						       "power of a rank without traffic, refresh included"};
static const struct mw_metric metric_read_power = {"read_power", MW_WATT, MW_NEITHER,
						   "power of the measured read bandwidth, without standing power"};

static const struct mw_key key_meter = {"meter", MW_TEXT, MW_PARAM, "interface that the counters are read from"};
static const struct mw_key key_domain = {"domain", MW_TEXT, MW_PARAM, "part of the machine that the counter covers"};
static const struct mw_key key_sample_s = {"sample_s", MW_REAL, MW_PARAM, "seconds of one sample"};
static const struct mw_key key_domain_kind = {"domain_kind", MW_TEXT, MW_OBSERVED, "package, dram, core, ..."};

#define IDLE_PARAMS MW_LIST(&key_meter, &key_domain, &key_sample_s)
#define LOAD_PARAMS MW_LIST(&key_meter, &key_domain, &key_sample_s, &mw_key_size, &mw_key_threads)
#define DRAM_PARAMS MW_LIST(&mw_key_dram, &mw_key_row_hit)
#define DOMAIN_KIND MW_LIST(&key_domain_kind)

/* Rows of one state are in the order of enum value. */
enum {
	IDLE_POWER,
	IDLE_ENERGY,
	LOAD_POWER,
	LOAD_ENERGY,
	LOAD_BOUND,
	LOAD_BANDWIDTH,
	METER,
	READ,
	WRITE,
	STANDING,
	DRAWN
};

static const struct mw_emit emits[] = {
	[IDLE_POWER] = {MW_CASES("idle"), &mw_metric_power, IDLE_PARAMS, NULL, DOMAIN_KIND},
	[IDLE_ENERGY] = {MW_CASES("idle"), &metric_window_energy, IDLE_PARAMS, NULL, DOMAIN_KIND},
	[LOAD_POWER] = {MW_CASES("read-load"), &mw_metric_power, LOAD_PARAMS, NULL, DOMAIN_KIND},
	[LOAD_ENERGY] = {MW_CASES("read-load"), &metric_window_energy, LOAD_PARAMS, NULL, DOMAIN_KIND},
	[LOAD_BOUND] = {MW_CASES("read-load"), &metric_upper_bound, LOAD_PARAMS, NULL, DOMAIN_KIND},
	[LOAD_BANDWIDTH] = {MW_CASES("read-load"), &mw_metric_bandwidth,
			    MW_LIST(&key_meter, &key_sample_s, &mw_key_size, &mw_key_threads), NULL, NULL},
	[METER] = {MW_CASES("meter"), &metric_domains, MW_LIST(&key_meter), NULL, NULL},
	[READ] = {MW_CASES("dram-model"), &metric_read_energy, DRAM_PARAMS, NULL, NULL},
	[WRITE] = {MW_CASES("dram-model"), &metric_write_energy, DRAM_PARAMS, NULL, NULL},
	[STANDING] = {MW_CASES("dram-model"), &metric_standing_power, DRAM_PARAMS, NULL, NULL},
	[DRAWN] = {MW_CASES("dram-model"), &metric_read_power, DRAM_PARAMS, NULL, NULL},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"energy", emits};

/* ---- state ---- */

/* All domains of one state use the same window; the point that is measured first takes it. */
struct state_sample {
	struct energy_run *run;
	int state;
	struct window w;
	int rc;
	char err[160];
	unsigned taken; /* number of windows taken so far */
};

enum value { POWER, ENERGY, UPPER_BOUND, BANDWIDTH };

struct value_arg {
	struct state_sample *s;
	size_t domain;
	enum value what;
	unsigned used; /* number of the window that this point used last */
};

struct energy_run {
	const struct bench_ctx *ctx;      /* context of the current call */
	struct window_meter meter;        /* m NULL: no meter; open during a visit */
	const struct energy_meter *asked; /* NULL: the best */
	char why[MW_ERR_ROOM];            /* which domains are left out, or why the named meter is not available */
	double seconds;
	uint64_t bytes;        /* of memory for the read load */
	struct mw_block block; /* held during a visit */
	struct state_sample states[STATES];
	struct value_arg *args;
	struct round_point *pts;
	size_t n;
	struct rounds *rounds;
};

/* ---- measured ---- */

static int take_window(struct state_sample *s)
{
	struct energy_run *r = s->run;
	s->err[0] = '\0';
	if (s->state == IDLE)
		s->rc = window_idle(&r->meter, r->seconds, r->ctx->stop, &s->w, s->err, sizeof(s->err));
	else
		s->rc = window_load(&r->meter, r->ctx->team, r->block.p, r->bytes, r->seconds, r->ctx->stop, &s->w,
				    s->err, sizeof(s->err));
	s->taken++;
	return s->rc;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct value_arg *a = arg;
	struct state_sample *s = a->s;
	if (a->used == s->taken)
		(void)take_window(s);
	a->used = s->taken;
	if (s->rc < 0)
		return mw_fail(s->rc, err, n, "%s", s->err);
	double joules;
	if (a->what == BANDWIDTH) {
		*value = (double)s->w.bytes * 1e-9 / s->w.seconds;
		return 0;
	}
	int rc = energy_joules(&s->run->meter.d[a->domain], a->domain, &s->w.a, &s->w.b, &joules, err, n);
	if (rc < 0)
		return rc;
	if (a->what == ENERGY)
		*value = joules;
	else if (a->what == POWER)
		*value = joules / s->w.seconds;
	else
		*value = joules * 1e12 / (double)s->w.bytes;
	return 0;
}

static void add_point(struct energy_run *r, int state, size_t domain, enum value what)
{
	const struct energy_domain *d = &r->meter.d[domain];
	struct value_arg *a = &r->args[r->n];
	struct round_point *pt = &r->pts[r->n++];
	*a = (struct value_arg){.s = &r->states[state], .domain = domain, .what = what};
	*pt = (struct round_point){.measure = measure, .arg = a, .threads = 1};
	mw_record_open(&pt->rec, &emitter, &emits[(state == LOAD ? LOAD_POWER : IDLE_POWER) + (int)what],
		       state_names[state]);
	mw_record_method(&pt->rec, "counter-window", 1);
	mw_put_text(&pt->rec, &key_meter, r->meter.m->name);
	if (what != BANDWIDTH) {
		mw_put_text(&pt->rec, &key_domain, d->name);
		mw_put_text(&pt->rec, &key_domain_kind, d->kind);
	}
	mw_put_real(&pt->rec, &key_sample_s, r->seconds);
	if (state == LOAD) {
		mw_put_int(&pt->rec, &mw_key_size, (int64_t)r->bytes);
		mw_put_int(&pt->rec, &mw_key_threads, mw_team_size(r->ctx->team));
	}
	if (what == UPPER_BOUND)
		mw_record_note(&pt->rec, "energy of the window / bytes read: includes the background power, so it is "
					 "not the cost of a byte");
}

/* Bytes of the read load: four times the last-level caches where memory allows. */
static uint64_t load_bytes(const struct bench_ctx *ctx)
{
	uint64_t want = 4 * (ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 64u << 20);
	uint64_t limit = bench_block_limit(ctx, 1);
	return (want < limit ? want : limit) / (2u << 20) * (2u << 20);
}

static int add_points(struct energy_run *r)
{
	size_t per_domain = 2 * STATES + 1;
	r->args = calloc(r->meter.n * per_domain + 1, sizeof(*r->args));
	r->pts = calloc(r->meter.n * per_domain + 1, sizeof(*r->pts));
	if (!r->args || !r->pts)
		return -ENOMEM;
	r->bytes = load_bytes(r->ctx);
	for (int state = 0; state < STATES; state++) {
		r->states[state] = (struct state_sample){.run = r, .state = state};
		for (size_t d = 0; d < r->meter.n; d++) {
			add_point(r, state, d, POWER);
			add_point(r, state, d, ENERGY);
			if (state == LOAD)
				add_point(r, state, d, UPPER_BOUND);
		}
	}
	add_point(r, LOAD, 0, BANDWIDTH);
	return rounds_open(r->ctx, r->pts, r->n, &r->rounds);
}

/* ---- which meter, or why none ---- */

static int emit_meter(const struct mw_sink *sink, const char *meter, const struct window_meter *w, const char *why)
{
	struct mw_record rec;
	bool dram = false;
	mw_record_open(&rec, &emitter, &emits[METER], "meter");
	mw_put_text(&rec, &key_meter, meter);
	if (!w) {
		mw_record_unavailable(&rec, why);
		return mw_finish(sink, &rec);
	}
	mw_record_set(&rec, (double)w->n, MW_MEASURED, "");
	for (size_t i = 0; i < w->n; i++)
		dram = dram || strcmp(w->d[i].kind, "dram") == 0;
	if (!dram)
		mw_record_note(&rec, "no DRAM domain on this CPU");
	if (why[0])
		mw_record_add_note(&rec, "%s", why);
	return mw_finish(sink, &rec);
}

/* Emits an unavailable record for each meter that this machine lacks. */
static int emit_refusals(const struct mw_sink *sink)
{
	int rc = 0;
	for (const struct energy_meter *const *m = meter_table; *m && rc == 0; m++) {
		void *state = NULL;
		char why[MW_ERR_ROOM] = "";
		if ((*m)->open("/", &state, why, sizeof(why)) == 0)
			(*m)->close(state); /* became available since the search: the next run will use it */
		else
			rc = emit_meter(sink, (*m)->name, NULL, why);
	}
	return rc;
}

/* Finds the meter and its domains, and closes it again: an open meter that nobody reads between visits would miss
 * counters that wrap. r->meter.m stays NULL when there is none. */
static void find_meter(struct energy_run *r, const struct energy_meter *meter)
{
	struct window_meter *w = &r->meter;
	const char *named = mw_opt_text(r->ctx->opts, "meter");
	if (!meter && named && strcmp(named, "auto") != 0)
		meter = energy_meter_find(named);
	r->asked = meter;
	int rc;
	if (meter)
		rc = meter->open("/", &w->state, r->why, sizeof(r->why));
	else
		rc = energy_open_best("/", &meter, &w->state, r->why, sizeof(r->why));
	if (rc < 0)
		return;
	w->m = meter;
	w->n = meter->domains(w->state, w->d, METER_MAX_DOMAINS);
	meter->close(w->state);
	w->state = NULL;
}

static int emit_meters(const struct energy_run *r, const struct mw_sink *sink)
{
	if (r->meter.m)
		return emit_meter(sink, r->meter.m->name, &r->meter, r->why);
	return r->asked ? emit_meter(sink, r->asked->name, NULL, r->why) : emit_refusals(sink);
}

/* Opens the meter for a visit. An error when its domains are not those that find_meter() found. */
static int open_meter(struct energy_run *r, char *err, size_t n)
{
	struct window_meter *w = &r->meter;
	int rc = w->m->open("/", &w->state, err, n);
	if (rc < 0)
		return rc;
	struct energy_domain *now = calloc(METER_MAX_DOMAINS, sizeof(*now));
	if (!now)
		return -ENOMEM;
	bool same = w->m->domains(w->state, now, METER_MAX_DOMAINS) == w->n;
	for (size_t i = 0; i < w->n && same; i++)
		same = strcmp(now[i].name, w->d[i].name) == 0;
	free(now);
	return same ? 0 : mw_fail(MW_EUNAVAILABLE, err, n, "the meter's domains have changed since the previous visit");
}

static void close_meter(struct energy_run *r)
{
	if (r->meter.state)
		r->meter.m->close(r->meter.state);
	r->meter.state = NULL;
}

/* ---- modelled ---- */

const struct mw_record *energy_read_bandwidth(const struct mw_records *earlier)
{
	const struct mw_record *best = NULL;
	for (size_t i = 0; earlier && i < earlier->n; i++) {
		const struct mw_record *r = &earlier->v[i];
		if (strcmp(r->bench, "bandwidth") == 0 && strcmp(r->case_name, "dram-read-peak") == 0 &&
		    r->provenance == MW_MEASURED && isfinite(r->value) && (!best || r->value > best->value))
			best = r;
	}
	return best;
}

struct model {
	struct dram_part part;
	char name[60]; /* of the part; of a file: with the hash of its contents */
	double row_hit;
	struct dram_price price;
};

static void open_model(struct mw_record *rec, const struct model *m, int row)
{
	mw_record_open(rec, &emitter, &emits[row], "dram-model");
	mw_record_method(rec, "drampower-core", 1);
	mw_put_text(rec, &mw_key_dram, m->name);
	mw_put_real(rec, &mw_key_row_hit, m->row_hit);
}

static void set_band(struct mw_record *rec, const struct model *m, const struct dram_band *v, double factor)
{
	mw_record_set(rec, v->typ * factor, MW_MODELLED, m->price.source);
	rec->min = v->min * factor;
	rec->max = v->max * factor;
}

static int emit_per_byte(const struct model *m, const struct mw_sink *sink, int row, const struct dram_band *v)
{
	struct mw_record rec;
	open_model(&rec, m, row);
	set_band(&rec, m, v, 1.0);
	mw_record_note(&rec,
		       "%s assumed, not read from the DIMMs; row-hit rate %.3g assumed; DRAM core only, no I/O; band: "
		       "measured chips (0.35) to datasheet (1)",
		       m->part.title[0] ? m->part.title : m->name, m->row_hit);
	return mw_finish(sink, &rec);
}

static int emit_standing(const struct model *m, const struct mw_sink *sink)
{
	struct mw_record rec;
	open_model(&rec, m, STANDING);
	set_band(&rec, m, &m->price.standing_nj, 1e-9);
	mw_record_note(&rec, "one rank of one (sub)channel: background with one bank open per chip, and refresh; "
			     "inputs as read_energy");
	return mw_finish(sink, &rec);
}

/* bw: the measured read bandwidth, or NULL. */
static int emit_drawn(const struct model *m, const struct mw_sink *sink, const struct mw_record *bw)
{
	struct mw_record rec;
	open_model(&rec, m, DRAWN);
	if (bw) {
		set_band(&rec, m, &m->price.dynamic_nj, 1e-9);
		mw_record_note(&rec,
			       "inputs: bandwidth/%s measured %.4g GB/s x read_energy (modelled, %s assumed); without "
			       "standing_power",
			       bw->case_name, bw->value, m->name);
	} else {
		mw_record_unavailable(&rec, "needs a measured DRAM read bandwidth: run `memwall run "
					    "--only=bandwidth,energy`");
	}
	return mw_finish(sink, &rec);
}

/* The part of --part=FILE, or that of --dram. */
static int choose_part(const struct bench_ctx *ctx, struct model *m, char *err, size_t n)
{
	const char *path = mw_opt_text(ctx->opts, "part");
	const struct dram_part *p = dram_part_find(mw_opt_text(ctx->opts, "dram"));
	char *text = NULL, why[MW_ERR_ROOM];
	if (!path) {
		m->part = *p;
		mw_format(m->name, sizeof(m->name), "%s", p->name);
		return 0;
	}
	struct dram_energy e;
	int rc = mw_keyfile_load(path, &text, why, sizeof(why));
	if (rc == 0)
		rc = dram_part_read(text, path, &m->part, why, sizeof(why));
	if (rc == 0)
		rc = dram_energy(&m->part, DRAM_RHO_DEFAULT, &e, why, sizeof(why));
	if (rc == 0)
		mw_format(m->name, sizeof(m->name), "%s@%016llx", m->part.name,
			  (unsigned long long)mw_keyfile_hash(text));
	free(text);
	return rc < 0 ? mw_fail(MW_ESPEC, err, n, "--part=%s", why) : 0;
}

static int price(const struct bench_ctx *ctx, const struct mw_sink *sink, char *err, size_t n)
{
	struct model m = {.row_hit = mw_opt_real(ctx->opts, "row-hit")};
	int rc = choose_part(ctx, &m, err, n);
	if (rc < 0)
		return rc;
	const struct mw_record *bw = energy_read_bandwidth(ctx->earlier);
	/* One second of traffic, so that joules equal watts. */
	struct dram_traffic t = {.row_hit = m.row_hit, .seconds = 1.0, .ranks = 1};
	t.read_bytes = (uint64_t)((bw ? bw->value : 1.0) * 1e9);
	rc = dram_price_traffic(&m.part, &t, &m.price, err, n);
	/* emit_drawn() first, because emitting a record may move the list that bw points into. */
	if (rc >= 0)
		rc = emit_drawn(&m, sink, bw);
	if (rc >= 0)
		rc = emit_per_byte(&m, sink, READ, &m.price.read_pj_per_byte);
	if (rc >= 0)
		rc = emit_per_byte(&m, sink, WRITE, &m.price.write_pj_per_byte);
	return rc < 0 ? rc : emit_standing(&m, sink);
}

/* ---- the benchmark ---- */

/* Seconds of one sample: what the share of the run allows in each visit, from 0.1 s to 1 s. */
static double sample_seconds(const struct bench_ctx *ctx)
{
	const struct mw_optval *asked = mw_opt(ctx->opts, "sample-time");
	unsigned visits = ctx->profile->visits ? ctx->profile->visits : 1;
	double room = 0.7 * ctx->share_s / visits / STATES - 0.1; /* the 0.1 s are for edges and settling */
	if (asked->set)
		return mw_opt_real(ctx->opts, "sample-time");
	return room > 1 ? 1 : room < 0.1 ? 0.1 : floor(20 * room) / 20;
}

int energy_begin_with(struct bench_ctx *ctx, const struct energy_meter *meter, void **state, char *err, size_t n)
{
	struct energy_run *r = calloc(1, sizeof(*r));
	const char *named = mw_opt_text(ctx->opts, "meter");
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	r->seconds = sample_seconds(ctx);
	find_meter(r, meter);
	if (r->meter.m)
		return add_points(r);
	/* Without a meter only the model is used, but a meter that was named must be there. */
	if (named && strcmp(named, "auto") != 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "--meter=%s is not available here", named);
	return 0;
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	(void)sink;
	return energy_begin_with(ctx, NULL, state, err, n);
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct energy_run *r = state;
	r->ctx = ctx;
	if (!r->rounds)
		return BENCH_DONE;
	/* Points must not use windows of the previous visit. */
	for (size_t i = 0; i < r->n; i++)
		r->args[i].used = r->args[i].s->taken;
	int rc = mw_arena_take(ctx->arenas, r, MW_PAGES_THP, bench_node_of(ctx, 0), r->bytes, &r->block, err, n);
	if (rc == 0)
		rc = open_meter(r, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	close_meter(r);
	mw_arena_release(ctx->arenas, &r->block);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct energy_run *r = state;
	/* The modelled records first: they take no time and are emitted even when the time is up. */
	int rc = price(ctx, sink, err, n);
	if (rc == 0)
		rc = emit_meters(r, sink);
	return rc == 0 && r->rounds ? rounds_finish(r->rounds, sink) : rc;
}

static void end(void *state)
{
	struct energy_run *r = state;
	rounds_close(r->rounds);
	free(r->pts);
	free(r->args);
	free(r);
}

/* Parts that traffic can be priced for. */
static const char *dram_word(size_t i)
{
	const struct dram_part *p;
	for (size_t k = 0; (p = dram_part_at(k)); k++)
		if (dram_part_has_rows(p) && dram_part_has_currents(p) && i-- == 0)
			return p->name;
	return NULL;
}

static const char *meter_word(size_t i)
{
	return i == 0 ? "auto" : meter_table[i - 1] ? meter_table[i - 1]->name : NULL;
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	const char *named = mw_opt_text(ctx->opts, "meter");
	const struct energy_meter *meter = energy_meter_find(named);
	char why[MW_ERR_ROOM] = "";
	void *state = NULL;
	struct model m;
	if (mw_opt(ctx->opts, "part")->set && mw_opt(ctx->opts, "dram")->given)
		return mw_fail(MW_ESPEC, err, n, "--dram and --part: one of the two");
	int rc = choose_part(ctx, &m, err, n);
	if (rc < 0)
		return rc;
	if (!meter)
		return 0; /* auto */
	if (meter->open("/", &state, why, sizeof(why)) < 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "--meter=%s: %s", named, why);
	meter->close(state);
	return 0;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *p)
{
	const struct energy_meter *m = NULL;
	void *state = NULL;
	char why[MW_ERR_ROOM];
	p->points = 4; /* modelled records */
	if (energy_open_best("/", &m, &state, why, sizeof(why)))
		return;
	struct energy_domain d[METER_MAX_DOMAINS];
	p->points += 1 + (unsigned)m->domains(state, d, METER_MAX_DOMAINS) * (2 * STATES + 1);
	p->memory_bytes = load_bytes(ctx);
	m->close(state);
}

static const char *const needs[] = {"bandwidth", NULL};

static const struct mw_option options[] = {
	{.name = "meter",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .def = "auto",
	 .word = meter_word,
	 .help = "energy counters to use"},
	{.name = "sample-time",
	 .was = "window",
	 .type = MW_OPT_DURATION,
	 .arg = "TIME",
	 .min = 0.05,
	 .max = 25,
	 .help = "seconds of one sample (default: what the time allows, at most 1); counters are updated once per "
		 "millisecond, so 1 s is accurate to 0.1 %"},
	{.name = "dram",
	 .type = MW_OPT_CHOICE,
	 .arg = "PART",
	 .def = "ddr4-3200-x8",
	 .word = dram_word,
	 .help = "DRAM part of the energy model"},
	{.name = "part",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .file = MW_OPT_READS,
	 .help = "file of a DRAM part, instead of --dram; 'memwall pim devices --part=NAME' prints one to start from"},
	{.name = "row-hit",
	 .type = MW_OPT_REAL,
	 .arg = "SHARE",
	 .def = "0.9",
	 .min = 0,
	 .max = 1,
	 .help = "share of bursts, 0 to 1, that the model assumes to hit an open row"},
	MW_OPT_END,
};

const struct bench bench_energy = {
	.name = "energy",
	.summary = "power and energy from the machine's counters; DRAM energy by model",
	.options = options,
	.needs = needs,
	.weight = 5,
	.dependency = "RAPL counters",
	.check = check,
	.plan = plan,
	.emitter = &emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
