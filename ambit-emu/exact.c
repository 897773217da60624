#include "ambit-emu/exact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool among(const uint16_t *v, unsigned n, uint16_t row)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] == row)
			return true;
	return false;
}

/* A legal command as a loop over columns. Rows that are source and destination get the same value twice: once. */
static void lower(const struct ambit_command *c, struct ambit_step *s)
{
	struct ambit_wordlines a, b = {0};
	(void)ambit_decode(c->a, &a); /* verified */
	if (c->kind == AMBIT_AAP)
		(void)ambit_decode(c->b, &b);
	*s = (struct ambit_step){.n_src = a.count == 3 ? 3 : 1};
	for (unsigned i = 0; i < s->n_src; i++)
		s->src[i] = a.w[i].row;
	s->src_n = a.count < 3 && a.w[0].n;
	if (a.count == 3)
		for (unsigned i = 0; i < 3; i++) {
			s->dst[s->n_dst] = a.w[i].row;
			s->dst_n[s->n_dst++] = a.w[i].n;
		}
	for (unsigned i = 0; i < b.count; i++) {
		bool source = b.w[i].row == a.w[0].row || (a.count > 1 && b.w[i].row == a.w[1].row);
		if (source || among(s->dst, s->n_dst, b.w[i].row))
			continue;
		s->dst[s->n_dst] = b.w[i].row;
		s->dst_n[s->n_dst++] = b.w[i].n;
	}
}

static bool read_later(const struct ambit_exact *x, size_t from, uint16_t row)
{
	for (size_t i = from; i < x->n; i++)
		if (among(x->step[i].src, x->step[i].n_src, row))
			return true;
	return false;
}

int ambit_exact_prepare(const struct ambit_program *p, struct ambit_exact *out, struct ambit_verdict *v)
{
	*out = (struct ambit_exact){.n = p->n, .inputs = p->inputs, .rows = p->rows};
	int rc = ambit_verify(p, v);
	if (rc < 0)
		return rc;
	out->stale = v->stale;
	out->step = calloc(p->n + 1, sizeof(*out->step));
	out->kind = calloc(p->n + 1, sizeof(*out->kind));
	if (!out->step || !out->kind) {
		ambit_exact_free(out);
		return -ENOMEM;
	}
	for (size_t i = 0; i < p->n; i++) {
		lower(&p->cmd[i], &out->step[i]);
		out->kind[i] = p->cmd[i].kind;
	}
	for (size_t i = 0; i < p->n; i++) {
		struct ambit_step *s = &out->step[i];
		uint16_t last = s->n_dst ? s->dst[s->n_dst - 1] : 0;
		s->last_is_d = last >= AMBIT_FIRST_D && !read_later(out, i + 1, last);
	}
	return 0;
}

void ambit_exact_free(struct ambit_exact *x)
{
	free(x->step);
	free(x->kind);
	x->step = NULL;
	x->kind = NULL;
}

uint64_t ambit_noise(uint64_t seed, unsigned row, uint64_t word)
{
	/* splitmix64's finaliser over a counter */
	uint64_t z = seed + (word * AMBIT_COMPUTE_ROWS + row + 1) * 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Scratch: the strips of compute and constant rows, then row pointers, then one function per command. */
static size_t strips_bytes(size_t strip)
{
	return (AMBIT_FIRST_D * strip + 4095) / 4096 * 4096;
}

size_t ambit_exact_strip(const struct ambit_exact *x)
{
	/* Measured (Zen 5, 48 KB L1): short strips let inputs and results of neighbouring strips overlap in time, long
	 * ones spread the cost of handing out commands. AND is best at 512 byte, the seven commands of XOR at 2048.
	 */
	return x->n <= 5 ? 512 : 2048;
}

size_t ambit_exact_scratch(const struct ambit_exact *x, size_t strip)
{
	size_t bytes = strips_bytes(strip) + (AMBIT_FIRST_D + (size_t)x->rows) * sizeof(char *) +
		       x->n * sizeof(ambit_cells_fn);
	return (bytes + 4095) / 4096 * 4096;
}

static void fill_noise(const struct ambit_exact_job *j, char *const *row, size_t at, size_t bytes)
{
	for (unsigned r = 0; r < AMBIT_COMPUTE_ROWS; r++) {
		if (!(j->x->stale >> r & 1))
			continue; /* overwritten before it is read: what it held cannot show */
		for (size_t i = 0; i < bytes; i += 8) {
			uint64_t w = ambit_noise(j->seed, r, (at + i) / 8);
			memcpy(row[r] + i, &w, 8);
		}
	}
}

static ambit_cells_fn choose(const struct ambit_exact_job *j, const struct ambit_step *s)
{
	const struct ambit_cells *c = j->cells;
	if (s->n_dst == 0)
		return NULL; /* refreshes its rows */
	unsigned n = s->n_src == 1 && s->src_n;
	for (unsigned i = 0; i < s->n_dst; i++)
		n |= s->dst_n[i];
	if (j->nt && s->last_is_d) {
		if (s->n_src == 1 && s->n_dst == 1 && c->copy_nt[n])
			return c->copy_nt[n];
		if (s->n_src == 3 && s->n_dst == 4 && c->maj4_nt[n])
			return c->maj4_nt[n];
	}
	return s->n_src == 1 ? c->copy[n][s->n_dst] : c->maj[n][s->n_dst - 3];
}

/* Bytes ahead of use that inputs are fetched: a strip reads its inputs one after the other, and the hardware's own
 * prefetcher starts anew in each. Without it AND over 256 MiB ran at 0.6 of the speed. */
#define AHEAD 4096u

static void prefetch(const struct ambit_exact_job *j, size_t at, size_t end)
{
	size_t bytes = at >= end ? 0 : end - at < j->strip ? end - at : j->strip;
	for (unsigned d = 0; d < j->x->inputs; d++)
		for (size_t i = 0; i < bytes; i += AMBIT_LINE)
			__builtin_prefetch(j->d[d] + at + i, 0, 3);
}

void ambit_exact_run(const struct ambit_exact_job *j, size_t begin, size_t end, void *scratch,
		     struct ambit_executed *done)
{
	const struct ambit_exact *x = j->x;
	char **row = (char **)(void *)((char *)scratch + strips_bytes(j->strip));
	ambit_cells_fn *fn = (ambit_cells_fn *)(void *)(row + AMBIT_FIRST_D + x->rows);
	for (size_t i = 0; i < x->n; i++)
		fn[i] = choose(j, &x->step[i]);
	for (unsigned r = 0; r < AMBIT_FIRST_D; r++)
		row[r] = (char *)scratch + r * j->strip;
	memset(row[AMBIT_C0], 0, j->strip);
	memset(row[AMBIT_C1], 0xff, j->strip);
	for (size_t at = begin; at < end; at += j->strip) {
		size_t bytes = end - at < j->strip ? end - at : j->strip;
		for (unsigned d = 0; d < x->rows; d++)
			row[AMBIT_FIRST_D + d] = j->d[d] + at;
		if (x->stale)
			fill_noise(j, row, at, bytes);
		prefetch(j, at + AHEAD, end);
		for (size_t i = 0; i < x->n; i++) {
			if (fn[i])
				fn[i](&x->step[i], row, bytes);
			done->bytes[x->kind[i]] += bytes;
		}
	}
	j->cells->fence();
}
