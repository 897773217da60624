#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/rows.h"

static struct mw_record record(double value)
{
	struct mw_record r;
	mw_record_init(&r, "toy", "c", "time", MW_NS);
	r.value = value;
	return r;
}

static const char *const marks[] = {"one", "it's", "unused"};

static int draw(struct rows_data *d, char **script)
{
	struct figure_plot p = {.height = 0};
	size_t size;
	p.script = open_memstream(script, &size);
	cr_assert(p.script);
	int n = rows_draw(d, marks, 3, "ns", &look_print, &p);
	(void)fclose(p.script);
	if (n > 0)
		cr_assert_eq(p.n_legend, 2, "a mark without a value has no legend");
	plot_fini(&p);
	return n;
}

Test(rows, the_smallest_of_a_row_and_mark)
{
	struct mw_record v[] = {record(7), record(3), record(5), record(11)};
	struct rows_data d = {.n = 0};
	char *script;
	cr_assert_eq(rows_put(&d, "a", 0, &v[0]), 0);
	cr_assert_eq(rows_put(&d, "a", 0, &v[1]), 0);
	cr_assert_eq(rows_put(&d, "a", 0, &v[2]), 0);
	cr_assert_eq(rows_put(&d, "b", 1, &v[3]), 0);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(d.at[0][0], &v[1]);
	cr_assert_null(d.at[0][1]);
	cr_assert_eq(draw(&d, &script), 2);
	cr_assert(strstr(script, "\n3 -0.250 3 3\n"), "value, lane, interval: %s", script);
	cr_assert(strstr(script, "\n11 1.000 11 11\n"), "%s", script);
	cr_assert_null(strstr(script, "\n7 "));
	cr_assert_null(strstr(script, "$mark2 using"));
	free(script);
	rows_fini(&d);
	for (size_t i = 0; i < 4; i++)
		mw_record_fini(&v[i]);
}

Test(rows, what_cannot_be_shown_is_left_out)
{
	struct mw_record v[] = {record(0), record(-1), record((double)NAN), record(1)};
	struct rows_data d = {.n = 0};
	char *script, label[16];
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(rows_put(&d, "a", 0, &v[i]), 0);
	cr_assert_eq(d.n, 0);
	cr_assert_eq(d.left_out, 2, "absent values are not counted");
	cr_assert_eq(draw(&d, &script), 0);
	free(script);
	cr_assert_eq(rows_put(&d, "a", ROWS_MARKS, &v[3]), 0);
	cr_assert_eq(d.n, 0, "no such mark");
	for (int i = 0; i < ROWS_MOST + 5; i++) {
		(void)snprintf(label, sizeof(label), "row %d", i);
		cr_assert_eq(rows_put(&d, label, 0, &v[3]), 0);
	}
	cr_assert_eq(d.n, ROWS_MOST);
	rows_fini(&d);
	for (size_t i = 0; i < 4; i++)
		mw_record_fini(&v[i]);
}
