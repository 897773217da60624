#include "ambit-emu/fault_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/exact.h"

/* ---- preparing ---- */

static void reads(struct ambit_fault_program *x, const struct ambit_wordlines *w, const uint8_t *written)
{
	for (unsigned i = 0; i < w->count; i++)
		if (!written[w->w[i].row])
			x->stale[w->w[i].row] = 1;
}

static void writes(const struct ambit_wordlines *w, uint8_t *written)
{
	for (unsigned i = 0; i < w->count; i++)
		written[w->w[i].row] = 1;
}

static void decode_step(struct ambit_fault_program *x, const struct ambit_command *c, struct ambit_fault_step *s,
			uint8_t *written)
{
	s->kind = c->kind;
	(void)ambit_decode(c->a, &s->a); /* verified */
	reads(x, &s->a, written);
	if (s->a.count == 3) {
		s->tra = (uint8_t)c->a.index;
		x->addresses |= 1u << (c->a.index - AMBIT_FIRST_TRA);
		x->tras++;
	}
	writes(&s->a, written);
	if (c->kind == AMBIT_AAP) {
		(void)ambit_decode(c->b, &s->b);
		writes(&s->b, written);
	}
}

int ambit_fault_prepare(const struct ambit_program *p, struct ambit_fault_program *out, struct ambit_verdict *v)
{
	*out = (struct ambit_fault_program){.n = p->n, .inputs = p->inputs, .outputs = p->outputs, .rows = p->rows};
	int rc = ambit_verify(p, v);
	if (rc < 0)
		return rc;
	size_t rows = AMBIT_FIRST_D + (size_t)p->rows;
	uint8_t *written = calloc(rows, 1);
	out->step = calloc(p->n + 1, sizeof(*out->step));
	out->stale = calloc(rows, 1);
	if (!written || !out->step || !out->stale) {
		ambit_fault_program_free(out);
		free(written);
		return -ENOMEM;
	}
	written[AMBIT_C0] = written[AMBIT_C1] = 1;
	for (unsigned i = 0; i < p->inputs; i++)
		written[AMBIT_FIRST_D + i] = 1;
	for (size_t i = 0; i < p->n; i++)
		decode_step(out, &p->cmd[i], &out->step[i], written);
	for (unsigned i = 0; i < p->outputs; i++) /* a result that is never written shows noise too */
		out->stale[AMBIT_FIRST_D + p->inputs + i] |= !written[AMBIT_FIRST_D + p->inputs + i];
	free(written);
	return 0;
}

void ambit_fault_program_free(struct ambit_fault_program *x)
{
	free(x->step);
	free(x->stale);
	x->step = NULL;
	x->stale = NULL;
}

/* ---- one strip ---- */

/* A strip with its halo: words first..first + n - 1 of the slot's row; the strip itself is own_n words from word own of
 * the window on. */
struct window {
	size_t first, n, own, own_n;
};

/* Masks of a word: first and last bit of each chip's part of a beat; first and last beat of the word. */
struct places {
	uint64_t low, high, first, last;
};

struct strip {
	const struct ambit_fault_job *j;
	struct window w;
	struct places at;
	size_t capacity;      /* words of each row below */
	uint64_t **row;       /* by physical row */
	uint64_t *bitline;    /* majorities of the TRA in progress */
	uint64_t *clean;      /* results without failures */
	uint64_t *carry;      /* of each input: the halo before this strip */
	uint64_t *const *map; /* maps of the slot's subarray, by TRA address; NULL: nothing fails */
	uint64_t lanes_left;  /* lanes from the window's first column on */
	struct ambit_fault_done *done;
};

/* Mask of word i of the window: columns before the last lane. */
static uint64_t lanes_mask(const struct strip *s, size_t i)
{
	uint64_t at = 64 * (uint64_t)i;
	if (at >= s->lanes_left)
		return 0;
	return s->lanes_left - at >= 64 ? UINT64_MAX : UINT64_MAX >> (64 - (s->lanes_left - at));
}

/* Mask of the columns whose errors are counted: in the strip itself, before the last lane. */
static uint64_t own_mask(const struct strip *s, size_t i)
{
	return i >= s->w.own && i - s->w.own < s->w.own_n ? lanes_mask(s, i) : 0;
}

