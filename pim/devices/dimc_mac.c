#include "pim/devices/dimc.h"

#include "base/core/cpu.h"
#include "base/core/kernels/gemv.h"
#include "pim/devices/dimc_tile.h"

/* The value that `bits` wires carry, two's complement. */
static int64_t wires(int64_t v, uint32_t bits)
{
	uint64_t mask = (UINT64_C(1) << bits) - 1, sign = UINT64_C(1) << (bits - 1);
	uint64_t low = (uint64_t)v & mask;
	return (int64_t)((low ^ sign) - sign);
}

static int64_t accumulate(const struct dimc_job *job, int64_t acc, int64_t add)
{
	uint32_t bits = job->macro->accumulator_bits;
	int64_t sum = acc + add, max = (INT64_C(1) << (bits - 1)) - 1;
	if (job->overflow == DIMC_WRAP)
		return wires(sum, bits);
	return sum > max ? max : sum < -max - 1 ? -max - 1 : sum;
}

static uint32_t log2_exact(uint32_t v)
{
	uint32_t l = 0;
	while (v > 1)
		v >>= 1, l++;
	return l;
}

/* Bits s..s + bits - 1 of x; the slice with the sign bit is negative. */
static int64_t slice_of(int8_t x, uint32_t s, uint32_t bits, uint32_t in_bits)
{
	uint32_t v = ((uint32_t)(uint8_t)x >> s) & ((1u << bits) - 1);
	return s + bits == in_bits ? wires(v, bits) : (int64_t)v;
}

/* One cycle of one output: 1-bit products, then the adder tree level by level, each one bit wider. */
static int64_t tree_sum(const struct dimc_macro *m, const int8_t *w, const int8_t *x, size_t used, uint32_t s)
{
	int64_t node[256] = {0};
	uint32_t width = m->w_bits + m->bits_per_cycle;
	for (uint32_t i = 0; i < m->inputs; i++)
		node[i] = i < used ? wires(w[i] * slice_of(x[i], s, m->bits_per_cycle, m->in_bits), width) : 0;
	for (uint32_t n = m->inputs / 2; n; n /= 2) {
		width++;
		for (uint32_t i = 0; i < n; i++)
			node[i] = wires(node[2 * i] + node[2 * i + 1], width);
	}
	return node[0];
}

void dimc_serial(const struct dimc_job *job, size_t begin, size_t end)
{
	const struct dimc_macro *m = job->macro;
	uint32_t pass_bits = m->w_bits + m->in_bits + log2_exact(m->inputs);
	for (size_t r = begin; r < end; r++) {
		int64_t acc = 0;
		for (size_t c = 0; c < job->cols; c += m->inputs) {
			size_t used = job->cols - c < m->inputs ? job->cols - c : m->inputs;
			int64_t pass = 0;
			for (uint32_t s = 0; s < m->in_bits; s += m->bits_per_cycle) {
				int64_t sum = tree_sum(m, job->w + r * job->cols + c, job->x + c, used, s);
				pass = wires(pass + sum * (INT64_C(1) << s), pass_bits);
			}
			acc = accumulate(job, acc, pass);
		}
		job->y[r] = (int32_t)acc;
	}
}

/* True when no sum of `cols` products can exceed the accumulator: |w x| <= 2^14. */
static int never_overflows(const struct dimc_job *job)
{
	return job->cols < (UINT64_C(1) << (job->macro->accumulator_bits - 1)) >> 14;
}

enum { BLOCK = 64 };

/* Tile by tile, because saturation depends on the order of additions; in blocks of rows whose sums stay in L1. */
static void tiled(const struct dimc_job *job, mw_gemv_s8_fn gemv, size_t begin, size_t end)
{
	size_t inputs = job->macro->inputs;
	for (size_t r = begin; r < end; r += BLOCK) {
		size_t rows = end - r < BLOCK ? end - r : BLOCK;
		int32_t part[BLOCK], acc[BLOCK] = {0};
		for (size_t c = 0; c < job->cols; c += inputs) {
			size_t used = job->cols - c < inputs ? job->cols - c : inputs;
			gemv(job->w + r * job->cols + c, job->cols, job->x + c, part, rows, used);
			for (size_t i = 0; i < rows; i++)
				acc[i] = (int32_t)accumulate(job, acc[i], part[i]);
		}
		for (size_t i = 0; i < rows; i++)
			job->y[r + i] = acc[i];
	}
}

static dimc_tile_fn tile_kernel(const struct dimc_macro *m)
{
	enum mw_isa isa = m->accumulator_bits <= 30 ? mw_isa_best() : MW_ISA_PORTABLE;
#if defined(__x86_64__)
	if (isa == MW_ISA_AVX512)
		return dimc_tile_avx512;
	if (isa == MW_ISA_AVX2)
		return dimc_tile_avx2;
#endif
	(void)isa;
	return NULL;
}

/* Blocks of rows by the kernel; the remaining rows, or all without a kernel, by tiled(). */
static void saturating(const struct dimc_job *job, mw_gemv_s8_fn gemv, size_t begin, size_t end)
{
	dimc_tile_fn kernel = tile_kernel(job->macro);
	int32_t hi = (int32_t)((INT64_C(1) << (job->macro->accumulator_bits - 1)) - 1);
	for (; kernel && end - begin >= DIMC_TILE_ROWS; begin += DIMC_TILE_ROWS)
		kernel(job->w + begin * job->cols, job->x, job->cols, job->macro->inputs, -hi - 1, hi, job->y + begin);
	tiled(job, gemv, begin, end);
}

void dimc_fast(const struct dimc_job *job, size_t begin, size_t end)
{
	mw_gemv_s8_fn gemv = mw_gemv_best()->s8;
	if (job->overflow == DIMC_SATURATE && !never_overflows(job)) {
		saturating(job, gemv, begin, end);
		return;
	}
	/* The kernel is exact modulo 2^32, so wrapping once at the end equals wrapping after every tile. */
	gemv(job->w + begin * job->cols, job->cols, job->x, job->y + begin, end - begin, job->cols);
	if (job->overflow == DIMC_WRAP && job->macro->accumulator_bits < 32)
		for (size_t r = begin; r < end; r++)
			job->y[r] = (int32_t)wires(job->y[r], job->macro->accumulator_bits);
}
