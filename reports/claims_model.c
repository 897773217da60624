/* Claims on transformers: closed forms (bench/model/transformer.h) beside what is published. */
#include "reports/claims_rules.h"

#include "base/core/err.h"
#include "bench/model/published.h"
#include "bench/model/roofline.h"

static const struct transformer_model *model_of(const char *name)
{
	return transformer_find(name);
}

/* Costs of the whole model, as the paper counts: 8 bits, one sequence. */
static struct transformer_cost total(const char *name, double tokens)
{
	struct transformer_cost costs[TRANSFORMER_OPS];
	struct transformer_load load = transformer_paper_load(model_of(name), tokens);
	transformer_costs(&model_of(name)->shape, &load, costs);
	return costs[TRANSFORMER_TOTAL];
}

static double flops(const char *name, double tokens)
{
	return total(name, tokens).flops;
}

static double bytes(const char *name, double tokens)
{
	struct transformer_cost c = total(name, tokens);
	return transformer_bytes(&c);
}

static double intensity(const char *name, double tokens)
{
	struct transformer_cost c = total(name, tokens);
	return transformer_intensity(&c);
}

static const char kim[] = "closed forms of Kim et al., arXiv:2302.14017";

/* What the paper prints for the whole model; "nothing" where it prints none. */
static const char *printed(const struct claim_case *k, const char *name, double tokens, enum profile_metric metric)
{
	const struct profile_cell *cell =
		profile_find(&k->facts->profile, model_of(name), tokens, TRANSFORMER_TOTAL, metric);
	return cell ? cell->printed : "nothing";
}

static void transformer_command(struct claim_case *k)
{
	claim_command(k, "memwall transformer --analytic --model=bert-base,gpt2 --seq=128,512");
}

/* B04 */
static int find_gpt3(struct claim_case *k)
{
	const struct transformer_shape *s = &model_of("gpt3-175b")->shape;
	claim_plain(k, transformer_parameters(s), MW_MODELLED);
	mw_buf_add(&k->out->found, ", embeddings included");
	claim_evidence(k, "%s of them in the matrices of %.0f layers, 12 d² each with d = %.0f",
		       num(12.0 * (double)s->layers * (double)s->d * (double)s->d).text, (double)s->layers,
		       (double)s->d);
	claim_evidence(k, "%s", model_of("gpt3-175b")->source);
	return 0;
}

/* A04: what a longer prompt costs in operations where the shape is known. */
static int find_prompt(struct claim_case *k)
{
	const struct transformer_model *m = model_of("gpt3-175b");
	struct published_prompt p = published_prompt_ratio(&m->shape, 8192, 32768);
	claim_plain(k, p.per_token, MW_MODELLED);
	mw_buf_add(&k->out->found, " the operations for each token of a prompt of %s", m->title);
	claim_found(k, "%s for the whole prompt", num(p.whole).text);
	claim_found(k, "decoding reads twice the bytes from %s sequences at once on", num(ceil(p.batch)).text);
	claim_cannot(k, "cited only: the phrase is about a price, and the shape of GPT-4 is not public");
	claim_evidence(k, "%s, for the shape of %s in 16 bits", kim, m->title);
	return 0;
}

/* C13 */
static int find_mac(struct claim_case *k)
{
	struct gemm_shape one = {.m = 1, .n = 1, .k = 1, .a_bytes = 1, .w_bytes = 1, .c_bytes = 1};
	struct profile_fit fit = profile_fit(&k->facts->profile, true);
	claim_plain(k, gemm_ops(&one), MW_MODELLED);
	mw_buf_add(&k->out->found, " for a multiply-accumulate");
	claim_evidence(k, "counted so, %zu of %zu cells of Tables 3, 10 and 11 come out as printed",
		       fit.cells - fit.missed, fit.cells);
	transformer_command(k);
	return 0;
}

/* C14, C15: do the bytes round to those printed, with every operand moved once, one byte each, batch 1? */
static int find_bytes(struct claim_case *k)
{
	static const struct {
		const char *model;
		double tokens;
	} cases[] = {{"bert-base", 128}, {"bert-base", 512}, {"gpt2", 128}, {"gpt2", 512}};
	struct transformer_load load = transformer_paper_load(model_of("bert-base"), 128);
	size_t right = 0, n = sizeof(cases) / sizeof(*cases);
	for (size_t i = 0; i < n; i++) {
		const struct profile_cell *cell = profile_find(&k->facts->profile, model_of(cases[i].model),
							       cases[i].tokens, TRANSFORMER_TOTAL, PROFILE_BYTES);
		double moved = bytes(cases[i].model, cases[i].tokens) / 1e9;
		right += cell && profile_rounds(moved, cell->printed);
		claim_evidence(k, "%s at %.0f tokens: %s GB, printed %s", model_of(cases[i].model)->title,
			       cases[i].tokens, num(moved).text, cell ? cell->printed : "nowhere");
	}
	if (k->claim->tolerance.kind == CLAIM_NO_NUMBER)
		claim_states(k, right == n, (double)right, MW_MODELLED);
	else
		claim_plain(k, right == n ? load.weight_bits : (double)NAN, MW_MODELLED);
	claim_found(k,
		    "with operands of one byte that move once, one sequence, %zu of %zu published totals come out as "
		    "printed",
		    right, n);
	transformer_command(k);
	return 0;
}

