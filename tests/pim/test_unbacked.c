/* Vectors without contents: their costs are those of vectors with contents, and exact for any length. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>

#include "pim/pim.h"

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev;
	char err[200];
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static struct pim_vector *vector(struct pim_device *dev, struct pim_type t, uint64_t lanes, bool backed)
{
	struct pim_vector *v;
	int rc = backed ? pim_alloc(dev, t, lanes, &v) : pim_alloc_unbacked(dev, t, lanes, &v);
	cr_assert_eq(rc, 0, "%s", pim_error(dev));
	return v;
}

/* Everything that a vector goes through once. */
static void whole_cost(struct pim_device *dev, enum pim_op op, uint32_t bits, uint64_t lanes, bool backed,
		       uint64_t counts[PIM_COUNT_N])
{
	struct pim_type t = pim_uint(bits), result = t;
	struct pim_vector *src[3] = {NULL}, *dst = NULL;
	struct pim_cost *cost;
	uint64_t value;
	bool reduces = op == PIM_SUM_LANES;
	void *host = backed ? calloc(lanes, 8) : NULL;
	int rc = 0;
	cr_assert(reduces || pim_op_result(op, t, &result) == 0);
	if (!reduces)
		dst = vector(dev, result, lanes, backed);
	for (unsigned i = 0; i < pim_op_inputs(op); i++)
		src[i] = vector(dev, op == PIM_IF_ELSE && i == 0 ? pim_uint(1) : t, lanes, backed);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	for (unsigned i = 0; i < pim_op_inputs(op) && rc == 0; i++)
		rc = pim_write(src[i], host, pim_bytes(src[i]));
	if (rc == 0 && op == PIM_FILL)
		rc = pim_fill(dst, 1);
	else if (rc == 0 && op == PIM_SHL)
		rc = pim_shift(op, dst, src[0], 1);
	else if (rc == 0 && op == PIM_SHIFT_LANES)
		rc = pim_shift_lanes(dst, src[0], 3);
	else if (rc == 0 && reduces)
		rc = pim_reduce(op, src[0], backed ? &value : NULL);
	else if (rc == 0)
		rc = pim_execute(op, dst, src, pim_op_inputs(op));
	if (rc == 0 && dst)
		rc = pim_read(dst, host, pim_bytes(dst));
	cr_assert_eq(rc, 0, "%s of %u bits: %s", pim_op_name(op), bits, pim_error(dev));
	for (int i = 0; i < PIM_COUNT_N; i++)
		if (pim_cost_count(cost, (enum pim_count)i, &counts[i]) < 0)
			counts[i] = 0;
	pim_cost_end(cost);
	for (unsigned i = 0; i < 3; i++)
		pim_free(src[i]);
	pim_free(dst);
	free(host);
}

Test(pim_unbacked, costs_equal_those_of_contents)
{
	static const char *const specs[] = {
		"ambit:engine=fused,via=host", "ambit:engine=exact,via=host,banks=2,transpose=host:3.3",
		"ambit:dram=ddr4-3200,limit=jedec,faw_acts=wl,attach=device,via=host,banks=4,efficiency=0.37"};
	static const enum pim_op ops[] = {PIM_AND, PIM_MAJ,     PIM_FILL,      PIM_ADD, PIM_MUL_WIDE,
					  PIM_LT,  PIM_IF_ELSE, PIM_SUM_LANES, PIM_SHL, PIM_SHIFT_LANES};
	static const uint32_t widths[] = {1, 7, 32};
	for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++) {
		struct pim_device *dev = device(specs[s]);
		for (size_t o = 0; o < sizeof(ops) / sizeof(ops[0]); o++)
			for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
				uint64_t with[PIM_COUNT_N], without[PIM_COUNT_N], lanes = 65536 * 3 + 17;
				whole_cost(dev, ops[o], widths[w], lanes, true, with);
				whole_cost(dev, ops[o], widths[w], lanes, false, without);
				for (int i = 0; i < PIM_COUNT_N; i++)
					cr_assert_eq(with[i], without[i], "%s: %s of %u bits: %s is %llu, not %llu",
						     specs[s], pim_op_name(ops[o]), widths[w],
						     pim_count_name((enum pim_count)i), (unsigned long long)without[i],
						     (unsigned long long)with[i]);
				cr_assert(with[PIM_PS_ELAPSED] > 0);
			}
		pim_close(dev);
	}
}

