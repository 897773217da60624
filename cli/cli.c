/* Global options, look-up of commands, exit statuses. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "bench/bench.h"
#include "cli/command.h"

const struct mw_option cli_global_options[] = {
	{.name = "format",
	 .type = MW_OPT_CHOICE,
	 .arg = "FORMAT",
	 .def = "table",
	 .choices = "table|csv|json|latex",
	 .help = "how results are printed"},
	{.name = "select",
	 .type = MW_OPT_TEXT,
	 .arg = "PATTERN",
	 .help = "print only records whose id (bench.case.metric{key=value;..}) matches this shell pattern"},
	{.name = "out-file",
	 .letter = 'o',
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .help = "write to this file, not to stdout",
	 .file = MW_OPT_WRITES},
	{.name = "help", .letter = 'h', .type = MW_OPT_FLAG, .help = "this text"},
	{.name = "version", .type = MW_OPT_FLAG, .help = "print the version"},
	MW_OPT_END,
};

const char *cli_word(const struct cli *cli, size_t i)
{
	return i < cli->opts.n_positional ? cli->opts.positional[i] : NULL;
}

const struct command *cli_find(const char *name, const struct bench **bench)
{
	*bench = NULL;
	for (const struct command *const *c = command_table; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	*bench = bench_find(name);
	return NULL;
}

bool cli_is_group(const char *word)
{
	size_t len = strlen(word);
	for (const struct command *const *c = command_table; *c; c++)
		if (strncmp((*c)->name, word, len) == 0 && (*c)->name[len] == ' ')
			return true;
	return false;
}

int cli_unknown(const char *name, char *err, size_t n)
{
	const char *names[128] = {NULL};
	size_t count = 0;
	for (const struct command *const *c = command_table; *c && count < 100; c++)
		if (!(*c)->hidden)
			names[count++] = (*c)->name;
	for (const struct bench *const *b = bench_table; *b && count < 127; b++)
		names[count++] = (*b)->name;
	const char *near = mw_nearest(name, names);
	if (near)
		return mw_fail(MW_ESPEC, err, n, "unknown command '%s', did you mean '%s'?", name, near);
	return mw_fail(MW_ESPEC, err, n, "unknown command '%s', see 'memwall help'", name);
}

void cli_be_silent(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere < 0)
		return;
	(void)dup2(nowhere, STDOUT_FILENO);
	(void)dup2(nowhere, STDERR_FILENO);
	(void)close(nowhere);
}

void cli_catch(void (*asked)(int sig))
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU};
	struct sigaction sa = {.sa_handler = asked, .sa_flags = SA_RESTART}, old;
	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i] != SIGHUP || (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN))
			(void)sigaction(signals[i], &sa, NULL);
}

static void end_now(int sig)
{
	_exit(128 + sig);
}

int cli_end_at_signal(struct cli *cli)
{
	cli_catch(end_now);
	cli->ends_at_signal = true;
	return atomic_load(cli->stop) ? MW_ECANCELLED : 0;
}

int cli_exit_status(int rc, const atomic_int *stop)
{
	int sig = atomic_load(stop);
	if (sig)
		return 128 + sig; /* 130 for SIGINT, 143 for SIGTERM */
	switch (rc) {
	case 0:
		return CLI_OK;
	case MW_ESPEC:
		return CLI_USAGE;
	case MW_EUNAVAILABLE:
		return CLI_UNAVAILABLE;
	default:
		return CLI_FAILED;
	}
}
