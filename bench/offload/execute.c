/* Executes every row on every device, so that counts are those of programs that ran, and checks the results. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/offload/offload.h"
#include "bench/place.h"

/* n rows with the same operands. */
struct group {
	struct offload_work *first;
	size_t n;
};

static struct group group_at(const struct offload *o, size_t i)
{
	struct group g = {&o->work[i], 1};
	while (g.first->kind == &offload_bulk && i + g.n < o->n_work && g.first[g.n].kind == &offload_bulk &&
	       g.first[g.n].size == g.first->size && g.first[g.n].width == g.first->width)
		g.n++;
	return g;
}

static void read_price(struct offload *o, struct pim_device *dev, const struct offload_work *w, struct offload_cost *c)
{
	struct pim_price p = {.size = sizeof(p), .energy = {.size = sizeof(p.energy)}};
	struct pim_type type = w->kind == &offload_bulk ? pim_uint(w->width) : pim_int(8);
	bool known = pim_price_of(dev, w->device_op, type, &p) == 0;
	/* Copied, because the device's texts are freed with it. */
	c->source = offload_text(o, "%s", known && p.source ? p.source : pim_spec(dev));
	c->verified = known && p.verified & PIM_VERIFIED_TIME;
	c->energy.source = offload_text(o, "%s", c->has_energy && c->energy.source ? c->energy.source : "");
}

struct check {
	const struct offload_work *w;
	atomic_int wrong;
};

static void clear_member(void *arg, int rank, int n)
{
	const struct check *c = arg;
	struct offload_range v[3];
	size_t begin, end, last = c->w->kind->ranges(c->w, v) - 1;
	mw_team_slice(v[last].bytes, 4096, rank, n, &begin, &end);
	memset(c->w->out + begin, 0x5a, end - begin);
}

static void check_member(void *arg, int rank, int n)
{
	struct check *c = arg;
	if (!c->w->kind->matches(c->w, NULL, rank, n))
		atomic_store(&c->wrong, 1);
}

/* Runs one row with operands that are on the device already, and checks the result. */
static int run_row(const struct offload_side *s, struct offload_work *w, struct pim_device *dev,
		   struct offload_operands *p, struct offload_cost *cost, char *err, size_t n)
{
	struct check check = {.w = w};
	struct mw_team *team = s->o->ctx->team;
	int rc = mw_team_run(team, mw_team_size(team), clear_member, &check);
	if (rc == 0)
		rc = w->kind->use(w, dev, p, cost, err, n);
	if (rc == 0)
		rc = mw_team_run(team, mw_team_size(team), check_member, &check);
	if (rc == 0 && atomic_load(&check.wrong))
		rc = mw_fail(MW_EVERIFY, err, n, "%s on %s: the result differs from the host's", w->name, s->d->spec);
	if (rc == 0)
		read_price(s->o, dev, w, cost);
	return rc;
}

/* Opens the device and places the operands. */
static int prepare(const struct offload_side *s, const struct offload_work *w, const char *extra,
		   struct pim_device **dev, struct offload_operands *p, char *err, size_t n)
{
	memset(p, 0, sizeof(*p));
	int rc = offload_open(s->o, s->d, w, extra, dev, err, n);
	return rc < 0 ? rc : w->kind->place(w, *dev, p, err, n);
}

/* ---- the reference engines ---- */

static int run_reference(const struct offload_side *s, const struct group *g, const char *extra, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	struct offload_operands p;
	char why[MW_ERR_ROOM] = "";
	int rc = prepare(s, g->first, extra, &dev, &p, why, sizeof(why));
	for (size_t i = 0; i < g->n && rc == 0; i++) {
		struct offload_cost other;
		size_t row = (size_t)(g->first - s->o->work) + i;
		if (!s->done[row])
			continue;
		rc = run_row(s, &g->first[i], dev, &p, &other, why, sizeof(why));
		if (rc == 0 && memcmp(other.count, s->cost[row].count, sizeof(other.count)) != 0)
			rc = mw_fail(MW_EVERIFY, why, sizeof(why), "%s on %s: the command counts of %s differ",
				     g->first[i].name, s->d->spec, extra);
	}
	offload_unplace(&p);
	pim_close(dev);
	/* Without memory for the check the result is not refuted, so this is no error. */
	return rc == 0 || rc == -ENOMEM ? 0 : mw_fail(rc, err, n, "%s", why[0] ? why : mw_strerror(rc));
}

