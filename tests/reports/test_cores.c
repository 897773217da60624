/* Figures of the sections cores and parallelism: the map of few and of many CPUs, and what is not quoted. */
#include "tests/reports/fixture.h"

#include "reports/headline.h"
#include "reports/section.h"

extern const struct section section_cores, section_parallelism;

struct drawing {
	struct figure_plot plot;
	char *script;
	size_t size;
	int points;
};

static void draw(const struct section *s, size_t figure, const struct results *r, struct drawing *d)
{
	*d = (struct drawing){.plot = {.height = 400}};
	d->plot.script = open_memstream(&d->script, &d->size);
	cr_assert(d->plot.script);
	d->points = s->figures[figure].draw(r, &look_page, &d->plot);
	cr_assert_eq(fclose(d->plot.script), 0);
}

static void drawing_fini(struct drawing *d)
{
	plot_fini(&d->plot);
	free(d->script);
}

static void add_pair(struct results *r, int from, int to, const char *line, double ns)
{
	struct mw_record rec;
	bool handover = strcmp(line, "handover") == 0;
	mw_record_init(&rec, "cores", "pair", handover ? "handover" : "latency", MW_NS);
	(void)mw_set_int(&rec, MW_AS_PARAM, "from_cpu", from);
	(void)mw_set_int(&rec, MW_AS_PARAM, "to_cpu", to);
	(void)mw_set_text(&rec, MW_AS_PARAM, "line", line);
	(void)mw_set_text(&rec, MW_AS_PARAM, "home", "from");
	rec.value = ns;
	add_record(r, rec);
}

/* Lines of a data block of the script. */
static size_t rows_of(const char *script, const char *block)
{
	size_t n = 0;
	const char *at = strstr(script, block);
	cr_assert(at, "no %s", block);
	for (at = strchr(at, '\n') + 1; strncmp(at, "EOD", 3) != 0; at = strchr(at, '\n') + 1)
		n++;
	return n;
}

static size_t cells_of(const char *script)
{
	size_t n = 0;
	for (int shade = 0; shade < 6; shade++) {
		char block[24];
		(void)snprintf(block, sizeof(block), "$shade%d <<", shade);
		n += rows_of(script, block) - 1; /* one is of the scale */
	}
	return n;
}

Test(cores_figures, few_cpus_have_a_cell_for_each_direction)
{
	struct results r;
	struct drawing d;
	results_init(&r);
	static const int ids[] = {0, 2, 5, 7};
	for (int a = 0; a < 4; a++)
		for (int b = 0; b < 4; b++)
			if (a != b) {
				add_pair(&r, ids[a], ids[b], "modified", a / 2 == b / 2 ? 20 : 200);
				add_pair(&r, ids[a], ids[b], "shared", 3000);
			}
	draw(&section_cores, 0, &r, &d);
	cr_assert_eq(d.points, 12);
	cr_assert_eq(cells_of(d.script), 12);
	cr_assert_eq(rows_of(d.script, "$shade0 <<"), 4 + 1, "the near ones are lightest");
	cr_assert_eq(rows_of(d.script, "$shade5 <<"), 8 + 1);
	cr_assert(strstr(d.script, "'5' 2, '7' 3"), "%s", d.script);
	cr_assert(strstr(mw_buf_text(&d.plot.title), "20 to 200 ns"), "%s", mw_buf_text(&d.plot.title));
	cr_assert_null(strstr(mw_buf_text(&d.plot.caption), "mean"));
	drawing_fini(&d);
	results_fini(&r);
}

/* Small differences do not get the whole range of shades. */
Test(cores_figures, equal_pairs_look_equal)
{
	struct results r;
	struct drawing d;
	results_init(&r);
	add_pair(&r, 0, 1, "modified", 23.4);
	add_pair(&r, 1, 0, "modified", 23.6);
	draw(&section_cores, 0, &r, &d);
	cr_assert_eq(rows_of(d.script, "$shade0 <<"), 2 + 1);
	drawing_fini(&d);
	results_fini(&r);
}

Test(cores_figures, handovers_stand_for_both_directions)
{
	struct results r;
	struct drawing d;
	results_init(&r);
	add_pair(&r, 0, 1, "handover", 60);
	draw(&section_cores, 0, &r, &d);
	cr_assert_eq(d.points, 1);
	cr_assert_eq(cells_of(d.script), 2);
	drawing_fini(&d);
	results_fini(&r);
}

