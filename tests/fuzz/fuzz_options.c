/* Command lines: the first byte says whose, the rest are words ended by NUL. What is accepted is written down in one
 * spelling and read again. */
#include <math.h>

#include "base/core/err.h"
#include "bench/bench.h"
#include "cli/command.h"
#include "cli/measure.h"
#include "tests/fuzz/fuzz.h"

enum { WORDS = 48 };

struct tables {
	const struct mw_option *v[3];
	size_t n;
};

/* As the program puts them together for its commands and benchmarks. */
static struct tables tables_of(unsigned which)
{
	struct tables t = {{cli_global_options}, 1};
	unsigned count = 0;
	for (const struct command *const *c = command_table; *c; c++, count++) {
		if (count != which)
			continue;
		if ((*c)->options)
			t.v[t.n++] = (*c)->options;
		if ((*c)->measures)
			t.v[t.n++] = measure_options;
	}
	for (const struct bench *const *b = bench_table; *b; b++, count++) {
		if (count != which)
			continue;
		if ((*b)->options)
			t.v[t.n++] = (*b)->options;
		t.v[t.n++] = measure_options;
	}
	return t;
}

/* A list has no empty item, none twice and no more than the table says; returns how many. */
static size_t check_list(const struct mw_optval *v)
{
	const char *rest = v->text, *item, *again;
	size_t n = 0, len, other;
	while (mw_list_next(&rest, &item, &len)) {
		FUZZ_CHECK(len > 0);
		for (const char *next = rest; mw_list_next(&next, &again, &other);)
			FUZZ_CHECK(other != len || memcmp(item, again, len) != 0);
		n++;
	}
	FUZZ_CHECK(n > 0 && (v->opt->max_items == 0 || n <= v->opt->max_items));
	return n;
}

static bool legal(const struct mw_option *o, const char *text, size_t len)
{
	const char *word;
	size_t word_len;
	for (size_t i = 0; mw_option_word(o, i, &word, &word_len); i++)
		if (word_len == len && memcmp(word, text, len) == 0)
			return true;
	return false;
}

static void check_range(const struct mw_option *o, double v)
{
	FUZZ_CHECK(isfinite(v) && (!(o->max > o->min) || (v >= o->min && v <= o->max)));
}

static void check_items(const struct mw_opts *o, const struct mw_optval *v)
{
	enum { MOST = 64 };
	uint64_t sizes[MOST];
	int64_t ints[MOST];
	const char *rest = v->text, *item;
	size_t n = check_list(v), got = n, len;
	if (v->opt->type == MW_OPT_SIZES)
		got = mw_opt_sizes(o, v->opt->name, sizes, MOST);
	else if (v->opt->type == MW_OPT_INTS)
		got = mw_opt_ints(o, v->opt->name, ints, MOST);
	FUZZ_CHECK(got == n || (got == MOST && n > MOST));
	for (size_t i = 0; i < got && v->opt->type == MW_OPT_SIZES; i++)
		check_range(v->opt, (double)sizes[i]);
	for (size_t i = 0; i < got && v->opt->type == MW_OPT_INTS; i++)
		check_range(v->opt, (double)ints[i]);
	while (v->opt->type == MW_OPT_CHOICES && mw_list_next(&rest, &item, &len))
		FUZZ_CHECK(legal(v->opt, item, len));
}

static void check_value(const struct mw_opts *o, const struct mw_optval *v)
{
	const char *name = v->opt->name;
	FUZZ_CHECK(mw_opt_exists(o, name) && mw_opt(o, name) == v);
	FUZZ_CHECK(v->set || !v->given);
	if (!v->set)
		return;
	switch (v->opt->type) {
	case MW_OPT_FLAG:
		FUZZ_CHECK(mw_opt_flag(o, name));
		break;
	case MW_OPT_U64:
		FUZZ_CHECK(mw_opt_u64(o, name) == (uint64_t)v->i);
		break;
	case MW_OPT_INT:
	case MW_OPT_SIZE:
		check_range(v->opt, (double)v->i);
		break;
	case MW_OPT_REAL:
	case MW_OPT_DURATION:
		check_range(v->opt, v->r);
		break;
	case MW_OPT_CHOICES:
	case MW_OPT_SIZES:
	case MW_OPT_INTS:
	case MW_OPT_NAMES:
		check_items(o, v);
		break;
	case MW_OPT_CHOICE:
		FUZZ_CHECK(legal(v->opt, v->text, strlen(v->text)));
		break;
	case MW_OPT_TEXT:
	case MW_OPT_PATHS:
		FUZZ_CHECK(*mw_opt_text(o, name));
		break;
	}
}

