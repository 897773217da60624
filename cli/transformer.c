/* `memwall transformer`: options, and the shapes and conditions that they name. */
#include "cli/transformer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/model/precision.h"

static const char *model_word(size_t i)
{
	const struct transformer_model *m = transformer_at(i);
	return m ? m->name : NULL;
}

#define NUMBER(option, words)                                                                                          \
	{                                                                                                              \
		.name = (option), .type = MW_OPT_INT, .arg = "N", .min = 1, .max = 4294967296.0, .help = (words)       \
	}
#define FORMAT(option, standard, words)                                                                                \
	{                                                                                                              \
		.name = (option), .type = MW_OPT_CHOICE, .arg = "FORMAT", .def = (standard), .word = precision_name,   \
		.help = (words)                                                                                        \
	}

static const struct mw_option transformer_options[] = {
	{.name = "analytic",
	 .type = MW_OPT_FLAG,
	 .help = "compute FLOPs and bytes of each operator; nothing is measured"},
	{.name = "model",
	 .type = MW_OPT_CHOICES,
	 .arg = "NAME[,..]",
	 .word = model_word,
	 .help = "models; default: those of the paper (BERT-Base, BERT-Large, GPT-2)"},
	{.name = "seq",
	 .type = MW_OPT_SIZES,
	 .arg = "LENGTH[,..]",
	 .def = "128,512",
	 .min = 1,
	 .max = 1099511627776.0,
	 .max_items = 64,
	 .help = "tokens of a sequence; with --phase=decode, of its context"},
	{.name = "phase",
	 .type = MW_OPT_CHOICE,
	 .arg = "PHASE",
	 .choices = "encoder|prefill|decode|generate",
	 .help = "default: as the paper counts, encoder for BERT and generate for the others"},
	NUMBER("batch", "sequences at once: weights are read once for all of them (default 1)"),
	FORMAT("precision", "int8", "format of weights, activations and KV cache"),
	FORMAT("weights", NULL, "format of the weights, if different"),
	FORMAT("activations", NULL, "format of the activations, if different"),
	FORMAT("kv", NULL, "format of the KV cache, if different"),
	NUMBER("layers", "layers of a shape of your own, or changed in the model of --model"),
	NUMBER("d", "model width"),
	NUMBER("heads", "attention heads"),
	NUMBER("kv-heads", "heads of keys and values (default: as many as heads)"),
	NUMBER("head-dim", "width of a head (default: d/heads)"),
	NUMBER("ffn", "width of the feed-forward network (default: 4 d)"),
	{.name = "gated", .type = MW_OPT_FLAG, .help = "feed-forward network of three matrices (SwiGLU)"},
	NUMBER("experts", "feed-forward networks in each layer (default 1)"),
	NUMBER("active-experts", "of these, networks that each token uses (default 1)"),
	{.name = "ridge",
	 .type = MW_OPT_REAL,
	 .arg = "FLOP/BYTE",
	 .def = "80",
	 .min = 1e-6,
	 .max = 1e9,
	 .help = "ridge of the machine whose latencies are compared; 80 fits those of the paper"},
	{.name = "latency",
	 .type = MW_OPT_FLAG,
	 .help = "print latencies only, as multiples of BERT-Base at 128 tokens"},
	{.name = "published", .type = MW_OPT_FLAG, .help = "print each published value beside the closed form's"},
	{.name = "models", .type = MW_OPT_FLAG, .help = "print the models, their parameters and KV cache"},
	MW_OPT_END,
};

/* ---- shapes ---- */

static const char *const shape_options[] = {"layers", "d",     "heads",   "kv-heads",       "head-dim",
					    "ffn",    "gated", "experts", "active-experts", NULL};

static bool given(const struct mw_opts *o, const char *name)
{
	return mw_opt(o, name)->given;
}

/* The first option that says something about the shape, or NULL. */
static const char *shape_option(const struct mw_opts *o)
{
	for (const char *const *name = shape_options; *name; name++)
		if (given(o, *name))
			return *name;
	return NULL;
}

static void take(const struct mw_opts *o, const char *name, uint64_t *to)
{
	if (given(o, name))
		*to = (uint64_t)mw_opt_int(o, name);
}

static int divided(uint64_t d, uint64_t heads, uint64_t *head_dim, char *err, size_t n)
{
	if (d % heads)
		return mw_fail(MW_ESPEC, err, n,
			       "--heads: %" PRIu64 " does not divide the width d, %" PRIu64
			       "; give --head-dim where heads are not d/heads wide",
			       heads, d);
	*head_dim = d / heads;
	return 0;
}

