/* Vectors and matrices and the operations on them, with every check that does not depend on the device. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "pim/core.h"

unsigned core_container(struct pim_type type)
{
	if (type.bits == 1)
		return 0;
	return type.bits <= 8 ? 1 : type.bits <= 16 ? 2 : type.bits <= 32 ? 4 : 8;
}

bool core_host_bytes(const struct pim_operand *o, size_t *bytes)
{
	size_t n, unit = core_container(o->type);
	if (__builtin_mul_overflow(o->rows, o->cols, &n))
		return false;
	if (unit == 0)
		*bytes = n / 8 + (n % 8 != 0);
	return unit == 0 || !__builtin_mul_overflow(n, unit, bytes);
}

int core_check_type(struct pim_device *dev, struct pim_type t)
{
	if (t.size < sizeof(struct pim_type))
		return core_fail(dev, -EINVAL, "pim_type.size is not set");
	if ((unsigned)t.kind > PIM_MXINT || t.bits == 0 || t.bits > 64)
		return core_fail(dev, -EINVAL, "no type of %u bits and kind %u", t.bits, (unsigned)t.kind);
	return 0;
}

/* Allocates an operand on the device; o holds rows, cols, bank and subarray. */
static int alloc_operand(struct pim_device *dev, struct pim_type type, struct pim_operand *o)
{
	size_t bytes;
	int rc = core_check_type(dev, type);
	if (rc < 0)
		return rc;
	o->size = sizeof(*o);
	o->type = type;
	if (o->rows == 0 || o->cols == 0)
		return core_fail(dev, -EINVAL, "a vector or matrix without elements");
	if (!core_host_bytes(o, &bytes))
		return core_fail(dev, -EINVAL, "a vector or matrix that exceeds the address space");
	if (!dev->ops->alloc || !dev->ops->free)
		return core_fail(dev, -EOPNOTSUPP, "device %s cannot allocate", dev->ops->name);
	struct pim_call call = {dev};
	return dev->ops->alloc(dev->state, &call, o);
}

/* Checks an operand without contents; the device is not called. */
static int unbacked_operand(struct pim_device *dev, struct pim_type type, struct pim_operand *o)
{
	size_t bytes;
	int rc = core_check_type(dev, type);
	if (rc < 0)
		return rc;
	o->size = sizeof(*o);
	o->type = type;
	if (!(dev->ops->caps & PIM_CAP_UNBACKED))
		return core_fail(dev, -EOPNOTSUPP, "device %s has no unbacked vectors", dev->ops->name);
	if (type.kind != PIM_UINT && type.kind != PIM_INT)
		return core_fail(dev, -EOPNOTSUPP, "the lanes of an unbacked vector must be integers");
	if (o->cols == 0 || !core_host_bytes(o, &bytes))
		return core_fail(dev, -EINVAL, "a vector without elements, or that exceeds the address space");
	return 0;
}

static int alloc_vector(struct pim_device *dev, struct pim_type type, uint64_t lanes, const struct pim_placement *where,
			bool backed, struct pim_vector **out)
{
	if (!dev || !out)
		return -EINVAL;
	*out = NULL;
	struct pim_placement place = {.size = 0};
	if (where && where->size < offsetof(struct pim_placement, channel))
		return core_fail(dev, -EINVAL, "pim_placement.size is not set");
	if (where && !(dev->ops->caps & PIM_CAP_PLACEMENT))
		return core_fail(dev, -EOPNOTSUPP, "device %s has no placement of vectors", dev->ops->name);
	if (!(dev->ops->caps & PIM_CAP_VECTORS))
		return core_fail(dev, -EOPNOTSUPP, "device %s has no vectors", dev->ops->name);
	int saved = errno;
	int rc = -ENOMEM;
	struct pim_vector *v = calloc(1, sizeof(*v));
	if (!v) {
		(void)core_fail(dev, rc, "out of memory");
		goto out;
	}
	v->o = (struct pim_operand){.rows = 1, .cols = lanes};
	if (where) {
		memcpy(&place, where, where->size < sizeof(place) ? where->size : sizeof(place));
		v->o.bank = place.bank;
		v->o.subarray = place.subarray;
		v->o.channel = place.channel;
		v->o.rank = place.rank;
		v->o.placed = 1;
	}
	rc = backed ? alloc_operand(dev, type, &v->o) : unbacked_operand(dev, type, &v->o);
	if (rc == 0) {
		v->dev = dev;
		v->unbacked = !backed;
		core_link_add(&dev->vectors, &v->link);
		*out = v;
	} else {
		free(v);
	}
out:
	errno = saved;
	return rc;
}

