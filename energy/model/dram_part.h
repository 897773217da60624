/* One kind of DRAM chip: geometry, timings, currents and where they come from. The table of dram_parts.c is the only
 * one; devices `ambit` and `cots`, the energy model and the benchmark `energy` all read it. The same fields, by the
 * same names, are the keys of a part's text (dram_part_text.h) and, for timings and currents, of a SPEC.
 *
 * A number that has no source is 0 and its key is absent from the text; no field has 0 as a value of its own. Which
 * group is complete, dram_part_has_rows() and the like tell. */
#ifndef DRAM_PART_H
#define DRAM_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of these lists adds a field to the structure, to the text and, for timings and currents, to the keys of
 * SPECs.
 *
 * X(field, largest, help): whole numbers. */
#define DRAM_PART_NUMBERS(X)                                                                                           \
	X(chip_bits, 1024, "data bits of a chip")                                                                      \
	X(channel_bits, 4096, "data bits of a (sub)channel; the chips of a rank are channel_bits / chip_bits")         \
	X(page_bytes, 1048576, "bytes of a row in one chip")                                                           \
	X(banks, 1024, "banks of a rank")                                                                              \
	X(bank_groups, 1024, "bank groups of a rank")                                                                  \
	X(rows_per_bank, 16777216, "rows of a bank")                                                                   \
	X(burst_mbps, 100000, "MT/s of each data pin")                                                                 \
	X(burst_length, 256, "beats of a burst")                                                                       \
	X(data_rate, 256, "beats per clock")                                                                           \
	X(act_slots, 16, "command slots that an ACT takes on the bus")                                                 \
	X(column_slots, 16, "command slots that an RD or WR takes")                                                    \
	X(column_bus, 1, "1: RD and WR have a command bus of their own")                                               \
	X(idd_bits, 4096, "data bits that the currents are for, where these are not chip_bits")

/* X(field, help): times in ps; in texts and SPECs in ns. */
#define DRAM_PART_ROW_TIMES(X)                                                                                         \
	X(tck, "clock")                                                                                                \
	X(tras, "ACT to PRE")                                                                                          \
	X(trp, "PRE to ACT")                                                                                           \
	X(trrd_s, "ACT to ACT, another bank group")                                                                    \
	X(trrd_l, "ACT to ACT, the same bank group")                                                                   \
	X(tfaw, "window of four ACTs of a rank")                                                                       \
	X(trfc, "REF to ACT, all banks")                                                                               \
	X(trefi, "REF to REF")                                                                                         \
	X(overlap, "AAP: restored row to second wordline (aap=split)")

#define DRAM_PART_COLUMN_TIMES(X)                                                                                      \
	X(trcd, "ACT to RD or WR")                                                                                     \
	X(tcl, "RD to data")                                                                                           \
	X(tcwl, "WR to data")                                                                                          \
	X(tccd_s, "RD to RD, WR to WR, another bank group")                                                            \
	X(tccd_l, "RD to RD, WR to WR, the same bank group")                                                           \
	X(tccd_l_wr, "WR to WR, the same bank group, where it is not tccd_l")                                          \
	X(twtr_s, "end of write data to RD, another bank group")                                                       \
	X(twtr_l, "end of write data to RD, the same bank group")                                                      \
	X(trtw, "RD to WR: tCL + burst + turnaround - tCWL")                                                           \
	X(trtp, "RD to PRE")                                                                                           \
	X(twr, "end of write data to PRE")                                                                             \
	X(tcs, "gap on the data bus between bursts of two ranks")                                                      \
	X(tppd, "PRE to PRE of a rank, another bank")

/* The row cycle in which IDD0 was measured, where it is not tras and trp. */
#define DRAM_PART_IDD_TIMES(X)                                                                                         \
	X(idd_tras, "ACT to PRE while IDD0 was measured, where it is not tras")                                        \
	X(idd_trp, "PRE to ACT while IDD0 was measured, where it is not trp")

#define DRAM_PART_TIMES(X) DRAM_PART_ROW_TIMES(X) DRAM_PART_COLUMN_TIMES(X) DRAM_PART_IDD_TIMES(X)

