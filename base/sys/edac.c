#include "base/sys/edac.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/fields.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

#define CONTROLLERS "sys/devices/system/edac/mc"

enum { MAX_CHANNELS = 64, MAX_CONTROLLERS = 256 };

struct channels {
	bool seen[MAX_CHANNELS], populated[MAX_CHANNELS];
};

static DIR *open_folder(int fd, const char *path)
{
	int at = openat(fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = at < 0 ? NULL : fdopendir(at);
	if (at >= 0 && !d)
		(void)close(at);
	return d;
}

/* Channel of one memory module, from "channel 1 slot 0" or "csrow 0 channel 1". */
static void see_module(int fd, const char *name, struct channels *c)
{
	char path[300], text[128];
	uint64_t size = 0;
	int channel = -1;
	if (mw_fit(path, sizeof(path), "%s/dimm_location", name) < 0)
		return;
	const char *at = mw_tree_read(fd, path, text, sizeof(text)) > 0 ? strstr(text, "channel ") : NULL;
	if (!at || sscanf(at, "channel %d", &channel) != 1 || channel < 0 || channel >= MAX_CHANNELS)
		return;
	mw_format(path, sizeof(path), "%s/size", name);
	c->seen[channel] = true;
	if (mw_tree_u64(fd, path, &size) == 0 && size > 0)
		c->populated[channel] = true;
}

static void add_count(int fd, const char *name, uint64_t *sum)
{
	uint64_t v;
	if (mw_tree_u64(fd, name, &v) == 0)
		*sum = *sum == MW_COUNT_UNKNOWN ? v : *sum + v;
}

static void read_controller(int fd, struct mw_edac *out)
{
	struct channels c = {{false}, {false}};
	DIR *d = open_folder(fd, ".");
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (strncmp(e->d_name, "dimm", 4) == 0 || strncmp(e->d_name, "rank", 4) == 0)
			see_module(fd, e->d_name, &c);
	if (d)
		(void)closedir(d);
	for (int i = 0; i < MAX_CHANNELS; i++) {
		out->channels += c.populated[i];
		out->slots_channels += c.seen[i];
	}
	add_count(fd, "ce_count", &out->corrected);
	add_count(fd, "ue_count", &out->uncorrected);
	out->controllers++;
}

void mw_edac_read(int root_fd, struct mw_edac *out)
{
	*out = (struct mw_edac){.corrected = MW_COUNT_UNKNOWN, .uncorrected = MW_COUNT_UNKNOWN};
	DIR *d = open_folder(root_fd, CONTROLLERS);
	for (const struct dirent *e = d ? readdir(d) : NULL; e && out->controllers < MAX_CONTROLLERS; e = readdir(d)) {
		if (strncmp(e->d_name, "mc", 2) != 0 || !isdigit((unsigned char)e->d_name[2]))
			continue;
		int fd = openat(dirfd(d), e->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		read_controller(fd, out);
		(void)close(fd);
	}
	if (d)
		(void)closedir(d);
}
