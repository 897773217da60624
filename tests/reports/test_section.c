/* Queries of sections use declared names only, a name has one meaning everywhere, and a benchmark without a section is
 * shown, too. */
#include "tests/reports/fixture.h"

#include "bench/bench.h"
#include "cli/command.h"
#include "reports/claims_rules.h"
#include "reports/headline.h"
#include "reports/print.h"
#include "reports/report.h"
#include "reports/section.h"

TestSuite(section, .init = make_dir, .fini = remove_dir);

/* ---- declarations ---- */

static bool has_case(const struct mw_emit *row, const char *name)
{
	for (const char *const *c = row->cases; *c; c++)
		if (!name || strcmp(*c, name) == 0)
			return true;
	return false;
}

static bool has_key(const struct mw_emit *row, const char *name)
{
	return mw_keys_find(row->params, name) || mw_keys_find(row->optional, name) ||
	       mw_keys_find(row->observed, name) || mw_keys_find(mw_keys_of_rounds, name);
}

/* The word at *at up to one of ends, copied to out; *at moves past it. False at the end of the text. */
static bool next_word(const char **at, const char *ends, char *out, size_t n)
{
	if (!*at || !**at)
		return false;
	size_t len = strcspn(*at, ends);
	cr_assert_lt(len, n, "%s", *at);
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len + ((*at)[len] != '\0');
	return true;
}

/* Can a record of this row be found by q, as far as the row tells? */
static bool answers(const struct mw_emit *row, const struct query *q, const char *metric)
{
	char pair[80];
	bool found = has_case(row, q->case_name) && (!metric || strcmp(metric, row->metric->name) == 0) &&
		     (!q->unit || strcmp(q->unit, mw_unit_name(row->metric->unit)) == 0);
	for (const char *at = q->where; found && next_word(&at, ",", pair, sizeof(pair));) {
		cr_assert(strchr(pair, '='), "where=%s", q->where);
		*strchr(pair, '=') = '\0';
		found = has_key(row, pair);
	}
	return found;
}

static bool any_answers(const struct mw_emitter *e, const struct query *q, const char *metric, const char *key)
{
	for (const struct mw_emit *row = e->emits; row->metric; row++)
		if (answers(row, q, metric) && (!key || has_key(row, key)))
			return true;
	return false;
}

/* What of q no row declares: a metric (each alternative counts), or a key that is read. "" when all is there. */
static void unanswered(const struct mw_emitter *e, const struct query *q, char *out, size_t n)
{
	char word[48];
	const char *metrics = q->metric, *keys = q->keys;
	*out = '\0';
	if (!metrics && !any_answers(e, q, NULL, NULL))
		(void)snprintf(out, n, "no such row");
	while (!*out && next_word(&metrics, "|", word, sizeof(word)))
		if (!any_answers(e, q, word, NULL))
			(void)snprintf(out, n, "no row with metric %s", word);
	while (!*out && next_word(&keys, ",", word, sizeof(word))) {
		bool found = false;
		char metric[48];
		for (const char *at = q->metric; next_word(&at, "|", metric, sizeof(metric));)
			found = found || any_answers(e, q, metric, word);
		if (!found && (q->metric || !any_answers(e, q, NULL, word)))
			(void)snprintf(out, n, "no key %s", word);
	}
}

static const struct mw_emitter *emitter_of(const char *bench)
{
	for (const struct bench *const *b = bench_table; *b; b++)
		if (strcmp((*b)->name, bench) == 0 && (*b)->emitter)
			return (*b)->emitter;
	cr_assert(false, "no benchmark %s that says what it emits", bench);
	return NULL;
}

