/* Command traces of what a device does: for DRAMPower, in Ramulator 2's recorder format, and the lines that the host
 * itself loads and stores.
 *
 * A trace covers one channel. Commands are issued bank by bank as the chosen limit allows (limit=none: at the modelled
 * picosecond; bus: one command slot per clock; jedec: also tRRD, tFAW, refresh) and printed in clocks, rounded down.
 * With limit=none the trace ends when the modelled time does. Under bus and jedec the model is a steady state: a trace
 * ends a few command times later, when the last commands have drained; the next operation fills that gap.
 *
 * An ACT to an open bank, the second of an AAP, is no JEDEC command. Unless raw_aap is set, the trace says ACT, PRE,
 * ACT, PRE instead, the inserted PRE at the clock of the second ACT: the bank's open time is that of the AAP, one
 * precharge per AAP is too many. The first line says which of the two was done. */
#ifndef AMBIT_TRACE_H
#define AMBIT_TRACE_H

#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"

enum ambit_trace_format {
	/* timestamp,cmd,rank,bankgroup,bank,row,column[,data]: DRAMPower 5 and 6. The note is the eighth field of a
	 * PREA at clock 0, which finds all banks closed; bursts carry 64 zero bytes, so take I/O energy from toggle
	 * rates. */
	AMBIT_TRACE_DRAMPOWER,
	/* clock,command,Channel,Rank,BankGroup,Bank,Row,Column,type,source, as CmdTraceRecorder of Ramulator 2.1
	 * writes; the note is a first line with '#'. For comparison: Ramulator does not read it back. */
	AMBIT_TRACE_RAMULATOR,
	/* LD 0xADDRESS or ST 0xADDRESS per 64-byte line that the host moves: Ramulator 2's LoadStoreTrace replays it.
	 * No header: its reader takes none. Address = ((row x ranks + rank) x banks + bank) x channels + channel rows.
	 */
	AMBIT_TRACE_HOST,
};

struct ambit_trace_config {
	const struct ambit_timing *timing; /* copied */
	const struct ambit_geometry *geometry;
	const char *spec; /* for the first line */
	enum ambit_trace_format format;
	bool raw_aap;
	uint32_t channel;
	/* Whole lines; a negative result stops the trace and is returned. */
	int (*write)(void *ctx, const char *text, size_t n);
	void *ctx;
};

struct ambit_trace;

/* -EINVAL: no such channel. -EOPNOTSUPP: more than one open subarray per bank (salp), which no format can say. */
int ambit_trace_open(const struct ambit_trace_config *c, struct ambit_trace **out, char *err, size_t n);
/* The clock of a trace ends after 2^60 ps, 13 days: -ERANGE. The program on `slots` rows. row[i]: data row of D(i) in
 * its subarray, layer 0 (NULL: layers x i). Errors of this and the next four stick until the end. */
int ambit_trace_program(struct ambit_trace *t, const struct ambit_program *p, uint64_t slots, const uint32_t *row);
/* The program once in the subarray `at`, its D rows in order, nothing else running. */
int ambit_trace_alone(struct ambit_trace *t, const struct ambit_program *p, struct ambit_place at);
/* bytes to (write) or from the rows of a vector whose layer 0 is data row `row`, spread over ps. */
int ambit_trace_transfer(struct ambit_trace *t, uint64_t bytes, uint32_t row, mw_wide ps, bool write);
/* Time in which the channel does nothing. */
int ambit_trace_idle(struct ambit_trace *t, mw_wide ps);
/* Modelled time so far. */
uint64_t ambit_trace_ps(const struct ambit_trace *t);
/* Writes what is pending and the end, and frees. Returns the first error; NULL is allowed. */
int ambit_trace_close(struct ambit_trace *t);

#endif
