/* Energy of the data pins. */
#include <errno.h>
#include <string.h>

#include "ambit-emu/energy.h"
#include "base/core/err.h"
#include "base/core/option.h"
#include "base/core/text.h"

static void by_number(struct ambit_io *io, double min, double typ, double max)
{
	io->known = true;
	io->pj_per_bit = (struct dram_band){.min = min, .typ = typ, .max = max};
}

/* DDR4 and DDR5 are terminated to VDDQ (pseudo open drain), which is VDD on both: a 1 draws nothing. */
static bool terminated_to_vddq(const struct dram_part *p)
{
	return strncmp(p->name, "ddr4", 4) == 0 || strncmp(p->name, "ddr5", 4) == 0;
}

static int by_resistance(struct ambit_io *io, const struct dram_part *p, double ohm, const char *text, char *err,
			 size_t n)
{
	if (!terminated_to_vddq(p))
		return mw_fail(-EINVAL, err, n, "io=%s: %s is not terminated to VDDQ; give pJ per bit", text, p->name);
	/* V^2 / ohm = W, W x ns = nJ. */
	double pj = 1e3 * p->vdd * p->vdd / ohm * (p->tck * 1e-3) / p->data_rate;
	by_number(io, 0, 0.5 * pj, pj);
	mw_format(
		io->source, sizeof(io->source),
		"DRAMPower's equation of termination at %g ohm (user); none / half / all of the bits 0; no capacitance",
		ohm);
	return 0;
}

int ambit_io_init(struct ambit_io *io, const struct ambit_energy *e, const char *text, char *err, size_t n)
{
	const struct dram_part *p = e->part;
	bool ohm = text && strncmp(text, "ohm:", 4) == 0;
	double value = 0;
	*io = (struct ambit_io){.known = false};
	if (!text && strncmp(p->name, "hbm2", 4) == 0) {
		by_number(io, 0.30, 0.80, 0.80);
		mw_format(io->source, sizeof(io->source),
			  "O'Connor et al. MICRO 2017 Table 3 through isaacyhe/PIMID: 0.30 pJ per bit in applications; "
			  "0.80 at 50 %% toggling");
		return 0;
	}
	if (!text) {
		mw_format(io->source, sizeof(io->source), "no value with a source for %s; key io", p->name);
		return 0;
	}
	if (mw_parse_real(text + (ohm ? 4 : 0), &value) < 0 || !(value >= (ohm ? 1 : 0)) || value > 1e4)
		return mw_fail(-EINVAL, err, n, "io=%s: expected pJ per bit (0..10000) or ohm:R (1..10000)", text);
	if (ohm)
		return by_resistance(io, p, value, text, err, n);
	by_number(io, value, value, value);
	mw_format(io->source, sizeof(io->source), "%g pJ per bit (user)", value);
	return 0;
}

struct dram_band ambit_io_pj(const struct ambit_io *io, const struct ambit_energy *e, double bytes)
{
	const struct dram_part *p = e->part;
	double bits = 8 * bytes * e->chips * p->chip_bits / p->channel_bits;
	const struct dram_band *b = &io->pj_per_bit;
	return (struct dram_band){.min = b->min * bits, .typ = b->typ * bits, .max = b->max * bits};
}
