/* Beginning and ending traces. */
#include <errno.h>

#include "pim/core.h"

int pim_trace_begin(struct pim_device *dev, const struct pim_trace_config *config)
{
	CORE_CHECK(dev);
	if (!dev)
		return -EINVAL;
	if (!config || config->size < sizeof(*config))
		return core_fail(dev, -EINVAL, config ? "pim_trace_config.size is not set" : "no pim_trace_config");
	if (!config->write)
		return core_fail(dev, -EINVAL, "pim_trace_config.write is not set");
	if ((unsigned)config->format > PIM_TRACE_RAMULATOR_HOST)
		return core_fail(dev, -EINVAL, "no trace format has the number %u", (unsigned)config->format);
	if (!dev->ops->trace)
		return core_fail(dev, -EOPNOTSUPP, "device %s has no commands to trace", dev->ops->name);
	int saved = errno;
	int rc = dev->ops->trace(dev->state, config, dev->spec, dev->error, sizeof(dev->error));
	errno = saved;
	return rc;
}

int pim_trace_end(struct pim_device *dev)
{
	CORE_CHECK(dev);
	if (!dev)
		return -EINVAL;
	if (!dev->ops->trace)
		return core_fail(dev, -EINVAL, "nothing is traced");
	int saved = errno;
	int rc = dev->ops->trace(dev->state, NULL, dev->spec, dev->error, sizeof(dev->error));
	errno = saved;
	return rc;
}
