#include <criterion/criterion.h>

#include <math.h>

#include "ambit-emu/exact.h"
#include "ambit-emu/fault_run.h"
#include "tests/ambit-emu/model.h"

/* ---- oracle: single cells, all columns of a row command by command ---- */

enum { INPUTS = 4, OUTPUTS = 3, ROWS = 8, ROW_BYTES = CELL_COLUMNS / 8, SLOTS = 3, BYTES = 2 * ROW_BYTES + 128 };

static const struct ambit_shift here = {0, 0, 0, 0};

static const struct ambit_geometry small = {
	.channels = 1, .ranks = 1, .banks = 2, .subarrays = 2, .rows = 64, .chips = 8, .page_bytes = ROW_BYTES / 8};

struct truth {
	struct cells c;
	const struct ambit_fault_maps *maps;
	unsigned bank, subarray;
	int columns, lanes;
	struct ambit_burst burst;
	uint64_t injected;
};

static int bad(const struct truth *t, int kind, int address, int col)
{
	const struct ambit_fault_model *m = &t->maps->model;
	struct ambit_site s = {m->seed, t->bank, t->subarray, (uint32_t)kind, (uint32_t)address};
	const uint64_t threshold[] = {m->tra, m->columns, m->rows};
	uint64_t map[CELL_COLUMNS / 64];
	static struct {
		struct ambit_site s;
		uint64_t threshold, map[CELL_COLUMNS / 64];
	} last[3 * AMBIT_TRA_ADDRESSES]; /* drawing again for every cell would take minutes */
	size_t at = (size_t)kind * AMBIT_TRA_ADDRESSES + (size_t)address - AMBIT_FIRST_TRA;
	if (memcmp(&last[at].s, &s, sizeof(s)) != 0 || last[at].threshold != threshold[kind]) {
		ambit_bad_columns(&s, threshold[kind], map, CELL_COLUMNS / 64);
		last[at].s = s;
		last[at].threshold = threshold[kind];
		memcpy(last[at].map, map, sizeof(map));
	}
	return last[at].map[col / 64] >> (col % 64) & 1;
}

/* Column next to col on its chip, or -1. */
static int neighbour(const struct truth *t, int col, int step)
{
	int beat = (int)t->burst.beat_bits, chip = (int)t->burst.chip_bits, chips = beat / chip;
	int on = col % beat / chip, place = col / beat * chip + col % chip + step;
	if (place < 0 || place >= t->columns / chips)
		return -1;
	return place / chip * beat + on * chip + place % chip;
}

static void truth_command(struct truth *t, const struct ambit_command *cmd, int faults)
{
	static unsigned char bitline[CELL_COLUMNS], heading[CELL_COLUMNS];
	struct cell_line a[3], b[3] = {{0, 0}};
	int na = cell_lines(&t->c, cmd->a, a), nb = cmd->kind == AMBIT_AAP ? cell_lines(&t->c, cmd->b, b) : 0;
	for (int col = 0; col < t->columns; col++) {
		int ones = 0;
		for (int i = 0; i < na; i++)
			ones += t->c.v[a[i].row][col] ^ a[i].n;
		/* two cells that failures have made to differ: the first */
		heading[col] = bitline[col] = (unsigned char)(na == 2 ? t->c.v[a[0].row][col] ^ a[0].n : 2 * ones > na);
	}
	for (int col = 0; col < t->columns && col < t->lanes && faults && na == 3; col++) {
		int ones = t->c.v[a[0].row][col] + t->c.v[a[1].row][col] + t->c.v[a[2].row][col];
		if (ones == 0 || ones == 3)
			continue;
		int left = neighbour(t, col, -1), right = neighbour(t, col, 1), idle = -1;
		for (int r = CELL_ROWS - 1; r >= 0; r--) {
			int raised = 0, beside = 0;
			for (int i = 0; i < 3; i++) {
				raised |= a[i].row == r;
				beside |= abs(a[i].row - r) == 1;
			}
			if (beside && !raised)
				idle = r;
		}
		int opposed =
			(left >= 0 && heading[left] != heading[col]) || (right >= 0 && heading[right] != heading[col]);
		int wrong = bad(t, AMBIT_FAULT_TRA, cmd->a.index, col) ||
			    (opposed && bad(t, AMBIT_FAULT_COLUMNS, cmd->a.index, col)) ||
			    (t->c.v[idle][col] != heading[col] && bad(t, AMBIT_FAULT_ROWS, cmd->a.index, col));
		bitline[col] ^= (unsigned char)wrong;
		t->injected += (unsigned)wrong;
	}
	for (int col = 0; col < t->columns; col++) {
		for (int i = 0; i < na; i++)
			t->c.v[a[i].row][col] = (unsigned char)(bitline[col] ^ a[i].n);
		for (int i = 0; i < nb; i++)
			t->c.v[b[i].row][col] = (unsigned char)(bitline[col] ^ b[i].n);
	}
}

