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

static uint64_t count(const struct pim_cost *cost, enum pim_count what)
{
	uint64_t n = 0;
	cr_assert_eq(pim_cost_count(cost, what, &n), 0, "%s", pim_count_name(what));
	return n;
}

/* Slices backwards, as many as a large machine has. */
static void backwards(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	(void)ctx;
	while (n--)
		fn(arg, n);
}

enum { LANES = 1 << 20, MAX_BYTES = LANES };

/* One operation on random lanes of a type, and what came out of it. */
struct trial {
	enum pim_op op;
	struct pim_type type;
	uint64_t lanes;
	size_t threads;
	int times;
	unsigned char out[MAX_BYTES];
	size_t bytes;
	uint64_t counts[PIM_COUNT_N];
};

static void run(const char *spec, struct trial *t)
{
	static unsigned char in[MAX_BYTES];
	struct pim_device *dev = device(spec);
	struct pim_executor x = {.size = sizeof(x), .threads = t->threads, .run = backwards};
	struct pim_vector *v[3] = {NULL}, *y;
	struct pim_type result;
	struct pim_cost *cost;
	uint64_t r = 123;
	if (t->threads)
		cr_assert_eq(pim_set_executor(dev, &x), 0);
	cr_assert_eq(pim_op_result(t->op, t->type, &result), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	for (unsigned i = 0; i < pim_op_inputs(t->op); i++) {
		cr_assert_eq(pim_alloc(dev, t->type, t->lanes, &v[i]), 0, "%s", pim_error(dev));
		for (size_t k = 0; k < pim_bytes(v[i]); k++)
			in[k] = (unsigned char)oracle_random(&r);
		cr_assert_eq(pim_write(v[i], in, pim_bytes(v[i])), 0);
	}
	cr_assert_eq(pim_alloc(dev, result, t->lanes, &y), 0);
	for (int i = 0; i < t->times; i++)
		cr_assert_eq(pim_execute(t->op, y, v, pim_op_inputs(t->op)), 0, "%s: %s", spec, pim_error(dev));
	t->bytes = pim_bytes(y);
	cr_assert_eq(pim_read(y, t->out, t->bytes), 0);
	for (int i = 0; i < PIM_COUNT_N; i++)
		if (pim_cost_count(cost, (enum pim_count)i, &t->counts[i]) < 0)
			t->counts[i] = 0;
	pim_close(dev);
}

static uint64_t differ(const struct trial *a, const struct trial *b)
{
	uint64_t n = 0;
	for (size_t i = 0; i < a->bytes; i++)
		n += (unsigned)__builtin_popcount(a->out[i] ^ b->out[i]);
	return n;
}

static struct trial clean, once, other;

static void set(enum pim_op op, uint32_t bits, uint64_t lanes)
{
	clean = (struct trial){.op = op, .type = pim_uint(bits), .lanes = lanes, .times = 1};
	once = other = clean;
}

Test(pim_faults, a_spec_that_cannot_be_says_which_key)
{
	static const struct {
		const char *spec, *key;
	} bad[] = {
		{"ambit:variation=10", "engine=exact"},
		{"ambit:interference=0.5", "engine=exact"},
		{"ambit:engine=fused,variation=1", "variation"},
		{"ambit:engine=exact,variation=26", "variation"},
		{"ambit:engine=exact,variation=21,curve=simdram22", "curve=simdram22"},
		{"ambit:engine=exact,interference=1.5", "interference"},
		{"ambit:engine=exact,curve=ambit22", "curve"},
		{"ambit:protect=parity", "protect"},
		{"ambit:engine=exact,protect=replicate:2", "protect"},
		{"ambit:engine=exact,protect=replicate:", "protect"},
		{"ambit:engine=exact,protect=replicate:3x", "protect"},
		{"ambit:engine=exact,protect=replicate:11", "protect"},
		{"ambit:protect=ecc", "engine=exact"},
		{"ambit:protect=replicate:3", "engine=exact"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pim_device *dev;
		char err[200] = "";
		cr_assert_lt(pim_open(bad[i].spec, &dev, err, sizeof(err)), 0, "%s", bad[i].spec);
		cr_assert(strstr(err, bad[i].key), "%s: %s", bad[i].spec, err);
	}
}

Test(pim_faults, nothing_fails_without_variation)
{
	struct pim_device *dev = device("ambit:engine=exact,variation=0,interference=0,seed=3");
	struct pim_cost *cost;
	uint64_t n;
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_cost_count(cost, PIM_FAULTS_INJECTED, &n), -EOPNOTSUPP, "no model, not 0");
	pim_close(dev);
	/* A variation too small to fail anywhere runs the same loop and gives the same result. */
	static const enum pim_op ops[] = {PIM_AND, PIM_XOR, PIM_ADD, PIM_LT, PIM_MUL, PIM_MAX};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		set(ops[i], i < 2 ? 1 : 8, 100001);
		run("ambit:engine=exact", &clean);
		run("ambit:engine=exact,variation=0.5", &once);
		cr_assert_eq(differ(&clean, &once), 0, "%s", pim_op_name(ops[i]));
		cr_assert_eq(once.counts[PIM_FAULTS_INJECTED], 0);
		for (int k = 0; k < PIM_FAULTS_INJECTED; k++)
			cr_assert_eq(clean.counts[k], once.counts[k], "%s costs the same: %s", pim_op_name(ops[i]),
				     pim_count_name((enum pim_count)k));
	}
}

