#include "base/sys/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

/* ---- the kernel ---- */

static int kernel_open(void *self, const struct perf_event_attr *attr, int cpu)
{
	(void)self;
	long fd = syscall(SYS_perf_event_open, attr, cpu < 0 ? 0 : -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

static int kernel_read(void *self, int fd, struct mw_counter_value *out)
{
	(void)self;
	ssize_t got = read(fd, out, sizeof(*out));
	if (got < 0)
		return -errno;
	return got == (ssize_t)sizeof(*out) ? 0 : -EIO; /* 0 bytes: the event is in the error state */
}

static void kernel_close(void *self, int fd)
{
	(void)self;
	(void)close(fd);
}

const struct mw_counter_sys mw_counter_kernel = {.open = kernel_open, .read = kernel_read, .close = kernel_close};

/* ---- differences ---- */

int mw_counter_delta(const struct mw_counter_value *from, const struct mw_counter_value *to, double *events)
{
	uint64_t count = to->count - from->count; /* modulo 2^64: right across a wrap */
	uint64_t enabled = to->enabled_ns - from->enabled_ns, running = to->running_ns - from->running_ns;
	if (count >> 63 || enabled >> 63 || running >> 63)
		return -EIO;
	if (running == 0)
		return MW_EUNAVAILABLE;
	*events = (double)count;
	if (running < enabled)
		*events *= (double)enabled / (double)running;
	return 0;
}

/* ---- of one thread ---- */

#define CACHE_EVENT(op, result)                                                                                        \
	((uint64_t)PERF_COUNT_HW_CACHE_LL | (uint64_t)PERF_COUNT_HW_CACHE_OP_##op << 8 |                               \
	 (uint64_t)PERF_COUNT_HW_CACHE_RESULT_##result << 16)

static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} thread_events[MW_THREAD_EVENTS] = {
	[MW_LLC_READ_MISSES] = {"read misses of the last-level cache", PERF_TYPE_HW_CACHE, CACHE_EVENT(READ, MISS)},
	[MW_LLC_WRITE_MISSES] = {"write misses of the last-level cache", PERF_TYPE_HW_CACHE, CACHE_EVENT(WRITE, MISS)},
	[MW_LLC_PREFETCH_MISSES] = {"prefetch misses of the last-level cache", PERF_TYPE_HW_CACHE,
				    CACHE_EVENT(PREFETCH, MISS)},
	[MW_CORE_CYCLES] = {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	[MW_STALLED_CYCLES] = {"stalled cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
};

const char *mw_thread_event_name(enum mw_thread_event e)
{
	return thread_events[e].name;
}

void mw_thread_counters_open(const struct mw_counter_sys *sys, struct mw_thread_counters *c)
{
	for (int e = 0; e < MW_THREAD_EVENTS; e++) {
		struct perf_event_attr attr = {
			.type = thread_events[e].type,
			.size = sizeof(attr),
			.config = thread_events[e].config,
			.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
			.exclude_kernel = 1, /* allowed to ordinary users up to perf_event_paranoid 2 */
			.exclude_hv = 1,
		};
		c->fd[e] = sys->open(sys->self, &attr, -1);
	}
}

void mw_thread_counters_close(const struct mw_counter_sys *sys, struct mw_thread_counters *c)
{
	for (int e = 0; e < MW_THREAD_EVENTS; e++) {
		if (c->fd[e] >= 0)
			sys->close(sys->self, c->fd[e]);
		c->fd[e] = -EBADF;
	}
}

int mw_thread_counters_read(const struct mw_counter_sys *sys, const struct mw_thread_counters *c,
			    enum mw_thread_event e, struct mw_counter_value *out)
{
	return c->fd[e] < 0 ? c->fd[e] : sys->read(sys->self, c->fd[e], out);
}

/* ---- reasons ---- */

static bool is_guest(int root_fd)
{
	char *text = mw_tree_slurp(root_fd, "proc/cpuinfo"), flags[4096] = "";
	bool guest = text && mw_text_str(text, "flags", flags, sizeof(flags)) && strstr(flags, " hypervisor");
	free(text);
	return guest;
}

static void why_refused(int root_fd, const char *event, int needed, char *why, size_t n)
{
	char text[32];
	int level = mw_tree_read(root_fd, "proc/sys/kernel/perf_event_paranoid", text, sizeof(text)) > 0 ? atoi(text)
													 : needed;
	if (level > needed)
		mw_clip(why, n,
			"%s may not be counted: kernel.perf_event_paranoid is %d; allow it as root with: "
			"sysctl kernel.perf_event_paranoid=%d",
			event, level, needed);
	else
		mw_clip(why, n,
			"%s may not be counted: the kernel refuses perf_event_open, as containers' seccomp profiles "
			"do; allow that call, or run outside the container",
			event);
}

int mw_counter_why(const char *root, int rc, const char *event, int needed, char *why, size_t n)
{
	int root_fd = mw_tree_open(root);
	switch (-rc) {
	case EACCES:
	case EPERM:
		why_refused(root_fd, event, needed, why, n);
		break;
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
	case ENXIO:
	case EINVAL:
		mw_clip(why, n,
			is_guest(root_fd) ? "the CPU of this virtual machine does not count %s (no PMU)"
					  : "this CPU, or the kernel's driver for it, does not count %s",
			event);
		break;
	case ENOSYS:
		mw_clip(why, n, "this kernel was built without perf events");
		break;
	default:
		mw_clip(why, n, "%s cannot be counted: %s", event,
			rc == MW_EUNAVAILABLE ? "other users of the counters left no time for it" : mw_strerror(rc));
	}
	if (root_fd >= 0)
		(void)close(root_fd);
	return MW_EUNAVAILABLE;
}
