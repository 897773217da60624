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

/* Runs a kernel of one path and the portable one on the same lanes; the bytes behind the results stay as they were. */
static bool same(arith_fn fn, arith_fn portable, enum arith_kernel k, struct pim_type t, uint64_t *r)
{
	static struct lanes3 l;
	unsigned unit = (unsigned)lane_unit(t.bits);
	const void *src[3] = {l.src[0], l.src[1], l.src[2]};
	bool shift = k == ARITH_SHL || k == ARITH_SHR;
	struct arith_args a = args_of(t, k, shift ? (unsigned)(oracle_random(r) % t.bits) : 0);
	size_t lanes = 64 * (1 + oracle_random(r) % (LANES / 64));
	fill(&l, k, t, unit, r);
	memset(l.got, 0xa5, sizeof(l.got));
	memset(l.want, 0xa5, sizeof(l.want));
	fn(&a, l.got, src, lanes);
	portable(&a, l.want, src, lanes);
	return memcmp(l.got, l.want, lanes * result_bits(k, unit) / 8 + LINE) == 0;
}

/* The first kernel that differs from the portable one; ARITH_KERNELS: none. */
static unsigned first_wrong(const struct arith_table *path, struct pim_type t, uint64_t *r)
{
	unsigned log2 = (unsigned)__builtin_ctz((unsigned)lane_unit(t.bits)), k = 0;
	for (; k < ARITH_KERNELS; k++) {
		arith_fn fn = path->fn[k][log2], portable = arith_portable.fn[k][log2];
		bool takes = portable && !(k == ARITH_MUL_DOUBLE && t.bits > 32);
		if (takes && !(fn && same(fn, portable, (enum arith_kernel)k, t, r)))
			return k;
	}
	return k;
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
		for (unsigned i = 2; i <= 129; i++) { /* every width, both kinds */
			struct pim_type t = i % 2 ? pim_int(i / 2) : pim_uint((i + 1) / 2);
			if (t.bits < 2)
				continue;
			unsigned wrong = first_wrong(path, t, &r);
			cr_assert_eq(wrong, ARITH_KERNELS, "%s: kernel %u of %s%u", mw_isa_name((enum mw_isa)isa),
				     wrong, t.kind == PIM_INT ? "int" : "uint", t.bits);
		}
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

/* Random lanes; what follows the last one does not count. Sometimes none is 0, so that the least lies anywhere. */
static void random_lanes(struct pim_type t, size_t lanes, unsigned char *p, uint64_t *r)
{
	memset(p, 0xff, arith_bytes(t.bits, lanes));
	for (size_t i = 0; i < lanes; i++)
		lane_put(p, t.bits, i, (oracle_random(r) & lane_mask(t.bits)) | (lanes % 3 == 0 && t.bits > 1));
}

static bool reduces(enum pim_op op, struct pim_type t, size_t lanes, const unsigned char *p)
{
	uint64_t acc = arith_reduce_start(op);
	arith_reduce(op, t, p, lanes, &acc);
	return arith_reduce_value(op, t, acc) == expected(op, t, p, lanes);
}

static void reductions(struct pim_type t, size_t lanes, unsigned char *p, uint64_t *r)
{
	random_lanes(t, lanes, p, r);
	bool sum = reduces(PIM_SUM_LANES, t, lanes, p), least = reduces(PIM_MIN_LANES, t, lanes, p);
	bool ones = reduces(PIM_COUNT_ONES, t, lanes, p);
	cr_assert(sum && least && ones, "%zu lanes of %s%u: sum %d, least %d, ones %d are right", lanes,
		  t.kind == PIM_INT ? "int" : "uint", t.bits, sum, least, ones);
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
enum { MOST = 5 << 20 };

static void repeat(unsigned char *p, unsigned bits, uint64_t x)
{
	for (size_t i = 0; i < 64; i++)
		lane_put(p, bits, i, x);
	for (size_t i = (size_t)8 * bits; i < MOST; i++)
		p[i] = p[i - (size_t)8 * bits];
}

static void extreme(struct pim_type t, uint64_t x, unsigned char *p)
{
	size_t lanes = (size_t)MOST * 8 / t.bits;
	uint64_t v = t.kind == PIM_INT ? (uint64_t)lane_signed(x, t.bits) : x, sum = 0, ones = 0;
	repeat(p, t.bits, x);
	arith_reduce(PIM_SUM_LANES, t, p, lanes, &sum);
	arith_reduce(PIM_COUNT_ONES, t, p, lanes, &ones);
	cr_assert(sum == v * lanes && ones == lane_ones(x) * lanes, "%u bits: sum %llx, %llu ones", t.bits,
		  (unsigned long long)sum, (unsigned long long)ones);
}

static void extremes(uint64_t *r)
{
	static const unsigned widths[] = {1, 8, 16, 32};
	unsigned char *p = aligned_alloc(LINE, MOST + LINE);
	(void)r;
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		unsigned bits = widths[w];
		uint64_t sign = UINT64_C(1) << (bits - 1);
		extreme(pim_uint(bits), lane_mask(bits), p);
		extreme(pim_int(bits), sign, p);
		extreme(pim_int(bits), sign ^ lane_mask(bits), p);
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
	enum { BYTES = 64 * 200 };
	static _Alignas(LINE) unsigned char p[BYTES];
	uint64_t r = 5;
	for (int full = 0; full < 2; full++)
		for (size_t bytes = 0; bytes <= BYTES; bytes += 64) {
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
