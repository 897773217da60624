/* `memwall pim ops` and `memwall pim devices`. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/command.h"
#include "cli/pim_cite.h"
#include "cli/spec.h"
#include "pim/pim_device.h"

/* ---- pim ops ---- */

static const struct mw_option ops_options[] = {
	{.name = "device",
	 .type = MW_OPT_TEXT,
	 .arg = "SPEC",
	 .defs = cli_pim_default,
	 .help = "the device: a SPEC, see 'memwall pim devices'"},
	{.name = "width", .type = MW_OPT_INT, .arg = "N", .def = "1", .min = 1, .max = 64, .help = "bits of a lane"},
	{.name = "signed", .type = MW_OPT_FLAG, .help = "lanes are two's complement"},
	{.name = "sweep",
	 .type = MW_OPT_TEXT,
	 .arg = "KEY=A,B,..",
	 .help = "the table for each value of a key of the SPEC"},
	{.name = "cite", .type = MW_OPT_FLAG, .help = "print BibTeX of the models in use and the SPEC's hash instead"},
	{.name = "ratios",
	 .type = MW_OPT_FLAG,
	 .help = "print published speed-ups and the baselines that they imply instead"},
	MW_OPT_END,
};

/* Programs rely on the order of the CSV columns: add new ones at the end. */
enum ops_column {
	OPS_OP,
	OPS_WIDTH,
	OPS_AAP,
	OPS_AP,
	OPS_NS,
	OPS_NJ_PER_KB,
	OPS_PROVENANCE,
	OPS_SOURCE,
	OPS_NS_STRICT,
	OPS_PRODUCT_BITS,
	OPS_LANES,
	OPS_GOPS_NONE,
	OPS_GOPS_JEDEC,
	OPS_PJ_PER_LANE,
	OPS_ROWS_USED,
	OPS_NS_PROVENANCE,
	OPS_ENERGY_PROVENANCE,
	OPS_VERIFIED,
	OPS_PUBLISHED,
	OPS_LIVE_ROWS,
	OPS_ROW_ACTS,
	OPS_DEVICE,
	OPS_COLUMNS
};

static const struct grid_column ops_columns[OPS_COLUMNS] = {
	[OPS_OP] = {"op", NULL, false},
	[OPS_WIDTH] = {"width", NULL, true},
	[OPS_AAP] = {"aap", "AAP", true},
	[OPS_AP] = {"ap", "AP", true},
	[OPS_NS] = {"ns", NULL, true},
	[OPS_NJ_PER_KB] = {"nj_per_kb", "nJ/KB", true},
	[OPS_PROVENANCE] = {"provenance", NULL, false},
	[OPS_SOURCE] = {"source", NULL, false},
	[OPS_NS_STRICT] = {"ns_strict", "ns strict", true},
	[OPS_PRODUCT_BITS] = {"product_bits", "product bits", true},
	[OPS_LANES] = {"lanes", NULL, true},
	[OPS_GOPS_NONE] = {"gops_none", "GOP/s", true},
	[OPS_GOPS_JEDEC] = {"gops_jedec", "GOP/s jedec", true},
	[OPS_PJ_PER_LANE] = {"pj_per_lane", "pJ/lane", true},
	[OPS_ROWS_USED] = {"rows_used", "rows", true},
	[OPS_NS_PROVENANCE] = {"ns_provenance", NULL, false},
	[OPS_ENERGY_PROVENANCE] = {"energy_provenance", NULL, false},
	[OPS_VERIFIED] = {"verified", NULL, false},
	[OPS_PUBLISHED] = {"published", NULL, true},
	[OPS_LIVE_ROWS] = {"live_rows", "live rows", true},
	[OPS_ROW_ACTS] = {"row_acts_per_refresh", "row ACTs/refresh", true},
	[OPS_DEVICE] = {"device", NULL, false},
};
enum { PLAIN = 0, STRICT, NONE, JEDEC, VARIANTS };

/* True for columns that the table on a terminal leaves out: sources and lanes are printed below it; the device is shown
 * only for a sweep. */
static bool wide_column(const struct grid *g, int i)
{
	switch ((enum ops_column)i) {
	case OPS_PROVENANCE:
	case OPS_SOURCE:
	case OPS_LANES:
	case OPS_NS_PROVENANCE:
	case OPS_ENERGY_PROVENANCE:
	case OPS_LIVE_ROWS:
		return true;
	case OPS_DEVICE:
		return g->n_rows == 0 ||
		       strcmp(g->cells[OPS_DEVICE], g->cells[(g->n_rows - 1) * OPS_COLUMNS + OPS_DEVICE]) == 0;
	default:
		return false;
	}
}

