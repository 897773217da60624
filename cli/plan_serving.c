/* `memwall plan`: serving a model on one kind of device, and its share in the cost. */
#include <errno.h>
#include <math.h>

#include "base/core/text.h"
#include "cli/plan.h"

/* Fills in s and tiers; false where the memory of the device is not known. */
static bool serving_of(const struct plan *p, const struct plan_device *d, struct memory_tier tiers[SERVING_TIERS],
		       struct serving *s, enum machine_format *used)
{
	const double *c = p->constants.value;
	*s = (struct serving){
		.shape = &p->shape,
		.weight_bits = p->weights->bits,
		.activation_bits = p->activations->bits,
		.kv_bits = p->cache->bits,
		.batch = p->batch,
		.tensor = p->tensor > 0 ? p->tensor : 1,
		.pipeline = p->pipeline > 0 ? p->pipeline : 1,
		.context = p->prompt + p->output,
		.peak = plan_peak(p, d, p->activations, used) * c[C_COMPUTE_SHARE],
		.link = plan_figure(p, d, MACHINE_LINK) * c[C_LINK_SHARE],
		.link_latency = c[C_LINK_LATENCY],
		.tiers = tiers,
		.n_tiers = p->n_tiers ? p->n_tiers : 1,
	};
	tiers[0] = (struct memory_tier){"", plan_figure(p, d, MACHINE_MEMORY), plan_figure(p, d, MACHINE_BANDWIDTH)};
	for (size_t i = 0; i < p->n_tiers; i++)
		tiers[i] = p->tiers[i];
	for (size_t i = 0; i < s->n_tiers; i++) {
		tiers[i].bytes *= c[C_MEMORY_SHARE];
		tiers[i].bandwidth *= c[C_BANDWIDTH_SHARE];
	}
	return !isnan(tiers[0].bytes);
}

static void put_decode(const struct plan *p, struct plan_rows *l, const struct plan_device *d,
		       const struct serving_step *s, uint32_t use)
{
	struct plan_row *r = plan_put(p, l, I_DECODE_TIME, d, s->seconds, use);
	if (!p->shape.decoder)
		plan_say(l, r, "%s is an encoder: modelled as if it generated", p->model);
	(void)plan_put(p, l, I_DECODE_COMPUTE, d, s->part[ROOF_COMPUTE], use);
	(void)plan_put(p, l, I_DECODE_MEMORY, d, s->part[ROOF_MEMORY], use);
	(void)plan_put(p, l, I_DECODE_LINK, d, s->part[ROOF_LINK], use);
}

struct replica {
	struct serving_step prefill, decode;
	double devices, copies; /* devices of one copy of the model; number of copies */
	uint32_t use;
};

static void put_costs(const struct plan *p, struct plan_rows *l, const struct plan_device *d, const struct replica *c,
		      struct answers *out)
{
	const double price = plan_figure(p, d, MACHINE_PRICE), power = plan_figure(p, d, MACHINE_POWER);
	/* An output token pays for its part of the prompt. All stages of a pipeline work all the time. */
	const double prompt_s = p->batch * p->prompt / c->prefill.tokens_per_s;
	const double output_s = p->batch * p->output / c->decode.tokens_per_s;
	const double device_s = c->devices * (prompt_s + output_s) / (p->batch * p->output);
	(void)plan_put(p, l, I_DECODE_ENERGY, d, device_s * cost_watts(&p->constants, power), c->use | DRAWN);
	const double pj_bytes = c->decode.bytes / p->batch * p->constants.value[C_PJ_PER_BYTE];
	const double pj = pj_bytes + c->decode.flops / p->batch * p->constants.value[C_PJ_PER_FLOP];
	const uint32_t bare = BIT(C_PJ_PER_BYTE) | BIT(C_PJ_PER_FLOP);
	struct plan_row *r = plan_put(p, l, I_BARE_ENERGY, d, 1e-12 * pj, bare);
	plan_say(l, r, "one decoded token, without its prompt");
	(void)plan_put(p, l, I_BARE_SHARE, d, pj > 0 ? pj_bytes / pj : (double)NAN, bare);
	out->token_usd = device_s * cost_per_second(&p->constants, price, power);
	out->token_use = c->use | SPENT;
	r = plan_put(p, l, I_TOKEN_COST, d, 1e6 * out->token_usd, out->token_use);
	plan_say(l, r, "the cost of their prompts is included");
}

