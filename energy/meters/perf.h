/* The perf meter's two system calls as a table, so that tests can replace the kernel. */
#ifndef METER_PERF_H
#define METER_PERF_H

#include <stddef.h>
#include <stdint.h>

struct perf_sys {
	/* Opens a system-wide counter on one CPU and starts it. Returns a descriptor, or -errno. */
	int (*event_open)(void *self, uint32_t type, uint64_t config, int cpu);
	/* Reads its count since it was opened. 0, or -errno. */
	int (*event_read)(void *self, int fd, uint64_t *count);
	void *self;
};

/* The system calls of the running kernel. */
extern const struct perf_sys perf_kernel;

/* As energy_meter.open, with the system calls given. */
int perf_open_with(const struct perf_sys *sys, const char *root, void **state, char *why, size_t n);

#endif
