/* Common parts of the records of the comparison: case, shape and texts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/core/text.h"
#include "bench/offload/offload.h"

const char *const offload_cache_names[OFFLOAD_CACHES] = {"cold", "warm"};

void offload_record(const struct offload_work *w, struct mw_record *r, enum offload_sort sort)
{
	bool bulk = w->kind == &offload_bulk;
	mw_record_open(r, &offload_emitter, bulk ? offload_bulk_row(sort) : offload_gemv_row(sort), w->name);
	if (bulk) {
		mw_put_int(r, &mw_key_vector, (int64_t)w->size);
	} else {
		mw_put_int(r, &mw_key_inputs, (int64_t)w->cols);
		mw_put_int(r, &mw_key_outputs, (int64_t)w->rows);
	}
}

/* ---- texts ---- */

struct offload_text {
	struct offload_text *next;
	char text[];
};

const char *offload_text(struct offload *o, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	struct offload_text *t = len < 0 ? NULL : malloc(sizeof(*t) + (size_t)len + 1);
	if (t) {
		mw_vclip(t->text, (size_t)len + 1, fmt, again);
		t->next = o->texts;
		o->texts = t;
	}
	o->no_memory = o->no_memory || !t;
	va_end(again);
	va_end(ap);
	return t ? t->text : "";
}

void offload_texts_free(struct offload *o)
{
	while (o->texts) {
		struct offload_text *t = o->texts;
		o->texts = t->next;
		free(t);
	}
}
