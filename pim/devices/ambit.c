/* Ambit: bulk bitwise operations inside DRAM by triple-row activation (Seshadri et al., MICRO 2017).
 *
 * Two engines give the same results and the same costs: `exact` executes every AAP and AP on row contents, `fused`
 * computes the operation on host memory and charges the same micro-program. Rows of a vector lie one after the other
 * in host memory, so that both work on the same bytes. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/energy.h"
#include "ambit-emu/exact.h"
#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"
#include "base/core/err.h"
#include "pim/core.h"
#include "pim/lanes.h"

struct ambit {
	struct ambit_geometry geometry;
	struct ambit_timing timing;
	struct ambit_energy energy;
	struct ambit_exact program[AMBIT_BULK_COUNT];
	bool exact;
	double in_gbps, out_gbps;
	uint64_t layers_used; /* data rows taken in the fullest subarray */
	uint64_t seed, runs;  /* noise differs from program to program */
	size_t cache_bytes;
	char time_source[320], energy_source[240];
};

static const struct pim_key keys[] = {
	{"dram", PIM_KEY_CHOICE, "ddr3-1600", "ddr3-1600|ddr4-3200", 0, 0, "preset of timings and currents"},
	{"width", PIM_KEY_CHOICE, "x8", "x8", 0, 0, "data bits of a chip; timings are verified for x8 only"},
	{"channels", PIM_KEY_INT, "1", NULL, 1, 64, "channels"},
	{"ranks", PIM_KEY_INT, "1", NULL, 1, 64, "ranks of a channel"},
	{"banks", PIM_KEY_INT, NULL, NULL, 1, 1024, "banks of a rank; default: the preset's"},
	{"subarrays", PIM_KEY_INT, NULL, NULL, 1, 65536, "subarrays of a bank; default: the preset's rows / rows"},
	{"rows", PIM_KEY_INT, "1024", NULL, 32, 65536, "rows of a subarray, 18 of them reserved"},
	{"ecc", PIM_KEY_INT, "0", NULL, 0, 1, "1: energy of the ECC chips is counted too"},
	{"engine", PIM_KEY_CHOICE, "fused", "fused|exact", 0, 0,
	 "exact executes every command; results and cost agree"},
	{"aap", PIM_KEY_CHOICE, "split", "naive|split|split-strict", 0, 0, "latency of one AAP"},
	{"limit", PIM_KEY_CHOICE, "none", "none|bus|jedec", 0, 0,
	 "what throttles many AAPs: command bus, tRRD, tFAW, refresh"},
	{"faw_acts", PIM_KEY_CHOICE, "2", "2|1|wl", 0, 0, "what an AAP takes of tFAW's four; wl: one per wordline"},
	{"faw", PIM_KEY_REAL, "1", NULL, 0, 1, "factor on tFAW"},
	{"refresh", PIM_KEY_INT, "1", NULL, 0, 1, "0: limit=jedec without refresh"},
	{"salp", PIM_KEY_INT, "1", NULL, 1, 1024, "subarrays of a bank that may be open at once"},
	{"rho", PIM_KEY_REAL, NULL, NULL, 0, 1, "DRAMPower's bank-activity factor; default: the largest that fits"},
	{"attach", PIM_KEY_CHOICE, "main", "main|device", 0, 0,
	 "main: rows are host memory, caches are flushed; device: copies"},
	{"efficiency", PIM_KEY_REAL, "0.8", NULL, 0.01, 1,
	 "share of the channels' peak that a transfer reaches (assumed)"},
	{"xfer", PIM_KEY_REAL, NULL, NULL, 0.001, 1e6, "measured host copy, GB/s: attach=device moves no faster"},
	{"flush", PIM_KEY_REAL, NULL, NULL, 0.001, 1e6, "measured cache write-back, GB/s, for attach=main"},
	{"seed", PIM_KEY_INT, "1", NULL, 0, 0, "of the noise in compute rows"},
	{0},
};

