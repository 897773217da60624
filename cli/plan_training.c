/* `memwall plan`: training a model on one kind of device. */
#include <errno.h>
#include <math.h>

#include "base/core/text.h"
#include "cli/plan.h"

struct trainer {
	double tensor, pipeline, ways; /* ways: data-parallel copies, among which ZeRO splits */
	struct training_bytes each;
	double activations;
};

static double trainer_bytes(const struct trainer *t)
{
	return training_zero_sum(&t->each) + t->activations;
}

static void train_on(const struct plan *p, struct trainer *t)
{
	const double parts = t->tensor * t->pipeline;
	t->each =
		training_zero(p->parameters / parts, p->optimizer, training_factor_ratio(&p->shape), p->zero, t->ways);
	/* The first stage of a pipeline holds the activations of as many batches as there are stages, which are as many
	 * bytes as all layers have for one batch. */
	t->activations = training_activation_bytes(&p->shape, p->sequence, p->batch, t->tensor, p->checkpointing);
}

/* The fewest data-parallel ways with which the training fits into room bytes; 0 when none do. */
static double fewest_ways(const struct plan *p, struct trainer *t, double room)
{
	t->ways = 1;
	train_on(p, t);
	if (trainer_bytes(t) <= room)
		return 1;
	/* kept: bytes on each device however many ways there are; shared: bytes that the ways divide. */
	t->ways = (double)INFINITY;
	train_on(p, t);
	const double kept = trainer_bytes(t);
	t->ways = 1;
	train_on(p, t);
	const double shared = trainer_bytes(t) - kept;
	if (!(kept < room) || !(shared > 0))
		return 0;
	t->ways = ceil(shared / (room - kept) * (1 - 1e-12));
	train_on(p, t);
	return t->ways;
}

/* Is this split better than the best so far? Fewer devices, then fewer stages. */
static bool better(const struct trainer *t, const struct trainer *best)
{
	const double devices = t->tensor * t->pipeline * t->ways, least = best->tensor * best->pipeline * best->ways;
	return devices < least || (devices == least && t->pipeline < best->pipeline);
}

/* The split that takes the fewest devices, among those that the user left open; *t is the last one that was tried where
 * none fits. */
static bool fewest_devices(const struct plan *p, double room, struct trainer *t)
{
	const double node = p->constants.value[C_NODE], heads = (double)p->shape.heads;
	const double stages = p->pipeline > 0 ? p->pipeline : (double)p->shape.layers;
	struct trainer best = {.tensor = 1, .pipeline = 1, .ways = (double)INFINITY};
	double tensor = p->tensor > 0 ? p->tensor : 1;
	do {
		for (uint64_t k = p->pipeline > 0 ? (uint64_t)p->pipeline : 1; (double)k <= stages; k++) {
			t->tensor = tensor;
			t->pipeline = (double)k;
			if (fewest_ways(p, t, room) > 0 && better(t, &best))
				best = *t;
		}
		tensor *= 2;
	} while (p->tensor <= 0 && tensor <= node && fmod(heads, tensor) == 0);
	if (isinf(best.ways))
		return false;
	*t = best;
	return true;
}

static bool plan_trainer(const struct plan *p, double room, struct trainer *t)
{
	if (!fewest_devices(p, room, t))
		return false;
	if (p->count <= 0)
		return true;
	t->ways = floor(p->count / (t->tensor * t->pipeline));
	if (t->ways < 1)
		return false;
	train_on(p, t);
	return trainer_bytes(t) <= room;
}

