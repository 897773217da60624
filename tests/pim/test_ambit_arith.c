/* What arithmetic on device `ambit` costs, and what it refuses. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include "base/core/cpu.h"
#include "tests/pim/lanes.h"

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev;
	char err[200];
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static struct pim_price price_of(struct pim_device *dev, enum pim_op op, struct pim_type type)
{
	struct pim_price p = {.size = sizeof(p), .energy = {.size = sizeof(p.energy)}};
	cr_assert_eq(pim_price_of(dev, op, type, &p), 0, "%s of %u bits: %s", pim_op_name(op), type.bits,
		     pim_error(dev));
	return p;
}

/* ---- counts ---- */

/* CMU-SAFARI/MIMDRAM@49549f9 microworkloads, executed: AAP and AP at 8, 16 and 32 bits. */
static const struct published {
	enum pim_op op;
	bool is_signed, wrong;
	uint64_t aap[3], ap[3];
	uint64_t most[3]; /* the smaller of the published formula and the corrected count */
} published[] = {
	{PIM_ADD, 0, 0, {49, 97, 193}, {16, 32, 64}, {65, 129, 257}},
	{PIM_SUB, 0, 0, {57, 113, 225}, {8, 16, 32}, {65, 129, 257}},
	{PIM_MUL_WIDE, 0, 0, {495, 2015, 8127}, {168, 720, 2976}, {663, 2735, 11103}},
	{PIM_DIV, 0, 0, {552, 2032, 7776}, {72, 272, 1056}, {608, 2240, 8576}},
	{PIM_GT, 0, 0, {18, 34, 66}, {8, 16, 32}, {26, 50, 98}},
	{PIM_GE, 0, 0, {18, 34, 66}, {8, 16, 32}, {26, 50, 98}},
	{PIM_LT, 0, 0, {18, 34, 66}, {8, 16, 32}, {26, 50, 98}},
	{PIM_LE, 0, 0, {18, 34, 66}, {8, 16, 32}, {26, 50, 98}},
	{PIM_EQ, 0, 0, {19, 35, 67}, {16, 32, 64}, {35, 67, 131}},
	{PIM_RED_AND, 0, 0, {22, 42, 82}, {0, 0, 0}, {22, 42, 82}},
	{PIM_RED_OR, 0, 0, {22, 42, 82}, {0, 0, 0}, {22, 42, 82}},
	{PIM_RED_XOR, 0, 0, {26, 50, 98}, {0, 0, 0}, {26, 50, 98}},
	{PIM_IF_ELSE, 0, 1, {48, 96, 192}, {8, 16, 32}, {56, 112, 224}},
	{PIM_MIN, 0, 1, {66, 130, 258}, {16, 32, 64}, {82, 162, 322}},
	{PIM_MAX, 0, 1, {66, 130, 258}, {16, 32, 64}, {82, 162, 322}},
	{PIM_RELU, 1, 1, {25, 49, 97}, {0, 0, 0}, {25, 49, 97}},
	{PIM_ABS, 1, 1, {79, 159, 319}, {0, 0, 0}, {72, 152, 312}},
	{PIM_POPCOUNT, 0, 1, {48, 102, 210}, {12, 26, 54}, {60, 128, 256}},
};
enum { PUBLISHED = sizeof(published) / sizeof(published[0]) };

static struct pim_type type_of(const struct published *p, uint32_t bits)
{
	return p->is_signed ? pim_int(bits) : pim_uint(bits);
}

Test(pim_ambit_arith, published_programs_keep_their_counts)
{
	struct pim_device *dev = device("ambit:programs=published");
	for (int i = 0; i < PUBLISHED; i++)
		for (uint32_t k = 0; k < 3; k++) {
			const struct published *w = &published[i];
			struct pim_price p = price_of(dev, w->op, type_of(w, 8u << k));
			cr_assert(p.aap == w->aap[k] && p.ap == w->ap[k], "%s of %u bits: %d + %d", pim_op_name(w->op),
				  8u << k, (int)p.aap, (int)p.ap);
			cr_assert_eq(p.ps, 49000 * p.aap + 45000 * p.ap);
			cr_assert_eq(strstr(p.source, "lanes are wrong") != NULL, w->wrong, "%s", pim_op_name(w->op));
			cr_assert_not_null(strstr(p.source, "as published"));
		}
	cr_assert_eq(price_of(dev, PIM_ADD, pim_uint(8)).ps, 3121000);
	cr_assert_eq(price_of(dev, PIM_MUL_WIDE, pim_uint(32)).ps, 532143000);
	cr_assert_eq(price_of(dev, PIM_AND, pim_uint(8)).ps, 196000);
	struct pim_price p = {.size = sizeof(p), .energy = {.size = sizeof(p.energy)}};
	cr_assert_eq(pim_price_of(dev, PIM_MOD, pim_uint(8), &p), -EOPNOTSUPP);
	pim_close(dev);
}

