/* Parser of truth tables, as numbers or as rows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/circuit.h"
#include "ambit-emu/scan.h"
#include "base/core/err.h"

enum { MAX_OUTPUTS = 64 };

struct table {
	struct ambit_scan s;
	uint32_t inputs, outputs;
	uint64_t *value; /* by row: bit k is output k */
	uint8_t *known;  /* by row: 1 where a line of the text has set it */
};

static int allocate(struct table *t)
{
	size_t rows = (size_t)1 << t->inputs;
	t->value = calloc(rows, sizeof(*t->value));
	t->known = calloc(rows, sizeof(*t->known));
	return t->value && t->known ? 0 : mw_fail(-ENOMEM, t->s.err, t->s.n, "out of memory");
}

static int too_many(const struct table *t, size_t at)
{
	return scan_fail(&t->s, at, -EINVAL, "more than %d outputs", MAX_OUTPUTS);
}

static int hex_digit(int c)
{
	if (scan_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads a number such as 0xe8, which has at most 2^inputs bits. */
static int read_number(struct table *t)
{
	size_t start = t->s.at;
	if (!scan_take(&t->s, '0') || (!scan_take(&t->s, 'x') && !scan_take(&t->s, 'X')))
		return scan_fail(&t->s, start, -EINVAL, "a number 0x... expected");
	size_t digits = t->s.at;
	while (hex_digit(scan_peek(&t->s)) >= 0)
		t->s.at++;
	if (t->s.at == digits)
		return scan_unexpected(&t->s, "a hexadecimal digit");
	if (t->outputs == MAX_OUTPUTS)
		return too_many(t, start);
	size_t rows = (size_t)1 << t->inputs, row = 0;
	for (size_t i = t->s.at; i-- > digits;)
		for (int k = 0, v = hex_digit((unsigned char)t->s.text[i]); k < 4; k++, row++) {
			if (row < rows)
				t->value[row] |= (uint64_t)(v >> k & 1) << t->outputs;
			else if (v >> k & 1)
				return scan_fail(&t->s, start, -EINVAL, "%u inputs have %zu rows, this number has more",
						 t->inputs, rows);
		}
	t->outputs++;
	return 0;
}

static int read_numbers(struct table *t)
{
	size_t at = t->s.at;
	int rc = scan_number(&t->s, UINT32_MAX, &t->inputs);
	if (rc == 0 && t->inputs > CIRCUIT_TABLE_INPUTS)
		rc = scan_fail(&t->s, at, -EINVAL, "%u inputs, a table has at most %u", t->inputs,
			       CIRCUIT_TABLE_INPUTS);
	scan_skip(&t->s, true);
	if (rc == 0 && !scan_take(&t->s, ':'))
		rc = scan_unexpected(&t->s, "':'");
	scan_skip(&t->s, true);
	if (rc == 0 && scan_peek(&t->s) < 0)
		rc = scan_unexpected(&t->s, "a number 0x...");
	if (rc == 0)
		rc = allocate(t);
	while (rc == 0 && scan_peek(&t->s) >= 0) {
		rc = read_number(t);
		size_t end = t->s.at;
		scan_skip(&t->s, true);
		if (scan_take(&t->s, ','))
			scan_skip(&t->s, true);
		else if (rc == 0 && scan_peek(&t->s) >= 0 && t->s.at == end)
			rc = scan_unexpected(&t->s, "a hexadecimal digit or a blank");
	}
	return rc;
}

/* Length of the word of 0, 1 and (if dash) - at the current position. */
static size_t word_length(const struct ambit_scan *s, bool dash)
{
	size_t i = s->at;
	while (i < s->len && (s->text[i] == '0' || s->text[i] == '1' || (dash && s->text[i] == '-')))
		i++;
	return i - s->at;
}

static int set_rows(struct table *t, size_t at, const char *in, const char *out)
{
	uint32_t free_bits = 0, base = 0;
	for (uint32_t i = 0; i < t->inputs; i++) {
		free_bits |= (uint32_t)(in[i] == '-') << i;
		base |= (uint32_t)(in[i] == '1') << i;
	}
	uint64_t value = 0;
	for (uint32_t k = 0; k < t->outputs; k++)
		value |= (uint64_t)(out[k] == '1') << k;
	uint32_t some = 0;
	do { /* every subset of the free bits */
		uint32_t row = base | some;
		if (t->known[row] && t->value[row] != value)
			return scan_fail(&t->s, at, -EINVAL, "this row contradicts one above it (output %d)",
					 __builtin_ctzll(t->value[row] ^ value));
		t->value[row] = value;
		t->known[row] = 1;
		some = (some - free_bits) & free_bits;
	} while (some);
	return 0;
}

/* Bound on the work of a text with many '-': rows set, in all. */
#define MAX_ROWS_SET (1u << 22)

static int read_rows(struct table *t)
{
	int rc = 0;
	uint64_t work = 0;
	for (bool first = true; rc == 0 && scan_peek(&t->s) >= 0; first = false) {
		size_t at = t->s.at, n_in = word_length(&t->s, true);
		t->s.at += n_in;
		scan_skip(&t->s, false);
		size_t out = t->s.at, n_out = word_length(&t->s, false);
		if (n_in == 0 || n_out == 0)
			return scan_unexpected(&t->s, n_in ? "the row's result, 0 or 1" : "a row of 0, 1 and -");
		if (first && n_in > CIRCUIT_TABLE_INPUTS)
			return scan_fail(&t->s, at, -EINVAL, "%zu inputs, a table has at most %u", n_in,
					 CIRCUIT_TABLE_INPUTS);
		if (first && n_out > MAX_OUTPUTS)
			return too_many(t, out);
		if (first) {
			t->inputs = (uint32_t)n_in;
			t->outputs = (uint32_t)n_out;
			rc = allocate(t);
		}
		if (rc == 0 && (n_in != t->inputs || n_out != t->outputs))
			rc = scan_fail(&t->s, at, -EINVAL,
				       "a row of %zu inputs and %zu outputs, the first has %u and %u", n_in, n_out,
				       t->inputs, t->outputs);
		uint32_t dashes = 0;
		for (size_t i = 0; i < n_in; i++)
			dashes += t->s.text[at + i] == '-';
		work += rc == 0 ? (uint64_t)1 << dashes : 0;
		if (rc == 0 && work > MAX_ROWS_SET)
			rc = scan_fail(&t->s, at, -E2BIG, "too many rows with '-'");
		if (rc == 0)
			rc = set_rows(t, at, t->s.text + at, t->s.text + out);
		t->s.at += n_out;
		size_t end = t->s.at;
		while (scan_skip(&t->s, true), scan_take(&t->s, ';'))
			;
		if (rc == 0 && scan_peek(&t->s) >= 0 && t->s.at == end)
			rc = scan_unexpected(&t->s, "0, 1 or a new line");
	}
	return rc;
}

/* Shannon expansion: pairs of rows that differ in x0 become functions of x0, pairs of those functions of x0 and x1, and
 * so on. */
static int build(struct ambit_circuit *c, const struct table *t)
{
	char name[16];
	mig_literal x[CIRCUIT_TABLE_INPUTS] = {0}, *f = malloc(sizeof(*f) << t->inputs);
	int rc = f ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < t->inputs && rc == 0; i++)
		rc = circuit_input(c, name, (size_t)snprintf(name, sizeof(name), "x%u", i), &x[i]);
	for (uint32_t k = 0; k < t->outputs && rc == 0; k++) {
		for (size_t row = 0; row < (size_t)1 << t->inputs; row++)
			f[row] = (mig_literal)(t->value[row] >> k & 1);
		for (uint32_t i = 0; i < t->inputs; i++)
			for (size_t row = 0; row < (size_t)1 << (t->inputs - i - 1); row++)
				f[row] = mig_mux(&c->g, x[i], f[2 * row + 1], f[2 * row]);
		size_t len = (size_t)snprintf(name, sizeof(name), "y%u", k);
		rc = circuit_output(c, name, t->outputs > 1 ? len : 1, f[0]); /* a single output is called y */
	}
	free(f);
	return rc < 0 ? rc : c->g.rc;
}

int circuit_parse_table(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n)
{
	struct table t = {.s = {.text = text, .len = len, .err = err, .n = n}};
	int rc = circuit_init(c);
	if (rc < 0)
		return mw_fail(rc, err, n, "out of memory");
	scan_skip(&t.s, true);
	if (len - t.s.at >= 6 && memcmp(text + t.s.at, "table:", 6) == 0) {
		t.s.at += 6;
		scan_skip(&t.s, true);
	}
	/* "3: 0xe8" or "011 1" */
	size_t digits = t.s.at;
	while (digits < len && scan_is_digit((unsigned char)text[digits]))
		digits++;
	while (digits < len && scan_is_blank((unsigned char)text[digits]))
		digits++;
	if (digits < len && text[digits] == ':')
		rc = read_numbers(&t);
	else if (scan_peek(&t.s) < 0)
		rc = scan_unexpected(&t.s, "a truth table (\"3: 0xe8\" or rows \"011 1\")");
	else
		rc = read_rows(&t);
	if (rc == 0) {
		rc = build(c, &t);
		if (rc < 0)
			(void)mw_fail(rc, err, n, rc == -E2BIG ? "the table is too large" : "out of memory");
	}
	free(t.value);
	free(t.known);
	return rc;
}
