/* Opens devices by their SPECs and reads the cost of a row. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/offload/offload.h"
#include "bench/place.h"

const struct pim_key *offload_key(const struct pim_device_ops *ops, const char *name)
{
	for (const struct pim_key *k = ops->keys; k && k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

/* Appends ",key=value" to a SPEC, or ":key=value" for the first key. */
static void append(char *spec, size_t n, const char *pair)
{
	size_t len = strlen(spec);
	if (*pair)
		mw_format(spec + len, n - len, "%c%s", strchr(spec, ':') ? ',' : ':', pair);
}

/* True when the device's model lets columns fail, so that its results may be wrong on purpose. */
static bool columns_fail(struct pim_device *dev)
{
	struct pim_cost *cost;
	uint64_t count;
	if (pim_cost_begin(dev, &cost) < 0)
		return false;
	bool fail = pim_cost_count(cost, PIM_FAULTS_INJECTED, &count) == 0;
	pim_cost_end(cost);
	return fail;
}

/* True when the SPEC can be opened and no column of the device fails. */
static bool sound(const struct offload *o, const char *spec)
{
	struct pim_device *dev;
	if (pim_library_open_device(o->library, spec, &dev, NULL, 0) < 0)
		return false;
	bool is = !columns_fail(dev);
	pim_close(dev);
	return is;
}

/* Writes a hint how to change the SPEC so that no column fails: a key to leave out, or another choice of a key; "" when
 * none of these helps. */
static void soundly(const struct offload *o, const struct offload_device *d, const struct mw_spec *asked, char *out,
		    size_t n)
{
	out[0] = '\0';
	for (size_t i = 0; i < asked->n; i++) {
		char spec[sizeof(d->spec)];
		mw_format(spec, sizeof(spec), "%s", asked->name);
		for (size_t k = 0; k < asked->n; k++) {
			char pair[sizeof(asked->kv[0].key) + sizeof(asked->kv[0].value) + 1];
			mw_format(pair, sizeof(pair), "%s=%s", asked->kv[k].key, asked->kv[k].value);
			if (k != i)
				append(spec, sizeof(spec), pair);
		}
		if (sound(o, spec)) {
			mw_clip(out, n, "leave out %s=%s", asked->kv[i].key, asked->kv[i].value);
			return;
		}
	}
	for (const struct pim_key *k = d->ops->keys; k && k->name; k++) {
		if (k->type != PIM_KEY_CHOICE || !k->choices || mw_spec_get(asked, k->name))
			continue;
		for (const char *c = k->choices; *c; c += strcspn(c, "|") + (c[strcspn(c, "|")] == '|')) {
			char spec[sizeof(d->spec) + 96], pair[96];
			mw_format(spec, sizeof(spec), "%s", d->spec);
			mw_format(pair, sizeof(pair), "%s=%.*s", k->name, (int)strcspn(c, "|"), c);
			append(spec, sizeof(spec), pair);
			if (sound(o, spec)) {
				mw_clip(out, n, "add %s", pair);
				return;
			}
		}
	}
}

static int refuse_unsound(const struct offload *o, const struct offload_device *d, const struct mw_spec *asked,
			  char *err, size_t n)
{
	char what[200];
	soundly(o, d, asked, what, sizeof(what));
	return mw_fail(MW_EUNAVAILABLE, err, n,
		       "--device=%s: columns of this device may fail, and offload compares results bit by bit%s%s",
		       d->spec, what[0] ? ": " : "", what);
}

/* Note on the device's memory channels: they should be as many as the host's; where these are not known, they are
 * assumed. */
static const char *channels_note(struct offload *o, const struct offload_device *d)
{
	if (!d->is_dram)
		return "";
	if (o->channels)
		return offload_text(o, "memory channels: %u of the device, %d of this host", d->dram.channels,
				    o->channels);
	return offload_text(o, "assumed: %u memory channel%s, as this host does not tell its own", d->dram.channels,
			    d->dram.channels == 1 ? "" : "s");
}

