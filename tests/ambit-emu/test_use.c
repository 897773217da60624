#include <criterion/criterion.h>

#include "ambit-emu/builder.h"
#include "ambit-emu/use.h"

Test(ambit_use, of_the_bulk_programs)
{
	struct ambit_row_use u;
	/* AAP(D0,B0) AAP(D1,B1) AAP(C0,B2) AAP(B12,D2): T0..T2 rise twice. */
	cr_assert_eq(ambit_row_use(ambit_bulk_program(AMBIT_AND), &u), 0);
	cr_assert(u.raised[AMBIT_T0] == 2 && u.raised[AMBIT_T2] == 2 && u.raised[AMBIT_T3] == 0 &&
		  u.raised[AMBIT_C0] == 1 && u.raised[AMBIT_C1] == 0);
	cr_assert_eq(u.most, 2);
	cr_assert_eq(u.live, 3);
	/* ~DCC0 T0 | ~DCC1 T1 | T2 T3 | DCC0 T1 T2 | DCC1 T0 T3 | C1, T2 | T0 T1 T2 */
	cr_assert_eq(ambit_row_use(ambit_bulk_program(AMBIT_XOR), &u), 0);
	cr_assert(u.raised[AMBIT_T0] == 3 && u.raised[AMBIT_T1] == 3 && u.raised[AMBIT_T2] == 4 &&
		  u.raised[AMBIT_T3] == 2 && u.raised[AMBIT_DCC0] == 2 && u.raised[AMBIT_DCC1] == 2);
	cr_assert(u.most == 4 && u.most_row == AMBIT_T2);
}

Test(ambit_use, temporaries_count_while_they_live)
{
	/* D0 -> D2 -> D3 -> D1 and D0 -> D4, unused: D2 and D3 meet in one command, D4 comes alone. */
	struct ambit_builder b = {.p = {.name = "chain", .inputs = 1, .outputs = 1}};
	ambit_aap(&b, ambit_d(0), ambit_d(2));
	ambit_aap(&b, ambit_d(2), ambit_d(3));
	ambit_aap(&b, ambit_d(3), ambit_d(1));
	ambit_aap(&b, ambit_d(0), ambit_d(4));
	struct ambit_row_use u;
	cr_assert_eq(b.rc, 0);
	cr_assert_eq(ambit_row_use(&b.p, &u), 0);
	cr_assert_eq(u.live, 4);
	cr_assert_eq(u.most, 2);
	cr_assert_eq(u.most_row, AMBIT_FIRST_D);
	ambit_builder_free(&b);
}

/* One AAP after the other raises a row 64 ms / 49 ns = 1.3 million times between two refreshes. */
Test(ambit_use, activations_between_refreshes)
{
	const struct dram_part *d = ambit_dram_find("ddr3-1600");
	struct ambit_timing t = {.dram = d, .aap = AMBIT_AAP_SPLIT};
	const struct ambit_program *zero = ambit_bulk_program(AMBIT_ZERO);
	struct ambit_row_use u;
	cr_assert_eq(ambit_row_use(zero, &u), 0);
	cr_assert_eq(u.most, 1);
	uint64_t n = ambit_window_activations(&t, zero, &u);
	cr_assert(n > 1300000 && n < 1310000, "%llu", (unsigned long long)n);
}
