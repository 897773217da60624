#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pim/oracle.h"

Test(pim_api, bad_specs_name_what_is_wrong)
{
	static const struct {
		const char *spec;
		int rc;
		const char *words;
	} bad[] = {
		{"ambt", -ENODEV, "did you mean 'ambit'"},
		{"", -EINVAL, "not a device"},
		{":dram=ddr3-1600", -EINVAL, "not a device"},
		{"ambit:", -EINVAL, "key=value"},
		{"ho\nst", -EINVAL, "byte 0x0a at character 3"},
		{"ambit:dram=\xc3\xa4", -EINVAL, "byte 0xc3"},
		{"ambit:dram", -EINVAL, "dram"},
		{"ambit:dram=", -EINVAL, "dram"},
		{"ambit:dran=ddr3-1600", -EINVAL, "did you mean 'dram'"},
		{"ambit:dram=ddr9", -EINVAL, "ddr9"},
		{"ambit:dram=ddr3-1600,dram=ddr4-3200", -EINVAL, "twice"},
		{"ambit:channels=0", -EINVAL, "channels"},
		{"ambit:channels=x", -EINVAL, "channels"},
		{"ambit:faw=2", -EINVAL, "faw"},
		{"ambit:faw=nan", -EINVAL, "faw"},
		{"ambit:rows=5", -EINVAL, "rows"},
		{"ambit:subarrays=2,salp=3", -EINVAL, "salp"},
		{"ambit:width=x16", -EOPNOTSUPP, "width"},
		{"host:gbps=0", -EINVAL, "gbps"},
		{"cots:rows=65536", -EINVAL, "rows"},
		{"ambit:dram=hbm2,rows=65536", -EINVAL, "rows"},
		{"ambit:transpose=unit: 5", -EINVAL, "transpose"},
		{"ambit:transpose=host:nan", -EINVAL, "transpose"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pim_device *dev = (struct pim_device *)1;
		char err[200] = "";
		errno = 77;
		cr_assert_eq(pim_open(bad[i].spec, &dev, err, sizeof(err)), bad[i].rc, "%s: %s", bad[i].spec, err);
		cr_assert_null(dev);
		cr_assert_not_null(strstr(err, bad[i].words), "%s: %s", bad[i].spec, err);
		cr_assert_null(strchr(err, '\n'));
		cr_assert_eq(pim_open(bad[i].spec, &dev, NULL, 0), bad[i].rc);
		cr_assert_eq(errno, 77, "errno is left alone");
	}
	struct pim_device *dev;
	cr_assert_eq(pim_open(NULL, &dev, NULL, 0), -EINVAL);
	cr_assert_eq(pim_open("ambit", NULL, NULL, 0), -EINVAL);
}

Test(pim_api, canonical_spec_has_the_devices_order_and_no_defaults)
{
	struct pim_device *dev;
	cr_assert_eq(pim_open("ambit:seed=9,limit=none,channels=2,dram=ddr4-3200", &dev, NULL, 0), 0);
	cr_assert_str_eq(pim_spec(dev), "ambit:dram=ddr4-3200,channels=2,seed=9");
	cr_assert_str_eq(pim_ops_of(dev)->name, "ambit");
	pim_close(dev);
	pim_close(NULL);
	int keys = 0, devices = 0;
	for (const struct pim_device_ops *ops; (ops = pim_builtin((size_t)devices)); devices++)
		for (const struct pim_key *k = ops->keys; k && k->name; k++, keys++)
			cr_assert(k->help && *k->help, "%s %s", ops->name, k->name);
	cr_assert(devices >= 2 && keys > 10);
}

Test(pim_api, wrong_use_is_refused)
{
	struct pim_device *a, *b;
	struct pim_vector *v[4], *other, *longer, *none = (struct pim_vector *)1;
	struct pim_matrix *m;
	unsigned char bytes[13] = {0};
	cr_assert_eq(pim_open("ambit", &a, NULL, 0), 0);
	cr_assert_eq(pim_open("ambit", &b, NULL, 0), 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pim_alloc(a, pim_uint(1), 100, &v[i]), 0);
	cr_assert_eq(pim_alloc(b, pim_uint(1), 100, &other), 0);
	cr_assert_eq(pim_alloc(a, pim_uint(1), 101, &longer), 0);
	errno = 77;
	cr_assert_eq(pim_alloc(a, pim_uint(1), 0, &none), -EINVAL);
	cr_assert_null(none);
	cr_assert_eq(pim_alloc(a, pim_uint(0), 5, &none), -EINVAL);
	cr_assert_eq(pim_alloc(a, pim_uint(65), 5, &none), -EINVAL);
	cr_assert_eq(pim_alloc(a, (struct pim_type){sizeof(struct pim_type), PIM_BF16, 16, 0}, 5, &none), -EOPNOTSUPP);
	cr_assert_eq(pim_alloc(a, (struct pim_type){.kind = PIM_UINT, .bits = 1}, 5, &none), -EINVAL);
	cr_assert_eq(pim_alloc(a, pim_uint(1), UINT64_MAX, &none), -ENOSPC);
	cr_assert_eq(pim_alloc(NULL, pim_uint(1), 5, &none), -EINVAL);
	cr_assert_eq(pim_alloc(a, pim_uint(1), 5, NULL), -EINVAL);
	cr_assert_eq(pim_write(v[0], bytes, 12), -EINVAL);
	cr_assert_not_null(strstr(pim_error(a), "13"));
	cr_assert_eq(pim_write(v[0], NULL, 13), -EINVAL);
	cr_assert_eq(pim_write(NULL, bytes, 13), -EINVAL);
	cr_assert_eq(pim_read(v[0], bytes, 14), -EINVAL);
	cr_assert_eq(pim_read(v[0], NULL, 13), -EINVAL);
	cr_assert_eq(pim_and(NULL, v[0], v[1]), -EINVAL);
	cr_assert_eq(pim_and(v[2], NULL, v[1]), -EINVAL);
	cr_assert_eq(pim_and(v[2], v[0], NULL), -EINVAL);
	cr_assert_eq(pim_and(v[2], v[0], other), -EXDEV);
	cr_assert_eq(pim_and(v[2], v[0], longer), -EINVAL);
	cr_assert_eq(pim_execute(PIM_AND, v[2], v, 1), -EINVAL);
	cr_assert_eq(pim_execute(PIM_AND, v[2], NULL, 2), -EINVAL);
	cr_assert_eq(pim_execute(PIM_FILL, v[2], NULL, 0), -EINVAL);
	cr_assert_eq(pim_execute(PIM_GEMV, v[2], v, 2), -EINVAL);
	cr_assert_eq(pim_execute(PIM_OP_COUNT, v[2], v, 2), -EINVAL);
	static const enum pim_op others[] = {PIM_SHL,       PIM_SHR,        PIM_SUM_LANES,
					     PIM_MIN_LANES, PIM_COUNT_ONES, PIM_SHIFT_LANES};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cr_assert_eq(pim_execute(others[i], v[3], v, 1), -EINVAL);
		cr_assert_not_null(strstr(pim_error(a), pim_op_name(others[i])));
		cr_assert_not_null(strstr(pim_error(a), i < 2   ? "pim_shift"
							: i < 5 ? "pim_reduce"
								: "pim_shift_lanes"));
	}
	cr_assert_eq(pim_fill(v[2], 2), -EINVAL);
	cr_assert_eq(pim_matrix_alloc(a, pim_int(8), 2, 2, &m), -EOPNOTSUPP);
	cr_assert_eq(pim_gemv(v[0], NULL, v[1]), -EINVAL);
	cr_assert_eq(pim_set_executor(a, &(struct pim_executor){.size = 8}), -EINVAL);
	cr_assert_eq(pim_set_executor(NULL, NULL), -EINVAL);
	cr_assert_eq(errno, 77, "errno is left alone");
	pim_close(a);
	pim_close(b);
}

