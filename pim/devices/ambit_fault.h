/* Failing columns of device `ambit`, and protection against them. */
#ifndef PIM_DEVICE_AMBIT_FAULT_H
#define PIM_DEVICE_AMBIT_FAULT_H

#include "ambit-emu/fault_run.h"
#include "pim/pim_device.h"

/* none; ecc: 8 check bits over 64 lanes of every row, for the operations that keep them valid; tmr: every program in
 * triplicate (ambit-emu/redundant.h); copies: every vector K times, with a vote at read-out. */
enum ambit_protection { AMBIT_PROTECT_NONE, AMBIT_PROTECT_ECC, AMBIT_PROTECT_TMR, AMBIT_PROTECT_COPIES };

struct ambit_failures {
	bool on; /* columns may fail */
	enum ambit_protection protection;
	unsigned copies; /* copies of every vector; 1 except for AMBIT_PROTECT_COPIES */
	struct ambit_burst burst;
	struct ambit_fault_maps maps;
	char note[200]; /* rate and interference; empty when off */
};

/* Reads variation, curve, interference, protect and seed. -EINVAL names the key. */
int ambit_failures_open(struct ambit_failures *f, const struct pim_config *c, const struct ambit_geometry *g,
			unsigned chip_bits, bool exact, char *err, size_t n);
void ambit_failures_close(struct ambit_failures *f);

/* One run of a program with failures. d: rows of inputs, then results, `bytes` each, beginning with slot 0. A slot has
 * row_bytes bytes from physical column first_column on: the lanes, or the check bits after them. */
struct ambit_failing_run {
	const struct ambit_program *program;
	char *const *d;
	size_t bytes;
	uint64_t row_bytes, first_column, lanes;
	uint64_t period; /* as in struct ambit_fault_job */
	struct ambit_shift at;
	struct ambit_burst burst;
	uint64_t seed;
	bool uncounted; /* do not count failures: check bits are no results */
};
/* Runs it and adds to executed the bytes that commands acted on, by enum ambit_kind. -EINVAL or -ENOMEM. */
int ambit_failures_run(struct ambit_failures *f, struct pim_call *call, const struct ambit_failing_run *r,
		       uint64_t executed[2]);

/* Does the operation, applied to the check bits, give the check bits of its result? */
bool ambit_ecc_survives(enum pim_op op);
/* Check bits of n words. */
void ambit_ecc_encode(const uint64_t *data, uint8_t *check, size_t n);
struct ambit_ecc_count {
	uint64_t corrected, detected, undetected; /* words */
};
/* Decodes n words as the memory controller does; truth: what they should be. */
void ambit_ecc_decode(const uint64_t *data, const uint8_t *check, const uint64_t *truth, uint64_t *out, size_t n,
		      struct ambit_ecc_count *count);
/* Bitwise majority of an odd number of copies, each `stride` words after the one before. */
void ambit_vote(const uint64_t *data, size_t stride, unsigned copies, uint64_t *out, size_t n);

#endif