static uint64_t pattern(unsigned bits, unsigned every)
{
	uint64_t one = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1, all = 0;
	for (unsigned i = 0; i < 64; i += every)
		all |= one << i;
	return all;
}

static struct places places_of(const struct ambit_burst *b)
{
	uint64_t low = pattern(1, b->chip_bits), first = pattern(b->beat_bits, 64);
	return (struct places){low, low << (b->chip_bits - 1), first, first << (64 - b->beat_bits)};
}

/* Mask of columns that have a neighbour whose bitline settles to the opposite value. Column c of a chip is bit c %
 * chip_bits of its part of beat c / chip_bits. A column at the edge of the window has one neighbour. */
static uint64_t opposed(const struct strip *s, size_t i)
{
	unsigned chip = s->j->burst.chip_bits, beat = s->j->burst.beat_bits;
	const uint64_t *m = s->bitline;
	uint64_t v = m[i], low = s->at.low, high = s->at.high;
	uint64_t before = i > 0 ? m[i - 1] : ((v & low & s->at.first) << (chip - 1)) << (64 - beat);
	uint64_t after = i + 1 < s->w.n ? m[i + 1] : ((v & high & s->at.last) >> (chip - 1)) >> (64 - beat);
	uint64_t beat_before = beat == 64 ? before : v << beat | before >> (64 - beat);
	uint64_t beat_after = beat == 64 ? after : v >> beat | after << (64 - beat);
	uint64_t left = ((v << 1) & ~low) | ((beat_before >> (chip - 1)) & low);
	uint64_t right = ((v >> 1) & ~high) | ((beat_after << (chip - 1)) & high);
	return (v ^ left) | (v ^ right);
}

/* The idle row next to the raised ones, in the order of enum ambit_row; the first of two. */
static unsigned idle_row(const struct ambit_wordlines *w)
{
	unsigned raised = 1u << w->w[0].row | 1u << w->w[1].row | 1u << w->w[2].row;
	unsigned beside = (raised << 1 | raised >> 1) & ~raised & ((1u << AMBIT_COMPUTE_ROWS) - 1);
	return (unsigned)__builtin_ctz(beside);
}

static uint64_t flip_of(bool n)
{
	return n ? UINT64_MAX : 0;
}

static void restore(const struct strip *s, const struct ambit_wordlines *w)
{
	for (unsigned k = 0; k < w->count; k++) {
		uint64_t *to = s->row[w->w[k].row], flip = flip_of(w->w[k].n);
		for (size_t i = 0; i < s->w.n; i++)
			to[i] = s->bitline[i] ^ flip;
	}
}

static void majority(const struct strip *s, const struct ambit_wordlines *w)
{
	const uint64_t *a = s->row[w->w[0].row], *b = s->row[w->w[1].row], *c = s->row[w->w[2].row];
	uint64_t fa = flip_of(w->w[0].n), fb = flip_of(w->w[1].n), fc = flip_of(w->w[2].n);
	for (size_t i = 0; i < s->w.n; i++) {
		uint64_t x = a[i] ^ fa, y = b[i] ^ fb, z = c[i] ^ fc;
		s->bitline[i] = (x & y) | (z & (x | y));
	}
}

/* Mask of columns whose three cells differ; the bitline holds their majority. */
static uint64_t mixed(const struct strip *s, const struct ambit_wordlines *w, size_t i)
{
	uint64_t m = s->bitline[i], differ = 0;
	for (unsigned k = 0; k < 3; k++)
		differ |= s->row[w->w[k].row][i] ^ flip_of(w->w[k].n) ^ m;
	return differ;
}

/* Inverts the bitline of the columns that fail in one TRA. All of them are found before any is inverted, because a
 * column is disturbed by the value its neighbour's bitline settles to. */
