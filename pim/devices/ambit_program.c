/* Micro-programs of device `ambit`: built when an operation first needs them, then kept until the limits are reached.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/redundant.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/devices/ambit.h"

/* Most commands of all kept programs; prepared for the exact engine a command takes about 50 bytes. */
#define COMMANDS_MAX (512u << 10)

_Static_assert((int)PIM_NOT == (int)AMBIT_NOT && (int)PIM_COPY == (int)AMBIT_COPY && (int)PIM_FILL == (int)AMBIT_ZERO,
	       "the bulk operations are numbered alike");
_Static_assert((int)PIM_MUL_WIDE - (int)PIM_ADD == (int)AMBIT_OP_MUL_WIDE &&
		       (int)PIM_GE - (int)PIM_ADD == (int)AMBIT_OP_GE &&
		       (int)PIM_IF_ELSE - (int)PIM_ADD == (int)AMBIT_OP_IF_ELSE &&
		       (int)PIM_SHR - (int)PIM_ADD == (int)AMBIT_OP_SHR &&
		       (int)PIM_RED_XOR - (int)PIM_ADD == (int)AMBIT_OP_RED_XOR,
	       "so is arithmetic");

bool ambit_published_wrong(enum pim_op op, unsigned width)
{
	switch (op) {
	case PIM_IF_ELSE:
	case PIM_MIN:
	case PIM_MAX:
	case PIM_ABS:
	case PIM_RELU:
		return true;
	case PIM_POPCOUNT:
		return width >= 5;
	default:
		return false;
	}
}

static int make_request(const struct ambit *a, enum pim_op op, struct pim_type type, uint64_t value,
			struct ambit_request *r)
{
	*r = (struct ambit_request){.width = type.bits, .is_signed = type.kind == PIM_INT};
	if (op == PIM_FILL) {
		r->op = AMBIT_OP_FILL;
		r->fill = value;
	} else if (op <= PIM_COPY) {
		r->op = (enum ambit_op)(AMBIT_OP_BITWISE + (int)op);
		r->is_signed = false;
	} else if (op <= PIM_RED_XOR) {
		r->op = (enum ambit_op)(op - PIM_ADD);
		r->amount = (unsigned)value;
		r->published = a->published;
	} else {
		return -EOPNOTSUPP;
	}
	return 0;
}

static bool same(const struct ambit_request *a, const struct ambit_request *b)
{
	return a->op == b->op && a->width == b->width && a->is_signed == b->is_signed && a->amount == b->amount &&
	       a->fill == b->fill && a->published == b->published;
}

static void drop(struct ambit *a, struct ambit_prepared *p)
{
	if (p->used)
		a->commands_kept -= p->builder.p.n;
	if (p->lowered)
		ambit_exact_free(&p->exact);
	ambit_builder_free(&p->builder);
	*p = (struct ambit_prepared){.used = 0};
}

void ambit_prepared_free(struct ambit *a)
{
	for (size_t i = 0; a->prepared && i < AMBIT_PREPARED; i++)
		drop(a, &a->prepared[i]);
	free(a->prepared);
	a->prepared = NULL;
}

static struct ambit_prepared *free_entry(const struct ambit *a)
{
	for (size_t i = 0; i < AMBIT_PREPARED; i++)
		if (!a->prepared[i].used)
			return &a->prepared[i];
	return NULL;
}

static struct ambit_prepared *oldest_entry(const struct ambit *a)
{
	struct ambit_prepared *oldest = NULL;
	for (size_t i = 0; i < AMBIT_PREPARED; i++) {
		struct ambit_prepared *p = &a->prepared[i];
		if (p->used && (!oldest || p->used < oldest->used))
			oldest = p;
	}
	return oldest;
}

static struct ambit_prepared *make_room(struct ambit *a)
{
	struct ambit_prepared *room = free_entry(a);
	for (; !room || a->commands_kept > COMMANDS_MAX; room = free_entry(a))
		drop(a, oldest_entry(a)); /* some entry is in use: none is free, or commands are kept */
	return room;
}

/* Replaces a program by three runs and a vote. */
static int triple(struct ambit_builder *b)
{
	struct ambit_builder three = {.rc = 0};
	int rc = ambit_triple(&b->p, &three);
	if (rc < 0) {
		ambit_builder_free(&three);
		return rc;
	}
	ambit_builder_free(b);
	*b = three;
	return 0;
}

