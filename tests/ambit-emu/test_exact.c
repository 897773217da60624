#include <criterion/criterion.h>

#include <errno.h>

#include "ambit-emu/exact.h"
#include "tests/ambit-emu/model.h"

enum { ROWS = 9, BYTES = CELL_COLUMNS / 8 };

static void set_cells(unsigned char *cells, const unsigned char *bits)
{
	for (int i = 0; i < CELL_COLUMNS; i++)
		cells[i] = bits[i / 8] >> (i % 8) & 1;
}

static struct ambit_address random_address(uint64_t *r, unsigned rows)
{
	uint64_t x = test_random(r);
	unsigned kind = x % 8;
	if (kind < 5)
		return (struct ambit_address){AMBIT_B, 0, (uint16_t)(x >> 8 & 15)};
	if (kind == 5)
		return (struct ambit_address){AMBIT_C, 0, (uint16_t)(x >> 8 & 1)};
	return (struct ambit_address){AMBIT_D, 0, (uint16_t)((x >> 8) % rows)};
}

/* Commands drawn at random; those that the verifier refuses are dropped. Returns how many were. */
static int random_program(struct ambit_program *p, struct ambit_command *cmd, size_t length, uint64_t *r)
{
	struct ambit_verdict v;
	int refused = 0;
	unsigned inputs = (unsigned)(test_random(r) % 4), outputs = 1 + (unsigned)(test_random(r) % 3);
	*p = (struct ambit_program){"random", cmd, 0, inputs, inputs + outputs + (unsigned)(test_random(r) % 4),
				    outputs};
	while (p->n < length) {
		cmd[p->n] = (struct ambit_command){test_random(r) % 3 ? AMBIT_AAP : AMBIT_AP,
						   random_address(r, p->rows), random_address(r, p->rows)};
		p->n++;
		if (ambit_verify(p, &v) < 0) {
			p->n--;
			refused++;
		}
	}
	return refused;
}

static bool writes(const struct ambit_program *p, unsigned d)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->cmd[i].kind == AMBIT_AAP && p->cmd[i].b.group == AMBIT_D && p->cmd[i].b.index == d &&
		    !(p->cmd[i].a.group == AMBIT_D && p->cmd[i].a.index == d))
			return true;
	return false;
}

static void noise_cells(unsigned char *cells, uint64_t seed, unsigned row)
{
	uint64_t noise[BYTES / 8];
	for (unsigned k = 0; k < BYTES / 8; k++)
		noise[k] = ambit_noise(seed, row, k);
	set_cells(cells, (const unsigned char *)noise);
}

/* Results and temporaries hold noise at first, as the compute rows do. */
static void fill_model(struct cells *m, const struct ambit_program *p, unsigned char (*d)[BYTES], uint64_t seed)
{
	cell_map_read(&m->map);
	m->unequal = 0;
	for (unsigned i = 0; i < CELL_ROWS; i++)
		noise_cells(m->v[i], seed, i);
	memset(m->v[CELL_C0], 0, CELL_COLUMNS);
	memset(m->v[CELL_C0 + 1], 1, CELL_COLUMNS);
	for (unsigned i = 0; i < p->rows; i++) {
		if (i < p->inputs)
			set_cells(m->v[CELL_D + i], d[i]);
		else
			noise_cells(m->v[CELL_D + i], seed, AMBIT_FIRST_D + i);
	}
}

static void run_engine(const struct ambit_program *p, const struct ambit_exact_job *job)
{
	void *scratch = aligned_alloc(4096, ambit_exact_scratch(job->x, job->strip));
	struct ambit_executed done = {{0, 0}};
	ambit_exact_run(job, 0, 128, scratch, &done); /* two slices */
	ambit_exact_run(job, 128, BYTES, scratch, &done);
	struct ambit_counts c;
	ambit_program_counts(p, &c);
	cr_assert_eq(done.bytes[AMBIT_AAP], c.aap * BYTES);
	cr_assert_eq(done.bytes[AMBIT_AP], c.ap * BYTES);
	free(scratch);
}

/* Runs the program on the engine and on single cells, from the same noise; rows must agree in every column. The first
 * `shared` results lie in the memory of inputs. */
