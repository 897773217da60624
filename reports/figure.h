/* Figures: common look and drawing functions for sections. Private to reports/. */
#ifndef MW_FIGURE_H
#define MW_FIGURE_H

#include <stdio.h>

#include "base/core/text.h"
#include "reports/print.h"

#define FIGURE_SERIES 8

/* Colours in gnuplot's notation. For the page they are numbers, which svg_inline replaces by CSS variables, so
 * that one drawing works in both themes. */
struct figure_look {
	const char *ink, *muted, *rule, *paper;
	const char *series[FIGURE_SERIES];
	bool key; /* legend inside the drawing (PNG, PDF); the page has its own */
};

extern const struct figure_look look_page, look_print;

enum figure_mark { MARK_LINE, MARK_DOT, MARK_BAR };

struct figure_legend {
	struct mw_buf label;
	int colour;    /* index into series */
	int point;     /* gnuplot point type, 0 = none */
	bool modelled; /* hollow, dashed */
	enum figure_mark mark;
};

/* Starts as {0}; plot_fini frees its texts. */
struct figure_plot {
	FILE *script; /* gnuplot commands after the terminal is set */
	int height;   /* px at a width of FIGURE_WIDTH */
	struct figure_legend legend[FIGURE_SERIES * 2];
	size_t n_legend;
	struct mw_buf title;   /* what the data say, in words */
	struct mw_buf caption; /* how it was measured */
};

#define FIGURE_WIDTH 800

/* Was there too little memory for one of its texts? */
bool plot_failed(const struct figure_plot *p);
void plot_fini(struct figure_plot *p);

/* ---- what can be drawn ---- */
/* True for a value that a logarithmic axis can show: positive, finite and of a magnitude that a machine can have. Other
 * values would give an axis without ticks, or one that gnuplot refuses; they are in the table only. */
bool plot_can_show(double v);
/* True when both ends of the interval can be shown and the value is between them. */
bool plot_can_show_interval(const struct mw_record *r);
/* As query_best, among the values that can be shown; NULL when there is none. */
struct query;
const struct mw_record *plot_best(const struct mw_records *l, const struct query *q, bool smallest);
/* Adds to the caption how many values the figure leaves out, if any. */
void plot_left_out(struct figure_plot *p, size_t n);

/* ---- common parts of scripts ---- */
/* Encoding, border, ticks, grid, key. */
void plot_frame(FILE *script, const struct figure_look *look);
/* Writes a text as a gnuplot string literal, without any escape sequence taking effect. */
void plot_quote(FILE *script, const char *text);
/* Ticks such as 64K at powers of two between lo and hi bytes (inclusive); at powers of four when they span more than a
 * factor of 2^9, of 64 beyond 2^30. lo and hi must be values that plot_can_show accepts. */
void plot_size_ticks(FILE *script, const char *axis, double lo, double hi);
/* Ticks 1, 2, 5, 10, ... on a logarithmic axis; when the range spans more than 3 decades only 1, 10, ...; more than 12:
 * every third of these. lo and hi as above. */
void plot_log_ticks(FILE *script, const char *axis, double lo, double hi);
struct figure_legend *plot_legend(struct figure_plot *p, const char *label, int colour, int point, bool modelled,
				  enum figure_mark mark);
/* "48 KiB" */
const char *size_words(double bytes, char *out, size_t n);
/* Appends "size 64 KiB", "row hit 0.9". */
void kv_words(const struct words *w, const struct mw_kv *kv, struct mw_buf *out);
/* The records i with show[i] as a table for people, with provenance. 0 or -ENOMEM. */
int figure_table(const struct results *r, const bool *show, struct grid *g);

/* ---- from what draws to a file's content ---- */
/* Fills plot and returns how many points there are (0: nothing to draw); -ENOMEM. plot->script is open. */
typedef int figure_draw(const void *self, const struct figure_look *look, struct figure_plot *plot);

enum figure_file {
	FIGURE_PAGE, /* SVG for svg_inline: the legend is the page's */
	FIGURE_SVG,  /* files of their own have one above the drawing, which grows by it */
	FIGURE_PNG,
	FIGURE_PDF,
	FIGURE_NONE, /* counts points, and runs no gnuplot */
};

/* Draws by draw(self) and runs gnuplot (NULL: looked up in PATH). Returns points, with the file's content in *image,
 * freed by the caller (NULL: nothing to draw), and what was drawn in *plot, its script closed, the caller's to free
 * (plot_fini) either way. -ENOMEM, or an error of gnuplot_run, whose words why gets. */
int figure_render(figure_draw *draw, const void *self, enum figure_file file, const char *gnuplot,
		  struct figure_plot *plot, char **image, size_t *image_size, struct mw_buf *why);

/* ---- running gnuplot ---- */
/* Runs script (its terminal line included) without a shell and gives its standard output. MW_EUNAVAILABLE when the
 * program is absent, MW_EBUDGET when it did not end, MW_EFORMAT with its first complaint when it fails; why gets the
 * words. *out is freed by the caller. */
int gnuplot_run(const char *program, const char *script, size_t script_size, char **out, size_t *out_size,
		struct mw_buf *why);

/* Writes gnuplot's SVG as an inline element: drops prolog, titles and font, prefixes ids with prefix, replaces black by
 * currentColor and the colours of look_page by CSS variables. label is for screen readers. MW_EFORMAT when svg is not
 * an SVG. */
int svg_inline(FILE *out, const char *svg, size_t size, const char *prefix, const char *label);

#endif
