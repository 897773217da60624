#include <criterion/criterion.h>

#include <errno.h>

#include "ambit-emu/exact.h"
#include "ambit-emu/subarray.h"
#include "tests/ambit-emu/model.h"

enum { DATA_ROWS = 12, SUBARRAYS = 3, BYTES = CELL_COLUMNS / 8 };

static struct ambit_bank *open_bank(enum mw_isa isa, uint64_t seed)
{
	struct ambit_bank *b;
	struct ambit_bank_config c = {SUBARRAYS, DATA_ROWS, BYTES, seed, ambit_cells(isa)};
	cr_assert_eq(ambit_bank_create(&c, &b), 0);
	return b;
}

static struct ambit_address at(unsigned subarray, char group, unsigned index)
{
	return (struct ambit_address){group == 'D'   ? AMBIT_D
				      : group == 'B' ? AMBIT_B
						     : AMBIT_C,
				      (uint16_t)subarray, (uint16_t)index};
}

static struct ambit_command aap(struct ambit_address a, struct ambit_address b)
{
	return (struct ambit_command){AMBIT_AAP, a, b};
}

static struct ambit_address random_address(unsigned subarray, uint64_t *r)
{
	uint64_t x = test_random(r);
	unsigned kind = x % 8;
	return kind < 4    ? at(subarray, 'B', x >> 8 & 15)
	       : kind == 4 ? at(subarray, 'C', x >> 8 & 1)
			   : at(subarray, 'D', (unsigned)(x >> 8) % DATA_ROWS);
}

static void get_cells(struct ambit_bank *b, struct ambit_address a, unsigned char *cells)
{
	unsigned char row[BYTES];
	cr_assert_eq(ambit_bank_read(b, a, row), 0);
	for (int i = 0; i < CELL_COLUMNS; i++)
		cells[i] = row[i / 8] >> (i % 8) & 1;
}

/* T0..T3, DCC0, DCC1 are read through B0..B4 and B6. */
static void each_row(struct ambit_bank *b, unsigned subarray, struct cells *m, bool load)
{
	static const unsigned compute[CELL_ROWS] = {0, 1, 2, 3, 4, 6};
	unsigned char got[CELL_COLUMNS] = {0};
	for (unsigned i = 0; i < CELL_D + DATA_ROWS; i++) {
		struct ambit_address a = i < CELL_ROWS ? at(subarray, 'B', compute[i])
					 : i < CELL_D  ? at(subarray, 'C', i - CELL_C0)
						       : at(subarray, 'D', i - CELL_D);
		get_cells(b, a, load ? m->v[i] : got);
		cr_assert(load || memcmp(got, m->v[i], CELL_COLUMNS) == 0, "subarray %u, row %u differs", subarray, i);
	}
}

/* Single commands and lists, legal or not, in several subarrays: what is refused changes nothing, everything else is
 * what single cells do, across calls. */
Test(ambit_subarray, rows_keep_what_commands_left_in_them)
{
	static struct cells model[SUBARRAYS];
	uint64_t r = 4711;
	struct ambit_bank *b = open_bank(mw_isa_best(), 7);
	int ran = 0, refused = 0;
	for (unsigned s = 0; s < SUBARRAYS; s++) {
		cell_map_read(&model[s].map);
		each_row(b, s, &model[s], true);
	}
	for (int i = 0; i < 3000; i++) {
		struct ambit_command cmd[4];
		struct ambit_verdict v;
		size_t n = 1 + test_random(&r) % 4;
		for (size_t k = 0; k < n; k++) {
			unsigned s = (unsigned)(test_random(&r) % SUBARRAYS);
			cmd[k] = (struct ambit_command){test_random(&r) % 3 ? AMBIT_AAP : AMBIT_AP,
							random_address(s, &r), random_address(s, &r)};
		}
		int rc = ambit_bank_execute(b, cmd, n, &v);
		cr_assert(rc == 0 || (rc == -EINVAL && v.at < n && strlen(v.why) > 0));
		ran += rc == 0;
		refused += rc != 0;
		for (size_t k = 0; k < n && rc == 0; k++)
			for (int col = 0; col < CELL_COLUMNS; col++)
				cell_command(&model[cmd[k].a.subarray], &cmd[k], col);
		if (i % 50 == 0)
			for (unsigned s = 0; s < SUBARRAYS; s++)
				each_row(b, s, &model[s], false);
	}
	for (unsigned s = 0; s < SUBARRAYS; s++) {
		each_row(b, s, &model[s], false);
		cr_assert_not(model[s].unequal, "two unequal cells were read together");
	}
	cr_assert(ran > 500 && refused > 500, "%d ran, %d were refused", ran, refused);
	ambit_bank_destroy(b);
}

