/* The table of `memwall pim ops`. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/command.h"
#include "cli/pim_baseline.h"
#include "cli/pim_ops.h"
#include "cli/pim_ops_energy.h"
#include "cli/pim_sweep.h"
#include "cli/spec.h"
#include "pim/pim_device.h"

/* ---- the table of pim ops ---- */

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
	OPS_ENERGY_FIRST,
	OPS_COLUMNS = OPS_ENERGY_FIRST + OPS_ENERGY_COLUMNS
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
#define COLUMN(id, name, heading, number) [OPS_ENERGY_FIRST + E_##id] = {name, heading, number},
	OPS_ENERGY(COLUMN)
#undef COLUMN
};
enum { PLAIN = 0, STRICT, NONE, JEDEC, VARIANTS };
/* The fixed columns, then one for each swept key, then those of the baseline. */
enum { OPS_MOST = OPS_COLUMNS + PIM_SWEEP_KEYS + BASELINE_COLUMNS };

/* True for columns that the table on a terminal leaves out: sources and lanes are printed below it; the device is shown
 * only for a sweep. */
static bool wide_column(const struct grid *g, int i)
{
	size_t own = g->n_columns - BASELINE_COLUMNS; /* of the baseline's columns the first, where there are some */
	if (i >= OPS_COLUMNS)
		return (size_t)i >= own && g->columns[own].name == pim_baseline_columns[0].name &&
		       pim_baseline_wide((size_t)i - own);
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
		       strcmp(g->cells[OPS_DEVICE], g->cells[(g->n_rows - 1) * g->n_columns + OPS_DEVICE]) == 0;
	default: /* those of cli/pim_ops_energy.h with a heading are shown */
		return i >= OPS_ENERGY_FIRST && i < OPS_COLUMNS && !ops_columns[i].head;
	}
}

/* Prints the different texts of one column. The grid of all rows has reasons there for what is unavailable. */
static void print_sources(FILE *f, const char *what, const struct grid *g, size_t column)
{
	for (size_t row = 0; row < g->n_rows; row++) {
		const char *kind = g->n_columns > 1 ? g->cells[row * g->n_columns + OPS_PROVENANCE] : NULL;
		const char *source = g->cells[row * g->n_columns + column];
		bool first = source && *source;
		for (size_t k = 0; k < row && first; k++) {
			const char *before = g->cells[k * g->n_columns + column];
			first = !before || strcmp(before, source) != 0;
		}
		if (first)
			(void)fprintf(f, "%s: %s\n", kind && strcmp(kind, "unavailable") == 0 ? kind : what, source);
	}
}

/* What is asked for, and the results with copies of the devices' texts, which are freed with the devices. */
struct ops {
	const struct pim_library *library; /* of --device-lib, or NULL */
	bool wanted[PIM_OP_COUNT];
	bool named; /* wanted is what --op names: one without a model gets a row that says so */
	int64_t width[OPS_WIDTHS];
	size_t n_widths;
	bool is_signed;
	struct pim_sweep sweep;
	struct pim_baseline *baseline; /* NULL: none */
	const char *memory;            /* how the channels of the device in turn were chosen */

	struct grid_column columns[OPS_MOST];
	struct grid rows;   /* columns */
	struct grid energy; /* source of each row's energy */
	uint64_t lanes;     /* lanes per micro-program of the last device */
	size_t priced;      /* rows with a price */
};

static void print_baseline(FILE *f, const struct ops *ops)
{
	size_t first = ops->rows.n_columns - BASELINE_COLUMNS;
	print_sources(f, "channels of the device", &ops->rows, first + BASELINE_MEMORY);
	pim_baseline_notes(f, ops->baseline);
	print_sources(f, "host", &ops->rows, first + BASELINE_RECORD);
}

