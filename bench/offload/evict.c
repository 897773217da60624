#include "bench/offload/offload.h"

enum { LINE = 64 };

#if defined(__x86_64__)

const char *offload_flush_name(void)
{
	return mw_cpu_has(MW_CPU_CLFLUSHOPT) ? "clflushopt" : "clflush";
}

static inline void clflushopt(const char *line)
{
	__asm__ volatile("clflushopt (%0)" ::"r"(line) : "memory");
}

static inline void clflush(const char *line)
{
	__asm__ volatile("clflush (%0)" ::"r"(line) : "memory");
}

void offload_flush(const void *p, size_t bytes)
{
	if (mw_cpu_has(MW_CPU_CLFLUSHOPT))
		offload_each_line(p, bytes, clflushopt);
	else
		offload_each_line(p, bytes, clflush);
	__asm__ volatile("mfence" ::: "memory");
}

#else

const char *offload_flush_name(void)
{
	return NULL;
}

void offload_flush(const void *p, size_t bytes)
{
	(void)p;
	(void)bytes;
}

#endif

void offload_stream(const void *p, size_t bytes)
{
	const volatile char *c = p;
	for (size_t i = 0; i < bytes; i += LINE)
		(void)c[i];
}
