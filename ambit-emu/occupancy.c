#include "ambit-emu/occupancy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- maps of rows ---- */

static uint32_t rows_in(const uint64_t *map, size_t words)
{
	uint32_t n = 0;
	for (size_t i = 0; i < words; i++)
		n += (uint32_t)__builtin_popcountll(map[i]);
	return n;
}

static void add_map(uint64_t *to, const uint64_t *map, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] |= map[i];
}

/* Sets the lowest n rows in `out` that are neither in use nor in out already, and lists them. */
static void pick_rows(const struct ambit_occupancy *o, const uint64_t *used, uint64_t n, uint64_t *out, uint32_t *row)
{
	for (uint32_t r = 0; r < o->rows && n > 0; r++) {
		uint64_t bit = UINT64_C(1) << r % 64;
		if ((used[r / 64] | out[r / 64]) & bit)
			continue;
		out[r / 64] |= bit;
		if (row)
			*row++ = r;
		n--;
	}
}

/* ---- subarrays of a vector ---- */

struct range {
	uint64_t start, n;
};
/* Each of the four digits of the last, incomplete group may wrap around. */
enum { RANGES = 8 };

static size_t add_range(struct range *r, uint64_t start, uint64_t n)
{
	*r = (struct range){start, n};
	return n > 0;
}

/* The subarrays of `slots` slots, at most one for each subarray of the device. */
static size_t find_ranges(const struct ambit_geometry *g, const struct ambit_shift *at, uint64_t slots,
			  struct range r[RANGES])
{
	const uint32_t base[4] = {g->channels, g->ranks, g->banks, g->subarrays};
	const uint32_t shift[4] = {at->channel, at->rank, at->bank, at->subarray};
	uint64_t block[4] = {1}, before = 0;
	size_t n = 0;
	for (int i = 1; i < 4; i++)
		block[i] = block[i - 1] * base[i - 1];
	if (slots >= block[3] * base[3])
		return add_range(r, 0, block[3] * base[3]);
	for (int i = 3; i >= 0; i--) {
		uint64_t whole = slots / block[i], first = shift[i] % base[i];
		uint64_t wrapped = first + whole > base[i] ? first + whole - base[i] : 0;
		slots %= block[i];
		n += add_range(&r[n], before + first * block[i], (whole - wrapped) * block[i]);
		n += add_range(&r[n], before, wrapped * block[i]);
		before += (first + whole) % base[i] * block[i];
	}
	return n;
}

/* ---- stretches ---- */

