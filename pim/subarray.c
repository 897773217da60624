/* Raw subarrays: rows and commands by name. The device parses, checks, executes and charges them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pim/core.h"

static int no_subarrays(struct pim_device *dev)
{
	return core_fail(dev, -EOPNOTSUPP, "device %s has no subarrays to program", dev->ops->name);
}

int pim_subarray_open(struct pim_device *dev, uint32_t bank, uint32_t subarray, struct pim_subarray **out)
{
	CORE_CHECK(dev);
	if (!dev || !out)
		return -EINVAL;
	*out = NULL;
	if (!dev->ops->raw)
		return no_subarrays(dev);
	int saved = errno;
	struct pim_call call = {dev};
	struct pim_subarray *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;
	if (!s) {
		(void)core_fail(dev, rc, "out of memory");
		goto out;
	}
	*s = (struct pim_subarray){.dev = dev, .bank = bank, .subarray = subarray};
	rc = dev->ops->raw->shape(dev->state, &call, bank, subarray, &s->row_bytes, &s->data_rows);
	if (rc == 0) {
		core_link_add(&dev->subarrays, &s->link);
		*out = s;
	} else {
		free(s);
	}
out:
	errno = saved;
	return rc;
}

void pim_subarray_close(struct pim_subarray *s)
{
	CORE_CHECK(s);
	if (!s)
		return;
	int saved = errno;
	core_link_del(&s->link);
	core_bury(s->dev, &s->link);
	errno = saved;
}

size_t pim_row_bytes(const struct pim_subarray *s)
{
	CORE_CHECK(s);
	return s ? s->row_bytes : 0;
}

uint32_t pim_data_rows(const struct pim_subarray *s)
{
	CORE_CHECK(s);
	return s ? s->data_rows : 0;
}

static struct pim_row row_of(const struct pim_subarray *s, const char *name)
{
	return (struct pim_row){.size = sizeof(struct pim_row), .bank = s->bank, .subarray = s->subarray, .name = name};
}

static int check_transfer(const struct pim_subarray *s, const char *row, const void *p, size_t bytes)
{
	if (!row || !p)
		return core_fail(s->dev, -EINVAL, "a row's name or buffer is NULL");
	if (bytes != s->row_bytes)
		return core_fail(s->dev, -EINVAL, "%zu bytes for a row of %zu", bytes, s->row_bytes);
	return 0;
}

int pim_row_write(struct pim_subarray *s, const char *row, const void *src, size_t bytes)
{
	CORE_CHECK(s);
	int rc = s ? check_transfer(s, row, src, bytes) : -EINVAL;
	if (rc < 0)
		return rc;
	int saved = errno;
	struct pim_call call = {s->dev};
	struct pim_row to = row_of(s, row);
	rc = s->dev->ops->raw->write(s->dev->state, &call, &to, src);
	errno = saved;
	return rc;
}

int pim_row_read(struct pim_subarray *s, const char *row, void *dst, size_t bytes)
{
	CORE_CHECK(s);
	int rc = s ? check_transfer(s, row, dst, bytes) : -EINVAL;
	if (rc < 0)
		return rc;
	int saved = errno;
	struct pim_call call = {s->dev};
	struct pim_row from = row_of(s, row);
	rc = s->dev->ops->raw->read(s->dev->state, &call, &from, dst);
	errno = saved;
	return rc;
}

int pim_row_copy(struct pim_subarray *dst, const char *to, struct pim_subarray *src, const char *from)
{
	CORE_CHECK(dst);
	CORE_CHECK(src);
	if (!dst || !src)
		return -EINVAL;
	struct pim_device *dev = dst->dev;
	if (!to || !from)
		return core_fail(dev, -EINVAL, "a row's name is NULL");
	if (src->dev != dev)
		return core_fail(dev, -EXDEV, "rows of two devices");
	int saved = errno;
	struct pim_call call = {dev};
	struct pim_row a = row_of(dst, to), b = row_of(src, from);
	int rc = dev->ops->raw->copy(dev->state, &call, &a, &b);
	errno = saved;
	return rc;
}

const char *pim_row_copy_source(const struct pim_device *dev)
{
	CORE_CHECK(dev);
	return dev && dev->ops->raw ? dev->ops->raw->copy_source(dev->state) : NULL;
}

int pim_subarray_run(struct pim_subarray *s, const char *text)
{
	CORE_CHECK(s);
	if (!s)
		return -EINVAL;
	if (!text)
		return core_fail(s->dev, -EINVAL, "commands are NULL");
	int saved = errno;
	struct pim_call call = {s->dev};
	int rc = s->dev->ops->raw->run(s->dev->state, &call, s->bank, s->subarray, text);
	errno = saved;
	return rc;
}

int pim_aap(struct pim_subarray *s, const char *first, const char *second)
{
	CORE_CHECK(s);
	char text[80];
	if (!s)
		return -EINVAL;
	if (!first || !second || snprintf(text, sizeof(text), "AAP(%s,%s)", first, second) >= (int)sizeof(text))
		return core_fail(s->dev, -EINVAL, "AAP of addresses that are NULL or too long");
	return pim_subarray_run(s, text);
}

int pim_ap(struct pim_subarray *s, const char *first)
{
	CORE_CHECK(s);
	char text[80];
	if (!s)
		return -EINVAL;
	if (!first || snprintf(text, sizeof(text), "AP(%s)", first) >= (int)sizeof(text))
		return core_fail(s->dev, -EINVAL, "AP of an address that is NULL or too long");
	return pim_subarray_run(s, text);
}
