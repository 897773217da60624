/* Ratios for `make bench-offload`: and over vectors of 1 GiB on device ambit, operands resident, against the best host
 * loop in the same process. and_ratio [BYTES [ROUNDS]]
 *
 * Each round takes host, fused, host again, exact (P, M, P', E). A comparison counts only when median(P/P') is within
 * 1 % of 1 and when core-to-core probes before and after a round agree. It fails when the 95 % interval of the ratio
 * lies below the bar, and is inconclusive when that interval is wider than +-2 %. */
#include <stdlib.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/kernels/bulk.h"
#include "base/core/option.h"
#include "base/sys/arena.h"
#include "base/sys/topology.h"
#include "tests/perf/ratio.h"

#define GIB (UINT64_C(1) << 30)

struct host {
	struct mw_team *team;
	uint8_t *a, *b, *out;
	size_t bytes;
	mw_bulk_fn fn;
	int threads;
	char name[48];
};

struct device {
	struct pim_device *dev;
	struct pim_vector *v[3];
	double write_gbps, read_gbps;
};

static int fail(const char *what, int rc)
{
	(void)fprintf(stderr, "bench-offload: %s: %s\n", what, mw_strerror(rc));
	return rc;
}

/* ---- the host ---- */

static void and_member(void *arg, int rank, int n)
{
	const struct host *h = arg;
	size_t begin, end;
	mw_team_slice(h->bytes, 4096, rank, n, &begin, &end);
	const void *src[2] = {h->a + begin, h->b + begin};
	if (end > begin)
		h->fn(h->out + begin, src, end - begin);
}

static void fill_member(void *arg, int rank, int n)
{
	const struct host *h = arg;
	size_t begin, end;
	uint64_t state = (uint64_t)rank;
	mw_team_slice(h->bytes, 4096, rank, n, &begin, &end);
	for (size_t i = begin; i + 8 <= end; i += 8) {
		uint64_t x = mw_random(&state), y = mw_random(&state);
		memcpy(h->a + i, &x, 8);
		memcpy(h->b + i, &y, 8);
	}
}

/* Timed as the device is: from the caller, with handing out and waiting. */
static double host_ns(struct host *h)
{
	uint64_t t = mw_now_ns();
	(void)mw_team_run(h->team, h->threads, and_member, h);
	return (double)(mw_now_ns() - t);
}

static void search(struct host *h)
{
	struct host best = *h;
	double least = INFINITY;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++)
		for (int store = 0; store < MW_STORE_COUNT; store++)
			for (int threads = 1; threads <= mw_team_size(h->team); threads++) {
				const struct mw_bulk_kernels *k = mw_bulk_kernels((enum mw_isa)isa);
				if (!k || !k->fn[store][MW_BULK_AND])
					continue;
				h->fn = k->fn[store][MW_BULK_AND];
				h->threads = threads;
				double ns = fmin(fmin(host_ns(h), host_ns(h)), host_ns(h));
				if (ns >= least)
					continue;
				least = ns;
				best = *h;
				(void)snprintf(best.name, sizeof(best.name), "%s x%d %s stores",
					       mw_isa_name((enum mw_isa)isa), threads,
					       store == MW_STORE_NT ? "non-temporal" : "ordinary");
			}
	*h = best;
}

/* ---- the device ---- */

static int open_device(struct device *d, const char *spec, const struct host *h)
{
	char err[200] = "";
	struct pim_executor e = ratio_executor(h->team, mw_team_size(h->team));
	int rc = pim_open(spec, &d->dev, err, sizeof(err));
	if (rc < 0)
		return fail(err, rc);
	rc = pim_set_executor(d->dev, &e);
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = pim_alloc(d->dev, pim_uint(1), h->bytes * 8, &d->v[i]);
	if (rc == 0)
		rc = pim_write(d->v[0], h->a, h->bytes);
	if (rc == 0)
		rc = pim_write(d->v[1], h->b, h->bytes);
	if (rc == 0)
		rc = pim_and(d->v[2], d->v[0], d->v[1]);
	return rc < 0 ? fail(pim_error(d->dev), rc) : 0;
}

static double device_ns(struct device *d)
{
	uint64_t t = mw_now_ns();
	if (pim_and(d->v[2], d->v[0], d->v[1]) < 0)
		return NAN;
	return (double)(mw_now_ns() - t);
}