static const char *training_gap(const struct plan *p, const struct plan_device *d, double room, char *why, size_t n)
{
	struct trainer t = {0};
	struct plan least = *p;
	char have[24], acts[24];
	if (isnan(room)) {
		mw_clip(why, n, "the memory of %s is not known: --set=memory=BYTES", mw_buf_text(&d->name));
		return why;
	}
	least.count = 0;
	const bool possible = plan_trainer(&least, room, &t);
	if (p->count > 0 && possible) {
		mw_clip(why, n, "training does not fit into %g of %s: it takes %g", p->count, mw_buf_text(&d->name),
			t.tensor * t.pipeline * t.ways);
		return why;
	}
	mw_clip(why, n,
		"training fits into no number of %s with %s of memory: activations alone take %s on each; a "
		"smaller --batch, --checkpointing=full, --zero=3 or a larger --tp help",
		mw_buf_text(&d->name), plan_value(room, "byte", have, sizeof(have)),
		plan_value(t.activations, "byte", acts, sizeof(acts)));
	return why;
}

static void put_trainer(const struct plan *p, struct plan_rows *l, const struct plan_device *d, const struct trainer *t,
			struct answers *out)
{
	const uint32_t fit = FITTING, time_use = fit | BIT(C_PEAK) | BIT(C_TRAINING_SHARE) | plan_tokens_use(p);
	const double devices = p->count > 0 ? p->count : t->tensor * t->pipeline * t->ways;
	const double price = plan_figure(p, d, MACHINE_PRICE), power = plan_figure(p, d, MACHINE_POWER);
	enum machine_format used = MACHINE_FORMATS;
	const double seconds = plan_training_flops(p) / (t->tensor * t->pipeline * t->ways) /
			       (plan_peak(p, d, p->activations, &used) * p->constants.value[C_TRAINING_SHARE]);
	struct plan_row *r = plan_put(p, l, I_TRAIN_DEVICES, d, devices, fit);
	if (p->count > 0 && devices > t->tensor * t->pipeline * t->ways)
		plan_say(l, r, "%g of them are used", t->tensor * t->pipeline * t->ways);
	(void)plan_put(p, l, I_TRAIN_TENSOR, d, t->tensor, fit);
	(void)plan_put(p, l, I_TRAIN_PIPELINE, d, t->pipeline, fit);
	r = plan_put(p, l, I_EACH_WEIGHTS, d, t->each.weights, fit);
	plan_say(l, r, "ZeRO stage %d, %g data-parallel ways", p->zero, t->ways);
	(void)plan_put(p, l, I_EACH_GRADIENTS, d, t->each.gradients, fit);
	(void)plan_put(p, l, I_EACH_STATES, d, t->each.states, fit);
	(void)plan_put(p, l, I_EACH_ACTIVATIONS, d, t->activations, fit);
	(void)plan_put(p, l, I_EACH_ALL, d, trainer_bytes(t), fit);
	(void)plan_put(p, l, I_TRAIN_PRICE, d, devices * price, fit | BIT(C_PRICE));
	r = plan_put(p, l, I_TRAIN_TIME, d, seconds, time_use);
	if (isnan(seconds))
		plan_say(l, r, "%s does not multiply %s", mw_buf_text(&d->name), p->activations->name);
	(void)plan_put(p, l, I_TRAIN_ENERGY, d, devices * cost_watts(&p->constants, power) * seconds / 3.6e6,
		       time_use | DRAWN);
	out->training_usd = devices * seconds * cost_per_second(&p->constants, price, power);
	out->training_use = time_use | SPENT;
	(void)plan_put(p, l, I_TRAIN_COST, d, out->training_usd, out->training_use);
}

int plan_fill_training(const struct plan *p, struct plan_rows *l, const struct plan_device *d, struct answers *out,
		       char *why, size_t n)
{
	const double room = plan_room(p, d);
	struct trainer t;
	out->training_usd = (double)NAN;
	if (isnan(room) || !plan_trainer(p, room, &t)) {
		plan_put_absent(p, l, I_TRAIN_DEVICES, d, training_gap(p, d, room, why, n));
		return isnan(room) ? 0 : -ENOSPC;
	}
	put_trainer(p, l, d, &t, out);
	return 0;
}