Test(section, every_query_is_answered)
{
	size_t checked = 0;
	for (const struct section *const *s = section_table; *s; s++) {
		cr_assert((*s)->queries, "%s", (*s)->id);
		for (const struct query *q = (*s)->queries; q->bench; q++) {
			const struct mw_emitter *e = emitter_of(q->bench);
			char why[80];
			unanswered(e, q, why, sizeof(why));
			cr_expect_str_empty(why, "%s asks %s for %s %s: %s", (*s)->id, q->bench,
					    q->case_name ? q->case_name : "any", q->metric ? q->metric : "any", why);
			checked++;
		}
	}
	cr_assert_gt(checked, 8);
}

Test(section, every_query_of_claims_is_answered)
{
	size_t checked = 0;
	for (const struct query *q = claims_queries; q->bench; q++, checked++) {
		char why[80];
		unanswered(emitter_of(q->bench), q, why, sizeof(why));
		cr_expect_str_empty(why, "claims ask %s for %s %s: %s", q->bench, q->case_name, q->metric, why);
	}
	cr_assert_gt(checked, 8);
}

static const struct mw_key key_shape = {"shape", MW_TEXT, MW_PARAM, "shape"};
static const struct mw_emit toy_emits[] = {
	{MW_CASES("a", "b"), &mw_metric_flop_rate, MW_LIST(&mw_key_size), MW_LIST(&key_shape), NULL},
	{MW_CASES("a"), &mw_metric_op_rate, NULL, NULL, MW_LIST(&mw_key_winner)},
	{.metric = NULL},
};
static const struct mw_emitter toy = {"toy", toy_emits};

