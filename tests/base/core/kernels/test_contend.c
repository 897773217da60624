/* Operations on common lines: each one counts, and words lie where their names say. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/contend.h"
#include "base/sys/cpulist.h"
#include "base/sys/team.h"

enum { THREADS = 20 };

static const struct mw_contend *find(const char *name)
{
	for (const struct mw_contend *c = mw_contend_table; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	cr_assert_fail("no %s", name);
	return NULL;
}

static void *zeros(int threads)
{
	void *block = aligned_alloc(MW_CONTEND_APART, mw_contend_bytes(threads));
	memset(block, 0, mw_contend_bytes(threads));
	return block;
}

Test(contend, every_operation_counts)
{
	for (const struct mw_contend *c = mw_contend_table; c->name; c++) {
		void *block = zeros(THREADS);
		uint64_t done[THREADS];
		for (int i = 0; i < THREADS; i++) {
			done[i] = (uint64_t)(100 + 3 * i);
			c->run(block, i, done[i]);
		}
		cr_assert(mw_contend_right(c, block, done, THREADS), "%s", c->name);
		done[THREADS - 1]++;
		cr_assert(!mw_contend_right(c, block, done, THREADS), "%s", c->name);
		free(block);
	}
}

/* Two threads' counts exchanged: no difference for a common word, one for words of their own. */
Test(contend, words_are_common_or_own)
{
	static const char *const common[] = {"atomic-add", "cas", "spin-lock", "mutex"};
	for (size_t i = 0; i < 4; i++)
		cr_expect_null(find(common[i])->word, "%s", common[i]);
	const struct mw_contend *own = find("own-line");
	void *block = zeros(2);
	own->run(block, 0, 3);
	own->run(block, 1, 5);
	cr_assert(mw_contend_right(own, block, (const uint64_t[]){3, 5}, 2));
	cr_assert(!mw_contend_right(own, block, (const uint64_t[]){5, 3}, 2));
	free(block);
}

Test(contend, own_words_share_a_line_or_do_not)
{
	const struct mw_contend *same = find("same-line"), *own = find("own-line");
	for (int a = 0; a < THREADS; a++) {
		cr_assert_lt(own->word(a), mw_contend_bytes(THREADS));
		for (int b = 0; b < a; b++) {
			cr_assert_neq(same->word(a), same->word(b));
			cr_assert_eq(same->word(a) / 64 == same->word(b) / 64, a / 8 == b / 8, "%d and %d", a, b);
			cr_assert_geq(own->word(a) - own->word(b), 128, "not even in a pair of lines");
		}
	}
}

struct race {
	const struct mw_contend *c;
	void *block;
};

static void member(void *arg, int rank, int n)
{
	const struct race *r = arg;
	(void)n;
	r->c->run(r->block, rank, 200000);
}

/* Atomic or guarded: no increment is lost between two threads. (Certain to hold; a kernel without it fails most
 * times.) */
Test(contend, no_increment_is_lost, .timeout = 60)
{
	struct mw_cpulist mine;
	char err[160] = "";
	struct mw_team *team;
	cr_assert_eq(mw_cpulist_affinity(&mine), 0);
	int a = mw_cpulist_next(&mine, 0), b = mw_cpulist_next(&mine, a + 1);
	const int cpus[] = {a, b < 0 ? a : b};
	cr_assert_eq(mw_team_create(cpus, 2, &team, err, sizeof(err)), 0, "%s", err);
	for (const struct mw_contend *c = mw_contend_table; c->name; c++) {
		struct race r = {c, zeros(2)};
		uint64_t ns;
		cr_assert_eq(mw_team_time(team, 2, member, &r, &ns), 0);
		cr_assert(mw_contend_right(c, r.block, (const uint64_t[]){200000, 200000}, 2), "%s", c->name);
		free(r.block);
	}
	mw_team_destroy(team);
}
