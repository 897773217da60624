#include "bench/bandwidth_place.h"

#include <errno.h>
#include <stdlib.h>

/* Number of chosen CPUs by core, socket and third-level cache. */
struct counts {
	int *core, *socket, *l3;
};

static int largest(const struct mw_cpu *cpus, int n)
{
	int most = 0;
	for (int i = 0; i < n; i++) {
		const struct mw_cpu *c = &cpus[i];
		most = c->core > most ? c->core : most;
		most = c->socket > most ? c->socket : most;
		most = c->l3 > most ? c->l3 : most;
	}
	return most;
}

static int open_counts(struct counts *n, const struct mw_cpu *cpus, int n_cpus)
{
	size_t size = (size_t)largest(cpus, n_cpus) + 1;
	n->core = calloc(3 * size, sizeof(*n->core));
	if (!n->core)
		return -ENOMEM;
	n->socket = n->core + size;
	n->l3 = n->socket + size;
	return 0;
}

/* A CPU whose third-level cache is not known counts by its socket alone. */
static int shared_l3(const struct counts *n, const struct mw_cpu *c)
{
	return c->l3 < 0 ? 0 : n->l3[c->l3];
}

static void take(struct counts *n, const struct mw_cpu *c)
{
	n->core[c->core]++;
	n->socket[c->socket]++;
	if (c->l3 >= 0)
		n->l3[c->l3]++;
}

static bool emptier(const struct counts *n, const struct mw_cpu *x, const struct mw_cpu *y)
{
	if (n->core[x->core] != n->core[y->core])
		return n->core[x->core] < n->core[y->core];
	if (n->socket[x->socket] != n->socket[y->socket])
		return n->socket[x->socket] < n->socket[y->socket];
	return shared_l3(n, x) < shared_l3(n, y);
}

static void choose(const struct mw_cpu *cpus, int n_cpus, const struct bw_placement *p, struct counts *n, bool *chosen)
{
	for (int k = 0; k < p->threads; k++) {
		int best = -1;
		for (int i = 0; i < n_cpus && (p->spread || best < 0); i++)
			if (!chosen[i] && (best < 0 || emptier(n, &cpus[i], &cpus[best])))
				best = i;
		chosen[best] = true;
		take(n, &cpus[best]);
	}
}

static void describe(struct bw_placement *p, const struct mw_cpu *cpus, int n_cpus, struct counts *n,
		     const bool *chosen)
{
	int k = 0;
	for (int i = 0; i < n_cpus; i++) {
		if (!chosen[i])
			continue;
		p->ranks[k++] = i;
		p->span = i + 1;
		int l3 = cpus[i].l3;
		if (l3 < 0 || n->l3[l3] == 0)
			continue;
		p->caches++;
		p->most_shared = n->l3[l3] > p->most_shared ? n->l3[l3] : p->most_shared;
		n->l3[l3] = 0; /* counted */
	}
}

static int fill(struct bw_placement *p, const struct mw_cpu *cpus, int n_cpus)
{
	struct counts n = {NULL, NULL, NULL};
	bool *chosen = calloc((size_t)n_cpus, sizeof(*chosen));
	int rc = chosen ? open_counts(&n, cpus, n_cpus) : -ENOMEM;
	if (rc == 0) {
		choose(cpus, n_cpus, p, &n, chosen);
		describe(p, cpus, n_cpus, &n, chosen);
	}
	free(chosen);
	free(n.core);
	return rc;
}

int bw_placement_open(struct bw_placement *p, const struct mw_cpu *cpus, int n, int threads, bool spread)
{
	*p = (struct bw_placement){.threads = threads, .spread = spread};
	if (threads < 1 || threads > n)
		return -EINVAL;
	p->ranks = malloc((size_t)threads * sizeof(*p->ranks));
	int rc = p->ranks ? fill(p, cpus, n) : -ENOMEM;
	if (rc < 0 || spread) {
		p->same = rc == 0 && p->span == threads;
		return rc;
	}
	struct bw_placement other;
	rc = bw_placement_open(&other, cpus, n, threads, true);
	p->same = rc == 0 && other.same;
	bw_placement_fini(&other);
	return rc;
}

void bw_placement_fini(struct bw_placement *p)
{
	free(p->ranks);
	p->ranks = NULL;
}
