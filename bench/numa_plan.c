#include "bench/numa_plan.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static bool has_memory(const struct mw_host_node *node)
{
	return node->bytes > 0; /* unknown counts as some */
}

void numa_memory_nodes(const struct mw_topology *t, struct mw_cpulist *out)
{
	*out = (struct mw_cpulist){{0}};
	for (int i = 0; i < t->host.n_nodes; i++)
		if (has_memory(&t->host.nodes[i]))
			mw_cpulist_add(out, t->host.nodes[i].id);
}

static bool is_wanted(const struct numa_wish *wish, const struct mw_host_node *node)
{
	return has_memory(node) && (!wish->memory || mw_cpulist_has(wish->memory, node->id));
}

/* True for the first member of its core. */
static bool first_of_core(const struct mw_topology *t, int member)
{
	for (int i = 0; i < member; i++)
		if (t->cpus[i].core == t->cpus[member].core)
			return false;
	return true;
}

static int members_of(const struct mw_topology *t, int members)
{
	return members < t->host.n_cpus ? members : t->host.n_cpus;
}

static int list_places(const struct mw_topology *t, const struct numa_wish *wish, struct numa_plan *p)
{
	p->places = calloc((size_t)t->host.n_nodes + 3, sizeof(*p->places));
	if (!p->places)
		return -ENOMEM;
	for (int i = 0; i < t->host.n_nodes; i++) {
		const struct mw_host_node *node = &t->host.nodes[i];
		if (is_wanted(wish, node))
			p->places[p->n_places++] = (struct numa_place){node->id, node->memory_only};
	}
	if (t->host.n_nodes == 0) /* a kernel without NUMA has node 0 only */
		p->places[p->n_places++] = (struct numa_place){.node = 0};
	if (!wish->interleave || p->n_places < 2)
		return 0;
	p->places[p->n_places++] = (struct numa_place){.node = MW_NODE_INTERLEAVE};
	p->places[p->n_places++] = (struct numa_place){.node = MW_NODE_WEIGHTED};
	return 0;
}

static int add_group(const struct mw_topology *t, int node, int members, struct numa_plan *p)
{
	struct numa_group *g = &p->groups[p->n_groups];
	*g = (struct numa_group){.node = node, .members = calloc((size_t)members + 1, sizeof(int))};
	if (!g->members)
		return -ENOMEM;
	for (int i = 0; i < members; i++)
		if (t->cpus[i].node == node && first_of_core(t, i))
			g->members[g->n++] = i;
	/* A core's first thread may be on another node only in a damaged tree. */
	if (g->n > 0)
		p->n_groups++;
	else
		free(g->members);
	return 0;
}

static int list_groups(const struct mw_topology *t, const struct numa_wish *wish, struct numa_plan *p)
{
	int members = members_of(t, wish->members), rc = 0;
	p->groups = calloc((size_t)members + 1, sizeof(*p->groups));
	if (!p->groups)
		return -ENOMEM;
	for (int last = -1; rc == 0;) {
		int node = INT_MAX;
		for (int i = 0; i < members; i++)
			node = t->cpus[i].node > last && t->cpus[i].node < node ? t->cpus[i].node : node;
		if (node == INT_MAX)
			break;
		rc = add_group(t, node, members, p);
		last = node;
	}
	return rc;
}

static enum numa_kind kind_of(const struct numa_group *g, const struct numa_place *place)
{
	if (place->node == MW_NODE_INTERLEAVE)
		return NUMA_INTERLEAVE;
	if (place->node == MW_NODE_WEIGHTED)
		return NUMA_WEIGHTED;
	if (place->memory_only)
		return NUMA_MEMORY_ONLY;
	return place->node == g->node ? NUMA_LOCAL : NUMA_REMOTE;
}

static int index_of(const struct mw_topology *t, int node)
{
	for (int i = 0; i < t->host.n_nodes; i++)
		if (t->host.nodes[i].id == node)
			return i;
	return -1;
}

/* The place of the node itself, else the nearest node of the places; -1 when there is none. */
static int nearest_place(const struct mw_topology *t, const struct numa_plan *p, int node)
{
	int best = -1, least = INT_MAX, from = index_of(t, node);
	for (int i = 0; i < p->n_places; i++) {
		int to = p->places[i].node < 0 ? -1 : index_of(t, p->places[i].node);
		if (p->places[i].node < 0)
			continue;
		int far = from >= 0 && to >= 0 ? *mw_host_distance(&t->host, from, to) : 0;
		far = p->places[i].node == node ? -1 : far > 0 ? far : INT_MAX - 1;
		if (far < least) {
			best = i;
			least = far;
		}
	}
	return best;
}

static void add_pair(struct numa_plan *p, enum numa_kind kind, int group, int place, int member)
{
	p->pairs[p->n_pairs++] = (struct numa_pair){.kind = kind, .group = group, .place = place, .member = member};
}

static void list_cores(const struct mw_topology *t, const struct numa_wish *wish, struct numa_plan *p)
{
	int seen = 0;
	for (int g = 0; g < p->n_groups; g++) {
		int place = nearest_place(t, p, p->groups[g].node);
		for (int i = 0; i < p->groups[g].n; i++, seen++)
			if (place >= 0 && seen % wish->every_core == 0)
				add_pair(p, NUMA_CORE, g, place, p->groups[g].members[i]);
	}
	p->every_core = wish->every_core;
}

int numa_plan_make(const struct mw_topology *t, const struct numa_wish *wish, struct numa_plan *out)
{
	*out = (struct numa_plan){.places = NULL};
	int rc = list_places(t, wish, out);
	if (rc == 0)
		rc = list_groups(t, wish, out);
	if (rc < 0)
		return rc;
	for (int g = 0; g < out->n_groups; g++)
		out->cores += out->groups[g].n;
	out->pairs =
		calloc((size_t)out->n_groups * (size_t)out->n_places + (size_t)out->cores + 1, sizeof(*out->pairs));
	if (!out->pairs)
		return -ENOMEM;
	for (int g = 0; g < out->n_groups; g++) {
		assert(out->groups[g].members);
		for (int k = 0; k < out->n_places; k++)
			if (out->places[k].node >= 0 ? wish->matrix : wish->interleave)
				add_pair(out, kind_of(&out->groups[g], &out->places[k]), g, k,
					 out->groups[g].members[0]);
	}
	if (wish->cores)
		list_cores(t, wish, out);
	return 0;
}

void numa_plan_fini(struct numa_plan *p)
{
	for (int i = 0; p->groups && i < p->n_groups; i++)
		free(p->groups[i].members);
	free(p->groups);
	free(p->places);
	free(p->pairs);
	*p = (struct numa_plan){.places = NULL};
}
