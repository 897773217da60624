#include "ambit-emu/npn.h"

#include <string.h>

static uint16_t swap_inputs(uint16_t f, int k) /* k and k + 1 */
{
	static const uint16_t keep[3] = {0x9999, 0xc3c3, 0xf00f}, up[3] = {0x2222, 0x0c0c, 0x00f0};
	int by = 1 << k;
	return (uint16_t)((f & keep[k]) | (f & up[k]) << by | (f >> by & up[k]));
}

static uint16_t flip_input(uint16_t f, int k)
{
	int by = 1 << k;
	return (uint16_t)((f & npn_input[k]) >> by | (f << by & npn_input[k]));
}

static int class_of(uint16_t smallest)
{
	int low = 0, high = NPN_CLASSES;
	while (high - low > 1) {
		int middle = (low + high) / 2;
		if (npn_table[middle].function <= smallest)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Visits all permutations by swaps of neighbours, and for each all negations by single flips. */
void npn_find(uint16_t function, struct npn_match *m)
{
	/* Steinhaus, Johnson, Trotter: 24 permutations; the last swap leads back to the first one. */
	static const uint8_t swaps[24] = {2, 1, 0, 2, 0, 1, 2, 0, 2, 1, 0, 2, 0, 1, 2, 0, 2, 1, 0, 2, 0, 1, 2, 0};
	uint16_t f = function, smallest = UINT16_MAX;
	uint8_t from[NPN_INPUTS] = {0, 1, 2, 3}, flip = 0;
	for (int p = 0; p < 24; p++) {
		for (int i = 1; i <= 16; i++) {
			uint16_t low = f >> 15 ? (uint16_t)~f : f; /* at most 0x7fff */
			if (low < smallest) {
				smallest = low;
				*m = (struct npn_match){.flip = flip, .complement = f >> 15};
				memcpy(m->from, from, sizeof(from));
			}
			int k = i < 16 ? __builtin_ctz((unsigned)i) : 3; /* Gray code; the last flip leads back */
			f = flip_input(f, k);
			flip ^= (uint8_t)(1u << k);
		}
		int k = swaps[p];
		uint8_t t = from[k], differ = (flip >> k ^ flip >> (k + 1)) & 1;
		from[k] = from[k + 1];
		from[k + 1] = t;
		flip ^= (uint8_t)(differ * (3u << k));
		f = swap_inputs(f, k);
	}
	m->at = (uint8_t)class_of(smallest);
	m->size = (uint8_t)(strlen(npn_table[m->at].majorities) / 3);
}

const struct npn_match *npn_match(struct npn_memo *memo, uint16_t function)
{
	if (!memo->known[function]) {
		npn_find(function, &memo->match[function]);
		memo->known[function] = 1;
	}
	return &memo->match[function];
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The literals of the class's inputs, with the constant before them. */
static void inputs_of(const struct npn_match *m, const mig_literal leaf[NPN_INPUTS], mig_literal *value)
{
	value[0] = MIG_ZERO;
	for (unsigned k = 0; k < NPN_INPUTS; k++)
		value[1 + k] = leaf[m->from[k]] ^ (mig_literal)(m->flip >> k & 1);
}

/* value: of the constant, the inputs and the n - 5 majorities. */
static mig_literal result_of(const struct npn_match *m, const mig_literal *value, unsigned n)
{
	if (m->size > 0)
		return value[n - 1] ^ (mig_literal)m->complement;
	/* The two classes without majorities are constant 0 and ~x3, the smallest table of a single input. */
	mig_literal l = npn_table[m->at].function ? value[NPN_INPUTS] ^ 1 : MIG_ZERO;
	return l ^ (mig_literal)m->complement;
}

mig_literal npn_plant(struct mig *g, const struct npn_match *m, const mig_literal leaf[NPN_INPUTS])
{
	mig_literal value[1 + NPN_INPUTS + NPN_MAX_SIZE] = {MIG_ZERO};
	unsigned n = 1 + NPN_INPUTS;
	inputs_of(m, leaf, value);
	for (const char *p = npn_table[m->at].majorities; *p; p += 3) {
		mig_literal in[3];
		for (int k = 0; k < 3; k++)
			in[k] = value[digit(p[k]) / 2] ^ (digit(p[k]) & 1);
		value[n++] = mig_maj(g, in[0], in[1], in[2]);
	}
	return result_of(m, value, n);
}

unsigned npn_added(const struct mig *g, const struct npn_match *m, const mig_literal leaf[NPN_INPUTS],
		   const uint32_t *refs, mig_literal *result)
{
	mig_literal value[1 + NPN_INPUTS + NPN_MAX_SIZE] = {MIG_ZERO};
	unsigned n = 1 + NPN_INPUTS, added = 0;
	inputs_of(m, leaf, value);
	for (const char *p = npn_table[m->at].majorities; *p; p += 3) {
		mig_literal in[3];
		bool exist = true;
		for (int k = 0; k < 3; k++) {
			mig_literal v = value[digit(p[k]) / 2];
			exist &= v != MIG_NONE;
			in[k] = v ^ (digit(p[k]) & 1);
		}
		mig_literal l = exist ? mig_find(g, in[0], in[1], in[2]) : MIG_NONE;
		added += l == MIG_NONE || (refs[l >> 1] == 0 && !mig_is_leaf(g, l >> 1));
		value[n++] = l;
	}
	*result = m->size && value[n - 1] == MIG_NONE ? MIG_NONE : result_of(m, value, n);
	return added;
}
