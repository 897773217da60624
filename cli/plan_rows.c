/* The rows of `memwall plan`, and those of the model and its devices. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/plan.h"

#define SHAPES "shape of the model"
#define KIM "closed forms of Kim et al. 2023, arXiv:2302.14017"
#define ZERO "ZeRO, Rajbhandari et al., arXiv:1910.02054, section 3.1"
#define KORTHIKANTI "Korthikanti et al. 2022, arXiv:2205.05198, section 4"
#define ROOFLINE "roofline of each operator and communication; " KIM
#define MONEY "price over the working seconds of a device's life, and electricity"
#define PHYSICS "bytes and operations times pJ; " KIM

/* clang-format off */
static const struct plan_item items[I_COUNT] = {
	[I_PARAMETERS] = {PLAN_MODEL, "parameters", "parameters", "", SHAPES},
	[I_ACTIVE] = {PLAN_MODEL, "active_parameters", "parameters that a token uses", "", SHAPES},
	[I_LAYERS] = {PLAN_MODEL, "layers", "layers", "", SHAPES},
	[I_WIDTH] = {PLAN_MODEL, "width", "width", "", SHAPES},
	[I_HEADS] = {PLAN_MODEL, "heads", "heads", "", SHAPES},
	[I_KV_TOKEN] = {PLAN_MODEL, "kv_per_token", "KV cache of a token", "byte", KIM},
	[I_WEIGHTS] = {PLAN_MODEL, "training_weights", "training: weights", "byte", ZERO},
	[I_GRADIENTS] = {PLAN_MODEL, "training_gradients", "training: gradients", "byte", ZERO},
	[I_STATES] = {PLAN_MODEL, "training_states", "training: optimizer states", "byte", NULL},
	[I_PER_PARAMETER] = {PLAN_MODEL, "training_per_parameter", "training: all three, per parameter", "byte", NULL},
	[I_ACTIVATIONS] = {PLAN_MODEL, "training_activations", "training: activations of a batch", "byte", KORTHIKANTI},
	[I_RECOMPUTE] = {PLAN_MODEL, "training_recompute", "training: operations repeated", "ratio", KORTHIKANTI},
	[I_TOKENS] = {PLAN_MODEL, "training_tokens", "training: tokens", "", "tokens per parameter"},
	[I_TRAIN_FLOPS] = {PLAN_MODEL, "training_flop", "training: operations", "FLOP", "6 per parameter and token, and attention"},
	[I_SERVE_WEIGHTS] = {PLAN_MODEL, "serving_weights", "serving: weights", "byte", SHAPES},
	[I_SERVE_CACHE] = {PLAN_MODEL, "serving_kv", "serving: KV cache of the batch", "byte", KIM},

	[I_FIGURE_FIRST + MACHINE_MEMORY] = {PLAN_DEVICE, "memory", "memory", "byte", NULL},
	[I_FIGURE_FIRST + MACHINE_BANDWIDTH] = {PLAN_DEVICE, "bandwidth", "bandwidth", "byte/s", NULL},
	[I_FIGURE_FIRST + MACHINE_PEAK] = {PLAN_DEVICE, "peak", "peak in the format of activations", "op/s", NULL},
	[I_FIGURE_FIRST + MACHINE_LINK] = {PLAN_DEVICE, "link", "link, one direction", "byte/s", NULL},
	[I_FIGURE_FIRST + MACHINE_POWER] = {PLAN_DEVICE, "power", "power", "W", NULL},
	[I_FIGURE_FIRST + MACHINE_PRICE] = {PLAN_DEVICE, "price", "price", "USD", NULL},

	[I_TRAIN_DEVICES] = {PLAN_TRAINING, "devices", "devices", "", ZERO},
	[I_TRAIN_TENSOR] = {PLAN_TRAINING, "tensor", "ways that a layer is split (tensor)", "", ZERO},
	[I_TRAIN_PIPELINE] = {PLAN_TRAINING, "pipeline", "stages (pipeline)", "", ZERO},
	[I_EACH_WEIGHTS] = {PLAN_TRAINING, "device_weights", "weights on a device", "byte", ZERO},
	[I_EACH_GRADIENTS] = {PLAN_TRAINING, "device_gradients", "gradients on a device", "byte", ZERO},
	[I_EACH_STATES] = {PLAN_TRAINING, "device_states", "optimizer states on a device", "byte", ZERO},
	[I_EACH_ACTIVATIONS] = {PLAN_TRAINING, "device_activations", "activations on a device", "byte", KORTHIKANTI},
	[I_EACH_ALL] = {PLAN_TRAINING, "device_bytes", "sum on a device", "byte", ZERO},
	[I_TRAIN_PRICE] = {PLAN_TRAINING, "hardware", "price of the devices", "USD", "devices x price"},
	[I_TRAIN_TIME] = {PLAN_TRAINING, "time", "time", "s", "operations over peak x training_share"},
	[I_TRAIN_ENERGY] = {PLAN_TRAINING, "energy", "energy", "kWh", "power x power_share x pue x time"},
	[I_TRAIN_COST] = {PLAN_TRAINING, "cost", "cost", "USD", MONEY},

	[I_SERVE_DEVICES] = {PLAN_SERVING, "devices", "devices", "", "weights and KV cache over memory"},
	[I_SERVE_TENSOR] = {PLAN_SERVING, "tensor", "ways that a layer is split (tensor)", "", "weights and KV cache over memory"},
	[I_SERVE_PIPELINE] = {PLAN_SERVING, "pipeline", "stages (pipeline)", "", "weights and KV cache over memory"},
	[I_SERVE_EACH] = {PLAN_SERVING, "device_bytes", "weights and KV cache on a device", "byte", KIM},
	[I_SERVE_PRICE] = {PLAN_SERVING, "hardware", "price of the devices", "USD", "devices x price"},
	[I_FORMAT] = {PLAN_SERVING, "computes_in", "computes in", "", "table of devices"},
	[I_PREFILL_TIME] = {PLAN_SERVING, "prefill_time", "prefill: time of the prompt", "s", ROOFLINE},
	[I_PREFILL_RATE] = {PLAN_SERVING, "prefill_rate", "prefill: tokens/s", "1/s", ROOFLINE},
	[I_PREFILL_ROOF] = {PLAN_SERVING, "prefill_roof", "prefill: bound by", "", ROOFLINE},
	[I_DECODE_TIME] = {PLAN_SERVING, "decode_time", "decode: time of a token", "s", ROOFLINE},
	[I_DECODE_COMPUTE] = {PLAN_SERVING, "decode_compute", "decode: part bound by compute", "s", ROOFLINE},
	[I_DECODE_MEMORY] = {PLAN_SERVING, "decode_memory", "decode: part bound by memory", "s", ROOFLINE},
	[I_DECODE_LINK] = {PLAN_SERVING, "decode_link", "decode: part on links", "s", ROOFLINE},
	[I_DECODE_RATE] = {PLAN_SERVING, "decode_rate", "decode: tokens/s", "1/s", ROOFLINE},
	[I_DECODE_ROOF] = {PLAN_SERVING, "decode_roof", "decode: bound by", "", ROOFLINE},
	[I_ANSWER_TIME] = {PLAN_SERVING, "answer_time", "time of prompt and output", "s", ROOFLINE},
	[I_DECODE_ENERGY] = {PLAN_SERVING, "token_energy", "energy of an output token", "J", "power x power_share x pue x time"},
	[I_BARE_ENERGY] = {PLAN_SERVING, "token_bare_energy", "energy of its bytes and operations", "J", PHYSICS},
	[I_BARE_SHARE] = {PLAN_SERVING, "token_bytes_share", "share of the bytes in this energy", "ratio", PHYSICS},
	[I_TOKEN_COST] = {PLAN_SERVING, "cost_per_million", "cost of 1e6 output tokens", "USD", MONEY},

	[I_SERVED] = {PLAN_COST, "served_tokens", "output tokens in the model's life", "", "served_tokens"},
	[I_SERVING_SHARE] = {PLAN_COST, "serving_share", "share of serving in the cost", "ratio", MONEY},
	[I_TOKENS_HALF] = {PLAN_COST, "tokens_for_half", "tokens until serving is 50 %", "", MONEY},
	[I_TOKENS_NINETY] = {PLAN_COST, "tokens_for_90", "tokens until serving is 90 %", "", MONEY},
};
/* clang-format on */

