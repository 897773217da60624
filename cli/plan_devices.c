/* Devices of `memwall plan`: of the table, this host as it was measured, and PIM devices that libpim models. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/measured.h"
#include "cli/plan.h"
#include "cli/spec.h"
#include "reports/select.h"

#define UNKNOWN ((double)NAN)

static void set_source(struct plan_device *d, enum machine_field field, enum mw_provenance provenance, const char *text)
{
	mw_buf_fini(&d->source[field]);
	mw_buf_add(&d->source[field], "%s", text);
	d->provenance[field] = provenance;
}

/* A device without figures. */
static struct plan_device *add_empty(struct plan *p, const char *name, const char *words)
{
	struct plan_device *d = &p->devices[p->n_devices++];
	*d = (struct plan_device){
		.m = {.memory = UNKNOWN, .bandwidth = UNKNOWN, .link = UNKNOWN, .power = UNKNOWN, .price = UNKNOWN}};
	for (int f = 0; f < MACHINE_FORMATS; f++)
		d->m.peak[f] = UNKNOWN;
	for (int f = 0; f < MACHINE_FIELDS; f++)
		set_source(d, (enum machine_field)f, MW_UNAVAILABLE, "");
	mw_buf_add(&d->name, "%s", name);
	mw_buf_add(&d->words, "%s", words);
	return d;
}

/* Was there too little memory for one of its texts? */
static bool failed(const struct plan_device *d)
{
	bool any = d->name.failed || d->words.failed || d->note.failed;
	for (int f = 0; f < MACHINE_FIELDS; f++)
		any = any || d->source[f].failed;
	return any;
}

void plan_devices_fini(struct plan *p)
{
	for (size_t i = 0; i < p->n_devices; i++) {
		struct plan_device *d = &p->devices[i];
		mw_buf_fini(&d->name);
		mw_buf_fini(&d->words);
		mw_buf_fini(&d->note);
		for (int f = 0; f < MACHINE_FIELDS; f++)
			mw_buf_fini(&d->source[f]);
	}
}

static int full(const struct plan *p, char *err, size_t n)
{
	if (p->n_devices < PLAN_DEVICES)
		return 0;
	return mw_fail(MW_ESPEC, err, n, "--on: at most %d devices at once", PLAN_DEVICES);
}

/* ---- the table ---- */

static double field_of(const struct machine *m, enum machine_field field)
{
	switch (field) {
	case MACHINE_MEMORY:
		return m->memory;
	case MACHINE_BANDWIDTH:
		return m->bandwidth;
	case MACHINE_LINK:
		return m->link;
	case MACHINE_POWER:
		return m->power;
	case MACHINE_PRICE:
		return m->price;
	case MACHINE_PEAK: /* one for each format: machine_peak() */
	case MACHINE_FIELDS:
		break;
	}
	return UNKNOWN;
}

static int unknown_device(const char *name, char *err, size_t n)
{
	const char *names[64] = {NULL};
	char all[400] = "";
	for (size_t i = 0; machine_table[i].name && i + 1 < sizeof(names) / sizeof(names[0]); i++) {
		names[i] = machine_table[i].name;
		mw_clip_add(all, sizeof(all), "%s%s", i ? "|" : "", names[i]);
	}
	const char *near = mw_nearest(name, names);
	if (near)
		return mw_fail(MW_ESPEC, err, n, "--on: no device '%s', did you mean '%s'?", name, near);
	return mw_fail(MW_ESPEC, err, n, "--on: '%s' is not one of %s", name, all);
}

static int add_machine(struct plan *p, const char *name, char *err, size_t n)
{
	const struct machine *m = machine_find(name);
	if (!m)
		return unknown_device(name, err, n);
	int rc = full(p, err, n);
	if (rc)
		return rc;
	struct plan_device *d = add_empty(p, m->name, m->words);
	d->m = *m;
	if (m->kind == MACHINE_NEAR_MEMORY)
		mw_buf_add(
			&d->note,
			"modelled as if it ran every operator: work of a host, and transfers to it, cost nothing here");
	if (m->kind == MACHINE_DIMC)
		mw_buf_add(&d->note, "modelled as if KV cache and activations were in its SRAM, as the weights are");
	for (int f = 0; f < MACHINE_FIELDS; f++)
		set_source(d, (enum machine_field)f, MW_REFERENCE, machine_source(m, (enum machine_field)f));
	return 0;
}

static int add_machines(struct plan *p, const char *list, char *err, size_t n)
{
	const char *rest = list, *item;
	size_t len;
	int rc = 0;
	while (rc == 0 && mw_list_next(&rest, &item, &len)) {
		char *name = strndup(item, len);
		rc = name ? add_machine(p, name, err, n) : mw_fail(-ENOMEM, err, n, "out of memory");
		free(name);
	}
	return rc;
}

