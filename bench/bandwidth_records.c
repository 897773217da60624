#include "bench/bandwidth_records.h"

#include <errno.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "base/core/heldout.h"
#include "base/core/text.h"

/* ---- words ---- */

static const struct mw_key key_array = {"array", MW_BYTES, MW_OBSERVED,
					"bytes of each array that the kernel reads or writes"};
static const struct mw_key key_by_stores = {"by_stores", MW_TEXT, MW_OBSERVED, "kind of store of the fastest kernel"};

static const struct mw_key key_tried = {"tried", MW_NUMBER, MW_OBSERVED,
					"kernels that short probes compared, to choose those that were measured"};
static const struct mw_key key_libc = {"libc", MW_TEXT, MW_OBSERVED, "C library of memcpy and memset"};
static const struct mw_key key_data = {"data", MW_TEXT, MW_PARAM,
				       "zeros: stores zeros, for contrast; without it, other values"};
static const struct mw_key key_placement = {
	"placement", MW_TEXT, MW_PARAM,
	"spread: threads alternate over sockets and third-level caches; without it, they fill one after the other"};
static const struct mw_key key_placed = {
	"placed", MW_TEXT, MW_OBSERVED,
	"CPUs of the threads: compact, spread, or same (compact and spread choose the same CPUs)"};

/* In the order of enum bw_place and enum mw_stream_op. */
#define OPS_OF(place)                                                                                                  \
	place "-read", place "-write", place "-copy", place "-triad", place "-scale", place "-add", place "-update",   \
		place "-dot", place "-fill", place "-memcpy", place "-memset"
static const char *const point_cases[] = {OPS_OF("l1"),   OPS_OF("l2"),      OPS_OF("l3"),
					  OPS_OF("dram"), OPS_OF("largest"), NULL};
static const char *const peak_cases[] = {OPS_OF("peak"), NULL};
static const char *const places[BW_PLACES] = {"l1", "l2", "l3", "dram", "largest"};

enum { POINT, BUS, PEAK, TOP };

#define POINT_PARAMS MW_LIST(&mw_key_size, &mw_key_threads, &mw_key_kernel, &mw_key_stores, &mw_key_pages)
#define POINT_OPTIONAL MW_LIST(&mw_key_state, &key_data, &key_placement)
#define POINT_OBSERVED MW_LIST(&mw_key_obtained, &key_array, &key_placed, &key_libc)

static const struct mw_emit emits[] = {
	[POINT] = {point_cases, &mw_metric_bandwidth, POINT_PARAMS, POINT_OPTIONAL, POINT_OBSERVED},
	[BUS] = {MW_CASES("dram-write", "dram-copy", "dram-triad", "dram-scale", "dram-add", "dram-fill", "dram-memcpy",
			  "dram-memset"),
		 &mw_metric_bus_bandwidth, POINT_PARAMS, POINT_OPTIONAL, POINT_OBSERVED},
	[PEAK] = {peak_cases, &mw_metric_bandwidth, MW_LIST(&mw_key_level, &mw_key_threads),
		  MW_LIST(&mw_key_state, &key_placement),
		  MW_LIST(&mw_key_winner, &mw_key_ties, &key_by_stores, &key_tried, &mw_key_obtained, &key_array,
			  &key_placed, &key_libc)},
	[TOP] = {MW_CASES("dram-read-peak"), &mw_metric_bandwidth, NULL, MW_LIST(&mw_key_state),
		 MW_LIST(&mw_key_winner, &mw_key_ties, &mw_key_by_threads, &mw_key_obtained, &key_array, &key_placed)},
	{.metric = NULL},
};
const struct mw_emitter bw_emitter = {"bandwidth", emits};

const char *bw_place_name(enum bw_place p)
{
	return places[p];
}

static const char *case_name(enum bw_place place, enum mw_stream_op op)
{
	return point_cases[(int)place * MW_STREAM_OP_COUNT + (int)op];
}

/* ---- points ---- */

uint64_t bw_size(enum mw_stream_op op, uint64_t array)
{
	return array * mw_stream_arrays(op);
}

static const char *stores_of(const struct mw_stream_kernel *k)
{
	if (!mw_stream_stores(k->op))
		return "none";
	return !mw_stream_store_known(k->op) ? k->name : k->nt ? "nt" : "ordinary";
}

