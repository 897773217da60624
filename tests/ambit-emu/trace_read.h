/* A trace as text, and its lines in DRAMPower's format. */
#ifndef TEST_TRACE_READ_H
#define TEST_TRACE_READ_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/trace.h"

struct trace_words {
	char *text;
	size_t n, size;
	size_t fail_after; /* 0: never */
};

static inline int trace_collect(void *ctx, const char *text, size_t n)
{
	struct trace_words *w = ctx;
	cr_assert(n > 0 && text[n - 1] == '\n', "whole lines only");
	if (w->fail_after && w->n + n > w->fail_after)
		return -28;
	while (w->n + n + 1 > w->size)
		w->text = realloc(w->text, w->size = w->size ? 2 * w->size : 65536);
	memcpy(w->text + w->n, text, n);
	w->n += n;
	w->text[w->n] = '\0';
	return 0;
}

struct trace_line {
	uint64_t clock;
	char command[8];
	unsigned rank, group, bank, row, column;
};

static inline unsigned trace_number(const char **at)
{
	char *end;
	cr_assert_eq(**at, ',', "%.60s", *at);
	unsigned n = (unsigned)strtoul(*at + 1, &end, 10);
	*at = end;
	return n;
}

/* Reads one line and goes on to the next; 0 at the end. (sscanf measures the whole rest of the text each time.) */
static inline int trace_line_read(const char **at, struct trace_line *l)
{
	if (!**at)
		return 0;
	char *end;
	l->clock = strtoull(*at, &end, 10);
	size_t n = strcspn(end + 1, ",\n");
	cr_assert(*end == ',' && n > 0 && n < sizeof(l->command), "%.60s", *at);
	memcpy(l->command, end + 1, n);
	l->command[n] = '\0';
	*at = end + 1 + n;
	l->rank = trace_number(at);
	l->group = trace_number(at);
	l->bank = trace_number(at);
	l->row = trace_number(at);
	l->column = trace_number(at);
	*at = strchr(*at, '\n') + 1;
	return 1;
}

static inline int trace_is(const struct trace_line *l, const char *command)
{
	return strcmp(l->command, command) == 0;
}

struct trace_bed {
	struct ambit_timing timing;
	struct ambit_geometry geometry;
	struct ambit_trace *trace;
	struct trace_words words;
};

static inline struct ambit_trace_config trace_config_of(struct trace_bed *b, const struct dram_part *d,
							enum ambit_limit limit)
{
	b->timing = (struct ambit_timing){.dram = d,
					  .aap = AMBIT_AAP_SPLIT,
					  .limit = limit,
					  .tfaw = d->tfaw,
					  .refresh = true,
					  .channels = 1,
					  .ranks = 1,
					  .banks = d->banks,
					  .salp = 1};
	b->geometry = (struct ambit_geometry){.channels = 1,
					      .ranks = 1,
					      .banks = d->banks,
					      .subarrays = 4,
					      .rows = 1024,
					      .chips = d->channel_bits / d->chip_bits,
					      .page_bytes = d->page_bytes};
	return (struct ambit_trace_config){.timing = &b->timing,
					   .geometry = &b->geometry,
					   .spec = "ambit:dram=x,limit=y",
					   .write = trace_collect,
					   .ctx = &b->words};
}

static inline struct ambit_trace_config trace_config(struct trace_bed *b, const char *dram, enum ambit_limit limit)
{
	return trace_config_of(b, ambit_dram_find(dram), limit);
}

static inline void trace_start(struct trace_bed *b, const struct ambit_trace_config *c)
{
	char err[200] = "";
	cr_assert_eq(ambit_trace_open(c, &b->trace, err, sizeof(err)), 0, "%s", err);
}

/* A transfer of one plane of packed bits from row 0 of bank 0 on. */
static inline int trace_move(struct trace_bed *b, uint64_t bytes, uint64_t ps, bool write)
{
	const struct ambit_trace_vector v = {.planes = 1, .copies = 1, .plane_bytes = bytes};
	return ambit_trace_transfer(b->trace, &v, ps, write);
}

#endif
