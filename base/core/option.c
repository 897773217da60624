#include "base/core/option.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"

enum { WORDS_MAX = 64, WORD_BYTES = 32, NUMBER_BYTES = 40 };

/* 0 when text is one of the legal words; else MW_ESPEC and a line that names them all and the nearest one. */
static int check_word(const struct mw_option *o, const char *dash, const char *text, size_t text_len, char *err,
		      size_t n)
{
	char copies[WORDS_MAX][WORD_BYTES], asked[WORD_BYTES], all[MW_OPT_ROOM];
	const char *names[WORDS_MAX + 1] = {NULL}, *word;
	size_t len, count = 0;
	for (size_t i = 0; mw_option_word(o, i, &word, &len); i++) {
		if (len && len == text_len && memcmp(word, text, len) == 0)
			return 0;
		if (count == WORDS_MAX)
			continue;
		mw_format(copies[count], WORD_BYTES, "%.*s", (int)len, word);
		names[count] = copies[count];
		count++;
	}
	(void)mw_option_choices(o, all, sizeof(all));
	/* A longer word than any legal one is near to none. */
	const char *near = text_len && mw_fit(asked, sizeof(asked), "%.*s", (int)text_len, text) == 0
				   ? mw_nearest(asked, names)
				   : NULL;
	return mw_fail(MW_ESPEC, err, n, "%s%s: '%.*s' is not one of %s%s%s%s", dash, o->name, (int)text_len, text, all,
		       near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int parse_duration(const char *text, double *out)
{
	char buf[32];
	size_t len = strlen(text);
	if (len == 0 || len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, len + 1);
	double scale = 1.0;
	switch (buf[len - 1]) {
	case 's':
		buf[len - 1] = '\0';
		break;
	case 'm':
		scale = 60.0;
		buf[len - 1] = '\0';
		break;
	case 'h':
		scale = 3600.0;
		buf[len - 1] = '\0';
		break;
	default:
		break;
	}
	double v;
	int rc = mw_parse_real(buf, &v);
	if (rc == 0 && !(v > 0 && isfinite(v * scale)))
		rc = -ERANGE;
	if (rc == 0)
		*out = v * scale;
	return rc;
}

static int check_range(const struct mw_option *o, const char *dash, double v, const char *text, char *err, size_t n)
{
	if (!(o->max > o->min) || (v >= o->min && v <= o->max))
		return 0;
	if (o->type == MW_OPT_SIZE || o->type == MW_OPT_SIZES) {
		char lo[32], hi[32];
		mw_format_size((uint64_t)o->min, lo, sizeof(lo));
		mw_format_size((uint64_t)o->max, hi, sizeof(hi));
		return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is out of range, expected %s to %s", dash, o->name, text,
			       lo, hi);
	}
	return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is out of range, expected %.15g to %.15g", dash, o->name, text,
		       o->min, o->max);
}

/* Writes why text is not a number that the option takes. rc: what the parser returned. */
static int not_a_number(const struct mw_option *o, const char *dash, const char *text, int rc, char *err, size_t n)
{
	bool size = o->type == MW_OPT_SIZE || o->type == MW_OPT_SIZES;
	if (o->type == MW_OPT_U64)
		return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is not a whole number from 0 to %llu", dash, o->name, text,
			       (unsigned long long)UINT64_MAX);
	if (rc == -ERANGE && o->max > o->min)
		return check_range(o, dash, *text == '-' ? -INFINITY : INFINITY, text, err, n);
	if (rc == -ERANGE)
		return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is out of range: more than 64 bits", dash, o->name, text);
	if (size)
		return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is not a size, expected for example 64K or 1G", dash,
			       o->name, text);
	return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is not a whole number", dash, o->name, text);
}

/* As mw_parse_size, for sizes that fit into int64_t; larger ones are -ERANGE. */
static int read_size(const char *text, int64_t *out)
{
	uint64_t size;
	int rc = mw_parse_size(text, &size);
	if (rc == 0 && size > INT64_MAX)
		rc = -ERANGE;
	if (rc == 0)
		*out = (int64_t)size;
	return rc;
}

