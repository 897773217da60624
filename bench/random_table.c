#include "bench/random_table.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/place.h"

/* Members of the first `threads` that are on the node and come before `rank`. */
static int members_before(const struct bench_ctx *ctx, int id, int rank)
{
	int n = 0;
	for (int i = 0; i < rank; i++)
		n += bench_node_of(ctx, i) == id;
	return n;
}

static struct random_node *node_of(const struct random_table *t, int id)
{
	for (int i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].id == id)
			return &t->nodes[i];
	return NULL;
}

static int find_nodes(struct random_table *t, uint64_t bytes)
{
	int members = mw_team_size(t->ctx->team);
	t->nodes = calloc((size_t)members, sizeof(*t->nodes));
	if (!t->nodes)
		return -ENOMEM;
	for (int rank = 0; rank < members; rank++) {
		int id = bench_node_of(t->ctx, rank);
		struct random_node *node = node_of(t, id);
		if (!node) {
			node = &t->nodes[t->n_nodes++];
			node->id = id;
		}
		node->members++;
	}
	/* When few of the threads measure, all of them may be on one node: each node has room for the whole table. */
	for (int i = 0; i < t->n_nodes; i++)
		t->nodes[i].bytes = bytes;
	return 0;
}

/* ---- contents ---- */

struct whole {
	struct random_table *t;
	bool check; /* compare, and fill only what is wrong */
	atomic_ullong errors;
};

static void whole_member(void *arg, int rank, int n)
{
	struct whole *w = arg;
	(void)n;
	int id = bench_node_of(w->t->ctx, rank);
	const struct random_node *node = node_of(w->t, id);
	size_t begin, end;
	mw_team_slice(node->bytes / sizeof(uint64_t), 512, members_before(w->t->ctx, id, rank), node->members, &begin,
		      &end);
	uint64_t *words = (uint64_t *)node->block.p + begin, wrong = 1;
	if (w->check)
		wrong = mw_gups_errors(words, end - begin, begin);
	if (wrong)
		mw_gups_fill(words, end - begin, begin);
	if (w->check)
		atomic_fetch_add(&w->errors, wrong);
}

int random_table_check(struct random_table *t)
{
	struct whole w = {.t = t, .check = true};
	int rc = mw_team_run(t->ctx->team, mw_team_size(t->ctx->team), whole_member, &w);
	t->checked = t->updates;
	t->errors += atomic_load(&w.errors);
	return rc;
}

/* ---- memory ---- */

int random_table_take(struct random_table *t, const struct bench_ctx *ctx, char *err, size_t n)
{
	bool intact = true;
	t->ctx = ctx;
	for (int i = 0; i < t->n_nodes; i++) {
		struct random_node *node = &t->nodes[i];
		int rc = mw_arena_take(ctx->arenas, t, t->kind, node->id, node->bytes, &node->block, err, n);
		if (rc < 0) {
			random_table_release(t);
			return rc;
		}
		intact = intact && node->block.intact;
	}
	struct whole w = {.t = t, .check = false};
	return intact ? 0 : mw_team_run(ctx->team, mw_team_size(ctx->team), whole_member, &w);
}

void random_table_release(struct random_table *t)
{
	for (int i = 0; i < t->n_nodes; i++)
		mw_arena_release(t->ctx->arenas, &t->nodes[i].block);
}

int random_table_open(struct random_table *t, const struct bench_ctx *ctx, enum mw_pages kind, uint64_t bytes,
		      char *err, size_t n)
{
	*t = (struct random_table){.ctx = ctx, .kind = kind};
	int rc = find_nodes(t, bytes);
	return rc < 0 ? mw_fail(rc, err, n, "no memory for the nodes") : random_table_take(t, ctx, err, n);
}

void random_table_close(struct random_table *t)
{
	free(t->nodes);
	t->nodes = NULL;
	t->n_nodes = 0;
}

struct random_slice random_table_slice(const struct random_table *t, uint64_t bytes, int rank, int threads)
{
	int id = bench_node_of(t->ctx, rank);
	uint64_t each = bytes / sizeof(uint64_t) / (uint64_t)threads;
	uint64_t first = each * (uint64_t)members_before(t->ctx, id, rank);
	const struct random_node *node = node_of(t, id);
	return (struct random_slice){.words = (uint64_t *)node->block.p + first, .n = each, .first = first};
}