/* Numbers that no option names stay, but those that follow from others in this shape (kv_heads = heads, head_dim =
 * d/heads, ffn = 4 d) are derived again. */
static int change_shape(const struct mw_opts *o, struct transformer_shape *s, char *err, size_t n)
{
	const struct transformer_shape was = *s;
	take(o, "layers", &s->layers);
	take(o, "d", &s->d);
	take(o, "heads", &s->heads);
	if (was.kv_heads == was.heads)
		s->kv_heads = s->heads;
	take(o, "kv-heads", &s->kv_heads);
	int rc = 0;
	if (given(o, "head-dim"))
		take(o, "head-dim", &s->head_dim);
	else if (was.head_dim * was.heads == was.d)
		rc = divided(s->d, s->heads, &s->head_dim, err, n);
	if (was.ffn == 4 * was.d)
		s->ffn = 4 * s->d;
	take(o, "ffn", &s->ffn);
	take(o, "experts", &s->experts);
	take(o, "active-experts", &s->active_experts);
	s->gated = s->gated || mw_opt_flag(o, "gated");
	char why[200];
	if (rc == 0 && transformer_check(s, why, sizeof(why)) < 0)
		rc = mw_fail(MW_ESPEC, err, n, "--%s", why);
	return rc;
}

/* A shape without a model. */
static int own_shape(const struct mw_opts *o, struct transformer_shape *s, char *err, size_t n)
{
	static const char *const needed[] = {"layers", "d", "heads", NULL};
	for (const char *const *name = needed; *name; name++)
		if (!given(o, *name))
			return mw_fail(MW_ESPEC, err, n,
				       "--%s: a shape needs --layers, --d and --heads, or --model to start from",
				       shape_option(o));
	if (!given(o, "phase"))
		return mw_fail(MW_ESPEC, err, n,
			       "--phase: say which of encoder|prefill|decode|generate this shape is to do");
	*s = (struct transformer_shape){.d = 1,
					.heads = 1,
					.kv_heads = 1,
					.head_dim = 1,
					.ffn = 4,
					.experts = 1,
					.active_experts = 1,
					.decoder = true};
	return change_shape(o, s, err, n);
}

/* ---- conditions ---- */

static double bits(const struct mw_opts *o, const char *name)
{
	const char *format = mw_opt_text(o, name);
	return precision_find(format ? format : mw_opt_text(o, "precision"))->bits;
}

static int load_of(const struct mw_opts *o, const struct transformer_case *c, struct transformer_load *load, char *err,
		   size_t n)
{
	static const char *const phases[] = {"encoder", "prefill", "decode", "generate"};
	const char *phase = mw_opt_text(o, "phase");
	*load = (struct transformer_load){
		.phase = c->shape.decoder ? TRANSFORMER_GENERATE : TRANSFORMER_ENCODER,
		.batch = given(o, "batch") ? (double)mw_opt_int(o, "batch") : 1,
		.weight_bits = bits(o, "weights"),
		.activation_bits = bits(o, "activations"),
		.kv_bits = bits(o, "kv"),
	};
	if (phase && strcmp(phase, "encoder") != 0 && !c->shape.decoder)
		return mw_fail(
			MW_ESPEC, err, n,
			"--phase=%s: %s is an encoder and generates nothing; gpt2 is the decoder of BERT-Base's shape",
			phase, c->name);
	for (int i = 0; phase && i <= TRANSFORMER_GENERATE; i++)
		if (strcmp(phase, phases[i]) == 0)
			load->phase = (enum transformer_phase)i;
	return 0;
}

/* Adds the case once for each length of --seq. */
static int add_lengths(const struct mw_opts *o, const struct transformer_case *c, struct transformer_cases *out,
		       char *err, size_t n)
{
	uint64_t lengths[64];
	struct transformer_case one = *c;
	int rc = load_of(o, c, &one.load, err, n);
	const size_t count = mw_opt_sizes(o, "seq", lengths, sizeof(lengths) / sizeof(lengths[0]));
	for (size_t i = 0; i < count && rc == 0 && out->n < TRANSFORMER_CASES; i++) {
		one.load.tokens = (double)lengths[i];
		out->v[out->n++] = one;
	}
	return rc;
}

static int add_model(const struct mw_opts *o, const struct transformer_model *m, struct transformer_cases *out,
		     char *err, size_t n)
{
	struct transformer_case c = {.name = m->name, .model = m, .shape = m->shape};
	int rc = 0;
	if (shape_option(o)) {
		c.name = "custom";
		c.model = NULL;
		rc = change_shape(o, &c.shape, err, n);
	}
	return rc < 0 ? rc : add_lengths(o, &c, out, err, n);
}

