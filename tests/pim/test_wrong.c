/* Every function of pim.h with every kind of wrong argument: a documented code, and errno as it was. wrong.py sees to
 * it that no function is left out. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pim/pim_device.h"

#define IS(expect, call)                                                                                               \
	do {                                                                                                           \
		errno = 77;                                                                                            \
		cr_assert_eq(call, expect, "%s", #call);                                                               \
		cr_assert_eq(errno, 77, "%s: errno", #call);                                                           \
	} while (0)
#define DONE(call)                                                                                                     \
	do {                                                                                                           \
		errno = 77;                                                                                            \
		call;                                                                                                  \
		cr_assert_eq(errno, 77, "%s: errno", #call);                                                           \
	} while (0)
#define TEXT(expect, call)                                                                                             \
	do {                                                                                                           \
		errno = 77;                                                                                            \
		cr_assert_str_eq(call, expect, "%s", #call);                                                           \
		cr_assert_eq(errno, 77, "%s: errno", #call);                                                           \
	} while (0)

enum { NO_OP = PIM_OP_COUNT, LANES = 100, BYTES = 13 };

static struct pim_device *dev;
static struct pim_vector *a, *b, *c, *wide, *longer, *unbacked, *other;

static void open_all(void)
{
	struct pim_device *second;
	cr_assert_eq(pim_open("ambit", &dev, NULL, 0), 0);
	cr_assert_eq(pim_open("ambit", &second, NULL, 0), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES, &a), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES, &b), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES, &c), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(8), LANES, &wide), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES + 1, &longer), 0);
	cr_assert_eq(pim_alloc_unbacked(dev, pim_uint(1), LANES, &unbacked), 0);
	cr_assert_eq(pim_alloc(second, pim_uint(1), LANES, &other), 0);
}

/* No type at all: size, kind, bits. */
static const struct pim_type no_types[] = {
	{0, PIM_UINT, 1, 0},
	{sizeof(struct pim_type), PIM_UINT, 0, 0},
	{sizeof(struct pim_type), PIM_INT, 65, 0},
	{sizeof(struct pim_type), PIM_UINT, UINT32_MAX, 0},
	{sizeof(struct pim_type), (enum pim_kind)(PIM_MXINT + 1), 8, 0},
	{sizeof(struct pim_type), (enum pim_kind) - 1, 8, 0},
};
enum { NO_TYPES = sizeof(no_types) / sizeof(no_types[0]) };

Test(pim_wrong, devices)
{
	struct pim_device_info info = {.size = sizeof(info)};
	struct pim_device *d;
	static const struct pim_device_ops old = {.size = 8, .abi = PIM_ABI, .name = "old"};
	static const struct pim_device_ops other_abi = {.size = sizeof(other_abi), .abi = PIM_ABI + 1, .name = "abi"};
	static const struct pim_device_ops empty = {.size = sizeof(empty), .abi = PIM_ABI, .name = "empty"};
	open_all();
	IS(-EINVAL, pim_open(NULL, &d, NULL, 0));
	IS(-EINVAL, pim_open("ambit", NULL, NULL, 0));
	IS(-ENODEV, pim_open("nothing", &d, NULL, 0));
	IS(-EINVAL, pim_open_ops(NULL, NULL, NULL, &d, NULL, 0));
	IS(-EINVAL, pim_open_ops(&old, NULL, "old", &d, NULL, 0));
	IS(-EINVAL, pim_open_ops(&other_abi, NULL, NULL, &d, NULL, 0));
	IS(-EINVAL, pim_open_ops(&empty, NULL, NULL, &d, NULL, 0));
	IS(-EINVAL, pim_open_ops(&empty, NULL, "full", &d, NULL, 0));
	DONE(pim_close(NULL));
	struct pim_library *library;
	IS(-EINVAL, pim_library_open(NULL, &library, NULL, 0));
	IS(-EINVAL, pim_library_open("a", NULL, NULL, 0));
	IS(-ENOENT, pim_library_open("/nonexistent/a.so", &library, NULL, 0));
	IS(-EINVAL, pim_library_open("/", &library, NULL, 0));
	IS(NULL, library);
	DONE(pim_library_close(NULL));
	IS(NULL, pim_library_device(NULL, 0));
	IS(-EINVAL, pim_library_open_device(NULL, NULL, &d, NULL, 0));
	IS(-EINVAL, pim_library_open_device(NULL, "ambit", NULL, NULL, 0));
	IS(-ENODEV, pim_library_open_device(NULL, "nothing", &d, NULL, 0));
	IS(NULL, pim_builtin(SIZE_MAX));
	IS(NULL, pim_ops_of(NULL));
	IS(-EINVAL, pim_device_info(NULL, &info));
	IS(-EINVAL, pim_device_info(dev, NULL));
	IS(-EINVAL, pim_device_info(dev, &(struct pim_device_info){.size = 0}));
	TEXT("", pim_spec(NULL));
	TEXT("", pim_error(NULL));
	cr_assert(strlen(pim_version()) > 0);
	IS(-EINVAL, pim_set_executor(NULL, NULL));
	IS(-EINVAL, pim_set_executor(dev, &(struct pim_executor){.size = 0}));
	IS(-EINVAL, pim_set_executor(dev, &(struct pim_executor){.size = sizeof(struct pim_executor), .threads = 1}));
	IS(0, pim_set_executor(dev, NULL));
}

