/* The journal: whatever kills the run, what was finished is there. */
#include "tests/reports/fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/core/err.h"
#include "reports/journal.h"

TestSuite(journal, .init = make_dir, .fini = remove_dir);

static struct journal *open_journal(bool resume)
{
	struct results head;
	struct journal *j;
	char err[300] = "";
	full_results(&head);
	cr_assert_eq(journal_open(dir, &head, resume, &j, err, sizeof(err)), 0, "%s", err);
	results_fini(&head);
	return j;
}

static void append(struct journal *j, int64_t i)
{
	struct mw_record r = full_record(i);
	cr_assert_eq(journal_append(j, &r), 0);
	mw_record_fini(&r);
}

static size_t read_back(struct results *r)
{
	char err[300] = "";
	cr_assert_eq(journal_read(dir, r, err, sizeof(err)), 0, "%s", err);
	return r->records.n;
}

/* A child appends and tells after each record how many are safe; it is killed in the middle, many times over. */
Test(journal, sigkill_loses_nothing_finished)
{
	for (int trial = 0; trial < 12; trial++) {
		int told[2];
		cr_assert_eq(pipe(told), 0);
		(void)unlink(in_dir("records.jsonl"));
		pid_t child = fork();
		if (child == 0) {
			struct journal *j = open_journal(false);
			for (int64_t i = 0;; i++) {
				append(j, i);
				if (write(told[1], &i, sizeof(i)) != sizeof(i))
					_exit(1);
			}
		}
		(void)close(told[1]);
		int64_t safe = -1, i;
		for (int k = 0; k < 20 + 7 * trial && read(told[0], &i, sizeof(i)) == sizeof(i); k++)
			safe = i;
		cr_assert_eq(kill(child, SIGKILL), 0);
		cr_assert_eq(waitpid(child, NULL, 0), child);
		while (read(told[0], &i, sizeof(i)) == sizeof(i))
			safe = i;
		(void)close(told[0]);
		struct results r;
		size_t n = read_back(&r);
		cr_assert_geq((int64_t)n, safe + 1, "%zu records of %ld finished ones", n, (long)safe + 1);
		cr_assert(r.partial && r.partial_why[0]);
		cr_assert_str_eq(r.info.version, "0.1.0");
		for (size_t k = 0; k < n; k++)
			cr_assert_eq(mw_kv_int(&r.records.v[k].params, "size", 0), INT64_C(1) << 40 | (int64_t)k);
		results_fini(&r);
	}
}

/* A file cut at every byte of its last line: that record is dropped and said, the others are kept, and a resumed run
 * goes on. */
Test(journal, torn_last_line)
{
	struct journal *j = open_journal(false);
	append(j, 0);
	append(j, 1);
	struct stat two;
	cr_assert_eq(stat(in_dir("records.jsonl"), &two), 0);
	append(j, 2);
	journal_close(j);
	size_t size;
	char *whole = read_file("records.jsonl", &size);
	for (size_t cut = (size_t)two.st_size + 1; cut < size; cut++) {
		struct results r;
		write_file("records.jsonl", whole, cut);
		cr_assert_eq(read_back(&r), 2);
		cr_assert(r.partial);
		cr_assert(strstr(r.partial_why, "killed"), "%s", r.partial_why);
		results_fini(&r);
		if (cut % 50)
			continue;
		j = open_journal(true);
		append(j, 7);
		cr_assert_eq(journal_end(j, 3.5, NULL), 0);
		journal_close(j);
		cr_assert_eq(read_back(&r), 3);
		cr_assert(!r.partial);
		cr_assert_float_eq(r.info.elapsed_s, 3.5, 0);
		results_fini(&r);
	}
	free(whole);
}

