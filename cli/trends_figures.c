/* `memwall trends --output=DIR`: the paper's figures as files, with their data. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/core/err.h"
#include "cli/trends_print.h"
#include "reports/file.h"
#include "reports/trend_figures.h"

static int path_of(const char *dir, const struct trend_figure *fig, const char *kind, char *out, size_t size, char *err,
		   size_t n)
{
	if (snprintf(out, size, "%s/%s.%s", dir, fig->id, kind) < (int)size)
		return 0;
	return mw_fail(MW_ESPEC, err, n, "--output: the name is too long");
}

int trends_add_files(struct cli *cli, const char *dir, const char *kind, char *err, size_t n)
{
	char path[4096];
	const char *const kinds[] = {kind, "csv"};
	int rc = 0;
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return mw_fail(MW_ESPEC, err, n, "--output=%s: cannot make the folder: %s", dir, mw_strerror(-errno));
	for (const struct trend_figure *fig = trend_figures; fig->id && rc == 0; fig++) {
		for (size_t k = 0; k < 2 && rc == 0; k++) {
			rc = path_of(dir, fig, kinds[k], path, sizeof(path), err, n);
			if (rc == 0)
				rc = cli_files_add(&cli->files, CLI_WRITES, "a figure", path, err, n);
		}
	}
	return rc;
}

static enum figure_file file_of(const char *kind)
{
	return strcmp(kind, "png") == 0 ? FIGURE_PNG : strcmp(kind, "pdf") == 0 ? FIGURE_PDF : FIGURE_SVG;
}

static int replace(const char *dir, const struct trend_figure *fig, const char *kind, const char *text, size_t size,
		   char *err, size_t n)
{
	char path[4096];
	int rc = path_of(dir, fig, kind, path, sizeof(path), err, n);
	rc = rc == 0 ? file_replace(path, text, size, err, n) : rc;
	return rc < 0 ? cli_out_fault(rc) : 0;
}

static int write_data(const struct trends *t, const char *dir, const struct trend_figure *fig, char *err, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int rc = f ? fig->data(f, t) : -ENOMEM;
	if (f && fclose(f) != 0)
		rc = -ENOMEM;
	rc = rc == 0 ? replace(dir, fig, "csv", text, size, err, n) : mw_fail(rc, err, n, "%s", mw_strerror(rc));
	free(text);
	return rc;
}

int trends_draw(const struct trends *t, const char *dir, const char *kind, char *err, size_t n)
{
	int rc = 0;
	for (const struct trend_figure *fig = trend_figures; fig->id && rc >= 0; fig++) {
		struct figure_plot plot = {0};
		struct mw_buf why = {0};
		char *image = NULL;
		size_t size = 0;
		rc = figure_render(fig->draw, t, file_of(kind), NULL, &plot, &image, &size, &why);
		if (rc < 0)
			(void)mw_fail(rc, err, n, "%s", mw_buf_text(&why));
		if (rc > 0)
			rc = replace(dir, fig, kind, image, size, err, n);
		free(image);
		mw_buf_fini(&why);
		plot_fini(&plot);
		if (rc >= 0)
			rc = write_data(t, dir, fig, err, n);
	}
	return rc < 0 ? rc : 0;
}

void trends_list_files(FILE *f, const char *dir, const char *kind)
{
	char path[4096], err[80];
	const char *const kinds[] = {kind, "csv"};
	for (const struct trend_figure *fig = trend_figures; fig->id; fig++) {
		for (size_t k = 0; k < 2; k++) {
			if (path_of(dir, fig, kinds[k], path, sizeof(path), err, sizeof(err)) < 0)
				continue;
			cli_put(f, path);
			(void)fputc('\n', f);
		}
	}
}