Test(pim_wrong, vectors)
{
	struct pim_vector *v;
	struct pim_placement p = {.size = 0};
	unsigned char bytes[BYTES + 1] = {0};
	void *map;
	open_all();
	for (int i = 0; i < NO_TYPES; i++) {
		IS(-EINVAL, pim_alloc(dev, no_types[i], 1, &v));
		IS(-EINVAL, pim_alloc_unbacked(dev, no_types[i], 1, &v));
		IS(-EINVAL, pim_alloc_at(dev, no_types[i], 1, NULL, &v));
		IS(NULL, v);
	}
	IS(-EINVAL, pim_alloc(NULL, pim_uint(1), 1, &v));
	IS(-EINVAL, pim_alloc(dev, pim_int(1), 1, NULL));
	IS(-EINVAL, pim_alloc(dev, pim_uint(1), 0, &v));
	IS(-ENOSPC, pim_alloc(dev, pim_uint(1), UINT64_MAX, &v));
	IS(-EINVAL, pim_alloc(dev, pim_uint(64), UINT64_MAX, &v));
	IS(-EINVAL, pim_alloc_unbacked(NULL, pim_uint(1), 1, &v));
	IS(-EINVAL, pim_alloc_unbacked(dev, pim_uint(1), 1, NULL));
	IS(-EINVAL, pim_alloc_unbacked(dev, pim_uint(1), 0, &v));
	IS(-EINVAL, pim_alloc_unbacked(dev, pim_uint(2), UINT64_MAX / 1, NULL));
	IS(-EINVAL, pim_alloc_unbacked(dev, pim_uint(64), UINT64_MAX / 8 + 1, &v));
	IS(-EINVAL, pim_alloc_at(NULL, pim_uint(1), 1, NULL, &v));
	IS(-EINVAL, pim_alloc_at(dev, pim_uint(1), 1, &p, &v));
	p = (struct pim_placement){sizeof(p), UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
	IS(0, pim_alloc_at(dev, pim_uint(1), 1, &p, &v)); /* modulo those there are */
	IS(0, pim_vector_placement(NULL).bank);
	IS(0, pim_vector_type(NULL).size);
	IS(0, pim_lanes(NULL));
	IS(0, pim_bytes(NULL));
	DONE(pim_free(NULL));
	IS(-EINVAL, pim_write(NULL, bytes, BYTES));
	IS(-EINVAL, pim_write(a, NULL, BYTES));
	IS(-EINVAL, pim_write(a, bytes, 0));
	IS(-EINVAL, pim_write(a, bytes, BYTES + 1));
	IS(-EINVAL, pim_write(a, bytes, SIZE_MAX));
	IS(-EINVAL, pim_write(unbacked, bytes, BYTES));
	IS(-EINVAL, pim_read(NULL, bytes, BYTES));
	IS(-EINVAL, pim_read(a, NULL, BYTES));
	IS(-EINVAL, pim_read(a, bytes, 0));
	IS(-EINVAL, pim_read(a, bytes, SIZE_MAX));
	IS(-EINVAL, pim_read(unbacked, bytes, BYTES));
	IS(-EINVAL, pim_map(NULL, &map));
	IS(-EINVAL, pim_map(a, NULL));
	IS(-EOPNOTSUPP, pim_map(unbacked, &map));
}

Test(pim_wrong, matrices)
{
	struct pim_device *dimc;
	struct pim_matrix *m = NULL, *none;
	struct pim_vector *x, *y;
	signed char w[4] = {0};
	open_all();
	cr_assert_eq(pim_open("dimc", &dimc, NULL, 0), 0);
	cr_assert_eq(pim_matrix_alloc(dimc, pim_int(8), 2, 2, &m), 0);
	cr_assert_eq(pim_alloc(dimc, pim_int(8), 2, &x), 0);
	cr_assert_eq(pim_alloc(dimc, pim_int(32), 2, &y), 0);
	for (int i = 0; i < NO_TYPES; i++)
		IS(-EINVAL, pim_matrix_alloc(dimc, no_types[i], 2, 2, &none));
	IS(-EINVAL, pim_matrix_alloc(NULL, pim_int(8), 2, 2, &none));
	IS(-EINVAL, pim_matrix_alloc(dimc, pim_int(8), 2, 2, NULL));
	IS(-EINVAL, pim_matrix_alloc(dimc, pim_int(8), 0, 2, &none));
	IS(-EINVAL, pim_matrix_alloc(dimc, pim_int(8), 2, 0, &none));
	IS(-EINVAL, pim_matrix_alloc(dimc, pim_int(8), UINT64_MAX, UINT64_MAX, &none));
	IS(-ENOMEM, pim_matrix_alloc(dimc, pim_int(8), UINT64_C(1) << 31, UINT64_C(1) << 31, &none));
	IS(-EOPNOTSUPP, pim_matrix_alloc(dev, pim_int(8), 2, 2, &none));
	DONE(pim_matrix_free(NULL));
	IS(0, pim_matrix_bytes(NULL));
	IS(-EINVAL, pim_matrix_write(NULL, w, 4));
	IS(-EINVAL, pim_matrix_write(m, NULL, 4));
	IS(-EINVAL, pim_matrix_write(m, w, 0));
	IS(-EINVAL, pim_matrix_write(m, w, SIZE_MAX));
	IS(-EINVAL, pim_gemv(NULL, m, x));
	IS(-EINVAL, pim_gemv(y, NULL, x));
	IS(-EINVAL, pim_gemv(y, m, NULL));
	IS(-EINVAL, pim_gemv(x, m, x));
	IS(-EXDEV, pim_gemv(y, m, a));
	pim_close(dimc);
}

Test(pim_wrong, operations)
{
	struct pim_type t;
	enum pim_op op;
	uint64_t value;
	open_all();
	IS(NULL, pim_op_name((enum pim_op)NO_OP));
	IS(NULL, pim_op_name((enum pim_op) - 1));
	IS(-EINVAL, pim_op_parse(NULL, &op));
	IS(-EINVAL, pim_op_parse("and", NULL));
	IS(-EINVAL, pim_op_parse("", &op));
	IS(0, pim_op_inputs((enum pim_op)NO_OP));
	IS(-EINVAL, pim_op_result((enum pim_op)NO_OP, pim_uint(1), &t));
	IS(-EINVAL, pim_op_result(PIM_GEMV, pim_uint(8), &t));
	IS(-EINVAL, pim_op_result(PIM_AND, pim_uint(8), NULL));
	IS(-EOPNOTSUPP, pim_op_result(PIM_MUL_WIDE, pim_uint(33), &t));
	for (int i = 0; i < NO_TYPES; i++)
		for (int k = 0; k <= NO_OP; k++)
			IS(-EINVAL, pim_op_result((enum pim_op)k, no_types[i], &t));
	for (int k = -1; k <= NO_OP; k++) {
		IS(-EINVAL, pim_execute((enum pim_op)k, NULL, &a, 1));
		IS(-EINVAL, pim_execute((enum pim_op)k, a, NULL, 1));
		IS(-EINVAL, pim_execute((enum pim_op)k, a, &b, SIZE_MAX));
		IS(-EINVAL, pim_execute((enum pim_op)k, a, &b, 4));
	}
	IS(-EINVAL, pim_execute2((enum pim_op)NO_OP, a, b, c));
	static int (*const two[])(struct pim_vector *, struct pim_vector *, struct pim_vector *) = {
		pim_and, pim_or, pim_nand, pim_nor, pim_xor, pim_xnor, pim_add, pim_sub, pim_mul};
	for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++) {
		IS(-EINVAL, two[i](NULL, a, b));
		IS(-EINVAL, two[i](a, NULL, b));
		IS(-EINVAL, two[i](a, b, NULL));
		IS(-EINVAL, two[i](a, b, wide));
		IS(-EINVAL, two[i](a, b, longer));
		IS(-EINVAL, two[i](a, b, unbacked));
		IS(-EXDEV, two[i](a, b, other));
	}
	IS(-EINVAL, pim_lt(wide, a, b));
	IS(-EINVAL, pim_lt(a, NULL, b));
	IS(-EINVAL, pim_not(NULL, a));
	IS(-EINVAL, pim_not(a, NULL));
	IS(-EINVAL, pim_copy(wide, a));
	IS(-EINVAL, pim_copy(a, NULL));
	IS(-EINVAL, pim_maj(a, b, c, NULL));
	IS(-EINVAL, pim_maj(NULL, a, b, c));
	IS(-EINVAL, pim_if_else(wide, wide, wide, wide));
	IS(-EINVAL, pim_if_else(wide, a, wide, NULL));
	IS(-EINVAL, pim_shift(PIM_SHL, NULL, wide, 1));
	IS(-EINVAL, pim_shift(PIM_SHL, wide, NULL, 1));
	IS(-EINVAL, pim_shift(PIM_SHL, wide, wide, 9));
	IS(-EINVAL, pim_shift(PIM_SHR, wide, wide, UINT32_MAX));
	IS(-EINVAL, pim_shift(PIM_AND, wide, wide, 1));
	IS(-EINVAL, pim_shift_lanes(NULL, a, 1));
	IS(-EINVAL, pim_shift_lanes(a, NULL, 1));
	IS(-EOPNOTSUPP, pim_shift_lanes(a, b, INT64_MIN));
	IS(-EINVAL, pim_reduce(PIM_SUM_LANES, NULL, &value));
	IS(-EINVAL, pim_reduce(PIM_SUM_LANES, a, NULL));
	IS(-EINVAL, pim_reduce(PIM_SUM_LANES, unbacked, &value));
	IS(-EINVAL, pim_reduce(PIM_AND, a, &value));
	IS(-EINVAL, pim_reduce((enum pim_op)NO_OP, a, &value));
	IS(-EINVAL, pim_fill(NULL, 0));
	IS(-EINVAL, pim_fill(a, 2));
	IS(-EINVAL, pim_fill(wide, UINT64_MAX));
}