/* ---- rows ---- */

static struct plan_row *new_row(struct plan_rows *l, enum item item, const struct plan_device *d)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct plan_row *v = realloc(l->v, cap * sizeof(*v));
		if (!v) {
			l->failed = true;
			return NULL;
		}
		l->v = v;
		l->cap = cap;
	}
	struct plan_row *r = &l->v[l->n++];
	*r = (struct plan_row){.item = &items[item], .device = d, .provenance = MW_MODELLED};
	return r;
}

void plan_say(struct plan_rows *l, struct plan_row *r, const char *fmt, ...)
{
	struct mw_buf b = {0};
	va_list ap;
	if (!r)
		return;
	if (r->note)
		mw_buf_add(&b, "%s; ", r->note);
	va_start(ap, fmt);
	mw_buf_vadd(&b, fmt, ap);
	va_end(ap);
	l->failed = l->failed || b.failed;
	free(r->note);
	r->note = b.p;
}

/* Says which figures of the device that the value needs are not known. */
static void say_absent(const struct plan *p, struct plan_rows *l, struct plan_row *r, uint32_t uses)
{
	for (int f = 0; f < MACHINE_FIELDS; f++)
		if (f != MACHINE_PEAK && uses & BIT(f) && isnan(plan_figure(p, r->device, (enum machine_field)f)))
			plan_say(l, r, "no %s of %s is known", machine_field_name((enum machine_field)f),
				 mw_buf_text(&r->device->name));
}

