#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pim/pim.h"

enum { ROW = 8192 };

static struct pim_device *open_device(const char *spec)
{
	struct pim_device *dev;
	char err[200] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s", err);
	return dev;
}

static struct pim_subarray *open_subarray(struct pim_device *dev, uint32_t bank, uint32_t subarray)
{
	struct pim_subarray *s;
	cr_assert_eq(pim_subarray_open(dev, bank, subarray, &s), 0, "%s", pim_error(dev));
	cr_assert(pim_row_bytes(s) == ROW && pim_data_rows(s) == 1006);
	return s;
}

static void fill(unsigned char *row, unsigned seed)
{
	for (unsigned i = 0; i < ROW; i++)
		row[i] = (unsigned char)((i + seed) * 2654435761u >> 13);
}

static uint64_t count(const struct pim_cost *cost, enum pim_count what)
{
	uint64_t n = 0;
	cr_assert_eq(pim_cost_count(cost, what, &n), 0);
	return n;
}

static void expect_row(struct pim_subarray *s, const char *name, const unsigned char *want)
{
	static unsigned char got[ROW];
	cr_assert_eq(pim_row_read(s, name, got, ROW), 0);
	cr_assert(memcmp(got, want, ROW) == 0, "row %s", name);
}

Test(pim_subarray, a_program_of_ones_own_runs_and_is_charged)
{
	static unsigned char a[ROW], b[ROW], want[ROW];
	struct pim_device *dev = open_device("ambit:dram=ddr3-1600");
	struct pim_subarray *s = open_subarray(dev, 3, 5);
	struct pim_cost *cost;
	fill(a, 1);
	fill(b, 2);
	cr_assert_eq(pim_row_write(s, "D0", a, ROW), 0);
	cr_assert_eq(pim_row_write(s, "D17", b, ROW), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	/* nand: Ambit's five AAPs, 245 ns */
	cr_assert_eq(pim_subarray_run(s, "AAP(D0,B0);AAP(D17,B1);AAP(C0,B2);AAP(B12,B5);AAP(B4,D2)"), 0, "%s",
		     pim_error(dev));
	cr_assert(count(cost, PIM_AAP) == 5 && count(cost, PIM_AP) == 0 && count(cost, PIM_PROGRAMS) == 1);
	cr_assert_eq(count(cost, PIM_EXTRA_WORDLINES_FIRST), 2u);
	cr_assert_eq(count(cost, PIM_PS_ELAPSED), 245000u);
	cr_assert_eq(count(cost, PIM_BYTES_OUT), 0u);
	for (int i = 0; i < ROW; i++)
		want[i] = (unsigned char)~(a[i] & b[i]);
	expect_row(s, "D2", want);
	cr_assert_eq(count(cost, PIM_BYTES_OUT), (uint64_t)ROW);
	expect_row(s, "B4", want); /* DCC0 keeps it */
	expect_row(s, "D0", a);
	pim_close(dev); /* with scopes and subarrays open */
}

Test(pim_subarray, rows_outlive_calls_and_handles)
{
	static unsigned char a[ROW], b[ROW], c[ROW], want[ROW];
	struct pim_device *dev = open_device("ambit:engine=exact");
	struct pim_subarray *s = open_subarray(dev, 0, 0), *other = open_subarray(dev, 0, 1);
	fill(a, 1);
	fill(b, 2);
	fill(c, 3);
	cr_assert_eq(pim_row_write(s, "B0", a, ROW), 0);
	cr_assert_eq(pim_row_write(s, "B1", b, ROW), 0);
	cr_assert_eq(pim_row_write(s, "D0", c, ROW), 0);
	cr_assert_eq(pim_aap(s, "D0", "B2"), 0);
	pim_subarray_close(s);
	s = open_subarray(dev, 0, 0);
	cr_assert_eq(pim_ap(s, "B12"), 0, "%s", pim_error(dev));
	for (int i = 0; i < ROW; i++)
		want[i] = (unsigned char)((a[i] & b[i]) | (c[i] & (a[i] | b[i])));
	expect_row(s, "B0", want);
	expect_row(s, "B2", want);
	cr_assert_eq(pim_row_read(other, "B0", a, ROW), 0);
	cr_assert(memcmp(a, want, ROW) != 0, "another subarray");
	pim_close(dev);
}

Test(pim_subarray, illegal_commands_are_refused_with_the_reason)
{
	static unsigned char a[ROW], before[ROW];
	struct pim_device *dev = open_device("ambit");
	struct pim_subarray *s = open_subarray(dev, 0, 0);
	struct pim_cost *cost;
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"AAP(D0,D1);AAP(B10,D2)", "command 2, AAP(B10,D2): two wordlines whose cells are not provably equal"},
		{"AAP(D0,D1);AP(B8)", "AP on two wordlines"},
		{"AAP(D0,D1);AAP(D0,C1)", "a constant row is never written"},
		{"AAP(D0,D1);AAP(B4,B5)", "both wordlines"},
		{"AAP(D0,D1);AAP(D0,D1006)", "unknown destination address"},
		{"AAP(D0,D1);AAP(D0,B16)", "B16"},
		{"AAP(D0,D1) AP", "line 1"},
	};
	fill(a, 4);
	cr_assert_eq(pim_row_write(s, "D0", a, ROW), 0);
	cr_assert_eq(pim_row_read(s, "D1", before, ROW), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(pim_subarray_run(s, bad[i].text), -EINVAL, "%s", bad[i].text);
		cr_assert_not_null(strstr(pim_error(dev), bad[i].why), "%s: %s", bad[i].text, pim_error(dev));
	}
	cr_assert_eq(count(cost, PIM_AAP), 0u, "nothing ran, nothing is charged");
	expect_row(s, "D1", before);
	static const char *const rows[] = {
		"D1006", "B12", "B8", "X", "", "D0,D1", "D00000000000000000000000000000000000001"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(pim_row_read(s, rows[i], before, ROW), -EINVAL, "%s", rows[i]);
	cr_assert_eq(pim_row_write(s, "C0", a, ROW), -EINVAL);
	cr_assert_eq(pim_row_write(s, "D0", a, ROW - 1), -EINVAL);
	cr_assert_eq(pim_row_write(s, NULL, a, ROW), -EINVAL);
	cr_assert_eq(pim_row_read(NULL, "D0", before, ROW), -EINVAL);
	cr_assert_eq(pim_subarray_run(s, NULL), -EINVAL);
	cr_assert_eq(pim_aap(s, "D0", NULL), -EINVAL);
	cr_assert_eq(pim_subarray_run(s, ""), 0, "no command is no error");
	pim_close(dev);
}