Test(pim_api, types_of_results)
{
	static const struct {
		enum pim_op op;
		uint32_t bits, result;
	} cases[] = {
		{PIM_ADD, 13, 13},     {PIM_EQ, 64, 1},        {PIM_GE, 1, 1},        {PIM_RED_AND, 9, 1},
		{PIM_RED_XOR, 64, 1},  {PIM_MUL_WIDE, 32, 64}, {PIM_MUL_WIDE, 1, 2},  {PIM_POPCOUNT, 1, 1},
		{PIM_POPCOUNT, 3, 2},  {PIM_POPCOUNT, 4, 3},   {PIM_POPCOUNT, 63, 6}, {PIM_POPCOUNT, 64, 7},
		{PIM_IF_ELSE, 20, 20}, {PIM_SHL, 20, 20},      {PIM_XNOR, 40, 40},    {PIM_FILL, 5, 5},
	};
	struct pim_type t = {0}, half = {sizeof(half), PIM_FP16, 16, 0};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(pim_op_result(cases[i].op, pim_int(cases[i].bits), &t), 0);
		cr_assert_eq(t.bits, cases[i].result, "%s of %u", pim_op_name(cases[i].op), cases[i].bits);
		bool flag = cases[i].result == 1 || cases[i].op == PIM_POPCOUNT;
		cr_assert_eq(t.kind, flag ? PIM_UINT : PIM_INT);
		cr_assert_eq(t.size, sizeof(t));
	}
	cr_assert_eq(pim_op_result(PIM_MUL_WIDE, pim_uint(33), &t), -EOPNOTSUPP);
	cr_assert_eq(t.bits, 66);
	cr_assert_eq(pim_op_result(PIM_ADD, half, &t), -EINVAL);
	cr_assert_eq(pim_op_result(PIM_COPY, half, &t), 0);
	cr_assert_eq(pim_op_result(PIM_SUM_LANES, pim_uint(8), &t), -EINVAL);
	cr_assert_eq(pim_op_result(PIM_GEMV, pim_uint(8), &t), -EINVAL);
	cr_assert_eq(pim_op_result(PIM_ADD, pim_uint(0), &t), -EINVAL);
	cr_assert_eq(pim_op_result(PIM_ADD, pim_uint(8), NULL), -EINVAL);
}