/* Prints the different texts of one column. */
static void print_sources(FILE *f, const char *what, const struct grid *g, size_t column)
{
	for (size_t row = 0; row < g->n_rows; row++) {
		const char *source = g->cells[row * g->n_columns + column];
		bool first = source && *source;
		for (size_t k = 0; k < row && first; k++) {
			const char *before = g->cells[k * g->n_columns + column];
			first = !before || strcmp(before, source) != 0;
		}
		if (first)
			(void)fprintf(f, "%s: %s\n", what, source);
	}
}

/* Results, with copies of the devices' texts, which are freed with the devices. */
struct ops {
	struct grid rows;   /* ops_columns */
	struct grid energy; /* source of each row's energy */
	uint64_t lanes;     /* lanes per micro-program of the last device */
};

static int print_ops_table(FILE *f, const struct ops *ops)
{
	const struct grid *all = &ops->rows;
	struct grid_column columns[OPS_COLUMNS];
	struct grid narrow;
	size_t n = 0;
	int rc = 0;
	for (int i = 0; i < OPS_COLUMNS; i++)
		if (!wide_column(all, i))
			columns[n++] = ops_columns[i];
	grid_init(&narrow, columns, n);
	for (size_t row = 0; row < all->n_rows && rc == 0; row++) {
		const char *cells[OPS_COLUMNS];
		size_t k = 0;
		for (int i = 0; i < OPS_COLUMNS; i++)
			if (!wide_column(all, i))
				cells[k++] = all->cells[row * OPS_COLUMNS + (size_t)i];
		rc = grid_add(&narrow, cells);
	}
	if (rc == 0)
		rc = grid_print(f, &narrow, PRINT_TABLE);
	if (rc == 0) {
		(void)fprintf(f,
			      "\n%" PRIu64
			      " lanes per micro-program. All values are modelled. published: AAP + AP of the published "
			      "program, where its count was cross-checked; verified: this program needs no more.\n",
			      ops->lanes);
		print_sources(f, "counts and time", all, OPS_SOURCE);
		print_sources(f, "energy", &ops->energy, 0);
	}
	grid_fini(&narrow);
	return rc;
}

static double gops(const struct pim_price *p)
{
	return (double)(p->lanes * p->programs) * 1000.0 / (double)p->ps_batch;
}

/* Result bits per lane of one micro-program. Bulk operations are counted per row, for any width. */
static uint32_t result_bits(enum pim_op op, struct pim_type type)
{
	struct pim_type result = pim_uint(1);
	if (op > PIM_FILL)
		(void)pim_op_result(op, type, &result); /* above 64 bits there is no vector type, but a price */
	return result.bits;
}

static void __attribute__((format(printf, 3, 4))) put(struct mw_buf *text, enum ops_column c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_buf_vadd(&text[c], fmt, ap);
	va_end(ap);
}

static int ops_row(struct ops *ops, struct pim_device *const dev[VARIANTS], enum pim_op op, struct pim_type type)
{
	struct pim_price price[VARIANTS];
	for (int i = 0; i < VARIANTS; i++) {
		price[i] = (struct pim_price){.size = sizeof(price[i]), .energy.size = sizeof(price[i].energy)};
		int rc = dev[i] ? pim_price_of(dev[i], op, type, &price[i]) : 0;
		if (rc < 0)
			return rc == -EOPNOTSUPP ? 0 : rc; /* no model: no row */
	}
	const struct pim_price *p = &price[PLAIN];
	ops->lanes = p->lanes;
	struct mw_buf text[OPS_COLUMNS] = {{0}};
	put(text, OPS_OP, "%s", pim_op_name(op));
	put(text, OPS_WIDTH, "%" PRIu32, type.bits);
	if (p->aap || p->ap) { /* 0 for devices with other commands */
		put(text, OPS_AAP, "%" PRIu64, p->aap);
		put(text, OPS_AP, "%" PRIu64, p->ap);
	}
	put(text, OPS_NS, "%.10g", (double)p->ps / 1000.0);
	if (p->energy.parts)
		put(text, OPS_NJ_PER_KB, "%.4g", p->energy.typ_pj / 1000.0 / ((double)p->row_bytes / 1024.0));
	put(text, OPS_PROVENANCE, "modelled");
	put(text, OPS_SOURCE, "%s", p->source);
	for (char *c = text[OPS_SOURCE].p; c && *c; c++)
		if (*c == ',' || *c == '"')
			*c = *c == ',' ? '+' : ' ';
	if (dev[STRICT])
		put(text, OPS_NS_STRICT, "%.10g", (double)price[STRICT].ps / 1000.0);
	put(text, OPS_PRODUCT_BITS, "%" PRIu32, result_bits(op, type));
	put(text, OPS_LANES, "%" PRIu64, p->lanes);
	if (dev[NONE])
		put(text, OPS_GOPS_NONE, "%.5g", gops(&price[NONE]));
	if (dev[JEDEC])
		put(text, OPS_GOPS_JEDEC, "%.5g", gops(&price[JEDEC]));
	if (p->energy.parts)
		put(text, OPS_PJ_PER_LANE, "%.4g", p->energy.typ_pj / (double)p->lanes);
	put(text, OPS_ROWS_USED, "%" PRIu32, p->rows);
	put(text, OPS_NS_PROVENANCE, "modelled");
	put(text, OPS_ENERGY_PROVENANCE, "%s", p->energy.parts ? "modelled" : "unavailable");
	put(text, OPS_VERIFIED, "%s", p->verified ? "yes" : "unverified");
	if (p->published)
		put(text, OPS_PUBLISHED, "%" PRIu64, p->published);
	if (p->live_rows)
		put(text, OPS_LIVE_ROWS, "%" PRIu32, p->live_rows);
	if (p->window_activations)
		put(text, OPS_ROW_ACTS, "%" PRIu64, p->window_activations);
	put(text, OPS_DEVICE, "%s", pim_spec(dev[PLAIN]));
	for (char *c = text[OPS_DEVICE].p; c && *c; c++)
		if (*c == ',')
			*c = '+';
	const char *cells[OPS_COLUMNS];
	bool failed = false;
	for (int i = 0; i < OPS_COLUMNS; i++) {
		cells[i] = text[i].len ? mw_buf_text(&text[i]) : NULL;
		failed = failed || text[i].failed;
	}
	const char *energy[] = {p->energy.parts ? p->energy.source : NULL};
	int rc = failed ? -ENOMEM : grid_add(&ops->rows, cells);
	for (int i = 0; i < OPS_COLUMNS; i++)
		mw_buf_fini(&text[i]);
	return rc == 0 ? grid_add(&ops->energy, energy) : rc;
}

