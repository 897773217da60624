/* Off-the-shelf DDR4 chips that compute when ACTIVATE, PRECHARGE, ACTIVATE come too early (ambit-emu/cots.h).
 *
 * Vectors use the half of the columns whose bitlines two neighbouring subarrays share, so that every operation works on
 * every vector. A vector lies in one subarray of the pair; NOT, NAND and NOR leave their result in the other one. The
 * bitlines connect the two sides by inversion only, so operands on different sides are read and written again over the
 * channel, which is charged as reload. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/cots.h"
#include "ambit-emu/fault.h"
#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/core.h"
#include "pim/devices/dram_info.h"
#include "pim/devices/part.h"
#include "pim/lanes.h"

/* Rows of each subarray that hold no data: a group of 32 rows and two constants. */
#define RESERVED_ROWS (COTS_MAX_ROWS + 2)
/* Maps of bad columns of a pair: copies, NOT, and one for the compute command of each operation. */
#define PAIR_MAPS (COTS_M_COMPUTE + COTS_MAJ + 1)

struct cots {
	struct ambit_geometry geometry; /* subarrays: pairs */
	struct cots_timing timing;
	enum cots_logic logic;
	unsigned maj_rows;
	bool samsung, errors;
	struct pim_device_info info;
	double gbps;
	uint64_t seed, layers_used;
	size_t cache_bytes;
	uint64_t **map; /* by pair, then PAIR_MAPS */
	size_t pairs;
	struct mw_buf source;
};

/* The mem of a vector. */
struct lanes_of {
	void *bits;
	unsigned side; /* of the pair, 0 or 1 */
};

static const struct pim_key keys[] = {
	{"dram", PIM_KEY_CHOICE, "ddr4-3200", "ddr4-3200", 0, 0, "part"},
	{"part", PIM_KEY_FILE, NULL, NULL, 0, 0,
	 "file of a part of your own, instead of dram; 'memwall pim devices --part=NAME' prints one to start from"},
	{"channels", PIM_KEY_INT, "1", NULL, 1, 64, "channels"},
	{"ranks", PIM_KEY_INT, "1", NULL, 1, 64, "ranks of a channel"},
	{"banks", PIM_KEY_INT, NULL, NULL, 1, 1024, "banks of a rank; default: the part's"},
	{"subarrays", PIM_KEY_INT, NULL, NULL, 2, 65536, "subarrays of a bank; default: the part's rows / rows"},
	{"rows", PIM_KEY_INT, "512", NULL, 64, 65536, "rows of a subarray (assumed), 34 of them reserved"},
	{"vendor", PIM_KEY_CHOICE, "hynix", "hynix|samsung", 0, 0,
	 "samsung: no command opens several rows of a subarray, so only not, copy and fill"},
	{"logic", PIM_KEY_CHOICE, "simra", "simra|fcdram", 0, 0,
	 "and, or, nand, nor as majority with a constant, or as logic of two subarrays"},
	{"maj_rows", PIM_KEY_CHOICE, "32", "32|16|8|4", 0, 0, "rows that a majority opens; more replicate its inputs"},
	{"errors", PIM_KEY_CHOICE, "map", "map|none", 0, 0,
	 "map: columns fail as often as published, the same ones every time"},
	{"efficiency", PIM_KEY_REAL, "0.8", NULL, 0.01, 1,
	 "share of the channels' peak that a transfer reaches (assumed)"},
	{"seed", PIM_KEY_U64, "1", NULL, 0, 0, "seed of the columns that fail"},
	{"tras", PIM_KEY_REAL, NULL, NULL, 0.001, 4e6, "of the part: ACT to PRE, ns"},
	{"trp", PIM_KEY_REAL, NULL, NULL, 0.001, 4e6, "of the part: PRE to ACT, ns"},
	{0},
};

static uint32_t number(const struct pim_config *c, const char *key, uint32_t fallback)
{
	return pim_config_text(c, key) ? (uint32_t)pim_config_int(c, key) : fallback;
}

static bool word_is(const struct pim_config *c, const char *key, const char *word)
{
	return strcmp(pim_config_text(c, key), word) == 0;
}

static void cots_close(void *state)
{
	struct cots *d = state;
	for (size_t i = 0; i < d->pairs * PAIR_MAPS; i++)
		free(d->map[i]);
	free(d->map);
	mw_buf_fini(&d->source);
	free(d);
}

