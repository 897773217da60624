#include <criterion/criterion.h>

#include <errno.h>

#include "ambit-emu/fault_run.h"
#include "ambit-emu/redundant.h"
#include "ambit-emu/secded.h"
#include "tests/ambit-emu/model.h"

enum { ROW = 8192, SLOTS = 8, BYTES = SLOTS * ROW, MAX_IN = 4, MAX_OUT = 3 };

static const struct ambit_shift here = {0, 0, 0, 0};
static const struct ambit_geometry ddr3 = {
	.channels = 1, .ranks = 1, .banks = 8, .subarrays = 64, .rows = 1024, .chips = 8, .page_bytes = 1024};

static unsigned char in[MAX_IN][BYTES], out[2][MAX_OUT][BYTES];

/* Runs p at that variation on the same inputs; how many bits of the results are wrong. */
static uint64_t run(const struct ambit_program *p, double variation, unsigned char to[MAX_OUT][BYTES])
{
	struct ambit_fault_model m;
	struct ambit_fault_program x;
	struct ambit_fault_maps maps;
	struct ambit_verdict v;
	struct ambit_fault_done done = {{0, 0}, 0, 0};
	cr_assert_eq(ambit_fault_model(&m, 11, AMBIT_CURVE_AMBIT55, variation, 0, NULL), 0);
	cr_assert_eq(ambit_fault_prepare(p, &x, &v), 0, "%s", v.why);
	ambit_fault_maps_init(&maps, &m, &ddr3, 8 * ROW);
	cr_assert_eq(ambit_fault_maps_reserve(&maps, SLOTS, &here), 0);
	for (unsigned i = 0; i < SLOTS; i++)
		cr_assert_eq(ambit_fault_maps_draw(&maps, i, &here, x.addresses), 0);
	char *d[MAX_IN + MAX_OUT];
	for (unsigned i = 0; i < p->inputs; i++)
		d[i] = (char *)in[i];
	for (unsigned i = 0; i < p->outputs; i++)
		d[p->inputs + i] = (char *)to[i];
	struct ambit_fault_job job = {.x = &x,
				      .maps = &maps,
				      .d = d,
				      .row_bytes = ROW,
				      .lanes = 8 * BYTES,
				      .burst = {8, 64},
				      .strip = ROW,
				      .seed = 1};
	void *scratch = aligned_alloc(64, ambit_fault_scratch(&job));
	ambit_fault_run(&job, 0, SLOTS, BYTES, scratch, &done);
	free(scratch);
	ambit_fault_maps_free(&maps);
	ambit_fault_program_free(&x);
	return done.wrong;
}

static void random_inputs(uint64_t *r)
{
	for (int i = 0; i < MAX_IN; i++)
		for (int k = 0; k < BYTES; k++)
			in[i][k] = (unsigned char)test_random(r);
}

Test(ambit_redundant, three_times_the_bulk_operations)
{
	uint64_t r = 31;
	random_inputs(&r);
	for (int op = 0; op < AMBIT_BULK_COUNT; op++) {
		const struct ambit_program *p = ambit_bulk_program((enum ambit_bulk)op);
		struct ambit_builder b = {.rc = 0};
		struct ambit_counts n, t;
		cr_assert_eq(ambit_triple(p, &b), 0, "%s", p->name);
		ambit_program_counts(p, &n);
		ambit_program_counts(&b.p, &t);
		cr_assert_eq(b.p.inputs, p->inputs);
		cr_assert_eq(b.p.outputs, p->outputs);
		cr_assert_geq(t.aap + t.ap, 3 * (n.aap + n.ap) + 4, "%s", p->name);
		if (op == AMBIT_AND || op == AMBIT_OR || op == AMBIT_MAJ || op == AMBIT_COPY)
			cr_assert_eq(t.aap + t.ap, 3 * (n.aap + n.ap) + 4, "%s takes %llu commands", p->name,
				     (unsigned long long)(t.aap + t.ap));
		run(p, 0, out[0]);
		run(&b.p, 0, out[1]);
		cr_assert_arr_eq(out[0][0], out[1][0], BYTES, "%s three times gives something else", p->name);
		uint64_t once = run(p, 10, out[0]), voted = run(&b.p, 10, out[1]);
		if (once == 0)
			cr_assert_lt(voted, 5, "%s: %llu wrong bits from none", p->name, (unsigned long long)voted);
		else /* two of a column's addresses must be bad */
			cr_assert_lt(voted, once / 50, "%s: %llu wrong bits of %llu are left", p->name,
				     (unsigned long long)voted, (unsigned long long)once);
		ambit_builder_free(&b);
	}
}

static struct ambit_address random_address(uint64_t *r, int rows)
{
	uint64_t x = test_random(r);
	unsigned kind = x % 8;
	if (kind < 5)
		return (struct ambit_address){AMBIT_B, 0, (uint16_t)(x >> 8 & 15)};
	if (kind == 5)
		return (struct ambit_address){AMBIT_C, 0, (uint16_t)(x >> 8 & 1)};
	return (struct ambit_address){AMBIT_D, 0, (uint16_t)((x >> 8) % (unsigned)rows)};
}