/* The stretch of a subarray. */
static size_t find_stretch(const struct ambit_occupancy *o, uint64_t subarray)
{
	size_t low = 0, high = o->n;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (o->stretch[mid].start <= subarray)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static uint64_t end_of(const struct ambit_occupancy *o, size_t i)
{
	return i + 1 < o->n ? o->stretch[i + 1].start : o->subarrays;
}

static int split(struct ambit_occupancy *o, uint64_t at)
{
	if (at == o->subarrays)
		return 0;
	size_t i = find_stretch(o, at);
	if (o->stretch[i].start == at)
		return 0;
	if (o->n == o->room) {
		struct ambit_stretch *more = reallocarray(o->stretch, 2 * o->room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		o->stretch = more;
		o->room *= 2;
	}
	uint64_t *map = malloc(o->words * sizeof(*map));
	if (!map)
		return -ENOMEM;
	memcpy(map, o->stretch[i].map, o->words * sizeof(*map));
	memmove(&o->stretch[i + 2], &o->stretch[i + 1], (o->n - i - 1) * sizeof(*o->stretch));
	struct ambit_stretch *after = &o->stretch[i + 1];
	after->start = at;
	after->free = o->stretch[i].free;
	after->map = map;
	o->n++;
	return 0;
}

/* Joins neighbours that have the same rows in use, from stretch `first` - 1 up to subarray `end`. */
static void join(struct ambit_occupancy *o, size_t first, uint64_t end)
{
	size_t to = first > 0 ? first - 1 : 0, i = to + 1;
	for (; i < o->n && o->stretch[i].start <= end; i++) {
		struct ambit_stretch *a = &o->stretch[to], *b = &o->stretch[i];
		if (a->free == b->free && memcmp(a->map, b->map, o->words * sizeof(*a->map)) == 0)
			free(b->map);
		else
			o->stretch[++to] = *b;
	}
	memmove(&o->stretch[to + 1], &o->stretch[i], (o->n - i) * sizeof(*o->stretch));
	o->n -= i - to - 1;
}

/* Marks the rows of a piece as used or free. Its ends are those of stretches: split() was called for both. */
static void mark(struct ambit_occupancy *o, const struct ambit_piece *p, const uint64_t *map, bool used)
{
	size_t first = find_stretch(o, p->start);
	uint32_t rows = rows_in(map, o->words);
	for (size_t i = first; i < o->n && o->stretch[i].start < p->start + p->n; i++) {
		struct ambit_stretch *s = &o->stretch[i];
		for (size_t k = 0; k < o->words; k++)
			s->map[k] ^= map[k];
		s->free = used ? s->free - rows : s->free + rows;
	}
	o->left = used ? o->left - rows * p->n : o->left + rows * p->n;
}

static int mark_all(struct ambit_occupancy *o, const struct ambit_holding *h, bool used)
{
	int rc = 0;
	for (size_t i = 0; i < h->pieces && rc == 0; i++) {
		rc = split(o, h->piece[i].start);
		rc = rc ? rc : split(o, h->piece[i].start + h->piece[i].n);
	}
	for (size_t i = 0; i < h->pieces && rc == 0; i++)
		mark(o, &h->piece[i], h->map + h->piece[i].map * o->words, used);
	for (size_t i = 0; i < h->pieces; i++)
		join(o, find_stretch(o, h->piece[i].start), h->piece[i].start + h->piece[i].n);
	return rc;
}

int ambit_occupancy_init(struct ambit_occupancy *o, const struct ambit_geometry *g, uint32_t rows)
{
	*o = (struct ambit_occupancy){.geometry = *g,
				      .rows = rows,
				      .words = (rows + 63) / 64,
				      .subarrays = ambit_subarrays(g),
				      .left = ambit_subarrays(g) * rows,
				      .room = 4};
	if (o->words > AMBIT_MAP_WORDS)
		return -EINVAL;
	o->stretch = calloc(o->room, sizeof(*o->stretch));
	uint64_t *map = calloc(o->words, sizeof(*map));
	if (!o->stretch || !map) {
		free(map);
		free(o->stretch);
		o->stretch = NULL;
		return -ENOMEM;
	}
	o->stretch[0].free = rows;
	o->stretch[0].map = map;
	o->n = 1;
	return 0;
}

void ambit_occupancy_free(struct ambit_occupancy *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->stretch[i].map);
	free(o->stretch);
	o->stretch = NULL;
	o->n = 0;
}

/* ---- room ---- */

/* Rows in use in any of these subarrays. */
static void used_in(const struct ambit_occupancy *o, const struct range *r, size_t n, uint64_t *map)
{
	memset(map, 0, o->words * sizeof(*map));
	for (size_t k = 0; k < n; k++)
		for (size_t i = find_stretch(o, r[k].start); i < o->n && o->stretch[i].start < r[k].start + r[k].n; i++)
			add_map(map, o->stretch[i].map, o->words);
}

/* Slots of the last layer, 1..subarrays; *full receives the number of layers before it. */
static uint64_t last_layer(const struct ambit_occupancy *o, uint64_t slots, uint64_t *full)
{
	*full = (slots - 1) / o->subarrays;
	return slots - *full * o->subarrays;
}

static void used_at(const struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots, uint64_t *map)
{
	struct range r[RANGES] = {{0}};
	used_in(o, r, find_ranges(&o->geometry, at, slots, r), map);
}

uint32_t ambit_occupancy_common(const struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots)
{
	uint64_t map[AMBIT_MAP_WORDS];
	used_at(o, at, slots, map);
	return o->rows - rows_in(map, o->words);
}

uint32_t ambit_occupancy_free_row(const struct ambit_occupancy *o, const struct ambit_shift *at, uint32_t n)
{
	struct ambit_place p = ambit_place_at(&o->geometry, 0, at);
	const uint64_t *used = o->stretch[find_stretch(o, ambit_index(&o->geometry, &p))].map;
	uint32_t row = 0;
	while (used[row / 64] >> row % 64 & 1 || n-- > 0)
		row++;
	return row;
}

/* Are there `full` x planes rows in all subarrays, and planes more in those of the last layer? */
static bool fits(const struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots, uint32_t planes)
{
	uint64_t full, last = last_layer(o, slots, &full);
	if (full >= o->rows || (full + 1) * planes > ambit_occupancy_common(o, at, last))
		return false;
	return full == 0 || full * planes <= ambit_occupancy_common(o, at, o->subarrays);
}

static struct ambit_shift shift_to(const struct ambit_geometry *g, uint64_t subarray)
{
	struct ambit_place p = ambit_place(g, subarray);
	return (struct ambit_shift){p.channel, p.rank, p.bank, p.subarray};
}

/* Tries the beginning of a stretch, then the first whole channel group, rank and bank group inside it. */
static bool find_in(const struct ambit_occupancy *o, size_t i, uint64_t slots, uint32_t planes, struct ambit_shift *at)
{
	const struct ambit_geometry *g = &o->geometry;
	const uint64_t groups[4] = {1, g->channels, (uint64_t)g->channels * g->ranks,
				    (uint64_t)g->channels * g->ranks * g->banks};
	uint64_t start = o->stretch[i].start, last = start;
	for (int k = 0; k < 4; k++) {
		uint64_t to = (start + groups[k] - 1) / groups[k] * groups[k];
		if (to >= end_of(o, i) || (k > 0 && to == last))
			continue;
		last = to;
		*at = shift_to(g, to);
		if (fits(o, at, slots, planes))
			return true;
	}
	return false;
}

bool ambit_occupancy_find(const struct ambit_occupancy *o, uint64_t slots, uint32_t planes, struct ambit_shift *at)
{
	if (mw_wide_mul(slots, planes) > o->left)
		return false;
	for (size_t i = 0; i < o->n; i++)
		if (o->stretch[i].free >= planes && find_in(o, i, slots, planes, at))
			return true;
	return false;
}

static mw_wide short_in(const struct ambit_occupancy *o, const struct range *r, size_t n, uint32_t need)
{
	mw_wide sum = 0;
	for (size_t k = 0; k < n; k++) {
		uint64_t end = r[k].start + r[k].n;
		for (size_t i = find_stretch(o, r[k].start); i < o->n && o->stretch[i].start < end; i++) {
			uint64_t from = o->stretch[i].start > r[k].start ? o->stretch[i].start : r[k].start;
			uint64_t to = end_of(o, i) < end ? end_of(o, i) : end;
			if (need > o->stretch[i].free)
				sum += mw_wide_mul(to - from, need - o->stretch[i].free);
		}
	}
	return sum;
}

mw_wide ambit_occupancy_short(const struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots,
			      uint32_t need)
{
	struct range r[RANGES] = {{0}};
	uint64_t full, last = last_layer(o, slots, &full);
	mw_wide sum = short_in(o, r, find_ranges(&o->geometry, at, last, r), need);
	if (full > 0)
		sum += full * short_in(o, r, find_ranges(&o->geometry, at, o->subarrays, r), need);
	return sum;
}

/* ---- vectors ---- */

static void free_holding(struct ambit_holding *h)
{
	free(h->row);
	free(h->piece);
	free(h->map);
	free(h);
}

static struct ambit_holding *new_holding(const struct ambit_occupancy *o, size_t pieces, size_t maps, size_t rows)
{
	struct ambit_holding *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->piece = calloc(pieces, sizeof(*h->piece));
	h->map = calloc(maps * o->words, sizeof(*h->map));
	h->row = rows ? calloc(rows, sizeof(*h->row)) : NULL;
	h->maps = maps;
	if (h->piece && h->map && (h->row || rows == 0))
		return h;
	free_holding(h);
	return NULL;
}

static int take_marked(struct ambit_occupancy *o, struct ambit_holding *h, struct ambit_holding **out)
{
	int rc = mark_all(o, h, true);
	if (rc < 0) {
		free_holding(h);
		return rc;
	}
	*out = h;
	return 0;
}

/* Chooses the rows of all layers but the last, which are the same in every subarray, then those of the last. */
static void choose_rows(const struct ambit_occupancy *o, struct ambit_holding *h, uint64_t full, uint64_t last,
			uint32_t planes, uint64_t *used)
{
	uint64_t *early = h->map, *late = h->map + o->words;
	uint32_t *list = h->row + full * planes;
	if (full > 0) {
		used_at(o, &h->at, o->subarrays, used);
		pick_rows(o, used, full * planes, early, h->row);
	}
	used_at(o, &h->at, last, used);
	add_map(used, early, o->words);
	pick_rows(o, used, planes, late, list);
}

/* From layer by layer to plane by plane. */
static int order_rows(struct ambit_holding *h, uint32_t planes)
{
	uint32_t *row = calloc((size_t)planes * h->layers, sizeof(*row));
	if (!row)
		return -ENOMEM;
	for (uint32_t k = 0; k < h->layers; k++)
		for (uint32_t j = 0; j < planes; j++)
			row[(size_t)j * h->layers + k] = h->row[(size_t)k * planes + j];
	free(h->row);
	h->row = row;
	return 0;
}

int ambit_occupancy_take(struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots, uint32_t planes,
			 struct ambit_holding **out)
{
	struct range r[RANGES] = {{0}};
	uint64_t full, last = last_layer(o, slots, &full), used[AMBIT_MAP_WORDS];
	if (!fits(o, at, slots, planes))
		return -ENOSPC;
	struct ambit_holding *h = new_holding(o, RANGES + 1, 2, (size_t)(full + 1) * planes);
	if (!h)
		return -ENOMEM;
	h->at = *at;
	h->layers = (uint32_t)full + 1;
	h->rows = slots * planes;
	choose_rows(o, h, full, last, planes, used);
	if (order_rows(h, planes) < 0) {
		free_holding(h);
		return -ENOMEM;
	}
	if (full > 0)
		h->piece[h->pieces++] = (struct ambit_piece){0, o->subarrays, 0};
	size_t n = find_ranges(&o->geometry, at, last, r);
	for (size_t i = 0; i < n; i++)
		h->piece[h->pieces++] = (struct ambit_piece){r[i].start, r[i].n, 1};
	return take_marked(o, h, out);
}

static void add_piece(const struct ambit_occupancy *o, struct ambit_holding *h, uint64_t start, uint64_t n,
		      const uint64_t *used, uint64_t rows)
{
	if (n == 0 || rows == 0)
		return;
	pick_rows(o, used, rows, h->map + h->pieces * o->words, NULL);
	h->piece[h->pieces] = (struct ambit_piece){start, n, h->pieces};
	h->pieces++;
}

int ambit_occupancy_scatter(struct ambit_occupancy *o, uint64_t slots, uint32_t planes, struct ambit_holding **out)
{
	if (mw_wide_mul(slots, planes) > o->left)
		return -ENOSPC;
	struct ambit_holding *h = new_holding(o, o->n + 1, o->n + 1, 0);
	if (!h)
		return -ENOMEM;
	h->scattered = true;
	h->rows = slots * planes;
	uint64_t need = h->rows;
	for (size_t i = 0; i < o->n && need > 0; i++) {
		const struct ambit_stretch *s = &o->stretch[i];
		uint64_t n = end_of(o, i) - s->start, rows = need / n < s->free ? need / n : s->free;
		uint64_t rest = rows < s->free ? need - rows * n : 0; /* below n: one row more in so many subarrays */
		add_piece(o, h, s->start, rest, s->map, rows + 1);
		add_piece(o, h, s->start + rest, n - rest, s->map, rows);
		need -= rows * n + rest;
	}
	return take_marked(o, h, out);
}

void ambit_occupancy_give(struct ambit_occupancy *o, struct ambit_holding *h)
{
	if (!h)
		return;
	(void)mark_all(o, h, false);
	free_holding(h);
}
