/* The perf meter, with the system calls as a table, so that tests can replace the kernel. */
#ifndef METER_PERF_H
#define METER_PERF_H

#include <stddef.h>

#include "base/sys/counters.h"

/* As energy_meter.open, with the system calls given. */
int perf_open_with(const struct mw_counter_sys *sys, const char *root, void **state, char *why, size_t n);

#endif