/* What the device counts as wrong is what a host that knows better finds. */
Test(pim_faults, wrong_bits_are_counted_and_persist)
{
	static const struct {
		enum pim_op op;
		uint32_t bits;
		uint64_t lanes;
	} cases[] = {{PIM_AND, 1, LANES},
		     {PIM_MAJ, 1, LANES - 3},
		     {PIM_XOR, 1, 70001},
		     {PIM_ADD, 8, 300000},
		     {PIM_GT, 16, 70000}};
	static const char *const specs[] = {"ambit:engine=exact,variation=10,seed=4",
					    "ambit:engine=exact,variation=12,interference=0.3,seed=4",
					    "ambit:engine=exact,variation=15,curve=simdram22,seed=4"};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t s = 0; s < 3; s++) {
			set(cases[i].op, cases[i].bits, cases[i].lanes);
			run("ambit:engine=exact", &clean);
			run(specs[s], &once);
			uint64_t wrong = differ(&clean, &once);
			cr_assert_gt(wrong, 0, "%s", pim_op_name(cases[i].op));
			cr_assert_eq(once.counts[PIM_BITS_WRONG], wrong, "%s: %s: %llu counted, %llu seen", specs[s],
				     pim_op_name(cases[i].op), (unsigned long long)once.counts[PIM_BITS_WRONG],
				     (unsigned long long)wrong);
			cr_assert_gt(once.counts[PIM_FAULTS_INJECTED], 0);
			other.threads = 7;
			/* Idle compute rows hold other noise the second time, and disturb accordingly. */
			other.times = strstr(specs[s], "interference") ? 1 : 2;
			run(specs[s], &other);
			cr_assert_eq(differ(&once, &other), 0, "threads or repetition change which bits are wrong");
			cr_assert_eq(other.counts[PIM_BITS_WRONG], (uint64_t)other.times * wrong);
			cr_assert_eq(other.counts[PIM_FAULTS_INJECTED],
				     (uint64_t)other.times * once.counts[PIM_FAULTS_INJECTED]);
		}
	set(PIM_AND, 1, LANES);
	run("ambit:engine=exact,variation=10,seed=4", &once);
	run("ambit:engine=exact,variation=10,seed=5", &other);
	cr_assert_gt(differ(&once, &other), 0, "another seed, other columns");
	/* AND of random bits meets mixed cells in 3 of 4 columns: a, b and 0 */
	double mean = LANES * 0.0029 * 0.75;
	cr_assert((double)once.counts[PIM_FAULTS_INJECTED] > mean - 300 &&
			  (double)once.counts[PIM_FAULTS_INJECTED] < mean + 300,
		  "%llu, %g expected", (unsigned long long)once.counts[PIM_FAULTS_INJECTED], mean);
}

