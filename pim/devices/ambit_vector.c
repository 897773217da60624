/* Vectors of device `ambit`: memory, moving lanes in and out, transposing, and the host's operations on lanes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/transpose.h"
#include "pim/arith.h"
#include "pim/devices/ambit.h"
#include "pim/lanes.h"

/* Lanes transposed at a time through the buffer of a slice. */
enum { BLOCK_LANES = 2048 };

_Static_assert(ARITH_LANES == MW_TRANSPOSE_LANES && BLOCK_LANES % MW_TRANSPOSE_LANES == 0, "vectors are padded alike");

/* An odd number of lines between planes: at a power of two they would share cache sets, and stores to one plane would
 * hold up loads of another at the same page offset. */
static size_t stride_of(size_t plane_bytes)
{
	size_t lines = plane_bytes / LANES_LINE;
	return (lines < 64 ? lines : (lines + 63) / 64 * 64 + 25) * LANES_LINE;
}

static bool shape(const struct ambit *a, const struct pim_operand *o, struct ambit_lanes *l)
{
	uint32_t bits = o->type.bits;
	size_t plane = arith_bytes(1, ambit_held(a, o->cols));
	l->planes = a->exact && bits > 1;
	l->unit = arith_unit(bits);
	l->check_stride = (plane / 8 + LANES_LINE - 1) / LANES_LINE * LANES_LINE;
	if (!l->planes) {
		l->bytes = bits == 1 ? plane : arith_bytes(bits, o->cols);
		return l->bytes > 0;
	}
	l->stride = stride_of(plane);
	return plane > 0 && !__builtin_mul_overflow(l->stride, bits, &l->bytes);
}

/* Do vectors have check bits? Only where columns may fail. */
static bool checked(const struct ambit *a)
{
	return a->failures.on && a->failures.protection == AMBIT_PROTECT_ECC;
}

static void free_lanes(struct ambit_lanes *l, uint32_t bits)
{
	lanes_free(l->p, l->bytes);
	lanes_free(l->truth, l->bytes);
	lanes_free(l->check, bits * l->check_stride);
	free(l);
}

static struct ambit_lanes *new_lanes(const struct ambit *a, const struct pim_operand *o)
{
	struct ambit_lanes *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	bool ok = shape(a, o, l) && (l->p = lanes_alloc(l->bytes)) != NULL;
	if (ok && checked(a)) {
		l->truth = lanes_alloc(l->bytes);
		l->check = lanes_alloc(o->type.bits * l->check_stride);
		ok = l->truth && l->check;
	}
	if (ok)
		return l;
	free_lanes(l, o->type.bits);
	return NULL;
}

int ambit_alloc(void *state, struct pim_call *call, struct pim_operand *o)
{
	struct ambit *a = state;
	if (o->type.kind != PIM_UINT && o->type.kind != PIM_INT)
		return pim_call_fail(call, -EOPNOTSUPP, "ambit: lanes are integers of 1..64 bits");
	struct ambit_holding *held;
	int rc = ambit_place_vector(a, call, o, &held);
	if (rc < 0)
		return rc;
	struct ambit_lanes *l = new_lanes(a, o);
	if (!l) {
		ambit_occupancy_give(&a->occupancy, held);
		return pim_call_fail(call, -ENOMEM, "ambit: no memory for %llu lanes of %u bits",
				     (unsigned long long)o->cols, o->type.bits);
	}
	l->held = held;
	o->mem = l;
	return 0;
}

void ambit_free(void *state, struct pim_operand *o)
{
	struct ambit *a = state;
	struct ambit_lanes *l = o->mem;
	ambit_occupancy_give(&a->occupancy, l->held);
	free_lanes(l, o->type.bits);
}

int ambit_map(void *state, const struct pim_operand *o, void **p)
{
	const struct ambit *a = state;
	const struct ambit_lanes *l = o->mem;
	if (l->planes || a->failures.copies > 1 || l->check)
		return -EOPNOTSUPP; /* a write through the map would leave copies and check bits stale */
	*p = l->p;
	return 0;
}

/* ---- between containers and planes ---- */

struct turn {
	const struct mw_transpose *t;
	const struct ambit_lanes *l;
	unsigned bits;
	uint64_t lanes;
	bool nt;
	const char *src; /* of a write */
	char *dst;       /* of a read */
	size_t n;
};

static void set_planes(const struct turn *t, uint64_t at, char *plane[64])
{
	for (unsigned j = 0; j < t->bits; j++)
		plane[j] = ambit_plane(t->l, j) + at / 8;
}