static void fail(const struct strip *s, const struct ambit_fault_step *step)
{
	size_t words = s->j->maps->words;
	const uint64_t *map = s->map[step->tra - AMBIT_FIRST_TRA] + s->j->first_column / 64 + s->w.first;
	const struct ambit_fault_model *model = &s->j->maps->model;
	const uint64_t *idle = s->row[idle_row(&step->a)];
	uint64_t *wrong = s->row[AMBIT_FIRST_D + s->j->x->rows]; /* a scratch row */
	for (size_t i = 0; i < s->w.n; i++) {
		uint64_t bad = map[i];
		if (model->columns)
			bad |= map[words + i] & opposed(s, i);
		if (model->rows)
			bad |= map[2 * words + i] & (idle[i] ^ s->bitline[i]);
		wrong[i] = bad ? bad & mixed(s, &step->a, i) & lanes_mask(s, i) : 0;
	}
	for (size_t i = 0; i < s->w.n; i++)
		if (wrong[i]) {
			s->bitline[i] ^= wrong[i];
			s->done->injected += (unsigned)__builtin_popcountll(wrong[i] & own_mask(s, i));
		}
}

static void execute(const struct strip *s)
{
	const struct ambit_fault_program *x = s->j->x;
	for (size_t i = 0; i < x->n; i++) {
		const struct ambit_fault_step *step = &x->step[i];
		if (step->a.count == 3) {
			majority(s, &step->a);
			if (s->map)
				fail(s, step);
			restore(s, &step->a);
		} else {
			/* Two wordlines: the verifier has proved the cells equal; after failures the first one decides.
			 */
			const uint64_t *from = s->row[step->a.w[0].row], flip = flip_of(step->a.w[0].n);
			for (size_t k = 0; k < s->w.n; k++)
				s->bitline[k] = from[k] ^ flip;
			if (step->a.count == 2)
				restore(s, &step->a);
		}
		restore(s, &step->b);
	}
}

/* ---- strips of a slot ---- */

/* Words of halo on either side: with every TRA a failure may reach one more column of its chip. */
static size_t halo_words(const struct ambit_fault_job *j)
{
	const struct ambit_fault_model *m = &j->maps->model;
	size_t words = (size_t)(j->row_bytes / 8);
	size_t halo = m->columns ? j->x->tras / j->burst.chip_bits + 1 : 0;
	return halo < words ? halo : words;
}

/* Words of a strip: as requested, but the whole row where the halo would exceed the strip. */
static size_t strip_words(const struct ambit_fault_job *j)
{
	size_t words = (size_t)(j->row_bytes / 8), strip = j->strip / 8, halo = halo_words(j);
	return strip < halo || strip > words ? words : strip;
}

static size_t window_words(const struct ambit_fault_job *j)
{
	size_t words = (size_t)(j->row_bytes / 8), n = strip_words(j) + 2 * halo_words(j);
	return ((n < words ? n : words) + 7) / 8 * 8;
}

/* Words of scratch: physical rows, a row of failing columns, the bitlines, results without failures, halos of inputs.
 */
static size_t scratch_words(const struct ambit_fault_job *j)
{
	const struct ambit_fault_program *x = j->x;
	size_t rows = AMBIT_FIRST_D + (size_t)x->rows + 2 + x->outputs;
	return rows * window_words(j) + x->inputs * halo_words(j);
}

static size_t pointer_words(const struct ambit_fault_job *j)
{
	return (AMBIT_FIRST_D + (size_t)j->x->rows + 1 + 7) / 8 * 8;
}

size_t ambit_fault_scratch(const struct ambit_fault_job *j)
{
	return 8 * ((pointer_words(j) + scratch_words(j) + 7) / 8 * 8);
}

static void lay_out(struct strip *s, const struct ambit_fault_job *j, void *scratch)
{
	const struct ambit_fault_program *x = j->x;
	size_t rows = AMBIT_FIRST_D + (size_t)x->rows + 1;
	uint64_t *at = (uint64_t *)scratch + pointer_words(j);
	s->j = j;
	s->capacity = window_words(j);
	s->row = scratch;
	for (size_t r = 0; r < rows; r++, at += s->capacity)
		s->row[r] = at;
	s->bitline = at;
	s->clean = at + s->capacity;
	s->carry = s->clean + x->outputs * s->capacity;
}

