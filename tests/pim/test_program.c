#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pim/pim.h"

enum { LANES = 70001, BYTES = (LANES + 7) / 8 };

static struct pim_program *compile(enum pim_language language, const char *text)
{
	struct pim_program *p;
	char err[200] = "";
	cr_assert_eq(pim_program_compile(language, text, strlen(text), &p, err, sizeof(err)), 0, "%s: %s", text, err);
	return p;
}

static struct pim_device *open_device(const char *spec)
{
	struct pim_device *dev;
	char err[200] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static void fill_random(unsigned char *v, uint64_t seed)
{
	for (size_t i = 0; i < BYTES; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v[i] = (unsigned char)(seed >> 56);
	}
}

static int lane(const unsigned char *v, size_t i)
{
	return v[i / 8] >> (i % 8) & 1;
}

/* One full adder in every language. */
static const struct {
	enum pim_language language;
	const char *text;
} adders[] = {
	{PIM_EXPRESSION, "s = a ^ b ^ c; d = maj(a, b, c)"},
	{PIM_TABLE, "3: 0x96 0xe8"},
	{PIM_BLIF,
	 ".inputs a b c\n.outputs s d\n.names a b c s\n100 1\n010 1\n001 1\n111 1\n.names a b c d\n11- 1\n1-1 "
	 "1\n-11 1\n"},
	{PIM_AIGER, "aag 10 3 0 2 7\n2\n4\n6\n18\n21\n8 2 4\n10 3 5\n12 9 11\n14 12 6\n16 13 7\n18 15 17\n20 9 15\n"},
	{PIM_MICRO_PROGRAM, "# SIMDRAM's, with the carry loaded first\n.inputs a b c\n.outputs s d\n"
			    "AAP(D1,B12);AAP(D2,B10);AAP(D0,B7);AP(B15);AAP(D0,B8);AAP(B12,D4);AAP(B7,B2);AP(B14);"
			    "AAP(B5,D3)"},
};

static void run_adder(const struct pim_program *p, const char *spec, uint64_t cost[3], unsigned char *got[2],
		      unsigned char *const *in)
{
	struct pim_device *dev = open_device(spec);
	struct pim_vector *v[5];
	struct pim_cost *scope;
	for (int i = 0; i < 5; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES, &v[i]), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_write(v[i], in[i], BYTES), 0);
	cr_assert_eq(pim_cost_begin(dev, &scope), 0);
	cr_assert_eq(pim_program_run(p, v + 3, 2, v, 3), 0, "%s: %s", spec, pim_error(dev));
	cr_assert_eq(pim_cost_count(scope, PIM_AAP, &cost[0]), 0);
	cr_assert_eq(pim_cost_count(scope, PIM_AP, &cost[1]), 0);
	cr_assert_eq(pim_cost_count(scope, PIM_PS_COMPUTE, &cost[2]), 0);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pim_read(v[3 + i], got[i], BYTES), 0);
	/* A result in the place of an input. */
	struct pim_vector *const in_place[2] = {v[1], v[0]};
	unsigned char *again = malloc(BYTES);
	cr_assert_eq(pim_program_run(p, in_place, 2, v, 3), 0, "%s: %s", spec, pim_error(dev));
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(pim_read(in_place[i], again, BYTES), 0);
		cr_assert_eq(memcmp(again, got[i], BYTES), 0, "%s: result %d in place", spec, i);
	}
	free(again);
	pim_close(dev);
}