Test(pim_ambit_arith, corrected_programs_meet_or_beat_the_published_counts)
{
	struct pim_device *dev = device("ambit");
	for (int i = 0; i < PUBLISHED; i++)
		for (uint32_t k = 0; k < 3; k++) {
			const struct published *w = &published[i];
			struct pim_price p = price_of(dev, w->op, type_of(w, 8u << k));
			cr_assert(p.aap + p.ap <= w->most[k], "%s of %u bits: %d + %d", pim_op_name(w->op), 8u << k,
				  (int)p.aap, (int)p.ap);
			cr_assert(p.aap > 0 && p.rows > (8u << k) && p.lanes == 65536);
			bool unsure = w->op == PIM_DIV || w->op == PIM_ABS || w->op == PIM_POPCOUNT;
			cr_assert_eq(p.published, unsure ? 0 : w->most[k], "%s", pim_op_name(w->op));
			cr_assert_eq(p.verified,
				     PIM_VERIFIED_RESULTS | PIM_VERIFIED_TIME | (unsure ? 0 : PIM_VERIFIED_COUNT), "%s",
				     pim_op_name(w->op));
		}
	for (int op = PIM_ADD; op <= PIM_RED_XOR; op++)
		for (uint32_t bits = 1; bits <= 64; bits += 9)
			cr_assert(op == PIM_MUL_WIDE && bits > 32
					  ? true
					  : price_of(dev, (enum pim_op)op, pim_int(bits)).ps > 0);
	pim_close(dev);
}

/* What has no type for its result has no price either, on any device. */
Test(pim_ambit_arith, products_wider_than_64_bits_have_no_price)
{
	static const char *const specs[] = {"ambit", "ambit:programs=published", "host:gbps=10"};
	for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++) {
		struct pim_device *dev = device(specs[s]);
		struct pim_price p = {.size = sizeof(p), .energy = {.size = sizeof(p.energy)}};
		for (uint32_t bits = 33; bits <= 64; bits++) {
			cr_assert_eq(pim_price_of(dev, PIM_MUL_WIDE, pim_uint(bits), &p), -EOPNOTSUPP, "%u", bits);
			cr_assert_not_null(strstr(pim_error(dev), "exceeds 64"), "%s", pim_error(dev));
		}
		pim_close(dev);
	}
}

/* Which of results, count, time and energy were checked, per operation and spec. */
Test(pim_ambit_arith, verified_says_what_was_verified)
{
	enum { R = PIM_VERIFIED_RESULTS, C = PIM_VERIFIED_COUNT, T = PIM_VERIFIED_TIME, E = PIM_VERIFIED_ENERGY };
	static const struct {
		const char *spec;
		enum pim_op op;
		enum pim_kind kind;
		uint32_t verified;
	} rows[] = {
		{"ambit", PIM_AND, PIM_UINT, R | C | T},
		{"ambit", PIM_ADD, PIM_UINT, R | C | T},
		{"ambit", PIM_MUL, PIM_UINT, R | T},
		{"ambit", PIM_NEG, PIM_UINT, R | T},
		{"ambit", PIM_LT, PIM_INT, R | T},
		{"ambit:programs=published", PIM_ADD, PIM_UINT, R | C | T},
		{"ambit:programs=published", PIM_MIN, PIM_UINT, C | T},
		{"ambit:programs=published", PIM_ABS, PIM_INT, T},
		{"ambit:aap=split-strict", PIM_ADD, PIM_UINT, R | C},
		{"ambit:dram=hbm2", PIM_AND, PIM_UINT, R | C},
		{"ambit:energy=pluto", PIM_AND, PIM_UINT, R | C | T | E},
		{"ambit:energy=ambit-table", PIM_AND, PIM_UINT, R | C | T},
		{"ambit:protect=tmr", PIM_AND, PIM_UINT, R | T},
		{"ambit:engine=exact,variation=10", PIM_AND, PIM_UINT, C | T},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pim_device *dev = device(rows[i].spec);
		struct pim_type t = {sizeof(t), rows[i].kind, 8, 0};
		cr_assert_eq(price_of(dev, rows[i].op, t).verified, rows[i].verified, "%s: %s: %u", rows[i].spec,
			     pim_op_name(rows[i].op), price_of(dev, rows[i].op, t).verified);
		pim_close(dev);
	}
}

