#include <criterion/criterion.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/stream.h"

enum { ROOM = 12000, GUARD = 16 };

static double *a, *b, *c;

static void setup(void)
{
	a = aligned_alloc(64, ROOM * sizeof(double));
	b = aligned_alloc(64, ROOM * sizeof(double));
	c = aligned_alloc(64, ROOM * sizeof(double));
	for (size_t i = 0; i < ROOM; i++) {
		b[i] = (double)(1 + i * 7 % 4099);
		c[i] = (double)(3 + i * 5 % 1021);
	}
}

static void teardown(void)
{
	free(a);
	free(b);
	free(c);
}

static double want(enum mw_stream_op op, const double *pb, const double *pc, size_t i, double s)
{
	return op == MW_STREAM_WRITE ? s : op == MW_STREAM_COPY ? pb[i] : pb[i] + s * pc[i];
}

/* One call against plain C: the whole range, nothing but the range, sources unchanged. */
static void check(const struct mw_stream_kernel *k, size_t n, size_t at, size_t bt, size_t ct)
{
	double *pa = a + GUARD + at;
	const double *pb = b + bt, *pc = c + ct;
	const double s = 3.0, mark = -7.0;
	uint64_t sum = 0, bits;
	for (size_t i = 0; i < n; i++) {
		memcpy(&bits, pb + i, sizeof(bits));
		sum += bits;
	}
	for (size_t i = 0; i < n + 2 * GUARD; i++)
		a[at + i] = mark;
	uint64_t got = k->run(pa, pb, pc, s, n);
	cr_assert_eq(got, k->op == MW_STREAM_READ ? sum : 0, "%s %s n=%zu b+%zu: sum", mw_stream_op_name(k->op),
		     k->name, n, bt);
	for (size_t i = 0; i < n + 2 * GUARD; i++) {
		bool inside = i >= GUARD && i < GUARD + n && k->op != MW_STREAM_READ;
		double w = inside ? want(k->op, pb, pc, i - GUARD, s) : mark;
		cr_assert_eq(a[at + i], w, "%s %s%s n=%zu a+%zu: element %zd is %g, expected %g",
			     mw_stream_op_name(k->op), k->name, k->nt ? " nt" : "", n, at, (ssize_t)i - GUARD,
			     a[at + i], w);
	}
}

static unsigned for_all(void (*visit)(const struct mw_stream_kernel *))
{
	unsigned count = 0;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		size_t n;
		const struct mw_stream_kernel *k = mw_stream_kernels((enum mw_isa)isa, &n);
		for (size_t i = 0; i < n && mw_isa_supported((enum mw_isa)isa); i++, count++) {
			cr_assert_eq((int)k[i].isa, isa);
			visit(&k[i]);
		}
	}
	return count;
}

static void all_lengths(const struct mw_stream_kernel *k)
{
	for (size_t n = 0; n <= 257; n++)
		check(k, n, n % 8, n / 3 % 8, n / 5 % 8);
}

static void all_offsets(const struct mw_stream_kernel *k)
{
	static const size_t lengths[] = {1, 7, 31, 64, 129, 1023};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (size_t at = 0; at < 8; at++)
			for (size_t bt = 0; bt < 8; bt++)
				check(k, lengths[i], at, bt, (at + bt) % 8);
}

static void long_range(const struct mw_stream_kernel *k)
{
	check(k, ROOM - 3 * GUARD, 0, 0, 0);
	check(k, ROOM - 3 * GUARD - 3, 3, 1, 2);
}

Test(kernels_stream, against_plain_c, .init = setup, .fini = teardown)
{
	cr_assert_geq(for_all(all_lengths), 4);
	(void)for_all(all_offsets);
	(void)for_all(long_range);
}

Test(kernels_stream, names_and_bytes)
{
	static const struct {
		const char *name;
		unsigned payload, bus, bus_nt;
	} ops[MW_STREAM_OP_COUNT] = {
		{"read", 8, 8, 8}, {"write", 8, 16, 8}, {"copy", 16, 24, 16}, {"triad", 24, 32, 24}};
	for (int op = 0; op < MW_STREAM_OP_COUNT; op++) {
		cr_assert_str_eq(mw_stream_op_name((enum mw_stream_op)op), ops[op].name);
		cr_assert_eq(mw_stream_payload_bytes((enum mw_stream_op)op), ops[op].payload);
		cr_assert_eq(mw_stream_bus_bytes((enum mw_stream_op)op, false), ops[op].bus);
		cr_assert_eq(mw_stream_bus_bytes((enum mw_stream_op)op, true), ops[op].bus_nt);
	}
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		size_t n;
		const struct mw_stream_kernel *k = mw_stream_kernels((enum mw_isa)isa, &n);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < i; j++)
				cr_assert(k[i].op != k[j].op || k[i].nt != k[j].nt || strcmp(k[i].name, k[j].name) != 0,
					  "%s twice", k[i].name);
	}
}