Test(ambit_subarray, legality_follows_the_contents_across_calls)
{
	struct ambit_bank *b = open_bank(MW_ISA_PORTABLE, 1);
	struct ambit_verdict v;
	unsigned char row[BYTES] = {0};
	struct ambit_command copy = aap(at(0, 'D', 0), at(0, 'B', 10)), both = aap(at(0, 'B', 10), at(0, 'D', 1));
	cr_assert_eq(ambit_bank_execute(b, &both, 1, &v), -EINVAL, "T2 and T3 hold noise");
	cr_assert_not_null(strstr(v.why, "not provably equal"));
	cr_assert_eq(ambit_bank_execute(b, &copy, 1, &v), 0, "%s", v.why);
	cr_assert_eq(ambit_bank_execute(b, &both, 1, &v), 0, "%s", v.why);
	cr_assert_eq(ambit_bank_write(b, at(0, 'B', 2), row), 0);
	cr_assert_eq(ambit_bank_execute(b, &both, 1, &v), -EINVAL, "T2 was written from outside");
	/* A refusal inside a list undoes what the commands before it proved. */
	struct ambit_command list[] = {copy, both, aap(at(0, 'D', 0), at(0, 'C', 0))};
	cr_assert_eq(ambit_bank_execute(b, list, 3, &v), -EINVAL);
	cr_assert(v.at == 2 && strstr(v.why, "constant row"));
	cr_assert_eq(ambit_bank_execute(b, &both, 1, &v), -EINVAL);
	/* The same addresses of another subarray are other rows. */
	copy.a.subarray = copy.b.subarray = 2;
	cr_assert_eq(ambit_bank_execute(b, &copy, 1, &v), 0);
	cr_assert_eq(ambit_bank_execute(b, &both, 1, &v), -EINVAL);
	struct ambit_command across = aap(at(0, 'D', 0), at(1, 'D', 0)), nowhere = aap(at(3, 'D', 0), at(3, 'D', 1));
	cr_assert_eq(ambit_bank_execute(b, &across, 1, &v), -EINVAL);
	cr_assert_not_null(strstr(v.why, "two subarrays"));
	cr_assert_eq(ambit_bank_execute(b, &nowhere, 1, &v), -EINVAL);
	cr_assert_not_null(strstr(v.why, "no such subarray"));
	cr_assert_eq(ambit_bank_execute(b, NULL, 0, &v), 0);
	ambit_bank_destroy(b);
}

Test(ambit_subarray, first_contents_are_noise_of_the_seed)
{
	unsigned char row[4][BYTES];
	struct ambit_bank *a = open_bank(MW_ISA_PORTABLE, 1), *same = open_bank(mw_isa_best(), 1),
			  *other = open_bank(MW_ISA_PORTABLE, 2);
	cr_assert_eq(ambit_bank_read(a, at(0, 'D', 3), row[0]), 0);
	cr_assert_eq(ambit_bank_read(same, at(0, 'D', 4), row[1]), 0); /* the order of use does not matter */
	cr_assert(memcmp(row[0], row[1], BYTES) != 0);
	cr_assert_eq(ambit_bank_read(same, at(0, 'D', 3), row[1]), 0);
	cr_assert(memcmp(row[0], row[1], BYTES) == 0);
	cr_assert_eq(ambit_bank_read(same, at(1, 'D', 3), row[2]), 0);
	cr_assert_eq(ambit_bank_read(other, at(0, 'D', 3), row[3]), 0);
	cr_assert(memcmp(row[0], row[2], BYTES) != 0 && memcmp(row[0], row[3], BYTES) != 0);
	ambit_bank_destroy(a);
	ambit_bank_destroy(same);
	ambit_bank_destroy(other);
}

Test(ambit_subarray, rows_are_read_and_written_through_one_wordline)
{
	struct ambit_bank *b = open_bank(MW_ISA_PORTABLE, 1);
	unsigned char in[BYTES], out[BYTES];
	for (int i = 0; i < BYTES; i++)
		in[i] = (unsigned char)(7 * i);
	cr_assert_eq(ambit_bank_rows_used(b), 0u);
	cr_assert_eq(ambit_bank_write(b, at(1, 'B', 5), in), 0); /* DCC0 from its n-wordline */
	cr_assert_eq(ambit_bank_read(b, at(1, 'B', 5), out), 0);
	cr_assert(memcmp(in, out, BYTES) == 0);
	cr_assert_eq(ambit_bank_read(b, at(1, 'B', 4), out), 0);
	for (int i = 0; i < BYTES; i++)
		cr_assert_eq(out[i], (unsigned char)~in[i]);
	cr_assert_eq(ambit_bank_rows_used(b), 1u, "one row is in use");
	cr_assert_eq(ambit_bank_read(b, at(0, 'C', 1), out), 0);
	cr_assert(out[0] == 0xff && out[BYTES - 1] == 0xff);
	cr_assert_eq(ambit_bank_write(b, at(0, 'C', 1), in), -EINVAL);
	cr_assert_eq(ambit_bank_write(b, at(0, 'B', 8), in), -EINVAL, "two wordlines");
	cr_assert_eq(ambit_bank_read(b, at(0, 'B', 12), out), -EINVAL, "three wordlines");
	cr_assert_eq(ambit_bank_read(b, at(0, 'D', DATA_ROWS), out), -EINVAL);
	cr_assert_eq(ambit_bank_read(b, at(SUBARRAYS, 'D', 0), out), -EINVAL);
	cr_assert_eq(ambit_bank_rows_used(b), 2u);
	ambit_bank_destroy(b);
}

