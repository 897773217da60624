#include "base/core/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOST(member, kind) MW_FIELD(struct mw_host, member, MW_FIELD_##kind, 0)
#define LATER(member, kind) MW_FIELD(struct mw_host, member, MW_FIELD_##kind, 1)

/* clang-format off */
const struct mw_field mw_host_fields[] = {
	HOST(hostname, TEXT),
	HOST(cpu_model, TEXT),
	HOST(microcode, TEXT),
	HOST(isa, TEXT),
	HOST(kernel, TEXT),
	HOST(virtualization, TEXT),
	HOST(governor, TEXT),
	HOST(turbo, TEXT),
	HOST(thp, TEXT),
	HOST(numa_balancing, TEXT),
	HOST(n_cpus, INT),
	HOST(n_cores, INT),
	HOST(n_sockets, INT),
	HOST(smt, INT),
	HOST(page_bytes, U64),
	HOST(hugepages_2m_free, COUNT),
	HOST(l1d_bytes, U64),
	HOST(l2_bytes, U64),
	HOST(l3_bytes, U64),
	HOST(l3_instances, INT),
	HOST(llc_total_bytes, U64),
	HOST(mem_total, U64),
	HOST(mem_available, COUNT),
	HOST(mem_limit_source, TEXT),
	HOST(cpu_quota, REAL),
	LATER(n_cpu_nodes, INT),
	LATER(mem_slots, INT),
	LATER(mem_modules, INT),
	LATER(mem_kinds, TEXT),
	LATER(mem_channels, INT),
	LATER(mem_channels_all, INT),
	LATER(mem_mts, INT),
	LATER(mem_rated_mts, INT),
	LATER(mem_peak, REAL),
	LATER(mem_peak_source, TEXT),
	LATER(mitigations, TEXT),
	LATER(swap_used, COUNT),
	LATER(edac_corrected, COUNT),
	LATER(edac_uncorrected, COUNT),
	LATER(throttled, COUNT),
	LATER(edac_corrected_during, COUNT),
	LATER(edac_uncorrected_during, COUNT),
	LATER(throttled_during, COUNT),
	MW_FIELDS_END,
};
const struct mw_field mw_host_during_fields[] = {
	LATER(edac_corrected_during, COUNT),
	LATER(edac_uncorrected_during, COUNT),
	LATER(throttled_during, COUNT),
	MW_FIELDS_END,
};
/* clang-format on */

void mw_host_init(struct mw_host *h)
{
	memset(h, 0, sizeof(*h));
	mw_fields_init(mw_host_fields, h);
}

void mw_host_fini(struct mw_host *h)
{
	mw_fields_fini(mw_host_fields, h);
	free(h->nodes);
	free(h->distances);
	mw_host_init(h);
}

int mw_host_set_nodes(struct mw_host *h, int n)
{
	size_t count = (size_t)n;
	free(h->nodes);
	free(h->distances);
	h->n_nodes = 0;
	h->nodes = n ? calloc(count, sizeof(*h->nodes)) : NULL;
	h->distances = n ? calloc(count * count, sizeof(*h->distances)) : NULL;
	if (n && (!h->nodes || !h->distances)) {
		free(h->nodes);
		free(h->distances);
		h->nodes = NULL;
		h->distances = NULL;
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++)
		h->nodes[i].bytes = MW_COUNT_UNKNOWN;
	h->n_nodes = n;
	return 0;
}

int mw_host_copy(struct mw_host *to, const struct mw_host *from)
{
	size_t n = (size_t)from->n_nodes;
	mw_host_init(to);
	int rc = mw_fields_copy(mw_host_fields, to, from);
	if (rc == 0)
		rc = mw_host_set_nodes(to, from->n_nodes);
	if (rc == 0 && to->nodes && to->distances) {
		memcpy(to->nodes, from->nodes, n * sizeof(*to->nodes));
		memcpy(to->distances, from->distances, n * n * sizeof(*to->distances));
	}
	if (rc < 0)
		mw_host_fini(to);
	return rc;
}