static int open_checked(struct offload *o, struct offload_device *d, char *err, size_t n)
{
	char why[MW_ERR_ROOM] = "";
	struct pim_device *dev;
	struct mw_spec spec = {.n = 0};
	int rc = pim_library_open_device(o->library, d->spec, &dev, why, sizeof(why));
	if (rc == 0 && mw_spec_parse(&spec, d->spec, why, sizeof(why)) < 0)
		rc = -EINVAL;
	if (rc < 0)
		return mw_fail(rc == -ENOMEM ? rc : MW_ESPEC, err, n, "--device=%s: %s", d->spec, why);
	d->ops = pim_ops_of(dev);
	d->flushes = offload_key(d->ops, "flush") && !mw_spec_get(&spec, "flush");
	d->dram = (struct pim_device_info){.size = sizeof(d->dram)};
	d->is_dram = pim_device_info(dev, &d->dram) == 0 && d->dram.channels > 0;
	const char *limit = mw_spec_get(&spec, "limit");
	mw_format(d->limit, sizeof(d->limit), "%s", limit ? limit : "");
	d->label = offload_text(o, "%s", pim_spec(dev));
	d->channels_note = channels_note(o, d);
	d->assumes_efficiency = offload_key(d->ops, "efficiency") && !mw_spec_get(&spec, "efficiency");
	bool fail = columns_fail(dev);
	pim_close(dev);
	return fail ? refuse_unsound(o, d, &spec, err, n) : 0;
}

/* Adds a device; one whose activations can be limited is added with both limits, unless the SPEC chooses one. */
static int add(struct offload *o, const char *text, bool named, char *err, size_t n)
{
	static const char *const limits[] = {"limit=none", "limit=jedec"};
	if (o->n_devices + 2 > OFFLOAD_MAX_DEVICES)
		return mw_fail(MW_ESPEC, err, n, "--device: more than %d devices", OFFLOAD_MAX_DEVICES / 2);
	struct offload_device *d = &o->device[o->n_devices], plain = {.named = named};
	/* 24: room for the keys that are added below. */
	if (mw_fit(plain.spec, sizeof(plain.spec) - 24, "%s", text))
		return mw_fail(MW_ESPEC, err, n, "--device: spec of more than %zu characters", sizeof(plain.spec) - 24);
	int rc = open_checked(o, &plain, err, n);
	if (rc == 0 && !named && o->channels > 1 && offload_key(plain.ops, "channels") && !strstr(text, "channels=")) {
		char pair[24];
		mw_format(pair, sizeof(pair), "channels=%d", o->channels);
		append(plain.spec, sizeof(plain.spec), pair);
		rc = open_checked(o, &plain, err, n);
	}
	bool both = rc == 0 && !plain.limit[0] && offload_key(plain.ops, "limit");
	for (size_t k = 0; k < (both ? 2 : 1) && rc == 0; k++, d++) {
		*d = plain;
		d->pair = both ? o->n_devices + 1 - 2 * k : o->n_devices;
		if (both) {
			append(d->spec, sizeof(d->spec), limits[k]);
			rc = open_checked(o, d, err, n);
		}
		for (size_t i = 0; i < o->n_devices && rc == 0; i++)
			if (strcmp(o->device[i].label, d->label) == 0)
				rc = mw_fail(MW_ESPEC, err, n, "--device=%s: %s is named twice", text, d->label);
		o->n_devices++;
	}
	return rc;
}

const char *offload_default_device(size_t i)
{
	const struct pim_device_ops *ops;
	for (size_t k = 0; (ops = pim_builtin(k)); k++)
		for (const char *const *spec = ops->compared; spec && *spec; spec++)
			if (i-- == 0)
				return *spec;
	return NULL;
}

/* Adds what the library's devices declare for comparison, or themselves where they declare nothing. */
static int add_library(struct offload *o, char *err, size_t n)
{
	const struct pim_device_ops *ops;
	int rc = 0;
	for (size_t i = 0; rc == 0 && (ops = pim_library_device(o->library, i)); i++) {
		if (!ops->compared)
			rc = add(o, ops->name, true, err, n);
		for (const char *const *spec = ops->compared; rc == 0 && spec && *spec; spec++)
			rc = add(o, *spec, true, err, n);
	}
	return rc;
}

int offload_devices(struct offload *o, const char *specs, char *err, size_t n)
{
	bool named = mw_opt(o->ctx->opts, "device")->given;
	const char *path = mw_opt_text(o->ctx->opts, "device-lib");
	char why[MW_ERR_ROOM];
	int rc = path ? pim_library_open(path, &o->library, why, sizeof(why)) : 0;
	if (rc < 0)
		return mw_fail(rc == -ENOMEM ? rc : MW_ESPEC, err, n, "--device-lib: %s", why);
	if (o->library && !named)
		return add_library(o, err, n);
	while (specs && rc == 0) {
		size_t len = strcspn(specs, "\n");
		char *text = strndup(specs, len);
		rc = text ? add(o, text, named, err, n) : mw_fail(-ENOMEM, err, n, "no memory for a device's text");
		free(text);
		specs = specs[len] ? specs + len + 1 : NULL;
	}
	return rc;
}

