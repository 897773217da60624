#include "cli/json_memory.h"

#include <errno.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/core/err.h"

/* jansson's allocator takes no argument to keep this in. */
static atomic_bool ended;

static void *allocate(size_t n)
{
	void *p = malloc(n);
	if (!p)
		atomic_store(&ended, true);
	return p;
}

void cli_json_watch(void)
{
	json_set_alloc_funcs(allocate, free);
}

void cli_json_begin(void)
{
	atomic_store(&ended, false);
}

int cli_json_end(int rc, const char *what, struct results *r, char *err, size_t n)
{
	if (!atomic_load(&ended))
		return rc;
	results_fini(r);
	return mw_fail(-ENOMEM, err, n, "%s: out of memory", what);
}
