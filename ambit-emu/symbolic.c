/* Turns a micro-program into the circuit that it computes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/compile.h"
#include "ambit-emu/text.h"
#include "ambit-emu/verify.h"
#include "base/core/text.h"

/* The given name of a row, else "D" and its number. */
static const char *row_name(const struct ambit_names *given, unsigned i, unsigned row, char own[16])
{
	if (given && i < given->n)
		return given->v[i];
	mw_format(own, 16, "D%u", row);
	return own;
}

static int name_rows(struct ambit_circuit *c, const struct ambit_program *p, const struct ambit_ports *ports,
		     const mig_literal *row)
{
	char own[16];
	int rc = 0;
	for (unsigned i = 0; i < p->inputs && rc == 0; i++) {
		const char *name = row_name(ports ? &ports->inputs : NULL, i, i, own);
		rc = circuit_named_input(c, name, strlen(name), (mig_literal)(1 + AMBIT_FIRST_D + i) << 1);
	}
	for (unsigned i = 0; i < p->outputs && rc == 0; i++) {
		const char *name = row_name(ports ? &ports->outputs : NULL, i, p->inputs + i, own);
		rc = circuit_output(c, name, strlen(name), row[AMBIT_FIRST_D + p->inputs + i]);
	}
	return rc;
}

int ambit_circuit_of(struct ambit_circuit *c, const struct ambit_program *p, const struct ambit_ports *ports)
{
	struct ambit_verdict v = {0};
	mig_literal *row = calloc(AMBIT_FIRST_D + (size_t)p->rows, sizeof(*row));
	int rc = circuit_init(c);
	if (!row)
		rc = -ENOMEM;
	/* Numbered as in the verifier: row r holds node 1 + r. */
	for (unsigned r = 0; r < AMBIT_FIRST_D + p->rows && rc == 0; r++) {
		row[r] = mig_leaf(&c->g);
		rc = c->g.rc;
	}
	if (rc == 0) {
		row[AMBIT_C0] = MIG_ZERO;
		row[AMBIT_C1] = MIG_ONE;
	}
	struct ambit_symbols s = {.mig = &c->g, .row = row, .data_rows = p->rows, .inputs = p->inputs};
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = ambit_symbols_step(&s, &p->cmd[i], i, &v);
	if (rc == 0)
		rc = name_rows(c, p, ports, row);
	free(row);
	return rc;
}
