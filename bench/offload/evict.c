#include "bench/offload/offload.h"

enum { LINE = 64 };

#if defined(__x86_64__)

const char *offload_flush_name(void)
{
	return mw_cpu_has(MW_CPU_CLFLUSHOPT) ? "clflushopt" : "clflush";
}

void offload_flush(const void *p, size_t bytes)
{
	const char *c = p;
	if (mw_cpu_has(MW_CPU_CLFLUSHOPT))
		for (size_t i = 0; i < bytes; i += LINE)
			__asm__ volatile("clflushopt (%0)" ::"r"(c + i) : "memory");
	else
		for (size_t i = 0; i < bytes; i += LINE)
			__asm__ volatile("clflush (%0)" ::"r"(c + i) : "memory");
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