/* Runs small rows on the other engines too, which must give the same result and counts. */
static int run_references(const struct offload_side *s, const struct group *g, char *err, size_t n)
{
	const struct pim_key *k = offload_key(s->d->ops, "engine");
	if (!k || !k->choices || !k->def || g->first->size > 1u << 20 || strstr(s->d->spec, "engine="))
		return 0;
	int rc = 0, any = 0;
	for (size_t i = 0; i < g->n; i++)
		any += s->done[(size_t)(g->first - s->o->work) + i];
	for (const char *e = k->choices; any && *e && rc == 0;) {
		char extra[32];
		size_t len = strcspn(e, "|");
		mw_format(extra, sizeof(extra), "engine=%.*s", (int)len, e);
		if (strlen(k->def) != len || strncmp(e, k->def, len) != 0)
			rc = run_reference(s, g, extra, err, n);
		e += len + (e[len] == '|');
	}
	return rc;
}

/* ---- all of it ---- */

static bool refused(const struct offload_side *s, const struct offload_work *w)
{
	for (size_t i = 0; i < s->n_refused; i++)
		if (strcmp(s->refused[i], w->name) == 0)
			return true;
	return false;
}

/* Emits a record for what the device cannot do; other errors end the comparison. */
static int report_failure(struct offload_side *s, const struct offload_work *w, int rc, const char *why, char *err,
			  size_t n)
{
	char more[MW_ERR_ROOM];
	if (rc == -EOPNOTSUPP && s->n_refused < OFFLOAD_KERNELS) {
		mw_format(s->refused[s->n_refused++], sizeof(s->refused[0]), "%s", w->name);
		return offload_emit_missing(s, w, true, why);
	}
	if (rc == -ENOMEM) {
		offload_say_memory(s->o, why, more, sizeof(more));
		return offload_emit_missing(s, w, false, more);
	}
	if (rc == -ENOSPC) /* the device is full */
		return offload_emit_missing(s, w, false, why);
	return mw_fail(rc, err, n, "%s", why[0] ? why : mw_strerror(rc));
}