static void put_libc(struct mw_record *rec, enum mw_stream_op op)
{
	struct mw_buf name = {0};
	if (op != MW_STREAM_MEMCPY && op != MW_STREAM_MEMSET)
		return;
#ifdef __GLIBC__
	mw_buf_add(&name, "glibc %s", gnu_get_libc_version());
#else
	mw_buf_add(&name, "not glibc");
#endif
	mw_put_text(rec, &key_libc, mw_buf_text(&name));
	mw_buf_fini(&name);
}

void bw_record_open(struct mw_record *rec, const struct bw_words *w)
{
	const struct mw_stream_kernel *k = w->kernel;
	uint64_t size = bw_size(k->op, w->array);
	mw_record_open(rec, &bw_emitter, &emits[POINT], case_name(w->place, k->op));
	mw_record_method(rec, "stream", 1);
	mw_put_int(rec, &mw_key_size, (int64_t)size);
	mw_put_int(rec, &mw_key_threads, w->at->threads);
	mw_put_text(rec, &mw_key_kernel, k->name);
	mw_put_text(rec, &mw_key_stores, stores_of(k));
	mw_put_text(rec, &mw_key_pages, w->pages);
	if (w->zeros)
		mw_put_text(rec, &key_data, "zeros");
	if (w->at->spread)
		mw_put_text(rec, &key_placement, "spread");
	mw_put_text(rec, &key_placed, w->at->same ? "same" : w->at->spread ? "spread" : "compact");
	put_libc(rec, k->op);
	mw_put_text(rec, &mw_key_obtained, w->obtained);
	mw_put_int(rec, &key_array, (int64_t)w->array);
	if (w->place == BW_LARGEST)
		mw_record_note(rec,
			       "not called DRAM: the bytes touched are only %.1f times the %.0f MiB of cache that the "
			       "threads can use; DRAM needs 4 times",
			       (double)size / (double)w->caches, (double)w->caches / 1048576.0);
}

/* ---- what follows from one point ---- */

static bool find_case(const struct mw_record *rec, enum bw_place *place, enum mw_stream_op *op)
{
	for (int i = 0; point_cases[i]; i++)
		if (strcmp(point_cases[i], rec->case_name) == 0) {
			*place = (enum bw_place)(i / MW_STREAM_OP_COUNT);
			*op = (enum mw_stream_op)(i % MW_STREAM_OP_COUNT);
			return true;
		}
	return false;
}

/* The bytes on the bus of a store of unknown kind are between those of the two kinds. */
static void unknown_bus(struct mw_record *out, const struct mw_record *rec, enum mw_stream_op op)
{
	double least = rec->value / mw_stream_payload_bytes(op) * mw_stream_bus_bytes(op, true);
	double most = rec->value / mw_stream_payload_bytes(op) * mw_stream_bus_bytes(op, false);
	mw_record_unavailable(out, "");
	mw_record_note(
		out,
		"between %.4g GB/s (non-temporal stores) and %.4g GB/s (ordinary ones, which read the line first): "
		"%s chooses the kind of store and does not say which",
		least, most, op == MW_STREAM_FILL ? "the CPU" : "the C library");
}

/* Emits the bus traffic of kernels with ordinary stores. Reads, updates and non-temporal stores have no traffic beyond
 * the program's bytes; zeros are only a contrast. */
static int emit_bus(const struct mw_sink *sink, const struct mw_record *rec, enum mw_stream_op op)
{
	struct mw_record out;
	bool nt = strcmp(mw_kv_str(&rec->params, "stores", ""), "nt") == 0;
	unsigned bus = mw_stream_bus_bytes(op, nt), payload = mw_stream_payload_bytes(op);
	if (bus == payload || mw_kv_find(&rec->params, key_data.name))
		return 0;
	mw_record_derive(&out, &bw_emitter, &emits[BUS], rec->case_name, rec);
	mw_record_method(&out, rec->method, rec->method_version);
	if (!mw_stream_store_known(op)) {
		unknown_bus(&out, rec, op);
		return mw_finish(sink, &out);
	}
	mw_record_scale(&out, rec, (double)bus / payload);
	out.provenance = MW_MODELLED;
	mw_record_source(&out, "measured bandwidth x %u/%u bytes: ordinary stores read the line first (write-allocate)",
			 bus, payload);
	return mw_finish(sink, &out);
}

