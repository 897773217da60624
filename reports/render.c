/* Renders a figure: its draw function writes commands for gnuplot, and gnuplot makes the image. */
#include <errno.h>
#include <stdlib.h>

#include "reports/figure.h"

/* What gnuplot is told before the figure's own commands, for each kind of file. */
static void put_terminal(FILE *script, enum figure_file file, const struct figure_plot *plot)
{
	int lines = (int)plot->n_legend, height = plot->height + 20 * lines + 20;
	switch (file) {
	case FIGURE_NONE:
		return;
	case FIGURE_PAGE:
		(void)fprintf(script, "set term svg size %d,%d dynamic noenhanced font 'sans,13' linewidth 1\n",
			      FIGURE_WIDTH, plot->height);
		return;
	case FIGURE_SVG:
		(void)fprintf(script,
			      "set term svg size %d,%d dynamic noenhanced font 'sans,13' linewidth 1 background '%s'\n",
			      FIGURE_WIDTH, height, look_print.paper);
		break;
	case FIGURE_PNG:
		(void)fprintf(
			script,
			"set term pngcairo size %d,%d noenhanced font 'sans,10' fontscale 2 linewidth 2 pointscale 2\n",
			2 * FIGURE_WIDTH, 2 * height);
		break;
	case FIGURE_PDF:
		(void)fprintf(
			script,
			"set term pdfcairo size %.2fcm,%.2fcm noenhanced font 'sans,9' linewidth 1 pointscale 0.5\n",
			FIGURE_WIDTH / 45.0, height / 45.0);
		break;
	}
	(void)fprintf(
		script,
		"set key at screen 0.02, screen %.4f left top vertical maxrows %d Left reverse noenhanced samplen 2 "
		"textcolor rgb '%s'\nset tmargin %.1f\n",
		1 - 8.0 / height, lines, look_print.ink, 1.05 * lines + 1.2);
}

/* Closes a stream in memory. fclose may succeed although memory ran out: then the error flag is set. */
static int close_memory(FILE *f)
{
	bool failed = ferror(f) != 0;
	return fclose(f) != 0 || failed ? -ENOMEM : 0;
}

static int put_script(const struct figure_plot *plot, enum figure_file file, const char *body, size_t body_size,
		      char **script, size_t *size)
{
	FILE *f = open_memstream(script, size);
	if (!f)
		return -ENOMEM;
	put_terminal(f, file, plot);
	(void)fwrite(body, 1, body_size, f);
	return close_memory(f);
}

int figure_render(figure_draw *draw, const void *self, enum figure_file file, const char *gnuplot,
		  struct figure_plot *plot, char **image, size_t *image_size, struct mw_buf *why)
{
	char *body = NULL, *script = NULL;
	size_t body_size = 0, script_size = 0;
	*image = NULL;
	*plot = (struct figure_plot){.height = 400};
	plot->script = open_memstream(&body, &body_size);
	if (!plot->script) {
		mw_buf_add(why, "out of memory");
		return -ENOMEM;
	}
	int points = draw(self, file == FIGURE_PAGE ? &look_page : &look_print, plot);
	int rc = close_memory(plot->script);
	plot->script = NULL;
	if (points < 0 || plot_failed(plot))
		rc = -ENOMEM;
	if (rc == 0 && points > 0)
		rc = put_script(plot, file, body, body_size, &script, &script_size);
	if (rc)
		mw_buf_add(why, "out of memory");
	else if (points > 0 && file != FIGURE_NONE)
		rc = gnuplot_run(gnuplot, script, script_size, image, image_size, why);
	free(script);
	free(body);
	return rc ? rc : points;
}
