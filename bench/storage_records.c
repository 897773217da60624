/* What the storage benchmark emits. */
#include "bench/storage.h"

static const struct mw_metric metric_iops = {"iops", MW_IOPS, MW_HIGHER, "requests per second"};
static const struct mw_metric latency_p50 = {"latency_p50", MW_NS, MW_LOWER,
					     "time from the submission of a request to its result, median"};
static const struct mw_metric latency_p95 = {"latency_p95", MW_NS, MW_LOWER, "the same, 95th percentile"};
static const struct mw_metric latency_p99 = {"latency_p99", MW_NS, MW_LOWER, "the same, 99th percentile"};
static const struct mw_metric latency_p999 = {"latency_p999", MW_NS, MW_LOWER,
					      "the same, 99.9th percentile of all requests of the run"};
static const struct mw_metric latency_max = {"latency_max", MW_NS, MW_LOWER,
					     "the same, longest of all requests of the run"};
static const struct mw_metric completion_p50 = {
	"completion_p50", MW_NS, MW_LOWER,
	"time from when the kernel has accepted a request to its result (fio's clat), median"};
static const struct mw_metric completion_p99 = {"completion_p99", MW_NS, MW_LOWER, "the same, 99th percentile"};

static const struct mw_key key_file = {"file", MW_BYTES, MW_PARAM, "size of the file asked for"};
static const struct mw_key key_writes = {"writes", MW_NUMBER, MW_PARAM, "share of the requests that write, %"};
static const struct mw_key key_filled = {"filled", MW_BYTES, MW_OBSERVED, "size of the file that was used"};
static const struct mw_key key_interface = {"interface", MW_TEXT, MW_OBSERVED,
					    "io_uring, or pread and pwrite one at a time"};
static const struct mw_key key_direct = {"direct", MW_TEXT, MW_OBSERVED,
					 "yes: the page cache was bypassed (O_DIRECT); or why not"};
static const struct mw_key key_fs = {"fs", MW_TEXT, MW_OBSERVED, "file system"};
static const struct mw_key key_disk = {"disk", MW_TEXT, MW_OBSERVED, "block device that holds the file"};
static const struct mw_key key_rotational = {"rotational", MW_NUMBER, MW_OBSERVED, "1: rotating disk, 0: not"};
static const struct mw_key key_irq_cpus = {"irq_cpus", MW_TEXT, MW_OBSERVED,
					   "CPUs that handle the disk's interrupts for their own requests"};
static const struct mw_key key_thread = {"thread", MW_TEXT, MW_OBSERVED, "where the thread ran, and why there"};
static const struct mw_key key_in_flight = {"in_flight", MW_NUMBER, MW_OBSERVED,
					    "requests that the kernel had accepted and not yet ended, at most"};
static const struct mw_key key_requests = {"requests", MW_NUMBER, MW_OBSERVED, "requests that the value is taken from"};
static const struct mw_key key_suspect = {
	"cache_suspect", MW_TEXT, MW_OBSERVED,
	"whether a cache seems to answer, by the time of reads and of a second read of the same blocks"};

#define PARAMS MW_LIST(&mw_key_block, &mw_key_depth, &key_file)
#define WHERE                                                                                                          \
	&key_interface, &key_direct, &key_fs, &key_filled, &key_disk, &key_rotational, &mw_key_cpu, &key_irq_cpus,     \
		&key_thread, &key_in_flight, &key_suspect
#define ONE_KIND "random-read", "sequential-read", "random-write", "sequential-write", "mixed-read", "mixed-write"
#define LATENCY_ROW(metric)                                                                                            \
	{                                                                                                              \
		MW_CASES(ONE_KIND, "fsync", "fdatasync"), &(metric), PARAMS, MW_LIST(&key_writes), MW_LIST(WHERE)      \
	}
#define COMPLETION_ROW(metric)                                                                                         \
	{                                                                                                              \
		MW_CASES(ONE_KIND), &(metric), PARAMS, MW_LIST(&key_writes), MW_LIST(WHERE)                            \
	}
#define WHOLE_RUN_ROW(metric)                                                                                          \
	{                                                                                                              \
		MW_CASES(ONE_KIND, "fsync", "fdatasync"), &(metric), PARAMS, MW_LIST(&key_writes),                     \
			MW_LIST(WHERE, &key_requests)                                                                  \
	}

enum { RANDOM_RATE, SEQUENTIAL_RATE, L_P50, L_P95, L_P99, L_P999, L_MAX, C_P50, C_P99 };
static const struct mw_emit emits[] = {
	[RANDOM_RATE] = {MW_CASES("random-read", "random-write", "mixed", "fsync", "fdatasync"), &metric_iops, PARAMS,
			 MW_LIST(&key_writes), MW_LIST(WHERE)},
	[SEQUENTIAL_RATE] = {MW_CASES("sequential-read", "sequential-write"), &mw_metric_bandwidth, PARAMS, NULL,
			     MW_LIST(WHERE)},
	[L_P50] = LATENCY_ROW(latency_p50),
	[L_P95] = LATENCY_ROW(latency_p95),
	[L_P99] = LATENCY_ROW(latency_p99),
	[L_P999] = WHOLE_RUN_ROW(latency_p999),
	[L_MAX] = WHOLE_RUN_ROW(latency_max),
	[C_P50] = COMPLETION_ROW(completion_p50),
	[C_P99] = COMPLETION_ROW(completion_p99),
	{.metric = NULL},
};
const struct mw_emitter storage_emitter = {"storage", emits};

static bool is_mixed(const struct storage_load *l)
{
	return l->write_percent > 0 && l->write_percent < 100;
}