Test(pim_api, operands_of_wrong_types_are_refused_in_words)
{
	struct pim_device *dev;
	struct pim_vector *u8, *i8, *u9, *u1, *u33, *all[3];
	uint64_t value;
	cr_assert_eq(pim_open("ambit", &dev, NULL, 0), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(8), 100, &u8), 0);
	cr_assert_eq(pim_alloc(dev, pim_int(8), 100, &i8), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(9), 100, &u9), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 100, &u1), 0);
	cr_assert_eq(pim_alloc(dev, pim_uint(33), 100, &u33), 0);
	cr_assert_eq(pim_add(u8, u8, i8), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "add: input 1 is uint8, expected int8");
	cr_assert_eq(pim_add(u9, u8, u8), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "add: the result is uint9, expected uint8");
	cr_assert_eq(pim_lt(u8, u8, u8), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "lt: the result is uint8, expected uint1");
	cr_assert_eq(pim_if_else(u8, u8, u8, u8), -EINVAL);
	cr_assert_str_eq(pim_error(dev), "if_else: input 1 is uint8, expected uint1");
	cr_assert_eq(pim_if_else(u8, u1, u9, u8), -EINVAL);
	cr_assert_eq(pim_if_else(u8, u1, u8, u8), 0);
	all[0] = all[1] = u33;
	cr_assert_eq(pim_execute(PIM_MUL_WIDE, u33, all, 2), -EOPNOTSUPP);
	cr_assert_not_null(strstr(pim_error(dev), "66 bits"), "%s", pim_error(dev));
	cr_assert_eq(pim_shift(PIM_SHL, u8, u8, 9), -EINVAL);
	cr_assert_eq(pim_shift(PIM_ADD, u8, u8, 1), -EINVAL);
	cr_assert_eq(pim_shift(PIM_SHL, u8, NULL, 1), -EINVAL);
	cr_assert_eq(pim_shift_lanes(u8, u9, 1), -EINVAL);
	cr_assert_eq(pim_reduce(PIM_ADD, u8, &value), -EINVAL);
	cr_assert_eq(pim_reduce(PIM_SUM_LANES, u8, NULL), -EINVAL);
	cr_assert_eq(pim_reduce(PIM_SUM_LANES, NULL, &value), -EINVAL);
	pim_close(dev);
}

