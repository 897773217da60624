/* `memwall pim compile`: compiles logic to a micro-program, prices it, and checks that it computes the same. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/command.h"
#include "cli/spec.h"
#include "pim/pim_device.h"

enum { MAX_TEXT = 64 << 20, SEED = 1, PER_LINE = 8 };

static const struct mw_option compile_options[] = {
	{.name = "device",
	 .type = MW_OPT_TEXT,
	 .arg = "SPEC",
	 .defs = cli_pim_default,
	 .help = "the device: a SPEC, see 'memwall pim devices'"},
	{.name = "table", .type = MW_OPT_TEXT, .arg = "TEXT", .help = "a truth table: '3: 0xe8', or rows '011 1;...'"},
	{.name = "blif",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .help = "a circuit of .names tables",
	 .file = MW_OPT_READS},
	{.name = "aiger",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .help = "an and-inverter graph, ASCII or binary",
	 .file = MW_OPT_READS},
	{.name = "program",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .help = "a micro-program 'AAP(D0,B8);AP(B14)': checked and priced only",
	 .file = MW_OPT_READS},
	MW_OPT_END,
};

struct job {
	const char *what; /* the option, or "pim compile" */
	const char *file; /* NULL: text is from the command line */
	enum pim_language language;
	char *text;
	size_t len;
	struct pim_program *program;
	struct pim_program_info info;
	struct pim_equivalence equivalence;
	struct pim_device *dev, *strict;
	struct pim_price price;
	uint64_t strict_ps;
};

/* ---- what is compiled ---- */

static int read_file(struct job *j, char *err, size_t n)
{
	FILE *f = fopen(j->file, "rb");
	if (!f)
		return mw_fail(MW_ESPEC, err, n, "--%s: %s: %s", j->what, j->file, mw_strerror(-errno));
	size_t capacity = 1 << 16;
	int rc = 0;
	for (size_t got = 1; rc == 0 && got > 0 && j->len < MAX_TEXT; j->len += got) {
		if (!j->text || j->len == capacity) {
			capacity = j->text ? 2 * capacity : capacity;
			char *more = realloc(j->text, capacity);
			if (!more) {
				rc = -ENOMEM;
				break;
			}
			j->text = more;
		}
		got = fread(j->text + j->len, 1, capacity - j->len, f);
	}
	if (rc == 0 && ferror(f))
		rc = mw_fail(MW_ESPEC, err, n, "--%s: %s: cannot read", j->what, j->file);
	if (rc == 0 && j->len >= MAX_TEXT)
		rc = mw_fail(MW_ESPEC, err, n, "--%s: %s: more than %d MiB", j->what, j->file, MAX_TEXT >> 20);
	(void)fclose(f);
	return rc;
}

static int choose(struct job *j, const struct cli *cli, char *err, size_t n)
{
	static const struct {
		const char *option;
		enum pim_language language;
		bool file;
	} sources[] = {{"table", PIM_TABLE, false},
		       {"blif", PIM_BLIF, true},
		       {"aiger", PIM_AIGER, true},
		       {"program", PIM_MICRO_PROGRAM, true}};
	const char *given = cli_word(cli, 0);
	int count = given != NULL;
	j->what = "pim compile";
	j->language = PIM_EXPRESSION;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const char *text = mw_opt_text(&cli->opts, sources[i].option);
		if (!text)
			continue;
		count++;
		given = text;
		j->what = sources[i].option;
		j->language = sources[i].language;
		j->file = sources[i].file ? text : NULL;
	}
	if (count != 1)
		return mw_fail(MW_ESPEC, err, n,
			       "pim compile takes one of an expression, --table, --blif, --aiger and --program, not %d",
			       count);
	if (j->file)
		return read_file(j, err, n);
	j->text = strdup(given);
	j->len = strlen(given);
	return j->text ? 0 : -ENOMEM;
}

static int compile(struct job *j, char *err, size_t n)
{
	char why[300] = "";
	int rc = pim_program_compile(j->language, j->text, j->len, &j->program, why, sizeof(why));
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		return mw_fail(MW_ESPEC, err, n, "%s%s%s%s: %s", j->language == PIM_EXPRESSION ? "" : "--", j->what,
			       j->file ? ": " : "", j->file ? j->file : "", why);
	j->info.size = sizeof(j->info);
	j->equivalence.size = sizeof(j->equivalence);
	rc = pim_program_info(j->program, &j->info);
	return rc < 0 ? rc : pim_program_verify(j->program, SEED, &j->equivalence);
}

