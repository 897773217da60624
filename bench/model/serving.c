#include "bench/model/serving.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

const char *serving_roof_name(enum serving_roof r)
{
	static const char *const names[ROOF_COUNT] = {"compute", "memory", "link"};
	return names[r];
}

/* Share of the KV cache that lies on one device: a key/value head is not split. */
static double cache_share(const struct serving *s)
{
	return 1 / fmin(s->tensor, (double)s->shape->kv_heads) / s->pipeline;
}

struct serving_bytes serving_memory(const struct serving *s)
{
	struct serving_bytes b = {
		.weights = transformer_parameters(s->shape) * s->weight_bits / 8,
		.cache = transformer_kv_bytes(s->shape, s->kv_bits) * s->context * s->batch,
	};
	b.device = b.weights / (s->tensor * s->pipeline) + b.cache * cache_share(s);
	return b;
}

/* Places `bytes` into the tiers from *at on, of which *used bytes are taken already. Returns the mean seconds per byte
 * of reading them; NaN when they do not fit. */
static double place(const struct serving *s, double bytes, size_t *at, double *used)
{
	double left = bytes, seconds = 0;
	if (!(bytes > 0))
		return 0;
	for (;;) {
		const struct memory_tier *t = &s->tiers[*at];
		double take = fmin(left, t->bytes - *used);
		seconds += take / t->bandwidth;
		left -= take;
		*used += take;
		if (!(left > 0))
			return seconds / bytes;
		if (++*at == s->n_tiers)
			return (double)NAN;
		*used = 0;
	}
}

/* Seconds per byte on one device. */
struct reading {
	double weights, cache, activations;
};

static int reading_of(const struct serving *s, struct reading *r)
{
	const struct serving_bytes b = serving_memory(s);
	size_t at = 0;
	double used = 0;
	r->weights = place(s, b.weights / (s->tensor * s->pipeline), &at, &used);
	r->cache = isnan(r->weights) ? (double)NAN : place(s, b.cache * cache_share(s), &at, &used);
	r->activations = 1 / s->tiers[0].bandwidth;
	return isnan(r->weights) || isnan(r->cache) ? -ENOSPC : 0;
}

/* The product that makes logits, of the last token of each sequence. */
static struct transformer_cost logits(const struct serving *s, double batch)
{
	const double d = (double)s->shape->d, words = (double)s->shape->vocab;
	return (struct transformer_cost){
		.flops = 2 * batch * d * words,
		.weights = d * words * s->weight_bits / 8,
		.activations = batch * (d + words) * s->activation_bits / 8,
	};
}

static void add_operator(const struct serving *s, const struct reading *r, const struct transformer_cost *c,
			 struct serving_step *out)
{
	/* Key/value heads are not split, so that the cache may shrink less than the rest. */
	const double cache = c->cache * cache_share(s) * s->pipeline;
	const double compute = c->flops / s->tensor / s->peak;
	const double memory =
		(c->weights * r->weights + c->activations * r->activations) / s->tensor + cache * r->cache;
	out->part[compute >= memory ? ROOF_COMPUTE : ROOF_MEMORY] += fmax(compute, memory);
	out->flops += c->flops;
	out->bytes += transformer_bytes(c);
}

double serving_all_reduce(double bytes, double n, double link, double latency)
{
	return n > 1 ? 2 * (n - 1) / n * bytes / link + 2 * (n - 1) * latency : 0;
}

static double communication(const struct serving *s, double rows)
{
	const double bytes = rows * (double)s->shape->d * s->activation_bits / 8;
	double seconds = 2 * (double)s->shape->layers * serving_all_reduce(bytes, s->tensor, s->link, s->link_latency);
	if (s->pipeline > 1)
		seconds += (s->pipeline - 1) * (bytes / s->link + s->link_latency);
	return seconds;
}

static bool whole(double v)
{
	return v >= 1 && v == floor(v);
}

static int check(const struct serving *s)
{
	if (!whole(s->tensor) || !whole(s->pipeline) || fmod((double)s->shape->heads, s->tensor) != 0 ||
	    s->pipeline > (double)s->shape->layers || s->n_tiers == 0 || !(s->peak > 0) || !(s->batch >= 1))
		return -EINVAL;
	for (size_t i = 0; i < s->n_tiers; i++)
		if (!(s->tiers[i].bytes > 0) || !(s->tiers[i].bandwidth > 0))
			return -EINVAL;
	return s->tensor * s->pipeline > 1 && !(s->link > 0) ? -ENODATA : 0;
}

int serving_step(const struct serving *s, enum transformer_phase phase, double tokens, struct serving_step *out)
{
	struct transformer_cost costs[TRANSFORMER_OPS];
	struct reading r;
	int rc = check(s);
	rc = rc ? rc : reading_of(s, &r);
	if (rc)
		return rc;
	const double groups = fmin(s->pipeline, s->batch), batch = s->batch / groups;
	const struct transformer_load load = {
		.phase = phase,
		.tokens = tokens,
		.batch = batch,
		.weight_bits = s->weight_bits,
		.activation_bits = s->activation_bits,
		.kv_bits = s->kv_bits,
	};
	*out = (struct serving_step){0};
	transformer_costs(s->shape, &load, costs);
	for (size_t i = 0; i < TRANSFORMER_TOTAL; i++)
		add_operator(s, &r, &costs[i], out);
	const struct transformer_cost last = logits(s, batch);
	add_operator(s, &r, &last, out);
	const double rows = batch * (phase == TRANSFORMER_DECODE ? 1 : tokens);
	out->part[ROOF_LINK] = communication(s, rows);
	for (int i = 0; i < ROOF_COUNT; i++) {
		out->seconds += out->part[i];
		if (out->part[i] > out->part[out->roof])
			out->roof = (enum serving_roof)i;
	}
	out->flops *= groups;
	out->bytes *= groups;
	out->tokens_per_s = groups * rows / out->seconds;
	return 0;
}

static bool fits(const struct serving *s)
{
	double room = 0;
	for (size_t i = 0; i < s->n_tiers; i++)
		room += s->tiers[i].bytes;
	return serving_memory(s).device <= room;
}

int serving_split(struct serving *s, double node)
{
	s->tensor = s->pipeline = 1;
	while (!fits(s) && 2 * s->tensor <= node && fmod((double)s->shape->heads, 2 * s->tensor) == 0)
		s->tensor *= 2;
	while (!fits(s) && s->pipeline < (double)s->shape->layers)
		s->pipeline++;
	return fits(s) ? (int)(s->tensor * s->pipeline) : 0;
}
