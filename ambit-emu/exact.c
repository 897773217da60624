#include "ambit-emu/exact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- preparing ---- */

static bool among(const uint16_t *v, unsigned n, uint16_t row)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] == row)
			return true;
	return false;
}

static void add_destination(struct ambit_step *s, struct ambit_wordline w)
{
	s->dst_n |= (uint8_t)(w.n << s->n_dst);
	s->dst[s->n_dst++] = w.row;
}

void ambit_step_of(const struct ambit_command *c, struct ambit_step *s)
{
	struct ambit_wordlines a, b = {0};
	(void)ambit_decode(c->a, &a); /* verified */
	if (c->kind == AMBIT_AAP)
		(void)ambit_decode(c->b, &b);
	*s = (struct ambit_step){.kind = c->kind, .n_src = a.count == 3 ? 3 : 1};
	for (unsigned i = 0; i < s->n_src; i++)
		s->src[i] = a.w[i].row;
	s->src_n = a.count < 3 && a.w[0].n;
	for (unsigned i = 0; i < a.count && a.count == 3; i++)
		add_destination(s, a.w[i]);
	/* A row that is both source and destination would get the same value twice: it is listed once. */
	for (unsigned i = 0; i < b.count; i++) {
		bool source = b.w[i].row == a.w[0].row || (a.count > 1 && b.w[i].row == a.w[1].row);
		if (!source && !among(s->dst, s->n_dst, b.w[i].row))
			add_destination(s, b.w[i]);
	}
}

static bool caller_row(const struct ambit_exact *x, uint16_t row)
{
	return row >= AMBIT_FIRST_D && row < AMBIT_FIRST_D + x->inputs + x->outputs;
}

/* From the first command on: finds rows that are read before they are written, and the spans. */
static void forward_pass(struct ambit_exact *x, uint8_t *written)
{
	memset(written + AMBIT_FIRST_D, 1, x->inputs);
	written[AMBIT_C0] = written[AMBIT_C1] = 1;
	for (unsigned i = 0; i < x->inputs + x->outputs; i++)
		x->span[i].written = x->n;
	for (size_t i = 0; i < x->n; i++) {
		const struct ambit_step *s = &x->step[i];
		for (unsigned k = 0; k < s->n_src; k++) {
			if (!written[s->src[k]])
				x->noise[x->n_noise++] = s->src[k];
			written[s->src[k]] = 1; /* already in the list of noise rows */
			if (caller_row(x, s->src[k]))
				x->span[s->src[k] - AMBIT_FIRST_D].used = i + 1;
		}
		for (unsigned k = 0; k < s->n_dst; k++) {
			written[s->dst[k]] = 1;
			if (!caller_row(x, s->dst[k]))
				continue;
			struct ambit_span *span = &x->span[s->dst[k] - AMBIT_FIRST_D];
			span->used = i + 1;
			if (span->written == x->n)
				span->written = i;
		}
	}
}

enum need { NEEDED = 1, READ = 2 }; /* a later command, or the caller, reads what the row now holds; a command does */

/* Drops destinations whose new contents nobody reads. */
static void drop_dead(struct ambit_step *s, const uint8_t *need)
{
	unsigned n = 0, flips = 0;
	for (unsigned k = 0; k < s->n_dst; k++) {
		if (!(need[s->dst[k]] & NEEDED))
			continue;
		flips |= (unsigned)(s->dst_n >> k & 1) << n;
		s->dst[n++] = s->dst[k];
	}
	s->n_dst = (uint8_t)n;
	s->dst_n = (uint8_t)flips;
}

/* From the last command back: finds the rows that each command must really write, which are half of them in an adder,
 * and the commands whose last destination is not read again. After a program the caller reads data rows only. */
static void backward_pass(struct ambit_exact *x, uint8_t *need)
{
	memset(need + AMBIT_FIRST_D, NEEDED, x->inputs + x->outputs);
	for (size_t i = x->n; i-- > 0;) {
		struct ambit_step *s = &x->step[i];
		drop_dead(s, need);
		uint16_t last = s->n_dst ? s->dst[s->n_dst - 1] : 0;
		s->op = ambit_step_op(s, caller_row(x, last) && !(need[last] & READ));
		for (unsigned k = 0; k < s->n_dst; k++)
			need[s->dst[k]] = 0;
		for (unsigned k = 0; k < s->n_src && s->n_dst; k++)
			need[s->src[k]] = NEEDED | READ;
	}
}

static bool noisy(const struct ambit_exact *x, uint16_t row)
{
	for (size_t i = 0; i < x->n_noise; i++)
		if (x->noise[i] == row)
			return true;
	return false;
}

/* May result o share memory with an input that is in use until `used`? */
static bool in_place(const struct ambit_exact *x, unsigned o, size_t used)
{
	/* One command may both read the input and write the result, because it works column by column. */
	return x->span[x->inputs + o].written + 1 >= used && !noisy(x, (uint16_t)(AMBIT_FIRST_D + x->inputs + o));
}

