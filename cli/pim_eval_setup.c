/* `memwall pim eval`: options, device and files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/sys/topology.h"
#include "cli/pim_eval.h"
#include "cli/spec.h"

/* Bytes per step of the widest operand: long transfers, but less than 256 MiB for buffers and vectors of four operands,
 * for any size of device. */
#define STEP_BYTES ((uint64_t)8 << 20)

/* Operation i of those that work on files: not across the lanes of a step, nor on a matrix. */
static const char *op_word(size_t i)
{
	for (int op = 0; op < PIM_OP_COUNT; op++)
		if (op != PIM_SHIFT_LANES && op != PIM_GEMV && i-- == 0)
			return pim_op_name((enum pim_op)op);
	return NULL;
}

const struct mw_option eval_options[] = {
	{.name = "device",
	 .type = MW_OPT_TEXT,
	 .arg = "SPEC",
	 .defs = cli_pim_default,
	 .help = "the device: a SPEC, see 'memwall pim devices'"},
	CLI_DEVICE_LIB,
	{.name = "op",
	 .type = MW_OPT_TEXT,
	 .arg = "OP",
	 .word = op_word,
	 .help = "the operation, see 'memwall pim ops'"},
	{.name = "width", .type = MW_OPT_INT, .arg = "N", .def = "1", .min = 1, .max = 64, .help = "bits of a lane"},
	{.name = "signed", .type = MW_OPT_FLAG, .help = "lanes are two's complement"},
	{.name = "in", .type = MW_OPT_PATHS, .arg = "FILE", .help = "an input; repeat for more", .file = MW_OPT_READS},
	{.name = "out", .type = MW_OPT_TEXT, .arg = "FILE", .help = "the result", .file = MW_OPT_WRITES},
	{.name = "value", .type = MW_OPT_U64, .arg = "N", .def = "0", .help = "value that fill writes to every lane"},
	{.name = "amount",
	 .type = MW_OPT_INT,
	 .arg = "K",
	 .def = "1",
	 .min = 0,
	 .max = 64,
	 .help = "bits by which shl and shr shift"},
	{.name = "size",
	 .type = MW_OPT_SIZE,
	 .arg = "BYTES",
	 .min = 1,
	 .max = 9e15,
	 .help = "size of the file that fill writes"},
	{.name = "engine",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .choices = "exact|fused",
	 .help = "exact executes every command on rows, fused computes the same result directly"},
	{.name = "stats", .type = MW_OPT_FLAG, .help = "print commands, modelled time and energy"},
	{.name = "trace",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .help = "write the device's commands, with their clocks",
	 .file = MW_OPT_WRITES},
	{.name = "trace-format",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .def = "drampower",
	 .choices = "drampower|ramulator|ramulator-host",
	 .help = "form of the trace: CSV for DRAMPower, commands as Ramulator 2 records them, or loads and stores of "
		 "the host for Ramulator 2 to replay"},
	{.name = "trace-channel",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "0",
	 .min = 0,
	 .max = 63,
	 .help = "the channel that the trace covers"},
	{.name = "trace-aap",
	 .was = "aap",
	 .type = MW_OPT_CHOICE,
	 .arg = "HOW",
	 .def = "lowered",
	 .choices = "lowered|raw",
	 .help = "AAP in the trace: ACT PRE ACT PRE, or ACT ACT PRE, which is not JEDEC"},
	MW_OPT_END,
};

static size_t container_of(struct pim_type t)
{
	return t.bits == 1 ? 0 : t.bits <= 8 ? 1 : t.bits <= 16 ? 2 : t.bits <= 32 ? 4 : 8;
}

static void set_type(struct eval_operand *o, struct pim_type type)
{
	o->type = type;
	o->container = container_of(type);
}

/* ---- options ---- */

static int find_op(struct eval *e, const char *op, char *err, size_t n)
{
	if (!op)
		return mw_fail(MW_ESPEC, err, n, "pim eval needs --op=OP, see 'memwall pim ops'");
	if (pim_op_parse(op, &e->op) == 0)
		return 0;
	const char *names[PIM_OP_COUNT + 1] = {NULL};
	for (int i = 0; i < PIM_OP_COUNT; i++)
		names[i] = pim_op_name((enum pim_op)i);
	const char *near = mw_nearest(op, names);
	return mw_fail(MW_ESPEC, err, n, "--op: no operation '%s'%s%s%s", op, near ? ", did you mean '" : "",
		       near ? near : "", near ? "'?" : ", see 'memwall pim ops'");
}

