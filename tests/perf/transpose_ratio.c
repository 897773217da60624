/* Ratios for `make bench-transpose`: transposition between lanes and bit planes against memcpy of the same bytes by the
 * same threads, in the same process. transpose_ratio [BYTES [ROUNDS [PATH]]]
 *
 * Each round takes memcpy, a path, memcpy, the next path, ..., memcpy (P, M, P'): a path is compared with the mean of
 * its neighbours. A comparison counts only when median(P/P') is within 1 % of 1 and, with two threads, when
 * core-to-core probes before and after a round agree. It fails when the 95 % interval of the ratio lies below the bar,
 * and is inconclusive when that interval is wider than +-2 %. Only the path with byte permutations has a bar. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/kernels/transpose.h"
#include "base/core/option.h"
#include "base/core/stats.h"
#include "base/sys/arena.h"
#include "base/sys/team.h"
#include "base/sys/topology.h"

enum { MAX_ROUNDS = 200, MAX_PATHS = 8 };
/* Planes whose distance is a power of two share the sets of every cache: none of the library's vectors lie so. */
#define STAGGER ((size_t)5 * 64)
static const double bar = 0.5;

struct work {
	struct mw_team *team;
	char *lanes, *planes;
	size_t bytes; /* of the lanes, and of all planes together */
	size_t n;     /* lanes */
	unsigned bits;
	int threads;
	bool to;                         /* to planes */
	const struct mw_transpose *path; /* NULL: memcpy */
	char *plane[64];
};

static int fail(const char *what, int rc)
{
	(void)fprintf(stderr, "bench-transpose: %s: %s\n", what, mw_strerror(rc));
	return rc;
}

static void set_width(struct work *w, unsigned bits)
{
	w->bits = bits;
	w->n = w->bytes / (bits / 8) / MW_TRANSPOSE_LANES * MW_TRANSPOSE_LANES;
	for (unsigned j = 0; j < bits; j++)
		w->plane[j] = w->planes + j * (w->n / 8 + STAGGER);
}

static void member(void *arg, int rank, int members)
{
	const struct work *w = arg;
	size_t begin, end;
	mw_team_slice(w->n, (size_t)64 * MW_TRANSPOSE_LANES, rank, members, &begin, &end);
	size_t unit = w->bits / 8, bytes = (end - begin) * unit;
	char *lanes = w->lanes + begin * unit, *plane[64];
	if (!w->path) {
		char *other = w->planes + begin * unit;
		memcpy(w->to ? other : lanes, w->to ? lanes : other, bytes);
		return;
	}
	for (unsigned j = 0; j < w->bits; j++)
		plane[j] = w->plane[j] + begin / 8;
	if (w->to)
		w->path->to_planes_nt(lanes, unit, w->bits, end - begin, plane);
	else
		w->path->from_planes_nt(lanes, unit, w->bits, end - begin, (const char *const *)plane);
}

static double run_ns(struct work *w, const struct mw_transpose *path)
{
	w->path = path;
	uint64_t t = mw_now_ns();
	(void)mw_team_run(w->team, w->threads, member, w);
	return (double)(mw_now_ns() - t);
}

static void fill_member(void *arg, int rank, int members)
{
	const struct work *w = arg;
	size_t begin, end;
	uint64_t state = (uint64_t)rank + 1;
	mw_team_slice(w->bytes, 4096, rank, members, &begin, &end);
	for (size_t i = begin; i + 8 <= end; i += 8) {
		uint64_t x = mw_random(&state);
		memcpy(w->lanes + i, &x, 8);
	}
}

static size_t paths_of(const char *only, const struct mw_transpose **out)
{
	size_t n = 0;
	for (const struct mw_transpose *p = mw_transpose_paths; p->name && n < MAX_PATHS; p++)
		if (mw_transpose_usable(p) && (!only || strcmp(only, p->name) == 0))
			out[n++] = p;
	return n;
}

static double median(const double *v, size_t n)
{
	struct mw_summary s;
	return mw_summarize(v, n, &s) < 0 ? (double)NAN : s.median;
}

/* One line; 1 when a bar is missed. */
static int verdict(const struct work *w, const struct mw_transpose *p, const double *ratio, const double *ns, size_t n,
		   double self)
{
	struct mw_summary s;
	if (n == 0 || mw_summarize(ratio, n, &s) < 0)
		return 0;
	bool barred = p->feature & MW_CPU_AVX512_VBMI;
	const char *word = !barred ? "no bar" : s.ci_hi < bar ? "FAIL" : "pass";
	if (isnan(s.ci_hi) || mw_summary_rel_width(&s) > 0.02 || fabs(self - 1) > 0.01)
		word = "inconclusive";
	printf("%2u bits %-4s x%d %-8s %.3f of memcpy [%.3f, %.3f] over %zu rounds, %.1f GB/s, memcpy against itself "
	       "%.3f: %s\n",
	       w->bits, w->to ? "to" : "from", w->threads, p->name, s.median, s.ci_lo, s.ci_hi, n,
	       (double)(w->n * (w->bits / 8)) / median(ns, n), self, word);
	return barred && strcmp(word, "FAIL") == 0;
}

