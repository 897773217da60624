/* Command traces of what a device does: for DRAMPower, in the format of Ramulator 2's recorder, and the lines that the
 * host loads and stores.
 *
 * A trace covers one channel. Commands are issued bank by bank as early as the chosen limit allows (none: at the
 * modelled picosecond; bus: one command slot per clock; jedec: also tRRD, tFAW, refresh) and printed in clocks, rounded
 * down. With limit=none the trace ends at the modelled time. With bus and jedec the modelled time is a steady state:
 * the last commands of a trace end a few command times later, and the next operation starts in that time.
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
	 * line is a PREA at clock 0, when all banks are closed, with the note as eighth field. Bursts carry 64 zero
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
/* Adds the program on `slots` rows. row[i]: data row of D(i) in its subarray, layer 0 (NULL: layers x i). -ERANGE:
 * beyond 2^60 ps (13 days), where the clock of a trace ends; -ENOMEM; or that of write(). The first error of this and
 * the next three functions stays until ambit_trace_close(). */
int ambit_trace_program(struct ambit_trace *t, const struct ambit_program *p, uint64_t slots, const uint32_t *row);
/* Adds the program once in the subarray `at`, with its D rows in order and nothing else running. */
int ambit_trace_alone(struct ambit_trace *t, const struct ambit_program *p, struct ambit_place at);
/* Adds a transfer of bytes to (write) or from a vector whose layer 0 is data row `row`, spread over ps. */
int ambit_trace_transfer(struct ambit_trace *t, uint64_t bytes, uint32_t row, mw_wide ps, bool write);
/* Adds time in which the channel issues nothing. */
int ambit_trace_idle(struct ambit_trace *t, mw_wide ps);
/* Modelled time so far. */
uint64_t ambit_trace_ps(const struct ambit_trace *t);
/* Writes pending commands and the last line, and frees the trace. Returns the first error; NULL is allowed. */
int ambit_trace_close(struct ambit_trace *t);

#endif
