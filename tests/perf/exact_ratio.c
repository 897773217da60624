/* Ratios for `make bench-exact`: the exact engine of device ambit. exact_ratio [BYTES [ROUNDS]]
 *
 *   - AND of BYTES per operand (1 GiB) and 32-bit additions of BYTES / 2, all threads, against a plain C loop over the
 *     same bytes (ordinary stores) and against the fused engine (non-temporal stores)
 *   - triple-row activations in the first-level cache against a loop of three loads, a majority and three stores
 *   - one thread against all of them on products of 32-bit lanes, four rows of each bit: 3 MiB, in the caches
 *   - compiled programs in the fused engine against the operations that they replace, in the caches and beyond
 *   - how fast lanes are transposed on their way in and out
 *
 * Rounds take the peer, ours and the peer again (P, M, P'). A comparison counts only when median(P/P') is within 1 % of
 * 1 and, for several threads, when core-to-core probes before and after a round agree; it is inconclusive when the 95 %
 * interval of the ratio is wider than +-2 %. Nothing is asserted but that the results are right. */
#include <errno.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "ambit-emu/builder.h"
#include "ambit-emu/exact.h"
#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/option.h"
#include "base/sys/topology.h"
#include "tests/perf/ratio.h"

enum { TRA_COMMANDS = 4096 };

static int fail(const char *what, int rc)
{
	(void)fprintf(stderr, "bench-exact: %s: %s\n", what, mw_strerror(rc));
	return rc;
}

/* ---- triple-row activation ---- */

typedef void (*tra_loop)(char *a, char *b, char *c, size_t bytes);

static void tra_portable(char *a, char *b, char *c, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 8) {
		uint64_t x, y, z;
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		memcpy(&z, c + i, 8);
		x = (x & y) | (z & (x | y));
		memcpy(a + i, &x, 8);
		memcpy(b + i, &x, 8);
		memcpy(c + i, &x, 8);
	}
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void tra_avx512(char *a, char *b, char *c, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64) {
		__m512i x = _mm512_ternarylogic_epi64(_mm512_load_si512(a + i), _mm512_load_si512(b + i),
						      _mm512_load_si512(c + i), 0xe8);
		_mm512_store_si512(a + i, x);
		_mm512_store_si512(b + i, x);
		_mm512_store_si512(c + i, x);
	}
}
#endif

struct tra {
	struct ambit_exact x;
	size_t strip;
	char *rows, *scratch, *result; /* of the loop; of the engine */
	tra_loop loop;
	double loop_ns, engine_ns;
};

static void tra_loop_member(void *arg, int rank, int n)
{
	struct tra *t = arg;
	(void)rank;
	(void)n;
	uint64_t from = mw_now_ns();
	for (int i = 0; i < TRA_COMMANDS; i++)
		t->loop(t->rows, t->rows + t->strip, t->rows + 2 * t->strip, t->strip);
	t->loop_ns = (double)(mw_now_ns() - from);
}

static void tra_engine_member(void *arg, int rank, int n)
{
	struct tra *t = arg;
	(void)rank;
	(void)n;
	struct ambit_executed done = {{0, 0}};
	char *row = t->result;
	const struct ambit_exact_job j = {&t->x, ambit_cells(mw_isa_best()), &row, t->strip, false, 1};
	uint64_t from = mw_now_ns();
	ambit_exact_run(&j, 0, t->strip, t->scratch, &done);
	t->engine_ns = (double)(mw_now_ns() - from);
}

static void compare_tra(struct mw_team *team, struct tra *t, int rounds)
{
	static double self[RATIO_MAX_ROUNDS], ratio[RATIO_MAX_ROUNDS], gbps[RATIO_MAX_ROUNDS];
	for (int i = 0; i < rounds; i++) {
		(void)mw_team_run(team, 1, tra_loop_member, t);
		double first = t->loop_ns;
		(void)mw_team_run(team, 1, tra_engine_member, t);
		(void)mw_team_run(team, 1, tra_loop_member, t);
		self[i] = first / t->loop_ns;
		ratio[i] = 0.5 * (first + t->loop_ns) / t->engine_ns;
		gbps[i] = (double)TRA_COMMANDS * (double)t->strip / t->engine_ns;
	}
	size_t n = (size_t)rounds;
	printf("triple-row activations on rows of %zu byte: %.0f GB/s of row\n", t->strip, ratio_median(gbps, n));
	(void)ratio_verdict("exact activation", "the loop", ratio, n, ratio_median(self, n), 0.6);
}

