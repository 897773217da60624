/* Finding records: the state in which most rounds were measured. */
#include "tests/reports/fixture.h"

#include "reports/select.h"

/* As select.h says it: for every record, the rounds of all that are in its state. */
static double usual_by_definition(const double *c2c, const size_t *rounds, size_t n)
{
	double usual = 0;
	size_t most = 0;
	for (size_t i = 0; i < n; i++) {
		size_t like = 0;
		for (size_t k = 0; k < n; k++)
			if (c2c[i] > 0 && c2c[k] > 0 && c2c[i] / c2c[k] < 1.6 && c2c[k] / c2c[i] < 1.6)
				like += rounds[k];
		if (isfinite(c2c[i]) && like > most) {
			most = like;
			usual = c2c[i];
		}
	}
	return usual;
}

static uint64_t next(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *x >> 33;
}

/* A record in five has none or an absurd one. */
static double some_latency(uint64_t *x)
{
	static const double absurd[] = {0, -40, 5e-324, 1e308};
	uint64_t kind = next(x) % 25, number = next(x);
	if (kind == 0)
		return (double)NAN;
	if (kind < 5)
		return absurd[kind - 1];
	return kind < 15 ? 20 + (double)(number % 400) : exp((double)(number % 1000) / 100);
}

Test(select, usual_state_of_random_runs)
{
	enum { MOST = 60 };
	uint64_t x = 1;
	for (int turn = 0; turn < 3000; turn++) {
		struct mw_records l = {0};
		double c2c[MOST];
		size_t rounds[MOST], n = (size_t)(next(&x) % MOST);
		for (size_t i = 0; i < n; i++) {
			struct mw_record r;
			mw_record_init(&r, "bandwidth", "read", "bandwidth", MW_GBPS);
			c2c[i] = some_latency(&x);
			if (!isnan(c2c[i]))
				(void)mw_set_real(&r, MW_AS_OBSERVED, "c2c_ns", c2c[i]);
			rounds[i] = r.n = (size_t)(next(&x) % 4);
			cr_assert_eq(mw_records_add(&l, &r), 0);
			mw_record_fini(&r);
		}
		cr_assert_eq(query_usual_c2c(&l), usual_by_definition(c2c, rounds, n), "turn %d", turn);
		mw_records_fini(&l);
	}
}
