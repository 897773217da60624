/* The table of macros: 28 nm designs whose full geometry is published. A new macro is one more row here. */
#include "pim/devices/dimc.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/err.h"

#define SOURCE "KULeuven-MICAS/zigzag-imc@df34a6f dimc_validation.py"

static const struct dimc_macro table[] = {
	{
		.name = "isscc22-15.5",
		.paper = "ISSCC 2022 15.5",
		.node_nm = 28,
		.vdd_v = 0.9,
		.inputs = 32,
		.outputs = 6,
		.banks = 64,
		.w_bits = 8,
		.in_bits = 8,
		.bits_per_cycle = 2,
		.accumulator_bits = 32,
		.weights = 12288,
		.cycle_fs = 5128210,
		.area_mm2 = 0.9408,
		.tops_w = 36.63,
		.tops_w_min = 36.5,
		.tops_w_max = 36.63,
		.toggle = 0.5,
		.weight_sparsity = 0.5,
		.verified = 1,
		.source = SOURCE,
	},
	{
		.name = "isscc22-11.7",
		.paper = "ISSCC 2022 11.7",
		.node_nm = 28,
		.vdd_v = 0.9,
		.inputs = 32,
		.outputs = 1,
		.banks = 2,
		.w_bits = 8,
		.in_bits = 8,
		.bits_per_cycle = 1,
		.accumulator_bits = 16,
		.weights = 4096,
		.cycle_fs = 3000000,
		.area_mm2 = 0.03,
		.tops_w = NAN,
		.tops_w_min = NAN,
		.tops_w_max = NAN,
		.toggle = NAN,
		.weight_sparsity = NAN,
		.verified = 1,
		.source = SOURCE,
	},
	{
		.name = "isscc23-7.2",
		.paper = "ISSCC 2023 7.2",
		.node_nm = 28,
		.vdd_v = 0.9,
		.inputs = 128,
		.outputs = 8,
		.banks = 8,
		.w_bits = 8,
		.in_bits = 8,
		.bits_per_cycle = 2,
		.accumulator_bits = 23,
		.weights = 8192,
		.cycle_fs = 5494510,
		.area_mm2 = 0.1462,
		.tops_w = 19.5, /* one figure, no band */
		.tops_w_min = 19.5,
		.tops_w_max = 19.5,
		.toggle = 0.5,
		.weight_sparsity = 0.5,
		.verified = 1,
		.source = SOURCE,
	},
};

const struct dimc_macro *dimc_macro_at(size_t i)
{
	return i < sizeof(table) / sizeof(table[0]) ? &table[i] : NULL;
}

const struct dimc_macro *dimc_macro_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

/* ---- as text ---- */

#define AT(member) offsetof(struct dimc_macro, member)
#define ROOM(member) sizeof(((struct dimc_macro *)0)->member)

