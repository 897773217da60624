/* `memwall pim devices`: devices, the keys of their SPECs, and their parts as files. */
#include <errno.h>
#include <stdlib.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/command.h"
#include "cli/pim_ops.h"
#include "cli/spec.h"
#include "pim/pim_device.h"

static const struct grid_column device_columns[] = {
	{"device", NULL, false}, {"key", NULL, false},     {"default", NULL, false},
	{"values", NULL, false}, {"meaning", NULL, false},
};

/* For mw_option.word: the parts of all devices, each once. */
static const char *any_part(size_t i)
{
	const struct pim_device_ops *ops, *other;
	const char *name;
	for (size_t k = 0; (ops = pim_builtin(k)); k++) {
		bool listed = false; /* devices of the same parts have the same list */
		for (size_t j = 0; j < k && (other = pim_builtin(j)); j++)
			listed = listed || other->part_name == ops->part_name;
		for (size_t j = 0; ops->part_name && !listed && (name = ops->part_name(j)); j++)
			if (i-- == 0)
				return name;
	}
	return NULL;
}

static const struct mw_option devices_options[] = {
	{.name = "part",
	 .type = MW_OPT_TEXT,
	 .arg = "NAME",
	 .word = any_part,
	 .help = "print a part of DRAM or a macro as a file for key part of a SPEC instead"},
	CLI_DEVICE_LIB,
	MW_OPT_END,
};

/* Prints the text of a built-in part. */
static int print_part(struct cli *cli, const char *name, char *err, size_t n)
{
	const struct pim_device_ops *ops;
	struct cli_out out = {0};
	int rc = cli_no_option(&cli->opts, "format", "a part is printed as the text that key part reads", err, n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; (ops = pim_builtin(i)); i++) {
		int len = ops->part_text ? ops->part_text(name, NULL, 0) : -ENOENT;
		if (len < 0)
			continue;
		char *text = malloc((size_t)len + 1);
		rc = text ? cli_out_open(cli, &out, err, n) : mw_fail(-ENOMEM, err, n, "out of memory");
		if (rc == 0) {
			(void)ops->part_text(name, text, (size_t)len + 1);
			(void)fputs(text, out.f);
		}
		free(text);
		rc = cli_out_close(&out, rc, err, n);
		cli_out_abort(&out);
		return rc;
	}
	char shown[MW_ESCAPED(64) + 1];
	mw_escape(name, shown, sizeof(shown));
	struct mw_buf names = {0};
	for (size_t i = 0; any_part(i); i++)
		mw_buf_add(&names, "%s%s", i ? ", " : "", any_part(i));
	rc = mw_fail(MW_ESPEC, err, n, "--part=%.60s: no such part, known: %s", shown, mw_buf_text(&names));
	mw_buf_fini(&names);
	return rc;
}

/* Legal words of a key: "a|b|c", its range, or NULL. */
static const char *values_of(const struct pim_device_ops *ops, const struct pim_key *k, struct mw_buf *text)
{
	const char *word;
	if (k->choices)
		return k->choices;
	if (k->max > k->min)
		mw_buf_add(text, "%.9g..%.9g", k->min, k->max);
	else if (k->type == PIM_KEY_CHOICE && ops->word)
		for (size_t i = 0; (word = ops->word(k->name, i)); i++)
			mw_buf_add(text, "%s%s", i ? "|" : "", word);
	else if (k->type == PIM_KEY_FILE)
		mw_buf_add(text, "FILE");
	return text->len ? mw_buf_text(text) : NULL;
}

/* Appends a device and its keys. */
static int add_keys(struct grid *g, const struct pim_device_ops *ops)
{
	const char *head[] = {ops->name, NULL, NULL, NULL, ops->summary};
	int rc = grid_add(g, head);
	for (const struct pim_key *k = ops->keys; k && k->name && rc == 0; k++) {
		struct mw_buf values = {0};
		const char *row[] = {ops->name, k->name, k->def, values_of(ops, k, &values), k->help};
		rc = values.failed ? -ENOMEM : grid_add(g, row);
		mw_buf_fini(&values);
	}
	return rc;
}

static int run_devices(struct cli *cli, char *err, size_t n)
{
	const char *part = mw_opt_text(&cli->opts, "part");
	if (part)
		return print_part(cli, part, err, n);
	struct grid g;
	const struct pim_device_ops *ops;
	struct pim_library *library;
	grid_init(&g, device_columns, 5);
	int rc = cli_pim_library(&cli->opts, &library, err, n);
	for (size_t i = 0; rc == 0 && (ops = pim_library_device(library, i)); i++)
		rc = add_keys(&g, ops);
	for (size_t i = 0; rc == 0 && (ops = pim_builtin(i)); i++)
		rc = add_keys(&g, ops);
	if (rc == 0)
		rc = cli_print_grid(cli, &g, err, n);
	pim_library_close(library);
	grid_fini(&g);
	return rc;
}

const struct command cmd_pim_devices = {
	.name = "pim devices",
	.section = "Processing in memory",
	.usage = "",
	.summary = "devices and the keys of their SPEC name[:key=value,...]",
	.options = devices_options,
	.run = run_devices,
};
