/* Chooses the kernel of an operation and runs it over lanes, in blocks and slices. */
#include "pim/arith.h"

#include <errno.h>
#include <string.h>

#include "pim/core.h"
#include "pim/lanes.h"
#include "pim/logic.h"

/* Bytes of the buffers through which a kernel works; they stay in the first-level cache. */
#define BLOCK 4096u

unsigned arith_unit(unsigned bits)
{
	return core_container(pim_uint(bits));
}

size_t arith_bytes(unsigned bits, uint64_t lanes)
{
	uint64_t padded = lanes > UINT64_MAX - ARITH_LANES ? 0 : (lanes + ARITH_LANES - 1) / ARITH_LANES * ARITH_LANES;
	size_t unit = arith_unit(bits), bytes = 0;
	if (unit == 0)
		return (size_t)(padded / 8);
	return __builtin_mul_overflow(padded, unit, &bytes) ? 0 : bytes;
}

const struct arith_table *arith_table(enum mw_isa isa)
{
	if (!mw_isa_supported(isa))
		return NULL;
	switch (isa) {
	case MW_ISA_PORTABLE:
		return &arith_portable;
#if defined(__x86_64__)
	case MW_ISA_AVX2:
		return &arith_avx2;
	case MW_ISA_AVX512:
		return &arith_avx512;
#elif defined(__aarch64__)
	case MW_ISA_NEON:
		return &arith_neon;
#endif
	default:
		return NULL;
	}
}

static const struct arith_table *table(void)
{
	return arith_table(mw_isa_best());
}

static const uint8_t kernels[] = {
	[PIM_NOT] = ARITH_NOT,
	[PIM_AND] = ARITH_AND,
	[PIM_OR] = ARITH_OR,
	[PIM_NAND] = ARITH_NAND,
	[PIM_NOR] = ARITH_NOR,
	[PIM_XOR] = ARITH_XOR,
	[PIM_XNOR] = ARITH_XNOR,
	[PIM_MAJ] = ARITH_MAJ,
	[PIM_COPY] = ARITH_COPY,
	[PIM_ADD] = ARITH_ADD,
	[PIM_SUB] = ARITH_SUB,
	[PIM_MUL] = ARITH_MUL,
	[PIM_MUL_WIDE] = ARITH_MUL_SAME,
	[PIM_DIV] = ARITH_DIV,
	[PIM_MOD] = ARITH_MOD,
	[PIM_EQ] = ARITH_EQ,
	[PIM_NE] = ARITH_NE,
	[PIM_LT] = ARITH_LT,
	[PIM_LE] = ARITH_LE,
	[PIM_GT] = ARITH_GT,
	[PIM_GE] = ARITH_GE,
	[PIM_MIN] = ARITH_MIN,
	[PIM_MAX] = ARITH_MAX,
	[PIM_ABS] = ARITH_ABS,
	[PIM_NEG] = ARITH_NEG,
	[PIM_RELU] = ARITH_RELU,
	[PIM_IF_ELSE] = ARITH_IF_ELSE,
	[PIM_POPCOUNT] = ARITH_POPCOUNT,
	[PIM_SHL] = ARITH_SHL,
	[PIM_SHR] = ARITH_SHR,
	[PIM_RED_AND] = ARITH_RED_AND,
	[PIM_RED_OR] = ARITH_RED_OR,
	[PIM_RED_XOR] = ARITH_RED_XOR,
};