Test(program, every_language_runs_alike_on_both_engines)
{
	unsigned char *in[3], *got[2][2];
	for (int i = 0; i < 3; i++)
		fill_random(in[i] = malloc(BYTES), 7u + (unsigned)i);
	for (int i = 0; i < 4; i++)
		got[i / 2][i % 2] = malloc(BYTES);
	for (size_t k = 0; k < sizeof(adders) / sizeof(adders[0]); k++) {
		struct pim_program *p = compile(adders[k].language, adders[k].text);
		struct pim_equivalence e = {.size = sizeof(e)};
		struct pim_program_info info = {.size = sizeof(info)};
		uint64_t cost[2][3];
		cr_assert_eq(pim_program_verify(p, 1, &e), 0);
		cr_assert(e.lanes == 8 && e.wrong == 0 && e.exhaustive, "language %zu", k);
		cr_assert_eq(pim_program_info(p, &info), 0);
		cr_assert(info.inputs == 3 && info.outputs == 2 && info.aap + info.ap <= 9, "language %zu: %llu + %llu",
			  k, (unsigned long long)info.aap, (unsigned long long)info.ap);
		cr_assert_null(pim_program_input(p, 3));
		cr_assert_null(pim_program_output(p, 2));
		cr_assert(pim_program_input(p, 2) && pim_program_output(p, 1));
		run_adder(p, "ambit:engine=fused", cost[0], got[0], in);
		run_adder(p, "ambit:engine=exact", cost[1], got[1], in);
		cr_assert_eq(memcmp(cost[0], cost[1], sizeof(cost[0])), 0, "costs differ");
		/* 70,001 lanes are two rows of 8 KB, in two banks side by side. */
		cr_assert_eq(cost[0][0], 2 * info.aap);
		cr_assert_eq(cost[0][2], (info.aap * 49 + info.ap * 45) * 1000);
		for (int i = 0; i < 2; i++)
			cr_assert_eq(memcmp(got[0][i], got[1][i], BYTES), 0, "language %zu, result %d", k, i);
		for (size_t i = 0; i < LANES; i++) {
			int sum = lane(in[0], i) + lane(in[1], i) + lane(in[2], i);
			cr_assert(lane(got[0][0], i) == (sum & 1) && lane(got[0][1], i) == sum >> 1,
				  "language %zu, lane %zu", k, i);
		}
		pim_program_free(p);
	}
	for (int i = 0; i < 3; i++)
		free(in[i]);
	for (int i = 0; i < 4; i++)
		free(got[i / 2][i % 2]);
}

Test(program, prints_what_can_be_read_again)
{
	struct pim_program *p = compile(PIM_EXPRESSION, "y = a ^ b"), *q;
	char text[400], again[400], err[200] = "";
	int len = pim_program_print(p, text, sizeof(text));
	cr_assert(len > 0 && (size_t)len == strlen(text));
	cr_assert_eq(pim_program_print(p, NULL, 0), len);
	cr_assert_eq(pim_program_compile(PIM_MICRO_PROGRAM, text, (size_t)len, &q, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(pim_program_print(q, again, sizeof(again)), len);
	cr_assert_str_eq(text, again);
	cr_assert_str_eq(pim_program_input(q, 1), "D1");
	cr_assert_str_eq(pim_program_output(q, 0), "D2");
	pim_program_free(p);
	pim_program_free(q);
	pim_program_free(NULL);
}

Test(program, price_is_that_of_the_commands)
{
	struct pim_program *p = compile(PIM_EXPRESSION, "y = a & b");
	struct pim_device *dev = open_device("ambit"), *host = open_device("host");
	struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)}, op = price;
	cr_assert_eq(pim_program_price(dev, p, &price), 0);
	cr_assert_eq(pim_price_of(dev, PIM_AND, pim_uint(1), &op), 0);
	cr_assert(price.aap == op.aap && price.ap == op.ap && price.ps == op.ps && price.ps_batch == op.ps_batch &&
		  price.rows == op.rows && price.lanes == op.lanes && price.energy.typ_pj == op.energy.typ_pj);
	cr_assert_gt(price.energy.typ_pj, 0.0);
	cr_assert_eq(price.verified, PIM_VERIFIED_TIME, "results are for pim_program_verify() to check");
	cr_assert_eq(pim_program_price(host, p, &price), -EOPNOTSUPP);
	cr_assert_not_null(strstr(pim_error(host), "no micro-programs"));
	pim_close(dev);
	pim_close(host);
	pim_program_free(p);
}