/* Aligned host memory and a multiple of MW_TRANSPOSE_LANES lanes need no buffer. */
static bool direct(const void *host, size_t lanes)
{
	return lanes % MW_TRANSPOSE_LANES == 0 && (uintptr_t)host % LANES_LINE == 0;
}

static size_t padded(size_t lanes)
{
	return (lanes + MW_TRANSPOSE_LANES - 1) / MW_TRANSPOSE_LANES * MW_TRANSPOSE_LANES;
}

static void turn_in(const struct turn *t, uint64_t at, size_t lanes, const void *src)
{
	_Alignas(64) char buffer[8 * BLOCK_LANES];
	char *plane[64];
	unsigned unit = t->l->unit;
	if (!direct(src, lanes)) {
		memcpy(buffer, src, lanes * unit);
		memset(buffer + lanes * unit, 0, (padded(lanes) - lanes) * unit);
		src = buffer;
	}
	set_planes(t, at, plane);
	(t->nt ? t->t->to_planes_nt : t->t->to_planes)(src, unit, t->bits, padded(lanes), plane);
}

static void turn_out(const struct turn *t, uint64_t at, size_t lanes, void *dst)
{
	_Alignas(64) char buffer[8 * BLOCK_LANES];
	char *plane[64];
	const char *from[64];
	bool straight = direct(dst, lanes);
	set_planes(t, at, plane);
	for (unsigned j = 0; j < t->bits; j++)
		from[j] = plane[j];
	mw_from_planes_fn fn = t->nt && straight ? t->t->from_planes_nt : t->t->from_planes;
	fn(straight ? dst : buffer, t->l->unit, t->bits, padded(lanes), from);
	if (!straight)
		memcpy(dst, buffer, lanes * t->l->unit);
}

/* How many lanes to transpose in one call: as many as need no buffer, else what the buffer holds. Each non-temporal
 * call ends with a fence, which halves the speed of narrow lanes when every block has one. */
static size_t next_lanes(const void *host, size_t left)
{
	size_t whole = left / MW_TRANSPOSE_LANES * MW_TRANSPOSE_LANES;
	if (whole && direct(host, whole))
		return whole;
	return left < BLOCK_LANES ? left : BLOCK_LANES;
}

static void turn_slice(void *arg, size_t i)
{
	const struct turn *t = arg;
	size_t begin, end, lanes;
	lanes_slice((size_t)t->lanes, 2 * BLOCK_LANES, i, t->n, &begin, &end);
	for (size_t at = begin; at < end; at += lanes) {
		const char *host = (t->src ? t->src : t->dst) + at * t->l->unit;
		lanes = next_lanes(host, end - at);
		if (t->src)
			turn_in(t, at, lanes, host);
		else
			turn_out(t, at, lanes, t->dst + at * t->l->unit);
	}
}

static struct turn make_turn(const struct ambit *a, const struct pim_call *call, const struct pim_operand *o,
			     const struct ambit_lanes *l)
{
	return (struct turn){
		.t = mw_transpose_best(),
		.l = l,
		.bits = o->type.bits,
		.lanes = o->cols,
		.nt = lanes_store(l->bytes, 1, a->cache_bytes) == MW_STORE_NT,
		.n = l->bytes < (1u << 18) ? 1 : pim_call_threads(call),
	};
}

/* ---- moving lanes ---- */

static void charge_transpose(const struct ambit *a, struct pim_call *call, const struct pim_operand *o, size_t bytes)
{
	if (o->type.bits == 1 || a->transposer == AMBIT_TRANSPOSE_DONE)
		return;
	core_charge(call, PIM_BYTES_TRANSPOSE, bytes);
	core_time(call, PIM_PS_TRANSPOSE, lanes_ps(bytes, a->transpose_gbps), 0);
	ambit_trace_wait(a, lanes_ps(bytes, a->transpose_gbps));
}

static void charge_in(struct ambit *a, struct pim_call *call, const struct pim_operand *o, size_t bytes)
{
	mw_wide all = mw_wide_mul(bytes, a->failures.copies);
	core_charge(call, PIM_BYTES_IN, all);
	core_time(call, PIM_PS_IN, lanes_ps(all, a->in_gbps), 0);
	ambit_trace_vector_moves(a, o, lanes_ps(all, a->in_gbps), true);
	charge_transpose(a, call, o, bytes);
}

