/* What `memwall trends` prints. Private to cli/trends*.c. */
#ifndef MW_CLI_TRENDS_PRINT_H
#define MW_CLI_TRENDS_PRINT_H

#include "cli/measured.h"
#include "reports/print.h"
#include "reports/trends.h"

/* CSV and JSON: all rows below one header, which begins with the contract
 * `series,n,rate_per_2yr,ci_lo,ci_hi,r2,factor_20yr,published,error`. Terminal and LaTeX: a table for each part, then
 * method and credits. m: the results behind the part `host`. */
int trends_print(FILE *f, const struct trends *t, const struct cli_measured *m, enum print_format format);

/* Figures and their data in `dir`. trends_add_files makes the folder and adds the files to cli->files; trends_draw
 * writes them. kind: "svg", "png", "pdf". MW_ESPEC where the folder cannot
 * be written, MW_EUNAVAILABLE without gnuplot. */
int trends_add_files(struct cli *cli, const char *dir, const char *kind, char *err, size_t n);
int trends_draw(const struct trends *t, const char *dir, const char *kind, char *err, size_t n);
/* Their paths, a line each. */
void trends_list_files(FILE *f, const char *dir, const char *kind);

#endif
