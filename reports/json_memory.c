/* jansson 2.14 does not say when memory ends: its reader drops the character that found no room, its writer leaves out
 * the key, and both go on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "reports/json.h"

/* jansson's allocator takes no argument that this could be kept in. */
static _Thread_local bool ended;

static void *allocate(size_t n)
{
	void *p = malloc(n);
	ended = ended || !p;
	return p;
}

static void watch(void)
{
	json_set_alloc_funcs(allocate, free);
	ended = false;
}

int json_read_text(const char *text, size_t size, json_t **doc, json_error_t *e)
{
	watch();
	*doc = json_loadb(text, size, JSON_REJECT_DUPLICATES, e);
	if (!ended)
		return *doc ? 0 : MW_EFORMAT;
	json_decref(*doc);
	*doc = NULL;
	return -ENOMEM;
}

char *json_write_text(const json_t *doc, size_t flags)
{
	watch();
	char *text = json_dumps(doc, flags);
	if (!ended)
		return text;
	free(text);
	return NULL;
}

/* jansson leaves DEL as it is; a dump has it in strings only. */
static int put_without_del(FILE *f, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\x7f");
		if (fwrite(text, 1, len, f) != len)
			return EOF;
		if (!text[len])
			return fputc('\n', f);
		if (fputs("\\u007F", f) == EOF)
			return EOF;
		text += len + 1;
	}
}

int json_print(FILE *f, json_t *doc, bool failed)
{
	char *text = failed ? NULL : json_write_text(doc, JSON_FILE_FLAGS | JSON_ENSURE_ASCII);
	int rc = text ? 0 : -ENOMEM;
	errno = 0;
	if (text && put_without_del(f, text) == EOF)
		rc = errno ? -errno : -EIO;
	free(text);
	json_decref(doc);
	return rc;
}
