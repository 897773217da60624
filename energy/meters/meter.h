/* An energy meter is one file and one `const struct energy_meter meter_NAME`; the makefile finds it. */
#ifndef MW_METER_H
#define MW_METER_H

#include <stddef.h>
#include <stdint.h>

#define METER_MAX_DOMAINS 64

struct energy_domain {
	char name[48];  /* "package-0", "package-0/dram", "psys", ... unique within a meter */
	char kind[16];  /* "package", "dram", "core", "uncore", "psys", "socket" */
	int socket;     /* -1 unknown */
	double unit_j;  /* one counter tick in joule */
	uint64_t range; /* ticks at which the counter wraps; 0 = never or unknown */
};

struct energy_reading {
	uint64_t t_ns;
	uint64_t ticks[METER_MAX_DOMAINS]; /* accumulated since open, wraps already resolved */
	unsigned wraps[METER_MAX_DOMAINS];
};

struct energy_meter {
	const char *name; /* papi, perf, powercap, hsmp, hwmon */
	const char *summary;
	const char *dependency; /* optional library or NULL */
	/* Opens every domain below root ("/" or a captured tree). MW_EUNAVAILABLE and why in words when there is none:
	 * never an empty success. *state is freed by close. */
	int (*open)(const char *root, void **state, char *why, size_t n);
	size_t (*domains)(const void *state, struct energy_domain *v, size_t max);
	/* Must be called more often than the counter wraps (minutes). -EIO and why when a counter cannot be read or
	 * goes backwards without a wrap that explains it. */
	int (*read)(void *state, struct energy_reading *r, char *why, size_t n);
	void (*close)(void *state);
};

extern const struct energy_meter *const meter_table[]; /* generated, ended by NULL */

/* First meter that opens, in table order of preference; reasons of all others joined into why ("; "). */
int energy_open_best(const char *root, const struct energy_meter **m, void **state, char *why, size_t n);

#endif
