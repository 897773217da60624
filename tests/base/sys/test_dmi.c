/* Memory modules from tables that the test builds: empty slots, unknown sizes, large modules, damage. */
#include "tests/base/sys/dmi_blob.h"

#include <errno.h>
#include <stdlib.h>

#include "base/core/fields.h"
#include "base/sys/dmi.h"

static void parse(const struct blob *b, struct mw_dmi *out)
{
	cr_assert_eq(mw_dmi_parse(b->v, b->n, out), 0);
}

Test(dmi, modules)
{
	struct blob b = {.n = 0};
	struct mw_dmi d;
	unsigned array = blob_array(&b, 3), flash = blob_array(&b, 5);
	blob_device(&b, array, &(struct blob_slot){"DIMM 0", "P0 CHANNEL A", 16384, 4400, 4800, 2, BLOB_DDR5});
	blob_device(&b, array, &(struct blob_slot){"DIMM 1", "P0 CHANNEL A", 0, 0, 0, 0, 2});
	blob_device(&b, array, &(struct blob_slot){"DIMM 0", "P0 CHANNEL B", 131072, 0, 0, 0, BLOB_DDR4});
	blob_device(&b, flash, &(struct blob_slot){"SYSTEM ROM", NULL, 16, 0, 0, 0, 9});
	blob_end(&b);
	/* What stands behind the end of the table does not count. */
	blob_device(&b, array, &(struct blob_slot){"DIMM 9", "P0 CHANNEL X", 16384, 0, 0, 0, BLOB_DDR5});
	parse(&b, &d);
	cr_assert_eq(d.n, 3, "%zu", d.n);
	cr_assert_eq(d.v[0].bytes, 16ull << 30);
	cr_assert(d.v[0].mts == 4400 && d.v[0].rated_mts == 4800 && d.v[0].ranks == 2 && d.v[0].width == 64);
	cr_assert_str_eq(d.v[0].type, "DDR5");
	cr_assert_str_eq(d.v[0].locator, "P0 CHANNEL A/DIMM 0");
	cr_assert_str_eq(d.v[0].channel, "P0 CHANNEL A");
	cr_assert_eq(d.v[1].bytes, 0, "empty");
	cr_assert_str_eq(d.v[1].channel, d.v[0].channel);
	cr_assert_eq(d.v[2].bytes, 128ull << 30, "more than 32 GiB");
	cr_assert(d.v[2].mts == 0 && d.v[2].rated_mts == 0 && d.v[2].ranks == 0, "not known");
	mw_dmi_fini(&d);
	mw_dmi_fini(&d);
}

/* Fields beyond the length of an old structure are not known; sizes in KB, unknown sizes, extended speeds. */
Test(dmi, versions)
{
	struct blob b = {.n = 0};
	struct mw_dmi d;
	unsigned char body[0x5c] = {0};
	static const char *const names[] = {"A", NULL};
	blob_word(body + 0x0c, 0x8000 | 512);
	blob_word(body + 0x15, 0xffff);
	blob_word(body + 0x20, 0xffff);
	blob_word(body + 0x54, 4464); /* 70000 in two words */
	blob_word(body + 0x56, 1);
	blob_word(body + 0x58, 2);
	blob_word(body + 0x5a, 1);
	(void)blob_add(&b, 17, 0x15, body, names);
	(void)blob_add(&b, 17, 0x5c, body, NULL);
	blob_word(body + 0x0c, 0xffff);
	(void)blob_add(&b, 17, 0x1c, body, NULL);
	blob_word(body + 0x0c, 0x7fff);
	(void)blob_add(&b, 17, 0x1c, body, NULL);
	parse(&b, &d);
	cr_assert_eq(d.n, 4);
	cr_assert_eq(d.v[0].bytes, 512 << 10);
	cr_assert(d.v[0].mts == 0 && d.v[0].rated_mts == 0);
	cr_assert_eq(d.v[1].rated_mts, 70000);
	cr_assert_eq(d.v[1].mts, 65538);
	cr_assert_null(d.v[1].locator);
	cr_assert_eq(d.v[2].bytes, MW_COUNT_UNKNOWN);
	cr_assert_eq(d.v[3].bytes, MW_COUNT_UNKNOWN, "the extended size is missing");
	mw_dmi_fini(&d);
}

Test(dmi, damage)
{
	struct blob b = {.n = 0};
	struct mw_dmi d;
	unsigned array = blob_array(&b, 3);
	for (int i = 0; i < 3; i++)
		blob_device(&b, array, &(struct blob_slot){"DIMM_A1", "BANK", 8192, 3200, 3200, 1, BLOB_DDR4});
	blob_end(&b);
	/* Cut anywhere: whole structures, or nothing. The table is copied, so that a sanitizer sees a read past it. */
	for (size_t n = 0; n <= b.n; n++) {
		unsigned char *cut = malloc(n ? n : 1);
		cr_assert(cut);
		memcpy(cut, b.v, n);
		int rc = mw_dmi_parse(cut, n, &d);
		cr_assert(rc == 0 || (rc == -EINVAL && d.n == 0 && !d.v), "%zu: %d", n, rc);
		cr_assert(d.n <= 3);
		mw_dmi_fini(&d);
		free(cut);
	}
	/* A length below that of the header, and one past the end. */
	unsigned char saved = b.v[1];
	b.v[1] = 3;
	cr_assert_eq(mw_dmi_parse(b.v, b.n, &d), -EINVAL);
	b.v[1] = 255;
	cr_assert_eq(mw_dmi_parse(b.v, 200, &d), -EINVAL);
	b.v[1] = saved;
	parse(&b, &d);
	cr_assert_eq(d.n, 3);
	/* Numbers of strings that are not there. */
	mw_dmi_fini(&d);
	for (size_t i = 0; i + 1 < b.n; i++)
		if (b.v[i] == 1 && b.v[i + 1] == 2)
			b.v[i] = b.v[i + 1] = 200;
	parse(&b, &d);
	cr_assert_null(d.v[0].locator);
	cr_assert_null(d.v[0].channel);
	mw_dmi_fini(&d);
}

Test(dmi, channels)
{
	static const struct {
		const char *locator, *channel;
	} rows[] = {
		{"P0 CHANNEL A", "P0 CHANNEL A"},
		{"P0_Node0_Channel12_Dimm0", "P0_Node0_Channel12"},
		{"Controller0-ChannelA-DIMM0", "Controller0-ChannelA"},
		{"ChannelB", "ChannelB"},
		{"CPU1_DIMM_A2", "CPU1_DIMM_A"},
		{"DIMM_P0_A0", "DIMM_P0_A"},
		{"P1-DIMMA1", "P1-DIMMA"},
		{"DIMMB12", "DIMMB"},
		{"DIMM 3", ""},
		{"DIMM3", ""},
		{"PROC 1 DIMM 3", ""},
		{"BANK 0", ""},
		{"A1", ""},
		{"channel", ""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(mw_dmi_channel(rows[i].locator), strlen(rows[i].channel), "%s: %zu", rows[i].locator,
			     mw_dmi_channel(rows[i].locator));
}
