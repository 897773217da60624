#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/stats.h"
#include "pim/pim_device.h"

/* Geometry again, from the papers' table, so that the test does not read what the device reads. */
static const struct macro {
	char name[16];
	unsigned inputs, outputs, banks, accumulator_bits, cycles_per_pass;
	unsigned weights;
	double cycle_ns;
} macros[] = {
	{"isscc22-15.5", 32, 6, 64, 32, 4, 12288, 5.12821},
	{"isscc22-11.7", 32, 1, 2, 16, 8, 4096, 3},
	{"isscc23-7.2", 128, 8, 8, 23, 4, 8192, 5.49451},
};
enum { MACROS = sizeof(macros) / sizeof(macros[0]) };
static const double LINK_GBPS = 25.6; /* one DDR4-3200 channel, the default */

struct product {
	struct pim_device *dev;
	struct pim_matrix *w;
	struct pim_vector *x, *y;
	struct pim_cost *cost;
	size_t rows, cols;
};

static void setup(struct product *p, const char *spec, size_t rows, size_t cols)
{
	char err[200] = "";
	memset(p, 0, sizeof(*p));
	p->rows = rows;
	p->cols = cols;
	cr_assert_eq(pim_open(spec, &p->dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	cr_assert_eq(pim_matrix_alloc(p->dev, pim_int(8), rows, cols, &p->w), 0, "%s", pim_error(p->dev));
	cr_assert_eq(pim_alloc(p->dev, pim_int(8), cols, &p->x), 0, "%s", pim_error(p->dev));
	cr_assert_eq(pim_alloc(p->dev, pim_int(32), rows, &p->y), 0, "%s", pim_error(p->dev));
	cr_assert_eq(pim_cost_begin(p->dev, &p->cost), 0);
}

static void compute(struct product *p, const int8_t *w, const int8_t *x, int32_t *y)
{
	cr_assert_eq(pim_matrix_write(p->w, w, p->rows * p->cols), 0, "%s", pim_error(p->dev));
	cr_assert_eq(pim_write(p->x, x, p->cols), 0, "%s", pim_error(p->dev));
	cr_assert_eq(pim_gemv(p->y, p->w, p->x), 0, "%s", pim_error(p->dev));
	cr_assert_eq(pim_read(p->y, y, p->rows * 4), 0, "%s", pim_error(p->dev));
}

static uint64_t count(const struct product *p, enum pim_count what)
{
	uint64_t v = UINT64_MAX;
	cr_assert_eq(pim_cost_count(p->cost, what, &v), 0, "%s", pim_error(p->dev));
	return v;
}

/* The stated arithmetic in plain C; *overflows counts the additions that left the accumulator. */
static void plain(const struct macro *m, int wrap, const int8_t *w, const int8_t *x, size_t rows, size_t cols,
		  int32_t *y, size_t *overflows)
{
	int64_t max = (INT64_C(1) << (m->accumulator_bits - 1)) - 1, min = -max - 1;
	for (size_t r = 0; r < rows; r++) {
		int64_t acc = 0;
		for (size_t c = 0; c < cols; c++) {
			acc += w[r * cols + c] * x[c];
			if ((c + 1) % m->inputs && c + 1 < cols)
				continue;
			if (acc >= min && acc <= max)
				continue;
			++*overflows;
			if (wrap)
				while (acc < min || acc > max)
					acc += acc < min ? 2 * (max + 1) : -2 * (max + 1);
			else
				acc = acc < min ? min : max;
		}
		y[r] = (int32_t)acc;
	}
}

enum data { RANDOM, SMALL, EXTREME, DATA_KINDS };

static void make_data(enum data kind, int8_t *v, size_t n, uint64_t *rng)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t r = mw_random(rng);
		v[i] = kind == RANDOM  ? (int8_t)(r & 0xff)
		       : kind == SMALL ? (int8_t)((int)(r % 7) - 3)
				       : (int8_t)(r % 8 ? -128 : 127);
	}
}