int pim_alloc(struct pim_device *dev, struct pim_type type, uint64_t lanes, struct pim_vector **out)
{
	CORE_CHECK(dev);
	return alloc_vector(dev, type, lanes, NULL, true, out);
}

int pim_alloc_at(struct pim_device *dev, struct pim_type type, uint64_t lanes, const struct pim_placement *where,
		 struct pim_vector **out)
{
	CORE_CHECK(dev);
	return alloc_vector(dev, type, lanes, where, true, out);
}

int pim_alloc_unbacked(struct pim_device *dev, struct pim_type type, uint64_t lanes, struct pim_vector **out)
{
	CORE_CHECK(dev);
	return alloc_vector(dev, type, lanes, NULL, false, out);
}

struct pim_placement pim_vector_placement(const struct pim_vector *v)
{
	CORE_CHECK(v);
	struct pim_placement p = {.size = sizeof(p)};
	if (v) {
		p.bank = v->o.bank;
		p.subarray = v->o.subarray;
		p.channel = v->o.channel;
		p.rank = v->o.rank;
		p.scattered = v->o.scattered;
	}
	return p;
}

void pim_free(struct pim_vector *v)
{
	CORE_CHECK(v);
	if (!v)
		return;
	int saved = errno;
	core_link_del(&v->link);
	if (!v->unbacked)
		v->dev->ops->free(v->dev->state, &v->o);
	core_bury(v->dev, &v->link);
	errno = saved;
}

uint64_t pim_lanes(const struct pim_vector *v)
{
	CORE_CHECK(v);
	return v ? v->o.cols : 0;
}

struct pim_type pim_vector_type(const struct pim_vector *v)
{
	CORE_CHECK(v);
	return v ? v->o.type : (struct pim_type){0};
}

static size_t operand_bytes(const struct pim_operand *o)
{
	size_t bytes = 0;
	(void)core_host_bytes(o, &bytes); /* checked by alloc */
	return bytes;
}

size_t pim_bytes(const struct pim_vector *v)
{
	CORE_CHECK(v);
	return v ? operand_bytes(&v->o) : 0;
}

static int write_operand(struct pim_device *dev, struct pim_operand *o, const void *src, size_t bytes)
{
	if (bytes != operand_bytes(o))
		return core_fail(dev, -EINVAL, "write of %zu bytes, the operand has %zu", bytes, operand_bytes(o));
	if (!dev->ops->write)
		return core_fail(dev, -EOPNOTSUPP, "device %s cannot be written", dev->ops->name);
	int saved = errno;
	struct pim_call call = {dev};
	int rc = dev->ops->write(dev->state, &call, o, src, bytes);
	errno = saved;
	return rc;
}

int pim_write(struct pim_vector *v, const void *src, size_t bytes)
{
	CORE_CHECK(v);
	if (!v)
		return -EINVAL;
	if (!src != v->unbacked)
		return core_fail(v->dev, -EINVAL,
				 src ? "an unbacked vector must be written from NULL" : "write from NULL");
	return write_operand(v->dev, &v->o, src, bytes);
}

