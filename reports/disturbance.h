/* How much of a run was disturbed by other programs, the hypervisor or the clock. Reports warn about values of a
 * disturbed run, because they are not those of the undisturbed machine. */
#ifndef MW_DISTURBANCE_H
#define MW_DISTURBANCE_H

#include "base/core/text.h"
#include "reports/results.h"

struct disturbance {
	double share;       /* share of the rounds without an undisturbed sample, 0..1 */
	size_t rounds;      /* rounds of all measured records */
	uint32_t causes;    /* enum mw_sample_flag */
	size_t records, of; /* disturbed records; all measured records */
};

struct disturbance disturbance_of(const struct mw_records *l);
/* True from a tenth of the rounds, or a third of the records, on. */
bool is_disturbed(const struct disturbance *d);
/* "61 % of 1406 rounds: steal, switches; 31 of 40 values are disturbed". Free with mw_buf_fini. */
struct mw_buf disturbance_words(const struct disturbance *d);

/* Warnings about a record: "disturbed: 61 % of 12 rounds: steal; unsteady: visits differ by 9 %; within these 4 s";
 * empty when there are none. Free with mw_buf_fini. */
struct mw_buf record_warnings(const struct mw_record *r);

#endif