struct plan_row *plan_put(const struct plan *p, struct plan_rows *l, enum item item, const struct plan_device *d,
			  double value, uint32_t uses)
{
	struct plan_row *r = new_row(l, item, d);
	if (!r)
		return NULL;
	const uint32_t tiers = p->n_tiers ? BIT(C_MEMORY) | BIT(C_BANDWIDTH) : 0;
	r->value = value;
	r->uses = uses & ~p->constants.user & ~tiers;
	r->user = uses & (p->constants.user | tiers);
	if (d)
		r->unverified = d->m.unverified & uses & ~p->constants.user & ~tiers & (BIT(MACHINE_FIELDS) - 1);
	if (!isfinite(value)) {
		r->value = (double)NAN;
		r->provenance = MW_UNAVAILABLE;
		r->user = r->unverified = false;
		if (d)
			say_absent(p, l, r, uses);
	}
	return r;
}

void plan_put_text(const struct plan *p, struct plan_rows *l, enum item item, const struct plan_device *d,
		   const char *text, uint32_t uses)
{
	struct plan_row *r = plan_put(p, l, item, d, 0, uses);
	if (r)
		r->text = text;
}

void plan_put_absent(const struct plan *p, struct plan_rows *l, enum item first, const struct plan_device *d,
		     const char *why)
{
	for (enum item i = first; i < I_COUNT && items[i].table == items[first].table; i++)
		plan_say(l, plan_put(p, l, i, d, (double)NAN, 0), "%s", why);
}

void plan_rows_fini(struct plan_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->v[i].note);
	free(rows->v);
	*rows = (struct plan_rows){0};
}

/* ---- the model ---- */

double plan_tokens(const struct plan *p)
{
	return p->tokens > 0 ? p->tokens : p->parameters * p->constants.value[C_TOKENS_PER_PARAMETER];
}

uint32_t plan_tokens_use(const struct plan *p)
{
	return p->tokens > 0 ? 0 : BIT(C_TOKENS_PER_PARAMETER);
}

