#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/program.h"
#include "base/core/cpu.h"
#include "tests/pim/oracle.h"

#define SMALL "dram=ddr3-1600,subarrays=2"

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev;
	char err[200];
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

struct set {
	struct pim_device *dev;
	struct pim_vector *v[4];
	size_t bytes;
};

static struct set make(struct pim_device *dev, uint64_t bits, unsigned char *const in[3])
{
	struct set s = {.dev = dev, .bytes = (size_t)(bits + 7) / 8};
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), bits, &s.v[i]), 0, "%s", pim_error(dev));
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_write(s.v[i], in[i], s.bytes), 0);
	return s;
}

static void drop(struct set *s)
{
	for (int i = 0; i < 4; i++)
		pim_free(s->v[i]);
}

/* Runs op (fill when i >= PIM_FILL) and compares with plain C, excess bits included: they read as 0. */
static void check(struct set *s, int op, uint64_t bits, unsigned char *const in[3], unsigned char *out,
		  const char *what)
{
	int fill = op >= PIM_FILL;
	if (fill)
		cr_assert_eq(pim_fill(s->v[3], (uint64_t)(op - PIM_FILL)), 0);
	else
		cr_assert_eq(pim_execute((enum pim_op)op, s->v[3], s->v, pim_op_inputs((enum pim_op)op)), 0);
	cr_assert_eq(pim_read(s->v[3], out, s->bytes), 0);
	for (size_t i = 0; i < s->bytes; i++) {
		unsigned char e =
			fill ? (op == PIM_FILL ? 0 : 0xff) : oracle_byte((enum pim_op)op, in[0][i], in[1][i], in[2][i]);
		if (i + 1 == s->bytes && bits % 8)
			e &= (unsigned char)((1u << bits % 8) - 1);
		if (out[i] != e)
			cr_assert_fail("%s: op %d, %llu bits, byte %zu: %02x, expected %02x", what, op,
				       (unsigned long long)bits, i, out[i], e);
	}
}

static void random_inputs(unsigned char *in[3], size_t bytes, uint64_t *r)
{
	for (int i = 0; i < 3; i++)
		for (size_t k = 0; k < bytes; k++)
			in[i][k] = (unsigned char)oracle_random(r);
}

Test(pim_ambit, engines_equal_plain_c_on_every_length_to_4096)
{
	uint64_t r = 7;
	unsigned char buffer[4][512], *in[3] = {buffer[0], buffer[1], buffer[2]};
	struct pim_device *fused = device("ambit:" SMALL), *exact = device("ambit:" SMALL ",engine=exact");
	for (uint64_t bits = 1; bits <= 4096; bits++) {
		random_inputs(in, 512, &r);
		struct set f = make(fused, bits, in), e = make(exact, bits, in);
		for (int op = PIM_NOT; op <= PIM_FILL + 1; op++) {
			check(&f, op, bits, in, buffer[3], "fused");
			check(&e, op, bits, in, buffer[3], "exact");
		}
		drop(&f);
		drop(&e);
	}
	pim_close(fused);
	pim_close(exact);
}

/* ---- three threads side by side, and one after the other backwards ---- */
struct part {
	void (*fn)(void *, size_t);
	void *arg;
	size_t i;
};

static void *thread_main(void *p)
{
	struct part *part = p;
	part->fn(part->arg, part->i);
	return NULL;
}