static void check_shape(const struct macro *m, int wrap, enum data kind, size_t rows, size_t cols, uint64_t *rng,
			size_t *overflows)
{
	int8_t *w = malloc(rows * cols), *x = malloc(cols);
	int32_t *y = malloc(rows * 4), *want = malloc(rows * 4);
	cr_assert(w && x && y && want);
	make_data(kind, w, rows * cols, rng);
	make_data(kind, x, cols, rng);
	plain(m, wrap, w, x, rows, cols, want, overflows);
	for (int serial = 0; serial < 2; serial++) {
		char spec[256];
		struct product p;
		(void)snprintf(spec, sizeof(spec), "dimc:macro=%.15s,engine=%s,overflow=%s", m->name,
			       serial ? "serial" : "fast", wrap ? "wrap" : "saturate");
		setup(&p, spec, rows, cols);
		memset(y, 0x55, rows * 4);
		compute(&p, w, x, y);
		for (size_t i = 0; i < rows; i++)
			cr_assert_eq(y[i], want[i], "%s %zux%zu data %d: y[%zu] = %d, plain C says %d", spec, rows,
				     cols, (int)kind, i, y[i], want[i]);
		pim_close(p.dev);
	}
	free(w);
	free(x);
	free(y);
	free(want);
}

static void all_shapes(void)
{
	static const size_t shapes[][2] = {{1, 1},   {1, 33},  {2, 31},   {6, 32},   {7, 64},  {5, 127},
					   {8, 128}, {9, 129}, {65, 257}, {3, 1000}, {70, 96}, {130, 40}};
	uint64_t rng = 5;
	for (size_t k = 0; k < MACROS; k++)
		for (int wrap = 0; wrap < 2; wrap++)
			for (int kind = 0; kind < DATA_KINDS; kind++) {
				size_t overflows = 0;
				for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
					check_shape(&macros[k], wrap, (enum data)kind, shapes[s][0], shapes[s][1], &rng,
						    &overflows);
				/* Narrow accumulators must have been driven over the edge, or nothing was tested. */
				if (kind == EXTREME && macros[k].accumulator_bits < 32)
					cr_assert_gt(overflows, 0, "%s: no overflow", macros[k].name);
				if (kind == SMALL || macros[k].accumulator_bits == 32)
					cr_assert_eq(overflows, 0, "%s: overflow", macros[k].name);
			}
}

/* Every path of the fast engine; one that this CPU lacks falls back to the best that it has. */
Test(pim_dimc, both_engines_equal_plain_c, .timeout = 300)
{
	static const char *const paths[] = {"portable", "avx2", "avx512", "neon"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		cr_assert_eq(setenv("MEMWALL_ISA", paths[i], 1), 0);
		all_shapes();
	}
	cr_assert_eq(unsetenv("MEMWALL_ISA"), 0);
}

/* 2^17 products of 2^14 leave 32 bits. */
Test(pim_dimc, widest_accumulator_saturates)
{
	size_t cols = (1 << 17) + 64, overflows = 0;
	int8_t *w = malloc(cols), *x = malloc(cols);
	int32_t y, want;
	cr_assert(w && x);
	memset(w, -128, cols);
	memset(x, -128, cols);
	plain(&macros[0], 0, w, x, 1, cols, &want, &overflows);
	cr_assert_gt(overflows, 0);
	cr_assert_eq(want, INT32_MAX);
	for (int serial = 0; serial < 2; serial++) {
		struct product p;
		setup(&p, serial ? "dimc:engine=serial" : "dimc", 1, cols);
		compute(&p, w, x, &y);
		cr_assert_eq(y, want, "%d", y);
		pim_close(p.dev);
	}
	free(w);
	free(x);
}