/* Loads inputs, constants and noise. slot_at: byte offset of the slot in every row. */
static void load(const struct strip *s, uint64_t slot_at)
{
	const struct ambit_fault_job *j = s->j;
	const struct window *w = &s->w;
	size_t halo = halo_words(j);
	for (unsigned k = 0; k < j->x->inputs; k++) {
		uint64_t *row = s->row[AMBIT_FIRST_D + k];
		/* A result may have overwritten the input before the strip: the carry holds it. */
		if (w->own)
			memcpy(row, s->carry + k * halo + (halo - w->own), 8 * w->own);
		memcpy(row + w->own, j->d[k] + slot_at + 8 * (w->first + w->own), 8 * (w->n - w->own));
	}
	for (size_t i = 0; i < w->n; i++) {
		s->row[AMBIT_C0][i] = 0;
		s->row[AMBIT_C1][i] = UINT64_MAX;
	}
	for (unsigned r = 0; r < AMBIT_FIRST_D + j->x->rows; r++)
		/* With interference an idle compute row matters even if no command reads it. */
		if (j->x->stale[r] || (r < AMBIT_COMPUTE_ROWS && j->maps->model.rows))
			for (size_t i = 0; i < w->n; i++)
				s->row[r][i] = ambit_noise(j->seed, r, slot_at / 8 + w->first + i);
}

static void keep_carry(const struct strip *s)
{
	size_t halo = halo_words(s->j), end = s->w.own + s->w.own_n, n = end < halo ? end : halo;
	for (unsigned k = 0; k < s->j->x->inputs; k++)
		memcpy(s->carry + k * halo + (halo - n), s->row[AMBIT_FIRST_D + k] + end - n, 8 * n);
}

/* Stores the results of the strip and counts what differs from those without failures. */
static void commit(const struct strip *s, uint64_t slot_at)
{
	const struct ambit_fault_job *j = s->j;
	for (unsigned k = 0; k < j->x->outputs; k++) {
		const uint64_t *row = s->row[AMBIT_FIRST_D + j->x->inputs + k], *clean = s->clean + k * s->capacity;
		for (size_t i = s->w.own; i < s->w.own + s->w.own_n; i++)
			s->done->wrong += (unsigned)__builtin_popcountll((row[i] ^ clean[i]) & lanes_mask(s, i));
		memcpy(j->d[j->x->inputs + k] + slot_at + 8 * (s->w.first + s->w.own), row + s->w.own, 8 * s->w.own_n);
	}
}

static void run_strip(struct strip *s, uint64_t slot_at, uint64_t *const *map)
{
	const struct ambit_fault_program *x = s->j->x;
	load(s, slot_at);
	s->map = NULL;
	execute(s);
	for (unsigned k = 0; k < x->outputs; k++)
		memcpy(s->clean + k * s->capacity, s->row[AMBIT_FIRST_D + x->inputs + k], 8 * s->w.n);
	load(s, slot_at);
	keep_carry(s);
	s->map = map;
	execute(s);
	commit(s, slot_at);
	for (size_t i = 0; i < x->n; i++)
		s->done->bytes[x->step[i].kind] += 8 * s->w.own_n;
}

void ambit_fault_run(const struct ambit_fault_job *j, uint64_t begin, uint64_t end, uint64_t bytes, void *scratch,
		     struct ambit_fault_done *done)
{
	struct ambit_fault_done mine = *done; /* a local, because the counts of several slices share a cache line */
	struct strip s = {.at = places_of(&j->burst), .done = &mine};
	size_t halo = halo_words(j), strip = strip_words(j);
	lay_out(&s, j, scratch);
	for (uint64_t slot = begin; slot < end; slot++) {
		uint64_t slot_at = slot * j->row_bytes, left = bytes - slot_at;
		size_t words = (size_t)((left < j->row_bytes ? left : j->row_bytes) / 8);
		for (size_t at = 0; at < words; at += strip) {
			size_t before = at < halo ? at : halo, n = words - at < strip ? words - at : strip;
			size_t after = words - at - n < halo ? words - at - n : halo;
			s.w = (struct window){at - before, before + n + after, before, n};
			uint64_t place = j->period ? slot % j->period : slot;
			uint64_t lane = 8 * place * j->row_bytes + 64 * (uint64_t)s.w.first;
			s.lanes_left = j->lanes > lane ? j->lanes - lane : 0;
			run_strip(&s, slot_at, ambit_fault_maps_of(j->maps, slot, &j->at));
		}
	}
	*done = mine;
}
