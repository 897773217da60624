/* Counts and times at the end of 64 bits: correct up to 2^64 - 1, -ERANGE above it. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pim/pim_device.h"

/* ---- a device that charges what fill says ---- */

static int open_meter(void *priv, const struct pim_config *c, void **state, char *err, size_t n)
{
	(void)c, (void)err, (void)n;
	*state = priv;
	return 0;
}

static void close_meter(void *state)
{
	(void)state;
}

static int alloc_none(void *state, struct pim_call *call, struct pim_operand *o)
{
	(void)state, (void)call, (void)o;
	return 0;
}

static void free_none(void *state, struct pim_operand *o)
{
	(void)state, (void)o;
}

static int charge(void *state, struct pim_call *call, const struct pim_command *c)
{
	(void)state;
	pim_call_charge(call, PIM_MACS, c->value);
	pim_call_time(call, PIM_PS_COMPUTE, c->value, 0);
	return 0;
}

static int all_counts(void *state, enum pim_count what)
{
	(void)state, (void)what;
	return 0;
}

static int one_each(void *state, const uint64_t *counts, enum pim_part part, struct pim_energy *out)
{
	(void)state;
	out->typ_pj = (double)counts[PIM_MACS];
	return part == PIM_E_MAC ? 0 : -EOPNOTSUPP;
}

static const struct pim_device_ops meter = {
	.size = sizeof(meter),
	.abi = PIM_ABI,
	.caps = PIM_CAP_VECTORS | PIM_CAP_MODELLED,
	.name = "meter",
	.open = open_meter,
	.close = close_meter,
	.alloc = alloc_none,
	.free = free_none,
	.execute = charge,
	.counts = all_counts,
	.energy = one_each,
};

Test(pim_range, up_to_the_last_count_and_not_beyond)
{
	struct pim_device *dev;
	struct pim_vector *v;
	struct pim_cost *whole, *tail;
	struct pim_energy e = {.size = sizeof(e)};
	uint64_t n;
	cr_assert_eq(pim_open_ops(&meter, NULL, NULL, &dev, NULL, 0), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(64), 1, &v), 0);
	cr_assert_eq(pim_cost_begin(dev, &whole), 0);
	cr_assert_eq(pim_fill(v, UINT64_MAX), 0);
	cr_assert_eq(pim_cost_count(whole, PIM_MACS, &n), 0);
	cr_assert_eq(n, UINT64_MAX);
	cr_assert_eq(pim_cost_count(whole, PIM_PS_ELAPSED, &n), 0);
	cr_assert_eq(n, UINT64_MAX);
	cr_assert_eq(pim_cost_energy(whole, PIM_E_MAC, &e), 0);

	cr_assert_eq(pim_cost_begin(dev, &tail), 0);
	cr_assert_eq(pim_fill(v, 1), 0);
	n = 77;
	cr_assert_eq(pim_cost_count(whole, PIM_MACS, &n), -ERANGE);
	cr_assert_eq(n, 77);
	cr_assert_str_eq(pim_error(dev), "macs exceeds 2^64 - 1 in this scope");
	cr_assert_eq(pim_cost_count(whole, PIM_PS_ELAPSED, &n), -ERANGE);
	cr_assert_eq(pim_cost_count(whole, PIM_PS_BUSY, &n), 0);
	cr_assert_eq(n, 0);
	cr_assert_eq(pim_cost_energy(whole, PIM_E_MAC, &e), -ERANGE);
	cr_assert_eq(pim_cost_energy(whole, PIM_E_TOTAL, &e), -ERANGE);
	cr_assert_eq(pim_cost_count(tail, PIM_MACS, &n), 0);
	cr_assert_eq(n, 1, "a scope counts from its own beginning");
	cr_assert_eq(pim_cost_energy(tail, PIM_E_TOTAL, &e), 0);
	pim_close(dev);
}

/* ---- device ambit on the longest vectors ---- */