static void compare(const struct ambit_program *p, enum mw_isa isa, size_t strip, bool nt, unsigned shared,
		    uint64_t seed, uint64_t *r)
{
	static struct cells model;
	static _Alignas(64) unsigned char d[ROWS][BYTES], before[ROWS][BYTES];
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(p, &x, &v), 0, "%s", v.why);
	unsigned n = p->inputs + p->outputs;
	char *rows[ROWS] = {NULL};
	for (unsigned i = 0; i < n; i++) {
		unsigned o = i - p->inputs; /* the last input takes the first result */
		rows[i] = (char *)(i >= p->inputs && o < shared ? d[p->inputs - 1 - o] : d[i]);
		for (int k = 0; k < BYTES; k++)
			d[i][k] = (unsigned char)test_random(r);
	}
	memcpy(before, d, sizeof(d));
	fill_model(&model, p, d, seed);
	cell_run(&model, p, CELL_COLUMNS);
	cr_assert_not(model.unequal, "the verifier let two unequal cells be read together");
	const struct ambit_exact_job job = {&x, ambit_cells(isa), rows, strip, nt, seed};
	run_engine(p, &job);
	for (unsigned i = 0; i < n; i++) {
		static unsigned char got[CELL_COLUMNS];
		unsigned o = i < p->inputs ? p->inputs - 1 - i : 0; /* the result that may lie in input i */
		if (i < p->inputs && o < shared && writes(p, p->inputs + o))
			continue;
		if (i >= p->inputs && !writes(p, i))
			continue; /* anything */
		set_cells(got, (const unsigned char *)rows[i]);
		cr_assert(memcmp(got, model.v[CELL_D + i], CELL_COLUMNS) == 0, "%s on %s, %u in place: D%u differs",
			  p->name, mw_isa_name(isa), shared, i);
	}
	for (unsigned i = 0; i < p->inputs; i++)
		cr_assert(v.input_changed || p->inputs - 1 - i < shared || memcmp(d[i], before[i], BYTES) == 0);
	ambit_exact_free(&x);
}

static const size_t strips[] = {64, 128, 192, 1024};

static unsigned most_shared(const struct ambit_program *p)
{
	return p->inputs < p->outputs ? p->inputs : p->outputs;
}

Test(ambit_exact, bulk_programs_equal_the_cells)
{
	uint64_t r = 88172645463325252u;
	for (int op = 0; op < AMBIT_BULK_COUNT; op++) {
		const struct ambit_program *p = ambit_bulk_program((enum ambit_bulk)op);
		for (int isa = 0; isa < MW_ISA_COUNT; isa++)
			for (unsigned k = 0; k < 8 && ambit_cells((enum mw_isa)isa); k++)
				compare(p, (enum mw_isa)isa, strips[k % 4], k & 4, k & 1 & most_shared(p), 1, &r);
	}
}

Test(ambit_exact, random_legal_programs_equal_the_cells)
{
	uint64_t r = 1234567891011u;
	struct ambit_command cmd[40];
	struct ambit_program p;
	int refused = 0, stale = 0, temporaries = 0, apart = 0;
	for (int i = 0; i < 400; i++) {
		refused += random_program(&p, cmd, 1 + (size_t)(test_random(&r) % 40), &r);
		struct ambit_verdict v;
		struct ambit_exact x;
		cr_assert_eq(ambit_exact_prepare(&p, &x, &v), 0);
		stale += v.stale != 0;
		temporaries += v.data_stale;
		apart += x.early > 0 && p.inputs > 0;
		ambit_exact_free(&x);
		for (int isa = 0; isa < MW_ISA_COUNT; isa++)
			for (unsigned shared = 0; shared <= most_shared(&p) && ambit_cells((enum mw_isa)isa); shared++)
				compare(&p, (enum mw_isa)isa, strips[i % 4], i & 4, shared, (uint64_t)i, &r);
	}
	cr_assert(refused > 1000 && stale > 100 && temporaries > 100 && apart > 50,
		  "the generator met %d illegal commands, %d and %d stale programs, %d that write early", refused,
		  stale, temporaries, apart);
}

/* y = ~x bit by bit, from the top bit of x down into a row that still holds another bit of x. */
Test(ambit_exact, results_in_place_wait_for_the_inputs)
{
	uint64_t r = 5;
	struct ambit_command cmd[8];
	for (uint16_t i = 0; i < 4; i++) {
		cmd[2 * i] = (struct ambit_command){AMBIT_AAP, {AMBIT_D, 0, i}, {AMBIT_B, 0, 5}};
		cmd[2 * i + 1] = (struct ambit_command){AMBIT_AAP, {AMBIT_B, 0, 4}, {AMBIT_D, 0, (uint16_t)(4 + i)}};
	}
	struct ambit_program p = {"reverse", cmd, 8, 4, 8, 4};
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), 0);
	cr_assert_eq(x.early, 3, "all but the last result precede some input");
	ambit_exact_free(&x);
	for (unsigned shared = 0; shared <= 4; shared++)
		compare(&p, MW_ISA_PORTABLE, 128, shared & 1, shared, 3, &r);
}

