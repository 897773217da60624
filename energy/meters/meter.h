/* An energy meter is one file with one `const struct energy_meter meter_NAME`; the makefile finds it. */
#ifndef MW_METER_H
#define MW_METER_H

#include <stddef.h>
#include <stdint.h>

/* Most domains of one meter. A machine with more is refused, and the reason says how many it has: a sum over some of
 * them would be wrong. */
#define METER_MAX_DOMAINS 256
/* No socket, DIMM group or server board that these meters read draws more watts. It bounds how often a counter can wrap
 * between two reads, and identifies wrong readings. */
#define METER_MAX_WATT 2000.0

struct energy_domain {
	char name[48];  /* "package-0", "package-0/dram", "psys", ... unique within a meter */
	char kind[16];  /* "package", "dram", "core", "uncore", "psys", "socket", "system" */
	int socket;     /* -1: unknown */
	double unit_j;  /* joules per tick */
	uint64_t range; /* the counter wraps after this many ticks; 0: never, or unknown */
};

struct energy_reading {
	uint64_t t_ns;                     /* when it was read, mw_now_ns() */
	uint64_t ticks[METER_MAX_DOMAINS]; /* by domain: ticks since open, wraps included */
	unsigned wraps[METER_MAX_DOMAINS]; /* by domain: wraps since open, where the meter counts them */
};

struct energy_meter {
	const char *name; /* papi, perf, powercap, hwmon */
	const char *summary;
	const char *dependency; /* name of the optional library; NULL: none */
	int preference;         /* energy_open_best tries the lowest first */
	/* Opens every domain below root ("/" or a captured tree); *state is freed by close. MW_EUNAVAILABLE when there
	 * is none; why says the reason. On success why lists what is left out because it cannot be read (denied,
	 * unplugged, not a number), or is "". A lack of memory or descriptors fails the whole meter (MW_EUNAVAILABLE or
	 * -ENOMEM): that domain may be readable a moment later, and a sum without it would be wrong. */
	int (*open)(const char *root, void **state, char *why, size_t n);
	/* Writes up to max domains to v; returns how many there are. */
	size_t (*domains)(const void *state, struct energy_domain *v, size_t max);
	/* Reads all domains. Must be called at least every energy_max_interval_s() seconds. -EIO with why when a
	 * counter cannot be read, goes backwards without a wrap, or may have wrapped more than once. */
	int (*read)(void *state, struct energy_reading *r, char *why, size_t n);
	void (*close)(void *state);
};

extern const struct energy_meter *const meter_table[]; /* generated, ended by NULL */

/* NULL: no meter of that name. */
const struct energy_meter *energy_meter_find(const char *name);

/* Opens the first meter that can be opened, in the order of preference. why (size n) receives the reasons of the
 * others, joined by "; ". MW_EUNAVAILABLE: none. */
int energy_open_best(const char *root, const struct energy_meter **m, void **state, char *why, size_t n);

/* The longest time in s between two reads within which no domain can wrap twice; +inf where none wraps. */
double energy_max_interval_s(const struct energy_domain *v, size_t n);

/* Joules of domain number `index` between readings a and b. -EINVAL: less than 50 ms apart, too short for counters that
 * are updated every millisecond. -EIO: the counter did not move, which cannot happen on a running machine. Both with
 * why (size n). */
int energy_joules(const struct energy_domain *d, size_t index, const struct energy_reading *a,
		  const struct energy_reading *b, double *joules, char *why, size_t n);

#endif
