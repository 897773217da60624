/* Programs of the user: reading, compiling, verifying, running. */
#include "pim/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "pim/core.h"

/* ---- making ---- */

static int compile_circuit(struct pim_program *p, const char *text, size_t len, char *err, size_t n)
{
	static int (*const reader[])(struct ambit_circuit *, const char *, size_t, char *, size_t) = {
		[PIM_EXPRESSION] = circuit_parse_expression,
		[PIM_TABLE] = circuit_parse_table,
		[PIM_BLIF] = circuit_parse_blif,
		[PIM_AIGER] = circuit_parse_aiger,
	};
	int rc = reader[p->language](&p->circuit, text, len, err, n);
	if (rc < 0)
		return rc;
	rc = ambit_compile(&p->circuit, AMBIT_THOROUGH, &p->builder, &p->info);
	return rc < 0 ? mw_fail(rc, err, n,
				rc == -ERANGE    ? "the program needs more rows than there are addresses"
				: rc == -EBADMSG ? "the compiled program does not compute the circuit: please report "
						   "this text as a fault of the compiler"
						 : "the program does not compile: %s",
				mw_strerror(rc))
		      : 0;
}

static int read_micro_program(struct pim_program *p, const char *text, size_t len, char *err, size_t n)
{
	struct ambit_ports ports = {0};
	struct ambit_verdict v = {0};
	int rc = ambit_program_parse(text, len, &p->builder, &ports, err, n);
	if (rc < 0)
		goto out;
	if (p->builder.p.inputs + p->builder.p.outputs == 0 && (rc = ambit_program_infer(&p->builder.p)) < 0) {
		(void)mw_fail(rc, err, n, "out of memory");
		goto out;
	}
	rc = ambit_verify(&p->builder.p, &v);
	p->print_only = p->of_op && (v.result_stale || v.input_changed);
	if (rc < 0)
		(void)mw_fail(rc, err, n, "%s", v.why[0] ? v.why : mw_strerror(rc));
	else if (p->print_only)
		rc = 0;
	else if (p->builder.p.outputs == 0)
		rc = mw_fail(-EINVAL, err, n, "no row is a result: name the results in a line '.outputs ...'");
	else if (v.result_stale)
		rc = mw_fail(-EINVAL, err, n,
			     "a result depends on what a row held before the program, or is not written");
	else if (v.input_changed)
		rc = mw_fail(-EINVAL, err, n, "an input row is changed");
	if (rc == 0) {
		rc = ambit_circuit_of(&p->circuit, &p->builder.p, &ports);
		if (rc == -EEXIST)
			(void)mw_fail(rc = -EINVAL, err, n, "two rows have the same name");
		else if (rc < 0)
			(void)mw_fail(rc, err, n, "%s", mw_strerror(rc));
	}
	if (rc == 0)
		rc = mig_measure(&p->circuit.g, p->circuit.out, p->circuit.outputs.n, &p->info.written);
	p->info.rewritten = p->info.written;
out:
	ambit_ports_free(&ports);
	return rc;
}

static int make(struct pim_program *p, const char *text, size_t len, char *err, size_t n)
{
	struct ambit_verdict v;
	int rc = p->language == PIM_MICRO_PROGRAM ? read_micro_program(p, text, len, err, n)
						  : compile_circuit(p, text, len, err, n);
	if (rc < 0)
		return rc;
	const struct ambit_circuit *c = &p->circuit;
	ambit_program_counts(&p->builder.p, &p->counts);
	if (p->print_only)
		return 0;
	struct mig_net net = {0};
	rc = mig_net_copy(&net, &c->g, c->in, c->inputs.n, c->out, c->outputs.n);
	if (rc == 0)
		rc = fused_plan(&net, &p->fused);
	mig_net_free(&net);
	if (rc == 0)
		rc = ambit_exact_prepare(&p->builder.p, &p->exact, &v);
	return rc < 0 ? mw_fail(rc, err, n, "%s", mw_strerror(rc)) : 0;
}

void pim_program_free(struct pim_program *p)
{
	CORE_CHECK(p);
	if (!p)
		return;
	int saved = errno;
	circuit_free(&p->circuit);
	ambit_builder_free(&p->builder);
	ambit_exact_free(&p->exact);
	fused_free(&p->fused);
	core_bury(NULL, &p->link);
	errno = saved;
}

static int new_program(enum pim_language language, bool of_op, const char *text, size_t len,
		       struct pim_program **program, char *err, size_t n)
{
	int rc = -ENOMEM;
	struct pim_program *p = calloc(1, sizeof(*p));
	if (p) {
		p->link.magic = CORE_OPEN;
		p->language = language;
		p->of_op = of_op;
		rc = make(p, text, len, err, n);
	} else {
		(void)mw_fail(rc, err, n, "out of memory");
	}
	if (rc == 0)
		*program = p;
	else
		pim_program_free(p);
	return rc;
}