/* Shifts of lanes by anything, where there are such. */
Test(pim_wrong, shifts_beyond_the_end)
{
	static const int64_t by[] = {INT64_MIN, INT64_MIN + 1, -LANES - 1, LANES, LANES + 1, INT64_MAX};
	static const char *const specs[] = {"host", "ambit:via=host", "ambit:via=host,engine=exact"};
	for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++)
		for (uint32_t bits = 1; bits <= 64; bits *= 2)
			for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
				struct pim_device *d;
				struct pim_vector *v;
				uint64_t sum;
				cr_assert_eq(pim_open(specs[s], &d, NULL, 0), 0);
				cr_assert_eq(pim_alloc(d, pim_uint(bits), LANES, &v), 0);
				IS(0, pim_fill(v, 1));
				IS(0, pim_shift_lanes(v, v, by[i]));
				IS(0, pim_reduce(PIM_SUM_LANES, v, &sum));
				cr_assert_eq(sum, 0);
				pim_close(d);
			}
}

Test(pim_wrong, costs)
{
	struct pim_cost *cost;
	struct pim_energy e = {.size = 0}, good = {.size = sizeof(good)};
	struct pim_price price = {.size = 0}, fine = {.size = sizeof(fine), .energy = {.size = sizeof(fine.energy)}};
	uint64_t n;
	open_all();
	IS(-EINVAL, pim_cost_begin(NULL, &cost));
	IS(-EINVAL, pim_cost_begin(dev, NULL));
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	DONE(pim_cost_stop(NULL));
	DONE(pim_cost_stop(cost));
	DONE(pim_cost_stop(cost));
	IS(-EINVAL, pim_cost_count(NULL, PIM_AAP, &n));
	IS(-EINVAL, pim_cost_count(cost, PIM_AAP, NULL));
	IS(-EINVAL, pim_cost_count(cost, PIM_COUNT_N, &n));
	IS(-EINVAL, pim_cost_count(cost, (enum pim_count) - 1, &n));
	IS(-EINVAL, pim_cost_energy(NULL, PIM_E_ACT, &good));
	IS(-EINVAL, pim_cost_energy(cost, PIM_E_ACT, NULL));
	IS(-EINVAL, pim_cost_energy(cost, PIM_E_ACT, &e));
	IS(-EINVAL, pim_cost_energy(cost, PIM_PART_N, &good));
	IS(-EINVAL, pim_cost_energy_during(NULL, PIM_PS_COMPUTE, &good));
	IS(-EINVAL, pim_cost_energy_during(cost, PIM_PS_COMPUTE, NULL));
	IS(-EINVAL, pim_cost_energy_during(cost, PIM_PS_COMPUTE, &e));
	IS(-EINVAL, pim_cost_energy_during(cost, PIM_AAP, &good));
	IS(-EINVAL, pim_cost_energy_during(cost, PIM_COUNT_N, &good));
	char names[4];
	IS(0, pim_parts_print(0, NULL, 0));
	IS(14, pim_parts_print(1u << PIM_E_IO | 1u << PIM_E_TRANSPOSE, names, sizeof(names)));
	cr_assert_str_eq(names, "io ");
	IS(0, pim_parts_print(UINT32_MAX << PIM_PART_N, names, sizeof(names)));
	DONE(pim_cost_end(cost));
	DONE(pim_cost_end(NULL));
	IS(NULL, pim_count_name(PIM_COUNT_N));
	IS(NULL, pim_part_name(PIM_PART_N));
	IS(NULL, pim_verified_name((enum pim_verified)3));
	IS(-EINVAL, pim_price_of(NULL, PIM_AND, pim_uint(1), &fine));
	IS(-EINVAL, pim_price_of(dev, PIM_AND, pim_uint(1), NULL));
	IS(-EINVAL, pim_price_of(dev, PIM_AND, pim_uint(1), &price));
	for (size_t d = 0; pim_builtin(d); d++) {
		struct pim_device *any;
		cr_assert_eq(pim_open(pim_builtin(d)->name, &any, NULL, 0), 0);
		IS(-EINVAL, pim_price_of(any, (enum pim_op)NO_OP, pim_uint(1), &fine));
		for (int i = 0; i < NO_TYPES; i++)
			for (int k = 0; k < NO_OP; k++)
				IS(-EINVAL, pim_price_of(any, (enum pim_op)k, no_types[i], &fine));
		pim_close(any);
	}
}