Test(pim_api, names_are_complete_and_unique)
{
	for (int i = 0; i < PIM_OP_COUNT; i++) {
		enum pim_op op;
		cr_assert_not_null(pim_op_name((enum pim_op)i));
		cr_assert_eq(pim_op_parse(pim_op_name((enum pim_op)i), &op), 0);
		cr_assert_eq((int)op, i);
	}
	enum pim_op op;
	cr_assert_eq(pim_op_parse("nandnand", &op), -EINVAL);
	cr_assert_eq(pim_op_parse(NULL, &op), -EINVAL);
	cr_assert_null(pim_op_name(PIM_OP_COUNT));
	for (int i = 0; i < PIM_COUNT_N; i++)
		cr_assert_not_null(pim_count_name((enum pim_count)i), "%d", i);
	for (int i = 0; i < PIM_PART_N; i++)
		cr_assert_not_null(pim_part_name((enum pim_part)i), "%d", i);
	cr_assert(strlen(pim_version()) > 0);
}

Test(pim_api, scopes_nest_and_stop)
{
	struct pim_device *dev;
	struct pim_vector *v[2];
	struct pim_cost *outer, *inner;
	uint64_t n;
	cr_assert_eq(pim_open("ambit", &dev, NULL, 0), 0);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 1, &v[i]), 0);
	cr_assert_eq(pim_copy(v[1], v[0]), 0); /* before any scope */
	cr_assert_eq(pim_cost_begin(dev, &outer), 0);
	cr_assert_eq(pim_not(v[1], v[0]), 0);
	cr_assert_eq(pim_cost_begin(dev, &inner), 0);
	cr_assert_eq(pim_copy(v[1], v[0]), 0);
	pim_cost_stop(inner);
	pim_cost_stop(inner);
	cr_assert_eq(pim_copy(v[1], v[0]), 0);
	cr_assert(pim_cost_count(inner, PIM_AAP, &n) == 0 && n == 1);
	cr_assert(pim_cost_count(outer, PIM_AAP, &n) == 0 && n == 4);
	cr_assert_eq(pim_cost_count(outer, PIM_COUNT_N, &n), -EINVAL);
	cr_assert_eq(pim_cost_count(NULL, PIM_AAP, &n), -EINVAL);
	cr_assert_eq(pim_cost_count(outer, PIM_MACS, &n), -EOPNOTSUPP);
	struct pim_energy e = {0};
	cr_assert_eq(pim_cost_energy(outer, PIM_E_ACT, &e), -EINVAL, "size is not set");
	pim_cost_end(inner);
	pim_cost_end(outer);
	pim_cost_end(NULL);
	pim_close(dev);
}

/* ---- a device of the caller's own ---- */
struct own {
	int opened, closed, executed;
	int64_t n;
};

static int own_open(void *priv, const struct pim_config *config, void **state, char *err, size_t n)
{
	(void)err;
	(void)n;
	struct own *o = priv;
	o->opened++;
	o->n = pim_config_int(config, "n");
	*state = o;
	return 0;
}

