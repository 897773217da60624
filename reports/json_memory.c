/* Detects that jansson ran out of memory, which jansson 2.14 does not report: its reader drops a character, its writer
 * a key, and both go on. So its allocator notes a failure here. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "reports/json.h"

/* Global per thread, because jansson's allocator functions take no context argument. */
static _Thread_local bool ended;
static _Thread_local struct json_room *room; /* NULL: the heap */

struct room_block {
	struct room_block *next; /* older ones */
	size_t used, cap;
	max_align_t bytes[];
};

enum { ROOM_BLOCK = 64 << 10 };

static void *allocate_in(struct json_room *in, size_t n)
{
	struct room_block *b = in->block;
	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!b || b->cap - b->used < n) {
		size_t cap = n > ROOM_BLOCK ? n : ROOM_BLOCK;
		b = malloc(sizeof(*b) + cap);
		if (!b)
			return NULL;
		*b = (struct room_block){.next = in->block, .cap = cap};
		in->block = b;
	}
	void *p = (char *)b->bytes + b->used;
	b->used += n;
	return p;
}

static void *allocate(size_t n)
{
	void *p = room ? allocate_in(room, n) : malloc(n);
	ended = ended || !p;
	return p;
}

static void release(void *p)
{
	if (!room)
		free(p);
}

static void watch(void)
{
	json_set_alloc_funcs(allocate, release);
	ended = false;
}

void json_room_reset(struct json_room *r)
{
	struct room_block *b = r->block;
	while (b && b->next) {
		struct room_block *older = b->next;
		free(b);
		b = older;
	}
	if (b)
		b->used = 0;
	r->block = b;
}

void json_room_fini(struct json_room *r)
{
	json_room_reset(r);
	free(r->block);
	r->block = NULL;
}

int json_read_text(const char *text, size_t size, struct json_room *in, json_t **doc, json_error_t *e)
{
	watch();
	room = in;
	*doc = json_loadb(text, size, JSON_REJECT_DUPLICATES, e);
	room = NULL;
	if (!ended)
		return *doc ? 0 : MW_EFORMAT;
	if (!in)
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

/* Writes text with DEL escaped, which jansson does not do. DEL occurs in strings only. */
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