static int print_ops_table(FILE *f, const struct ops *ops)
{
	const struct grid *all = &ops->rows;
	struct grid_column columns[OPS_MOST];
	struct grid narrow;
	size_t n = 0;
	int rc = 0;
	for (size_t i = 0; i < all->n_columns; i++)
		if (!wide_column(all, (int)i))
			columns[n++] = all->columns[i];
	grid_init(&narrow, columns, n);
	for (size_t row = 0; row < all->n_rows && rc == 0; row++) {
		const char *cells[OPS_MOST];
		size_t k = 0;
		for (size_t i = 0; i < all->n_columns; i++)
			if (!wide_column(all, (int)i))
				cells[k++] = all->cells[row * all->n_columns + i];
		rc = grid_add(&narrow, cells);
	}
	if (rc == 0)
		rc = grid_print(f, &narrow, PRINT_TABLE);
	if (rc == 0) {
		(void)fprintf(
			f,
			"\n%" PRIu64
			" lanes per micro-program. All values are modelled. published: AAP + AP of the published "
			"program, where its count was cross-checked; verified: results equal plain C, no more commands "
			"than published, constants of time or energy with a checked source.\n",
			ops->lanes);
		print_sources(f, "counts and time", all, OPS_SOURCE);
		print_sources(f, "energy", &ops->energy, 0);
		print_sources(f, "disturbance", all, OPS_ENERGY_FIRST + E_DISTURBANCE_SOURCE);
		if (ops->baseline)
			print_baseline(f, ops);
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
		(void)pim_op_result(op, type, &result);
	return result.bits;
}

static void __attribute__((format(printf, 3, 4))) put(struct mw_buf *text, enum ops_column c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_buf_vadd(&text[c], fmt, ap);
	va_end(ap);
}

/* "results+time" */
static void put_verified(struct mw_buf *text, uint32_t verified)
{
	const char *name;
	for (unsigned bit = 0; (name = pim_verified_name((enum pim_verified)(1u << bit))); bit++)
		if (verified >> bit & 1)
			mw_buf_add(text, "%s%s", text->len ? "+" : "", name);
	if (!text->len)
		mw_buf_add(text, "unverified");
}

/* Energy, power and read disturbance. */
static void put_energy(struct mw_buf *text, struct pim_device *const dev[VARIANTS], const struct pim_price *price)
{
	struct pim_device_info info = {.size = sizeof(info)};
	struct ops_prices p = {.plain = &price[PLAIN],
			       .none = &price[dev[NONE] ? NONE : PLAIN],
			       .jedec = dev[JEDEC] ? &price[JEDEC] : NULL,
			       .area_mm2 = (double)NAN};
	if (pim_device_info(dev[PLAIN], &info) == 0) {
		p.ranks = info.channels * info.ranks;
		p.area_mm2 = info.area_mm2;
	}
	ops_energy_cells(&p, text + OPS_ENERGY_FIRST);
}

/* The text without what would end a field of CSV for a simple reader. */
static void put_words(struct mw_buf *text, enum ops_column c, const char *words)
{
	put(text, c, "%s", words);
	for (char *at = text[c].p; at && *at; at++)
		if (*at == ',' || *at == '"')
			*at = *at == ',' ? '+' : ' ';
}

/* Sets cells to n texts; false when one of them is cut for lack of memory. */
static bool set_cells(const char **cells, const struct mw_buf *text, size_t n)
{
	bool failed = false;
	for (size_t i = 0; i < n; i++) {
		cells[i] = text[i].len ? mw_buf_text(&text[i]) : NULL;
		failed = failed || text[i].failed;
	}
	return !failed;
}

/* Appends a row and frees its texts. beside: those of the baseline. */
static int add_row(struct ops *ops, struct mw_buf text[OPS_COLUMNS], struct mw_buf beside[BASELINE_COLUMNS],
		   const char *energy_source)
{
	const char *cells[OPS_MOST], *energy[] = {energy_source};
	bool ok = set_cells(cells, text, OPS_COLUMNS);
	for (size_t i = 0; i < ops->sweep.n; i++)
		cells[OPS_COLUMNS + i] = ops->sweep.key[i].cell;
	ok = set_cells(cells + OPS_COLUMNS + ops->sweep.n, beside, BASELINE_COLUMNS) && ok;
	int rc = ok ? grid_add(&ops->rows, cells) : -ENOMEM;
	for (int i = 0; i < OPS_COLUMNS; i++)
		mw_buf_fini(&text[i]);
	for (int i = 0; i < BASELINE_COLUMNS; i++)
		mw_buf_fini(&beside[i]);
	return rc == 0 ? grid_add(&ops->energy, energy) : rc;
}

/* The row of an operation that was named and has no model. */
static int missing_row(struct ops *ops, struct pim_device *dev, enum pim_op op, struct pim_type type)
{
	struct mw_buf text[OPS_COLUMNS] = {{0}};
	put(text, OPS_OP, "%s", pim_op_name(op));
	put(text, OPS_WIDTH, "%" PRIu32, type.bits);
	put(text, OPS_PROVENANCE, "unavailable");
	put_words(text, OPS_SOURCE, pim_error(dev));
	put(text, OPS_NS_PROVENANCE, "unavailable");
	put(text, OPS_ENERGY_PROVENANCE, "unavailable");
	put_words(text, OPS_DEVICE, pim_spec(dev));
	struct mw_buf beside[BASELINE_COLUMNS] = {{0}};
	return add_row(ops, text, beside, NULL);
}

static int ops_row(struct ops *ops, struct pim_device *const dev[VARIANTS], enum pim_op op, struct pim_type type)
{
	struct pim_price price[VARIANTS];
	for (int i = 0; i < VARIANTS; i++) {
		price[i] = (struct pim_price){.size = sizeof(price[i]), .energy.size = sizeof(price[i].energy)};
		int rc = dev[i] ? pim_price_of(dev[i], op, type, &price[i]) : 0;
		if (rc == -EOPNOTSUPP)
			return ops->named ? missing_row(ops, dev[i], op, type) : 0;
		if (rc < 0)
			return rc;
	}
	const struct pim_price *p = &price[PLAIN];
	ops->lanes = p->lanes;
	ops->priced++;
	struct mw_buf text[OPS_COLUMNS] = {{0}};
	put(text, OPS_OP, "%s", pim_op_name(op));
	put(text, OPS_WIDTH, "%" PRIu32, type.bits);
	if (p->aap || p->ap) { /* 0 for devices with other commands */
		put(text, OPS_AAP, "%" PRIu64, p->aap);
		put(text, OPS_AP, "%" PRIu64, p->ap);
	}
	put(text, OPS_NS, "%.10g", (double)p->ps / 1000.0);
	if (p->energy.parts && p->row_bytes)
		put(text, OPS_NJ_PER_KB, "%.4g", p->energy.typ_pj / 1000.0 / ((double)p->row_bytes / 1024.0));
	put(text, OPS_PROVENANCE, "modelled");
	put_words(text, OPS_SOURCE, p->source);
	if (dev[STRICT])
		put(text, OPS_NS_STRICT, "%.10g", (double)price[STRICT].ps / 1000.0);
	put(text, OPS_PRODUCT_BITS, "%" PRIu32, result_bits(op, type));
	put(text, OPS_LANES, "%" PRIu64, p->lanes);
	/* A device without that key has no such limit. */
	put(text, OPS_GOPS_NONE, "%.5g", gops(dev[NONE] ? &price[NONE] : p));
	if (dev[JEDEC])
		put(text, OPS_GOPS_JEDEC, "%.5g", gops(&price[JEDEC]));
	if (p->energy.parts)
		put(text, OPS_PJ_PER_LANE, "%.4g", p->energy.typ_pj / (double)p->lanes);
	put(text, OPS_ROWS_USED, "%" PRIu32, p->rows);
	put(text, OPS_NS_PROVENANCE, "modelled");
	put(text, OPS_ENERGY_PROVENANCE, "%s", p->energy.parts ? "modelled" : "unavailable");
	put_verified(&text[OPS_VERIFIED], p->verified);
	if (p->published)
		put(text, OPS_PUBLISHED, "%" PRIu64, p->published);
	if (p->live_rows)
		put(text, OPS_LIVE_ROWS, "%" PRIu32, p->live_rows);
	if (p->window_activations)
		put(text, OPS_ROW_ACTS, "%" PRIu64, p->window_activations);
	put_words(text, OPS_DEVICE, pim_spec(dev[PLAIN]));
	put_energy(text, dev, price);
	struct mw_buf beside[BASELINE_COLUMNS] = {{0}};
	const double rates[2] = {gops(dev[NONE] ? &price[NONE] : p), dev[JEDEC] ? gops(&price[JEDEC]) : (double)NAN};
	int rc = ops->baseline ? pim_baseline_row(ops->baseline, dev[PLAIN], op, type, rates, ops->memory, beside) : 0;
	int added = add_row(ops, text, beside, p->energy.parts ? p->energy.source : NULL);
	return rc < 0 ? rc : added;
}

/* Opens the device four times: as given, and with the keys for the comparison columns, where it has them. */
static int open_variants(const struct ops *ops, const char *spec, struct pim_device *dev[VARIANTS], char *err, size_t n)
{
	static const struct {
		const char *key, *value;
	} change[VARIANTS] = {
		[STRICT] = {"aap", "split-strict"}, [NONE] = {"limit", "none"}, [JEDEC] = {"limit", "jedec"}};
	int rc = cli_pim_open(ops->library, spec, NULL, NULL, &dev[PLAIN], err, n);
	for (int i = 1; i < VARIANTS && rc == 0; i++)
		if (cli_pim_has_key(dev[PLAIN], change[i].key))
			rc = cli_pim_open(ops->library, spec, change[i].key, change[i].value, &dev[i], err, n);
	return rc;
}

/* Appends the operations of one device at each width. */
static int ops_of(void *self, const char *spec, char *err, size_t n)
{
	struct ops *ops = self;
	struct pim_device *dev[VARIANTS] = {NULL};
	size_t before = ops->rows.n_rows;
	char like[CLI_SPEC_MAX];
	int rc = ops->baseline ? pim_baseline_spec(ops->baseline, ops->library, spec, like, sizeof(like), &ops->memory,
						   err, n)
			       : 0;
	if (rc == 0)
		rc = open_variants(ops, ops->baseline ? like : spec, dev, err, n);
	for (size_t k = 0; k < ops->n_widths; k++) {
		uint32_t width = (uint32_t)ops->width[k];
		struct pim_type type = ops->is_signed ? pim_int(width) : pim_uint(width);
		for (int op = 0; op < PIM_OP_COUNT && rc == 0; op++)
			if (ops->wanted[op])
				rc = ops_row(ops, dev, (enum pim_op)op, type);
	}
	if (rc == 0 && ops->rows.n_rows == before)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "%s has no modelled operation of width %lld",
			     pim_spec(dev[PLAIN]), (long long)ops->width[0]);
	for (int i = 0; i < VARIANTS; i++)
		pim_close(dev[i]);
	return rc;
}