static int nowhere(void *ctx, const char *text, size_t n)
{
	(void)ctx, (void)text, (void)n;
	return 0;
}

Test(pim_wrong, traces)
{
	const struct pim_trace_config good = {.size = sizeof(good), .write = nowhere};
	struct pim_trace_config bad = good;
	open_all();
	IS(-EINVAL, pim_trace_begin(NULL, &good));
	IS(-EINVAL, pim_trace_begin(dev, NULL));
	bad.size = 0;
	IS(-EINVAL, pim_trace_begin(dev, &bad));
	bad = good;
	bad.write = NULL;
	IS(-EINVAL, pim_trace_begin(dev, &bad));
	bad = good;
	bad.format = (enum pim_trace_format)99;
	IS(-EINVAL, pim_trace_begin(dev, &bad));
	bad = good;
	bad.channel = UINT32_MAX;
	IS(-EINVAL, pim_trace_begin(dev, &bad));
	IS(-EINVAL, pim_trace_end(NULL));
	IS(-EINVAL, pim_trace_end(dev));
}

Test(pim_wrong, subarrays)
{
	struct pim_subarray *s, *none;
	static unsigned char row[8192];
	char name[1000];
	open_all();
	memset(name, 'D', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	IS(-EINVAL, pim_subarray_open(NULL, 0, 0, &none));
	IS(-EINVAL, pim_subarray_open(dev, 0, 0, NULL));
	IS(-EINVAL, pim_subarray_open(dev, UINT32_MAX, 0, &none));
	IS(-EINVAL, pim_subarray_open(dev, 0, UINT32_MAX, &none));
	cr_assert_eq(pim_subarray_open(dev, 0, 0, &s), 0);
	DONE(pim_subarray_close(NULL));
	IS(0, pim_row_bytes(NULL));
	IS(0, pim_data_rows(NULL));
	cr_assert_eq(pim_row_bytes(s), sizeof(row));
	IS(-EINVAL, pim_row_write(NULL, "D0", row, sizeof(row)));
	IS(-EINVAL, pim_row_write(s, NULL, row, sizeof(row)));
	IS(-EINVAL, pim_row_write(s, "D0", NULL, sizeof(row)));
	IS(-EINVAL, pim_row_write(s, "D0", row, 0));
	IS(-EINVAL, pim_row_write(s, "D0", row, SIZE_MAX));
	IS(-EINVAL, pim_row_read(NULL, "D0", row, sizeof(row)));
	IS(-EINVAL, pim_row_read(s, "D0", NULL, sizeof(row)));
	IS(-EINVAL, pim_row_read(s, "D0", row, 1));
	static const char *const names[] = {"",    "D", "D-1",   "D99999", "D4294967296", "C2",
					    "B16", "X", "D0,D1", "D0)",    "D0;",         " "};
	for (size_t i = 0; i <= sizeof(names) / sizeof(names[0]); i++) {
		const char *bad = i < sizeof(names) / sizeof(names[0]) ? names[i] : name;
		errno = 77;
		cr_assert_lt(pim_row_write(s, bad, row, sizeof(row)), 0, "'%.20s'", bad);
		cr_assert_lt(pim_row_read(s, bad, row, sizeof(row)), 0, "'%.20s'", bad);
		cr_assert_lt(pim_row_copy(s, bad, s, "D0"), 0, "'%.20s'", bad);
		cr_assert_lt(pim_row_copy(s, "D0", s, bad), 0, "'%.20s'", bad);
		cr_assert_lt(pim_aap(s, "D0", bad), 0, "'%.20s'", bad);
		cr_assert_lt(pim_aap(s, bad, "D0"), 0, "'%.20s'", bad);
		cr_assert(pim_ap(s, bad) < 0, "'%.20s'", bad);
		cr_assert(pim_subarray_run(s, bad) < 0 || strspn(bad, " ") == strlen(bad), "'%.20s'", bad);
		cr_assert_eq(errno, 77);
	}
	IS(-EINVAL, pim_row_write(s, "B12", row, sizeof(row))); /* three wordlines */
	IS(-EINVAL, pim_row_copy(s, "C0", s, "D0"));
	IS(-EINVAL, pim_subarray_run(NULL, "AP(D0)"));
	IS(-EINVAL, pim_subarray_run(s, NULL));
	IS(-EINVAL, pim_aap(NULL, "D0", "D1"));
	IS(-EINVAL, pim_aap(s, NULL, "D1"));
	IS(-EINVAL, pim_aap(s, "D0", NULL));
	IS(-EINVAL, pim_ap(NULL, "D0"));
	IS(-EINVAL, pim_ap(s, NULL));
	IS(-EINVAL, pim_row_copy(NULL, "D0", s, "D1"));
	IS(-EINVAL, pim_row_copy(s, NULL, s, "D1"));
	IS(-EINVAL, pim_row_copy(s, "D0", NULL, "D1"));
	IS(-EINVAL, pim_row_copy(s, "D0", s, NULL));
	IS(NULL, pim_row_copy_source(NULL));
}

Test(pim_wrong, programs)
{
	struct pim_program *p, *none;
	struct pim_program_info info = {.size = 0};
	struct pim_equivalence e = {.size = 0};
	struct pim_price price = {.size = 0};
	char err[100];
	open_all();
	struct pim_vector *in[] = {b, c}, *empty[] = {b, NULL};
	cr_assert_eq(pim_program_compile(PIM_EXPRESSION, "s = x & y", 9, &p, NULL, 0), 0);
	IS(-EINVAL, pim_program_compile(PIM_EXPRESSION, NULL, 0, &none, err, sizeof(err)));
	IS(-EINVAL, pim_program_compile(PIM_EXPRESSION, "s = x", 5, NULL, err, sizeof(err)));
	IS(-EINVAL, pim_program_compile((enum pim_language)99, "s = x", 5, &none, err, sizeof(err)));
	for (int l = PIM_EXPRESSION; l <= PIM_MICRO_PROGRAM; l++) {
		IS(-EINVAL, pim_program_compile((enum pim_language)l, "", 0, &none, err, sizeof(err)));
		IS(-EINVAL, pim_program_compile((enum pim_language)l, "\0\0\0", 3, &none, NULL, 0));
		IS(NULL, none);
	}
	IS(-EINVAL, pim_program_of_op(NULL, PIM_ADD, pim_uint(8), 0, &none));
	IS(-EINVAL, pim_program_of_op(dev, PIM_ADD, pim_uint(8), 0, NULL));
	IS(-EINVAL, pim_program_of_op(dev, PIM_OP_COUNT, pim_uint(8), 0, &none));
	IS(-EINVAL, pim_program_of_op(dev, (enum pim_op) - 1, pim_uint(8), 0, &none));
	IS(-EINVAL, pim_program_of_op(dev, PIM_SHR, pim_uint(8), UINT64_MAX, &none));
	for (int i = 0; i < NO_TYPES; i++)
		IS(-EINVAL, pim_program_of_op(dev, PIM_ADD, no_types[i], 0, &none));
	IS(NULL, none);
	DONE(pim_program_free(NULL));
	IS(-EINVAL, pim_program_info(NULL, &info));
	IS(-EINVAL, pim_program_info(p, NULL));
	IS(-EINVAL, pim_program_info(p, &info));
	IS(NULL, pim_program_input(NULL, 0));
	IS(NULL, pim_program_input(p, SIZE_MAX));
	IS(NULL, pim_program_output(NULL, 0));
	IS(NULL, pim_program_output(p, 1));
	IS(-EINVAL, pim_program_print(NULL, err, sizeof(err)));
	cr_assert_gt(pim_program_print(p, NULL, 0), 0);
	IS(-EINVAL, pim_program_verify(NULL, 1, &e));
	IS(-EINVAL, pim_program_verify(p, 1, NULL));
	IS(-EINVAL, pim_program_verify(p, 1, &e));
	IS(-EINVAL, pim_program_run(NULL, &a, 1, in, 2));
	IS(-EINVAL, pim_program_run(p, NULL, 1, in, 2));
	IS(-EINVAL, pim_program_run(p, &a, 0, in, 2));
	IS(-EINVAL, pim_program_run(p, &a, 1, NULL, 2));
	IS(-EINVAL, pim_program_run(p, &a, 1, in, 1));
	IS(-EINVAL, pim_program_run(p, &a, SIZE_MAX, in, 2));
	IS(-EINVAL, pim_program_run(p, &a, 1, in, SIZE_MAX));
	IS(-EINVAL, pim_program_run(p, &a, 1, empty, 2));
	IS(-EINVAL, pim_program_run(p, &wide, 1, in, 2));
	IS(-EINVAL, pim_program_run(p, &longer, 1, in, 2));
	IS(-EINVAL, pim_program_run(p, &unbacked, 1, in, 2));
	IS(-EINVAL, pim_program_run(p, &a, 1, (struct pim_vector *[]){b, unbacked}, 2));
	IS(-EXDEV, pim_program_run(p, &other, 1, in, 2));
	IS(-EINVAL, pim_program_price(NULL, p, &price));
	IS(-EINVAL, pim_program_price(dev, NULL, &price));
	IS(-EINVAL, pim_program_price(dev, p, NULL));
	IS(-EINVAL, pim_program_price(dev, p, &price));
	pim_program_free(p);
}
