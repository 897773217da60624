#include "energy/model/dram_part_text.h"

#include <errno.h>
#include <string.h>

#include "base/core/err.h"

/* Only keeps sums and products of times inside their types. */
#define MAX_NS 4000000.0

#define NUMBER(field, largest, help)                                                                                   \
	{#field, MW_KEYFILE_U32, offsetof(struct dram_part, field), 0, 0, false, 1, largest, help},
#define TIME(field, help)                                                                                              \
	{#field, MW_KEYFILE_U32, offsetof(struct dram_part, field), 0, 3, false, 0.001, MAX_NS, "ns, " help},
#define CURRENT(field, help)                                                                                           \
	{#field, MW_KEYFILE_REAL, offsetof(struct dram_part, field), 0, 0, false, 0.001, 100000, help},
#define TEXT(field, room, help)                                                                                        \
	{#field, MW_KEYFILE_TEXT, offsetof(struct dram_part, field), room, 0, false, 0, 0, help},

const struct mw_keyfile_key dram_part_keys[] = {
	DRAM_PART_TEXTS(TEXT) DRAM_PART_NUMBERS(NUMBER) DRAM_PART_TIMES(TIME) DRAM_PART_CURRENTS(CURRENT)
		MW_KEYFILE_END,
};

const struct mw_keyfile_key *dram_part_key(const char *name)
{
	for (const struct mw_keyfile_key *k = dram_part_keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

void dram_part_print(const struct dram_part *p, struct mw_buf *out)
{
	mw_buf_add(
		out,
		"# A DRAM part: times in ns, currents in mA of one chip. A line may be left out where a value has no\n"
		"# source; what then has no model is refused.\n");
	mw_keyfile_print(dram_part_keys, p, out);
}

/* Numbers of one group are there together or not at all. */
static int check_complete(const struct dram_part *p, char *err, size_t n)
{
	static const char *const geometry[] = {"name", "chip_bits", "channel_bits", "burst_mbps", "burst_length", NULL};
	static const char *const rows[] = {
		"tras",    "tck",        "trp",   "trrd_s",      "trrd_l",        "tfaw",      "trfc",      "trefi",
		"overlap", "page_bytes", "banks", "bank_groups", "rows_per_bank", "data_rate", "act_slots", NULL};
	static const char *const columns[] = {"trcd",   "tcl",  "tcwl", "tccd_s", "tccd_l",       "twtr_s",
					      "twtr_l", "trtw", "trtp", "twr",    "column_slots", NULL};
	static const char *const currents[] = {"idd0", "vdd", "idd2n", "idd3n", "idd4r", "idd4w", "idd5b", NULL};
	static const struct {
		const char *const *keys;
		bool always;
		const char *what;
	} groups[] = {{geometry, true, "every part needs it"},
		      {rows, false, "row timings are given together"},
		      {columns, false, "column timings are given together"},
		      {currents, false, "currents are given together"}};
	static const struct dram_part none = {.name = ""};
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		/* The first key of a group tells whether it is there. */
		if (!groups[i].always && mw_keyfile_same(dram_part_key(groups[i].keys[0]), p, &none))
			continue;
		for (const char *const *k = groups[i].keys; *k; k++)
			if (mw_keyfile_same(dram_part_key(*k), p, &none))
				return mw_fail(-EINVAL, err, n, "%s: no value; %s (%s)", *k, groups[i].what,
					       dram_part_key(*k)->help);
	}
	return 0;
}

int dram_part_check(const struct dram_part *p, char *err, size_t n)
{
	int rc = check_complete(p, err, n);
	if (rc < 0)
		return rc;
	const struct {
		bool wrong;
		const char *what;
	} rules[] = {
		{p->channel_bits % p->chip_bits != 0, "channel_bits: not a multiple of chip_bits"},
		{p->bank_groups && p->banks % p->bank_groups != 0, "banks: not a multiple of bank_groups"},
		{p->data_rate && p->burst_length % p->data_rate != 0, "burst_length: not a multiple of data_rate"},
		{p->page_bytes && (8ull * p->page_bytes) % ((uint64_t)p->chip_bits * p->burst_length) != 0,
		 "page_bytes: not a multiple of the bytes of a burst"},
		{p->page_bytes && (uint64_t)p->page_bytes * dram_part_chips(p) % 64 != 0,
		 "page_bytes: a row of the rank is not a multiple of 64 bytes"},
		{p->trefi && p->trfc >= p->trefi, "trfc: not below trefi"},
		{p->trrd_l && p->trrd_s > p->trrd_l, "trrd_s: above trrd_l"},
		{p->tccd_l && p->tccd_s > p->tccd_l, "tccd_s: above tccd_l"},
		{p->tccd_l_wr && p->tccd_l_wr < p->tccd_l, "tccd_l_wr: below tccd_l"},
		{p->twtr_l && p->twtr_s > p->twtr_l, "twtr_s: above twtr_l"},
		{p->tras && p->tras < p->tck, "tras: below tck"},
		{p->idd_bits && p->idd_bits % p->chip_bits != 0, "idd_bits: not a multiple of chip_bits"},
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].wrong)
			return mw_fail(-EINVAL, err, n, "%s", rules[i].what);
	return 0;
}

int dram_part_read(const char *text, const char *file, struct dram_part *out, char *err, size_t n)
{
	char why[MW_REASON_ROOM];
	memset(out, 0, sizeof(*out));
	int rc = mw_keyfile_read(dram_part_keys, text, file, out, err, n);
	if (rc < 0)
		return rc;
	rc = dram_part_check(out, why, sizeof(why));
	return rc < 0 ? mw_keyfile_fail(text, file, why, err, n) : 0;
}

unsigned dram_part_differences(const struct dram_part *p, const struct dram_part *q, struct mw_buf *out)
{
	return mw_keyfile_differences(dram_part_keys, p, q, out);
}
