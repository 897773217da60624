/* Description: compares every matrix-vector path with plain loops in double and in 64-bit integers, on all tails, odd
 * alignments and padded rows, with an inaccessible page behind the last element. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/core/kernels/gemv.h"
#include "base/core/stats.h"

enum { MAX_COLS = 1030, MAX_ROWS = 9 };

/* An area of `bytes` that ends at a page that faults. */
static unsigned char *guarded(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (bytes + page - 1) / page * page;
	unsigned char *p = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(p != MAP_FAILED);
	cr_assert(mprotect(p + whole, page, PROT_NONE) == 0);
	return p + whole;
}

struct sizes {
	size_t rows, cols, ld;
};

static void check_s8(const struct mw_gemv_path *path, struct sizes z, int8_t *w_end, int8_t *x_end, int extreme)
{
	static uint64_t seed = 7;
	size_t w_n = z.rows ? (z.rows - 1) * z.ld + z.cols : 0;
	int8_t *w = w_end - w_n, *x = x_end - z.cols;
	for (size_t i = 0; i < w_n; i++)
		w[i] = extreme ? INT8_MIN : (int8_t)mw_random(&seed);
	for (size_t i = 0; i < z.cols; i++)
		x[i] = extreme ? (extreme > 1 ? INT8_MAX : INT8_MIN) : (int8_t)mw_random(&seed);
	int32_t y[MAX_ROWS + 1];
	memset(y, 0x5a, sizeof(y));
	path->s8(w, z.ld, x, y, z.rows, z.cols);
	for (size_t r = 0; r < z.rows; r++) {
		int64_t want = 0;
		for (size_t c = 0; c < z.cols; c++)
			want += (int64_t)w[r * z.ld + c] * x[c];
		cr_assert(y[r] == want, "%s s8 %zux%zu ld %zu row %zu: got %d, want %lld", path->name, z.rows, z.cols,
			  z.ld, r, y[r], (long long)want);
	}
	cr_assert(y[z.rows] == 0x5a5a5a5a, "%s s8 writes beyond %zu rows", path->name, z.rows);
}

static void check_f32(const struct mw_gemv_path *path, struct sizes z, float *w_end, float *x_end)
{
	static uint64_t seed = 11;
	size_t w_n = z.rows ? (z.rows - 1) * z.ld + z.cols : 0;
	float *w = w_end - w_n, *x = x_end - z.cols;
	for (size_t i = 0; i < w_n; i++)
		w[i] = (float)mw_random_below(&seed, 2001) / 1000.0f - 1.0f;
	for (size_t i = 0; i < z.cols; i++)
		x[i] = (float)mw_random_below(&seed, 2001) / 1000.0f - 1.0f;
	float y[MAX_ROWS + 1];
	for (size_t r = 0; r <= MAX_ROWS; r++)
		y[r] = -77.0f;
	path->f32(w, z.ld, x, y, z.rows, z.cols);
	double u = ldexp(1.0, -24), bound = (double)z.cols * u / (1.0 - (double)z.cols * u);
	for (size_t r = 0; r < z.rows; r++) {
		double want = 0, magnitude = 0;
		for (size_t c = 0; c < z.cols; c++) {
			double product = (double)w[r * z.ld + c] * (double)x[c];
			want += product;
			magnitude += fabs(product);
		}
		cr_assert(fabs((double)y[r] - want) <= bound * magnitude,
			  "%s f32 %zux%zu ld %zu row %zu: got %.9g, want %.9g", path->name, z.rows, z.cols, z.ld, r,
			  (double)y[r], want);
	}
	cr_assert(y[z.rows] == -77.0f, "%s f32 writes beyond %zu rows", path->name, z.rows);
}

static const size_t extra_cols[] = {192, 255, 256, 257, 320, 511, 513, 768, 1023, 1024, 1030};

Test(gemv, every_path_on_all_tails)
{
	size_t w_bytes = (size_t)MAX_ROWS * (MAX_COLS + 3) * sizeof(float);
	unsigned char *w = guarded(w_bytes), *x = guarded((size_t)MAX_COLS * sizeof(float));
	int paths = 0;
	for (const struct mw_gemv_path *p = mw_gemv_paths; p->name; p++) {
		if (!mw_gemv_usable(p))
			continue;
		paths++;
		for (size_t i = 0; i <= 130 + sizeof(extra_cols) / sizeof(extra_cols[0]); i++) {
			size_t cols = i <= 130 ? i : extra_cols[i - 131];
			for (size_t rows = 0; rows <= MAX_ROWS; rows++)
				for (size_t pad = 0; pad <= 3; pad += 3) {
					struct sizes z = {rows, cols, cols + pad};
					/* An odd end address misaligns every row of bytes. */
					check_s8(p, z, (int8_t *)w, (int8_t *)x, 0);
					check_s8(p, z, (int8_t *)w - 5, (int8_t *)x - 3, 0);
					check_f32(p, z, (float *)(void *)w, (float *)(void *)x);
					check_f32(p, z, (float *)(void *)w - 1, (float *)(void *)x - 3);
				}
		}
	}
	cr_assert(paths >= 1);
}

Test(gemv, int8_extremes_do_not_saturate)
{
	unsigned char *w = guarded(2 * 1024), *x = guarded(1024);
	for (const struct mw_gemv_path *p = mw_gemv_paths; p->name; p++)
		if (mw_gemv_usable(p))
			for (int extreme = 1; extreme <= 2; extreme++)
				check_s8(p, (struct sizes){2, 1023, 1023}, (int8_t *)w, (int8_t *)x, extreme);
}

Test(gemv, best_path_obeys_override)
{
	cr_assert(mw_gemv_usable(mw_gemv_best()));
	cr_assert(setenv("MEMWALL_ISA", "portable", 1) == 0);
	cr_assert_str_eq(mw_gemv_best()->name, "portable");
	if (mw_isa_supported(MW_ISA_AVX2)) {
		cr_assert(setenv("MEMWALL_ISA", "avx2", 1) == 0);
		cr_assert_str_eq(mw_gemv_best()->name, "avx2");
	}
}

Test(gemv, peak_counts_its_operations)
{
	for (const struct mw_gemv_path *p = mw_gemv_paths; p->name; p++) {
		if (!mw_gemv_usable(p))
			continue;
		cr_assert(p->peak_f32(0) == 0 && p->peak_s8(0) == 0);
		uint64_t f = p->peak_f32(1), s = p->peak_s8(1);
		cr_assert(f > 0 && p->peak_f32(1000) == 1000 * f, "%s", p->name);
		cr_assert(s > 0 && p->peak_s8(1000) == 1000 * s, "%s", p->name);
	}
}
