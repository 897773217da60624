#include "ambit-emu/circuit.h"

#include <errno.h>
#include <stdlib.h>

int circuit_init(struct ambit_circuit *c)
{
	*c = (struct ambit_circuit){0};
	return mig_init(&c->g, 0);
}

void circuit_free(struct ambit_circuit *c)
{
	mig_free(&c->g);
	ambit_names_free(&c->inputs);
	ambit_names_free(&c->outputs);
	free(c->in);
	free(c->out);
	*c = (struct ambit_circuit){0};
}

static int add_port(const struct ambit_circuit *c, struct ambit_names *names, mig_literal **v, uint32_t *capacity,
		    const char *name, size_t len)
{
	if (c->inputs.n + c->outputs.n >= CIRCUIT_MAX_PORTS)
		return -E2BIG;
	if (ambit_names_find(&c->inputs, name, len) != AMBIT_NO_NAME ||
	    ambit_names_find(&c->outputs, name, len) != AMBIT_NO_NAME)
		return -EEXIST;
	if (names->n == *capacity) {
		uint32_t more = *capacity ? 2 * *capacity : 16;
		mig_literal *grown = reallocarray(*v, more, sizeof(**v));
		if (!grown)
			return -ENOMEM;
		*v = grown;
		*capacity = more;
	}
	return ambit_names_add(names, name, len);
}

int circuit_named_input(struct ambit_circuit *c, const char *name, size_t len, mig_literal leaf)
{
	int rc = add_port(c, &c->inputs, &c->in, &c->in_capacity, name, len);
	if (rc == 0)
		c->in[c->inputs.n - 1] = leaf;
	return rc;
}

int circuit_input(struct ambit_circuit *c, const char *name, size_t len, mig_literal *out)
{
	int rc = circuit_named_input(c, name, len, MIG_ZERO);
	if (rc < 0)
		return rc;
	*out = c->in[c->inputs.n - 1] = mig_leaf(&c->g);
	return c->g.rc;
}

int circuit_output(struct ambit_circuit *c, const char *name, size_t len, mig_literal value)
{
	int rc = add_port(c, &c->outputs, &c->out, &c->out_capacity, name, len);
	if (rc < 0)
		return rc;
	c->out[c->outputs.n - 1] = value;
	return 0;
}