static void run_threads(void *ctx, size_t n, void (*fn)(void *, size_t), void *arg)
{
	(*(int *)ctx)++;
	pthread_t t[8];
	struct part parts[8];
	for (size_t i = 0; i < n; i++) {
		parts[i] = (struct part){fn, arg, i};
		cr_assert_eq(pthread_create(&t[i], NULL, thread_main, &parts[i]), 0);
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void run_backwards(void *ctx, size_t n, void (*fn)(void *, size_t), void *arg)
{
	(*(int *)ctx)++;
	while (n-- > 0)
		fn(arg, n);
}

static void all_counts(struct pim_cost *cost, uint64_t *v)
{
	for (int i = 0; i < PIM_COUNT_N; i++) {
		v[i] = 0;
		int rc = pim_cost_count(cost, (enum pim_count)i, &v[i]);
		cr_assert(rc == 0 || rc == -EOPNOTSUPP);
	}
}

Test(pim_ambit, results_and_costs_do_not_depend_on_engine_isa_or_threads, .timeout = 300)
{
	static const uint64_t sizes[] = {8u * 1048576 + 13, 8u * 3 * 1048576 + 777, 65536 * 40 + 1};
	static const char *const specs[] = {"ambit:dram=ddr4-3200,limit=jedec",
					    "ambit:dram=ddr4-3200,limit=jedec,engine=exact"};
	static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
	uint64_t r = 99, expected[PIM_COUNT_N] = {0}, got[PIM_COUNT_N] = {0};
	size_t most = 3 * 1048576 + 200;
	unsigned char *in[3], *out = malloc(most);
	for (int i = 0; i < 3; i++)
		in[i] = malloc(most);
	random_inputs(in, most, &r);
	for (int n = 0; n < 3; n++) {
		int first = 1;
		for (int engine = 0; engine < 2; engine++)
			for (int isa = 0; isa < 4; isa++)
				for (int mode = 0; mode < 3; mode++) {
					setenv("MEMWALL_ISA", isas[isa], 1);
					if (mw_isa_check_override(NULL, 0) < 0 || (mode && isa == 1))
						continue;
					int runs = 0;
					struct pim_executor ex = {sizeof(ex), 5, run_threads, &runs};
					if (mode == 2)
						ex.run = run_backwards;
					struct pim_device *dev = device(specs[engine]);
					struct pim_cost *cost;
					cr_assert_eq(pim_set_executor(dev, mode ? &ex : NULL), 0);
					cr_assert_eq(pim_cost_begin(dev, &cost), 0);
					struct set s = make(dev, sizes[n], in);
					for (int op = PIM_NOT; op <= PIM_FILL + 1; op++)
						check(&s, op, sizes[n], in, out, specs[engine]);
					all_counts(cost, first ? expected : got);
					if (!first)
						cr_assert(memcmp(expected, got, sizeof(got)) == 0);
					cr_assert(!mode == !runs, "the executor ran");
					first = 0;
					pim_close(dev);
				}
		cr_assert(expected[PIM_AAP] > 0 && expected[PIM_PS_ELAPSED] > 0);
	}
	unsetenv("MEMWALL_ISA");
	for (int i = 0; i < 3; i++)
		free(in[i]);
	free(out);
}

/* Beyond the last-level cache results are stored around it: another path of both engines. */
Test(pim_ambit, results_beyond_the_cache, .timeout = 120)
{
	const uint64_t bits = 8ull * 40 * 1048576 + 3;
	size_t bytes = (size_t)(bits + 7) / 8;
	uint64_t r = 5;
	unsigned char *in[3], *out = malloc(bytes);
	for (int i = 0; i < 3; i++)
		in[i] = malloc(bytes);
	for (int i = 0; i < 3; i++)
		for (size_t k = 0; k < bytes; k += 8) {
			uint64_t w = oracle_random(&r);
			memcpy(in[i] + k, &w, bytes - k < 8 ? bytes - k : 8);
		}
	for (int engine = 0; engine < 2; engine++) {
		struct pim_device *dev = device(engine ? "ambit:engine=exact" : "ambit");
		struct set s = make(dev, bits, in);
		for (int op = PIM_NOT; op <= PIM_FILL + 1; op++)
			check(&s, op, bits, in, out, "large");
		pim_close(dev);
	}
	for (int i = 0; i < 3; i++)
		free(in[i]);
	free(out);
}

Test(pim_ambit, the_result_may_be_an_input)
{
	uint64_t r = 3;
	unsigned char buffer[4][100], *in[3] = {buffer[0], buffer[1], buffer[2]};
	for (int engine = 0; engine < 2; engine++) {
		struct pim_device *dev = device(engine ? "ambit:engine=exact" : "ambit");
		for (int op = PIM_NOT; op <= PIM_COPY; op++)
			for (unsigned k = 0; k < pim_op_inputs((enum pim_op)op); k++) {
				random_inputs(in, 100, &r);
				struct set s = make(dev, 800, in);
				cr_assert_eq(pim_execute((enum pim_op)op, s.v[k], s.v, pim_op_inputs((enum pim_op)op)),
					     0);
				cr_assert_eq(pim_read(s.v[k], buffer[3], 100), 0);
				for (int i = 0; i < 100; i++)
					cr_assert_eq(buffer[3][i],
						     oracle_byte((enum pim_op)op, in[0][i], in[1][i], in[2][i]),
						     "%s into input %u", pim_op_name((enum pim_op)op), k);
				drop(&s);
			}
		pim_close(dev);
	}
}

Test(pim_ambit, counts_follow_rows_and_micro_program)
{
	struct pim_device *dev = device("ambit:dram=ddr3-1600,aap=split-strict");
	struct pim_vector *v[3];
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 65536 * 17 + 1, &v[i]), 0); /* 18 rows of 8 KB: 3 batches */
	static const struct {
		enum pim_op op;
		uint64_t aap, ap, extra_first, extra_second, ps;
	} cases[] = {{PIM_NOT, 2, 0, 0, 0, 98000},  {PIM_AND, 4, 0, 2, 0, 196000},  {PIM_NAND, 5, 0, 2, 0, 276000},
		     {PIM_XOR, 5, 2, 6, 3, 335000}, {PIM_XNOR, 5, 2, 6, 3, 335000}, {PIM_COPY, 1, 0, 0, 0, 80000}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_cost *cost;
		uint64_t n[PIM_COUNT_N];
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_execute(cases[i].op, v[2], v, pim_op_inputs(cases[i].op)), 0);
		pim_cost_stop(cost);
		cr_assert_eq(pim_fill(v[0], 1), 0); /* after the scope */
		all_counts(cost, n);
		cr_assert_eq(n[PIM_AAP], 18 * cases[i].aap);
		cr_assert_eq(n[PIM_AP], 18 * cases[i].ap);
		cr_assert_eq(n[PIM_ACT_FIRST], 18 * (cases[i].aap + cases[i].ap));
		cr_assert_eq(n[PIM_ACT_SECOND], 18 * cases[i].aap);
		cr_assert_eq(n[PIM_EXTRA_WORDLINES_FIRST], 18 * cases[i].extra_first, "%s", pim_op_name(cases[i].op));
		cr_assert_eq(n[PIM_EXTRA_WORDLINES_SECOND], 18 * cases[i].extra_second);
		cr_assert_eq(n[PIM_PRE], 18 * (cases[i].aap + cases[i].ap));
		cr_assert_eq(n[PIM_PROGRAMS], 18);
		cr_assert_eq(n[PIM_BATCHES], 3);
		cr_assert_eq(n[PIM_PS_ELAPSED], 3 * cases[i].ps);
		cr_assert_eq(n[PIM_PS_COMPUTE], 3 * cases[i].ps);
		cr_assert_eq(n[PIM_PS_BUSY], 18 * cases[i].ps);
		cr_assert(n[PIM_BYTES_IN] == 0 && n[PIM_PS_IN] == 0);
		pim_cost_end(cost);
	}
	pim_close(dev);
}

