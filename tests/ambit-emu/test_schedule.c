/* Compares the closed form of the steady state with an independent simulator of commands, which issues each ACT and PRE
 * of each bank as soon as bank, tRRD, activation window and command bus allow. No schedule may be faster than the
 * closed form by more than 2 %, and one of two must be as fast: greedy banks, or banks spread evenly over the period.
 */
#include <criterion/criterion.h>

#include <math.h>

#include "ambit-emu/ops.h"
#include "ambit-emu/timing.h"

enum { MAX_BANKS = 64, MAX_GROUPS = 16, MAX_COMMANDS = 80, ROUNDS = 100 };

enum step { FIRST, SECOND, CLOSE };

struct sim_bank {
	double ready; /* when its own timing allows the next step */
	size_t at;    /* command of the program */
	enum step step;
	unsigned done; /* programs */
};

struct sim {
	const struct ambit_timing *t;
	const struct ambit_program *p;
	struct sim_bank bank[MAX_BANKS];
	double acts[4]; /* last four counted activations */
	double last, group[MAX_GROUPS];
	double level, level_at; /* token bucket of wordlines */
	double bus;             /* free from here on */
	double end;
	double period;                                    /* > 0: banks are spread over it */
	double before[MAX_COMMANDS], share[MAX_COMMANDS]; /* of the period, per command */
};

static unsigned wordlines(struct ambit_address a)
{
	struct ambit_wordlines w = {0};
	(void)ambit_decode(a, &w);
	return w.count;
}

static double bus_ps(const struct sim *s, const struct sim_bank *b)
{
	return s->t->limit == AMBIT_LIMIT_NONE ? 0 : s->t->dram->tck * (b->step == CLOSE ? 1.0 : s->t->dram->act_slots);
}

static double tokens(const struct sim *s, const struct sim_bank *b)
{
	const struct ambit_command *c = &s->p->cmd[b->at];
	if (b->step == CLOSE || s->t->limit != AMBIT_LIMIT_JEDEC)
		return 0;
	if (s->t->faw_acts == AMBIT_FAW_WORDLINES)
		return wordlines(b->step == FIRST ? c->a : c->b);
	return b->step == FIRST || s->t->faw_acts == AMBIT_FAW_2 ? 1 : 0;
}

/* Does tRRD count this activation? A bank's own two are further apart than tRRD. */
static bool spaced(const struct sim *s, const struct sim_bank *b)
{
	return b->step == FIRST || (b->step == SECOND && s->t->faw_acts != AMBIT_FAW_1);
}

static double allowed(const struct sim *s, unsigned k)
{
	const struct sim_bank *b = &s->bank[k];
	const struct dram_part *d = s->t->dram;
	double at = fmax(b->ready, s->bus), need = tokens(s, b);
	if (b->step == FIRST && s->period > 0)
		at = fmax(at,
			  s->period * (b->done + s->before[b->at] + s->share[b->at] * k / (s->t->ranks * s->t->banks)));
	if (s->t->limit == AMBIT_LIMIT_JEDEC && spaced(s, b))
		at = fmax(at, fmax(s->last + d->trrd_s, s->group[k % d->bank_groups] + d->trrd_l));
	if (need == 0)
		return at;
	double tfaw = (double)s->t->tfaw;
	if (s->t->faw_acts != AMBIT_FAW_WORDLINES)
		return fmax(at, s->acts[0] + tfaw);
	double have = fmin(4, s->level + (at - s->level_at) * 4 / tfaw);
	return have < need ? at + (need - have) * tfaw / 4 : at;
}

static void issue(struct sim *s, unsigned k, double at)
{
	struct sim_bank *b = &s->bank[k];
	const struct dram_part *d = s->t->dram;
	const struct ambit_command *c = &s->p->cmd[b->at];
	double need = tokens(s, b);
	s->bus = at + bus_ps(s, b);
	if (need > 0 && s->t->faw_acts == AMBIT_FAW_WORDLINES) {
		s->level = fmin(4, s->level + (at - s->level_at) * 4 / (double)s->t->tfaw) - need;
		s->level_at = at;
	} else if (need > 0) {
		for (int i = 0; i < 3; i++)
			s->acts[i] = s->acts[i + 1];
		s->acts[3] = at;
	}
	if (spaced(s, b))
		s->last = s->group[k % d->bank_groups] = at;
	bool split = s->t->aap == AMBIT_AAP_SPLIT;
	switch (b->step) {
	case FIRST:
		b->ready = at + d->tras;
		b->step = c->kind == AMBIT_AAP ? SECOND : CLOSE;
		break;
	case SECOND:
		b->ready = at + (split ? d->overlap : d->tras);
		b->step = CLOSE;
		break;
	default:
		b->ready = at + d->trp;
		s->end = fmax(s->end, b->ready);
		b->step = FIRST;
		if (++b->at == s->p->n) {
			b->at = 0;
			b->done++;
		}
	}
}

