/* What disturbed a run: other programs, the hypervisor, the clock. Values of a disturbed run are not those of the
 * machine, and whoever reads one must be told. */
#ifndef MW_DISTURBANCE_H
#define MW_DISTURBANCE_H

#include "base/core/text.h"
#include "reports/results.h"

struct disturbance {
	double share;       /* of the rounds that had no clean sample */
	size_t rounds;      /* of all measured records */
	uint32_t causes;    /* enum mw_sample_flag */
	size_t records, of; /* disturbed ones, of all measured ones */
};

struct disturbance disturbance_of(const struct mw_records *l);
/* From a tenth of the rounds on, or a third of the records. */
bool is_disturbed(const struct disturbance *d);
/* "61 % of 1406 rounds: steal, switches; 31 of 40 values are disturbed". To be freed with mw_buf_fini. */
struct mw_buf disturbance_words(const struct disturbance *d);

/* What a reader must know of a record beside its value: "disturbed: 61 % of 12 rounds: steal; unsteady: visits differ
 * by 9 %; within these 4 s". Empty where there is nothing to say. To be freed with mw_buf_fini. */
struct mw_buf record_warnings(const struct mw_record *r);

#endif
