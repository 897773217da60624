#include "cli/measure.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)
/* Where nothing tells how much memory there is: what every machine that this runs on has. */
#define UNKNOWN_BYTES (256 * MIB)

const struct bench_profile measure_profiles[] = {
	{"tiny", 12, 0.50, 2, 3, 0.002, 64 * MIB, 2},
	{"quick", 90, 0.05, 6, 15, 0.02, 1 * GIB, 7},
	{"standard", 600, 0.02, 6, 60, 0.05, 4 * GIB, 9},
	{"full", 3600, 0.01, 10, 200, 0.1, 16 * GIB, 12},
	{.name = NULL},
};

const struct mw_option measure_options[] = {
	{.name = "profile",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .def = "quick",
	 .choices = "tiny|quick|standard|full",
	 .help = "time, sizes and the width of the intervals"},
	{.name = "max-time", .type = MW_OPT_DURATION, .arg = "TIME", .min = 1, .max = 1e6, .help = "limit on the time"},
	{.name = "max-mem",
	 .type = MW_OPT_SIZE,
	 .arg = "BYTES",
	 .min = 1 << 20,
	 .max = 0x1p50,
	 .help = "most memory to use (half of what is available)"},
	{.name = "cpus", .type = MW_OPT_TEXT, .arg = "LIST", .help = "CPUs to use, such as 0-3,8"},
	{.name = "nodes", .type = MW_OPT_TEXT, .arg = "LIST", .help = "use the CPUs of these NUMA nodes, such as 0-1"},
	{.name = "seed",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "1",
	 .min = 0,
	 .max = 9e15,
	 .help = "of all random choices"},
	MW_OPT_END,
};

static int read_machine(const struct cli *cli, struct mw_topology *t, char *err, size_t n)
{
	const char *cpus = mw_opt_text(&cli->opts, "cpus"), *nodes = mw_opt_text(&cli->opts, "nodes");
	char why[300] = "";
	int rc = mw_topology_read("/", cpus, t, why, sizeof(why));
	if (rc < 0)
		return mw_fail(rc, err, n, "%s%s", rc == MW_ESPEC ? "--cpus: " : "", why);
	if (nodes) {
		mw_topology_fini(t);
		rc = mw_topology_read_nodes("/", cpus, nodes, t, why, sizeof(why));
	}
	return rc < 0 ? mw_fail(rc, err, n, "--nodes=%.80s: %s", nodes, why) : 0;
}

/* Restricts the whole process, so that no first touch and no plot runs on a CPU that was not given. Failing is no
 * error: the team pins its members in any case. */
static void restrict_process(const struct mw_topology *t)
{
	size_t bytes = CPU_ALLOC_SIZE(MW_MAX_CPUS);
	cpu_set_t *set = CPU_ALLOC(MW_MAX_CPUS);
	if (!set)
		return;
	CPU_ZERO_S(bytes, set);
	for (int i = 0; i < t->host.n_cpus; i++)
		if (t->cpus[i].id < MW_MAX_CPUS)
			CPU_SET_S((size_t)t->cpus[i].id, bytes, set);
	(void)sched_setaffinity(0, bytes, set);
	CPU_FREE(set);
}

static int make_arenas(const struct cli *cli, struct measure *m, char *err, size_t n)
{
	const struct mw_host *h = &m->topo.host;
	bool known = mw_host_memory_known(h);
	/* Half of what is available: the other half belongs to the page cache, the figures and the user. */
	uint64_t max_bytes = known ? h->mem_available / 2 : UNKNOWN_BYTES;
	char words[96] = "--max-mem";
	if (mw_opt(&cli->opts, "max-mem")->set) {
		max_bytes = (uint64_t)mw_opt_int(&cli->opts, "max-mem");
		if (known && max_bytes > h->mem_available)
			return mw_fail(MW_ESPEC, err, n, "--max-mem=%s: only %llu MiB are available (%s)",
				       mw_opt_text(&cli->opts, "max-mem"), (unsigned long long)(h->mem_available / MIB),
				       h->mem_limit_source);
	} else if (known) {
		(void)snprintf(words, sizeof(words), "half of what is available: %s; see --max-mem",
			       h->mem_limit_source);
	} else {
		(void)snprintf(words, sizeof(words), "available memory is unknown; see --max-mem");
		(void)fprintf(stderr,
			      "memwall: the available memory is unknown: at most %llu MiB are used, --max-mem "
			      "allows more\n",
			      (unsigned long long)(max_bytes / MIB));
	}
	int rc = mw_arenas_create(max_bytes, &m->arenas);
	if (rc < 0)
		return mw_fail(rc, err, n, "no memory for the arenas");
	mw_arenas_set_source(m->arenas, words);
	return 0;
}

