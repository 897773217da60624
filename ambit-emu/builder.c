#include "ambit-emu/builder.h"

#include <errno.h>
#include <stdlib.h>

static void need_row(struct ambit_builder *b, struct ambit_address a)
{
	if (a.group == AMBIT_D && a.index >= b->p.rows)
		b->p.rows = a.index + 1u;
}

static void append(struct ambit_builder *b, struct ambit_command c)
{
	if (b->rc < 0)
		return;
	if (b->p.n == b->capacity) {
		size_t capacity = b->capacity ? 2 * b->capacity : 64;
		struct ambit_command *cmd = reallocarray(b->cmd, capacity, sizeof(*cmd));
		if (!cmd) {
			b->rc = -ENOMEM;
			return;
		}
		b->cmd = cmd;
		b->capacity = capacity;
		b->p.cmd = cmd;
	}
	b->cmd[b->p.n++] = c;
	need_row(b, c.a);
	if (c.kind == AMBIT_AAP)
		need_row(b, c.b);
}

void ambit_aap(struct ambit_builder *b, struct ambit_address first, struct ambit_address second)
{
	append(b, (struct ambit_command){AMBIT_AAP, first, second});
}

void ambit_ap(struct ambit_builder *b, struct ambit_address first)
{
	append(b, (struct ambit_command){AMBIT_AP, first, ambit_d(0)});
}

struct ambit_address ambit_temporary(struct ambit_builder *b)
{
	unsigned results = b->p.inputs + b->p.outputs;
	if (b->p.rows < results)
		b->p.rows = results;
	if (b->p.rows >= UINT16_MAX - AMBIT_FIRST_D) {
		b->rc = -ERANGE;
		return ambit_d(0);
	}
	return ambit_d(b->p.rows++);
}

void ambit_builder_free(struct ambit_builder *b)
{
	free(b->cmd);
	*b = (struct ambit_builder){0};
}