Test(program, wrong_text_and_wrong_use_are_refused)
{
	static const struct {
		enum pim_language language;
		const char *text;
		int rc;
		const char *why;
	} bad[] = {
		{PIM_EXPRESSION, "c = a +", -EINVAL, "line 1, column 7"},
		{PIM_BLIF, ".latch a b", -EOPNOTSUPP, "latch"},
		{PIM_AIGER, "aag 1 0 1 1 0\n2 2\n2\n", -EOPNOTSUPP, "latches"},
		{PIM_MICRO_PROGRAM, "AAP(D0,D1", -EINVAL, "column 10"},
		{PIM_MICRO_PROGRAM, "AAP(B8,D0)", -EINVAL, "not provably equal"},
		{PIM_MICRO_PROGRAM, "AAP(D0,D1);AAP(D1,B0)", -EINVAL, ".outputs"},
		{PIM_MICRO_PROGRAM, "AAP(D0,B0);AAP(D1,B1);AAP(B12,D2)", -EINVAL, "depends on what a row held"},
		{PIM_MICRO_PROGRAM, ".inputs a b\n.outputs c\nAAP(D0,D2);AAP(C0,D1)", -EINVAL, "input row is changed"},
		{PIM_MICRO_PROGRAM, ".inputs a\n.outputs c", -EINVAL, "not written"},
		{(enum pim_language)9, "", -EINVAL, "no such language"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pim_program *p = (struct pim_program *)1;
		char err[250] = "";
		errno = 77;
		cr_assert_eq(
			pim_program_compile(bad[i].language, bad[i].text, strlen(bad[i].text), &p, err, sizeof(err)),
			bad[i].rc, "%s: %s", bad[i].text, err);
		cr_assert_null(p);
		cr_assert_not_null(strstr(err, bad[i].why), "%s: %s", bad[i].text, err);
		cr_assert_eq(errno, 77);
	}
	struct pim_program *p = compile(PIM_EXPRESSION, "y = a & b");
	struct pim_device *dev = open_device("ambit"), *other = open_device("ambit"), *host = open_device("host");
	struct pim_vector *v[3], *longer, *wide, *foreign, *h[3];
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 100, &v[i]), 0);
		cr_assert_eq(pim_alloc(host, pim_uint(1), 100, &h[i]), 0);
	}
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 101, &longer), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(8), 100, &wide), 0);
	cr_assert_eq(pim_alloc(other, pim_uint(1), 100, &foreign), 0);
	cr_assert_eq(pim_program_run(p, &v[2], 1, v, 2), 0);
	cr_assert_eq(pim_program_run(p, &v[2], 1, v, 1), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "the program has 2 inputs, not 1");
	cr_assert_eq(pim_program_run(p, v, 2, v, 2), -EINVAL);
	cr_assert_eq(pim_program_run(NULL, v, 1, v, 2), -EINVAL);
	cr_assert_eq(pim_program_run(p, v, 0, v, 2), -EINVAL);
	struct pim_vector *in[2] = {v[0], longer};
	cr_assert_eq(pim_program_run(p, &v[2], 1, in, 2), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "input b has 101 lanes, a 100");
	in[1] = wide;
	cr_assert_eq(pim_program_run(p, &v[2], 1, in, 2), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "input b is not a vector of uint1");
	in[1] = foreign;
	cr_assert_eq(pim_program_run(p, &v[2], 1, in, 2), -EXDEV);
	in[1] = NULL;
	cr_assert_eq(pim_program_run(p, &v[2], 1, in, 2), -EINVAL);
	cr_assert_eq(pim_program_run(p, &longer, 1, v, 2), -EINVAL);
	cr_assert_eq(pim_program_run(p, &h[2], 1, h, 2), -EOPNOTSUPP);
	struct pim_placement there = {.size = sizeof(there), .bank = 1};
	struct pim_vector *apart;
	cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 100, &there, &apart), 0);
	in[1] = apart;
	cr_assert_eq(pim_program_run(p, &v[2], 1, in, 2), 0, "rows that lie apart are moved: %s", pim_error(dev));
	pim_program_free(p);
	p = compile(PIM_EXPRESSION, "y = a & b; z = a | b");
	struct pim_vector *const twice[2] = {v[2], v[2]};
	cr_assert_eq(pim_program_run(p, twice, 2, v, 2), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "one vector is given for two results");
	pim_program_free(p);
	pim_close(dev);
	pim_close(other);
	pim_close(host);
}