static int bench_tra(struct mw_team *team, int rounds)
{
	struct tra t = {.loop = tra_portable};
	struct ambit_builder b = {0};
	struct ambit_verdict v;
#if defined(__x86_64__)
	if (mw_isa_best() == MW_ISA_AVX512)
		t.loop = tra_avx512;
#endif
	for (int i = 0; i < TRA_COMMANDS; i++)
		ambit_ap(&b, ambit_b(12));
	/* A result that depends on all of them: rows that nobody reads would not be stored. */
	ambit_aap(&b, ambit_b(12), ambit_d(0));
	b.p.outputs = b.p.rows = 1;
	int rc = b.rc < 0 ? b.rc : ambit_exact_prepare(&b.p, &t.x, &v);
	if (rc == 0) {
		t.strip = ambit_exact_strip(&t.x, false);
		t.rows = aligned_alloc(4096, (3 * t.strip + 4095) / 4096 * 4096);
		t.scratch = aligned_alloc(4096, ambit_exact_scratch(&t.x, t.strip));
		t.result = aligned_alloc(4096, (t.strip + 4095) / 4096 * 4096);
		rc = t.rows && t.scratch && t.result ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		memset(t.rows, 0x5a, 3 * t.strip);
		compare_tra(team, &t, rounds);
	}
	free(t.rows);
	free(t.scratch);
	free(t.result);
	ambit_exact_free(&t.x);
	ambit_builder_free(&b);
	return rc < 0 ? fail("activations", rc) : 0;
}

/* ---- devices ---- */

struct device {
	struct pim_device *dev;
	struct pim_vector *v[3];
	enum pim_op op;
};

static int open_device(struct device *d, const char *engine, struct pim_type type, uint64_t lanes, enum pim_op op)
{
	char err[200] = "", spec[80];
	(void)snprintf(spec, sizeof(spec), "ambit:dram=ddr4-3200,engine=%s,ranks=8", engine);
	d->op = op;
	int rc = pim_open(spec, &d->dev, err, sizeof(err));
	if (rc < 0)
		return fail(err, rc);
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = pim_alloc(d->dev, type, lanes, &d->v[i]);
	return rc < 0 ? fail(pim_error(d->dev), rc) : 0;
}

static double run_ns(struct device *d, struct mw_team *team, int threads)
{
	struct pim_executor e = ratio_executor(team, threads);
	uint64_t t = mw_now_ns();
	int rc = pim_set_executor(d->dev, &e);
	if (rc == 0)
		rc = pim_execute2(d->op, d->v[2], d->v[0], d->v[1]);
	return rc < 0 ? (double)NAN : (double)(mw_now_ns() - t);
}

/* As many operations back to back as take a millisecond or more. */
static double repeat_ns(struct device *d, struct mw_team *team, int threads, int times)
{
	double sum = 0;
	for (int i = 0; i < times; i++)
		sum += run_ns(d, team, threads);
	return sum;
}

static int bench_threads(struct mw_team *team, int rounds)
{
	static double self[RATIO_MAX_ROUNDS], ratio[RATIO_MAX_ROUNDS];
	struct device d = {0};
	enum { ROWS = 4, TIMES = 3 };
	char of[40];
	size_t n = 0;
	int threads = mw_team_size(team);
	if (threads < 2)
		return printf("one CPU: nothing to compare threads with\n"), 0;
	int rc = open_device(&d, "exact", pim_uint(32), (uint64_t)ROWS * 8 * 8192, PIM_MUL);
	for (int i = 0; i < rounds && rc == 0; i++) {
		double before = ratio_probe(team), first = repeat_ns(&d, team, 1, TIMES);
		double ours = repeat_ns(&d, team, threads, TIMES), second = repeat_ns(&d, team, 1, TIMES);
		if (ratio_moved(before, ratio_probe(team)))
			continue;
		self[n] = first / second;
		ratio[n++] = 0.5 * (first + second) / ours;
	}
	(void)snprintf(of, sizeof(of), "one thread, by %d", threads);
	(void)ratio_verdict("exact mul32, 3 MiB", of, ratio, n, ratio_median(self, n), 0.85 * threads);
	pim_close(d.dev);
	return rc;
}

