#include "ambit-emu/cells.h"

const struct ambit_cells *ambit_cells(enum mw_isa isa)
{
	if (!mw_isa_supported(isa))
		return NULL;
	switch (isa) {
	case MW_ISA_PORTABLE:
		return &ambit_cells_portable;
#if defined(__x86_64__)
	case MW_ISA_AVX2:
		return &ambit_cells_avx2;
	case MW_ISA_AVX512:
		return &ambit_cells_avx512;
#elif defined(__aarch64__)
	case MW_ISA_NEON:
		return &ambit_cells_neon;
#endif
	default:
		return NULL;
	}
}

uint8_t ambit_step_op(const struct ambit_step *s, bool last)
{
	unsigned shape = s->n_dst == 0 ? 0 : s->n_src == 1 ? s->n_dst : s->n_dst + 3u;
	bool n = s->n_dst && (s->dst_n || (s->n_src == 1 && s->src_n));
	return (uint8_t)(2 * shape + n + (last ? AMBIT_LAST : 0));
}

/* An activation of one row restores its contents, and what no command reads need not be stored. */
static void nothing(const struct ambit_step *s, char *const *row, size_t bytes)
{
	(void)s;
	(void)row;
	(void)bytes;
}

void ambit_cells_table(const struct ambit_cells *c, bool nt, ambit_cells_fn fn[AMBIT_STEP_OPS])
{
	for (unsigned op = 0; op < AMBIT_STEP_OPS; op++) {
		unsigned n = op & 1, shape = op % AMBIT_LAST / 2;
		ambit_cells_fn ordinary = shape == 0   ? nothing
					  : shape < 4  ? c->copy[n][shape]
					  : shape < 10 ? c->maj[n][shape - 3]
						       : NULL;
		ambit_cells_fn around = shape < 4 ? c->copy_nt[n][shape] : shape < 10 ? c->maj_nt[n][shape - 3] : NULL;
		fn[op] = nt && op >= AMBIT_LAST && around ? around : ordinary;
	}
}
