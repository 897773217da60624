#include <criterion/criterion.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/bulk.h"

static unsigned char expected(enum mw_bulk_op op, unsigned a, unsigned b, unsigned c)
{
	switch (op) {
	case MW_BULK_NOT:
		return (unsigned char)~a;
	case MW_BULK_AND:
		return (unsigned char)(a & b);
	case MW_BULK_OR:
		return (unsigned char)(a | b);
	case MW_BULK_NAND:
		return (unsigned char)(~a | ~b);
	case MW_BULK_NOR:
		return (unsigned char)(~a & ~b);
	case MW_BULK_XOR:
		return (unsigned char)((a | b) & ~(a & b));
	case MW_BULK_XNOR:
		return (unsigned char)((a & b) | (~a & ~b));
	case MW_BULK_MAJ:
		return (unsigned char)((a & b) | (a & c) | (b & c));
	default:
		return (unsigned char)a;
	}
}

enum { ROOM = 1400, GUARD = 64 };

static void one(const struct mw_bulk_kernels *k, const char *isa, int store, enum mw_bulk_op op, size_t bytes,
		const size_t *shift)
{
	static unsigned char in[3][ROOM], out[ROOM];
	for (int i = 0; i < 3; i++)
		for (size_t j = 0; j < ROOM; j++)
			in[i][j] = (unsigned char)((j * 2654435761u >> 7) + (unsigned)i * 101 + (j >> (3 + i)));
	memset(out, 0xa5, sizeof(out));
	const void *src[3] = {in[0] + shift[0], in[1] + shift[1], in[2] + shift[2]};
	unsigned char *dst = out + GUARD + shift[3];
	k->fn[store][op](dst, src, bytes);
	for (size_t j = 0; j < bytes; j++) {
		unsigned char e = op == MW_BULK_FILL
					  ? in[0][shift[0] + j % 8]
					  : expected(op, in[0][shift[0] + j], in[1][shift[1] + j], in[2][shift[2] + j]);
		if (dst[j] != e)
			cr_assert_fail("%s %s store %d, %zu bytes at %zu: byte %zu", isa, mw_bulk_name(op), store,
				       bytes, shift[3], j);
	}
	for (size_t j = 0; j < GUARD; j++)
		cr_assert(dst[bytes + j] == 0xa5 && dst[-1 - (ptrdiff_t)j] == 0xa5, "%s %s wrote outside", isa,
			  mw_bulk_name(op));
}

Test(kernels_bulk, every_path_every_length_and_alignment)
{
	int paths = 0;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		const struct mw_bulk_kernels *k = mw_bulk_kernels((enum mw_isa)isa);
		if (!k)
			continue;
		paths++;
		for (int store = 0; store < MW_STORE_COUNT; store++)
			for (int op = 0; op <= MW_BULK_FILL; op++)
				for (size_t bytes = 0; bytes < 1100 && k->fn[store][op];
				     bytes += bytes < 300 ? 1 : 37) {
					const size_t shift[4] = {bytes * 7 % 64, bytes * 5 % 64, bytes * 3 % 64,
								 bytes * 11 % 64};
					const size_t aligned[4] = {0};
					one(k, mw_isa_name((enum mw_isa)isa), store, (enum mw_bulk_op)op, bytes, shift);
					one(k, mw_isa_name((enum mw_isa)isa), store, (enum mw_bulk_op)op, bytes,
					    aligned);
				}
	}
	cr_assert(paths >= 1);
	cr_assert_null(mw_bulk_kernels(MW_ISA_COUNT - 1 == MW_ISA_AVX512 && mw_isa_supported(MW_ISA_NEON)
					       ? MW_ISA_AVX512
				       : mw_isa_supported(MW_ISA_AVX2) ? MW_ISA_NEON
								       : MW_ISA_AVX2));
}

Test(kernels_bulk, lanes_of_32_bits_add_without_carries_between_them)
{
	enum { MOST = 300 };
	static uint32_t in[2][MOST + 16], out[MOST + 32];
	uint64_t r = 88172645463325252u;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		const struct mw_bulk_kernels *k = mw_bulk_kernels((enum mw_isa)isa);
		for (int store = 0; k && store < MW_STORE_COUNT; store++)
			for (size_t lanes = 0; lanes <= MOST && k->fn[store][MW_BULK_ADD32]; lanes++) {
				size_t shift[3] = {lanes * 7 % 16, lanes * 5 % 16, lanes * 3 % 16};
				const void *src[2] = {in[0] + shift[0], in[1] + shift[1]};
				for (size_t i = 0; i < MOST + 16; i++) {
					r = r * 6364136223846793005u + 1442695040888963407u;
					in[0][i] = i % 3 ? (uint32_t)(r >> 32) : 0xffffffffu;
					in[1][i] = i % 5 ? (uint32_t)r : 1;
				}
				memset(out, 0xa5, sizeof(out));
				k->fn[store][MW_BULK_ADD32](out + shift[2], src, 4 * lanes);
				for (size_t i = 0; i < lanes; i++) {
					uint64_t sum = (uint64_t)in[0][shift[0] + i] + in[1][shift[1] + i];
					cr_assert_eq(out[shift[2] + i], sum & 0xffffffffu,
						     "%s store %d, lane %zu of %zu", mw_isa_name((enum mw_isa)isa),
						     store, i, lanes);
				}
				cr_assert_eq(out[shift[2] + lanes], 0xa5a5a5a5u, "wrote outside");
			}
	}
}

Test(kernels_bulk, override_and_fallback)
{
	setenv("MEMWALL_ISA", "portable", 1);
	cr_assert_eq(mw_bulk_best(MW_BULK_AND, MW_STORE_ORDINARY), mw_bulk_portable.fn[MW_STORE_ORDINARY][MW_BULK_AND]);
	cr_assert_eq(mw_bulk_best(MW_BULK_AND, MW_STORE_NT), mw_bulk_portable.fn[MW_STORE_ORDINARY][MW_BULK_AND],
		     "plain C has no non-temporal stores");
	for (int op = 0; op < MW_BULK_COUNT; op++)
		cr_assert(mw_bulk_name((enum mw_bulk_op)op) && mw_bulk_inputs((enum mw_bulk_op)op) <= 3);
}
