#include "base/sys/pages.h"

#include <errno.h>
#include <limits.h>
#include <numaif.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/core/stats.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Start of the smaps entry "START-END perms ..." whose range holds address; NULL when there is none. */
static const char *find_entry(const char *smaps, uintptr_t address)
{
	for (const char *line = smaps; line && *line;) {
		unsigned long start, end;
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2 && address >= start && address < end)
			return line;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

void mw_pages_obtained(int root_fd, const void *p, size_t bytes, char *out, size_t n)
{
	mw_format(out, n, "unknown");
	char *smaps = mw_tree_slurp(root_fd, "proc/self/smaps");
	const char *entry = smaps ? find_entry(smaps, (uintptr_t)p) : NULL;
	uint64_t page_kb, huge_kb = 0;
	if (entry && mw_text_u64(entry, "KernelPageSize", &page_kb) && page_kb) {
		/* The first "AnonHugePages" behind the start of the entry belongs to it: either every entry has one or
		 * none. */
		(void)mw_text_u64(entry, "AnonHugePages", &huge_kb);
		uint64_t percent = (huge_kb << 10) * 100 / bytes;
		if (page_kb >= 1024 * 1024)
			mw_format(out, n, "%lluG", (unsigned long long)(page_kb >> 20));
		else if (page_kb >= 1024)
			mw_format(out, n, "%lluM", (unsigned long long)(page_kb >> 10));
		else if (huge_kb << 10 >= bytes)
			mw_format(out, n, "thp");
		else if (huge_kb)
			mw_format(out, n, "thp %llu%%", (unsigned long long)percent);
		else
			mw_format(out, n, "%lluK", (unsigned long long)page_kb);
	}
	free(smaps);
}

int mw_pages_node(void *p, size_t bytes)
{
	enum { SAMPLE = 256 };
	void *pages[SAMPLE];
	int status[SAMPLE];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = bytes / page;
	size_t n = count < SAMPLE ? count : SAMPLE;
	if (n == 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		pages[i] = (char *)p + count * i / n * page;
		status[i] = -ENOENT;
	}
	if (move_pages(0, n, pages, NULL, status, 0) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (status[i] < 0 || status[i] != status[0])
			return -1;
	return status[0];
}

size_t mw_pages_pick(size_t i, size_t n, size_t count)
{
	size_t begin = count * i / n, end = count * (i + 1) / n;
	uint64_t seed = i;
	return begin + (end > begin + 1 ? (size_t)mw_random_below(&seed, end - begin) : 0);
}

void mw_pages_shares(const int *nodes, size_t n, struct mw_buf *out)
{
	size_t known = 0;
	int last = -1;
	for (size_t i = 0; i < n; i++)
		known += nodes[i] >= 0;
	while (known) {
		/* The next node in numerical order. */
		int node = INT_MAX;
		size_t count = 0;
		for (size_t i = 0; i < n; i++)
			node = nodes[i] > last && nodes[i] < node ? nodes[i] : node;
		if (node == INT_MAX)
			return;
		for (size_t i = 0; i < n; i++)
			count += nodes[i] == node;
		if (count == known)
			mw_buf_add(out, "%d", node);
		else
			mw_buf_add(out, "%s%d: %.0f %%", last >= 0 ? ", " : "", node,
				   100.0 * (double)count / (double)known);
		last = node;
	}
}

void mw_pages_placed(void *p, size_t bytes, struct mw_buf *out)
{
	enum { SAMPLE = 4096 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = bytes / page;
	size_t n = count < SAMPLE ? count : SAMPLE;
	void **pages = calloc(n + 1, sizeof(*pages));
	int *nodes = calloc(n + 1, sizeof(*nodes));
	for (size_t i = 0; pages && nodes && i < n; i++) {
		pages[i] = (char *)p + mw_pages_pick(i, n, count) * page;
		nodes[i] = -ENOENT;
	}
	if (pages && nodes && n && move_pages(0, n, pages, NULL, nodes, 0) >= 0)
		mw_pages_shares(nodes, n, out);
	free(pages);
	free(nodes);
}

void mw_pages_collapse(void *p, size_t bytes)
{
	(void)madvise(p, bytes, MADV_COLLAPSE);
}
