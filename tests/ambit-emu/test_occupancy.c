/* Rows in use against a model that keeps one byte per row of every subarray. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/occupancy.h"
#include "base/core/stats.h"

enum { MAX_SUBARRAYS = 400, MAX_ROWS = 80, MAX_HELD = 300 };

static struct {
	struct ambit_geometry g;
	struct ambit_occupancy o;
	uint32_t rows;
	unsigned char used[MAX_SUBARRAYS][MAX_ROWS];
	struct {
		struct ambit_holding *h;
		uint64_t slots;
		uint32_t planes;
	} held[MAX_HELD];
	int n;
} m;

static void begin(struct ambit_geometry g, uint32_t rows)
{
	memset(&m, 0, sizeof(m));
	m.g = g;
	m.rows = rows;
	cr_assert(ambit_subarrays(&g) <= MAX_SUBARRAYS && rows <= MAX_ROWS);
	cr_assert_eq(ambit_occupancy_init(&m.o, &g, rows), 0);
}

static uint64_t model_left(void)
{
	uint64_t n = 0;
	for (uint64_t s = 0; s < ambit_subarrays(&m.g); s++)
		for (uint32_t r = 0; r < m.rows; r++)
			n += !m.used[s][r];
	return n;
}

static void model_set(uint64_t subarray, uint32_t row, bool used)
{
	cr_assert_lt(row, m.rows);
	cr_assert_neq(m.used[subarray][row], used, "row %u of subarray %d", row, (int)subarray);
	m.used[subarray][row] = used;
}

/* Marks what a vector holds, row by row: where ambit_place_at() puts its slots, or in its pieces. */
static void model_mark(int i, bool used)
{
	const struct ambit_holding *h = m.held[i].h;
	uint64_t total = 0;
	for (uint64_t s = 0; s < m.held[i].slots && !h->scattered; s++) {
		struct ambit_place p = ambit_place_at(&m.g, s, &h->at);
		for (uint32_t j = 0; j < m.held[i].planes; j++, total++)
			model_set(ambit_index(&m.g, &p), h->row[j * h->layers + p.layer], used);
	}
	for (size_t k = 0; k < h->pieces && h->scattered; k++)
		for (uint64_t s = h->piece[k].start; s < h->piece[k].start + h->piece[k].n; s++)
			for (uint32_t r = 0; r < m.rows; r++)
				if (h->map[h->piece[k].map * m.o.words + r / 64] >> r % 64 & 1) {
					model_set(s, r, used);
					total++;
				}
	cr_assert_eq(total, m.held[i].slots * m.held[i].planes);
	cr_assert_eq(h->rows, total);
}

/* Rows that are free in every subarray of these slots, and those missing for `need` rows beside each slot. */
static uint32_t model_common(const struct ambit_shift *at, uint64_t slots)
{
	uint32_t n = 0;
	for (uint32_t r = 0; r < m.rows; r++) {
		bool used = false;
		for (uint64_t s = 0; s < slots && s < ambit_subarrays(&m.g); s++) {
			struct ambit_place p = ambit_place_at(&m.g, s, at);
			used = used || m.used[ambit_index(&m.g, &p)][r];
		}
		n += !used;
	}
	return n;
}

static uint64_t model_short(const struct ambit_shift *at, uint64_t slots, uint32_t need)
{
	uint64_t n = 0;
	for (uint64_t s = 0; s < slots; s++) {
		struct ambit_place p = ambit_place_at(&m.g, s, at);
		uint32_t left = 0;
		for (uint32_t r = 0; r < m.rows; r++)
			left += !m.used[ambit_index(&m.g, &p)][r];
		n += need > left ? need - left : 0;
	}
	return n;
}

static struct ambit_shift random_place(uint64_t *rng)
{
	struct ambit_shift at = {(uint32_t)mw_random(rng), (uint32_t)mw_random(rng), (uint32_t)mw_random(rng),
				 (uint32_t)mw_random(rng)};
	return at;
}

enum how { AT_A_PLACE, WHERE_THERE_IS_ROOM, SCATTERED };

/* What must come out of it; 1: either. */
static int expected(enum how how, const struct ambit_shift *at, uint64_t slots, uint32_t planes, bool found)
{
	if (how == SCATTERED)
		return slots * planes > model_left() ? -ENOSPC : 0;
	if (how == WHERE_THERE_IS_ROOM)
		return found ? 0 : 1;
	if (slots > ambit_subarrays(&m.g))
		return 1;
	return planes > model_common(at, slots) ? -ENOSPC : 0;
}

static void take_one(uint64_t *rng)
{
	uint64_t n = ambit_subarrays(&m.g), slots = 1 + mw_random(rng) % (mw_random(rng) % 4 ? n / 4 + 2 : 2 * n);
	uint32_t planes = 1 + (uint32_t)(mw_random(rng) % (m.rows / 3 + 1));
	struct ambit_shift at = random_place(rng);
	enum how how = (enum how)(mw_random(rng) % 3);
	int i = m.n, rc;
	cr_assert(ambit_occupancy_common(&m.o, &at, slots) == model_common(&at, slots) &&
		  (uint64_t)ambit_occupancy_short(&m.o, &at, slots, planes) == model_short(&at, slots, planes));
	bool found = how == WHERE_THERE_IS_ROOM && ambit_occupancy_find(&m.o, slots, planes, &at);
	if (how == SCATTERED)
		rc = ambit_occupancy_scatter(&m.o, slots, planes, &m.held[i].h);
	else
		rc = ambit_occupancy_take(&m.o, &at, slots, planes, &m.held[i].h);
	int want = expected(how, &at, slots, planes, found);
	cr_assert(rc == want || (want == 1 && (rc == 0 || rc == -ENOSPC)), "%d, not %d", rc, want);
	if (rc < 0)
		return;
	m.held[i].slots = slots;
	m.held[i].planes = planes;
	m.n++;
	model_mark(i, true);
	cr_assert_eq(m.o.left, model_left());
}