static void put_serving(const struct plan *p, struct plan_rows *l, const struct plan_device *d, const struct serving *s,
			const struct replica *c, enum machine_format used)
{
	const uint32_t fit = FITTING;
	const double devices = p->count > 0 ? p->count : c->devices;
	struct plan_row *r = plan_put(p, l, I_SERVE_DEVICES, d, devices, fit);
	if (c->copies > 1 || devices > c->devices)
		plan_say(l, r, "%g copies of the model", c->copies);
	(void)plan_put(p, l, I_SERVE_TENSOR, d, s->tensor, fit);
	(void)plan_put(p, l, I_SERVE_PIPELINE, d, s->pipeline, fit);
	(void)plan_put(p, l, I_SERVE_EACH, d, serving_memory(s).device, fit);
	(void)plan_put(p, l, I_SERVE_PRICE, d, devices * plan_figure(p, d, MACHINE_PRICE), fit | BIT(C_PRICE));
	plan_put_text(p, l, I_FORMAT, d, used == MACHINE_FORMATS ? "its peak" : machine_format_name(used), BIT(C_PEAK));
	r = plan_put(p, l, I_PREFILL_TIME, d, c->prefill.seconds, c->use);
	if (p->shape.context && p->prompt + p->output > (double)p->shape.context)
		plan_say(l, r, "%g tokens are more than the %g that it was trained for", p->prompt + p->output,
			 (double)p->shape.context);
	(void)plan_put(p, l, I_PREFILL_RATE, d, c->copies * c->prefill.tokens_per_s, c->use);
	plan_put_text(p, l, I_PREFILL_ROOF, d, serving_roof_name(c->prefill.roof), c->use);
	put_decode(p, l, d, &c->decode, c->use);
	(void)plan_put(p, l, I_DECODE_RATE, d, c->copies * c->decode.tokens_per_s, c->use);
	plan_put_text(p, l, I_DECODE_ROOF, d, serving_roof_name(c->decode.roof), c->use);
	(void)plan_put(p, l, I_ANSWER_TIME, d, c->prefill.seconds + p->output * c->decode.seconds, c->use);
}

static const char *serving_gap(const struct plan *p, const struct plan_device *d, const struct serving *s, bool known,
			       int rc, char *why, size_t n)
{
	struct serving least = *s;
	if (!known)
		mw_clip(why, n, "the memory of %s is not known: --set=memory=BYTES", mw_buf_text(&d->name));
	else if (rc == -ENODATA)
		mw_clip(why, n,
			"no link of %s is known, and the model is split over %g devices: --set=link=BYTES_PER_S",
			mw_buf_text(&d->name), s->tensor * s->pipeline);
	else if (rc == -EINVAL)
		mw_clip(why, n, "%s multiplies no %s, or its bandwidth is not known", mw_buf_text(&d->name),
			p->activations->name);
	else if (p->tensor == 0 && p->pipeline == 0 && serving_split(&least, p->constants.value[C_NODE]) > 0)
		mw_clip(why, n, "serving does not fit into %g of %s: it takes %g", p->count, mw_buf_text(&d->name),
			least.tensor * least.pipeline);
	else
		mw_clip(why, n,
			"with this split, weights and KV cache do not fit into %s; a smaller --batch, "
			"--weights=int4 or larger --tp and --pp help",
			mw_buf_text(&d->name));
	return why;
}

/* Chooses the split and computes both steps. 0, or an error as of serving_step(). */
static int plan_serving(const struct plan *p, struct serving *s, struct replica *c)
{
	if (p->tensor == 0 && p->pipeline == 0 && serving_split(s, p->constants.value[C_NODE]) == 0)
		return -ENOSPC;
	c->devices = s->tensor * s->pipeline;
	c->copies = p->count > 0 ? floor(p->count / c->devices) : 1;
	if (c->copies < 1)
		return -ENOSPC;
	c->use = FITTING | SPEED | (c->devices > 1 ? LINKS : 0);
	int rc = serving_step(s, TRANSFORMER_PREFILL, p->prompt, &c->prefill);
	return rc ? rc : serving_step(s, TRANSFORMER_DECODE, p->prompt + p->output / 2, &c->decode);
}

int plan_fill_serving(const struct plan *p, struct plan_rows *l, const struct plan_device *d, struct answers *out,
		      char *why, size_t n)
{
	struct memory_tier tiers[SERVING_TIERS];
	struct serving s;
	struct replica copy;
	enum machine_format used = MACHINE_FORMATS;
	const bool known = serving_of(p, d, tiers, &s, &used);
	int rc = known ? plan_serving(p, &s, &copy) : -ENODATA;
	out->token_usd = (double)NAN;
	if (rc) {
		plan_put_absent(p, l, I_SERVE_DEVICES, d, serving_gap(p, d, &s, known, rc, why, n));
		return rc == -ENOSPC ? rc : 0;
	}
	put_serving(p, l, d, &s, &copy, isnan(p->constants.value[C_PEAK]) ? used : MACHINE_FORMATS);
	put_costs(p, l, d, &copy, out);
	return 0;
}

void plan_fill_cost(const struct plan *p, struct plan_rows *l, const struct plan_device *d, const struct answers *a)
{
	const double served = p->constants.value[C_SERVED_TOKENS];
	const uint32_t use = a->training_use | a->token_use;
	(void)plan_put(p, l, I_SERVED, d, served, BIT(C_SERVED_TOKENS));
	struct plan_row *r =
		plan_put(p, l, I_SERVING_SHARE, d, cost_serving_share(a->training_usd, served, a->token_usd),
			 use | BIT(C_SERVED_TOKENS));
	plan_say(l, r, "counts one training, no research, no staff");
	(void)plan_put(p, l, I_TOKENS_HALF, d, cost_tokens_for_share(a->training_usd, 0.5, a->token_usd), use);
	(void)plan_put(p, l, I_TOKENS_NINETY, d, cost_tokens_for_share(a->training_usd, 0.9, a->token_usd), use);
}
