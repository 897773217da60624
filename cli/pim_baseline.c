#include "cli/pim_baseline.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/spec.h"

const struct grid_column pim_baseline_columns[BASELINE_COLUMNS] = {
	[BASELINE_HOST_GOPS] = {"host_gops", "host GOP/s", true},
	[BASELINE_BASIS] = {"host_basis", "host", false},
	[BASELINE_HOST_GBPS] = {"host_gbps", NULL, true},
	[BASELINE_HOST_BYTES] = {"host_bytes", NULL, true},
	[BASELINE_HOST_CHANNELS] = {"host_channels", NULL, true},
	[BASELINE_CHANNELS] = {"channels", NULL, true},
	[BASELINE_PEAK_GBPS] = {"peak_gbps", "peak GB/s", true},
	[BASELINE_MEMORY] = {"memory", NULL, false},
	[BASELINE_RATIO_NONE] = {"ratio_none", "ratio", true},
	[BASELINE_RATIO_JEDEC] = {"ratio_jedec", "ratio jedec", true},
	[BASELINE_RECORD] = {"host_record", NULL, false},
};

bool pim_baseline_wide(size_t column)
{
	return column == BASELINE_HOST_GBPS || column == BASELINE_HOST_BYTES || column == BASELINE_HOST_CHANNELS ||
	       column == BASELINE_RECORD || column == BASELINE_MEMORY;
}

/* Operations that `offload` measures on the host; width 0: bulk operations, which are counted per row. */
static const struct measured {
	enum pim_op op;
	uint32_t width;
	const char *case_name;
} measured[] = {
	{PIM_NOT, 0, "not"}, {PIM_AND, 0, "and"}, {PIM_OR, 0, "or"}, {PIM_XOR, 0, "xor"}, {PIM_ADD, 32, "add32"},
};

static bool is_number(const struct mw_record *r)
{
	return r->provenance == MW_MEASURED && isfinite(r->value) && r->value > 0;
}

static const char *param(const struct mw_record *r, const char *key)
{
	return mw_kv_str(&r->params, key, "");
}

/* A bandwidth of main memory, not of zeros, which some memories compress. */
static bool of_memory(const struct mw_record *r)
{
	bool dram = strncmp(r->case_name, "dram-", 5) == 0 || strcmp(param(r, "level"), "dram") == 0;
	return is_number(r) && strcmp(r->bench, "bandwidth") == 0 && strcmp(r->metric, "bandwidth") == 0 && dram &&
	       strcmp(param(r, "data"), "zeros") != 0;
}

static bool host_time(const struct mw_record *r, const struct measured *m)
{
	return is_number(r) && strcmp(r->bench, "offload") == 0 && strcmp(r->metric, "time") == 0 &&
	       strcmp(r->case_name, m->case_name) == 0 && strcmp(param(r, "device"), "host") == 0 &&
	       strcmp(param(r, "cache"), "cold") == 0 && mw_kv_int(&r->params, "vector", 0) > 0;
}

/* The fastest way of the host at the largest size, with operands in memory; NULL: not measured. */
static const struct mw_record *fastest(const struct pim_baseline *b, enum pim_op op, struct pim_type type)
{
	const struct mw_record *best = NULL;
	for (size_t k = 0; k < sizeof(measured) / sizeof(measured[0]); k++) {
		const struct measured *m = &measured[k];
		if (m->op != op || (m->width && m->width != type.bits))
			continue;
		for (size_t i = 0; i < b->results.records.n; i++) {
			const struct mw_record *r = &b->results.records.v[i];
			if (!host_time(r, m))
				continue;
			int64_t size = mw_kv_int(&r->params, "vector", 0),
				most = best ? mw_kv_int(&best->params, "vector", 0) : 0;
			if (size > most || (size == most && r->value < best->value))
				best = r;
		}
	}
	return best;
}