Test(ambit_exact, the_last_write_of_each_result_is_found_in_a_long_program)
{
	enum { N = 200000 };
	struct ambit_command *cmd = calloc(N, sizeof(*cmd));
	for (size_t i = 0; i < N; i++)
		cmd[i] = (struct ambit_command){
			AMBIT_AAP, {AMBIT_D, 0, (uint16_t)(i % 100)}, {AMBIT_D, 0, (uint16_t)(100 + i % 150)}};
	struct ambit_program p = {"long", cmd, N, 100, 260, 100};
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), 0, "%s", v.why);
	size_t last = 0;
	for (size_t i = 0; i < N; i++)
		last += x.step[i].op >= AMBIT_LAST;
	cr_assert_eq(last, 100, "one last write per result, none of a temporary: %zu", last);
	ambit_exact_free(&x);
	free(cmd);
}

Test(ambit_exact, stale_state_shows_through_the_noise)
{
	struct ambit_command cmd[] = {{AMBIT_AAP, {AMBIT_B, 0, 3}, {AMBIT_D, 0, 0}}};
	struct ambit_program p = {"stale", cmd, 1, 0, 1, 1};
	struct ambit_exact x;
	struct ambit_verdict v;
	static _Alignas(64) char out[2][256];
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), 0);
	void *scratch = aligned_alloc(4096, ambit_exact_scratch(&x, 64));
	for (int i = 0; i < 2; i++) {
		char *row = out[i];
		struct ambit_exact_job job = {&x, ambit_cells(MW_ISA_PORTABLE), &row, 64, false, (uint64_t)i};
		struct ambit_executed done = {{0, 0}};
		ambit_exact_run(&job, 0, 256, scratch, &done);
	}
	cr_assert(memcmp(out[0], out[1], 256) != 0);
	cr_assert(memcmp(out[0], out[0] + 64, 64) != 0, "columns differ");
	free(scratch);
	ambit_exact_free(&x);
}

/* The majority of AND stays in no compute row, because nobody reads it there; a refresh of D2 writes nothing. */
Test(ambit_exact, only_what_is_read_is_written)
{
	struct ambit_command cmd[] = {
		{AMBIT_AAP, {AMBIT_D, 0, 0}, {AMBIT_B, 0, 0}},  {AMBIT_AAP, {AMBIT_D, 0, 1}, {AMBIT_B, 0, 4}},
		{AMBIT_AAP, {AMBIT_C, 0, 0}, {AMBIT_B, 0, 2}},  {AMBIT_AAP, {AMBIT_D, 0, 1}, {AMBIT_B, 0, 1}},
		{AMBIT_AAP, {AMBIT_B, 0, 12}, {AMBIT_D, 0, 2}}, {AMBIT_AP, {AMBIT_D, 0, 2}, {0}},
	};
	static const unsigned stores[] = {1, 0, 1, 1, 1, 0};
	struct ambit_program p = {"and", cmd, 6, 2, 3, 1};
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), 0, "%s", v.why);
	for (size_t i = 0; i < 6; i++)
		cr_assert_eq(x.step[i].n_dst, stores[i], "command %zu writes %u rows", i, x.step[i].n_dst);
	ambit_exact_free(&x);
	uint64_t r = 3;
	for (unsigned shared = 0; shared <= 1; shared++)
		compare(&p, MW_ISA_PORTABLE, 128, shared, shared, 7, &r);
}

Test(ambit_exact, an_illegal_program_is_not_prepared)
{
	struct ambit_command cmd[] = {{AMBIT_AP, {AMBIT_B, 0, 10}, {0}}};
	struct ambit_program p = {"bad", cmd, 1, 0, 1, 1};
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), -EINVAL);
	cr_assert_null(x.step);
	cr_assert(strlen(v.why) > 0);
}

/* Memory of a strip: what the caller does not hold. */
Test(ambit_exact, only_rows_in_use_take_memory)
{
	enum { STRIP = 1024, TEMPORARIES = 40 };
	struct ambit_command cmd[2 * TEMPORARIES];
	for (uint16_t i = 0; i < TEMPORARIES; i++) {
		cmd[i] = (struct ambit_command){AMBIT_AAP, {AMBIT_D, 0, 0}, {AMBIT_D, 0, (uint16_t)(2 + i)}};
		cmd[TEMPORARIES + i] =
			(struct ambit_command){AMBIT_AAP, {AMBIT_D, 0, (uint16_t)(2 + i)}, {AMBIT_D, 0, 1}};
	}
	struct ambit_program p = {"temporaries", cmd, 2 * TEMPORARIES, 1, 2 + TEMPORARIES, 1};
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), 0, "%s", v.why);
	size_t rows = AMBIT_FIRST_D + TEMPORARIES;
	cr_assert_geq(ambit_exact_scratch(&x, STRIP), rows * STRIP);
	cr_assert_leq(ambit_exact_scratch(&x, STRIP), rows * STRIP + 8192, "rows, pointers to them, whole pages");
	ambit_exact_free(&x);
	p = *ambit_bulk_program(AMBIT_AND);
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), 0);
	cr_assert_leq(ambit_exact_scratch(&x, STRIP), AMBIT_FIRST_D * STRIP + 8192, "no operand is copied");
	ambit_exact_free(&x);
}
