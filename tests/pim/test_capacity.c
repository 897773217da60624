/* Capacity is counted per subarray, and what lies apart, is scattered or must make room costs what moving it costs. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pim/lanes.h"

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev;
	char err[200] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static struct pim_vector *vector(struct pim_device *dev, uint32_t bits, uint64_t lanes)
{
	struct pim_vector *v;
	cr_assert_eq(pim_alloc(dev, pim_uint(bits), lanes, &v), 0, "%s", pim_error(dev));
	return v;
}

static uint64_t count(const struct pim_cost *cost, enum pim_count what)
{
	uint64_t n = 0;
	cr_assert_eq(pim_cost_count(cost, what, &n), 0, "%s", pim_count_name(what));
	return n;
}

/* ---- how much there is ---- */

/* 2 channels x 3 ranks x 2 banks x 2 subarrays of 14 data rows. */
Test(pim_capacity, short_vectors_fill_every_subarray_in_turn)
{
	enum { ALL = 2 * 3 * 2 * 2, ROWS = 14 };
	struct pim_device *dev = device("ambit:channels=2,ranks=3,banks=2,subarrays=2,rows=32");
	struct pim_vector *v[ALL * ROWS], *more;
	for (uint32_t i = 0; i < ALL * ROWS; i++) {
		v[i] = vector(dev, 1, 1000);
		struct pim_placement p = pim_vector_placement(v[i]);
		uint32_t at = i / ROWS;
		cr_assert(p.channel == at % 2 && p.rank == at / 2 % 3 && p.bank == at / 6 % 2 && p.subarray == at / 12,
			  "vector %u", i);
		cr_assert_eq(p.scattered, 0u);
	}
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 1000, &more), -ENOSPC);
	cr_assert_str_eq(pim_error(dev), "ambit: 1 data rows needed, 0 of 336 free");
	pim_free(v[100]);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 65537, &more), -ENOSPC);
	cr_assert_str_eq(pim_error(dev), "ambit: 2 data rows needed, 1 of 336 free");
	more = vector(dev, 1, 65536);
	cr_assert(pim_vector_placement(more).bank == 1 && pim_vector_placement(more).channel == 1);
	pim_close(dev);
}

/* A rack holds more than the 1006 data rows of one subarray. */
Test(pim_capacity, a_thousand_short_vectors_do_not_fill_a_rack)
{
	struct pim_device *dev = device("ambit:channels=64,ranks=64,banks=1024,subarrays=65536");
	uint32_t channels = 0;
	for (int i = 0; i < 5000; i++) {
		uint32_t channel = pim_vector_placement(vector(dev, 1, 1000)).channel;
		channels = channel > channels ? channel : channels;
	}
	cr_assert_eq(channels, 4u, "5000 / 1006");
	pim_close(dev);
}

Test(pim_capacity, vectors_placed_apart_use_rows_of_their_own)
{
	struct pim_device *dev = device("ambit:banks=2,subarrays=2,rows=32");
	struct pim_vector *v;
	for (uint32_t i = 0; i < 4; i++) {
		struct pim_placement at = {.size = sizeof(at), .bank = i % 2, .subarray = i / 2};
		cr_assert_eq(pim_alloc_at(dev, pim_uint(10), 100, &at, &v), 0, "%s", pim_error(dev));
		cr_assert_eq(pim_alloc_at(dev, pim_uint(5), 100, &at, &v), -ENOSPC);
		cr_assert_str_eq(pim_error(dev), "ambit: 5 data rows of each subarray needed, 4 of 14 free there");
	}
	cr_assert_eq(pim_vector_placement(vector(dev, 4, 100)).bank, 0u);
	cr_assert_eq(pim_vector_placement(vector(dev, 4, 100)).bank, 1u, "the next place with room");
	pim_close(dev);
}

/* ---- what it costs ---- */