static int compare(struct work *w, const struct mw_transpose *const *path, size_t paths, int rounds)
{
	static double ratio[MAX_PATHS][MAX_ROUNDS], self[MAX_PATHS][MAX_ROUNDS], ns[MAX_PATHS][MAX_ROUNDS];
	size_t n = 0;
	int bad = 0;
	for (int i = 0; i < rounds; i++) {
		double before = w->threads > 1 ? mw_team_c2c_ns(w->team, 0, w->threads - 1) : 1;
		double p = run_ns(w, NULL);
		for (size_t k = 0; k < paths; k++) {
			double m = run_ns(w, path[k]), next = run_ns(w, NULL);
			ratio[k][n] = 0.5 * (p + next) / m;
			self[k][n] = p / next;
			ns[k][n] = m;
			p = next;
		}
		double after = w->threads > 1 ? mw_team_c2c_ns(w->team, 0, w->threads - 1) : 1;
		n += fabs(log(after / before)) <= log(1.6); /* else the cores moved */
	}
	if (n == 0)
		printf("%2u bits %-4s x%d: every round saw the cores move\n", w->bits, w->to ? "to" : "from",
		       w->threads);
	for (size_t k = 0; k < paths; k++)
		bad += verdict(w, path[k], ratio[k], ns[k], n, median(self[k], n));
	return bad;
}

/* What is timed must be right: back through the portable path. */
static int check(struct work *w, const struct mw_transpose *p)
{
	size_t unit = w->bits / 8, n = (size_t)4096 * MW_TRANSPOSE_LANES;
	n = n < w->n ? n : w->n;
	char *back = aligned_alloc(64, n * unit);
	if (!back)
		return -ENOMEM;
	p->to_planes_nt(w->lanes, unit, w->bits, n, w->plane);
	mw_transpose_paths[0].from_planes(back, unit, w->bits, n, (const char *const *)w->plane);
	int rc = memcmp(back, w->lanes, n * unit) == 0 ? 0 : MW_EVERIFY;
	mw_transpose_paths[0].to_planes(w->lanes, unit, w->bits, n, w->plane);
	p->from_planes_nt(back, unit, w->bits, n, (const char *const *)w->plane);
	rc = memcmp(back, w->lanes, n * unit) == 0 ? rc : MW_EVERIFY;
	free(back);
	return rc;
}

static int measure(struct work *w, const struct mw_transpose *const *path, size_t paths, int rounds)
{
	int bad = 0;
	for (unsigned bits = 8; bits <= 64; bits *= 2) {
		set_width(w, bits);
		for (size_t k = 0; k < paths; k++)
			if (check(w, path[k]) < 0)
				return fail(path[k]->name, MW_EVERIFY), 1;
		for (int to = 1; to >= 0; to--)
			for (int t = 1; t <= 2 && t <= mw_team_size(w->team); t++) {
				w->to = to;
				w->threads = t;
				bad += compare(w, path, paths, rounds);
				(void)fflush(stdout);
			}
	}
	return bad;
}

int main(int argc, char **argv)
{
	static struct mw_topology topo;
	static int cpus[MW_MAX_CPUS];
	const struct mw_transpose *path[MAX_PATHS];
	struct mw_arenas *arenas = NULL;
	struct mw_block block = {0};
	struct work w = {0};
	char err[200] = "";
	uint64_t bytes = (uint64_t)512 << 20;
	int64_t rounds = 15;
	size_t paths = paths_of(argc > 3 ? argv[3] : NULL, path);
	if ((argc > 1 && mw_parse_size(argv[1], &bytes) < 0) || (argc > 2 && mw_parse_int(argv[2], &rounds) < 0) ||
	    bytes < (1u << 20) || rounds < 1 || rounds > MAX_ROUNDS || paths == 0)
		return fprintf(stderr, "usage: transpose_ratio [BYTES [ROUNDS [PATH]]]\n"), 2;
	int rc = mw_topology_read("/", NULL, &topo, err, sizeof(err));
	if (rc == 0)
		rc = mw_team_create(cpus, mw_topology_cpu_ids(&topo, cpus, MW_MAX_CPUS), &w.team, err, sizeof(err));
	while (rc == 0 && 2 * bytes > topo.host.mem_available / 4 * 3 && bytes > 1u << 20)
		bytes /= 2;
	w.bytes = bytes / 4096 * 4096;
	size_t room = w.bytes + 64 * STAGGER;
	if (rc == 0)
		rc = mw_arenas_create(topo.host.mem_available, &arenas);
	if (rc == 0)
		rc = mw_arena_take(arenas, &block, MW_PAGES_THP, -1, 2 * room, &block, err, sizeof(err));
	if (rc < 0)
		return fail(err, rc), 1;
	w.lanes = block.p;
	w.planes = w.lanes + room;
	(void)mw_team_run(w.team, mw_team_size(w.team), fill_member, &w);
	printf("transposition of %.4g MiB, bar %.2f of memcpy for vbmi\n", (double)w.bytes / 1048576.0, bar);
	int bad = measure(&w, path, paths, (int)rounds);
	mw_arenas_destroy(arenas);
	mw_team_destroy(w.team);
	return bad ? 1 : 0;
}