/* ---- operands and results ---- */

static uint32_t *random_words(size_t n, uint64_t seed)
{
	uint32_t *p = malloc(n * sizeof(*p));
	for (size_t i = 0; p && i < n; i++)
		p[i] = (uint32_t)(mw_random(&seed) >> 7);
	return p;
}

struct host {
	uint32_t *a, *b, *out;
	uint64_t lanes;
};

static int write_operands(struct device *d, const struct host *h, struct mw_team *team, double *gbps)
{
	struct pim_executor e = ratio_executor(team, mw_team_size(team));
	size_t bytes = pim_bytes(d->v[0]);
	int rc = pim_set_executor(d->dev, &e);
	if (rc == 0)
		rc = pim_write(d->v[0], h->a, bytes);
	if (rc == 0)
		rc = pim_write(d->v[1], h->b, bytes);
	uint64_t t = mw_now_ns(); /* the pages are there now */
	if (rc == 0)
		rc = pim_write(d->v[1], h->b, bytes);
	*gbps = (double)bytes / (double)(mw_now_ns() - t);
	return rc;
}

static int check_results(struct device *d, const struct host *h, double *gbps)
{
	size_t bytes = pim_bytes(d->v[2]);
	uint64_t t = mw_now_ns();
	int rc = pim_read(d->v[2], h->out, bytes);
	*gbps = (double)bytes / (double)(mw_now_ns() - t);
	for (uint64_t i = 0; i < h->lanes && rc == 0; i++)
		rc = h->out[i] == (d->op == PIM_AND ? h->a[i] & h->b[i] : h->a[i] + h->b[i]) ? 0 : MW_EVERIFY;
	return rc;
}

/* ---- against a plain loop ---- */

static void plain_and(uint32_t *restrict out, const uint32_t *a, const uint32_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] & b[i];
}

static void plain_add(uint32_t *restrict out, const uint32_t *a, const uint32_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] + b[i];
}

struct plain {
	void (*loop)(uint32_t *restrict out, const uint32_t *a, const uint32_t *b, size_t n);
	const struct host *h;
};

static void plain_member(void *arg, int rank, int n)
{
	const struct plain *p = arg;
	size_t words = (size_t)p->h->lanes / 1024, from = words * (size_t)rank / (size_t)n * 1024;
	size_t to = words * ((size_t)rank + 1) / (size_t)n * 1024;
	p->loop(p->h->out + from, p->h->a + from, p->h->b + from, to - from);
}

static double plain_ns(const struct plain *p, struct mw_team *team)
{
	uint64_t t = mw_now_ns();
	(void)mw_team_run(team, mw_team_size(team), plain_member, (void *)(uintptr_t)p);
	return (double)(mw_now_ns() - t);
}

struct peers {
	const char *what;
	struct device fused, exact;
	struct plain plain;
	double bar;
};

/* Rounds of the loop, the exact engine, the loop again; and the fused engine beside them. */
static void compare_peers(struct peers *p, struct mw_team *team, int rounds)
{
	static double self[RATIO_MAX_ROUNDS], ratio[RATIO_MAX_ROUNDS], fused[RATIO_MAX_ROUNDS], rate[RATIO_MAX_ROUNDS];
	size_t n = 0;
	int threads = mw_team_size(team);
	double slowest = (double)INFINITY, near = (double)INFINITY, far = 0;
	for (int i = 0; i < rounds; i++) {
		double before = ratio_probe(team), first = plain_ns(&p->plain, team);
		double ours = run_ns(&p->exact, team, threads), second = plain_ns(&p->plain, team);
		double other = run_ns(&p->fused, team, threads);
		if (ratio_moved(before, ratio_probe(team)))
			continue;
		near = fmin(near, before);
		far = fmax(far, before);
		self[n] = first / second;
		ratio[n] = 0.5 * (first + second) / ours;
		fused[n] = other / ours;
		rate[n] = (double)p->plain.h->lanes / ours;
		slowest = fmin(slowest, rate[n++]);
	}
	if (n == 0)
		return;
	(void)ratio_verdict(p->what, "the plain loop", ratio, n, ratio_median(self, n), p->bar);
	printf("    %.3f of the fused engine; %.3f G 32-bit lanes/s, least %.3f, on %d threads; core to core "
	       "%.0f..%.0f ns\n",
	       ratio_median(fused, n), ratio_median(rate, n), slowest, threads, near, far);
}