/* A subarray is full: temporaries find room beside no operand and nowhere else, so rows of others go out and in. */
Test(pim_capacity, rows_that_make_room_are_reloaded)
{
	for (int placed = 0; placed < 2; placed++) {
		/* 14 data rows in each of two banks; DIV of 4 bits needs temporaries. */
		struct pim_device *dev = device("ambit:dram=ddr4-3200,banks=2,subarrays=1,rows=32");
		struct pim_placement here = {.size = sizeof(here)};
		struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
		struct pim_vector *v[3];
		struct pim_cost *cost;
		struct pim_energy before = {.size = sizeof(before)}, after = before;
		const uint64_t lanes = 2 * 65536, slots = 2;
		for (int i = 0; i < 3; i++)
			cr_assert_eq(pim_alloc_at(dev, pim_uint(4), lanes, placed ? &here : NULL, &v[i]), 0);
		cr_assert_eq(pim_price_of(dev, PIM_DIV, pim_uint(4), &price), 0);
		uint64_t missing = price.rows - 12 - 2;
		cr_assert_gt(price.rows, 14u);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_execute2(PIM_DIV, v[2], v[0], v[1]), -ENOSPC);
		cr_assert_not_null(strstr(pim_error(dev), "data rows, a subarray has 14"), "%s", pim_error(dev));
		cr_assert_eq(count(cost, PIM_PS_ELAPSED), 0u);
		pim_close(dev);

		dev = device("ambit:dram=ddr4-3200,banks=2,subarrays=1,rows=36"); /* 18 data rows */
		for (int i = 0; i < 3; i++)
			cr_assert_eq(pim_alloc_at(dev, pim_uint(4), lanes, placed ? &here : NULL, &v[i]), 0);
		struct pim_vector *rest;
		cr_assert_eq(pim_alloc_at(dev, pim_uint(4), lanes, placed ? &here : NULL, &rest), 0);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		int rc = pim_execute2(PIM_DIV, v[2], v[0], v[1]);
		cr_assert_eq(rc, placed ? -ENOSPC : 0, "%s", pim_error(dev));
		if (placed) {
			cr_assert_not_null(strstr(pim_error(dev), "temporary rows of each subarray needed, 2 of 18"),
					   "%s", pim_error(dev));
			cr_assert_eq(count(cost, PIM_PS_ELAPSED), 0u, "what is refused costs nothing");
			pim_close(dev);
			continue;
		}
		uint64_t bytes = 2 * missing * slots * 8192;
		cr_assert_eq(count(cost, PIM_BYTES_RELOAD), bytes);
		/* One channel of 25.6 GB/s at 0.8. */
		cr_assert_eq(count(cost, PIM_PS_RELOAD), (bytes * 1000000 + 20479) / 20480);
		cr_assert_eq(count(cost, PIM_PS_ELAPSED), count(cost, PIM_PS_RELOAD) + count(cost, PIM_PS_COMPUTE));
		cr_assert_eq(pim_cost_energy(cost, PIM_E_RD, &after), 0);
		cr_assert_gt(after.typ_pj, before.typ_pj, "and it takes energy");
		cr_assert_eq(pim_cost_energy(cost, PIM_E_WR, &after), 0);
		cr_assert_gt(after.typ_pj, 0);
		pim_free(rest);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_execute2(PIM_DIV, v[2], v[0], v[1]), 0);
		cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 0u, "now there is room");
		pim_close(dev);
	}
}

/* Operands in other channels or ranks come over the channels: each row is read once and written once. */
Test(pim_capacity, what_the_internal_bus_does_not_reach_is_reloaded)
{
	static const struct {
		const char *spec;
		struct pim_placement to;
		uint64_t lanes, rate; /* bytes per us */
	} rows[] = {
		{"ambit:dram=ddr4-3200,channels=2", {.channel = 1}, 1000, 20480},
		{"ambit:dram=ddr4-3200,ranks=2", {.rank = 1}, 65537, 20480},
		{"ambit:dram=ddr4-3200,channels=4", {.channel = 3, .bank = 5}, 3 * 65536, 3 * 20480},
		{"ambit:dram=ddr4-3200,channels=2,efficiency=0.5", {.channel = 1}, 10 * 65536, 2 * 12800},
		{"ambit:dram=ddr4-3200,channels=2,attach=device,xfer=5", {.channel = 1}, 2 * 65536, 5000},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pim_device *dev = device(rows[i].spec);
		struct pim_placement home = {.size = sizeof(home)}, to = rows[i].to;
		struct pim_vector *a, *b, *c;
		struct pim_cost *cost;
		uint64_t slots = (rows[i].lanes + 65535) / 65536, bytes = 2 * 7 * slots * 8192;
		to.size = sizeof(to);
		cr_assert_eq(pim_alloc_at(dev, pim_uint(7), rows[i].lanes, &home, &a), 0);
		cr_assert_eq(pim_alloc_at(dev, pim_uint(7), rows[i].lanes, &to, &b), 0);
		cr_assert_eq(pim_alloc_at(dev, pim_uint(7), rows[i].lanes, &home, &c), 0);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_add(c, a, b), 0, "%s", pim_error(dev));
		cr_assert_eq(count(cost, PIM_BYTES_RELOAD), bytes, "%s", rows[i].spec);
		cr_assert_eq(count(cost, PIM_PS_RELOAD), (bytes * 1000000 + rows[i].rate - 1) / rows[i].rate, "%s",
			     rows[i].spec);
		cr_assert_eq(count(cost, PIM_COPIES_INTER_BANK) + count(cost, PIM_COPIES_INTER_SUBARRAY), 0u);
		uint64_t programs = count(cost, PIM_PROGRAMS);
		cr_assert_eq(programs, slots);
		cr_assert_eq(pim_copy(b, a), 0);
		cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 2 * bytes, "a copy is the move alone");
		cr_assert_eq(count(cost, PIM_PROGRAMS), programs);
		pim_close(dev);
	}
}

