/* An energy meter is one file and one `const struct energy_meter meter_NAME`; the makefile finds it. */
#ifndef MW_METER_H
#define MW_METER_H

#include <stddef.h>
#include <stdint.h>

/* Domains of one meter. Larger machines are refused with their number: a sum over a part of them would be wrong. */
#define METER_MAX_DOMAINS 256
/* No socket, DIMM group or server board that these meters read draws more; it bounds how often a counter can wrap
 * between two reads and tells a wrong reading from a right one. */
#define METER_MAX_WATT 2000.0

struct energy_domain {
	char name[48];  /* "package-0", "package-0/dram", "psys", ... unique within a meter */
	char kind[16];  /* "package", "dram", "core", "uncore", "psys", "socket", "system" */
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
	const char *name; /* papi, perf, powercap, hwmon */
	const char *summary;
	const char *dependency; /* optional library or NULL */
	int preference;         /* energy_open_best tries the lowest first */
	/* Opens every domain below root ("/" or a captured tree). MW_EUNAVAILABLE and why in words when there is none:
	 * never an empty success. On success why holds what had to be left out, or "": a domain that cannot be read
	 * (denied, unplugged, not a number). One that a lack of memory or descriptors kept out may be read in the next
	 * moment, and a sum without it would be wrong: no meter, MW_EUNAVAILABLE or -ENOMEM. *state is freed by close.
	 */
	int (*open)(const char *root, void **state, char *why, size_t n);
	size_t (*domains)(const void *state, struct energy_domain *v, size_t max);
	/* Must be called more often than energy_max_interval_s says. -EIO and why when a counter cannot be read, or
	 * goes backwards without a wrap that explains it, or may have wrapped more than once. */
	int (*read)(void *state, struct energy_reading *r, char *why, size_t n);
	void (*close)(void *state);
};

extern const struct energy_meter *const meter_table[]; /* generated, ended by NULL */

const struct energy_meter *energy_meter_find(const char *name);

/* First meter that opens, in the order of preference; reasons of all others joined into why ("; "). */
int energy_open_best(const char *root, const struct energy_meter **m, void **state, char *why, size_t n);

/* Seconds between two reads below which no domain can wrap twice; +inf where none wraps. */
double energy_max_interval_s(const struct energy_domain *v, size_t n);

/* Joules of one domain between two readings. -EINVAL: the window is below 50 ms, too short for counters that move
 * once per millisecond. -EIO: the counter did not move at all, which no running machine does. Both with why. */
int energy_joules(const struct energy_domain *d, size_t index, const struct energy_reading *a,
		  const struct energy_reading *b, double *joules, char *why, size_t n);

#endif
