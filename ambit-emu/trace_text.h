/* Writes the lines of a trace in its format, through a buffer. */
#ifndef AMBIT_TRACE_TEXT_H
#define AMBIT_TRACE_TEXT_H

#include "ambit-emu/trace.h"

enum trace_command { TRACE_ACT, TRACE_PRE, TRACE_RD, TRACE_WR, TRACE_REF };

struct trace_event {
	uint64_t ps;
	enum trace_command command;
	uint32_t rank, bank, row, column;
};

struct trace_text {
	enum ambit_trace_format format;
	int (*write)(void *ctx, const char *text, size_t n);
	void *ctx;
	uint32_t tck, channel, groups, group_banks, burst_bytes;
	int rc; /* first error */
	size_t len;
	char buffer[1 << 16];
};

void trace_text_begin(struct trace_text *x, const struct ambit_trace_config *c);
void trace_text_event(struct trace_text *x, const struct trace_event *e);
void trace_text_line(struct trace_text *x, uint64_t address, bool write);
/* Writes the last line. end: ps at which all commands are done; modelled: modelled time in ps. */
void trace_text_end(struct trace_text *x, uint64_t end, uint64_t modelled);

#endif
