/* Ambit: operations inside DRAM by triple-row activation (Seshadri et al., MICRO 2017), and arithmetic on vertical
 * lanes by micro-programs of such commands (SIMDRAM, ASPLOS 2021).
 *
 * Two engines give the same results and the same costs: `exact` executes every AAP and AP on row contents, `fused`
 * computes the operation on host memory and charges the same micro-program. This file reads the spec. */
#include "pim/devices/ambit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/devices/dram_info.h"
#include "pim/devices/part.h"
#include "pim/lanes.h"

static const struct pim_key keys[] = {
	{"dram", PIM_KEY_CHOICE, "ddr3-1600", NULL, 0, 0,
	 "part; one without row timings that have a source is refused"},
	{"part", PIM_KEY_FILE, NULL, NULL, 0, 0,
	 "file of a part of your own, instead of dram; 'memwall pim devices --part=NAME' prints one to start from"},
	{"width", PIM_KEY_CHOICE, NULL, "x4|x8|x16", 0, 0,
	 "data bits of a chip; default: the part's; x16: ddr4-3200 only, x4: no sourced values"},
	{"channels", PIM_KEY_INT, "1", NULL, 1, 64, "channels"},
	{"ranks", PIM_KEY_INT, "1", NULL, 1, 64, "ranks of a channel"},
	{"banks", PIM_KEY_INT, NULL, NULL, 1, 1024, "banks of a rank; default: the part's"},
	{"subarrays", PIM_KEY_INT, NULL, NULL, 1, 65536, "subarrays of a bank; default: the part's rows / rows"},
	{"rows", PIM_KEY_INT, "1024", NULL, 32, 65536, "rows of a subarray, 18 of them reserved"},
	{"ecc", PIM_KEY_INT, "0", NULL, 0, 1, "1: energy of the ECC chips is counted too"},
	{"engine", PIM_KEY_CHOICE, "fused", "fused|exact", 0, 0,
	 "exact: executes every command; fused: computes on host memory; same results and costs"},
	{"aap", PIM_KEY_CHOICE, "split", "naive|split|split-strict", 0, 0,
	 "naive: 2 tRAS + tRP; split: tRAS + overlap + tRP; split-strict: split only with one address in the B group"},
	{"limit", PIM_KEY_CHOICE, "none", "none|bus|jedec", 0, 0,
	 "what limits many commands; bus: command bus; jedec: also tRRD, tFAW, refresh"},
	{"faw_acts", PIM_KEY_CHOICE, "2", "2|1|wl", 0, 0,
	 "activations that an AAP counts as in tFAW (wl: one per wordline) and, but for 1, its second ACT in tRRD"},
	{"faw", PIM_KEY_REAL, "1", NULL, 0, 1, "factor on tFAW"},
	{"refresh", PIM_KEY_INT, "1", NULL, 0, 1, "0: limit=jedec without refresh"},
	{"salp", PIM_KEY_INT, "1", NULL, 1, 1024, "subarrays of a bank that may be open at once"},
	{"rho", PIM_KEY_REAL, NULL, NULL, 0, 1,
	 "DRAMPower's bank-activity factor; default: the largest without a negative energy"},
	{"energy", PIM_KEY_CHOICE, "drampower", "drampower|ambit-table|pluto", 0, 0,
	 "equations on data-sheet currents, or published nJ per command: Ambit's table (per KB, unverified), pLUTo's "
	 "(per 8 KB row)"},
	{"io", PIM_KEY_TEXT, NULL, NULL, 0, 0,
	 "data pins: PJ per bit, or ohm:R, driver and termination of DDR4 and DDR5; default: hbm2's published value, "
	 "else "
	 "none"},
	{"hc_first", PIM_KEY_INT, NULL, NULL, 1, 1e9,
	 "activations of a row until bits of its neighbours flip; default: published for the kind of memory"},
	{"attach", PIM_KEY_CHOICE, "main", "main|device", 0, 0,
	 "main: rows are host memory, caches are flushed; device: copies"},
	{"efficiency", PIM_KEY_REAL, "0.8", NULL, 0.01, 1,
	 "share of the channels' peak that a transfer reaches (assumed)"},
	{"xfer", PIM_KEY_REAL, NULL, NULL, 0.001, 1e6, "measured host copy, GB/s: attach=device moves no faster"},
	{"flush", PIM_KEY_REAL, NULL, NULL, 0.001, 1e6, "measured cache write-back, GB/s, for attach=main"},
	{"transpose", PIM_KEY_TEXT, "unit", NULL, 0, 0,
	 "who transposes lanes wider than one bit: unit[:GBPS] in the memory controller (assumed: peak x efficiency), "
	 "host:GBPS measured, done: data is transposed already"},
	{"via", PIM_KEY_CHOICE, "none", "none|host", 0, 0, "host: the host shifts lanes, and its time is charged"},
	{"host", PIM_KEY_REAL, NULL, NULL, 0.001, 1e6,
	 "measured rate of the host over lanes that it reads back, GB/s; default: peak x efficiency (assumed)"},
	{"programs", PIM_KEY_CHOICE, "corrected", "corrected|published", 0, 0,
	 "published: arithmetic as it was published, wrong results included"},
	{"variation", PIM_KEY_REAL, "0", NULL, 0, 25, "process variation in percent: columns fail; needs engine=exact"},
	{"curve", PIM_KEY_CHOICE, "ambit55", "ambit55|simdram22", 0, 0,
	 "failure rates: Ambit's 55 nm (5..25 %) or SIMDRAM's 22 nm (5..20 %)"},
	{"interference", PIM_KEY_REAL, "0", NULL, 0, 1,
	 "disturbance by idle rows and neighbour columns, 1: the published maxima; needs engine=exact"},
	{"protect", PIM_KEY_TEXT, "none", NULL, 0, 0,
	 "none; tmr: programs in triplicate; replicate:K: K copies, a vote at read-out; ecc: check bits"},
	{"seed", PIM_KEY_U64, "1", NULL, 0, 0, "seed of the noise in compute rows and of the columns that fail"},
	/* Values of the part. */
	PART_TIME_KEYS PART_CURRENT_KEYS{0},
};