static void check_cost(const struct macro *m, uint64_t n_macros, size_t rows, size_t cols)
{
	char spec[128];
	struct product p;
	(void)snprintf(spec, sizeof(spec), "dimc:macro=%.15s,macros=%llu", m->name, (unsigned long long)n_macros);
	setup(&p, spec, rows, cols);
	int8_t *w = calloc(rows, cols), *x = calloc(1, cols);
	int32_t *y = calloc(rows, 4);
	compute(&p, w, x, y);
	uint64_t tiles = (cols + m->inputs - 1) / m->inputs * ((rows + m->outputs - 1) / m->outputs);
	uint64_t passes = (tiles + m->banks * n_macros - 1) / (m->banks * n_macros);
	cr_assert_eq(count(&p, PIM_PASSES), passes, "%s %zux%zu", spec, rows, cols);
	cr_assert_eq(count(&p, PIM_CYCLES), passes * m->cycles_per_pass);
	cr_assert_eq(count(&p, PIM_MACS), tiles * m->inputs * m->outputs);
	double ps = (double)count(&p, PIM_PS_COMPUTE);
	cr_assert(fabs(ps - (double)(passes * m->cycles_per_pass) * m->cycle_ns * 1e3) <= 1.0, "%s: %g ps", spec, ps);
	int resident = tiles * m->inputs * m->outputs <= m->weights * n_macros;
	cr_assert_eq(count(&p, PIM_BYTES_RELOAD), resident ? 0 : rows * cols);
	cr_assert_eq(count(&p, PIM_BYTES_IN), cols + (resident ? rows * cols : 0));
	cr_assert_eq(count(&p, PIM_BYTES_OUT), rows * 4);
	/* Each transfer is rounded up to a whole ps. */
	cr_assert_float_eq((double)count(&p, PIM_PS_IN), (double)count(&p, PIM_BYTES_IN) * 1e3 / LINK_GBPS, 2.0);
	cr_assert_float_eq((double)count(&p, PIM_PS_OUT), (double)rows * 4e3 / LINK_GBPS, 1.0);
	cr_assert_float_eq((double)count(&p, PIM_PS_RELOAD), (double)count(&p, PIM_BYTES_RELOAD) * 1e3 / LINK_GBPS,
			   1.0);
	cr_assert_eq(count(&p, PIM_PS_ELAPSED), count(&p, PIM_PS_COMPUTE) + count(&p, PIM_PS_IN) +
							count(&p, PIM_PS_OUT) + count(&p, PIM_PS_RELOAD));
	pim_close(p.dev);
	free(w);
	free(x);
	free(y);
}

Test(pim_dimc, costs_follow_the_geometry)
{
	static const size_t shapes[][2] = {{1, 1}, {6, 32}, {384, 32}, {385, 32}, {64, 1024}, {100, 100}, {768, 768}};
	for (size_t k = 0; k < MACROS; k++)
		for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
			for (uint64_t n = 1; n < 70; n *= 8)
				check_cost(&macros[k], n, shapes[s][0], shapes[s][1]);
}

Test(pim_dimc, golden_768_by_3072)
{
	struct product p;
	size_t rows = 3072, cols = 768;
	int8_t *w = calloc(rows, cols), *x = calloc(1, cols);
	int32_t *y = calloc(rows, 4);
	setup(&p, "dimc:macro=isscc22-15.5", rows, cols);
	compute(&p, w, x, y);
	cr_assert_eq(count(&p, PIM_PASSES), 192);
	cr_assert_eq(count(&p, PIM_CYCLES), 768);
	cr_assert_eq((count(&p, PIM_PS_COMPUTE) + 5000) / 10000, 394, "3.94 us");
	cr_assert_eq(count(&p, PIM_BYTES_RELOAD), 2359296);
	cr_assert_eq(count(&p, PIM_PS_RELOAD) / 1000000, 92, "92 us on one DDR4-3200 channel");
	/* 2 x 2359296 operations at 36.63 TOPS/W; the paper's own figure is 36.5. */
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_cost_energy(p.cost, PIM_E_MAC, &e), 0);
	cr_assert(fabs(e.typ_pj / (2.0 * 2359296 / 36.63) - 1) < 1e-12, "%g", e.typ_pj);
	cr_assert(fabs(e.max_pj / (2.0 * 2359296 / 36.5) - 1) < 1e-12, "%g", e.max_pj);
	cr_assert_eq(e.min_pj, e.typ_pj);
	cr_assert(strstr(e.source, "ISSCC 2022 15.5"));
	pim_close(p.dev);
	free(w);
	free(x);
	free(y);
}