/* ---- running on a device ---- */

struct slices {
	void (*fn)(void *arg, size_t i);
	void *arg;
	size_t n;
};

static void slice_member(void *arg, int rank, int members)
{
	const struct slices *s = arg;
	for (size_t i = (size_t)rank; i < s->n; i += (size_t)members)
		s->fn(s->arg, i);
}

static void on_team(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	struct mw_team *team = ctx;
	struct slices s = {fn, arg, n};
	int members = mw_team_size(team);
	(void)mw_team_run(team, n < (size_t)members ? (int)n : members, slice_member, &s);
}

/* Adds the measured flush rate: of dirty lines when the operands of the row fit into the caches, else of absent
 * lines. */
static void add_flush(const struct offload *o, const struct offload_device *d, const struct offload_work *w, char *spec,
		      size_t n)
{
	double rate = w && w->size <= o->llc ? o->flush_gbps[OFFLOAD_WARM] : o->flush_gbps[OFFLOAD_COLD];
	char pair[32];
	mw_format(pair, sizeof(pair), "flush=%.4g", rate);
	if (d->flushes && rate > 0)
		append(spec, n, pair);
}

int offload_open(struct offload *o, const struct offload_device *d, const struct offload_work *w, const char *extra,
		 struct pim_device **dev, char *err, size_t n)
{
	char spec[sizeof(d->spec) + 256], why[MW_ERR_ROOM] = "";
	mw_format(spec, sizeof(spec), "%s", d->spec);
	append(spec, sizeof(spec), extra);
	add_flush(o, d, w, spec, sizeof(spec));
	int rc = pim_library_open_device(o->library, spec, dev, why, sizeof(why));
	if (rc < 0)
		return mw_fail(rc, err, n, "%s: %s", spec, why);
	struct pim_executor e = {sizeof(e), (size_t)mw_team_size(o->ctx->team), on_team, o->ctx->team};
	rc = pim_set_executor(*dev, &e);
	if (rc < 0) {
		(void)mw_fail(rc, err, n, "%s: %s", spec, pim_error(*dev));
		pim_close(*dev);
		*dev = NULL;
	}
	return rc;
}

void offload_say_memory(const struct offload *o, const char *why, char *out, size_t n)
{
	mw_clip(out, n, "%s (%s)", why, bench_memory_words(o->ctx));
}

void offload_unplace(struct offload_operands *p)
{
	for (int i = 0; i < 3; i++)
		pim_free(p->v[i]);
	pim_matrix_free(p->m);
	memset(p, 0, sizeof(*p));
}

static double ns_of(const struct offload_cost *c, enum pim_count what)
{
	return c->counted >> what & 1 ? 1e-3 * (double)c->count[what] : 0;
}

void offload_add_moved(struct offload_cost *cost, const struct offload_cost *t)
{
	const uint32_t transfers = 1u << PIM_E_RD | 1u << PIM_E_WR | 1u << PIM_E_IO;
	bool known = t->has_energy && t->energy.parts & transfers;
	cost->moved_pj[0] += known ? t->energy.min_pj : (double)NAN;
	cost->moved_pj[1] += known ? t->energy.typ_pj : (double)NAN;
	cost->moved_pj[2] += known ? t->energy.max_pj : (double)NAN;
	cost->moved_missing |= t->energy.missing;
}

int offload_read_cost(struct pim_device *dev, struct pim_cost *scope, struct offload_cost *c, char *err, size_t n)
{
	memset(c, 0, sizeof(*c));
	pim_cost_stop(scope);
	for (int i = 0; i < PIM_COUNT_N; i++)
		if (pim_cost_count(scope, (enum pim_count)i, &c->count[i]) == 0)
			c->counted |= 1u << i;
	if (!(c->counted >> PIM_PS_COMPUTE & 1))
		return mw_fail(-EOPNOTSUPP, err, n, "device %s has no model of its time", pim_ops_of(dev)->name);
	c->compute = ns_of(c, PIM_PS_COMPUTE);
	c->in = ns_of(c, PIM_PS_IN);
	c->out = ns_of(c, PIM_PS_OUT);
	c->reload = ns_of(c, PIM_PS_RELOAD);
	c->transpose = ns_of(c, PIM_PS_TRANSPOSE);
	c->resident = c->compute + c->reload;
	c->energy.size = sizeof(c->energy);
	c->has_energy = pim_cost_energy(scope, PIM_E_TOTAL, &c->energy) == 0;
	return 0;
}
