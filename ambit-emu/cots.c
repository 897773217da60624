#include "ambit-emu/cots.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "ambit-emu/fault.h"

/* ---- rates: ambit-emu/data/fault_rates.csv ---- */

struct published {
	enum cots_op op;
	unsigned inputs, rows;
	struct cots_rate rate;
};

static const struct published table[] = {
	{COTS_COPY, 1, 2, {0.99996, true}},  {COTS_COPY, 1, 4, {0.99989, true}},  {COTS_COPY, 1, 8, {0.99998, true}},
	{COTS_COPY, 1, 16, {0.99999, true}}, {COTS_COPY, 1, 32, {0.99982, true}}, {COTS_NOT, 1, 2, {0.9837, true}},
	{COTS_AND, 16, 16, {0.9494, true}},  {COTS_NAND, 16, 16, {0.9494, true}}, {COTS_OR, 16, 16, {0.9585, true}},
	{COTS_NOR, 16, 16, {0.9587, true}},  {COTS_MAJ, 3, 4, {0.6819, false}},   {COTS_MAJ, 3, 32, {0.99, true}},
	{COTS_MAJ, 5, 32, {0.7964, true}},   {COTS_MAJ, 7, 32, {0.3387, true}},   {COTS_MAJ, 9, 32, {0.0591, true}},
};

static const struct published *find(enum cots_op op, unsigned inputs, unsigned rows)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].op == op && table[i].inputs == inputs && table[i].rows == rows)
			return &table[i];
	return NULL;
}

static bool power_of_two(unsigned n, unsigned lo, unsigned hi)
{
	return n >= lo && n <= hi && (n & (n - 1)) == 0;
}

static bool exists(enum cots_op op, unsigned inputs, unsigned rows)
{
	switch (op) {
	case COTS_COPY:
		return inputs == 1 && power_of_two(rows, 2, COTS_MAX_ROWS);
	case COTS_NOT:
		return inputs == 1 && rows == 2;
	case COTS_MAJ:
		return inputs % 2 == 1 && inputs >= 3 && inputs <= 9 && power_of_two(rows, 4, COTS_MAX_ROWS) &&
		       inputs <= rows;
	default:
		return power_of_two(inputs, 2, COTS_MAX_INPUTS) && rows == inputs;
	}
}

int cots_rate(enum cots_op op, unsigned inputs, unsigned rows, struct cots_rate *out)
{
	if ((unsigned)op > COTS_MAJ || !exists(op, inputs, rows))
		return -EINVAL;
	const struct published *at = find(op, inputs, rows);
	if (at) {
		*out = at->rate;
		return 0;
	}
	if (op != COTS_MAJ) { /* logic of fewer inputs has no published rate: that of 16 inputs is used */
		*out = (struct cots_rate){find(op, COTS_MAX_INPUTS, COTS_MAX_INPUTS)->rate.success, false};
		return 0;
	}
	const struct published *lo = find(op, inputs, 4), *hi = find(op, inputs, COTS_MAX_ROWS);
	if (!lo || !hi)
		return -EOPNOTSUPP;
	/* 8 and 16 rows are interpolated between 4 and 32: the probit is linear in log2(rows). */
	double a = ambit_probit(lo->rate.success), b = ambit_probit(hi->rate.success);
	double z = a + (b - a) * (log2(rows) - 2) / 3;
	*out = (struct cots_rate){0.5 * erfc(-z / sqrt(2)), false};
	return 0;
}

/* ---- plans ---- */

#define FRACS_SIMRA 3
#define FRACS_FCDRAM 5

/* Rows that one Multi-RowCopy writes: the largest of 31, 15, 7, 3, 1 that fits. */
static unsigned spread(unsigned left)
{
	unsigned k = 31;
	while (k > left)
		k >>= 1;
	return k;
}

/* Commands that store an input in `copies` rows: one copy into the group, then copies within it. */
static unsigned copy_commands(unsigned copies)
{
	unsigned n = copies > 0;
	for (unsigned left = copies ? copies - 1 : 0; left; left -= spread(left))
		n++;
	return n;
}

static int plan_majority(unsigned rows, struct cots_plan *p)
{
	struct cots_rate rate;
	int rc = cots_rate(COTS_MAJ, p->inputs, rows, &rate);
	if (rc < 0)
		return rc;
	p->op = COTS_MAJ;
	p->rows = rows;
	p->copies = rows / p->inputs;
	p->n[COTS_K_COPY] = p->inputs * copy_commands(p->copies) + !p->complement;
	p->n[COTS_K_FRAC] = FRACS_SIMRA * (uint64_t)(rows % p->inputs);
	p->n[COTS_K_MAJ] = 1;
	p->n[COTS_K_NOT] = p->complement;
	p->verified = rate.verified;
	return 0;
}

