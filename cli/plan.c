/* `memwall plan`: what a model needs: memory, devices, money, energy, time. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/plan.h"

static const struct mw_option options[] = {
	{.name = "params",
	 .type = MW_OPT_REAL,
	 .arg = "N",
	 .min = 1e6,
	 .max = 1e18,
	 .help = "in place of MODEL: number of parameters, shaped like GPT-3"},
	{.name = "train", .type = MW_OPT_FLAG, .help = "training only (default: training and serving)"},
	{.name = "serve", .type = MW_OPT_FLAG, .help = "serving only (default: training and serving)"},
	{.name = "on",
	 .type = MW_OPT_NAMES,
	 .arg = "DEVICE,..",
	 .def = "a100",
	 .help = "devices of the table, see --show=devices"},
	{.name = "here",
	 .type = MW_OPT_FLAG,
	 .help = "this host as it was measured: the newest results of 'memwall run' below this folder"},
	{.name = "results",
	 .type = MW_OPT_TEXT,
	 .arg = "DIR",
	 .help = "the host that these results describe: a results.json or a run's folder",
	 .file = MW_OPT_READS},
	{.name = "device",
	 .type = MW_OPT_TEXT,
	 .arg = "SPEC",
	 .help = "a PIM device as libpim models it, see 'memwall pim devices'"},
	{.name = "count",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .min = 1,
	 .max = 1e9,
	 .help = "number of devices; default: as few as hold the model"},
	{.name = "tp",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .min = 1,
	 .max = 65536,
	 .help = "each layer split N ways (tensor parallel)"},
	{.name = "pp",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .min = 1,
	 .max = 65536,
	 .help = "layers in N stages (pipeline parallel)"},
	{.name = "memory",
	 .type = MW_OPT_TEXT,
	 .arg = "TIER,..",
	 .help = "what if a device had these memories, NAME:SIZE:GB/s each, fastest first: hbm:80G:2000,ddr:512G:300"},
	{.name = "precision",
	 .type = MW_OPT_CHOICE,
	 .arg = "FORMAT",
	 .def = "bf16",
	 .word = precision_name,
	 .help = "format of activations, in which devices compute"},
	{.name = "weights",
	 .type = MW_OPT_CHOICE,
	 .arg = "FORMAT",
	 .word = precision_name,
	 .help = "format of the weights that are served; default: that of activations"},
	{.name = "kv",
	 .type = MW_OPT_CHOICE,
	 .arg = "FORMAT",
	 .word = precision_name,
	 .help = "format of the KV cache; default: that of activations"},
	{.name = "batch",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "1",
	 .min = 1,
	 .max = 1e6,
	 .help = "sequences answered at once; in training, sequences of each device and step"},
	{.name = "prompt",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "2048",
	 .min = 1,
	 .max = 1e9,
	 .help = "tokens of a prompt"},
	{.name = "output",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "256",
	 .min = 1,
	 .max = 1e9,
	 .help = "tokens of an answer"},
	{.name = "sequence",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "2048",
	 .min = 1,
	 .max = 1e9,
	 .help = "tokens of a sequence in training"},
	{.name = "tokens",
	 .type = MW_OPT_REAL,
	 .arg = "N",
	 .min = 1,
	 .max = 1e24,
	 .help = "tokens of the training; default: 20 for each parameter"},
	{.name = "optimizer",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .def = "adam",
	 .word = optimizer_name,
	 .help = "optimizer; adam: mixed precision, 16 bytes per parameter in all"},
	{.name = "zero",
	 .type = MW_OPT_INT,
	 .arg = "STAGE",
	 .def = "3",
	 .min = 0,
	 .max = 3,
	 .help = "what ZeRO splits among devices: 0 nothing, 1 states, 2 also gradients, 3 also weights"},
	{.name = "checkpointing",
	 .type = MW_OPT_CHOICE,
	 .arg = "HOW",
	 .def = "full",
	 .choices = "none|selective|full",
	 .help = "which activations are computed again and not kept"},
	{.name = "set",
	 .type = MW_OPT_NAMES,
	 .arg = "KEY=VALUE,..",
	 .help = "replace constants, see --show=constants; numbers that depend on them are marked"},
	{.name = "show",
	 .type = MW_OPT_CHOICE,
	 .arg = "WHAT",
	 .def = "plan",
	 .choices = "plan|cases|devices|constants",
	 .help = "in place of a plan: published cases beside the formulas, the devices, the constants"},
	MW_OPT_END,
};

/* ---- --set ---- */

