/* References for tests of the emulator: a table reader, and a subarray of single cells that does not use the emulator's
 * decoder. */
#ifndef TEST_AMBIT_MODEL_H
#define TEST_AMBIT_MODEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/program.h"

extern const char mw_data_ambit_ops_csv[], mw_data_ambit_address_map_csv[], mw_data_dram_timing_csv[];

/* Field `column` of the next line of a CSV table with quotes; advances *at behind the line. 0 at the end. */
static inline int csv_line(const char **at, char field[][300], int max)
{
	const char *p = *at;
	int n = 0;
	size_t len = 0;
	if (!*p)
		return 0;
	for (int quoted = 0; *p && (quoted || *p != '\n'); p++) {
		if (*p == '"') {
			quoted = !quoted;
		} else if (*p == ',' && !quoted) {
			field[n][len] = '\0';
			len = 0;
			if (n + 1 < max)
				n++;
		} else if (len < 299) {
			field[n][len++] = *p;
		}
	}
	field[n][len] = '\0';
	*at = *p ? p + 1 : p;
	return n + 1;
}

enum { CELL_T0, CELL_DCC0 = 4, CELL_ROWS = 6, CELL_C0 = 6, CELL_D = 8, CELL_MAX = 40, CELL_COLUMNS = 2048 };

struct cell_line {
	int row, n;
};

struct cell_map {
	int count[18];
	struct cell_line line[18][3]; /* B0..B15, C0, C1 */
};

static inline void cell_map_read(struct cell_map *m)
{
	static const char *const rows[] = {"T0", "T1", "T2", "T3", "DCC0", "DCC1", "const_0", "const_1"};
	char field[4][300];
	const char *at = mw_data_ambit_address_map_csv;
	memset(m, 0, sizeof(*m));
	csv_line(&at, field, 4);
	while (csv_line(&at, field, 4)) {
		int a = field[0][0] == 'B' ? atoi(field[0] + 1) : 16 + atoi(field[0] + 1);
		for (char *w = strtok(field[1], ";"); w; w = strtok(NULL, ";")) {
			size_t len = strlen(w);
			struct cell_line *l = &m->line[a][m->count[a]++];
			l->n = strncmp(w, "DCC", 3) == 0 && w[len - 1] == 'N';
			if (l->n)
				w[len - 1] = '\0';
			for (int r = 0; r < 8; r++)
				if (strcmp(rows[r], w) == 0)
					l->row = r;
		}
	}
}

struct cells {
	struct cell_map map;
	unsigned char v[CELL_MAX][CELL_COLUMNS]; /* one cell per byte */
	int unequal;                             /* a two-wordline activation met cells that differ */
};

static inline int cell_lines(const struct cells *c, struct ambit_address a, struct cell_line *l)
{
	if (a.group == AMBIT_D) {
		l[0] = (struct cell_line){CELL_D + a.index, 0};
		return 1;
	}
	int i = a.group == AMBIT_B ? a.index : 16 + a.index;
	memcpy(l, c->map.line[i], sizeof(c->map.line[i]));
	return c->map.count[i];
}

/* One command on one column: charge sharing, sensing, restoring, cell by cell. */
static inline void cell_command(struct cells *c, const struct ambit_command *cmd, int col)
{
	struct cell_line a[3], b[3];
	int na = cell_lines(c, cmd->a, a), ones = 0;
	for (int i = 0; i < na; i++)
		ones += c->v[a[i].row][col] ^ a[i].n;
	if (na == 2 && ones == 1)
		c->unequal = 1;
	unsigned char bitline = (unsigned char)(2 * ones > na);
	for (int i = 0; i < na; i++)
		c->v[a[i].row][col] = (unsigned char)(bitline ^ a[i].n);
	if (cmd->kind == AMBIT_AP)
		return;
	int nb = cell_lines(c, cmd->b, b);
	for (int i = 0; i < nb; i++)
		c->v[b[i].row][col] = (unsigned char)(bitline ^ b[i].n);
}

static inline void cell_run(struct cells *c, const struct ambit_program *p, int columns)
{
	for (size_t i = 0; i < p->n; i++)
		for (int col = 0; col < columns; col++)
			cell_command(c, &p->cmd[i], col);
}

static inline uint64_t test_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
