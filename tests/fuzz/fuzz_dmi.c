/* The firmware's table of memory modules, and what the host is said to have by it. */
#include <errno.h>
#include <math.h>

#include "base/core/fields.h"
#include "base/sys/memory_read.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct mw_module *m)
{
	FUZZ_CHECK(m->type && m->ranks < 16 && m->width < 0xffff);
	FUZZ_CHECK(m->mts <= 0x7fffffff && m->rated_mts <= 0x7fffffff);
	FUZZ_CHECK(!m->locator || *m->locator);
	FUZZ_CHECK(!m->channel || *m->channel);
	FUZZ_CHECK(!m->locator || mw_dmi_channel(m->locator) <= strlen(m->locator));
}

int fuzz_dmi(const uint8_t *data, size_t n)
{
	static const struct mw_edac edac;
	struct mw_dmi d;
	struct mw_host h;
	/* A copy of its own, so that a read past the end is seen. */
	unsigned char *table = malloc(n ? n : 1);
	FUZZ_CHECK(table);
	memcpy(table, data, n);
	int rc = mw_dmi_parse(table, n, &d);
	free(table);
	FUZZ_CHECK(rc == 0 || (rc == -EINVAL && d.n == 0 && !d.v));
	for (size_t i = 0; i < d.n; i++)
		check(&d.v[i]);
	mw_host_init(&h);
	FUZZ_CHECK(mw_memory_describe(&d, &edac, &h) == 0);
	FUZZ_CHECK(h.mem_slots == (int)d.n && h.mem_modules <= h.mem_slots);
	FUZZ_CHECK(h.mem_channels <= h.mem_modules && h.mem_channels_all <= h.mem_slots);
	FUZZ_CHECK((h.mem_modules > 0) == (h.mem_kinds != NULL));
	FUZZ_CHECK(isfinite(h.mem_peak) && (h.mem_peak > 0) == (h.mem_peak_source != NULL));
	mw_host_fini(&h);
	mw_dmi_fini(&d);
	return 0;
}