int pim_baseline_read(struct pim_baseline *b, const char *path, char *err, size_t n)
{
	char why[MW_ERR_ROOM];
	b->path = path;
	int rc = results_load_records(path, &b->results, why, sizeof(why));
	if (rc < 0)
		return mw_fail(rc == -ENOMEM ? rc : MW_ESPEC, err, n, "--baseline: %s", why);
	bool any = false;
	for (size_t i = 0; i < b->results.records.n; i++) {
		const struct mw_record *r = &b->results.records.v[i];
		if (of_memory(r) && (!b->memory || r->value > b->memory->value))
			b->memory = r;
		for (size_t k = 0; k < sizeof(measured) / sizeof(measured[0]); k++)
			any = any || host_time(r, &measured[k]);
	}
	if (!any && !b->memory)
		return mw_fail(MW_EUNAVAILABLE, err, n,
			       "--baseline: %s has neither the host's times of 'memwall offload' nor a bandwidth of "
			       "its memory",
			       path);
	return 0;
}

void pim_baseline_fini(struct pim_baseline *b)
{
	results_fini(&b->results);
}

/* ---- the memory of both sides ---- */

/* The highest rate at which the host moved operands. */
static double host_rate(const struct pim_baseline *b)
{
	double rate = b->memory ? b->memory->value : 0;
	for (size_t k = 0; k < sizeof(measured) / sizeof(measured[0]); k++) {
		struct pim_type type = pim_uint(measured[k].width ? measured[k].width : 1);
		const struct mw_record *r = fastest(b, measured[k].op, type);
		double bytes = r ? (pim_op_inputs(measured[k].op) + 1) * (double)mw_kv_int(&r->params, "vector", 0) : 0;
		if (r)
			rate = fmax(rate, bytes / r->value);
	}
	return rate;
}

int pim_baseline_spec(const struct pim_baseline *b, const struct pim_library *library, const char *spec, char *text,
		      size_t size, const char **how, char *err, size_t n)
{
	struct mw_spec parsed;
	struct pim_device *dev;
	struct pim_device_info info = {.size = sizeof(info)};
	char value[16];
	*how = "the device's own";
	int rc = cli_pim_open(library, spec, NULL, NULL, &dev, err, n);
	if (rc < 0)
		return rc;
	bool has = cli_pim_has_key(dev, "channels") && pim_device_info(dev, &info) == 0 && info.channels > 0;
	pim_close(dev);
	if (mw_spec_parse(&parsed, spec, NULL, 0) == 0 && mw_spec_get(&parsed, "channels")) {
		*how = "as the SPEC says";
		has = false;
	}
	double channels = b->results.host.mem_channels;
	if (has && channels > 0 && info.channel_bits > 0) {
		/* Tables of the firmware count channels of 64 bits; one of DDR5 is two of the device's. */
		channels = ceil(channels * 64 / info.channel_bits);
		*how = "as many as the host's";
	} else if (has && isfinite(info.channel_peak_gbps)) {
		channels = ceil(host_rate(b) / info.channel_peak_gbps);
		*how = "assumed: as many as the host's rate needs";
	} else {
		has = false;
	}
	mw_format(value, sizeof(value), "%.0f", fmin(fmax(channels, 1), 1e6));
	return cli_pim_set(spec, has ? "channels" : NULL, value, text, size, err, n);
}

/* ---- rows ---- */

/* Bytes of one lane of a type in host memory. */
static double lane_bytes(uint32_t bits)
{
	uint32_t unit = 8;
	while (unit < bits)
		unit *= 2;
	return bits == 1 ? 0.125 : unit / 8.0;
}

/* Bytes that the host moves for one lane: inputs and result. 0: not by lanes. */
static double bytes_per_lane(enum pim_op op, struct pim_type type)
{
	unsigned inputs = pim_op_inputs(op);
	struct pim_type result = type;
	if (op <= PIM_FILL) /* per row, whatever the width */
		return (inputs + 1) * 0.125;
	if (op > PIM_RED_XOR || pim_op_result(op, type, &result) == -EINVAL)
		return 0;
	double in = op == PIM_IF_ELSE ? 0.125 + 2 * lane_bytes(type.bits) : inputs * lane_bytes(type.bits);
	return in + lane_bytes(result.bits);
}

