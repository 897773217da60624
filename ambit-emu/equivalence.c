/* Checks by execution that a micro-program computes its circuit. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/compile.h"
#include "ambit-emu/exact.h"

/* Patterns of the first six inputs, which change from bit to bit of a word; the others change from word to word. */
static const uint64_t within[6] = {0xaaaaaaaaaaaaaaaau, 0xccccccccccccccccu, 0xf0f0f0f0f0f0f0f0u,
				   0xff00ff00ff00ff00u, 0xffff0000ffff0000u, 0xffffffff00000000u};

static uint64_t input_word(unsigned input, uint64_t word, bool exhaustive, uint64_t seed)
{
	if (!exhaustive)
		return ambit_noise(seed + input * 0x9e3779b97f4a7c15u, 0, word);
	return input < 6 ? within[input] : 0 - (word >> (input - 6) & 1);
}

struct check {
	const struct ambit_circuit *c;
	const struct ambit_program *p;
	uint64_t seed;
	struct ambit_equivalence *out;
	size_t words;
	char **row;
	uint64_t *value; /* of the circuit's nodes */
};

static int run(struct check *k)
{
	struct ambit_exact x;
	struct ambit_verdict v;
	int rc = ambit_exact_prepare(k->p, &x, &v);
	if (rc < 0)
		return rc;
	const size_t bytes = (k->words * 8 + AMBIT_LINE - 1) / AMBIT_LINE * AMBIT_LINE, strip = 4096;
	void *scratch = aligned_alloc(4096, ambit_exact_scratch(&x, strip));
	rc = scratch ? 0 : -ENOMEM;
	for (unsigned i = 0; i < k->p->inputs + k->p->outputs && rc == 0; i++) {
		char *row = aligned_alloc(AMBIT_LINE, bytes);
		k->row[i] = row;
		if (!row) {
			rc = -ENOMEM;
			break;
		}
		memset(row, 0x5a, bytes);
		for (size_t w = 0; i < k->p->inputs && w < k->words; w++) {
			uint64_t word = input_word(i, w, k->out->exhaustive, k->seed);
			memcpy(row + 8 * w, &word, 8);
		}
	}
	if (rc == 0) {
		const struct ambit_exact_job job = {
			.x = &x, .cells = ambit_cells(mw_isa_best()), .d = k->row, .strip = strip, .seed = k->seed};
		struct ambit_executed done = {0};
		ambit_exact_run(&job, 0, bytes, scratch, &done);
	}
	free(scratch);
	ambit_exact_free(&x);
	return rc;
}

static uint64_t changed_inputs(const struct check *k, size_t w)
{
	const struct ambit_circuit *c = k->c;
	uint64_t changed = 0, got;
	for (uint32_t i = 0; i < c->inputs.n; i++) {
		uint64_t in = input_word(i, w, k->out->exhaustive, k->seed);
		k->value[c->in[i] >> 1] = in;
		memcpy(&got, k->row[i] + 8 * w, 8);
		changed |= got ^ in;
	}
	return changed;
}

/* Compares outputs with the circuit, and inputs with what they were: a program must not change them. */
static void compare(struct check *k)
{
	const struct ambit_circuit *c = k->c;
	struct ambit_equivalence *e = k->out;
	const uint64_t last = e->lanes % 64 ? ((uint64_t)1 << e->lanes % 64) - 1 : UINT64_MAX;
	e->output = AMBIT_NO_OUTPUT;
	for (size_t w = 0; w < k->words; w++) {
		const uint64_t lanes = w + 1 == k->words ? last : UINT64_MAX;
		uint64_t wrong = changed_inputs(k, w) & lanes, got;
		mig_evaluate(&c->g, k->value);
		for (uint32_t i = 0; i < c->outputs.n; i++) {
			memcpy(&got, k->row[c->inputs.n + i] + 8 * w, 8);
			wrong |= (got ^ mig_value(k->value, c->out[i])) & lanes;
		}
		if (wrong && e->wrong == 0) {
			const int lane = __builtin_ctzll(wrong);
			e->example = 64 * w + (uint64_t)lane;
			for (uint32_t i = c->outputs.n; i-- > 0;) {
				memcpy(&got, k->row[c->inputs.n + i] + 8 * w, 8);
				if ((got ^ mig_value(k->value, c->out[i])) >> lane & 1)
					e->output = i;
			}
		}
		e->wrong += (uint64_t)__builtin_popcountll(wrong);
	}
}

int ambit_equivalent(const struct ambit_circuit *c, const struct ambit_program *p, uint64_t seed,
		     struct ambit_equivalence *out)
{
	*out = (struct ambit_equivalence){.exhaustive = c->inputs.n <= AMBIT_EXHAUSTIVE_INPUTS};
	if (p->inputs != c->inputs.n || p->outputs != c->outputs.n || p->rows < p->inputs + p->outputs)
		return -EINVAL;
	out->lanes = out->exhaustive ? (uint64_t)1 << c->inputs.n : AMBIT_RANDOM_LANES;
	struct check k = {.c = c, .p = p, .seed = seed, .out = out, .words = (size_t)(out->lanes + 63) / 64};
	k.row = calloc((size_t)p->inputs + p->outputs + 1, sizeof(*k.row));
	k.value = calloc(c->g.n, sizeof(*k.value));
	int rc = k.row && k.value ? run(&k) : -ENOMEM;
	if (rc == 0)
		compare(&k);
	for (unsigned i = 0; k.row && i < p->inputs + p->outputs; i++)
		free(k.row[i]);
	free(k.row);
	free(k.value);
	return rc;
}

int ambit_equivalence_print(const struct ambit_equivalence *e, char *out, size_t n)
{
	const char *what = e->exhaustive ? "input combinations" : "random lanes", *all = e->exhaustive ? "all " : "";
	if (e->wrong)
		return snprintf(out, n, "NOT equivalent: %" PRIu64 " of %" PRIu64 " %s are wrong", e->wrong, e->lanes,
				what);
	return snprintf(out, n, "equivalent: %s%" PRIu64 " %s", all, e->lanes, what);
}