/* What the published programs that are wrong really give; the others are right. */
Test(pim_ambit_arith, published_programs_that_are_wrong_give_wrong_lanes)
{
	enum { N = 65536 };
	static unsigned char in[3][N], out[N];
	for (int i = 0; i < PUBLISHED; i++) {
		const struct published *w = &published[i];
		struct pim_device *dev = device("ambit:programs=published,engine=exact"),
				  *fused = device("ambit:programs=published");
		struct pim_type type = type_of(w, 8), result;
		struct pim_vector *v[4], *f[4];
		bool select = w->op == PIM_IF_ELSE;
		cr_assert_eq(pim_op_result(w->op, type, &result), 0);
		if (w->op == PIM_MUL_WIDE)
			result = pim_uint(16);
		for (int k = 0; k < 4; k++) {
			struct pim_type t = k == 3 ? result : k == 0 && select ? pim_uint(1) : type;
			cr_assert_eq(pim_alloc(dev, t, N / 2, &v[k]), 0);
			cr_assert_eq(pim_alloc(fused, t, N / 2, &f[k]), 0);
			for (size_t n = 0; n < N / 2 && k < 3; n++)
				lane_put(in[k], t.bits, n,
					 (n * (k == 1 ? 2654435761u : 40503u) >> 3) & lane_mask(t.bits));
			if (k < 3) {
				cr_assert_eq(pim_write(v[k], in[k], pim_bytes(v[k])), 0);
				cr_assert_eq(pim_write(f[k], in[k], pim_bytes(f[k])), 0);
			}
		}
		memset(out, 0xff, sizeof(out)); /* a row that is never written keeps what it held */
		cr_assert_eq(pim_write(v[3], out, pim_bytes(v[3])), 0);
		cr_assert_eq(pim_execute(w->op, v[3], v, pim_op_inputs(w->op)), 0, "%s", pim_error(dev));
		cr_assert_eq(pim_execute(w->op, f[3], f, pim_op_inputs(w->op)), w->wrong ? -EOPNOTSUPP : 0);
		cr_assert_eq(pim_read(v[3], out, pim_bytes(v[3])), 0);
		size_t wrong = 0;
		for (size_t n = 0; n < N / 2; n++) {
			uint64_t x[3];
			for (int k = 0; k < 3; k++)
				x[k] = lane_get(in[k], k == 0 && select ? 1 : 8, n);
			wrong += lane_get(out, result.bits, n) != lane_expected(w->op, type, x, 0);
		}
		cr_assert_eq(wrong > 0, w->wrong, "%s: %zu of %d lanes wrong", pim_op_name(w->op), wrong, N / 2);
		pim_close(dev);
		pim_close(fused);
	}
}

/* ---- costs ---- */

static void all_counts(struct pim_cost *cost, uint64_t *v)
{
	for (int i = 0; i < PIM_COUNT_N; i++) {
		v[i] = 0;
		int rc = pim_cost_count(cost, (enum pim_count)i, &v[i]);
		cr_assert(rc == 0 || rc == -EOPNOTSUPP);
	}
}

static void run_backwards(void *ctx, size_t n, void (*fn)(void *, size_t), void *arg)
{
	(*(int *)ctx)++;
	while (n-- > 0)
		fn(arg, n);
}