static int choice(const struct pim_config *c, const char *key, const char *const *words)
{
	const char *text = pim_config_text(c, key);
	int i = 0;
	while (words[i] && strcmp(words[i], text) != 0)
		i++;
	return i;
}

static uint32_t number(const struct pim_config *c, const char *key, uint32_t fallback)
{
	return pim_config_text(c, key) ? (uint32_t)pim_config_int(c, key) : fallback;
}

static void set_timing(struct ambit *a, const struct pim_config *c, const struct ambit_dram *d)
{
	static const char *const aap[] = {"naive", "split", "split-strict", NULL};
	static const char *const limit[] = {"none", "bus", "jedec", NULL};
	static const char *const faw[] = {"2", "1", "wl", NULL};
	a->timing = (struct ambit_timing){
		.dram = d,
		.aap = (enum ambit_aap)choice(c, "aap", aap),
		.limit = (enum ambit_limit)choice(c, "limit", limit),
		.faw_acts = (enum ambit_faw)choice(c, "faw_acts", faw),
		.tfaw = (uint64_t)llround(d->tfaw * pim_config_real(c, "faw")),
		.refresh = pim_config_int(c, "refresh") != 0,
		.channels = a->geometry.channels,
		.ranks = a->geometry.ranks,
		.banks = a->geometry.banks,
		.salp = number(c, "salp", 1),
	};
}

static int set_geometry(struct ambit *a, const struct pim_config *c, const struct ambit_dram *d, char *err, size_t n)
{
	struct ambit_geometry *g = &a->geometry;
	g->channels = number(c, "channels", 1);
	g->ranks = number(c, "ranks", 1);
	g->banks = number(c, "banks", d->banks);
	g->rows = number(c, "rows", 1024);
	g->subarrays = number(c, "subarrays", d->rows_per_bank / g->rows);
	g->chips = d->channel_bits / d->chip_bits;
	g->page_bytes = d->page_bytes;
	if (number(c, "salp", 1) > g->subarrays)
		return mw_fail(-EINVAL, err, n, "ambit: salp=%u of %u subarrays", number(c, "salp", 1), g->subarrays);
	return 0;
}

static void set_transfer(struct ambit *a, const struct pim_config *c)
{
	const struct ambit_dram *d = a->timing.dram;
	bool device = strcmp(pim_config_text(c, "attach"), "device") == 0;
	const char *measured = device ? "xfer" : "flush";
	double rate = a->geometry.channels * (d->channel_bits / 8.0) * d->burst_mbps / 1000.0;
	rate *= pim_config_real(c, "efficiency");
	if (pim_config_text(c, measured))
		rate = fmin(rate, pim_config_real(c, measured));
	a->in_gbps = a->out_gbps = rate;
}

static void set_sources(struct ambit *a, const struct pim_config *c)
{
	const struct ambit_timing *t = &a->timing;
	(void)snprintf(a->time_source, sizeof(a->time_source),
		       "Ambit micro-programs; %s: %s; aap=%s%s; limit=%s faw_acts=%s tFAW %g ns", t->dram->title,
		       t->dram->time_source, pim_config_text(c, "aap"),
		       t->aap == AMBIT_AAP_STRICT ? " (unverified)" : "", pim_config_text(c, "limit"),
		       pim_config_text(c, "faw_acts"), (double)t->tfaw / 1000);
	for (char *p = a->time_source; *p; p++)
		if (*p == ',')
			*p = ';'; /* a CSV field */
	(void)snprintf(
		a->energy_source, sizeof(a->energy_source),
		"DRAMPower equations on %s (%u chips; rho %.3g); second activation 0.07 / 0.31 / 1 of the first; "
		"%.2f per extra wordline (unverified); datasheet x %.2f / %.2f / %.2f",
		a->energy.part->name, a->energy.chips, a->energy.chip.rho, AMBIT_EXTRA_WORDLINE,
		dram_datasheet_band.min, dram_datasheet_band.typ, dram_datasheet_band.max);
}