int pim_program_compile(enum pim_language language, const char *text, size_t len, struct pim_program **program,
			char *err, size_t n)
{
	if (program)
		*program = NULL;
	if (!text || !program || (unsigned)language > PIM_MICRO_PROGRAM)
		return mw_fail(-EINVAL, err, n, "NULL, or no such language");
	int saved = errno;
	int rc = new_program(language, false, text, len, program, err, n);
	errno = saved;
	return rc;
}

static int check_op(struct pim_device *dev, enum pim_op op, struct pim_type type, uint64_t value)
{
	if (!pim_op_name(op))
		return core_fail(dev, -EINVAL, "no operation has the number %d", (int)op);
	int rc = core_check_type(dev, type);
	if (rc == 0 && type.kind != PIM_UINT && type.kind != PIM_INT)
		rc = core_fail(dev, -EINVAL, "micro-programs compute on integers");
	if (rc == 0 && (op == PIM_SHL || op == PIM_SHR) && value > type.bits)
		rc = core_fail(dev, -EINVAL, "%s by %llu: lanes have %u bits", pim_op_name(op),
			       (unsigned long long)value, type.bits);
	if (rc == 0 && !dev->ops->program_text)
		rc = core_fail(dev, -EOPNOTSUPP, "device %s has no micro-programs", dev->ops->name);
	return rc;
}

int pim_program_of_op(struct pim_device *dev, enum pim_op op, struct pim_type type, uint64_t value,
		      struct pim_program **program)
{
	CORE_CHECK(dev);
	if (program)
		*program = NULL;
	if (!dev || !program)
		return -EINVAL;
	int saved = errno;
	char *text = NULL, why[CORE_ERR];
	int rc = check_op(dev, op, type, value);
	if (rc < 0)
		return rc;
	why[0] = '\0';
	rc = dev->ops->program_text(dev->state, op, type, value, &text, why, sizeof(why));
	if (rc == 0 && !text)
		rc = mw_fail(-EOPNOTSUPP, why, sizeof(why), "device %s gave no text", dev->ops->name);
	else if (rc == 0)
		rc = new_program(PIM_MICRO_PROGRAM, true, text, strlen(text), program, why, sizeof(why));
	free(text);
	errno = saved;
	return rc < 0 ? core_fail(dev, rc, "%s of %u bits: %s", pim_op_name(op), type.bits,
				  why[0] ? why : mw_strerror(rc))
		      : 0;
}

/* ---- looking ---- */

int pim_program_info(const struct pim_program *p, struct pim_program_info *info)
{
	CORE_CHECK(p);
	if (!p || !info || info->size < sizeof(*info))
		return -EINVAL;
	const struct ambit_program *m = &p->builder.p;
	*info = (struct pim_program_info){
		.size = info->size,
		.inputs = m->inputs,
		.outputs = m->outputs,
		.temporaries = m->rows - m->inputs - m->outputs,
		.aap = p->counts.aap,
		.ap = p->counts.ap,
		.majorities_read = p->info.written.nodes,
		.majorities = p->info.rewritten.nodes,
		.depth = p->info.rewritten.depth,
	};
	return 0;
}

const char *pim_program_input(const struct pim_program *p, size_t i)
{
	CORE_CHECK(p);
	return p && i < p->circuit.inputs.n ? p->circuit.inputs.v[i] : NULL;
}

const char *pim_program_output(const struct pim_program *p, size_t i)
{
	CORE_CHECK(p);
	return p && i < p->circuit.outputs.n ? p->circuit.outputs.v[i] : NULL;
}

int pim_program_print(const struct pim_program *p, char *out, size_t n)
{
	CORE_CHECK(p);
	return p ? ambit_program_print(&p->builder.p, out, n) : -EINVAL;
}

int pim_program_verify(const struct pim_program *p, uint64_t seed, struct pim_equivalence *out)
{
	CORE_CHECK(p);
	if (!p || !out || out->size < sizeof(*out))
		return -EINVAL;
	if (p->print_only)
		return -EOPNOTSUPP;
	struct ambit_equivalence e;
	int saved = errno;
	int rc = ambit_equivalent(&p->circuit, &p->builder.p, seed, &e);
	errno = saved;
	if (rc == 0)
		*out = (struct pim_equivalence){
			.size = out->size, .lanes = e.lanes, .wrong = e.wrong, .exhaustive = e.exhaustive};
	return rc;
}

/* ---- running ---- */

int pim_program_price(struct pim_device *dev, const struct pim_program *p, struct pim_price *price)
{
	CORE_CHECK(dev);
	CORE_CHECK(p);
	if (!dev)
		return -EINVAL;
	if (!p || !price || price->size < sizeof(*price) || price->energy.size < sizeof(price->energy))
		return core_fail(dev, -EINVAL, "a program and a price with both sizes set are needed");
	if (!dev->ops->price_program)
		return core_fail(dev, -EOPNOTSUPP, "device %s has no micro-programs", dev->ops->name);
	int saved = errno;
	struct pim_price out = {.size = price->size, .energy.size = price->energy.size};
	core_price_start(&out);
	int rc = dev->ops->price_program(dev->state, p, &out);
	errno = saved;
	if (rc == -ENOSPC)
		return core_fail(dev, rc, "the program needs %u data rows, a subarray of %s has %u", out.rows,
				 dev->ops->name, out.live_rows);
	if (rc == 0)
		*price = out;
	return rc;
}

