#include "bench/cores_pairs.h"

#include "base/core/stats.h"

static const char *const names[CORES_RELATIONS] = {"smt", "same-l3", "same-socket", "cross-socket"};

const char *cores_relation_name(enum cores_relation r)
{
	return names[r];
}

enum cores_relation cores_relation_of(const struct mw_cpu *a, const struct mw_cpu *b)
{
	if (a->socket != b->socket)
		return CORES_REMOTE;
	if (a->core == b->core)
		return CORES_SMT;
	return a->l3 >= 0 && a->l3 == b->l3 ? CORES_L3 : CORES_SOCKET;
}

uint64_t cores_pairs_count(const struct mw_cpu *cpus, int n, uint64_t by_relation[CORES_RELATIONS])
{
	for (int r = 0; r < CORES_RELATIONS; r++)
		by_relation[r] = 0;
	for (int a = 0; a < n; a++)
		for (int b = a + 1; b < n; b++)
			by_relation[cores_relation_of(&cpus[a], &cpus[b])]++;
	return (uint64_t)n * (uint64_t)(n - 1) / 2;
}

static bool has(const struct cores_pair *v, size_t n, int a, int b)
{
	for (size_t i = 0; i < n; i++)
		if ((v[i].from == a && v[i].to == b) || (v[i].from == b && v[i].to == a))
			return true;
	return false;
}

/* Is a pair of that relation, and with `nodes` between those NUMA nodes, chosen already? */
static bool has_distance(const struct mw_cpu *cpus, const struct cores_pair *v, size_t n, int a, int b, bool nodes)
{
	for (size_t i = 0; i < n; i++) {
		const struct mw_cpu *from = &cpus[v[i].from], *to = &cpus[v[i].to];
		if (cores_relation_of(from, to) != cores_relation_of(&cpus[a], &cpus[b]))
			continue;
		if (!nodes || (from->node == cpus[a].node && to->node == cpus[b].node) ||
		    (from->node == cpus[b].node && to->node == cpus[a].node))
			return true;
	}
	return false;
}

/* Adds one pair of each distance from CPU a that has none. */
static size_t add_distances(const struct mw_cpu *cpus, int n, int a, bool nodes, size_t most, struct cores_pair *out,
			    size_t have)
{
	for (int b = 0; b < n && have < most; b++)
		if (a != b && !has_distance(cpus, out, have, a, b, nodes))
			out[have++] = (struct cores_pair){a, b};
	return have;
}

static bool first_of_node(const struct mw_cpu *cpus, int a)
{
	for (int i = 0; i < a; i++)
		if (cpus[i].node == cpus[a].node)
			return false;
	return true;
}

size_t cores_pairs_choose(const struct mw_cpu *cpus, int n, size_t most, uint64_t seed, struct cores_pair *out)
{
	uint64_t all = n > 1 ? (uint64_t)n * (uint64_t)(n - 1) / 2 : 0;
	size_t have = 0;
	if (all <= most) {
		for (int a = 0; a < n; a++)
			for (int b = a + 1; b < n; b++)
				out[have++] = (struct cores_pair){a, b};
		return have;
	}
	have = add_distances(cpus, n, 0, false, most, out, have);
	for (int a = 0; a < n; a++)
		if (first_of_node(cpus, a))
			have = add_distances(cpus, n, a, true, most, out, have);
	/* At most half of all pairs by drawing; with more the misses would cost too much. */
	while (have < most && have < all / 2) {
		int a = (int)mw_random_below(&seed, (uint64_t)n), b = (int)mw_random_below(&seed, (uint64_t)n);
		if (a != b && !has(out, have, a, b))
			out[have++] = (struct cores_pair){a, b};
	}
	for (int a = 0; a < n && have < most; a++)
		for (int b = a + 1; b < n && have < most; b++)
			if (!has(out, have, a, b))
				out[have++] = (struct cores_pair){a, b};
	return have;
}
