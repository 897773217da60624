/* Memory modules by the firmware's tables (SMBIOS 3.7, types 16 and 17). */
#ifndef MW_DMI_H
#define MW_DMI_H

#include <stddef.h>
#include <stdint.h>

struct mw_module {
	uint64_t bytes;     /* 0: the slot is empty; MW_COUNT_UNKNOWN (base/core/fields.h) */
	unsigned mts;       /* configured speed in MT/s; 0: not known */
	unsigned rated_mts; /* most that the module can; 0: not known */
	unsigned ranks;     /* 0: not known */
	unsigned width;     /* data bits; 0: not known */
	const char *type;   /* "DDR5"; "" where not known */
	char *locator;      /* "P0 CHANNEL A/DIMM 0": bank and device; owned, NULL when absent */
	char *channel;      /* the part that names the memory channel; owned, NULL where it cannot be told */
};

struct mw_dmi {
	struct mw_module *v; /* one per slot; owned */
	size_t n;
};

/* Reads the slots of system memory from the table. 0; -EINVAL for a damaged one, with no slots; -ENOMEM. */
int mw_dmi_parse(const unsigned char *table, size_t n, struct mw_dmi *out);
/* The same from sys/firmware/dmi/tables/DMI, which only root may read. Other errors: -errno. */
int mw_dmi_read(int root_fd, struct mw_dmi *out);
void mw_dmi_fini(struct mw_dmi *d);

/* Length of the part of a locator that names the channel: of "P0 CHANNEL A" all, of "CPU1_DIMM_A2" that without the 2.
 * 0 where it names none ("DIMM 3"). */
size_t mw_dmi_channel(const char *locator);

#endif