static int cots_open(void *priv, const struct pim_config *c, void **state, char *err, size_t n)
{
	(void)priv;
	struct dram_part part;
	const struct dram_part *dram = &part;
	struct mw_buf user = {0};
	int rc = part_of_config("cots", keys, c, &part, &user, err, n);
	struct cots *d = rc == 0 ? calloc(1, sizeof(*d)) : NULL;
	if (!d) {
		mw_buf_fini(&user);
		return rc < 0 ? rc : mw_fail(-ENOMEM, err, n, "out of memory");
	}
	struct ambit_geometry *g = &d->geometry;
	g->channels = number(c, "channels", 1);
	g->ranks = number(c, "ranks", 1);
	g->banks = number(c, "banks", dram->banks);
	g->rows = number(c, "rows", 512);
	g->subarrays = number(c, "subarrays", dram->rows_per_bank / g->rows) / 2;
	if (g->subarrays == 0) {
		rc = mw_fail(-EINVAL, err, n, "cots: rows=%u leaves no two subarrays of a bank's %u rows", g->rows,
			     dram->rows_per_bank);
		goto fail;
	}
	g->chips = dram_part_chips(dram);
	g->page_bytes = dram->page_bytes;
	d->timing = (struct cots_timing){dram->tras, dram->trp};
	d->logic = word_is(c, "logic", "fcdram") ? COTS_FCDRAM : COTS_SIMRA;
	d->maj_rows = (unsigned)strtoul(pim_config_text(c, "maj_rows"), NULL, 10);
	d->samsung = word_is(c, "vendor", "samsung");
	d->errors = word_is(c, "errors", "map");
	d->seed = (uint64_t)pim_config_int(c, "seed");
	dram_info(g, dram, &d->info);
	d->info.subarrays = 2 * g->subarrays; /* the geometry counts pairs */
	d->info.capacity_bytes = ambit_subarrays(g) * (g->rows - RESERVED_ROWS) * (ambit_row_bytes(g) / 2);
	d->gbps = g->channels * d->info.channel_peak_gbps;
	d->gbps *= pim_config_real(c, "efficiency");
	d->cache_bytes = lanes_cache_bytes();
	mw_buf_add(&d->source,
		   "columns fail as the mean share of right cells of SiMRA (DSN 2024) and FCDRAM (HPCA 2024); timings "
		   "violated as in their artifacts; then tRAS and tRP of %s%s%s%s: latency is not published "
		   "(unverified); banks are independent",
		   dram->title[0] ? dram->title : dram->name, user.len ? " (user: " : "", mw_buf_text(&user),
		   user.len ? ")" : "");
	for (char *p = d->source.p; p && *p; p++)
		if (*p == ',')
			*p = ';'; /* the source goes into one CSV field */
	if (user.failed || d->source.failed) {
		rc = mw_fail(-ENOMEM, err, n, "out of memory");
		goto fail;
	}
	mw_buf_fini(&user);
	*state = d;
	return 0;
fail:
	mw_buf_fini(&user);
	cots_close(d);
	return rc;
}

/* ---- memory ---- */

static size_t bytes_of(const struct pim_operand *o)
{
	return (size_t)(o->cols / 8 + (o->cols % 8 != 0));
}

/* Bytes of one slot: half of a row. */
static uint64_t slot_bytes(const struct cots *d)
{
	return ambit_row_bytes(&d->geometry) / 2;
}

static uint64_t slots_of(const struct cots *d, uint64_t lanes)
{
	uint64_t bits = 8 * slot_bytes(d);
	return lanes / bits + (lanes % bits != 0);
}

static int cots_alloc(void *state, struct pim_call *call, struct pim_operand *o)
{
	struct cots *d = state;
	if (o->type.kind != PIM_UINT || o->type.bits != 1)
		return pim_call_fail(call, -EOPNOTSUPP, "cots: vectors are of 1-bit lanes, not %u", o->type.bits);
	uint64_t need = ambit_layers(&d->geometry, slots_of(d, o->cols)), have = d->geometry.rows - RESERVED_ROWS;
	if (need > have - d->layers_used)
		return pim_call_fail(call, -ENOSPC, "cots: %llu data rows of each subarray needed, %llu of %llu free",
				     (unsigned long long)need, (unsigned long long)(have - d->layers_used),
				     (unsigned long long)have);
	struct lanes_of *v = calloc(1, sizeof(*v));
	if (v)
		v->bits = lanes_alloc(bytes_of(o));
	if (!v || !v->bits) {
		free(v);
		return pim_call_fail(call, -ENOMEM, "cots: no memory for %zu bytes", bytes_of(o));
	}
	o->mem = v;
	d->layers_used += need;
	return 0;
}

