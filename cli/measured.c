#include "cli/measured.h"

#include <errno.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/topology.h"
#include "reports/links.h"
#include "reports/newest.h"

/* What limits results that were named: of another or an unknown host, incomplete; "" for nothing. */
static void describe(const struct results *r, const struct mw_host *here, char *words, size_t n)
{
	const char *whose = "";
	struct mw_buf host = {0};
	if (r->info.anonymized || !r->host.hostname) {
		whose = "of a host that they do not name";
	} else if (!newest_same_host(&r->host, here)) {
		mw_buf_add(&host, "of another host (%s)", r->host.hostname);
		whose = mw_buf_text(&host);
	}
	if (r->partial)
		mw_clip(words, n, "%s%sincomplete (%s)", whose, *whose ? ", " : "",
			mw_text_or(r->partial_why, "the run did not end"));
	else
		mw_clip(words, n, "%s", whose);
	mw_buf_fini(&host);
}

int cli_measured(struct cli *cli, const char *given, struct cli_measured *out, char *err, size_t n)
{
	struct mw_topology here = {0};
	char why[MW_ERR_ROOM] = "";
	*out = (struct cli_measured){.named = given != NULL};
	results_init(&out->results);
	int known = mw_topology_read("/", NULL, &here, why, sizeof(why));
	int rc = 0;
	if (given) {
		rc = cli_files_add(&cli->files, CLI_READS, "the results", given, err, n);
		if (rc == 0)
			rc = results_load(given, &out->results, err, n);
		rc = rc == 0 || rc == -ENOMEM ? rc : MW_ESPEC;
		out->found = rc == 0;
		mw_clip(out->path, sizeof(out->path), "%s", given);
		if (out->found)
			describe(&out->results, &here.host, out->words, sizeof(out->words));
	} else if (known == -ENOMEM) {
		rc = mw_fail(known, err, n, "out of memory");
	} else if (known < 0) {
		mw_clip(out->words, sizeof(out->words), "this host cannot be identified: %s", why);
	} else {
		rc = newest_results(".", &here.host, &out->results, out->path, sizeof(out->path), out->words,
				    sizeof(out->words));
		out->found = rc == 1;
		if (strncmp(out->path, "./", 2) == 0)
			memmove(out->path, out->path + 2, strlen(out->path + 2) + 1);
		rc = rc < 0 ? mw_fail(rc, err, n, "out of memory") : 0;
	}
	if (known == 0)
		mw_topology_fini(&here);
	return rc;
}

int cli_read_links(const struct cli *cli, struct results *links, char *err, size_t n)
{
	const char *path = mw_opt_text(&cli->opts, "interconnect");
	char why[MW_ERR_ROOM] = "";
	results_init(links);
	int rc = path ? results_load(path, links, why, sizeof(why)) : 0;
	return rc < 0 && rc != -ENOMEM ? mw_fail(MW_ESPEC, err, n, "--interconnect=%s: %s", path, why) : rc;
}

int cli_take_links(const struct cli *cli, const struct results *links, struct results *r, char *err, size_t n)
{
	const char *path = mw_opt_text(&cli->opts, "interconnect");
	char why[MW_ERR_ROOM] = "";
	int rc = path ? links_take(r, links, path, why, sizeof(why)) : 0;
	return rc < 0 && rc != -ENOMEM ? mw_fail(MW_ESPEC, err, n, "--interconnect: %s", why) : rc;
}

void cli_measured_fini(struct cli_measured *m)
{
	results_fini(&m->results);
}
