/* Command traces of what a device does: for DRAMPower, in the format of Ramulator 2's recorder, and the lines that the
 * host loads and stores.
 *
 * A trace covers one channel. Commands are issued bank by bank as early as the chosen limit allows. none:
 * micro-programs at the modelled picosecond, printed in clocks, rounded down; the trace ends at the modelled time. bus:
 * on clock edges, one command slot per clock. jedec: also tRRD, tFAW, tPPD, refresh. With bus and jedec the modelled
 * time is a steady state: the last commands of a trace end a few command times later, and the next operation starts in
 * that time.
 *
 * Transfers keep to clock edges and to all timings of column commands under every limit. Their rows are opened in the
 * order of slots, plane after plane, a few at a time in different bank groups, and their bursts are spread evenly over
 * the modelled time; where a vector lies in too few banks or bank groups for that rate, they take longer.
 *
 * The second ACT of an AAP goes to an open bank, which JEDEC does not allow. Unless raw_aap is set, the trace has ACT,
 * PRE, ACT, PRE instead, with the extra PRE at the clock of the second ACT: the bank is open as long as in the AAP, but
 * there is one precharge too many per AAP. The first line says which of the two was done. */
#ifndef AMBIT_TRACE_H
#define AMBIT_TRACE_H

#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"

enum ambit_trace_format {
	/* timestamp,cmd,rank,bankgroup,bank,row,column[,data]: DRAMPower 5 and 6. The format has no comments: the first
	 * line is a PREA at clock 0, when all banks are closed, with the note as eighth field. Bursts carry zero
	 * bytes, so I/O energy must be taken from toggle rates. */
	AMBIT_TRACE_DRAMPOWER,
	/* clock,command,Channel,Rank,BankGroup,Bank,Row,Column,type,source, as CmdTraceRecorder of Ramulator 2.1
	 * writes; the note is a first line with '#'. For comparison only: Ramulator does not read it back. */
	AMBIT_TRACE_RAMULATOR,
	/* LD 0xADDRESS or ST 0xADDRESS per 64-byte line that the host moves, for Ramulator 2's LoadStoreTrace, which
	 * takes no header. Address = ((row x ranks + rank) x banks + bank) x channels + channel, in rows. */
	AMBIT_TRACE_HOST,
};

struct ambit_trace_config {
	const struct ambit_timing *timing; /* copied */
	const struct ambit_geometry *geometry;
	const char *spec; /* for the first line */
	enum ambit_trace_format format;
	bool raw_aap;
	uint32_t channel;
	/* Receives whole lines; a negative result stops the trace and is returned. */
	int (*write)(void *ctx, const char *text, size_t n);
	void *ctx;
};

struct ambit_trace;

/* -EINVAL: no such channel. -EOPNOTSUPP: several open subarrays per bank (salp > 1), which no format can express.
 * -ENOMEM. */
int ambit_trace_open(const struct ambit_trace_config *c, struct ambit_trace **out, char *err, size_t n);
/* Where vectors lie. */
struct ambit_trace_at {
	/* Data rows of D(i), or of bit plane i, in their subarrays. stride 1: row[i] is that of layer 0, and the next
	 * layers follow it; stride n > 1: layer k is in row[n i + k]. NULL: plane i begins at row `layers` x i. Numbers
	 * beyond the data rows of a subarray start over. */
	const uint32_t *row;
	uint32_t stride;
	struct ambit_shift shift;
};

/* Vertical lanes are one plane of packed bits per bit, horizontal ones a single plane. */
struct ambit_trace_vector {
	struct ambit_trace_at at;
	uint32_t planes;
	uint32_t copies;      /* of each plane; each begins with a slot of its own */
	uint64_t plane_bytes; /* of one copy */
};

/* Adds the program on `slots` rows. at: copied; NULL: from bank 0, D rows in order. -ERANGE: beyond 2^60 ps (13 days),
 * where the clock of a trace ends; -ENOMEM; or that of write(). The first error of this and the next three functions
 * stays until ambit_trace_close(). */
int ambit_trace_program(struct ambit_trace *t, const struct ambit_program *p, uint64_t slots,
			const struct ambit_trace_at *at);
/* Adds the program once in the subarray `at`, with its D rows in order and nothing else running. */
int ambit_trace_alone(struct ambit_trace *t, const struct ambit_program *p, struct ambit_place at);
/* Adds a transfer to (write) or from a vector, spread over ps. */
int ambit_trace_transfer(struct ambit_trace *t, const struct ambit_trace_vector *v, mw_wide ps, bool write);
/* Adds time in which the channel issues nothing. */
int ambit_trace_idle(struct ambit_trace *t, mw_wide ps);
/* Stops the trace with the caller's error, which is returned; an earlier one stays. */
int ambit_trace_fail(struct ambit_trace *t, int rc);
/* Modelled time so far. */
uint64_t ambit_trace_ps(const struct ambit_trace *t);
/* Writes pending commands and the last line, and frees the trace. Returns the first error; NULL is allowed. */
int ambit_trace_close(struct ambit_trace *t);

#endif