static void cots_free(void *state, struct pim_operand *o)
{
	struct cots *d = state;
	struct lanes_of *v = o->mem;
	d->layers_used -= ambit_layers(&d->geometry, slots_of(d, o->cols));
	lanes_free(v->bits, bytes_of(o));
	free(v);
}

/* Bursts carry both halves of a row: twice the bytes of the lanes. */
static void charge(const struct cots *d, struct pim_call *call, enum pim_count bytes, enum pim_count part, uint64_t n)
{
	pim_call_charge(call, bytes, 2 * n);
	core_time(call, part, lanes_ps(2 * n, d->gbps), 0);
}

static int cots_write(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes)
{
	const struct cots *d = state;
	struct lanes_of *v = o->mem;
	lanes_copy(call, v->bits, src, bytes, d->cache_bytes);
	v->side = 0;
	charge(d, call, PIM_BYTES_IN, PIM_PS_IN, bytes);
	return 0;
}

static int cots_read(void *state, struct pim_call *call, const struct pim_operand *o, void *dst, size_t bytes)
{
	const struct cots *d = state;
	const struct lanes_of *v = o->mem;
	lanes_copy(call, dst, v->bits, bytes, d->cache_bytes);
	lanes_mask_tail(dst, o->cols);
	charge(d, call, PIM_BYTES_OUT, PIM_PS_OUT, bytes);
	return 0;
}

static int cots_map(void *state, const struct pim_operand *o, void **p)
{
	(void)state;
	*p = ((const struct lanes_of *)o->mem)->bits;
	return 0;
}

/* ---- operations ---- */

static int plan_of(const struct cots *d, enum pim_op op, struct cots_plan *out)
{
	static const struct {
		enum pim_op op;
		enum cots_op as;
		unsigned inputs;
	} known[] = {
		{PIM_NOT, COTS_NOT, 1}, {PIM_AND, COTS_AND, 2}, {PIM_OR, COTS_OR, 2},     {PIM_NAND, COTS_NAND, 2},
		{PIM_NOR, COTS_NOR, 2}, {PIM_MAJ, COTS_MAJ, 3}, {PIM_COPY, COTS_COPY, 1}, {PIM_FILL, COTS_COPY, 1},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].op == op) {
			int rc = cots_plan(known[i].as, known[i].inputs, d->maj_rows, d->logic, out);
			return rc == 0 && d->samsung && cots_opens_many(out) ? -EOPNOTSUPP : rc;
		}
	return -EOPNOTSUPP;
}

struct work {
	struct cots *d;
	const struct cots_plan *p;
	const struct pim_operand *dst;
	const uint64_t *src[3];
	uint64_t fill; /* a word of the constant row */
	uint64_t slots;
	size_t n, scratch_bytes;
	char *scratch;
	struct cots_done *done; /* per slice */
	uint8_t *no_memory;     /* per pair: 1 where memory ran out */
};

static unsigned map_index(const struct cots_plan *p, enum cots_map m)
{
	return m == COTS_M_COMPUTE ? (unsigned)COTS_M_COMPUTE + p->op : (unsigned)m;
}

/* Draws the maps of one pair that the plan needs and that are not drawn yet. */
static void draw_pair(void *arg, size_t pair)
{
	struct work *w = arg;
	struct cots *d = w->d;
	const struct ambit_geometry *g = &d->geometry;
	struct ambit_place at = ambit_place(g, pair);
	struct ambit_site site = {
		.seed = d->seed,
		.bank = (at.channel * g->ranks + at.rank) * g->banks + at.bank,
		.subarray = at.subarray,
		.kind = AMBIT_FAULT_COTS,
	};
	size_t words = (size_t)(slot_bytes(d) / 8);
	for (unsigned m = 0; m < COTS_MAPS; m++) {
		struct cots_rate rate;
		uint64_t **map = &d->map[pair * PAIR_MAPS + map_index(w->p, (enum cots_map)m)];
		if (*map || !cots_map_of(w->p, (enum cots_map)m, &rate, &site.address))
			continue;
		*map = malloc(words * sizeof(**map));
		if (*map)
			ambit_bad_columns(&site, ambit_threshold(1 - rate.success), *map, words);
		else
			w->no_memory[pair] = 1;
	}
}