static int build(struct ambit *a, const struct ambit_request *r, struct ambit_prepared *p, const char *name, char *why,
		 size_t n)
{
	int rc = ambit_op_shape(r, &p->shape);
	if (rc == 0)
		rc = ambit_op_build(r, &p->builder);
	if (rc == 0 && a->failures.protection == AMBIT_PROTECT_TMR && ambit_has_tra(&p->builder.p)) {
		rc = triple(&p->builder);
		if (rc < 0)
			(void)mw_fail(rc, why, n, "ambit: protect=tmr: the program of %s cannot run three times", name);
	} else if (rc < 0) {
		(void)mw_fail(rc, why, n, "ambit: %s of %u bits: %s", name, r->width,
			      rc == -EOPNOTSUPP && r->published ? "no such program was published" : mw_strerror(rc));
	}
	if (rc < 0) {
		ambit_builder_free(&p->builder);
		return rc;
	}
	p->request = *r;
	ambit_program_counts(&p->builder.p, &p->counts);
	p->ps = ambit_program_ps(&a->timing, &p->builder.p);
	p->batch_ps = ambit_batch_ps(&a->timing, &p->builder.p, ambit_parallel(&a->timing));
	p->used = ++a->clock;
	a->commands_kept += p->builder.p.n;
	return 0;
}

int ambit_prepare(struct ambit *a, enum pim_op op, struct pim_type type, uint64_t value, struct ambit_prepared **out,
		  char *why, size_t n)
{
	struct ambit_request r;
	const char *name = pim_op_name(op);
	int rc = make_request(a, op, type, value, &r);
	if (rc < 0)
		return mw_fail(rc, why, n, "ambit: no micro-program for %s", name);
	if (a->failures.protection == AMBIT_PROTECT_ECC && !ambit_ecc_survives(op))
		return mw_fail(-EOPNOTSUPP, why, n,
			       "ambit: protect=ecc has no %s: check bits survive copies, NOT and XOR only", name);
	for (size_t i = 0; i < AMBIT_PREPARED; i++) {
		struct ambit_prepared *p = &a->prepared[i];
		if (p->used && same(&p->request, &r)) {
			p->used = ++a->clock;
			*out = p;
			return 0;
		}
	}
	*out = make_room(a);
	return build(a, &r, *out, name, why, n);
}

int ambit_lower(struct ambit *a, struct ambit_prepared *p, char *why, size_t n)
{
	struct ambit_verdict v;
	(void)a;
	if (p->lowered)
		return 0;
	int rc = ambit_exact_prepare(&p->builder.p, &p->exact, &v);
	if (rc < 0)
		return mw_fail(rc, why, n, "ambit: micro-program %s: %s",
			       p->builder.p.name ? p->builder.p.name : "built at run time",
			       rc == -ENOMEM ? "no memory" : v.why);
	p->lowered = true;
	return 0;
}

/* Names a row per bit: a0, a1, ..; the letter alone for one bit. */
static void name_rows(struct mw_buf *b, char letter, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (bits == 1)
			mw_buf_add(b, " %c", letter);
		else
			mw_buf_add(b, " %c%u", letter, i);
}

int ambit_program_text(void *state, enum pim_op op, struct pim_type type, uint64_t value, char **text, char *err,
		       size_t n)
{
	struct ambit_prepared *p = NULL;
	struct mw_buf b = {0};
	int rc = ambit_prepare(state, op, type, value, &p, err, n);
	if (rc < 0 || !p)
		return rc;
	const char *letter = op == PIM_IF_ELSE ? "sab" : "abc";
	mw_buf_add(&b, ".inputs");
	for (unsigned i = 0; i < p->shape.inputs; i++)
		name_rows(&b, letter[i], p->shape.in_bits[i]);
	mw_buf_add(&b, "\n.outputs");
	name_rows(&b, 'r', p->shape.out_bits);
	int len = ambit_program_print(&p->builder.p, NULL, 0);
	char *commands = len < 0 ? NULL : malloc((size_t)len + 1);
	if (commands) {
		(void)ambit_program_print(&p->builder.p, commands, (size_t)len + 1);
		mw_buf_add(&b, "\n%s\n", commands);
	}
	if (!commands || b.failed) {
		mw_buf_fini(&b);
		rc = mw_fail(-ENOMEM, err, n, "out of memory");
	}
	free(commands);
	*text = b.p;
	return rc;
}
