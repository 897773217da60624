/* `memwall pim eval --stats`: energy, of the whole and split. */
#include <errno.h>

#include "base/core/text.h"
#include "cli/pim_eval.h"

/* energy NULL: the device has no model of it. */
static int add(const struct eval *e, struct mw_records *l, enum eval_row row, const struct pim_energy *energy,
	       const char *part)
{
	struct mw_record r;
	eval_record(e, row, &r);
	if (part)
		mw_put_text(&r, &eval_key_part, part);
	if (!energy) {
		mw_record_unavailable(&r, "the device has no model of it");
		return eval_take(l, &r);
	}
	char list[160];
	struct mw_buf source = {0};
	(void)pim_parts_print(energy->missing, list, sizeof(list));
	if (energy->missing)
		mw_buf_add(&source, "without %s (no model); ", list);
	mw_buf_add(&source, "%s", energy->source);
	mw_record_set(&r, energy->typ_pj * 1e-3, MW_MODELLED, mw_buf_text(&source));
	r.min = energy->min_pj * 1e-3;
	r.max = energy->max_pj * 1e-3;
	mw_record_note(&r, "min and max are the band of the model");
	int rc = source.failed ? -ENOMEM : eval_take(l, &r);
	if (source.failed)
		mw_record_fini(&r);
	mw_buf_fini(&source);
	return rc;
}

/* Energy of each part of the time. */
static int add_times(const struct eval *e, struct mw_records *l)
{
	static const struct {
		enum eval_row row;
		enum pim_count time;
	} times[] = {
		{EVAL_ENERGY_RESIDENT, PIM_PS_COMPUTE}, {EVAL_ENERGY_IN, PIM_PS_IN},
		{EVAL_ENERGY_OUT, PIM_PS_OUT},          {EVAL_ENERGY_TRANSPOSE, PIM_PS_TRANSPOSE},
		{EVAL_ENERGY_HOST, PIM_PS_HOST},
	};
	int rc = 0;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]) && rc == 0; i++) {
		struct pim_energy energy = {.size = sizeof(energy)};
		int known = pim_cost_energy_during(e->cost, times[i].time, &energy);
		rc = add(e, l, times[i].row, known == 0 ? &energy : NULL, NULL);
	}
	return rc;
}

int eval_add_energy(const struct eval *e, struct mw_records *l)
{
	struct pim_energy total = {.size = sizeof(total)};
	int known = pim_cost_energy(e->cost, PIM_E_TOTAL, &total);
	int rc = add(e, l, EVAL_ENERGY, known == 0 ? &total : NULL, NULL);
	if (rc == 0)
		rc = add_times(e, l);
	for (unsigned i = 0; i < PIM_E_TOTAL && rc == 0 && known == 0; i++) {
		struct pim_energy part = {.size = sizeof(part)};
		bool modelled = total.parts >> i & 1;
		if (!((total.parts | total.missing) >> i & 1))
			continue;
		if (modelled && pim_cost_energy(e->cost, (enum pim_part)i, &part) < 0)
			modelled = false;
		rc = add(e, l, EVAL_ENERGY_PART, modelled ? &part : NULL, pim_part_name((enum pim_part)i));
	}
	return rc;
}
