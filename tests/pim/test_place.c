#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pim/pim.h"

enum { LANES = 300000 }; /* five slots of 65536 lanes */

static const uint64_t slots = 5;
/* DDR4-3200: a row to another bank, to another subarray of the bank (tests/ambit-emu/test_rowclone.c). */
static const uint64_t bank_ps = 1118u * 625, subarray_ps = (1118u + 22 + 22 + 127 * 8) * 625;

struct places {
	struct pim_placement a, b, dst;
};

struct moved {
	uint64_t subarray, bank, ps, aap, programs, elapsed;
};

static struct pim_placement at(uint32_t bank, uint32_t subarray)
{
	return (struct pim_placement){.size = sizeof(struct pim_placement), .bank = bank, .subarray = subarray};
}

static uint64_t count(const struct pim_cost *cost, enum pim_count what)
{
	uint64_t n = 0;
	cr_assert_eq(pim_cost_count(cost, what, &n), 0);
	return n;
}

/* op on uint8 lanes at these places; the result is checked. */
static struct moved run(const char *spec, enum pim_op op, const struct places *p, bool same_input)
{
	static uint8_t x[LANES], y[LANES], z[LANES];
	struct pim_device *dev;
	struct pim_vector *a, *b, *c;
	struct pim_cost *cost;
	char err[200] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), LANES, &p->a, &a), 0);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), LANES, &p->b, &b), 0);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), LANES, &p->dst, &c), 0);
	cr_assert(pim_vector_placement(b).bank == p->b.bank && pim_vector_placement(b).subarray == p->b.subarray);
	for (int i = 0; i < LANES; i++) {
		x[i] = (uint8_t)(i * 7 + 1);
		y[i] = (uint8_t)(i * 31 >> 3);
	}
	cr_assert_eq(pim_write(a, x, LANES), 0);
	cr_assert_eq(pim_write(b, y, LANES), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	struct pim_vector *const src[2] = {a, same_input ? a : b};
	cr_assert_eq(pim_execute(op, c, src, pim_op_inputs(op)), 0, "%s", pim_error(dev));
	struct moved m = {count(cost, PIM_COPIES_INTER_SUBARRAY),
			  count(cost, PIM_COPIES_INTER_BANK),
			  count(cost, PIM_PS_COPY),
			  count(cost, PIM_AAP),
			  count(cost, PIM_PROGRAMS),
			  count(cost, PIM_PS_ELAPSED)};
	cr_assert_eq(m.elapsed, m.ps + count(cost, PIM_PS_COMPUTE));
	cr_assert_eq(pim_read(c, z, LANES), 0);
	for (int i = 0; i < LANES; i++) {
		uint8_t second = same_input ? x[i] : y[i];
		uint8_t want = op == PIM_ADD ? (uint8_t)(x[i] + second) : op == PIM_COPY ? x[i] : x[i] & second;
		cr_assert_eq(z[i], want, "lane %d", i);
	}
	pim_close(dev);
	return m;
}