static int no_memory(const struct mw_option *o, char *err, size_t n)
{
	return mw_fail(-ENOMEM, err, n, "no memory for option --%s", o->name);
}

/* Checks one item of a list. *value: its value where items are numbers. */
static int check_item(const struct mw_option *o, const char *dash, const char *item, size_t len, int64_t *value,
		      char *err, size_t n)
{
	*value = 0;
	if (o->type == MW_OPT_CHOICES)
		return check_word(o, dash, item, len, err, n);
	if (o->type == MW_OPT_NAMES)
		return 0;
	char *text = strndup(item, len);
	if (!text)
		return no_memory(o, err, n);
	int rc = len >= NUMBER_BYTES      ? -EINVAL
		 : o->type == MW_OPT_INTS ? mw_parse_int(text, value)
					  : read_size(text, value);
	rc = rc < 0 ? not_a_number(o, dash, text, rc, err, n) : check_range(o, dash, (double)*value, text, err, n);
	free(text);
	return rc;
}

/* True when an earlier item of text is the same. Numbers are compared by value: 1024 equals 1K. */
static bool named_before(const struct mw_option *o, const char *text, const char *item, size_t len, int64_t value)
{
	const char *rest = text, *other;
	size_t other_len;
	bool words = o->type == MW_OPT_CHOICES || o->type == MW_OPT_NAMES;
	while (mw_list_next(&rest, &other, &other_len) && other < item) {
		int64_t v = 0;
		if (words ? other_len == len && memcmp(other, item, len) == 0
			  : check_item(o, "", other, other_len, &v, NULL, 0) == 0 && v == value)
			return true;
	}
	return false;
}

/* Refuses an empty item, a repeated one, and more than max_items. */
static int check_list(const struct mw_option *o, const char *dash, const char *text, char *err, size_t n)
{
	const char *rest = text, *item;
	size_t len, count = 0;
	int rc = 0;
	if (!*text)
		return mw_fail(MW_ESPEC, err, n, "%s%s: empty value", dash, o->name);
	while (rc == 0 && mw_list_next(&rest, &item, &len)) {
		int64_t value;
		if (len == 0)
			return mw_fail(MW_ESPEC, err, n, "%s%s: empty item in '%s'", dash, o->name, text);
		rc = check_item(o, dash, item, len, &value, err, n);
		if (rc == 0 && named_before(o, text, item, len, value))
			rc = mw_fail(MW_ESPEC, err, n, "%s%s: '%.*s' is named twice", dash, o->name, (int)len, item);
		count++;
		if (rc == 0 && o->max_items && count > o->max_items)
			rc = mw_fail(MW_ESPEC, err, n, "%s%s: more than %u items", dash, o->name, o->max_items);
	}
	return rc;
}

static int check_path(const struct mw_option *o, const char *dash, const char *text, char *err, size_t n)
{
	if (!*text)
		return mw_fail(MW_ESPEC, err, n, "%s%s: empty value", dash, o->name);
	if (strchr(text, '\n')) /* the parser joins several values with '\n' */
		return mw_fail(MW_ESPEC, err, n, "%s%s: a line break in the value", dash, o->name);
	return 0;
}