/* Opens the device four times: as given, and with the keys for the comparison columns, where it has them. */
static int open_variants(const char *spec, struct pim_device *dev[VARIANTS], char *err, size_t n)
{
	static const struct {
		const char *key, *value;
	} change[VARIANTS] = {
		[STRICT] = {"aap", "split-strict"}, [NONE] = {"limit", "none"}, [JEDEC] = {"limit", "jedec"}};
	int rc = cli_pim_open(spec, NULL, NULL, &dev[PLAIN], err, n);
	for (int i = 1; i < VARIANTS && rc == 0; i++)
		if (cli_pim_has_key(dev[PLAIN], change[i].key))
			rc = cli_pim_open(spec, change[i].key, change[i].value, &dev[i], err, n);
	return rc;
}

/* Appends the operations of one device. */
static int ops_of(struct ops *ops, const char *spec, struct pim_type type, char *err, size_t n)
{
	struct pim_device *dev[VARIANTS] = {NULL};
	size_t before = ops->rows.n_rows;
	int rc = open_variants(spec, dev, err, n);
	for (int op = 0; op < PIM_OP_COUNT && rc == 0; op++)
		rc = ops_row(ops, dev, (enum pim_op)op, type);
	if (rc == 0 && ops->rows.n_rows == before)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "%s has no modelled operation of width %u", pim_spec(dev[PLAIN]),
			     type.bits);
	for (int i = 0; i < VARIANTS; i++)
		pim_close(dev[i]);
	return rc;
}

/* KEY=A,B,..: appends the operations of the device with each value. */
static int sweep(struct ops *ops, const char *spec, const char *text, struct pim_type type, char *err, size_t n)
{
	char key[64], value[256], one[CLI_SPEC_MAX];
	size_t len = strcspn(text, "="), other;
	if (text[len] != '=' || len == 0 || len >= sizeof(key))
		return mw_fail(MW_ESPEC, err, n, "--sweep=%s: expected KEY=A,B,..", text);
	memcpy(key, text, len);
	key[len] = '\0';
	int rc = 0;
	for (const char *at = text + len; rc == 0 && *at; at += 1 + len) {
		len = strcspn(at + 1, ",");
		if (len == 0 || len >= sizeof(value))
			return mw_fail(MW_ESPEC, err, n, "--sweep=%s: a value is missing or too long", text);
		for (const char *rest = text + strlen(key) + 1, *item; mw_list_next(&rest, &item, &other) && item < at;)
			if (other == len && memcmp(item, at + 1, len) == 0)
				return mw_fail(MW_ESPEC, err, n, "--sweep: '%.*s' is named twice", (int)len, item);
		memcpy(value, at + 1, len);
		value[len] = '\0';
		rc = cli_pim_set(spec, key, value, one, sizeof(one), err, n);
		if (rc == 0)
			rc = ops_of(ops, one, type, err, n);
	}
	return rc;
}