Test(pim_faults, triple_programs_are_right_more_often_and_cost_what_they_run)
{
	static const enum pim_op ops[] = {PIM_AND, PIM_XOR, PIM_NAND, PIM_ADD, PIM_MIN};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		set(ops[i], i < 3 ? 1 : 8, 65536 * 2);
		run("ambit:engine=exact", &clean);
		run("ambit:engine=exact,variation=10", &once);
		run("ambit:engine=exact,variation=10,protect=tmr", &other);
		cr_assert_lt(10 * other.counts[PIM_BITS_WRONG], once.counts[PIM_BITS_WRONG],
			     "%s: %llu of %llu are left", pim_op_name(ops[i]),
			     (unsigned long long)other.counts[PIM_BITS_WRONG],
			     (unsigned long long)once.counts[PIM_BITS_WRONG]);
		uint64_t single = clean.counts[PIM_AAP] + clean.counts[PIM_AP];
		uint64_t three = other.counts[PIM_AAP] + other.counts[PIM_AP];
		cr_assert_gt(three, 3 * single, "%s", pim_op_name(ops[i]));
		if (ops[i] == PIM_AND)
			cr_assert_eq(three, 3 * single + 4 * 2, "two rows of lanes");
		uint64_t exact_ps = other.counts[PIM_PS_COMPUTE];
		run("ambit:engine=fused,protect=tmr", &other);
		cr_assert_eq(differ(&clean, &other), 0);
		cr_assert_eq(other.counts[PIM_PS_COMPUTE], exact_ps, "engines charge alike");
	}
	/* Nothing can fail in a copy: it is not tripled. */
	set(PIM_COPY, 1, 65536);
	run("ambit:protect=tmr", &once);
	cr_assert_eq(once.counts[PIM_AAP], 1);
}

Test(pim_faults, copies_are_voted_at_read_out)
{
	static const enum pim_op ops[] = {PIM_AND, PIM_ADD};
	for (size_t i = 0; i < 2; i++) {
		set(ops[i], i ? 8 : 1, 150001);
		run("ambit:engine=exact", &clean);
		run("ambit:engine=exact,variation=10", &once);
		run("ambit:engine=exact,variation=10,protect=replicate:3", &other);
		uint64_t left = differ(&clean, &other);
		cr_assert_lt(10 * left, differ(&clean, &once), "%llu wrong bits are left", (unsigned long long)left);
		cr_assert_gt(2 * other.counts[PIM_BITS_WRONG], 3 * once.counts[PIM_BITS_WRONG], "every copy fails");
		cr_assert_eq(other.counts[PIM_AAP], 3 * clean.counts[PIM_AAP]);
		cr_assert_eq(other.counts[PIM_BYTES_IN], 3 * clean.counts[PIM_BYTES_IN]);
		cr_assert_eq(other.counts[PIM_BYTES_OUT], 3 * clean.counts[PIM_BYTES_OUT]);
	}
	set(PIM_AND, 1, 1000);
	run("ambit:engine=exact", &clean);
	run("ambit:engine=exact,protect=replicate:9", &once);
	cr_assert_eq(differ(&clean, &once), 0);
	/* Reductions read the vote too. */
	struct pim_device *dev = device("ambit:engine=exact,protect=replicate:5");
	struct pim_vector *v;
	uint64_t ones;
	void *p;
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 1000, &v), 0);
	cr_assert_eq(pim_fill(v, 1), 0);
	cr_assert_eq(pim_reduce(PIM_COUNT_ONES, v, &ones), 0);
	cr_assert_eq(ones, 1000);
	cr_assert_eq(pim_map(v, &p), -EOPNOTSUPP);
	pim_close(dev);
}