Test(pim_subarray, copies_between_rows_cost_what_lies_between)
{
	static unsigned char a[ROW];
	struct pim_device *dev = open_device("ambit:dram=ddr4-3200,ranks=2");
	struct pim_subarray *s = open_subarray(dev, 1, 2), *near = open_subarray(dev, 1, 9),
			    *bank = open_subarray(dev, 4, 2), *rank = open_subarray(dev, 17, 2);
	struct pim_cost *cost;
	struct pim_energy e = {.size = sizeof(e)};
	fill(a, 5);
	cr_assert_eq(pim_row_write(s, "D3", a, ROW), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_row_copy(s, "D4", s, "D3"), 0);
	cr_assert(count(cost, PIM_AAP) == 1 && count(cost, PIM_PS_COPY) == 0 && count(cost, PIM_BYTES_COPIED) == 0);
	cr_assert_eq(pim_row_copy(near, "D3", s, "D4"), 0, "%s", pim_error(dev));
	cr_assert(count(cost, PIM_COPIES_INTER_SUBARRAY) == 1 && count(cost, PIM_BYTES_COPIED) == 2 * ROW);
	uint64_t ps = count(cost, PIM_PS_COPY);
	cr_assert_eq(ps, (1118u + 22 + 22 + 127 * 8) * 625);
	cr_assert_eq(pim_row_copy(bank, "B5", near, "D3"), 0, "%s", pim_error(dev));
	cr_assert(count(cost, PIM_COPIES_INTER_BANK) == 1 && count(cost, PIM_AAP) == 1);
	cr_assert_eq(count(cost, PIM_PS_COPY) - ps, 1118u * 625);
	cr_assert_eq(count(cost, PIM_PS_ELAPSED), count(cost, PIM_PS_COPY) + count(cost, PIM_PS_COMPUTE));
	cr_assert_eq(pim_cost_energy(cost, PIM_E_RD, &e), 0);
	cr_assert(e.typ_pj > 0, "columns are read on the way");
	expect_row(bank, "B5", a);
	cr_assert_eq(pim_row_copy(rank, "D0", bank, "B5"), -EOPNOTSUPP);
	cr_assert_not_null(strstr(pim_error(dev), "internal bus"));
	cr_assert_eq(pim_row_copy(s, "C0", near, "D3"), -EINVAL);
	cr_assert_eq(pim_row_copy(s, "D0", near, NULL), -EINVAL);
	pim_close(dev);
}

Test(pim_subarray, only_devices_that_have_them_and_places_that_exist)
{
	struct pim_device *dev = open_device("host");
	struct pim_subarray *s;
	cr_assert_eq(pim_subarray_open(dev, 0, 0, &s), -EOPNOTSUPP);
	cr_assert(!s && !pim_row_copy_source(dev));
	pim_close(dev);
	dev = open_device("ambit:banks=4,subarrays=2");
	cr_assert_not_null(strstr(pim_row_copy_source(dev), "unverified"), "tCCD and tWR of ddr3-1600");
	cr_assert_eq(pim_subarray_open(dev, 4, 0, &s), -EINVAL);
	cr_assert_eq(pim_subarray_open(dev, 0, 2, &s), -EINVAL);
	cr_assert_eq(pim_subarray_open(NULL, 0, 0, &s), -EINVAL);
	cr_assert_eq(pim_subarray_open(dev, 0, 0, NULL), -EINVAL);
	pim_subarray_close(NULL);
	cr_assert(pim_row_bytes(NULL) == 0 && pim_data_rows(NULL) == 0);
	pim_close(dev);
}
