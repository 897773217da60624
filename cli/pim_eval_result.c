/* `memwall pim eval`: checks of the inputs, results and costs. */
#include <inttypes.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/pim_eval.h"

/* ---- excess bits ---- */

/* The lane as a number. */
static uint64_t lane_at(const unsigned char *p, size_t container)
{
	uint64_t v = 0;
	memcpy(&v, p, container); /* containers are little-endian, as is this machine */
	return v;
}

int eval_check_excess(const struct eval_operand *o, const void *data, uint64_t lanes, uint64_t at, char *err, size_t n)
{
	const unsigned char *p = data;
	unsigned bits = o->type.bits, used = (unsigned)(lanes % 8);
	if (o->container == 0) {
		if (used && p[lanes / 8] >> used)
			return mw_fail(MW_ESPEC, err, n, "%s: byte %" PRIu64 " has bits beyond the last lane", o->path,
				       at + lanes / 8);
		return 0;
	}
	if (bits == 8 * o->container)
		return 0;
	/* Tests a block at once, then looks for the lane in it. */
	enum { BLOCK = 4096 };
	uint64_t excess = ~((UINT64_C(1) << bits) - 1), bytes = lanes * o->container;
	if (o->container < 8)
		excess &= (UINT64_C(1) << (8 * o->container)) - 1;
	uint64_t spread = excess;
	for (size_t w = 8 * o->container; w < 64; w *= 2)
		spread |= spread << w;
	for (uint64_t b = 0; b < bytes; b += BLOCK) {
		uint64_t any = 0, end = bytes - b < BLOCK ? bytes : b + BLOCK, i = b;
		for (; i + 8 <= end; i += 8)
			any |= lane_at(p + i, 8);
		for (; i < end; i += o->container)
			any |= lane_at(p + i, o->container);
		for (i = b; any & spread && i < end; i += o->container)
			if (lane_at(p + i, o->container) & excess)
				return mw_fail(MW_ESPEC, err, n,
					       "%s: the lane at byte %" PRIu64 " is 0x%" PRIx64 ", more than %u bits",
					       o->path, at + i, lane_at(p + i, o->container), bits);
	}
	return 0;
}

/* ---- one number ---- */

void eval_add_result(struct eval *e, bool first, uint64_t value)
{
	bool less = e->type.kind == PIM_INT ? (int64_t)value < (int64_t)e->result : value < e->result;
	if (e->op != PIM_MIN_LANES)
		e->result += value;
	else if (first || less)
		e->result = value;
}

static bool is_negative(const struct eval *e)
{
	return e->op != PIM_COUNT_ONES && e->type.kind == PIM_INT && (int64_t)e->result < 0;
}

static int format_result(const struct eval *e, char *out, size_t n)
{
	return is_negative(e) ? snprintf(out, n, "%" PRId64, (int64_t)e->result)
			      : snprintf(out, n, "%" PRIu64, e->result);
}

/* ---- what it cost ---- */

/* Computes the cost as if each file were one vector that is written, computed on and read back. */
static int charge_whole(struct eval *e, struct pim_vector *dst, struct pim_vector *const *src)
{
	int rc = 0;
	for (unsigned i = 0; i < e->n_in && rc == 0; i++)
		rc = pim_write(src[i], NULL, pim_bytes(src[i]));
	if (rc == 0)
		rc = eval_compute(e, dst, src, NULL);
	return rc == 0 && dst ? pim_read(dst, NULL, pim_bytes(dst)) : rc;
}

int eval_charge(struct eval *e, char *err, size_t n)
{
	struct pim_vector *src[EVAL_INPUTS] = {NULL}, *dst = NULL;
	int rc = pim_cost_begin(e->dev, &e->cost);
	if (rc < 0 || !(pim_ops_of(e->dev)->caps & PIM_CAP_UNBACKED))
		return rc;
	for (unsigned i = 0; i < e->n_in && rc == 0; i++)
		rc = pim_alloc_unbacked(e->dev, e->in[i].type, e->lanes, &src[i]);
	if (rc == 0 && !e->reduces)
		rc = pim_alloc_unbacked(e->dev, e->out.type, e->lanes, &dst);
	if (rc == 0)
		rc = charge_whole(e, dst, src);
	if (rc < 0)
		rc = eval_failed(e, rc, pim_op_name(e->op), err, n);
	for (unsigned i = 0; i < e->n_in; i++)
		pim_free(src[i]);
	pim_free(dst);
	pim_cost_stop(e->cost);
	return rc < 0 ? rc : pim_cost_begin(e->dev, &e->executed);
}

int eval_check_charge(const struct eval *e, char *err, size_t n)
{
	static const enum pim_count counts[] = {PIM_AAP, PIM_AP, PIM_PROGRAMS, PIM_ACT_FIRST, PIM_ACT_SECOND, PIM_PRE};
	for (size_t i = 0; e->executed && i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint64_t charged = 0, executed = 0;
		if (pim_cost_count(e->cost, counts[i], &charged) < 0 ||
		    pim_cost_count(e->executed, counts[i], &executed) < 0 || charged == executed)
			continue;
		return mw_fail(MW_EVERIFY, err, n, "%s: %" PRIu64 " %s were executed, %" PRIu64 " charged",
			       pim_op_name(e->op), executed, pim_count_name(counts[i]), charged);
	}
	return 0;
}

