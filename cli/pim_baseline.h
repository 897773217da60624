/* `memwall pim ops --baseline=FILE`: what a host was measured to do, beside the modelled device. */
#ifndef MW_CLI_PIM_BASELINE_H
#define MW_CLI_PIM_BASELINE_H

#include <stdbool.h>

#include "base/core/text.h"
#include "pim/pim.h"
#include "reports/print.h"
#include "reports/results.h"

/* Columns that follow those of the operations. */
enum pim_baseline_column {
	BASELINE_HOST_GOPS,
	BASELINE_BASIS,      /* measured; ceiling: by bandwidth, the host cannot do more */
	BASELINE_HOST_GBPS,  /* operands and result, at that rate */
	BASELINE_HOST_BYTES, /* of one vector, or of the array that was read */
	BASELINE_HOST_CHANNELS,
	BASELINE_CHANNELS, /* of the device */
	BASELINE_PEAK_GBPS,
	BASELINE_MEMORY, /* how the device's channels were chosen */
	BASELINE_RATIO_NONE,
	BASELINE_RATIO_JEDEC,
	BASELINE_RECORD, /* id of the host's record, or why there is no ratio */
	BASELINE_COLUMNS
};
extern const struct grid_column pim_baseline_columns[BASELINE_COLUMNS];
/* True for columns that the table on a terminal leaves out. */
bool pim_baseline_wide(size_t column);

struct pim_baseline {
	const char *path;
	struct results results;
	const struct mw_record *memory; /* the highest bandwidth of main memory; NULL: none */
};

/* Reads a results.json, a run's folder, or a list of records as --format=json prints it. MW_ESPEC with a line in err
 * where it cannot be read, MW_EUNAVAILABLE where it has nothing to compare with. Free with pim_baseline_fini in every
 * case. */
int pim_baseline_read(struct pim_baseline *b, const char *path, char *err, size_t n);
void pim_baseline_fini(struct pim_baseline *b);

/* Writes the SPEC with as many channels as the host's memory, or as its measured rate needs where these are not known;
 * unchanged where it says channels itself or the device has no such key. *how: words for BASELINE_MEMORY. */
int pim_baseline_spec(const struct pim_baseline *b, const struct pim_library *library, const char *spec, char *text,
		      size_t size, const char **how, char *err, size_t n);

/* Fills the cells of one row. gops: rate of the device without and with the limit on activations; NaN: unknown. */
int pim_baseline_row(const struct pim_baseline *b, struct pim_device *dev, enum pim_op op, struct pim_type type,
		     const double gops[2], const char *how, struct mw_buf cells[BASELINE_COLUMNS]);

/* Lines below the table. */
void pim_baseline_notes(FILE *f, const struct pim_baseline *b);

#endif