Test(pim_ambit, transfers_are_charged_by_attachment_and_rate)
{
	static const struct {
		const char *spec;
		double gbps;
	} cases[] = {
		{"ambit:dram=ddr3-1600,efficiency=1", 12.8},
		{"ambit:dram=ddr4-3200,channels=2,efficiency=0.5", 25.6},
		{"ambit:dram=ddr4-3200,attach=device,xfer=5", 5},
		{"ambit:dram=ddr4-3200,attach=device,xfer=500,efficiency=1", 25.6},
		{"ambit:dram=ddr4-3200,flush=4", 4},
		{"ambit:dram=ddr4-3200,attach=device,flush=4,efficiency=1", 25.6},
	};
	static unsigned char bytes[125000];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_device *dev = device(cases[i].spec);
		struct pim_vector *v;
		struct pim_cost *cost;
		uint64_t n[PIM_COUNT_N];
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 1000000, &v), 0);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_write(v, bytes, sizeof(bytes)), 0);
		cr_assert_eq(pim_read(v, bytes, sizeof(bytes)), 0);
		all_counts(cost, n);
		uint64_t ps = (uint64_t)(125000 * 1000 / cases[i].gbps + 0.999);
		cr_assert_eq(n[PIM_BYTES_IN], 125000);
		cr_assert_eq(n[PIM_BYTES_OUT], 125000);
		cr_assert_eq(n[PIM_PS_IN], ps, "%s", cases[i].spec);
		cr_assert_eq(n[PIM_PS_OUT], ps);
		cr_assert_eq(n[PIM_PS_ELAPSED], 2 * ps);
		cr_assert_eq(n[PIM_PS_COMPUTE], 0);
		pim_close(dev);
	}
}