/* Every option that was given as --name=value, then "--" and the other words. */
static char **echo(const struct mw_opts *o, int *argc)
{
	size_t most = o->n_positional + 3;
	for (size_t i = 0; i < o->n; i++)
		for (const char *c = o->v[i].text; c; c = strchr(c + 1, '\n'))
			most++;
	char **v = calloc(most, sizeof(*v));
	FUZZ_CHECK(v);
	int n = 0;
	v[n++] = strdup("memwall");
	for (size_t i = 0; i < o->n; i++) {
		const struct mw_optval *opt = &o->v[i];
		if (!opt->given)
			continue;
		bool several = opt->opt->type == MW_OPT_PATHS;
		for (const char *t = opt->text; t;) {
			size_t len = several ? strcspn(t, "\n") : strlen(t);
			int rc = opt->opt->type == MW_OPT_FLAG
					 ? asprintf(&v[n], "--%s", opt->opt->name)
					 : asprintf(&v[n], "--%s=%.*s", opt->opt->name, (int)len, t);
			FUZZ_CHECK(rc > 0);
			n++;
			t = t[len] ? t + len + 1 : NULL;
		}
	}
	v[n++] = strdup("--");
	for (size_t i = 0; i < o->n_positional; i++)
		v[n++] = strdup(o->positional[i]);
	*argc = n;
	return v;
}

static void same(const struct mw_opts *a, const struct mw_opts *b)
{
	FUZZ_CHECK(a->n == b->n && a->n_positional == b->n_positional);
	for (size_t i = 0; i < a->n; i++) {
		const struct mw_optval *x = &a->v[i], *y = &b->v[i];
		FUZZ_CHECK(x->opt == y->opt && x->given == y->given && x->set == y->set);
		FUZZ_CHECK(x->i == y->i && x->r == y->r && !x->text == !y->text);
		FUZZ_CHECK(!x->text || strcmp(x->text, y->text) == 0);
	}
	for (size_t i = 0; i < a->n_positional; i++)
		FUZZ_CHECK(strcmp(a->positional[i], b->positional[i]) == 0);
}

/* A path with a newline in it reads as two: only the program's own join may hold one. */
static bool newline_in(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strchr(argv[i], '\n'))
			return true;
	return false;
}

static void parse(const struct tables *t, int argc, char **argv)
{
	struct mw_opts o, again;
	char err[300] = "";
	int rc = mw_opts_parse(&o, t->v, t->n, argc, argv, err, sizeof(err));
	if (rc < 0) {
		FUZZ_CHECK(rc == MW_ESPEC && *err);
	} else {
		for (size_t i = 0; i < o.n; i++)
			check_value(&o, &o.v[i]);
		int n = 0;
		char **words = echo(&o, &n);
		rc = mw_opts_parse(&again, t->v, t->n, n, words, err, sizeof(err));
		if (!newline_in(argc, argv)) {
			FUZZ_CHECK(rc == 0);
			same(&o, &again);
		}
		mw_opts_fini(&again);
		for (int i = 0; i < n; i++)
			free(words[i]);
		free(words);
	}
	mw_opts_fini(&o);
}

int fuzz_options(const uint8_t *data, size_t n)
{
	char *argv[WORDS + 1] = {NULL};
	int argc = 0;
	if (n < 1)
		return 0;
	struct tables t = tables_of(data[0] < 'a' ? data[0] : data[0] - 'a');
	char *text = fuzz_text(data + 1, n - 1);
	for (size_t at = 0; at < n && argc < WORDS; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	parse(&t, argc, argv);
	free(text);
	return 0;
}
