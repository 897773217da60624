#include "bench/stride_ways.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/stats.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

/* A level is left where the latency grows by more than this factor. Replacement is rarely exact LRU, so that one line
 * too many makes only some of the loads miss; a full miss costs at least twice as much as a hit. */
#define LEFT 1.25

/* Lines that a curve holds below the limit; 0: all of them. Two neighbours above the limit, because one value may be
 * disturbed. */
static int lines_held(const struct stride_curve *c, double limit_ns)
{
	for (int i = 0; i + 1 < STRIDE_LINES; i++)
		if (c->ns[i] > limit_ns && c->ns[i + 1] > limit_ns)
			return i;
	return 0;
}

/* At strides of at least sets * 64 all curves hold the same number of lines, at smaller ones twice that or more: the
 * ways are the median of those near the smallest, so that one disturbed curve does not decide. */
static struct stride_ways ways_of(const struct stride_curve *curves, size_t n, double hit_ns)
{
	struct stride_ways found = {0};
	int held[STRIDE_CURVES], fewest = 0, near = 0;
	for (size_t i = 0; i < n; i++) {
		held[i] = lines_held(&curves[i], LEFT * hit_ns);
		if (held[i] > 0 && (fewest == 0 || held[i] < fewest))
			fewest = held[i];
	}
	for (size_t i = 0; i < n; i++)
		near += held[i] > 0 && 2 * held[i] < 3 * fewest;
	for (size_t i = 0; i < n; i++) {
		int below = 0;
		if (held[i] == 0 || 2 * held[i] >= 3 * fewest)
			continue;
		if (found.way_bytes == 0)
			found.way_bytes = curves[i].stride;
		for (size_t k = 0; k < n; k++)
			below += held[k] > 0 && held[k] < held[i];
		/* The upper median: disturbance adds to latency. */
		if (below <= near / 2 && held[i] > found.ways)
			found.ways = held[i];
	}
	return found;
}

void stride_find_ways(const struct stride_curve *curves, size_t n, struct stride_ways found[STRIDE_LEVELS])
{
	struct mw_summary beyond;
	memset(found, 0, STRIDE_LEVELS * sizeof(*found));
	if (n == 0)
		return;
	found[0] = ways_of(curves, n, fmin(curves[0].ns[0], curves[0].ns[1]));
	int left = STRIDE_LINES - found[0].ways;
	if (found[0].ways > 0 && mw_summarize(curves[0].ns + found[0].ways, (size_t)left, &beyond) == 0)
		found[1] = ways_of(curves, n, beyond.median);
}

size_t stride_find_reach(const struct stride_pair *pairs, size_t n, int *beyond)
{
	size_t reach = 0, i = 0;
	for (; i < n && pairs[i].in_order_ns < STRIDE_HELPED * pairs[i].random_ns; i++)
		reach = pairs[i].stride;
	*beyond = n > 0 && i == n;
	return reach;
}

int stride_ways_told(int root_fd, int cpu, int level)
{
	for (int i = 0; i < 8; i++) {
		static const char *const names[] = {"level", "type", "ways_of_associativity"};
		char path[96], text[3][32] = {"", "", ""};
		for (int k = 0; k < 3; k++) {
			mw_format(path, sizeof(path), "sys/devices/system/cpu/cpu%d/cache/index%d/%s", cpu, i,
				  names[k]);
			(void)mw_tree_read(root_fd, path, text[k], sizeof(text[k]));
		}
		int found = 0, ways = 0;
		if (sscanf(text[0], "%d", &found) == 1 && found == level && strcmp(text[1], "Instruction") != 0 &&
		    sscanf(text[2], "%d", &ways) == 1)
			return ways > 0 ? ways : 0;
	}
	return 0;
}
