#include "ambit-emu/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/scan.h"
#include "base/core/err.h"

#define LAST_D (UINT16_MAX - AMBIT_FIRST_D - 1u)

void ambit_ports_free(struct ambit_ports *p)
{
	ambit_names_free(&p->inputs);
	ambit_names_free(&p->outputs);
}

static int address(struct ambit_scan *s, struct ambit_address *out)
{
	scan_skip(s, false);
	size_t at = s->at;
	uint32_t index = 0, last;
	if (scan_take(s, 'D')) {
		out->group = AMBIT_D;
		last = LAST_D;
	} else if (scan_take(s, 'B')) {
		out->group = AMBIT_B;
		last = AMBIT_B_ADDRESSES - 1;
	} else if (scan_take(s, 'C')) {
		out->group = AMBIT_C;
		last = 1;
	} else {
		return scan_unexpected(s, "a row address (D0.., B0..B15, C0, C1)");
	}
	int rc = scan_number(s, UINT32_MAX, &index);
	if (rc == 0 && index > last)
		rc = scan_fail(s, at, -EINVAL, "no row %c%u: %c rows end at %u", s->text[at], index, s->text[at], last);
	out->subarray = 0;
	out->index = (uint16_t)index;
	scan_skip(s, false);
	return rc;
}

static int command(struct ambit_scan *s, struct ambit_builder *b)
{
	struct ambit_address from = {0}, to = {0};
	size_t at = s->at, len = scan_name(s);
	bool aap = len == 3 && memcmp(s->text + at, "AAP", 3) == 0;
	if (!aap && !(len == 2 && memcmp(s->text + at, "AP", 2) == 0))
		return len ? scan_fail(s, at, -EINVAL, "AAP or AP expected, not '%.*s'", len > 20 ? 20 : (int)len,
				       s->text + at)
			   : scan_unexpected(s, "AAP or AP");
	s->at += len;
	scan_skip(s, false);
	if (!scan_take(s, '('))
		return scan_unexpected(s, "'('");
	int rc = address(s, &from);
	if (rc == 0 && aap)
		rc = scan_take(s, ',') ? address(s, &to) : scan_unexpected(s, "','");
	if (rc == 0 && !scan_take(s, ')'))
		rc = scan_unexpected(s, "')'");
	if (rc < 0)
		return rc;
	if (aap)
		ambit_aap(b, from, to);
	else
		ambit_ap(b, from);
	return b->rc < 0 ? mw_fail(b->rc, s->err, s->n, "out of memory") : 0;
}

/* ".inputs a b": names up to the end of the line. */
static int declaration(struct ambit_scan *s, struct ambit_builder *b, struct ambit_ports *ports)
{
	size_t at = s->at++, len = scan_name(s);
	bool inputs = len == 6 && memcmp(s->text + s->at, "inputs", 6) == 0;
	if (!inputs && !(len == 7 && memcmp(s->text + s->at, "outputs", 7) == 0))
		return scan_fail(s, at, -EINVAL, ".inputs or .outputs expected");
	struct ambit_names *names = inputs ? &ports->inputs : &ports->outputs;
	s->at += len;
	for (scan_skip(s, false); (len = scan_name(s)) > 0; scan_skip(s, false)) {
		if (ambit_names_find(&ports->inputs, s->text + s->at, len) != AMBIT_NO_NAME ||
		    ambit_names_find(&ports->outputs, s->text + s->at, len) != AMBIT_NO_NAME)
			return scan_fail(s, s->at, -EINVAL, "'%.*s' is declared twice", len > 40 ? 40 : (int)len,
					 s->text + s->at);
		if (ports->inputs.n + ports->outputs.n >= LAST_D)
			return scan_fail(s, s->at, -EINVAL, "more than %u rows", LAST_D);
		if (ambit_names_add(names, s->text + s->at, len) < 0)
			return mw_fail(-ENOMEM, s->err, s->n, "out of memory");
		s->at += len;
	}
	*(inputs ? &b->p.inputs : &b->p.outputs) = names->n;
	return 0;
}

static int parse(struct ambit_scan *s, struct ambit_builder *b, struct ambit_ports *ports)
{
	for (scan_skip(s, true); scan_peek(s) >= 0; scan_skip(s, true)) {
		if (scan_take(s, ';'))
			continue;
		int rc = scan_peek(s) == '.' ? declaration(s, b, ports) : command(s, b);
		if (rc < 0)
			return rc;
		scan_skip(s, false);
		int c = scan_peek(s);
		if (c >= 0 && c != ';' && c != '\n')
			return scan_unexpected(s, "';' or a new line");
	}
	unsigned rows = b->p.inputs + b->p.outputs;
	if (b->p.rows < rows)
		b->p.rows = rows;
	return 0;
}

int ambit_program_parse(const char *text, size_t len, struct ambit_builder *b, struct ambit_ports *ports, char *err,
			size_t n)
{
	struct ambit_ports own = {0};
	struct ambit_scan s = {.text = text, .len = len, .err = err, .n = n};
	int rc = parse(&s, b, ports ? ports : &own);
	ambit_ports_free(&own);
	return rc;
}

enum { READ_FIRST = 1, WRITTEN = 2, READ_LAST = 4 };

static void note_read(uint8_t *use, struct ambit_address a)
{
	if (a.group == AMBIT_D)
		use[a.index] |= (use[a.index] & WRITTEN) ? READ_LAST : READ_FIRST;
}

int ambit_program_infer(struct ambit_program *p)
{
	uint8_t *use = calloc((size_t)p->rows + 1, sizeof(*use));
	if (!use)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		const struct ambit_command *c = &p->cmd[i];
		note_read(use, c->a);
		if (c->kind == AMBIT_AAP && c->b.group == AMBIT_D)
			use[c->b.index] = (uint8_t)((use[c->b.index] | WRITTEN) & ~READ_LAST);
	}
	p->inputs = 0;
	for (unsigned i = 0; i < p->rows; i++)
		if (use[i] & READ_FIRST)
			p->inputs = i + 1;
	p->outputs = 0;
	while (p->inputs + p->outputs < p->rows && (use[p->inputs + p->outputs] & (WRITTEN | READ_LAST)) == WRITTEN)
		p->outputs++;
	free(use);
	return 0;
}
