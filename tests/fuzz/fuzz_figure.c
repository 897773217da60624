/* Records from bytes, drawn as far as the script for gnuplot, tabulated and summed up. What a script says must be
 * something to draw: finite numbers, positive ones on logarithmic axes, data that are defined. */
#include <ctype.h>
#include <math.h>

#include "reports/brief.h"
#include "reports/html.h"
#include "reports/section.h"
#include "tests/fuzz/results.h"

enum { RECORDS = 48, TICKS = 8192 };

struct input {
	const uint8_t *at, *end;
};

static unsigned byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static double number(struct input *in)
{
	static const double known[] = {
		1,      2,      3,        5.25,      12,     64,       80,
		100,    1000,   1e4,      12345.678, 1e6,    1e9,      0.5,
		0.01,   1e-3,   1e-9,     0,         -0.0,   -1,       -1e9,
		5e-324, 1e-310, 2.3e-308, 1e308,     -1e308, 1.79e308, 9007199254740993.0,
		1e15,   1e18,   1e20,     1e100,     1e-100,
	};
	enum { KNOWN = sizeof(known) / sizeof(*known) };
	unsigned b = byte(in);
	double v = (double)NAN;
	if (b < KNOWN)
		return known[b];
	if (b < 2 * KNOWN) /* powers of two are what sizes are */
		return ldexp(1, (int)b - KNOWN);
	if (b < 200)
		return b;
	if (b < 220) {
		uint8_t raw[sizeof(v)] = {0};
		for (size_t i = 0; i < sizeof(raw); i++)
			raw[i] = (uint8_t)byte(in);
		memcpy(&v, raw, sizeof(v));
	}
	return isfinite(v) ? v : (double)NAN; /* readers and benchmarks give no infinity */
}

static const char *word(struct input *in, const char *const *words, size_t n)
{
	return words[byte(in) % n];
}
#define WORD(in, words) word(in, words, sizeof(words) / sizeof(*(words)))

/* Hostile words among the plain ones. */
static const char *const values[] = {
	"4K",
	"2M",
	"thp",
	"64",
	"f32",
	"int8",
	"resident",
	"end_to_end",
	"cold",
	"warm",
	"power-limited",
	"nt",
	"only",
	"A",
	"ambit",
	"dimc",
	"dimc:macros=192",
	"64K",
	"",
	"'",
	"''; system \"x\"; '",
	"$(x)",
	"`x`",
	"\\",
	"\n",
	"<b>&\"",
	"\xc3\xa9",
	"\xff",
	"%s%n",
	"EOD",
	"-1",
	"0",
	"1e308",
	"5e-324",
	"99999999999999999999",
	"a text of seventy-nine bytes, which is the longest one that a parameter can have",
};

static void params(struct input *in, struct mw_record *r, enum mw_role role)
{
	static const char *const keys[] = {
		"size",    "stride", "window", "pages",  "touched",
		"threads", "state",  "stores", "kernel", "dtype",
		"m",       "n",      "k",      "engine", "device",
		"mode",    "price",  "cache",  "inputs", "outputs",
		"host_ns", "c2c_ns", "block",  "depth",  "a key of twenty-three ",
		"x'y",
	};
	for (unsigned n = byte(in) % 7; n > 0; n--) {
		const char *key = WORD(in, keys);
		unsigned kind = byte(in) % 4;
		double v = kind == 3 ? 0 : number(in);
		if (kind == 3)
			(void)mw_set_text(r, role, key, WORD(in, values));
		else if (kind == 2)
			(void)mw_set_real(r, role, key, v);
		else
			(void)mw_set_int(r, role, key,
					 fabs(v) < 9e18 ? (int64_t)v
					 : isnan(v)     ? 0
					 : v > 0        ? INT64_MAX
							: INT64_MIN);
	}
}

