/* `memwall pim ops --cite` and `--ratios`. */
#include "cli/pim_cite.h"

#include <inttypes.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/spec.h"
#include "cli/version.h"
#include "pim/pim.h"

struct entry {
	const char *device; /* whose model it is */
	const char *text;
};

static const struct entry entries[] = {
	{"ambit", "@inproceedings{seshadri2017ambit,\n"
		  "  author = {Vivek Seshadri and Donghyuk Lee and Thomas Mullins and Hasan Hassan and\n"
		  "    Amirali Boroumand and Jeremie Kim and Michael A. Kozuch and Onur Mutlu and\n"
		  "    Phillip B. Gibbons and Todd C. Mowry},\n"
		  "  title = {Ambit: In-Memory Accelerator for Bulk Bitwise Operations Using Commodity {DRAM} "
		  "Technology},\n"
		  "  booktitle = {MICRO}, year = {2017}, doi = {10.1145/3123939.3124544}\n}\n"},
	{"ambit",
	 "@inproceedings{hajinazar2021simdram,\n"
	 "  author = {Nastaran Hajinazar and Geraldo F. Oliveira and Sven Gregorio and Jo{\\~a}o Dinis Ferreira\n"
	 "    and Nika Mansouri Ghiasi and Minesh Patel and Mohammed Alser and Saugata Ghose and\n"
	 "    Juan G{\\'o}mez-Luna and Onur Mutlu},\n"
	 "  title = {{SIMDRAM}: A Framework for Bit-Serial {SIMD} Processing Using {DRAM}},\n"
	 "  booktitle = {ASPLOS}, year = {2021}, doi = {10.1145/3445814.3446749}\n}\n"},
	{"ambit", "@inproceedings{seshadri2013rowclone,\n"
		  "  author = {Vivek Seshadri and Yoongu Kim and Chris Fallin and Donghyuk Lee and\n"
		  "    Rachata Ausavarungnirun and Gennady Pekhimenko and Yixin Luo and Onur Mutlu and\n"
		  "    Phillip B. Gibbons and Michael A. Kozuch and Todd C. Mowry},\n"
		  "  title = {{RowClone}: Fast and Energy-Efficient In-{DRAM} Bulk Data Copy and Initialization},\n"
		  "  booktitle = {MICRO}, year = {2013}, doi = {10.1145/2540708.2540725}\n}\n"},
	{"ambit", "@misc{drampower,\n"
		  "  author = {Karthik Chandrasekar and Christian Weis and Yonghui Li and Sven Goossens and\n"
		  "    Matthias Jung and Omar Naji and Benny Akesson and Norbert Wehn and Kees Goossens},\n"
		  "  title = {{DRAMPower}: Open-Source {DRAM} Power and Energy Estimation Tool},\n"
		  "  howpublished = {github.com/tukl-msd/DRAMPower}\n}\n"},
};

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

int cli_pim_cite(const struct cli *cli, const char *spec, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	struct cli_out out = {0};
	int rc = cli_pim_open(spec, NULL, NULL, &dev, err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc < 0)
		goto out;
	const char *name = pim_ops_of(dev)->name;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (strcmp(entries[i].device, name) == 0)
			(void)fprintf(out.f, "%s\n", entries[i].text);
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

static const struct {
	const char *source, *against;
	double ratio;
} ratios[] = {
	{"Ambit MICRO 2017 Fig. 9 (8 banks; mean of 7 operations)", "Skylake", 44.9},
	{"Ambit MICRO 2017 Fig. 9 (8 banks; mean of 7 operations)", "GTX 745", 32.0},
	{"Ambit MICRO 2017 Fig. 9 (8 banks; mean of 7 operations)", "HMC 2.0", 2.4},
};

/* GB/s of result, mean over not and or nand nor xor xnor. */
static int mean_gbps(double *mean, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	int rc = cli_pim_open("ambit:dram=ddr3-1600", NULL, NULL, &dev, err, n);
	*mean = 0;
	for (int op = PIM_NOT; op <= PIM_XNOR && rc == 0; op++) {
		struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
		rc = pim_price_of(dev, (enum pim_op)op, pim_uint(1), &p);
		*mean += (double)(p.row_bytes * p.programs) * 1e3 / (double)p.ps_batch / (PIM_XNOR - PIM_NOT + 1);
	}
	pim_close(dev);
	return rc;
}

int cli_pim_ratios(const struct cli *cli, char *err, size_t n)
{
	struct grid g;
	double mean;
	int rc = mean_gbps(&mean, err, n);
	grid_init(&g, ratio_columns, sizeof(ratio_columns) / sizeof(ratio_columns[0]));
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]) && rc == 0; i++) {
		char text[3][32];
		(void)snprintf(text[0], sizeof(text[0]), "%.1f", ratios[i].ratio);
		(void)snprintf(text[1], sizeof(text[1]), "%.4g", mean);
		(void)snprintf(text[2], sizeof(text[2]), "%.3g", mean / ratios[i].ratio);
		const char *cells[] = {ratios[i].source, ratios[i].against,
				       text[0],          text[1],
				       text[2],          "not reproducible: baseline not published here"};
		rc = grid_add(&g, cells);
	}
	if (rc == 0)
		rc = cli_print_grid(cli, &g, err, n);
	grid_fini(&g);
	return rc;
}