static void charge_out(struct ambit *a, struct pim_call *call, const struct pim_operand *o, size_t bytes)
{
	mw_wide all = mw_wide_mul(bytes, a->failures.copies);
	core_charge(call, PIM_BYTES_OUT, all);
	core_time(call, PIM_PS_OUT, lanes_ps(all, a->out_gbps), 0);
	ambit_trace_vector_moves(a, o, lanes_ps(all, a->out_gbps), false);
	charge_transpose(a, call, o, bytes);
}

/* ---- copies and check bits ---- */

/* Bytes from one copy of a plane to the next. */
static size_t copy_bytes(const struct ambit *a, const struct pim_operand *o)
{
	return (size_t)(ambit_slots(&a->geometry, o->cols) * ambit_row_bytes(&a->geometry));
}

/* After a write: updates the copies or the check bits. */
static void follow(const struct ambit *a, const struct pim_operand *o)
{
	const struct ambit_lanes *l = o->mem;
	size_t plane = arith_bytes(1, o->cols);
	for (unsigned j = 0; j < o->type.bits; j++) {
		char *p = ambit_plane(l, j);
		for (unsigned k = 1; k < a->failures.copies; k++)
			memcpy(p + k * copy_bytes(a, o), p, plane);
		if (!l->check)
			continue;
		memcpy(l->truth + j * l->stride, p, plane);
		ambit_ecc_encode((uint64_t *)(void *)p, (uint8_t *)l->check + j * l->check_stride, plane / 8);
	}
}

/* What a reader sees: the lanes themselves, or new ones made by the vote or from the check bits; freed by drop_view().
 * 0 or -ENOMEM. */
static int make_view(const struct ambit *a, struct pim_call *call, const struct pim_operand *o, struct ambit_lanes *v)
{
	const struct ambit_lanes *l = o->mem;
	size_t plane = arith_bytes(1, o->cols);
	struct ambit_ecc_count n = {0, 0, 0};
	*v = l ? *l : (struct ambit_lanes){.p = NULL};
	if (!l || (a->failures.copies == 1 && !l->check))
		return 0;
	v->p = lanes_alloc(l->bytes);
	if (!v->p)
		return pim_call_fail(call, -ENOMEM, "ambit: no memory for %zu bytes", l->bytes);
	for (unsigned j = 0; j < o->type.bits; j++) {
		const uint64_t *from = (const uint64_t *)(const void *)ambit_plane(l, j);
		uint64_t *to = (uint64_t *)(void *)ambit_plane(v, j);
		if (l->check)
			ambit_ecc_decode(from, (const uint8_t *)l->check + j * l->check_stride,
					 (const uint64_t *)(const void *)(l->truth + j * l->stride), to, plane / 8, &n);
		else
			ambit_vote(from, copy_bytes(a, o) / 8, a->failures.copies, to, plane / 8);
	}
	pim_call_charge(call, PIM_ECC_CORRECTED, n.corrected);
	pim_call_charge(call, PIM_ECC_DETECTED, n.detected);
	pim_call_charge(call, PIM_ECC_UNDETECTED, n.undetected);
	return 0;
}

static void drop_view(const struct pim_operand *o, struct ambit_lanes *v)
{
	const struct ambit_lanes *l = o->mem;
	if (l && v->p != l->p)
		lanes_free(v->p, v->bytes);
}

int ambit_write(void *state, struct pim_call *call, const struct pim_operand *o, const void *src, size_t bytes)
{
	struct ambit *a = state;
	const struct ambit_lanes *l = o->mem;
	if (l && l->planes) {
		struct turn t = make_turn(a, call, o, l);
		t.src = src;
		pim_call_run(call, t.n, turn_slice, &t);
	} else if (l) {
		arith_write(call, l->p, src, o->type.bits, o->cols, a->cache_bytes);
	}
	if (l && (a->failures.copies > 1 || l->check))
		follow(a, o);
	charge_in(a, call, o, bytes);
	return 0;
}

int ambit_read(void *state, struct pim_call *call, const struct pim_operand *o, void *dst, size_t bytes)
{
	struct ambit *a = state;
	struct ambit_lanes l;
	int rc = make_view(a, call, o, &l);
	if (rc < 0)
		return rc;
	if (l.planes) {
		struct turn t = make_turn(a, call, o, &l);
		t.dst = dst;
		pim_call_run(call, t.n, turn_slice, &t);
	} else if (l.p) {
		lanes_copy(call, dst, l.p, bytes, a->cache_bytes);
		if (l.unit == 0)
			lanes_mask_tail(dst, o->cols);
	}
	drop_view(o, &l);
	charge_out(a, call, o, bytes);
	return 0;
}