/* A second matrix finds the macros taken, and gets room once the first is freed. */
Test(pim_dimc, capacity_is_shared)
{
	struct product p;
	int8_t w[384 * 32] = {0}, x[32] = {0};
	int32_t y[384];
	setup(&p, "dimc", 384, 32);
	compute(&p, w, x, y);
	cr_assert_eq(count(&p, PIM_BYTES_RELOAD), 0);
	struct pim_matrix *second;
	struct pim_vector *out;
	cr_assert_eq(pim_matrix_alloc(p.dev, pim_int(8), 6, 32, &second), 0);
	cr_assert_eq(pim_alloc(p.dev, pim_int(32), 6, &out), 0);
	cr_assert_eq(pim_matrix_write(second, w, 192), 0);
	cr_assert_eq(pim_gemv(out, second, p.x), 0);
	cr_assert_eq(count(&p, PIM_BYTES_RELOAD), 192);
	pim_matrix_free(p.w);
	pim_matrix_free(second);
	cr_assert_eq(pim_matrix_alloc(p.dev, pim_int(8), 6, 32, &second), 0);
	cr_assert_eq(pim_gemv(out, second, p.x), 0);
	cr_assert_eq(count(&p, PIM_BYTES_RELOAD), 192);
	pim_close(p.dev);
}

/* A matrix of one row takes places like any other: where none are left it is loaded for every product, and writing it
 * moves nothing. */
Test(pim_dimc, a_matrix_of_one_row_takes_places_too)
{
	struct product p;
	int8_t w[384 * 32] = {0}, x[32] = {0};
	struct pim_matrix *row[3];
	struct pim_vector *out;
	setup(&p, "dimc", 378, 32); /* 63 of 64 tiles of 6 x 32 */
	compute(&p, w, x, (int32_t[384]){0});
	uint64_t in = count(&p, PIM_BYTES_IN);
	cr_assert_eq(pim_alloc(p.dev, pim_int(32), 1, &out), 0);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(pim_matrix_alloc(p.dev, pim_int(8), 1, 32, &row[i]), 0);
		cr_assert_eq(pim_matrix_write(row[i], w, 32), 0);
		cr_assert_eq(count(&p, PIM_BYTES_IN), in + 32, "the first fits, the others stay outside: %d", i);
		cr_assert_eq(pim_gemv(out, row[i], p.x), 0);
		cr_assert_eq(count(&p, PIM_BYTES_RELOAD), (uint64_t)i * 32);
	}
	pim_matrix_free(row[0]);
	pim_matrix_free(row[1]);
	cr_assert_eq(pim_matrix_alloc(p.dev, pim_int(8), 1, 32, &row[0]), 0);
	cr_assert_eq(pim_matrix_write(row[0], w, 32), 0);
	cr_assert_eq(pim_gemv(out, row[0], p.x), 0);
	cr_assert_eq(count(&p, PIM_BYTES_IN), in + 64, "the place is free again");
	cr_assert_eq(count(&p, PIM_BYTES_RELOAD), 64);
	cr_assert_eq(pim_matrix_alloc(p.dev, pim_int(32), 1, 32, &row[1]), -EOPNOTSUPP, "weights are int8");
	pim_close(p.dev);
}

static void run_backwards(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	++*(int *)ctx;
	while (n--)
		fn(arg, n);
}

Test(pim_dimc, slices_change_nothing)
{
	enum { ROWS = 37, COLS = 200 };
	int8_t w[ROWS * COLS], x[COLS];
	int32_t want[ROWS], y[ROWS];
	uint64_t rng = 11, cycles = 0;
	make_data(RANDOM, w, ROWS * COLS, &rng);
	make_data(RANDOM, x, COLS, &rng);
	for (size_t threads = 1; threads < 50; threads += 6) {
		struct product p;
		int calls = 0;
		struct pim_executor e = {sizeof(e), threads, run_backwards, &calls};
		setup(&p, "dimc:macro=isscc23-7.2", ROWS, COLS);
		if (threads > 1)
			cr_assert_eq(pim_set_executor(p.dev, &e), 0);
		compute(&p, w, x, threads > 1 ? y : want);
		if (threads > 1) {
			cr_assert_eq(calls, 1);
			cr_assert_arr_eq(y, want, sizeof(want));
			cr_assert_eq(count(&p, PIM_CYCLES), cycles);
		}
		cycles = count(&p, PIM_CYCLES);
		pim_close(p.dev);
	}
}

