/* Runs unit tests, each in a child process: runner [--jobs N] [--timeout S] [--skip FILE] [PATTERN...]
 *
 * A pattern is a glob of suite/name; without one all tests run. FILE has lines `PATTERN REASON` of tests that are not
 * run; a pattern that matches no test is an error, so that the file stays true. Ends with
 * `N passed, N failed, N skipped`. */
#include "tests/arm/include/criterion/criterion.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_JOBS = 16, MAX_SKIPS = 200, SKIPPED = 77 };

struct skip {
	char pattern[120], why[200];
	bool used;
};

struct job {
	pid_t pid; /* 0: free */
	FILE *log;
	const struct runner_test *test;
};

struct run {
	unsigned jobs, timeout, passed, failed, skipped;
	struct job job[MAX_JOBS];
	struct skip skip[MAX_SKIPS];
	size_t skips;
};

static struct runner_test *all;
static bool failed_here; /* in the process of a test: an expectation did not hold */
static FILE *redirected;

void runner_add(struct runner_test *t)
{
	t->next = all;
	all = t;
}

static void complain(const char *file, int line, const char *what, const char *fmt, va_list ap)
{
	fprintf(stderr, "%s:%d: %s:", file, line, what);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	failed_here = true;
}

void runner_expected(const char *file, int line, const char *what, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(file, line, what, fmt, ap);
	va_end(ap);
}

void runner_asserted(const char *file, int line, const char *what, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(file, line, what, fmt, ap);
	va_end(ap);
	_exit(1);
}

void runner_skip(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	_exit(SKIPPED);
}

void runner_log(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void runner_redirect_stdout(void)
{
	redirected = tmpfile();
	if (!redirected || dup2(fileno(redirected), STDOUT_FILENO) < 0)
		runner_skip("no temporary file");
}

bool runner_stdout_is(const char *text)
{
	char got[4096];
	fflush(stdout);
	ssize_t n = pread(fileno(redirected), got, sizeof(got), 0);
	return n == (ssize_t)strlen(text) && memcmp(got, text, (size_t)n) == 0;
}

static const struct runner_test *suite_of(const struct runner_test *t)
{
	for (const struct runner_test *s = all; s; s = s->next)
		if (!s->run && strcmp(s->suite, t->suite) == 0)
			return s;
	return NULL;
}

static void call(void (*f)(void))
{
	if (f)
		f();
}

static void run_here(const struct runner_test *t, unsigned timeout)
{
	const struct runner_test *suite = suite_of(t);
	double own = t->options.timeout;
	alarm(own > timeout ? (unsigned)own : timeout);
	call(suite ? suite->options.init : NULL);
	call(t->options.init);
	t->run();
	call(t->options.fini);
	call(suite ? suite->options.fini : NULL);
	exit(failed_here ? 1 : 0);
}

static void start(struct run *r, struct job *j, const struct runner_test *t)
{
	j->test = t;
	j->log = tmpfile();
	fflush(NULL);
	j->pid = j->log ? fork() : -1;
	if (j->pid < 0) {
		fprintf(stderr, "runner: cannot start a test: %s\n", strerror(errno));
		exit(2);
	}
	if (j->pid == 0) {
		dup2(fileno(j->log), STDOUT_FILENO);
		dup2(fileno(j->log), STDERR_FILENO);
		run_here(t, r->timeout);
	}
}

static void show(FILE *log)
{
	char line[1000];
	rewind(log);
	while (fgets(line, sizeof(line), log))
		printf("    | %s", line);
}

static void last_line(FILE *log, char *out, int n)
{
	char line[1000];
	rewind(log);
	out[0] = '\0';
	while (fgets(line, sizeof(line), log)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			(void)snprintf(out, (size_t)n, "%.*s", n - 1, line);
	}
}

/* Waits for one test. */
static void reap(struct run *r)
{
	int status;
	pid_t pid = wait(&status);
	if (pid < 0) {
		fprintf(stderr, "runner: cannot wait for a test: %s\n", strerror(errno));
		exit(2);
	}
	for (unsigned i = 0; i < r->jobs; i++) {
		struct job *j = &r->job[i];
		if (j->pid != pid || !j->test)
			continue;
		int signal = j->test->options.signal;
		if (signal ? WIFSIGNALED(status) && WTERMSIG(status) == signal
			   : WIFEXITED(status) && WEXITSTATUS(status) == 0) {
			r->passed++;
		} else if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
			char why[200];
			last_line(j->log, why, sizeof(why));
			printf("SKIP  %s/%s: %s\n", j->test->suite, j->test->name, why);
			r->skipped++;
		} else {
			printf("FAIL  %s/%s: %s %d\n", j->test->suite, j->test->name,
			       WIFSIGNALED(status) ? "signal" : "exit",
			       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
			show(j->log);
			r->failed++;
		}
		fclose(j->log);
		*j = (struct job){.pid = 0};
	}
}

static struct job *free_job(struct run *r)
{
	for (;;) {
		for (unsigned i = 0; i < r->jobs; i++)
			if (r->job[i].pid == 0)
				return &r->job[i];
		reap(r);
	}
}

static bool busy(const struct run *r)
{
	for (unsigned i = 0; i < r->jobs; i++)
		if (r->job[i].pid != 0)
			return true;
	return false;
}

static int read_skips(struct run *r, const char *path)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	char line[400];
	while (r->skips < MAX_SKIPS && fgets(line, sizeof(line), f)) {
		struct skip *s = &r->skip[r->skips];
		if (line[0] != '#' && sscanf(line, "%119s %199[^\n]", s->pattern, s->why) == 2)
			r->skips++;
	}
	return fclose(f);
}

static bool skipped(struct run *r, const char *name)
{
	bool any = false;
	for (size_t i = 0; i < r->skips; i++) {
		if (fnmatch(r->skip[i].pattern, name, 0) != 0)
			continue;
		if (!any)
			printf("SKIP  %s: %s\n", name, r->skip[i].why);
		r->skip[i].used = any = true;
	}
	return any;
}

static bool wanted(char **patterns, const char *name)
{
	for (char **p = patterns; *p; p++)
		if (fnmatch(*p, name, 0) == 0)
			return true;
	return !*patterns;
}

static void consider(struct run *r, const struct runner_test *t, char **patterns)
{
	char name[240];
	(void)snprintf(name, sizeof(name), "%s/%s", t->suite, t->name);
	bool left_out = skipped(r, name);
	if (!wanted(patterns, name))
		return;
	if (left_out)
		r->skipped++;
	else
		start(r, free_job(r), t);
}

int main(int argc, char **argv)
{
	static struct run r = {.jobs = 1, .timeout = 60};
	int i = 1;
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--jobs") == 0)
			r.jobs = (unsigned)atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--timeout") == 0)
			r.timeout = (unsigned)atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--skip") != 0 || read_skips(&r, argv[i + 1]) != 0)
			return 2;
	}
	if (r.jobs < 1 || r.jobs > MAX_JOBS)
		return 2;
	for (const struct runner_test *t = all; t; t = t->next)
		if (t->run)
			consider(&r, t, argv + i);
	while (busy(&r))
		reap(&r);
	for (size_t s = 0; s < r.skips; s++)
		if (!r.skip[s].used) {
			printf("FAIL  %s: no test has this name\n", r.skip[s].pattern);
			r.failed++;
		}
	printf("%u passed, %u failed, %u skipped\n", r.passed, r.failed, r.skipped);
	return r.failed > 0 || r.passed == 0;
}
