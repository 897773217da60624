/* PAPI as a table of calls, so that tests can replace it by a faulty one. */
#ifndef METER_PAPI_H
#define METER_PAPI_H

#include <stdbool.h>
#include <stddef.h>

/* All calls happen in a child process, because the library may print, exit or crash. A negative result is an error, its
 * reason in why where there is one. */
struct papi_api {
	/* Opens the library; *lib is the first argument of all other calls. */
	int (*load)(void *self, void **lib, char *why, size_t n);
	/* Does the library contain that component? Called before init. */
	bool (*built_in)(void *lib, const char *component);
	int (*init)(void *lib, char *why, size_t n);
	/* Index of a component; MW_EUNAVAILABLE when it is absent or disabled. */
	int (*component)(void *lib, const char *name, char *why, size_t n);
	/* Makes an event set of that component; returns it. */
	int (*event_set)(void *lib, int component, char *why, size_t n);
	int (*add)(void *lib, int set, const char *event, char *why, size_t n);
	int (*start)(void *lib, int set, char *why, size_t n);
	int (*read)(void *lib, int set, long long *values, char *why, size_t n);
	void *self;
	int patience_ms; /* ms that an answer of the child may take; 0: 10 s */
};

/* The installed library; load() opens it. NULL when built without papi.h. */
const struct papi_api *papi_installed(void);

/* As energy_meter.open, with the library given; root is checked by the caller. */
int papi_open_with(const struct papi_api *api, const char *root, void **state, char *why, size_t n);

#endif