Test(pim_faults, check_bits_survive_xor_and_are_refused_elsewhere)
{
	enum { BYTES = LANES / 8 };
	static unsigned char a[BYTES], b[BYTES], got[BYTES];
	struct pim_device *dev = device("ambit:engine=exact,variation=10,protect=ecc,seed=2");
	struct pim_vector *v[3];
	struct pim_cost *cost;
	uint64_t r = 17, bits = 0;
	for (int i = 0; i < BYTES; i++) {
		a[i] = (unsigned char)oracle_random(&r);
		b[i] = (unsigned char)oracle_random(&r);
	}
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES - 5, &v[i]), 0);
	cr_assert_eq(pim_write(v[0], a, BYTES), 0);
	cr_assert_eq(pim_write(v[1], b, BYTES), 0);
	cr_assert_eq(pim_and(v[2], v[0], v[1]), -EOPNOTSUPP);
	cr_assert(strstr(pim_error(dev), "protect=ecc"), "%s", pim_error(dev));
	cr_assert_eq(pim_maj(v[2], v[0], v[1], v[1]), -EOPNOTSUPP);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_read(v[0], got, BYTES), 0); /* stored and read: no word is touched */
	cr_assert(count(cost, PIM_ECC_CORRECTED) == 0 && count(cost, PIM_ECC_DETECTED) == 0);
	cr_assert_eq(pim_xor(v[2], v[0], v[1]), 0);
	cr_assert_eq(pim_not(v[2], v[2]), 0);
	cr_assert_eq(pim_copy(v[1], v[2]), 0);
	uint64_t spoilt = count(cost, PIM_BITS_WRONG);
	cr_assert_eq(pim_read(v[1], got, BYTES), 0);
	uint64_t wrong_words = 0;
	for (int w = 0; w < BYTES / 8; w++) {
		unsigned wrong = 0;
		for (int i = 8 * w; i < 8 * w + 8; i++) {
			unsigned char e = (unsigned char)~(a[i] ^ b[i]);
			if (i + 1 == BYTES)
				e &= 0x07;
			wrong += (unsigned)__builtin_popcount(got[i] ^ e);
		}
		bits += wrong;
		wrong_words += wrong > 0;
	}
	uint64_t detected = count(cost, PIM_ECC_DETECTED), undetected = count(cost, PIM_ECC_UNDETECTED);
	cr_assert_gt(count(cost, PIM_ECC_CORRECTED), 0);
	cr_assert_gt(detected, 0, "words with two wrong bits are there");
	cr_assert(undetected <= wrong_words && wrong_words <= detected + undetected,
		  "%llu words are wrong, %llu detected, %llu undetected", (unsigned long long)wrong_words,
		  (unsigned long long)detected, (unsigned long long)undetected);
	cr_assert_gt(spoilt, bits, "%llu bits were wrong before, %llu after", (unsigned long long)spoilt,
		     (unsigned long long)bits);
	pim_close(dev);
}

/* A low rate: what check bits are made for. */
Test(pim_faults, check_bits_mend_single_errors)
{
	set(PIM_XOR, 1, LANES);
	run("ambit:engine=exact", &clean);
	run("ambit:engine=exact,variation=6", &once);
	run("ambit:engine=exact,variation=6,protect=ecc", &other);
	cr_assert_gt(differ(&clean, &once), 50);
	cr_assert_geq(other.counts[PIM_ECC_CORRECTED], differ(&clean, &once) * 9 / 10);
	cr_assert_lt(10 * differ(&clean, &other), differ(&clean, &once));
	cr_assert_eq(other.counts[PIM_BITS_WRONG], once.counts[PIM_BITS_WRONG], "the lanes fail as they did");
	set(PIM_XOR, 16, 70000);
	run("ambit:engine=exact", &clean);
	run("ambit:engine=exact,variation=6,protect=ecc", &other);
	cr_assert_gt(other.counts[PIM_ECC_CORRECTED], 0);
	cr_assert_leq(differ(&clean, &other), 3 * (other.counts[PIM_ECC_DETECTED] + other.counts[PIM_ECC_UNDETECTED]));
}

