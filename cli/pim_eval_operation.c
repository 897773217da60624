/* `memwall pim eval`: runs the operation, computes the bytes of operands, reports the device's errors. */
#include <errno.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/pim_eval.h"

uint64_t eval_bytes(const struct eval_operand *o, uint64_t lanes)
{
	return o->container ? lanes * o->container : lanes / 8 + (lanes % 8 != 0);
}

int eval_failed(const struct eval *e, int rc, const char *what, char *err, size_t n)
{
	const char *why = pim_error(e->dev);
	size_t len = strlen(what);
	/* Errors of usage, because what the device refuses was given on the command line. */
	int code = rc == -EOPNOTSUPP ? MW_EUNAVAILABLE : rc == -EINVAL || rc == -ENOSPC ? MW_ESPEC : rc;
	if (!why || !*why)
		why = mw_strerror(rc);
	bool says = strncmp(why, what, len) == 0 && why[len] == ':';
	return says ? mw_fail(code, err, n, "%s", why) : mw_fail(code, err, n, "%s: %s", what, why);
}

int eval_compute(const struct eval *e, struct pim_vector *dst, struct pim_vector *const *src, uint64_t *value)
{
	if (e->reduces)
		return pim_reduce(e->op, src[0], value);
	if (e->op == PIM_FILL)
		return pim_fill(dst, e->value);
	if (e->op == PIM_SHL || e->op == PIM_SHR)
		return pim_shift(e->op, dst, src[0], (uint32_t)e->value);
	return pim_execute(e->op, dst, src, e->n_in);
}