static void set_cells(unsigned char *cells, const void *bits, int columns)
{
	for (int i = 0; i < columns; i++)
		cells[i] = ((const unsigned char *)bits)[i / 8] >> (i % 8) & 1;
}

/* Cells of one slot before the program. */
static void truth_start(struct truth *t, unsigned char d[INPUTS][BYTES], int slot, uint64_t seed)
{
	for (int r = 0; r < CELL_D + ROWS; r++) {
		uint64_t noise[ROW_BYTES / 8];
		for (unsigned k = 0; k < ROW_BYTES / 8; k++)
			noise[k] = ambit_noise(seed, (unsigned)r, (uint64_t)slot * (ROW_BYTES / 8) + k);
		set_cells(t->c.v[r], noise, t->columns);
	}
	memset(t->c.v[CELL_C0], 0, CELL_COLUMNS);
	memset(t->c.v[CELL_C0 + 1], 1, CELL_COLUMNS);
	for (int i = 0; i < INPUTS; i++)
		set_cells(t->c.v[CELL_D + i], d[i] + slot * ROW_BYTES, t->columns);
}

struct setting {
	struct ambit_fault_model model;
	struct ambit_burst burst;
	size_t strip;
	int aliased; /* the first result is the memory of the first input */
	uint64_t lanes;
	struct ambit_shift at;
};

static void compare(const struct ambit_program *p, const struct setting *s, uint64_t seed, uint64_t *r)
{
	static unsigned char in[INPUTS][BYTES], out[OUTPUTS][BYTES];
	static struct truth t;
	unsigned char kept[INPUTS][BYTES];
	struct ambit_fault_program x;
	struct ambit_fault_maps maps;
	struct ambit_verdict v;
	cr_assert_eq(ambit_fault_prepare(p, &x, &v), 0, "%s", v.why);
	ambit_fault_maps_init(&maps, &s->model, &small, CELL_COLUMNS);
	cr_assert_eq(ambit_fault_maps_reserve(&maps, SLOTS, &s->at), 0);
	for (unsigned i = 0; i < SLOTS; i++)
		cr_assert_eq(ambit_fault_maps_draw(&maps, i, &s->at, x.addresses), 0);
	char *d[INPUTS + OUTPUTS];
	for (unsigned i = 0; i < INPUTS; i++) {
		for (int k = 0; k < BYTES; k++)
			in[i][k] = (unsigned char)test_random(r);
		d[i] = (char *)in[i];
	}
	for (unsigned i = 0; i < OUTPUTS; i++)
		d[INPUTS + i] = (char *)(i == 0 && s->aliased ? in[0] : out[i]);
	memcpy(kept, in, sizeof(in));
	struct ambit_fault_job job = {.x = &x,
				      .maps = &maps,
				      .at = s->at,
				      .d = d,
				      .row_bytes = ROW_BYTES,
				      .lanes = s->lanes,
				      .burst = s->burst,
				      .strip = s->strip,
				      .seed = seed};
	struct ambit_fault_done done = {{0, 0}, 0, 0};
	void *scratch = aligned_alloc(64, ambit_fault_scratch(&job));
	ambit_fault_run(&job, 2, SLOTS, BYTES, scratch, &done); /* two slices, the later first */
	ambit_fault_run(&job, 0, 2, BYTES, scratch, &done);
	free(scratch);

	uint64_t injected = 0, wrong = 0;
	cell_map_read(&t.c.map);
	t.maps = &maps;
	t.burst = s->burst;
	for (int slot = 0; slot < SLOTS; slot++) {
		static unsigned char clean[OUTPUTS][CELL_COLUMNS], got[CELL_COLUMNS];
		/* 2 banks, 2 subarrays each; slots go to banks first */
		t.bank = ((unsigned)slot + s->at.bank) % 2;
		t.subarray = ((unsigned)slot / 2 + s->at.subarray) % 2;
		t.columns = slot == 2 ? 8 * 128 : CELL_COLUMNS;
		t.lanes = (int)s->lanes - slot * CELL_COLUMNS;
		t.injected = 0;
		for (int faults = 0; faults < 2; faults++) {
			truth_start(&t, kept, slot, seed);
			for (size_t i = 0; i < p->n; i++)
				truth_command(&t, &p->cmd[i], faults);
			for (int i = 0; i < OUTPUTS && !faults; i++)
				memcpy(clean[i], t.c.v[CELL_D + INPUTS + i], CELL_COLUMNS);
		}
		injected += t.injected;
		for (int i = 0; i < OUTPUTS; i++) {
			const unsigned char *truth = t.c.v[CELL_D + INPUTS + i];
			set_cells(got, d[INPUTS + i] + slot * ROW_BYTES, t.columns);
			for (int col = 0; col < t.columns && col < t.lanes; col++) {
				cr_assert_eq(got[col], truth[col], "strip %zu, slot %d, D%d, column %d", s->strip, slot,
					     INPUTS + i, col);
				wrong += truth[col] != clean[i][col];
			}
		}
	}
	cr_assert_eq(done.injected, injected, "injected %llu, %llu in the cells", (unsigned long long)done.injected,
		     (unsigned long long)injected);
	cr_assert_eq(done.wrong, wrong, "wrong %llu, %llu in the cells", (unsigned long long)done.wrong,
		     (unsigned long long)wrong);
	struct ambit_counts n;
	ambit_program_counts(p, &n);
	cr_assert_eq(done.bytes[AMBIT_AAP], n.aap * BYTES);
	cr_assert_eq(done.bytes[AMBIT_AP], n.ap * BYTES);
	ambit_fault_maps_free(&maps);
	ambit_fault_program_free(&x);
}