Test(pim_ambit, energy_comes_in_parts_that_add_up)
{
	struct pim_device *dev = device("ambit:dram=ddr4-3200");
	struct pim_vector *v[3];
	struct pim_cost *cost;
	struct pim_energy part = {.size = sizeof(part)}, total = {.size = sizeof(total)};
	double sum = 0;
	uint32_t parts = 0;
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 65536, &v[i]), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_and(v[2], v[0], v[1]), 0);
	for (int i = 0; i < PIM_E_TOTAL; i++) {
		int rc = pim_cost_energy(cost, (enum pim_part)i, &part);
		cr_assert_eq(rc, i == PIM_E_IO || i == PIM_E_TRANSPOSE || i == PIM_E_MAC ? -EOPNOTSUPP : 0, "part %d",
			     i);
		if (rc < 0)
			continue;
		cr_assert_eq(part.parts, 1u << i);
		cr_assert(part.min_pj <= part.typ_pj && part.typ_pj <= part.max_pj && part.min_pj >= 0);
		sum += part.typ_pj;
		parts |= part.parts;
	}
	cr_assert_eq(pim_cost_energy(cost, PIM_E_TOTAL, &total), 0);
	cr_assert(total.typ_pj > 0 && total.typ_pj > sum * 0.999999 && total.typ_pj < sum * 1.000001);
	cr_assert_eq(total.parts, parts);
	struct pim_price price = {.size = sizeof(price), .energy = {.size = sizeof(price.energy)}};
	cr_assert_eq(pim_price_of(dev, PIM_AND, pim_uint(32), &price), 0);
	cr_assert_eq(price.energy.parts, 0x3fu, "commands, background, refresh; see pim_energy");
	cr_assert(price.aap == 4 && price.ap == 0 && price.rows == 3 && price.lanes == 65536 &&
		  price.row_bytes == 8192);
	cr_assert_eq(price.programs, 16);
	cr_assert_eq(pim_price_of(dev, PIM_SUM_LANES, pim_uint(32), &price), -EOPNOTSUPP);
	cr_assert_eq(pim_price_of(dev, PIM_GEMV, pim_uint(32), &price), -EOPNOTSUPP);
	pim_close(dev);
}

Test(pim_ambit, rows_run_out_with_both_numbers)
{
	/* 8 banks x 1 subarray x 32 rows of 8 KB, 18 reserved: 14 layers of 64 KB. */
	struct pim_device *dev = device("ambit:dram=ddr3-1600,subarrays=1,rows=32");
	struct pim_vector *v, *w;
	const uint64_t layer = 8 * 65536;
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 13 * layer, &v), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), layer + 1, &w), -ENOSPC);
	cr_assert_null(w);
	cr_assert_not_null(strstr(pim_error(dev), "9 data rows"), "%s", pim_error(dev));
	cr_assert_not_null(strstr(pim_error(dev), "8 of 112 free"), "%s", pim_error(dev));
	cr_assert_eq(pim_alloc(dev, pim_uint(1), layer, &w), 0);
	pim_free(v);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 14 * layer, &v), -ENOSPC);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 13 * layer, &v), 0);
	pim_close(dev);
}
