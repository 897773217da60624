#include "cli/pim_sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/option.h"
#include "base/core/text.h"
#include "cli/spec.h"

/* Checks A,B,..: no empty value, none too long, none twice. Returns how many, or MW_ESPEC. */
static int check_values(const char *text, const char *values, char *err, size_t n)
{
	const char *rest = values, *item;
	size_t len, other;
	int count = 0;
	if (!*values || strncmp(values, ",", 1) == 0 || values[strlen(values) - 1] == ',' || strstr(values, ",,"))
		return mw_fail(MW_ESPEC, err, n, "--sweep=%s: a value is missing", text);
	while (mw_list_next(&rest, &item, &len)) {
		const char *before = values, *earlier;
		if (len >= sizeof(((struct pim_sweep *)NULL)->key[0].value))
			return mw_fail(MW_ESPEC, err, n, "--sweep=%s: a value is too long", text);
		while (mw_list_next(&before, &earlier, &other) && earlier < item)
			if (other == len && memcmp(earlier, item, len) == 0)
				return mw_fail(MW_ESPEC, err, n, "--sweep: '%.*s' is named twice", (int)len, item);
		count++;
	}
	return count;
}

/* Reads one KEY=A,B,... Returns the number of values. */
static int parse_one(struct pim_sweep *s, const char *text, char *err, size_t n)
{
	size_t len = strcspn(text, "=");
	if (text[len] != '=' || len == 0 || len >= sizeof(s->key[0].name))
		return mw_fail(MW_ESPEC, err, n, "--sweep=%s: expected KEY=A,B,..", text);
	if (s->n == PIM_SWEEP_KEYS)
		return mw_fail(MW_ESPEC, err, n, "--sweep: more than %d keys", PIM_SWEEP_KEYS);
	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->key[i].name) == len && memcmp(s->key[i].name, text, len) == 0)
			return mw_fail(MW_ESPEC, err, n, "--sweep: key '%s' is named twice", s->key[i].name);
	int count = check_values(text, text + len + 1, err, n);
	if (count < 0)
		return count;
	mw_format(s->key[s->n].name, sizeof(s->key[s->n].name), "%.*s", (int)len, text);
	mw_format(s->key[s->n].title, sizeof(s->key[s->n].title), "spec_%.*s", (int)len, text);
	s->key[s->n].values = strdup(text + len + 1);
	if (!s->key[s->n].values)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	s->key[s->n].column = (struct grid_column){s->key[s->n].title, s->key[s->n].name, false};
	s->n++;
	return count;
}

/* Marks the columns of keys that are numbers. An unknown key is reported later, with its value. */
static void mark_numbers(struct pim_sweep *s, const struct pim_library *library, const char *spec)
{
	struct pim_device *dev;
	char name[CLI_SPEC_MAX];
	mw_clip(name, sizeof(name), "%.*s", (int)strcspn(spec, ":"), spec);
	if (s->n == 0 || cli_pim_open(library, name, NULL, NULL, &dev, NULL, 0) < 0)
		return;
	for (const struct pim_key *k = pim_ops_of(dev)->keys; k && k->name; k++)
		for (size_t i = 0; i < s->n; i++)
			if (strcmp(s->key[i].name, k->name) == 0)
				s->key[i].column.number = k->type != PIM_KEY_TEXT && k->type != PIM_KEY_CHOICE;
	pim_close(dev);
}

int pim_sweep_parse(struct pim_sweep *s, const char *text, const struct pim_library *library, const char *spec,
		    char *err, size_t n)
{
	long combinations = 1;
	int rc = 0;
	while (text && rc == 0) {
		size_t len = strcspn(text, "\n");
		char *one = strndup(text, len);
		int count = one ? parse_one(s, one, err, n) : mw_fail(-ENOMEM, err, n, "out of memory");
		free(one);
		rc = count < 0 ? count : 0;
		combinations *= count < 0 ? 1 : count;
		if (rc == 0 && combinations > PIM_SWEEP_MAX)
			rc = mw_fail(MW_ESPEC, err, n, "--sweep: more than %d combinations of values", PIM_SWEEP_MAX);
		text = text[len] ? text + len + 1 : NULL;
	}
	if (rc == 0)
		mark_numbers(s, library, spec);
	return rc;
}

void pim_sweep_fini(struct pim_sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->key[i].values);
}

/* Writes the value in turn as a table shows it. */
static void set_cell(struct pim_sweep *s, size_t i)
{
	uint64_t bytes;
	bool size = s->key[i].column.number && mw_parse_size(s->key[i].value, &bytes) == 0;
	if (size)
		mw_format(s->key[i].cell, sizeof(s->key[i].cell), "%" PRIu64, bytes);
	else
		mw_format(s->key[i].cell, sizeof(s->key[i].cell), "%s", s->key[i].value);
}

struct each {
	struct pim_sweep *s;
	int (*fn)(void *arg, const char *spec, char *err, size_t n);
	void *arg;
};

static int each(const struct each *e, size_t i, const char *spec, char *err, size_t n)
{
	struct pim_sweep *s = e->s;
	if (i == s->n)
		return e->fn(e->arg, spec, err, n);
	const char *rest = s->key[i].values, *item;
	size_t len;
	int rc = 0;
	while (rc == 0 && mw_list_next(&rest, &item, &len)) {
		char one[CLI_SPEC_MAX];
		mw_format(s->key[i].value, sizeof(s->key[i].value), "%.*s", (int)len, item);
		set_cell(s, i);
		rc = cli_pim_set(spec, s->key[i].name, s->key[i].value, one, sizeof(one), err, n);
		if (rc == 0)
			rc = each(e, i + 1, one, err, n);
	}
	return rc;
}

int pim_sweep_each(struct pim_sweep *s, const char *spec, int (*fn)(void *arg, const char *spec, char *err, size_t n),
		   void *arg, char *err, size_t n)
{
	const struct each e = {s, fn, arg};
	return each(&e, 0, spec, err, n);
}
