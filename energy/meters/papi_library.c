/* The installed libpapi. It is opened with dlopen when a meter asks for it, so that it may be missing at run time. */
#include "base/core/text.h"
#include "energy/meters/papi.h"

#ifdef HAVE_PAPI

#include <dlfcn.h>
#include <errno.h>
#include <papi.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"

struct library {
	void *handle;
	__typeof__(PAPI_library_init) *library_init;
	__typeof__(PAPI_get_component_index) *get_component_index;
	__typeof__(PAPI_get_component_info) *get_component_info;
	__typeof__(PAPI_create_eventset) *create_eventset;
	__typeof__(PAPI_assign_eventset_component) *assign_eventset_component;
	__typeof__(PAPI_add_named_event) *add_named_event;
	__typeof__(PAPI_start) *start;
	__typeof__(PAPI_read) *read;
	__typeof__(PAPI_strerror) *strerror;
};

static int bind_symbols(struct library *l, const char *name, char *why, size_t n)
{
	const struct {
		const char *symbol;
		void *to;
	} need[] = {
		{"PAPI_library_init", &l->library_init},
		{"PAPI_get_component_index", &l->get_component_index},
		{"PAPI_get_component_info", &l->get_component_info},
		{"PAPI_create_eventset", &l->create_eventset},
		{"PAPI_assign_eventset_component", &l->assign_eventset_component},
		{"PAPI_add_named_event", &l->add_named_event},
		{"PAPI_start", &l->start},
		{"PAPI_read", &l->read},
		{"PAPI_strerror", &l->strerror},
	};
	for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++) {
		void *symbol = dlsym(l->handle, need[i].symbol);
		if (!symbol)
			return mw_fail(MW_EUNAVAILABLE, why, n, "%s has no %s", name, need[i].symbol);
		memcpy(need[i].to, &symbol, sizeof(symbol));
	}
	return 0;
}

static int lib_load(void *self, void **lib, char *why, size_t n)
{
	char name[40];
	(void)self;
	struct library *l = calloc(1, sizeof(*l));
	if (!l)
		return mw_fail(-ENOMEM, why, n, "no memory");
	/* Try the version of papi.h first, then any libpapi.so. */
	mw_format(name, sizeof(name), "libpapi.so.%d.%d", PAPI_VERSION_MAJOR(PAPI_VERSION),
		  PAPI_VERSION_MINOR(PAPI_VERSION));
	l->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		l->handle = dlopen("libpapi.so", RTLD_NOW | RTLD_LOCAL);
	int rc = l->handle ? bind_symbols(l, name, why, n)
			   : mw_fail(MW_EUNAVAILABLE, why, n, "%s is not installed", name);
	if (rc) {
		free(l); /* the handle is not closed: unloading PAPI is not safe, and this process ends soon */
		return rc;
	}
	*lib = l;
	return 0;
}

static int say(const struct library *l, int code, char *why, size_t n)
{
	const char *text = l->strerror(code);
	return mw_fail(MW_EUNAVAILABLE, why, n, "PAPI: %s", text ? text : "unknown error");
}

static bool lib_built_in(void *lib, const char *component)
{
	const struct library *l = lib;
	char symbol[64];
	mw_format(symbol, sizeof(symbol), "_%s_vector", component);
	return dlsym(l->handle, symbol) != NULL;
}

static int lib_init(void *lib, char *why, size_t n)
{
	const struct library *l = lib;
	int rc = l->library_init(PAPI_VER_CURRENT);
	if (rc == PAPI_VER_CURRENT)
		return 0;
	if (rc > 0)
		return mw_fail(MW_EUNAVAILABLE, why, n, "PAPI: the library's version %d.%d is not that of its header",
			       PAPI_VERSION_MAJOR(rc), PAPI_VERSION_MINOR(rc));
	return say(l, rc, why, n);
}

static int lib_component(void *lib, const char *name, char *why, size_t n)
{
	const struct library *l = lib;
	int cid = l->get_component_index(name);
	const PAPI_component_info_t *info = cid >= 0 ? l->get_component_info(cid) : NULL;
	if (!info)
		return mw_fail(MW_EUNAVAILABLE, why, n, "component not built in");
	if (info->disabled)
		return mw_fail(MW_EUNAVAILABLE, why, n, "disabled: %s", info->disabled_reason);
	return cid;
}

static int lib_event_set(void *lib, int component, char *why, size_t n)
{
	const struct library *l = lib;
	int set = PAPI_NULL;
	int rc = l->create_eventset(&set);
	if (rc == PAPI_OK)
		rc = l->assign_eventset_component(set, component);
	return rc == PAPI_OK ? set : say(l, rc, why, n);
}

static int lib_add(void *lib, int set, const char *event, char *why, size_t n)
{
	const struct library *l = lib;
	int rc = l->add_named_event(set, event);
	return rc == PAPI_OK ? 0 : say(l, rc, why, n);
}

static int lib_start(void *lib, int set, char *why, size_t n)
{
	const struct library *l = lib;
	int rc = l->start(set);
	return rc == PAPI_OK ? 0 : say(l, rc, why, n);
}

static int lib_read(void *lib, int set, long long *values, char *why, size_t n)
{
	const struct library *l = lib;
	int rc = l->read(set, values);
	return rc == PAPI_OK ? 0 : say(l, rc, why, n);
}

const struct papi_api *papi_installed(void)
{
	static const struct papi_api api = {
		.load = lib_load,
		.built_in = lib_built_in,
		.init = lib_init,
		.component = lib_component,
		.event_set = lib_event_set,
		.add = lib_add,
		.start = lib_start,
		.read = lib_read,
	};
	return &api;
}

#else

const struct papi_api *papi_installed(void)
{
	return NULL;
}

#endif