/* ---- what the host does ---- */

static size_t host_bytes(const struct pim_operand *o)
{
	size_t bytes = 0;
	(void)core_host_bytes(o, &bytes); /* checked by alloc */
	return bytes;
}

struct reduction {
	enum pim_op op;
	struct pim_type type;
	struct turn t;
	uint64_t *acc; /* of each slice */
};

static void reduce_slice(void *arg, size_t i)
{
	const struct reduction *r = arg;
	const struct ambit_lanes *l = r->t.l;
	_Alignas(64) char buffer[8 * BLOCK_LANES];
	size_t begin, end;
	lanes_slice((size_t)r->t.lanes, 2 * BLOCK_LANES, i, r->t.n, &begin, &end);
	for (size_t at = begin; at < end; at += BLOCK_LANES) {
		size_t lanes = end - at < BLOCK_LANES ? end - at : BLOCK_LANES;
		const char *p = l->p + (l->unit ? at * l->unit : at / 8);
		if (l->planes) {
			turn_out(&r->t, at, lanes, buffer);
			p = buffer;
		}
		arith_reduce(r->op, r->type, p, lanes, &r->acc[i]);
	}
}

static int reduce(const struct ambit *a, struct pim_call *call, const struct pim_command *c)
{
	const struct pim_operand *o = c->src[0];
	struct ambit_lanes view;
	int rc = make_view(a, call, o, &view);
	if (rc < 0)
		return rc;
	struct reduction r = {.op = c->op, .type = o->type, .t = make_turn(a, call, o, &view)};
	r.t.nt = false; /* the buffer is read at once */
	r.acc = calloc(r.t.n, sizeof(*r.acc));
	if (!r.acc)
		drop_view(o, &view);
	if (!r.acc)
		return pim_call_fail(call, -ENOMEM, "ambit: no memory for %zu partial results", r.t.n);
	for (size_t i = 0; i < r.t.n; i++)
		r.acc[i] = arith_reduce_start(c->op);
	pim_call_run(call, r.t.n, reduce_slice, &r);
	uint64_t acc = arith_reduce_start(c->op);
	for (size_t i = 0; i < r.t.n; i++)
		acc = arith_reduce_join(c->op, acc, r.acc[i]);
	free(r.acc);
	drop_view(o, &view);
	*c->result = arith_reduce_value(c->op, o->type, acc);
	return 0;
}

int ambit_reduce(struct ambit *a, struct pim_call *call, const struct pim_command *c)
{
	const struct pim_operand *o = c->src[0];
	int rc = o->mem ? reduce(a, call, c) : 0;
	if (rc < 0)
		return rc;
	/* The loop that reduces is the one that reads the rows: one pass, as fast as the slower of the two. */
	size_t bytes = host_bytes(o);
	mw_wide moved = mw_wide_mul(bytes, a->failures.copies);
	mw_wide ps = lanes_ps(moved, fmin(a->out_gbps, a->host_gbps));
	core_charge(call, PIM_BYTES_OUT, moved);
	core_time(call, PIM_PS_HOST, ps, 0);
	ambit_trace_vector_moves(a, o, ps, false);
	charge_transpose(a, call, o, bytes);
	return 0;
}

int ambit_shift_lanes(struct ambit *a, struct pim_call *call, const struct pim_command *c)
{
	const struct pim_operand *o = c->src[0];
	const struct ambit_lanes *s = o->mem, *d = c->dst->mem;
	int64_t by = (int64_t)c->value;
	if (!a->via_host)
		return pim_call_fail(
			call, -EOPNOTSUPP,
			"ambit: no command moves data between columns; via=host lets the host shift lanes");
	if (a->failures.copies > 1 || checked(a))
		return pim_call_fail(call, -EOPNOTSUPP, "ambit: lanes cannot be shifted with protect=ecc or replicate");
	if (s && s->planes)
		for (unsigned j = 0; j < o->type.bits; j++)
			arith_shift_lanes(ambit_plane(d, j), ambit_plane(s, j), 0, o->cols, by);
	else if (s)
		arith_shift_lanes(d->p, s->p, s->unit, o->cols, by);
	size_t bytes = host_bytes(o);
	charge_out(a, call, o, bytes);
	core_time(call, PIM_PS_HOST, lanes_ps((mw_wide)2 * bytes, a->host_gbps), 0);
	ambit_trace_wait(a, lanes_ps((mw_wide)2 * bytes, a->host_gbps));
	charge_in(a, call, o, bytes);
	return 0;
}
