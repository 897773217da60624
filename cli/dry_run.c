/* `memwall run --dry-run`: points, memory, disk and time of a run. */
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/measure.h"

struct totals {
	uint64_t points, memory_bytes, disk_bytes;
	double seconds;
};

/* told: the benchmark has a plan(), which told points, memory and disk. */
static int add_row(struct grid *g, const char *name, const struct totals *t, bool told, const char *status)
{
	char points[24], memory[24], disk[24], seconds[MW_REAL_ROOM];
	mw_format(points, sizeof(points), "%llu", (unsigned long long)t->points);
	mw_format(memory, sizeof(memory), "%.0f", (double)t->memory_bytes / 1048576.0);
	mw_format(disk, sizeof(disk), "%.0f", (double)t->disk_bytes / 1048576.0);
	mw_format(seconds, sizeof(seconds), "%.1f", t->seconds);
	const char *cells[] = {
		name, told ? points : NULL, told ? memory : NULL, told ? disk : NULL, seconds, status,
	};
	return grid_add(g, cells);
}

static int add_bench(struct grid *g, struct measure *m, const struct bench *b, bool named, double share_s,
		     struct totals *all)
{
	struct mw_opts defaults = {0};
	struct bench_plan plan = {0};
	char *argv[] = {NULL, NULL}, why[MW_ERR_ROOM] = "ready";
	int rc = mw_opts_parse(&defaults, &b->options, b->options ? 1 : 0, 1, argv, NULL, 0);
	struct bench_ctx ctx = measure_ctx(m, &defaults);
	ctx.share_s = share_s;
	ctx.named = named;
	ctx.deadline_ns = mw_now_ns() + (uint64_t)(1e9 * share_s);
	bool can_run = rc == 0 && (!b->available || b->available(&ctx, why, sizeof(why)) == 0);
	if (can_run && b->check)
		can_run = b->check(&ctx, why, sizeof(why)) == 0;
	if (can_run && b->plan)
		b->plan(&ctx, &plan);
	mw_opts_fini(&defaults);
	const struct totals own = {plan.points, plan.memory_bytes, plan.disk_bytes, share_s};
	all->points += own.points;
	all->memory_bytes += own.memory_bytes;
	all->disk_bytes += own.disk_bytes;
	all->seconds += own.seconds;
	return rc < 0 ? rc : add_row(g, b->name, &own, b->plan, why);
}

/* Adds the totals. Memory is summed, because each benchmark keeps its memory between visits where the limit allows. */
static int add_total(struct grid *g, struct measure *m, struct totals *all)
{
	uint64_t most = mw_arenas_max(m->arenas);
	bool cut = all->memory_bytes > most;
	all->memory_bytes = cut ? most : all->memory_bytes;
	return add_row(g, "total", all, true,
		       cut ? "memory is cut to the limit: benchmarks use the same memory in turn" : NULL);
}

int measure_dry_run(const struct cli *cli, struct measure *m, const struct bench *const *list, size_t n_list, char *err,
		    size_t n)
{
	static const struct grid_column columns[] = {
		{"bench", "benchmark", false},  {"points", NULL, true},     {"memory_mib", "memory MiB", true},
		{"disk_mib", "disk MiB", true}, {"time_s", "time s", true}, {"status", NULL, false},
	};
	struct grid g;
	struct cli_out out = {0};
	struct totals all = {0};
	double weight = 0;
	const char *only = mw_opt_text(&cli->opts, "only");
	for (size_t i = 0; i < n_list; i++)
		weight += list[i]->weight;
	grid_init(&g, columns, sizeof(columns) / sizeof(columns[0]));
	int rc = 0;
	for (size_t i = 0; i < n_list && rc == 0; i++)
		rc = add_bench(&g, m, list[i], only && mw_list_has(only, list[i]->name),
			       m->profile.limit_s * list[i]->weight / weight, &all);
	if (rc == 0)
		rc = add_total(&g, m, &all);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = grid_print(out.f, &g, cli->format);
	if (rc == 0 && cli->format == PRINT_TABLE)
		(void)fprintf(out.f,
			      "\nprofile %s: at most %.0f s and %.0f MiB of memory in all; nothing was measured\n",
			      m->profile.name, m->profile.limit_s, (double)mw_arenas_max(m->arenas) / 1048576.0);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	grid_fini(&g);
	return rc;
}