double plan_training_flops(const struct plan *p)
{
	return plan_tokens(p) * training_flops_per_token(&p->shape, p->active, p->sequence, p->checkpointing);
}

double plan_room(const struct plan *p, const struct plan_device *d)
{
	double room = p->n_tiers ? 0 : plan_figure(p, d, MACHINE_MEMORY);
	for (size_t i = 0; i < p->n_tiers; i++)
		room += p->tiers[i].bytes;
	return room * p->constants.value[C_MEMORY_SHARE];
}

static void fill_training_bytes(const struct plan *p, struct plan_rows *l)
{
	const double ratio = training_factor_ratio(&p->shape);
	const struct training_bytes all = training_zero(p->parameters, p->optimizer, ratio, 0, 1);
	(void)plan_put(p, l, I_WEIGHTS, NULL, all.weights, 0);
	(void)plan_put(p, l, I_GRADIENTS, NULL, all.gradients, 0);
	struct plan_row *r = plan_put(p, l, I_STATES, NULL, all.states, 0);
	plan_say(l, r, "%s: %s", p->optimizer->name, p->optimizer->source);
	r = plan_put(p, l, I_PER_PARAMETER, NULL, training_bytes_per_parameter(p->optimizer, ratio), 0);
	if (p->optimizer->factor_bytes > 0)
		plan_say(l, r, "its factors hold %.3g numbers for each weight", ratio);
	r = plan_put(p, l, I_ACTIVATIONS, NULL,
		     training_activation_bytes(&p->shape, p->sequence, p->batch, 1, p->checkpointing), 0);
	plan_say(l, r, "%g x %g tokens, 16 bits, checkpointing %s", p->batch, p->sequence,
		 checkpointing_name(p->checkpointing));
	(void)plan_put(p, l, I_RECOMPUTE, NULL, training_recompute(&p->shape, p->sequence, p->checkpointing), 0);
	(void)plan_put(p, l, I_TOKENS, NULL, plan_tokens(p), plan_tokens_use(p));
	(void)plan_put(p, l, I_TRAIN_FLOPS, NULL, plan_training_flops(p), plan_tokens_use(p));
}

/* The shape of a model is published, unless it was made up for a number of parameters. */
static void published(const struct plan *p, struct plan_row *r)
{
	if (r && !p->shape_assumed)
		r->provenance = MW_REFERENCE;
}

static void fill_model(const struct plan *p, struct plan_rows *l)
{
	struct plan_row *r = plan_put(p, l, I_PARAMETERS, NULL, p->parameters, 0);
	plan_say(l, r, "%s: %s", p->model, p->model_source);
	if (p->active < p->parameters)
		(void)plan_put(p, l, I_ACTIVE, NULL, p->active, 0);
	r = plan_put(p, l, I_LAYERS, NULL, (double)p->shape.layers, 0);
	if (p->shape_assumed)
		plan_say(l, r, "assumed as in GPT-3: width 128 x layers, heads of 128, which makes %.4g parameters",
			 transformer_parameters(&p->shape));
	published(p, r);
	published(p, plan_put(p, l, I_WIDTH, NULL, (double)p->shape.d, 0));
	published(p, plan_put(p, l, I_HEADS, NULL, (double)p->shape.heads, 0));
	(void)plan_put(p, l, I_KV_TOKEN, NULL, transformer_kv_bytes(&p->shape, p->cache->bits), 0);
	if (p->train)
		fill_training_bytes(p, l);
	if (!p->serve)
		return;
	r = plan_put(p, l, I_SERVE_WEIGHTS, NULL, p->parameters * p->weights->bits / 8, 0);
	plan_say(l, r, "%s, %g bits", p->weights->name, p->weights->bits);
	r = plan_put(p, l, I_SERVE_CACHE, NULL,
		     transformer_kv_bytes(&p->shape, p->cache->bits) * p->batch * (p->prompt + p->output), 0);
	plan_say(l, r, "%g x %g tokens, %s", p->batch, p->prompt + p->output, p->cache->name);
}

/* ---- devices ---- */

