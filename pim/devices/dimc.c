/* dimc: int8 GEMV in digital in-memory-compute macros of published silicon.
 *
 * Weights that fit stay in the macros. A matrix that needs more places than are free stays in host memory, and every
 * product loads all of it: its tiles pass through the same arrays, so none is left for the next product. This reload is
 * charged to the product, because such a matrix has no resident state. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/core.h"
#include "pim/devices/dimc.h"
#include "pim/lanes.h"

struct dimc_device {
	struct dimc_macro macro;
	uint64_t macros;
	uint64_t capacity, used; /* places for weights in all macros: in total, taken */
	double link_gbps;        /* peak of the link */
	double gbps;             /* what the link reaches */
	enum dimc_overflow overflow;
	int serial;
	bool user; /* values of the macro that are the user's */
	struct mw_buf source, energy_source;
};

struct dimc_mem {
	void *p;
	uint64_t held; /* places taken in the macros; 0: loaded for each product */
};

static const struct pim_key keys[] = {
	{.name = "macro",
	 .type = PIM_KEY_CHOICE,
	 .def = "isscc22-15.5",
	 .help = "published macro: geometry, clock and energy"},
	{.name = "part",
	 .type = PIM_KEY_FILE,
	 .help = "file of a macro of your own, instead of macro; 'memwall pim devices --part=NAME' prints one to start "
		 "from"},
	{.name = "macros", .type = PIM_KEY_INT, .def = "1", .min = 1, .max = 1 << 20, .help = "macros side by side"},
	{.name = "engine",
	 .type = PIM_KEY_CHOICE,
	 .def = "fast",
	 .choices = "serial|fast",
	 .help = "bit-serial reference, or the same result by the host's int8 kernels"},
	{.name = "overflow",
	 .type = PIM_KEY_CHOICE,
	 .def = "saturate",
	 .choices = "saturate|wrap",
	 .help = "what an accumulator does on overflow (not stated by the sources)"},
	{.name = "attach",
	 .type = PIM_KEY_CHOICE,
	 .def = "device",
	 .choices = "device",
	 .help = "operands are copied over a link"},
	{.name = "link",
	 .type = PIM_KEY_REAL,
	 .def = "25.6",
	 .min = 0.01,
	 .max = 1e6,
	 .help = "peak GB/s of the link; default: one DDR4-3200 channel of 64 bits"},
	{.name = "efficiency",
	 .type = PIM_KEY_REAL,
	 .def = "1",
	 .min = 0.1,
	 .max = 1,
	 .help = "share of the link's peak that is reached"},
	/* Values of the macro, by their names in its text. */
	{.name = "inputs", .type = PIM_KEY_INT, .min = 1, .max = 256, .help = "of the macro: inputs of an array"},
	{.name = "outputs", .type = PIM_KEY_INT, .min = 1, .max = 65536, .help = "of the macro: outputs of an array"},
	{.name = "banks", .type = PIM_KEY_INT, .min = 1, .max = 65536, .help = "of the macro: arrays"},
	{.name = "bits_per_cycle",
	 .type = PIM_KEY_INT,
	 .min = 1,
	 .max = 8,
	 .help = "of the macro: bits of an input in a cycle"},
	{.name = "accumulator_bits",
	 .type = PIM_KEY_INT,
	 .min = 2,
	 .max = 32,
	 .help = "of the macro: bits of an accumulator"},
	{.name = "weights",
	 .type = PIM_KEY_INT,
	 .min = 1,
	 .max = 1099511627776.0,
	 .help = "of the macro: weights that it holds"},
	{.name = "tclk_ns", .type = PIM_KEY_REAL, .min = 0.001, .max = 1e6, .help = "of the macro: cycle, ns"},
	{.name = "tops_w", .type = PIM_KEY_REAL, .min = 1e-6, .max = 1e9, .help = "of the macro: TOPS/W, no band"},
	{.name = NULL},
};

/* Sets the members whose keys are in the SPEC. */
static int set_values(struct dimc_macro *m, const struct pim_config *config, char *err, size_t n)
{
	char why[MW_REASON_ROOM];
	for (const struct pim_key *k = keys; k->name; k++) {
		const struct mw_keyfile_key *member = dimc_macro_key(k->name);
		if (!member || !pim_config_given(config, k->name))
			continue;
		if (mw_keyfile_set(member, pim_config_text(config, k->name), m, why, sizeof(why)) < 0)
			return mw_fail(-EINVAL, err, n, "dimc: key %s", why);
	}
	if (pim_config_given(config, "tops_w"))
		m->tops_w_min = m->tops_w_max = m->tops_w;
	const char *contradiction = dimc_macro_contradiction(m);
	return contradiction ? mw_fail(-EINVAL, err, n, "dimc: %s", contradiction) : 0;
}

