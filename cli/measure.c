#include "cli/measure.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)
/* Memory limit where the available memory is not known, bytes. */
#define UNKNOWN_BYTES (256 * MIB)

const struct bench_profile measure_profiles[] = {
	{"tiny", 12, 0.50, 2, 3, 0.002, 64 * MIB, 2},
	{"quick", 120, 0.05, 6, 15, 0.02, 16 * GIB, 7},
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
	{.name = "max-time",
	 .type = MW_OPT_DURATION,
	 .arg = "TIME",
	 .min = 1,
	 .max = 1e6,
	 .help = "time limit (default: that of the profile)"},
	{.name = "max-mem",
	 .type = MW_OPT_SIZE,
	 .arg = "BYTES",
	 .min = 1 << 20,
	 .max = 0x1p50,
	 .help = "most memory to use (default: half of what is available)"},
	{.name = "peak",
	 .type = MW_OPT_REAL,
	 .arg = "GB/s",
	 .min = 0.1,
	 .max = 1e6,
	 .help = "what all memory channels can carry, for the findings (default: by the firmware's tables)"},
	{.name = "cpus", .type = MW_OPT_TEXT, .arg = "LIST", .help = "CPUs to use, such as 0-3,8"},
	{.name = "nodes", .type = MW_OPT_TEXT, .arg = "LIST", .help = "use the CPUs of these NUMA nodes, such as 0-1"},
	{.name = "strict", .type = MW_OPT_FLAG, .help = "exit 1 when the measurement was disturbed"},
	{.name = "seed", .type = MW_OPT_U64, .arg = "N", .def = "1", .help = "seed of all random choices"},
	MW_OPT_END,
};

struct run_hooks {
	struct measure *m;
	const struct measure_hooks *own;
};

static int read_machine(const struct cli *cli, struct mw_topology *t, char *err, size_t n)
{
	const char *cpus = mw_opt_text(&cli->opts, "cpus"), *nodes = mw_opt_text(&cli->opts, "nodes");
	char why[MW_ERR_ROOM] = "";
	int rc = mw_topology_read("/", cpus, t, why, sizeof(why));
	if (rc < 0)
		return mw_fail(rc, err, n, "%s%s", rc == MW_ESPEC ? "--cpus: " : "", why);
	if (nodes) {
		mw_topology_fini(t);
		rc = mw_topology_read_nodes("/", cpus, nodes, t, why, sizeof(why));
	}
	return rc < 0 ? mw_fail(rc, err, n, "--nodes=%s: %s", nodes, why) : 0;
}

/* Restricts the whole process to the CPUs of the run, also for first touch and gnuplot. Errors are ignored, because the
 * team pins its members in any case. */
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

static int set_peak(const struct mw_opts *opts, struct mw_host *h)
{
	if (!mw_opt(opts, "peak")->set)
		return 0;
	h->mem_peak = mw_opt_real(opts, "peak");
	return mw_text_set(&h->mem_peak_source, "--peak");
}