static int print_ops(FILE *f, const struct cli *cli, const struct ops *ops)
{
	return cli->format == PRINT_TABLE ? print_ops_table(f, ops) : grid_print(f, &ops->rows, cli->format);
}

static int read_ops(struct ops *ops, const struct mw_opts *opts, char *err, size_t n)
{
	const char *list = mw_opt_text(opts, "op");
	ops->named = list != NULL;
	for (int op = 0; op < PIM_OP_COUNT; op++)
		ops->wanted[op] = !list || mw_list_has(list, pim_op_name((enum pim_op)op));
	ops->n_widths = mw_opt_ints(opts, "width", ops->width, OPS_WIDTHS);
	ops->is_signed = mw_opt_flag(opts, "signed");
	int rc = pim_sweep_parse(&ops->sweep, mw_opt_text(opts, "sweep"), ops->library,
				 cli_pim_spec(opts, ops->library), err, n);
	memcpy(ops->columns, ops_columns, sizeof(ops_columns));
	for (size_t i = 0; i < ops->sweep.n; i++)
		ops->columns[OPS_COLUMNS + i] = ops->sweep.key[i].column;
	memcpy(ops->columns + OPS_COLUMNS + ops->sweep.n, pim_baseline_columns, sizeof(pim_baseline_columns));
	return rc;
}