/* Refuses options that the operation does not use. */
static int check_own(const struct eval *e, const struct mw_opts *opts, char *err, size_t n)
{
	bool fill = e->op == PIM_FILL, shift = e->op == PIM_SHL || e->op == PIM_SHR;
	if (fill && !mw_opt(opts, "size")->set)
		return mw_fail(MW_ESPEC, err, n, "--op=fill needs --size=BYTES");
	if (!fill && (mw_opt(opts, "size")->set || mw_opt(opts, "value")->given))
		return mw_fail(MW_ESPEC, err, n, "--size and --value are for --op=fill");
	bool stats = mw_opt_flag(opts, "stats");
	int rc = stats ? 0 : cli_no_option(opts, "format", "pim eval prints a table with --stats only", err, n);
	if (rc == 0 && !stats)
		rc = cli_no_option(opts, "select", "pim eval prints records with --stats only", err, n);
	if (rc == 0 && !stats && !e->reduces)
		rc = cli_no_option(opts, "out-file", "pim eval prints nothing without --stats", err, n);
	if (rc < 0)
		return rc;
	if (!shift && mw_opt(opts, "amount")->given)
		return mw_fail(MW_ESPEC, err, n, "--amount is for --op=shl and --op=shr");
	if (!e->reduces && !mw_opt_text(opts, "out"))
		return mw_fail(MW_ESPEC, err, n, "pim eval needs --out=FILE");
	if (e->reduces && mw_opt_text(opts, "out"))
		return mw_fail(MW_ESPEC, err, n, "--op=%s prints one number, it takes no --out", pim_op_name(e->op));
	return 0;
}

static int check_options(struct eval *e, const struct mw_opts *opts, char *err, size_t n)
{
	int rc = find_op(e, mw_opt_text(opts, "op"), err, n);
	if (rc < 0)
		return rc;
	uint32_t width = (uint32_t)mw_opt_int(opts, "width");
	e->type = mw_opt_flag(opts, "signed") ? pim_int(width) : pim_uint(width);
	e->reduces = e->op == PIM_SUM_LANES || e->op == PIM_MIN_LANES || e->op == PIM_COUNT_ONES;
	e->n_in = pim_op_inputs(e->op);
	e->value = e->op == PIM_FILL ? mw_opt_u64(opts, "value") : (uint64_t)mw_opt_int(opts, "amount");
	rc = check_own(e, opts, err, n);
	if (rc < 0)
		return rc;
	if (e->op == PIM_SHIFT_LANES)
		return mw_fail(MW_EUNAVAILABLE, err, n,
			       "shift_lanes crosses the steps of a file: use pim_shift_lanes()");
	struct pim_type result = e->type;
	rc = e->reduces ? 0 : pim_op_result(e->op, e->type, &result);
	if (rc < 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "%s of width %u has no result that fits into a lane",
			       pim_op_name(e->op), width);
	for (unsigned i = 0; i < e->n_in; i++)
		set_type(&e->in[i], e->op == PIM_IF_ELSE && i == 0 ? pim_uint(1) : e->type);
	set_type(&e->out, result);
	return 0;
}

/* ---- files ---- */

static int split_inputs(struct eval *e, const char *text, char *err, size_t n)
{
	unsigned given = 0;
	for (; text && *text; given++) {
		size_t len = strcspn(text, "\n");
		if (given < EVAL_INPUTS) {
			if (len >= sizeof(e->in[0].path))
				return mw_fail(MW_ESPEC, err, n, "--in: the name is too long");
			memcpy(e->in[given].path, text, len);
		}
		text += len + (text[len] == '\n');
	}
	if (given != e->n_in)
		return mw_fail(MW_ESPEC, err, n, "--op=%s takes %u input%s, %u given with --in", pim_op_name(e->op),
			       e->n_in, e->n_in == 1 ? "" : "s", given);
	return 0;
}