static int choice(const struct pim_config *c, const char *key, const char *const *words)
{
	const char *text = pim_config_text(c, key);
	int i = 0;
	while (words[i] && strcmp(words[i], text) != 0)
		i++;
	return i;
}

static uint32_t number(const struct pim_config *c, const char *key, uint32_t fallback)
{
	return pim_config_text(c, key) ? (uint32_t)pim_config_int(c, key) : fallback;
}

static void set_timing(struct ambit *a, const struct pim_config *c, const struct dram_part *d)
{
	static const char *const aap[] = {"naive", "split", "split-strict", NULL};
	static const char *const limit[] = {"none", "bus", "jedec", NULL};
	static const char *const faw[] = {"2", "1", "wl", NULL};
	a->timing = (struct ambit_timing){
		.dram = d,
		.aap = (enum ambit_aap)choice(c, "aap", aap),
		.limit = (enum ambit_limit)choice(c, "limit", limit),
		.faw_acts = (enum ambit_faw)choice(c, "faw_acts", faw),
		.tfaw = (uint64_t)llround(d->tfaw * pim_config_real(c, "faw")),
		.refresh = pim_config_int(c, "refresh") != 0,
		.channels = a->geometry.channels,
		.ranks = a->geometry.ranks,
		.banks = a->geometry.banks,
		.salp = number(c, "salp", 1),
	};
}

static int set_geometry(struct ambit *a, const struct pim_config *c, const struct dram_part *d, char *err, size_t n)
{
	struct ambit_geometry *g = &a->geometry;
	g->channels = number(c, "channels", 1);
	g->ranks = number(c, "ranks", 1);
	g->banks = number(c, "banks", d->banks);
	g->rows = number(c, "rows", 1024);
	g->subarrays = number(c, "subarrays", d->rows_per_bank / g->rows);
	g->chips = dram_part_chips(d);
	g->page_bytes = d->page_bytes;
	if (g->subarrays == 0)
		return mw_fail(-EINVAL, err, n, "ambit: rows=%u: a bank of %s has %u", g->rows, d->dram,
			       d->rows_per_bank);
	if (number(c, "salp", 1) > g->subarrays)
		return mw_fail(-EINVAL, err, n, "ambit: salp=%u of %u subarrays", number(c, "salp", 1), g->subarrays);
	return 0;
}

