/* `memwall pim eval`: one operation on raw little-endian files of any size. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/sys/stream.h"
#include "base/sys/team.h"
#include "base/sys/topology.h"
#include "cli/command.h"
#include "cli/spec.h"
#include "pim/pim.h"

enum { MAX_INPUTS = 3 };
#define MIN_BLOCK_BYTES ((size_t)8 << 20)

static const struct mw_option eval_options[] = {
	{.name = "device", .type = MW_OPT_TEXT, .arg = "SPEC", .def = "ambit", .help = "see 'memwall pim devices'"},
	{.name = "op", .type = MW_OPT_TEXT, .arg = "OP", .help = "operation, see 'memwall pim ops'"},
	{.name = "width", .type = MW_OPT_INT, .arg = "N", .def = "1", .min = 1, .max = 64, .help = "bits of a lane"},
	{.name = "in", .type = MW_OPT_PATHS, .arg = "FILE", .help = "an input; repeat for more"},
	{.name = "out", .type = MW_OPT_TEXT, .arg = "FILE", .help = "the result"},
	{.name = "value", .type = MW_OPT_INT, .arg = "N", .def = "0", .min = 0, .max = 9e15, .help = "value of fill"},
	{.name = "size", .type = MW_OPT_SIZE, .arg = "BYTES", .min = 1, .max = 9e15, .help = "size of fill's result"},
	{.name = "engine",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .choices = "exact|fused",
	 .help = "how it is emulated"},
	{.name = "stats", .type = MW_OPT_FLAG, .help = "print commands, modelled time and energy"},
	MW_OPT_END,
};

struct eval {
	struct pim_device *dev;
	enum pim_op op;
	struct pim_type type;
	size_t container; /* bytes of a lane on the host; 0: packed bits */
	uint64_t bytes;   /* of each file */
	size_t block;     /* bytes per step: whole batches, so that costs add up to those of one big vector */
	unsigned n_in;
	struct mw_stream *in[MAX_INPUTS], *out;
	struct pim_vector *v[MAX_INPUTS + 1]; /* inputs, then the result */
	uint64_t vector_bytes;                /* that v was allocated for */
	uint64_t value;
	struct pim_cost *cost;
	struct mw_team *team;
};

static uint64_t lanes_of(const struct eval *e, uint64_t bytes)
{
	return e->container ? bytes / e->container : bytes * 8;
}

static int pim_failed(const struct eval *e, int rc, const char *what, char *err, size_t n)
{
	const char *why = pim_error(e->dev);
	/* What the device refuses was asked for on the command line. */
	int code = rc == -EOPNOTSUPP ? MW_EUNAVAILABLE : rc == -EINVAL || rc == -ENOSPC ? MW_ESPEC : rc;
	return mw_fail(code, err, n, "%s: %s", what, why && *why ? why : mw_strerror(rc));
}

/* ---- set-up ---- */

static int check_options(struct eval *e, const struct mw_opts *opts, char *err, size_t n)
{
	const char *op = mw_opt_text(opts, "op");
	if (!op)
		return mw_fail(MW_ESPEC, err, n, "pim eval needs --op=OP, see 'memwall pim ops'");
	if (!mw_opt_text(opts, "out"))
		return mw_fail(MW_ESPEC, err, n, "pim eval needs --out=FILE");
	if (pim_op_parse(op, &e->op) < 0) {
		const char *names[PIM_OP_COUNT + 1] = {NULL};
		for (int i = 0; i < PIM_OP_COUNT; i++)
			names[i] = pim_op_name((enum pim_op)i);
		const char *near = mw_nearest(op, names);
		return mw_fail(MW_ESPEC, err, n, "--op: no operation '%s'%s%s%s", op, near ? ", did you mean '" : "",
			       near ? near : "", near ? "'?" : ", see 'memwall pim ops'");
	}
	e->type = pim_uint((uint32_t)mw_opt_int(opts, "width"));
	e->container = e->type.bits == 1    ? 0
		       : e->type.bits <= 8  ? 1
		       : e->type.bits <= 16 ? 2
		       : e->type.bits <= 32 ? 4
					    : 8;
	e->value = (uint64_t)mw_opt_int(opts, "value");
	if (e->op == PIM_FILL && !mw_opt(opts, "size")->set)
		return mw_fail(MW_ESPEC, err, n, "--op=fill needs --size=BYTES");
	if (e->op != PIM_FILL && (mw_opt(opts, "size")->set || mw_opt(opts, "value")->given))
		return mw_fail(MW_ESPEC, err, n, "--size and --value are for --op=fill");
	return 0;
}

