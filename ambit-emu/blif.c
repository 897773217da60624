/* Berkeley logic interchange format (University of California, Berkeley, 1992): .model, .inputs, .outputs, .names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/circuit.h"
#include "ambit-emu/decompose.h"
#include "ambit-emu/scan.h"
#include "base/core/err.h"

/* One .names: its inputs are blif.fanin[first..first+n-1]; its rows are parsed when it is built. */
struct cover {
	size_t at;   /* position of ".names" */
	size_t rows; /* position of the first row */
	size_t first;
	uint32_t n, built; /* number of inputs; how many of them, from the first on, are known to be built */
	bool open;         /* being built: reaching it again means a cycle */
};

struct blif {
	struct ambit_scan s;
	struct ambit_circuit *c;
	struct ambit_names signal;
	struct cover *cover; /* by signal; at = SIZE_MAX: none */
	mig_literal *value;  /* by signal; MIG_NONE: not built */
	uint32_t capacity;   /* of both */
	uint32_t *fanin;
	size_t n_fanin, fanin_capacity;
	uint32_t *output; /* signals, with their positions */
	size_t *output_at;
	size_t n_outputs, output_capacity;
	uint32_t *stack;
	bool model;
};

static int no_memory(const struct blif *b)
{
	return mw_fail(-ENOMEM, b->s.err, b->s.n, "out of memory");
}

/* Skips blanks, comments and a '\' that joins a line with the next. */
static void skip(struct ambit_scan *s)
{
	for (;;) {
		scan_skip(s, false);
		size_t at = s->at;
		if (!scan_take(s, '\\'))
			return;
		scan_skip(s, false);
		if (!scan_take(s, '\n')) {
			s->at = at; /* this backslash belongs to a name */
			return;
		}
	}
}

static bool is_word(int c)
{
	return c > ' ' && c <= '~' && c != '#';
}

/* Length of the word at the current position; 0 at the end of the line. Its bytes are printable. */
static size_t word(struct ambit_scan *s)
{
	skip(s);
	size_t i = s->at;
	while (i < s->len && is_word((unsigned char)s->text[i]) &&
	       !(s->text[i] == '\\' && (i + 1 == s->len || s->text[i + 1] == '\n' || s->text[i + 1] == '\r')))
		i++;
	return i - s->at;
}

static bool is(const struct ambit_scan *s, size_t len, const char *expected)
{
	return len == strlen(expected) && memcmp(s->text + s->at, expected, len) == 0;
}

static int end_of_line(struct ambit_scan *s)
{
	skip(s);
	return scan_peek(s) < 0 || scan_peek(s) == '\n' ? 0 : scan_unexpected(s, "a name or the end of the line");
}

/* Moves to the next line that is not empty. */
static void next_line(struct ambit_scan *s)
{
	scan_skip(s, true);
}

static int signal_of(struct blif *b, size_t len, uint32_t *out)
{
	const char *name = b->s.text + b->s.at;
	*out = ambit_names_find(&b->signal, name, len);
	b->s.at += len;
	if (*out != AMBIT_NO_NAME)
		return 0;
	if (b->signal.n == b->capacity) {
		uint32_t more = b->capacity ? 2 * b->capacity : 64;
		struct cover *cover = reallocarray(b->cover, more, sizeof(*cover));
		if (!cover)
			return no_memory(b);
		b->cover = cover;
		mig_literal *value = reallocarray(b->value, more, sizeof(*value));
		if (!value)
			return no_memory(b);
		b->value = value;
		b->capacity = more;
	}
	*out = b->signal.n;
	b->cover[*out] = (struct cover){.at = SIZE_MAX};
	b->value[*out] = MIG_NONE;
	return ambit_names_add(&b->signal, name, len) < 0 ? no_memory(b) : 0;
}

static int read_inputs(struct blif *b)
{
	for (size_t len; (len = word(&b->s)) > 0;) {
		size_t at = b->s.at;
		uint32_t i;
		int rc = signal_of(b, len, &i);
		if (rc < 0)
			return rc;
		if (b->value[i] != MIG_NONE)
			return scan_fail(&b->s, at, -EINVAL, "input '%s' is declared twice", b->signal.v[i]);
		if (b->cover[i].at != SIZE_MAX)
			return scan_fail(&b->s, at, -EINVAL, "input '%s' has a .names too", b->signal.v[i]);
		rc = circuit_input(b->c, b->signal.v[i], strlen(b->signal.v[i]), &b->value[i]);
		if (rc < 0)
			return scan_fail(&b->s, at, rc, "%s", rc == -E2BIG ? "too many inputs" : mw_strerror(rc));
	}
	return end_of_line(&b->s);
}

static int read_outputs(struct blif *b)
{
	for (size_t len; (len = word(&b->s)) > 0;) {
		if (b->n_outputs == b->output_capacity) {
			size_t more = b->output_capacity ? 2 * b->output_capacity : 16;
			uint32_t *output = reallocarray(b->output, more, sizeof(*output));
			if (!output)
				return no_memory(b);
			b->output = output;
			size_t *at = reallocarray(b->output_at, more, sizeof(*at));
			if (!at)
				return no_memory(b);
			b->output_at = at;
			b->output_capacity = more;
		}
		b->output_at[b->n_outputs] = b->s.at;
		int rc = signal_of(b, len, &b->output[b->n_outputs]);
		if (rc < 0)
			return rc;
		b->n_outputs++;
	}
	return end_of_line(&b->s);
}