static void own_close(void *state)
{
	((struct own *)state)->closed++;
}

static int own_alloc(void *state, struct pim_call *call, struct pim_operand *o)
{
	(void)state;
	(void)call;
	o->mem = malloc(1);
	return 0;
}

static void own_free(void *state, struct pim_operand *o)
{
	(void)state;
	free(o->mem);
}

static int own_execute(void *state, struct pim_call *call, const struct pim_command *c)
{
	struct own *o = state;
	o->executed++;
	pim_call_charge(call, PIM_MACS, (uint64_t)o->n * c->src[0]->rows);
	pim_call_time(call, PIM_PS_COMPUTE, 5, 6);
	return c->src[0]->rows == 3 ? 0 : pim_call_fail(call, -EIO, "broken on %d", 42);
}

static int own_counts(void *state, enum pim_count what)
{
	(void)state;
	(void)what;
	return 0;
}

Test(pim_api, a_device_of_the_callers_own)
{
	static const struct pim_key keys[] = {{"n", PIM_KEY_INT, "7", NULL, 1, 9, "a number"}, {0}};
	struct pim_device_ops ops = {.size = sizeof(ops),
				     .abi = PIM_ABI,
				     .caps = PIM_CAP_VECTORS | PIM_CAP_MATRICES,
				     .name = "own",
				     .keys = keys,
				     .open = own_open,
				     .close = own_close,
				     .alloc = own_alloc,
				     .free = own_free,
				     .execute = own_execute,
				     .counts = own_counts};
	struct own own = {0};
	struct pim_device *dev;
	struct pim_vector *x, *y, *y2;
	struct pim_matrix *w, *w2;
	struct pim_cost *cost;
	uint64_t n;
	cr_assert_eq(pim_open_ops(&ops, &own, "own:n=10", &dev, NULL, 0), -EINVAL);
	cr_assert_eq(pim_open_ops(&ops, &own, "ambit", &dev, NULL, 0), -EINVAL);
	ops.abi = 999;
	cr_assert_eq(pim_open_ops(&ops, &own, "own", &dev, NULL, 0), -EINVAL);
	ops.abi = PIM_ABI;
	cr_assert_eq(own.opened, 0);
	cr_assert_eq(pim_open_ops(&ops, &own, NULL, &dev, NULL, 0), 0);
	cr_assert_eq(own.n, 7);
	pim_close(dev);
	cr_assert_eq(pim_open_ops(&ops, &own, "own:n=3", &dev, NULL, 0), 0);
	cr_assert_str_eq(pim_spec(dev), "own:n=3");
	cr_assert_eq(pim_alloc(dev, pim_int(8), 4, &x), 0);
	cr_assert_eq(pim_alloc(dev, pim_int(32), 3, &y), 0);
	cr_assert_eq(pim_alloc(dev, pim_int(32), 2, &y2), 0);
	cr_assert_eq(pim_matrix_alloc(dev, pim_int(8), 3, 4, &w), 0);
	cr_assert_eq(pim_matrix_alloc(dev, pim_int(8), 2, 4, &w2), 0);
	cr_assert_eq(pim_matrix_bytes(w), 12);
	cr_assert_eq(pim_cost_begin(dev, &cost), 0);
	cr_assert_eq(pim_gemv(y, w, x), 0);
	cr_assert_eq(pim_gemv(y2, w, x), -EINVAL, "shapes");
	cr_assert_eq(pim_gemv(x, w, y), -EINVAL);
	cr_assert_eq(pim_gemv(y2, w2, x), -EIO);
	cr_assert_str_eq(pim_error(dev), "broken on 42");
	cr_assert(pim_cost_count(cost, PIM_MACS, &n) == 0 && n == 9 + 6);
	cr_assert(pim_cost_count(cost, PIM_PS_ELAPSED, &n) == 0 && n == 10);
	cr_assert(pim_cost_count(cost, PIM_PS_BUSY, &n) == 0 && n == 12);
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_cost_energy(cost, PIM_E_TOTAL, &e), -EOPNOTSUPP);
	cr_assert_eq(pim_write(x, "1234", 4), -EOPNOTSUPP);
	void *p;
	cr_assert_eq(pim_map(x, &p), -EOPNOTSUPP);
	pim_close(dev);
	cr_assert(own.opened == 2 && own.closed == 2 && own.executed == 2);
}

