#include "reports/brief.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/option.h"

bool brief_is_row(const struct mw_record *r, const char *bench)
{
	return strcmp(r->bench, bench) == 0 && strcmp(r->case_name, "run") != 0;
}

static const char *state_of(const struct mw_record *r)
{
	return mw_kv_str(&r->params, "state", "");
}

enum { STATES = 8 }; /* a run has near, far, one; a foreign file may have any */

/* The state of most rows; NULL when they have at most one. */
static const char *main_state(const struct mw_records *l, const bool *show)
{
	struct {
		const char *name;
		size_t n;
	} seen[STATES];
	size_t states = 0, best = 0;
	for (size_t i = 0; i < l->n; i++) {
		const char *state = show[i] ? state_of(&l->v[i]) : "";
		size_t k = 0;
		while (k < states && strcmp(seen[k].name, state) != 0)
			k++;
		if (!*state || k == STATES)
			continue;
		if (k == states) {
			seen[states].name = state;
			seen[states++].n = 0;
		}
		best = ++seen[k].n > seen[best].n ? k : best;
	}
	return states > 1 ? seen[best].name : NULL;
}

static void leave_states(const struct mw_records *l, struct brief *b)
{
	b->state = main_state(l, b->show);
	for (size_t i = 0; b->state && i < l->n; i++) {
		const char *state = state_of(&l->v[i]);
		if (b->show[i] && *state && strcmp(state, b->state) != 0) {
			b->show[i] = false;
			b->left_out++;
		}
	}
}

static void leave_metric(const struct mw_records *l, const char *name, size_t len, struct brief *b)
{
	for (size_t i = 0; i < l->n; i++)
		if (b->show[i] && strlen(l->v[i].metric) == len && memcmp(l->v[i].metric, name, len) == 0) {
			b->show[i] = false;
			b->left_out++;
		}
}

int brief_choose(const struct results *r, const struct section *s, struct brief *b)
{
	const struct mw_records *l = &r->records;
	size_t rows = 0;
	*b = (struct brief){.show = calloc(l->n + 1, sizeof(*b->show))};
	if (!b->show)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++)
		rows += b->show[i] = brief_is_row(&l->v[i], s->bench);
	if (rows > BRIEF_ROWS)
		leave_states(l, b);
	const char *rest = s->brief, *item;
	size_t len;
	while (rows - b->left_out > BRIEF_ROWS && mw_list_next(&rest, &item, &len))
		leave_metric(l, item, len, b);
	for (size_t i = l->n; i-- > 0 && rows - b->left_out > BRIEF_ROWS;) {
		b->left_out += b->show[i];
		b->show[i] = false;
	}
	return 0;
}

void brief_fini(struct brief *b)
{
	free(b->show);
	b->show = NULL;
}