size_t storage_values(const struct storage_load *l, bool uring, struct storage_value v[STORAGE_VALUES])
{
	static const struct storage_value of_one_kind[] = {
		{STORAGE_LATENCY, STORAGE_READ, 500, false},    {STORAGE_LATENCY, STORAGE_READ, 950, false},
		{STORAGE_LATENCY, STORAGE_READ, 990, false},    {STORAGE_COMPLETION, STORAGE_READ, 500, false},
		{STORAGE_COMPLETION, STORAGE_READ, 990, false}, {STORAGE_LATENCY, STORAGE_READ, 999, true},
		{STORAGE_LATENCY, STORAGE_READ, 1000, true},
	};
	size_t n = 0;
	v[n++] = (struct storage_value){STORAGE_RATE, l->write_percent == 100 ? STORAGE_WRITE : STORAGE_READ, 0, false};
	for (int op = 0; op < STORAGE_OPS; op++) {
		if (op == STORAGE_READ ? l->write_percent == 100 : l->write_percent == 0)
			continue;
		for (size_t i = 0; i < sizeof(of_one_kind) / sizeof(of_one_kind[0]); i++) {
			/* A call that does both has no completion of its own. */
			if (of_one_kind[i].what == STORAGE_COMPLETION && (!uring || l->sync))
				continue;
			v[n] = of_one_kind[i];
			v[n++].op = (enum storage_op)op;
		}
	}
	return n;
}

double storage_value_of(const struct storage_load *l, const struct storage_value *v, const struct storage_result *r)
{
	const struct storage_times *t = &r->times[v->op];
	switch (v->what) {
	case STORAGE_RATE:
		return l->random ? storage_rate(r) : storage_rate(r) * l->block * 1e-9;
	case STORAGE_LATENCY:
		return storage_percentile(&t->latency, v->per_mille);
	default:
		return storage_percentile(&t->completion, v->per_mille);
	}
}

static const char *case_of(const struct storage_load *l, const struct storage_value *v)
{
	if (l->sync)
		return l->sync == STORAGE_FSYNC ? "fsync" : "fdatasync";
	if (is_mixed(l))
		return v->what == STORAGE_RATE ? "mixed" : v->op == STORAGE_READ ? "mixed-read" : "mixed-write";
	if (l->random)
		return v->op == STORAGE_READ ? "random-read" : "random-write";
	return v->op == STORAGE_READ ? "sequential-read" : "sequential-write";
}

static int row_of(const struct storage_load *l, const struct storage_value *v)
{
	if (v->what == STORAGE_RATE)
		return l->random ? RANDOM_RATE : SEQUENTIAL_RATE;
	if (v->what == STORAGE_COMPLETION)
		return v->per_mille == 500 ? C_P50 : C_P99;
	switch (v->per_mille) {
	case 500:
		return L_P50;
	case 950:
		return L_P95;
	case 990:
		return L_P99;
	default:
		return v->per_mille == 999 ? L_P999 : L_MAX;
	}
}

/* Version 1 ran the thread on the first CPU of the run, wherever the interrupts were handled. */
enum { METHOD_VERSION = 2 };

static void describe(const struct storage_facts *f, const struct storage_load *l, struct mw_record *rec)
{
	const struct storage_file *file = f->file;
	/* Requests through the page cache, or without a queue, are other methods, so that they are not compared with
	 * these. */
	if (f->uring && !l->sync)
		mw_record_method(rec, file->direct ? "io_uring" : "io_uring-buffered", METHOD_VERSION);
	else
		mw_record_method(rec, file->direct ? "pread" : "pread-buffered", METHOD_VERSION);
	mw_put_int(rec, &mw_key_block, l->block);
	mw_put_int(rec, &mw_key_depth, l->depth);
	mw_put_int(rec, &key_file, (int64_t)f->asked_bytes);
	if (is_mixed(l))
		mw_put_int(rec, &key_writes, l->write_percent);
	mw_put_text(rec, &key_interface, f->uring && !l->sync ? "io_uring" : "pread");
	mw_put_text(rec, &key_direct, file->direct ? "yes" : file->direct_why);
	mw_put_text(rec, &key_fs, file->fs);
	mw_put_int(rec, &key_filled, (int64_t)file->bytes);
	if (file->device[0])
		mw_put_text(rec, &key_disk, file->device);
	if (file->rotational >= 0)
		mw_put_int(rec, &key_rotational, file->rotational);
	if (f->place->irq_cpus[0])
		mw_put_text(rec, &key_irq_cpus, f->place->irq_cpus);
	mw_put_text(rec, &key_thread, f->place->words);
	/* Where it can be told: one read at a time. */
	if (f->suspect[0] && l->random && l->write_percent == 0 && l->depth == 1)
		mw_put_text(rec, &key_suspect, f->suspect);
	if (!f->uring)
		mw_record_note(rec, "fallback: %s", f->engine_why);
	else if (!file->direct)
		mw_record_note(rec, "through the page cache: %s", file->direct_why);
}

void storage_open_record(const struct storage_facts *f, const struct storage_load *l, const struct storage_value *v,
			 struct mw_record *rec)
{
	mw_record_open(rec, &storage_emitter, &emits[row_of(l, v)], case_of(l, v));
	describe(f, l, rec);
}

void storage_put_seen(struct mw_record *rec, unsigned in_flight, int cpu)
{
	mw_put_int(rec, &key_in_flight, in_flight);
	if (cpu >= 0)
		mw_put_int(rec, &mw_key_cpu, cpu);
}

void storage_put_requests(struct mw_record *rec, uint64_t requests)
{
	mw_put_int(rec, &key_requests, (int64_t)requests);
}
