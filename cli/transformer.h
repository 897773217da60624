/* `memwall transformer`: what its files share. */
#ifndef MW_CLI_TRANSFORMER_H
#define MW_CLI_TRANSFORMER_H

#include "cli/command.h"
#include "reports/transformer.h"

enum { TRANSFORMER_CASES = 1024 };

struct transformer_cases {
	struct transformer_case *v;
	size_t n;
};

/* Models and lengths that the options name. MW_ESPEC or -ENOMEM with a line in err. The caller frees out->v. */
int cli_transformer_cases(const struct mw_opts *opts, struct transformer_cases *out, char *err, size_t n);

/* One row for each case and operator; on the terminal also notes, and latencies where some are published. */
int cli_transformer_operators(const struct cli *cli, const struct profile *p, const struct transformer_cases *c,
			      char *err, size_t n);
/* --latency: one row for each case. */
int cli_transformer_latencies(const struct cli *cli, const struct profile *p, const struct transformer_cases *c,
			      char *err, size_t n);
/* --published: one row for each published value. */
int cli_transformer_published(const struct cli *cli, const struct profile *p, char *err, size_t n);
/* Prints how many published values the closed forms round to, counted from the data. */
void cli_transformer_put_fit(FILE *f, const struct profile *p);
/* --models: one row for each model. */
int cli_transformer_models(const struct cli *cli, char *err, size_t n);

#endif
