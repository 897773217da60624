/* What `memwall plan` knows without a model: published cases, devices, constants. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/model/published.h"
#include "cli/plan.h"

typedef char number[32];

static const char *exact(double v, number text)
{
	mw_format(text, sizeof(number), "%.9g", v);
	return isnan(v) ? NULL : text;
}

static const char *shown(const struct cli *cli, double v, const char *unit, number text)
{
	if (isnan(v) || cli->format != PRINT_TABLE)
		return exact(v, text);
	return plan_value(v, unit, text, sizeof(number));
}

/* Prints the grid unless rc is an error already, and frees it. */
static int print_list(const struct cli *cli, struct grid *g, int rc, char *err, size_t n)
{
	if (rc == 0)
		rc = cli_print_grid(cli, g, err, n);
	else
		(void)mw_fail(rc, err, n, "out of memory");
	grid_fini(g);
	return rc;
}

static void put_case(FILE *f, const struct published_case *c)
{
	char text[600];
	(void)fprintf(f, "\n%s\n  ", c->name);
	mw_format(text, sizeof(text), "said: %s (%s)", c->says, c->source);
	plan_wrap(f, text, 2, 4);
	mw_format(text, sizeof(text), "formula: %s", c->follows);
	(void)fputs("  ", f);
	plan_wrap(f, text, 2, 4);
}

int plan_print_cases(const struct plan *p, char *err, size_t n)
{
	const struct cli *cli = p->cli;
	static const struct grid_column columns[] = {
		{"case", NULL, false},      {"claim", NULL, false},      {"published", NULL, true},
		{"value", "formula", true}, {"unit", NULL, false},       {"says", NULL, false},
		{"follows", NULL, false},   {"provenance", NULL, false}, {"source", NULL, false},
	};
	const bool table = cli->format == PRINT_TABLE;
	struct published_case cases[64];
	const size_t n_cases = published_cases(p->model ? &p->shape : NULL, cases, 64);
	struct grid g;
	int rc = 0;
	/* A terminal has room for the numbers; the words come below them. */
	grid_init(&g, columns, table ? 5 : sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < n_cases && rc == 0; i++) {
		const struct published_case *c = &cases[i];
		number published, value;
		const char *cells[] = {c->name,
				       c->claim,
				       table && !isnan(c->published)
					       ? print_value(c->published, published, sizeof(published))
					       : exact(c->published, published),
				       table ? print_value(c->value, value, sizeof(value)) : exact(c->value, value),
				       c->unit,
				       c->says,
				       c->follows,
				       "modelled",
				       c->source};
		rc = grid_add(&g, cells);
	}
	if (rc || !table)
		return print_list(cli, &g, rc, err, n);
	struct cli_out out = {0};
	rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = grid_print(out.f, &g, PRINT_TABLE);
	for (size_t i = 0; i < n_cases && rc == 0; i++)
		put_case(out.f, &cases[i]);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	grid_fini(&g);
	return rc;
}

/* "memory, link" of the fields that are unverified. */
static const char *unverified(const struct machine *m, char *out, size_t n)
{
	out[0] = '\0';
	for (int f = 0; f < MACHINE_FIELDS; f++)
		if (!machine_is_verified(m, (enum machine_field)f))
			mw_clip_add(out, n, "%s%s", out[0] ? ", " : "", machine_field_name((enum machine_field)f));
	return out;
}

