/* Boolean expressions: precedence climbing over single-character operators. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/circuit.h"
#include "ambit-emu/scan.h"
#include "base/core/err.h"

struct parser {
	struct ambit_scan s;
	struct ambit_circuit *c;
	struct ambit_names assigned;
	mig_literal *value; /* of the assigned names */
	uint32_t capacity;
	unsigned depth;
};

static int expression(struct parser *p, mig_literal *out);

static int short_length(size_t len)
{
	return len > 40 ? 40 : (int)len;
}

/* The line for an error code of circuit_*(). */
static int port_failed(struct parser *p, size_t at, int rc)
{
	if (rc == -E2BIG)
		return scan_fail(&p->s, at, rc, "more than %u names, or too large a circuit", CIRCUIT_MAX_PORTS);
	return mw_fail(rc, p->s.err, p->s.n, "%s", mw_strerror(rc));
}

static int descend(struct parser *p, size_t at)
{
	if (++p->depth > CIRCUIT_MAX_DEPTH)
		return scan_fail(&p->s, at, -EINVAL, "nested more than %u deep", CIRCUIT_MAX_DEPTH);
	return 0;
}

/* Parses the arguments of maj(a,b,c) or mux(s,a,b). */
static int call(struct parser *p, bool mux, mig_literal *out)
{
	mig_literal arg[3] = {0};
	int rc = 0;
	for (int i = 0; i < 3 && rc == 0; i++) {
		if (!scan_take(&p->s, i ? ',' : '('))
			return scan_unexpected(&p->s, i ? "','" : "'('");
		rc = expression(p, &arg[i]);
	}
	if (rc < 0)
		return rc;
	if (!scan_take(&p->s, ')'))
		return scan_unexpected(&p->s, "')'");
	*out = mux ? mig_mux(&p->c->g, arg[0], arg[1], arg[2]) : mig_maj(&p->c->g, arg[0], arg[1], arg[2]);
	return 0;
}

static int name(struct parser *p, mig_literal *out)
{
	size_t at = p->s.at, len = scan_name(&p->s);
	const char *word = p->s.text + at;
	p->s.at += len;
	scan_skip(&p->s, true);
	if (scan_peek(&p->s) == '(') {
		if (len == 3 && (memcmp(word, "maj", 3) == 0 || memcmp(word, "mux", 3) == 0))
			return call(p, word[1] == 'u', out);
		return scan_fail(&p->s, at, -EINVAL, "no function '%.*s': there are maj(a,b,c) and mux(s,a,b)",
				 short_length(len), word);
	}
	uint32_t i = ambit_names_find(&p->assigned, word, len);
	if (i != AMBIT_NO_NAME) {
		*out = p->value[i];
		return 0;
	}
	i = ambit_names_find(&p->c->inputs, word, len);
	if (i != AMBIT_NO_NAME) {
		*out = p->c->in[i];
		return 0;
	}
	int rc = circuit_input(p->c, word, len, out);
	return rc < 0 ? port_failed(p, at, rc) : 0;
}

static int constant(struct parser *p, mig_literal *out)
{
	size_t at = p->s.at;
	uint32_t v;
	int rc = scan_number(&p->s, UINT32_MAX, &v);
	if (rc == 0 && v > 1)
		rc = scan_fail(&p->s, at, -EINVAL, "constants are 0 and 1: a lane is one bit");
	*out = v;
	return rc;
}

static int unary(struct parser *p, mig_literal *out)
{
	mig_literal flip = 0;
	scan_skip(&p->s, true);
	for (; scan_peek(&p->s) == '~' || scan_peek(&p->s) == '!'; scan_skip(&p->s, true)) {
		p->s.at++;
		flip ^= 1;
	}
	int rc = 0, c = scan_peek(&p->s);
	size_t at = p->s.at;
	if (scan_is_letter(c)) {
		rc = name(p, out);
	} else if (scan_is_digit(c)) {
		rc = constant(p, out);
	} else if (scan_take(&p->s, '(')) {
		rc = expression(p, out);
		if (rc == 0 && !scan_take(&p->s, ')'))
			rc = scan_peek(&p->s) < 0 ? scan_fail(&p->s, at, -EINVAL, "this '(' is not closed")
						  : scan_unexpected(&p->s, "an operator or ')'");
	} else {
		return scan_unexpected(&p->s, "a name, 0, 1, '~' or '('");
	}
	*out ^= flip;
	scan_skip(&p->s, true);
	return rc;
}

/* Binding strength of a binary operator, 0 for none. "&&" and "||" mean the same as "&" and "|" on single bits. */
static int strength(int c)
{
	return c == '&' ? 3 : c == '^' ? 2 : c == '|' ? 1 : 0;
}