/* Reads text into v according to v->opt; dash is "--" for the command line, "" for a SPEC. */
static int convert(struct mw_optval *v, const char *dash, const char *text, char *err, size_t n)
{
	const struct mw_option *o = v->opt;
	uint64_t u;
	int rc = -EINVAL;
	switch (o->type) {
	case MW_OPT_FLAG:
		v->i = 1;
		return 0;
	case MW_OPT_INT:
		rc = mw_parse_int(text, &v->i);
		break;
	case MW_OPT_U64:
		rc = mw_parse_u64(text, &u);
		v->i = rc < 0 ? 0 : (int64_t)u;
		return rc < 0 ? not_a_number(o, dash, text, rc, err, n) : 0;
	case MW_OPT_SIZE:
		rc = read_size(text, &v->i);
		break;
	case MW_OPT_REAL:
		if (mw_parse_real(text, &v->r) < 0)
			return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is not a number", dash, o->name, text);
		return check_range(o, dash, v->r, text, err, n);
	case MW_OPT_DURATION:
		if (parse_duration(text, &v->r) < 0)
			return mw_fail(MW_ESPEC, err, n, "%s%s: '%s' is not a time, expected for example 90s, 2m or 1h",
				       dash, o->name, text);
		return check_range(o, dash, v->r, text, err, n);
	case MW_OPT_CHOICE:
		return check_word(o, dash, text, strlen(text), err, n);
	case MW_OPT_SIZES:
	case MW_OPT_INTS:
	case MW_OPT_NAMES:
	case MW_OPT_CHOICES:
		return check_list(o, dash, text, err, n);
	case MW_OPT_PATHS:
		return check_path(o, dash, text, err, n);
	case MW_OPT_TEXT:
		return *text ? 0 : mw_fail(MW_ESPEC, err, n, "%s%s: empty value", dash, o->name);
	}
	return rc < 0 ? not_a_number(o, dash, text, rc, err, n) : check_range(o, dash, (double)v->i, text, err, n);
}

static int assign(struct mw_optval *v, const char *text, char *err, size_t n)
{
	int rc = convert(v, "--", text, err, n);
	if (rc < 0)
		return rc;
	char *copy;
	if (v->opt->type == MW_OPT_PATHS && v->given) {
		size_t need = strlen(v->text) + strlen(text) + 2;
		copy = malloc(need);
		if (copy)
			mw_format(copy, need, "%s\n%s", v->text, text);
	} else {
		copy = strdup(text);
	}
	if (!copy)
		return no_memory(v->opt, err, n);
	free(v->text);
	v->text = copy;
	v->set = true;
	return 0;
}

/* Sets the value to the default of the table. */
static int assign_default(struct mw_optval *v, char *err, size_t n)
{
	size_t len = mw_option_default(v->opt, '\n', NULL, 0);
	if (len == 0)
		return 0;
	v->text = malloc(len + 1);
	if (!v->text)
		return no_memory(v->opt, err, n);
	(void)mw_option_default(v->opt, '\n', v->text, len + 1);
	v->set = true;
	return v->opt->type == MW_OPT_PATHS ? 0 : convert(v, "--", v->text, err, n);
}

static struct mw_optval *find(const struct mw_opts *o, const char *name, size_t len)
{
	for (size_t i = 0; i < o->n; i++)
		if (strlen(o->v[i].opt->name) == len && memcmp(o->v[i].opt->name, name, len) == 0)
			return &o->v[i];
	return NULL;
}

static int unknown_option(const struct mw_opts *o, const char *name, size_t len, char *err, size_t n)
{
	for (size_t i = 0; i < o->n; i++) {
		const char *was = o->v[i].opt->was;
		if (was && strlen(was) == len && memcmp(was, name, len) == 0)
			return mw_fail(MW_ESPEC, err, n, "--%s is called --%s now", was, o->v[i].opt->name);
	}
	const char **names = calloc(o->n + 1, sizeof(*names));
	char *word = strndup(name, len);
	const char *near = NULL;
	if (names && word) {
		for (size_t i = 0; i < o->n; i++)
			names[i] = o->v[i].opt->name;
		near = mw_nearest(word, names);
	}
	free(word);
	free(names);
	if (near)
		return mw_fail(MW_ESPEC, err, n, "unknown option --%.*s, did you mean --%s?", (int)len, name, near);
	return mw_fail(MW_ESPEC, err, n, "unknown option --%.*s, see 'memwall help'", (int)len, name);
}