/* The macro of key macro, or that of a file. *user: which of its values are the user's. */
static int macro_of(struct dimc_device *d, const struct pim_config *config, struct mw_buf *user, char *err, size_t n)
{
	const char *name = pim_config_text(config, "macro"), *path = pim_config_text(config, "part");
	const struct dimc_macro *base = dimc_macro_find(name);
	char why[MW_ERR_ROOM];
	if (!path && !base)
		return mw_fail(-EINVAL, err, n, "dimc: macro=%s: no such macro", name);
	if (path && pim_config_given(config, "macro"))
		return mw_fail(-EINVAL, err, n, "dimc: macro=%s and part=%s: one of the two", name, path);
	if (!path)
		d->macro = *base;
	else if (dimc_macro_read(pim_config_file(config, "part"), path, &d->macro, why, sizeof(why)) < 0)
		return mw_fail(-EINVAL, err, n, "part=%s", why);
	base = dimc_macro_find(d->macro.name);
	int rc = set_values(&d->macro, config, err, n);
	if (rc < 0)
		return rc;
	if (base)
		d->user = mw_keyfile_differences(dimc_macro_keys, &d->macro, base, user) > 0;
	else
		mw_buf_add(user, "all values of %s, of file %s", d->macro.name, path);
	d->user = d->user || !base;
	return 0;
}

static int describe(struct dimc_device *d, const struct mw_buf *user)
{
	const struct dimc_macro *m = &d->macro;
	const char *paper = m->paper[0] ? m->paper : m->name;
	struct mw_buf *b = &d->energy_source;
	mw_buf_add(&d->source, "%s (%s): passes x %u/%u cycles of %.5g ns", paper, m->source, m->in_bits,
		   m->bits_per_cycle, (double)m->cycle_fs * 1e-6);
	mw_buf_add(b, "%s at %g TOPS/W (", paper, m->tops_w);
	if (m->tops_w_min < m->tops_w_max)
		mw_buf_add(b, "published %g to %g", m->tops_w_min, m->tops_w_max);
	else
		mw_buf_add(b, "one figure, no band known");
	if (!isnan(m->toggle))
		mw_buf_add(b, "; toggle rate %g", m->toggle);
	if (!isnan(m->weight_sparsity))
		mw_buf_add(b, "%s weight sparsity %g", isnan(m->toggle) ? ";" : " and", m->weight_sparsity);
	mw_buf_add(b, ")");
	for (int i = 0; i < 2 && d->user; i++)
		mw_buf_add(i ? b : &d->source, "; user: %s", mw_buf_text(user));
	for (char *p = d->source.p; p && *p; p++)
		if (*p == ',')
			*p = ';'; /* the source goes into one CSV field */
	return user->failed || d->source.failed || b->failed ? -ENOMEM : 0;
}

static void dimc_close(void *state)
{
	struct dimc_device *d = state;
	mw_buf_fini(&d->source);
	mw_buf_fini(&d->energy_source);
	free(d);
}

static int dimc_open(void *priv, const struct pim_config *config, void **state, char *err, size_t n)
{
	(void)priv;
	struct mw_buf user = {0};
	struct dimc_device *d = calloc(1, sizeof(*d));
	if (!d)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	int rc = macro_of(d, config, &user, err, n);
	if (rc < 0)
		goto out;
	d->macros = (uint64_t)pim_config_int(config, "macros");
	d->capacity = d->macros * d->macro.weights;
	d->link_gbps = pim_config_real(config, "link");
	d->gbps = d->link_gbps * pim_config_real(config, "efficiency");
	d->overflow = strcmp(pim_config_text(config, "overflow"), "wrap") == 0 ? DIMC_WRAP : DIMC_SATURATE;
	d->serial = strcmp(pim_config_text(config, "engine"), "serial") == 0;
	rc = describe(d, &user);
	if (rc < 0)
		(void)mw_fail(rc, err, n, "out of memory");
	else
		*state = d;
out:
	mw_buf_fini(&user);
	if (rc < 0)
		dimc_close(d);
	return rc;
}

static size_t operand_bytes(const struct pim_operand *o)
{
	return (size_t)(o->rows * o->cols) * (o->type.bits == 32 ? 4 : 1);
}