static int unknown_key(const char *key, char *err, size_t n)
{
	const char *names[CONSTANT_COUNT + 1] = {NULL};
	char all[600] = "";
	for (int i = 0; i < CONSTANT_COUNT; i++) {
		names[i] = constant_table[i].key;
		mw_clip_add(all, sizeof(all), "%s%s", i ? "|" : "", names[i]);
	}
	const char *near = mw_nearest(key, names);
	return mw_fail(MW_ESPEC, err, n, "--set: '%s' is not one of %s%s%s%s", key, all, near ? ", did you mean '" : "",
		       near ? near : "", near ? "'?" : "");
}

static int set_one(struct constants *c, const char *item, size_t len, char *err, size_t n)
{
	char text[200];
	double value;
	if (len >= sizeof(text))
		return mw_fail(MW_ESPEC, err, n, "--set: '%.40s...' is too long for KEY=VALUE", item);
	mw_format(text, sizeof(text), "%.*s", (int)len, item);
	char *equals = strchr(text, '=');
	if (!equals)
		return mw_fail(MW_ESPEC, err, n, "--set: '%s' is not KEY=VALUE", text);
	*equals = '\0';
	const int which = constant_find(text);
	if (which < 0)
		return unknown_key(text, err, n);
	const struct constant_row *row = &constant_table[which];
	if (c->user & 1U << which)
		return mw_fail(MW_ESPEC, err, n, "--set: %s is set twice", row->key);
	if (mw_parse_real(equals + 1, &value) < 0 || constants_set(c, (enum constant)which, value) < 0)
		return mw_fail(MW_ESPEC, err, n, "--set: %s: '%s' is not a number from %g to %g (%s)", row->key,
			       equals + 1, row->min, row->max, row->unit);
	return 0;
}

static int set_constants(struct plan *p, char *err, size_t n)
{
	const char *rest = mw_opt_text(&p->cli->opts, "set"), *item;
	size_t len;
	int rc = 0;
	constants_init(&p->constants);
	while (rc == 0 && rest && mw_list_next(&rest, &item, &len))
		rc = set_one(&p->constants, item, len, err, n);
	return rc;
}

/* ---- --memory ---- */

/* "hbm:80G:2000" */
static int set_tier(struct memory_tier *t, const char *item, size_t len, char *err, size_t n)
{
	char text[120], *size, *rate;
	uint64_t bytes;
	double gbps;
	size = mw_fit(text, sizeof(text), "%.*s", (int)len, item) == 0 ? strchr(text, ':') : NULL;
	rate = size ? strchr(size + 1, ':') : NULL;
	if (!rate || size == text || (size_t)(size - text) >= sizeof(t->name))
		return mw_fail(MW_ESPEC, err, n, "--memory: '%.*s' is not NAME:SIZE:GB/s, such as hbm:80G:2000",
			       (int)len, item);
	*size = *rate = '\0';
	if (mw_parse_size(size + 1, &bytes) < 0 || bytes == 0)
		return mw_fail(MW_ESPEC, err, n, "--memory: %s: '%s' is not a size above 0, such as 80G", text,
			       size + 1);
	if (mw_parse_real(rate + 1, &gbps) < 0 || !(gbps > 0) || gbps > 1e12)
		return mw_fail(MW_ESPEC, err, n, "--memory: %s: '%s' is not a bandwidth in GB/s above 0", text,
			       rate + 1);
	mw_format(t->name, sizeof(t->name), "%s", text);
	t->bytes = (double)bytes;
	t->bandwidth = 1e9 * gbps;
	return 0;
}

