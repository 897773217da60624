#include <criterion/criterion.h>

#include <string.h>

#include "pim/lanes.h"

Test(pim_lanes, slices_cover_once_in_order)
{
	for (size_t bytes = 0; bytes < 700; bytes++)
		for (size_t n = 1; n < 9; n++) {
			size_t at = 0;
			for (size_t i = 0; i < n; i++) {
				size_t begin, end;
				lanes_slice(bytes, 64, i, n, &begin, &end);
				cr_assert(begin == at && end >= begin, "%zu bytes, slice %zu of %zu", bytes, i, n);
				cr_assert(end % 64 == 0 || end == bytes);
				at = end;
			}
			cr_assert_eq(at, bytes);
		}
}

Test(pim_lanes, time_is_rounded_up_and_never_overflows)
{
	cr_assert_eq(lanes_ps(0, 25.6), 0);
	cr_assert_eq(lanes_ps(25600, 25.6), 1000000);
	cr_assert_eq(lanes_ps(1, 3), 334);
	cr_assert_eq(lanes_ps((uint64_t)1 << 50, 1), 1000 * ((uint64_t)1 << 50)); /* 1 PiB at 1 GB/s: 13 days */
}

Test(pim_lanes, stores_go_around_a_cache_that_is_too_small)
{
	size_t cache = lanes_cache_bytes();
	cr_assert(cache >= 1 << 18 && cache < (size_t)4 << 30, "%zu bytes", cache);
	cr_assert_eq(lanes_store(16 << 20, 1, 32 << 20), MW_STORE_ORDINARY);
	cr_assert_eq(lanes_store((16 << 20) + 1, 1, 32 << 20), MW_STORE_NT);
	cr_assert_eq(lanes_store(11 << 20, 2, 32 << 20), MW_STORE_NT);
	cr_assert_eq(lanes_store(32 << 20, 0, 32 << 20), MW_STORE_ORDINARY);
}

Test(pim_lanes, memory_is_zeroed_aligned_and_whole_lines)
{
	static const size_t sizes[] = {1, 63, 64, 65, 100000, (4u << 20) - 1, 4u << 20, (6u << 20) + 1};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t whole = (sizes[i] + 63) / 64 * 64;
		unsigned char *p = lanes_alloc(sizes[i]);
		cr_assert_not_null(p);
		cr_assert_eq((uintptr_t)p % (sizes[i] >= 4u << 20 ? 2u << 20 : 64), 0);
		for (size_t k = 0; k < whole; k += k + 64 < whole ? 61 : 1)
			cr_assert_eq(p[k], 0);
		memset(p, 1, whole);
		lanes_free(p, sizes[i]);
	}
	lanes_free(NULL, 5);
	cr_assert_null(lanes_alloc(SIZE_MAX));
	cr_assert_null(lanes_alloc(SIZE_MAX / 2 - 5));
	unsigned char tail[2] = {0xff, 0xff};
	lanes_mask_tail(tail, 11);
	cr_assert(tail[0] == 0xff && tail[1] == 0x07);
}
