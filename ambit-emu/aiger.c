/* AIGER 1.9 (Biere, Heljanko, Wieringa, 2011): and-inverter graphs, ASCII ("aag") and binary ("aig"). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/circuit.h"
#include "ambit-emu/scan.h"
#include "base/core/err.h"
#include "base/core/text.h"

struct aiger {
	struct ambit_scan s;
	struct ambit_circuit *c;
	bool binary;
	uint32_t max, inputs, outputs, ands; /* of the header */
	uint32_t *left, *right;              /* by variable: the two operands of an AND */
	uint8_t *state;                      /* by variable: enum below */
	mig_literal *value;                  /* by variable, once built */
	uint32_t *in, *out, *stack;          /* variables of the inputs; literals of the outputs; build() uses stack */
	size_t *out_at;
	char **name; /* of inputs, then outputs, from the symbol table */
};

enum { UNKNOWN, AND, OPEN, BUILT };

static int no_memory(const struct aiger *a)
{
	return mw_fail(-ENOMEM, a->s.err, a->s.n, "out of memory");
}

/* Reads a number and the character that must follow it, a blank or a newline (CR before it allowed). */
static int number(struct aiger *a, uint32_t max, char after, uint32_t *out)
{
	int rc = scan_number(&a->s, max, out);
	if (rc == 0 && after == '\n')
		(void)scan_take(&a->s, '\r');
	if (rc == 0 && !scan_take(&a->s, after))
		rc = scan_unexpected(&a->s, after == '\n' ? "the end of the line" : "a blank");
	return rc;
}

static int literal(struct aiger *a, char after, uint32_t *out)
{
	return number(a, 2 * a->max + 1, after, out);
}

static int read_header(struct aiger *a)
{
	static const char *const extra[] = {"bad states", "constraints", "justice", "fairness"};
	struct ambit_scan *s = &a->s;
	uint32_t latches = 0, more = 0;
	a->binary = s->len >= 4 && memcmp(s->text, "aig ", 4) == 0;
	if (!a->binary && !(s->len >= 4 && memcmp(s->text, "aag ", 4) == 0))
		return scan_fail(s, 0, -EINVAL, "an AIGER header \"aag M I L O A\" or \"aig ...\" expected");
	s->at = 4;
	size_t at = s->at;
	int rc = number(a, MIG_MAX_NODES, ' ', &a->max);
	if (rc == 0)
		rc = number(a, MIG_MAX_NODES, ' ', &a->inputs);
	size_t latch = s->at;
	if (rc == 0)
		rc = number(a, UINT32_MAX, ' ', &latches);
	if (rc == 0 && latches)
		return scan_fail(s, latch, -EOPNOTSUPP, "%u latches: only combinational circuits are read", latches);
	if (rc == 0)
		rc = number(a, MIG_MAX_NODES, ' ', &a->outputs);
	if (rc == 0)
		rc = scan_number(s, MIG_MAX_NODES, &a->ands);
	for (int i = 0; rc == 0 && i < 4 && scan_take(s, ' '); i++) {
		size_t here = s->at;
		rc = scan_number(s, UINT32_MAX, &more);
		if (rc == 0 && more)
			return scan_fail(s, here, -EOPNOTSUPP, "%s: only outputs are read", extra[i]);
	}
	(void)scan_take(s, '\r');
	if (rc == 0 && !scan_take(s, '\n'))
		rc = scan_unexpected(s, "the end of the header");
	if (rc < 0)
		return rc;
	/* Each output and each AND takes two bytes at least, each input of the ASCII form too. */
	uint64_t bytes = 2 * ((uint64_t)a->outputs + a->ands + (a->binary ? 0 : a->inputs));
	if (bytes > s->len || (uint64_t)a->inputs + a->outputs > CIRCUIT_MAX_PORTS)
		return scan_fail(s, at, -EINVAL, "the file is shorter than its header says, or has over %u ports",
				 CIRCUIT_MAX_PORTS);
	if (a->max < a->inputs + a->ands || (a->binary && a->max != a->inputs + a->ands) ||
	    a->max > s->len + CIRCUIT_MAX_PORTS)
		return scan_fail(s, at, -EINVAL, "%u variables for %u inputs and %u ANDs", a->max, a->inputs, a->ands);
	return 0;
}