static int add_models(const struct mw_opts *o, struct transformer_cases *out, char *err, size_t n)
{
	const char *rest = mw_opt_text(o, "model"), *shape = shape_option(o), *word;
	size_t len;
	int rc = 0;
	if (!rest)
		rest = "bert-base,bert-large,bert-large-published,gpt2";
	if (shape && strchr(rest, ','))
		return mw_fail(MW_ESPEC, err, n, "--%s: changes one model, but --model names several", shape);
	while (rc == 0 && mw_list_next(&rest, &word, &len)) {
		char name[40];
		mw_format(name, sizeof(name), "%.*s", (int)len, word);
		rc = add_model(o, transformer_find(name), out, err, n);
	}
	return rc;
}

int cli_transformer_cases(const struct mw_opts *o, struct transformer_cases *out, char *err, size_t n)
{
	out->n = 0;
	out->v = calloc(TRANSFORMER_CASES, sizeof(*out->v));
	if (!out->v)
		return mw_fail(-ENOMEM, err, n, "%s", mw_strerror(-ENOMEM));
	if (mw_opt_text(o, "model") || !shape_option(o))
		return add_models(o, out, err, n);
	struct transformer_case own = {.name = "custom"};
	int rc = own_shape(o, &own.shape, err, n);
	return rc < 0 ? rc : add_lengths(o, &own, out, err, n);
}

/* ---- the command ---- */

/* --models and --published take no options that describe a case. */
static int check_useless(const struct mw_opts *o, const char *list, char *err, size_t n)
{
	for (const struct mw_option *p = transformer_options; p->name; p++) {
		char why[60];
		mw_format(why, sizeof(why), "--%s has no use for it", list);
		if (strcmp(p->name, list) == 0 || strcmp(p->name, "analytic") == 0)
			continue;
		int rc = cli_no_option(o, p->name, why, err, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int run_cases(const struct cli *cli, const struct profile *p, char *err, size_t n)
{
	struct transformer_cases cases;
	int rc = cli_transformer_cases(&cli->opts, &cases, err, n);
	if (rc == 0)
		rc = mw_opt_flag(&cli->opts, "latency") ? cli_transformer_latencies(cli, p, &cases, err, n)
							: cli_transformer_operators(cli, p, &cases, err, n);
	free(cases.v);
	return rc;
}

static int run_transformer(struct cli *cli, char *err, size_t n)
{
	const struct mw_opts *o = &cli->opts;
	const bool models = mw_opt_flag(o, "models"), published = mw_opt_flag(o, "published");
	struct profile p;
	int rc = 0;
	if (models || published)
		rc = check_useless(o, models ? "models" : "published", err, n);
	else if (!mw_opt_flag(o, "analytic") && !mw_opt_flag(o, "latency"))
		rc = mw_fail(MW_EUNAVAILABLE, err, n,
			     "this version measures no transformers; 'memwall transformer --analytic' computes them");
	if (rc < 0)
		return rc;
	if (models)
		return cli_transformer_models(cli, err, n);
	rc = profile_open(&p, err, n);
	if (rc == 0)
		rc = published ? cli_transformer_published(cli, &p, err, n) : run_cases(cli, &p, err, n);
	profile_close(&p);
	return rc;
}

const struct command cmd_transformer = {
	.name = "transformer",
	.section = "The memory wall",
	.usage = "--analytic",
	.summary = "FLOPs, bytes and arithmetic intensity of each operator of a transformer",
	.details =
		"Closed forms that reproduce Tables 3, 10 and 11 of Kim et al., arXiv:2302.14017, beside what they\n"
		"print, and the same for any shape, length, batch and number format. bytes (MOPs) cross the memory\n"
		"interface when each operator reads its operands once and writes its result once; a\n"
		"multiply-accumulate is 2 FLOP; embeddings and the head for logits are not counted. printed: the\n"
		"FLOPs of the paper; error: the closed form's against them. CSV has plain FLOP and bytes.\n"
		"Phases: encoder, all tokens attend to all; prefill, each to itself and those before it; decode, one\n"
		"token with a context of seq; generate, seq tokens one by one. What is fitted to the paper's tables\n"
		"and what is derived: docs/transformer.md. Latencies are sums over the operators of\n"
		"max(FLOP, bytes x ridge), not measurements.",
	.options = transformer_options,
	.run = run_transformer,
};