/* Writes, every operation on one width, reductions, reads. */
static void every_op(struct pim_device *dev, struct pim_type type, uint64_t lanes, void *host)
{
	struct pim_vector *v[3], *dst;
	struct pim_type result;
	uint64_t value;
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(pim_alloc(dev, i ? type : pim_uint(1), lanes, &v[i]), 0, "%s", pim_error(dev));
		cr_assert_eq(pim_write(v[i], host, pim_bytes(v[i])), 0);
	}
	struct pim_vector *plain[3] = {v[1], v[2], v[1]};
	for (int op = PIM_NOT; op <= PIM_RED_XOR; op++) {
		if (pim_op_result((enum pim_op)op, type, &result) < 0)
			continue;
		cr_assert_eq(pim_alloc(dev, result, lanes, &dst), 0, "%s", pim_error(dev));
		int rc = op == PIM_FILL ? pim_fill(dst, 1)
			 : op == PIM_SHL || op == PIM_SHR
				 ? pim_shift((enum pim_op)op, dst, v[1], type.bits / 3)
				 : pim_execute((enum pim_op)op, dst, op == PIM_IF_ELSE ? v : plain,
					       pim_op_inputs((enum pim_op)op));
		cr_assert_eq(rc, 0, "%s", pim_error(dev));
		cr_assert_eq(pim_read(dst, host, pim_bytes(dst)), 0);
		pim_free(dst);
	}
	for (int op = PIM_SUM_LANES; op <= PIM_COUNT_ONES; op++)
		cr_assert_eq(pim_reduce((enum pim_op)op, v[1], &value), 0);
	cr_assert_eq(pim_shift_lanes(v[2], v[1], 5), 0);
	for (int i = 0; i < 3; i++)
		pim_free(v[i]);
}

Test(pim_ambit_arith, costs_do_not_depend_on_engine_isa_or_threads, .timeout = 300)
{
	static const char *const engines[] = {"ambit:dram=ddr4-3200,limit=jedec,via=host",
					      "ambit:dram=ddr4-3200,limit=jedec,via=host,engine=exact"};
	static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
	static const unsigned widths[] = {1, 7, 24, 64};
	const uint64_t lanes = 65536 * (TEST_SLOW ? 9 : 17) + 5;
	void *host = calloc(lanes, 8);
	int sliced[2] = {0}; /* by engine; what is small stays on one thread */
	for (size_t w = 0; w < (TEST_SLOW ? 3 : 4); w++) {
		uint64_t expected[PIM_COUNT_N] = {0}, got[PIM_COUNT_N] = {0};
		int first = 1;
		for (int engine = 0; engine < 2; engine++)
			for (int isa = 0; isa < 4; isa++)
				for (int mode = 0; mode < 2; mode++) {
					setenv("MEMWALL_ISA", isas[isa], 1);
					/* One path on slices will do: widest first is not known here. */
					if (mw_isa_check_override(NULL, 0) < 0 || (mode && isa != 1))
						continue;
					int runs = 0;
					struct pim_executor ex = {sizeof(ex), 5, run_backwards, &runs};
					struct pim_device *dev = device(engines[engine]);
					struct pim_cost *cost;
					memset(host, 0x55, lanes * 8);
					cr_assert_eq(pim_set_executor(dev, mode ? &ex : NULL), 0);
					cr_assert_eq(pim_cost_begin(dev, &cost), 0);
					every_op(dev, w % 2 ? pim_int(widths[w]) : pim_uint(widths[w]), lanes, host);
					all_counts(cost, first ? expected : got);
					for (int i = 0; i < PIM_COUNT_N && !first; i++)
						cr_assert_eq(got[i], expected[i], "%s, %s, %u bits: %s",
							     engines[engine], isas[isa], widths[w],
							     pim_count_name((enum pim_count)i));
					cr_assert(mode || !runs);
					sliced[engine] += runs;
					first = 0;
					pim_close(dev);
				}
		cr_assert(expected[PIM_AAP] > 0 && expected[PIM_PS_HOST] > 0);
		cr_assert(expected[PIM_BYTES_TRANSPOSE] > 0); /* of one bit mul_wide makes two */
		cr_assert_eq(expected[PIM_PS_ELAPSED], expected[PIM_PS_COMPUTE] + expected[PIM_PS_IN] +
							       expected[PIM_PS_OUT] + expected[PIM_PS_RELOAD] +
							       expected[PIM_PS_TRANSPOSE] + expected[PIM_PS_HOST]);
	}
	cr_assert(sliced[0] && sliced[1], "the executor never ran");
	unsetenv("MEMWALL_ISA");
	free(host);
}

static void counts_of(struct pim_device *dev, int (*work)(struct pim_vector **v), struct pim_vector **v,
		      uint64_t n[PIM_COUNT_N])
{
	struct pim_cost *cost;
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(work(v), 0, "%s", pim_error(dev));
	all_counts(cost, n);
	pim_cost_end(cost);
}