static void ambit_close(void *state)
{
	struct ambit *a = state;
	for (unsigned i = 0; i < AMBIT_BULK_COUNT; i++)
		ambit_exact_free(&a->program[i]);
	free(a);
}

static int ambit_open(void *priv, const struct pim_config *c, void **state, char *err, size_t n)
{
	(void)priv;
	const struct ambit_dram *d = ambit_dram_find(pim_config_text(c, "dram"));
	struct ambit *a = calloc(1, sizeof(*a));
	if (!a || !d) {
		free(a);
		return mw_fail(d ? -ENOMEM : -EINVAL, err, n, d ? "out of memory" : "ambit: unknown dram preset");
	}
	int rc = set_geometry(a, c, d, err, n);
	if (rc < 0)
		goto fail;
	set_timing(a, c, d);
	set_transfer(a, c);
	double rho = pim_config_text(c, "rho") ? pim_config_real(c, "rho") : DRAM_RHO_DEFAULT;
	unsigned chips = a->geometry.chips + (pim_config_int(c, "ecc") ? (a->geometry.chips + 7) / 8 : 0);
	rc = ambit_energy_init(&a->energy, d->energy_part, rho, chips, err, n);
	if (rc == -EDOM)
		rc = -ERANGE;
	for (unsigned i = 0; i < AMBIT_BULK_COUNT && rc == 0; i++) {
		struct ambit_verdict v;
		rc = ambit_exact_prepare(ambit_bulk_program((enum ambit_bulk)i), &a->program[i], &v);
		if (rc < 0)
			(void)mw_fail(rc, err, n, "ambit: micro-program %s: %s",
				      ambit_bulk_program((enum ambit_bulk)i)->name,
				      rc == -ENOMEM ? "no memory" : v.why);
	}
	if (rc < 0)
		goto fail;
	set_sources(a, c);
	a->exact = strcmp(pim_config_text(c, "engine"), "exact") == 0;
	a->seed = (uint64_t)pim_config_int(c, "seed");
	a->cache_bytes = lanes_cache_bytes();
	*state = a;
	return 0;
fail:
	ambit_close(a);
	return rc;
}

static size_t bytes_of(const struct pim_operand *o)
{
	return (size_t)(o->cols / 8 + (o->cols % 8 != 0));
}

static uint64_t layers_of(const struct ambit *a, const struct pim_operand *o)
{
	return ambit_layers(&a->geometry, ambit_slots(&a->geometry, o->cols));
}

static int ambit_alloc(void *state, struct pim_call *call, struct pim_operand *o)
{
	struct ambit *a = state;
	if (o->type.kind != PIM_UINT || o->type.bits != 1)
		return pim_call_fail(call, -EOPNOTSUPP, "ambit: vectors are of 1-bit lanes, not %u", o->type.bits);
	uint64_t need = layers_of(a, o), have = a->geometry.rows - AMBIT_RESERVED_ROWS;
	if (need > have - a->layers_used)
		return pim_call_fail(call, -ENOSPC, "ambit: %llu data rows of each subarray needed, %llu of %llu free",
				     (unsigned long long)need, (unsigned long long)(have - a->layers_used),
				     (unsigned long long)have);
	o->mem = lanes_alloc(bytes_of(o));
	if (!o->mem)
		return pim_call_fail(call, -ENOMEM, "ambit: no memory for %zu bytes", bytes_of(o));
	a->layers_used += need;
	return 0;
}

static void ambit_free(void *state, struct pim_operand *o)
{
	struct ambit *a = state;
	a->layers_used -= layers_of(a, o);
	lanes_free(o->mem, bytes_of(o));
}

