#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pim/oracle.h"

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev;
	char err[200];
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static void random_bytes(unsigned char *to, size_t bytes, uint64_t *r)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (unsigned char)oracle_random(r);
}

static struct pim_vector *vector(struct pim_device *dev, uint64_t lanes, const unsigned char *from)
{
	struct pim_vector *v;
	cr_assert_eq(pim_alloc(dev, pim_uint(1), lanes, &v), 0, "%s", pim_error(dev));
	if (from)
		cr_assert_eq(pim_write(v, from, (size_t)(lanes + 7) / 8), 0);
	return v;
}

static uint64_t count(const struct pim_cost *cost, enum pim_count what)
{
	uint64_t n = 0;
	cr_assert_eq(pim_cost_count(cost, what, &n), 0, "%s", pim_count_name(what));
	return n;
}

static const enum pim_op known[] = {PIM_NOT, PIM_AND, PIM_OR, PIM_NAND, PIM_NOR, PIM_MAJ, PIM_COPY};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

Test(pim_cots, without_errors_it_equals_plain_c)
{
	static const char *const specs[] = {"cots:errors=none,rows=64,banks=2,subarrays=8",
					    "cots:errors=none,rows=64,banks=2,subarrays=8,logic=fcdram",
					    "cots:errors=none,rows=64,banks=2,subarrays=8,maj_rows=4"};
	static const uint64_t lengths[] = {1, 7, 64, 1000, 32768, 32769, 100000, 600001};
	static unsigned char in[3][80000], out[80000];
	uint64_t r = 3;
	for (size_t s = 0; s < 3; s++)
		for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
			struct pim_device *dev = device(specs[s]);
			uint64_t lanes = lengths[l];
			size_t bytes = (size_t)(lanes + 7) / 8;
			struct pim_vector *v[3], *y = vector(dev, lanes, NULL);
			for (int i = 0; i < 3; i++) {
				random_bytes(in[i], bytes, &r);
				v[i] = vector(dev, lanes, in[i]);
			}
			for (int i = 0; i < KNOWN; i++) {
				cr_assert_eq(pim_execute(known[i], y, v, pim_op_inputs(known[i])), 0, "%s",
					     pim_error(dev));
				cr_assert_eq(pim_read(y, out, bytes), 0);
				for (size_t k = 0; k < bytes; k++) {
					unsigned char e = oracle_byte(known[i], in[0][k], in[1][k], in[2][k]);
					if (k + 1 == bytes && lanes % 8)
						e &= (unsigned char)((1u << lanes % 8) - 1);
					cr_assert_eq(out[k], e, "%s: %s of %llu lanes, byte %zu", specs[s],
						     pim_op_name(known[i]), (unsigned long long)lanes, k);
				}
			}
			cr_assert_eq(pim_fill(y, 1), 0);
			cr_assert_eq(pim_read(y, out, bytes), 0);
			cr_assert_eq(out[0], lanes >= 8 ? 0xff : (1u << lanes) - 1);
			pim_close(dev);
		}
}

Test(pim_cots, what_it_has_no_model_of_is_refused)
{
	struct pim_device *dev = device("cots"), *samsung = device("cots:vendor=samsung");
	struct pim_device *both[] = {dev, samsung};
	struct pim_vector *v[3], *w[3], *y;
	for (int i = 0; i < 3; i++) {
		v[i] = vector(dev, 100, NULL);
		w[i] = vector(samsung, 100, NULL);
	}
	cr_assert_eq(pim_execute(PIM_XOR, v[2], v, 2), -EOPNOTSUPP);
	cr_assert_eq(pim_execute(PIM_ADD, v[2], v, 2), -EOPNOTSUPP);
	cr_assert_eq(pim_alloc(dev, pim_uint(8), 100, &y), -EOPNOTSUPP);
	static const enum pim_op refused[] = {PIM_AND, PIM_OR, PIM_NAND, PIM_NOR, PIM_MAJ};
	for (int i = 0; i < 5; i++) {
		struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
		cr_assert_eq(pim_execute(refused[i], w[2], w, pim_op_inputs(refused[i])), -EOPNOTSUPP);
		cr_assert(strstr(pim_error(samsung), "vendor=samsung"), "%s", pim_error(samsung));
		cr_assert_eq(pim_price_of(samsung, refused[i], pim_uint(1), &p), -EOPNOTSUPP);
	}
	cr_assert_eq(pim_not(w[0], w[1]), 0);
	cr_assert_eq(pim_copy(w[0], w[1]), 0);
	cr_assert_eq(pim_fill(w[0], 1), 0);
	for (int i = 0; i < 2; i++) {
		struct pim_cost *cost;
		struct pim_energy e = {.size = sizeof(e)};
		uint64_t n;
		cr_assert_eq(pim_cost_begin(both[i], &cost), 0);
		cr_assert_eq(pim_cost_energy(cost, PIM_E_TOTAL, &e), -EOPNOTSUPP, "no current is published");
		cr_assert_eq(pim_cost_count(cost, PIM_AAP, &n), -EOPNOTSUPP);
		pim_close(both[i]);
	}
}

/* Slices backwards, as many as a large machine has. */
static void backwards(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	(void)ctx;
	while (n--)
		fn(arg, n);
}

enum { BYTES = 1 << 18 }; /* 2^21 lanes: 64 slots */