static int make_arenas(const struct cli *cli, struct measure *m, char *err, size_t n)
{
	const struct mw_host *h = &m->topo.host;
	bool known = mw_host_memory_known(h);
	/* Half of what is available; the rest is for the page cache, gnuplot and other programs. */
	uint64_t max_bytes = known ? h->mem_available / 2 : UNKNOWN_BYTES;
	char words[96] = "--max-mem";
	if (mw_opt(&cli->opts, "max-mem")->set) {
		max_bytes = (uint64_t)mw_opt_int(&cli->opts, "max-mem");
		if (known && max_bytes > h->mem_available)
			return mw_fail(MW_ESPEC, err, n, "--max-mem=%s: only %llu MiB are available (%s)",
				       mw_opt_text(&cli->opts, "max-mem"), (unsigned long long)(h->mem_available / MIB),
				       h->mem_limit_source);
	} else if (known) {
		mw_format(words, sizeof(words), "half of what is available: %s; see --max-mem", h->mem_limit_source);
	} else {
		mw_format(words, sizeof(words), "available memory is unknown; see --max-mem");
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
	m->seed = mw_opt_u64(&cli->opts, "seed");
	int rc = read_machine(cli, &m->topo, err, n);
	if (rc < 0)
		return rc;
	if (mw_opt_text(&cli->opts, "nodes") || mw_opt_text(&cli->opts, "cpus"))
		restrict_process(&m->topo);
	if (set_peak(&cli->opts, &m->topo.host) < 0)
		return mw_fail(-ENOMEM, err, n, "no memory for the peak");
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

/* Shows one line on the terminal: what runs, share done, time left. */
static void show_progress(void *self, const char *bench, const char *step, double done)
{
	const struct run_hooks *h = self;
	struct measure *m = h->m;
	uint64_t now = mw_now_ns();
	if (!m->show_progress || now - m->shown_ns < 100000000u)
		return;
	m->shown_ns = now;
	double left = m->profile.limit_s - (double)(now - m->start_ns) * 1e-9;
	(void)fprintf(stderr, "\r\033[K%3.0f%%  %s%s%s  (%.0f s left)", 100 * done, bench,
		      step && strcmp(step, bench) != 0 ? ": " : "", step && strcmp(step, bench) != 0 ? step : "",
		      left > 0 ? left : 0);
	(void)fflush(stderr);
}

static void complain(void *self, const char *line)
{
	const struct run_hooks *h = self;
	if (h->m->show_progress)
		(void)fputs("\r\033[K", stderr);
	cli_complain("%s", line);
}

static int skip(void *self, const char *bench, const char *reason, bool fails)
{
	const struct run_hooks *h = self;
	return h->own->skip ? h->own->skip(h->own->self, bench, reason, fails) : 0;
}

struct bench_ctx measure_ctx(struct measure *m, const struct mw_opts *opts)
{
	return (struct bench_ctx){
		.topo = &m->topo,
		.arenas = m->arenas,
		.team = m->team,
		.profile = &m->profile,
		.opts = opts,
		.earlier = &m->records,
		.stop = m->stop,
		.start_ns = m->start_ns,
		.deadline_ns = m->deadline_ns,
		.share_s = m->profile.limit_s,
		.seed = m->seed,
	};
}

int measure_check(struct measure *m, const struct bench *b, const struct mw_opts *opts, char *err, size_t n)
{
	char why[MW_ERR_ROOM] = "";
	if (!b->check)
		return 0;
	struct bench_ctx ctx = measure_ctx(m, opts);
	ctx.named = true;
	int rc = b->check(&ctx, why, sizeof(why));
	return rc < 0 ? mw_fail(rc, err, n, "%s: %s", b->name, why[0] ? why : mw_strerror(rc)) : 0;
}

int measure_run(struct measure *m, const struct bench *const *list, size_t n_list, const struct bench *named,
		const struct mw_opts *opts, const char *only, const struct measure_hooks *hooks, char *err, size_t n)
{
	struct schedule_item items[SCHEDULE_MAX];
	struct run_hooks own = {m, hooks};
	const struct schedule_hooks all = {
		.record = hooks->record,
		.samples = hooks->samples,
		.skip = skip,
		.complain = complain,
		.progress = show_progress,
		.self = &own,
		.target = hooks->target,
	};
	struct schedule s = {.ctx = measure_ctx(m, NULL), .records = &m->records, .visits_done = m->visits_done};
	s.ctx.start_ns -= m->earlier_ns < s.ctx.start_ns ? m->earlier_ns : 0;
	for (size_t i = 0; i < n_list; i++) {
		const struct bench *b = list[i];
		items[i] = (struct schedule_item){
			.bench = b,
			.opts = b == named ? opts : NULL,
			.named = b == named || (only && mw_list_has(only, b->name)),
		};
	}
	int rc = schedule_run(&s, items, n_list, &all, err, n);
	m->lost = s.lost;
	if (m->show_progress)
		(void)fputs("\r\033[K", stderr);
	return rc;
}

/* ---- one benchmark as a command ---- */

static int keep_nothing(void *self, const struct mw_record *r)
{
	(void)self, (void)r;
	return 0; /* schedule_run keeps the record */
}

/* The records of what it needs, and its own clock, are not what was asked for; that it was stopped before it began is.
 * *out shares what it lists. */
static int own_records(const struct mw_records *l, const char *name, struct mw_records *out)
{
	*out = (struct mw_records){.v = calloc(l->n + 1, sizeof(*out->v))};
	if (!out->v)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].bench, name) == 0 &&
		    (strcmp(l->v[i].case_name, "run") != 0 || l->v[i].provenance == MW_UNAVAILABLE))
			out->v[out->n++] = l->v[i];
	return 0;
}

const struct bench *measure_followed(const struct bench *const *list, size_t n_list)
{
	for (size_t i = 0; i < n_list; i++)
		if (list[i]->rank && list[i]->rank() > 0)
			return list[i];
	return NULL;
}

int measure_follow(struct measure *m, const struct cli *cli, const struct bench *b, char *err, size_t n)
{
	struct bench_ctx ctx = measure_ctx(m, &cli->opts);
	ctx.named = true;
	return b->follow(&ctx, err, n);
}

int measure_bench_command(struct cli *cli, const struct bench *b, char *err, size_t n)
{
	struct measure m;
	struct mw_records own = {0};
	struct cli_out out = {0};
	const struct bench *list[SCHEDULE_MAX];
	int rc = measure_open(cli, &m, err, n);
	if (rc == 0)
		rc = measure_check(&m, b, &cli->opts, err, n);
	if (rc == 0 && measure_followed(&b, 1)) {
		rc = measure_follow(&m, cli, b, err, n);
		measure_close(&m);
		return rc;
	}
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = measure_start_team(&m, err, n);
	if (rc == 0) {
		const struct measure_hooks hooks = {.record = {keep_nothing, NULL}};
		size_t count = schedule_order(&b, 1, list);
		rc = measure_run(&m, list, count, b, &cli->opts, NULL, &hooks, err, n);
	}
	if (own_records(&m.records, b->name, &own) < 0)
		rc = mw_fail(-ENOMEM, err, n, "out of memory");
	if ((rc == 0 || rc == MW_ECANCELLED || own.n) && out.f) {
		int print = cli_print_records(cli, out.f, &own, err, n);
		if (print == 0)
			print = cli_out_commit(&out, err, n);
		if (rc == 0)
			rc = print;
	}
	if (rc == 0)
		rc = cli_strict(cli, &own, err, n);
	cli_out_abort(&out);
	free(own.v);
	measure_close(&m);
	return rc;
}