int pim_read(struct pim_vector *v, void *dst, size_t bytes)
{
	CORE_CHECK(v);
	if (!v)
		return -EINVAL;
	struct pim_device *dev = v->dev;
	if (!dst != v->unbacked)
		return core_fail(dev, -EINVAL, dst ? "an unbacked vector must be read to NULL" : "read to NULL");
	if (bytes != operand_bytes(&v->o))
		return core_fail(dev, -EINVAL, "read of %zu bytes, the vector has %zu", bytes, operand_bytes(&v->o));
	if (!dev->ops->read)
		return core_fail(dev, -EOPNOTSUPP, "device %s cannot be read", dev->ops->name);
	int saved = errno;
	struct pim_call call = {dev};
	int rc = dev->ops->read(dev->state, &call, &v->o, dst, bytes);
	errno = saved;
	return rc;
}

int pim_map(struct pim_vector *v, void **p)
{
	CORE_CHECK(v);
	if (!v || !p)
		return -EINVAL;
	*p = NULL;
	if (v->unbacked)
		return core_fail(v->dev, -EOPNOTSUPP, "an unbacked vector has no lanes to map");
	if (!v->dev->ops->map)
		return core_fail(v->dev, -EOPNOTSUPP, "device %s keeps no copy in the host's layout",
				 v->dev->ops->name);
	int rc = v->dev->ops->map(v->dev->state, &v->o, p);
	return rc == -EOPNOTSUPP ? core_fail(v->dev, rc, "device %s keeps lanes of %u bits in another layout (%s)",
					     v->dev->ops->name, v->o.type.bits, v->dev->spec)
				 : rc;
}

int pim_matrix_alloc(struct pim_device *dev, struct pim_type type, uint64_t rows, uint64_t cols,
		     struct pim_matrix **out)
{
	CORE_CHECK(dev);
	if (!dev || !out)
		return -EINVAL;
	*out = NULL;
	if (!(dev->ops->caps & PIM_CAP_MATRICES))
		return core_fail(dev, -EOPNOTSUPP, "device %s has no matrices", dev->ops->name);
	int saved = errno;
	int rc = -ENOMEM;
	struct pim_matrix *m = calloc(1, sizeof(*m));
	if (!m) {
		(void)core_fail(dev, rc, "out of memory");
		goto out;
	}
	m->o = (struct pim_operand){.rows = rows, .cols = cols, .matrix = 1};
	rc = alloc_operand(dev, type, &m->o);
	if (rc == 0) {
		m->dev = dev;
		core_link_add(&dev->matrices, &m->link);
		*out = m;
	} else {
		free(m);
	}
out:
	errno = saved;
	return rc;
}

void pim_matrix_free(struct pim_matrix *m)
{
	CORE_CHECK(m);
	if (!m)
		return;
	int saved = errno;
	core_link_del(&m->link);
	m->dev->ops->free(m->dev->state, &m->o);
	core_bury(m->dev, &m->link);
	errno = saved;
}

size_t pim_matrix_bytes(const struct pim_matrix *m)
{
	CORE_CHECK(m);
	return m ? operand_bytes(&m->o) : 0;
}

int pim_matrix_write(struct pim_matrix *m, const void *src, size_t bytes)
{
	CORE_CHECK(m);
	if (!m)
		return -EINVAL;
	return src ? write_operand(m->dev, &m->o, src, bytes) : core_fail(m->dev, -EINVAL, "write from NULL");
}

static int run(struct pim_device *dev, const struct pim_command *command)
{
	if (!dev->ops->execute)
		return core_fail(dev, -EOPNOTSUPP, "device %s executes no operations", dev->ops->name);
	int saved = errno;
	struct pim_call call = {dev};
	int rc = dev->ops->execute(dev->state, &call, command);
	errno = saved;
	return rc;
}

static bool same_type(struct pim_type a, struct pim_type b)
{
	return a.kind == b.kind && a.bits == b.bits && a.block == b.block;
}