static int ambit_write(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes)
{
	const struct ambit *a = state;
	lanes_copy(call, o->mem, src, bytes, a->cache_bytes);
	pim_call_charge(call, PIM_BYTES_IN, bytes);
	pim_call_time(call, PIM_PS_IN, lanes_ps(bytes, a->in_gbps), 0);
	return 0;
}

static int ambit_read(void *state, struct pim_call *call, const struct pim_operand *o, void *dst, size_t bytes)
{
	const struct ambit *a = state;
	lanes_copy(call, dst, o->mem, bytes, a->cache_bytes);
	lanes_mask_tail(dst, o->cols);
	pim_call_charge(call, PIM_BYTES_OUT, bytes);
	pim_call_time(call, PIM_PS_OUT, lanes_ps(bytes, a->out_gbps), 0);
	return 0;
}

static int ambit_map(void *state, const struct pim_operand *o, void **p)
{
	(void)state;
	*p = o->mem;
	return 0;
}

/* ---- execution ---- */

static int program_of(enum pim_op op, uint64_t value, enum ambit_bulk *out)
{
	if (op > PIM_FILL)
		return -EOPNOTSUPP;
	*out = op == PIM_FILL ? (value ? AMBIT_ONE : AMBIT_ZERO) : (enum ambit_bulk)op;
	return 0;
}

_Static_assert((int)PIM_NOT == (int)AMBIT_NOT && (int)PIM_COPY == (int)AMBIT_COPY && (int)PIM_FILL == (int)AMBIT_ZERO &&
		       (int)PIM_NOT == (int)MW_BULK_NOT && (int)PIM_FILL == (int)MW_BULK_FILL,
	       "the bulk operations are numbered alike");

static void run_fused(const struct ambit *a, struct pim_call *call, const struct pim_command *c, size_t bytes)
{
	uint64_t pattern = c->value ? UINT64_MAX : 0;
	const void *src[3] = {&pattern, NULL, NULL};
	for (unsigned i = 0; i < c->n_src; i++)
		src[i] = c->src[i]->mem;
	mw_bulk_fn fn = mw_bulk_best((enum mw_bulk_op)c->op, lanes_store(bytes, c->n_src, a->cache_bytes));
	lanes_run(call, fn, c->dst->mem, src, c->n_src, bytes);
}

struct exact_slices {
	struct ambit_exact_job job;
	size_t bytes, row_bytes, n, scratch_bytes;
	char *scratch;
	struct ambit_executed *done; /* per slice */
};

static void exact_slice(void *arg, size_t i)
{
	struct exact_slices *s = arg;
	size_t begin, end;
	lanes_slice(s->bytes, s->row_bytes, i, s->n, &begin, &end);
	ambit_exact_run(&s->job, begin, end, s->scratch + i * s->scratch_bytes, &s->done[i]);
}

/* Executed commands per row, which must be those of the micro-program. */
static int run_exact(struct ambit *a, struct pim_call *call, const struct pim_command *c, const struct ambit_exact *x,
		     uint64_t executed[2])
{
	size_t bytes = (bytes_of(c->dst) + AMBIT_LINE - 1) / AMBIT_LINE * AMBIT_LINE;
	char *d[4] = {0};
	for (unsigned i = 0; i < c->n_src; i++)
		d[i] = c->src[i]->mem;
	d[c->n_src] = c->dst->mem;
	struct exact_slices s = {
		.job = {.x = x,
			.cells = ambit_cells(mw_isa_best()),
			.d = d,
			.strip = ambit_exact_strip(x),
			.nt = lanes_store(bytes, c->n_src, a->cache_bytes) == MW_STORE_NT,
			.seed = ambit_noise(a->seed, 0, a->runs++)},
		.bytes = bytes,
		.row_bytes = (size_t)ambit_row_bytes(&a->geometry),
		.n = bytes < (1u << 18) ? 1 : pim_call_threads(call),
		.scratch_bytes = ambit_exact_scratch(x, ambit_exact_strip(x)),
	};
	s.scratch = aligned_alloc(4096, s.n * s.scratch_bytes);
	s.done = calloc(s.n, sizeof(*s.done));
	int rc = s.scratch && s.done ? 0 : pim_call_fail(call, -ENOMEM, "ambit: no memory for compute rows");
	if (rc == 0) {
		pim_call_run(call, s.n, exact_slice, &s);
		uint64_t sum[2] = {0};
		for (size_t i = 0; i < s.n; i++)
			for (unsigned k = 0; k < 2; k++)
				sum[k] += s.done[i].bytes[k];
		executed[AMBIT_AAP] = sum[AMBIT_AAP] / bytes;
		executed[AMBIT_AP] = sum[AMBIT_AP] / bytes;
	}
	free(s.scratch);
	free(s.done);
	return rc;
}