static int add(struct pim_vector **v)
{
	return pim_add(v[2], v[0], v[1]);
}

static int multiply(struct pim_vector **v)
{
	return pim_execute(PIM_MUL_WIDE, v[3], v, 2);
}

/* A batch of programs takes as long as one; the latencies are SIMDRAM's. */
Test(pim_ambit_arith, time_is_batches_times_the_program)
{
	struct pim_device *dev = device("ambit:programs=published");
	for (uint64_t slots = 1; slots <= 25; slots += 4) {
		uint64_t n[PIM_COUNT_N], batches = (slots + 7) / 8;
		struct pim_vector *v[4];
		for (int i = 0; i < 3; i++)
			cr_assert_eq(pim_alloc(dev, pim_uint(8), slots * 65536, &v[i]), 0);
		counts_of(dev, add, v, n);
		cr_assert(n[PIM_AAP] == 49 * slots && n[PIM_AP] == 16 * slots && n[PIM_PROGRAMS] == slots);
		cr_assert(n[PIM_BATCHES] == batches && n[PIM_PS_ELAPSED] == batches * 3121000);
		cr_assert(n[PIM_PS_COMPUTE] == batches * 3121000 && n[PIM_PS_BUSY] == slots * 3121000);
		cr_assert(n[PIM_PRE] == 65 * slots && n[PIM_ACT_FIRST] == 65 * slots && n[PIM_BYTES_TRANSPOSE] == 0);
		for (int i = 0; i < 3; i++)
			pim_free(v[i]);
		for (int i = 0; i < 2; i++)
			cr_assert_eq(pim_alloc(dev, pim_uint(32), slots * 65536, &v[i]), 0);
		cr_assert_eq(pim_alloc(dev, pim_uint(64), slots * 65536, &v[3]), 0);
		counts_of(dev, multiply, v, n);
		cr_assert(n[PIM_AAP] == 8127 * slots && n[PIM_AP] == 2976 * slots);
		cr_assert_eq(n[PIM_PS_ELAPSED], batches * 532143000);
		pim_free(v[0]);
		pim_free(v[1]);
		pim_free(v[3]);
	}
	pim_close(dev);
}

static int write_wide(struct pim_vector **v)
{
	static unsigned char bytes[200000];
	return pim_write(v[0], bytes, 200000);
}

static int read_wide(struct pim_vector **v)
{
	static unsigned char bytes[200000];
	return pim_read(v[0], bytes, 200000);
}

static int sum_wide(struct pim_vector **v)
{
	uint64_t value;
	return pim_reduce(PIM_SUM_LANES, v[0], &value);
}

static int shift_wide(struct pim_vector **v)
{
	return pim_shift_lanes(v[0], v[0], 3);
}

Test(pim_ambit_arith, transposition_is_charged_where_lanes_are_wide)
{
	static const struct {
		const char *spec;
		uint32_t bits;
		double gbps; /* 0: no charge */
	} cases[] = {
		{"ambit:dram=ddr3-1600,efficiency=1", 16, 12.8},
		{"ambit:dram=ddr3-1600,efficiency=1,flush=1", 12, 12.8},
		{"ambit:dram=ddr3-1600,channels=2,efficiency=0.5,transpose=unit", 16, 12.8},
		{"ambit:transpose=unit:7.5", 16, 7.5},
		{"ambit:transpose=host:2.5,engine=exact", 9, 2.5},
		{"ambit:transpose=done", 16, 0},
		{"ambit:transpose=unit:7.5", 1, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_device *dev = device(cases[i].spec);
		struct pim_vector *v;
		uint64_t n[PIM_COUNT_N], bytes = cases[i].gbps > 0 ? 200000 : 0;
		uint64_t ps = cases[i].gbps > 0 ? (uint64_t)(200000 * 1000 / cases[i].gbps + 0.999) : 0;
		cr_assert_eq(pim_alloc(dev, pim_uint(cases[i].bits), cases[i].bits == 1 ? 1600000 : 100000, &v), 0);
		for (int out = 0; out < 2; out++) {
			counts_of(dev, out ? read_wide : write_wide, &v, n);
			cr_assert(n[PIM_BYTES_TRANSPOSE] == bytes && n[PIM_PS_TRANSPOSE] == ps, "%s: %d", cases[i].spec,
				  (int)n[PIM_PS_TRANSPOSE]);
			cr_assert(n[out ? PIM_BYTES_OUT : PIM_BYTES_IN] == 200000);
			cr_assert_eq(n[PIM_PS_ELAPSED], n[PIM_PS_IN] + n[PIM_PS_OUT] + n[PIM_PS_TRANSPOSE]);
		}
		pim_close(dev);
	}
	static const char *const bad[] = {"transpose=",         "transpose=host",   "transpose=done:3",
					  "transpose=unit:",    "transpose=unit:x", "transpose=unit:-1",
					  "transpose=unit:nan", "transpose=u"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pim_device *dev;
		char spec[80], err[200];
		(void)snprintf(spec, sizeof(spec), "ambit:%s", bad[i]);
		cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), -EINVAL, "%s", spec);
		cr_assert_not_null(strstr(err, "transpose"), "%s", err);
	}
}