static int dimc_alloc(void *state, struct pim_call *call, struct pim_operand *o)
{
	struct dimc_device *d = state;
	if (o->type.kind != PIM_INT || (o->type.bits != 8 && (o->type.bits != 32 || o->matrix)))
		return pim_call_fail(call, -EOPNOTSUPP, "dimc holds int8 weights and inputs, and int32 outputs");
	struct dimc_mem *mem = calloc(1, sizeof(*mem));
	size_t bytes = operand_bytes(o);
	if (mem)
		mem->p = lanes_alloc(bytes);
	if (!mem || !mem->p) {
		free(mem);
		return pim_call_fail(call, -ENOMEM, "out of memory: %zu bytes", bytes);
	}
	o->mem = mem;
	if (o->matrix) {
		uint64_t need = dimc_footprint(&d->macro, o->rows, o->cols);
		mem->held = need <= d->capacity - d->used ? need : 0;
		d->used += mem->held;
	}
	return 0;
}

static void dimc_free(void *state, struct pim_operand *o)
{
	struct dimc_device *d = state;
	struct dimc_mem *mem = o->mem;
	d->used -= mem->held;
	lanes_free(mem->p, operand_bytes(o));
	free(mem);
}

static int dimc_write(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes)
{
	struct dimc_device *d = state;
	struct dimc_mem *mem = o->mem;
	memcpy(mem->p, src, bytes);
	if (o->matrix && !mem->held)
		return 0; /* stays in host memory: nothing moves before it is used */
	mw_wide ps = lanes_ps(bytes, d->gbps);
	pim_call_charge(call, PIM_BYTES_IN, bytes);
	core_time(call, PIM_PS_IN, ps, ps);
	return 0;
}

static int dimc_read(void *state, struct pim_call *call, const struct pim_operand *o, void *dst, size_t bytes)
{
	struct dimc_device *d = state;
	struct dimc_mem *mem = o->mem;
	memcpy(dst, mem->p, bytes);
	mw_wide ps = lanes_ps(bytes, d->gbps);
	pim_call_charge(call, PIM_BYTES_OUT, bytes);
	core_time(call, PIM_PS_OUT, ps, ps);
	return 0;
}

static int dimc_map(void *state, const struct pim_operand *o, void **p)
{
	(void)state;
	*p = ((struct dimc_mem *)o->mem)->p;
	return 0;
}

struct slices {
	struct dimc_job job;
	size_t rows, n;
	int serial;
};

static void run_slice(void *arg, size_t i)
{
	const struct slices *s = arg;
	size_t begin = s->rows * i / s->n, end = s->rows * (i + 1) / s->n;
	(s->serial ? dimc_serial : dimc_fast)(&s->job, begin, end);
}

static void charge(const struct dimc_device *d, struct pim_call *call, const struct pim_operand *w)
{
	const struct dimc_macro *m = &d->macro;
	uint64_t tiles = dimc_tiles(m, w->rows, w->cols);
	uint64_t passes = dimc_passes(m, d->macros, w->rows, w->cols);
	uint64_t per_pass = dimc_cycles_per_pass(m);
	pim_call_charge(call, PIM_PASSES, passes);
	core_charge(call, PIM_CYCLES, mw_wide_mul(passes, per_pass));
	/* The padding of a partial tile takes part in the computation. */
	core_charge(call, PIM_MACS, mw_wide_mul(tiles, (uint64_t)m->inputs * m->outputs));
	core_time(call, PIM_PS_COMPUTE, (mw_wide_mul(passes, per_pass * m->cycle_fs) + 500) / 1000,
		  (mw_wide_mul(tiles, per_pass * m->cycle_fs) + 500) / 1000);
	if (!((struct dimc_mem *)w->mem)->held) {
		size_t bytes = operand_bytes(w);
		mw_wide ps = lanes_ps(bytes, d->gbps);
		pim_call_charge(call, PIM_BYTES_RELOAD, bytes);
		core_time(call, PIM_PS_RELOAD, ps, ps);
	}
}

static int dimc_execute(void *state, struct pim_call *call, const struct pim_command *c)
{
	struct dimc_device *d = state;
	if (c->op != PIM_GEMV)
		return pim_call_fail(call, -EOPNOTSUPP, "dimc multiplies matrices by vectors: no %s",
				     pim_op_name(c->op));
	const struct pim_operand *w = c->src[0], *x = c->src[1];
	if (x->type.bits != 8 || w->type.bits != 8 || c->dst->type.bits != 32)
		return pim_call_fail(call, -EINVAL, "dimc: int8 weights, int8 inputs, int32 outputs");
	struct slices s = {
		.job = {&d->macro, d->overflow, ((struct dimc_mem *)w->mem)->p, ((struct dimc_mem *)x->mem)->p,
			((struct dimc_mem *)c->dst->mem)->p, w->cols},
		.rows = w->rows,
		.serial = d->serial,
	};
	s.n = pim_call_threads(call) < w->rows ? pim_call_threads(call) : w->rows;
	pim_call_run(call, s.n, run_slice, &s);
	charge(d, call, w);
	return 0;
}

