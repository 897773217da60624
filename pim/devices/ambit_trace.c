/* Traces of device `ambit`: every command it charges. */
#include <errno.h>

#include "ambit-emu/trace.h"
#include "base/core/err.h"
#include "pim/devices/ambit.h"

_Static_assert((int)PIM_TRACE_DRAMPOWER == (int)AMBIT_TRACE_DRAMPOWER &&
		       (int)PIM_TRACE_RAMULATOR == (int)AMBIT_TRACE_RAMULATOR &&
		       (int)PIM_TRACE_RAMULATOR_HOST == (int)AMBIT_TRACE_HOST,
	       "formats are numbered alike");

static int end(struct ambit *a, char *err, size_t n)
{
	if (!a->trace)
		return mw_fail(-EINVAL, err, n, "nothing is traced");
	int rc = ambit_trace_close(a->trace);
	a->trace = NULL;
	return rc < 0 ? mw_fail(rc, err, n, "trace: %s", mw_strerror(rc)) : 0;
}

int ambit_trace(void *state, const struct pim_trace_config *config, const char *spec, char *err, size_t n)
{
	struct ambit *a = state;
	if (!config)
		return end(a, err, n);
	if (a->trace)
		return mw_fail(-EBUSY, err, n, "a trace is being written already");
	const struct ambit_trace_config c = {
		.timing = &a->timing,
		.geometry = &a->geometry,
		.spec = spec,
		.format = (enum ambit_trace_format)config->format,
		.raw_aap = config->raw_aap != 0,
		.channel = config->channel,
		.write = config->write,
		.ctx = config->ctx,
	};
	return ambit_trace_open(&c, &a->trace, err, n);
}

void ambit_trace_charge(const struct ambit *a, const struct ambit_program *p, uint64_t slots)
{
	if (a->trace)
		(void)ambit_trace_program(a->trace, p, slots, NULL); /* ambit_trace_close() returns the first error */
}

void ambit_trace_alone_at(const struct ambit *a, const struct ambit_program *p, struct ambit_place at)
{
	if (a->trace)
		(void)ambit_trace_alone(a->trace, p, at);
}

void ambit_trace_bytes(const struct ambit *a, mw_wide bytes, mw_wide ps, bool write)
{
	if (a->trace)
		/* More than 2^64 bytes take longer than a trace lasts. */
		(void)ambit_trace_transfer(a->trace, (uint64_t)bytes, 0, ps, write);
}

void ambit_trace_wait(const struct ambit *a, mw_wide ps)
{
	if (a->trace)
		(void)ambit_trace_idle(a->trace, ps);
}

void ambit_trace_drop(struct ambit *a)
{
	(void)ambit_trace_close(a->trace);
	a->trace = NULL;
}
