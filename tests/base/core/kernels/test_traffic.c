/* Each traffic kernel moves the lines of its mix: which lines it writes, which it reads, in which proportion, and with
 * which kind of store. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/core/kernels/traffic.h"
#include "base/core/stats.h"

enum { WORDS = MW_TRAFFIC_LINE / 8, BLOCKS = 7, ROOM = (BLOCKS * MW_TRAFFIC_LINES + 4) * WORDS, GUARD = 2 * WORDS };
static const uint64_t mark = 0xd1d1d1d1d1d1d1d1u;

static uint64_t *to, *from;

static void setup(void)
{
	uint64_t rng = 5;
	to = aligned_alloc(64, ROOM * 8);
	from = aligned_alloc(64, ROOM * 8);
	for (size_t i = 0; i < ROOM; i++) {
		to[i] = mark;
		from[i] = mw_random(&rng);
	}
}

static void teardown(void)
{
	free(to);
	free(from);
}

/* One call: every word of exactly these lines is written, exactly those lines are read, nothing else. */
static void check(mw_traffic_fn fn, enum mw_mix mix, const char *isa, size_t blocks, size_t pause)
{
	const size_t read = blocks * mw_mix_loads(mix) * WORDS, written = blocks * mw_mix_stores(mix) * WORDS;
	const uint64_t value = 0x123456789abcdef1u + blocks;
	uint64_t sum = 0;
	for (size_t i = 0; i < read; i++)
		sum += from[GUARD + i];
	for (size_t i = 0; i < ROOM; i++)
		to[i] = mark;
	cr_assert_eq(fn(to + GUARD, from + GUARD, value, blocks, pause), sum, "%s %s: sum of %zu blocks", isa,
		     mw_mix_name(mix), blocks);
	mw_traffic_fence();
	for (size_t i = 0; i < ROOM; i++)
		cr_assert_eq(to[i], i >= GUARD && i < GUARD + written ? value : mark, "%s %s, %zu blocks: word %zu",
			     isa, mw_mix_name(mix), blocks, i);
}

Test(kernels_traffic, lines_of_each_mix, .init = setup, .fini = teardown)
{
	unsigned paths = 0;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		const struct mw_traffic_kernels *k = mw_traffic_kernels((enum mw_isa)isa);
		cr_assert_eq(k != NULL, mw_isa_supported((enum mw_isa)isa));
		for (int mix = 0; k && mix < MW_MIX_COUNT; mix++) {
			cr_assert(k->fn[mix] || (mw_mix_nt((enum mw_mix)mix) && isa == MW_ISA_PORTABLE));
			for (size_t blocks = 0; blocks <= BLOCKS && k->fn[mix]; blocks++)
				check(k->fn[mix], (enum mw_mix)mix, mw_isa_name((enum mw_isa)isa), blocks, blocks * 3);
		}
		paths += k != NULL;
	}
	cr_assert_geq(paths, 1);
}

/* CPU time of this thread, ns. */
static double cpu_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* Half of the iterations at least are waited for after each block. No core does 16 iterations of a loop per ns, and
 * what else runs here does not count. */
Test(kernels_traffic, pauses_take_their_time, .init = setup, .fini = teardown)
{
	const size_t pause = 2000000, blocks = 2;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		const struct mw_traffic_kernels *k = mw_traffic_kernels((enum mw_isa)isa);
		for (int mix = 0; k && mix < MW_MIX_COUNT; mix++) {
			if (!k->fn[mix])
				continue;
			double begin = cpu_ns();
			(void)k->fn[mix](to + GUARD, from + GUARD, 1, blocks, pause);
			cr_expect_gt(cpu_ns() - begin, (double)(blocks * pause / 2) / 16, "%s %s",
				     mw_isa_name((enum mw_isa)isa), mw_mix_name((enum mw_mix)mix));
		}
	}
}