/* ---- this host ---- */

/* The best record of the first case that has any, in the topology state that most of the run had. */
static const struct mw_record *best_of(const struct mw_records *l, const char *bench, const char *const cases[2],
				       const char *where)
{
	const struct mw_record *r = NULL;
	for (int i = 0; i < 2 && !r; i++) {
		const struct query q = {.bench = bench,
					.case_name = cases[i],
					.metric = "bandwidth|flop_rate|op_rate",
					.where = where,
					.c2c_ns = query_usual_c2c(l)};
		r = query_best(l, &q, false);
	}
	/* A file can hold any number; a rate of 0, or one that no unit can take, is none. */
	return r && r->value > 0 && isfinite(1e9 * r->value) ? r : NULL;
}

static void host_figures(struct plan_device *d, const struct results *r, const char *path)
{
	static const char *const reads[] = {"dram-read-peak", "dram-read"}, *const products[] = {"peak", "best"};
	static const struct {
		enum machine_format format;
		const char *where;
	} types[] = {{MACHINE_FP32, "dtype=f32"}, {MACHINE_BF16, "dtype=bf16"}, {MACHINE_INT8, "dtype=int8"}};
	const struct mw_record *read = best_of(&r->records, "bandwidth", reads, NULL);
	if (read) {
		d->m.bandwidth = 1e9 * read->value;
		set_source(d, MACHINE_BANDWIDTH, read->provenance, path);
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct mw_record *best = best_of(&r->records, "gemm", products, types[i].where);
		if (!best)
			continue;
		d->m.peak[types[i].format] = 1e9 * best->value;
		set_source(d, MACHINE_PEAK, best->provenance, path);
	}
	if (r->host.mem_total > 0 && r->host.mem_total != MW_COUNT_UNKNOWN) {
		d->m.memory = (double)r->host.mem_total;
		set_source(d, MACHINE_MEMORY, MW_MEASURED, path);
	}
}

static int add_here(struct plan *p, char *err, size_t n)
{
	struct cli_measured *m = calloc(1, sizeof(*m));
	const char *given = mw_opt_text(&p->cli->opts, "results");
	if (!m)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	int rc = cli_measured(p->cli, given, m, err, n);
	if (rc && given && rc == MW_ESPEC) {
		char why[MW_ERR_ROOM];
		mw_clip(why, sizeof(why), "%s", err);
		(void)mw_fail(rc, err, n, "--results: %s", why);
	}
	if (rc == 0 && !m->found)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "--here: %s", m->words);
	rc = rc ? rc : full(p, err, n);
	if (rc == 0) {
		struct plan_device *d =
			add_empty(p, given ? "host" : "here", mw_text_or(m->results.host.cpu_model, "this host"));
		host_figures(d, &m->results, m->path);
		mw_buf_add(&d->note, "%s", m->words);
		if (isnan(d->m.bandwidth))
			rc = mw_fail(MW_EUNAVAILABLE, err, n,
				     "--%s: %s holds no bandwidth of reading memory; 'memwall run' measures it",
				     given ? "results" : "here", m->path);
	}
	cli_measured_fini(m);
	free(m);
	return rc;
}

/* ---- a modelled PIM device ---- */

/* Side of an int8 matrix that fills the arrays of most devices and takes milliseconds to model. */
enum { PIM_SIDE = 4096 };

