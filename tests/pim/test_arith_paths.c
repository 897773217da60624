/* The kernels of every instruction set against those of the portable one, and these against one lane at a time. */
#include <criterion/criterion.h>

#include "pim/arith.h"
#include "tests/pim/lanes.h"

enum { LANES = 64 * 17, LINE = 64 };

struct lanes3 {
	_Alignas(LINE) unsigned char src[3][8 * LANES], got[8 * LANES + LINE], want[8 * LANES + LINE];
};

/* Bytes that a kernel writes for a lane, times 8. */
static size_t result_bits(enum arith_kernel k, unsigned unit)
{
	if (k >= ARITH_EQ)
		return 1;
	if (k == ARITH_POPCOUNT)
		return 8;
	return k == ARITH_MUL_DOUBLE ? 16 * unit : 8 * unit;
}

static void fill(struct lanes3 *l, enum arith_kernel k, struct pim_type t, unsigned unit, uint64_t *r)
{
	for (int i = 0; i < 3; i++)
		for (size_t n = 0; n < LANES; n++) {
			uint64_t v = lane_value(t.bits, n, i % 2, r);
			memcpy(l->src[i] + n * unit, &v, unit);
		}
	for (size_t i = 0; i < LANES / 8 && k == ARITH_IF_ELSE; i++)
		l->src[0][i] = (unsigned char)oracle_random(r);
}

static struct arith_args args_of(struct pim_type t, enum arith_kernel k, unsigned amount)
{
	struct arith_args a = {.mask = lane_mask(t.bits), .live = lane_mask(t.bits), .amount = amount};
	if (t.kind == PIM_INT)
		a.sign = UINT64_C(1) << (t.bits - 1);
	if (k == ARITH_MUL_SAME || k == ARITH_MUL_DOUBLE)
		a.live = lane_mask(t.bits > 32 ? 64 : 2 * t.bits);
	return a;
}

static void same_as_portable(const struct arith_table *path, const char *name, struct pim_type t, uint64_t *r)
{
	static struct lanes3 l;
	unsigned unit = (unsigned)lane_unit(t.bits), log2 = (unsigned)__builtin_ctz(unit);
	const void *src[3] = {l.src[0], l.src[1], l.src[2]};
	for (unsigned k = 0; k < ARITH_KERNELS; k++) {
		arith_fn fn = path->fn[k][log2], portable = arith_portable.fn[k][log2];
		cr_assert_eq(!fn, !portable);
		if (!fn)
			continue;
		bool shift = k == ARITH_SHL || k == ARITH_SHR;
		struct arith_args a =
			args_of(t, (enum arith_kernel)k, shift ? (unsigned)(oracle_random(r) % t.bits) : 0);
		size_t lanes = 64 * (1 + oracle_random(r) % (LANES / 64));
		size_t bytes = lanes * result_bits((enum arith_kernel)k, unit) / 8;
		if (k == ARITH_MUL_DOUBLE && t.bits > 32)
			continue;
		fill(&l, (enum arith_kernel)k, t, unit, r);
		memset(l.got, 0xa5, sizeof(l.got));
		memset(l.want, 0xa5, sizeof(l.want));
		fn(&a, l.got, src, lanes);
		portable(&a, l.want, src, lanes);
		cr_assert(memcmp(l.got, l.want, bytes + LINE) == 0, "%s: kernel %u of %s%u, %zu lanes", name, k,
			  t.kind == PIM_INT ? "int" : "uint", t.bits, lanes);
	}
}

Test(pim_arith_paths, every_kernel_gives_what_the_portable_one_gives)
{
	uint64_t r = 4101842887655102017u;
	int paths = 0;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		const struct arith_table *path = arith_table((enum mw_isa)isa);
		if (!path || isa == MW_ISA_PORTABLE)
			continue;
		paths++;
		for (unsigned bits = 2; bits <= 64; bits++)
			for (int is_signed = 0; is_signed < 2; is_signed++)
				same_as_portable(path, mw_isa_name((enum mw_isa)isa),
						 is_signed ? pim_int(bits) : pim_uint(bits), &r);
	}
	cr_assert(paths > 0 || mw_isa_best() == MW_ISA_PORTABLE);
}

Test(pim_arith_paths, bits_become_bytes_alike)
{
	_Alignas(LINE) unsigned char packed[LANES / 8], got[LANES];
	uint64_t r = 99;
	for (size_t i = 0; i < sizeof(packed); i++)
		packed[i] = (unsigned char)oracle_random(&r);
	const void *src = packed;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		const struct arith_table *path = arith_table((enum mw_isa)isa);
		struct arith_args a = {.mask = 1};
		if (!path)
			continue;
		path->unpack(&a, got, &src, LANES);
		for (size_t i = 0; i < LANES; i++)
			cr_assert_eq(got[i], packed[i / 8] >> (i % 8) & 1);
	}
}

/* ---- reductions ---- */

