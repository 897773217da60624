/* The results that a command works from: those that were named, or the newest of this host. */
#ifndef MW_CLI_MEASURED_H
#define MW_CLI_MEASURED_H

#include "base/core/err.h"
#include "cli/command.h"
#include "reports/results.h"

struct cli_measured {
	struct results results; /* empty unless found */
	char path[4096];
	bool found;
	bool named; /* on the command line */
	/* Why there are none; or what to say beside every number from them: they are of another host, of a host that
	 * they do not name, or incomplete. "" where they are of this host and complete. */
	char words[MW_ERR_ROOM];
};

/* given: a results.json or a run's folder; NULL: look for the newest of this host. MW_ESPEC with a line in err where
 * `given` cannot be read, -ENOMEM; that none is found is no error. *out is freed by the caller with cli_measured_fini
 * in every case. */
int cli_measured(struct cli *cli, const char *given, struct cli_measured *out, char *err, size_t n);
/* Reads the results that --interconnect names; *links stays empty without that option, and is freed by the caller in
 * every case. MW_ESPEC with a line in err, -ENOMEM. */
int cli_read_links(const struct cli *cli, struct results *links, char *err, size_t n);
/* Puts their records of the interconnect into *r. Does nothing without the option. Errors as above. */
int cli_take_links(const struct cli *cli, const struct results *links, struct results *r, char *err, size_t n);
void cli_measured_fini(struct cli_measured *m);

#endif