Test(pim_ambit_arith, the_hosts_part_is_charged)
{
	struct pim_device *dev = device("ambit:via=host,host=4,transpose=unit:5,efficiency=1");
	struct pim_vector *v;
	uint64_t n[PIM_COUNT_N];
	cr_assert_eq(pim_alloc(dev, pim_uint(16), 100000, &v), 0);
	counts_of(dev, sum_wide, &v, n);
	cr_assert(n[PIM_BYTES_OUT] == 200000 && n[PIM_BYTES_IN] == 0 && n[PIM_BYTES_TRANSPOSE] == 200000);
	/* The bytes pass once, at the measured rate, and are not read back before. */
	cr_assert(n[PIM_PS_OUT] == 0 && n[PIM_PS_HOST] == 50000000 && n[PIM_PS_TRANSPOSE] == 40000000);
	cr_assert_eq(n[PIM_PS_ELAPSED], 90000000);
	counts_of(dev, shift_wide, &v, n);
	cr_assert(n[PIM_BYTES_OUT] == 200000 && n[PIM_BYTES_IN] == 200000 && n[PIM_BYTES_TRANSPOSE] == 400000);
	cr_assert(n[PIM_PS_HOST] == 100000000 && n[PIM_AAP] == 0);
	pim_close(dev);
	/* Without a measured rate, or with one that the channel cannot deliver, the pass is as fast as reading back. */
	static const char *const others[] = {"ambit:transpose=done", "ambit:transpose=done,host=500",
					     "ambit:transpose=done,attach=device,xfer=3",
					     "ambit:transpose=done,flush=3,host=9"};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		uint64_t read_back[PIM_COUNT_N];
		dev = device(others[i]);
		cr_assert_eq(pim_alloc(dev, pim_uint(16), 100000, &v), 0);
		counts_of(dev, read_wide, &v, read_back);
		for (enum pim_op op = PIM_SUM_LANES; op <= PIM_COUNT_ONES; op++) {
			struct pim_cost *cost;
			uint64_t value;
			cr_assert_eq(pim_cost_begin(dev, &cost), 0);
			cr_assert_eq(pim_reduce(op, v, &value), 0);
			all_counts(cost, n);
			pim_cost_end(cost);
			cr_assert(n[PIM_PS_ELAPSED] == read_back[PIM_PS_ELAPSED] && n[PIM_PS_HOST] == n[PIM_PS_ELAPSED],
				  "%s: %s takes %llu ps, reading back %llu", others[i], pim_op_name(op),
				  (unsigned long long)n[PIM_PS_ELAPSED], (unsigned long long)read_back[PIM_PS_ELAPSED]);
			cr_assert_eq(n[PIM_BYTES_OUT], read_back[PIM_BYTES_OUT]);
		}
		pim_close(dev);
	}
}

Test(pim_ambit_arith, transposition_has_no_model_of_energy)
{
	struct pim_device *dev = device("ambit");
	struct pim_vector *v;
	struct pim_cost *cost;
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_alloc(dev, pim_uint(16), 100000, &v), 0);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(write_wide(&v), 0);
	cr_assert_eq(pim_cost_energy(cost, PIM_E_TRANSPOSE, &e), -EOPNOTSUPP);
	cr_assert_eq(pim_cost_energy(cost, PIM_E_TOTAL, &e), 0);
	cr_assert_eq(e.parts >> PIM_E_TRANSPOSE & 1, 0);
	pim_close(dev);
}

/* ---- rows ---- */