static void set_transfer(struct ambit *a, const struct pim_config *c)
{
	const struct dram_part *d = a->timing.dram;
	bool device = strcmp(pim_config_text(c, "attach"), "device") == 0;
	const char *measured = device ? "xfer" : "flush";
	double rate = a->geometry.channels * dram_part_peak_gbps(d);
	rate *= pim_config_real(c, "efficiency");
	a->transpose_gbps = rate;
	a->reload_gbps = device && pim_config_text(c, "xfer") ? fmin(rate, pim_config_real(c, "xfer")) : rate;
	a->host_gbps = pim_config_text(c, "host") ? pim_config_real(c, "host") : rate;
	if (pim_config_text(c, measured))
		rate = fmin(rate, pim_config_real(c, measured));
	a->in_gbps = a->out_gbps = rate;
}

/* Reads transpose=unit[:GBPS]|host:GBPS|done. The rate of a unit in the memory controller is not published: by default
 * it is that of the channels, and transposing does not overlap with the transfer. */
static int set_transposer(struct ambit *a, const struct pim_config *c, char *err, size_t n)
{
	static const char *const words[] = {"unit", "host", "done"};
	const char *text = pim_config_text(c, "transpose");
	size_t len = strcspn(text, ":"), i = 0;
	while (i < 3 && !(strlen(words[i]) == len && memcmp(words[i], text, len) == 0))
		i++;
	double rate = a->transpose_gbps;
	bool given = text[len] == ':', ok = i < 3 && (given ? i != AMBIT_TRANSPOSE_DONE : i != AMBIT_TRANSPOSE_HOST);
	if (ok && given)
		ok = mw_parse_real(text + len + 1, &rate) == 0 && rate >= 0.001 && rate <= 1e6;
	if (!ok)
		return mw_fail(-EINVAL, err, n, "ambit: transpose=%s: expected unit[:GBPS], host:GBPS or done", text);
	a->transposer = (enum ambit_transposer)i;
	a->transpose_gbps = rate;
	return 0;
}

char *ambit_source_text(const struct ambit *a, struct mw_buf *b, bool user)
{
	if (user && a->user.len)
		mw_buf_add(b, "; user: %s", mw_buf_text(&a->user));
	if (!b->failed)
		return b->p;
	mw_buf_fini(b);
	return NULL;
}

static char *time_source(const struct ambit *a, const struct pim_config *c, const char *programs)
{
	const struct ambit_timing *t = &a->timing;
	const struct dram_part *d = &a->part;
	struct mw_buf b = {0};
	mw_buf_add(&b, "%s%s%sAmbit micro-programs; %s", programs, a->failures.note, a->failures.on ? "; " : "",
		   d->title[0] ? d->title : d->name);
	mw_buf_add(&b, "%s%s", d->row_source[0] ? ": " : "", d->row_source);
	if (d->row_unverified[0])
		mw_buf_add(&b, " (unverified: %s)", d->row_unverified);
	mw_buf_add(&b, "; aap=%s%s; limit=%s faw_acts=%s tFAW %g ns", pim_config_text(c, "aap"),
		   t->aap == AMBIT_AAP_STRICT ? " (unverified)" : "", pim_config_text(c, "limit"),
		   pim_config_text(c, "faw_acts"), (double)t->tfaw / 1000);
	char *text = ambit_source_text(a, &b, true);
	for (char *p = text; p && *p; p++)
		if (*p == ',')
			*p = ';'; /* the source goes into one CSV field */
	return text;
}

static char *column_source(const struct ambit *a)
{
	struct mw_buf b = {0};
	mw_buf_add(&b, "%s", a->part.column_source);
	if (a->part.column_unverified[0])
		mw_buf_add(&b, " (unverified: %s)", a->part.column_unverified);
	return ambit_source_text(a, &b, true);
}

static int set_sources(struct ambit *a, const struct pim_config *c, char *err, size_t n)
{
	a->time_source = time_source(a, c, "");
	a->published_source = time_source(a, c, "program as published; ");
	a->wrong_source = time_source(a, c, "program as published, whose lanes are wrong; ");
	a->column_source = column_source(a);
	if (a->user.failed || !a->time_source || !a->published_source || !a->wrong_source || !a->column_source)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	return 0;
}