static struct ambit_address random_address(uint64_t *r)
{
	uint64_t x = test_random(r);
	unsigned kind = x % 8;
	if (kind < 5)
		return (struct ambit_address){AMBIT_B, 0, (uint16_t)(x >> 8 & 15)};
	if (kind == 5)
		return (struct ambit_address){AMBIT_C, 0, (uint16_t)(x >> 8 & 1)};
	return (struct ambit_address){AMBIT_D, 0, (uint16_t)((x >> 8) % ROWS)};
}

static void random_program(struct ambit_program *p, struct ambit_command *cmd, size_t length, uint64_t *r)
{
	struct ambit_verdict v;
	*p = (struct ambit_program){"random", cmd, 0, INPUTS, ROWS, OUTPUTS};
	while (p->n < length) {
		cmd[p->n] = (struct ambit_command){test_random(r) % 3 ? AMBIT_AAP : AMBIT_AP, random_address(r),
						   random_address(r)};
		p->n++;
		if (ambit_verify(p, &v) < 0)
			p->n--;
	}
}

static const struct ambit_burst bursts[] = {{8, 64}, {8, 32}, {4, 64}, {16, 64}, {64, 64}};
static const size_t strips[] = {64, 128, 192, 256, 8192};

Test(ambit_fault_run, random_programs_equal_failing_cells_for_every_strip)
{
	uint64_t r = 88172645463325252u;
	struct ambit_command cmd[160];
	struct ambit_program p;
	for (int i = 0; i < 120; i++) {
		int chain = i % 6 == 5; /* all columns disturb each other: what happens far away arrives */
		random_program(&p, cmd, chain ? 160 : 1 + (size_t)(test_random(&r) % 60), &r);
		struct setting s = {
			.burst = bursts[i % 5], .aliased = i & 1, .lanes = 8 * BYTES - (unsigned)(i % 3) * 77};
		s.at = (struct ambit_shift){.bank = (uint32_t)i % 3, .subarray = (uint32_t)i % 5};
		s.model = (struct ambit_fault_model){.seed = (uint64_t)i,
						     .tra = ambit_threshold(i & 2 ? 0.05 : 0),
						     .columns = ambit_threshold(chain   ? 1
										: i & 4 ? 0.6
											: 0),
						     .rows = ambit_threshold(i & 8 ? 0.3 : 0)};
		for (size_t k = 0; k < 5; k++) {
			s.strip = strips[k];
			compare(&p, &s, (uint64_t)i, &r);
		}
	}
}