static int fill_defaults(struct mw_opts *out, const struct mw_option *const *tables, size_t n_tables, char *err,
			 size_t n)
{
	size_t count = 0;
	for (size_t t = 0; t < n_tables; t++)
		for (const struct mw_option *o = tables[t]; o && o->name; o++)
			count++;
	out->v = calloc(count + 1, sizeof(*out->v));
	if (!out->v)
		return mw_fail(-ENOMEM, err, n, "no memory for options");
	for (size_t t = 0; t < n_tables; t++) {
		for (const struct mw_option *o = tables[t]; o && o->name; o++) {
			struct mw_optval *v = &out->v[out->n++];
			v->opt = o;
			int rc = assign_default(v, err, n);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* One word beginning with "--"; *i moves past a separate argument. */
static int parse_long(struct mw_opts *out, int argc, char **argv, int *i, char *err, size_t n)
{
	const char *name = argv[*i] + 2;
	const char *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	struct mw_optval *v = find(out, name, len);
	if (!v)
		return unknown_option(out, name, len, err, n);
	const char *text = eq ? eq + 1 : NULL;
	if (v->opt->type == MW_OPT_FLAG && text)
		return mw_fail(MW_ESPEC, err, n, "--%s takes no value", v->opt->name);
	if (v->opt->type != MW_OPT_FLAG && !text) {
		if (*i + 1 >= argc)
			return mw_fail(MW_ESPEC, err, n, "--%s needs a value: --%s=%s", v->opt->name, v->opt->name,
				       v->opt->arg ? v->opt->arg : "VALUE");
		text = argv[++*i];
	}
	if (v->given && v->opt->type != MW_OPT_PATHS)
		return mw_fail(MW_ESPEC, err, n, "--%s is given twice", v->opt->name);
	int rc = assign(v, text ? text : "1", err, n);
	v->given = rc == 0;
	return rc;
}

/* "-o FILE", "-oFILE", "-v": no bundling, so that a typo cannot turn into several flags. */
static int parse_short(struct mw_opts *out, int argc, char **argv, int *i, char *err, size_t n)
{
	const char *word = argv[*i];
	for (size_t k = 0; k < out->n; k++) {
		struct mw_optval *v = &out->v[k];
		assert(v->opt);
		if (!v->opt->letter || v->opt->letter != word[1])
			continue;
		const char *text = word[2] ? word + 2 : NULL;
		if (v->opt->type == MW_OPT_FLAG && text)
			return mw_fail(MW_ESPEC, err, n, "-%c takes no value", word[1]);
		if (v->opt->type != MW_OPT_FLAG && !text) {
			if (*i + 1 >= argc)
				return mw_fail(MW_ESPEC, err, n, "-%c needs a value", word[1]);
			text = argv[++*i];
		}
		if (v->given && v->opt->type != MW_OPT_PATHS)
			return mw_fail(MW_ESPEC, err, n, "-%c is given twice", word[1]);
		int rc = assign(v, text ? text : "1", err, n);
		v->given = rc == 0;
		return rc;
	}
	return mw_fail(MW_ESPEC, err, n, "unknown option %s, see 'memwall help'", word);
}

int mw_opts_parse(struct mw_opts *out, const struct mw_option *const *tables, size_t n_tables, int argc, char **argv,
		  char *err, size_t n)
{
	*out = (struct mw_opts){0};
	int rc = fill_defaults(out, tables, n_tables, err, n);
	if (rc < 0)
		return rc;
	out->positional = calloc((size_t)argc + 1, sizeof(*out->positional));
	if (!out->positional)
		return mw_fail(-ENOMEM, err, n, "no memory for options");
	bool only_words = false;
	for (int i = 1; i < argc && rc == 0; i++) {
		const char *word = argv[i];
		if (only_words || word[0] != '-' || word[1] == '\0')
			out->positional[out->n_positional++] = word;
		else if (strcmp(word, "--") == 0)
			only_words = true;
		else if (word[1] == '-')
			rc = parse_long(out, argc, argv, &i, err, n);
		else
			rc = parse_short(out, argc, argv, &i, err, n);
	}
	return rc;
}

void mw_opts_fini(struct mw_opts *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->v[i].text);
	free(o->v);
	free(o->positional);
	*o = (struct mw_opts){0};
}

bool mw_opt_exists(const struct mw_opts *o, const char *name)
{
	return find(o, name, strlen(name)) != NULL;
}

const struct mw_optval *mw_opt(const struct mw_opts *o, const char *name)
{
	const struct mw_optval *v = find(o, name, strlen(name));
	assert(v);
	return v;
}

bool mw_opt_flag(const struct mw_opts *o, const char *name)
{
	return mw_opt(o, name)->i != 0;
}

int64_t mw_opt_int(const struct mw_opts *o, const char *name)
{
	return mw_opt(o, name)->i;
}

uint64_t mw_opt_u64(const struct mw_opts *o, const char *name)
{
	return (uint64_t)mw_opt(o, name)->i;
}

double mw_opt_real(const struct mw_opts *o, const char *name)
{
	return mw_opt(o, name)->r;
}

const char *mw_opt_text(const struct mw_opts *o, const char *name)
{
	return mw_opt(o, name)->text;
}

size_t mw_opt_sizes(const struct mw_opts *o, const char *name, uint64_t *v, size_t max)
{
	const char *rest = mw_opt_text(o, name), *item;
	size_t count = 0, len;
	while (count < max && mw_list_next(&rest, &item, &len)) {
		char text[NUMBER_BYTES]; /* check_item() refuses longer items */
		mw_format(text, sizeof(text), "%.*s", (int)len, item);
		count += mw_parse_size(text, &v[count]) == 0;
	}
	return count;
}

size_t mw_opt_ints(const struct mw_opts *o, const char *name, int64_t *v, size_t max)
{
	const char *rest = mw_opt_text(o, name), *item;
	size_t count = 0, len;
	while (count < max && mw_list_next(&rest, &item, &len)) {
		char text[NUMBER_BYTES]; /* check_item() refuses longer items */
		mw_format(text, sizeof(text), "%.*s", (int)len, item);
		count += mw_parse_int(text, &v[count]) == 0;
	}
	return count;
}

/* ---- SPEC ---- */

static const struct mw_option *spec_option(const struct mw_option *table, const char *key)
{
	for (const struct mw_option *o = table; o && o->name; o++)
		if (strcmp(o->name, key) == 0)
			return o;
	return NULL;
}

static int spec_pair(struct mw_spec *out, const char *item, size_t len, char *err, size_t n)
{
	const char *eq = memchr(item, '=', len);
	size_t klen = eq ? (size_t)(eq - item) : len;
	size_t vlen = eq ? len - klen - 1 : 0;
	if (!eq || klen == 0 || vlen == 0)
		return mw_fail(MW_ESPEC, err, n, "'%.*s' in '%s:...' is not key=value", (int)len, item, out->name);
	if (out->n == MW_SPEC_KEYS || klen >= sizeof(out->kv[0].key) || vlen >= sizeof(out->kv[0].value))
		return mw_fail(MW_ESPEC, err, n, "'%.*s' in '%s:...' is too long", (int)len, item, out->name);
	memcpy(out->kv[out->n].key, item, klen);
	memcpy(out->kv[out->n].value, eq + 1, vlen);
	if (mw_spec_get(out, out->kv[out->n].key))
		return mw_fail(MW_ESPEC, err, n, "key '%s' is given twice in '%s:...'", out->kv[out->n].key, out->name);
	out->n++;
	return 0;
}

int mw_spec_parse(struct mw_spec *out, const char *text, char *err, size_t n)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; text[i]; i++) /* the SPEC is repeated in one-line messages and in CSV */
		if (text[i] < ' ' || text[i] > '~')
			return mw_fail(MW_ESPEC, err, n, "a device's text holds byte 0x%02x at character %zu",
				       (unsigned char)text[i], i + 1);
	size_t len = strcspn(text, ":");
	if (len == 0 || len >= sizeof(out->name))
		return mw_fail(MW_ESPEC, err, n, "'%s' is not a device, expected name[:key=value,...]", text);
	memcpy(out->name, text, len);
	const char *t = text[len] ? text + len + 1 : NULL;
	int rc = 0;
	while (t && rc == 0) {
		size_t item = strcspn(t, ",");
		rc = spec_pair(out, t, item, err, n);
		t = t[item] ? t + item + 1 : NULL;
	}
	return rc;
}