static int add_device(const struct cli *cli, struct grid *g, const struct machine *m)
{
	number year, memory, bandwidth, link, power, price, peak[MACHINE_FORMATS];
	char open[100], peaks[200] = "";
	mw_format(year, sizeof(year), "%d", m->year);
	for (int f = 0; f < MACHINE_FORMATS; f++)
		if (!isnan(m->peak[f]))
			mw_clip_add(peaks, sizeof(peaks), "%s%s", peaks[0] ? " " : "",
				    machine_format_name((enum machine_format)f));
	const bool table = cli->format == PRINT_TABLE;
	enum machine_format best = MACHINE_FP32;
	for (int f = 0; f < MACHINE_FORMATS; f++)
		if (isnan(m->peak[best]) || m->peak[f] > m->peak[best])
			best = (enum machine_format)f;
	if (table) {
		number top;
		mw_format(peaks, sizeof(peaks), "%s %s", plan_value(m->peak[best], "op/s", top, sizeof(top)),
			  machine_format_name(best));
		const char *cells[] = {m->name,
				       year,
				       shown(cli, m->memory, "byte", memory),
				       shown(cli, m->bandwidth, "byte/s", bandwidth),
				       peaks,
				       shown(cli, m->link, "byte/s", link),
				       shown(cli, m->power, "W", power),
				       shown(cli, m->price, "USD", price),
				       m->unverified ? "?" : ""};
		return grid_add(g, cells);
	}
	const char *cells[] = {m->name,
			       m->words,
			       machine_kind_name(m->kind),
			       year,
			       exact(m->memory, memory),
			       exact(m->bandwidth, bandwidth),
			       exact(m->peak[MACHINE_FP32], peak[0]),
			       exact(m->peak[MACHINE_FP16], peak[1]),
			       exact(m->peak[MACHINE_BF16], peak[2]),
			       exact(m->peak[MACHINE_FP8], peak[3]),
			       exact(m->peak[MACHINE_INT8], peak[4]),
			       exact(m->peak[MACHINE_INT4], peak[5]),
			       exact(m->link, link),
			       exact(m->power, power),
			       exact(m->price, price),
			       unverified(m, open, sizeof(open)),
			       "reference",
			       m->source,
			       machine_source(m, MACHINE_MEMORY),
			       machine_source(m, MACHINE_BANDWIDTH),
			       machine_source(m, MACHINE_PEAK),
			       machine_source(m, MACHINE_LINK),
			       machine_source(m, MACHINE_POWER),
			       machine_source(m, MACHINE_PRICE)};
	return grid_add(g, cells);
}

int plan_print_devices(const struct cli *cli, char *err, size_t n)
{
	static const struct grid_column few[] = {
		{"device", NULL, false},   {"year", NULL, true},           {"memory", NULL, true},
		{"bandwidth", NULL, true}, {"peak", "highest peak", true}, {"link", NULL, true},
		{"power", NULL, true},     {"price", NULL, true},          {"unverified", "", false},
	};
	static const struct grid_column all[] = {
		{"device", NULL, false},
		{"words", NULL, false},
		{"kind", NULL, false},
		{"year", NULL, true},
		{"memory_bytes", NULL, true},
		{"bandwidth_bytes_per_s", NULL, true},
		{"fp32_ops", NULL, true},
		{"fp16_ops", NULL, true},
		{"bf16_ops", NULL, true},
		{"fp8_ops", NULL, true},
		{"int8_ops", NULL, true},
		{"int4_ops", NULL, true},
		{"link_bytes_per_s", NULL, true},
		{"power_w", NULL, true},
		{"price_usd", NULL, true},
		{"unverified", NULL, false},
		{"provenance", NULL, false},
		{"source", NULL, false},
		{"memory_source", NULL, false},
		{"bandwidth_source", NULL, false},
		{"peak_source", NULL, false},
		{"link_source", NULL, false},
		{"power_source", NULL, false},
		{"price_source", NULL, false},
	};
	const bool table = cli->format == PRINT_TABLE;
	struct grid g;
	int rc = 0;
	grid_init(&g, table ? few : all, table ? sizeof(few) / sizeof(few[0]) : sizeof(all) / sizeof(all[0]));
	for (const struct machine *m = machine_table; m->name && rc == 0; m++)
		rc = add_device(cli, &g, m);
	return print_list(cli, &g, rc, err, n);
}

/* A constant has a publication behind it, or is assumed, or comes from the table of devices. */
static const char *standing(const struct constant_row *c, bool user)
{
	if (user)
		return "user";
	if (isnan(c->value))
		return NULL;
	return strncmp(c->source, "assumed", 7) == 0 ? "assumed" : "reference";
}

int plan_print_constants(const struct plan *p, char *err, size_t n)
{
	static const struct grid_column columns[] = {
		{"key", NULL, false},           {"value", NULL, true},       {"unit", NULL, false},
		{"words", "what it is", false}, {"provenance", NULL, false}, {"source", NULL, false},
	};
	const bool table = p->cli->format == PRINT_TABLE;
	struct grid g;
	int rc = 0;
	grid_init(&g, columns, table ? 4 : sizeof(columns) / sizeof(columns[0]));
	for (int i = 0; i < CONSTANT_COUNT && rc == 0; i++) {
		const struct constant_row *c = &constant_table[i];
		const bool user = p->constants.user & 1U << i;
		number value;
		const char *cells[] = {c->key,
				       exact(p->constants.value[i], value),
				       c->unit,
				       c->words,
				       standing(c, user),
				       user ? "--set" : c->source};
		rc = grid_add(&g, cells);
	}
	return print_list(p->cli, &g, rc, err, n);
}
