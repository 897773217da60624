#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "energy/model/dram_part_text.h"

static char *print(const struct dram_part *p)
{
	struct mw_buf text = {0};
	dram_part_print(p, &text);
	cr_assert(!text.failed);
	return text.p;
}

Test(dram_part, printed_and_read_again_every_part_is_the_same)
{
	const struct dram_part *p;
	struct dram_part q;
	char err[400];
	for (size_t i = 0; (p = dram_part_at(i)); i++) {
		char *text = print(p);
		cr_assert_eq(dram_part_read(text, p->name, &q, err, sizeof(err)), 0, "%s", err);
		size_t fields = 0;
		for (const struct mw_keyfile_key *k = dram_part_keys; k->name; k++, fields++)
			cr_assert(mw_keyfile_same(k, p, &q), "%s: %s", p->name, k->name);
		cr_assert_eq(fields, 8u + 13 + 24 + 7);
		cr_assert_eq(memcmp(p, &q, sizeof(q)), 0, "%s: a member that the text lacks", p->name);
		free(text);
	}
}

Test(dram_part, every_part_of_the_table_is_sound)
{
	const struct dram_part *p;
	char err[200];
	for (size_t i = 0; (p = dram_part_at(i)); i++) {
		cr_assert_eq(dram_part_check(p, err, sizeof(err)), 0, "%s: %s", p->name, err);
		cr_assert(strlen(p->dram) && strlen(p->title), "%s", p->name);
		cr_assert_eq(dram_part_has_rows(p), p->row_source[0] != '\0', "%s: row timings and source", p->name);
		cr_assert_eq(dram_part_has_columns(p), p->column_source[0] != '\0', "%s: column", p->name);
		cr_assert_eq(dram_part_has_currents(p), p->current_source[0] != '\0', "%s: currents", p->name);
		cr_assert(strncmp(p->name, p->dram, strlen(p->dram)) == 0, "%s", p->name);
		/* Whole clocks, but for times that the source prints in ns. */
		if (dram_part_has_columns(p))
			cr_assert_eq(dram_part_burst_ps(p), p->tck * p->burst_length / p->data_rate, "%s", p->name);
	}
}

/* tCCD, tWTR, tWR, tRTP and tCWL in clocks, once more from the sources (ramulator2@c5b1c3a, JESD79-5B). */
Test(dram_part, column_timings_equal_their_sources)
{
	static const struct {
		const char *part;
		unsigned tcl, tcwl, ccd_s, ccd_l, ccd_l_wr, wtr_s, wtr_l, rtw, rtp, wr;
	} clocks[] = {
		{"ddr3-1600-x8", 8, 8, 4, 4, 0, 6, 6, 6, 6, 12},
		{"ddr4-2400-x8", 17, 12, 4, 6, 0, 3, 9, 11, 9, 18},
		{"ddr4-3200-x8", 22, 16, 4, 8, 0, 4, 12, 12, 12, 24},
		{"ddr4-3200-x16", 22, 16, 4, 8, 0, 4, 12, 12, 12, 24},
		{"ddr5-4800-x8", 40, 38, 8, 12, 48, 6, 24, 14, 18, 72},
		{"hbm2-x128", 14, 4, 2, 4, 0, 6, 8, 14, 6, 16},
		{"lpddr3-1600-x32", 12, 6, 4, 4, 0, 6, 6, 12, 6, 12},
		{"lpddr5-6400-x16", 17, 9, 2, 4, 0, 5, 12, 12, 8, 28},
	};
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		const struct dram_part *p = dram_part_find(clocks[i].part);
		const struct {
			const char *what;
			uint32_t ps;
			unsigned clocks;
		} v[] = {{"tcl", p->tcl, clocks[i].tcl},
			 {"tcwl", p->tcwl, clocks[i].tcwl},
			 {"tccd_s", p->tccd_s, clocks[i].ccd_s},
			 {"tccd_l", p->tccd_l, clocks[i].ccd_l},
			 {"tccd_l_wr", p->tccd_l_wr, clocks[i].ccd_l_wr},
			 {"twtr_s", p->twtr_s, clocks[i].wtr_s},
			 {"twtr_l", p->twtr_l, clocks[i].wtr_l},
			 {"trtw", p->trtw, clocks[i].rtw},
			 {"trtp", p->trtp, clocks[i].rtp},
			 {"twr", p->twr, clocks[i].wr}};
		for (size_t k = 0; k < sizeof(v) / sizeof(v[0]); k++) {
			double at = v[k].ps * (double)p->burst_mbps / p->data_rate / 1e6;
			cr_assert_lt(at - v[k].clocks, 0.011, "%s %s: %g clocks", p->name, v[k].what, at);
			cr_assert_gt(at - v[k].clocks, -0.02, "%s %s: %g clocks", p->name, v[k].what, at);
		}
	}
}