Test(pim_ambit_arith, rows_of_wide_lanes_and_temporaries_run_out)
{
	/* 14 + 32 data rows in each of 8 subarrays. */
	struct pim_device *dev = device("ambit:dram=ddr3-1600,subarrays=1,rows=64");
	struct pim_vector *v[4];
	struct pim_placement here = {.size = sizeof(here)};
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_alloc_at(dev, pim_uint(12), 65536, &here, &v[i]), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_alloc_at(dev, pim_uint(12), 65536, &here, &v[3]), -ENOSPC);
	cr_assert_not_null(strstr(pim_error(dev), "12 data rows"), "%s", pim_error(dev));
	cr_assert_not_null(strstr(pim_error(dev), "10 of 46 free"), "%s", pim_error(dev));
	cr_assert_eq(pim_add(v[2], v[0], v[1]), 0, "%s", pim_error(dev));
	/* Division keeps a remainder and the divisor's complement or the like. */
	cr_assert_eq(pim_execute(PIM_DIV, v[2], v, 2), -ENOSPC);
	cr_assert_str_eq(pim_error(dev), "ambit: div needs 57 data rows, a subarray has 46");
	pim_free(v[2]);
	cr_assert_eq(pim_alloc_at(dev, pim_uint(12), 8 * 65536 + 1, &here, &v[2]), -ENOSPC);
	cr_assert_not_null(strstr(pim_error(dev), "24 data rows"), "%s", pim_error(dev));
	pim_close(dev);
}

/* Programs are kept up to a bound; one that was dropped is built anew. */
Test(pim_ambit_arith, programs_come_and_go)
{
	struct pim_device *dev = device("ambit:engine=exact");
	for (int round = 0; round < 2; round++)
		for (uint32_t bits = 1; bits <= 40; bits++) {
			unsigned char in[800], out[800];
			struct pim_vector *v[3];
			uint64_t r = bits;
			for (int i = 0; i < 3; i++)
				cr_assert_eq(pim_alloc(dev, pim_uint(bits), 100, &v[i]), 0);
			for (size_t i = 0; i < 100; i++)
				lane_put(in, bits, i, lane_value(bits, i + 300, 0, &r));
			cr_assert_eq(pim_write(v[0], in, pim_bytes(v[0])), 0);
			cr_assert_eq(pim_write(v[1], in, pim_bytes(v[1])), 0);
			for (int op = PIM_ADD; op <= PIM_MUL; op++) {
				cr_assert_eq(pim_execute((enum pim_op)op, v[2], v, 2), 0);
				cr_assert_eq(pim_read(v[2], out, pim_bytes(v[2])), 0);
				for (size_t i = 0; i < 100; i++) {
					uint64_t x = lane_get(in, bits, i), args[3] = {x, x, 0};
					cr_assert_eq(lane_get(out, bits, i),
						     lane_expected((enum pim_op)op, pim_uint(bits), args, 0),
						     "%s of %u bits", pim_op_name((enum pim_op)op), bits);
				}
			}
			for (int i = 0; i < 3; i++)
				pim_free(v[i]);
		}
	pim_close(dev);
}

Test(pim_ambit_arith, maps_show_containers_where_there_are_any)
{
	struct pim_device *fused = device("ambit"), *exact = device("ambit:engine=exact");
	struct pim_vector *v, *w, *bits;
	uint16_t *p;
	void *q;
	uint16_t in[100], out[100];
	for (int i = 0; i < 100; i++)
		in[i] = (uint16_t)(i * 600 % 4096);
	cr_assert_eq(pim_alloc(fused, pim_uint(12), 100, &v), 0);
	cr_assert_eq(pim_map(v, (void **)&p), 0);
	memcpy(p, in, sizeof(in));
	cr_assert_eq(pim_read(v, out, sizeof(out)), 0);
	cr_assert(memcmp(in, out, sizeof(in)) == 0);
	cr_assert_eq(pim_alloc(exact, pim_uint(12), 100, &w), 0);
	cr_assert_eq(pim_map(w, &q), -EOPNOTSUPP);
	cr_assert_not_null(strstr(pim_error(exact), "12 bits"), "%s", pim_error(exact));
	cr_assert_eq(pim_alloc(exact, pim_uint(1), 100, &bits), 0);
	cr_assert_eq(pim_map(bits, &q), 0);
	pim_close(fused);
	pim_close(exact);
}