void measure_set_profile(struct measure *m, const char *name, const struct mw_opts *opts)
{
	for (const struct bench_profile *p = measure_profiles; p->name; p++)
		if (strcmp(p->name, name) == 0)
			m->profile = *p;
	if (mw_opt(opts, "max-time")->set)
		m->profile.limit_s = mw_opt_real(opts, "max-time");
	m->deadline_ns = m->start_ns + (uint64_t)(m->profile.limit_s * 1e9);
}

int measure_open(const struct cli *cli, struct measure *m, char *err, size_t n)
{
	memset(m, 0, sizeof(*m));
	m->start_ns = mw_now_ns();
	m->stop = cli->stop;
	const char *term = getenv("TERM");
	m->show_progress = isatty(STDERR_FILENO) == 1 && term && strcmp(term, "dumb") != 0;
	measure_set_profile(m, mw_opt_text(&cli->opts, "profile"), &cli->opts);
	m->seed = (uint64_t)mw_opt_int(&cli->opts, "seed");
	int rc = read_machine(cli, &m->topo, err, n);
	if (rc < 0)
		return rc;
	if (mw_opt_text(&cli->opts, "nodes") || mw_opt_text(&cli->opts, "cpus"))
		restrict_process(&m->topo);
	return make_arenas(cli, m, err, n);
}

int measure_start_team(struct measure *m, char *err, size_t n)
{
	int *cpus = calloc((size_t)m->topo.host.n_cpus, sizeof(*cpus));
	if (!cpus)
		return mw_fail(-ENOMEM, err, n, "no memory for the CPU list");
	int count = mw_topology_cpu_ids(&m->topo, cpus, m->topo.host.n_cpus);
	int rc = mw_team_create(cpus, count, &m->team, err, n);
	free(cpus);
	if (rc < 0)
		return rc;
	if (mw_team_short(m->team)[0])
		(void)fprintf(stderr, "memwall: %s: measuring with %d of %d\n", mw_team_short(m->team),
			      mw_team_size(m->team), mw_team_wanted(m->team));
	if (mw_team_unpinned(m->team)[0])
		(void)fprintf(stderr, "memwall: %s: measuring unpinned, values spread more\n",
			      mw_team_unpinned(m->team));
	return 0;
}

void measure_stop(struct measure *m)
{
	mw_team_destroy(m->team);
	mw_arenas_destroy(m->arenas);
	m->team = NULL;
	m->arenas = NULL;
}

void measure_close(struct measure *m)
{
	measure_stop(m);
	mw_topology_fini(&m->topo);
	mw_records_fini(&m->records);
}

static void add_with_needs(const struct bench *b, const struct bench **out, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (out[i] == b)
			return;
	for (const char *const *need = b->needs; need && *need; need++) {
		const struct bench *other = bench_find(*need);
		if (other && other != b)
			add_with_needs(other, out, count);
	}
	if (*count < MEASURE_MAX)
		out[(*count)++] = b;
}

size_t measure_order(const struct bench *const *wanted, size_t n, const struct bench **out)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		add_with_needs(wanted[i], out, &count);
	return count;
}

/* One line on the terminal: what runs, how far, how long still. */
static void show_progress(void *self, const char *step, double fraction)
{
	struct measure *m = self;
	uint64_t now = mw_now_ns();
	if (!m->show_progress || now - m->shown_ns < 100000000u)
		return;
	m->shown_ns = now;
	double weight = 0;
	const struct bench *b = m->running ? bench_find(m->running) : NULL;
	if (b)
		weight = b->weight * (fraction < 0 ? 0 : fraction > 1 ? 1 : fraction);
	double done = (m->weight_done + weight) / m->weight_total;
	double elapsed = (double)(now - m->start_ns) * 1e-9;
	double left = m->profile.limit_s - elapsed;
	if (done > 0.02 && elapsed / done - elapsed < left)
		left = elapsed / done - elapsed;
	(void)fprintf(stderr, "\r\033[K%3.0f%%  %s: %s  (%.0f s left)", 100 * done, m->running ? m->running : "",
		      step ? step : "", left > 0 ? left : 0);
	(void)fflush(stderr);
}