int bw_results_add(void *self, const struct mw_record *rec)
{
	struct bw_results *r = self;
	enum bw_place place;
	enum mw_stream_op op;
	int rc = mw_emit(r->out, rec);
	if (rc < 0 || !find_case(rec, &place, &op))
		return rc;
	if (rec->provenance != MW_MEASURED)
		return mw_records_add_bare(&r->absent, rec);
	rc = place == BW_DRAM ? emit_bus(r->out, rec, op) : 0;
	return rc < 0 ? rc : mw_records_add(&r->kept, rec);
}

void bw_results_fini(struct bw_results *r)
{
	mw_records_fini(&r->kept);
	mw_records_fini(&r->absent);
}

/* ---- the envelope ---- */

static const char *const states[] = {"", "one", "near", "far", "mixed"};
enum { STATES = sizeof(states) / sizeof(states[0]) };

static const char *state_of(const struct mw_record *rec)
{
	return mw_kv_str(&rec->params, "state", "");
}

static bool in_cell(const struct mw_record *rec, const struct bw_cell *c)
{
	return strcmp(rec->case_name, case_name(c->place, c->op)) == 0 &&
	       mw_kv_int(&rec->params, "threads", 0) == c->threads && !mw_kv_find(&rec->params, key_data.name) &&
	       (mw_kv_find(&rec->params, key_placement.name) != NULL) == c->spread;
}

static bool belongs(const struct mw_record *rec, const struct bw_cell *c, const char *state)
{
	return in_cell(rec, c) && strcmp(state_of(rec), state) == 0;
}

/* Why no point of the cell has a value: the note of its last unavailable point, which is that of the widest path. */
static const char *why_absent(const struct bw_results *r, const struct bw_cell *c)
{
	for (size_t i = r->absent.n; i-- > 0 && !c->why;)
		if (in_cell(&r->absent.v[i], c))
			return r->absent.v[i].note;
	return c->why ? c->why : "none of its kernels was measured";
}

/* Candidates for the best. */
struct field {
	const struct mw_record **c;
	size_t k;
};

static int open_field(const struct bw_results *r, struct field *f)
{
	f->k = 0;
	f->c = calloc(r->kept.n + 1, sizeof(void *));
	return f->c ? 0 : -ENOMEM;
}

static void add_cell(const struct bw_results *r, const struct bw_cell *c, const char *state, struct field *f)
{
	for (size_t i = 0; i < r->kept.n; i++)
		if (belongs(&r->kept.v[i], c, state))
			f->c[f->k++] = &r->kept.v[i];
}

static void open_peak(struct mw_record *rec, const struct bw_cell *c)
{
	mw_record_open(rec, &bw_emitter, &emits[PEAK], peak_cases[c->op]);
	mw_record_method(rec, "stream-envelope", 2);
	mw_put_text(rec, &mw_key_level, places[c->place]);
	mw_put_int(rec, &mw_key_threads, c->threads);
	if (c->spread)
		mw_put_text(rec, &key_placement, "spread");
}

/* Writes "avx512-x4" or "avx2 nt"; with `threads` "avx512-x4 with 2 threads". */
static void name_kernel(const struct mw_record *r, bool threads, struct mw_buf *out)
{
	bool nt = strcmp(mw_kv_str(&r->params, "stores", ""), "nt") == 0;
	int n = (int)mw_kv_int(&r->params, "threads", 0);
	mw_buf_add(out, "%s%s", mw_kv_str(&r->params, "kernel", ""), nt ? " nt" : "");
	if (threads)
		mw_buf_add(out, " with %d%s thread%s", n, mw_kv_find(&r->params, key_placement.name) ? " spread" : "",
			   n == 1 ? "" : "s");
}

