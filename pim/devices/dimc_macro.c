#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/devices/dimc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const char mw_data_dimc_macros_csv[];

enum column {
	NAME,
	PAPER,
	NODE,
	VDD,
	INPUTS,
	OUTPUTS,
	BANKS,
	W_BITS,
	IN_BITS,
	PER_CYCLE,
	ACCUMULATOR,
	WEIGHTS,
	TCLK,
	AREA,
	TOPS_W,
	TOPS_W_MIN,
	TOPS_W_MAX,
	TOGGLE,
	SPARSITY,
	VERIFIED,
	SOURCE,
	COLUMNS
};

/* Splits one line in place; returns the number of fields. */
static size_t split(char *line, char *field[COLUMNS])
{
	size_t n = 0;
	while (n < COLUMNS) {
		field[n++] = line;
		char *comma = strchr(line, ',');
		if (!comma)
			break;
		*comma = '\0';
		line = comma + 1;
	}
	return n;
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

/* Reads a number; an empty field is unknown (fallback), not 0. */
static double real(const char *text, double fallback)
{
	return *text ? strtod(text, NULL) : fallback;
}

static int parse(char *line, struct dimc_macro *m)
{
	char *f[COLUMNS];
	if (split(line, f) != COLUMNS)
		return -EINVAL;
	memset(m, 0, sizeof(*m));
	mw_format(m->name, sizeof(m->name), "%s", f[NAME]);
	mw_format(m->paper, sizeof(m->paper), "%s", f[PAPER]);
	mw_format(m->source, sizeof(m->source), "%s", f[SOURCE]);
	m->node_nm = number(f[NODE]);
	m->inputs = number(f[INPUTS]);
	m->outputs = number(f[OUTPUTS]);
	m->banks = number(f[BANKS]);
	m->w_bits = number(f[W_BITS]);
	m->in_bits = number(f[IN_BITS]);
	m->bits_per_cycle = number(f[PER_CYCLE]);
	m->accumulator_bits = number(f[ACCUMULATOR]);
	m->weights = number(f[WEIGHTS]);
	m->cycle_fs = (uint64_t)llround(real(f[TCLK], 0) * 1e6);
	m->area_mm2 = real(f[AREA], NAN);
	m->tops_w = real(f[TOPS_W], NAN);
	m->tops_w_min = real(f[TOPS_W_MIN], m->tops_w);
	m->tops_w_max = real(f[TOPS_W_MAX], m->tops_w);
	m->verified = number(f[VERIFIED]);
	if (!m->inputs || (m->inputs & (m->inputs - 1)) || m->inputs > 256 || !m->outputs || !m->banks ||
	    m->w_bits != 8 || m->in_bits != 8 || !m->bits_per_cycle || m->in_bits % m->bits_per_cycle ||
	    m->accumulator_bits < 2 || m->accumulator_bits > 32 || !m->weights || !m->cycle_fs)
		return -EINVAL;
	return 0;
}

int dimc_macro_find(const char *name, struct dimc_macro *out, char *err, size_t n)
{
	size_t len = strlen(name);
	for (const char *p = mw_data_dimc_macros_csv; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, name, len) != 0 || p[len] != ',')
			continue;
		char line[512];
		size_t width = strcspn(p, "\r\n");
		if (width >= sizeof(line))
			break;
		memcpy(line, p, width);
		line[width] = '\0';
		if (parse(line, out) == 0)
			return 0;
		break;
	}
	return mw_fail(-EINVAL, err, n, "macro=%s: not a usable row of the table of macros", name);
}

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
