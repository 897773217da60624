#include "reports/fields.h"

#include "reports/results.h"

#define MEMBER(T, member, kind)                                                                                        \
	{                                                                                                              \
#member, kind, offsetof(T, member), sizeof(((T *)0)->member)                                           \
	}
#define INFO(member, kind) MEMBER(struct results_info, member, kind)
#define HOST(member, kind) MEMBER(struct results_host, member, kind)

/* clang-format off */
const struct field info_fields[] = {
	INFO(version, FIELD_TEXT),
	INFO(commit, FIELD_TEXT),
	INFO(compiler, FIELD_TEXT),
	INFO(flags, FIELD_TEXT),
	INFO(profile, FIELD_TEXT),
	INFO(started, FIELD_TEXT),
	INFO(elapsed_s, FIELD_REAL),
	{NULL, FIELD_TEXT, 0, 0},
};

const struct field host_fields[] = {
	HOST(hostname, FIELD_TEXT),
	HOST(cpu_model, FIELD_TEXT),
	HOST(microcode, FIELD_TEXT),
	HOST(isa, FIELD_TEXT),
	HOST(kernel, FIELD_TEXT),
	HOST(virtualization, FIELD_TEXT),
	HOST(governor, FIELD_TEXT),
	HOST(turbo, FIELD_TEXT),
	HOST(thp, FIELD_TEXT),
	HOST(numa_balancing, FIELD_TEXT),
	HOST(n_cpus, FIELD_INT),
	HOST(n_cores, FIELD_INT),
	HOST(n_sockets, FIELD_INT),
	HOST(smt, FIELD_INT),
	HOST(page_bytes, FIELD_U64),
	HOST(hugepages_2m_free, FIELD_COUNT),
	HOST(l1d_bytes, FIELD_U64),
	HOST(l2_bytes, FIELD_U64),
	HOST(l3_bytes, FIELD_U64),
	HOST(l3_instances, FIELD_INT),
	HOST(llc_total_bytes, FIELD_U64),
	HOST(mem_total, FIELD_U64),
	HOST(mem_available, FIELD_U64),
	HOST(mem_limit_source, FIELD_TEXT),
	HOST(cpu_quota, FIELD_REAL),
	{NULL, FIELD_TEXT, 0, 0},
};
/* clang-format on */