/* C16: totals are those of all tokens, not of one. */
static int find_sequence(struct claim_case *k)
{
	const struct transformer_model *m = model_of("gpt2");
	struct transformer_cost one[TRANSFORMER_OPS];
	struct transformer_load load = transformer_paper_load(m, 128);
	const struct profile_cell *cell = profile_find(&k->facts->profile, m, 128, TRANSFORMER_TOTAL, PROFILE_FLOPS);
	load.phase = TRANSFORMER_DECODE;
	transformer_costs(&m->shape, &load, one);
	double all = flops("gpt2", 128) / 1e9, step = one[TRANSFORMER_TOTAL].flops / 1e9;
	claim_states(k, cell && profile_rounds(all, cell->printed) && !profile_rounds(step, cell->printed), all,
		     MW_MODELLED);
	claim_found(k, "%s GFLOP for 128 tokens one by one, printed %s; one token takes %s", num(all).text,
		    cell ? cell->printed : "nowhere", num(step).text);
	claim_evidence(k, "%s: GPT-2, every weight read anew for each token", kim);
	transformer_command(k);
	return 0;
}

/* C17: half a per cent is allowed, since the paper divides rounded numbers. */
static int find_definition(struct claim_case *k)
{
	static const char *const names[] = {"bert-base", "gpt2"};
	double worst = 0;
	size_t n = 0;
	for (size_t i = 0; i < 2; i++) {
		for (int tokens = 128; tokens <= 512; tokens *= 4) {
			const struct profile_cell *cell = profile_find(&k->facts->profile, model_of(names[i]), tokens,
								       TRANSFORMER_TOTAL, PROFILE_INTENSITY);
			double value = intensity(names[i], tokens);
			if (!cell)
				continue;
			worst = fmax(worst, fabs(value / cell->value - 1));
			n++;
			claim_evidence(k, "%s at %d tokens: %s, printed %s", model_of(names[i])->title, tokens,
				       num(value).text, cell->printed);
		}
	}
	claim_states(k, n > 0 && worst < 0.005, 100 * worst, MW_MODELLED);
	claim_found(k, "FLOPs over bytes are within %s %% of %zu published intensities", num(100 * worst).text, n);
	transformer_command(k);
	return 0;
}

/* C18: at equal shape. */
static int find_encoder_flops(struct claim_case *k)
{
	double short_one = flops("bert-base", 128) / flops("gpt2", 128),
	       long_one = flops("bert-base", 512) / flops("gpt2", 512);
	claim_states(k, short_one > 1 && long_one > 1, short_one, MW_MODELLED);
	claim_found(k, "BERT-Base has %s times the FLOPs of GPT-2 of the same shape at 128 tokens, %s times at 512",
		    num(short_one).text, num(long_one).text);
	claim_evidence(k, "%s; BERT-Large has %s times the FLOPs of GPT-2 at 128, being larger", kim,
		       num(flops("bert-large", 128) / flops("gpt2", 128)).text);
	transformer_command(k);
	return 0;
}

/* C19, C20 */
static int find_orders(struct claim_case *k, double (*of)(const char *, double), bool decoder_more,
		       enum profile_metric metric)
{
	double ratio[2];
	for (int i = 0; i < 2; i++) {
		double tokens = i ? 512 : 128, encoder = of("bert-base", tokens), decoder = of("gpt2", tokens);
		ratio[i] = decoder_more ? decoder / encoder : encoder / decoder;
	}
	claim_plain(k, ratio[0], MW_MODELLED);
	mw_buf_add(&k->out->found, " at 128 tokens, %s at 512: %.1f and %.1f orders of magnitude", num(ratio[1]).text,
		   log10(ratio[0]), log10(ratio[1]));
	claim_evidence(k, "GPT-2 and BERT-Base of the same shape, %s", kim);
	claim_evidence(k, "printed at 128 tokens: %s and %s", printed(k, "gpt2", 128, metric),
		       printed(k, "bert-base", 128, metric));
	transformer_command(k);
	return 0;
}

static int find_more_bytes(struct claim_case *k)
{
	return find_orders(k, bytes, true, PROFILE_BYTES);
}

static int find_less_intensity(struct claim_case *k)
{
	return find_orders(k, intensity, false, PROFILE_INTENSITY);
}

const struct claim_rule claim_rules_model[] = {
	{"A04", find_prompt},
	{"B04", find_gpt3},
	{"C13", find_mac},
	{"C14", find_bytes},
	{"C15", find_bytes},
	{"C16", find_sequence},
	{"C17", find_definition},
	{"C18", find_encoder_flops},
	{"C19", find_more_bytes},
	{"C20", find_less_intensity},
	{NULL, NULL},
};
