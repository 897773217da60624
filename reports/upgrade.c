#include "reports/upgrade.h"

#include <string.h>

/* Metrics that had several units under one name, or another name. */
static const struct {
	const char *from, *to;
	enum mw_unit unit;
} metrics[] = {
	{"rate", "flop_rate", MW_GFLOPS},
	{"rate", "op_rate", MW_GOPS},
	{"bus-bandwidth", "bus_bandwidth", MW_GBPS},
	{"energy", "window_energy", MW_JOULE}, /* "energy" is in nJ today */
	{"emulator_rate", "emulator_bandwidth", MW_GBPS},
	{"emulator_rate", "emulator_op_rate", MW_GOPS},
};

/* Keys that were a parameter in one benchmark and observed in another. */
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

/* In schema 1 the size of a pointer chain was its span, and the bytes touched were observed. Exchanges the two: size is
 * the bytes touched, as in other benchmarks, and span is observed. */
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

static void drop(struct mw_kv_list *l, const char *name)
{
	size_t kept = 0;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) != 0)
			l->v[kept++] = l->v[i];
	l->n = kept;
}

/* Arrays that the operation of a case walks: "l1-copy" reads one and writes another. */
static int64_t arrays_of(const char *case_name)
{
	static const struct {
		const char *op;
		int64_t arrays;
	} ops[] = {{"-read", 1}, {"-write", 1}, {"-copy", 2}, {"-triad", 3}};
	const char *dash = strchr(case_name, '-');
	for (size_t i = 0; dash && i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(dash, ops[i].op) == 0)
			return ops[i].arrays;
	return 0;
}

/* The page kind that was asked for, from the one that was obtained, where only one could lead to it. 4K is what is left
 * of thp as well, where the kernel gives none. */
static const char *asked_pages(const char *obtained)
{
	static const char *const kinds[] = {"thp", "2M", "1G"};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i]);
		if (strncmp(obtained, kinds[i], len) == 0 && (!obtained[len] || obtained[len] == ' '))
			return kinds[i];
	}
	return NULL;
}

/* A stream was told by the bytes of each of its arrays, now it is by the bytes touched and the pages asked for. What is
 * called dram-* stays so: today's condition on the caches is another one, and the file does not say them all. */
static void upgrade_stream(struct mw_record *r)
{
	const struct mw_kv *array = integer(&r->params, "array");
	int64_t arrays = arrays_of(r->case_name), bytes = array ? array->i : 0;
	if (strcmp(r->bench, "bandwidth") != 0 || !array || !arrays || bytes < 0 || bytes > INT64_MAX / arrays)
		return;
	/* Foreign files may hold more pairs than any program wrote, or both. */
	if (r->params.n == MW_RECORD_PARAMS || r->observed.n == MW_RECORD_PARAMS || mw_kv_find(&r->params, "size") ||
	    mw_kv_find(&r->params, "pages") || mw_kv_find(&r->observed, "array"))
		return;
	const char *pages = asked_pages(mw_kv_str(&r->observed, "obtained", ""));
	drop(&r->params, "array");
	(void)mw_set_int(r, MW_AS_PARAM, "size", arrays * bytes); /* mw_record_close sees what fails */
	(void)mw_set_int(r, MW_AS_OBSERVED, "array", bytes);
	if (pages)
		(void)mw_set_text(r, MW_AS_PARAM, "pages", pages);
}

/* Parameters that said again what the case says (access), or what the presence of a size says (question). The rate of
 * the emulator has a case for each operation now; that of gemv lacks the shape that identifies it today, and stays. */
static void upgrade_identity(struct mw_record *r)
{
	if (strcmp(r->bench, "storage") == 0)
		drop(&r->params, "access");
	if (strcmp(r->bench, "offload") != 0)
		return;
	drop(&r->params, "question");
	if (strcmp(r->case_name, "emulator") == 0 && strcmp(mw_kv_str(&r->params, "op", ""), "and") == 0) {
		r->case_name = "emulator-and";
		drop(&r->params, "op");
	}
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
	upgrade_identity(r);
	upgrade_stream(r);
}