static int ambit_execute(void *state, struct pim_call *call, const struct pim_command *c)
{
	struct ambit *a = state;
	enum ambit_bulk op;
	if (program_of(c->op, c->value, &op) < 0)
		return pim_call_fail(call, -EOPNOTSUPP, "ambit: no micro-program for %s", pim_op_name(c->op));
	const struct ambit_program *p = ambit_bulk_program(op);
	struct ambit_counts n;
	ambit_program_counts(p, &n);
	if (a->exact) {
		uint64_t executed[2] = {0};
		int rc = run_exact(a, call, c, &a->program[op], executed);
		if (rc < 0)
			return rc;
		n.aap = executed[AMBIT_AAP];
		n.ap = executed[AMBIT_AP];
	} else {
		run_fused(a, call, c, bytes_of(c->dst));
	}
	uint64_t slots = ambit_slots(&a->geometry, c->dst->cols), parallel = ambit_parallel(&a->timing);
	pim_call_charge(call, PIM_AAP, n.aap * slots);
	pim_call_charge(call, PIM_AP, n.ap * slots);
	pim_call_charge(call, PIM_ACT_FIRST, (n.aap + n.ap) * slots);
	pim_call_charge(call, PIM_ACT_SECOND, n.aap * slots);
	pim_call_charge(call, PIM_EXTRA_WORDLINES_FIRST, n.extra_first * slots);
	pim_call_charge(call, PIM_EXTRA_WORDLINES_SECOND, n.extra_second * slots);
	pim_call_charge(call, PIM_PRE, (n.aap + n.ap) * slots);
	pim_call_charge(call, PIM_PROGRAMS, slots);
	pim_call_charge(call, PIM_BATCHES, (slots + parallel - 1) / parallel);
	pim_call_time(call, PIM_PS_COMPUTE, ambit_elapsed_ps(&a->timing, p, slots),
		      slots * ambit_program_ps(&a->timing, p));
	return 0;
}

/* ---- cost ---- */

static int ambit_modelled(void *state, enum pim_count what)
{
	(void)state;
	switch (what) {
	case PIM_PASSES:
	case PIM_CYCLES:
	case PIM_MACS:
	case PIM_BYTES_RELOAD:
	case PIM_PS_RELOAD:
	case PIM_FAULTS_INJECTED:
	case PIM_BITS_WRONG:
		return -EOPNOTSUPP;
	default:
		return 0;
	}
}