/* Legal programs without stale reads that leave their inputs alone: compute rows and results begin as copies. */
static void random_program(struct ambit_program *p, struct ambit_command *cmd, size_t length, uint64_t *r)
{
	enum { ROWS = MAX_IN + MAX_OUT + 2 };
	static const uint16_t single[] = {0, 1, 2, 3, 4, 6};
	struct ambit_verdict v;
	*p = (struct ambit_program){"random", cmd, 0, MAX_IN, ROWS, MAX_OUT};
	for (unsigned i = 0; i < 6; i++)
		cmd[p->n++] = (struct ambit_command){AMBIT_AAP, ambit_d((unsigned)(test_random(r) % MAX_IN)),
						     ambit_b(single[i])};
	for (unsigned i = MAX_IN; i < ROWS; i++)
		cmd[p->n++] =
			(struct ambit_command){AMBIT_AAP, ambit_d((unsigned)(test_random(r) % MAX_IN)), ambit_d(i)};
	while (p->n < length) {
		cmd[p->n] = (struct ambit_command){test_random(r) % 3 ? AMBIT_AAP : AMBIT_AP, random_address(r, ROWS),
						   random_address(r, ROWS)};
		if (cmd[p->n].b.group == AMBIT_D && cmd[p->n].b.index < MAX_IN)
			continue;
		p->n++;
		if (ambit_verify(p, &v) < 0)
			p->n--;
	}
}

Test(ambit_redundant, moved_addresses_compute_the_same)
{
	uint64_t r = 4242;
	struct ambit_command cmd[80];
	struct ambit_program p;
	random_inputs(&r);
	for (int i = 0; i < 120; i++) {
		random_program(&p, cmd, 16 + (size_t)(test_random(&r) % 64), &r);
		struct ambit_builder b = {.rc = 0};
		cr_assert_eq(ambit_triple(&p, &b), 0);
		run(&p, 0, out[0]);
		run(&b.p, 0, out[1]);
		for (int k = 0; k < MAX_OUT; k++)
			cr_assert_arr_eq(out[0][k], out[1][k], BYTES, "program %d, result %d", i, k);
		ambit_builder_free(&b);
	}
}

Test(ambit_redundant, what_cannot_run_three_times_is_refused)
{
	const struct ambit_command stale[] = {{AMBIT_AAP, ambit_b(0), ambit_d(0)}};
	const struct ambit_command changing[] = {{AMBIT_AAP, ambit_c(0), ambit_d(0)}};
	const struct ambit_command illegal[] = {{AMBIT_AAP, ambit_c(0), ambit_c(1)}};
	const struct ambit_program bad[] = {{"stale", stale, 1, 0, 1, 1}, {"changing", changing, 1, 1, 2, 1}};
	const struct ambit_program worse = {"illegal", illegal, 1, 0, 1, 1};
	struct ambit_builder b = {.rc = 0};
	cr_assert_eq(ambit_triple(&bad[0], &b), -EOPNOTSUPP);
	cr_assert_eq(ambit_triple(&bad[1], &b), -EOPNOTSUPP);
	cr_assert_eq(ambit_triple(&worse, &b), -EINVAL);
	ambit_builder_free(&b);
}

/* ---- SEC-DED ---- */

static void flip(uint64_t *data, uint8_t *check, int bit)
{
	if (bit < 64)
		*data ^= (uint64_t)1 << bit;
	else
		*check ^= (uint8_t)(1 << (bit - 64));
}

Test(ambit_secded, one_error_is_corrected_and_two_are_detected)
{
	uint64_t r = 77;
	for (int n = 0; n < 20; n++) {
		uint64_t word = n == 0 ? 0 : n == 1 ? UINT64_MAX : test_random(&r);
		for (int i = 0; i < 72; i++)
			for (int k = i; k < 72; k++) {
				uint64_t data = word;
				uint8_t check = ambit_secded_check(word);
				flip(&data, &check, i);
				if (k > i)
					flip(&data, &check, k);
				uint64_t hit = data;
				enum ambit_ecc e = ambit_secded_decode(&data, check);
				cr_assert_eq(e, k > i ? AMBIT_ECC_DETECTED : AMBIT_ECC_CORRECTED, "bits %d and %d", i,
					     k);
				cr_assert_eq(data, k > i ? hit : word, "bits %d and %d", i, k);
			}
		uint64_t data = word;
		cr_assert_eq(ambit_secded_decode(&data, ambit_secded_check(word)), AMBIT_ECC_CLEAN);
	}
}

Test(ambit_secded, codes_survive_xor_and_not_but_no_and)
{
	uint64_t r = 5;
	int broken = 0;
	for (int i = 0; i < 1000; i++) {
		uint64_t a = test_random(&r), b = test_random(&r);
		uint8_t ca = ambit_secded_check(a), cb = ambit_secded_check(b);
		cr_assert_eq(ambit_secded_check(a ^ b), ca ^ cb);
		cr_assert_eq(ambit_secded_check(~a), (uint8_t)~ca);
		cr_assert_eq(ambit_secded_check(~(a ^ b)), (uint8_t) ~(ca ^ cb));
		broken += ambit_secded_check(a & b) != (ca & cb);
	}
	cr_assert_gt(broken, 900);
	cr_assert_eq(ambit_secded_check(0), 0);
	cr_assert_eq(ambit_secded_check(UINT64_MAX), 0xff);
}