static int add_fanin(struct blif *b, uint32_t signal)
{
	if (b->n_fanin == b->fanin_capacity) {
		size_t more = b->fanin_capacity ? 2 * b->fanin_capacity : 256;
		uint32_t *fanin = reallocarray(b->fanin, more, sizeof(*fanin));
		if (!fanin)
			return no_memory(b);
		b->fanin = fanin;
		b->fanin_capacity = more;
	}
	b->fanin[b->n_fanin++] = signal;
	return 0;
}

/* Skips the rows of a .names; build_cover() parses them. */
static void skip_rows(struct ambit_scan *s)
{
	for (next_line(s); scan_peek(s) == '0' || scan_peek(s) == '1' || scan_peek(s) == '-'; next_line(s))
		for (size_t len; (len = word(s)) > 0;)
			s->at += len;
}

static int read_names(struct blif *b, size_t at)
{
	struct cover cover = {.at = at, .first = b->n_fanin};
	uint32_t i = 0;
	size_t last = 0;
	for (size_t len; (len = word(&b->s)) > 0;) {
		last = b->s.at;
		int rc = signal_of(b, len, &i);
		if (rc == 0)
			rc = add_fanin(b, i);
		if (rc < 0)
			return rc;
	}
	int rc = end_of_line(&b->s);
	if (rc < 0)
		return rc;
	if (b->n_fanin == cover.first)
		return scan_unexpected(&b->s, "the name of a signal");
	if (b->cover[i].at != SIZE_MAX || b->value[i] != MIG_NONE)
		return scan_fail(&b->s, last, -EINVAL, "'%s' %s", b->signal.v[i],
				 b->value[i] != MIG_NONE ? "is an input" : "has two .names");
	b->n_fanin--; /* the last name is the result */
	cover.n = (uint32_t)(b->n_fanin - cover.first);
	next_line(&b->s);
	cover.rows = b->s.at;
	b->cover[i] = cover;
	skip_rows(&b->s);
	return 0;
}

/* Reads one command. Returns 1 at .end. */
static int read_command(struct blif *b)
{
	static const char *const refused[] = {".latch", ".subckt",     ".gate",  ".mlatch",
					      ".exdc",  ".start_kiss", ".search"};
	size_t at = b->s.at, len = word(&b->s);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (is(&b->s, len, refused[i]))
			return scan_fail(&b->s, at, -EOPNOTSUPP, "%s: only combinational .names are read", refused[i]);
	bool model = is(&b->s, len, ".model"), inputs = is(&b->s, len, ".inputs"), outputs = is(&b->s, len, ".outputs");
	bool names = is(&b->s, len, ".names"), end = is(&b->s, len, ".end");
	if (!(model || inputs || outputs || names || end))
		return len ? scan_fail(&b->s, at, -EINVAL,
				       ".model, .inputs, .outputs, .names or .end expected, not '%.*s'",
				       len > 20 ? 20 : (int)len, b->s.text + b->s.at)
			   : scan_unexpected(&b->s, ".model, .inputs, .outputs, .names or .end");
	b->s.at += len;
	if (inputs || outputs)
		return inputs ? read_inputs(b) : read_outputs(b);
	if (names)
		return read_names(b, at);
	if (end)
		return 1;
	if (b->model)
		return scan_fail(&b->s, at, -EINVAL, "a second .model: one circuit is read");
	b->model = true;
	b->s.at += word(&b->s);
	return end_of_line(&b->s);
}

/* Reads the literals of a row, which are `n` characters at `at`. */
static int check_row(const struct ambit_scan *s, size_t at, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		char bit = s->text[at + k];
		if (bit != '0' && bit != '1' && bit != '-')
			return scan_fail(s, at + k, -EINVAL, "0, 1 or - expected, not '%c'", bit);
	}
	return 0;
}

/* The AND of a row's literals. */
static mig_literal row_literal(struct blif *b, const struct cover *c, const char *row)
{
	mig_literal all = MIG_ONE;
	for (uint32_t k = 0; k < c->n; k++)
		if (row[k] != '-')
			all = mig_and(&b->c->g, all, b->value[b->fanin[c->first + k]] ^ (mig_literal)(row[k] == '0'));
	return all;
}

static void row_into_table(const char *row, uint32_t n, uint8_t *table)
{
	unsigned care = 0, value = 0;
	for (uint32_t k = 0; k < n; k++) {
		care |= (unsigned)(row[k] != '-') << k;
		value |= (unsigned)(row[k] == '1') << k;
	}
	for (unsigned i = 0; i < 1u << n; i++)
		table[i] |= (i & care) == value;
}

/* Builds the rows of a .names whose inputs are built. Up to DECOMPOSE_INPUTS of them become a truth table, which is
 * decomposed; with more, each row is an AND and the rows are ORed. All is complemented when the rows list the zeros. */
