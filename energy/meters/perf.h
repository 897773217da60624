/* The perf meter behind its two system calls, so that tests can stand in for the kernel. */
#ifndef METER_PERF_H
#define METER_PERF_H

#include <stddef.h>
#include <stdint.h>

struct perf_sys {
	/* Descriptor of a running system-wide counter on one CPU, or -errno. */
	int (*event_open)(void *self, uint32_t type, uint64_t config, int cpu);
	/* Its count since it was opened, or -errno. */
	int (*event_read)(void *self, int fd, uint64_t *count);
	void *self;
};

/* The running kernel's. */
extern const struct perf_sys perf_kernel;

int perf_open_with(const struct perf_sys *sys, const char *root, void **state, char *why, size_t n);

#endif
