/* Hardware counters of the kernel's perf: cache misses and cycles of a thread, bytes through the memory controllers.
 *
 * perf_event_open is called directly. PAPI would add nothing here: its events of caches are these, and memory
 * controllers are counted by the same system call. All reading of /proc and /sys is below a root directory, which may
 * be a captured tree. */
#ifndef MW_COUNTERS_H
#define MW_COUNTERS_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One reading of an event: its count, and the ns since it was opened and on a counter (less than the former where the
 * kernel had more events than counters and took turns). */
struct mw_counter_value {
	uint64_t count, enabled_ns, running_ns;
};

/* The system calls, so that tests can replace the kernel. */
struct mw_counter_sys {
	void *self;
	/* Counts the calling thread when cpu is -1, else all of that CPU. A descriptor, or -errno. */
	int (*open)(void *self, const struct perf_event_attr *attr, int cpu);
	int (*read)(void *self, int fd, struct mw_counter_value *out); /* 0 or -errno */
	void (*close)(void *self, int fd);
};
extern const struct mw_counter_sys mw_counter_kernel;

/* Events between two readings, scaled to the whole time where the counter was shared. Counters are 64 bits wide and may
 * wrap once. MW_EUNAVAILABLE when the event was never on a counter in between; -EIO when the count went backwards. */
int mw_counter_delta(const struct mw_counter_value *from, const struct mw_counter_value *to, double *events);

/* ---- of one thread ---- */

enum mw_thread_event {
	MW_LLC_READ_MISSES,     /* loads that missed the last-level cache */
	MW_LLC_WRITE_MISSES,    /* stores, mostly as reads for ownership */
	MW_LLC_PREFETCH_MISSES, /* prefetches, where the CPU counts them apart */
	MW_CORE_CYCLES,
	MW_STALLED_CYCLES, /* cycles in which the core waited for data or execution units */
	MW_THREAD_EVENTS
};

const char *mw_thread_event_name(enum mw_thread_event e);

struct mw_thread_counters {
	int fd[MW_THREAD_EVENTS]; /* a descriptor, or the -errno with which it could not be opened */
};

/* Opens the events of the calling thread, each by itself, in user mode only. */
void mw_thread_counters_open(const struct mw_counter_sys *sys, struct mw_thread_counters *c);
void mw_thread_counters_close(const struct mw_counter_sys *sys, struct mw_thread_counters *c);
/* Reads one event; any thread may. 0, or -errno, also that of opening. */
int mw_thread_counters_read(const struct mw_counter_sys *sys, const struct mw_thread_counters *c,
			    enum mw_thread_event e, struct mw_counter_value *out);

/* Why an event could not be opened or read, for users: "the CPU of this virtual machine has no counters (PMU)", or with
 * the command that allows it. needed: highest /proc/sys/kernel/perf_event_paranoid that allows such events. Returns
 * MW_EUNAVAILABLE. */
int mw_counter_why(const char *root, int rc, const char *event, int needed, char *why, size_t n);
enum { MW_PARANOID_THREAD = 2, MW_PARANOID_SYSTEM = 0 };

/* ---- memory controllers ---- */

struct mw_controllers;

/* Opens the counters of all memory controllers: uncore_imc* of Intel by the event names of the kernel, amd_umc* of AMD
 * (Zen 4 and later). A part of them would be a part of the traffic, so one that cannot be opened fails the call:
 * MW_EUNAVAILABLE with the reason in why, or -ENOMEM. */
int mw_controllers_open(const struct mw_counter_sys *sys, const char *root, struct mw_controllers **out, char *why,
			size_t n);
void mw_controllers_close(struct mw_controllers *c); /* NULL is allowed */
/* "8 of uncore_imc" */
const char *mw_controllers_words(const struct mw_controllers *c);

struct mw_controller_bytes {
	double read, written;
};

/* Bytes since the previous call, or since they were opened. MW_EUNAVAILABLE or -errno with why. */
int mw_controllers_take(struct mw_controllers *c, struct mw_controller_bytes *out, char *why, size_t n);

#endif