static void record(struct input *in, struct mw_record *r)
{
	static const char *const benches[] = {"latency", "bandwidth", "gemm", "offload", "energy", "storage"};
	static const char *const cases[] = {
		"chase",
		"dram",
		"dram-tlb-miss",
		"dram-read",
		"dram-read-peak",
		"dram-copy",
		"dram-triad",
		"l1-read",
		"l1-write",
		"l2-read",
		"l3-read",
		"x-read",
		"read",
		"peak",
		"best",
		"and",
		"gemv",
		"random-read",
		"run",
		"",
		"'\\n-read",
		"a case of forty-seven bytes is the longest one\n",
	};
	static const char *const metrics[] = {"latency", "bandwidth",   "flop_rate",   "intensity", "speedup",
					      "iops",    "latency_p50", "read_energy", "m'x"};
	static const enum mw_unit units[] = {MW_NS,    MW_GBPS, MW_GFLOPS,     MW_GOPS, MW_FLOP_PER_BYTE,
					     MW_RATIO, MW_IOPS, MW_PJ_PER_BYTE};
	const char *bench = WORD(in, benches), *case_name = WORD(in, cases), *metric = WORD(in, metrics);
	mw_record_init(r, bench, case_name, metric, units[byte(in) % (sizeof(units) / sizeof(*units))]);
	unsigned provenance = byte(in);
	r->provenance = (enum mw_provenance)(provenance % MW_PROVENANCE_COUNT);
	r->n = provenance / MW_PROVENANCE_COUNT;
	if (r->provenance == MW_UNAVAILABLE)
		mw_record_unavailable(r, WORD(in, values));
	else
		r->value = number(in);
	if (byte(in) % 2) {
		r->ci_lo = number(in);
		r->ci_hi = number(in);
	}
	if (r->provenance != MW_MEASURED)
		mw_record_source(r, "%s", WORD(in, values));
	params(in, r, MW_AS_PARAM);
	params(in, r, MW_AS_OBSERVED);
}

/* ---- what a script may say ---- */

/* A number at *text, moved past it. */
static double number_at(const char **text)
{
	char *end;
	double v = strtod(*text, &end);
	FUZZ_CHECK(end != *text && isfinite(v));
	*text = end;
	return v;
}

struct script {
	bool log[2]; /* x, y */
	char names[32][16];
	size_t n_names;
};

static void check_range(const struct script *s, const char *line)
{
	int axis = line[4] == 'y';
	const char *at = strchr(line, '[') + 1;
	double from = number_at(&at);
	FUZZ_CHECK(*at++ == ':');
	double to = number_at(&at);
	FUZZ_CHECK(*at == ']' && from != to);
	FUZZ_CHECK(!s->log[axis] || (from > 0 && from < to));
}

static void check_ticks(const struct script *s, const char *line)
{
	int axis = line[4] == 'y', n = 0;
	const char *at = strchr(line, '(') + 1;
	while (*at != ')') {
		FUZZ_CHECK(*at == '\'');
		at = strchr(at + 1, '\'');
		FUZZ_CHECK(at++);
		FUZZ_CHECK(*at == ' ');
		double v = number_at(&at);
		FUZZ_CHECK(!s->log[axis] || v > 0);
		at += *at == ',' ? 2 : 0;
		FUZZ_CHECK(++n < TICKS);
	}
	FUZZ_CHECK(!at[1]);
}

/* Outside quotes no number is anything but finite, every quote is closed, and none is escaped. */
static void check_words(const struct script *s, const char *line)
{
	bool quoted = false;
	for (const char *c = line; *c; c++) {
		FUZZ_CHECK((unsigned char)*c >= ' ' && strncmp(c, "'''", 3) != 0);
		if (*c == '\'')
			quoted = !quoted;
		if (quoted || (c > line && isalnum((unsigned char)c[-1])))
			continue;
		FUZZ_CHECK(strncmp(c, "nan", 3) != 0 && (strncmp(c, "inf", 3) != 0));
		if (*c == '$' && isalpha((unsigned char)c[1])) {
			bool known = false;
			size_t len = 1 + strspn(c + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
			for (size_t i = 0; i < s->n_names; i++)
				known = known || (strlen(s->names[i]) == len && strncmp(s->names[i], c, len) == 0);
			FUZZ_CHECK(known);
		}
	}
	FUZZ_CHECK(!quoted);
}

/* One row of a data block: numbers alone. */
static void check_row(const char *line)
{
	for (const char *at = line; *at; at += *at == ' ')
		(void)number_at(&at);
}

static void check_script(char *text, int points)
{
	struct script s = {0};
	bool data = false, plot = false;
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		FUZZ_CHECK(end);
		*end = '\0';
		size_t len = strcspn(line, " ");
		if (data) {
			data = strcmp(line, "EOD") != 0;
			if (data)
				check_row(line);
			continue;
		}
		if (*line == '$' && strcmp(line + len, " << EOD") == 0) {
			FUZZ_CHECK(s.n_names < 32 && len < sizeof(s.names[0]));
			memcpy(s.names[s.n_names++], line, len);
			data = true;
			continue;
		}
		check_words(&s, line);
		plot = plot || strncmp(line, "plot ", 5) == 0;
		if (strncmp(line, "set logscale ", 13) == 0)
			for (const char *c = line + 13; *c == 'x' || *c == 'y'; c++)
				s.log[*c == 'y'] = true;
		if (strncmp(line, "set xrange", 10) == 0 || strncmp(line, "set yrange", 10) == 0)
			check_range(&s, line);
		if (strncmp(line, "set xtics (", 11) == 0 || strncmp(line, "set ytics (", 11) == 0)
			check_ticks(&s, line);
	}
	FUZZ_CHECK(!data && (points == 0 || plot));
}