static int draw(struct pim_call *call, struct work *w)
{
	struct cots *d = w->d;
	uint64_t all = ambit_subarrays(&d->geometry);
	size_t need = (size_t)(w->slots < all ? w->slots : all);
	if (need > d->pairs) {
		uint64_t **map = reallocarray(d->map, need * PAIR_MAPS, sizeof(*map));
		if (!map)
			return -ENOMEM;
		memset(map + d->pairs * PAIR_MAPS, 0, (need - d->pairs) * PAIR_MAPS * sizeof(*map));
		d->map = map;
		d->pairs = need;
	}
	w->no_memory = calloc(need, sizeof(*w->no_memory));
	if (!w->no_memory)
		return -ENOMEM;
	pim_call_run(call, need, draw_pair, w);
	bool failed = memchr(w->no_memory, 1, need) != NULL;
	free(w->no_memory);
	return failed ? -ENOMEM : 0;
}

static void run_slots(void *arg, size_t i)
{
	const struct work *w = arg;
	const struct cots *d = w->d;
	size_t begin, end, words = (size_t)(slot_bytes(d) / 8);
	uint64_t all = ambit_subarrays(&d->geometry), lanes = w->dst->cols;
	char *scratch = w->scratch + i * w->scratch_bytes;
	uint64_t *constant = (uint64_t *)(void *)(scratch + cots_scratch(words));
	for (size_t k = 0; k < words; k++)
		constant[k] = w->fill;
	lanes_slice((size_t)w->slots, 1, i, w->n, &begin, &end);
	for (size_t slot = begin; slot < end; slot++) {
		const uint64_t *map[COTS_MAPS] = {NULL}, *src[3] = {constant, constant, constant};
		uint64_t left = lanes - 64 * (uint64_t)(slot * words);
		size_t n = left / 64 + (left % 64 != 0) < words ? (size_t)(left / 64 + (left % 64 != 0)) : words;
		for (unsigned m = 0; d->errors && m < COTS_MAPS; m++)
			map[m] = d->map[slot % all * PAIR_MAPS + map_index(w->p, (enum cots_map)m)];
		for (unsigned k = 0; k < 3 && w->src[k]; k++)
			src[k] = w->src[k] + slot * words;
		uint64_t *dst = (uint64_t *)((struct lanes_of *)w->dst->mem)->bits + slot * words;
		cots_run(w->p, map, src, dst, n, left, scratch, &w->done[i]);
	}
}

static int run(struct pim_call *call, struct work *w)
{
	size_t words = (size_t)(slot_bytes(w->d) / 8);
	w->n = bytes_of(w->dst) < (1u << 18) ? 1 : pim_call_threads(call);
	w->scratch_bytes = (cots_scratch(words) + words * sizeof(uint64_t) + 63) / 64 * 64;
	w->scratch = aligned_alloc(64, w->n * w->scratch_bytes);
	w->done = calloc(w->n, sizeof(*w->done));
	int rc = w->scratch && w->done ? 0 : -ENOMEM;
	if (rc == 0 && w->d->errors)
		rc = draw(call, w);
	if (rc == 0) {
		pim_call_run(call, w->n, run_slots, w);
		for (size_t i = 0; i < w->n; i++) {
			pim_call_charge(call, PIM_FAULTS_INJECTED, w->done[i].injected);
			pim_call_charge(call, PIM_BITS_WRONG, w->done[i].wrong);
		}
	}
	free(w->scratch);
	free(w->done);
	return rc < 0 ? pim_call_fail(call, rc, "cots: no memory for rows") : 0;
}

/* Brings the operands to one side of the pair: the side of most of them, of the first one where they are even. Returns
 * that side. */
static unsigned gather(const struct cots *d, struct pim_call *call, const struct pim_command *c)
{
	unsigned ones = 0, side;
	for (unsigned k = 0; k < c->n_src; k++)
		ones += ((const struct lanes_of *)c->src[k]->mem)->side;
	if (c->n_src == 0)
		return 0;
	side = 2 * ones == c->n_src ? ((const struct lanes_of *)c->src[0]->mem)->side : 2 * ones > c->n_src;
	for (unsigned k = 0; k < c->n_src; k++) {
		struct lanes_of *v = c->src[k]->mem;
		if (v->side == side)
			continue;
		v->side = side;
		charge(d, call, PIM_BYTES_RELOAD, PIM_PS_RELOAD, 2 * (uint64_t)bytes_of(c->src[k])); /* out and in */
	}
	return side;
}

