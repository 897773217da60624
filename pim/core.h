/* The handles of pim.h from inside. */
#ifndef PIM_CORE_H
#define PIM_CORE_H

#include <stdbool.h>

#include "base/core/option.h"
#include "base/core/wide.h"
#include "pim/pim.h"

#define CORE_MAX_KEYS 64
#define CORE_ERR 256

struct pim_config {
	struct mw_spec spec;
	struct mw_option table[CORE_MAX_KEYS + 1];
};

struct core_link {
	struct core_link *prev, *next;
};

struct pim_device {
	const struct pim_device_ops *ops;
	void *state;
	struct pim_executor executor;
	mw_wide counts[PIM_COUNT_N]; /* since open; scopes are differences */
	struct core_link vectors, matrices, costs, subarrays;
	char *spec;
	char error[CORE_ERR];
};

struct pim_vector {
	struct core_link link; /* first: a link is its vector */
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

extern const struct pim_device_ops *const device_table[]; /* generated, ended by NULL */

void core_link_init(struct core_link *head);
void core_link_add(struct core_link *head, struct core_link *l);
void core_link_del(struct core_link *l);

/* Line for pim_error(), then code. */
int core_fail(struct pim_device *dev, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* pim_call_charge() and pim_call_time() for amounts beyond 64 bits. */
void core_charge(struct pim_call *call, enum pim_count what, mw_wide n);
void core_time(struct pim_call *call, enum pim_count part, mw_wide elapsed_ps, mw_wide busy_ps);

/* Comparisons and red_*: one bit per lane. */
bool core_is_predicate(enum pim_op op);

/* Bytes of one element in a host container: 0 for one bit (packed). */
unsigned core_container(struct pim_type type);
/* false when it does not fit into size_t. */
bool core_host_bytes(const struct pim_operand *o, size_t *bytes);

#endif
