/* Runs micro-programs on vertical lanes, 64 columns to a word, by the published address map, without the
 * emulator's decoder and loops. Rows whose contents are undefined begin with noise. */
#ifndef TEST_AMBIT_LANES_H
#define TEST_AMBIT_LANES_H

#include <criterion/criterion.h>

#include "ambit-emu/ops.h"
#include "tests/ambit-emu/model.h"

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LANES 65536u
#else
#define LANES 8192u /* a sanitizer or no optimiser: the widths count, not the lanes */
#endif
#define ALL_PAIRS 65536u /* of 8-bit operands */

/* 512 columns at once, whatever the compiler makes of it. */
typedef uint64_t lanes_vector __attribute__((vector_size(64), may_alias));
#define LANES_BLOCK 16u /* vectors of a row that a program runs over before the next: its rows stay in the cache */

struct lanes {
	uint64_t *row; /* T0..DCC1, C0, C1, D0..: words of each behind one another */
	size_t words;
	unsigned rows;
	int unequal; /* a two-wordline activation met cells that differ */
};

static inline void *lanes_row(const struct lanes *l, unsigned r)
{
	return l->row + r * l->words;
}

static inline uint64_t *lanes_d(const struct lanes *l, unsigned i)
{
	return lanes_row(l, CELL_D + i);
}

/* words: a multiple of LANES_BLOCK vectors. */
static inline void lanes_init(struct lanes *l, const struct ambit_program *p, size_t words, uint64_t seed)
{
	cr_assert_eq(words % (8 * LANES_BLOCK), 0);
	*l = (struct lanes){.words = words, .rows = CELL_D + p->rows};
	l->row = aligned_alloc(64, l->rows * words * 8);
	for (size_t i = 0; i < l->rows * words; i++)
		l->row[i] = test_random(&seed);
	memset(lanes_row(l, CELL_C0), 0, words * 8);
	memset(lanes_row(l, CELL_C0 + 1), 255, words * 8);
}

struct lanes_side {
	int n;
	struct {
		lanes_vector *at;
		uint64_t flip;
	} w[3];
};

static inline struct lanes_side lanes_side(const struct lanes *l, const struct cell_map *m, struct ambit_address a,
					   size_t base)
{
	struct lanes_side s = {.n = 1};
	if (a.group == AMBIT_D) {
		s.w[0].at = (lanes_vector *)lanes_row(l, CELL_D + a.index) + base;
		return s;
	}
	int i = a.group == AMBIT_B ? a.index : 16 + a.index;
	s.n = m->count[i];
	for (int k = 0; k < s.n; k++) {
		s.w[k].at = (lanes_vector *)lanes_row(l, (unsigned)m->line[i][k].row) + base;
		s.w[k].flip = m->line[i][k].n ? ~UINT64_C(0) : 0;
	}
	return s;
}

static inline void lanes_write(const struct lanes_side *s, const lanes_vector *bitline)
{
	for (int k = 0; k < s->n; k++)
		for (size_t i = 0; i < LANES_BLOCK; i++)
			s->w[k].at[i] = bitline[i] ^ s->w[k].flip;
}

static inline void lanes_sense(const struct lanes_side *s, lanes_vector *bitline, int *unequal)
{
	for (size_t i = 0; i < LANES_BLOCK; i++) {
		lanes_vector x = s->w[0].at[i] ^ s->w[0].flip;
		bitline[i] = x;
		if (s->n == 1)
			continue;
		lanes_vector y = s->w[1].at[i] ^ s->w[1].flip;
		if (s->n == 2) {
			*unequal |= memcmp(&x, &y, sizeof(x)) != 0;
			continue;
		}
		lanes_vector z = s->w[2].at[i] ^ s->w[2].flip;
		bitline[i] = (x & y) | (z & (x | y));
	}
}

static inline void lanes_run(struct lanes *l, const struct cell_map *m, const struct ambit_program *p)
{
	for (size_t base = 0; base < l->words / 8; base += LANES_BLOCK) {
		for (size_t i = 0; i < p->n; i++) {
			const struct ambit_command *c = &p->cmd[i];
			lanes_vector bitline[LANES_BLOCK];
			struct lanes_side s = lanes_side(l, m, c->a, base);
			lanes_sense(&s, bitline, &l->unequal);
			if (s.n > 1) /* one wordline restores what it read */
				lanes_write(&s, bitline);
			if (c->kind == AMBIT_AAP) {
				s = lanes_side(l, m, c->b, base);
				lanes_write(&s, bitline);
			}
		}
	}
}

/* 64 numbers of 64 bits <-> 64 rows of one word: exchanges ever smaller off-diagonal blocks. */
static inline void lanes_transpose(uint64_t v[64])
{
	uint64_t mask = 0xffffffff;
	for (unsigned half = 32; half; half /= 2, mask ^= mask << half) {
		for (unsigned i = 0; i < 64; i = (i + half + 1) & ~half) {
			uint64_t t = (v[i] >> half ^ v[i + half]) & mask;
			v[i] ^= t << half;
			v[i + half] ^= t;
		}
	}
}

/* Bits first..first+n of every lane into rows. */
static inline void lanes_load(const struct lanes *l, unsigned first_row, unsigned n, const uint64_t *value)
{
	for (size_t w = 0; w < l->words; w++) {
		uint64_t block[64];
		memcpy(block, value + 64 * w, sizeof(block));
		lanes_transpose(block);
		for (unsigned k = 0; k < n; k++)
			lanes_d(l, first_row + k)[w] = block[k];
	}
}

/* At most 64 rows as numbers. */
static inline void lanes_store(const struct lanes *l, unsigned first_row, unsigned n, uint64_t *value)
{
	for (size_t w = 0; w < l->words; w++) {
		uint64_t block[64] = {0};
		for (unsigned k = 0; k < n; k++)
			block[k] = lanes_d(l, first_row + k)[w];
		lanes_transpose(block);
		memcpy(value + 64 * w, block, sizeof(block));
	}
}

#endif