/* What op costs on so many lanes; UINT64_MAX stands for -ERANGE. */
static void cost(const char *spec, enum pim_op op, uint32_t bits, uint64_t lanes, uint64_t out[PIM_COUNT_N])
{
	struct pim_device *dev;
	struct pim_vector *src, *dst;
	struct pim_cost *c;
	struct pim_type result;
	char err[200];
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(pim_op_result(op, pim_uint(bits), &result), 0);
	cr_assert_eq(pim_alloc_unbacked(dev, pim_uint(bits), lanes, &src), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_alloc_unbacked(dev, result, lanes, &dst), 0, "%s", pim_error(dev));
	struct pim_vector *two[2] = {src, src};
	cr_assert_eq(pim_cost_begin(dev, &c), 0);
	cr_assert_eq(pim_execute(op, dst, two, pim_op_inputs(op)), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_write(src, NULL, pim_bytes(src)), 0, "%s", pim_error(dev));
	for (int i = 0; i < PIM_COUNT_N; i++) {
		int rc = pim_cost_count(c, (enum pim_count)i, &out[i]);
		cr_assert(rc == 0 || rc == -ERANGE || rc == -EOPNOTSUPP, "%d", rc);
		out[i] = rc == -ERANGE ? UINT64_MAX : rc ? 0 : out[i];
	}
	pim_close(dev);
}

/* Doubling the lanes doubles the cost, or it is -ERANGE, once and for all. */
Test(pim_range, longer_never_costs_less)
{
	static const char *const specs[] = {"ambit", "ambit:dram=hbm2,limit=jedec,xfer=0.001,attach=device",
					    "ambit:engine=exact,protect=replicate:9",
					    "ambit:dram=ddr4-3200,flush=0.001,channels=64"};
	static const struct {
		enum pim_op op;
		uint32_t bits;
		unsigned log2_lanes; /* whose bytes have a size_t */
	} work[] = {{PIM_AND, 1, 63}, {PIM_MUL, 8, 63}, {PIM_DIV, 64, 60}};
	unsigned beyond = 0;
	for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++)
		for (size_t w = 0; w < sizeof(work) / sizeof(work[0]); w++) {
			uint64_t last[PIM_COUNT_N] = {0}, now[PIM_COUNT_N];
			for (unsigned bit = 36; bit <= work[w].log2_lanes; bit++) {
				cost(specs[s], work[w].op, work[w].bits, UINT64_C(1) << bit, now);
				for (int i = 0; i < PIM_COUNT_N; i++) {
					bool over = now[i] == UINT64_MAX;
					cr_assert(over || now[i] >= last[i], "%s: %s on 2^%u lanes: %s", specs[s],
						  pim_op_name(work[w].op), bit, pim_count_name((enum pim_count)i));
					beyond += over;
				}
				memcpy(last, now, sizeof(last));
			}
			cr_assert_gt(last[PIM_PS_ELAPSED], 0);
		}
	cr_assert_gt(beyond, 0, "nothing reached the end of 64 bits");
}

/* Three copies of that many lanes are 2^64 lanes and two rows: nothing of it fits, and nothing may look as if it did.
 */
Test(pim_range, copies_do_not_wrap_into_a_small_vector)
{
	struct pim_device *dev;
	struct pim_vector *v;
	const uint64_t row = 65536, slots = ((UINT64_C(1) << 48) + 2) / 3;
	cr_assert_eq(pim_open("ambit:engine=exact,variation=10,protect=replicate:3", &dev, NULL, 0), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), slots * row, &v), -ENOSPC, "%s", pim_error(dev));
	cr_assert_null(v);
	pim_close(dev);
}

static int swallow(void *ctx, const char *text, size_t n)
{
	(void)ctx, (void)text, (void)n;
	return 0;
}

/* A trace has a clock of 64 bits. */
Test(pim_range, a_trace_ends_before_its_clock)
{
	for (int format = PIM_TRACE_DRAMPOWER; format <= PIM_TRACE_RAMULATOR_HOST; format++)
		for (int op = 0; op < 2; op++) {
			const struct pim_trace_config c = {
				.size = sizeof(c), .format = (enum pim_trace_format)format, .write = swallow};
			struct pim_device *dev;
			struct pim_vector *v;
			cr_assert_eq(pim_open("ambit", &dev, NULL, 0), 0);
			cr_assert_eq(pim_alloc_unbacked(dev, pim_uint(1), UINT64_MAX, &v), 0);
			cr_assert_eq(pim_trace_begin(dev, &c), 0);
			cr_assert_eq(op ? pim_not(v, v) : pim_read(v, NULL, pim_bytes(v)), 0);
			cr_assert_eq(pim_trace_end(dev), -ERANGE, "format %d: %s", format, pim_error(dev));
			pim_close(dev);
		}
}