/* "uint8", "mxint8x32". */
static const char *type_name(struct pim_type t, char *out, size_t n)
{
	static const char *const kinds[] = {"uint", "int", "fp", "bf", "mxint"};
	mw_format(out, n, "%s%u", kinds[t.kind], t.bits);
	if (t.block)
		mw_clip_add(out, n, "x%u", t.block);
	return out;
}

static int wrong_type(struct pim_device *dev, const char *op, const char *what, struct pim_type is,
		      struct pim_type expected)
{
	char a[32], b[32];
	return core_fail(dev, -EINVAL, "%s: %s is %s, expected %s", op, what, type_name(is, a, sizeof(a)),
			 type_name(expected, b, sizeof(b)));
}

/* All inputs must have one type, except the uint(1) selector of if_else; the result that of pim_op_result(). */
static int check_types(struct pim_device *dev, const struct pim_command *c)
{
	static const char *const inputs[] = {"input 1", "input 2", "input 3"};
	const char *name = pim_op_name(c->op);
	const struct pim_type operand = c->src[c->n_src - 1]->type;
	struct pim_type result;
	int rc = pim_op_result(c->op, operand, &result);
	if (rc == -EOPNOTSUPP)
		return core_fail(dev, rc, "%s of %u bits: its result of %u bits exceeds 64", name, operand.bits,
				 result.bits);
	if (rc < 0)
		return core_fail(dev, rc, "%s is an operation on integers", name);
	for (uint32_t i = 0; i < c->n_src; i++) {
		struct pim_type want = c->op == PIM_IF_ELSE && i == 0 ? pim_uint(1) : operand;
		if (!same_type(c->src[i]->type, want))
			return wrong_type(dev, name, inputs[i], c->src[i]->type, want);
	}
	return c->dst && !same_type(c->dst->type, result) ? wrong_type(dev, name, "the result", c->dst->type, result)
							  : 0;
}

static int execute(enum pim_op op, struct pim_vector *dst, struct pim_vector *const *src, size_t n_src, uint64_t value)
{
	struct pim_device *dev = dst->dev;
	const char *name = pim_op_name(op);
	if (n_src != pim_op_inputs(op))
		return core_fail(dev, -EINVAL, "%s has %u inputs, not %zu", name, pim_op_inputs(op), n_src);
	struct pim_command c = {.size = sizeof(c), .op = op, .n_src = (uint32_t)n_src, .dst = &dst->o, .value = value};
	for (size_t i = 0; i < n_src; i++) {
		if (!src[i])
			return core_fail(dev, -EINVAL, "%s: input %zu is NULL", name, i + 1);
		CORE_CHECK(src[i]);
		if (src[i]->dev != dev)
			return core_fail(dev, -EXDEV, "%s: input %zu is of another device", name, i + 1);
		if (src[i]->o.cols != dst->o.cols)
			return core_fail(dev, -EINVAL, "%s: input %zu has %llu lanes, the result %llu", name, i + 1,
					 (unsigned long long)src[i]->o.cols, (unsigned long long)dst->o.cols);
		if (src[i]->unbacked != dst->unbacked)
			return core_fail(dev, -EINVAL, "%s: input %zu and the result: only one of them is unbacked",
					 name, i + 1);
		c.src[i] = &src[i]->o;
	}
	int rc = check_types(dev, &c);
	return rc < 0 ? rc : run(dev, &c);
}

int pim_execute(enum pim_op op, struct pim_vector *dst, struct pim_vector *const *src, size_t n_src)
{
	CORE_CHECK(dst);
	if (!dst || (n_src && !src))
		return -EINVAL;
	static const struct {
		enum pim_op op;
		const char *call;
	} others[] = {
		{PIM_FILL, "pim_fill"},        {PIM_SHL, "pim_shift"},
		{PIM_SHR, "pim_shift"},        {PIM_SUM_LANES, "pim_reduce"},
		{PIM_MIN_LANES, "pim_reduce"}, {PIM_COUNT_ONES, "pim_reduce"},
		{PIM_GEMV, "pim_gemv"},        {PIM_SHIFT_LANES, "pim_shift_lanes"},
	};
	if (!pim_op_name(op))
		return core_fail(dst->dev, -EINVAL, "no operation has the number %d", (int)op);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].op == op)
			return core_fail(dst->dev, -EINVAL, "%s: call %s, not pim_execute", pim_op_name(op),
					 others[i].call);
	return execute(op, dst, src, n_src, 0);
}