static uint64_t expected(enum pim_op op, struct pim_type t, const void *p, size_t lanes)
{
	uint64_t acc = 0;
	for (size_t i = 0; i < lanes; i++) {
		uint64_t x = lane_get(p, t.bits, i), v = t.kind == PIM_INT ? (uint64_t)lane_signed(x, t.bits) : x;
		if (op == PIM_COUNT_ONES)
			acc += lane_ones(x);
		else if (op == PIM_SUM_LANES)
			acc += v;
		else if (i == 0 || (t.kind == PIM_INT ? (int64_t)v < (int64_t)acc : v < acc))
			acc = v;
	}
	return acc;
}

static void reductions(struct pim_type t, size_t lanes, unsigned char *p, uint64_t *r)
{
	/* What follows the last lane does not count. */
	memset(p, 0xff, arith_bytes(t.bits, lanes));
	for (size_t i = 0; i < lanes; i++)
		lane_put(p, t.bits, i, oracle_random(r) & lane_mask(t.bits));
	if (lanes % 3 == 0) /* so that the least lane lies anywhere, and not at 0 */
		for (size_t i = 0; i < lanes; i++)
			lane_put(p, t.bits, i, lane_get(p, t.bits, i) | (t.bits > 1));
	for (enum pim_op op = PIM_SUM_LANES; op <= PIM_COUNT_ONES; op++) {
		uint64_t acc = arith_reduce_start(op);
		arith_reduce(op, t, p, lanes, &acc);
		acc = arith_reduce_value(op, t, acc);
		cr_assert_eq(acc, expected(op, t, p, lanes), "%s of %zu lanes of %s%u: %llx", pim_op_name(op), lanes,
			     t.kind == PIM_INT ? "int" : "uint", t.bits, (unsigned long long)acc);
	}
}

static void each_isa(void (*test)(uint64_t *r))
{
	uint64_t r = 6364136223846793005u;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		setenv("MEMWALL_ISA", mw_isa_name((enum mw_isa)isa), 1);
		if (arith_table((enum mw_isa)isa))
			test(&r);
	}
	unsetenv("MEMWALL_ISA");
}

static void every_width(uint64_t *r)
{
	static _Alignas(LINE) unsigned char p[8 * 2048];
	for (unsigned bits = 1; bits <= 64; bits++)
		for (size_t k = 0; k < 12; k++) {
			size_t lanes = k < 4 ? (size_t[]){1, 63, 64, 65}[k] : 1 + oracle_random(r) % 1500;
			reductions(k % 2 ? pim_int(bits) : pim_uint(bits), lanes, p, r);
		}
}

Test(pim_arith_paths, reductions_of_every_width)
{
	each_isa(every_width);
}

/* Narrow sums are emptied in time: lanes that are all the largest or the least number, as many as fill them. */
static void extremes(uint64_t *r)
{
	enum { MOST = 5 << 20 };
	static const unsigned widths[] = {1, 8, 16, 32};
	unsigned char *p = aligned_alloc(LINE, MOST + LINE);
	(void)r;
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (int is_signed = 0; is_signed < 2; is_signed++)
			for (int least = 0; least < 2; least++) {
				unsigned bits = widths[w];
				struct pim_type t = is_signed ? pim_int(bits) : pim_uint(bits);
				uint64_t x = is_signed ? UINT64_C(1) << (bits - 1) : 0, acc = 0;
				x = least ? x : x ^ lane_mask(bits);
				size_t lanes = (size_t)MOST * 8 / bits;
				for (size_t i = 0; i < 64; i++)
					lane_put(p, bits, i, x);
				for (size_t i = 64 * bits / 8; i < MOST; i++)
					p[i] = p[i - 64 * bits / 8];
				arith_reduce(PIM_SUM_LANES, t, p, lanes, &acc);
				uint64_t v = is_signed ? (uint64_t)lane_signed(x, bits) : x;
				cr_assert_eq(acc, v * lanes, "sum of %u bits", bits);
				acc = 0;
				arith_reduce(PIM_COUNT_ONES, t, p, lanes, &acc);
				cr_assert_eq(acc, lane_ones(x) * lanes, "ones of %u bits", bits);
			}
	free(p);
}

Test(pim_arith_paths, long_sums_do_not_overflow)
{
	each_isa(extremes);
}

/* Also where the processor has an instruction that counts, which arith_reduce() then takes. */
Test(pim_arith_paths, every_path_counts_ones)
{
	enum { MOST = 64 * 200 };
	static _Alignas(LINE) unsigned char p[MOST];
	uint64_t r = 5;
	for (int full = 0; full < 2; full++)
		for (size_t bytes = 0; bytes <= MOST; bytes += 64) {
			uint64_t ones = 0;
			for (size_t i = 0; i < bytes; i++) {
				p[i] = full ? 0xff : (unsigned char)oracle_random(&r);
				ones += lane_ones(p[i]);
			}
			for (int isa = 0; isa < MW_ISA_COUNT; isa++)
				if (arith_table((enum mw_isa)isa))
					cr_assert_eq(arith_table((enum mw_isa)isa)->ones(p, bytes), ones, "%s",
						     mw_isa_name((enum mw_isa)isa));
#if defined(__x86_64__)
			if (mw_cpu_has(MW_CPU_AVX512_VPOPCNT))
				cr_assert_eq(arith_ones_vpopcnt(p, bytes), ones);
#endif
		}
}