static int price(struct job *j, const char *spec, char *err, size_t n)
{
	int rc = cli_pim_open(NULL, spec, NULL, NULL, &j->dev, err, n);
	if (rc < 0)
		return rc;
	j->price = (struct pim_price){.size = sizeof(j->price), .energy.size = sizeof(j->price.energy)};
	rc = pim_program_price(j->dev, j->program, &j->price);
	if (rc < 0)
		return mw_fail(rc == -EOPNOTSUPP ? MW_EUNAVAILABLE : rc, err, n, "%s", pim_error(j->dev));
	if (!cli_pim_has_key(j->dev, "aap"))
		return 0;
	struct pim_price strict = {.size = sizeof(strict), .energy.size = sizeof(strict.energy)};
	rc = cli_pim_open(NULL, spec, "aap", "split-strict", &j->strict, err, n);
	if (rc == 0)
		rc = pim_program_price(j->strict, j->program, &strict);
	j->strict_ps = strict.ps;
	return rc;
}

/* ---- output ---- */

static void equivalence_text(const struct job *j, char *out, size_t n)
{
	const struct pim_equivalence *e = &j->equivalence;
	const char *lanes = e->exhaustive ? "input combinations" : "random lanes";
	if (e->wrong)
		mw_format(out, n, "NOT equivalent: %" PRIu64 " of %" PRIu64 " %s are wrong", e->wrong, e->lanes, lanes);
	else
		mw_format(out, n, "%s: %s%" PRIu64 " %s",
			  j->language == PIM_MICRO_PROGRAM ? "legal, and executed as its symbols say" : "equivalent",
			  e->exhaustive ? "all " : "", e->lanes, lanes);
}

/* The micro-program as text; csv: with '+' instead of commas. */
static char *program_text(const struct job *j, bool csv)
{
	int len = pim_program_print(j->program, NULL, 0);
	char *text = len < 0 ? NULL : malloc((size_t)len + 1);
	if (!text)
		return NULL;
	(void)pim_program_print(j->program, text, (size_t)len + 1);
	for (char *c = text; csv && *c; c++)
		if (*c == ',')
			*c = '+';
	return text;
}

/* Prints a row and its name, escaped, because it may come from a file. */
static void print_place(FILE *f, const char *before, uint32_t row, const char *name)
{
	(void)fprintf(f, "%sD%u ", before, row);
	cli_put(f, name);
}

static void print_rows(FILE *f, const struct job *j)
{
	uint32_t row = 0;
	const char *name, *sep = "rows: ";
	for (size_t i = 0; (name = pim_program_input(j->program, i)); i++, sep = ", ")
		print_place(f, sep, row++, name);
	sep = " -> ";
	for (size_t i = 0; (name = pim_program_output(j->program, i)); i++, sep = ", ")
		print_place(f, j->info.inputs || i ? sep : "rows: ", row++, name);
	if (j->info.temporaries)
		(void)fprintf(f, "; temporaries D%u..D%u", row, row + j->info.temporaries - 1);
	(void)fputc('\n', f);
}

/* Prints several commands per line. */
static void print_commands(FILE *f, const char *text)
{
	for (int i = 1; *text; i++) {
		int len = (int)strcspn(text, ";");
		(void)fprintf(f, "%.*s", len, text);
		text += len + (text[len] == ';');
		(void)fputs(!*text ? "\n" : i % PER_LINE ? " " : "\n", f);
	}
}

/* Per KB of row. */
static double nj_per_kb(const struct pim_price *p, double pj)
{
	return pj / 1000 / ((double)p->row_bytes / 1024);
}

static int print_text(FILE *f, const struct job *j)
{
	const struct pim_price *p = &j->price;
	char *text = program_text(j, false), line[120];
	if (!text)
		return -ENOMEM;
	print_commands(f, text);
	(void)fputc('\n', f);
	print_rows(f, j);
	(void)fprintf(f, "commands: %" PRIu64 " (%" PRIu64 " AAP + %" PRIu64 " AP), rows: %u\n",
		      j->info.aap + j->info.ap, j->info.aap, j->info.ap,
		      j->info.inputs + j->info.outputs + j->info.temporaries);
	(void)fprintf(f, "majorities: %u as written, %u in the program, depth %u\n", j->info.majorities_read,
		      j->info.majorities, j->info.depth);
	(void)fprintf(f, "time: %.10g ns", (double)p->ps / 1000);
	if (j->strict)
		(void)fprintf(f, ", %.10g ns strict", (double)j->strict_ps / 1000);
	if (p->energy.parts)
		(void)fprintf(f, "; energy: %.4g nJ/KB (%.4g .. %.4g)", nj_per_kb(p, p->energy.typ_pj),
			      nj_per_kb(p, p->energy.min_pj), nj_per_kb(p, p->energy.max_pj));
	equivalence_text(j, line, sizeof(line));
	(void)fprintf(f, "\n%s\n\n%" PRIu64 " lanes a run. Time and energy are modelled.\ntime: %s\n", line, p->lanes,
		      p->source);
	if (p->energy.parts)
		(void)fprintf(f, "energy: %s\n", p->energy.source);
	free(text);
	return 0;
}

