/* Description: the table of machines: published figures, absent ones, and formats that a machine lacks. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include "bench/model/machines.h"

static void near(double got, double want, const char *what)
{
	cr_assert(fabs(got - want) <= 1e-9 * fabs(want), "%s: got %.17g, want %.17g", what, got, want);
}

Test(machines, published_figures)
{
	const struct machine *v100 = machine_find("v100"), *a100 = machine_find("a100"), *h100 = machine_find("h100");
	near(v100->memory, 32e9, "V100 memory");
	near(a100->memory, 80e9, "A100 memory");
	near(a100->bandwidth, 2039e9, "A100 bandwidth");
	near(a100->peak[MACHINE_BF16], 312e12, "A100 bf16");
	near(a100->link, 300e9, "A100 link, one direction");
	near(a100->price, 32000, "A100 price of the essay");
	near(h100->bandwidth, 3350e9, "H100 bandwidth");
	near(h100->peak[MACHINE_FP16], 989.4e12, "H100 fp16");
	near(h100->power, 700, "H100 power");
	near(machine_find("h200")->memory, 141e9, "H200 memory");
	near(machine_find("hbm-pim")->peak[MACHINE_FP16], 1.2e12, "HBM-PIM");
	near(machine_find("hbm-pim")->bandwidth, 4 * machine_find("hbm-pim")->link, "HBM-PIM, 4 times off-chip");
	near(machine_find("gddr6-aim")->peak[MACHINE_BF16], 1e12, "GDDR6-AiM");
	near(machine_find("upmem")->memory, 128 * 67108864.0, "UPMEM DIMM");
	near(machine_find("corsair")->peak[MACHINE_INT8], 2400e12, "Corsair");
	cr_assert_null(machine_find("a10"));
	cr_assert_null(machine_find(""));
}

/* What holds for every row: a name and a source, no 0, an absent peak is NaN, a claim is marked. */
Test(machines, rows)
{
	size_t n = 0;
	for (const struct machine *m = machine_table; m->name; m++, n++) {
		const double values[] = {m->memory, m->bandwidth, m->link, m->power, m->price};
		bool any = false;
		cr_assert_eq(machine_find(m->name), m, "%s is there twice", m->name);
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			cr_assert(isnan(values[i]) || values[i] > 0, "%s: figure %zu is %g", m->name, i, values[i]);
		for (int f = 0; f < MACHINE_FORMATS; f++) {
			cr_assert(isnan(m->peak[f]) || m->peak[f] > 1e9, "%s: peak %d is %g", m->name, f, m->peak[f]);
			any = any || !isnan(m->peak[f]);
		}
		cr_assert(any, "%s multiplies nothing", m->name);
		for (int f = 0; f < MACHINE_FIELDS; f++)
			cr_assert(strlen(machine_source(m, (enum machine_field)f)) > 4, "%s: no source", m->name);
		cr_assert(m->year >= 2010 && m->year < 2030 && m->words[0], "%s", m->name);
	}
	cr_assert(n >= 12, "%zu machines", n);
}

Test(machines, claims_are_marked)
{
	const struct machine *a100 = machine_find("a100"), *corsair = machine_find("corsair");
	cr_assert(machine_is_verified(a100, MACHINE_MEMORY) && machine_is_verified(a100, MACHINE_BANDWIDTH));
	cr_assert(!machine_is_verified(a100, MACHINE_PRICE), "the price is the essay's");
	for (int f = 0; f < MACHINE_FIELDS; f++)
		cr_assert(!machine_is_verified(corsair, (enum machine_field)f), "a vendor's claim");
	cr_assert(!machine_is_verified(machine_find("hbm-pim"), MACHINE_BANDWIDTH));
	cr_assert(machine_is_verified(machine_find("hbm-pim"), MACHINE_PEAK));
	cr_assert(strstr(machine_source(a100, MACHINE_PRICE), "Asianometry"));
	cr_assert(strstr(machine_source(a100, MACHINE_MEMORY), "Epoch"));
}

Test(machines, wider_formats)
{
	enum machine_format used = MACHINE_FORMATS;
	near(machine_peak(machine_find("a100"), MACHINE_FP8, &used), 312e12, "A100 has no fp8");
	cr_assert_eq(used, MACHINE_FP16);
	near(machine_peak(machine_find("h100"), MACHINE_FP8, &used), 1979e12, "H100 has fp8");
	cr_assert_eq(used, MACHINE_FP8);
	near(machine_peak(machine_find("h100"), MACHINE_INT4, &used), 1979e12, "H100 has no int4: int8");
	cr_assert_eq(used, MACHINE_INT8);
	near(machine_peak(machine_find("v100"), MACHINE_INT8, &used), 125e12, "V100 in the table: fp16");
	cr_assert_eq(used, MACHINE_FP16);
	near(machine_peak(machine_find("xeon-8180"), MACHINE_INT4, NULL), 4.48e12, "fp32 only");
	/* Never a narrower format: it could not hold the numbers. */
	cr_assert(isnan(machine_peak(machine_find("upmem"), MACHINE_BF16, &used)));
	cr_assert(isnan(machine_peak(machine_find("corsair"), MACHINE_FP32, &used)));
	cr_assert(isnan(machine_peak(machine_find("hbm-pim"), MACHINE_FP32, &used)));
}

Test(machines, names)
{
	cr_assert_str_eq(machine_kind_name(MACHINE_DIMC), "in-memory");
	cr_assert_str_eq(machine_format_name(MACHINE_INT4), "int4");
	cr_assert_str_eq(machine_field_name(MACHINE_PRICE), "price");
}