static int build_cover(struct blif *b, uint32_t signal)
{
	struct ambit_scan *s = &b->s;
	const struct cover *c = &b->cover[signal];
	struct mig *g = &b->c->g;
	const bool decompose = c->n <= DECOMPOSE_INPUTS;
	uint8_t table[DECOMPOSE_ROWS] = {0};
	mig_literal sum = MIG_ZERO;
	char phase = '1';
	s->at = c->rows;
	for (bool first = true; scan_peek(s) == '0' || scan_peek(s) == '1' || scan_peek(s) == '-'; first = false) {
		size_t at = s->at, len = c->n ? word(s) : 0;
		if (len != c->n)
			return scan_fail(s, at, -EINVAL, "a row of %zu inputs, '%s' has %u", len, b->signal.v[signal],
					 c->n);
		int rc = check_row(s, at, c->n);
		if (rc < 0)
			return rc;
		s->at += len;
		len = word(s);
		if (len != 1 || (s->text[s->at] != '0' && s->text[s->at] != '1'))
			return scan_unexpected(s, "the row's result, 0 or 1");
		if (!first && s->text[s->at] != phase)
			return scan_fail(s, s->at, -EINVAL, "rows of both results in one .names");
		phase = s->text[s->at++];
		rc = end_of_line(s);
		if (rc < 0)
			return rc;
		next_line(s);
		if (decompose)
			row_into_table(s->text + at, c->n, table);
		else
			sum = mig_or(g, sum, row_literal(b, c, s->text + at));
	}
	if (decompose) {
		mig_literal in[DECOMPOSE_INPUTS];
		for (uint32_t k = 0; k < c->n; k++)
			in[k] = b->value[b->fanin[c->first + k]];
		sum = mig_of_table(g, table, c->n, in);
	}
	b->value[signal] = sum ^ (mig_literal)(phase == '0');
	return g->rc;
}

/* Builds `root` after its inputs. Not recursive: the file sets the depth, and tables may come in any order. */
static int build(struct blif *b, uint32_t root, size_t asked)
{
	size_t depth = 0;
	if (b->value[root] != MIG_NONE)
		return 0;
	b->stack[depth++] = root;
	while (depth) {
		uint32_t top = b->stack[depth - 1];
		struct cover *c = &b->cover[top];
		if (c->at == SIZE_MAX)
			return scan_fail(&b->s, depth > 1 ? b->cover[b->stack[depth - 2]].at : asked, -EINVAL,
					 "'%s' is neither an input nor the result of a .names", b->signal.v[top]);
		c->open = true;
		while (c->built < c->n && b->value[b->fanin[c->first + c->built]] != MIG_NONE)
			c->built++;
		if (c->built == c->n) {
			int rc = build_cover(b, top);
			if (rc < 0)
				return rc;
			depth--;
			continue;
		}
		uint32_t missing = b->fanin[c->first + c->built];
		if (b->cover[missing].open) {
			return scan_fail(&b->s, b->cover[missing].at, -EINVAL, "'%s' depends on itself",
					 b->signal.v[missing]);
		}
		b->stack[depth++] = missing;
	}
	return 0;
}

static int read_all(struct blif *b)
{
	int rc = 0;
	for (next_line(&b->s); rc == 0 && scan_peek(&b->s) >= 0; next_line(&b->s))
		rc = read_command(b);
	if (rc < 0)
		return rc;
	if (b->n_outputs == 0)
		return scan_fail(&b->s, b->s.at, -EINVAL, "no .outputs");
	b->stack = calloc((size_t)b->signal.n + 1, sizeof(*b->stack));
	if (!b->stack)
		return no_memory(b);
	rc = 0;
	for (uint32_t i = 0; i < b->signal.n && rc == 0; i++) /* unused tables are checked too */
		if (b->cover[i].at != SIZE_MAX)
			rc = build(b, i, b->cover[i].at);
	for (size_t i = 0; i < b->n_outputs && rc == 0; i++) {
		const char *name = b->signal.v[b->output[i]];
		rc = build(b, b->output[i], b->output_at[i]);
		if (rc == 0)
			rc = circuit_output(b->c, name, strlen(name), b->value[b->output[i]]);
		if (rc == -EEXIST)
			return scan_fail(&b->s, b->output_at[i], -EINVAL, "'%s' is declared twice, or an input too",
					 name);
	}
	return rc;
}

int circuit_parse_blif(struct ambit_circuit *c, const char *text, size_t len, char *err, size_t n)
{
	struct blif b = {.s = {.text = text, .len = len, .err = err, .n = n}, .c = c};
	if (n)
		err[0] = '\0';
	int rc = circuit_init(c);
	if (rc == 0)
		rc = read_all(&b);
	if (rc < 0 && n && !err[0])
		(void)mw_fail(rc, err, n, "%s", rc == -E2BIG ? "the circuit is too large" : "out of memory");
	ambit_names_free(&b.signal);
	free(b.cover);
	free(b.value);
	free(b.fanin);
	free(b.output);
	free(b.output_at);
	free(b.stack);
	return rc;
}
