/* Reads an option table: legal words, defaults, help. */
#include <string.h>

#include "base/core/option.h"
#include "base/core/text.h"

bool mw_option_word(const struct mw_option *o, size_t i, const char **word, size_t *len)
{
	const char *c = o->word ? o->word(i) : o->choices;
	for (size_t k = 0; !o->word && c && k < i; k++) {
		c = strchr(c, '|');
		c = c ? c + 1 : NULL;
	}
	*word = c;
	*len = c ? strcspn(c, "|") : 0;
	return c != NULL;
}

size_t mw_option_choices(const struct mw_option *o, char *out, size_t n)
{
	const char *word;
	size_t len, at = 0;
	out[0] = '\0';
	bool legal = o->type == MW_OPT_CHOICE || o->type == MW_OPT_CHOICES; /* of TEXT words are but an offer */
	for (size_t i = 0; legal && at < n && mw_option_word(o, i, &word, &len); i++)
		at += (size_t)snprintf(out + at, n - at, "%s%.*s", i ? "|" : "", (int)len, word);
	return at;
}

/* Item i of the default; NULL after the last one. */
static const char *default_item(const struct mw_option *o, size_t i)
{
	if (o->defs && (i == 0 || o->type == MW_OPT_PATHS))
		return o->defs(i);
	return i == 0 ? o->def : NULL;
}

size_t mw_option_default(const struct mw_option *o, char join, char *out, size_t n)
{
	const char *item;
	size_t at = 0;
	if (n)
		out[0] = '\0';
	for (size_t i = 0; (item = default_item(o, i)); i++) {
		size_t room = at < n ? n - at : 0;
		char between[2] = {i ? join : '\0', '\0'};
		at += (size_t)snprintf(room ? out + at : NULL, room, "%s%s", between, item);
	}
	return at;
}

void mw_opts_help(FILE *f, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++) {
		char left[48];
		mw_format(left, sizeof(left), "--%s%s%s", o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
		(void)fprintf(f, "  %c%c %-26s %s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ', left, o->help);
		char choices[MW_OPT_ROOM];
		if (mw_option_choices(o, choices, sizeof(choices)))
			(void)fprintf(f, " (%s%s)", o->type == MW_OPT_CHOICES ? "list of " : "", choices);
		char def[MW_OPT_ROOM];
		if (mw_option_default(o, ' ', def, sizeof(def)))
			(void)fprintf(f, " [%s]", def);
		(void)fputc('\n', f);
	}
}