static int ambit_joules(void *state, const uint64_t *counts, enum pim_part part, struct pim_energy *out)
{
	const struct ambit *a = state;
	const struct ambit_activity activity = {
		.act_first = counts[PIM_ACT_FIRST],
		.act_second = counts[PIM_ACT_SECOND],
		.extra_first = counts[PIM_EXTRA_WORDLINES_FIRST],
		.extra_second = counts[PIM_EXTRA_WORDLINES_SECOND],
		.pre = counts[PIM_PRE],
	};
	unsigned ranks = a->geometry.channels * a->geometry.ranks;
	struct dram_band b;
	switch (part) {
	case PIM_E_ACT:
	case PIM_E_ACT2:
	case PIM_E_WORDLINES:
	case PIM_E_PRE:
		b = ambit_energy_pj(&a->energy, &activity, (enum ambit_energy_part)(part - PIM_E_ACT));
		break;
	case PIM_E_BACKGROUND: /* while computing; during transfers it is the host's */
		b = ambit_background_pj(&a->energy, counts[PIM_PS_COMPUTE], counts[PIM_PS_BUSY], ranks);
		break;
	case PIM_E_REFRESH:
		b = ambit_refresh_pj(&a->energy, counts[PIM_PS_COMPUTE], ranks);
		break;
	case PIM_E_RD:
		b = ambit_transfer_pj(&a->energy, counts[PIM_BYTES_OUT], 0);
		break;
	case PIM_E_WR:
		b = ambit_transfer_pj(&a->energy, counts[PIM_BYTES_IN], 1);
		break;
	default:
		return -EOPNOTSUPP; /* I/O is not in the currents; bit vectors are not transposed */
	}
	if (b.min < 0 || b.typ < 0 || b.max < 0)
		return -ERANGE;
	out->min_pj = b.min;
	out->typ_pj = b.typ;
	out->max_pj = b.max;
	out->source = a->energy_source;
	return 0;
}

_Static_assert(PIM_E_ACT2 - PIM_E_ACT == (int)AMBIT_E_ACT2 && PIM_E_WORDLINES - PIM_E_ACT == (int)AMBIT_E_WORDLINES &&
		       PIM_E_PRE - PIM_E_ACT == (int)AMBIT_E_PRE,
	       "activation parts are numbered alike");

static int ambit_price(void *state, enum pim_op op, struct pim_type type, struct pim_price *out)
{
	const struct ambit *a = state;
	(void)type; /* bulk rows cost the same whatever the width */
	enum ambit_bulk bulk;
	int rc = program_of(op, 1, &bulk);
	if (rc < 0)
		return rc;
	const struct ambit_program *p = ambit_bulk_program(bulk);
	struct ambit_counts n;
	ambit_program_counts(p, &n);
	out->aap = n.aap;
	out->ap = n.ap;
	out->ps = ambit_program_ps(&a->timing, p);
	out->programs = ambit_parallel(&a->timing);
	out->ps_batch = ambit_batch_ps(&a->timing, p, out->programs);
	out->row_bytes = ambit_row_bytes(&a->geometry);
	out->lanes = 8 * out->row_bytes;
	out->rows = p->rows;
	out->verified = a->timing.aap != AMBIT_AAP_STRICT;
	out->source = a->time_source;
	const struct ambit_activity activity = {n.aap + n.ap, n.aap, n.extra_first, n.extra_second, n.aap + n.ap};
	for (unsigned i = 0; i < AMBIT_E_PARTS; i++) {
		struct dram_band b = ambit_energy_pj(&a->energy, &activity, (enum ambit_energy_part)i);
		out->energy.parts |= 1u << (PIM_E_ACT + i);
		out->energy.min_pj += b.min;
		out->energy.typ_pj += b.typ;
		out->energy.max_pj += b.max;
	}
	out->energy.source = a->energy_source;
	return 0;
}

const struct pim_device_ops device_ambit = {
	.size = sizeof(struct pim_device_ops),
	.abi = PIM_ABI,
	.caps = PIM_CAP_VECTORS | PIM_CAP_MODELLED,
	.name = "ambit",
	.summary = "DRAM that computes: bulk bitwise operations by triple-row activation",
	.keys = keys,
	.open = ambit_open,
	.close = ambit_close,
	.alloc = ambit_alloc,
	.free = ambit_free,
	.write = ambit_write,
	.read = ambit_read,
	.map = ambit_map,
	.execute = ambit_execute,
	.counts = ambit_modelled,
	.energy = ambit_joules,
	.price = ambit_price,
};