Test(section, a_query_without_matches_is_reported)
{
	static const struct {
		struct query q;
		bool answered;
	} cases[] = {
		{{.bench = "toy"}, true},
		{{.bench = "toy", .case_name = "a", .metric = "flop_rate|op_rate"}, true},
		{{.bench = "toy", .case_name = "b", .metric = "flop_rate|op_rate"}, false},
		{{.bench = "toy", .metric = "rate"}, false},
		{{.bench = "toy", .case_name = "c"}, false},
		{{.bench = "toy", .metric = "op_rate", .unit = "GFLOP/s"}, false},
		{{.bench = "toy", .metric = "flop_rate", .where = "size=1,shape=x", .keys = "c2c_ns"}, true},
		{{.bench = "toy", .metric = "op_rate", .where = "size=1"}, false},
		{{.bench = "toy", .metric = "flop_rate|op_rate", .keys = "winner,size"}, true},
		{{.bench = "toy", .case_name = "b", .keys = "winner"}, false},
		{{.bench = "toy", .metric = "flop_rate", .keys = "size,winner"}, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char why[80];
		unanswered(&toy, &cases[i].q, why, sizeof(why));
		cr_expect_eq(!why[0], cases[i].answered, "case %zu: '%s'", i, why);
	}
}

/* Ids are anchors of the page and names of files. */
Test(section, figures_have_ids_of_their_own)
{
	const char *seen[64];
	size_t n = 0;
	for (const struct section *const *s = section_table; *s; s++) {
		seen[n++] = (*s)->id;
		cr_expect((*s)->bench || (*s)->figures[0].table, "%s has neither records nor a table", (*s)->id);
		for (const struct section_figure *fig = (*s)->figures; fig->draw; fig++) {
			cr_expect(!fig->table || (fig->name && fig->id), "%s: a table without a name", (*s)->id);
			cr_expect(fig->id || fig == (*s)->figures, "%s: two figures of one id", (*s)->id);
			if (fig->id)
				seen[n++] = fig->id;
			cr_assert_lt(n, sizeof(seen) / sizeof(seen[0]));
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(seen[i], seen[k]);
}

/* ---- one name, one meaning ---- */

struct names {
	const struct mw_key *key[400];
	const struct mw_metric *metric[200];
	size_t n_keys, n_metrics;
};

static void see_key(struct names *all, const struct mw_key *k)
{
	unsigned role = k->flags & (MW_PARAM | MW_OBSERVED);
	cr_expect(role == MW_PARAM || role == MW_OBSERVED, "%s: flags %u", k->name, k->flags);
	cr_expect(k->words && k->words[0], "%s says nothing", k->name);
	for (size_t i = 0; i < all->n_keys; i++) {
		const struct mw_key *o = all->key[i];
		if (o == k)
			return;
		if (strcmp(o->name, k->name) == 0)
			cr_expect(o->kind == k->kind && o->flags == k->flags && strcmp(o->words, k->words) == 0,
				  "%s: '%s' (%s, %u) and '%s' (%s, %u)", k->name, o->words, mw_kind_name(o->kind),
				  o->flags, k->words, mw_kind_name(k->kind), k->flags);
	}
	cr_assert_lt(all->n_keys, sizeof(all->key) / sizeof(all->key[0]));
	all->key[all->n_keys++] = k;
}

static void see_keys(struct names *all, const char *bench, const struct mw_key *const *list, unsigned role)
{
	for (; list && *list; list++) {
		cr_expect((*list)->flags & role, "%s: %s stands in the wrong list", bench, (*list)->name);
		see_key(all, *list);
	}
}

static void see_metric(struct names *all, const struct mw_metric *m)
{
	cr_expect(m->words && m->words[0], "%s says nothing", m->name);
	for (size_t i = 0; i < all->n_metrics; i++) {
		const struct mw_metric *o = all->metric[i];
		if (o == m)
			return;
		if (strcmp(o->name, m->name) == 0)
			cr_expect(o->unit == m->unit && o->better == m->better && strcmp(o->words, m->words) == 0,
				  "%s: '%s' in %s and '%s' in %s", m->name, o->words, mw_unit_name(o->unit), m->words,
				  mw_unit_name(m->unit));
	}
	cr_assert_lt(all->n_metrics, sizeof(all->metric) / sizeof(all->metric[0]));
	all->metric[all->n_metrics++] = m;
}

/* A key stands once in a row, whatever the list. */
static void keys_once(const struct mw_emitter *e, const struct mw_emit *row)
{
	const struct mw_key *const *const lists[] = {row->params, row->optional, row->observed};
	const struct mw_key *seen[3 * MW_RECORD_PARAMS];
	size_t n = 0;
	for (size_t l = 0; l < 3; l++)
		for (const struct mw_key *const *k = lists[l]; k && *k; k++) {
			for (size_t i = 0; i < n; i++)
				cr_expect_str_neq(seen[i]->name, (*k)->name, "%s: twice in a row of %s", e->name,
						  row->metric->name);
			cr_assert_lt(n, sizeof(seen) / sizeof(seen[0]));
			seen[n++] = *k;
		}
}

static bool has_param(const struct mw_emit *row, const char *name)
{
	return mw_keys_find(row->params, name) || mw_keys_find(row->optional, name);
}

/* Has every record of a a parameter that no record of b may have? */
static bool tells_from(const struct mw_emit *a, const struct mw_emit *b)
{
	for (const struct mw_key *const *k = a->params; k && *k; k++)
		if (!has_param(b, (*k)->name))
			return true;
	return false;
}

/* Case, metric and parameters name one row, and no row names a case twice. */
static void rows_apart(const struct mw_emitter *e)
{
	for (const struct mw_emit *a = e->emits; a->metric; a++) {
		cr_expect(a->cases[0], "%s: %s has no case", e->name, a->metric->name);
		for (const char *const *c = a->cases; *c; c++) {
			for (const char *const *d = a->cases; d < c; d++)
				cr_expect_str_neq(*d, *c, "%s: %s", e->name, a->metric->name);
			for (const struct mw_emit *b = e->emits; b < a; b++)
				cr_expect(strcmp(a->metric->name, b->metric->name) != 0 || !has_case(b, *c) ||
						  tells_from(a, b) || tells_from(b, a),
					  "%s: two rows of %s, %s", e->name, *c, a->metric->name);
		}
	}
}

static void see_emitter(struct names *all, const struct mw_emitter *e)
{
	rows_apart(e);
	for (const struct mw_emit *row = e->emits; row->metric; row++) {
		see_metric(all, row->metric);
		see_keys(all, e->name, row->params, MW_PARAM);
		see_keys(all, e->name, row->optional, MW_PARAM);
		see_keys(all, e->name, row->observed, MW_OBSERVED);
		keys_once(e, row);
	}
}

#define SEE_METRIC(symbol, unit, better, words) see_metric(&all, &mw_metric_##symbol);
#define SEE_KEY(symbol, kind, flags, words) see_key(&all, &mw_key_##symbol);

Test(section, one_name_means_one_thing)
{
	static struct names all;
	MW_SHARED_METRICS(SEE_METRIC)
	MW_SHARED_KEYS(SEE_KEY)
	MW_ROUNDS_KEYS(SEE_KEY)
	size_t emitters = 0;
	for (const struct bench *const *b = bench_table; *b; b++) {
		const struct mw_emitter *e = (*b)->emitter;
		cr_assert(e, "%s declares nothing", (*b)->name);
		cr_expect_str_eq(e->name, (*b)->name);
		emitters++;
		see_emitter(&all, e);
	}
	for (const struct command *const *c = command_table; *c; c++)
		if ((*c)->emitter)
			see_emitter(&all, (*c)->emitter);
	cr_assert_geq(emitters, 3);
}

/* ---- a benchmark that no section knows ---- */

static void toy_results(struct results *r)
{
	full_results(r);
	for (int i = 0; i < 3; i++) {
		struct mw_record rec;
		mw_record_init(&rec, "toy", "spin", "turns", MW_COUNT);
		(void)mw_set_int(&rec, MW_AS_PARAM, "wheels", 11 + i);
		mw_record_set(&rec, 1234.5 + i, MW_MEASURED, "");
		add_record(r, rec);
	}
}

Test(section, a_benchmark_without_one_has_a_table_and_a_line)
{
	struct results r;
	char err[300] = "";
	size_t size;
	toy_results(&r);
	/* As results.json of another version says it. */
	static const struct mw_key wheels_key = {"wheels", MW_NUMBER, MW_PARAM, "wheels <that> turn"};
	static const struct mw_metric turns = {"turns", MW_COUNT, MW_HIGHER, "turns of a wheel"};
	cr_assert_eq(words_add_key(&r.words, &wheels_key), 0);
	cr_assert_eq(words_add_metric(&r.words, &turns), 0);
	cr_assert_null(section_of("toy"));
	const struct report_options opt = {.gnuplot = "/nonexistent"};
	cr_assert_eq(report_html(in_dir("report.html"), &r, &opt, NULL, err, sizeof(err)), 0, "%s", err);
	char *page = read_file("report.html", &size);
	const char *heading = strstr(page, "<h2>toy</h2>");
	cr_assert(heading, "no section");
	const char *end = strstr(heading, "</section>");
	const char *wheels = strstr(heading, "wheels"), *value = strstr(heading, "1234");
	cr_expect(wheels && wheels < end && value && value < end, "its table lacks a parameter or a value");
	const char *key = strstr(heading, "<dt>wheels</dt> <dd>wheels &lt;that&gt; turn</dd>");
	const char *metric = strstr(heading, "<dt>turns</dt> <dd>turns of a wheel; higher is better</dd>");
	cr_expect(key && key < end && metric && metric < end, "its legend lacks a key or the metric");
	cr_expect_null(strstr(page, "<dt>cpu</dt>"), "a key that the table does not show");
	free(page);

	char *text = NULL;
	FILE *f = open_memstream(&text, &size);
	cr_assert(f);
	cr_assert_eq(print_summary(f, &r), 0);
	cr_assert_eq(fclose(f), 0);
	const char *line = strstr(text, "\ntoy ");
	cr_assert(line, "%s", text);
	int values;
	cr_expect(sscanf(line, " toy %d values", &values) == 1 && values == 3, "%s", line);
	free(text);
	results_fini(&r);
}