static const struct grid_column columns[] = {
	{"inputs", NULL, true},
	{"outputs", NULL, true},
	{"aap", "AAP", true},
	{"ap", "AP", true},
	{"ns", NULL, true},
	{"nj_per_kb", NULL, true},
	{"provenance", NULL, false},
	{"source", NULL, false},
	{"ns_strict", NULL, true},
	{"rows_used", NULL, true},
	{"temporaries", NULL, true},
	{"majorities", NULL, true},
	{"depth", NULL, true},
	{"lanes_checked", NULL, true},
	{"lanes_wrong", NULL, true},
	{"exhaustive", NULL, false},
	{"program", NULL, false},
	{"nj_per_kb_min", NULL, true},
	{"nj_per_kb_max", NULL, true},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int print_row(FILE *f, const struct job *j, enum print_format format)
{
	const struct pim_price *p = &j->price;
	char text[COLUMNS][32] = {""}, *program = program_text(j, format == PRINT_CSV), *source = strdup(p->source);
	const char *cells[COLUMNS];
	const uint64_t numbers[COLUMNS] = {
		[0] = j->info.inputs,
		[1] = j->info.outputs,
		[2] = j->info.aap,
		[3] = j->info.ap,
		[9] = j->info.inputs + j->info.outputs + j->info.temporaries,
		[10] = j->info.temporaries,
		[11] = j->info.majorities,
		[12] = j->info.depth,
		[13] = j->equivalence.lanes,
		[14] = j->equivalence.wrong,
	};
	for (int i = 0; i < COLUMNS; i++)
		mw_format(text[i], sizeof(text[i]), "%" PRIu64, numbers[i]);
	mw_format(text[4], sizeof(text[4]), "%.10g", (double)p->ps / 1000);
	mw_format(text[5], sizeof(text[5]), "%.4g", nj_per_kb(p, p->energy.typ_pj));
	mw_format(text[17], sizeof(text[17]), "%.4g", nj_per_kb(p, p->energy.min_pj));
	mw_format(text[18], sizeof(text[18]), "%.4g", nj_per_kb(p, p->energy.max_pj));
	mw_format(text[6], sizeof(text[6]), "modelled");
	mw_format(text[8], sizeof(text[8]), "%.10g", (double)j->strict_ps / 1000);
	mw_format(text[15], sizeof(text[15]), "%s", j->equivalence.exhaustive ? "yes" : "no");
	for (char *c = source; c && *c; c++)
		if (*c == ',' || *c == '"')
			*c = *c == ',' ? '+' : ' ';
	for (int i = 0; i < COLUMNS; i++)
		cells[i] = text[i];
	if (!p->energy.parts)
		cells[5] = cells[17] = cells[18] = NULL;
	if (!j->strict)
		cells[8] = NULL;
	cells[7] = source;
	cells[16] = program;
	struct grid g;
	grid_init(&g, columns, COLUMNS);
	int rc = program && source ? grid_add(&g, cells) : -ENOMEM;
	if (rc == 0)
		rc = grid_print(f, &g, format);
	grid_fini(&g);
	free(program);
	free(source);
	return rc;
}

static int run_compile(struct cli *cli, char *err, size_t n)
{
	struct job j = {0};
	struct cli_out out = {0};
	int rc = choose(&j, cli, err, n);
	if (rc == 0)
		rc = compile(&j, err, n);
	if (rc == 0)
		rc = price(&j, mw_opt_text(&cli->opts, "device"), err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = cli->format == PRINT_TABLE ? print_text(out.f, &j) : print_row(out.f, &j, cli->format);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	if (rc == 0 && j.equivalence.wrong)
		rc = mw_fail(MW_EVERIFY, err, n, "the program does not compute the function that was given");
	pim_close(j.dev);
	pim_close(j.strict);
	pim_program_free(j.program);
	free(j.text);
	return rc;
}

const struct command cmd_pim_compile = {
	.name = "pim compile",
	.section = "Processing in memory",
	.usage = "[EXPRESSION]",
	.summary = "translate logic into a micro-program, price it, check that it computes the same",
	.details =
		"An expression is 's = a ^ b ^ c; d = maj(a, b, c)' with ~ ! & ^ | ?: maj mux 0 1. A name that was\n"
		"not assigned before is an input; a name that begins with '_' is intermediate and no result. Inputs\n"
		"are in rows D0, D1, .. in the order of their names, results in the rows after them. The program is\n"
		"executed command by command and compared with what was written: on all combinations of the inputs,\n"
		"or on 65536 random lanes where there are more than 16 inputs.",
	.options = compile_options,
	.max_words = 1,
	.run = run_compile,
};