static uint64_t low_bits(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static struct arith_args arguments(const struct arith_job *j)
{
	unsigned bits = j->type.bits, amount = (unsigned)j->value;
	struct arith_args a = {.mask = low_bits(bits), .live = low_bits(bits)};
	if (j->type.kind == PIM_INT)
		a.sign = UINT64_C(1) << (bits - 1);
	if (j->op == PIM_MUL_WIDE)
		a.live = low_bits(2 * bits);
	if (j->op != PIM_SHL && j->op != PIM_SHR)
		return a;
	a.amount = amount;
	if (amount >= bits) { /* C does not define a shift by the whole width */
		a.amount = j->op == PIM_SHR && a.sign ? bits - 1 : 0;
		a.live = j->op == PIM_SHR && a.sign ? a.mask : 0;
	}
	return a;
}

/* ---- blocks ---- */

struct work {
	const struct arith_job *job;
	const struct arith_table *table;
	arith_fn fn;
	struct arith_args args;
	unsigned inputs;
	unsigned src_unit[3], dst_unit; /* bytes of a lane in memory; 0: packed bits */
	unsigned out_unit;              /* bytes of a lane as the kernel writes it */
	bool unpack[3];
	mw_bulk_fn around; /* copies results with non-temporal stores; NULL: the kernel writes to dst */
	uint64_t lanes;    /* padded */
	size_t block, n;
};

static size_t offset(unsigned unit, uint64_t lanes)
{
	return (size_t)(unit ? lanes * unit : lanes / 8);
}

static void run_block(const struct work *w, uint64_t at, size_t lanes)
{
	_Alignas(64) char in[3][BLOCK], out[BLOCK];
	const struct arith_job *j = w->job;
	const void *src[3] = {NULL, NULL, NULL};
	for (unsigned i = 0; i < w->inputs; i++) {
		src[i] = (const char *)j->src[i] + offset(w->src_unit[i], at);
		if (w->unpack[i]) {
			const void *packed = src[i];
			w->table->unpack(&w->args, in[i], &packed, lanes);
			src[i] = in[i];
		}
	}
	char *dst = (char *)j->dst + offset(w->dst_unit, at);
	bool pack = w->out_unit != w->dst_unit;
	const void *result = pack || w->around ? out : dst;
	w->fn(&w->args, pack || w->around ? out : dst, src, lanes);
	if (pack)
		w->table->fn[ARITH_RED_OR][0](&w->args, dst, &result, lanes);
	else if (w->around)
		w->around(dst, &result, lanes * w->dst_unit);
}

static void run_slice(void *arg, size_t i)
{
	const struct work *w = arg;
	size_t begin, end;
	lanes_slice((size_t)w->lanes, BLOCK, i, w->n, &begin, &end);
	for (size_t at = begin; at < end; at += w->block)
		run_block(w, at, end - at < w->block ? end - at : w->block);
}

static void set_units(struct work *w, unsigned unit)
{
	const struct arith_job *j = w->job;
	bool selects = j->op == PIM_IF_ELSE;
	for (unsigned i = 0; i < w->inputs; i++) {
		w->src_unit[i] = selects && i == 0 ? 0 : unit;
		w->unpack[i] = unit == 0 && !(selects && i == 0);
	}
	struct pim_type result;
	(void)pim_op_result(j->op, j->type, &result); /* checked by the caller */
	w->dst_unit = arith_unit(result.bits);
	w->out_unit = core_is_predicate(j->op) ? 0 : w->dst_unit ? w->dst_unit : 1;
}

/* Sets all but the stores and the slices. */
static void choose(struct work *w)
{
	static const uint8_t log2_unit[9] = {0, 0, 1, 0, 2, 0, 0, 0, 3};
	const struct arith_job *j = w->job;
	unsigned unit = arith_unit(j->type.bits), kernel = kernels[j->op];
	w->table = table();
	w->args = arguments(j);
	w->inputs = pim_op_inputs(j->op);
	w->lanes = (j->lanes + ARITH_LANES - 1) / ARITH_LANES * ARITH_LANES;
	set_units(w, unit);
	if (kernel == ARITH_MUL_SAME && w->out_unit > (unit ? unit : 1))
		kernel = ARITH_MUL_DOUBLE;
	w->fn = w->table->fn[kernel][log2_unit[unit]];
	w->block = BLOCK / (w->out_unit ? w->out_unit : 1);
}

static void run_kernel(struct pim_call *call, const struct arith_job *j)
{
	struct work w = {.job = j};
	choose(&w);
	size_t bytes = offset(w.dst_unit, w.lanes);
	if (w.dst_unit && lanes_store(bytes, w.inputs, j->cache_bytes) == MW_STORE_NT)
		w.around = mw_bulk_best(MW_BULK_COPY, MW_STORE_NT);
	w.n = w.lanes < (1u << 18) ? 1 : pim_call_threads(call);
	pim_call_run(call, w.n, run_slice, &w);
}

/* ---- lanes of one bit ---- */

/* Such an operation is a function of up to three bits: which one, a kernel says about all their combinations. */
static unsigned function_of(const struct arith_job *j)
{
	_Alignas(64) const uint64_t a[8] = {0xaaaaaaaaaaaaaaaau}, b[8] = {0xccccccccccccccccu},
				    c[8] = {0xf0f0f0f0f0f0f0f0u};
	_Alignas(64) uint64_t f[8];
	struct arith_job all = *j;
	all.src[0] = a;
	all.src[1] = b;
	all.src[2] = c;
	all.dst = f;
	struct work w = {.job = &all};
	choose(&w);
	run_block(&w, 0, 64);
	return (unsigned)(f[0] & 0xff);
}

static void run_logic(struct pim_call *call, const struct arith_job *j)
{
	const void *src[3];
	for (unsigned i = 0; i < 3; i++)
		src[i] = j->src[i] ? j->src[i] : j->src[0];
	logic_run(call, function_of(j), j->dst, src, arith_bytes(1, j->lanes), j->cache_bytes);
}

/* ---- bulk ---- */

/* Repeats the value of one lane over 8 bytes. */
static uint64_t spread(uint64_t value, unsigned bits)
{
	if (bits == 1)
		return value ? UINT64_MAX : 0;
	for (unsigned w = 8 * arith_unit(bits); w < 64; w *= 2)
		value |= value << w;
	return value;
}

/* Can the bulk kernels do it, which treat containers as bits? Not where excess bits would become 1. */
static bool is_bulk(const struct arith_job *j)
{
	bool keeps_zero = j->op == PIM_AND || j->op == PIM_OR || j->op == PIM_XOR || j->op == PIM_MAJ ||
			  j->op == PIM_COPY || j->op == PIM_FILL;
	unsigned bits = j->type.bits;
	return j->op <= PIM_FILL && (keeps_zero || bits == 1 || bits == 8 * arith_unit(bits));
}

static size_t host_bytes(const struct arith_job *j)
{
	unsigned unit = arith_unit(j->type.bits);
	return (size_t)(unit ? j->lanes * unit : j->lanes / 8 + (j->lanes % 8 != 0));
}

int arith_run(struct pim_call *call, const struct arith_job *j)
{
	if (j->op >= PIM_SUM_LANES)
		return -EOPNOTSUPP;
	if (!is_bulk(j)) {
		/* All but mul_wide, which gives two bits, give one. */
		if (j->type.bits == 1 && j->op != PIM_MUL_WIDE)
			run_logic(call, j);
		else
			run_kernel(call, j);
		return 0;
	}
	uint64_t pattern = spread(j->value, j->type.bits);
	const void *src[3] = {&pattern, NULL, NULL};
	unsigned inputs = pim_op_inputs(j->op);
	for (unsigned i = 0; i < inputs; i++)
		src[i] = j->src[i];
	size_t bytes = host_bytes(j);
	mw_bulk_fn fn = mw_bulk_best((enum mw_bulk_op)j->op, lanes_store(bytes, inputs, j->cache_bytes));
	lanes_run(call, fn, j->dst, src, inputs, bytes);
	return 0;
}

_Static_assert((int)PIM_NOT == (int)MW_BULK_NOT && (int)PIM_MAJ == (int)MW_BULK_MAJ &&
		       (int)PIM_FILL == (int)MW_BULK_FILL,
	       "enum pim_op and enum mw_bulk_op agree on the bulk operations");

/* ---- writing ---- */

struct masked {
	char *dst;
	const char *src;
	arith_fn fn;
	struct arith_args args;
	size_t bytes, n;
};

static void masked_slice(void *arg, size_t i)
{
	const struct masked *m = arg;
	_Alignas(64) char block[BLOCK];
	const void *src = block;
	size_t begin, end;
	lanes_slice(m->bytes, BLOCK, i, m->n, &begin, &end);
	for (size_t at = begin; at < end; at += BLOCK) {
		size_t part = end - at < BLOCK ? end - at : BLOCK;
		memcpy(block, m->src + at, part);
		memset(block + part, 0, BLOCK - part);
		/* Works in words of 8 bytes for every container; the end of the last line is padding. */
		m->fn(&m->args, m->dst + at, &src, (part + 511) / 512 * 64);
	}
}

void arith_write(struct pim_call *call, void *dst, const void *src, unsigned bits, uint64_t lanes, size_t cache_bytes)
{
	const struct arith_job j = {.type = pim_uint(bits), .lanes = lanes};
	unsigned unit = arith_unit(bits);
	size_t bytes = host_bytes(&j);
	if (unit == 0 || bits == 8 * unit) {
		lanes_copy(call, dst, src, bytes, cache_bytes);
		return;
	}
	struct masked m = {.dst = dst,
			   .src = src,
			   .fn = table()->fn[ARITH_COPY][3],
			   .args = {.mask = spread(low_bits(bits), bits)},
			   .bytes = bytes,
			   .n = bytes < (1u << 18) ? 1 : pim_call_threads(call)};
	pim_call_run(call, m.n, masked_slice, &m);
}
