/* The parts of the table (energy/model/dram_parts.c) whose row timings have a source. */
#include <string.h>

#include "ambit-emu/timing.h"
#include "base/core/text.h"

const struct dram_part *ambit_dram_preset(size_t i)
{
	const struct dram_part *p;
	for (size_t k = 0; (p = dram_part_at(k)); k++)
		if (dram_part_has_rows(p) && i-- == 0)
			return p;
	return NULL;
}

const struct dram_part *ambit_dram_find(const char *name)
{
	const struct dram_part *p;
	for (size_t i = 0; (p = ambit_dram_preset(i)); i++)
		if (strcmp(p->dram, name) == 0)
			return p;
	return NULL;
}

/* Lists the widths of one preset, "x8 x16", or for NULL the names of all presets. */
static void list(const char *name, char *out, size_t n)
{
	const struct dram_part *p, *before = NULL;
	out[0] = '\0';
	for (size_t i = 0; (p = ambit_dram_preset(i)); before = p, i++) {
		const char *gap = out[0] ? " " : "";
		if (name && strcmp(p->dram, name) == 0)
			mw_clip_add(out, n, "%sx%u", gap, p->chip_bits);
		else if (!name && !(before && strcmp(p->dram, before->dram) == 0))
			mw_clip_add(out, n, "%s%s", gap, p->dram);
	}
}

const struct dram_part *ambit_dram_select(const char *name, unsigned width, char *why, size_t n)
{
	char have[240];
	const struct dram_part *p;
	for (size_t i = 0; (p = ambit_dram_preset(i)); i++)
		if (strcmp(p->dram, name) == 0 && (width == 0 || p->chip_bits == width))
			return p;
	p = dram_part_find(name);
	list(ambit_dram_find(name) ? name : NULL, have, sizeof(have));
	if (ambit_dram_find(name))
		mw_clip(why, n, "width=x%u: %s has sourced values for %s only", width, name, have);
	else if (p)
		mw_clip(why, n, "dram=%s: its timings have no source (the energy model prices bursts of %s only)", name,
			p->name);
	else
		mw_clip(why, n, "dram=%s: no such preset, known: %s", name, have);
	return NULL;
}