static uint64_t parallel(const struct cots *d)
{
	return (uint64_t)d->geometry.channels * d->geometry.ranks * d->geometry.banks;
}

static int cots_execute(void *state, struct pim_call *call, const struct pim_command *c)
{
	struct cots *d = state;
	struct cots_plan p;
	if (plan_of(d, c->op, &p) < 0)
		return pim_call_fail(call, -EOPNOTSUPP,
				     d->samsung ? "cots: vendor=samsung has no %s: these parts open one row of a "
						  "subarray at a time"
						: "cots: no model of %s",
				     pim_op_name(c->op));
	struct work w = {
		.d = d, .p = &p, .dst = c->dst, .fill = c->value ? UINT64_MAX : 0, .slots = slots_of(d, c->dst->cols)};
	for (unsigned k = 0; k < c->n_src; k++)
		w.src[k] = ((const struct lanes_of *)c->src[k]->mem)->bits;
	int rc = run(call, &w);
	if (rc < 0)
		return rc;
	unsigned side = gather(d, call, c);
	((struct lanes_of *)c->dst->mem)->side = cots_moves(&p) ? !side : side;
	uint64_t ps = cots_plan_ps(&d->timing, &p), act = cots_activations(&p);
	uint64_t batches = (w.slots + parallel(d) - 1) / parallel(d);
	uint64_t first = p.n[COTS_K_FRAC] + (act - p.n[COTS_K_FRAC]) / 2;
	core_charge(call, PIM_ACT_FIRST, mw_wide_mul(first, w.slots));
	core_charge(call, PIM_ACT_SECOND, mw_wide_mul(act - first, w.slots));
	core_charge(call, PIM_PRE, mw_wide_mul(act, w.slots));
	pim_call_charge(call, PIM_PROGRAMS, w.slots);
	pim_call_charge(call, PIM_BATCHES, batches);
	core_time(call, PIM_PS_COMPUTE, mw_wide_mul(batches, ps), mw_wide_mul(w.slots, ps));
	return 0;
}

static int cots_counts(void *state, enum pim_count what)
{
	const struct cots *d = state;
	switch (what) {
	case PIM_ACT_FIRST:
	case PIM_ACT_SECOND:
	case PIM_PRE:
	case PIM_PROGRAMS:
	case PIM_BATCHES:
	case PIM_BYTES_IN:
	case PIM_BYTES_OUT:
	case PIM_BYTES_RELOAD:
	case PIM_PS_ELAPSED:
	case PIM_PS_COMPUTE:
	case PIM_PS_IN:
	case PIM_PS_OUT:
	case PIM_PS_RELOAD:
	case PIM_PS_BUSY:
		return 0;
	case PIM_FAULTS_INJECTED:
	case PIM_BITS_WRONG:
		return d->errors ? 0 : -EOPNOTSUPP; /* there is no model of failures: not a count of 0 */
	default:
		return -EOPNOTSUPP;
	}
}

static int cots_price(void *state, enum pim_op op, struct pim_type type, struct pim_price *out)
{
	const struct cots *d = state;
	struct cots_plan p;
	if (type.kind != PIM_UINT || type.bits != 1)
		return -EOPNOTSUPP;
	int rc = plan_of(d, op, &p);
	if (rc < 0)
		return rc;
	out->ps = out->ps_batch = cots_plan_ps(&d->timing, &p);
	out->programs = parallel(d);
	out->row_bytes = slot_bytes(d);
	out->lanes = 8 * out->row_bytes;
	out->rows = p.inputs - p.constant + 1;
	out->verified = 0;
	out->source = mw_buf_text(&d->source);
	return 0;
}

static int cots_info(void *state, struct pim_device_info *out)
{
	const struct cots *d = state;
	*out = d->info;
	out->size = sizeof(*out);
	return 0;
}

const struct pim_device_ops device_cots = {
	.size = sizeof(struct pim_device_ops),
	.abi = PIM_ABI,
	.caps = PIM_CAP_VECTORS | PIM_CAP_MODELLED,
	.name = "cots",
	.summary = "off-the-shelf DDR4 chips: majorities and logic by activations with violated timings",
	.keys = keys,
	.open = cots_open,
	.close = cots_close,
	.alloc = cots_alloc,
	.free = cots_free,
	.write = cots_write,
	.read = cots_read,
	.map = cots_map,
	.execute = cots_execute,
	.counts = cots_counts,
	.price = cots_price,
	.info = cots_info,
	.part_name = part_name,
	.part_text = part_text,
};