/* Runs the rows of a group. placed: return value of placing the operands; placed_why: its message when negative. */
static int use_group(struct offload_side *s, const struct group *g, struct pim_device *dev, struct offload_operands *p,
		     int placed, const char *placed_why, char *err, size_t n)
{
	for (size_t i = 0; i < g->n; i++) {
		struct offload_work *w = &g->first[i];
		size_t row = (size_t)(w - s->o->work);
		if (refused(s, w))
			continue;
		/* why goes to the row's record; err is for errors that end the comparison. */
		char why[MW_ERR_ROOM] = "";
		int rc = placed < 0 ? mw_fail(placed, why, sizeof(why), "%s", placed_why)
				    : run_row(s, w, dev, p, &s->cost[row], why, sizeof(why));
		if (rc == 0) {
			s->done[row] = true;
			s->d->worked++;
		} else {
			rc = report_failure(s, w, rc, why, err, n);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Is there time for a group? One device at two limits is compared at both or at neither: the first of the two asks for
 * both, the second does what the first did. */
static bool has_time(const struct offload *o, struct offload_side *s, const struct group *g, double left, double bytes)
{
	bool second = s->pair && s->pair < s, first = s->pair && !second;
	double need = o->row_s_per_byte * bytes * (first ? 2 : 1);
	bool has = second ? s->pair->late != g->first && left > need : left > 1.5 * need;
	s->late = has ? NULL : g->first;
	return has;
}

/* The larger the operands, the less a moment in which the machine was busy weighs: a rate at a larger size replaces the
 * one before, though not by less than half of it at once. */
static void learn_rate(struct offload *o, uint64_t size, double s_per_byte)
{
	if (size < 4u << 20)
		return;
	double before = size > o->row_size ? 0.5 * o->row_s_per_byte : o->row_s_per_byte;
	o->row_s_per_byte = fmax(before, s_per_byte);
	o->row_size = size > o->row_size ? size : o->row_size;
}

static int run_group(struct offload *o, struct offload_side *s, const struct group *g, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	struct offload_operands p;
	double left = bench_left_s(o->ctx), bytes = 0;
	int rc = 0;
	for (size_t i = 0; i < g->n; i++)
		bytes += refused(s, &g->first[i]) ? 0 : (double)g->first[i].bytes;
	if (bytes == 0)
		return 0;
	if (!has_time(o, s, g, left, bytes)) {
		for (size_t i = 0; i < g->n && rc == 0; i++)
			if (!refused(s, &g->first[i]))
				rc = offload_emit_missing(s, &g->first[i], false, "the time budget ended before it");
		return rc;
	}
	char why[MW_ERR_ROOM] = "";
	int placed = prepare(s, g->first, "", &dev, &p, why, sizeof(why));
	rc = use_group(s, g, dev, &p, placed, why[0] ? why : mw_strerror(placed), err, n);
	offload_unplace(&p);
	pim_close(dev);
	if (rc == 0)
		rc = run_references(s, g, err, n);
	learn_rate(o, g->first->size, (left - bench_left_s(o->ctx)) / bytes);
	return rc;
}

/* Emits the records of a group after all devices have run it, because each record needs the cost at both limits. */
static int emit_group(const struct offload *o, const struct offload_side *sides, size_t count, const struct group *g)
{
	int rc = 0;
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < g->n && rc == 0; i++) {
			size_t row = (size_t)(&g->first[i] - o->work);
			if (sides[k].done && sides[k].done[row])
				rc = offload_emit_row(&sides[k], &g->first[i], &sides[k].cost[row]);
		}
	return rc;
}

/* count: number of sides, one for each device. */
static int run_all(struct offload *o, struct offload_side *sides, size_t count, char *err, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < o->n_work && rc == 0;) {
		struct group g = group_at(o, i);
		for (size_t k = 0; k < count && rc == 0; k++)
			rc = bench_stopped(o->ctx) ? MW_ECANCELLED : run_group(o, &sides[k], &g, err, n);
		if (rc == 0 || rc == MW_ECANCELLED) {
			int emitted = emit_group(o, sides, count, &g);
			rc = emitted < 0 ? emitted : rc;
		}
		i += g.n;
	}
	for (size_t k = 0; k < count && rc == 0; k++)
		rc = offload_emit_sizes(&sides[k]);
	return rc;
}

int offload_execute(struct offload *o, char *err, size_t n)
{
	const size_t count = o->n_devices;
	struct offload_side *sides = calloc(count + 1, sizeof(*sides));
	int rc = sides ? 0 : -ENOMEM;
	for (size_t k = 0; k < count && rc == 0; k++) {
		sides[k].o = o;
		sides[k].d = &o->device[k];
		sides[k].pair = o->device[k].pair != k ? &sides[o->device[k].pair] : NULL;
		sides[k].cost = calloc(o->n_work + 1, sizeof(*sides[k].cost));
		sides[k].done = calloc(o->n_work + 1, sizeof(*sides[k].done));
		rc = sides[k].cost && sides[k].done ? 0 : -ENOMEM;
	}
	rc = rc < 0 ? mw_fail(rc, err, n, "no memory for the comparison") : run_all(o, sides, count, err, n);
	for (size_t k = 0; sides && k < count; k++) {
		free(sides[k].cost);
		free(sides[k].done);
	}
	free(sides);
	return rc;
}