static int plan_logic(enum cots_op op, struct cots_plan *p)
{
	struct cots_rate rate;
	int rc = cots_rate(op, p->inputs, p->inputs, &rate);
	if (rc < 0)
		return rc;
	p->op = op;
	p->rows = p->inputs;
	p->copies = 1;
	p->n[COTS_K_COPY] = p->inputs + copy_commands(p->inputs - 1) + 1;
	p->n[COTS_K_FRAC] = FRACS_FCDRAM;
	p->n[COTS_K_LOGIC] = 1;
	p->verified = rate.verified;
	return 0;
}

int cots_plan(enum cots_op op, unsigned inputs, unsigned rows, enum cots_logic logic, struct cots_plan *out)
{
	*out = (struct cots_plan){.op = op, .inputs = inputs, .rows = 2, .copies = 1, .verified = true};
	switch (op) {
	case COTS_COPY:
	case COTS_NOT:
		out->n[op == COTS_COPY ? COTS_K_COPY : COTS_K_NOT] = 1;
		return inputs == 1 ? 0 : -EINVAL;
	case COTS_MAJ:
		return plan_majority(rows, out);
	case COTS_AND:
	case COTS_NAND:
	case COTS_OR:
	case COTS_NOR:
		if (logic == COTS_FCDRAM)
			return plan_logic(op, out);
		if (inputs != 2)
			return -EOPNOTSUPP;
		out->inputs = 3;
		out->constant = 1;
		out->ones = op == COTS_OR || op == COTS_NOR;
		out->complement = op == COTS_NAND || op == COTS_NOR;
		return plan_majority(rows, out);
	default:
		return -EINVAL;
	}
}

uint64_t cots_command_ps(const struct cots_timing *t, enum cots_kind kind)
{
	static const uint64_t violated[COTS_KINDS] = {
		[COTS_K_COPY] = 36000 + 3000, [COTS_K_NOT] = 46500 + 3000, [COTS_K_LOGIC] = 1500 + 1500,
		[COTS_K_MAJ] = 1500 + 3000,   [COTS_K_FRAC] = 1500,
	};
	return violated[kind] + (kind == COTS_K_FRAC ? 0 : t->tras) + t->trp;
}

uint64_t cots_plan_ps(const struct cots_timing *t, const struct cots_plan *p)
{
	uint64_t ps = 0;
	for (unsigned k = 0; k < COTS_KINDS; k++)
		ps += p->n[k] * cots_command_ps(t, (enum cots_kind)k);
	return ps;
}

uint64_t cots_activations(const struct cots_plan *p)
{
	uint64_t n = p->n[COTS_K_FRAC];
	for (unsigned k = 0; k < COTS_K_FRAC; k++)
		n += 2 * p->n[k];
	return n;
}

bool cots_map_of(const struct cots_plan *p, enum cots_map map, struct cots_rate *rate, uint32_t *address)
{
	enum cots_op op = COTS_COPY;
	unsigned inputs = 1, rows = 2;
	if (map < COTS_M_NOT) {
		rows = 2u << (map - COTS_M_COPY);
		if (!p->n[COTS_K_COPY])
			return false;
	} else if (map == COTS_M_NOT) {
		op = COTS_NOT;
		if (!p->n[COTS_K_NOT])
			return false;
	} else {
		op = p->op;
		inputs = p->inputs;
		rows = p->rows;
		if (!cots_opens_many(p))
			return false;
	}
	*address = (uint32_t)op << 16 | inputs << 8 | rows;
	return cots_rate(op, inputs, rows, rate) == 0;
}

/* ---- running ---- */

size_t cots_scratch(size_t words)
{
	return (COTS_MAX_ROWS + 3) * words * sizeof(uint64_t);
}

struct run {
	const struct cots_plan *p;
	const uint64_t *const *map;
	size_t words;
	uint64_t lanes;
	uint64_t *row; /* rows of the group, the constant, the sensed result, the right result */
	struct cots_done *done;
};

static uint64_t *row_of(const struct run *r, unsigned i)
{
	return r->row + i * r->words;
}

static uint64_t counted(const struct run *r, size_t i)
{
	uint64_t at = 64 * (uint64_t)i;
	if (at >= r->lanes)
		return 0;
	return r->lanes - at >= 64 ? UINT64_MAX : UINT64_MAX >> (64 - (r->lanes - at));
}

/* to = from or its complement, inverted in bad columns. from may be to. */
static void move(const struct run *r, enum cots_map map, const uint64_t *from, uint64_t *to, bool complement)
{
	const uint64_t *bad = r->map[map];
	for (size_t i = 0; i < r->words; i++) {
		uint64_t wrong = bad ? bad[i] : 0;
		to[i] = (complement ? ~from[i] : from[i]) ^ wrong;
		r->done->injected += (unsigned)__builtin_popcountll(wrong & counted(r, i));
	}
}

