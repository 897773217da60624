/* What is the same in every record of the comparison. */
#include "bench/offload/offload.h"

const char *const offload_cache_names[OFFLOAD_CACHES] = {"cold", "warm"};

void offload_record(const struct offload_work *w, struct mw_record *r, const char *metric, enum mw_unit unit)
{
	mw_record_init(r, "offload", w->name, metric, unit);
	if (w->kind == &offload_bulk) {
		(void)mw_set_int(r, MW_AS_PARAM, "size", (int64_t)w->size);
	} else {
		(void)mw_set_int(r, MW_AS_PARAM, "inputs", (int64_t)w->cols);
		(void)mw_set_int(r, MW_AS_PARAM, "outputs", (int64_t)w->rows);
	}
}

int offload_emit(struct offload *o, struct mw_record *r)
{
	int rc = mw_emit(o->sink, r);
	mw_record_fini(r);
	return rc;
}
