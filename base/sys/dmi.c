#include "base/sys/dmi.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/core/fields.h"
#include "base/sys/tree.h"

enum {
	HEADER = 4,
	MEMORY_ARRAY = 16,
	MEMORY_DEVICE = 17,
	END_OF_TABLE = 127,
	SYSTEM_MEMORY = 3, /* use of an array */
	HANDLES = 65536,
	MOST_SLOTS = 4096,
};

/* One structure of the table: `len` bytes, then its strings, each ended by NUL, and another NUL. */
struct structure {
	const unsigned char *p;
	size_t len;
	unsigned type, handle;
	const char *strings, *end; /* end: of the last string's NUL */
};

static unsigned word(const struct structure *s, size_t at)
{
	return at + 2 <= s->len ? s->p[at] | (unsigned)s->p[at + 1] << 8 : 0;
}

static uint32_t dword(const struct structure *s, size_t at)
{
	return at + 4 <= s->len ? word(s, at) | (uint32_t)word(s, at + 2) << 16 : 0;
}

static unsigned byte(const struct structure *s, size_t at)
{
	return at < s->len ? s->p[at] : 0;
}

/* String number k (from 1) of the structure; "" when it has none. */
static const char *string(const struct structure *s, unsigned k)
{
	const char *at = s->strings;
	for (; k > 1 && at < s->end; k--)
		at += strlen(at) + 1;
	return k && at < s->end ? at : "";
}

/* The structure at *at, which moves past it. 0 at the end of the table, -EINVAL for a damaged one. */
static int next(const unsigned char *table, size_t n, size_t *at, struct structure *s)
{
	const unsigned char *p = table + *at;
	size_t left = n - *at;
	if (left < HEADER)
		return left ? -EINVAL : 0;
	*s = (struct structure){.p = p, .len = p[1], .type = p[0], .handle = p[2] | (unsigned)p[3] << 8};
	if (s->len < HEADER || s->len + 2 > left)
		return -EINVAL;
	size_t end = s->len; /* of the strings: two NULs */
	while (end + 2 <= left && (p[end] || p[end + 1]))
		end++;
	if (end + 2 > left)
		return -EINVAL;
	s->strings = (const char *)p + s->len;
	s->end = (const char *)p + end + (end > s->len);
	*at += end + 2;
	return s->type != END_OF_TABLE;
}

static const char *type_name(unsigned type)
{
	static const char *const names[] = {
		[0x18] = "DDR3",   [0x1a] = "DDR4",   [0x1b] = "LPDDR", [0x1c] = "LPDDR2",
		[0x1d] = "LPDDR3", [0x1e] = "LPDDR4", [0x20] = "HBM",   [0x21] = "HBM2",
		[0x22] = "DDR5",   [0x23] = "LPDDR5", [0x24] = "HBM3",
	};
	return type < sizeof(names) / sizeof(names[0]) && names[type] ? names[type] : "";
}

static uint64_t size_of(const struct structure *s)
{
	enum { UNKNOWN = 0xffff, EXTENDED = 0x7fff, IN_KB = 0x8000 };
	unsigned size = word(s, 0x0c);
	if (size == UNKNOWN)
		return MW_COUNT_UNKNOWN;
	if (size == EXTENDED) {
		uint64_t mib = dword(s, 0x1c) & 0x7fffffff;
		return mib ? mib << 20 : MW_COUNT_UNKNOWN;
	}
	return size & IN_KB ? (uint64_t)(size & ~(unsigned)IN_KB) << 10 : (uint64_t)size << 20;
}

/* MT/s in a word, or in a double word further back where the word is full. */
static unsigned speed_of(const struct structure *s, size_t at, size_t extended)
{
	unsigned v = word(s, at);
	return v == 0xffff ? dword(s, extended) & 0x7fffffff : v;
}

