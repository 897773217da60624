/* Energy of DRAM commands from datasheet currents, by DRAMPower's equations for core energy with several open banks
 * (tukl-msd/DRAMPower@d8b980a core_calculation_DDR4.cpp).
 *
 * Everything here is modelled: the DRAM core of one chip (VDD rail), without I/O drivers, termination, the VPP pump,
 * PHY and controller. Datasheet currents are upper limits; measured chips draw 0.35 to 0.58 of them, so a price is a
 * band. libc only. */
#ifndef DRAM_ENERGY_H
#define DRAM_ENERGY_H

#include <stddef.h>
#include <stdint.h>

#include "energy/model/dram_part.h"

/* rho (0..1) is the share of IDD3N - IDD2N that a chip draws as soon as any bank is open, beyond the shares of the open
 * banks (DRAMPower's bank-wise model). It moves energy between activation and background; their sum over a row cycle
 * does not depend on it. */
#define DRAM_RHO_DEFAULT (-1.0)
/* The largest rho in 0..1 for which the activation energy is not negative: 1 for DDR3, DDR4 and HBM2; less for DDR5,
 * whose IDD3N (all banks open) exceeds IDD0, and where the activation energy at that rho is 0. Negative when rho = 0
 * gives a negative energy too. */
double dram_rho_max(const struct dram_part *p);

/* One chip. Energies in pJ, powers in mW. */
struct dram_energy {
	double rho;                /* the rho that was used */
	double act_pj, pre_pj;     /* one ACT; one PRE */
	double rd_pj, wr_pj;       /* one burst */
	double ref_bank_pj;        /* one bank's share of a refresh command (DRAMPower) */
	double ref_pj;             /* one all-bank refresh command */
	double closed_mw, open_mw; /* background: no bank open; one bank open */
	double refresh_mw;         /* ref_pj / tREFI */
};

/* Fills *e. rho: 0..1 or DRAM_RHO_DEFAULT (dram_rho_max()). -EINVAL: rho or a value of the part is out of range;
 * -EOPNOTSUPP: the part's row timings have no source; -EDOM: a term is negative (it is never clamped). err names the
 * value or term. */
int dram_energy(const struct dram_part *p, double rho, struct dram_energy *e, char *err, size_t n);

/* Energy of one read or write burst in pJ; needs no row timings. -EINVAL, -EDOM as above. */
int dram_burst_pj(const struct dram_part *p, int write, double *pj, char *err, size_t n);

/* Background power in mW of one chip with `open` of its banks open, at that rho (0..1). */
double dram_background_mw(const struct dram_part *p, double rho, unsigned open);

/* ACT + PRE in pJ as in Micron's TN-41-01, VDD (IDD0 tRC - IDD3N tRAS - IDD2N tRP): a cross-check for DDR3 and DDR4
 * only. Negative for DDR5, whose IDD3N has every bank open; the caller must check the sign. */
double dram_act_pre_tn4101_pj(const struct dram_part *p);

/* Measured over datasheet current, published for real chips (DDR4 IDD0 0.54, IDD3N 0.35, IDD4R 0.55; DDR3L IDD0 0.43,
 * upper end 0.58). min = the lowest, typ = the median of these five, max = the datasheet itself. */
struct dram_band {
	double min, typ, max;
};
extern const struct dram_band dram_datasheet_band;

/* Traffic that crossed the memory bus. */
struct dram_traffic {
	uint64_t read_bytes, write_bytes;
	double row_hit; /* share of bursts that find their row open, 0..1; assumed by the caller */
	double seconds; /* > 0: background and refresh are priced too */
	int ranks;      /* ranks that draw background and refresh; at least 1 when seconds > 0 */
};

struct dram_price {
	struct dram_band read_pj_per_byte, write_pj_per_byte; /* bursts, and activations for those that miss */
	struct dram_band dynamic_nj;                          /* reads + writes + activations */
	struct dram_band standing_nj;                         /* background (one bank open per chip) + refresh */
	double rho;
	char source[120];
};

/* Prices traffic. min and typ use the default rho; max uses rho = 0, which has the largest activation energy, and
 * datasheet currents. Errors as dram_energy(); -EINVAL also for row_hit outside 0..1 or ranks < 1. */
int dram_price_traffic(const struct dram_part *p, const struct dram_traffic *t, struct dram_price *out, char *err,
		       size_t n);

#endif