Test(pim_dimc, refuses_in_words)
{
	char err[200];
	struct pim_device *dev;
	static const struct {
		char spec[48], word[24];
	} bad[] = {{"dimc:macro=isscc99", "macro"}, {"dimc:macros=0", "macros"}, {"dimc:link=0", "link"},
		   {"dimc:engine=slow", "engine"},  {"dimc:sram=1", "sram"},     {"dimc:attach=main", "attach"}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		cr_assert_eq(pim_open(bad[i].spec, &dev, err, sizeof(err)), -EINVAL, "%s", bad[i].spec);
		cr_assert(strstr(err, bad[i].word), "%s: %s", bad[i].spec, err);
	}
	/* Its energy was excluded from the published validation: no figure instead of a wrong one. */
	struct product p;
	setup(&p, "dimc:macro=isscc22-11.7", 4, 4);
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_cost_energy(p.cost, PIM_E_MAC, &e), -EOPNOTSUPP);
	cr_assert_eq(pim_cost_energy(p.cost, PIM_E_TOTAL, &e), -EOPNOTSUPP);
	struct pim_price price = {.size = sizeof(price), .energy = {.size = sizeof(price.energy)}};
	cr_assert_eq(pim_price_of(p.dev, PIM_GEMV, pim_int(8), &price), 0);
	cr_assert_eq(price.energy.parts, 0);
	cr_assert_eq(price.ps, 24000);
	cr_assert_eq(pim_price_of(p.dev, PIM_AND, pim_uint(1), &price), -EOPNOTSUPP);
	struct pim_vector *v;
	cr_assert_eq(pim_alloc(p.dev, pim_uint(1), 64, &v), -EOPNOTSUPP);
	cr_assert_eq(pim_alloc(p.dev, pim_int(16), 64, &v), -EOPNOTSUPP);
	cr_assert_eq(pim_execute2(PIM_ADD, p.x, p.x, p.x), -EOPNOTSUPP);
	uint64_t aap;
	cr_assert_eq(pim_cost_count(p.cost, PIM_AAP, &aap), -EOPNOTSUPP);
	pim_close(p.dev);
}

/* ---- macros of the user ---- */

static void macro_file(char *path, const char *from, const char *key, const char *line)
{
	const struct pim_device_ops *ops;
	size_t i = 0;
	while ((ops = pim_builtin(i)) && strcmp(ops->name, "dimc") != 0)
		i++;
	cr_assert_not_null(ops);
	char text[4000];
	int len = ops->part_text(from, text, sizeof(text));
	cr_assert(len > 0 && (size_t)len < sizeof(text));
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	cr_assert_not_null(f);
	for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
		(void)fprintf(f, "%s\n",
			      key && strncmp(at, key, strlen(key)) == 0 && at[strlen(key)] == ' ' ? line : at);
	cr_assert_eq(fclose(f), 0);
}

static struct pim_price price_of(const char *spec, char *source, size_t n)
{
	struct pim_device *dev;
	struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
	char err[400] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	cr_assert_eq(pim_price_of(dev, PIM_GEMV, pim_int(8), &p), 0);
	(void)snprintf(source, n, "%s", p.source);
	p.source = p.energy.source = NULL;
	pim_close(dev);
	return p;
}

Test(pim_dimc, a_printed_macro_read_again_is_the_same_device)
{
	for (int i = 0; i < MACROS; i++) {
		char path[] = "/tmp/macro-XXXXXX", spec[300], a[400], b[400];
		macro_file(path, macros[i].name, NULL, NULL);
		(void)snprintf(spec, sizeof(spec), "dimc:macro=%s", macros[i].name);
		struct pim_price p = price_of(spec, a, sizeof(a));
		(void)snprintf(spec, sizeof(spec), "dimc:part=%s", path);
		struct pim_price q = price_of(spec, b, sizeof(b));
		cr_assert_str_eq(a, b);
		cr_assert(p.ps == q.ps && p.programs == q.programs && p.lanes == q.lanes && p.rows == q.rows &&
			  p.verified == (PIM_VERIFIED_RESULTS | PIM_VERIFIED_TIME) && q.verified == p.verified);
		cr_assert(p.energy.parts == q.energy.parts && p.energy.typ_pj == q.energy.typ_pj &&
			  p.energy.min_pj == q.energy.min_pj && p.energy.max_pj == q.energy.max_pj);
		(void)unlink(path);
	}
}