static int binary(struct parser *p, int weakest, mig_literal *out)
{
	int rc = unary(p, out);
	while (rc == 0) {
		int op = scan_peek(&p->s);
		if (strength(op) < weakest)
			return 0;
		p->s.at++;
		if (op != '^')
			(void)scan_take(&p->s, (char)op);
		mig_literal right = 0;
		rc = binary(p, strength(op) + 1, &right); /* recursion is at most three levels */
		struct mig *g = &p->c->g;
		*out = op == '&'   ? mig_and(g, *out, right)
		       : op == '^' ? mig_xor(g, *out, right)
				   : mig_or(g, *out, right);
	}
	return rc;
}

static int expression(struct parser *p, mig_literal *out)
{
	mig_literal yes = 0, no = 0;
	int rc = descend(p, p->s.at);
	if (rc == 0)
		rc = binary(p, 1, out);
	if (rc == 0 && scan_take(&p->s, '?')) {
		rc = expression(p, &yes);
		if (rc == 0 && !scan_take(&p->s, ':'))
			rc = scan_unexpected(&p->s, "':'");
		if (rc == 0)
			rc = expression(p, &no);
		*out = mig_mux(&p->c->g, *out, yes, no);
	}
	p->depth--;
	return rc;
}

static int assign(struct parser *p, const char *word, size_t len, mig_literal value)
{
	if (p->assigned.n == p->capacity) {
		uint32_t more = p->capacity ? 2 * p->capacity : 16;
		mig_literal *grown = reallocarray(p->value, more, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->value = grown;
		p->capacity = more;
	}
	p->value[p->assigned.n] = value;
	int rc = ambit_names_add(&p->assigned, word, len);
	return rc == 0 && word[0] != '_' ? circuit_output(p->c, word, len, value) : rc;
}

/* Parses a single expression without a name: the output "out". */
static int unnamed(struct parser *p)
{
	size_t start = p->s.at;
	mig_literal value = 0;
	int rc = expression(p, &value);
	if (rc == 0)
		rc = assign(p, "out", 3, value);
	return rc == -EEXIST ? scan_fail(&p->s, start, -EINVAL,
					 "'out' is an input and the name of the result: write NAME = ...")
			     : rc;
}

static int statement(struct parser *p)
{
	size_t start = p->s.at, len = scan_name(&p->s);
	const char *word = p->s.text + start;
	mig_literal value = 0;
	p->s.at += len;
	scan_skip(&p->s, true);
	if (len == 0 || scan_peek(&p->s) != '=') {
		if (p->assigned.n)
			return scan_unexpected(&p->s, len ? "'='" : "name = expression");
		p->s.at = start;
		return unnamed(p);
	}
	p->s.at++;
	if (ambit_names_find(&p->assigned, word, len) != AMBIT_NO_NAME)
		return scan_fail(&p->s, start, -EINVAL, "'%.*s' is assigned twice", short_length(len), word);
	int rc = expression(p, &value);
	if (rc < 0)
		return rc;
	if (ambit_names_find(&p->c->inputs, word, len) != AMBIT_NO_NAME)
		return scan_fail(&p->s, start, -EINVAL, "'%.*s' was read before it is assigned", short_length(len),
				 word);
	rc = assign(p, word, len, value);
	return rc < 0 ? port_failed(p, start, rc) : 0;
}

static int statements(struct parser *p)
{
	for (scan_skip(&p->s, true); scan_peek(&p->s) >= 0; scan_skip(&p->s, true)) {
		if (scan_take(&p->s, ';'))
			continue;
		int rc = statement(p);
		if (rc < 0)
			return rc;
		if (p->c->g.rc < 0)
			return port_failed(p, p->s.at, p->c->g.rc);
		if (scan_peek(&p->s) >= 0 && !scan_take(&p->s, ';'))
			return scan_unexpected(&p->s, "an operator or ';'");
	}
	if (p->c->outputs.n == 0)
		return scan_fail(&p->s, p->s.at, -EINVAL, "name = expression expected, nothing is assigned%s",
				 p->assigned.n ? " but names that begin with '_'" : "");
	return 0;
}

int circuit_parse_expression(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n)
{
	struct parser p = {.s = {.text = text, .len = len, .err = err, .n = n}, .c = c};
	int rc = circuit_init(c);
	if (rc == 0)
		rc = statements(&p);
	else
		(void)mw_fail(rc, err, n, "out of memory");
	ambit_names_free(&p.assigned);
	free(p.value);
	return rc;
}
