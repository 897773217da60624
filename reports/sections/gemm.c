/* The roofline (Williams, Waterman, Patterson, CACM 52(4), 2009): attainable rate over intensity, from measured peak
 * and bandwidth, with the measured matrix products as points, and the bandwidth between processes as a second slope. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/links.h"
#include "reports/print.h"
#include "reports/section.h"

enum { TYPES = 2, KINDS = 2, LINK_COLOUR = 5 };

enum { PEAK, ANY_RATE, BEST, INTENSITY, READ_PEAK, READ, GEMM, GEMV, LINK };

static const struct query queries[] = {
	[PEAK] = {.bench = "gemm", .case_name = "peak", .metric = "flop_rate|op_rate", .keys = "dtype,threads"},
	[ANY_RATE] = {.bench = "gemm", .metric = "flop_rate|op_rate", .keys = "dtype"},
	[BEST] = {.bench = "gemm", .case_name = "best", .metric = "flop_rate|op_rate", .keys = "threads,dtype,m"},
	[INTENSITY] = {.bench = "gemm", .case_name = "best", .metric = "intensity"},
	[READ_PEAK] = {.bench = "bandwidth", .case_name = "dram-read-peak", .metric = "bandwidth"},
	[READ] = {.bench = "bandwidth", .case_name = "dram-read", .metric = "bandwidth"},
	[GEMM] = {.bench = "gemm", .case_name = "gemm", .metric = "flop_rate", .keys = "engine,m,n,k,threads,state"},
	[GEMV] = {.bench = "gemm",
		  .case_name = "gemv",
		  .metric = "bytes_rate",
		  .keys = "engine,dtype,n,k,threads,state"},
	[LINK] = {.bench = "interconnect",
		  .case_name = "one-way",
		  .metric = "message_bandwidth",
		  .keys = "between,message"},
	{.bench = NULL},
};

static const struct {
	const char *dtype, *unit, *roof;
	const char *kind[KINDS]; /* GEMV, GEMM */
} types[TYPES] = {
	{"f32", "GFLOP/s", "f32 roof", {"f32 GEMV", "f32 GEMM"}},
	{"int8", "GOP/s", "int8 roof", {"int8 GEMV", "int8 GEMM"}},
};

struct roof {
	const struct mw_record *bandwidth;
	const struct mw_record *peak[TYPES]; /* NULL when not measured */
	const struct mw_record *link;        /* messages one way between processes; NULL when not measured */
	const char *between;                 /* of link */
};

struct place {
	double intensity, rate, lo, hi;
	int type, kind;
};

static const struct mw_record *find_link(const struct mw_records *l, const char **between)
{
	struct links k = links_of(l);
	*between = k.between;
	return k.one_way && plot_can_show(k.one_way->value) ? k.one_way : NULL;
}

/* Finds the peak measured by register loops; without it, the best product, which is a lower bound. */
static void find_roof(const struct mw_records *l, struct roof *out)
{
	double c2c = query_usual_c2c(l);
	struct query peak_read = query_in(queries[READ_PEAK], c2c), any_read = query_in(queries[READ], c2c);
	out->bandwidth = plot_best(l, &peak_read, false);
	if (!out->bandwidth)
		out->bandwidth = plot_best(l, &any_read, false);
	out->link = find_link(l, &out->between);
	for (int t = 0; t < TYPES; t++) {
		char where[32];
		mw_format(where, sizeof(where), "dtype=%s", types[t].dtype);
		struct query peak = query_in(queries[PEAK], c2c), best = query_in(queries[ANY_RATE], c2c);
		peak.where = best.where = where;
		out->peak[t] = plot_best(l, &peak, false);
		if (!out->peak[t])
			out->peak[t] = plot_best(l, &best, false);
	}
}

static const struct mw_record *intensity_of(const struct mw_records *l, const struct mw_record *rate)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (r->unit == MW_FLOP_PER_BYTE && strcmp(r->metric, "intensity") == 0 && plot_can_show(r->value) &&
		    strcmp(r->bench, rate->bench) == 0 && strcmp(r->case_name, rate->case_name) == 0 &&
		    mw_kv_equal(&r->params, &rate->params))
			return r;
	}
	return NULL;
}