static int bench_peers(struct mw_team *team, const char *what, enum pim_op op, uint64_t bytes, double bar, int rounds)
{
	struct host h = {.lanes = bytes / 4};
	struct peers p = {.what = what, .plain = {op == PIM_AND ? plain_and : plain_add, &h}, .bar = bar};
	struct pim_type type = op == PIM_AND ? pim_uint(1) : pim_uint(32);
	double in = 0, out = 0;
	h.a = random_words(h.lanes, 1);
	h.b = random_words(h.lanes, 2);
	h.out = random_words(h.lanes, 3);
	int rc = h.a && h.b && h.out ? 0 : fail("operands", -ENOMEM);
	if (rc == 0)
		rc = open_device(&p.fused, "fused", type, 8 * bytes / type.bits, op);
	if (rc == 0)
		rc = open_device(&p.exact, "exact", type, 8 * bytes / type.bits, op);
	if (rc == 0)
		rc = write_operands(&p.fused, &h, team, &in);
	if (rc == 0)
		rc = write_operands(&p.exact, &h, team, &in);
	if (rc == 0) {
		(void)run_ns(&p.exact, team, mw_team_size(team));
		rc = check_results(&p.exact, &h, &out);
	}
	if (rc == 0) {
		printf("%s, %.3g MiB per operand; written at %.1f GB/s, read at %.1f GB/s\n", what,
		       (double)bytes / 1048576.0, in, out);
		compare_peers(&p, team, rounds);
	}
	pim_close(p.fused.dev);
	pim_close(p.exact.dev);
	free(h.a);
	free(h.b);
	free(h.out);
	return rc < 0 ? fail(what, rc) : 0;
}

/* ---- programs ---- */

/* An expression, and the same as operations on vectors: 0..3 are a..d, 4 and 5 temporaries, 6 the result. */
struct expression {
	const char *text;
	struct {
		enum pim_op op;
		uint8_t dst, a, b;
	} step[5];
	unsigned steps;
};

static const struct expression expressions[] = {
	{"y = a & b", {{PIM_AND, 6, 0, 1}}, 1},
	{"y = a ^ b", {{PIM_XOR, 6, 0, 1}}, 1},
	{"y = (a & b) | (c ^ d)", {{PIM_AND, 4, 0, 1}, {PIM_XOR, 5, 2, 3}, {PIM_OR, 6, 4, 5}}, 3},
	{"y = ~((a ^ b) & (b | c)) ^ d",
	 {{PIM_XOR, 4, 0, 1}, {PIM_OR, 5, 1, 2}, {PIM_NAND, 4, 4, 5}, {PIM_XOR, 6, 4, 3}},
	 4},
};

struct programs {
	const struct expression *e;
	struct pim_program *p;
	struct pim_device *dev;
	struct pim_vector *v[7];
	struct pim_vector *in[4];
	size_t n_in;
};

static int run_operations(const struct programs *p)
{
	int rc = 0;
	for (unsigned i = 0; i < p->e->steps && rc == 0; i++)
		rc = pim_execute2(p->e->step[i].op, p->v[p->e->step[i].dst], p->v[p->e->step[i].a],
				  p->v[p->e->step[i].b]);
	return rc;
}

static double programs_ns(const struct programs *p, bool program, int times)
{
	uint64_t t = mw_now_ns();
	int rc = 0;
	for (int i = 0; i < times && rc == 0; i++)
		rc = program ? pim_program_run(p->p, &p->v[6], 1, p->in, p->n_in) : run_operations(p);
	return rc < 0 ? (double)NAN : (double)(mw_now_ns() - t);
}

