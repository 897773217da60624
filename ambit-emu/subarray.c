#include "ambit-emu/subarray.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/exact.h"
#include "ambit-emu/verify.h"
#include "base/core/text.h"

/* Number of symbolic nodes above which contents become unknown, and at which unused nodes are first removed. */
#define MANY_NODES (MIG_MAX_NODES / 4)
#define FIRST_SWEEP (1u << 16)

struct ambit_bank {
	struct ambit_bank_config config;
	size_t rows;           /* physical, of a subarray */
	uint32_t *slot;        /* by subarray: 1 + index of its rows in the arrays below; 0: never used */
	size_t used, capacity; /* subarrays in use; allocated */
	char **row;            /* contents; NULL: never touched */
	mig_literal *symbol;   /* symbolic contents of each row */
	struct mig mig;        /* of all subarrays */
	uint32_t sweep;
	size_t rows_used;
	mig_literal *saved; /* symbols of the marked subarrays before the commands being checked */
	bool *marked;
	ambit_cells_fn fn[AMBIT_STEP_OPS];
};

int ambit_bank_create(const struct ambit_bank_config *c, struct ambit_bank **out)
{
	*out = NULL;
	if (c->subarrays == 0 || c->subarrays > UINT16_MAX + 1u || c->row_bytes == 0 || c->row_bytes % AMBIT_LINE ||
	    c->data_rows > UINT16_MAX - AMBIT_FIRST_D || !c->cells)
		return -EINVAL;
	struct ambit_bank *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->config = *c;
	b->rows = AMBIT_FIRST_D + (size_t)c->data_rows;
	b->sweep = FIRST_SWEEP;
	b->slot = calloc(c->subarrays, sizeof(*b->slot));
	ambit_cells_table(c->cells, false, b->fn);
	if (!b->slot || mig_init(&b->mig, 0) < 0) {
		ambit_bank_destroy(b);
		return -ENOMEM;
	}
	*out = b;
	return 0;
}

void ambit_bank_destroy(struct ambit_bank *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->used * b->rows; i++)
		free(b->row[i]);
	free(b->row);
	free(b->symbol);
	free(b->saved);
	free(b->marked);
	free(b->slot);
	mig_free(&b->mig);
	free(b);
}

size_t ambit_bank_rows_used(const struct ambit_bank *b)
{
	return b->rows_used;
}

/* ---- rows ---- */

static int grow(struct ambit_bank *b)
{
	size_t capacity = b->capacity ? 2 * b->capacity : 1, n = capacity * b->rows;
	char **row = reallocarray(b->row, n, sizeof(*row));
	if (row)
		b->row = row;
	mig_literal *symbol = reallocarray(b->symbol, n, sizeof(*symbol));
	if (symbol)
		b->symbol = symbol;
	mig_literal *saved = reallocarray(b->saved, n, sizeof(*saved));
	if (saved)
		b->saved = saved;
	bool *marked = reallocarray(b->marked, capacity, sizeof(*marked));
	if (marked)
		b->marked = marked;
	if (!row || !symbol || !saved || !marked)
		return -ENOMEM;
	b->capacity = capacity;
	return 0;
}

/* Removes unused symbolic nodes now and then, so that n more fit. -E2BIG: they do not. */
static int make_room(struct ambit_bank *b, size_t n)
{
	if (b->mig.n + n > b->sweep) {
		int rc = ambit_symbols_compact(&b->mig, b->symbol, b->used * b->rows, MANY_NODES);
		if (rc < 0)
			return rc;
		b->sweep = 2 * b->mig.n > FIRST_SWEEP ? 2 * b->mig.n : FIRST_SWEEP;
	}
	return n > MIG_MAX_NODES - b->mig.n ? -E2BIG : 0;
}

/* A new symbol for unknown contents; *out is unchanged on -ENOMEM. */
static int unknown(struct ambit_bank *b, mig_literal *out)
{
	mig_literal x = mig_leaf(&b->mig);
	int rc = b->mig.rc;
	b->mig.rc = 0;
	if (rc == 0)
		*out = x;
	return rc;
}

/* Index of the subarray's first row. The first use gives it symbols but no memory. */
static int find(struct ambit_bank *b, unsigned subarray, size_t *first)
{
	if (!b->slot[subarray]) {
		int rc = b->used == b->capacity ? grow(b) : 0;
		if (rc == 0)
			rc = make_room(b, b->rows);
		if (rc < 0)
			return rc;
		size_t at = b->used++ * b->rows;
		memset(b->row + at, 0, b->rows * sizeof(*b->row));
		for (size_t r = 0; r < b->rows && rc == 0; r++)
			rc = unknown(b, &b->symbol[at + r]);
		if (rc < 0) {
			b->used--;
			return rc;
		}
		b->symbol[at + AMBIT_C0] = MIG_ZERO;
		b->symbol[at + AMBIT_C1] = MIG_ONE;
		b->slot[subarray] = (uint32_t)b->used;
	}
	*first = (b->slot[subarray] - 1) * b->rows;
	return 0;
}

static int touch(struct ambit_bank *b, unsigned subarray, size_t first, unsigned row)
{
	size_t bytes = b->config.row_bytes;
	if (b->row[first + row])
		return 0;
	char *p = aligned_alloc(AMBIT_LINE, bytes);
	if (!p)
		return -ENOMEM;
	uint64_t seed = ambit_noise(b->config.seed, UINT16_MAX, subarray);
	for (size_t i = 0; i < bytes; i += 8) {
		uint64_t w = row == AMBIT_C0 ? 0 : row == AMBIT_C1 ? UINT64_MAX : ambit_noise(seed, row, i / 8);
		memcpy(p + i, &w, 8);
	}
	b->row[first + row] = p;
	b->rows_used++;
	return 0;
}

