/* `memwall pim eval`: what inputs must hold, what comes out, what it cost. */
#include <inttypes.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/pim_eval.h"

/* ---- excess bits ---- */

/* The lane as a number. */
static uint64_t lane_at(const unsigned char *p, size_t container)
{
	uint64_t v = 0;
	memcpy(&v, p, container); /* containers are little-endian, as this machine */
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
	/* All of a block at once, then the culprit in it. */
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

/* As if the files were written, computed on and read back as one vector each. */
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

static int add_record(const struct eval *e, struct mw_records *l, const char *metric, enum mw_unit unit, double value,
		      const char *source)
{
	struct mw_record r;
	mw_record_init(&r, "pim", pim_op_name(e->op), metric, unit);
	mw_record_method(&r, "command-count", 1);
	(void)mw_set_text(&r, MW_AS_PARAM, "device", pim_spec(e->dev));
	(void)mw_set_int(&r, MW_AS_PARAM, "bytes",
			 (int64_t)eval_bytes(e->n_in ? &e->in[e->n_in - 1] : &e->out, e->lanes));
	(void)mw_set_int(&r, MW_AS_PARAM, "width", e->type.bits);
	if (e->type.kind == PIM_INT)
		(void)mw_set_int(&r, MW_AS_PARAM, "signed", 1);
	if (source)
		mw_record_set(&r, value, MW_MODELLED, source);
	else
		mw_record_unavailable(&r, "the device has no model of it");
	int rc = mw_record_close(&r, NULL, 0);
	if (rc == 0)
		rc = mw_records_take(l, &r);
	mw_record_fini(&r);
	return rc;
}

static int add_counts(const struct eval *e, struct mw_records *l)
{
	static const struct {
		const char *metric;
		enum pim_count what;
		enum mw_unit unit;
		double scale;
	} rows[] = {
		{"aap", PIM_AAP, MW_COUNT, 1},
		{"ap", PIM_AP, MW_COUNT, 1},
		{"programs", PIM_PROGRAMS, MW_COUNT, 1},
		{"batches", PIM_BATCHES, MW_COUNT, 1},
		{"bytes_in", PIM_BYTES_IN, MW_BYTE, 1},
		{"bytes_out", PIM_BYTES_OUT, MW_BYTE, 1},
		{"bytes_transposed", PIM_BYTES_TRANSPOSE, MW_BYTE, 1},
		{"time_resident", PIM_PS_COMPUTE, MW_NS, 1e-3},
		{"time_transpose", PIM_PS_TRANSPOSE, MW_NS, 1e-3},
		{"time_host", PIM_PS_HOST, MW_NS, 1e-3},
		{"time_end_to_end", PIM_PS_ELAPSED, MW_NS, 1e-3},
	};
	int rc = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == 0; i++) {
		uint64_t v = 0;
		int known = pim_cost_count(e->cost, rows[i].what, &v);
		rc = add_record(e, l, rows[i].metric, rows[i].unit, (double)v * rows[i].scale,
				known == 0 ? "counts of the executed micro-programs" : NULL);
	}
	/* Only of a device whose columns fail: on others there is nothing to find. */
	struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
	bool priced = pim_price_of(e->dev, PIM_COPY, pim_uint(1), &price) == 0;
	for (int i = PIM_FAULTS_INJECTED; i <= PIM_ECC_UNDETECTED && rc == 0; i++) {
		uint64_t v = 0;
		if (priced && pim_cost_count(e->executed ? e->executed : e->cost, (enum pim_count)i, &v) == 0)
			rc = add_record(e, l, pim_count_name((enum pim_count)i), MW_COUNT, (double)v, price.source);
	}
	struct pim_energy energy = {.size = sizeof(energy)};
	int known = pim_cost_energy(e->cost, PIM_E_TOTAL, &energy);
	if (rc == 0)
		rc = add_record(e, l, "energy", MW_NJ, energy.typ_pj / 1000.0, known == 0 ? energy.source : NULL);
	return rc;
}

int eval_print(const struct eval *e, const struct cli *cli, bool stats, char *err, size_t n)
{
	char number[32];
	struct mw_records l = {0};
	struct cli_out out = {0};
	int rc = stats ? add_counts(e, &l) : 0;
	if (rc == 0 && e->reduces && stats) {
		rc = add_record(e, &l, "result", MW_COUNT,
				is_negative(e) ? (double)(int64_t)e->result : (double)e->result,
				"computed from the files");
		/* A record's value is a double: the note holds every digit. */
		(void)format_result(e, number, sizeof(number));
		mw_record_note(&l.v[l.n - 1], "%s", number);
	}
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0 && stats)
		rc = cli_print_records(cli, out.f, &l, err, n);
	if (rc == 0 && e->reduces && !stats) {
		(void)format_result(e, number, sizeof(number));
		(void)fprintf(out.f, "%s\n", number);
	}
	if (rc == 0)
		rc = cli_out_commit(&out, err, n);
	cli_out_abort(&out);
	mw_records_fini(&l);
	return rc;
}