struct host {
	double gops, gbps; /* gops 0: nothing to compare with */
	int64_t bytes;
	const struct mw_record *record;
	bool ceiling;
};

static struct host host_of(const struct pim_baseline *b, enum pim_op op, struct pim_type type)
{
	double per_lane = bytes_per_lane(op, type);
	struct host h = {.record = fastest(b, op, type)};
	if (per_lane > 0 && h.record) {
		h.bytes = mw_kv_int(&h.record->params, "vector", 0);
		double lanes = (double)h.bytes / (op <= PIM_FILL ? 0.125 : lane_bytes(type.bits));
		h.gops = lanes / h.record->value;
	} else if (per_lane > 0 && b->memory) {
		h.record = b->memory;
		h.bytes = mw_kv_int(&h.record->observed, "array", 0);
		h.gops = h.record->value / per_lane;
		h.ceiling = true;
	}
	h.gbps = h.gops * per_lane;
	return h;
}

int pim_baseline_row(const struct pim_baseline *b, struct pim_device *dev, enum pim_op op, struct pim_type type,
		     const double gops[2], const char *how, struct mw_buf cells[BASELINE_COLUMNS])
{
	struct host h = host_of(b, op, type);
	struct pim_device_info info = {.size = sizeof(info)};
	bool known = pim_device_info(dev, &info) == 0;
	if (known && info.channels)
		mw_buf_add(&cells[BASELINE_CHANNELS], "%" PRIu32, info.channels);
	if (known && isfinite(info.peak_gbps))
		mw_buf_add(&cells[BASELINE_PEAK_GBPS], "%.6g", info.peak_gbps);
	mw_buf_add(&cells[BASELINE_MEMORY], "%s", how);
	if (b->results.host.mem_channels > 0)
		mw_buf_add(&cells[BASELINE_HOST_CHANNELS], "%d", b->results.host.mem_channels);
	if (!(h.gops > 0)) {
		mw_buf_add(&cells[BASELINE_RECORD], "the baseline has no rate of the host for it");
		return 0;
	}
	mw_buf_add(&cells[BASELINE_HOST_GOPS], "%.5g", h.gops);
	mw_buf_add(&cells[BASELINE_BASIS], "%s", h.ceiling ? "ceiling" : "measured");
	mw_buf_add(&cells[BASELINE_HOST_GBPS], "%.5g", h.gbps);
	if (h.bytes > 0)
		mw_buf_add(&cells[BASELINE_HOST_BYTES], "%" PRId64, h.bytes);
	if (known && info.channels && isfinite(info.peak_gbps) && h.gbps > info.peak_gbps) {
		mw_buf_add(&cells[BASELINE_RECORD],
			   "no ratio: the host moved %.4g GB/s and the device's %" PRIu32 " channel%s carry %.4g",
			   h.gbps, info.channels, info.channels == 1 ? "" : "s", info.peak_gbps);
		return 0;
	}
	for (int k = 0; k < 2; k++)
		if (isfinite(gops[k]))
			mw_buf_add(&cells[k ? BASELINE_RATIO_JEDEC : BASELINE_RATIO_NONE], "%.4g", gops[k] / h.gops);
	char *id = mw_record_id(h.record);
	mw_buf_add(&cells[BASELINE_RECORD], "%s", id ? id : "");
	free(id);
	return id ? 0 : -ENOMEM;
}

void pim_baseline_notes(FILE *f, const struct pim_baseline *b)
{
	(void)fprintf(
		f,
		"baseline: %s. host measured: the fastest way of 'memwall offload' on the largest vectors, operands in "
		"memory; ceiling: measured bandwidth of memory over the bytes of a lane, so the ratio is a lower "
		"bound. Ratios are modelled / measured for operands that stay on the device: 'memwall offload' "
		"charges moving and transposing them.\n",
		b->path);
}