void eval_record(const struct eval *e, enum eval_row row, struct mw_record *r)
{
	mw_record_open(r, &eval_emitter, &eval_emitter.emits[row], pim_op_name(e->op));
	mw_record_method(r, "command-count", 1);
	mw_put_text(r, &mw_key_device, pim_spec(e->dev));
	mw_put_int(r, &eval_key_bytes, (int64_t)eval_bytes(e->n_in ? &e->in[e->n_in - 1] : &e->out, e->lanes));
	mw_put_int(r, &eval_key_width, e->type.bits);
	if (e->type.kind == PIM_INT)
		mw_put_int(r, &eval_key_signed, 1);
}

int eval_take(struct mw_records *l, struct mw_record *r)
{
	int rc = mw_record_close(r, NULL, 0);
	if (rc == 0)
		rc = mw_records_take(l, r);
	mw_record_fini(r);
	return rc;
}

/* Adds a record; source NULL: unavailable, because the device has no model of it. */
static int add_record(const struct eval *e, struct mw_records *l, enum eval_row row, double value, const char *source,
		      const char *note)
{
	struct mw_record r;
	eval_record(e, row, &r);
	if (source)
		mw_record_set(&r, value, MW_MODELLED, source);
	else
		mw_record_unavailable(&r, "the device has no model of it");
	if (note)
		mw_record_note(&r, "%s", note);
	return eval_take(l, &r);
}

/* Adds the fault counts, for devices whose columns fail. */
static int add_faults(const struct eval *e, struct mw_records *l)
{
	static const enum pim_count faults[] = {PIM_FAULTS_INJECTED, PIM_BITS_WRONG, PIM_ECC_CORRECTED,
						PIM_ECC_DETECTED, PIM_ECC_UNDETECTED};
	struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
	int rc = 0;
	if (pim_price_of(e->dev, PIM_COPY, pim_uint(1), &price) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]) && rc == 0; i++) {
		uint64_t v = 0;
		if (pim_cost_count(e->executed ? e->executed : e->cost, faults[i], &v) == 0)
			rc = add_record(e, l, EVAL_FAULTS_INJECTED + (enum eval_row)i, (double)v, price.source, NULL);
	}
	return rc;
}

static int add_counts(const struct eval *e, struct mw_records *l)
{
	static const struct {
		enum eval_row row;
		enum pim_count what;
		double scale;
	} rows[] = {
		{EVAL_AAP, PIM_AAP, 1},
		{EVAL_AP, PIM_AP, 1},
		{EVAL_PROGRAMS, PIM_PROGRAMS, 1},
		{EVAL_BATCHES, PIM_BATCHES, 1},
		{EVAL_BYTES_IN, PIM_BYTES_IN, 1},
		{EVAL_BYTES_OUT, PIM_BYTES_OUT, 1},
		{EVAL_BYTES_TRANSPOSED, PIM_BYTES_TRANSPOSE, 1},
		{EVAL_TIME_RESIDENT, PIM_PS_COMPUTE, 1e-3},
		{EVAL_TIME_IN, PIM_PS_IN, 1e-3},
		{EVAL_TIME_OUT, PIM_PS_OUT, 1e-3},
		{EVAL_TIME_TRANSPOSE, PIM_PS_TRANSPOSE, 1e-3},
		{EVAL_TIME_HOST, PIM_PS_HOST, 1e-3},
		{EVAL_TIME_END_TO_END, PIM_PS_ELAPSED, 1e-3},
	};
	int rc = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == 0; i++) {
		uint64_t v = 0;
		int known = pim_cost_count(e->cost, rows[i].what, &v);
		rc = add_record(e, l, rows[i].row, (double)v * rows[i].scale,
				known == 0 ? "counts of the executed micro-programs" : NULL, NULL);
	}
	if (rc == 0)
		rc = add_faults(e, l);
	return rc == 0 ? eval_add_energy(e, l) : rc;
}

int eval_print(const struct eval *e, const struct cli *cli, bool stats, char *err, size_t n)
{
	char number[32];
	struct mw_records l = {0};
	struct cli_out out = {0};
	int rc = stats ? add_counts(e, &l) : 0;
	if (rc == 0 && e->reduces && stats) {
		/* A record's value is a double, so all digits are in the note. */
		(void)format_result(e, number, sizeof(number));
		rc = add_record(e, &l, EVAL_RESULT, is_negative(e) ? (double)(int64_t)e->result : (double)e->result,
				"computed from the files", number);
	}
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0 && stats)
		rc = cli_print_records(cli, out.f, &l, err, n);
	if (rc == 0 && e->reduces && !stats) {
		(void)format_result(e, number, sizeof(number));
		(void)fprintf(out.f, "%s\n", number);
	}
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	mw_records_fini(&l);
	return rc;
}