/* ---- commands ---- */

static int refuse(struct ambit_verdict *v, size_t at, const char *why)
{
	v->at = at;
	mw_format(v->why, sizeof(v->why), "command %zu: %s", at + 1, why);
	return -EINVAL;
}

static void save(struct ambit_bank *b, size_t first)
{
	if (!b->marked[first / b->rows])
		memcpy(b->saved + first, b->symbol + first, b->rows * sizeof(*b->symbol));
	b->marked[first / b->rows] = true;
}

static void restore(struct ambit_bank *b)
{
	for (size_t i = 0; i < b->used; i++)
		if (b->marked[i])
			memcpy(b->symbol + i * b->rows, b->saved + i * b->rows, b->rows * sizeof(*b->symbol));
}

/* Checks all commands on the symbols and allocates the rows that they name. */
static int check(struct ambit_bank *b, const struct ambit_command *cmd, size_t n, struct ambit_verdict *v)
{
	int rc = 0;
	size_t first = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (cmd[i].a.subarray >= b->config.subarrays)
			return refuse(v, i, "no such subarray");
		(void)find(b, cmd[i].a.subarray, &first); /* cannot fail: ambit_bank_execute() has made it */
		save(b, first);
		struct ambit_symbols s = {&b->mig, b->symbol + first, b->config.data_rows, b->config.data_rows};
		rc = ambit_symbols_step(&s, &cmd[i], i, v);
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct ambit_step s;
		ambit_step_of(&cmd[i], &s);
		(void)find(b, cmd[i].a.subarray, &first);
		for (unsigned k = 0; k < s.n_src && rc == 0; k++)
			rc = touch(b, cmd[i].a.subarray, first, s.src[k]);
		for (unsigned k = 0; k < s.n_dst && rc == 0; k++)
			rc = touch(b, cmd[i].a.subarray, first, s.dst[k]);
	}
	return rc;
}

int ambit_bank_execute(struct ambit_bank *b, const struct ambit_command *cmd, size_t n, struct ambit_verdict *v)
{
	size_t first = 0;
	int rc = 0;
	*v = (struct ambit_verdict){0};
	for (size_t i = 0; i < n && rc == 0; i++)
		if (cmd[i].a.subarray < b->config.subarrays)
			rc = find(b, cmd[i].a.subarray, &first);
	if (rc == 0)
		rc = make_room(b, n);
	if (rc < 0)
		return rc;
	if (b->used)
		memset(b->marked, 0, b->used * sizeof(*b->marked));
	rc = check(b, cmd, n, v);
	/* Not reported here: rows always hold what earlier commands left. */
	v->stale = 0;
	v->data_stale = false;
	if (rc < 0) {
		restore(b);
		b->mig.rc = 0;
		return rc;
	}
	for (size_t i = 0; i < n; i++) {
		struct ambit_step s;
		ambit_step_of(&cmd[i], &s);
		(void)find(b, cmd[i].a.subarray, &first);
		b->fn[ambit_step_op(&s, false)](&s, b->row + first, b->config.row_bytes);
	}
	return 0;
}

/* ---- rows as the host reads and writes them ---- */

static int locate(struct ambit_bank *b, struct ambit_address a, bool write, size_t *at, bool *n)
{
	struct ambit_wordlines w;
	size_t first = 0;
	if (a.subarray >= b->config.subarrays || ambit_decode(a, &w) < 0 || w.count != 1 || w.w[0].row >= b->rows ||
	    (write && a.group == AMBIT_C))
		return -EINVAL;
	int rc = find(b, a.subarray, &first);
	if (rc == 0)
		rc = touch(b, a.subarray, first, w.w[0].row);
	*at = first + w.w[0].row;
	*n = w.w[0].n;
	return rc;
}

static void copy_row(char *dst, const char *src, size_t bytes, bool complement)
{
	memmove(dst, src, bytes); /* a row may be copied onto itself */
	for (size_t i = 0; complement && i < bytes; i++)
		dst[i] = (char)~dst[i];
}

int ambit_bank_read(struct ambit_bank *b, struct ambit_address a, void *dst)
{
	size_t at;
	bool n;
	int rc = locate(b, a, false, &at, &n);
	if (rc == 0)
		copy_row(dst, b->row[at], b->config.row_bytes, n);
	return rc;
}

int ambit_bank_write(struct ambit_bank *b, struct ambit_address a, const void *src)
{
	size_t at;
	bool n;
	int rc = locate(b, a, true, &at, &n);
	if (rc == 0)
		rc = make_room(b, 1);
	if (rc < 0)
		return rc;
	rc = unknown(b, &b->symbol[at]);
	if (rc < 0)
		return rc;
	copy_row(b->row[at], src, b->config.row_bytes, n);
	return 0;
}

int ambit_bank_clone(struct ambit_bank *dst, struct ambit_address to, struct ambit_bank *src, struct ambit_address from)
{
	size_t at = 0, in = 0;
	bool n = false, m = false;
	if (dst->config.row_bytes != src->config.row_bytes)
		return -EINVAL;
	int rc = locate(src, from, false, &in, &m);
	if (rc == 0)
		rc = locate(dst, to, true, &at, &n);
	if (rc == 0)
		rc = make_room(dst, 1);
	if (rc < 0)
		return rc;
	mig_literal x = src->symbol[in];
	if (dst != src && x >> 1)
		rc = unknown(dst, &x);
	if (rc < 0)
		return rc;
	dst->symbol[at] = x ^ (mig_literal)(n != m);
	copy_row(dst->row[at], src->row[in], dst->config.row_bytes, n != m);
	return 0;
}