static void ambit_close(void *state)
{
	struct ambit *a = state;
	ambit_trace_drop(a);
	ambit_raw_free(a);
	ambit_prepared_free(a);
	ambit_occupancy_free(&a->occupancy);
	ambit_failures_close(&a->failures);
	mw_buf_fini(&a->user);
	free(a->time_source);
	free(a->published_source);
	free(a->wrong_source);
	free(a->energy_source);
	free(a->column_source);
	free(a);
}

static int ambit_open(void *priv, const struct pim_config *c, void **state, char *err, size_t n)
{
	(void)priv;
	struct ambit *a = calloc(1, sizeof(*a));
	if (!a)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	const struct dram_part *d = &a->part;
	int rc = part_of_config("ambit", keys, c, &a->part, &a->user, err, n);
	if (rc == 0)
		rc = set_geometry(a, c, d, err, n);
	if (rc < 0)
		goto fail;
	set_timing(a, c, d);
	set_transfer(a, c);
	rc = ambit_occupancy_init(&a->occupancy, &a->geometry, a->geometry.rows - AMBIT_RESERVED_ROWS);
	if (rc < 0) {
		(void)mw_fail(rc, err, n, "out of memory");
		goto fail;
	}
	a->exact = strcmp(pim_config_text(c, "engine"), "exact") == 0;
	rc = ambit_failures_open(&a->failures, c, &a->geometry, d->chip_bits, a->exact, err, n);
	if (rc < 0)
		goto fail;
	rc = ambit_energy_open(a, c, err, n);
	if (rc == 0)
		rc = set_transposer(a, c, err, n);
	a->prepared = calloc(AMBIT_PREPARED, sizeof(*a->prepared));
	if (rc == 0 && !a->prepared)
		rc = mw_fail(-ENOMEM, err, n, "out of memory");
	if (rc < 0)
		goto fail;
	rc = set_sources(a, c, err, n);
	if (rc < 0)
		goto fail;
	a->published = strcmp(pim_config_text(c, "programs"), "published") == 0;
	a->via_host = strcmp(pim_config_text(c, "via"), "host") == 0;
	a->seed = (uint64_t)pim_config_int(c, "seed");
	a->cache_bytes = lanes_cache_bytes();
	*state = a;
	return 0;
fail:
	ambit_close(a);
	return rc;
}

static int ambit_info(void *state, struct pim_device_info *out)
{
	const struct ambit *a = state;
	const struct ambit_geometry *g = &a->geometry;
	dram_info(g, a->timing.dram, out);
	out->capacity_bytes = ambit_subarrays(g) * (g->rows - AMBIT_RESERVED_ROWS) * ambit_row_bytes(g);
	return 0;
}

extern const char mw_data_ambit_bib[];

static const struct pim_ratio ratios[] = {
	{"Ambit MICRO 2017 Fig. 9 (8 banks; mean of 7 operations)", "Skylake", 44.9, "ambit:dram=ddr3-1600"},
	{"Ambit MICRO 2017 Fig. 9 (8 banks; mean of 7 operations)", "GTX 745", 32.0, "ambit:dram=ddr3-1600"},
	{"Ambit MICRO 2017 Fig. 9 (8 banks; mean of 7 operations)", "HMC 2.0", 2.4, "ambit:dram=ddr3-1600"},
	{0},
};

static const char *const compared[] = {"ambit:dram=ddr4-3200", NULL};

const struct pim_device_ops device_ambit = {
	.size = sizeof(struct pim_device_ops),
	.abi = PIM_ABI,
	.caps = PIM_CAP_VECTORS | PIM_CAP_MODELLED | PIM_CAP_UNBACKED | PIM_CAP_PLACEMENT,
	.name = "ambit",
	.summary = "DRAM that computes: bitwise operations and arithmetic by triple-row activation",
	.keys = keys,
	.open = ambit_open,
	.close = ambit_close,
	.alloc = ambit_alloc,
	.free = ambit_free,
	.write = ambit_write,
	.read = ambit_read,
	.map = ambit_map,
	.execute = ambit_execute,
	.counts = ambit_modelled,
	.energy = ambit_joules,
	.price = ambit_price,
	.trace = ambit_trace,
	.raw = &ambit_raw,
	.run_program = ambit_run_program,
	.price_program = ambit_price_program,
	.info = ambit_info,
	.program_text = ambit_program_text,
	.cite = mw_data_ambit_bib,
	.ratios = ratios,
	.compared = compared,
	.word = part_word,
	.part_name = part_name,
	.part_text = part_text,
};
