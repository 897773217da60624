/* CSV: cells, line ends and quotes; lines of errors. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "reports/csv.h"

static char err[400];

static int parse(const char *text, struct csv *c)
{
	err[0] = '\0';
	return csv_parse("points.csv", text, strlen(text), c, err, sizeof(err));
}

static void refused(const char *text, const char *line)
{
	struct csv c;
	cr_assert_eq(parse(text, &c), MW_EFORMAT, "'%s' is accepted", text);
	cr_assert_str_eq(err, line);
	csv_fini(&c);
}

Test(csv, rows_and_columns_by_name)
{
	struct csv c;
	cr_assert_eq(parse("name,date,value\nA,2001-02-03,1.5\nB,,\n", &c), 0, "%s", err);
	cr_assert_eq(c.n_rows, 2);
	cr_assert_eq(c.n_columns, 3);
	cr_assert_eq(csv_column(&c, "value"), 2);
	cr_assert_eq(csv_column(&c, "Value"), -1);
	cr_assert_str_eq(csv_cell(&c, 0, csv_column(&c, "date")), "2001-02-03");
	cr_assert_str_eq(csv_cell(&c, 1, 0), "B");
	cr_assert_str_eq(csv_cell(&c, 1, 2), "");
	cr_assert_str_eq(csv_cell(&c, 2, 0), "");
	cr_assert_str_eq(csv_cell(&c, 0, 3), "");
	cr_assert_str_eq(csv_cell(&c, 0, -1), "");
	csv_fini(&c);
}

Test(csv, quotes_commas_and_line_ends_within_quotes)
{
	struct csv c;
	cr_assert_eq(parse("a,\"b,c\"\r\n\"say \"\"no\"\"\",\"two\r\nlines\"\r\n\"\",\"\"\"\"\r\nx,y", &c), 0, "%s",
		     err);
	cr_assert_eq(c.n_rows, 3);
	cr_assert_eq(csv_column(&c, "b,c"), 1);
	cr_assert_str_eq(csv_cell(&c, 0, 0), "say \"no\"");
	cr_assert_str_eq(csv_cell(&c, 0, 1), "two\r\nlines");
	cr_assert_str_eq(csv_cell(&c, 1, 0), "");
	cr_assert_str_eq(csv_cell(&c, 1, 1), "\"");
	cr_assert_str_eq(csv_cell(&c, 2, 1), "y");
	/* Lines of the file, not rows. */
	cr_assert_eq(csv_line(&c, 0), 2);
	cr_assert_eq(csv_line(&c, 1), 4);
	cr_assert_eq(csv_line(&c, 2), 5);
	cr_assert_eq(csv_line(&c, 3), 0);
	csv_fini(&c);
}

Test(csv, byte_order_mark_and_empty_lines_are_skipped)
{
	struct csv c;
	cr_assert_eq(parse("\xef\xbb\xbfname,value\n\nA,1\r\n\r\nB,2\n\n", &c), 0, "%s", err);
	cr_assert_eq(csv_column(&c, "name"), 0);
	cr_assert_eq(c.n_rows, 2);
	cr_assert_eq(csv_line(&c, 1), 5);
	csv_fini(&c);
	/* In a table of one column an empty line is a row. */
	cr_assert_eq(parse("name\nA\n\nB\n", &c), 0, "%s", err);
	cr_assert_eq(c.n_rows, 3);
	csv_fini(&c);
}

Test(csv, header_alone_is_a_table_without_rows)
{
	struct csv c;
	cr_assert_eq(parse("a,b", &c), 0, "%s", err);
	cr_assert_eq(c.n_rows, 0);
	cr_assert_eq(c.n_columns, 2);
	csv_fini(&c);
}

Test(csv, what_is_malformed_is_refused_with_its_line)
{
	refused("", "points.csv:1: no header line with the names of the columns");
	refused("\xef\xbb\xbf", "points.csv:1: no header line with the names of the columns");
	refused("\na,b\n", "points.csv:1: no header line with the names of the columns");
	refused("a,,c\n", "points.csv:1: column 2 has no name");
	refused("a,b,a\n", "points.csv:1: two columns are named 'a'");
	refused("a,b\n1,2\n3\n", "points.csv:3: 1 cell, the header names 2 columns");
	refused("a,b\n\"1\n\n\",2\n3,4,5\n", "points.csv:5: 3 cells, the header names 2 columns");
	refused("a,b\n1,\"2\n3,4\n", "points.csv:2: the cell that begins with a quote here has no closing quote");
	refused("a,b\n1,2\"\n", "points.csv:2: a quote inside a cell: quote the whole cell and double its quotes");
	refused("a,b\n1,\"2\"3\n", "points.csv:2: text after a closing quote: expected a comma or the end of the line");
	refused("a,b\n1\r2,3\n", "points.csv:2: a carriage return without line feed");
}