static int allocate(struct aiger *a)
{
	size_t variables = (size_t)a->max + 1;
	a->left = calloc(variables, sizeof(*a->left));
	a->right = calloc(variables, sizeof(*a->right));
	a->state = calloc(variables, sizeof(*a->state));
	a->value = calloc(variables, sizeof(*a->value));
	a->stack = calloc(variables, sizeof(*a->stack));
	a->in = calloc((size_t)a->inputs + 1, sizeof(*a->in));
	a->out = calloc((size_t)a->outputs + 1, sizeof(*a->out));
	a->out_at = calloc((size_t)a->outputs + 1, sizeof(*a->out_at));
	a->name = calloc((size_t)a->inputs + a->outputs + 1, sizeof(*a->name));
	bool done = a->left && a->right && a->state && a->value && a->stack && a->in && a->out && a->out_at && a->name;
	if (!done)
		return no_memory(a);
	a->state[0] = BUILT; /* the constant */
	return 0;
}

/* Defines the variable of an uncomplemented literal. */
static int define(struct aiger *a, size_t at, uint32_t literal, uint8_t state)
{
	if (literal & 1 || literal == 0)
		return scan_fail(&a->s, at, -EINVAL, "literal %u cannot be defined: an even one above 0 expected",
				 literal);
	if (a->state[literal >> 1] != UNKNOWN)
		return scan_fail(&a->s, at, -EINVAL, "literal %u is defined twice", literal);
	a->state[literal >> 1] = state;
	return 0;
}

static int read_ports(struct aiger *a)
{
	int rc = 0;
	for (uint32_t i = 0; i < a->inputs && rc == 0; i++) {
		size_t at = a->s.at;
		uint32_t l = 2 * (i + 1);
		if (!a->binary)
			rc = literal(a, '\n', &l);
		if (rc == 0)
			rc = define(a, at, l, BUILT);
		a->in[i] = l >> 1;
	}
	for (uint32_t i = 0; i < a->outputs && rc == 0; i++) {
		a->out_at[i] = a->s.at;
		rc = literal(a, '\n', &a->out[i]);
	}
	return rc;
}

/* Reads a number in the binary form: seven bits per byte, least significant first. */
static int delta(struct aiger *a, uint32_t *out)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		int c = scan_peek(&a->s);
		if (c < 0)
			break;
		a->s.at++;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80) && v <= UINT32_MAX) {
			*out = (uint32_t)v;
			return 0;
		}
	}
	return scan_fail(&a->s, a->s.at, -EINVAL, "an AND's coded difference expected");
}

static int read_ands(struct aiger *a)
{
	int rc = 0;
	for (uint32_t i = 0; i < a->ands && rc == 0; i++) {
		size_t at = a->s.at;
		uint32_t l = 2 * (a->inputs + i + 1), left = 0, right = 0;
		if (!a->binary) {
			rc = literal(a, ' ', &l);
			if (rc == 0)
				rc = literal(a, ' ', &left);
			if (rc == 0)
				rc = literal(a, '\n', &right);
		} else {
			uint32_t first = 0, second = 0;
			rc = delta(a, &first);
			if (rc == 0)
				rc = delta(a, &second);
			if (rc == 0 && (first == 0 || first > l || second > l - first))
				rc = scan_fail(&a->s, at, -EINVAL,
					       "AND %u has an operand that is not defined before it", l);
			left = l - first;
			right = left - second;
		}
		if (rc == 0)
			rc = define(a, at, l, AND);
		if (rc == 0) {
			a->left[l >> 1] = left;
			a->right[l >> 1] = right;
		}
	}
	return rc;
}

/* Reads "i0 name" and "o0 name" up to the comment section. A name with other characters than letters, digits and '_' is
 * ignored: the port is then called i0 or o0. */
static int read_symbols(struct aiger *a)
{
	struct ambit_scan *s = &a->s;
	while (scan_peek(s) == 'i' || scan_peek(s) == 'o') {
		size_t at = s->at;
		bool input = scan_peek(s) == 'i';
		uint32_t i;
		s->at++;
		int rc = number(a, MIG_MAX_NODES, ' ', &i);
		if (rc < 0)
			return rc;
		if (i >= (input ? a->inputs : a->outputs))
			return scan_fail(s, at, -EINVAL, "a symbol for %s %u, which does not exist",
					 input ? "input" : "output", i);
		size_t start = s->at, len = scan_name(s);
		while (scan_peek(s) >= 0 && scan_peek(s) != '\n')
			s->at++;
		size_t line = s->at - start - (s->at > start && s->text[s->at - 1] == '\r');
		(void)scan_take(s, '\n');
		char **name = &a->name[(input ? 0 : a->inputs) + i];
		if (len == 0 || len != line)
			continue;
		free(*name);
		*name = strndup(s->text + start, len);
		if (!*name)
			return no_memory(a);
	}
	if (scan_peek(s) < 0 || scan_peek(s) == 'c')
		return 0;
	return scan_unexpected(s, "a symbol, a comment or the end");
}

