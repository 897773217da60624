/* Number of memory channels by the kernel's error-detection drivers (EDAC). Guests and machines without such a driver
 * do not have it. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/core/text.h"
#include "bench/offload/offload.h"

enum { MAX_CHANNELS = 64 };

static bool read_line(const char *dir, const char *name, char *out, size_t n)
{
	char path[640];
	bool fits = (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path);
	FILE *f = fits ? fopen(path, "re") : NULL;
	bool ok = f && fgets(out, (int)n, f);
	if (f)
		(void)fclose(f);
	return ok;
}

/* Channel of one memory module, from "channel 1 slot 0" or "csrow 0 channel 1"; -1 when the slot is empty or not
 * known. */
static int channel_of(const char *dir)
{
	char text[128];
	int channel = -1;
	long size = 0;
	if (!read_line(dir, "size", text, sizeof(text)) || sscanf(text, "%ld", &size) != 1 || size <= 0)
		return -1;
	const char *word = read_line(dir, "dimm_location", text, sizeof(text)) ? strstr(text, "channel ") : NULL;
	return word && sscanf(word, "channel %d", &channel) == 1 && channel < MAX_CHANNELS ? channel : -1;
}

/* Number of populated channels of one memory controller. */
static int count_controller(const char *dir)
{
	bool seen[MAX_CHANNELS] = {false};
	int n = 0;
	DIR *d = opendir(dir);
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		char path[512];
		if (strncmp(e->d_name, "dimm", 4) != 0 && strncmp(e->d_name, "rank", 4) != 0)
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= sizeof(path))
			continue;
		int c = channel_of(path);
		if (c >= 0 && !seen[c]) {
			seen[c] = true;
			n++;
		}
	}
	if (d)
		(void)closedir(d);
	return n;
}

int offload_channels(const char *root)
{
	char base[256];
	int n = 0;
	if (mw_fit(base, sizeof(base), "%s/sys/devices/system/edac/mc", strcmp(root, "/") == 0 ? "" : root))
		return 0;
	DIR *d = opendir(base);
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		char path[512];
		if (strncmp(e->d_name, "mc", 2) != 0 || e->d_name[2] < '0' || e->d_name[2] > '9')
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", base, e->d_name) < sizeof(path))
			n += count_controller(path);
	}
	if (d)
		(void)closedir(d);
	return n;
}