/* Share of the period that each command gets: as what limits the whole divides. */
static void divide(struct sim *s, double period)
{
	const struct dram_part *d = s->t->dram;
	double n = s->t->ranks * s->t->banks, sum[3] = {0}, need[3][MAX_COMMANDS];
	for (size_t i = 0; i < s->p->n; i++) {
		const struct ambit_command *c = &s->p->cmd[i];
		struct sim_bank first = {.at = i, .step = FIRST}, second = {.at = i, .step = SECOND};
		bool aap = c->kind == AMBIT_AAP;
		need[0][i] = (double)ambit_command_ps(s->t, c);
		need[1][i] = n * d->tck * ((aap ? 2 : 1) * d->act_slots + 1);
		need[2][i] = n * (tokens(s, &first) + (aap ? tokens(s, &second) : 0));
		for (int k = 0; k < 3; k++)
			sum[k] += need[k][i];
	}
	double tokens_ps = sum[2] * (double)s->t->tfaw / 4;
	int by = tokens_ps > sum[0] && tokens_ps > sum[1] ? 2 : sum[1] > sum[0] && s->t->limit != AMBIT_LIMIT_NONE;
	double before = 0;
	for (size_t i = 0; i < s->p->n; i++) {
		s->before[i] = before;
		s->share[i] = need[by][i] / sum[by];
		before += s->share[i];
	}
	s->period = period;
}

/* ps between two programs of a bank once the start is forgotten. period: 0 lets every bank go on as soon as it may. */
static double simulate(const struct ambit_timing *t, const struct ambit_program *p, double period)
{
	static struct sim s;
	s = (struct sim){.t = t, .p = p, .last = -1e12, .level = 4};
	for (int i = 0; i < 4; i++)
		s.acts[i] = -1e12;
	for (int i = 0; i < MAX_GROUPS; i++)
		s.group[i] = -1e12;
	if (period > 0)
		divide(&s, period);
	unsigned total = 0, n = t->ranks * t->banks;
	double half = 0;
	while (total < ROUNDS * n) {
		unsigned best = 0;
		double when = INFINITY;
		for (unsigned k = 0; k < n; k++) {
			double at = allowed(&s, k);
			/* An open row is served before a closed one that waits as long. */
			if (at < when || (at == when && s.bank[k].step > s.bank[best].step)) {
				when = at;
				best = k;
			}
		}
		unsigned before = s.bank[best].done;
		issue(&s, best, when);
		total += s.bank[best].done - before;
		if (s.bank[best].done != before && total == ROUNDS / 2 * n)
			half = s.end;
	}
	return (s.end - half) / (ROUNDS - ROUNDS / 2);
}

static const char *const limits[] = {"none", "bus", "jedec"};

static void compare(const struct dram_part *d, const struct ambit_program *p, unsigned banks)
{
	struct ambit_timing t = {.dram = d,
				 .aap = AMBIT_AAP_SPLIT,
				 .tfaw = d->tfaw,
				 .channels = 1,
				 .ranks = 1,
				 .banks = banks,
				 .salp = 1};
	for (int limit = AMBIT_LIMIT_NONE; limit <= AMBIT_LIMIT_JEDEC; limit++)
		for (int faw = AMBIT_FAW_2; faw <= AMBIT_FAW_WORDLINES; faw++) {
			t.limit = (enum ambit_limit)limit;
			t.faw_acts = (enum ambit_faw)faw;
			double closed = (double)ambit_batch_ps(&t, p, banks);
			double greedy = simulate(&t, p, 0), paced = simulate(&t, p, closed);
			double found = fmin(greedy, paced);
			/* Where AAPs and APs mix on a bus without a free slot, no schedule here packs them all. */
			struct ambit_counts n;
			ambit_program_counts(p, &n);
			bool full = closed == (double)(ambit_bus_slots(d, &n) * banks * d->tck);
			/* An ACT of two slots of LPDDR5's slow clock leaves gaps of its own. */
			bool coarse = d->act_slots > 1 && d->tck > 1000;
			double most = !full ? (coarse ? 1.03 : 1.02) : n.ap > 0 ? 1.12 : 1.03;
			cr_assert(found > 0.98 * closed && found < most * closed,
				  "%s x%u %s limit=%s faw %d: %g ns, closed form %g", d->name, d->chip_bits, p->name,
				  limits[limit], faw, found / 1e3, closed / 1e3);
			if (limit != AMBIT_LIMIT_JEDEC)
				break;
		}
}

Test(ambit_schedule, every_bulk_program_and_an_addition_converge, .timeout = 300)
{
	struct ambit_builder add = {0};
	const struct ambit_request request = {.op = AMBIT_OP_ADD, .width = 8};
	cr_assert_eq(ambit_op_build(&request, &add), 0);
	add.p.name = "add8";
	const struct dram_part *d;
	for (size_t i = 0; (d = ambit_dram_preset(i)); i++) {
		for (int op = 0; op < AMBIT_BULK_COUNT; op++)
			compare(d, ambit_bulk_program((enum ambit_bulk)op), d->banks);
		compare(d, &add.p, d->banks);
	}
	ambit_builder_free(&add);
}