static void count_early(struct ambit_exact *x)
{
	size_t used = 0;
	for (unsigned i = 0; i < x->inputs; i++)
		used = x->span[i].used > used ? x->span[i].used : used;
	for (unsigned o = 0; o < x->outputs; o++)
		x->early += !in_place(x, o, used);
}

int ambit_exact_prepare(const struct ambit_program *p, struct ambit_exact *out, struct ambit_verdict *v)
{
	*out = (struct ambit_exact){.n = p->n, .inputs = p->inputs, .outputs = p->outputs, .rows = p->rows};
	int rc = ambit_verify(p, v);
	if (rc < 0)
		return rc;
	size_t rows = AMBIT_FIRST_D + (size_t)p->rows;
	out->input_changed = v->input_changed;
	out->step = calloc(p->n + 1, sizeof(*out->step));
	out->noise = calloc(rows, sizeof(*out->noise));
	out->span = calloc(rows, sizeof(*out->span));
	uint8_t *seen = calloc(rows, 2);
	if (out->step && out->noise && out->span && seen) {
		for (size_t i = 0; i < p->n; i++)
			ambit_step_of(&p->cmd[i], &out->step[i]);
		forward_pass(out, seen);
		backward_pass(out, seen + rows);
		count_early(out);
	} else {
		ambit_exact_free(out);
		rc = -ENOMEM;
	}
	free(seen);
	return rc;
}

void ambit_exact_free(struct ambit_exact *x)
{
	free(x->step);
	free(x->noise);
	free(x->span);
	x->step = NULL;
	x->noise = NULL;
	x->span = NULL;
}