/* ---- rates ---- */

static const struct ambit_geometry ddr3 = {
	.channels = 1, .ranks = 1, .banks = 8, .subarrays = 64, .rows = 1024, .chips = 8, .page_bytes = 1024};

enum { WIDE_SLOTS = 16, WIDE_ROW = 8192, WIDE = WIDE_SLOTS * WIDE_ROW }; /* 2^20 columns */

struct wide {
	unsigned char a[WIDE], b[WIDE], c[WIDE], out[WIDE];
};

static void run_wide(const struct ambit_program *p, const struct ambit_fault_model *m, struct wide *w, uint64_t seed,
		     struct ambit_fault_done *done)
{
	struct ambit_fault_program x;
	struct ambit_fault_maps maps;
	struct ambit_verdict v;
	cr_assert_eq(ambit_fault_prepare(p, &x, &v), 0);
	ambit_fault_maps_init(&maps, m, &ddr3, 8 * WIDE_ROW);
	cr_assert_eq(ambit_fault_maps_reserve(&maps, WIDE_SLOTS, &here), 0);
	for (unsigned i = 0; i < WIDE_SLOTS; i++)
		cr_assert_eq(ambit_fault_maps_draw(&maps, i, &here, x.addresses), 0);
	char *in[] = {(char *)w->a, (char *)w->b, (char *)w->c}, *d[4];
	for (unsigned i = 0; i < p->inputs; i++)
		d[i] = in[i];
	d[p->inputs] = (char *)w->out;
	struct ambit_fault_job job = {.x = &x,
				      .maps = &maps,
				      .d = d,
				      .row_bytes = WIDE_ROW,
				      .lanes = 8 * WIDE,
				      .burst = {8, 64},
				      .strip = 4096,
				      .seed = seed};
	void *scratch = aligned_alloc(64, ambit_fault_scratch(&job));
	*done = (struct ambit_fault_done){{0, 0}, 0, 0};
	ambit_fault_run(&job, 0, WIDE_SLOTS, WIDE, scratch, done);
	free(scratch);
	ambit_fault_maps_free(&maps);
	ambit_fault_program_free(&x);
}

/* Columns of 2^20 that fail in any of `times` ANDs of ones and zeros. fresh: errors drawn anew each time, as a scheme
 * without memory would. */
static uint64_t failing_columns(uint64_t seed, double variation, int times, int fresh)
{
	static struct wide w;
	static unsigned char ever[WIDE];
	uint64_t n = 0;
	memset(w.a, 0xff, WIDE);
	memset(w.b, 0, WIDE);
	memset(ever, 0, WIDE);
	for (int i = 0; i < times; i++) {
		struct ambit_fault_model m;
		struct ambit_fault_done done;
		cr_assert_eq(ambit_fault_model(&m, fresh ? 1000 * seed + (uint64_t)i : seed, AMBIT_CURVE_AMBIT55,
					       variation, 0, NULL),
			     0);
		run_wide(ambit_bulk_program(AMBIT_AND), &m, &w, (uint64_t)i, &done);
		for (int k = 0; k < WIDE; k++)
			ever[k] |= w.out[k];
	}
	for (int k = 0; k < WIDE; k++)
		n += (unsigned)__builtin_popcount(ever[k]);
	return n;
}

/* P(X >= k), or P(X <= k), of a binomial distribution, term by term away from its middle. */
static double tail(uint64_t k, uint64_t n, double p, int upper)
{
	double x = (double)k, m = (double)n;
	double term = exp(lgamma(m + 1) - lgamma(x + 1) - lgamma(m - x + 1) + x * log(p) + (m - x) * log1p(-p));
	double sum = 0;
	while (term > sum * 1e-17 && x >= 0 && x <= m) {
		sum += term;
		term *= upper ? (m - x) / (x + 1) * p / (1 - p) : x / (m - x + 1) * (1 - p) / p;
		x += upper ? 1 : -1;
	}
	return sum;
}

