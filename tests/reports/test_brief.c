#include <criterion/criterion.h>

#include <string.h>

#include "reports/brief.h"
#include "reports/results.h"

static const struct mw_metric metrics[] = {{"speed", MW_GBPS, MW_HIGHER, "words"}, {"extra", MW_NS, MW_LOWER, "words"}};
static const struct mw_key key_at = {"at", MW_NUMBER, MW_PARAM, "number"};
static const struct mw_emit emits[] = {
	{MW_CASES("point", "run"), &metrics[0], MW_LIST(&key_at), MW_LIST(&mw_key_state), NULL},
	{MW_CASES("point"), &metrics[1], MW_LIST(&key_at), MW_LIST(&mw_key_state), NULL},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"demo", emits}, other = {"other", emits};

static void add(struct results *r, const struct mw_emitter *e, int row, const char *name, int at, const char *state)
{
	struct mw_record rec;
	mw_record_open(&rec, e, &emits[row], name);
	mw_put_int(&rec, &key_at, at);
	if (state)
		mw_put_text(&rec, &mw_key_state, state);
	mw_record_set(&rec, 1.0, MW_MEASURED, "");
	cr_assert_eq(mw_record_close(&rec, NULL, 0), 0);
	cr_assert_eq(mw_records_add(&r->records, &rec), 0);
	mw_record_fini(&rec);
}

static size_t shown(const struct results *r, const struct brief *b, const char *metric, const char *state)
{
	size_t n = 0;
	for (size_t i = 0; i < r->records.n; i++)
		n += b->show[i] && strcmp(r->records.v[i].metric, metric) == 0 &&
		     strcmp(mw_kv_str(&r->records.v[i].params, "state", ""), state) == 0;
	return n;
}

static const struct section section = {.id = "demo", .name = "Demo", .bench = "demo", .brief = "extra"};

Test(brief, few_rows_are_all_shown)
{
	struct results r;
	struct brief b;
	results_init(&r);
	for (int i = 0; i < BRIEF_ROWS / 2; i++) {
		add(&r, &emitter, 0, "point", i, "near");
		add(&r, &emitter, 1, "point", i, "far");
		add(&r, &other, 0, "point", i, NULL);
	}
	add(&r, &emitter, 0, "run", 0, NULL);
	cr_assert_eq(brief_choose(&r, &section, &b), 0);
	cr_expect(b.left_out == 0 && !b.state);
	cr_expect_eq(shown(&r, &b, "speed", "near") + shown(&r, &b, "extra", "far"), BRIEF_ROWS);
	cr_expect_eq(shown(&r, &b, "speed", ""), 0, "another benchmark, and the time of this one");
	brief_fini(&b);
	results_fini(&r);
}

Test(brief, states_then_metrics_then_the_last_rows_are_left_out)
{
	struct results r;
	struct brief b;
	results_init(&r);
	for (int i = 0; i < BRIEF_ROWS; i++) {
		add(&r, &emitter, 0, "point", i, i % 3 ? "near" : "far");
		add(&r, &emitter, 1, "point", i, NULL);
	}
	size_t near = 0;
	for (int i = 0; i < BRIEF_ROWS; i++)
		near += i % 3 != 0;
	cr_assert_eq(brief_choose(&r, &section, &b), 0);
	cr_assert_str_eq(b.state, "near");
	cr_expect_eq(shown(&r, &b, "speed", "near"), near);
	cr_expect_eq(shown(&r, &b, "speed", "far"), 0);
	cr_expect_eq(shown(&r, &b, "extra", ""), 0, "the metrics that a section names");
	cr_expect_eq(b.left_out, 2 * BRIEF_ROWS - near);
	brief_fini(&b);
	for (int i = 0; i < 10; i++)
		add(&r, &emitter, 0, "point", BRIEF_ROWS + i, NULL);
	for (int i = 0; i < BRIEF_ROWS; i++)
		add(&r, &emitter, 0, "point", 10000 + i, NULL);
	cr_assert_eq(brief_choose(&r, &section, &b), 0);
	size_t rows = shown(&r, &b, "speed", "near") + shown(&r, &b, "speed", "");
	cr_expect_eq(rows, BRIEF_ROWS);
	cr_expect_eq(shown(&r, &b, "speed", "near"), near, "the first rows stay");
	brief_fini(&b);
	results_fini(&r);
}