/* Finds the best engine of every shape, in the topology state of the roofs. */
static size_t find_places(const struct mw_records *l, struct place *v, size_t max)
{
	const struct query best = query_in(queries[BEST], query_usual_c2c(l));
	const struct mw_record *r;
	size_t n = 0, at = 0;
	double threads = 0;
	while ((r = query_next(l, &best, &at)))
		threads = fmax(threads, record_number(r, "threads"));
	at = 0;
	while (n < max && (r = query_next(l, &best, &at))) {
		const struct mw_record *x = intensity_of(l, r);
		struct number_text number;
		bool ci = plot_can_show_interval(r);
		/* The roofs are those of all threads: only their points may be set against them. */
		if (!x || !plot_can_show(r->value) || record_number(r, "threads") < threads)
			continue;
		v[n++] = (struct place){
			.intensity = x->value,
			.rate = r->value,
			.lo = ci ? r->ci_lo : r->value,
			.hi = ci ? r->ci_hi : r->value,
			.type = strcmp(record_text(r, "dtype", &number), "f32") == 0 ? 0 : 1,
			.kind = record_number(r, "m") == 1 ? 0 : 1,
		};
	}
	return n;
}

/* Number of values (products and roofs) that the axes cannot show. */
static size_t left_out(const struct mw_records *l)
{
	static const int sources[] = {BEST, INTENSITY, PEAK, READ_PEAK};
	const struct mw_record *r;
	size_t n = 0;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		for (size_t at = 0; (r = query_next(l, &queries[sources[i]], &at));)
			n += isfinite(r->value) && !plot_can_show(r->value);
	return n;
}

static void put_data(FILE *f, const struct place *v, size_t n, bool used[TYPES][KINDS])
{
	for (int t = 0; t < TYPES; t++) {
		for (int k = 0; k < KINDS; k++) {
			(void)fprintf(f, "$p%d%d << EOD\n", t, k);
			for (size_t i = 0; i < n; i++) {
				if (v[i].type != t || v[i].kind != k)
					continue;
				(void)fprintf(f, "%.9g %.9g %.9g %.9g\n", v[i].intensity, v[i].rate, v[i].lo, v[i].hi);
				used[t][k] = true;
			}
			(void)fputs("EOD\n", f);
		}
	}
}

static double highest(const struct roof *roof)
{
	return fmax(roof->peak[0] ? roof->peak[0]->value : 0, roof->peak[1] ? roof->peak[1]->value : 0);
}

struct range {
	double lo, hi, y_lo, y_hi;
};

static struct range range_of(const struct place *v, size_t n, const struct roof *roof)
{
	struct range g = {0.25, 64, (double)INFINITY, 0};
	for (size_t i = 0; i < n; i++) {
		g.lo = fmin(g.lo, v[i].intensity / 2);
		g.hi = fmax(g.hi, v[i].intensity * 2);
		g.y_lo = fmin(g.y_lo, v[i].rate / 2);
		g.y_hi = fmax(g.y_hi, v[i].hi * 2);
	}
	for (int t = 0; t < TYPES; t++) {
		if (!roof->peak[t])
			continue;
		double ridge = roof->peak[t]->value / roof->bandwidth->value;
		g.lo = fmin(g.lo, ridge / 4);
		g.hi = fmax(g.hi, ridge * 4);
		g.y_hi = fmax(g.y_hi, 2 * roof->peak[t]->value);
	}
	/* The slope of the interconnect is shown up to the first roof, at least where it is below that of the memory.
	 */
	if (roof->link) {
		g.hi = fmax(g.hi, fmin(2 * highest(roof) / roof->link->value, 1e5));
	}
	g.y_lo = fmin(g.y_lo, g.lo * roof->bandwidth->value / 1.5);
	return g;
}