Test(journal, endings_and_resuming)
{
	struct results r;
	char err[300] = "";
	struct journal *j = open_journal(false), *second;
	append(j, 0);
	cr_assert_eq(journal_skip(j, "energy", "no meter"), 0);
	cr_assert_eq(journal_end(j, 2, "interrupted by SIGTERM"), 0);
	journal_close(j);
	cr_assert_eq(read_back(&r), 1);
	cr_assert(r.partial);
	cr_assert_str_eq(r.partial_why, "interrupted by SIGTERM");
	cr_assert_eq(r.n_skipped, 1);
	/* A second run must not grow into the first one's file by accident. */
	cr_assert_eq(journal_open(dir, &r, false, &second, err, sizeof(err)), -EEXIST);
	cr_assert_null(second);
	results_fini(&r);
	/* The resumed run repeats record 0, adds 1, and skips energy for another reason. */
	j = open_journal(true);
	append(j, 0);
	append(j, 1);
	cr_assert_eq(journal_skip(j, "energy", "still no meter"), 0);
	journal_close(j);
	cr_assert_eq(read_back(&r), 2);
	cr_assert(r.partial, "the end of the first part does not end the second");
	cr_assert_eq(r.n_skipped, 1);
	cr_assert_str_eq(r.skipped[0].reason, "still no meter");
	results_fini(&r);
}

/* Two topology states of one point are two records. */
Test(journal, states_stay_apart)
{
	struct journal *j = open_journal(false);
	struct results r;
	for (int i = 0; i < 3; i++) {
		struct mw_record rec = full_record(0);
		mw_kv_set_str(&rec.observed, "state", i == 2 ? "split" : "near");
		rec.value = i;
		cr_assert_eq(journal_append(j, &rec), 0);
		mw_record_fini(&rec);
	}
	journal_close(j);
	cr_assert_eq(read_back(&r), 2);
	cr_assert_eq(r.records.v[0].value, 1);
	cr_assert_eq(r.records.v[1].value, 2);
	results_fini(&r);
}

Test(journal, damage_elsewhere_is_refused)
{
	struct journal *j = open_journal(false);
	for (int64_t i = 0; i < 3; i++)
		append(j, i);
	journal_close(j);
	size_t size;
	char *whole = read_file("records.jsonl", &size), err[300] = "";
	struct results r;
	char *third = strchr(strchr(whole, '\n') + 1, '\n') + 1;
	third[5] = '\1';
	write_file("records.jsonl", whole, size);
	cr_assert_eq(journal_read(dir, &r, err, sizeof(err)), MW_EFORMAT);
	cr_assert(strstr(err, "records.jsonl:3:"), "%s", err);
	results_fini(&r);
	/* Without its head a journal is nobody's. */
	write_file("records.jsonl", third, strlen(third));
	cr_assert_eq(journal_read(dir, &r, err, sizeof(err)), MW_EFORMAT);
	results_fini(&r);
	write_file("records.jsonl", "", 0);
	cr_assert_eq(journal_read(dir, &r, err, sizeof(err)), MW_EFORMAT);
	cr_assert(strstr(err, "no complete line"), "%s", err);
	results_fini(&r);
	free(whole);
}

/* What an anonymised journal holds must not be readable in its bytes. */
Test(journal, anonymised)
{
	struct results head;
	struct journal *j;
	char err[300] = "";
	size_t size;
	full_results(&head);
	head.info.anonymized = true;
	cr_assert_eq(journal_open(dir, &head, false, &j, err, sizeof(err)), 0);
	struct mw_record r = full_record(0);
	mw_kv_set_str(&r.params, "path", "secret-mount");
	(void)snprintf(r.note, sizeof(r.note), "on /home/user/disk");
	cr_assert_eq(journal_append(j, &r), 0);
	cr_assert_eq(journal_skip(j, "storage", "/home/user/disk is full"), 0);
	mw_record_fini(&r);
	journal_close(j);
	char *text = read_file("records.jsonl", &size);
	static const char *const secrets[] = {"node-17", "secret-mount", "/home/user", "--output"};
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		cr_assert(!strstr(text, secrets[i]), "%s is in the journal", secrets[i]);
	cr_assert(strstr(text, "\"anonymized\":true"));
	cr_assert_str_eq(head.host.hostname, "node-17", "the caller's own copy stays");
	cr_assert_not_null(head.info.argv);
	free(text);
	results_fini(&head);
}
