/* Parses the command text of the gadgets; keeps the free temporary rows. */
#include "ambit-emu/arith.h"

#include <errno.h>
#include <string.h>

/* Parses the address at *at and moves *at past it. */
static row parse_row(const char **at, const char *names, const row *rows, bool *bad)
{
	const char *s = *at;
	const char *name = *s ? strchr(names, *s) : NULL;
	unsigned i = 0;
	if (name) {
		*at = s + 1;
		return rows[name - names];
	}
	char group = *s;
	if (group)
		s++;
	const char *digits = s;
	while (*s >= '0' && *s <= '9')
		i = 10 * i + (unsigned)(*s++ - '0');
	*bad |= s == digits || (group != 'B' && group != 'C');
	*at = s;
	return group == 'C' ? ambit_c(i) : ambit_b(i);
}

void arith_emit(struct arith *a, const char *text, const char *names, const row *rows)
{
	bool bad = false;
	while (*text && !bad) {
		row src = parse_row(&text, names, rows, &bad);
		if (*text == '>') {
			text++;
			row dst = parse_row(&text, names, rows, &bad);
			ambit_aap(a->b, src, dst);
		} else {
			ambit_ap(a->b, src);
		}
		bad |= *text && *text != ' ';
		text += *text == ' ';
	}
	if (bad && a->b->rc == 0)
		a->b->rc = -EINVAL;
}

row arith_take(struct arith *a)
{
	return a->spares ? a->spare[--a->spares] : ambit_temporary(a->b);
}

void arith_take_n(struct arith *a, row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		rows[i] = arith_take(a);
}

void arith_give(struct arith *a, const row *rows, unsigned n)
{
	for (unsigned i = n; i-- > 0 && a->spares < ARITH_SPARES;)
		a->spare[a->spares++] = rows[i];
}