uint64_t ambit_noise(uint64_t seed, unsigned row, uint64_t word)
{
	/* splitmix64's finaliser over a counter */
	uint64_t z = seed + ((word << 16) + row + 1) * 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* ---- running ---- */

size_t ambit_exact_strip(const struct ambit_exact *x, bool nt)
{
	/* Measured on a Zen 5 (48 KB L1, 1 MB L2). Longer strips lower the cost per command: additions are twice as
	 * fast on 2 KB as on 256 byte. From 8 KB on the compute rows no longer fit into L1, and all rows of a wide
	 * product no longer into L2. Short programs on memory overlap loads and stores of neighbouring strips: AND is
	 * fastest at 512 byte, the seven commands of XOR at 2 KB. */
	if (nt && x->n <= 5)
		return 512;
	size_t strip = 2048, rows = AMBIT_FIRST_D + (size_t)x->rows;
	while (strip > 512 && rows * strip > (size_t)1 << 20)
		strip /= 2;
	return strip;
}

/* Rows of the scratch: compute rows and constants, temporaries, and results that must wait for their memory. */
static size_t scratch_rows(const struct ambit_exact *x)
{
	return AMBIT_FIRST_D + (size_t)(x->rows - x->inputs - x->outputs) + x->early;
}

static size_t strips_bytes(const struct ambit_exact *x, size_t strip)
{
	return (scratch_rows(x) * strip + 4095) / 4096 * 4096;
}

/* Layout of the scratch: the strips of those rows one after the other; row pointers; the numbers of data rows in the
 * caller's memory; the numbers of results that wait in the scratch. Strips have power-of-two lengths, so a store has
 * the same page offset as a load of the same column and holds up no load of a later one. */
size_t ambit_exact_scratch(const struct ambit_exact *x, size_t strip)
{
	size_t bytes = strips_bytes(x, strip) + (AMBIT_FIRST_D + (size_t)x->rows) * (sizeof(char *) + 4);
	return (bytes + 4095) / 4096 * 4096;
}

struct strips {
	const struct ambit_exact_job *j;
	ambit_cells_fn fn[AMBIT_STEP_OPS];
	char **row;
	uint16_t *direct, *apart; /* data rows in the caller's memory; results that wait in the scratch */
	unsigned n_direct, n_apart;
};

/* Does the result lie in the memory of an input that is needed after the result is first written? */
static bool must_wait(const struct ambit_exact_job *j, unsigned o)
{
	const struct ambit_exact *x = j->x;
	for (unsigned i = 0; i < x->inputs; i++)
		if (j->d[i] == j->d[x->inputs + o] && !in_place(x, o, x->span[i].used))
			return true;
	return false;
}

static void lay_out(struct strips *s, const struct ambit_exact_job *j, size_t begin, char *scratch)
{
	const struct ambit_exact *x = j->x;
	unsigned shared = x->inputs + x->outputs;
	char *at = scratch;
	*s = (struct strips){.j = j, .row = (char **)(void *)(scratch + strips_bytes(x, j->strip))};
	s->direct = (uint16_t *)(void *)(s->row + AMBIT_FIRST_D + x->rows);
	s->apart = s->direct + shared;
	for (unsigned r = 0; r < AMBIT_FIRST_D; r++, at += j->strip)
		s->row[r] = at;
	for (unsigned d = shared; d < x->rows; d++, at += j->strip)
		s->row[AMBIT_FIRST_D + d] = at;
	for (unsigned d = 0; d < shared; d++) {
		uint16_t row = (uint16_t)(AMBIT_FIRST_D + d);
		if (d >= x->inputs && x->early && must_wait(j, d - x->inputs)) {
			s->row[row] = at;
			s->apart[s->n_apart++] = row;
			at += j->strip;
		} else {
			s->row[row] = j->d[d] + begin;
			s->direct[s->n_direct++] = row;
		}
	}
	memset(s->row[AMBIT_C0], 0, j->strip);
	memset(s->row[AMBIT_C1], 0xff, j->strip);
	/* Results that wait in the scratch are read again: no non-temporal stores. */
	ambit_cells_table(j->cells, j->nt && s->n_apart == 0, s->fn);
}

static void fill_noise(const struct strips *s, size_t at, size_t bytes)
{
	const struct ambit_exact *x = s->j->x;
	for (size_t k = 0; k < x->n_noise; k++)
		for (size_t i = 0; i < bytes; i += 8) {
			uint64_t w = ambit_noise(s->j->seed, x->noise[k], (at + i) / 8);
			memcpy(s->row[x->noise[k]] + i, &w, 8);
		}
}

/* Inputs are prefetched at least this many bytes ahead: a strip reads its inputs one after the other, and the hardware
 * prefetcher starts anew for each. Without it AND over 256 MiB ran at 0.6 of the speed. */
#define AHEAD 4096u

/* Prefetches of a later strip's inputs. In a long program they are spread evenly over its commands: issued at once they
 * would wait for each other, and the first of a hundred rows would be evicted before it is used. */
struct feed {
	unsigned d; /* input row */
	size_t at, from, to;
	size_t lines; /* to prefetch along with the commands */
	size_t due;   /* prefetches due, times n */
};

#define FEW_COMMANDS 16u

static void feed_start(struct feed *f, const struct strips *s, size_t at, size_t end)
{
	const struct ambit_exact_job *j = s->j;
	size_t from = at + (j->strip > AHEAD ? j->strip : AHEAD);
	size_t bytes = from >= end ? 0 : end - from < j->strip ? end - from : j->strip;
	*f = (struct feed){.at = from, .from = from, .to = from + bytes};
	if (j->x->n > FEW_COMMANDS)
		f->lines = bytes / AMBIT_LINE * j->x->inputs;
	else
		for (unsigned d = 0; d < j->x->inputs; d++)
			for (size_t i = 0; i < bytes; i += AMBIT_LINE)
				__builtin_prefetch(j->d[d] + from + i, 0, 3);
}

static inline void feed_some(struct feed *f, const struct ambit_exact_job *j)
{
	const struct ambit_exact *x = j->x;
	for (f->due += f->lines; f->due >= x->n; f->due -= x->n) {
		__builtin_prefetch(j->d[f->d] + f->at, 0, 3);
		f->at += AMBIT_LINE;
		if (f->at == f->to) {
			f->at = f->from;
			f->d++;
		}
	}
}

/* Copies the results that waited in the scratch to their memory. */
static void copy_out(const struct strips *s, size_t at, size_t bytes)
{
	const struct ambit_exact_job *j = s->j;
	const struct ambit_exact *x = j->x;
	ambit_cells_fn copy = j->nt && j->cells->copy_nt[0][1] ? j->cells->copy_nt[0][1] : j->cells->copy[0][1];
	for (unsigned k = 0; k < s->n_apart; k++) {
		unsigned d = s->apart[k] - (unsigned)AMBIT_FIRST_D;
		const struct ambit_step one = {.n_src = 1, .n_dst = 1, .src = {0}, .dst = {1}};
		char *const row[2] = {s->row[s->apart[k]], j->d[d] + at};
		if (x->span[d].written < x->n)
			copy(&one, row, bytes);
	}
}

/* Runs all commands on one strip. */
static void run_strip(const struct strips *s, size_t bytes, struct feed *f, struct ambit_executed *done)
{
	const struct ambit_exact *x = s->j->x;
	const struct ambit_step *step = x->step, *end = step + x->n;
	char **row = s->row;
	for (; step < end; step++) {
		s->fn[step->op](step, row, bytes);
		done->bytes[step->kind] += bytes;
		if (f->lines)
			feed_some(f, s->j);
	}
}

void ambit_exact_run(const struct ambit_exact_job *j, size_t begin, size_t end, void *scratch,
		     struct ambit_executed *done)
{
	struct strips s;
	struct feed f;
	/* Counted in a local: counts of several slices share a cache line, and two cores that wrote it with every
	 * command ran at half speed. */
	struct ambit_executed mine = *done;
	lay_out(&s, j, begin, scratch);
	for (size_t at = begin; at < end; at += j->strip) {
		size_t bytes = end - at < j->strip ? end - at : j->strip;
		if (j->x->n_noise)
			fill_noise(&s, at, bytes);
		feed_start(&f, &s, at, end);
		run_strip(&s, bytes, &f, &mine);
		if (s.n_apart)
			copy_out(&s, at, bytes);
		for (unsigned k = 0; k < s.n_direct; k++)
			s.row[s.direct[k]] += j->strip;
	}
	j->cells->fence();
	*done = mine;
}