/* Puts the best candidate's value and statistics, its name and the observed keys copied from it. */
static int put_best(struct mw_record *rec, const struct field *f, double target, bool threads)
{
	struct mw_heldout h;
	struct mw_buf ties = {0};
	int rc = mw_heldout_best(f->c, f->k, target, &h);
	if (rc < 0)
		return rc;
	const struct mw_record *best = f->c[h.best];
	mw_record_note(rec, "%s", best->note);
	mw_heldout_put(rec, &h, f->c);
	mw_put_text(rec, &mw_key_winner, mw_kv_str(&best->params, "kernel", ""));
	mw_put_same(rec, &mw_key_state, best);
	mw_put_same(rec, &mw_key_obtained, best);
	mw_put_same(rec, &key_array, best);
	mw_put_same(rec, &key_placed, best);
	mw_put_same(rec, &key_libc, best);
	if (threads)
		mw_put_int(rec, &mw_key_by_threads, mw_kv_int(&best->params, "threads", 0));
	else if (strcmp(mw_kv_str(&best->params, "stores", "none"), "none") != 0)
		mw_put_text(rec, &key_by_stores, mw_kv_str(&best->params, "stores", ""));
	for (size_t i = 0; i < f->k; i++) {
		if (!h.tied[i])
			continue;
		mw_buf_add(&ties, "%s", ties.len ? ", " : "");
		name_kernel(f->c[i], threads, &ties);
	}
	if (ties.len)
		mw_put_text(rec, &mw_key_ties, mw_buf_text(&ties));
	mw_buf_fini(&ties);
	mw_heldout_fini(&h);
	return 0;
}

static int emit_peak(const struct bw_results *r, const struct bw_cell *c, const struct field *f)
{
	struct mw_record rec;
	open_peak(&rec, c);
	int rc = put_best(&rec, f, r->target, false);
	if (rc < 0) {
		mw_record_fini(&rec);
		return rc;
	}
	if (c->probed)
		mw_put_int(&rec, &key_tried, c->probed);
	else if (c->points < c->kernels)
		mw_record_add_note(&rec,
				   "%u of %u kernels left out to fit the time budget, without probes of this case",
				   c->kernels - c->points, c->kernels);
	return mw_finish(r->out, &rec);
}

static int emit_cell(const struct bw_results *r, const struct bw_cell *c, struct field *f)
{
	size_t found = 0;
	int rc = 0;
	for (size_t s = 0; s < STATES && rc == 0; s++) {
		f->k = 0;
		add_cell(r, c, states[s], f);
		found += f->k;
		rc = f->k ? emit_peak(r, c, f) : 0;
	}
	if (rc < 0 || found)
		return rc;
	struct mw_record rec;
	open_peak(&rec, c);
	mw_record_unavailable(&rec, why_absent(r, c));
	return mw_finish(r->out, &rec);
}

/* The topology state in which a thread count was seen most often. */
static const char *usual_state(const struct bw_results *r, int threads)
{
	size_t most = 0;
	const char *usual = "";
	for (size_t s = 0; s < STATES; s++) {
		size_t n = 0;
		for (size_t i = 0; i < r->kept.n; i++)
			if (mw_kv_int(&r->kept.v[i].params, "threads", 0) == threads &&
			    strcmp(state_of(&r->kept.v[i]), states[s]) == 0)
				n += r->kept.v[i].n;
		if (n > most) {
			most = n;
			usual = states[s];
		}
	}
	return usual;
}

/* Emits the DRAM read bandwidth of the machine: the best of all kernels and thread counts, each in the state in which
 * it was seen most often. */
static int emit_top(const struct bw_results *r, const struct bw_cell *cells, size_t n, struct field *f)
{
	struct mw_record rec;
	const struct bw_cell *reads = NULL, *dram = NULL;
	f->k = 0;
	for (size_t i = 0; i < n; i++) {
		const struct bw_cell *c = &cells[i];
		if (c->op != MW_STREAM_READ || c->place < BW_DRAM)
			continue;
		reads = c;
		if (c->place != BW_DRAM)
			continue;
		dram = c;
		add_cell(r, c, usual_state(r, c->threads), f);
	}
	if (!reads)
		return 0;
	mw_record_open(&rec, &bw_emitter, &emits[TOP], "dram-read-peak");
	mw_record_method(&rec, "stream-envelope", 2);
	int rc = 0;
	if (f->k) {
		rc = put_best(&rec, f, r->target, true);
	} else if (dram) {
		mw_record_unavailable(&rec, why_absent(r, dram));
	} else {
		mw_record_unavailable(&rec, "");
		mw_record_note(&rec, "the bytes touched are below 4x the caches (%s): see peak-read at level largest",
			       r->limit);
	}
	if (rc < 0) {
		mw_record_fini(&rec);
		return rc;
	}
	return mw_finish(r->out, &rec);
}

int bw_results_envelope(const struct bw_results *r, const struct bw_cell *cells, size_t n)
{
	struct field f;
	int rc = open_field(r, &f);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = emit_cell(r, &cells[i], &f);
	if (rc == 0)
		rc = emit_top(r, cells, n, &f);
	free(f.c);
	return rc;
}