Test(ambit_subarray, clones_move_rows_between_subarrays_and_banks)
{
	struct ambit_bank *b = open_bank(MW_ISA_PORTABLE, 1), *c = open_bank(MW_ISA_PORTABLE, 2);
	struct ambit_verdict v;
	unsigned char in[BYTES], out[BYTES];
	for (int i = 0; i < BYTES; i++)
		in[i] = (unsigned char)(11 * i);
	cr_assert_eq(ambit_bank_write(b, at(0, 'D', 0), in), 0);
	cr_assert_eq(ambit_bank_clone(b, at(2, 'B', 2), b, at(0, 'D', 0)), 0);
	cr_assert_eq(ambit_bank_clone(b, at(2, 'B', 3), b, at(0, 'D', 0)), 0);
	cr_assert_eq(ambit_bank_read(b, at(2, 'B', 3), out), 0);
	cr_assert(memcmp(in, out, BYTES) == 0);
	struct ambit_command both = aap(at(2, 'B', 10), at(2, 'D', 1));
	cr_assert_eq(ambit_bank_execute(b, &both, 1, &v), 0, "two clones of one row are equal: %s", v.why);
	cr_assert_eq(ambit_bank_clone(c, at(1, 'B', 7), b, at(2, 'D', 1)), 0); /* into an n-wordline */
	cr_assert_eq(ambit_bank_read(c, at(1, 'B', 7), out), 0);
	cr_assert(memcmp(in, out, BYTES) == 0);
	cr_assert_eq(ambit_bank_clone(c, at(1, 'B', 6), c, at(1, 'B', 7)), 0, "a row onto its own complement");
	cr_assert_eq(ambit_bank_read(c, at(1, 'B', 6), out), 0);
	cr_assert(memcmp(in, out, BYTES) == 0);
	cr_assert_eq(ambit_bank_clone(c, at(0, 'C', 0), b, at(0, 'D', 0)), -EINVAL);
	cr_assert_eq(ambit_bank_clone(c, at(0, 'D', 0), b, at(0, 'B', 12)), -EINVAL);
	ambit_bank_destroy(b);
	ambit_bank_destroy(c);
}

/* More majorities than there is room for, each of the one before: what is gone is forgotten, then how it was made, but
 * not that two rows are equal. */
Test(ambit_subarray, long_use_does_not_grow_without_bound)
{
	struct ambit_bank_config config = {2, DATA_ROWS, AMBIT_LINE, 3, ambit_cells(MW_ISA_PORTABLE)};
	struct ambit_bank *b;
	struct ambit_verdict v;
	cr_assert_eq(ambit_bank_create(&config, &b), 0);
	struct ambit_command pair = aap(at(0, 'D', 0), at(0, 'B', 10)), both = aap(at(0, 'B', 10), at(0, 'D', 1));
	cr_assert_eq(ambit_bank_execute(b, &pair, 1, &v), 0);
	unsigned char row[AMBIT_LINE] = {0};
	struct ambit_command tra = {AMBIT_AP, at(1, 'B', 12), at(1, 'D', 0)};
	for (unsigned i = 0; i < 500000; i++) {
		cr_assert_eq(ambit_bank_write(b, at(1, 'B', i % 3), row), 0);
		cr_assert_eq(ambit_bank_write(b, at(1, 'B', (i + 1) % 3), row), 0);
		cr_assert_eq(ambit_bank_execute(b, &tra, 1, &v), 0);
	}
	cr_assert_eq(ambit_bank_execute(b, &both, 1, &v), 0, "%s", v.why);
	ambit_bank_destroy(b);
}

Test(ambit_subarray, sizes_are_checked)
{
	struct ambit_bank *b;
	const struct ambit_cells *cells = ambit_cells(MW_ISA_PORTABLE);
	const struct ambit_bank_config bad[] = {
		{0, 1, 64, 1, cells}, {70000, 1, 64, 1, cells}, {1, 65535, 64, 1, cells},
		{1, 1, 0, 1, cells},  {1, 1, 96, 1, cells},     {1, 1, 64, 1, NULL},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(ambit_bank_create(&bad[i], &b), -EINVAL, "case %zu", i);
	ambit_bank_destroy(NULL);
}