static void known_or_nan(double is, double want, const char *spec)
{
	if (want > 0)
		cr_assert_float_eq(is, want, 1e-9, "%s: %g", spec, is);
	else
		cr_assert(isnan(is), "%s: %g", spec, is);
}

/* A comparison names the memory that it gives a device: what the spec and the preset come to. A channel of DDR5 is half
 * as wide as one of DDR4. */
Test(pim_api, device_info_tells_the_memory)
{
	static const struct {
		const char *spec;
		uint32_t channels, ranks, banks;
		uint64_t row_bytes;
		double channel_gbps, gbps; /* 0: not known */
		uint64_t capacity;
		double area;
	} cases[] = {
		{"ambit:dram=ddr4-3200", 1, 1, 16, 8192, 25.6, 25.6, UINT64_C(16) * 64 * 1006 * 8192, 0},
		{"ambit:dram=ddr3-1600,channels=2,ranks=4,banks=5,subarrays=3,rows=128", 2, 4, 5, 8192, 12.8, 25.6,
		 UINT64_C(2) * 4 * 5 * 3 * 110 * 8192, 0},
		{"ambit:dram=ddr5-4800,channels=2,subarrays=1", 2, 1, 32, 4096, 19.2, 38.4,
		 UINT64_C(2) * 32 * 1006 * 4096, 0},
		{"ambit:dram=hbm2,channels=16,subarrays=2", 16, 1, 16, 1024, 16, 256,
		 UINT64_C(16) * 16 * 2 * 1006 * 1024, 0},
		{"cots:channels=3,subarrays=4", 3, 1, 16, 8192, 25.6, 76.8, UINT64_C(3) * 16 * 2 * 478 * 4096, 0},
		{"dimc", 0, 0, 0, 0, 0, 25.6, 12288, 0.9408},
		{"dimc:macro=isscc23-7.2,macros=10,link=7,efficiency=0.5", 0, 0, 0, 0, 0, 7, 81920, 1.462},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_device *dev;
		struct pim_device_info info = {.size = sizeof(info)};
		cr_assert_eq(pim_open(cases[i].spec, &dev, NULL, 0), 0, "%s", cases[i].spec);
		cr_assert_eq(pim_device_info(dev, &info), 0, "%s", cases[i].spec);
		cr_assert(info.channels == cases[i].channels && info.ranks == cases[i].ranks &&
				  info.banks == cases[i].banks && info.row_bytes == cases[i].row_bytes,
			  "%s: %u x %u x %u of %llu byte", cases[i].spec, info.channels, info.ranks, info.banks,
			  (unsigned long long)info.row_bytes);
		known_or_nan(info.channel_peak_gbps, cases[i].channel_gbps, cases[i].spec);
		known_or_nan(info.peak_gbps, cases[i].gbps, cases[i].spec);
		known_or_nan(info.area_mm2, cases[i].area, cases[i].spec);
		cr_assert_eq(info.area_source != NULL, cases[i].area > 0, "%s", cases[i].spec);
		cr_assert_eq(info.capacity_bytes, cases[i].capacity, "%s: %llu", cases[i].spec,
			     (unsigned long long)info.capacity_bytes);
		info.size = 1;
		cr_assert_eq(pim_device_info(dev, &info), -EINVAL);
		cr_assert_eq(pim_device_info(NULL, &info), -EINVAL);
		cr_assert_eq(pim_device_info(dev, NULL), -EINVAL);
		pim_close(dev);
	}
}

