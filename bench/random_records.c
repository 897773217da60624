#include "bench/random_records.h"

#include <string.h>

#include "bench/place.h"

enum { LINE = 64 };

/* ---- what it emits ---- */

static const struct mw_metric metric_updates = {"update_rate", MW_GUPS, MW_HIGHER,
						"random words read, changed and written back per second"};
static const struct mw_metric metric_accesses = {"access_rate", MW_GOPS, MW_HIGHER,
						 "random words read or written per second"};
static const struct mw_metric metric_time = {"access_time", MW_NS, MW_LOWER,
					     "time from one access of a thread to its next; many are under way"};
static const struct mw_metric metric_errors = {"errors", MW_COUNT, MW_LOWER,
					       "words that are wrong after all updates were undone"};

static const struct mw_key key_cached = {"cached", MW_REAL, MW_OBSERVED,
					 "size of the caches that the threads can use, divided by that of the table"};
static const struct mw_key key_updates = {"updates", MW_NUMBER, MW_OBSERVED, "updates that were checked"};

#define PARAMS MW_LIST(&mw_key_level, &mw_key_size, &mw_key_pages, &mw_key_isa, &mw_key_threads)
#define STATE MW_LIST(&mw_key_state)
#define OBSERVED MW_LIST(&mw_key_obtained, &mw_key_node, &key_cached)

enum { UPDATES, ACCESSES, TIME, BYTES, BUS, ERRORS };
static const struct mw_emit emits[] = {
	[UPDATES] = {MW_CASES("update"), &metric_updates, PARAMS, STATE, OBSERVED},
	[ACCESSES] = {MW_CASES("gather", "scatter"), &metric_accesses, PARAMS, STATE, OBSERVED},
	[TIME] = {MW_CASES("update", "gather", "scatter"), &metric_time, PARAMS, STATE, OBSERVED},
	[BYTES] = {MW_CASES("update", "gather", "scatter"), &mw_metric_bandwidth, PARAMS, STATE, OBSERVED},
	[BUS] = {MW_CASES("update", "gather", "scatter"), &mw_metric_bus_bandwidth, PARAMS, STATE, OBSERVED},
	[ERRORS] = {MW_CASES("update"), &metric_errors, MW_LIST(&mw_key_pages), NULL, MW_LIST(&key_updates)},
	{.metric = NULL},
};
const struct mw_emitter random_emitter = {"random", emits};

/* ---- points ---- */

static const char *level_name(const struct mw_host *h, uint64_t bytes, int threads)
{
	uint64_t each = bytes / (uint64_t)threads, caches = bench_caches(h, threads);
	if (each <= h->l1d_bytes)
		return "l1";
	if (each <= h->l2_bytes)
		return "l2";
	if (bytes <= caches)
		return "l3";
	return bytes >= 4 * caches ? "dram" : "largest";
}

void random_record_open(struct mw_record *rec, const struct random_words *w)
{
	uint64_t caches = bench_caches(w->host, w->threads);
	const char *level = level_name(w->host, w->bytes, w->threads);
	mw_record_open(rec, &random_emitter, &emits[w->op == MW_GUPS_UPDATE ? UPDATES : ACCESSES],
		       mw_gups_op_name(w->op));
	mw_record_method(rec, "independent", 1);
	mw_put_text(rec, &mw_key_level, level);
	mw_put_int(rec, &mw_key_size, (int64_t)w->bytes);
	mw_put_text(rec, &mw_key_pages, mw_pages_name(w->pages));
	mw_put_text(rec, &mw_key_isa, mw_isa_name(w->isa));
	mw_put_int(rec, &mw_key_threads, w->threads);
	mw_put_text(rec, &mw_key_obtained, w->block->obtained);
	mw_put_int(rec, &mw_key_node, w->block->node);
	if (w->bytes > caches)
		mw_put_real(rec, &key_cached, (double)caches / (double)w->bytes);
	if (strcmp(level, "largest") == 0)
		mw_record_note(rec, "not called DRAM: less than 4 times the %.0f MiB of cache that the threads can use",
			       (double)caches / 1048576.0);
}

int random_emit_missing(const struct mw_sink *sink, enum mw_pages kind, const char *why)
{
	struct mw_record rec;
	mw_record_open(&rec, &random_emitter, &emits[UPDATES], "update");
	mw_record_method(&rec, "independent", 1);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(kind));
	mw_record_unavailable(&rec, why);
	return mw_finish(sink, &rec);
}

/* ---- what follows from a point ---- */

/* A rate becomes a time: the ends of the interval change places. */
static void set_time(struct mw_record *out, const struct mw_record *rate, int threads)
{
	out->value = threads / rate->value;
	out->ci_lo = threads / rate->ci_hi;
	out->ci_hi = threads / rate->ci_lo;
	out->min = threads / rate->max;
	out->max = threads / rate->min;
	out->n = rate->n;
	out->provenance = rate->provenance;
}

static int emit_time(const struct mw_sink *sink, const struct mw_record *rec)
{
	struct mw_record out;
	mw_record_derive(&out, &random_emitter, &emits[TIME], rec->case_name, rec);
	mw_record_method(&out, rec->method, rec->method_version);
	set_time(&out, rec, (int)mw_kv_int(&rec->params, "threads", 1));
	return mw_finish(sink, &out);
}

/* Beyond the caches: bytes of the program, and lines of the bus: one per access, and one back where it was written. */
static int emit_bytes(const struct mw_sink *sink, const struct mw_record *rec)
{
	bool update = strcmp(rec->case_name, "update") == 0, gather = strcmp(rec->case_name, "gather") == 0;
	const char *level = mw_kv_str(&rec->params, "level", "");
	struct mw_record out;
	if (strcmp(level, "dram") != 0 && strcmp(level, "largest") != 0)
		return 0;
	mw_record_derive(&out, &random_emitter, &emits[BYTES], rec->case_name, rec);
	mw_record_method(&out, rec->method, rec->method_version);
	mw_record_scale(&out, rec, update ? 16 : 8);
	int rc = mw_finish(sink, &out);
	if (rc < 0)
		return rc;
	mw_record_derive(&out, &random_emitter, &emits[BUS], rec->case_name, rec);
	mw_record_method(&out, rec->method, rec->method_version);
	mw_record_scale(&out, rec, gather ? LINE : 2 * LINE);
	out.provenance = MW_MODELLED;
	mw_record_source(&out, "measured rate x %d byte: %s; hits in caches are not subtracted",
			 gather ? LINE : 2 * LINE,
			 gather ? "each access reads a line" : "each access reads a line, which is written back later");
	return mw_finish(sink, &out);
}

int random_emit_with_derived(void *self, const struct mw_record *rec)
{
	const struct mw_sink *sink = self;
	int rc = mw_emit(sink, rec);
	if (rc < 0 || rec->provenance != MW_MEASURED || !(rec->value > 0))
		return rc;
	rc = emit_time(sink, rec);
	return rc < 0 ? rc : emit_bytes(sink, rec);
}

int random_emit_errors(const struct mw_sink *sink, const struct random_table *t)
{
	struct mw_record rec;
	if (t->checked == 0)
		return 0;
	mw_record_open(&rec, &random_emitter, &emits[ERRORS], "update");
	mw_record_method(&rec, "repeated-stream", 1);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(t->kind));
	mw_put_int(&rec, &key_updates, (int64_t)t->checked);
	mw_record_set(&rec, (double)t->errors, MW_MEASURED, NULL);
	mw_record_note(&rec, "every update ran twice, which restores the table, and every word was compared; slices of "
			     "threads do not overlap, so that none may be wrong");
	return mw_finish(sink, &rec);
}