static int split_inputs(const char *text, char paths[MAX_INPUTS + 1][4096], unsigned *count)
{
	*count = 0;
	while (text && *text && *count <= MAX_INPUTS) {
		size_t len = strcspn(text, "\n");
		if (len >= sizeof(paths[0]))
			return -ENAMETOOLONG;
		memcpy(paths[*count], text, len);
		paths[(*count)++][len] = '\0';
		text += len + (text[len] == '\n');
	}
	return 0;
}

/* Bytes per step: at least MIN_BLOCK_BYTES, a whole number of batches over all banks. */
static int choose_block(struct eval *e, char *err, size_t n)
{
	struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
	int rc = pim_price_of(e->dev, e->op, e->type, &price);
	if (rc == -EOPNOTSUPP && !(pim_ops_of(e->dev)->caps & PIM_CAP_MODELLED)) {
		e->block = MIN_BLOCK_BYTES; /* the host itself: no batches */
		return 0;
	}
	if (rc < 0)
		return pim_failed(e, rc, pim_op_name(e->op), err, n);
	size_t batch = (size_t)(price.lanes * price.programs);
	batch = e->container ? batch * e->container : batch / 8;
	e->block = (MIN_BLOCK_BYTES + batch - 1) / batch * batch;
	return 0;
}