static enum cots_map copy_map(unsigned rows)
{
	return (enum cots_map)(COTS_M_COPY + __builtin_ctz(rows + 1) - 1);
}

/* Stores one input in rows first..first + copies - 1. */
static void bring(const struct run *r, const uint64_t *from, unsigned first, unsigned copies)
{
	move(r, copy_map(1), from, row_of(r, first), false);
	for (unsigned at = 1; at < copies;) {
		unsigned k = spread(copies - at);
		for (unsigned i = 0; i < k; i++)
			move(r, copy_map(k), row_of(r, first), row_of(r, first + at + i), false);
		at += k;
	}
}

/* Columns in which at least t of n rows hold 1. */
static uint64_t at_least(const uint64_t *const *row, unsigned n, size_t i, unsigned t)
{
	uint64_t sum[6] = {0}, below = 0;
	for (unsigned k = 0; k < n; k++) {
		uint64_t carry = row[k][i];
		for (unsigned b = 0; b < 6 && carry; b++) {
			uint64_t next = sum[b] & carry;
			sum[b] ^= carry;
			carry = next;
		}
	}
	for (unsigned b = 0; b < 6; b++) /* below = borrow of sum - t */
		below = t >> b & 1 ? ~sum[b] | below : ~sum[b] & below;
	return ~below;
}

/* How many of n rows must be 1 for a result of 1. */
static unsigned threshold(const struct cots_plan *p, unsigned n)
{
	if (p->op == COTS_MAJ)
		return n / 2 + 1; /* neutral rows do not count */
	return p->op == COTS_AND || p->op == COTS_NAND ? n : 1;
}

/* Columns in which a bad column gives the wrong value (ambit-emu/cots.h). */
static uint64_t hard(const struct cots_plan *p, const uint64_t *const *row, unsigned n, size_t i)
{
	if (p->op == COTS_MAJ) /* not all equal */
		return at_least(row, n, i, 1) & ~at_least(row, n, i, n);
	return p->op == COTS_AND || p->op == COTS_NAND ? at_least(row, n, i, n - 1) : ~at_least(row, n, i, 2);
}

static void compute(const struct run *r, const uint64_t *const *in, uint64_t *out)
{
	const struct cots_plan *p = r->p;
	const uint64_t *bad = r->map[COTS_M_COMPUTE], *row[COTS_MAX_ROWS];
	unsigned n = p->inputs * p->copies;
	bool inverts = p->op == COTS_NAND || p->op == COTS_NOR;
	for (unsigned k = 0; k < p->inputs; k++)
		bring(r, in[k], k * p->copies, p->copies);
	for (unsigned k = 0; k < n; k++)
		row[k] = row_of(r, k);
	for (size_t i = 0; i < r->words; i++) {
		uint64_t v = at_least(row, n, i, threshold(p, n));
		uint64_t wrong = bad && bad[i] ? bad[i] & hard(p, row, n, i) : 0;
		out[i] = (inverts ? ~v : v) ^ wrong;
		r->done->injected += (unsigned)__builtin_popcountll(wrong & counted(r, i));
	}
}

/* The right result, from the inputs alone. */
static void right(const struct run *r, const uint64_t *const *in, uint64_t *out)
{
	const struct cots_plan *p = r->p;
	bool one = p->op == COTS_COPY || p->op == COTS_NOT;
	for (size_t i = 0; i < r->words; i++) {
		uint64_t v = one ? in[0][i] : at_least(in, p->inputs, i, threshold(p, p->inputs));
		out[i] = cots_moves(p) ? ~v : v;
	}
}

void cots_run(const struct cots_plan *p, const uint64_t *const map[COTS_MAPS], const uint64_t *const *src,
	      uint64_t *dst, size_t words, uint64_t lanes, void *scratch, struct cots_done *done)
{
	struct run r = {p, map, words, lanes, scratch, done};
	const uint64_t *in[COTS_MAX_INPUTS];
	uint64_t *constant = row_of(&r, COTS_MAX_ROWS), *given = constant + words, *expected = given + words;
	memset(constant, p->ones ? 0xff : 0, words * sizeof(*constant));
	for (unsigned k = 0; k < COTS_MAX_INPUTS; k++)
		in[k] = k + p->constant < p->inputs ? src[k] : constant;
	right(&r, in, expected);
	if (p->op == COTS_COPY) {
		move(&r, copy_map(1), in[0], dst, false);
	} else if (p->op == COTS_NOT) {
		move(&r, COTS_M_NOT, in[0], dst, true);
	} else {
		compute(&r, in, given);
		if (p->complement)
			move(&r, COTS_M_NOT, given, dst, true);
		else
			move(&r, copy_map(1), given, dst, false);
	}
	for (size_t i = 0; i < words; i++)
		done->wrong += (unsigned)__builtin_popcountll((dst[i] ^ expected[i]) & counted(&r, i));
}
