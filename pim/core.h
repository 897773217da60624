/* The structures behind the handles of pim.h, for the core and the built-in devices. */
#ifndef PIM_CORE_H
#define PIM_CORE_H

#include <assert.h>
#include <stdbool.h>

#include "base/core/option.h"
#include "base/core/text.h"
#include "base/core/wide.h"
#include "pim/pim_device.h"

#define CORE_FULL (~(mw_wide)0) /* a counter that is not known any more */
#define CORE_MAX_KEYS 96
#define CORE_ERR 2048

struct pim_config {
	struct mw_spec spec;
	struct mw_option table[CORE_MAX_KEYS + 1];
	struct mw_buf words; /* of PIM_KEY_CHOICE keys that the device lists by word() */
	/* The file of the PIM_KEY_FILE key, of which a table has at most one; NULL: none was given. */
	const char *file_key;
	char file_path[sizeof(((struct mw_spec *)0)->kv[0].value)];
	char *file_text;
};

/* First member of every handle: its link in a list of the device. */
struct core_link {
	struct core_link *prev, *next;
	uint32_t magic; /* CORE_OPEN until the handle is closed */
};

#define CORE_OPEN 0x4d4d4950u
#define CORE_CLOSED 0x64616564u

struct pim_device {
	struct core_link link; /* in no list */
	const struct pim_device_ops *ops;
	void *state;
	struct pim_executor executor;
	mw_wide counts[PIM_COUNT_N]; /* since open; a scope takes differences */
	struct core_link vectors, matrices, costs, subarrays;
	struct core_link graves; /* closed handles that are kept for CORE_CHECK, oldest first */
	size_t n_graves;
	char *spec;
	char error[CORE_ERR];
};

struct pim_vector {
	struct core_link link;
	struct pim_device *dev;
	struct pim_operand o;
	bool unbacked;
};

struct pim_matrix {
	struct core_link link;
	struct pim_device *dev;
	struct pim_operand o;
};

struct pim_subarray {
	struct core_link link;
	struct pim_device *dev;
	uint32_t bank, subarray, data_rows;
	size_t row_bytes;
};

struct pim_cost {
	struct core_link link;
	struct pim_device *dev;
	bool stopped;
	mw_wide start[PIM_COUNT_N], stop[PIM_COUNT_N];
};

struct pim_call {
	struct pim_device *dev;
};

struct pim_library {
	struct core_link link; /* in no list */
	void *handle;          /* of dlopen() */
	const struct pim_device_library *table;
	size_t n;
};

extern const struct pim_device_ops *const device_table[]; /* generated, ended by NULL */

void core_link_init(struct core_link *head);
void core_link_add(struct core_link *head, struct core_link *l);
void core_link_del(struct core_link *l);

/* Frees a closed handle. Builds that check handles keep it readable instead, so that its next use is found: the last
 * CORE_GRAVES of each device, and those of a closed device until the program ends. */
void core_bury(struct pim_device *dev, struct core_link *l);
enum { CORE_GRAVES = 1024 };

/* Every public function checks its handles first. Aborts with the function's name when a handle was closed; NULL
 * passes. */
#ifdef PIM_CHECK_HANDLES
#define CORE_CHECK(h) assert((!(h) || (h)->link.magic == CORE_OPEN) && "handle was closed")
#else
#define CORE_CHECK(h) ((void)0)
#endif

/* Stores the line for pim_error() and returns code. */
int core_fail(struct pim_device *dev, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* pim_call_charge() and pim_call_time() for amounts beyond 64 bits. */
void core_charge(struct pim_call *call, enum pim_count what, mw_wide n);
void core_time(struct pim_call *call, enum pim_count part, mw_wide elapsed_ps, mw_wide busy_ps);

/* True for comparisons and red_*, whose result is one bit per lane. */
bool core_is_predicate(enum pim_op op);

/* A price before the device fills it in: zeros, and NaN where 0 would be a value. out->size and out->energy.size stay.
 */
void core_price_start(struct pim_price *out);

/* -EINVAL with a line for pim_error(): size not set, no such kind, or not 1..64 bits. */
int core_check_type(struct pim_device *dev, struct pim_type type);
/* Bytes of one element in the host's layout; 0: one bit, packed. */
unsigned core_container(struct pim_type type);
/* Bytes of an operand in the host's layout; false when they exceed size_t. */
bool core_host_bytes(const struct pim_operand *o, size_t *bytes);

#endif
