#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "ambit-emu/fault.h"
#include "ambit-emu/philox.h"
#include "tests/ambit-emu/model.h"

extern const char mw_data_fault_rates_csv[];

Test(ambit_fault, philox_gives_the_published_answers)
{
	/* kat_vectors of Random123: counter, key, result */
	static const uint32_t known[][10] = {
		{0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
		{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
		 0xa20bc7c6, 0x6d5451fd},
		{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
		 0x5001e420, 0x24126ea1},
	};
	for (int i = 0; i < 3; i++) {
		uint32_t out[4];
		philox4x32(known[i], (uint64_t)known[i][5] << 32 | known[i][4], out);
		cr_assert_arr_eq(out, known[i] + 6, sizeof(out), "vector %d", i);
	}
}

Test(ambit_fault, rates_are_those_of_the_data_file)
{
	char field[7][300];
	const char *at = mw_data_fault_rates_csv;
	int points = 0;
	csv_line(&at, field, 7);
	while (csv_line(&at, field, 7)) {
		if (strcmp(field[1], "tra_failure") != 0)
			continue;
		enum ambit_curve c = strcmp(field[0], "ambit55") == 0 ? AMBIT_CURVE_AMBIT55 : AMBIT_CURVE_SIMDRAM22;
		double variation = atof(field[2]), p = atof(field[3]) / 100, runs = atof(field[4]);
		struct ambit_rate r;
		cr_assert_str_eq(ambit_curve_name(c), field[0]);
		cr_assert_eq(ambit_rate(c, variation, &r), 0);
		if (variation == 0) {
			cr_assert_eq(r.p, 0);
		} else if (p == 0) { /* none in 100,000: at most 3 in 100,000 */
			cr_assert(fabs(r.p - 3.0e-5) < 1e-12 && r.bound, "%s at %g %%: %g", field[0], variation, r.p);
			cr_assert_eq(r.verified, runs > 0);
		} else {
			cr_assert(fabs(r.p - p) < 1e-12 && !r.bound, "%s at %g %%: %g", field[0], variation, r.p);
			cr_assert_eq(r.verified, strcmp(field[5], "yes") == 0);
		}
		points++;
	}
	cr_assert_eq(points, 9);
}

Test(ambit_fault, between_points_the_probit_is_linear_in_the_inverse)
{
	struct ambit_rate r;
	/* Worked by hand: quantiles 2.7589 at 10 % and 1.5539 at 15 %; 12.5 % lies 3/5 of the way: 2.0359. */
	cr_assert_eq(ambit_rate(AMBIT_CURVE_AMBIT55, 12.5, &r), 0);
	cr_assert(fabs(r.p - 0.02088) < 1e-4 && r.verified && !r.bound, "%g", r.p);
	cr_assert_eq(ambit_rate(AMBIT_CURVE_AMBIT55, 17, &r), 0);
	cr_assert_not(r.verified, "the point at 20 %% is not");
	cr_assert_eq(ambit_rate(AMBIT_CURVE_AMBIT55, 7, &r), 0);
	cr_assert(r.bound && r.verified);
	for (int c = 0; c < AMBIT_CURVE_COUNT; c++) {
		double last = 0, end = ambit_curve_end((enum ambit_curve)c);
		for (double v = 0.25; v <= end; v += 0.25) {
			cr_assert_eq(ambit_rate((enum ambit_curve)c, v, &r), 0);
			cr_assert(r.p >= last, "%g %%: %g after %g", v, r.p, last);
			last = r.p;
		}
		cr_assert_eq(ambit_rate((enum ambit_curve)c, end + 0.1, &r), -ERANGE);
		cr_assert_eq(ambit_rate((enum ambit_curve)c, -1, &r), -ERANGE);
		cr_assert_eq(ambit_rate((enum ambit_curve)c, NAN, &r), -ERANGE);
	}
}

Test(ambit_fault, what_is_not_sure_says_so)
{
	static const struct {
		enum ambit_curve curve;
		double variation;
		const char *text;
	} shown[] = {
		{AMBIT_CURVE_AMBIT55, 5, "<= 3e-05 (no failure seen)"},
		{AMBIT_CURVE_AMBIT55, 10, "0.0029"},
		{AMBIT_CURVE_AMBIT55, 20, "0.1636 (unverified)"},
		{AMBIT_CURVE_SIMDRAM22, 5, "<= 3e-05 (no failure seen) (unverified)"},
	};
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		struct ambit_rate r;
		char text[80];
		cr_assert_eq(ambit_rate(shown[i].curve, shown[i].variation, &r), 0);
		ambit_rate_print(&r, text, sizeof(text));
		cr_assert_str_eq(text, shown[i].text);
	}
}

enum { WORDS = 256 };

Test(ambit_fault, maps_follow_the_latents_and_nest)
{
	struct ambit_site s = {.seed = 42, .bank = 3, .subarray = 17, .kind = AMBIT_FAULT_TRA, .address = 12};
	uint64_t map[WORDS], before[WORDS] = {0};
	for (double v = 0; v <= 25; v += 2.5) {
		struct ambit_rate r;
		cr_assert_eq(ambit_rate(AMBIT_CURVE_AMBIT55, v, &r), 0);
		ambit_bad_columns(&s, ambit_threshold(r.p), map, WORDS);
		for (unsigned c = 0; c < 64 * WORDS; c += c < 256 ? 1 : 97) {
			double z = ambit_latent(&s, c), q = -ambit_probit(r.p);
			cr_assert_eq(map[c / 64] >> (c % 64) & 1, z > q, "column %u at %g %%: z = %g, q = %g", c, v, z,
				     q);
		}
		for (unsigned i = 0; i < WORDS; i++) {
			cr_assert_eq(before[i] & ~map[i], 0, "a bad column is good again at %g %%", v);
			before[i] = map[i];
		}
	}
	ambit_bad_columns(&s, (uint64_t)1 << 32, map, WORDS);
	for (unsigned i = 0; i < WORDS; i++)
		cr_assert_eq(map[i], UINT64_MAX);
}

static unsigned bits_of(const uint64_t *map)
{
	unsigned n = 0;
	for (unsigned i = 0; i < WORDS; i++)
		n += (unsigned)__builtin_popcountll(map[i]);
	return n;
}

Test(ambit_fault, every_part_of_a_site_counts)
{
	const struct ambit_site base = {.seed = 1, .bank = 0, .subarray = 0, .kind = AMBIT_FAULT_TRA, .address = 12};
	struct ambit_site other[6] = {base, base, base, base, base, base};
	other[0].seed = 2;
	other[1].seed = 1ull << 32 | 1;
	other[2].bank = 1;
	other[3].subarray = 1;
	other[4].kind = AMBIT_FAULT_COLUMNS;
	other[5].address = 13;
	uint64_t a[WORDS], b[WORDS];
	ambit_bad_columns(&base, ambit_threshold(0.5), a, WORDS);
	for (int i = 0; i < 6; i++) {
		ambit_bad_columns(&other[i], ambit_threshold(0.5), b, WORDS);
		for (unsigned k = 0; k < WORDS; k++)
			b[k] ^= a[k];
		/* 16384 columns: half differ, +- 8 sigma (64) */
		cr_assert(fabs(bits_of(b) - 8192.0) < 512, "part %d: %u of 16384 columns differ", i, bits_of(b));
	}
}