Test(pim_cots, failures_are_persistent_seeded_and_independent_of_threads)
{
	static unsigned char in[3][BYTES], out[4][BYTES];
	static const char *const specs[] = {"cots:seed=5", "cots:seed=5", "cots:seed=5", "cots:seed=6"};
	uint64_t r = 12, wrong[4], injected[4];
	for (int i = 0; i < 3; i++)
		random_bytes(in[i], BYTES, &r);
	for (int n = 0; n < 4; n++) {
		struct pim_device *dev = device(specs[n]);
		struct pim_executor x = {.size = sizeof(x), .threads = 7, .run = backwards};
		if (n == 2)
			cr_assert_eq(pim_set_executor(dev, &x), 0);
		struct pim_vector *v[3], *y = vector(dev, 8 * BYTES, NULL);
		struct pim_cost *cost;
		for (int i = 0; i < 3; i++)
			v[i] = vector(dev, 8 * BYTES, in[i]);
		cr_assert_eq(pim_maj(y, v[0], v[1], v[2]), 0); /* a run before changes nothing */
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_maj(y, v[0], v[1], v[2]), 0);
		wrong[n] = count(cost, PIM_BITS_WRONG);
		injected[n] = count(cost, PIM_FAULTS_INJECTED);
		cr_assert_eq(pim_read(y, out[n], BYTES), 0);
		pim_close(dev);
	}
	for (int n = 1; n < 3; n++) {
		cr_assert_arr_eq(out[0], out[n], BYTES);
		cr_assert(wrong[0] == wrong[n] && injected[0] == injected[n]);
	}
	cr_assert(memcmp(out[0], out[3], BYTES) != 0, "another seed, other columns");
	uint64_t seen = 0;
	for (int k = 0; k < BYTES; k++)
		seen += (unsigned)__builtin_popcount(out[0][k] ^ oracle_byte(PIM_MAJ, in[0][k], in[1][k], in[2][k]));
	cr_assert_eq(seen, wrong[0]);
	/* 1 % of the columns fail where three random bits differ: 3 of 4, copies aside; +- 6 sigma */
	double mean = 8.0 * BYTES * 0.01 * 0.75;
	cr_assert((double)seen > mean - 800 && (double)seen < mean + 800, "%llu wrong of %g", (unsigned long long)seen,
		  mean);
}

Test(pim_cots, results_across_the_pair_are_moved_and_charged)
{
	struct pim_device *dev = device("cots:errors=none");
	uint64_t lanes = 32768; /* one slot: half of an 8 KB row */
	static unsigned char in[4096], out[4096];
	uint64_t r = 9;
	random_bytes(in, sizeof(in), &r);
	struct pim_vector *a = vector(dev, lanes, in), *b = vector(dev, lanes, in), *y = vector(dev, lanes, NULL);
	struct pim_cost *cost;
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_and(y, a, b), 0); /* all on one side */
	cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 0);
	cr_assert_eq(pim_not(y, a), 0); /* y lies across now */
	cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 0);
	cr_assert_eq(pim_and(y, a, y), 0);
	cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 2 * 8192, "one row out and in again");
	cr_assert_eq(pim_and(y, a, y), 0);
	cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 2 * 8192);
	cr_assert_gt(count(cost, PIM_PS_RELOAD), 0);
	cr_assert_eq(pim_read(y, out, sizeof(out)), 0);
	for (size_t i = 0; i < sizeof(out); i++)
		cr_assert_eq(out[i], 0);
	cr_assert_eq(count(cost, PIM_BYTES_OUT), 8192, "lanes are half of a row");
	pim_close(dev);
}

Test(pim_cots, prices_say_unverified_and_agree_with_what_is_charged)
{
	struct pim_device *dev = device("cots");
	struct pim_vector *v[3], *y = vector(dev, 100 * 32768, NULL);
	for (int i = 0; i < 3; i++) {
		v[i] = vector(dev, 100 * 32768, NULL);
		cr_assert_eq(pim_fill(v[i], 0), 0);
	}
	for (int i = 0; i < KNOWN; i++) {
		struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
		struct pim_cost *cost;
		cr_assert_eq(pim_price_of(dev, known[i], pim_uint(1), &p), 0);
		cr_assert_eq(p.verified, 0);
		cr_assert_eq(p.energy.parts, 0);
		cr_assert_eq(p.lanes, 32768);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_execute(known[i], y, v, pim_op_inputs(known[i])), 0);
		cr_assert_eq(count(cost, PIM_PS_COMPUTE), (100 + p.programs - 1) / p.programs * p.ps);
		cr_assert_eq(count(cost, PIM_PS_BUSY), 100 * p.ps);
		cr_assert_eq(count(cost, PIM_PROGRAMS), 100);
		cr_assert_eq(count(cost, PIM_ACT_FIRST) + count(cost, PIM_ACT_SECOND), count(cost, PIM_PRE));
		pim_cost_end(cost);
	}
	pim_close(dev);
}

Test(pim_cots, without_failing_columns_there_is_no_count_of_failures)
{
	static const struct {
		const char *spec;
		int rc;
	} rows[] = {{"cots:errors=none", -EOPNOTSUPP}, {"cots", 0}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pim_device *dev = device(rows[i].spec);
		struct pim_cost *cost;
		uint64_t n;
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_expect_eq(pim_cost_count(cost, PIM_FAULTS_INJECTED, &n), rows[i].rc, "%s", rows[i].spec);
		cr_expect_eq(pim_cost_count(cost, PIM_BITS_WRONG, &n), rows[i].rc, "%s", rows[i].spec);
		pim_cost_end(cost);
		pim_close(dev);
	}
}
