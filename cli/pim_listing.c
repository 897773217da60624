#include "cli/pim_listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/spec.h"

enum { PER_LINE = 7 }; /* so that a line is one bit of the adder */

struct listing {
	struct pim_device *dev;
	struct pim_program *program;
	struct pim_price price;
	enum pim_op op;
	struct pim_type type;
	uint64_t value;
	char *text;
};

static int load(struct listing *l, const struct mw_opts *opts, const struct pim_library *library, char *err, size_t n)
{
	int64_t width[2];
	if (mw_opt_ints(opts, "width", width, 2) != 1)
		return mw_fail(MW_ESPEC, err, n, "--width: --program prints the program of one width");
	(void)pim_op_parse(mw_opt_text(opts, "program"), &l->op);
	l->type = mw_opt_flag(opts, "signed") ? pim_int((uint32_t)width[0]) : pim_uint((uint32_t)width[0]);
	bool shift = l->op == PIM_SHL || l->op == PIM_SHR;
	int rc = 0;
	if (!shift)
		rc = cli_no_option(opts, "amount", "is for --program=shl and shr", err, n);
	if (rc == 0 && l->op != PIM_FILL)
		rc = cli_no_option(opts, "value", "is for --program=fill", err, n);
	if (rc < 0)
		return rc;
	l->value = shift ? (uint64_t)mw_opt_int(opts, "amount") : mw_opt_u64(opts, "value");
	rc = cli_pim_open(library, cli_pim_spec(opts, library), NULL, NULL, &l->dev, err, n);
	if (rc < 0)
		return rc;
	l->price = (struct pim_price){.size = sizeof(l->price), .energy.size = sizeof(l->price.energy)};
	rc = pim_program_of_op(l->dev, l->op, l->type, l->value, &l->program);
	if (rc == 0)
		rc = pim_program_price(l->dev, l->program, &l->price);
	if (rc < 0)
		return mw_fail(rc == -EOPNOTSUPP ? MW_EUNAVAILABLE
			       : rc == -EINVAL   ? MW_ESPEC
						 : rc,
			       err, n, "--program=%s: %s", pim_op_name(l->op), pim_error(l->dev));
	int len = pim_program_print(l->program, NULL, 0);
	l->text = len < 0 ? NULL : malloc((size_t)len + 1);
	if (!l->text)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	(void)pim_program_print(l->program, l->text, (size_t)len + 1);
	return 0;
}

static void print_names(FILE *f, const char *what, const struct pim_program *p,
			const char *(*name)(const struct pim_program *, size_t))
{
	const char *one;
	(void)fputs(what, f);
	for (size_t i = 0; (one = name(p, i)); i++)
		(void)fprintf(f, " %s", one);
	(void)fputc('\n', f);
}

/* Several commands on a line, without a sign at its end. */
static void print_commands(FILE *f, const char *text)
{
	for (int i = 1; *text; i++) {
		int len = (int)strcspn(text, ";");
		(void)fprintf(f, "%.*s", len, text);
		text += len + (text[len] == ';');
		(void)fputs(!*text || i % PER_LINE == 0 ? "\n" : ";", f);
	}
}

static void print_listing(FILE *f, const struct listing *l)
{
	struct pim_program_info info = {.size = sizeof(info)};
	(void)pim_program_info(l->program, &info);
	(void)fprintf(
		f, "# %s of %s%" PRIu32 " on %s: %" PRIu64 " commands (%" PRIu64 " AAP + %" PRIu64 " AP), %.10g ns\n",
		pim_op_name(l->op), l->type.kind == PIM_INT ? "int" : "uint", l->type.bits, pim_spec(l->dev),
		info.aap + info.ap, info.aap, info.ap, (double)l->price.ps / 1000);
	if (l->op == PIM_SHL || l->op == PIM_SHR || l->op == PIM_FILL)
		(void)fprintf(f, "# %s %" PRIu64 "\n", l->op == PIM_FILL ? "value" : "amount", l->value);
	(void)fprintf(f, "# D0..: inputs, then results, then %" PRIu32 " temporaries; time is modelled: %s\n",
		      info.temporaries, l->price.source);
	print_names(f, ".inputs", l->program, pim_program_input);
	print_names(f, ".outputs", l->program, pim_program_output);
	print_commands(f, l->text);
}

int cli_pim_listing(const struct cli *cli, const struct pim_library *library, char *err, size_t n)
{
	struct listing l = {0};
	struct cli_out out = {0};
	int rc = load(&l, &cli->opts, library, err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0 && l.text) {
		print_listing(out.f, &l);
		rc = cli_out_close(&out, 0, err, n);
	}
	cli_out_abort(&out);
	free(l.text);
	pim_program_free(l.program);
	pim_close(l.dev);
	return rc;
}