/* Two rows are left, in different subarrays: a vector of two bits takes them and is gathered for every operation. */
Test(pim_capacity, scattered_rows_are_gathered)
{
	struct pim_device *dev = device("ambit:dram=ddr4-3200,banks=2,subarrays=1,rows=32,engine=exact");
	struct pim_vector *fill[2], *v;
	struct pim_cost *cost;
	unsigned char out[100];
	for (uint32_t i = 0; i < 2; i++) {
		struct pim_placement at = {.size = sizeof(at), .bank = i};
		cr_assert_eq(pim_alloc_at(dev, pim_uint(13), 100, &at, &fill[i]), 0);
	}
	v = vector(dev, 2, 100);
	cr_assert_eq(pim_vector_placement(v).scattered, 1u);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_fill(v, 2), 0, "%s", pim_error(dev));
	/* Two rows of another vector make room for them, and both rows of the result are moved. */
	cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 2u * 8192 * (2 + 2));
	cr_assert_eq(pim_read(v, out, 100), 0);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(out[i], 2);
	pim_free(fill[1]);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_not(v, v), 0);
	cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 2u * 8192 * (2 + 2), "in and out; there is room");
	cr_assert_eq(pim_read(v, out, 100), 0);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(out[i], 1);
	struct pim_vector *w = vector(dev, 2, 100);
	cr_assert_eq(pim_vector_placement(w).scattered, 0u);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_copy(w, v), 0);
	cr_assert_eq(count(cost, PIM_BYTES_RELOAD), 2u * 8192 * 2);
	pim_close(dev);
}

/* ---- engines, wherever the operands are ---- */

enum { LIVE = 48, LANES = 70000, STEPS = 400 };

static void backwards(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	(void)ctx;
	while (n--)
		fn(arg, n);
}

struct world {
	struct pim_device *dev;
	struct pim_vector *v[LIVE];
	struct pim_cost *cost;
};

/* Three devices, the same calls, and the lanes in plain C. */
struct worlds {
	struct world w[3];
	uint32_t bits[LIVE];
	size_t lanes[LIVE];
	unsigned char *host[LIVE];
	uint64_t rng;
	int scattered, refused;
};

static void all_counts(const struct pim_cost *cost, uint64_t n[PIM_COUNT_N])
{
	for (int i = 0; i < PIM_COUNT_N; i++)
		if (pim_cost_count(cost, (enum pim_count)i, &n[i]) < 0)
			n[i] = 0;
}

static void same_costs(struct worlds *s, const char *what)
{
	uint64_t n[3][PIM_COUNT_N];
	for (int k = 0; k < 3; k++)
		all_counts(s->w[k].cost, n[k]);
	cr_assert(memcmp(n[0], n[1], sizeof(n[0])) == 0 && memcmp(n[0], n[2], sizeof(n[0])) == 0, "%s", what);
}

static void drop(struct worlds *s, int i)
{
	for (int k = 0; k < 3; k++) {
		pim_free(s->w[k].v[i]);
		s->w[k].v[i] = NULL;
	}
	free(s->host[i]);
	s->host[i] = NULL;
}

static void make(struct worlds *s, int i)
{
	static const uint32_t widths[] = {1, 3, 8};
	static const size_t lengths[] = {1000, LANES};
	uint64_t r = oracle_random(&s->rng);
	struct pim_placement at = {.size = sizeof(at),
				   .bank = r >> 8 & 3,
				   .subarray = r >> 12 & 1,
				   .channel = r >> 16 & 1,
				   .rank = r >> 20 & 1};
	int rc[3];
	drop(s, i);
	s->bits[i] = widths[r % 3];
	s->lanes[i] = lengths[r >> 4 & 1];
	for (int k = 0; k < 3; k++)
		rc[k] = pim_alloc_at(s->w[k].dev, pim_uint(s->bits[i]), s->lanes[i], r >> 24 & 1 ? &at : NULL,
				     &s->w[k].v[i]);
	cr_assert(rc[0] == rc[1] && rc[0] == rc[2] && (rc[0] == 0 || rc[0] == -ENOSPC), "%d %d %d", rc[0], rc[1],
		  rc[2]);
	s->refused += rc[0] != 0;
	if (rc[0] != 0)
		return;
	s->scattered += (int)pim_vector_placement(s->w[0].v[i]).scattered;
	size_t bytes = lane_bytes(s->bits[i], s->lanes[i]);
	s->host[i] = calloc(1, bytes);
	for (size_t k = 0; k < s->lanes[i]; k++)
		lane_put(s->host[i], s->bits[i], k, oracle_random(&s->rng) & lane_mask(s->bits[i]));
	for (int k = 0; k < 3; k++)
		cr_assert_eq(pim_write(s->w[k].v[i], s->host[i], bytes), 0);
}

