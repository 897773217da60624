#include "bench/bandwidth_choose.h"

#include <stdlib.h>

static void list_isa(struct bw_candidates *c, enum mw_isa isa, enum mw_stream_op op, bool nt, bool prefetch)
{
	size_t n;
	const struct mw_stream_kernel *k = mw_stream_kernels(isa, &n);
	for (size_t i = 0; i < n; i++)
		if (k[i].op == op && k[i].nt == nt && (k[i].ahead > 0) == prefetch && c->n < BW_CANDIDATES)
			c->k[c->n++] = &k[i];
}

void bw_candidates_list(struct bw_candidates *c, enum mw_stream_op op, bool nt, const bool *isas)
{
	c->n = 0;
	for (int prefetch = 0; prefetch < 2; prefetch++)
		for (int isa = MW_ISA_COUNT; isa-- > 0;)
			if (isas[isa])
				list_isa(c, (enum mw_isa)isa, op, nt, prefetch);
}

/* Progress of one choice. */
struct trial {
	const struct bw_candidates *c;
	bw_probe_fn probe;
	void *self;
	double rate[BW_CANDIDATES]; /* highest of the candidate's probes; 0: not probed */
	bool over;                  /* no time is left */
};

static void try_one(struct trial *t, size_t i)
{
	double rate = t->over ? 0 : t->probe(t->self, t->c->k[i]);
	t->over = t->over || !(rate > 0);
	if (!t->over && rate > t->rate[i])
		t->rate[i] = rate;
}

/* Index of the fastest candidate that `out` does not name yet; c->n without one. */
static size_t fastest(const struct trial *t, const bool *named)
{
	size_t best = t->c->n;
	for (size_t i = 0; i < t->c->n; i++)
		if (t->rate[i] > 0 && !(named && named[i]) && (best == t->c->n || t->rate[i] > t->rate[best]))
			best = i;
	return best;
}

/* Each instruction set with the smallest and the largest step, and whatever is not a member of the family. */
static bool is_coarse(const struct mw_stream_kernel *k)
{
	return k->ahead == 0 && k->lines != 2;
}

static void try_all(struct trial *t, bool far)
{
	for (size_t i = 0; i < t->c->n; i++)
		if (is_coarse(t->c->k[i]))
			try_one(t, i);
	size_t best = fastest(t, NULL);
	for (size_t i = 0; i < t->c->n && best < t->c->n; i++)
		if (t->c->k[i]->isa == t->c->k[best]->isa && t->c->k[i]->ahead == 0 && t->c->k[i]->lines == 2)
			try_one(t, i);
	best = fastest(t, NULL);
	for (size_t i = 0; i < t->c->n && best < t->c->n && far; i++)
		if (t->c->k[i]->isa == t->c->k[best]->isa && t->c->k[i]->lines == t->c->k[best]->lines &&
		    t->c->k[i]->ahead)
			try_one(t, i);
}

/* One probe may have been disturbed: those that lead are tried twice more. */
static void try_leaders(struct trial *t, size_t want)
{
	enum { MORE = 2, AGAIN = 2 };
	size_t leaders[BW_FINALISTS + MORE], n = 0;
	bool named[BW_CANDIDATES] = {false};
	for (; n < want + MORE; n++) {
		leaders[n] = fastest(t, named);
		if (leaders[n] == t->c->n)
			break;
		named[leaders[n]] = true;
	}
	for (int again = 0; again < AGAIN; again++)
		for (size_t i = 0; i < n; i++)
			try_one(t, leaders[i]);
}

void bw_choose(const struct bw_candidates *c, size_t want, bool far, bw_probe_fn probe, void *self,
	       struct bw_choice *out)
{
	struct trial t = {.c = c, .probe = probe, .self = self, .over = !probe};
	bool named[BW_CANDIDATES] = {false};
	*out = (struct bw_choice){.n = 0};
	want = want < BW_FINALISTS ? want : BW_FINALISTS;
	want = want < c->n ? want : c->n;
	if (want < c->n) {
		try_all(&t, far);
		try_leaders(&t, want);
	}
	for (size_t i = 0; i < c->n; i++)
		out->probed += t.rate[i] > 0;
	for (; out->n < want; out->n++) {
		size_t best = fastest(&t, named);
		for (size_t i = 0; i < c->n && best == c->n; i++)
			best = named[i] ? best : i;
		named[best] = true;
		out->k[out->n] = c->k[best];
	}
}