/* Builds the AND of variable `root` after its operands. Not recursive: the file sets the depth, and the ASCII form may
 * list ANDs in any order. */
static int build(struct aiger *a, uint32_t root, size_t asked)
{
	size_t depth = 0;
	if (a->state[root] == BUILT)
		return 0;
	a->stack[depth++] = root;
	while (depth) {
		uint32_t v = a->stack[depth - 1], operand[2] = {a->left[v], a->right[v]};
		if (a->state[v] == UNKNOWN)
			return scan_fail(&a->s, asked, -EINVAL, "literal %u is used and not defined", 2 * v);
		a->state[v] = OPEN;
		int next = -1;
		for (int k = 0; k < 2 && next < 0; k++)
			if (a->state[operand[k] >> 1] != BUILT)
				next = k;
		if (next >= 0) {
			if (a->state[operand[next] >> 1] == OPEN)
				return scan_fail(&a->s, asked, -EINVAL, "AND %u depends on itself",
						 operand[next] & ~1u);
			a->stack[depth++] = operand[next] >> 1;
			continue;
		}
		a->value[v] = mig_and(&a->c->g, a->value[operand[0] >> 1] ^ (operand[0] & 1),
				      a->value[operand[1] >> 1] ^ (operand[1] & 1));
		a->state[v] = BUILT;
		depth--;
	}
	return a->c->g.rc;
}

/* The name from the symbol table, else i0, o0, ... */
static const char *port_name(const struct aiger *a, bool input, uint32_t i, char own[16])
{
	const char *given = a->name[(input ? 0 : a->inputs) + i];
	if (given)
		return given;
	mw_format(own, 16, "%c%u", input ? 'i' : 'o', i);
	return own;
}

static int build_all(struct aiger *a)
{
	int rc = 0;
	char own[16];
	for (uint32_t i = 0; i < a->inputs && rc == 0; i++) {
		const char *name = port_name(a, true, i, own);
		rc = circuit_input(a->c, name, strlen(name), &a->value[a->in[i]]);
		if (rc == -EEXIST)
			return scan_fail(&a->s, a->s.at, -EINVAL, "two signals are called '%s'", name);
	}
	for (uint32_t v = 1; v <= a->max && rc == 0; v++)
		if (a->state[v] == AND) /* unused ANDs are checked too */
			rc = build(a, v, 0);
	for (uint32_t i = 0; i < a->outputs && rc == 0; i++) {
		const char *name = port_name(a, false, i, own);
		rc = build(a, a->out[i] >> 1, a->out_at[i]);
		if (rc == 0)
			rc = circuit_output(a->c, name, strlen(name), a->value[a->out[i] >> 1] ^ (a->out[i] & 1));
		if (rc == -EEXIST)
			return scan_fail(&a->s, a->s.at, -EINVAL, "two signals are called '%s'", name);
	}
	if (rc == 0 && a->outputs == 0)
		return scan_fail(&a->s, a->s.at, -EINVAL, "no outputs");
	return rc;
}

int circuit_parse_aiger(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n)
{
	struct aiger a = {.s = {.text = text, .len = len, .err = err, .n = n}, .c = c};
	if (n)
		err[0] = '\0';
	int rc = circuit_init(c);
	if (rc == 0)
		rc = read_header(&a);
	if (rc == 0)
		rc = allocate(&a);
	if (rc == 0)
		rc = read_ports(&a);
	if (rc == 0)
		rc = read_ands(&a);
	if (rc == 0)
		rc = read_symbols(&a);
	if (rc == 0)
		rc = build_all(&a);
	if (rc < 0 && n && !err[0])
		(void)mw_fail(rc, err, n, "%s", rc == -E2BIG ? "the circuit is too large" : "out of memory");
	for (uint32_t i = 0; a.name && i < a.inputs + a.outputs; i++)
		free(a.name[i]);
	free(a.left);
	free(a.right);
	free(a.state);
	free(a.value);
	free(a.stack);
	free(a.in);
	free(a.out);
	free(a.out_at);
	free(a.name);
	return rc;
}