struct run_sink {
	struct measure *m;
	const struct measure_hooks *hooks;
};

/* A second record of one identity would make every reader choose in silence: it is kept out, and said. */
static bool is_second(const struct measure *m, const struct mw_record *r)
{
	size_t i = 0;
	while (i < m->records.n && !mw_record_same_identity(&m->records.v[i], r))
		i++;
	if (i == m->records.n)
		return false;
	char *id = mw_record_id(r);
	if (m->show_progress)
		(void)fputs("\r\033[K", stderr);
	cli_complain("left out a second record of %s", id ? id : r->bench);
	free(id);
	return true;
}

static int keep_and_forward(void *self, const struct mw_record *r)
{
	struct run_sink *s = self;
	struct mw_record unpinned = *r; /* shares the samples */
	if (is_second(s->m, r))
		return 0;
	if (r->provenance == MW_MEASURED && mw_team_unpinned(s->m->team)[0] &&
	    (r->observed.n < MW_RECORD_PARAMS || mw_kv_find(&r->observed, "pinned"))) {
		(void)mw_set_text(&unpinned, MW_AS_OBSERVED, "pinned", "no");
		r = &unpinned;
	}
	int rc = mw_records_add(&s->m->records, r);
	if (rc == 0)
		rc = mw_emit(&s->hooks->record, r);
	s->m->lost = rc < 0 ? rc : s->m->lost;
	return rc;
}

/* The benchmark whose record is lost did not fail, and knows no words for it. */
static int say_lost(const struct measure_hooks *hooks, int rc, char *err, size_t n)
{
	return mw_fail(rc, err, n, "cannot write %s: %s", hooks->target ? hooks->target : "a record", mw_strerror(rc));
}

struct bench_ctx measure_ctx(struct measure *m, const struct mw_opts *opts)
{
	return (struct bench_ctx){
		.topo = &m->topo,
		.arenas = m->arenas,
		.profile = &m->profile,
		.opts = opts,
		.earlier = &m->records,
		.stop = m->stop,
		.start_ns = m->start_ns,
		.deadline_ns = m->deadline_ns,
		.seed = m->seed,
	};
}

int measure_check(struct measure *m, const struct bench *b, const struct mw_opts *opts, char *err, size_t n)
{
	char why[400] = "";
	if (!b->check)
		return 0;
	struct bench_ctx ctx = measure_ctx(m, opts);
	ctx.named = true;
	int rc = b->check(&ctx, why, sizeof(why));
	return rc < 0 ? mw_fail(rc, err, n, "%s: %s", b->name, why[0] ? why : mw_strerror(rc)) : 0;
}

/* A benchmark's finish is a record as well: --resume looks for it. */
static int emit_elapsed(const struct mw_sink *sink, const struct bench *b, uint64_t begin_ns)
{
	struct mw_record r;
	mw_record_init(&r, b->name, "run", "elapsed", MW_S);
	mw_record_method(&r, "wall", 1);
	mw_record_set(&r, (double)(mw_now_ns() - begin_ns) * 1e-9, MW_MEASURED, "");
	return mw_emit(sink, &r);
}

bool measure_is_end(const struct mw_record *r, const struct bench *b)
{
	return strcmp(r->bench, b->name) == 0 && strcmp(r->case_name, "run") == 0 && strcmp(r->metric, "elapsed") == 0;
}