/* A vector placed elsewhere meets other columns; one whose operands come from two places fails where it is computed. */
Test(pim_faults, columns_belong_to_the_place)
{
	enum { BYTES = 8192 };
	static unsigned char ones[BYTES], got[4][BYTES];
	static const struct {
		uint32_t bank, subarray;
	} where[4] = {{0, 0}, {1, 0}, {0, 1}, {8, 64}}; /* the last one is the first: 8 banks, 64 subarrays */
	memset(ones, 0xff, BYTES);
	struct pim_device *dev = device("ambit:engine=exact,variation=15");
	for (int i = 0; i < 4; i++) {
		struct pim_placement at = {.size = sizeof(at), .bank = where[i].bank, .subarray = where[i].subarray};
		struct pim_vector *a, *b, *y;
		cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 8 * BYTES, &at, &a), 0, "%s", pim_error(dev));
		cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 8 * BYTES, &at, &b), 0);
		cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 8 * BYTES, &at, &y), 0);
		cr_assert_eq(pim_write(a, ones, BYTES), 0);
		cr_assert_eq(pim_fill(b, 0), 0);
		cr_assert_eq(pim_and(y, a, b), 0); /* right: 0 everywhere */
		cr_assert_eq(pim_read(y, got[i], BYTES), 0);
		pim_free(a);
		pim_free(b);
		pim_free(y);
	}
	cr_assert(memcmp(got[0], got[1], BYTES) != 0 && memcmp(got[0], got[2], BYTES) != 0 &&
		  memcmp(got[1], got[2], BYTES) != 0);
	cr_assert_arr_eq(got[0], got[3], BYTES);
	pim_close(dev);
}

/* Programs of the user fail like operations do. */
Test(pim_faults, programs_of_the_user_fail_too)
{
	static const char text[] = "c = a & b";
	enum { BYTES = 65536 };
	static unsigned char in[2][BYTES], got[2][BYTES];
	struct pim_device *dev = device("ambit:engine=exact,variation=12");
	struct pim_program *p;
	struct pim_vector *v[3];
	struct pim_cost *cost;
	char err[200];
	uint64_t r = 6, wrong[2];
	cr_assert_eq(pim_program_compile(PIM_EXPRESSION, text, strlen(text), &p, err, sizeof(err)), 0, "%s", err);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 8 * BYTES, &v[i]), 0);
		for (int k = 0; k < BYTES && i < 2; k++)
			in[i][k] = (unsigned char)oracle_random(&r);
		if (i < 2)
			cr_assert_eq(pim_write(v[i], in[i], BYTES), 0);
	}
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(i ? pim_and(v[2], v[0], v[1]) : pim_program_run(p, &v[2], 1, v, 2), 0, "%s",
			     pim_error(dev));
		wrong[i] = count(cost, PIM_BITS_WRONG);
		pim_cost_end(cost);
		cr_assert_eq(pim_read(v[2], got[i], BYTES), 0);
		uint64_t seen = 0;
		for (int k = 0; k < BYTES; k++)
			seen += (unsigned)__builtin_popcount(got[i][k] ^ (in[0][k] & in[1][k]));
		cr_assert(seen == wrong[i] && seen > 0);
	}
	pim_close(dev);
	dev = device("ambit:engine=exact,protect=tmr");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 100, &v[i]), 0);
	cr_assert_eq(pim_program_run(p, &v[2], 1, v, 2), -EOPNOTSUPP);
	cr_assert(strstr(pim_error(dev), "protect"), "%s", pim_error(dev));
	pim_close(dev);
	pim_program_free(p);
}