size_t mw_dmi_channel(const char *locator)
{
	const char *named = strcasestr(locator, "channel");
	if (named) {
		const char *c = named + strlen("channel");
		while (*c == ' ' || *c == '_' || *c == '-' || *c == ':')
			c++;
		const char *first = c;
		while (isalnum((unsigned char)*c) && c - first < 2 && strncasecmp(c, "dimm", 4) != 0)
			c++;
		return c > first ? (size_t)(c - locator) : 0;
	}
	/* "DIMM_A1", "P1-DIMMA1", "DIMM_P0_A0": a letter for the channel, then the number of the slot. */
	size_t len = strlen(locator), digits = 0;
	while (digits < len && isdigit((unsigned char)locator[len - digits - 1]))
		digits++;
	size_t head = len - digits;
	if (!strcasestr(locator, "dimm") || digits == 0 || head < 5 || !isalpha((unsigned char)locator[head - 1]))
		return 0;
	bool alone = !isalnum((unsigned char)locator[head - 2]);
	bool behind = strncasecmp(locator + head - 5, "dimm", 4) == 0;
	return alone || behind ? head : 0;
}

/* Names of channels and slots: some firmware puts the channel into the bank's name, some into the slot's. */
static int locate(const struct structure *s, struct mw_module *m)
{
	const char *slot = string(s, byte(s, 0x10)), *bank = string(s, byte(s, 0x11));
	size_t in_bank = mw_dmi_channel(bank), in_slot = mw_dmi_channel(slot);
	if (*bank || *slot) {
		if (asprintf(&m->locator, "%s%s%s", bank, *bank && *slot ? "/" : "", slot) < 0) {
			m->locator = NULL;
			return -ENOMEM;
		}
	}
	/* The bank's name as a whole belongs to the channel of a slot ("NODE 1" and "DIMM_A1"). */
	if (in_bank) {
		m->channel = strndup(bank, in_bank);
	} else if (in_slot && asprintf(&m->channel, "%s/%.*s", bank, (int)in_slot, slot) < 0) {
		m->channel = NULL;
		return -ENOMEM;
	}
	return (in_bank || in_slot) && !m->channel ? -ENOMEM : 0;
}

static int add_module(const struct structure *s, struct mw_dmi *out)
{
	if (out->n == MOST_SLOTS)
		return -EINVAL;
	struct mw_module *grown = realloc(out->v, (out->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	out->v = grown;
	struct mw_module *m = &out->v[out->n++];
	unsigned width = word(s, 0x0a);
	*m = (struct mw_module){
		.bytes = size_of(s),
		.rated_mts = speed_of(s, 0x15, 0x54),
		.mts = speed_of(s, 0x20, 0x58),
		.ranks = byte(s, 0x1b) & 0xf,
		.width = width == 0xffff ? 0 : width,
		.type = type_name(byte(s, 0x12)),
	};
	return locate(s, m);
}

/* Marks the arrays that are no system memory, such as flash for the firmware. */
static int find_others(const unsigned char *table, size_t n, bool *other)
{
	struct structure s;
	size_t at = 0;
	int rc;
	while ((rc = next(table, n, &at, &s)) > 0)
		if (s.type == MEMORY_ARRAY && byte(&s, 5) != SYSTEM_MEMORY)
			other[s.handle] = true;
	return rc;
}

int mw_dmi_parse(const unsigned char *table, size_t n, struct mw_dmi *out)
{
	struct structure s;
	size_t at = 0;
	*out = (struct mw_dmi){NULL, 0};
	bool *other = calloc(HANDLES, sizeof(*other));
	int rc = other ? find_others(table, n, other) : -ENOMEM;
	while (rc == 0 && next(table, n, &at, &s) > 0)
		if (s.type == MEMORY_DEVICE && !other[word(&s, 4)])
			rc = add_module(&s, out);
	free(other);
	if (rc < 0)
		mw_dmi_fini(out);
	return rc;
}

int mw_dmi_read(int root_fd, struct mw_dmi *out)
{
	unsigned char *table = NULL;
	size_t n = 0;
	*out = (struct mw_dmi){NULL, 0};
	int rc = mw_tree_bytes(root_fd, "sys/firmware/dmi/tables/DMI", &table, &n);
	if (rc == 0)
		rc = mw_dmi_parse(table, n, out);
	free(table);
	return rc;
}

void mw_dmi_fini(struct mw_dmi *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].locator);
		free(d->v[i].channel);
	}
	free(d->v);
	*d = (struct mw_dmi){NULL, 0};
}