Test(csv, binary_data_and_too_much_of_it_are_refused)
{
	struct csv c;
	const char zero[] = "a,b\n1,\0";
	cr_assert_eq(csv_parse("x", zero, sizeof(zero) - 1, &c, err, sizeof(err)), MW_EFORMAT);
	cr_assert_str_eq(err, "x:2: a NUL byte: not a text file");
	csv_fini(&c);

	char *large = malloc((size_t)CSV_BYTES_MAX + 1);
	memset(large, 'a', (size_t)CSV_BYTES_MAX + 1);
	cr_assert_eq(csv_parse("x", large, (size_t)CSV_BYTES_MAX + 1, &c, err, sizeof(err)), MW_EFORMAT);
	cr_assert_str_eq(err, "x: more than 16 MiB");
	csv_fini(&c);
	cr_assert_eq(csv_parse("x", large, CSV_BYTES_MAX, &c, err, sizeof(err)), 0, "16 MiB are not too much");
	csv_fini(&c);
	size_t len = 0;
	for (int i = 0; i <= CSV_COLUMNS_MAX; i++)
		len += (size_t)sprintf(large + len, "%sc%d", i ? "," : "", i);
	cr_assert_eq(csv_parse("x", large, len, &c, err, sizeof(err)), MW_EFORMAT);
	cr_assert_str_eq(err, "x:1: more than 256 columns");
	csv_fini(&c);
	free(large);
}

Test(csv, numbers_are_present_absent_or_refused)
{
	struct csv c;
	double v;
	cr_assert_eq(parse("n\n-1.5e3\n\n12 GB\n\x1b[2J\nnan\n1e999\n", &c), 0, "%s", err);
	cr_assert_eq(csv_number(&c, 0, 0, &v, err, sizeof(err)), 1);
	cr_assert_eq(v, -1500.0);
	cr_assert_eq(csv_number(&c, 1, 0, &v, err, sizeof(err)), 0);
	cr_assert(isnan(v));
	cr_assert_eq(csv_number(&c, 0, 7, &v, err, sizeof(err)), 0);
	cr_assert_eq(csv_number(&c, 2, 0, &v, err, sizeof(err)), MW_EFORMAT);
	cr_assert_str_eq(err, "points.csv:4: column 'n': '12 GB' is no number");
	cr_assert_eq(csv_number(&c, 3, 0, &v, err, sizeof(err)), MW_EFORMAT);
	cr_assert_str_eq(err, "points.csv:5: column 'n': '\\x1b[2J' is no number");
	cr_assert_eq(csv_number(&c, 4, 0, &v, err, sizeof(err)), MW_EFORMAT);
	cr_assert_eq(csv_number(&c, 5, 0, &v, err, sizeof(err)), MW_EFORMAT);
	cr_assert(isnan(v));
	csv_fini(&c);
}

Test(csv, a_missing_column_is_named_beside_those_there_are)
{
	struct csv c;
	int at = 7;
	cr_assert_eq(parse("series,when\n", &c), 0, "%s", err);
	cr_assert_eq(csv_need(&c, "when", &at, err, sizeof(err)), 0);
	cr_assert_eq(at, 1);
	cr_assert_eq(csv_need(&c, "date", &at, err, sizeof(err)), MW_EFORMAT);
	cr_assert_str_eq(err, "points.csv:1: no column 'date' (there are: series,when)");
	csv_fini(&c);
}

Test(csv, files_are_read_and_what_is_none_is_refused)
{
	char path[] = "/tmp/memwall-csv-XXXXXX";
	struct csv c;
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "a,b\n1,2\n", 8), 8);
	cr_assert_eq(close(fd), 0);
	cr_assert_eq(csv_read(path, &c, err, sizeof(err)), 0, "%s", err);
	cr_assert_str_eq(csv_cell(&c, 0, 1), "2");
	csv_fini(&c);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(csv_read(path, &c, err, sizeof(err)), -ENOENT);
	csv_fini(&c);
	cr_assert_eq(csv_read("/tmp", &c, err, sizeof(err)), MW_EFORMAT);
	cr_assert_not_null(strstr(err, "/tmp"));
	csv_fini(&c);
}
