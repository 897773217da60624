/* PAPI behind a table of calls, so that tests can inject a faulty one. */
#ifndef METER_PAPI_H
#define METER_PAPI_H

#include <stdbool.h>
#include <stddef.h>

/* Every call happens in a process of its own: the library may print, exit or crash. Negative returns are errors, their
 * words in why where there is a why. */
struct papi_api {
	/* Opens the library: *lib goes to all other calls. */
	int (*load)(void *self, void **lib, char *why, size_t n);
	/* Does the library hold that component? Asked before anything is initialised. */
	bool (*built_in)(void *lib, const char *component);
	int (*init)(void *lib, char *why, size_t n);
	/* Index of a usable component; MW_EUNAVAILABLE when it is absent or disabled. */
	int (*component)(void *lib, const char *name, char *why, size_t n);
	/* A new event set of that component. */
	int (*event_set)(void *lib, int component, char *why, size_t n);
	int (*add)(void *lib, int set, const char *event, char *why, size_t n);
	int (*start)(void *lib, int set, char *why, size_t n);
	int (*read)(void *lib, int set, long long *values, char *why, size_t n);
	void *self;
	int patience_ms; /* how long an answer may take; 0: 10 s */
};

/* The installed library, opened by load; NULL when built without papi.h. */
const struct papi_api *papi_installed(void);

int papi_open_with(const struct papi_api *api, const char *root, void **state, char *why, size_t n);

#endif