/* Runs one benchmark within its share of what is left. */
static int run_one(struct measure *m, const struct bench *b, double weight_left, const struct mw_opts *opts, bool named,
		   const struct mw_sink *sink, char *err, size_t n)
{
	struct mw_opts defaults = {0};
	int rc = 0;
	if (!opts) {
		char *argv[] = {NULL, NULL};
		rc = mw_opts_parse(&defaults, &b->options, b->options ? 1 : 0, 1, argv, err, n);
		opts = &defaults;
	}
	struct bench_ctx ctx = measure_ctx(m, opts);
	const struct mw_progress progress = {.update = show_progress, .self = m};
	ctx.team = m->team;
	ctx.progress = &progress;
	ctx.named = named;
	uint64_t begin = mw_now_ns();
	double left_ns = m->deadline_ns > begin ? (double)(m->deadline_ns - begin) : 0.0;
	ctx.deadline_ns = begin + (uint64_t)(left_ns * b->weight / weight_left);
	m->running = b->name;
	if (rc == 0 && b->available)
		rc = b->available(&ctx, err, n);
	if (rc == 0 && left_ns <= 0)
		rc = mw_fail(MW_EBUDGET, err, n, "no time left");
	if (rc == 0) {
		err[0] = '\0'; /* what was looked at before is no cause of what fails now */
		rc = b->run(&ctx, sink, err, n);
	}
	if (rc == 0)
		rc = emit_elapsed(sink, b, begin);
	mw_opts_fini(&defaults);
	return rc;
}

int measure_run(struct measure *m, const struct bench *const *list, size_t n_list, const struct bench *named,
		const struct mw_opts *opts, const char *only, const struct measure_hooks *hooks, char *err, size_t n)
{
	double weight_left = 0;
	for (size_t i = 0; i < n_list; i++)
		weight_left += list[i]->weight;
	m->weight_total = weight_left;
	struct run_sink state = {.m = m, .hooks = hooks};
	const struct mw_sink sink = {keep_and_forward, &state};
	int rc = 0;
	for (size_t i = 0; i < n_list; i++) {
		const struct bench *b = list[i];
		char why[400] = "";
		bool by_name = b == named || (only && mw_list_has(only, b->name));
		int one = run_one(m, b, weight_left, b == named ? opts : NULL, by_name, &sink, why, sizeof(why));
		weight_left -= b->weight;
		m->weight_done += b->weight;
		if (m->lost) {
			rc = say_lost(hooks, m->lost, err, n);
			break;
		}
		if (one == MW_ECANCELLED || atomic_load(m->stop)) {
			rc = MW_ECANCELLED;
			break;
		}
		if (one == 0)
			continue;
		if (!why[0])
			(void)snprintf(why, sizeof(why), "%s", mw_strerror(one));
		/* What was not asked for by name may be absent; a failure never passes in silence. */
		bool counts = one == MW_EUNAVAILABLE || one == MW_EBUDGET ? by_name : true;
		int skip_rc = hooks->skip ? hooks->skip(hooks->self, b->name, why, counts && rc == 0) : 0;
		if (counts && rc == 0)
			rc = mw_fail(one, err, n, "%s: %s", b->name, why);
		if (skip_rc < 0) {
			m->lost = skip_rc;
			rc = say_lost(hooks, skip_rc, err, n);
			break;
		}
	}
	if (m->show_progress)
		(void)fputs("\r\033[K", stderr);
	return rc;
}

/* ---- one benchmark as a command ---- */

struct one_command {
	const char *name;
	struct mw_records *kept;
};

static int keep_own(void *self, const struct mw_record *r)
{
	struct one_command *c = self;
	/* The records of what it needs, and its own clock, are not what was asked for. */
	if (strcmp(r->bench, c->name) != 0 || strcmp(r->metric, "elapsed") == 0)
		return 0;
	return mw_records_add(c->kept, r);
}

int measure_bench_command(struct cli *cli, const struct bench *b, char *err, size_t n)
{
	struct measure m;
	struct mw_records kept = {0};
	struct cli_out out = {0};
	const struct bench *list[MEASURE_MAX];
	int rc = measure_open(cli, &m, err, n);
	if (rc == 0)
		rc = measure_check(&m, b, &cli->opts, err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = measure_start_team(&m, err, n);
	if (rc == 0) {
		struct one_command one = {b->name, &kept};
		const struct measure_hooks hooks = {.record = {keep_own, &one}};
		size_t count = measure_order(&b, 1, list);
		rc = measure_run(&m, list, count, b, &cli->opts, NULL, &hooks, err, n);
	}
	if ((rc == 0 || rc == MW_ECANCELLED || kept.n) && out.f) {
		int print = cli_print_records(cli, out.f, &kept, err, n);
		if (print == 0)
			print = cli_out_commit(&out, err, n);
		if (rc == 0)
			rc = print;
	}
	cli_out_abort(&out);
	mw_records_fini(&kept);
	measure_close(&m);
	return rc;
}
