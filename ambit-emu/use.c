#include "ambit-emu/use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Number of refresh commands after which every row has been refreshed once: 64 ms at tREFI 7.8 us. */
enum { REFRESH_COMMANDS = 8192 };

struct life {
	uint64_t raised;
	size_t first, last; /* first and last command that raises the row, while raised > 0 */
};

static void raise(struct life *rows, struct ambit_address a, size_t at)
{
	struct ambit_wordlines w = {0};
	(void)ambit_decode(a, &w);
	for (unsigned i = 0; i < w.count; i++) {
		struct life *r = &rows[w.w[i].row];
		if (r->raised++ == 0)
			r->first = at;
		r->last = at;
	}
}

/* Largest number of temporaries in use at once, each from its first to its last use. change: zeroed, p->n + 1 entries.
 */
static unsigned live_temporaries(const struct ambit_program *p, const struct life *rows, int *change)
{
	unsigned now = 0, most = 0;
	for (unsigned d = p->inputs + p->outputs; d < p->rows; d++)
		if (rows[AMBIT_FIRST_D + d].raised) {
			change[rows[AMBIT_FIRST_D + d].first]++;
			change[rows[AMBIT_FIRST_D + d].last + 1]--;
		}
	for (size_t i = 0; i < p->n; i++) {
		now = (unsigned)((int)now + change[i]);
		most = now > most ? now : most;
	}
	return most;
}

int ambit_row_use(const struct ambit_program *p, struct ambit_row_use *out)
{
	size_t n = AMBIT_FIRST_D + (size_t)p->rows;
	struct life *rows = calloc(n, sizeof(*rows));
	int *change = calloc(p->n + 1, sizeof(*change));
	*out = (struct ambit_row_use){0};
	if (!rows || !change) {
		free(rows);
		free(change);
		return -ENOMEM;
	}
	for (size_t i = 0; i < p->n; i++) {
		raise(rows, p->cmd[i].a, i);
		if (p->cmd[i].kind == AMBIT_AAP)
			raise(rows, p->cmd[i].b, i);
	}
	for (unsigned r = 0; r < n; r++) {
		out->total += rows[r].raised;
		if (r < AMBIT_FIRST_D)
			out->raised[r] = rows[r].raised;
		if (rows[r].raised > out->most) {
			out->most = rows[r].raised;
			out->most_row = r;
		}
	}
	out->live = p->inputs + p->outputs + live_temporaries(p, rows, change);
	free(rows);
	free(change);
	return 0;
}

uint64_t ambit_window_activations(const struct ambit_timing *t, const struct ambit_program *p,
				  const struct ambit_row_use *u)
{
	uint64_t ps = ambit_program_ps(t, p), window = (uint64_t)REFRESH_COMMANDS * t->dram->trefi;
	return ps ? window / ps * u->most : 0;
}