static uint64_t host_bits(struct pim_type t)
{
	return t.bits == 1 ? 1 : 8 * container_of(t);
}

static void set_step(struct eval *e, uint64_t grain)
{
	uint64_t widest = host_bits(e->type), result = e->reduces ? 1 : host_bits(e->out.type);
	uint64_t want = STEP_BYTES * 8 / (widest > result ? widest : result);
	while (grain % 8) /* so that pieces of packed bits begin at a byte */
		grain *= 2;
	e->grain = grain;
	e->step = want > grain ? want / grain * grain : grain;
	e->piece = e->step;
}

static bool columns_fail(const struct eval *e)
{
	struct pim_cost *cost;
	uint64_t n;
	if (pim_cost_begin(e->dev, &cost) < 0)
		return false;
	bool known = pim_cost_count(cost, PIM_FAULTS_INJECTED, &n) == 0;
	pim_cost_end(cost);
	return known;
}

/* Chooses the lanes per step: whole rows, so that pieces run the same programs as one long vector. If costs depend on
 * contents, whole batches over all banks, so that the costs of the pieces add up to those of one vector (if a batch
 * fits into a step). */
static int choose_step(struct eval *e, char *err, size_t n)
{
	struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
	uint32_t caps = pim_ops_of(e->dev)->caps;
	int rc = pim_price_of(e->dev, e->op, e->type, &price);
	if (rc == -EOPNOTSUPP && !(caps & PIM_CAP_MODELLED)) {
		set_step(e, 4096 * 8); /* the device is the host, which has no rows */
		return 0;
	}
	/* Operations that the host does for the device have no price but use its rows, so take the price of a copy. An
	 * operation that the device refuses gets the device's own message later. */
	if (rc == -EOPNOTSUPP && pim_price_of(e->dev, PIM_COPY, pim_uint(1), &price) == 0)
		rc = 0;
	if (rc < 0) {
		(void)pim_price_of(e->dev, e->op, e->type, &price);
		return eval_failed(e, rc, pim_op_name(e->op), err, n);
	}
	uint64_t batch = price.lanes * price.programs;
	if (caps & PIM_CAP_PLACEMENT && columns_fail(e))
		e->per_subarray = batch;
	bool whole = !(caps & PIM_CAP_UNBACKED) && batch * host_bits(e->type) / 8 <= STEP_BYTES;
	set_step(e, whole || e->per_subarray ? batch : price.lanes);
	return 0;
}

/* Checks the sizes of the inputs. The last one has the type of the operands and gives the number of lanes. */
static int check_sizes(struct eval *e, char *err, size_t n)
{
	const struct eval_operand *last = &e->in[e->n_in - 1];
	for (unsigned i = 0; i < e->n_in; i++)
		if (mw_stream_size(e->in[i].stream) == 0)
			return mw_fail(MW_ESPEC, err, n, "%s is empty", e->in[i].path);
	for (unsigned i = 0; i < e->n_in; i++) {
		const struct eval_operand *o = &e->in[i];
		if (o->container && mw_stream_size(o->stream) % o->container)
			return mw_fail(MW_ESPEC, err, n,
				       "%s: %llu bytes are not a multiple of %zu, the container of width %u", o->path,
				       (unsigned long long)mw_stream_size(o->stream), o->container, o->type.bits);
	}
	uint64_t size = mw_stream_size(last->stream);
	e->lanes = last->container ? size / last->container : size * 8;
	for (unsigned i = 0; i + 1 < e->n_in; i++) {
		const struct eval_operand *o = &e->in[i];
		uint64_t is = mw_stream_size(o->stream), want = eval_bytes(o, e->lanes);
		if (is != want && o->container == last->container)
			return mw_fail(MW_ESPEC, err, n, "inputs differ in length: %s has %llu bytes, %s has %llu",
				       o->path, (unsigned long long)is, last->path, (unsigned long long)size);
		if (is != want)
			return mw_fail(MW_ESPEC, err, n, "%s has %llu bytes, one bit for each lane of %s would be %llu",
				       o->path, (unsigned long long)is, last->path, (unsigned long long)want);
	}
	return 0;
}