Test(pim_place, operands_that_lie_apart_are_moved_and_that_is_charged)
{
	static const char *const specs[] = {"ambit:dram=ddr4-3200,engine=fused", "ambit:dram=ddr4-3200,engine=exact"};
	const struct {
		const char *what;
		struct places p;
		enum pim_op op;
		bool same_input;
		uint64_t subarray, bank; /* rows per slot */
	} cases[] = {
		{"together", {at(0, 0), at(0, 0), at(0, 0)}, PIM_ADD, false, 0, 0},
		{"together, elsewhere", {at(3, 7), at(3, 7), at(3, 7)}, PIM_AND, false, 0, 0},
		{"the same modulo the device", {at(0, 64), at(16, 0), at(0, 0)}, PIM_AND, false, 0, 0},
		{"one input", {at(0, 0), at(0, 3), at(0, 0)}, PIM_ADD, false, 8, 0},
		{"one input in another bank", {at(0, 0), at(2, 3), at(0, 0)}, PIM_ADD, false, 0, 8},
		{"the result: inputs stay", {at(0, 3), at(0, 3), at(0, 0)}, PIM_ADD, false, 8, 0},
		{"all three: work between the banks", {at(0, 0), at(0, 1), at(1, 0)}, PIM_AND, false, 0, 16},
		{"one vector twice", {at(0, 3), at(0, 0), at(0, 0)}, PIM_AND, true, 8, 0},
		{"a copy is the move alone", {at(0, 3), at(0, 0), at(0, 0)}, PIM_COPY, false, 8, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct moved m[2];
		for (int k = 0; k < 2; k++)
			m[k] = run(specs[k], cases[i].op, &cases[i].p, cases[i].same_input);
		cr_assert(memcmp(&m[0], &m[1], sizeof(m[0])) == 0, "%s: the engines charge alike", cases[i].what);
		cr_assert_eq(m[0].subarray, cases[i].subarray * slots, "%s: %d", cases[i].what, (int)m[0].subarray);
		cr_assert_eq(m[0].bank, cases[i].bank * slots, "%s: %d", cases[i].what, (int)m[0].bank);
		/* One rank: one row after the other. */
		cr_assert_eq(m[0].ps, slots * (cases[i].subarray * subarray_ps + cases[i].bank * bank_ps), "%s",
			     cases[i].what);
		cr_assert_eq(m[0].programs, cases[i].op == PIM_COPY ? 0 : slots, "%s", cases[i].what);
		cr_assert((m[0].aap == 0) == (cases[i].op == PIM_COPY), "%s", cases[i].what);
	}
}

/* Three places for three inputs and two results. */
Test(pim_place, operands_of_a_users_program_are_moved_too)
{
	static const char text[] = "d = a & b; e = a ^ ~c";
	static uint8_t in[3][LANES / 8], out[LANES / 8];
	const struct pim_placement where[5] = {at(0, 0), at(0, 3), at(2, 0), at(0, 0), at(0, 3)};
	struct pim_device *dev;
	struct pim_program *program;
	struct pim_vector *v[5];
	struct pim_cost *cost;
	char err[200] = "";
	cr_assert_eq(pim_program_compile(PIM_EXPRESSION, text, strlen(text), &program, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(pim_open("ambit:dram=ddr4-3200,engine=exact", &dev, err, sizeof(err)), 0, "%s", err);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(pim_alloc_at(dev, pim_uint(1), LANES, &where[i], &v[i]), 0);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < LANES / 8; k++)
			in[i][k] = (uint8_t)((k + 7) * (31 + 2 * i) >> 2);
		cr_assert_eq(pim_write(v[i], in[i], LANES / 8), 0);
	}
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_program_run(program, v + 3, 2, v, 3), 0, "%s", pim_error(dev));
	/* It runs beside c: four moves between banks are cheaper than b, e between subarrays and c between banks. */
	cr_assert_lt(4 * bank_ps, 2 * subarray_ps + bank_ps);
	cr_assert_eq(count(cost, PIM_COPIES_INTER_SUBARRAY), 0u);
	cr_assert_eq(count(cost, PIM_COPIES_INTER_BANK), 4 * slots);
	cr_assert_eq(count(cost, PIM_PS_COPY), slots * 4 * bank_ps);
	for (int o = 0; o < 2; o++) {
		cr_assert_eq(pim_read(v[3 + o], out, LANES / 8), 0);
		for (int k = 0; k < LANES / 8; k++)
			cr_assert_eq(out[k], (uint8_t)(o ? in[0][k] ^ ~in[2][k] : in[0][k] & in[1][k]));
	}
	pim_close(dev);
	pim_program_free(program);
}

Test(pim_place, ranks_move_rows_side_by_side)
{
	const struct places p = {at(0, 0), at(1, 0), at(0, 0)};
	struct moved m = run("ambit:dram=ddr4-3200,ranks=2,channels=2", PIM_AND, &p, false);
	cr_assert_eq(m.bank, 8 * slots);
	cr_assert_eq(m.ps, 8 * 2 * bank_ps, "five slots on four ranks");
}

Test(pim_place, what_cannot_be_placed_or_has_no_room_is_refused)
{
	struct pim_device *dev;
	struct pim_vector *a, *b, *c, *more;
	char err[200] = "";
	struct pim_placement where = at(0, 1), home = at(0, 0), bad = {0},
			     old = {.size = offsetof(struct pim_placement, channel)};
	cr_assert_eq(pim_open("host", &dev, err, sizeof(err)), 0);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), 8, &where, &a), -EOPNOTSUPP);
	cr_assert_null(a);
	pim_close(dev);
	cr_assert_eq(pim_open("ambit:rows=42", &dev, err, sizeof(err)), 0); /* 24 data rows */
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), 8, &bad, &a), -EINVAL);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), 8, &where, &a), 0);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), 8, &home, &b), 0);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(8), 8, &old, &c), 0, "a structure without later members");
	cr_assert_eq(pim_and(c, b, b), 0);
	cr_assert_eq(pim_and(c, a, b), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 8, &home, &more), 0);
	cr_assert_eq(pim_and(c, a, b), 0, "beside the first input there is room");
	cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 8, &where, &more), 0);
	cr_assert_eq(pim_and(c, a, b), -ENOSPC, "no rows to move operands to");
	cr_assert_not_null(strstr(pim_error(dev), "temporary rows"), "%s", pim_error(dev));
	pim_close(dev);
}