static void give_one(uint64_t *rng)
{
	int i = (int)(mw_random(rng) % (uint64_t)m.n);
	model_mark(i, false);
	ambit_occupancy_give(&m.o, m.held[i].h);
	m.held[i] = m.held[--m.n];
	cr_assert_eq(m.o.left, model_left());
}

/* Entries are ordered, cover the device, and neighbours differ. */
static void check_stretches(void)
{
	const struct ambit_stretch *s = m.o.stretch;
	bool right = s[0].start == 0 && s[m.o.n - 1].start < ambit_subarrays(&m.g);
	for (size_t i = 0; i < m.o.n; i++)
		for (uint32_t r = 0; r < m.rows; r++)
			right = right && (s[i].map[r / 64] >> r % 64 & 1) == m.used[s[i].start][r];
	for (size_t i = 1; i < m.o.n; i++)
		right = right && s[i - 1].start < s[i].start &&
			memcmp(s[i - 1].map, s[i].map, m.o.words * sizeof(*s[i].map)) != 0;
	cr_assert(right);
}

Test(ambit_occupancy, equals_a_model_of_single_rows)
{
	static const struct ambit_geometry shapes[] = {{.channels = 1, .ranks = 1, .banks = 1, .subarrays = 1},
						       {.channels = 2, .ranks = 2, .banks = 4, .subarrays = 3},
						       {.channels = 1, .ranks = 3, .banks = 5, .subarrays = 7},
						       {.channels = 3, .ranks = 1, .banks = 16, .subarrays = 8}};
	uint64_t rng = 4;
	int spilled = 0, full = 0;
	for (size_t g = 0; g < sizeof(shapes) / sizeof(shapes[0]); g++)
		for (uint32_t rows = 1; rows <= MAX_ROWS; rows += 13) {
			begin(shapes[g], rows);
			for (int step = 0; step < 400; step++) {
				if (m.n == MAX_HELD || (m.n && mw_random(&rng) % 3 == 0))
					give_one(&rng);
				else
					take_one(&rng);
				check_stretches();
				spilled += m.n && m.held[m.n - 1].h->scattered;
				full += m.o.left == 0;
			}
			while (m.n)
				give_one(&rng);
			cr_assert_eq(m.o.n, 1u, "all is free: one stretch");
			ambit_occupancy_free(&m.o);
		}
	cr_assert(spilled > 100 && full > 10, "%d %d", spilled, full);
}

/* Short vectors fill a subarray before they go on to the next channel, rank, bank and subarray. */
Test(ambit_occupancy, places_are_found_in_the_order_of_slots)
{
	enum { ROWS = 5, ALL = 2 * 3 * 2 * 2 };
	begin((struct ambit_geometry){.channels = 2, .ranks = 3, .banks = 2, .subarrays = 2}, ROWS);
	for (uint64_t i = 0; i < ALL * ROWS; i++) {
		struct ambit_shift at;
		struct ambit_place want = ambit_place(&m.g, i / ROWS);
		cr_assert(ambit_occupancy_find(&m.o, 1, 1, &at));
		cr_assert(at.channel == want.channel && at.rank == want.rank && at.bank == want.bank &&
				  at.subarray == want.subarray,
			  "%d", (int)i);
		cr_assert_eq(ambit_occupancy_take(&m.o, &at, 1, 1, &m.held[i].h), 0);
		cr_assert_eq(m.held[i].h->row[0], i % ROWS, "rows of its own");
	}
	struct ambit_shift at;
	cr_assert_not(ambit_occupancy_find(&m.o, 1, 1, &at));
	cr_assert_eq(m.o.left, 0u);
	ambit_occupancy_give(&m.o, m.held[33].h);
	cr_assert(ambit_occupancy_find(&m.o, 1, 1, &at));
	cr_assert(at.channel == 0 && at.rank == 0 && at.bank == 1 && at.subarray == 0, "33 / 5 = 6");
	for (int i = 0; i < ALL * ROWS; i++)
		ambit_occupancy_give(&m.o, i == 33 ? NULL : m.held[i].h);
	ambit_occupancy_free(&m.o);
}

/* The largest device has 2.7e11 subarrays. */
Test(ambit_occupancy, the_size_of_the_device_costs_nothing)
{
	const struct ambit_geometry g = {.channels = 64, .ranks = 64, .banks = 1024, .subarrays = 65536};
	struct ambit_occupancy o;
	struct ambit_holding *a, *b, *c;
	struct ambit_shift at = {3, 5, 7, 9};
	cr_assert_eq(ambit_occupancy_init(&o, &g, 65518), 0);
	cr_assert_eq(ambit_occupancy_take(&o, &at, ambit_subarrays(&g) - 1, 64, &a), 0);
	cr_assert_leq(o.n, 4u);
	cr_assert_eq(ambit_occupancy_take(&o, &at, 2 * ambit_subarrays(&g) + 5, 64, &b), 0);
	cr_assert_eq(ambit_occupancy_scatter(&o, ambit_subarrays(&g), 64, &c), 0);
	cr_assert_eq(o.left, ambit_subarrays(&g) * (65518 - 4 * 64) + 64 - 5 * 64);
	ambit_occupancy_give(&o, b);
	ambit_occupancy_give(&o, a);
	ambit_occupancy_give(&o, c);
	cr_assert_eq(o.n, 1u);
	ambit_occupancy_free(&o);
	cr_assert_eq(ambit_occupancy_init(&o, &g, 65537), -EINVAL);
}