/* text with the line of `key` replaced, or left out where line is NULL. */
static char *edit(const char *text, const char *key, const char *line)
{
	struct mw_buf out = {0};
	while (*text) {
		size_t len = strcspn(text, "\n"), word = strcspn(text, " ");
		if (word != strlen(key) || strncmp(text, key, word) != 0)
			mw_buf_add(&out, "%.*s\n", (int)len, text);
		else if (line)
			mw_buf_add(&out, "%s\n", line);
		text += len + 1;
	}
	return out.p;
}

Test(dram_part, contradictions_are_named_with_their_line)
{
	static const struct {
		const char *key, *line, *err;
	} bad[] = {
		{"trefi", "trefi = 350", "f:26: trfc: not below trefi"},
		{"trrd_s", "trrd_s = 5.001", "f:23: trrd_s: above trrd_l"},
		{"tccd_s", "tccd_s = 6", "f:32: tccd_s: above tccd_l"},
		{"twtr_s", "twtr_s = 8", "f:34: twtr_s: above twtr_l"},
		{"twtr_l", "twtr_l = 7.5\ntccd_l_wr = 4", "f:36: tccd_l_wr: below tccd_l"},
		{"tras", "tras = 0.5", "f:21: tras: below tck"},
		{"banks", "banks = 18", "f:12: banks: not a multiple of bank_groups"},
		{"channel_bits", "channel_bits = 63", "f:10: channel_bits: not a multiple of chip_bits"},
		{"burst_length", "burst_length = 7", "f:16: burst_length: not a multiple of data_rate"},
		{"page_bytes", "page_bytes = 1025", "f:11: page_bytes: not a multiple of the bytes of a burst"},
		{"page_bytes", "page_bytes = 8\nidd_bits = 12", "f:12: idd_bits: not a multiple of chip_bits"},
		{"channel_bits", "channel_bits = 24", NULL},
		{"tck", NULL, "f: tck: no value; row timings are given together (ns, clock)"},
		{"tfaw", NULL, "f: tfaw: no value; row timings are given together (ns, window of four ACTs of a rank)"},
		{"twr", NULL, "f: twr: no value; column timings are given together (ns, end of write data to PRE)"},
		{"idd4w", NULL, "f: idd4w: no value; currents are given together (write bursts, mA)"},
		{"name", NULL, "f: name: no value; every part needs it (name of the part)"},
		{"burst_mbps", NULL, "f: burst_mbps: no value; every part needs it (MT/s of each data pin)"},
		{"tras", "tras = 32.5x",
		 "f:21: tras: '32.5x' is not a number from 0.001 to 4000000 with at most 3 decimals (ns, ACT to PRE)"},
		{"tras", "tars = 32.5", "f:21: no key 'tars', did you mean 'tras'?"},
	};
	char *text = print(dram_part_find("ddr4-3200"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *edited = edit(text, bad[i].key, bad[i].line), err[400] = "";
		struct dram_part p;
		int rc = dram_part_read(edited, "f", &p, err, sizeof(err));
		cr_expect_eq(rc, bad[i].err ? -EINVAL : 0, "%s: %d %s", bad[i].line ? bad[i].line : bad[i].key, rc,
			     err);
		if (bad[i].err)
			cr_expect_str_eq(err, bad[i].err);
		free(edited);
	}
	free(text);
}

/* Without tras there are no row timings, and so on: such a part is read, and what it lacks is known. */
Test(dram_part, whole_groups_may_be_missing)
{
	static const char *const groups[][16] = {
		{"tck", "tras", "trp", "trrd_s", "trrd_l", "tfaw", "trfc", "trefi", "overlap"},
		{"trcd", "tcl", "tcwl", "tccd_s", "tccd_l", "twtr_s", "twtr_l", "trtw", "trtp", "twr"},
		{"vdd", "idd0", "idd2n", "idd3n", "idd4r", "idd4w", "idd5b"},
	};
	for (size_t i = 0; i < 3; i++) {
		char *text = print(dram_part_find("ddr4-3200")), err[400] = "";
		for (const char *const *k = groups[i]; *k; k++) {
			char *next = edit(text, *k, NULL);
			free(text);
			text = next;
		}
		struct dram_part p;
		cr_assert_eq(dram_part_read(text, "f", &p, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(dram_part_has_rows(&p), i != 0);
		cr_assert_eq(dram_part_has_columns(&p), i != 0 && i != 1); /* they need the clock */
		cr_assert_eq(dram_part_has_currents(&p), i != 2);
		free(text);
	}
}

Test(dram_part, differences_are_listed)
{
	struct dram_part p = *dram_part_find("ddr4-3200");
	struct mw_buf text = {0};
	cr_assert_eq(dram_part_differences(&p, dram_part_find("ddr4-3200"), &text), 0u);
	cr_assert_eq(text.len, 0u);
	p.tras = 30000;
	p.idd0 = 57.25;
	p.tccd_l = 0;
	cr_assert_eq(dram_part_differences(&p, dram_part_find("ddr4-3200"), &text), 3u);
	cr_assert_str_eq(mw_buf_text(&text), "tras 30 tccd_l none idd0 57.25");
	mw_buf_fini(&text);
}