/* Draws the ridge: at lower intensity memory bandwidth is the limit. */
static void put_ridge(FILE *f, const struct figure_look *look, const struct roof *roof, int t, const struct range *g)
{
	double peak = roof->peak[t]->value, x = peak / roof->bandwidth->value;
	(void)fprintf(f,
		      "set arrow from first %g, first %g to first %g, first %g nohead back dt (4,5) lw 1 lc rgb '%s'\n"
		      "set label 'ridge %.3g' at first %g, graph %g offset 0.5,0 left noenhanced tc rgb '%s'\n",
		      x, g->y_lo, x, peak, look->series[t], x, x, 0.04 + 0.06 * t, look->series[t]);
}

/* Bytes that come from another process: the slope that limits what is computed on them. */
static void put_link(const struct figure_look *look, const struct roof *roof, const char *separator,
		     struct figure_plot *p)
{
	char bandwidth[32];
	struct figure_legend *l = plot_legend(p, "messages", LINK_COLOUR, 0, false, MARK_LINE);
	mw_buf_add(&l->label, " between processes on %s: %s GB/s one way", roof->between,
		   print_value(roof->link->value, bandwidth, sizeof(bandwidth)));
	(void)fprintf(p->script, "%sx * %.9g < %.9g ? x * %.9g : 1/0 with lines dt (10,5) lw 2.4 lc rgb '%s' title ",
		      separator, roof->link->value, highest(roof), roof->link->value, look->series[LINK_COLOUR]);
	plot_quote(p->script, mw_buf_text(&l->label));
}

static void put_plot(const struct figure_look *look, const struct roof *roof, bool used[TYPES][KINDS],
		     struct figure_plot *p)
{
	static const int points[KINDS] = {7, 13};
	FILE *f = p->script;
	const char *separator = "plot ";
	for (int t = 0; t < TYPES; t++) {
		if (!roof->peak[t])
			continue;
		char rate[32], bandwidth[32];
		struct figure_legend *l = plot_legend(p, types[t].roof, t, 0, false, MARK_LINE);
		mw_buf_add(&l->label, ": %s GB/s, %s %s",
			   print_value(roof->bandwidth->value, bandwidth, sizeof(bandwidth)),
			   print_value(roof->peak[t]->value, rate, sizeof(rate)), types[t].unit);
		(void)fprintf(f, "%sroof(x, %.9g) with lines lw 2.4 lc rgb '%s' title ", separator,
			      roof->peak[t]->value, look->series[t]);
		plot_quote(f, mw_buf_text(&l->label));
		separator = ", \\\n";
	}
	if (roof->link)
		put_link(look, roof, separator, p);
	for (int t = 0; t < TYPES; t++) {
		for (int k = 0; k < KINDS; k++) {
			if (!used[t][k])
				continue;
			(void)plot_legend(p, types[t].kind[k], t, points[k], false, MARK_DOT);
			(void)fprintf(f,
				      "%s$p%d%d using 1:2:3:4 with yerrorbars pt 0 lw 1.5 lc rgb '%s' notitle, \\\n"
				      "$p%d%d using 1:2 with points pt %d ps 0.95 lc rgb '%s' title '%s'",
				      separator, t, k, look->series[t], t, k, points[k], look->series[t],
				      types[t].kind[k]);
			separator = ", \\\n";
		}
	}
	(void)fputs("\n", f);
}

/* Left of the ridge the memory roof is the limit. */
static void put_title(const struct place *v, size_t n, const struct roof *roof, struct figure_plot *p)
{
	double best[KINDS] = {0};
	int types_at[KINDS] = {-1, -1};
	for (size_t i = 0; i < n; i++) {
		if (v[i].type == 0 && v[i].rate > best[v[i].kind]) {
			best[v[i].kind] = v[i].rate;
			types_at[v[i].kind] = 0;
		}
	}
	char a[32], b[32];
	if (types_at[0] == 0 && types_at[1] == 0)
		mw_buf_add(&p->title,
			   "f32 matrix-vector products reach %s GFLOP/s, matrix-matrix products %s: %.0f times as much",
			   print_value(best[0], a, sizeof(a)), print_value(best[1], b, sizeof(b)), best[1] / best[0]);
	else
		mw_buf_add(&p->title, "Below %.3g operations per byte this machine waits for memory",
			   roof->peak[0] ? roof->peak[0]->value / roof->bandwidth->value
					 : roof->peak[1]->value / roof->bandwidth->value);
}