/* One operation on three random vectors, if they fit together. */
static void operate(struct worlds *s)
{
	static const enum pim_op ops[] = {PIM_ADD, PIM_AND, PIM_COPY, PIM_DIV, PIM_MAJ, PIM_XOR};
	enum pim_op op = ops[oracle_random(&s->rng) % (sizeof(ops) / sizeof(ops[0]))];
	int x[4];
	for (int i = 0; i < 4; i++) {
		x[i] = (int)(oracle_random(&s->rng) % LIVE);
		if (!s->host[x[i]] || s->bits[x[i]] != s->bits[x[0]] || s->lanes[x[i]] != s->lanes[x[0]])
			return;
	}
	int rc[3];
	for (int k = 0; k < 3; k++) {
		struct pim_vector *const src[3] = {s->w[k].v[x[1]], s->w[k].v[x[2]], s->w[k].v[x[3]]};
		rc[k] = pim_execute(op, s->w[k].v[x[0]], src, pim_op_inputs(op));
	}
	cr_assert(rc[0] == rc[1] && rc[0] == rc[2] && (rc[0] == 0 || rc[0] == -ENOSPC), "%s", pim_error(s->w[0].dev));
	same_costs(s, pim_op_name(op));
	s->refused += rc[0] != 0;
	for (size_t i = 0; i < s->lanes[x[0]] && rc[0] == 0; i++) {
		uint64_t in[3];
		for (int k = 0; k < 3; k++)
			in[k] = lane_get(s->host[x[k + 1]], s->bits[x[0]], i);
		lane_put(s->host[x[0]], s->bits[x[0]], i, lane_expected(op, pim_uint(s->bits[x[0]]), in, 0));
	}
}

static void compare_one(struct worlds *s, int i)
{
	static unsigned char out[LANES];
	size_t bytes = lane_bytes(s->bits[i], s->lanes[i]);
	for (int k = 0; k < 3; k++)
		cr_assert(pim_read(s->w[k].v[i], out, bytes) == 0 && memcmp(out, s->host[i], bytes) == 0, "device %d",
			  k);
}

static void compare(struct worlds *s)
{
	for (int i = 0; i < LIVE; i++)
		if (s->host[i])
			compare_one(s, i);
}

Test(pim_capacity, engines_agree_whatever_the_placement, .timeout = 300)
{
	/* 8 subarrays of 38 data rows; DIV of 8 bits needs most of one. */
	static const char *const specs[] = {"ambit:dram=ddr4-3200,channels=2,banks=2,subarrays=2,rows=56",
					    "ambit:dram=ddr4-3200,channels=2,banks=2,subarrays=2,rows=56,engine=exact",
					    "ambit:dram=ddr4-3200,channels=2,banks=2,subarrays=2,rows=56,engine=exact"};
	struct pim_executor five = {.size = sizeof(five), .threads = 5, .run = backwards};
	struct worlds s = {.rng = 77};
	for (int k = 0; k < 3; k++) {
		s.w[k].dev = device(specs[k]);
		cr_assert_eq(pim_cost_begin(s.w[k].dev, &s.w[k].cost), 0);
	}
	cr_assert_eq(pim_set_executor(s.w[2].dev, &five), 0);
	for (int i = 0; i < STEPS; i++) {
		make(&s, (int)(oracle_random(&s.rng) % LIVE));
		for (int n = 0; n < 60; n++)
			operate(&s);
		if (i % 50 == 0)
			compare(&s);
	}
	compare(&s);
	same_costs(&s, "in the end");
	/* Everything has happened. */
	cr_assert(s.refused > 0 && s.scattered > 0, "%d %d", s.refused, s.scattered);
	static const enum pim_count used[] = {PIM_COPIES_INTER_SUBARRAY, PIM_COPIES_INTER_BANK, PIM_BYTES_RELOAD};
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		cr_assert_gt(count(s.w[0].cost, used[i]), 0u, "%s", pim_count_name(used[i]));
	for (int i = 0; i < LIVE; i++)
		drop(&s, i);
	for (int k = 0; k < 3; k++)
		pim_close(s.w[k].dev);
}
