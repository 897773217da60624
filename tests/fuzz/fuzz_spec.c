/* Device specs: an error names what is wrong in one line; a device's canonical spec opens the same device. The same for
 * a table with a key of every type. */
#include "base/core/option.h"
#include "pim/pim_device.h"
#include "tests/fuzz/fuzz.h"

static void device(const char *spec)
{
	char err[300] = "";
	struct pim_device *dev = NULL, *again = NULL;
	if (pim_open(spec, &dev, err, sizeof(err)) < 0) {
		FUZZ_CHECK(!dev);
		fuzz_line(err);
	} else {
		FUZZ_CHECK(pim_open(pim_spec(dev), &again, err, sizeof(err)) == 0);
		FUZZ_CHECK(strcmp(pim_spec(dev), pim_spec(again)) == 0);
	}
	pim_close(dev);
	pim_close(again);
}

static const struct mw_option table[] = {
	{.name = "banks", .type = MW_OPT_INT, .def = "8", .min = 1, .max = 1e6},
	{.name = "seed", .type = MW_OPT_INT},
	{.name = "rows", .type = MW_OPT_SIZE, .def = "2M"},
	{.name = "gbps", .type = MW_OPT_REAL, .def = "12.5", .min = 0.001, .max = 1e12},
	{.name = "time", .type = MW_OPT_DURATION},
	{.name = "limit", .type = MW_OPT_CHOICE, .def = "none", .choices = "none|jedec"},
	{.name = "dram", .type = MW_OPT_TEXT},
	MW_OPT_END,
};

static void canonical(const struct mw_spec *s, char *out, size_t n)
{
	char first[2];
	int len = mw_spec_canonical(s, table, out, n);
	FUZZ_CHECK(len > 0 && (size_t)len < n && strlen(out) == (size_t)len);
	FUZZ_CHECK(mw_spec_canonical(s, table, first, sizeof(first)) == len && first[0] == out[0] && !first[1]);
}

static void keys(const char *spec)
{
	char err[300] = "", one[800], two[800];
	struct mw_spec s, again;
	if (mw_spec_parse(&s, spec, err, sizeof(err)) < 0 || mw_spec_check(&s, table, err, sizeof(err)) < 0) {
		fuzz_line(err);
		return;
	}
	canonical(&s, one, sizeof(one));
	FUZZ_CHECK(mw_spec_parse(&again, one, err, sizeof(err)) == 0);
	FUZZ_CHECK(mw_spec_check(&again, table, err, sizeof(err)) == 0);
	canonical(&again, two, sizeof(two));
	FUZZ_CHECK(strcmp(one, two) == 0);
	for (const struct mw_option *o = table; o->name; o++) {
		if (o->type == MW_OPT_INT || o->type == MW_OPT_SIZE)
			FUZZ_CHECK(mw_spec_int(&s, table, o->name) == mw_spec_int(&again, table, o->name));
		else if (o->type == MW_OPT_CHOICE)
			FUZZ_CHECK(strcmp(mw_spec_text(&s, table, o->name), mw_spec_text(&again, table, o->name)) == 0);
	}
}

int fuzz_spec(const uint8_t *data, size_t n)
{
	char *spec = fuzz_text(data, n);
	device(spec);
	keys(spec);
	free(spec);
	return 0;
}