static int check_vectors(struct pim_device *dev, struct pim_vector *const *v, size_t n, const char *what,
			 const struct ambit_names *names, bool unbacked, const struct pim_operand **o)
{
	for (size_t i = 0; i < n; i++) {
		if (!v || !v[i])
			return core_fail(dev, -EINVAL, "%s %s is NULL", what, names->v[i]);
		CORE_CHECK(v[i]);
		if (v[i]->dev != dev)
			return core_fail(dev, -EXDEV, "%s %s is of another device", what, names->v[i]);
		if (v[i]->o.type.kind != PIM_UINT || v[i]->o.type.bits != 1)
			return core_fail(dev, -EINVAL, "%s %s is not a vector of uint1", what, names->v[i]);
		if (i && v[i]->o.cols != v[0]->o.cols)
			return core_fail(dev, -EINVAL, "%s %s has %llu lanes, %s %llu", what, names->v[i],
					 (unsigned long long)v[i]->o.cols, names->v[0],
					 (unsigned long long)v[0]->o.cols);
		if (v[i]->unbacked != unbacked)
			return core_fail(dev, -EINVAL, "%s %s: some vectors are unbacked and some are not", what,
					 names->v[i]);
		o[i] = &v[i]->o;
	}
	return 0;
}

/* Sorts operands so that equal ones are neighbours: two results must not be one vector. */
static int by_address(const void *a, const void *b)
{
	const struct pim_operand *x = *(const struct pim_operand *const *)a;
	const struct pim_operand *y = *(const struct pim_operand *const *)b;
	return x < y ? -1 : x > y;
}

static bool some_twice(const struct pim_operand *const *o, size_t n, const struct pim_operand **sorted)
{
	for (size_t i = 0; i < n; i++)
		sorted[i] = o[i];
	qsort(sorted, n, sizeof(void *), by_address);
	for (size_t i = 1; i < n; i++)
		if (sorted[i] == sorted[i - 1])
			return true;
	return false;
}

static int run_checked(struct pim_device *dev, const struct pim_program *p, struct pim_vector *const *dst, size_t n_dst,
		       struct pim_vector *const *src, size_t n_src, const struct pim_operand **o)
{
	const struct pim_operand **results = o, **inputs = o + n_dst, **sorted = inputs + n_src;
	int rc = check_vectors(dev, dst, n_dst, "result", &p->circuit.outputs, dst[0]->unbacked, results);
	if (rc == 0)
		rc = check_vectors(dev, src, n_src, "input", &p->circuit.inputs, dst[0]->unbacked, inputs);
	if (rc < 0)
		return rc;
	if (n_src && src[0]->o.cols != dst[0]->o.cols)
		return core_fail(dev, -EINVAL, "the inputs have %llu lanes, the results %llu",
				 (unsigned long long)src[0]->o.cols, (unsigned long long)dst[0]->o.cols);
	if (some_twice(results, n_dst, sorted))
		return core_fail(dev, -EINVAL, "one vector is given for two results");
	if (!dev->ops->run_program)
		return core_fail(dev, -EOPNOTSUPP, "device %s runs no micro-programs", dev->ops->name);
	struct pim_call call = {dev};
	return dev->ops->run_program(dev->state, &call, p, results, inputs);
}

int pim_program_run(const struct pim_program *p, struct pim_vector *const *dst, size_t n_dst,
		    struct pim_vector *const *src, size_t n_src)
{
	CORE_CHECK(p);
	if (!p || !dst || n_dst == 0 || !dst[0])
		return -EINVAL;
	CORE_CHECK(dst[0]);
	int saved = errno;
	struct pim_device *dev = dst[0]->dev;
	size_t outputs = p->circuit.outputs.n, inputs = p->circuit.inputs.n;
	if (p->print_only)
		return core_fail(dev, -EOPNOTSUPP, "the program changes an input or depends on old contents of rows");
	if (n_dst != outputs)
		return core_fail(dev, -EINVAL, "the program has %zu results, not %zu", outputs, n_dst);
	if (n_src != inputs)
		return core_fail(dev, -EINVAL, "the program has %zu inputs, not %zu", inputs, n_src);
	const struct pim_operand *few[32] = {NULL}, **o = few; /* allocating takes longer than a short operation */
	if (2 * n_dst + n_src > sizeof(few) / sizeof(few[0]))
		o = calloc(2 * n_dst + n_src, sizeof(void *));
	int rc = o ? run_checked(dev, p, dst, n_dst, src, n_src, o) : core_fail(dev, -ENOMEM, "out of memory");
	if (o != few)
		free(o);
	errno = saved;
	return rc;
}
