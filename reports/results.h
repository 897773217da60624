/* Everything that a run leaves behind: results.json, schema 1 (reports/schema/results.schema.json).
 *
 * The host is described by a struct of this floor because reports may not see base/sys; the program copies the
 * topology into it. */
#ifndef MW_RESULTS_H
#define MW_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/record.h"
#include "reports/words.h"

#define RESULTS_SCHEMA 2
#define RESULTS_MAX_NODES 64

/* Which program ran, and how. Texts are empty when unknown. */
struct results_info {
	char version[32];
	char commit[48];
	char compiler[96];
	char flags[512];
	char profile[16];
	char started[32]; /* UTC, ISO 8601; from SOURCE_DATE_EPOCH when that is set */
	uint64_t seed;
	double elapsed_s; /* NaN until the run has ended */
	char **argv;      /* owned, NULL-terminated; NULL when dropped or unknown */
	bool anonymized;
};

struct results_node {
	int id;
	uint64_t bytes;
	int distance[RESULTS_MAX_NODES]; /* by index into nodes; 0 = unknown */
};

/* Zero and "" mean "not reported": they become null in results.json. */
struct results_host {
	char hostname[64];
	char cpu_model[96];
	char microcode[32];
	char isa[160];
	char kernel[96];
	char virtualization[48];
	char governor[32];
	char turbo[16];
	char thp[16];
	char numa_balancing[16];
	int n_cpus; /* that the process may use */
	int n_cores, n_sockets, smt;
	uint64_t page_bytes;
	uint64_t hugepages_2m_free;             /* UINT64_MAX: not reported */
	uint64_t l1d_bytes, l2_bytes, l3_bytes; /* one instance */
	int l3_instances;
	uint64_t llc_total_bytes;
	uint64_t mem_total, mem_available;
	char mem_limit_source[48];
	double cpu_quota; /* CPUs' worth of cgroup time; 0 = no limit */
	int n_nodes;
	struct results_node nodes[RESULTS_MAX_NODES];
};

struct results_skip {
	char bench[24];
	char reason[240];
};

struct results {
	struct results_info info;
	struct results_host host;
	struct mw_records records;
	struct words words; /* of a file: what its records use; declared records need none */
	struct results_skip *skipped;
	size_t n_skipped;
	bool partial;
	char partial_why[160]; /* in words; empty when complete */
};

void results_init(struct results *r);
void results_fini(struct results *r);
/* Copies argc words. -ENOMEM. */
int results_set_argv(struct results *r, int argc, char *const *argv);
/* started = now (or SOURCE_DATE_EPOCH), as 2026-01-31T12:00:00Z. */
void results_set_started(struct results *r);
int results_skip(struct results *r, const char *bench, const char *reason);

/* Drops host name, argv, serial numbers and paths, also those inside records' texts; the numbers stay. */
void results_anonymize(struct results *r);
void record_anonymize(struct mw_record *rec);

/* Writes dir/results.json: temporary file, fsync, rename, fsync of the folder. 0 or -errno with one line in err;
 * -EINVAL: a pipe or device has that name. */
int results_write(const char *dir, const struct results *r, char *err, size_t n);

/* Reads and checks a results.json. MW_EFORMAT with one line naming the file and the place (line and column of a
 * syntax error, "records[17].unit" of a wrong value); -errno when it cannot be opened. *out is freed by the caller
 * with results_fini in every case. */
int results_read(const char *path, struct results *out, char *err, size_t n);

/* A results.json, or a run's folder: there the journal is read when it exists (it can hold more than the last
 * results.json), results.json otherwise. */
int results_load(const char *path, struct results *out, char *err, size_t n);

#endif
