/* `memwall list`: every benchmark, device, meter, kernel path and optional part, with what is unavailable here and why.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/cpu.h"
#include "base/core/err.h"
#include "base/sys/child.h"
#include "bench/engine.h"
#include "bench/module.h"
#include "bench/storage_io.h"
#include "cli/measure.h"
#include "energy/meters/meter.h"
#include "pim/pim_device.h"
#include "reports/figure.h"
#include "reports/print.h"

/* Time limit for loading all libraries, each of which takes seconds at most. */
enum { ENGINES_PATIENCE_MS = 20000 };

static const struct grid_column columns[] = {
	{"kind", NULL, false},  {"name", NULL, false},        {"status", NULL, false},
	{"needs", NULL, false}, {"description", NULL, false},
};

static int add(struct grid *g, const char *kind, const char *name, const char *status, const char *needs,
	       const char *description)
{
	const char *cells[] = {kind, name, status, needs, description};
	return grid_add(g, cells);
}

static int list_benches(struct grid *g, struct measure *m)
{
	int rc = 0;
	for (const struct bench *const *b = bench_table; *b && rc == 0; b++) {
		struct mw_opts defaults = {0};
		char *argv[] = {NULL, NULL}, why[MW_ERR_ROOM] = "";
		rc = mw_opts_parse(&defaults, &(*b)->options, (*b)->options ? 1 : 0, 1, argv, NULL, 0);
		struct bench_ctx ctx = measure_ctx(m, &defaults);
		int available = rc == 0 && (*b)->available ? (*b)->available(&ctx, why, sizeof(why)) : 0;
		if (rc == 0)
			rc = add(g, "benchmark", (*b)->name, available == 0 ? "available" : why, (*b)->dependency,
				 (*b)->summary);
		mw_opts_fini(&defaults);
	}
	return rc;
}

static int list_meters(struct grid *g)
{
	int rc = 0;
	for (const struct energy_meter *const *meter = meter_table; *meter && rc == 0; meter++) {
		void *state = NULL;
		char why[MW_ERR_ROOM] = "";
		int open = (*meter)->open("/", &state, why, sizeof(why));
		if (open == 0)
			(*meter)->close(state);
		rc = add(g, "meter", (*meter)->name, open == 0 ? "available" : why, (*meter)->dependency,
			 (*meter)->summary);
	}
	return rc;
}

static int list_devices(struct grid *g)
{
	int rc = 0;
	for (size_t i = 0; rc == 0; i++) {
		const struct pim_device_ops *ops = pim_builtin(i);
		if (!ops)
			break;
		rc = add(g, "device", ops->name, "available", NULL, ops->summary);
	}
	return rc;
}

static int list_isas(struct grid *g)
{
	int rc = 0;
	for (int i = 0; i < MW_ISA_COUNT && rc == 0; i++)
		rc = add(g, "kernels", mw_isa_name((enum mw_isa)i),
			 mw_isa_supported((enum mw_isa)i) ? "available" : "this CPU lacks the instructions", NULL,
			 (enum mw_isa)i == mw_isa_best() ? "the path in use; MEMWALL_ISA=NAME overrides" : NULL);
	return rc;
}

/* ---- optional parts ---- */

/* Runs in a child process, because a library may hang, print or crash when it is loaded, and needs environment
 * variables of its own.
 * */
static void serve_engines(void *arg, int fd)
{
	struct engines *e = arg;
	engines_open(e, NULL);
	(void)mw_child_send(fd, e, sizeof(*e));
}

/* Lists the libraries of the gemm engines, except memwall's own, which is always there. */
static int list_engines(struct grid *g)
{
	struct engines *e = calloc(1, sizeof(*e));
	struct mw_child child;
	char why[MW_ERR_ROOM] = "";
	int rc = e ? 0 : -ENOMEM;
	if (rc == 0 && mw_child_start(serve_engines, e, &child, why, sizeof(why)) == 0) {
		if (!mw_child_receive(child.fd, e, sizeof(*e), ENGINES_PATIENCE_MS))
			e->n = 0;
		mw_child_end(&child, why, sizeof(why));
	}
	const char *name;
	for (size_t i = 0; rc == 0 && (name = engines_word(i)); i++) {
		const struct engine *one = engines_find(e, name);
		if (strcmp(name, engine_own.name) == 0)
			continue;
		rc = add(g, "optional", name,
			 one && one->ops ? "available"
			 : one           ? one->why
					 : why,
			 NULL, one && one->ops && one->detail[0] ? one->detail : "engine of gemm");
	}
	free(e);
	return rc;
}

/* Not loaded here: MPI libraries expect a launcher. */
static int list_mpi(struct grid *g)
{
	struct mw_buf path = {0};
	char why[MW_ERR_ROOM] = "";
	int found = module_find("mpi", &path, why, sizeof(why));
	mw_buf_fini(&path);
	return add(g, "optional", "mpi", found == 0 ? "available" : why, NULL,
		   "messages between processes (interconnect)");
}

static int list_gnuplot(struct grid *g)
{
	static const char script[] = "set print '-'\nprint 'gnuplot', GPVAL_VERSION\n";
	struct mw_buf why = {0};
	char *version = NULL;
	size_t size = 0;
	bool runs = gnuplot_run(NULL, script, sizeof(script) - 1, &version, &size, &why) == 0;
	if (version)
		version[strcspn(version, "\n")] = '\0';
	int rc = add(g, "optional", "gnuplot", runs ? "available" : mw_buf_text(&why), NULL,
		     runs && version && *version ? version : "the figures of report.html");
	free(version);
	mw_buf_fini(&why);
	return rc;
}

static int list_io_uring(struct grid *g)
{
	struct storage_engine *engine = NULL;
	char why[MW_ERR_ROOM] = "";
	bool uring = storage_engine_open(1, true, &engine, why, sizeof(why)) == 0 && storage_engine_uring(engine);
	storage_engine_close(engine);
	return add(g, "optional", "io_uring", uring ? "available" : why, "liburing",
		   "reads in flight of storage and pim eval; pread and pwrite without it");
}

static int run_list(struct cli *cli, char *err, size_t n)
{
	struct measure m;
	struct grid g;
	grid_init(&g, columns, sizeof(columns) / sizeof(columns[0]));
	int rc = measure_open(cli, &m, err, n);
	if (rc == 0)
		rc = list_benches(&g, &m);
	if (rc == 0)
		rc = list_devices(&g);
	if (rc == 0)
		rc = list_meters(&g);
	if (rc == 0)
		rc = list_isas(&g);
	if (rc == 0)
		rc = list_engines(&g);
	if (rc == 0)
		rc = list_mpi(&g);
	if (rc == 0)
		rc = list_gnuplot(&g);
	if (rc == 0)
		rc = list_io_uring(&g);
	if (rc == 0)
		rc = cli_print_grid(cli, &g, err, n);
	grid_fini(&g);
	measure_close(&m);
	return rc;
}

const struct command cmd_list = {
	.name = "list",
	.section = "About",
	.usage = "",
	.summary = "benchmarks, devices, meters, kernels and optional parts, and what is unavailable here, and why",
	.measures = true,
	.run = run_list,
};