static void draw(const struct results *r, const struct section_figure *fig, const struct figure_look *look)
{
	static struct figure_plot plot;
	struct fuzz_stream s;
	memset(&plot, 0, sizeof(plot));
	fuzz_stream_open(&s);
	plot.height = 400;
	plot.script = s.f;
	int points = fig->draw(r, look, &plot);
	(void)fuzz_stream_close(&s);
	FUZZ_CHECK(points >= 0 && plot.height > 0 && plot.height < 20000);
	FUZZ_CHECK(plot.n_legend <= FIGURE_SERIES * 2);
	for (size_t i = 0; i < plot.n_legend; i++)
		FUZZ_CHECK(plot.legend[i].colour >= 0 && plot.legend[i].colour < FIGURE_SERIES);
	if (points > 0) {
		const char *title = mw_buf_text(&plot.title);
		FUZZ_CHECK(title[0] && plot.caption.len && !strstr(title, "nan") && !strstr(title, "inf "));
		check_script(s.text, points);
	}
	FUZZ_CHECK(!plot_failed(&plot));
	plot_fini(&plot);
	fuzz_stream_free(&s);
}

static void page(const struct grid *g, const char *name)
{
	struct fuzz_stream s;
	fuzz_stream_open(&s);
	html_grid(s.f, g, name);
	fuzz_page(fuzz_stream_close(&s));
	fuzz_stream_free(&s);
}

static void tables(const struct results *r, const struct section *s)
{
	struct grid g = {0};
	for (const struct section_figure *fig = s->figures; fig->draw; fig++) {
		if (!fig->table)
			continue;
		FUZZ_CHECK(fig->table(r, &g) == 0);
		page(&g, fig->name);
		grid_fini(&g);
	}
	if (!s->bench)
		return;
	struct brief brief;
	FUZZ_CHECK(brief_choose(r, s, &brief) == 0);
	FUZZ_CHECK(figure_table(r, brief.show, &g) == 0);
	FUZZ_CHECK(g.n_rows <= BRIEF_ROWS);
	page(&g, s->name);
	grid_fini(&g);
	brief_fini(&brief);
}

int fuzz_figure(const uint8_t *data, size_t n)
{
	struct input in = {data, data + n};
	static struct results r;
	struct headlines h;
	const struct section *s;
	results_init(&r);
	unsigned how = byte(&in);
	r.host.l1d_bytes = (uint64_t)1 << (how % 64);
	r.host.l2_bytes = (uint64_t)1 << (byte(&in) % 64);
	r.host.l3_bytes = (uint64_t)byte(&in) << 20;
	while (in.at < in.end && r.records.n < RECORDS) {
		struct mw_record one;
		record(&in, &one);
		FUZZ_CHECK(mw_records_take(&r.records, &one) == 0);
	}
	/* One of the two looks, and words only now and then: drawings are what most can go wrong with. */
	for (size_t i = 0; (s = section_at(i)); i++) {
		for (const struct section_figure *fig = s->figures; fig->draw; fig++)
			draw(&r, fig, how & 64 ? &look_print : &look_page);
		if (how & 128)
			tables(&r, s);
	}
	if (how & 128) {
		FUZZ_CHECK(headlines_of(&r, &h) == 0);
		headlines_fini(&h);
		fuzz_print(&r);
	}
	results_fini(&r);
	return 0;
}