/* Modelled time = batches x program, to the picosecond, from 1 MiB to 4 GiB of operand. Rows of 65,536 lanes. */
Test(pim_unbacked, time_is_batches_times_program)
{
	static const struct {
		const char *spec;
		uint64_t banks; /* that work at once */
	} cases[] = {
		{"ambit", 8},
		{"ambit:dram=ddr4-3200", 16},
		{"ambit:dram=ddr4-3200,channels=2,ranks=4,aap=split-strict", 128},
		{"ambit:dram=ddr4-3200,limit=jedec,refresh=0", 16},
		{"ambit:dram=ddr3-1600,channels=8,salp=4,limit=bus", 256},
	};
	static const enum pim_op ops[] = {PIM_NOT, PIM_AND, PIM_XOR, PIM_ADD, PIM_MUL, PIM_LT, PIM_MIN};
	static const uint32_t widths[] = {1, 8, 32, 64};
	for (size_t s = 0; s < sizeof(cases) / sizeof(cases[0]); s++) {
		struct pim_device *dev = device(cases[s].spec);
		for (size_t o = 0; o < sizeof(ops) / sizeof(ops[0]); o++)
			for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
				/* The price of a bulk operation is per row, whatever the width. */
				for (unsigned shift = 20; shift <= 32 && (ops[o] > PIM_FILL || w == 0); shift++) {
					uint64_t c[PIM_COUNT_N], lanes = (UINT64_C(8) << shift) / widths[w];
					uint64_t rows = (lanes + 65535) / 65536;
					uint64_t batches = (rows + cases[s].banks - 1) / cases[s].banks;
					struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
					cr_assert_eq(pim_price_of(dev, ops[o], pim_uint(widths[w]), &p), 0);
					whole_cost(dev, ops[o], widths[w], lanes, false, c);
					cr_assert_eq(c[PIM_BATCHES], batches);
					cr_assert_eq(c[PIM_PROGRAMS], rows);
					cr_assert_eq(c[PIM_AAP], rows * p.aap);
					/* A last batch that does not fill all banks may be shorter where they share a
					 * limit. */
					bool whole = rows % cases[s].banks == 0 || p.ps_batch == p.ps;
					uint64_t full = rows / cases[s].banks;
					if (whole)
						cr_assert_eq(c[PIM_PS_COMPUTE], batches * p.ps_batch,
							     "%s: %s of %u bits, 2^%u bytes", cases[s].spec,
							     pim_op_name(ops[o]), widths[w], shift);
					else
						cr_assert(c[PIM_PS_COMPUTE] > full * p.ps_batch &&
							  c[PIM_PS_COMPUTE] <= batches * p.ps_batch);
				}
		pim_close(dev);
	}
}

/* Neither memory nor the device bounds it: 2^50 lanes of 1 bit on a device of 14 data rows. */
Test(pim_unbacked, longer_than_memory)
{
	struct pim_device *dev = device("ambit:rows=32,subarrays=1,banks=1");
	uint64_t c[PIM_COUNT_N];
	whole_cost(dev, PIM_AND, 1, UINT64_C(1) << 50, false, c);
	cr_assert_eq(c[PIM_PROGRAMS], UINT64_C(1) << 34);
	cr_assert_eq(c[PIM_AAP], UINT64_C(4) << 34);
	cr_assert_eq(c[PIM_BYTES_IN], UINT64_C(2) << 47);
	pim_close(dev);
}

Test(pim_unbacked, mistakes_are_refused)
{
	struct pim_device *dev = device("ambit"), *host = device("host");
	struct pim_vector *a = vector(dev, pim_uint(8), 100, true), *u = vector(dev, pim_uint(8), 100, false), *none;
	unsigned char data[100] = {0};
	uint64_t value;
	void *map;
	cr_assert_eq(pim_write(u, data, 100), -EINVAL);
	cr_assert_eq(pim_read(u, data, 100), -EINVAL);
	cr_assert_eq(pim_write(a, NULL, 100), -EINVAL);
	cr_assert_eq(pim_read(a, NULL, 100), -EINVAL);
	cr_assert_eq(pim_write(u, NULL, 99), -EINVAL);
	cr_assert_eq(pim_add(a, a, u), -EINVAL);
	cr_assert_eq(pim_add(u, a, a), -EINVAL);
	cr_assert_eq(pim_reduce(PIM_SUM_LANES, u, &value), -EINVAL);
	cr_assert_eq(pim_reduce(PIM_SUM_LANES, a, NULL), -EINVAL);
	cr_assert_eq(pim_map(u, &map), -EOPNOTSUPP);
	cr_assert_eq(pim_alloc_unbacked(dev, pim_uint(8), 0, &none), -EINVAL);
	cr_assert_eq(pim_alloc_unbacked(dev, pim_uint(65), 1, &none), -EINVAL);
	cr_assert_eq(pim_alloc_unbacked(dev, pim_uint(64), UINT64_MAX, &none), -EINVAL);
	cr_assert_eq(pim_alloc_unbacked(host, pim_uint(8), 100, &none), -EOPNOTSUPP);
	cr_assert(pim_error(host)[0]);
	pim_free(u);
	pim_close(dev);
	pim_close(host);
}
