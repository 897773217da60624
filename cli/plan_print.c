/* Tables of `memwall plan`. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/model/published.h"
#include "cli/plan.h"

enum { WIDTH = 100 };

/* ---- values for people ---- */

static const char *scaled(double v, const char *unit, char *out, size_t n)
{
	static const char *const up[] = {"", "k", "M", "G", "T", "P", "E", "Z", "Y"};
	static const char *const down[] = {"", "m", "\u00b5", "n", "p", "f"};
	size_t i = 0;
	if (fabs(v) < 1 && v != 0) {
		for (; fabs(v) < 1 && i + 1 < sizeof(down) / sizeof(down[0]); i++)
			v *= 1000;
		mw_format(out, n, "%.4g %s%s", v, down[i], unit);
		return out;
	}
	for (; fabs(v) >= 999.95 && i + 1 < sizeof(up) / sizeof(up[0]); i++)
		v /= 1000;
	mw_format(out, n, "%.4g %s%s", v, up[i], unit);
	return out;
}

const char *plan_value(double v, const char *unit, char *out, size_t n)
{
	const double day = 86400, hour = 3600;
	if (!isfinite(v))
		mw_format(out, n, "-");
	else if (strcmp(unit, "byte") == 0)
		(void)scaled(v, "B", out, n);
	else if (strcmp(unit, "byte/s") == 0)
		(void)scaled(v, "B/s", out, n);
	else if (strcmp(unit, "kWh") == 0)
		(void)scaled(1000 * v, "Wh", out, n);
	else if (strcmp(unit, "s") == 0 && v >= 2 * 365.25 * day)
		mw_format(out, n, "%.4g years", v / (365.25 * day));
	else if (strcmp(unit, "s") == 0 && v >= 2 * day)
		mw_format(out, n, "%.4g days", v / day);
	else if (strcmp(unit, "s") == 0 && v >= 2 * hour)
		mw_format(out, n, "%.4g h", v / hour);
	else if (strcmp(unit, "ratio") == 0)
		mw_format(out, n, "%.3g %%", 100 * v);
	else if (strcmp(unit, "1/s") == 0)
		mw_format(out, n, "%.4g", v);
	else if (strcmp(unit, "USD") == 0 && v < 1e6)
		mw_format(out, n, "%.*f USD", v < 100 ? 2 : 0, v);
	else if (strcmp(unit, "USD") == 0)
		(void)scaled(v, " USD", out, n);
	else if (strcmp(unit, "") != 0)
		(void)scaled(v, unit, out, n);
	else if (v < 1e6)
		mw_format(out, n, "%.6g", v);
	else
		(void)scaled(v, "", out, n);
	return out;
}

void plan_wrap(FILE *f, const char *text, size_t column, size_t indent)
{
	for (bool first = true; *text; first = false) {
		const size_t len = strcspn(text, " ");
		if (!first && column + 1 + len > WIDTH) {
			(void)fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			(void)fputc(' ', f);
			column++;
		}
		(void)fprintf(f, "%.*s", (int)len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	(void)fputc('\n', f);
}

/* ---- rows for programs ---- */

static const char *const table_names[PLAN_TABLES] = {"model", "device", "training", "serving", "cost"};

static const char *row_provenance(const struct plan_row *r)
{
	return r->user && r->provenance != MW_UNAVAILABLE ? "user" : mw_provenance_name(r->provenance);
}

/* Was the figure measured on a host, or modelled by libpim? Others are published. */
static bool ours(const struct plan_device *d, enum machine_field field)
{
	return d->provenance[field] == MW_MEASURED || d->provenance[field] == MW_MODELLED;
}

/* text gets it where it is put together. */
static const char *row_source(const struct plan *p, const struct plan_row *r, struct mw_buf *text)
{
	if (r->provenance == MW_UNAVAILABLE)
		return "";
	if (r->item->table == PLAN_DEVICE && !r->user)
		for (int f = 0; f < MACHINE_FIELDS; f++)
			if (strcmp(machine_field_name((enum machine_field)f), r->item->name) == 0)
				return mw_buf_text(&r->device->source[f]);
	if (r->item->table == PLAN_DEVICE)
		return p->n_tiers ? "--memory or --set" : "--set";
	if (r->item->table == PLAN_MODEL && r->provenance == MW_REFERENCE)
		return p->model_source;
	const char *own = r->item->source ? r->item->source : p->optimizer->source;
	/* Figures of the device that were not published. */
	mw_buf_add(text, "%s", own);
	for (int f = 0; r->device && f < MACHINE_FIELDS; f++)
		if (r->uses & BIT(f) && ours(r->device, (enum machine_field)f))
			mw_buf_add(text, "; %s %s: %s", machine_field_name((enum machine_field)f),
				   mw_provenance_name(r->device->provenance[f]), mw_buf_text(&r->device->source[f]));
	return mw_buf_text(text);
}

static int add_row(const struct plan *p, struct grid *g, const struct plan_row *r)
{
	char value[32] = "";
	struct mw_buf source = {0};
	if (r->provenance != MW_UNAVAILABLE && !r->text)
		mw_format(value, sizeof(value), "%.9g", r->value);
	struct mw_buf note = {0};
	mw_buf_add(&note, "%s", r->note ? r->note : "");
	if (r->unverified && r->item->table != PLAN_DEVICE)
		mw_buf_add(&note, "%sdepends on unverified figures of the device", note.len ? "; " : "");
	const char *cells[] = {
		table_names[r->item->table],
		r->device ? mw_buf_text(&r->device->name) : NULL,
		r->item->name,
		r->text && r->provenance != MW_UNAVAILABLE ? r->text : value,
		r->item->unit,
		row_provenance(r),
		row_source(p, r, &source),
		mw_buf_text(&note),
	};
	int rc = note.failed || source.failed ? -ENOMEM : grid_add(g, cells);
	mw_buf_fini(&source);
	mw_buf_fini(&note);
	return rc;
}

static int fill_list(const struct plan *p, const struct plan_rows *rows, struct grid *g)
{
	int rc = 0;
	for (size_t i = 0; i < rows->n && rc == 0; i++)
		rc = add_row(p, g, &rows->v[i]);
	return rc;
}

/* ---- tables for people ---- */

static const struct plan_row *find(const struct plan_rows *rows, const struct plan_item *item,
				   const struct plan_device *d)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].item == item && rows->v[i].device == d)
			return &rows->v[i];
	return NULL;
}