static int dimc_counts(void *state, enum pim_count what)
{
	(void)state;
	switch (what) {
	case PIM_PASSES:
	case PIM_CYCLES:
	case PIM_MACS:
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
	default:
		return -EOPNOTSUPP;
	}
}

/* Energy of MACs: TOPS/W counts two operations per MAC. */
static int mac_energy(const struct dimc_device *d, uint64_t macs, struct pim_energy *out)
{
	const struct dimc_macro *m = &d->macro;
	if (isnan(m->tops_w))
		return -EOPNOTSUPP;
	out->typ_pj = 2 * (double)macs / m->tops_w;
	out->min_pj = 2 * (double)macs / m->tops_w_max;
	out->max_pj = 2 * (double)macs / m->tops_w_min;
	out->source = mw_buf_text(&d->energy_source);
	return 0;
}

static int dimc_energy(void *state, const uint64_t *counts, enum pim_part part, struct pim_energy *out)
{
	return part == PIM_E_MAC ? mac_energy(state, counts[PIM_MACS], out) : -EOPNOTSUPP;
}

/* Price of one pass of one array. */
static int dimc_price(void *state, enum pim_op op, struct pim_type type, struct pim_price *out)
{
	const struct dimc_device *d = state;
	const struct dimc_macro *m = &d->macro;
	if (op != PIM_GEMV || type.kind != PIM_INT || type.bits != 8)
		return -EOPNOTSUPP;
	out->ps = (dimc_cycles_per_pass(m) * m->cycle_fs + 500) / 1000;
	out->ps_batch = out->ps;
	out->programs = d->macros * m->banks;
	out->lanes = m->outputs;
	out->row_bytes = (uint64_t)m->outputs * 4;
	out->rows = m->inputs;
	out->verified = PIM_VERIFIED_RESULTS | (m->verified && !d->user ? PIM_VERIFIED_TIME : 0);
	out->source = mw_buf_text(&d->source);
	if (mac_energy(d, (uint64_t)m->inputs * m->outputs, &out->energy) == 0)
		out->energy.parts = 1u << PIM_E_MAC;
	return 0;
}

static const char *dimc_word(const char *key, size_t i)
{
	const struct dimc_macro *m = strcmp(key, "macro") == 0 ? dimc_macro_at(i) : NULL;
	return m ? m->name : NULL;
}

static const char *dimc_part_name(size_t i)
{
	return dimc_word("macro", i);
}

static int dimc_part_text(const char *name, char *out, size_t n)
{
	const struct dimc_macro *m = dimc_macro_find(name);
	struct mw_buf text = {0};
	if (!m)
		return -ENOENT;
	mw_buf_add(&text,
		   "# A macro that computes digitally in memory. A line may be left out where a value is not known.\n");
	mw_keyfile_print(dimc_macro_keys, m, &text);
	int rc = text.failed ? -ENOMEM : snprintf(out, n, "%s", mw_buf_text(&text));
	mw_buf_fini(&text);
	return rc;
}

static int dimc_info(void *state, struct pim_device_info *out)
{
	const struct dimc_device *d = state;
	out->peak_gbps = d->link_gbps;
	out->capacity_bytes = d->capacity * d->macro.w_bits / 8;
	out->area_mm2 = (double)d->macros * d->macro.area_mm2;
	out->area_source = d->macro.source;
	return 0;
}

static const char *const compared[] = {"dimc", "dimc:macros=192", NULL};

const struct pim_device_ops device_dimc = {
	.size = sizeof(struct pim_device_ops),
	.abi = PIM_ABI,
	.caps = PIM_CAP_VECTORS | PIM_CAP_MATRICES | PIM_CAP_MODELLED,
	.name = "dimc",
	.summary = "digital in-memory-compute macros of published silicon: int8 GEMV",
	.keys = keys,
	.open = dimc_open,
	.close = dimc_close,
	.alloc = dimc_alloc,
	.free = dimc_free,
	.write = dimc_write,
	.read = dimc_read,
	.map = dimc_map,
	.execute = dimc_execute,
	.counts = dimc_counts,
	.energy = dimc_energy,
	.price = dimc_price,
	.info = dimc_info,
	.compared = compared,
	.word = dimc_word,
	.part_name = dimc_part_name,
	.part_text = dimc_part_text,
};
