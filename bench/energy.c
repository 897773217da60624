/* Energy: package and DRAM power from the machine's counters, idle and under a read load, and the price that the DRAM
 * model puts on the measured read bandwidth. Without counters the model stands alone, and is called one. */
#include "bench/energy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/energy_window.h"
#include "bench/place.h"
#include "bench/rounds.h"
#include "energy/model/dram_energy.h"

enum { IDLE, LOAD, STATES };

static const char *const state_names[STATES] = {"idle", "read-load"};

/* All domains of one state come from one window: whichever point is asked first takes it. */
struct state_sample {
	struct energy_run *run;
	int state;
	struct window w;
	int rc;
	char err[160];
	unsigned taken; /* how many windows so far */
};

enum value { POWER, ENERGY, UPPER_BOUND, BANDWIDTH };

struct value_arg {
	struct state_sample *s;
	size_t domain;
	enum value what;
	unsigned used; /* the window that this point had last */
};

struct energy_run {
	struct bench_ctx *ctx;
	struct window_meter meter;
	double seconds;
	const void *buf;
	size_t bytes;
	struct state_sample states[STATES];
	struct value_arg *args;
	struct round_point *pts;
	size_t n;
};

/* ---- measured ---- */

static int take_window(struct state_sample *s)
{
	struct energy_run *r = s->run;
	s->err[0] = '\0';
	if (s->state == IDLE)
		s->rc = window_idle(&r->meter, r->seconds, r->ctx->stop, &s->w, s->err, sizeof(s->err));
	else
		s->rc = window_load(&r->meter, r->ctx->team, r->buf, r->bytes, r->seconds, r->ctx->stop, &s->w, s->err,
				    sizeof(s->err));
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

static void add_point(struct energy_run *r, int state, size_t domain, enum value what, const char *metric,
		      enum mw_unit unit)
{
	const struct energy_domain *d = &r->meter.d[domain];
	struct value_arg *a = &r->args[r->n];
	struct round_point *pt = &r->pts[r->n++];
	*a = (struct value_arg){.s = &r->states[state], .domain = domain, .what = what};
	*pt = (struct round_point){.measure = measure, .arg = a, .threads = 1};
	mw_record_init(&pt->rec, "energy", state_names[state], metric, unit);
	mw_record_method(&pt->rec, "counter-window", 1);
	if (what != BANDWIDTH) {
		(void)mw_set_text(&pt->rec, MW_AS_PARAM, "domain", d->name);
		(void)mw_set_text(&pt->rec, MW_AS_OBSERVED, "kind", d->kind);
	}
	(void)mw_set_real(&pt->rec, MW_AS_PARAM, "window", r->seconds);
	(void)mw_set_text(&pt->rec, MW_AS_OBSERVED, "meter", r->meter.m->name);
	if (state == LOAD) {
		(void)mw_set_int(&pt->rec, MW_AS_PARAM, "size", (int64_t)r->bytes);
		(void)mw_set_int(&pt->rec, MW_AS_OBSERVED, "threads", mw_team_size(r->ctx->team));
	}
	if (what == UPPER_BOUND)
		mw_record_note(
			&pt->rec,
			"energy of the window / bytes read: holds the background power, so it is no cost per byte");
}

/* Memory of the read load: four times the last-level caches where that can be had. */
static uint64_t load_bytes(const struct bench_ctx *ctx)
{
	uint64_t want = 4 * (ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 64u << 20);
	uint64_t limit = bench_block_limit(ctx, 1);
	return (want < limit ? want : limit) / (2u << 20) * (2u << 20);
}

static int measure_counters(struct energy_run *r, const struct mw_sink *sink, char *err, size_t n)
{
	size_t per_domain = 2 * STATES + 1;
	r->args = calloc(r->meter.n * per_domain + 1, sizeof(*r->args));
	r->pts = calloc(r->meter.n * per_domain + 1, sizeof(*r->pts));
	if (!r->args || !r->pts)
		return -ENOMEM;
	uint64_t bytes = load_bytes(r->ctx);
	struct mw_block block = {0};
	int rc = mw_arena_take(r->ctx->arenas, r->ctx, MW_PAGES_THP, bench_node_of(r->ctx, 0), bytes, &block, err, n);
	if (rc < 0)
		return rc;
	r->buf = block.p;
	r->bytes = bytes;
	for (int state = 0; state < STATES; state++) {
		r->states[state] = (struct state_sample){.run = r, .state = state};
		for (size_t d = 0; d < r->meter.n; d++) {
			add_point(r, state, d, POWER, "power", MW_WATT);
			add_point(r, state, d, ENERGY, "energy", MW_JOULE);
			if (state == LOAD)
				add_point(r, state, d, UPPER_BOUND, "upper_bound_per_byte", MW_PJ_PER_BYTE);
		}
	}
	add_point(r, LOAD, 0, BANDWIDTH, "bandwidth", MW_GBPS);
	rc = rounds_run(r->ctx, r->pts, r->n, sink);
	mw_arena_release(r->ctx->arenas, &block);
	return rc;
}

/* ---- which meter, or why none ---- */

static int emit_refusal(const struct mw_sink *sink, const char *meter, const char *why)
{
	struct mw_record rec;
	mw_record_init(&rec, "energy", "meter", "power", MW_WATT);
	(void)mw_set_text(&rec, MW_AS_PARAM, "meter", meter);
	mw_record_unavailable(&rec, why);
	int rc = mw_emit(sink, &rec);
	mw_record_fini(&rec);
	return rc;
}

static int emit_meter(const struct energy_run *r, const struct mw_sink *sink, const char *left_out)
{
	struct mw_record rec;
	mw_record_init(&rec, "energy", "meter", "domains", MW_COUNT);
	(void)mw_set_text(&rec, MW_AS_PARAM, "meter", r->meter.m->name);
	mw_record_set(&rec, (double)r->meter.n, MW_MEASURED, "");
	bool dram = false;
	for (size_t i = 0; i < r->meter.n; i++)
		dram = dram || strcmp(r->meter.d[i].kind, "dram") == 0;
	mw_record_note(&rec, "%s%s%.180s", dram ? "" : "no DRAM domain on this CPU", dram || !left_out[0] ? "" : "; ",
		       left_out);
	int rc = mw_emit(sink, &rec);
	mw_record_fini(&rec);
	return rc;
}

/* Opens the meter to be used. 1: none, and records say why for each. */
static int open_meter(struct energy_run *r, const struct energy_meter *meter, const struct mw_sink *sink)
{
	struct window_meter *w = &r->meter;
	const char *named = mw_opt_text(r->ctx->opts, "meter");
	char why[600] = "";
	if (!meter && named && strcmp(named, "auto") != 0)
		meter = energy_meter_find(named);
	int rc;
	if (meter)
		rc = meter->open("/", &w->state, why, sizeof(why));
	else
		rc = energy_open_best("/", &meter, &w->state, why, sizeof(why));
	if (rc == 0) {
		w->m = meter;
		w->n = meter->domains(w->state, w->d, METER_MAX_DOMAINS);
		return emit_meter(r, sink, why);
	}
	if (meter)
		rc = emit_refusal(sink, meter->name, why);
	else {
		/* One record per meter: a reason must not be cut by the others. */
		rc = 0;
		for (const struct energy_meter *const *m = meter_table; *m && rc >= 0; m++) {
			void *state = NULL;
			why[0] = '\0';
			if ((*m)->open("/", &state, why, sizeof(why)) == 0)
				(*m)->close(state); /* came up in between: the next run will use it */
			else
				rc = emit_refusal(sink, (*m)->name, why);
		}
	}
	return rc < 0 ? rc : 1;
}

/* ---- modelled ---- */

const struct mw_record *energy_read_bandwidth(const struct mw_records *earlier)
{
	static const char *const cases[] = {"dram-read-peak", "dram-read"}; /* the machine's; else the best point */
	const struct mw_record *best = NULL;
	for (size_t c = 0; earlier && !best && c < sizeof(cases) / sizeof(cases[0]); c++)
		for (size_t i = 0; i < earlier->n; i++) {
			const struct mw_record *r = &earlier->v[i];
			if (strcmp(r->bench, "bandwidth") == 0 && strcmp(r->case_name, cases[c]) == 0 &&
			    r->unit == MW_GBPS && r->provenance == MW_MEASURED && isfinite(r->value) &&
			    (!best || r->value > best->value))
				best = r;
		}
	return best;
}

struct model {
	const struct dram_part *part;
	double row_hit;
	struct dram_price price;
};

static int emit_model(const struct model *m, const struct mw_sink *sink, const char *metric, enum mw_unit unit,
		      const struct dram_band *v, const char *note)
{
	struct mw_record rec;
	mw_record_init(&rec, "energy", "dram-model", metric, unit);
	mw_record_method(&rec, "drampower-core", 1);
	(void)mw_set_text(&rec, MW_AS_PARAM, "dram", m->part->name);
	(void)mw_set_real(&rec, MW_AS_PARAM, "row_hit", m->row_hit);
	if (v) {
		mw_record_set(&rec, v->typ, MW_MODELLED, m->price.source);
		rec.min = v->min;
		rec.max = v->max;
		mw_record_note(&rec, "%s", note);
	} else {
		mw_record_unavailable(&rec, note);
	}
	int rc = mw_emit(sink, &rec);
	mw_record_fini(&rec);
	return rc;
}

static int price(struct bench_ctx *ctx, const struct mw_sink *sink, char *err, size_t n)
{
	struct model m = {.part = dram_part_find(mw_opt_text(ctx->opts, "dram"))};
	m.row_hit = mw_opt_real(ctx->opts, "row-hit");
	if (!m.part)
		return mw_fail(MW_ESPEC, err, n, "--dram: no part of that name");
	const struct mw_record *bw = energy_read_bandwidth(ctx->earlier);
	/* Copied: emitting a record may move the list that bw points into. */
	double gbps = bw ? bw->value : 1.0;
	char bw_case[sizeof(bw->case_name)] = "";
	if (bw)
		(void)snprintf(bw_case, sizeof(bw_case), "%s", bw->case_name);
	/* One second of traffic: joules are watts. */
	struct dram_traffic t = {.row_hit = m.row_hit, .seconds = 1.0, .ranks = 1};
	t.read_bytes = (uint64_t)(gbps * 1e9);
	int rc = dram_price_traffic(m.part, &t, &m.price, err, n);
	if (rc < 0)
		return rc;
	char note[240];
	(void)snprintf(note, sizeof(note),
		       "%s assumed, not read from the DIMMs; row-hit rate %.3g assumed; DRAM core only, no I/O; band: "
		       "measured "
		       "chips (0.35) to datasheet (1)",
		       m.part->title, m.row_hit);
	rc = emit_model(&m, sink, "read_energy", MW_PJ_PER_BYTE, &m.price.read_pj_per_byte, note);
	if (rc >= 0)
		rc = emit_model(&m, sink, "write_energy", MW_PJ_PER_BYTE, &m.price.write_pj_per_byte, note);
	struct dram_band standing = m.price.standing_nj;
	standing.min *= 1e-9;
	standing.typ *= 1e-9;
	standing.max *= 1e-9;
	if (rc >= 0)
		rc = emit_model(&m, sink, "standing_power", MW_WATT, &standing,
				"one rank of one (sub)channel: background with one bank open per chip, and refresh; "
				"inputs as read_energy");
	if (rc < 0)
		return rc;
	if (!bw)
		return emit_model(&m, sink, "read_power", MW_WATT, NULL,
				  "needs a measured read bandwidth: run `memwall run --only=bandwidth,energy`");
	struct dram_band power = m.price.dynamic_nj;
	power.min *= 1e-9;
	power.typ *= 1e-9;
	power.max *= 1e-9;
	(void)snprintf(
		note, sizeof(note),
		"inputs: bandwidth/%.40s measured %.4g GB/s x read_energy (modelled, %s); without standing_power",
		bw_case, gbps, m.part->name);
	return emit_model(&m, sink, "read_power", MW_WATT, &power, note);
}

/* ---- the benchmark ---- */

int energy_run_with(struct bench_ctx *ctx, const struct mw_sink *sink, const struct energy_meter *meter, char *err,
		    size_t n)
{
	struct energy_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->ctx = ctx;
	r->seconds = mw_opt_real(ctx->opts, "sample-time");
	const char *named = mw_opt_text(ctx->opts, "meter");
	bool by_name = named && strcmp(named, "auto") != 0;
	/* The model first: it costs nothing and stands even when the time is up. */
	int rc = price(ctx, sink, err, n);
	if (rc >= 0)
		rc = open_meter(r, meter, sink);
	if (rc == 0)
		rc = measure_counters(r, sink, err, n);
	if (r->meter.m)
		r->meter.m->close(r->meter.state);
	free(r->pts);
	free(r->args);
	free(r);
	if (rc != 1)
		return rc;
	/* A run goes on with the model alone; a meter asked for by name is missed. */
	if (by_name)
		return mw_fail(MW_EUNAVAILABLE, err, n, "--meter=%s is not available here", named);
	return 0;
}

static int run(struct bench_ctx *ctx, const struct mw_sink *sink, char *err, size_t n)
{
	return energy_run_with(ctx, sink, NULL, err, n);
}

static const char *meter_word(size_t i)
{
	return i == 0 ? "auto" : meter_table[i - 1] ? meter_table[i - 1]->name : NULL;
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	const char *named = mw_opt_text(ctx->opts, "meter");
	const struct energy_meter *meter = energy_meter_find(named);
	char why[300] = "";
	void *state = NULL;
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
	char why[600];
	p->points = 4; /* of the model */
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
	 .def = "1",
	 .min = 0.05,
	 .max = 25,
	 .help = "seconds of one sample; counters move once per millisecond, so 1 s is good to 0.1 %"},
	{.name = "dram",
	 .type = MW_OPT_CHOICE,
	 .arg = "PART",
	 .def = "ddr4-3200-x8",
	 .choices = "ddr3-1600-x8|ddr4-2400-x8|ddr4-3200-x8|ddr4-3200-x16|ddr5-4800-x8",
	 .help = "DRAM part that the model prices traffic with"},
	{.name = "row-hit",
	 .type = MW_OPT_REAL,
	 .arg = "SHARE",
	 .def = "0.9",
	 .min = 0,
	 .max = 1,
	 .help = "share of bursts that the model takes to find their row open"},
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
	.run = run,
};
