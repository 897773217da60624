#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pim/oracle.h"

Test(pim_host, bulk_operations_are_exact)
{
	enum { N = 1000 };
	unsigned char in[3][N], out[N];
	uint64_t r = 42;
	for (int i = 0; i < 3 * N; i++)
		in[i / N][i % N] = (unsigned char)oracle_random(&r);
	struct pim_device *dev;
	char err[200];
	cr_assert_eq(pim_open("host", &dev, err, sizeof(err)), 0, "%s", err);
	struct pim_vector *v[4];
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pim_alloc(dev, pim_uint(8), N, &v[i]), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_write(v[i], in[i], N), 0);
	for (int op = PIM_NOT; op <= PIM_COPY; op++) {
		cr_assert_eq(pim_execute((enum pim_op)op, v[3], v, pim_op_inputs((enum pim_op)op)), 0);
		cr_assert_eq(pim_read(v[3], out, N), 0);
		for (int i = 0; i < N; i++)
			cr_assert_eq(out[i], oracle_byte((enum pim_op)op, in[0][i], in[1][i], in[2][i]), "%s byte %d",
				     pim_op_name((enum pim_op)op), i);
	}
	/* A pattern of several bytes. */
	struct pim_vector *wide;
	uint16_t words[500];
	cr_assert_eq(pim_alloc(dev, pim_uint(16), 500, &wide), 0);
	cr_assert_eq(pim_fill(wide, 0x1234), 0);
	cr_assert_eq(pim_read(wide, words, sizeof(words)), 0);
	for (int i = 0; i < 500; i++)
		cr_assert_eq(words[i], 0x1234);
	cr_assert_eq(pim_alloc(dev, (struct pim_type){sizeof(struct pim_type), PIM_FP16, 16, 0}, 500, &wide),
		     -EOPNOTSUPP);
	cr_assert_eq(pim_fill(v[3], 0x5a), 0);
	cr_assert_eq(pim_read(v[3], out, N), 0);
	cr_assert(out[0] == 0x5a && memcmp(out, out + 1, N - 1) == 0);
	pim_close(dev);
}

Test(pim_host, costs_only_where_a_rate_is_given)
{
	struct pim_device *dev;
	struct pim_vector *v[2];
	struct pim_cost *cost;
	uint64_t ps = 7;
	for (int given = 0; given < 2; given++) {
		cr_assert_eq(pim_open(given ? "host:gbps=10" : "host", &dev, NULL, 0), 0);
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 8000, &v[0]), 0);
		cr_assert_eq(pim_alloc(dev, pim_uint(1), 8000, &v[1]), 0);
		cr_assert_eq(pim_cost_begin(dev, &cost), 0);
		cr_assert_eq(pim_copy(v[1], v[0]), 0);
		cr_assert_eq(pim_cost_count(cost, PIM_PS_ELAPSED, &ps), given ? 0 : -EOPNOTSUPP);
		cr_assert_eq(ps, given ? 200000 : 7); /* 2000 bytes at 10 GB/s */
		cr_assert_eq(pim_cost_count(cost, PIM_AAP, &ps), -EOPNOTSUPP);
		ps = 7;
		pim_close(dev);
	}
}