static void put_link_words(const struct results *r, const struct roof *roof, struct mw_buf *caption)
{
	if (roof->link)
		mw_buf_add(caption,
			   "Dashed: data that come from another process by messages (%s): below %.3g operations per "
			   "byte of them the interconnect limits.",
			   roof->between,
			   (roof->peak[0] ? roof->peak[0]->value : roof->peak[1]->value) / roof->link->value);
	else
		mw_buf_add(caption, "The slope of the interconnect is unavailable: %s.", links_absent(r));
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	enum { MOST = 512 };
	struct roof roof;
	bool used[TYPES][KINDS] = {{false}};
	FILE *f = p->script;
	find_roof(&r->records, &roof);
	if (!roof.bandwidth || (!roof.peak[0] && !roof.peak[1]))
		return 0;
	struct place *v = calloc(MOST, sizeof(*v));
	if (!v)
		return -ENOMEM;
	size_t n = find_places(&r->records, v, MOST);
	struct range g = range_of(v, n, &roof);
	p->height = 470;
	plot_frame(f, look);
	put_data(f, v, n, used);
	(void)fprintf(f,
		      "set logscale xy 10\nset xrange [%g:%g]\nset yrange [%g:%g]\nset samples 400\n"
		      "bandwidth = %.9g\nroof(x, peak) = x * bandwidth < peak ? x * bandwidth : peak\n"
		      "set xlabel 'Arithmetic intensity (operations per byte from memory%s)' tc rgb '%s'\n"
		      "set ylabel '1e9 operations per second' tc rgb '%s'\n",
		      g.lo, g.hi, g.y_lo, g.y_hi, roof.bandwidth->value, roof.link ? ", or from another process" : "",
		      look->ink, look->ink);
	plot_log_ticks(f, "x", g.lo, g.hi);
	plot_log_ticks(f, "y", g.y_lo, g.y_hi);
	for (int t = 0; t < TYPES; t++)
		if (roof.peak[t])
			put_ridge(f, look, &roof, t, &g);
	put_plot(look, &roof, used, p);
	put_title(v, n, &roof, p);
	mw_buf_add(
		&p->caption,
		"Slope: the best DRAM read bandwidth measured in this run; flat: the best rate of register-only loops. "
		"Points are the fastest engine of each shape on all threads; their bytes are counted from the shape "
		"(each operand once), their time is measured. ");
	put_link_words(r, &roof, &p->caption);
	plot_left_out(p, left_out(&r->records));
	free(v);
	return n ? (int)n : 1;
}

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_records *l = &r->records;
	struct query peak = query_in(queries[PEAK], out->c2c_ns), gemm = query_in(queries[GEMM], out->c2c_ns);
	struct query gemv = query_in(queries[GEMV], out->c2c_ns), read = query_in(queries[READ_PEAK], out->c2c_ns);
	peak.metric = "flop_rate";
	const struct mw_record *top = query_best(l, &peak, false), *product = query_best(l, &gemm, false);
	const struct mw_record *vector = query_best(l, &gemv, false), *roof = query_best(l, &read, false);
	if (product)
		headline_pairs(out, headline_add(out, "Best f32 GEMM", product), product, queries[GEMM].keys);
	if (vector)
		headline_pairs(out, headline_add(out, "Best GEMV, weights read", vector), vector, queries[GEMV].keys);
	(void)headline_ratio(out, "Ridge of the roofline", "FLOP/byte", top ? top : product, roof,
			     "f32 rate / DRAM read bandwidth: below it, memory limits");
	const char *between;
	const struct mw_record *link = find_link(l, &between);
	struct mw_buf words = {0};
	mw_buf_add(&words, "f32 rate / messages one way, %s: below it, the interconnect limits", link ? between : "");
	(void)headline_ratio(out, "Ridge of the interconnect", "FLOP/byte", top ? top : product, link,
			     mw_buf_text(&words));
	mw_buf_fini(&words);
}

const struct section section_gemm = {
	.place = 30,
	.id = "roofline",
	.name = "Roofline",
	.bench = "gemm",
	.queries = queries,
	.brief = "bytes_rate,intensity",
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
