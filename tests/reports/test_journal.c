/* The journal: finished records are kept, however the run is killed. */
#include "tests/reports/journal_open.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/core/err.h"

TestSuite(journal, .init = make_dir, .fini = remove_dir);

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
	for (size_t cut = (size_t)two.st_size + 1; cut < size - 1; cut++) {
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
		cr_assert(isnan(r.info.elapsed_s), "nobody knows how long the killed part took");
		results_fini(&r);
	}
	free(whole);
}

/* What each session counted is the run's together; what none counted is not known. */
Test(journal, counts_of_sessions)
{
	struct results r;
	struct mw_host counts;
	mw_host_init(&counts);
	for (int session = 0; session < 2; session++) {
		struct journal *j = open_journal(session > 0);
		append(j, session);
		counts.edac_corrected_during = session ? 4 : 3;
		cr_assert_eq(journal_counts(j, &counts), 0);
		cr_assert_eq(journal_end(j, 1, session ? NULL : "interrupted by SIGINT"), 0);
		journal_close(j);
		(void)read_back(&r);
		cr_assert_eq(r.host.edac_corrected_during, session ? 7 : 3);
		cr_assert_eq(r.host.throttled_during, MW_COUNT_UNKNOWN);
		results_fini(&r);
	}
	mw_host_fini(&counts);
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
	cr_assert_eq(journal_open(dir, false, NULL, &second, err, sizeof(err)), -EEXIST);
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
		(void)mw_set_text(&rec, MW_AS_OBSERVED, "state", i == 2 ? "split" : "near");
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

/* A journal of n records whose lines are in lines[1..n], NUL in place of the newline; freed by the caller. */
static char *lines_of(size_t n, char **lines)
{
	struct journal *j = open_journal(false);
	for (size_t i = 0; i < n; i++)
		append(j, (int64_t)i);
	journal_close(j);
	size_t size;
	char *text = read_file("records.jsonl", &size), *at = text;
	for (size_t i = 0; i <= n; i++) {
		lines[i] = at;
		at = strchr(at, '\n');
		*at++ = '\0';
	}
	return text;
}

static void write_lines(char *const *lines, size_t n, const char *newline)
{
	FILE *f = fopen(in_dir("records.jsonl"), "wb");
	cr_assert(f);
	for (size_t i = 0; i < n; i++)
		cr_assert_geq(fprintf(f, "%s%s", lines[i], newline), 0);
	cr_assert_eq(fclose(f), 0);
}

static char end_line[] = "{\"end\":{\"elapsed_s\":2.5,\"partial_why\":null}}";

Test(journal, a_damaged_line_is_left_out)
{
	char *lines[8];
	struct results r;
	char *text = lines_of(6, lines);
	lines[7] = end_line;
	lines[2][5] = '\1';
	lines[4][strlen(lines[4]) / 2] = '\0'; /* cut in the middle */
	memcpy(lines[5] + 2, "rekord", 6);
	write_lines(lines, 8, "\n");
	cr_assert_eq(read_back(&r), 3);
	cr_assert(r.partial);
	cr_assert_str_eq(r.partial_why, "3 lines of records.jsonl could not be read: 3, 5, 6");
	cr_assert_float_eq(r.info.elapsed_s, 2.5, 0);
	results_fini(&r);
	/* It stays so when the run is gone on with. */
	struct journal *j = open_journal(true);
	append(j, 9);
	journal_close(j);
	cr_assert_eq(read_back(&r), 4);
	cr_assert_str_eq(r.partial_why, "3 lines of records.jsonl could not be read: 3, 5, 6; "
					"the run did not come to its end");
	results_fini(&r);
	free(text);
}

Test(journal, other_newlines_nul_bytes_and_long_lines)
{
	char *lines[5], err[300] = "";
	struct results r;
	char *text = lines_of(3, lines);
	lines[4] = end_line;
	write_lines(lines, 5, "\r\n\n");
	cr_assert_eq(read_back(&r), 3);
	cr_assert(!r.partial, "%s", r.partial_why);
	results_fini(&r);
	/* A line of NUL bytes, as a file system may leave after a power cut, and one of 100 MB. */
	write_lines(lines, 4, "\n");
	FILE *f = fopen(in_dir("records.jsonl"), "ab");
	cr_assert(f);
	for (int i = 0; i < 4096; i++)
		cr_assert_eq(fputc(0, f), 0);
	cr_assert_eq(fputc('\n', f), '\n');
	char *block = malloc(1 << 20);
	cr_assert(block);
	memset(block, '[', 1 << 20);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(fwrite(block, 1, 1 << 20, f), 1 << 20);
	cr_assert_geq(fprintf(f, "\n%s\n", end_line), 0);
	cr_assert_eq(fclose(f), 0);
	free(block);
	cr_assert_eq(journal_read(dir, &r, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(r.records.n, 3);
	cr_assert_str_eq(r.partial_why, "2 lines of records.jsonl could not be read: 5, 6");
	results_fini(&r);
	free(text);
}

/* Without its head a journal is nobody's. */
Test(journal, without_a_head_it_is_refused)
{
	char *lines[4], err[300] = "";
	struct results r, old;
	struct journal *j;
	char *text = lines_of(3, lines);
	char *const headless[] = {lines[1], lines[2]};
	write_lines(headless, 2, "\n");
	cr_assert_eq(journal_read(dir, &r, err, sizeof(err)), MW_EFORMAT);
	cr_assert(strstr(err, "line 1: not the head of a run"), "%s", err);
	results_fini(&r);
	cr_assert_eq(journal_open(dir, true, &old, &j, err, sizeof(err)), MW_EFORMAT);
	cr_assert_null(j);
	results_fini(&old);
	/* Killed before the head was whole: nothing to report, and nothing lost in going on. Any other file stays. */
	size_t head = strlen(lines[0]);
	for (size_t cut = 0; cut < head; cut += cut < 12 ? 1 : head / 9) {
		write_file("records.jsonl", lines[0], cut);
		cr_assert_eq(journal_read(dir, &r, err, sizeof(err)), MW_EFORMAT);
		cr_assert(strstr(err, "no complete line"), "%s", err);
		results_fini(&r);
		j = open_journal(true);
		append(j, 1);
		journal_close(j);
		cr_assert_eq(read_back(&r), 1, "%zu bytes", cut);
		results_fini(&r);
	}
	write_file("records.jsonl", "my notes", 8);
	cr_assert_eq(journal_open(dir, true, &old, &j, err, sizeof(err)), MW_EFORMAT);
	results_fini(&old);
	size_t size;
	char *notes = read_file("records.jsonl", &size);
	cr_assert_str_eq(notes, "my notes");
	free(notes);
	free(text);
}

/* Two journals in one file: a copy of the same run adds nothing, another run's records are not this one's. */
Test(journal, concatenated)
{
	char *lines[4], other[4096];
	struct results r;
	char *text = lines_of(3, lines);
	char *const twice[] = {lines[0], lines[1], lines[2], end_line, lines[0], lines[3], end_line};
	write_lines(twice, 7, "\n");
	cr_assert_eq(read_back(&r), 3);
	cr_assert_str_eq(r.partial_why, "1 line of records.jsonl could not be read: 5");
	results_fini(&r);
	(void)snprintf(other, sizeof(other), "%s", lines[0]);
	char *host = strstr(other, "node-17");
	cr_assert(host);
	memcpy(host, "node-18", 7);
	char *const foreign[] = {lines[0], lines[1], end_line, other, lines[2], lines[3], end_line, end_line};
	write_lines(foreign, 8, "\n");
	cr_assert_eq(read_back(&r), 1);
	cr_assert_str_eq(r.info.version, "0.1.0");
	cr_assert_str_eq(r.host.hostname, "node-17");
	cr_assert_str_eq(r.partial_why, "5 lines of records.jsonl could not be read: 4, 5, 6, 7, ...");
	results_fini(&r);
	free(text);
}

/* The last line lacks its newline only: it is whole, and is kept by a reader and by a resumed run. */
Test(journal, last_newline_missing)
{
	char *lines[4];
	struct results r;
	char *text = lines_of(3, lines);
	for (int resume = 0; resume < 2; resume++) {
		write_lines(lines, 3, "\n");
		FILE *f = fopen(in_dir("records.jsonl"), "ab");
		cr_assert(f && fputs(lines[3], f) >= 0 && fclose(f) == 0);
		if (resume) {
			struct journal *j = open_journal(true);
			append(j, 9);
			journal_close(j);
		}
		cr_assert_eq(read_back(&r), 3 + (size_t)resume);
		cr_assert_null(strstr(r.partial_why, "lost"), "%s", r.partial_why);
		results_fini(&r);
	}
	free(text);
}

/* Elapsed is the sum of all sessions, and unknown when one was killed. A benchmark left out at first and finished
 * later is not left out. */
Test(journal, several_sessions)
{
	struct results r;
	struct journal *j = open_journal(false);
	append(j, 0);
	cr_assert_eq(journal_skip(j, "latency", "no time left"), 0);
	cr_assert_eq(journal_skip(j, "energy", "no meter"), 0);
	cr_assert_eq(journal_end(j, 2, "interrupted by SIGINT"), 0);
	journal_close(j);
	j = open_journal(true);
	append(j, 1);
	struct mw_record done;
	mw_record_init(&done, "latency", "run", "elapsed", MW_S);
	mw_record_set(&done, 1, MW_MEASURED, "");
	cr_assert_eq(journal_append(j, &done), 0);
	mw_record_fini(&done);
	cr_assert_eq(journal_end(j, 0.5, NULL), 0);
	cr_assert_eq(journal_results(j, &r, NULL, 0), 0);
	cr_assert_eq(r.records.n, 2, "latency ended in the second session: what it had said in the first one is old");
	cr_assert(!r.partial);
	cr_assert_float_eq(r.info.elapsed_s, 2.5, 0);
	cr_assert_eq(r.n_skipped, 1);
	cr_assert_str_eq(r.skipped[0].bench, "energy");
	results_fini(&r);
	journal_close(j);
	journal_close(open_journal(true)); /* killed */
	j = open_journal(true);
	cr_assert_eq(journal_end(j, 1, NULL), 0);
	journal_close(j);
	(void)read_back(&r);
	cr_assert(!r.partial);
	cr_assert(isnan(r.info.elapsed_s));
	results_fini(&r);
}

/* The places of the table looked at grow with the records, not with their square. */
Test(journal, reading_is_linear)
{
	const int64_t n = 20000;
	struct journal *j = open_journal(false);
	struct mw_record r;
	mw_record_init(&r, "latency", "chase", "latency", MW_NS);
	for (int64_t i = 0; i < n; i++) {
		(void)mw_set_int(&r, MW_AS_PARAM, "size", i % (n / 2)); /* each identity twice */
		(void)mw_set_text(&r, MW_AS_PARAM, "pages", "thp");
		mw_record_set(&r, (double)i, MW_MEASURED, "");
		cr_assert_eq(journal_append(j, &r), 0);
	}
	mw_record_fini(&r);
	journal_close(j);
	struct results back;
	struct journal_stats stats;
	char err[300] = "";
	int fd = open(in_dir("records.jsonl"), O_RDONLY);
	cr_assert_eq(journal_read_fd(fd, "journal", &back, &stats, NULL, err, sizeof(err)), 0, "%s", err);
	(void)close(fd);
	cr_assert_eq(back.records.n, (size_t)n / 2);
	cr_assert_eq(stats.lines, (size_t)n + 1);
	cr_assert_eq(stats.unread, 0);
	for (int64_t i = 0; i < n / 2; i++)
		cr_assert_eq(back.records.v[i].value, (double)(i + n / 2));
	cr_assert_lt(stats.probes, 8 * (uint64_t)n, "%llu", (unsigned long long)stats.probes);
	results_fini(&back);
}

/* One process writes; the lock goes with it, however it dies. */
Test(journal, locked_while_the_run_goes_on)
{
	struct results old;
	struct journal *second;
	char err[300] = "";
	int told[2], hold;
	pid_t holder;
	cr_assert_eq(pipe(told), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)alarm(20); /* a failing parent does not end it */
		struct journal *j = open_journal(false);
		append(j, 0);
		(void)!write(told[1], "x", 1);
		(void)pause();
		journal_close(j);
		_exit(0);
	}
	char c;
	(void)close(told[1]);
	cr_assert_eq(read(told[0], &c, 1), 1);
	cr_assert_eq(journal_open(dir, true, &old, &second, err, sizeof(err)), -EBUSY);
	cr_assert_null(second);
	bool told_by_whom = strstr(err, "(process ");
	cr_assert(strstr(err, told_by_whom ? "run that is going on" : "another memwall"), "%s", err);
	results_fini(&old);
	cr_assert_eq(journal_hold(dir, &hold, &holder), -EBUSY);
	char expected[40];
	(void)snprintf(expected, sizeof(expected), "(process %ld)", (long)child);
	if (holder) { /* where /proc/locks tells */
		cr_assert_eq(holder, child);
		cr_assert(strstr(err, expected), "%s", err);
	}
	(void)kill(child, SIGKILL);
	cr_assert_eq(waitpid(child, NULL, 0), child);
	/* A report keeps runs out, not other reports. */
	int another;
	cr_assert_eq(journal_hold(dir, &hold, &holder), 0);
	cr_assert_eq(journal_hold(dir, &another, &holder), 0);
	journal_release(hold);
	journal_release(another);
	journal_close(open_journal(true));
	struct results r;
	cr_assert_eq(read_back(&r), 1);
	results_fini(&r);
}

/* A report that does not let go is not called a run. */
Test(journal, held_by_a_report)
{
	struct results old;
	struct journal *j;
	char err[300] = "";
	int hold;
	pid_t holder;
	journal_close(open_journal(false));
	cr_assert_eq(journal_hold(dir, &hold, &holder), 0);
	cr_assert_eq(journal_open(dir, true, &old, &j, err, sizeof(err)), -EBUSY);
	bool told_by_whom = strstr(err, "(process ");
	cr_assert(strstr(err, told_by_whom ? "a report" : "another memwall"), "%s", err);
	cr_assert(!strstr(err, "run that is going on"), "%s", err);
	results_fini(&old);
	journal_release(hold);
	journal_close(open_journal(true));
}

/* Without locks another run may go on writing after this one has read: nothing of it is cut off. */
Test(journal, appended_by_another)
{
	struct results head, old, r;
	struct journal *other = open_journal(false), *j;
	char err[300] = "";
	append(other, 0);
	journal_close(other);
	size_t size, two;
	char *before = read_file("records.jsonl", &size);
	other = open_journal(true);
	append(other, 1);
	journal_close(other);
	char *after = read_file("records.jsonl", &two);
	write_file("records.jsonl", before, size);
	full_results(&head);
	cr_assert_eq(journal_open(dir, true, &old, &j, err, sizeof(err)), 0, "%s", err);
	write_file("records.jsonl", after, two); /* flock keeps nobody from it */
	cr_assert_eq(journal_begin(j, &head, err, sizeof(err)), 0, "%s", err);
	append(j, 2);
	journal_close(j);
	cr_assert_eq(read_back(&r), 3);
	results_fini(&r);
	results_fini(&old);
	results_fini(&head);
	free(before);
	free(after);
}

/* A line that the disk had no room for is taken back: the next one stands alone. */
Test(journal, full_disk)
{
	struct journal *j = open_journal(false);
	struct results r;
	struct stat st;
	append(j, 0);
	cr_assert_eq(stat(in_dir("records.jsonl"), &st), 0);
	struct rlimit limit, full;
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	for (rlim_t room = 0; room < 300; room += 100) {
		full = limit;
		full.rlim_cur = (rlim_t)st.st_size + room;
		struct mw_record rec = full_record(1);
		cr_assert_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
		int rc = journal_append(j, &rec);
		cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
		cr_assert_eq(rc, -EFBIG);
		mw_record_fini(&rec);
	}
	append(j, 2);
	cr_assert_eq(journal_end(j, 1, NULL), 0);
	journal_close(j);
	cr_assert_eq(read_back(&r), 2);
	cr_assert(!r.partial, "%s", r.partial_why);
	results_fini(&r);
}

Test(journal, what_is_not_a_regular_file)
{
	struct results old;
	struct journal *j;
	char err[300] = "";
	for (int kind = 0; kind < 4; kind++) {
		(void)remove(in_dir("records.jsonl"));
		if (kind == 0)
			cr_assert_eq(mkdir(in_dir("records.jsonl"), 0777), 0);
		else if (kind == 1)
			cr_assert_eq(mkfifo(in_dir("records.jsonl"), 0666), 0);
		else
			cr_assert_eq(symlink(kind == 2 ? "elsewhere" : "/dev/zero", in_dir("records.jsonl")), 0);
		write_file("elsewhere", "precious", 8);
		cr_assert_eq(journal_open(dir, true, &old, &j, err, sizeof(err)), -EINVAL, "kind %d: %s", kind, err);
		cr_assert(strstr(err, "not a regular file"), "%s", err);
		results_fini(&old);
		struct results r;
		cr_assert_lt(journal_read(dir, &r, err, sizeof(err)), 0);
		results_fini(&r);
		size_t size;
		char *text = read_file("elsewhere", &size);
		cr_assert_str_eq(text, "precious");
		free(text);
	}
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
	cr_assert_eq(journal_open(dir, false, NULL, &j, err, sizeof(err)), 0);
	cr_assert_eq(journal_begin(j, &head, err, sizeof(err)), 0);
	struct mw_record r = full_record(0);
	(void)mw_set_text(&r, MW_AS_PARAM, "path", "secret-mount");
	mw_record_note(&r, "on /home/user/disk");
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

/* ---- samples of what is still being measured ---- */