static int open_inputs(struct eval *e, const char *text, char *err, size_t n)
{
	char(*paths)[4096] = calloc(MAX_INPUTS + 1, sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	unsigned given;
	int rc = split_inputs(text, paths, &given);
	e->n_in = pim_op_inputs(e->op);
	if (rc < 0)
		rc = mw_fail(MW_ESPEC, err, n, "--in: the name is too long");
	else if (given != e->n_in)
		rc = mw_fail(MW_ESPEC, err, n, "--op=%s takes %u input%s, %u given with --in", pim_op_name(e->op),
			     e->n_in, e->n_in == 1 ? "" : "s", given);
	for (unsigned i = 0; i < e->n_in && rc == 0; i++) {
		rc = mw_stream_reader(paths[i], e->block, &e->in[i], err, n);
		if (rc < 0)
			break;
		uint64_t size = mw_stream_size(e->in[i]);
		if (size == 0)
			rc = mw_fail(MW_ESPEC, err, n, "%s is empty", paths[i]);
		else if (i > 0 && size != e->bytes)
			rc = mw_fail(MW_ESPEC, err, n, "inputs differ in length: %s has %llu bytes, %s has %llu",
				     paths[0], (unsigned long long)e->bytes, paths[i], (unsigned long long)size);
		e->bytes = size;
	}
	if (rc == 0 && e->container && e->bytes % e->container)
		rc = mw_fail(MW_ESPEC, err, n, "%s: %llu bytes are not a multiple of %zu, the container of width %u",
			     paths[0][0] ? paths[0] : "--size", (unsigned long long)e->bytes, e->container,
			     e->type.bits);
	free(paths);
	return rc;
}

struct team_job {
	void (*fn)(void *arg, size_t i);
	void *arg;
	size_t n;
};

static void team_member(void *arg, int rank, int members)
{
	struct team_job *job = arg;
	for (size_t i = (size_t)rank; i < job->n; i += (size_t)members)
		job->fn(job->arg, i);
}

static void team_executor(void *ctx, size_t count, void (*fn)(void *arg, size_t i), void *arg)
{
	struct team_job job = {fn, arg, count};
	struct mw_team *team = ctx;
	int members = mw_team_size(team);
	(void)mw_team_run(team, count < (size_t)members ? (int)count : members, team_member, &job);
}

/* Slices on all usable CPUs; without a team (pinning refused) one thread does it. */
static int use_team(struct eval *e)
{
	struct mw_topology *topo = calloc(1, sizeof(*topo));
	int *cpus = calloc(MW_MAX_CPUS, sizeof(*cpus));
	if (topo && cpus && mw_topology_read("/", NULL, topo, NULL, 0) == 0)
		(void)mw_team_create(cpus, mw_topology_cpu_ids(topo, cpus, MW_MAX_CPUS), &e->team, NULL, 0);
	free(topo);
	free(cpus);
	if (!e->team)
		return 0;
	struct pim_executor x = {
		.size = sizeof(x), .threads = (size_t)mw_team_size(e->team), .run = team_executor, .ctx = e->team};
	return pim_set_executor(e->dev, &x);
}

static int set_up(struct eval *e, const struct mw_opts *opts, char *err, size_t n)
{
	int rc = check_options(e, opts, err, n);
	if (rc < 0)
		return rc;
	const char *engine = mw_opt_text(opts, "engine");
	rc = cli_pim_open(mw_opt_text(opts, "device"), engine ? "engine" : NULL, engine, &e->dev, err, n);
	if (rc == 0)
		rc = choose_block(e, err, n);
	if (rc == 0 && e->op == PIM_FILL)
		e->bytes = (uint64_t)mw_opt_int(opts, "size");
	if (rc == 0)
		rc = open_inputs(e, mw_opt_text(opts, "in"), err, n);
	if (rc == 0)
		rc = mw_stream_writer(mw_opt_text(opts, "out"), e->block, &e->out, err, n);
	if (rc == 0)
		rc = use_team(e);
	if (rc == 0)
		rc = pim_cost_begin(e->dev, &e->cost);
	return rc;
}

/* ---- the loop ---- */

static int allocate(struct eval *e, uint64_t bytes, char *err, size_t n)
{
	if (bytes == e->vector_bytes)
		return 0;
	for (unsigned i = 0; i <= MAX_INPUTS; i++) {
		pim_free(e->v[i]);
		e->v[i] = NULL;
	}
	for (unsigned i = 0; i <= e->n_in; i++) {
		int rc = pim_alloc(e->dev, e->type, lanes_of(e, bytes), &e->v[i]);
		if (rc < 0)
			return pim_failed(e, rc, "vector", err, n);
	}
	e->vector_bytes = bytes;
	return 0;
}

static int step(struct eval *e, uint64_t bytes, char *err, size_t n)
{
	int rc = allocate(e, bytes, err, n);
	for (unsigned i = 0; i < e->n_in && rc == 0; i++) {
		const void *data;
		size_t got;
		rc = mw_stream_next(e->in[i], &data, &got, err, n);
		if (rc == 0 && (rc = pim_write(e->v[i], data, got)) < 0)
			return pim_failed(e, rc, "write", err, n);
	}
	if (rc < 0)
		return rc;
	struct pim_vector *dst = e->v[e->n_in];
	rc = e->op == PIM_FILL ? pim_fill(dst, e->value) : pim_execute(e->op, dst, e->v, e->n_in);
	if (rc < 0)
		return pim_failed(e, rc, pim_op_name(e->op), err, n);
	void *buffer;
	rc = mw_stream_buffer(e->out, &buffer, err, n);
	if (rc == 0 && (rc = pim_read(dst, buffer, (size_t)bytes)) < 0)
		return pim_failed(e, rc, "read", err, n);
	return rc < 0 ? rc : mw_stream_put(e->out, (size_t)bytes, err, n);
}

/* ---- what it cost ---- */

static int add_record(const struct eval *e, struct mw_records *l, const char *metric, enum mw_unit unit, double value,
		      const char *source)
{
	struct mw_record r;
	mw_record_init(&r, "pim", pim_op_name(e->op), metric, unit);
	(void)snprintf(r.method, sizeof(r.method), "command-count");
	mw_kv_set_str(&r.params, "device", pim_spec(e->dev));
	mw_kv_set_int(&r.params, "bytes", (int64_t)e->bytes);
	mw_kv_set_int(&r.params, "width", e->type.bits);
	if (source)
		mw_record_set(&r, value, MW_MODELLED, source);
	else
		mw_record_unavailable(&r, "the device has no model of it");
	return mw_records_add(l, &r);
}

static int print_stats(const struct eval *e, const struct cli *cli, char *err, size_t n)
{
	static const struct {
		enum pim_count what;
		const char *metric;
		enum mw_unit unit;
		double scale;
	} rows[] = {
		{PIM_AAP, "aap", MW_COUNT, 1},
		{PIM_AP, "ap", MW_COUNT, 1},
		{PIM_PROGRAMS, "programs", MW_COUNT, 1},
		{PIM_BATCHES, "batches", MW_COUNT, 1},
		{PIM_BYTES_IN, "bytes_in", MW_BYTE, 1},
		{PIM_BYTES_OUT, "bytes_out", MW_BYTE, 1},
		{PIM_PS_COMPUTE, "time_resident", MW_NS, 1e-3},
		{PIM_PS_ELAPSED, "time_end_to_end", MW_NS, 1e-3},
	};
	struct mw_records l = {0};
	int rc = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == 0; i++) {
		uint64_t v = 0;
		int known = pim_cost_count(e->cost, rows[i].what, &v);
		rc = add_record(e, &l, rows[i].metric, rows[i].unit, (double)v * rows[i].scale,
				known == 0 ? "counts of the executed micro-programs" : NULL);
	}
	struct pim_energy energy = {.size = sizeof(energy)};
	int known = pim_cost_energy(e->cost, PIM_E_TOTAL, &energy);
	if (rc == 0)
		rc = add_record(e, &l, "energy", MW_NJ, energy.typ_pj / 1000.0, known == 0 ? energy.source : NULL);
	struct cli_out out = {0};
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = cli_print_records(cli, out.f, &l, err, n);
	if (rc == 0)
		rc = cli_out_commit(&out, err, n);
	cli_out_abort(&out);
	mw_records_fini(&l);
	return rc;
}