/* Copies in and out, and the result bit by bit against a plain loop. */
static int check(struct device *d, struct host *h)
{
	uint64_t t = mw_now_ns();
	int rc = pim_write(d->v[0], h->a, h->bytes);
	uint64_t mid = mw_now_ns();
	if (rc == 0)
		rc = pim_read(d->v[2], h->out, h->bytes);
	uint64_t end = mw_now_ns();
	d->write_gbps = (double)h->bytes / (double)(mid - t);
	d->read_gbps = (double)h->bytes / (double)(end - mid);
	for (size_t i = 0; i < h->bytes && rc == 0; i += 8) {
		uint64_t x, y, z;
		memcpy(&x, h->a + i, 8);
		memcpy(&y, h->b + i, 8);
		memcpy(&z, h->out + i, 8);
		rc = (x & y) == z ? 0 : MW_EVERIFY;
	}
	return rc < 0 ? fail("the device's result", rc) : 0;
}

/* ---- rounds ---- */

static int compare(struct host *h, struct device *fused, struct device *exact, int rounds)
{
	static double self[RATIO_MAX_ROUNDS], f[RATIO_MAX_ROUNDS], e[RATIO_MAX_ROUNDS], p[RATIO_MAX_ROUNDS],
		ef[RATIO_MAX_ROUNDS];
	size_t n = 0;
	int dropped = 0;
	for (int i = 0; i < rounds; i++) {
		double before = ratio_probe(h->team);
		double first = host_ns(h), m = device_ns(fused), second = host_ns(h), x = device_ns(exact);
		if (ratio_moved(before, ratio_probe(h->team))) {
			dropped++;
			continue;
		}
		p[n] = 0.5 * (first + second);
		self[n] = first / second;
		f[n] = p[n] / m;
		e[n] = p[n] / x;
		ef[n] = m / x;
		n++;
	}
	if (n == 0)
		return fail("every round saw the cores move", MW_EUNAVAILABLE), 0;
	double s = ratio_median(self, n);
	printf("host: %s, %.1f GB/s; host against itself %.3f; %d rounds dropped, cores moved\n", h->name,
	       3.0 * (double)h->bytes / ratio_median(p, n), s, dropped);
	printf("write %.1f GB/s, read %.1f GB/s (fused)\n", fused->write_gbps, fused->read_gbps);
	printf("exact against fused    %.3f\n", ratio_median(ef, n));
	int bad = ratio_verdict("fused engine", "the host", f, n, s, 0.95);
	return bad + ratio_verdict("exact engine", "the host", e, n, s, 0.7);
}

int main(int argc, char **argv)
{
	static struct mw_topology topo;
	static int cpus[MW_MAX_CPUS];
	struct host h = {.bytes = GIB};
	struct device fused = {0}, exact = {0};
	struct mw_arenas *arenas = NULL;
	struct mw_block block = {0};
	char err[200] = "";
	uint64_t bytes = GIB;
	int64_t rounds = 25;
	if ((argc > 1 && mw_parse_size(argv[1], &bytes) < 0) || (argc > 2 && mw_parse_int(argv[2], &rounds) < 0) ||
	    bytes < 4096 || rounds < 1 || rounds > RATIO_MAX_ROUNDS)
		return fprintf(stderr, "usage: and_ratio [BYTES [ROUNDS]]\n"), 2;
	int rc = mw_topology_read("/", NULL, &topo, err, sizeof(err));
	if (rc == 0)
		rc = mw_team_create(cpus, mw_topology_cpu_ids(&topo, cpus, MW_MAX_CPUS), &h.team, err, sizeof(err));
	/* Three vectors here, three for each engine. */
	while (rc == 0 && 9 * bytes > topo.host.mem_available / 4 * 3 && bytes > 1u << 20)
		bytes /= 2;
	h.bytes = bytes / 4096 * 4096;
	size_t step = h.bytes + 4096 + 1344;
	if (rc == 0)
		rc = mw_arenas_create(topo.host.mem_available, &arenas);
	if (rc == 0)
		rc = mw_arena_take(arenas, &block, MW_PAGES_THP, -1, 3 * step, &block, err, sizeof(err));
	if (rc < 0)
		return fail(err, rc), 1;
	h.a = block.p;
	h.b = h.a + step / 64 * 64;
	h.out = h.b + step / 64 * 64;
	(void)mw_team_run(h.team, mw_team_size(h.team), fill_member, &h);
	search(&h);
	printf("and over %.3g MiB, resident\n", (double)h.bytes / 1048576.0);
	rc = open_device(&fused, "ambit:dram=ddr4-3200,engine=fused,ranks=8", &h);
	if (rc == 0)
		rc = open_device(&exact, "ambit:dram=ddr4-3200,engine=exact,ranks=8", &h);
	if (rc == 0)
		rc = check(&fused, &h);
	if (rc == 0)
		rc = check(&exact, &h);
	int bad = rc == 0 ? compare(&h, &fused, &exact, (int)rounds) : 1;
	pim_close(fused.dev);
	pim_close(exact.dev);
	mw_arenas_destroy(arenas);
	mw_team_destroy(h.team);
	return bad ? 1 : 0;
}