/* X(field, help): V and mA of one chip; idd5b is that of a burst refresh of all banks, stated for trfc. */
#define DRAM_PART_CURRENTS(X)                                                                                          \
	X(vdd, "core voltage, V")                                                                                      \
	X(idd0, "one bank opened and closed, mA")                                                                      \
	X(idd2n, "all banks closed, mA")                                                                               \
	X(idd3n, "banks open, mA")                                                                                     \
	X(idd4r, "read bursts, mA")                                                                                    \
	X(idd4w, "write bursts, mA")                                                                                   \
	X(idd5b, "refresh of all banks, mA")

/* X(field, room, help): texts. Unverified: the value that has no source of its own. */
#define DRAM_PART_TEXTS(X)                                                                                             \
	X(name, 32, "name of the part")                                                                                \
	X(dram, 32, "value of key dram of a SPEC; parts of several widths share it")                                   \
	X(title, 80, "what a user is shown")                                                                           \
	X(row_source, 240, "source of geometry and row timings")                                                       \
	X(row_unverified, 120, "what of these has no source")                                                          \
	X(column_source, 240, "source of column timings")                                                              \
	X(column_unverified, 120, "what of these has no source")                                                       \
	X(current_source, 240, "source of the currents")

struct dram_part {
#define DRAM_PART_MEMBER(field, room, help) char field[room];
	DRAM_PART_TEXTS(DRAM_PART_MEMBER)
#undef DRAM_PART_MEMBER
#define DRAM_PART_MEMBER(field, largest, help) uint32_t field;
	DRAM_PART_NUMBERS(DRAM_PART_MEMBER)
#undef DRAM_PART_MEMBER
#define DRAM_PART_MEMBER(field, help) uint32_t field;
	DRAM_PART_TIMES(DRAM_PART_MEMBER)
#undef DRAM_PART_MEMBER
#define DRAM_PART_MEMBER(field, help) double field;
	DRAM_PART_CURRENTS(DRAM_PART_MEMBER)
#undef DRAM_PART_MEMBER
};

/* i-th part of the table; NULL past the last. */
const struct dram_part *dram_part_at(size_t i);
/* By its name ("ddr4-3200-x16") or, the first one, by its value of key dram ("ddr4-3200"); NULL when unknown. */
const struct dram_part *dram_part_find(const char *name);

/* Has the part row timings and all of its geometry, column timings, currents and what they need? */
bool dram_part_has_rows(const struct dram_part *p);
bool dram_part_has_columns(const struct dram_part *p);
bool dram_part_has_currents(const struct dram_part *p);

/* ---- what follows from the fields ---- */

static inline uint32_t dram_part_chips(const struct dram_part *p)
{
	return p->channel_bits / p->chip_bits;
}

/* Data bits that share the currents: of a chip, but of HBM2 of two pseudo-channels. */
static inline uint32_t dram_part_idd_bits(const struct dram_part *p)
{
	return p->idd_bits ? p->idd_bits : p->chip_bits;
}

/* The row cycle in which IDD0 was measured, in ns. */
static inline double dram_part_idd_tras_ns(const struct dram_part *p)
{
	return (p->idd_tras ? p->idd_tras : p->tras) * 1e-3;
}

static inline double dram_part_idd_trp_ns(const struct dram_part *p)
{
	return (p->idd_trp ? p->idd_trp : p->trp) * 1e-3;
}

/* Time of a burst on the data bus in ps, in whole clocks. */
static inline uint32_t dram_part_burst_ps(const struct dram_part *p)
{
	return p->burst_length / p->data_rate * p->tck;
}

/* WR to WR of one bank group in ps. */
static inline uint32_t dram_part_write_gap_ps(const struct dram_part *p)
{
	return p->tccd_l_wr ? p->tccd_l_wr : p->tccd_l;
}

/* WR to PRE of one bank in ps. */
static inline uint32_t dram_part_write_to_pre_ps(const struct dram_part *p)
{
	return p->tcwl + dram_part_burst_ps(p) + p->twr;
}

/* Peak of the data bus of a (sub)channel in GB/s. */
static inline double dram_part_peak_gbps(const struct dram_part *p)
{
	return p->channel_bits / 8.0 * p->burst_mbps / 1000.0;
}

#endif