static int set_tiers(struct plan *p, char *err, size_t n)
{
	const char *rest = mw_opt_text(&p->cli->opts, "memory"), *item;
	size_t len;
	while (rest && mw_list_next(&rest, &item, &len)) {
		if (p->n_tiers == SERVING_TIERS)
			return mw_fail(MW_ESPEC, err, n, "--memory: at most %d tiers", SERVING_TIERS);
		int rc = set_tier(&p->tiers[p->n_tiers], item, len, err, n);
		if (rc)
			return rc;
		p->n_tiers++;
	}
	return 0;
}

/* ---- the model ---- */

/* 12 layers d^2 parameters, with d = 128 layers and heads of 128: GPT-3 (Brown et al. 2020, arXiv:2005.14165, Table
 * 2.1). */
static void assume_shape(struct plan *p)
{
	const double heads = fmax(1, round(cbrt(p->parameters * 128 / 12) / 128)), d = 128 * heads;
	p->shape = (struct transformer_shape){
		.layers = (uint64_t)fmax(1, round(p->parameters / (12 * d * d))),
		.d = (uint64_t)d,
		.heads = (uint64_t)heads,
		.kv_heads = (uint64_t)heads,
		.head_dim = 128,
		.ffn = 4 * (uint64_t)d,
		.experts = 1,
		.active_experts = 1,
		.tied = true,
		.decoder = true,
	};
	p->shape_assumed = true;
	p->model = "like-gpt3";
	p->model_source = "--params";
	p->active = p->parameters;
}

static int unknown_model(const char *name, char *err, size_t n)
{
	const char *names[64] = {NULL};
	char all[400] = "";
	for (size_t i = 0; transformer_at(i) && i < 63; i++) {
		names[i] = transformer_at(i)->name;
		mw_clip_add(all, sizeof(all), "%s%s", i ? "|" : "", names[i]);
	}
	const char *near = mw_nearest(name, names);
	if (near)
		return mw_fail(MW_ESPEC, err, n, "no model '%s', did you mean '%s'?", name, near);
	return mw_fail(MW_ESPEC, err, n, "no model '%s': --params=N, or one of %s", name, all);
}

static int set_model(struct plan *p, char *err, size_t n)
{
	const char *name = cli_word(p->cli, 0);
	const bool params = mw_opt(&p->cli->opts, "params")->given;
	if (name && params)
		return mw_fail(MW_ESPEC, err, n, "--params is in place of a model: leave out '%s' or --params", name);
	if (!name && !params)
		return mw_fail(MW_ESPEC, err, n, "a MODEL or --params=N is needed, see 'memwall help plan'");
	if (params) {
		p->parameters = mw_opt_real(&p->cli->opts, "params");
		assume_shape(p);
		return 0;
	}
	const struct transformer_model *m = transformer_find(name);
	if (!m)
		return unknown_model(name, err, n);
	p->shape = m->shape;
	p->model = m->name;
	p->model_source = m->source;
	p->parameters = transformer_parameters(&m->shape);
	p->active = transformer_active_parameters(&m->shape);
	return 0;
}

/* ---- the rest ---- */

static const struct precision *format_of(const struct mw_opts *o, const char *option, const struct precision *otherwise)
{
	const char *name = mw_opt_text(o, option);
	return name ? precision_find(name) : otherwise;
}

static void set_work(struct plan *p)
{
	const struct mw_opts *o = &p->cli->opts;
	const char *how = mw_opt_text(o, "checkpointing");
	p->asked = mw_opt_flag(o, "train") || mw_opt_flag(o, "serve");
	p->train = mw_opt_flag(o, "train") || !p->asked;
	p->serve = mw_opt_flag(o, "serve") || !p->asked;
	p->activations = format_of(o, "precision", NULL);
	p->weights = format_of(o, "weights", p->activations);
	p->cache = format_of(o, "kv", p->activations);
	p->batch = (double)mw_opt_int(o, "batch");
	p->prompt = (double)mw_opt_int(o, "prompt");
	p->output = (double)mw_opt_int(o, "output");
	p->sequence = (double)mw_opt_int(o, "sequence");
	p->tokens = mw_opt_real(o, "tokens");
	p->optimizer = optimizer_find(mw_opt_text(o, "optimizer"));
	p->zero = (int)mw_opt_int(o, "zero");
	p->count = (double)mw_opt_int(o, "count");
	p->tensor = (double)mw_opt_int(o, "tp");
	p->pipeline = (double)mw_opt_int(o, "pp");
	for (int c = 0; c < CHECKPOINT_COUNT; c++)
		if (strcmp(checkpointing_name((enum checkpointing)c), how) == 0)
			p->checkpointing = (enum checkpointing)c;
}

