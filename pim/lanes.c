#include "pim/lanes.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/core/text.h"

#define HUGE_PAGE ((size_t)2 << 20)

static size_t round_up(size_t bytes, size_t unit)
{
	return bytes > SIZE_MAX - unit ? 0 : (bytes + unit - 1) / unit * unit;
}

static void *map_huge(size_t bytes)
{
	size_t room = bytes + HUGE_PAGE;
	char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t head = (size_t)(-(uintptr_t)p % HUGE_PAGE);
	if (head)
		(void)munmap(p, head);
	if (room - head - bytes)
		(void)munmap(p + head + bytes, room - head - bytes);
	(void)madvise(p + head, bytes, MADV_HUGEPAGE);
	return p + head;
}

void *lanes_alloc(size_t bytes)
{
	if (bytes >= 2 * HUGE_PAGE) {
		size_t whole = round_up(bytes, HUGE_PAGE);
		return whole && whole <= SIZE_MAX - HUGE_PAGE ? map_huge(whole) : NULL;
	}
	size_t whole = round_up(bytes, LANES_LINE);
	void *p = aligned_alloc(LANES_LINE, whole);
	if (p)
		memset(p, 0, whole);
	return p;
}

void lanes_free(void *p, size_t bytes)
{
	if (!p)
		return;
	if (bytes >= 2 * HUGE_PAGE)
		(void)munmap(p, round_up(bytes, HUGE_PAGE));
	else
		free(p);
}

/* Bytes of one cache of CPU 0, from sysfs; 0 when sysfs does not say. */
static size_t cache_index(int index)
{
	char path[80], text[32];
	unsigned long kib = 0;
	mw_format(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n > 0) {
		char *end;
		text[n] = '\0';
		kib = strtoul(text, &end, 10);
		kib = *end == 'M' ? kib << 10 : *end == 'K' ? kib : 0;
	}
	return (size_t)kib << 10;
}

size_t lanes_cache_bytes(void)
{
	/* Not sysconf(_SC_LEVEL3_CACHE_SIZE), which returns the sum of all last-level caches. */
	size_t l3 = cache_index(3);
	return l3 ? l3 : (size_t)32 << 20;
}

enum mw_bulk_store lanes_store(size_t bytes, unsigned n_src, size_t cache_bytes)
{
	return bytes > cache_bytes / (n_src + 1) ? MW_STORE_NT : MW_STORE_ORDINARY;
}

void lanes_slice(size_t bytes, size_t grain, size_t i, size_t n, size_t *begin, size_t *end)
{
	size_t units = bytes / grain + (bytes % grain != 0);
	size_t share = units / n, rest = units % n;
	size_t b = (i * share + (i < rest ? i : rest)) * grain;
	size_t e = b + (share + (i < rest)) * grain;
	*begin = b < bytes ? b : bytes;
	*end = e < bytes ? e : bytes;
}

struct job {
	mw_bulk_fn fn;
	char *dst;
	const char *src[3];
	unsigned n_src;
	size_t bytes, n;
	bool pattern; /* src[0] is a pattern, not a range */
};

static void job_slice(void *arg, size_t i)
{
	const struct job *j = arg;
	size_t b, e;
	lanes_slice(j->bytes, 4096, i, j->n, &b, &e);
	const void *src[3];
	for (unsigned k = 0; k < 3; k++)
		src[k] = k < j->n_src ? j->src[k] + (j->pattern ? 0 : b) : NULL;
	if (e > b)
		j->fn(j->dst + b, src, e - b);
}

static size_t slices(const struct pim_call *call, size_t bytes)
{
	/* Fewer bytes take longer in several threads than in one. */
	return bytes < ((size_t)256 << 10) ? 1 : pim_call_threads(call);
}

void lanes_run(struct pim_call *call, mw_bulk_fn fn, void *dst, const void *const *src, unsigned n_src, size_t bytes)
{
	struct job j = {.fn = fn, .dst = dst, .n_src = n_src ? n_src : 1, .bytes = bytes, .pattern = n_src == 0};
	for (unsigned k = 0; k < j.n_src; k++)
		j.src[k] = src[k];
	j.n = slices(call, bytes);
	pim_call_run(call, j.n, job_slice, &j);
}

void lanes_copy(struct pim_call *call, void *dst, const void *src, size_t bytes, size_t cache_bytes)
{
	lanes_run(call, mw_bulk_best(MW_BULK_COPY, lanes_store(bytes, 1, cache_bytes)), dst, &src, 1, bytes);
}

void lanes_mask_tail(void *host, uint64_t bits)
{
	unsigned used = (unsigned)(bits % 8);
	if (used)
		((unsigned char *)host)[bits / 8] &= (unsigned char)((1u << used) - 1);
}

mw_wide lanes_ps(mw_wide bytes, double gbps)
{
	uint64_t rate = (uint64_t)llround(gbps * 1000); /* bytes per us */
	return (bytes * 1000000u + rate - 1) / rate;
}
