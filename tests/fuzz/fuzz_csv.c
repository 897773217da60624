/* CSV: a table that was read is written with every cell quoted and CRLF, and has to be read back the same. */
#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/csv.h"
#include "tests/fuzz/fuzz.h"

/* A failure is one line that a terminal may show: names of columns may be UTF-8. */
static void check_line(const char *err)
{
	FUZZ_CHECK(*err);
	for (size_t len; *err; err += len)
		FUZZ_CHECK(!mw_unprintable(mw_utf8(err, &len)));
}

static void put_cell(FILE *f, const char *cell, size_t column)
{
	(void)fputs(column ? ",\"" : "\"", f);
	for (; *cell; cell++)
		(void)fprintf(f, *cell == '"' ? "\"\"" : "%c", *cell);
	(void)fputc('"', f);
}

static void write_table(FILE *f, const struct csv *c)
{
	for (size_t i = 0; i < c->n_columns; i++)
		put_cell(f, c->heads[i], i);
	for (size_t row = 0; row < c->n_rows; row++) {
		(void)fputs("\r\n", f);
		for (size_t i = 0; i < c->n_columns; i++)
			put_cell(f, csv_cell(c, row, (int)i), i);
	}
}

static void check_cells(const struct csv *c)
{
	size_t last = 1;
	for (size_t row = 0; row < c->n_rows; row++) {
		FUZZ_CHECK(csv_line(c, row) > last);
		last = csv_line(c, row);
		for (size_t i = 0; i < c->n_columns; i++) {
			char err[400] = "";
			double v;
			int rc = csv_number(c, row, (int)i, &v, err, sizeof(err));
			FUZZ_CHECK(rc == 1 ? v - v == 0 : v != v);
			FUZZ_CHECK((rc == 0) == !*csv_cell(c, row, (int)i));
			if (rc < 0)
				check_line(err);
		}
	}
}

int fuzz_csv(const uint8_t *data, size_t n)
{
	struct csv c, again;
	struct fuzz_stream s;
	char err[400] = "";
	int rc = csv_parse("f", (const char *)data, n, &c, err, sizeof(err));
	if (rc < 0) {
		FUZZ_CHECK(rc == MW_EFORMAT);
		check_line(err);
		csv_fini(&c);
		return 0;
	}
	check_cells(&c);
	fuzz_stream_open(&s);
	write_table(s.f, &c);
	const char *text = fuzz_stream_close(&s);
	FUZZ_CHECK(csv_parse("f", text, s.size, &again, err, sizeof(err)) == 0);
	FUZZ_CHECK(again.n_rows == c.n_rows && again.n_columns == c.n_columns);
	for (size_t i = 0; i < c.n_columns; i++) {
		FUZZ_CHECK(csv_column(&again, c.heads[i]) == (int)i);
		for (size_t row = 0; row < c.n_rows; row++)
			FUZZ_CHECK(strcmp(csv_cell(&again, row, (int)i), csv_cell(&c, row, (int)i)) == 0);
	}
	fuzz_stream_free(&s);
	csv_fini(&again);
	csv_fini(&c);
	return 0;
}