/* 200 CPUs: cells of 4 x 4, of which those without a pair stay empty. */
Test(cores_figures, many_cpus_are_put_together)
{
	struct results r;
	struct drawing d;
	results_init(&r);
	for (int a = 0; a < 200; a++)
		add_pair(&r, a, (a + 100) % 200, "modified", 100 + a);
	draw(&section_cores, 0, &r, &d);
	cr_assert_eq(d.points, 200);
	cr_assert_eq(cells_of(d.script), 50, "%zu", cells_of(d.script));
	cr_assert(strstr(mw_buf_text(&d.plot.caption), "mean over 4 x 4 CPUs"), "%s", mw_buf_text(&d.plot.caption));
	cr_assert_lt(d.size, 20000);
	drawing_fini(&d);
	results_fini(&r);
}

Test(cores_figures, absurd_records_are_left_out)
{
	struct results r;
	struct drawing d;
	results_init(&r);
	add_pair(&r, -1, 2, "modified", 20);
	add_pair(&r, 2000000000, 2, "modified", 20);
	add_pair(&r, 0, 1, "modified", (double)INFINITY);
	add_pair(&r, 0, 1, "modified", -3);
	draw(&section_cores, 0, &r, &d);
	cr_assert_eq(d.points, 0);
	drawing_fini(&d);
	results_fini(&r);
}

static void add_flight(struct results *r, const char *level, int chases, int threads, double value)
{
	struct mw_record rec;
	mw_record_init(&rec, "parallelism", "chases", "in_flight", MW_COUNT);
	(void)mw_set_text(&rec, MW_AS_PARAM, "level", level);
	(void)mw_set_int(&rec, MW_AS_PARAM, "threads", threads);
	(void)mw_set_int(&rec, MW_AS_PARAM, "chases", chases);
	rec.value = value;
	add_record(r, rec);
}

/* More accesses in flight than chases: a disturbed value, which is drawn and not quoted, or not drawn. */
Test(cores_figures, impossible_parallelism_is_not_quoted)
{
	struct results r;
	struct drawing d;
	struct headlines h;
	results_init(&r);
	add_flight(&r, "dram", 1, 1, 1);
	add_flight(&r, "dram", 16, 1, 15.5);
	add_flight(&r, "dram", 32, 1, 45);
	add_flight(&r, "l1", 32, 1, 12);
	add_flight(&r, "dram", 32, 2, 50);
	add_flight(&r, "l3", 8, 1, 70); /* far beyond: not even drawn */
	draw(&section_parallelism, 0, &r, &d);
	cr_assert_eq(d.points, 5);
	cr_assert_eq(rows_of(d.script, "$line0 <<"), 3);
	cr_assert(strstr(mw_buf_text(&d.plot.caption), "Left to the table: 1 with"), "%s",
		  mw_buf_text(&d.plot.caption));
	cr_assert(strstr(mw_buf_text(&d.plot.title), "15.5 accesses"), "%s", mw_buf_text(&d.plot.title));
	drawing_fini(&d);
	cr_assert_eq(headlines_of(&r, &h), 0);
	size_t found = 0;
	for (size_t i = 0; i < h.n; i++)
		found += strcmp(h.v[i].label, "DRAM accesses in flight, one thread") == 0 && h.v[i].value == 15.5;
	cr_assert_eq(found, 1);
	headlines_fini(&h);
	results_fini(&r);
}

/* Where no chases reached DRAM, those of the largest size are quoted, not called DRAM. */
Test(cores_figures, parallelism_of_the_largest_size)
{
	struct results r;
	struct headlines h;
	results_init(&r);
	add_flight(&r, "largest", 8, 1, 7.5);
	add_flight(&r, "largest", 16, 1, 14);
	add_flight(&r, "l1", 32, 1, 30);
	cr_assert_eq(headlines_of(&r, &h), 0);
	cr_assert_eq(h.n, 1);
	cr_expect_str_eq(h.v[0].label, "Accesses in flight, largest size");
	cr_expect_eq(h.v[0].value, 14);
	cr_expect(strstr(h.v[0].detail, "not DRAM"), "%s", h.v[0].detail);
	headlines_fini(&h);
	results_fini(&r);
}
