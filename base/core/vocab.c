#include "base/core/vocab.h"

#include <errno.h>
#include <string.h>

#define DEFINE_METRIC(symbol, unit, better, words)                                                                     \
	const struct mw_metric mw_metric_##symbol = {#symbol, unit, better, words};
#define DEFINE_KEY(symbol, kind, flags, words) const struct mw_key mw_key_##symbol = {#symbol, kind, flags, words};
MW_SHARED_METRICS(DEFINE_METRIC)
MW_SHARED_KEYS(DEFINE_KEY)
MW_ROUNDS_KEYS(DEFINE_KEY)

#define NAME_KEY(symbol, kind, flags, words) &mw_key_##symbol,
const struct mw_key *const mw_keys_of_rounds[] = {MW_ROUNDS_KEYS(NAME_KEY) NULL};

static const char *const unit_names[MW_UNIT_COUNT] = {
	[MW_NS] = "ns",
	[MW_S] = "s",
	[MW_CYCLES] = "cycles",
	[MW_BYTE] = "byte",
	[MW_GBPS] = "GB/s",
	[MW_GFLOPS] = "GFLOP/s",
	[MW_GOPS] = "GOP/s",
	[MW_GUPS] = "GUP/s",
	[MW_FLOP_PER_BYTE] = "FLOP/byte",
	[MW_PJ_PER_BYTE] = "pJ/byte",
	[MW_NJ_PER_KB] = "nJ/KB",
	[MW_NJ] = "nJ",
	[MW_JOULE] = "J",
	[MW_WATT] = "W",
	[MW_IOPS] = "IO/s",
	[MW_COUNT] = "count",
	[MW_RATIO] = "ratio",
};
static const char *const better_names[] = {"lower", "higher", "neither"};
static const char *const kind_names[MW_KIND_COUNT] = {"bytes", "count", "text", "real"};

static int find_name(const char *const names[], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

const char *mw_unit_name(enum mw_unit u)
{
	return unit_names[u];
}

int mw_unit_parse(const char *name, enum mw_unit *out)
{
	int i = find_name(unit_names, MW_UNIT_COUNT, name);
	*out = i < 0 ? *out : (enum mw_unit)i;
	return i < 0 ? i : 0;
}

const char *mw_better_name(enum mw_better b)
{
	return better_names[b];
}

int mw_better_parse(const char *name, enum mw_better *out)
{
	int i = find_name(better_names, MW_NEITHER + 1, name);
	*out = i < 0 ? *out : (enum mw_better)i;
	return i < 0 ? i : 0;
}

const char *mw_kind_name(enum mw_kind k)
{
	return kind_names[k];
}

int mw_kind_parse(const char *name, enum mw_kind *out)
{
	int i = find_name(kind_names, MW_KIND_COUNT, name);
	*out = i < 0 ? *out : (enum mw_kind)i;
	return i < 0 ? i : 0;
}

const struct mw_key *mw_keys_find(const struct mw_key *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp((*list)->name, name) == 0)
			return *list;
	return NULL;
}