static int pim_figures(struct plan_device *d, struct pim_device *dev, char *err, size_t n)
{
	struct pim_matrix *w = NULL;
	struct pim_vector *x = NULL, *y = NULL;
	struct pim_cost *cost = NULL;
	uint64_t macs = 0, elapsed = 0, compute = 0, again = 0;
	struct mw_buf text = {0};
	int rc = pim_matrix_alloc(dev, pim_int(8), PIM_SIDE, PIM_SIDE, &w);
	rc = rc ? rc : pim_alloc(dev, pim_int(8), PIM_SIDE, &x);
	rc = rc ? rc : pim_alloc(dev, pim_int(32), PIM_SIDE, &y);
	rc = rc ? rc : pim_cost_begin(dev, &cost);
	rc = rc ? rc : pim_gemv(y, w, x);
	rc = rc ? rc : pim_cost_count(cost, PIM_MACS, &macs);
	rc = rc ? rc : pim_cost_count(cost, PIM_PS_ELAPSED, &elapsed);
	rc = rc ? rc : pim_cost_count(cost, PIM_PS_COMPUTE, &compute);
	if (rc == 0 && (macs == 0 || compute == 0))
		rc = -EOPNOTSUPP;
	if (rc) {
		const char *why = pim_error(dev);
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "--device: '%s' has no model of a matrix-vector product%s%s",
			     pim_spec(dev), *why ? ": " : "", why);
	} else {
		const double side = PIM_SIDE, seconds = 1e-12 * (double)elapsed;
		(void)pim_cost_count(cost, PIM_BYTES_RELOAD, &again);
		mw_buf_add(&text, "libpim, %s: an int8 product of %d x %d%s", pim_spec(dev), PIM_SIDE, PIM_SIDE,
			   again ? ", its weights loaded for each use" : ", weights resident");
		d->m.peak[MACHINE_INT8] = 2 * side * side / (1e-12 * (double)compute);
		set_source(d, MACHINE_PEAK, MW_MODELLED, mw_buf_text(&text));
		d->m.bandwidth = side * side / seconds;
		set_source(d, MACHINE_BANDWIDTH, MW_MODELLED, mw_buf_text(&text));
	}
	mw_buf_fini(&text);
	pim_cost_end(cost);
	pim_free(y);
	pim_free(x);
	pim_matrix_free(w);
	return rc;
}

static int add_pim(struct plan *p, const char *spec, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	struct pim_device_info info = {.size = sizeof(info)};
	char why[MW_ERR_ROOM];
	int rc = full(p, err, n);
	rc = rc ? rc : cli_pim_open(NULL, spec, NULL, NULL, &dev, err, n);
	if (rc) {
		mw_clip(why, sizeof(why), "%s", err);
		return mw_fail(rc, err, n, "--device: %s", why);
	}
	struct plan_device *d = add_empty(p, pim_spec(dev), pim_ops_of(dev)->summary);
	if (!(pim_ops_of(dev)->caps & PIM_CAP_MODELLED))
		rc = mw_fail(MW_ESPEC, err, n,
			     "--device: '%s' is this machine itself, not a model; use --here for its measured figures",
			     spec);
	rc = rc ? rc : pim_figures(d, dev, err, n);
	if (rc == 0 && pim_device_info(dev, &info) == 0 && info.channels) {
		d->m.memory = (double)info.channels * info.ranks * info.banks * info.subarrays * info.rows *
			      (double)info.row_bytes;
		set_source(d, MACHINE_MEMORY, MW_MODELLED, "libpim: channels x ranks x banks x subarrays x rows");
	} else if (rc == 0) {
		mw_buf_add(&d->note, "libpim states no capacity of this device: give it with --set=memory=BYTES");
	}
	pim_close(dev);
	return rc;
}

int plan_devices(struct plan *p, char *err, size_t n)
{
	const struct mw_opts *o = &p->cli->opts;
	const char *on = mw_opt_text(o, "on"), *spec = mw_opt_text(o, "device");
	const bool here = mw_opt_flag(o, "here") || mw_opt_text(o, "results");
	if (mw_opt_flag(o, "here") && mw_opt_text(o, "results"))
		return mw_fail(MW_ESPEC, err, n, "--here: --results says which host, leave out one of the two");
	/* The default of --on counts only where no other device is named. */
	const bool table = mw_opt(o, "on")->given || (!spec && !here);
	int rc = table ? add_machines(p, on, err, n) : 0;
	if (rc == 0 && here)
		rc = add_here(p, err, n);
	if (rc == 0 && spec)
		rc = add_pim(p, spec, err, n);
	for (size_t i = 0; rc == 0 && i < p->n_devices; i++)
		rc = failed(&p->devices[i]) ? mw_fail(-ENOMEM, err, n, "out of memory") : 0;
	return rc;
}

double plan_figure(const struct plan *p, const struct plan_device *d, enum machine_field field)
{
	const double set = p->constants.value[field];
	return isnan(set) ? field_of(&d->m, field) : set;
}

double plan_peak(const struct plan *p, const struct plan_device *d, const struct precision *format,
		 enum machine_format *used)
{
	static const struct {
		const char *name;
		enum machine_format format;
	} formats[] = {
		{"f32", MACHINE_FP32},  {"bf16", MACHINE_BF16}, {"f16", MACHINE_FP16},    {"fp8", MACHINE_FP8},
		{"int8", MACHINE_INT8}, {"int4", MACHINE_INT4}, {"mxint8", MACHINE_INT8}, {"mxint4", MACHINE_INT4},
	};
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, format->name) != 0)
			continue;
		*used = formats[i].format;
		const double own = machine_peak(&d->m, formats[i].format, used), set = p->constants.value[C_PEAK];
		return isnan(set) ? own : set;
	}
	return UNKNOWN;
}