static int check_split(const struct plan *p, char *err, size_t n)
{
	const double heads = (double)p->shape.heads, layers = (double)p->shape.layers;
	const double ways = fmax(1, p->tensor) * fmax(1, p->pipeline);
	if (p->tensor > 0 && fmod(heads, p->tensor) != 0)
		return mw_fail(MW_ESPEC, err, n, "--tp=%g does not divide the %g heads of %s", p->tensor, heads,
			       p->model);
	if (p->pipeline > layers)
		return mw_fail(MW_ESPEC, err, n, "--pp=%g is more than the %g layers of %s", p->pipeline, layers,
			       p->model);
	if (p->count > 0 && p->count < ways)
		return mw_fail(MW_ESPEC, err, n, "--count=%g is less than the %g devices of --tp and --pp", p->count,
			       ways);
	return 0;
}

static int plan_model(struct plan *p, char *err, size_t n)
{
	struct plan_rows rows = {0};
	int rc = set_tiers(p, err, n);
	rc = rc ? rc : plan_devices(p, err, n);
	rc = rc ? rc : set_model(p, err, n);
	if (rc)
		return rc;
	set_work(p);
	rc = check_split(p, err, n);
	rc = rc ? rc : plan_fill(p, &rows, err, n);
	rc = rc ? rc : plan_print(p, &rows, err, n);
	plan_rows_fini(&rows);
	return rc;
}

static int show_what(struct plan *p, const char *what, char *err, size_t n)
{
	const bool named = cli_word(p->cli, 0) || mw_opt(&p->cli->opts, "params")->given;
	if (strcmp(what, "plan") == 0)
		return plan_model(p, err, n);
	if (strcmp(what, "cases") == 0) {
		int rc = named ? set_model(p, err, n) : 0;
		return rc ? rc : plan_print_cases(p, err, n);
	}
	if (named)
		return mw_fail(MW_ESPEC, err, n, "--show=%s takes no model", what);
	return strcmp(what, "devices") == 0 ? plan_print_devices(p->cli, err, n) : plan_print_constants(p, err, n);
}

static int run(struct cli *cli, char *err, size_t n)
{
	const char *show = mw_opt_text(&cli->opts, "show");
	struct plan *p = calloc(1, sizeof(*p));
	if (!p)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	p->cli = cli;
	int rc = set_constants(p, err, n);
	if (rc == 0)
		rc = show_what(p, show, err, n);
	plan_devices_fini(p);
	free(p);
	return rc;
}

const struct command cmd_plan = {
	.name = "plan",
	.section = "The memory wall",
	.usage = "[MODEL]",
	.summary = "what a model needs: memory, devices, money, energy, time for each token",
	.details =
		"Training: bytes of weights, gradients, optimizer states (ZeRO 0 to 3) and activations, the devices\n"
		"that hold them, time, energy and cost. Serving: time and tokens/s of prompt and output as a roofline\n"
		"with communication, energy and cost of a token. Everything is modelled from published figures.\n"
		"\n"
		"  memwall plan gpt3-175b --on=v100,a100,h100\n"
		"  memwall plan --params=1e12 --train --optimizer=shampoo\n"
		"  memwall plan llama-3-70b --serve --on=h100 --weights=int4 --batch=16 --prompt=8192\n"
		"  memwall plan llama-3-8b --serve --here --set=price=4000,power=300\n"
		"  memwall plan llama-3-8b --serve --precision=int8 --memory=sram:2G:150000,lpddr:256G:400\n"
		"  memwall plan --show=cases",
	.options = options,
	.min_words = 0,
	.max_words = 1,
	.run = run,
};