/* Does the Clopper-Pearson 99 % interval of k in n hold p? It does where neither tail at p is below 0.5 %. Terms are
 * summed where they fall; where k lies beyond the middle the tail is the rest. */
static int interval_holds(uint64_t k, uint64_t n, double p)
{
	int high = (double)k > (double)n * p;
	return tail(k, n, p, high) >= 0.005;
}

Test(ambit_fault_run, failing_columns_have_the_configured_rate)
{
	int held = 0, held_fresh = 0;
	for (uint64_t seed = 1; seed <= 100; seed++)
		held += interval_holds(failing_columns(seed, 10, 2, 0), 8 * WIDE, 0.0029);
	cr_assert_geq(held, 95, "%d of 100 seeds inside the interval", held);
	/* The same test refuses errors without memory, though each operation alone has the right rate. */
	for (uint64_t seed = 1; seed <= 20; seed++)
		held_fresh += interval_holds(failing_columns(seed, 10, 2, 1), 8 * WIDE, 0.0029);
	cr_assert_lt(held_fresh, 19, "%d of 20 seeds inside the interval without memory", held_fresh);
	/* And the interval is none that holds everything. */
	cr_assert_not(interval_holds(3041 + 150, 8 * WIDE, 0.0029));
	cr_assert_not(interval_holds(3041 - 150, 8 * WIDE, 0.0029));
	cr_assert(interval_holds(3041, 8 * WIDE, 0.0029));
}

static void fill_random(struct wide *w, uint64_t seed)
{
	for (int i = 0; i < WIDE; i++) {
		uint64_t x = test_random(&seed);
		w->a[i] = (unsigned char)x;
		w->b[i] = (unsigned char)(x >> 20);
		w->c[i] = (unsigned char)(x >> 40);
	}
}

Test(ambit_fault_run, no_variation_and_equal_cells_never_fail)
{
	static struct wide w;
	struct ambit_fault_model m;
	struct ambit_fault_done done;
	fill_random(&w, 5);
	cr_assert_eq(ambit_fault_model(&m, 1, AMBIT_CURVE_AMBIT55, 0, 0, NULL), 0);
	cr_assert_not(ambit_fault_active(&m));
	for (int op = 0; op < AMBIT_BULK_COUNT; op++) {
		run_wide(ambit_bulk_program((enum ambit_bulk)op), &m, &w, 1, &done);
		cr_assert(done.injected == 0 && done.wrong == 0, "op %d", op);
	}
	for (int i = 0; i < WIDE; i++)
		cr_assert_eq(w.out[i], 0xff, "the last of them is one"); /* results are stored */
	memcpy(w.b, w.a, WIDE);
	memcpy(w.c, w.a, WIDE);
	cr_assert_eq(ambit_fault_model(&m, 1, AMBIT_CURVE_AMBIT55, 25, 1, NULL), 0);
	run_wide(ambit_bulk_program(AMBIT_MAJ), &m, &w, 1, &done);
	cr_assert(done.injected == 0 && done.wrong == 0);
	cr_assert_arr_eq(w.out, w.a, WIDE);
}

Test(ambit_fault_run, interference_alone_changes_the_published_share)
{
	static struct wide w;
	struct ambit_fault_model both, m;
	struct ambit_fault_done done;
	fill_random(&w, 99);
	for (double scale = 0.25; scale <= 1; scale *= 2) {
		cr_assert_eq(ambit_fault_model(&both, 3, AMBIT_CURVE_AMBIT55, 0, scale, NULL), 0);
		m = both;
		m.rows = 0;
		run_wide(ambit_bulk_program(AMBIT_MAJ), &m, &w, 1, &done);
		double columns = (double)done.wrong / (8 * WIDE);
		m = both;
		m.columns = 0;
		run_wide(ambit_bulk_program(AMBIT_MAJ), &m, &w, 1, &done);
		double rows = (double)done.wrong / (8 * WIDE);
		cr_assert(fabs(columns - 0.48 * scale) < 0.003, "%g: neighbour columns change %g", scale, columns);
		cr_assert(fabs(rows - 0.10 * scale) < 0.003, "%g: idle rows change %g", scale, rows);
	}
}