/* --memory: the sum of all tiers' bytes, or the bandwidth of the first; words: the tiers, for the note. */
static double tiers_figure(const struct plan *p, enum machine_field field, char *words, size_t n)
{
	double sum = 0;
	words[0] = '\0';
	for (size_t i = 0; i < p->n_tiers; i++) {
		char size[24], rate[24];
		sum += p->tiers[i].bytes;
		mw_clip_add(words, n, "%s%s %s at %s", i ? ", then " : "", p->tiers[i].name,
			    plan_value(p->tiers[i].bytes, "byte", size, sizeof(size)),
			    plan_value(p->tiers[i].bandwidth, "byte/s", rate, sizeof(rate)));
	}
	return field == MACHINE_MEMORY ? sum : p->tiers[0].bandwidth;
}

/* Value of a figure as it enters the plan; words: what its note says. */
static double shown_figure(const struct plan *p, const struct plan_device *d, enum machine_field field,
			   enum machine_format *used, char *words, size_t n)
{
	words[0] = '\0';
	if (field == MACHINE_PEAK)
		return plan_peak(p, d, p->activations, used);
	if (p->n_tiers && (field == MACHINE_MEMORY || field == MACHINE_BANDWIDTH))
		return tiers_figure(p, field, words, n);
	return plan_figure(p, d, field);
}

static void fill_device(const struct plan *p, struct plan_rows *l, const struct plan_device *d)
{
	for (int f = 0; f < MACHINE_FIELDS; f++) {
		const enum machine_field field = (enum machine_field)f;
		enum machine_format used = MACHINE_FORMATS;
		char words[SERVING_TIERS * 80]; /* a tier has at most 23 + 2 * 23 + 14 */
		const double v = shown_figure(p, d, field, &used, words, sizeof(words));
		struct plan_row *r = plan_put(p, l, (enum item)(I_FIGURE_FIRST + f), d, v, BIT(f));
		if (!r)
			return;
		if (r->provenance != MW_UNAVAILABLE && !r->user)
			r->provenance = d->provenance[f];
		if (field == MACHINE_PEAK && used != MACHINE_FORMATS && !r->user)
			plan_say(l, r, "%s", machine_format_name(used));
		if (field == MACHINE_PEAK && r->provenance == MW_UNAVAILABLE)
			plan_say(l, r, "the device does not multiply %s", p->activations->name);
		if (words[0] && field == MACHINE_MEMORY)
			plan_say(l, r, "%s", words);
		if (r->unverified)
			plan_say(l, r, "unverified");
		if (f == 0 && d->note.len)
			plan_say(l, r, "%s", mw_buf_text(&d->note));
	}
}

int plan_fill(struct plan *p, struct plan_rows *rows, char *err, size_t n)
{
	fill_model(p, rows);
	for (size_t i = 0; i < p->n_devices; i++)
		fill_device(p, rows, &p->devices[i]);
	for (size_t i = 0; i < p->n_devices; i++) {
		const struct plan_device *d = &p->devices[i];
		struct answers a = {.training_usd = (double)NAN, .token_usd = (double)NAN};
		char why[2][MW_ERR_ROOM] = {"", ""};
		int rc[2] = {0, 0};
		if (p->train)
			rc[0] = plan_fill_training(p, rows, d, &a, why[0], sizeof(why[0]));
		if (p->serve)
			rc[1] = plan_fill_serving(p, rows, d, &a, why[1], sizeof(why[1]));
		/* Without --train and --serve, one of the two may not fit into --count devices. */
		const bool none = (!p->train || rc[0]) && (!p->serve || rc[1]);
		if (p->count > 0 && (none || (p->asked && (rc[0] || rc[1]))))
			return mw_fail(MW_ESPEC, err, n, "--count: %s", rc[1] && (none || !rc[0]) ? why[1] : why[0]);
		if (p->train && p->serve)
			plan_fill_cost(p, rows, d, &a);
	}
	return rows->failed ? mw_fail(-ENOMEM, err, n, "out of memory") : 0;
}