static int open_files(struct eval *e, const struct mw_opts *opts, char *err, size_t n)
{
	int rc = split_inputs(e, mw_opt_text(opts, "in"), err, n);
	for (unsigned i = 0; i < e->n_in && rc == 0; i++)
		rc = mw_stream_reader(e->in[i].path, (size_t)eval_bytes(&e->in[i], e->step), &e->in[i].stream, err, n);
	if (rc < 0)
		return rc;
	if (e->op == PIM_FILL) {
		uint64_t bytes = (uint64_t)mw_opt_int(opts, "size");
		size_t unit = e->out.container;
		if (unit && bytes % unit)
			return mw_fail(MW_ESPEC, err, n,
				       "--size: %llu bytes are not a multiple of %zu, the container of width %u",
				       (unsigned long long)bytes, unit, e->type.bits);
		e->lanes = unit ? bytes / unit : bytes * 8;
	} else {
		rc = check_sizes(e, err, n);
	}
	if (rc == 0 && !e->reduces)
		rc = mw_stream_writer(mw_opt_text(opts, "out"), (size_t)eval_bytes(&e->out, e->step), &e->out.stream,
				      err, n);
	return rc;
}

/* ---- threads ---- */

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

/* Uses all CPUs for the host's part of the work; one thread when the topology cannot be read or the team not be
 * created. */
static int use_team(struct eval *e)
{
	struct mw_topology topo;
	if (mw_topology_read("/", NULL, &topo, NULL, 0) == 0) {
		int *cpus = calloc((size_t)topo.host.n_cpus, sizeof(*cpus));
		if (cpus)
			(void)mw_team_create(cpus, mw_topology_cpu_ids(&topo, cpus, topo.host.n_cpus), &e->team, NULL,
					     0);
		free(cpus);
		mw_topology_fini(&topo);
	}
	if (!e->team)
		return 0;
	struct pim_executor x = {
		.size = sizeof(x), .threads = (size_t)mw_team_size(e->team), .run = team_executor, .ctx = e->team};
	return pim_set_executor(e->dev, &x);
}

/* engine: value of --engine, or NULL. */
static int open_device(struct eval *e, const char *spec, const char *engine, char *err, size_t n)
{
	struct mw_spec parsed;
	const char *key = NULL;
	if (engine && mw_spec_parse(&parsed, spec, NULL, 0) == 0)
		key = mw_spec_get(&parsed, "engine");
	if (key && strcmp(key, engine) != 0)
		return mw_fail(MW_ESPEC, err, n, "--engine=%s contradicts engine=%s of --device", engine, key);
	return cli_pim_open(e->library, spec, engine ? "engine" : NULL, engine, &e->dev, err, n);
}

int eval_set_up(struct eval *e, struct cli *cli, bool stats, char *err, size_t n)
{
	const struct mw_opts *opts = &cli->opts;
	int rc = check_options(e, opts, err, n);
	if (rc == 0 && (stats || e->reduces) && !cli->out_file)
		rc = cli_files_add(&cli->files, CLI_WRITES, "standard output", NULL, err, n);
	if (rc == 0)
		rc = cli_pim_library(opts, &e->library, err, n);
	if (rc == 0)
		rc = open_device(e, cli_pim_spec(opts, e->library), mw_opt_text(opts, "engine"), err, n);
	if (rc == 0)
		rc = choose_step(e, err, n);
	if (rc == 0)
		rc = open_files(e, opts, err, n);
	if (rc == 0)
		rc = use_team(e);
	if (rc == 0)
		rc = eval_trace_begin(e, opts, err, n);
	if (rc == 0)
		rc = eval_charge(e, err, n);
	/* The trace has the commands of the whole files, so it must not also get those of the pieces. */
	return rc == 0 && e->executed ? eval_trace_stop(e, err, n) : rc;
}

void eval_tear_down(struct eval *e)
{
	eval_trace_abort(e);
	pim_cost_end(e->cost);
	pim_cost_end(e->executed);
	for (unsigned i = 0; i < EVAL_INPUTS; i++) {
		pim_free(e->in[i].v);
		mw_stream_close(e->in[i].stream);
	}
	pim_free(e->out.v);
	mw_stream_close(e->out.stream);
	pim_close(e->dev);
	pim_library_close(e->library);
	mw_team_destroy(e->team);
}
