/* `memwall pim eval --trace`: the device's commands in a file, which appears when it is complete. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/pim_eval.h"

static int write_text(void *ctx, const char *text, size_t n)
{
	const struct eval *e = ctx;
	if (atomic_load(e->stop))
		return MW_ECANCELLED;
	errno = 0;
	if (fwrite(text, 1, n, e->trace.out.f) == n)
		return 0;
	return errno ? -errno : -EIO;
}

static enum pim_trace_format format_of(const char *name)
{
	static const char *const names[] = {"drampower", "ramulator", "ramulator-host"};
	int i = 0;
	while (i < 2 && strcmp(names[i], name) != 0)
		i++;
	return (enum pim_trace_format)i;
}

int eval_trace_begin(struct eval *e, const struct mw_opts *opts, char *err, size_t n)
{
	static const char *const with[] = {"trace-format", "trace-channel", "trace-aap"};
	const char *path = mw_opt_text(opts, "trace");
	for (size_t i = 0; !path && i < sizeof(with) / sizeof(with[0]); i++)
		if (mw_opt(opts, with[i])->given)
			return mw_fail(MW_ESPEC, err, n, "--%s is for --trace=FILE", with[i]);
	if (!path)
		return 0;
	struct eval_trace *t = &e->trace;
	int rc = cli_out_open_path("--trace", path, &t->out, err, n);
	if (rc < 0)
		return rc;
	const struct pim_trace_config c = {
		.size = sizeof(c),
		.format = format_of(mw_opt_text(opts, "trace-format")),
		.raw_aap = strcmp(mw_opt_text(opts, "trace-aap"), "raw") == 0,
		.channel = (uint32_t)mw_opt_int(opts, "trace-channel"),
		.write = write_text,
		.ctx = e,
	};
	rc = pim_trace_begin(e->dev, &c);
	return rc < 0 ? eval_failed(e, rc, "--trace", err, n) : 0;
}

int eval_trace_stop(struct eval *e, char *err, size_t n)
{
	struct eval_trace *t = &e->trace;
	if (!t->out.f || t->stopped)
		return 0;
	t->stopped = true;
	int rc = pim_trace_end(e->dev);
	return rc < 0 ? mw_fail(rc, err, n, "--trace %s: %s", t->out.path, mw_strerror(rc)) : 0;
}

int eval_trace_commit(struct eval *e, char *err, size_t n)
{
	int rc = eval_trace_stop(e, err, n);
	return rc < 0 ? rc : cli_out_commit(&e->trace.out, err, n);
}

void eval_trace_abort(struct eval *e)
{
	struct eval_trace *t = &e->trace;
	if (t->out.f && !t->stopped)
		(void)pim_trace_end(e->dev);
	cli_out_abort(&t->out);
}