/* Is row i the first of its item? The line of the table is made there. */
static bool leads(const struct plan_rows *rows, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (rows->v[k].item == rows->v[i].item)
			return false;
	return true;
}

static void cell_text(const struct plan_row *r, char *out, size_t n)
{
	char value[64];
	if (!r || r->provenance == MW_UNAVAILABLE) {
		mw_format(out, n, "-");
		return;
	}
	mw_clip(out, n, "%s%s%s", r->text ? r->text : plan_value(r->value, r->item->unit, value, sizeof(value)),
		r->user ? " *" : "", r->unverified ? " ?" : "");
}

/* One table for the devices first..last-1; the model's has one column. */
static int print_table(FILE *f, const struct plan *p, const struct plan_rows *rows, enum plan_table table, size_t first,
		       size_t last)
{
	struct grid_column columns[PLAN_DEVICES + 1] = {{table_names[table], NULL, false}};
	struct grid g;
	int rc = 0;
	for (size_t d = first; d < last; d++)
		columns[1 + d - first] = (struct grid_column){
			table == PLAN_MODEL ? p->model : mw_buf_text(&p->devices[d].name), NULL, true};
	grid_init(&g, columns, 1 + last - first);
	for (size_t i = 0; i < rows->n && rc == 0; i++) {
		const struct plan_item *item = rows->v[i].item;
		if (item->table != table || !leads(rows, i))
			continue;
		char text[PLAN_DEVICES][96];
		const char *cells[PLAN_DEVICES + 1] = {item->words};
		for (size_t d = first; d < last; d++) {
			cell_text(find(rows, item, table == PLAN_MODEL ? NULL : &p->devices[d]), text[d - first],
				  sizeof(text[0]));
			cells[1 + d - first] = text[d - first];
		}
		rc = grid_add(&g, cells);
	}
	if (rc == 0 && g.n_rows)
		rc = grid_print(f, &g, PRINT_TABLE);
	grid_fini(&g);
	return rc;
}

/* Devices from first on that fit beside each other. */
static size_t devices_that_fit(const struct plan *p, size_t first)
{
	size_t width = 40, d = first;
	for (; d < p->n_devices; d++) {
		const size_t name = strlen(mw_buf_text(&p->devices[d].name)), own = 2 + (name > 16 ? name : 16);
		if (d > first && width + own > WIDTH)
			break;
		width += own;
	}
	return d;
}

/* Has another row of that item, before i or after it, the same note? */
static bool said(const struct plan_rows *rows, size_t i, bool before)
{
	for (size_t k = before ? 0 : i + 1; k < (before ? i : rows->n); k++)
		if (rows->v[k].note && rows->v[k].item == rows->v[i].item &&
		    strcmp(rows->v[k].note, rows->v[i].note) == 0)
			return true;
	return false;
}

/* Has a row of that device before i the same note? Where a whole table is absent, the reason is printed once. */
static bool said_of_device(const struct plan_rows *rows, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (rows->v[k].note && rows->v[k].device && rows->v[k].device == rows->v[i].device &&
		    strcmp(rows->v[k].note, rows->v[i].note) == 0)
			return true;
	return false;
}

