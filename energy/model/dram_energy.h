/* Energy of DRAM commands from datasheet currents: DRAMPower's equations for core energy with several open banks.
 *
 * Everything here is modelled: the DRAM core of one chip (VDD rail), without I/O drivers, termination, the VPP pump,
 * PHY and controller. Datasheet currents are limits, and measured parts draw 0.35 to 0.58 of them, so a price is a
 * band. libc only. */
#ifndef DRAM_ENERGY_H
#define DRAM_ENERGY_H

#include <stddef.h>
#include <stdint.h>

/* Timings and currents of one chip. Plain values: a caller may copy a row and change its timings. tras_ns, trp_ns and
 * trefi_ns are 0 where no source gives them: then only bursts have a price. */
struct dram_part {
	const char *name;                                  /* "ddr4-3200-x8" */
	const char *title;                                 /* for people */
	double vdd;                                        /* V */
	double idd0, idd2n, idd3n, idd4r, idd4w, idd5b;    /* mA; idd5b = burst refresh of all banks */
	double tck_ns, tras_ns, trp_ns, trfc_ns, trefi_ns; /* trfc of the refresh that idd5b belongs to */
	int burst_length, data_rate;                       /* beats per burst; beats per clock */
	int width_bits, banks, page_bytes;                 /* of one chip */
	int channel_bits;                                  /* data bits of a (sub)channel: chips = this / width */
	const char *source;                                /* of currents and timings */
};

/* The compiled-in parts, most recent last. */
const struct dram_part *dram_parts(size_t *n);
/* By name; NULL when unknown. */
const struct dram_part *dram_part_find(const char *name);
/* Chips that share one burst. */
int dram_part_chips(const struct dram_part *p);

/* rho in 0..1 says how much of IDD3N - IDD2N a chip with one open bank draws beyond that bank's own share
 * (DRAMPower's bank-wise model). It moves energy between activation and background; their sum over a row cycle
 * does not depend on it. */
#define DRAM_RHO_DEFAULT (-1.0)
/* The largest rho in 0..1 that leaves no negative activation energy: 1 for DDR3 and DDR4, below for DDR5 parts whose
 * IDD3N (all banks open) exceeds IDD0; there the activation energy at that rho is 0, all of it being background.
 * Negative when even rho = 0 fails. */
double dram_rho_max(const struct dram_part *p);

/* One chip. Energies in pJ, powers in mW. */
struct dram_energy {
	double rho;                /* as used */
	double act_pj, pre_pj;     /* one ACT; one PRE */
	double rd_pj, wr_pj;       /* one burst */
	double ref_bank_pj;        /* one refresh command's share of one bank (DRAMPower) */
	double ref_pj;             /* one all-bank refresh command */
	double closed_mw, open_mw; /* background: no bank open; one bank open */
	double refresh_mw;         /* ref_pj / tREFI */
};

/* Fills *e. rho: 0..1 or DRAM_RHO_DEFAULT. -EINVAL for a rho or a part that makes no sense; -EOPNOTSUPP for a part
 * whose row timings have no source; -EDOM when a term comes out negative, with the term's name and value in err: it is
 * never clamped. */
int dram_energy(const struct dram_part *p, double rho, struct dram_energy *e, char *err, size_t n);

/* One read or write burst in pJ: needs no row timings. -EINVAL, -EDOM as above. */
int dram_burst_pj(const struct dram_part *p, int write, double *pj, char *err, size_t n);

/* Background power in mW of one chip with `open` of its banks open, at that rho (0..1). */
double dram_background_mw(const struct dram_part *p, double rho, int open);

/* ACT + PRE as in Micron's TN-41-01, VDD (IDD0 tRC - IDD3N tRAS - IDD2N tRP): a cross-check for DDR3 and DDR4 only.
 * Negative for DDR5, whose IDD3N has every bank open; the caller must look at the sign. pJ. */
double dram_act_pre_tn4101_pj(const struct dram_part *p);

/* Measured current over datasheet current: published ratios of real chips (DDR4 IDD0 0.54, IDD3N 0.35, IDD4R 0.55,
 * DDR3L IDD0 0.43, upper end 0.58). min = lowest, typ = median of these five, max = the datasheet itself. */
struct dram_band {
	double min, typ, max;
};
extern const struct dram_band dram_datasheet_band;

/* Traffic that crossed the memory bus. */
struct dram_traffic {
	uint64_t read_bytes, write_bytes;
	double row_hit; /* share of bursts that find their row open, 0..1: an assumption that the caller states */
	double seconds; /* > 0 prices background and refresh too */
	int ranks;      /* that draw background and refresh; at least 1 when seconds > 0 */
};

struct dram_price {
	struct dram_band read_pj_per_byte, write_pj_per_byte; /* with the activation share; 0 only for 0 bytes */
	struct dram_band dynamic_nj;                          /* reads + writes + activations */
	struct dram_band standing_nj;                         /* background (one bank open per chip) + refresh */
	double rho;
	char source[120];
};

/* Prices traffic. The band's min and typ use the default rho, its max uses rho = 0 (activation dearest) and the
 * datasheet. Errors as dram_energy; -EINVAL for a hit rate outside 0..1. */
int dram_price_traffic(const struct dram_part *p, const struct dram_traffic *t, struct dram_price *out, char *err,
		       size_t n);

#endif
