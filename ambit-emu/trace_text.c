#include "ambit-emu/trace_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/core/text.h"

enum { SPEC_MAX = 4096, LINE_MAX = SPEC_MAX + 512 }; /* bytes, with NUL */

static void flush(struct trace_text *x)
{
	if (x->rc == 0 && x->len > 0) {
		int rc = x->write(x->ctx, x->buffer, x->len);
		x->rc = rc < 0 ? rc : 0;
	}
	x->len = 0;
}

static void put(struct trace_text *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct trace_text *x, const char *fmt, ...)
{
	if (sizeof(x->buffer) - x->len < LINE_MAX)
		flush(x);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(x->buffer + x->len, LINE_MAX, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= LINE_MAX)
		x->rc = x->rc < 0 ? x->rc : -ENAMETOOLONG;
	else
		x->len += (size_t)n;
}

static const char lowered[] =
	"AAP lowered to ACT PRE ACT PRE: the inserted PRE is at the clock of the second ACT and keeps "
	"no tRP; no bank is open longer than in the AAP; one PRE per AAP is too many";
static const char raw[] = "AAP raw: its second ACT goes to an open bank and is not JEDEC";

static const char *limit_note(enum ambit_limit limit)
{
	return limit == AMBIT_LIMIT_NONE  ? "limit=none: banks ignore the command bus and tRRD and tFAW and refresh"
	       : limit == AMBIT_LIMIT_BUS ? "limit=bus: tRRD and tFAW and refresh are ignored"
					  : "limit=jedec";
}

void trace_text_begin(struct trace_text *x, const struct ambit_trace_config *c)
{
	char spec[SPEC_MAX];
	const struct dram_part *d = c->timing->dram;
	x->format = c->format;
	x->write = c->write;
	x->ctx = c->ctx;
	x->tck = d->tck;
	x->channel = c->channel;
	x->groups = d->bank_groups;
	x->group_banks = (c->geometry->banks + d->bank_groups - 1) / d->bank_groups;
	if (mw_fit(spec, sizeof(spec), "%s", c->spec ? c->spec : ""))
		x->rc = -ENAMETOOLONG;
	for (char *p = spec; *p; p++)
		if (*p == ',' || *p == '"' || *p == '\n')
			*p = '+'; /* the spec goes into one CSV field */
	const char *aap = c->raw_aap ? raw : lowered;
	if (x->format == AMBIT_TRACE_DRAMPOWER)
		put(x, "0,PREA,0,0,0,0,0,%s; channel %u of %u; tCK %u ps; %s; %s\n", spec, c->channel,
		    c->geometry->channels, d->tck, aap, limit_note(c->timing->limit));
	if (x->format == AMBIT_TRACE_RAMULATOR)
		put(x,
		    "# %s; channel %u of %u; tCK %u ps; %s; %s\n"
		    "clock,command,Channel,Rank,BankGroup,Bank,Row,Column,type,source\n",
		    spec, c->channel, c->geometry->channels, d->tck, aap, limit_note(c->timing->limit));
}

enum { BURST_BYTES_MAX = 64 };

static void drampower(struct trace_text *x, const struct trace_event *e, uint64_t clock)
{
	static const char *const names[] = {
		[TRACE_ACT] = "ACT", [TRACE_PRE] = "PRE", [TRACE_RD] = "RD", [TRACE_WR] = "WR", [TRACE_REF] = "REFA"};
	static const char zero[2 * BURST_BYTES_MAX + 1] = {[0 ... 2 * BURST_BYTES_MAX - 1] = '0'};
	bool data = e->command == TRACE_RD || e->command == TRACE_WR;
	int digits = x->burst_bytes < BURST_BYTES_MAX ? 2 * (int)x->burst_bytes : 2 * BURST_BYTES_MAX;
	uint32_t group = e->bank % x->groups; /* consecutive banks: different groups; DRAMPower numbers by group */
	put(x, "%" PRIu64 ",%s,%u,%u,%u,%u,%u%s%.*s\n", clock, names[e->command], e->rank, group,
	    group * x->group_banks + e->bank / x->groups, e->row, e->column, data ? "," : "", data ? digits : 0, zero);
}

static void ramulator(struct trace_text *x, const struct trace_event *e, uint64_t clock)
{
	static const char *const names[] = {[TRACE_ACT] = "ACT",
					    [TRACE_PRE] = "PREpb",
					    [TRACE_RD] = "RD",
					    [TRACE_WR] = "WR",
					    [TRACE_REF] = "REFab"};
	int type = e->command == TRACE_RD ? 0 : e->command == TRACE_WR ? 1 : -1;
	if (e->command == TRACE_REF)
		put(x, "%" PRIu64 ",REFab,%u,%u,-1,-1,-1,-1,-1,-1\n", clock, x->channel, e->rank);
	else
		put(x, "%" PRIu64 ",%s,%u,%u,%u,%u,%u,%u,%d,-1\n", clock, names[e->command], x->channel, e->rank,
		    e->bank % x->groups, e->bank / x->groups, e->row, e->column, type);
}

void trace_text_event(struct trace_text *x, const struct trace_event *e)
{
	uint64_t clock = e->ps / x->tck;
	if (x->format == AMBIT_TRACE_DRAMPOWER)
		drampower(x, e, clock);
	if (x->format == AMBIT_TRACE_RAMULATOR)
		ramulator(x, e, clock);
}

void trace_text_line(struct trace_text *x, uint64_t address, bool write)
{
	put(x, "%s 0x%" PRIx64 "\n", write ? "ST" : "LD", address);
}

void trace_text_end(struct trace_text *x, uint64_t end, uint64_t modelled)
{
	uint64_t clock = end / x->tck + (end % x->tck != 0);
	if (x->format == AMBIT_TRACE_DRAMPOWER)
		put(x, "%" PRIu64 ",END,0,0,0,0,0,modelled time %" PRIu64 " ps\n", clock, modelled);
	if (x->format == AMBIT_TRACE_RAMULATOR)
		put(x, "# end at clock %" PRIu64 "; modelled time %" PRIu64 " ps\n", clock, modelled);
	flush(x);
}