/* What the capacity says is what fits: one more row than that does not. */
Test(pim_api, capacity_is_what_can_be_allocated)
{
	static const char *const specs[] = {"ambit:dram=ddr4-3200,banks=2,subarrays=1,rows=32",
					    "cots:banks=2,subarrays=2,rows=64"};
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct pim_device *dev;
		struct pim_vector *v, *more;
		struct pim_device_info info = {.size = sizeof(info)};
		cr_assert_eq(pim_open(specs[i], &dev, NULL, 0), 0, "%s", specs[i]);
		cr_assert_eq(pim_device_info(dev, &info), 0);
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 8 * info.capacity_bytes, &v), 0, "%s: %s", specs[i],
			     pim_error(dev));
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 1, &more), -ENOSPC, "%s", specs[i]);
		pim_close(dev);
	}
}

static int info_of_zeros(void *state, struct pim_device_info *out)
{
	(void)state;
	*out = (struct pim_device_info){.size = sizeof(*out), .channels = 1, .area_source = "none"};
	return 0;
}

static int info_fails(void *state, struct pim_device_info *out)
{
	(void)state;
	out->channels = 7;
	return -EOPNOTSUPP;
}

/* What a device leaves at 0 is not known; it is not 0 GB/s or 0 mm2. */
Test(pim_api, what_info_leaves_out_is_not_zero)
{
	const struct pim_device_ops *host = pim_builtin(0);
	for (size_t i = 0; host && strcmp(host->name, "host") != 0;)
		host = pim_builtin(++i);
	cr_assert_not_null(host);
	struct pim_device_ops ops = *host;
	struct pim_device *dev;
	struct pim_device_info info = {.size = sizeof(info)};
	cr_assert_eq(pim_open("host", &dev, NULL, 0), 0);
	cr_assert_eq(pim_device_info(dev, &info), -EOPNOTSUPP);
	pim_close(dev);
	ops.info = info_of_zeros;
	cr_assert_eq(pim_open_ops(&ops, NULL, NULL, &dev, NULL, 0), 0);
	cr_assert_eq(pim_device_info(dev, &info), 0);
	cr_assert(info.channels == 1 && isnan(info.peak_gbps) && isnan(info.channel_peak_gbps));
	cr_assert(isnan(info.area_mm2) && !info.area_source);
	ops.info = info_fails;
	cr_assert_eq(pim_device_info(dev, &info), -EOPNOTSUPP);
	cr_assert(info.channels == 0 && isnan(info.peak_gbps), "nothing half known is left behind");
	pim_close(dev);
}

/* What a device says about itself beside its keys: specs that open it, and no half row. */
Test(pim_api, what_devices_want_to_be_compared_as_opens)
{
	const struct pim_device_ops *ops;
	size_t compared = 0, ratios = 0;
	for (size_t i = 0; (ops = pim_builtin(i)); i++) {
		for (const char *const *spec = ops->compared; spec && *spec; spec++, compared++) {
			struct pim_device *dev = NULL;
			cr_assert_eq(pim_open(*spec, &dev, NULL, 0), 0, "%s", *spec);
			cr_expect_eq(pim_ops_of(dev), ops, "%s", *spec);
			pim_close(dev);
		}
		for (const struct pim_ratio *r = ops->ratios; r && r->source; r++, ratios++) {
			struct pim_device *dev = NULL;
			cr_assert_eq(pim_open(r->spec, &dev, NULL, 0), 0, "%s", r->spec);
			cr_expect(pim_ops_of(dev) == ops && r->against && r->ratio > 0, "%s", r->spec);
			pim_close(dev);
		}
		cr_expect(!ops->cite || strncmp(ops->cite, "@", 1) == 0, "%s", ops->name);
	}
	cr_expect(compared >= 3 && ratios >= 3);
}