int cli_pim_ops_table(struct cli *cli, const struct pim_library *library, char *err, size_t n)
{
	static const struct grid_column energy_column[] = {{"energy", NULL, false}};
	const char *path = mw_opt_text(&cli->opts, "baseline");
	struct ops *ops = calloc(1, sizeof(*ops));
	struct pim_baseline baseline = {.path = path};
	struct cli_out out = {0};
	if (!ops)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	ops->library = library;
	results_init(&baseline.results);
	int rc = read_ops(ops, &cli->opts, err, n);
	if (rc == 0 && path) {
		rc = pim_baseline_read(&baseline, path, err, n);
		ops->baseline = &baseline;
	}
	grid_init(&ops->rows, ops->columns, OPS_COLUMNS + ops->sweep.n + (path ? BASELINE_COLUMNS : 0));
	grid_init(&ops->energy, energy_column, 1);
	if (rc == 0)
		rc = pim_sweep_each(&ops->sweep, cli_pim_spec(&cli->opts, library), ops_of, ops, err, n);
	if (rc == 0 && ops->priced == 0)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "--op=%s: %s", mw_opt_text(&cli->opts, "op"),
			     ops->rows.cells[OPS_SOURCE]);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = print_ops(out.f, cli, ops);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	grid_fini(&ops->rows);
	grid_fini(&ops->energy);
	pim_sweep_fini(&ops->sweep);
	pim_baseline_fini(&baseline);
	free(ops);
	return rc;
}
