/* `memwall pim ops`: its options, and which of its outputs they ask for. */
#include "cli/pim_ops.h"

#include "base/core/text.h"
#include "cli/pim_cite.h"
#include "cli/pim_listing.h"
#include "cli/spec.h"

static const char *op_word(size_t i)
{
	return pim_op_name((enum pim_op)i);
}

static const struct mw_option ops_options[] = {
	{.name = "device",
	 .type = MW_OPT_TEXT,
	 .arg = "SPEC",
	 .defs = cli_pim_default,
	 .help = "the device: a SPEC, see 'memwall pim devices'"},
	CLI_DEVICE_LIB,
	{.name = "op",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = op_word,
	 .help = "these operations only, by default all that the device has a model of"},
	{.name = "width",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .def = "1",
	 .min = 1,
	 .max = 64,
	 .max_items = OPS_WIDTHS,
	 .help = "bits of a lane, the table for each"},
	{.name = "signed", .type = MW_OPT_FLAG, .help = "lanes are two's complement"},
	{.name = "sweep",
	 .type = MW_OPT_PATHS,
	 .arg = "KEY=A,B,..",
	 .help = "the table for each value of a key of the SPEC; repeat for more keys: every combination"},
	{.name = "baseline",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .file = MW_OPT_READS,
	 .help = "put the host's measured rates beside: a results.json, a run's folder, or records of --format=json"},
	{.name = "program",
	 .type = MW_OPT_CHOICE,
	 .arg = "OP",
	 .word = op_word,
	 .help = "print the micro-program of one operation instead, as 'memwall pim compile --program' reads it"},
	{.name = "amount",
	 .type = MW_OPT_INT,
	 .arg = "K",
	 .def = "1",
	 .min = 0,
	 .max = 64,
	 .help = "bits by which --program=shl and shr shift"},
	{.name = "value", .type = MW_OPT_U64, .arg = "N", .def = "0", .help = "value that --program=fill writes"},
	{.name = "cite", .type = MW_OPT_FLAG, .help = "print BibTeX of the models in use and the SPEC's hash instead"},
	{.name = "ratios",
	 .type = MW_OPT_FLAG,
	 .help = "print published speed-ups and the baselines that they imply instead"},
	MW_OPT_END,
};

enum ops_mode { OPS_TABLE, OPS_RATIOS, OPS_CITE, OPS_PROGRAM };

/* What is printed, after a check that no option is given that this ignores. Negative: MW_ESPEC. */
static int choose_mode(const struct mw_opts *opts, char *err, size_t n)
{
	static const struct {
		const char *option, *without[13], *format;
	} modes[] = {
		[OPS_TABLE] = {NULL, {"amount", "value"}, NULL},
		[OPS_RATIOS] = {"ratios",
				{"cite", "program", "baseline", "sweep", "op", "width", "signed", "amount", "value",
				 "device", "device-lib"},
				NULL},
		[OPS_CITE] = {"cite",
			      {"program", "baseline", "sweep", "op", "width", "signed", "amount", "value"},
			      "BibTeX"},
		[OPS_PROGRAM] = {"program", {"baseline", "sweep", "op"}, "the text of a micro-program"},
	};
	char why[80];
	int mode = OPS_TABLE, rc = 0;
	for (int i = OPS_PROGRAM; i > OPS_TABLE; i--)
		if (mw_opt(opts, modes[i].option)->given)
			mode = i;
	mw_format(why, sizeof(why), mode == OPS_TABLE ? "is for --program" : "--%s does not use it",
		  modes[mode].option);
	for (const char *const *o = modes[mode].without; *o && rc == 0; o++)
		rc = cli_no_option(opts, *o, why, err, n);
	mw_format(why, sizeof(why), "%s is the only format", modes[mode].format ? modes[mode].format : "");
	if (rc == 0 && modes[mode].format)
		rc = cli_no_option(opts, "format", why, err, n);
	return rc < 0 ? rc : mode;
}

static int run_ops(struct cli *cli, char *err, size_t n)
{
	struct pim_library *library;
	int mode = choose_mode(&cli->opts, err, n);
	if (mode < 0)
		return mode;
	if (mode == OPS_RATIOS)
		return cli_pim_ratios(cli, err, n);
	int rc = cli_pim_library(&cli->opts, &library, err, n);
	if (rc == 0)
		rc = mode == OPS_CITE      ? cli_pim_cite(cli, library, cli_pim_spec(&cli->opts, library), err, n)
		     : mode == OPS_PROGRAM ? cli_pim_listing(cli, library, err, n)
					   : cli_pim_ops_table(cli, library, err, n);
	pim_library_close(library);
	return rc;
}

const struct command cmd_pim_ops = {
	.name = "pim ops",
	.section = "Processing in memory",
	.usage = "",
	.summary = "commands, time and energy of every operation of a device",
	.details =
		"ns is the time of one micro-program in one subarray (aap=split, limit=none unless the SPEC says\n"
		"otherwise). ns strict uses the split decoder only where exactly one address is in the B group.\n"
		"GOP/s is the whole device in steady state, once without a limit on activations, once limited by\n"
		"tRRD, tFAW and refresh. The operations from not to fill are counted per row, whatever the width.\n"
		"rows: data rows, temporaries included. published: AAP + AP of the published program, where its\n"
		"count was cross-checked. verified: what was: results (equal to plain C bit for bit), count (no more\n"
		"commands than published), time and energy (their constants have a checked source). live rows: data\n"
		"rows that are needed at once. row ACTs/refresh: activations of the busiest row between two\n"
		"refreshes when the program runs back to back. disturbance: that number against published counts\n"
		"at which bits of neighbours flip; guard %: time added by refreshing both neighbours of every row\n"
		"in time. Energy is that of one of the programs of a batch on all banks, with background and\n"
		"refresh; nJ/KB min and max are its band. CSV and JSON have more columns.\n"
		"--baseline: the host's GOP/s, as 'memwall offload' measured them or at most what the measured\n"
		"bandwidth of memory allows (ceiling), and the ratio; the device gets as many memory channels as the\n"
		"host, or as its rate needs. --device-lib: devices of others, see docs/device.md.",
	.options = ops_options,
	.run = run_ops,
};