const struct mw_keyfile_key dimc_macro_keys[] = {
	{"name", MW_KEYFILE_TEXT, AT(name), ROOM(name), 0, true, 0, 0, "name of the macro"},
	{"paper", MW_KEYFILE_TEXT, AT(paper), ROOM(paper), 0, false, 0, 0, "publication"},
	{"source", MW_KEYFILE_TEXT, AT(source), ROOM(source), 0, false, 0, 0, "where the values were read"},
	{"node_nm", MW_KEYFILE_U32, AT(node_nm), 0, 0, false, 1, 1000, "technology, nm"},
	{"vdd_v", MW_KEYFILE_REAL, AT(vdd_v), 0, 0, false, 0.01, 10, "supply, V"},
	{"inputs", MW_KEYFILE_U32, AT(inputs), 0, 0, true, 1, 256, "inputs of an array, a power of two"},
	{"outputs", MW_KEYFILE_U32, AT(outputs), 0, 0, true, 1, 65536, "outputs of an array"},
	{"banks", MW_KEYFILE_U32, AT(banks), 0, 0, true, 1, 65536, "arrays of a macro"},
	{"w_bits", MW_KEYFILE_U32, AT(w_bits), 0, 0, true, 8, 8, "bits of a weight"},
	{"in_bits", MW_KEYFILE_U32, AT(in_bits), 0, 0, true, 8, 8, "bits of an input"},
	{"bits_per_cycle", MW_KEYFILE_U32, AT(bits_per_cycle), 0, 0, true, 1, 8, "bits of an input in a cycle"},
	{"accumulator_bits", MW_KEYFILE_U32, AT(accumulator_bits), 0, 0, true, 2, 32, "bits of an accumulator"},
	{"weights", MW_KEYFILE_U64, AT(weights), 0, 0, true, 1, 1099511627776.0, "weights that a macro holds"},
	{"tclk_ns", MW_KEYFILE_U64, AT(cycle_fs), 0, 6, true, 0.001, 1000000, "cycle, ns"},
	{"area_mm2", MW_KEYFILE_REAL, AT(area_mm2), 0, 0, false, 1e-9, 1e6, "area, mm2"},
	{"tops_w", MW_KEYFILE_REAL, AT(tops_w), 0, 0, false, 1e-6, 1e9, "TOPS/W, two operations per MAC"},
	{"tops_w_min", MW_KEYFILE_REAL, AT(tops_w_min), 0, 0, false, 1e-6, 1e9, "smallest published TOPS/W"},
	{"tops_w_max", MW_KEYFILE_REAL, AT(tops_w_max), 0, 0, false, 1e-6, 1e9, "largest published TOPS/W"},
	{"toggle", MW_KEYFILE_REAL, AT(toggle), 0, 0, false, 1e-6, 1, "toggle rate that TOPS/W is stated for"},
	{"weight_sparsity", MW_KEYFILE_REAL, AT(weight_sparsity), 0, 0, false, 1e-6, 1,
	 "share of zero weights that TOPS/W is stated for"},
	{"geometry_verified", MW_KEYFILE_U32, AT(verified), 0, 0, false, 0, 1, "1: the geometry is that of its source"},
	MW_KEYFILE_END,
};

const struct mw_keyfile_key *dimc_macro_key(const char *name)
{
	for (const struct mw_keyfile_key *k = dimc_macro_keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

const char *dimc_macro_contradiction(const struct dimc_macro *m)
{
	if (m->inputs & (m->inputs - 1))
		return "inputs: not a power of two";
	if (m->in_bits % m->bits_per_cycle)
		return "bits_per_cycle: does not divide in_bits";
	if (m->weights < (uint64_t)m->inputs * m->outputs * m->banks)
		return "weights: fewer than inputs x outputs x banks";
	if (isnan(m->tops_w) ? !isnan(m->tops_w_min) || !isnan(m->tops_w_max)
			     : m->tops_w < m->tops_w_min || m->tops_w > m->tops_w_max)
		return "tops_w: not between tops_w_min and tops_w_max";
	return NULL;
}

int dimc_macro_read(const char *text, const char *file, struct dimc_macro *out, char *err, size_t n)
{
	memset(out, 0, sizeof(*out));
	out->vdd_v = out->area_mm2 = out->tops_w = out->tops_w_min = out->tops_w_max = NAN;
	out->toggle = out->weight_sparsity = NAN;
	int rc = mw_keyfile_read(dimc_macro_keys, text, file, out, err, n);
	if (rc < 0)
		return rc;
	if (isnan(out->tops_w_min))
		out->tops_w_min = out->tops_w;
	if (isnan(out->tops_w_max))
		out->tops_w_max = out->tops_w;
	const char *why = dimc_macro_contradiction(out);
	return why ? mw_keyfile_fail(text, file, why, err, n) : 0;
}

/* ---- tiles and passes ---- */

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

uint64_t dimc_tiles(const struct dimc_macro *m, uint64_t rows, uint64_t cols)
{
	return ceil_div(cols, m->inputs) * ceil_div(rows, m->outputs);
}

uint64_t dimc_passes(const struct dimc_macro *m, uint64_t macros, uint64_t rows, uint64_t cols)
{
	return ceil_div(dimc_tiles(m, rows, cols), m->banks * macros);
}

uint64_t dimc_cycles_per_pass(const struct dimc_macro *m)
{
	return m->in_bits / m->bits_per_cycle;
}

uint64_t dimc_footprint(const struct dimc_macro *m, uint64_t rows, uint64_t cols)
{
	return dimc_tiles(m, rows, cols) * m->inputs * m->outputs;
}