Test(program, temporaries_need_rows)
{
	/* 32 rows, 18 of them reserved: 14 of data. */
	char text[2000];
	size_t len = 0;
	for (int i = 0; i < 6; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "_p%d = a ^ b%d; _q%d = c ^ b%d;", i, i, i, i);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "y = 0");
	for (int i = 0; i < 6; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "^ (_p%d & _q%d)", i, 5 - i);
	struct pim_program *p = compile(PIM_EXPRESSION, text);
	struct pim_program_info info = {.size = sizeof(info)};
	cr_assert_eq(pim_program_info(p, &info), 0);
	cr_assert(info.inputs == 8 && info.temporaries >= 2, "%u temporaries", info.temporaries);
	struct pim_device *dev = open_device("ambit:rows=32,subarrays=1");
	struct pim_vector *v[9], *more;
	struct pim_placement here = {.size = sizeof(here)};
	for (int i = 0; i < 9; i++)
		cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 64, &here, &v[i]), 0);
	for (uint32_t i = 0; i < 14 - 9 - info.temporaries + 1; i++)
		cr_assert_eq(pim_alloc_at(dev, pim_uint(1), 64, &here, &more), 0);
	cr_assert_eq(pim_program_run(p, &v[8], 1, v, 8), -ENOSPC);
	cr_assert_not_null(strstr(pim_error(dev), "temporary rows"));
	pim_free(more);
	cr_assert_eq(pim_program_run(p, &v[8], 1, v, 8), 0, "%s", pim_error(dev));
	pim_close(dev);
	pim_program_free(p);
}

Test(program, more_rows_than_a_subarray_has_are_refused_with_both_numbers)
{
	static const char text[] = "y = a0&a1 | a2&a3 | a4&a5 | a6&a7 | a8&a9 | a10&a11 | a12&a13 | a14&a15";
	struct pim_program *p = compile(PIM_EXPRESSION, text);
	struct pim_device *small = open_device("ambit:rows=32"), *large = open_device("ambit");
	struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
	cr_assert_eq(pim_program_price(large, p, &price), 0);
	cr_assert_gt(price.rows, 14u, "rows=32 has 14 data rows");
	char needed[16];
	snprintf(needed, sizeof(needed), " %u ", price.rows);
	cr_assert_eq(pim_program_price(small, p, &price), -ENOSPC);
	cr_assert(strstr(pim_error(small), needed) && strstr(pim_error(small), " 14"), "%s", pim_error(small));
	struct pim_vector *y, *a[16];
	cr_assert_eq(pim_alloc_unbacked(small, pim_uint(1), 64, &y), 0, "%s", pim_error(small));
	for (int i = 0; i < 16; i++)
		cr_assert_eq(pim_alloc_unbacked(small, pim_uint(1), 64, &a[i]), 0, "%s", pim_error(small));
	cr_assert_eq(pim_program_run(p, &y, 1, a, 16), -ENOSPC);
	cr_assert(strstr(pim_error(small), needed) && strstr(pim_error(small), " 14"), "%s", pim_error(small));
	pim_close(small);
	pim_close(large);
	pim_program_free(p);
}