static int print_ops(FILE *f, const struct cli *cli, const struct ops *ops)
{
	return cli->format == PRINT_TABLE ? print_ops_table(f, ops) : grid_print(f, &ops->rows, cli->format);
}

/* Refuses options that --ratios or --cite would ignore. */
static int check_ops_options(const struct mw_opts *opts, bool ratios, bool cite, char *err, size_t n)
{
	static const char *const not_ratios[] = {"cite", "sweep", "width", "signed", "device", NULL};
	static const char *const not_cite[] = {"sweep", "width", "signed", NULL};
	static const char *const none[] = {NULL};
	const char *why = ratios ? "--ratios does not use it" : "--cite does not use it";
	int rc = 0;
	for (const char *const *o = ratios ? not_ratios : cite ? not_cite : none; *o && rc == 0; o++)
		rc = cli_no_option(opts, *o, why, err, n);
	return rc == 0 && cite ? cli_no_option(opts, "format", "BibTeX is the only format", err, n) : rc;
}

static int run_ops(struct cli *cli, char *err, size_t n)
{
	static const struct grid_column energy_column[] = {{"energy", NULL, false}};
	struct ops ops = {0};
	struct cli_out out = {0};
	const char *spec = mw_opt_text(&cli->opts, "device"), *values = mw_opt_text(&cli->opts, "sweep");
	bool ratios = mw_opt_flag(&cli->opts, "ratios"), cite = mw_opt_flag(&cli->opts, "cite");
	int useless = check_ops_options(&cli->opts, ratios, cite, err, n);
	if (useless < 0)
		return useless;
	if (ratios)
		return cli_pim_ratios(cli, err, n);
	if (cite)
		return cli_pim_cite(cli, spec, err, n);
	grid_init(&ops.rows, ops_columns, OPS_COLUMNS);
	grid_init(&ops.energy, energy_column, 1);
	uint32_t width = (uint32_t)mw_opt_int(&cli->opts, "width");
	struct pim_type type = mw_opt_flag(&cli->opts, "signed") ? pim_int(width) : pim_uint(width);
	int rc = values ? sweep(&ops, spec, values, type, err, n) : ops_of(&ops, spec, type, err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = print_ops(out.f, cli, &ops);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	grid_fini(&ops.rows);
	grid_fini(&ops.energy);
	return rc;
}

const struct command cmd_pim_ops = {
	.name = "pim ops",
	.section = "Processing in memory",
	.usage = "",
	.summary = "commands, time and energy of every operation of a device",
	.details = "ns is the time of one micro-program in one subarray (aap=split, limit=none unless the SPEC says\n"
		   "otherwise). ns strict uses the split decoder only where exactly one address is in the B group.\n"
		   "GOP/s is the whole device in steady state, once without a limit on activations, once limited by\n"
		   "tRRD, tFAW and refresh. The operations from not to fill are counted per row, whatever the width.\n"
		   "rows: data rows, temporaries included. published: AAP + AP of the published program, where its\n"
		   "count was cross-checked. verified: this program needs no more commands than that. live rows: data\n"
		   "rows that are needed at once. row ACTs/refresh: activations of the busiest row between two\n"
		   "refreshes when the program runs back to back (read disturbance is not modelled).",
	.options = ops_options,
	.run = run_ops,
};

/* ---- pim devices ---- */

static const struct grid_column device_columns[] = {
	{"device", NULL, false}, {"key", NULL, false},     {"default", NULL, false},
	{"values", NULL, false}, {"meaning", NULL, false},
};

static int run_devices(struct cli *cli, char *err, size_t n)
{
	struct grid g;
	grid_init(&g, device_columns, 5);
	int rc = 0;
	const struct pim_device_ops *ops;
	for (size_t i = 0; rc == 0 && (ops = pim_builtin(i)); i++) {
		const char *head[] = {ops->name, NULL, NULL, NULL, ops->summary};
		rc = grid_add(&g, head);
		for (const struct pim_key *k = ops->keys; k && k->name && rc == 0; k++) {
			char range[80] = "";
			if (k->max > k->min)
				mw_format(range, sizeof(range), "%.9g..%.9g", k->min, k->max);
			const char *values = k->choices ? k->choices : range[0] ? range : NULL;
			const char *row[] = {ops->name, k->name, k->def, values, k->help};
			rc = grid_add(&g, row);
		}
	}
	if (rc == 0)
		rc = cli_print_grid(cli, &g, err, n);
	grid_fini(&g);
	return rc;
}

const struct command cmd_pim_devices = {
	.name = "pim devices",
	.section = "Processing in memory",
	.usage = "",
	.summary = "devices and the keys of their SPEC name[:key=value,...]",
	.run = run_devices,
};
