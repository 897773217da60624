#include <criterion/criterion.h>

#include <errno.h>

#include "ambit-emu/exact.h"
#include "tests/ambit-emu/model.h"

enum { ROWS = 6, BYTES = CELL_COLUMNS / 8 };

static void set_cells(unsigned char *cells, const unsigned char *bits)
{
	for (int i = 0; i < CELL_COLUMNS; i++)
		cells[i] = bits[i / 8] >> (i % 8) & 1;
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

/* Commands drawn at random; those that the verifier refuses are dropped. Returns how many were. */
static int random_program(struct ambit_program *p, struct ambit_command *cmd, size_t length, uint64_t *r)
{
	struct ambit_verdict v;
	int refused = 0;
	*p = (struct ambit_program){"random", cmd, 0, ROWS, ROWS};
	while (p->n < length) {
		cmd[p->n] = (struct ambit_command){test_random(r) % 3 ? AMBIT_AAP : AMBIT_AP, random_address(r),
						   random_address(r)};
		p->n++;
		if (ambit_verify(p, &v) < 0) {
			p->n--;
			refused++;
		}
	}
	return refused;
}

/* Runs the program on the engine and on single cells, from the same noise; rows must agree in every column. */
static void compare(const struct ambit_program *p, enum mw_isa isa, size_t strip, bool nt, uint64_t seed, uint64_t *r)
{
	static struct cells model;
	static _Alignas(64) unsigned char d[ROWS][BYTES];
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(p, &x, &v), 0, "%s", v.why);
	cell_map_read(&model.map);
	model.unequal = 0;
	char *rows[ROWS];
	for (int i = 0; i < ROWS; i++) {
		rows[i] = (char *)d[i];
		for (int k = 0; k < BYTES; k++)
			d[i][k] = (unsigned char)test_random(r);
		set_cells(model.v[CELL_D + i], d[i]);
	}
	for (unsigned i = 0; i < CELL_ROWS; i++) {
		uint64_t noise[BYTES / 8];
		for (unsigned k = 0; k < BYTES / 8; k++)
			noise[k] = ambit_noise(seed, i, k);
		set_cells(model.v[i], (const unsigned char *)noise);
	}
	memset(model.v[CELL_C0], 0, CELL_COLUMNS);
	memset(model.v[CELL_C0 + 1], 1, CELL_COLUMNS);
	cell_run(&model, p, CELL_COLUMNS);
	cr_assert_not(model.unequal, "the verifier let two unequal cells be read together");

	void *scratch = aligned_alloc(4096, ambit_exact_scratch(&x, strip));
	struct ambit_exact_job job = {&x, ambit_cells(isa), rows, strip, nt, seed};
	struct ambit_executed done = {{0, 0}};
	ambit_exact_run(&job, 0, 128, scratch, &done); /* two slices */
	ambit_exact_run(&job, 128, BYTES, scratch, &done);
	struct ambit_counts c;
	ambit_program_counts(p, &c);
	cr_assert_eq(done.bytes[AMBIT_AAP], c.aap * BYTES);
	cr_assert_eq(done.bytes[AMBIT_AP], c.ap * BYTES);
	for (unsigned i = 0; i < p->rows; i++) {
		static unsigned char got[CELL_COLUMNS];
		set_cells(got, d[i]);
		cr_assert(memcmp(got, model.v[CELL_D + i], CELL_COLUMNS) == 0, "%s on %s: D%u differs", p->name,
			  mw_isa_name(isa), i);
	}
	free(scratch);
	ambit_exact_free(&x);
}

static const size_t strips[] = {64, 128, 192, 1024};

Test(ambit_exact, bulk_programs_equal_the_cells)
{
	uint64_t r = 88172645463325252u;
	for (int op = 0; op < AMBIT_BULK_COUNT; op++)
		for (int isa = 0; isa < MW_ISA_COUNT; isa++)
			for (int k = 0; k < 8 && ambit_cells((enum mw_isa)isa); k++)
				compare(ambit_bulk_program((enum ambit_bulk)op), (enum mw_isa)isa, strips[k % 4], k & 4,
					1, &r);
}

Test(ambit_exact, random_legal_programs_equal_the_cells)
{
	uint64_t r = 1234567891011u;
	struct ambit_command cmd[40];
	struct ambit_program p;
	int refused = 0, stale = 0;
	for (int i = 0; i < 300; i++) {
		refused += random_program(&p, cmd, 1 + (size_t)(test_random(&r) % 40), &r);
		struct ambit_verdict v;
		cr_assert_eq(ambit_verify(&p, &v), 0);
		stale += v.stale != 0;
		for (int isa = 0; isa < MW_ISA_COUNT; isa++)
			if (ambit_cells((enum mw_isa)isa))
				compare(&p, (enum mw_isa)isa, strips[i % 4], i & 4, (uint64_t)i, &r);
	}
	cr_assert(refused > 1000 && stale > 100, "the generator met %d illegal commands and %d stale programs", refused,
		  stale);
}

Test(ambit_exact, stale_state_shows_through_the_noise)
{
	struct ambit_command cmd[] = {{AMBIT_AAP, {AMBIT_B, 0, 3}, {AMBIT_D, 0, 0}}};
	struct ambit_program p = {"stale", cmd, 1, 0, 1};
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

Test(ambit_exact, an_illegal_program_is_not_prepared)
{
	struct ambit_command cmd[] = {{AMBIT_AP, {AMBIT_B, 0, 10}, {0}}};
	struct ambit_program p = {"bad", cmd, 1, 0, 1};
	struct ambit_exact x;
	struct ambit_verdict v;
	cr_assert_eq(ambit_exact_prepare(&p, &x, &v), -EINVAL);
	cr_assert_null(x.step);
	cr_assert(strlen(v.why) > 0);
}