int pim_shift(enum pim_op op, struct pim_vector *dst, struct pim_vector *src, uint32_t amount)
{
	CORE_CHECK(dst);
	CORE_CHECK(src);
	if (!dst || !src)
		return -EINVAL;
	if (op != PIM_SHL && op != PIM_SHR)
		return core_fail(dst->dev, -EINVAL, "pim_shift takes shl or shr");
	if (amount > src->o.type.bits)
		return core_fail(dst->dev, -EINVAL, "%s: by %u in lanes of %u bits", pim_op_name(op), amount,
				 src->o.type.bits);
	return execute(op, dst, &src, 1, amount);
}

int pim_shift_lanes(struct pim_vector *dst, struct pim_vector *src, int64_t by)
{
	CORE_CHECK(dst);
	CORE_CHECK(src);
	return dst && src ? execute(PIM_SHIFT_LANES, dst, &src, 1, (uint64_t)by) : -EINVAL;
}

int pim_reduce(enum pim_op op, struct pim_vector *src, uint64_t *value)
{
	CORE_CHECK(src);
	if (!src)
		return -EINVAL;
	if (!value != src->unbacked)
		return core_fail(src->dev, -EINVAL, value ? "an unbacked vector has no value" : "reduction to NULL");
	uint64_t none;
	if (op != PIM_SUM_LANES && op != PIM_MIN_LANES && op != PIM_COUNT_ONES)
		return core_fail(src->dev, -EINVAL, "pim_reduce takes sum_lanes, min_lanes or count_ones");
	if (src->o.type.kind != PIM_UINT && src->o.type.kind != PIM_INT)
		return core_fail(src->dev, -EINVAL, "%s is an operation on integers", pim_op_name(op));
	struct pim_command c = {
		.size = sizeof(c), .op = op, .n_src = 1, .src = {&src->o}, .result = value ? value : &none};
	return run(src->dev, &c);
}

int pim_fill(struct pim_vector *dst, uint64_t value)
{
	CORE_CHECK(dst);
	if (!dst)
		return -EINVAL;
	if (dst->o.type.bits < 64 && value >> dst->o.type.bits)
		return core_fail(dst->dev, -EINVAL, "fill: %llu has more than %u bits", (unsigned long long)value,
				 dst->o.type.bits);
	struct pim_command c = {.size = sizeof(c), .op = PIM_FILL, .dst = &dst->o, .value = value};
	return run(dst->dev, &c);
}

int pim_gemv(struct pim_vector *y, struct pim_matrix *w, struct pim_vector *x)
{
	CORE_CHECK(y);
	CORE_CHECK(w);
	CORE_CHECK(x);
	if (!y || !w || !x)
		return -EINVAL;
	struct pim_device *dev = y->dev;
	if (w->dev != dev || x->dev != dev)
		return core_fail(dev, -EXDEV, "gemv: operands of different devices");
	if (w->o.rows != y->o.cols || w->o.cols != x->o.cols)
		return core_fail(dev, -EINVAL, "gemv: a %llu x %llu matrix, %llu inputs, %llu outputs",
				 (unsigned long long)w->o.rows, (unsigned long long)w->o.cols,
				 (unsigned long long)x->o.cols, (unsigned long long)y->o.cols);
	if (x == y)
		return core_fail(dev, -EINVAL, "gemv: input and output are one vector");
	struct pim_command c = {.size = sizeof(c), .op = PIM_GEMV, .n_src = 2, .dst = &y->o, .src = {&w->o, &x->o}};
	return run(dev, &c);
}
