/* Which results a command uses when none are named. */
#include "tests/reports/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "reports/newest.h"

TestSuite(newest, .init = make_dir, .fini = remove_dir);

static char err[400], path[400], why[400];

/* A folder with a run of that host whose journal was last written at that time; 0: it has no journal. */
static void put_run(const char *name, const char *hostname, bool partial, time_t journal)
{
	struct results r;
	full_results(&r);
	set_text(&r.host.hostname, hostname);
	r.partial = partial;
	set_text(&r.partial_why, partial ? "killed" : NULL);
	char parent[64];
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)strcspn(name, "/"), name);
	cr_assert(mkdir(in_dir(parent), 0777) == 0 || errno == EEXIST);
	cr_assert(mkdir(in_dir(name), 0777) == 0 || errno == EEXIST);
	cr_assert_eq(results_write(in_dir(name), &r, err, sizeof(err)), 0, "%s", err);
	results_fini(&r);
	if (journal) {
		char file[90];
		const struct timespec times[2] = {{.tv_sec = journal}, {.tv_sec = journal}};
		(void)snprintf(file, sizeof(file), "%s/records.jsonl", name);
		write_file(file, "", 0);
		cr_assert_eq(utimensat(AT_FDCWD, in_dir(file), times, 0), 0);
	}
}

static int find(struct results *out)
{
	struct results host;
	full_results(&host);
	path[0] = why[0] = '\0';
	int rc = newest_results(dir, &host.host, out, path, sizeof(path), why, sizeof(why));
	results_fini(&host);
	return rc;
}

static void finds(const char *name)
{
	struct results r;
	cr_assert_eq(find(&r), 1, "%s", why);
	cr_assert_str_eq(path, in_dir(name));
	cr_assert_str_eq(r.host.hostname, "node-17");
	cr_assert_not(r.partial);
	results_fini(&r);
}

static void finds_none(const char *words)
{
	struct results r;
	cr_assert_eq(find(&r), 0);
	cr_assert_str_eq(path, "");
	cr_assert(strstr(why, words), "'%s' is not in: %s", words, why);
	results_fini(&r);
}

Test(newest, of_two_runs_of_one_second_the_later_one_is_taken)
{
	const struct timespec early[2] = {{1700000000, 100}, {1700000000, 100}},
			      late[2] = {{1700000000, 200}, {1700000000, 200}};
	put_run("memwall-results/a", "node-17", false, 1700000000);
	put_run("memwall-results/b", "node-17", false, 1700000000);
	cr_assert_eq(utimensat(AT_FDCWD, in_dir("memwall-results/a/records.jsonl"), late, 0), 0);
	cr_assert_eq(utimensat(AT_FDCWD, in_dir("memwall-results/b/records.jsonl"), early, 0), 0);
	finds("memwall-results/a/results.json");
	cr_assert_eq(utimensat(AT_FDCWD, in_dir("memwall-results/a/records.jsonl"), early, 0), 0);
	cr_assert_eq(utimensat(AT_FDCWD, in_dir("memwall-results/b/records.jsonl"), late, 0), 0);
	finds("memwall-results/b/results.json");
}

Test(newest, nothing_is_no_error)
{
	finds_none("no results were found");
	finds_none("'memwall run'");
}

Test(newest, last_journal_wins_over_names_and_rewritten_results)
{
	put_run("memwall-results/b", "node-17", false, 2000);
	put_run("memwall-results/a", "node-17", false, 3000);
	put_run("memwall-results/c", "node-17", false, 1000); /* its results.json is the last one written */
	finds("memwall-results/a/results.json");
}

Test(newest, results_folder_counts_in_a_checkout_only)
{
	put_run("results/a", "node-17", false, 5000);
	finds_none("no results were found");
	put_run("memwall-results/b", "node-17", false, 4000);
	finds("memwall-results/b/results.json");
	write_file("GNUmakefile", "", 0);
	finds("results/a/results.json");
}

Test(newest, other_hosts_and_unfinished_runs_are_passed_over)
{
	put_run("memwall-results/mine", "node-17", false, 1000);
	put_run("memwall-results/killed", "node-17", true, 2000);
	put_run("memwall-results/other", "node-18", false, 3000);
	finds("memwall-results/mine/results.json");
	cr_assert_eq(unlink(in_dir("memwall-results/mine/results.json")), 0);
	finds_none("1 of other hosts, 2 not finished");
}

Test(newest, damaged_files_are_passed_over)
{
	put_run("memwall-results/mine", "node-17", false, 1000);
	put_run("memwall-results/damaged", "node-17", false, 2000);
	write_file("memwall-results/damaged/results.json", "{", 1);
	finds("memwall-results/mine/results.json");
	cr_assert_eq(unlink(in_dir("memwall-results/mine/results.json")), 0);
	finds_none("1 unreadable");
}

Test(newest, anonymised_results_are_nobodys)
{
	struct results r, host;
	full_results(&r);
	full_results(&host);
	r.partial = false;
	results_anonymize(&r);
	/* Also where this host has no name to compare theirs with. */
	set_text(&host.host.hostname, NULL);
	cr_assert_eq(mkdir(in_dir("memwall-results"), 0777), 0);
	cr_assert_eq(mkdir(in_dir("memwall-results/a"), 0777), 0);
	cr_assert_eq(results_write(in_dir("memwall-results/a"), &r, err, sizeof(err)), 0, "%s", err);
	results_fini(&r);
	cr_assert_eq(newest_results(dir, &host.host, &r, path, sizeof(path), why, sizeof(why)), 0);
	cr_assert(strstr(why, "1 anonymised"), "%s", why);
	results_fini(&r);
	results_fini(&host);
}

Test(newest, what_makes_a_host)
{
	struct results a, b;
	full_results(&a);
	full_results(&b);
	cr_assert(newest_same_host(&a.host, &b.host));
	set_text(&b.host.kernel, "7.0");
	set_text(&b.host.governor, "powersave");
	b.host.mem_available = 1;
	cr_assert(newest_same_host(&a.host, &b.host));
	b.host.n_cpus--;
	cr_assert_not(newest_same_host(&a.host, &b.host));
	b.host.n_cpus++;
	b.host.n_sockets++;
	cr_assert_not(newest_same_host(&a.host, &b.host));
	b.host.n_sockets--;
	b.host.n_cores++;
	cr_assert_not(newest_same_host(&a.host, &b.host));
	b.host.n_cores--;
	cr_assert(newest_same_host(&a.host, &b.host));
	set_text(&b.host.virtualization, "another");
	cr_assert_not(newest_same_host(&a.host, &b.host));
	set_text(&b.host.virtualization, a.host.virtualization);
	set_text(&b.host.cpu_model, "another");
	cr_assert_not(newest_same_host(&a.host, &b.host));
	results_fini(&a);
	results_fini(&b);
}
