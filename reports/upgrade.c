#include "reports/upgrade.h"

#include <string.h>

/* A metric held several units under one name, or was spelled otherwise. */
static const struct {
	const char *from, *to;
	enum mw_unit unit;
} metrics[] = {
	{"rate", "flop_rate", MW_GFLOPS},
	{"rate", "op_rate", MW_GOPS},
	{"bus-bandwidth", "bus_bandwidth", MW_GBPS},
	{"energy", "window_energy", MW_JOULE}, /* that of one use is in nJ */
	{"emulator_rate", "emulator_bandwidth", MW_GBPS},
	{"emulator_rate", "emulator_op_rate", MW_GOPS},
};

/* Keys that were parameters in one place and observed in another. */
static const struct {
	const char *bench; /* NULL: any */
	enum mw_role role;
	const char *from, *to;
} keys[] = {
	{NULL, MW_AS_OBSERVED, "pages", "obtained"},
	{"bandwidth", MW_AS_OBSERVED, "kernel", "winner"},
	{"bandwidth", MW_AS_OBSERVED, "threads", "by_threads"},
	{"offload", MW_AS_PARAM, "size", "vector"},
	{"offload", MW_AS_OBSERVED, "size", "flushed"},
	{"offload", MW_AS_OBSERVED, "host", "winner"},
	{"storage", MW_AS_OBSERVED, "engine", "interface"},
	{"storage", MW_AS_OBSERVED, "file", "filled"},
	{"storage", MW_AS_OBSERVED, "device", "disk"},
};

static struct mw_kv *integer(struct mw_kv_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].type == MW_KV_INT && strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

/* The size of a chain of loads was the distance from its first element to its last; now it is the bytes touched, as
 * everywhere, and that distance was found out. */
static void upgrade_size(struct mw_record *r)
{
	struct mw_kv *size = integer(&r->params, "size"), *touched = integer(&r->observed, "touched");
	if (strcmp(r->bench, "latency") != 0 || !size || !touched)
		return;
	int64_t span = size->i;
	size->i = touched->i;
	touched->i = span;
	touched->name = "span";
}

void upgrade_record(struct mw_record *r)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		if (r->unit == metrics[i].unit && strcmp(r->metric, metrics[i].from) == 0) {
			r->metric = metrics[i].to;
			break;
		}
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct mw_kv_list *l = keys[i].role == MW_AS_PARAM ? &r->params : &r->observed;
		for (size_t k = 0; k < l->n; k++)
			if (strcmp(l->v[k].name, keys[i].from) == 0 &&
			    (!keys[i].bench || strcmp(r->bench, keys[i].bench) == 0))
				l->v[k].name = keys[i].to;
	}
	upgrade_size(r);
}