static int open_programs(struct programs *p, struct mw_team *team, uint64_t bytes)
{
	struct pim_executor ex = ratio_executor(team, mw_team_size(team));
	char err[200] = "";
	int rc = pim_program_compile(PIM_EXPRESSION, p->e->text, strlen(p->e->text), &p->p, err, sizeof(err));
	if (rc == 0)
		rc = pim_open("ambit:dram=ddr4-3200,ranks=8", &p->dev, err, sizeof(err));
	if (rc == 0)
		rc = pim_set_executor(p->dev, &ex);
	for (int i = 0; i < 7 && rc == 0; i++) {
		rc = pim_alloc(p->dev, pim_uint(1), 8 * bytes, &p->v[i]);
		if (rc == 0)
			rc = pim_fill(p->v[i], i & 1);
	}
	/* Inputs have one letter each. */
	for (; rc == 0 && p->n_in < 4 && pim_program_input(p->p, p->n_in); p->n_in++)
		p->in[p->n_in] = p->v[pim_program_input(p->p, p->n_in)[0] - 'a'];
	return rc < 0 ? fail(err[0] ? err : p->e->text, rc) : 0;
}

static int bench_program(struct mw_team *team, const struct expression *e, uint64_t bytes, int rounds)
{
	static double self[RATIO_MAX_ROUNDS], ratio[RATIO_MAX_ROUNDS];
	struct programs p = {.e = e};
	char what[80];
	int times = (int)((UINT64_C(16) << 20) / bytes) + 1, rc = open_programs(&p, team, bytes);
	for (int i = 0; i < rounds && rc == 0; i++) {
		double first = programs_ns(&p, false, times), ours = programs_ns(&p, true, times);
		double second = programs_ns(&p, false, times);
		self[i] = first / second;
		ratio[i] = 0.5 * (first + second) / ours;
	}
	(void)snprintf(what, sizeof(what), "%s, %.3g MiB", e->text, (double)bytes / 1048576.0);
	if (rc == 0)
		(void)ratio_verdict(what, "the operations", ratio, (size_t)rounds, ratio_median(self, (size_t)rounds),
				    1);
	pim_program_free(p.p);
	pim_close(p.dev);
	return rc;
}

static int bench_programs(struct mw_team *team, int rounds)
{
	static const uint64_t sizes[] = {8 << 10, 256 << 10, 4 << 20, 64 << 20};
	int rc = 0;
	for (size_t e = 0; e < sizeof(expressions) / sizeof(expressions[0]); e++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && rc == 0; i++)
			rc = bench_program(team, &expressions[e], sizes[i], rounds);
	return rc;
}

int main(int argc, char **argv)
{
	static struct mw_topology topo;
	static int cpus[MW_MAX_CPUS];
	struct mw_team *team = NULL;
	char err[200] = "";
	uint64_t bytes = UINT64_C(1) << 30;
	int64_t rounds = 25;
	if ((argc > 1 && mw_parse_size(argv[1], &bytes) < 0) || (argc > 2 && mw_parse_int(argv[2], &rounds) < 0) ||
	    bytes < 4096 || rounds < 1 || rounds > RATIO_MAX_ROUNDS)
		return fprintf(stderr, "usage: exact_ratio [BYTES [ROUNDS]]\n"), 2;
	int rc = mw_topology_read("/", NULL, &topo, err, sizeof(err));
	if (rc == 0)
		rc = mw_team_create(cpus, mw_topology_cpu_ids(&topo, cpus, MW_MAX_CPUS), &team, err, sizeof(err));
	if (rc < 0)
		return fail(err, rc), 1;
	/* Three vectors here, three for each engine. */
	while (9 * bytes > topo.host.mem_available / 4 * 3 && bytes > 1u << 20)
		bytes /= 2;
	rc = bench_tra(team, (int)rounds);
	if (rc == 0)
		rc = bench_threads(team, (int)rounds);
	if (rc == 0)
		rc = bench_programs(team, (int)rounds);
	if (rc == 0)
		rc = bench_peers(team, "exact AND", PIM_AND, bytes, 0.95, (int)rounds);
	if (rc == 0)
		rc = bench_peers(team, "exact add32", PIM_ADD, bytes / 2, 0.6, (int)rounds);
	mw_team_destroy(team);
	return rc < 0;
}