const char *mw_spec_get(const struct mw_spec *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->kv[i].key, key) == 0)
			return s->kv[i].value;
	return NULL;
}

int mw_spec_check(const struct mw_spec *s, const struct mw_option *table, char *err, size_t n)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct mw_option *o = spec_option(table, s->kv[i].key);
		if (!o) {
			const char *names[128] = {NULL};
			size_t count = 0;
			for (const struct mw_option *k = table; k && k->name && count < 127; k++)
				names[count++] = k->name;
			const char *near = mw_nearest(s->kv[i].key, names);
			return mw_fail(MW_ESPEC, err, n, "device %s has no key '%s'%s%s%s", s->name, s->kv[i].key,
				       near ? ", did you mean '" : ", see 'memwall pim devices'", near ? near : "",
				       near ? "'?" : "");
		}
		struct mw_optval v = {.opt = o};
		int rc = convert(&v, "key ", s->kv[i].value, err, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static struct mw_optval spec_value(const struct mw_spec *s, const struct mw_option *table, const char *key)
{
	struct mw_optval v = {.opt = spec_option(table, key)};
	assert(v.opt);
	const char *text = mw_spec_get(s, key);
	if (!text)
		text = v.opt->def;
	v.set = text && convert(&v, "", text, NULL, 0) == 0;
	return v;
}

int64_t mw_spec_int(const struct mw_spec *s, const struct mw_option *table, const char *key)
{
	return spec_value(s, table, key).i;
}

double mw_spec_real(const struct mw_spec *s, const struct mw_option *table, const char *key)
{
	return spec_value(s, table, key).r;
}

const char *mw_spec_text(const struct mw_spec *s, const struct mw_option *table, const char *key)
{
	const char *text = mw_spec_get(s, key);
	if (text)
		return text;
	const struct mw_option *o = spec_option(table, key);
	assert(o);
	return o->def;
}

/* Writes the value in its canonical spelling: 2048K becomes 2M. */
static void spec_spelling(const struct mw_option *o, const char *text, char *out, size_t n)
{
	struct mw_optval v = {.opt = o};
	bool ok = convert(&v, "", text, NULL, 0) == 0;
	if (ok && o->type == MW_OPT_SIZE)
		mw_format_size((uint64_t)v.i, out, n);
	else if (ok && o->type == MW_OPT_U64)
		mw_format(out, n, "%llu", (unsigned long long)v.i);
	else if (ok && o->type == MW_OPT_INT)
		mw_format(out, n, "%lld", (long long)v.i);
	else if (ok && (o->type == MW_OPT_REAL || o->type == MW_OPT_DURATION))
		mw_format(out, n, "%.15g", v.r);
	else
		mw_format(out, n, "%s", text);
}

int mw_spec_canonical(const struct mw_spec *s, const struct mw_option *table, char *out, size_t n)
{
	int len = snprintf(out, n, "%s", s->name);
	char sep = ':';
	for (const struct mw_option *o = table; o && o->name; o++) {
		char value[sizeof(s->kv[0].value)], def[sizeof(value)];
		const char *text = mw_spec_get(s, o->name);
		if (!text)
			continue;
		spec_spelling(o, text, value, sizeof(value));
		if (o->def) {
			spec_spelling(o, o->def, def, sizeof(def));
			if (strcmp(value, def) == 0)
				continue;
		}
		size_t room = (size_t)len < n ? n - (size_t)len : 0;
		len += snprintf(room ? out + len : NULL, room, "%c%s=%s", sep, o->name, value);
		sep = ',';
	}
	return len;
}