/* Of 12 lines, as the program moves them; what the memory moves; and the name. */
Test(kernels_traffic, ratios_count_what_the_memory_moves)
{
	static const struct {
		const char *name;
		unsigned loads, stores, percent;
		double factor;
		bool nt;
	} want[MW_MIX_COUNT] = {{"100:0", 12, 0, 100, 1, false},
				{"75:25", 8, 4, 75, 16.0 / 12, false},
				{"50:50", 0, 12, 50, 2, false},
				{"50:50-nt", 6, 6, 50, 1, true},
				{"0:100-nt", 0, 12, 0, 1, true}};
	for (int i = 0; i < MW_MIX_COUNT; i++) {
		enum mw_mix mix = (enum mw_mix)i;
		cr_assert_str_eq(mw_mix_name(mix), want[i].name);
		cr_assert_str_eq(mw_mix_word((size_t)i), want[i].name);
		cr_assert_eq(mw_mix_loads(mix), want[i].loads);
		cr_assert_eq(mw_mix_stores(mix), want[i].stores);
		cr_assert_eq(mw_mix_nt(mix), want[i].nt);
		cr_assert_eq(mw_mix_read_percent(mix), want[i].percent);
		cr_assert_eq(mw_mix_bus_factor(mix), want[i].factor);
	}
	cr_assert_null(mw_mix_word(MW_MIX_COUNT));
}

#if defined(__x86_64__)
/* Non-temporal vector stores (VMOVNTDQ: opcode E7 of the 66 0F map, 32 or 64 bytes) in the code of a function of at
 * most `room` bytes. */
static unsigned streams(const unsigned char *code, size_t room, enum mw_isa isa)
{
	unsigned n = 0;
	for (size_t i = 0; i + 8 < room; i++) {
		bool evex = code[i] == 0x62 && (code[i + 1] & 7) == 1 && (code[i + 2] & 0x83) == 1 &&
			    (code[i + 3] & 0x60) == 0x40 && code[i + 4] == 0xe7;
		bool vex = code[i] == 0xc5 && (code[i + 1] & 7) == 5 && code[i + 2] == 0xe7;
		vex = vex ||
		      (code[i] == 0xc4 && (code[i + 1] & 31) == 1 && (code[i + 2] & 7) == 5 && code[i + 3] == 0xe7);
		n += isa == MW_ISA_AVX512 ? evex : vex;
	}
	return n;
}

/* Bytes from a kernel to the next one of its table, at most 2 KiB. */
static size_t room_of(const struct mw_traffic_kernels *k, int mix)
{
	uintptr_t at = (uintptr_t)k->fn[mix], room = 2048;
	for (int i = 0; i < MW_MIX_COUNT; i++)
		if ((uintptr_t)k->fn[i] > at && (uintptr_t)k->fn[i] - at < room)
			room = (uintptr_t)k->fn[i] - at;
	return room;
}

/* A store for each vector of the stored lines where the mix says non-temporal; none elsewhere. */
Test(kernels_traffic, kind_of_store)
{
	static const enum mw_isa isas[] = {MW_ISA_AVX2, MW_ISA_AVX512};
	for (size_t i = 0; i < sizeof(isas) / sizeof(isas[0]); i++) {
		const struct mw_traffic_kernels *k = mw_traffic_kernels(isas[i]);
		for (int mix = 0; k && mix < MW_MIX_COUNT; mix++) {
			const unsigned char *code;
			memcpy(&code, &k->fn[mix], sizeof(code));
			unsigned n = streams(code, room_of(k, mix), isas[i]);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
			unsigned want = mw_mix_stores((enum mw_mix)mix) * (isas[i] == MW_ISA_AVX512 ? 1 : 2);
			cr_assert_eq(n, mw_mix_nt((enum mw_mix)mix) ? want : 0, "%s %s: %u", mw_isa_name(isas[i]),
				     mw_mix_name((enum mw_mix)mix), n);
#else
			(void)n; /* the loop is not unrolled, and other functions are called */
#endif
		}
	}
}
#endif