Test(pim_dimc, values_of_the_user_are_used_and_named)
{
	char path[] = "/tmp/macro-XXXXXX", spec[300], source[400];
	macro_file(path, "isscc22-15.5", "tclk_ns", "tclk_ns = 2.5");
	(void)snprintf(spec, sizeof(spec), "dimc:part=%s,bits_per_cycle=1,tops_w=20", path);
	struct pim_price p = price_of(spec, source, sizeof(source));
	cr_assert_eq(p.ps, 8u * 2500); /* 8 bits, one a cycle */
	cr_assert(strstr(source, "user: bits_per_cycle 1 tclk_ns 2.5 tops_w 20"), "%s", source);
	cr_assert_eq(p.verified, PIM_VERIFIED_RESULTS);
	cr_assert_float_eq(p.energy.typ_pj, 2.0 * 32 * 6 / 20, 1e-9);
	cr_assert(p.energy.min_pj == p.energy.typ_pj && p.energy.max_pj == p.energy.typ_pj);
	(void)unlink(path);
	p = price_of("dimc:outputs=12,weights=24576", source, sizeof(source));
	cr_assert(p.lanes == 12 && strstr(source, "user: outputs 12 weights 24576"), "%s", source);
}

/* Every geometry that is accepted computes as the bit-serial engine does, also where accumulators saturate. */
Test(pim_dimc, both_engines_agree_on_geometries_of_the_user)
{
	static const char *const geometry[] = {"inputs=1,bits_per_cycle=8", "inputs=2,accumulator_bits=17",
					       "inputs=16,accumulator_bits=18",
					       "inputs=256,outputs=7,accumulator_bits=20,weights=200000",
					       "inputs=64,outputs=3,bits_per_cycle=4,accumulator_bits=2"};
	enum { ROWS = 37, COLS = 700 };
	static int8_t w[ROWS * COLS], x[COLS];
	uint32_t seed = 1;
	for (size_t i = 0; i < ROWS * COLS; i++)
		w[i] = (int8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
	for (size_t i = 0; i < COLS; i++)
		x[i] = (int8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
	for (size_t g = 0; g < sizeof(geometry) / sizeof(geometry[0]); g++) {
		int32_t y[2][ROWS];
		for (int serial = 0; serial < 2; serial++) {
			struct product p;
			char spec[300];
			(void)snprintf(spec, sizeof(spec), "dimc:%s,engine=%s", geometry[g],
				       serial ? "serial" : "fast");
			setup(&p, spec, ROWS, COLS);
			compute(&p, w, x, y[serial]);
			pim_close(p.dev);
		}
		cr_assert_eq(memcmp(y[0], y[1], sizeof(y[0])), 0, "%s", geometry[g]);
	}
}

Test(pim_dimc, wrong_macros_are_refused_in_one_line)
{
	static const struct {
		const char *key, *line, *more, *err;
	} bad[] = {
		{"inputs", "inputs = 33", "", ": inputs: not a power of two"},
		{"inputs", "inputs = 512", "",
		 ": inputs: '512' is not a whole number from 1 to 256 (inputs of an array, a "
		 "power of two)"},
		{"bits_per_cycle", "bits_per_cycle = 3", "", ": bits_per_cycle: does not divide in_bits"},
		{"weights", "weights = 12287", "", ": weights: fewer than inputs x outputs x banks"},
		{"tops_w", "tops_w = 40", "", ": tops_w: not between tops_w_min and tops_w_max"},
		{"w_bits", "w_bits = 4", "", ": w_bits: '4' is not a whole number from 8 to 8 (bits of a weight)"},
		{"outputs", "output = 6", "", ": no key 'output', did you mean 'outputs'?"},
		{"tclk_ns", "# none", "", ": no line `tclk_ns = ...` (cycle, ns)"},
		{"paper", "paper = x", ",macro=isscc22-15.5", "dimc: macro=isscc22-15.5 and part="},
		{"paper", "paper = x", ",outputs=12", "dimc: weights: fewer than inputs x outputs x banks"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char path[] = "/tmp/macro-XXXXXX", spec[300], err[400] = "";
		struct pim_device *dev;
		macro_file(path, "isscc22-15.5", bad[i].key, bad[i].line);
		(void)snprintf(spec, sizeof(spec), "dimc:part=%s%s", path, bad[i].more);
		cr_expect_eq(pim_open(spec, &dev, err, sizeof(err)), -EINVAL, "%s: %s", bad[i].line, err);
		cr_expect(strstr(err, bad[i].err) && !strchr(err, '\n'), "%s: %s", bad[i].line, err);
		(void)unlink(path);
	}
}