/* The notes of a table, each once. */
static void print_notes(FILE *f, const struct plan_rows *rows, enum plan_table table)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct plan_row *r = &rows->v[i];
		const bool blank = table == PLAN_DEVICE && r->provenance == MW_UNAVAILABLE;
		if (r->item->table != table || !r->note || said(rows, i, true) || said_of_device(rows, i) ||
		    strcmp(r->note, "unverified") == 0 || blank)
			continue;
		struct mw_buf b = {0};
		if (r->device && !said(rows, i, false))
			mw_buf_add(&b, "%s, ", mw_buf_text(&r->device->name));
		mw_buf_add(&b, "%s: %s", r->item->words, r->note);
		(void)fputs("  ", f);
		plan_wrap(f, mw_buf_text(&b), 2, 4);
		mw_buf_fini(&b);
	}
}

/* Which figures of a device were not published, but measured or modelled, and where. */
static void print_provenance(FILE *f, const struct plan_device *d)
{
	for (int field = 0; field < MACHINE_FIELDS; field++) {
		struct mw_buf b = {0};
		bool before = false;
		for (int k = 0; k < field; k++)
			before = before || strcmp(mw_buf_text(&d->source[k]), mw_buf_text(&d->source[field])) == 0;
		if (!ours(d, (enum machine_field)field) || before)
			continue;
		for (int k = field; k < MACHINE_FIELDS; k++)
			if (strcmp(mw_buf_text(&d->source[k]), mw_buf_text(&d->source[field])) == 0)
				mw_buf_add(&b, "%s%s", b.len ? ", " : "", machine_field_name((enum machine_field)k));
		mw_buf_add(&b, " of %s %s: %s", mw_buf_text(&d->name), mw_provenance_name(d->provenance[field]),
			   mw_buf_text(&d->source[field]));
		(void)fputs("  ", f);
		plan_wrap(f, mw_buf_text(&b), 2, 4);
		mw_buf_fini(&b);
	}
}

static int print_tables(FILE *f, const struct plan *p, const struct plan_rows *rows)
{
	int rc = 0;
	bool user = false, unverified = false;
	for (size_t i = 0; i < rows->n; i++) {
		user = user || rows->v[i].user;
		unverified = unverified || rows->v[i].unverified;
	}
	for (int t = 0; t < PLAN_TABLES && rc == 0; t++) {
		const bool cost = p->train && p->serve;
		if ((t == PLAN_TRAINING && !p->train) || (t == PLAN_SERVING && !p->serve) || (t == PLAN_COST && !cost))
			continue;
		(void)fputs(t ? "\n" : "", f);
		size_t first = 0, last;
		do {
			last = t == PLAN_MODEL ? 1 : devices_that_fit(p, first);
			rc = print_table(f, p, rows, (enum plan_table)t, first, last);
			first = last;
		} while (rc == 0 && t != PLAN_MODEL && first < p->n_devices);
		print_notes(f, rows, (enum plan_table)t);
		for (size_t d = 0; d < p->n_devices && t == PLAN_DEVICE; d++)
			print_provenance(f, &p->devices[d]);
	}
	(void)fputs("\n", f);
	plan_wrap(f,
		  "Modelled from published figures and assumed constants: a roofline is what hardware allows, not what "
		  "software reaches. Sources are in --format=csv, and in --show=devices and --show=constants.",
		  0, 0);
	if (user)
		(void)fputs("*  depends on a value that you set\n", f);
	if (unverified)
		(void)fputs("?  depends on a figure of the device that is unverified\n", f);
	return rc;
}

int plan_print(const struct plan *p, const struct plan_rows *rows, char *err, size_t n)
{
	static const struct grid_column columns[] = {
		{"table", NULL, false}, {"device", NULL, false},     {"item", NULL, false},   {"value", NULL, true},
		{"unit", NULL, false},  {"provenance", NULL, false}, {"source", NULL, false}, {"note", NULL, false},
	};
	const struct cli *cli = p->cli;
	struct cli_out out = {0};
	struct grid g;
	grid_init(&g, columns, sizeof(columns) / sizeof(columns[0]));
	int rc = cli_out_open(cli, &out, err, n);
	if (rc == 0 && cli->format != PRINT_TABLE)
		rc = fill_list(p, rows, &g);
	if (rc == 0)
		rc = cli->format == PRINT_TABLE ? print_tables(out.f, p, rows) : grid_print(out.f, &g, cli->format);
	if (rc == -ENOMEM)
		rc = mw_fail(rc, err, n, "out of memory");
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	grid_fini(&g);
	return rc;
}
