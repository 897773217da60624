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

static double want(enum mw_stream_op op, double was, double vb, double vc, double s)
{
	switch (op) {
	case MW_STREAM_COPY:
	case MW_STREAM_MEMCPY:
		return vb;
	case MW_STREAM_TRIAD:
		return vb + s * vc;
	case MW_STREAM_SCALE:
		return s * vb;
	case MW_STREAM_ADD:
		return vb + vc;
	case MW_STREAM_UPDATE:
		return s * was;
	default:
		return s;
	}
}

/* A double whose bytes are all the same, as memset makes them. */
static double of_bytes(unsigned char byte)
{
	double v;
	memset(&v, byte, sizeof(v));
	return v;
}

static uint64_t sum_of(enum mw_stream_op op, const double *pb, const double *pc, size_t n)
{
	uint64_t sum = 0, bits;
	double product = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(&bits, pb + i, sizeof(bits));
		sum += bits;
		product += pb[i] * pc[i];
	}
	memcpy(&bits, &product, sizeof(bits));
	return op == MW_STREAM_READ ? sum : op == MW_STREAM_DOT ? bits : 0;
}

/* One call against plain C: the whole range, nothing but the range, sources unchanged. */
static void check(const struct mw_stream_kernel *k, size_t n, size_t at, size_t bt, size_t ct)
{
	double *pa = a + GUARD + at;
	const double *pb = b + bt, *pc = c + ct;
	const double s = k->op == MW_STREAM_MEMSET ? of_bytes(0x41) : 3.0, mark = -7.0;
	for (size_t i = 0; i < n + 2 * GUARD; i++)
		a[at + i] = mark - (double)i;
	uint64_t got = k->run(pa, pb, pc, s, n);
	cr_assert_eq(got, sum_of(k->op, pb, pc, n), "%s %s n=%zu b+%zu: sum", mw_stream_op_name(k->op), k->name, n, bt);
	for (size_t i = 0; i < n + 2 * GUARD; i++) {
		bool inside = i >= GUARD && i < GUARD + n && mw_stream_stores(k->op);
		double was = mark - (double)i, w = inside ? want(k->op, was, pb[i - GUARD], pc[i - GUARD], s) : was;
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
		unsigned arrays, payload, bus, bus_nt;
		bool stores, known;
	} ops[MW_STREAM_OP_COUNT] = {
		[MW_STREAM_READ] = {"read", 1, 8, 8, 8, false, true},
		[MW_STREAM_WRITE] = {"write", 1, 8, 16, 8, true, true},
		[MW_STREAM_COPY] = {"copy", 2, 16, 24, 16, true, true},
		[MW_STREAM_TRIAD] = {"triad", 3, 24, 32, 24, true, true},
		[MW_STREAM_SCALE] = {"scale", 2, 16, 24, 16, true, true},
		[MW_STREAM_ADD] = {"add", 3, 24, 32, 24, true, true},
		[MW_STREAM_UPDATE] = {"update", 1, 16, 16, 16, true, true},
		[MW_STREAM_DOT] = {"dot", 2, 16, 16, 16, false, true},
		[MW_STREAM_FILL] = {"fill", 1, 8, 16, 8, true, false},
		[MW_STREAM_MEMCPY] = {"memcpy", 2, 16, 24, 16, true, false},
		[MW_STREAM_MEMSET] = {"memset", 1, 8, 16, 8, true, false},
	};
	for (int i = 0; i < MW_STREAM_OP_COUNT; i++) {
		enum mw_stream_op op = (enum mw_stream_op)i;
		cr_assert_str_eq(mw_stream_op_name(op), ops[i].name);
		cr_assert_eq(mw_stream_arrays(op), ops[i].arrays, "%s", ops[i].name);
		cr_assert_eq(mw_stream_payload_bytes(op), ops[i].payload, "%s", ops[i].name);
		cr_assert_eq(mw_stream_bus_bytes(op, false), ops[i].bus, "%s", ops[i].name);
		cr_assert_eq(mw_stream_bus_bytes(op, true), ops[i].bus_nt, "%s", ops[i].name);
		cr_assert_eq(mw_stream_stores(op), ops[i].stores, "%s", ops[i].name);
		cr_assert_eq(mw_stream_store_known(op), ops[i].known, "%s", ops[i].name);
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

/* The members of one operation and kind of store. */
static unsigned count(enum mw_isa isa, enum mw_stream_op op, bool nt, unsigned lines, unsigned ahead)
{
	size_t n;
	unsigned found = 0;
	const struct mw_stream_kernel *k = mw_stream_kernels(isa, &n);
	for (size_t i = 0; i < n; i++)
		found += k[i].op == op && k[i].nt == nt && k[i].lines == lines && k[i].ahead == ahead;
	return found;
}

/* Every unroll with every distance of prefetch, once; stores without loads have nothing to prefetch. */
Test(kernels_stream, the_family_is_complete)
{
	static const unsigned all_lines[] = {1, 2, 4}, ahead[] = {0, 1024, 4096};
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		size_t n;
		if (!mw_stream_kernels((enum mw_isa)isa, &n))
			continue;
		for (int op = 0; op <= MW_STREAM_DOT; op++)
			for (int nt = 0; nt < 2; nt++)
				for (int i = 0; i < 9; i++) {
					bool has_nt = isa != MW_ISA_PORTABLE &&
						      mw_stream_stores((enum mw_stream_op)op) && op != MW_STREAM_UPDATE;
					bool has = (!nt || has_nt) && (op != MW_STREAM_WRITE || ahead[i % 3] == 0);
					cr_assert_eq(count((enum mw_isa)isa, (enum mw_stream_op)op, nt,
							   all_lines[i / 3], ahead[i % 3]),
						     has, "%s %s nt=%d lines %u ahead %u",
						     mw_isa_name((enum mw_isa)isa),
						     mw_stream_op_name((enum mw_stream_op)op), nt, all_lines[i / 3],
						     ahead[i % 3]);
				}
	}
}