static void tear_down(struct eval *e)
{
	pim_cost_end(e->cost);
	for (unsigned i = 0; i <= MAX_INPUTS; i++)
		pim_free(e->v[i]);
	for (unsigned i = 0; i < MAX_INPUTS; i++)
		mw_stream_close(e->in[i]);
	mw_stream_close(e->out);
	pim_close(e->dev);
	mw_team_destroy(e->team);
}

static int run_eval(struct cli *cli, char *err, size_t n)
{
	struct eval e = {0};
	int rc = set_up(&e, &cli->opts, err, n);
	for (uint64_t done = 0; rc == 0 && done < e.bytes; done += e.block) {
		uint64_t left = e.bytes - done;
		rc = atomic_load(cli->stop) ? MW_ECANCELLED : step(&e, left < e.block ? left : e.block, err, n);
	}
	if (rc == 0)
		rc = mw_stream_commit(e.out, err, n);
	if (rc == 0 && mw_opt_flag(&cli->opts, "stats"))
		rc = print_stats(&e, cli, err, n);
	tear_down(&e);
	return rc;
}

const struct command cmd_pim_eval = {
	.name = "pim eval",
	.section = "Processing in memory",
	.usage = "--op=OP --in=A [--in=B ...] --out=C",
	.summary = "run one operation on raw little-endian files of any size",
	.details = "Width 1 reads packed bits, least significant first; other widths lie in containers of 8, 16, 32 or "
		   "64\n"
		   "bits. The result is exact; --stats prints what the device would have spent.",
	.options = eval_options,
	.run = run_eval,
};
