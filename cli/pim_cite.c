/* `memwall pim ops --cite` and `--ratios`. */
#include "cli/pim_cite.h"

#include <inttypes.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/spec.h"
#include "cli/version.h"
#include "pim/pim_device.h"

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

int cli_pim_cite(const struct cli *cli, const struct pim_library *library, const char *spec, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	struct cli_out out = {0};
	int rc = cli_pim_open(library, spec, NULL, NULL, &dev, err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc < 0)
		goto out;
	if (pim_ops_of(dev)->cite)
		(void)fprintf(out.f, "%s\n", pim_ops_of(dev)->cite);
	uint64_t h = hash(hash(UINT64_C(14695981039346656037), pim_spec(dev)), pim_version());
	(void)fprintf(out.f,
		      "@misc{memwall,\n  title = {memwall %s, commit %s},\n"
		      "  note = {device %s, hash of device and version %016" PRIx64 "}\n}\n",
		      pim_version(), memwall_commit, pim_spec(dev), h);
	rc = cli_out_commit(&out, err, n);
out:
	cli_out_abort(&out);
	pim_close(dev);
	return rc;
}

/* ---- published ratios ---- */

static const struct grid_column ratio_columns[] = {
	{"source", NULL, false},
	{"against", NULL, false},
	{"published_ratio", "published ratio", true},
	{"modelled_gbps", "modelled GB/s", true},
	{"implied_gbps", "implied baseline GB/s", true},
	{"verdict", NULL, false},
};

/* Mean GB/s of result over not, and, or, nand, nor, xor, xnor. */
static int mean_gbps(const char *spec, double *mean, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	int rc = cli_pim_open(NULL, spec, NULL, NULL, &dev, err, n);
	*mean = 0;
	for (int op = PIM_NOT; op <= PIM_XNOR && rc == 0; op++) {
		struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
		rc = pim_price_of(dev, (enum pim_op)op, pim_uint(1), &p);
		*mean += (double)(p.row_bytes * p.programs) * 1e3 / (double)p.ps_batch / (PIM_XNOR - PIM_NOT + 1);
	}
	pim_close(dev);
	return rc;
}

static int ratio_row(struct grid *g, const struct pim_ratio *r, char *err, size_t n)
{
	char text[3][32];
	double mean;
	int rc = mean_gbps(r->spec, &mean, err, n);
	mw_format(text[0], sizeof(text[0]), "%.1f", r->ratio);
	mw_format(text[1], sizeof(text[1]), "%.4g", mean);
	mw_format(text[2], sizeof(text[2]), "%.3g", mean / r->ratio);
	const char *cells[] = {r->source, r->against, text[0],
			       text[1],   text[2],    "not reproducible: baseline not published here"};
	return rc < 0 ? rc : grid_add(g, cells);
}

int cli_pim_ratios(const struct cli *cli, char *err, size_t n)
{
	struct grid g;
	const struct pim_device_ops *ops;
	int rc = 0;
	grid_init(&g, ratio_columns, sizeof(ratio_columns) / sizeof(ratio_columns[0]));
	for (size_t i = 0; rc == 0 && (ops = pim_builtin(i)); i++)
		for (const struct pim_ratio *r = ops->ratios; r && r->source && rc == 0; r++)
			rc = ratio_row(&g, r, err, n);
	if (rc == 0)
		rc = cli_print_grid(cli, &g, err, n);
	grid_fini(&g);
	return rc;
}
