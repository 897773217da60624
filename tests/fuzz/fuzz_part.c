/* Parts of DRAM and macros as files: an error names the file in one line; what is read is printed and read again as the
 * same; a device of it opens or says why, and its prices are numbers. */
#include <math.h>

#include "energy/model/dram_part_text.h"
#include "pim/pim_device.h"
#include "tests/fuzz/fuzz.h"

static void table(const char *text)
{
	char err[400] = "";
	struct dram_part p, q;
	struct mw_buf out = {0}, again = {0};
	memset(&p, 0, sizeof(p));
	memset(&q, 0, sizeof(q));
	if (dram_part_read(text, "f", &p, err, sizeof(err)) < 0) {
		fuzz_line(err);
		return;
	}
	dram_part_print(&p, &out);
	FUZZ_CHECK(dram_part_read(mw_buf_text(&out), "f", &q, err, sizeof(err)) == 0);
	dram_part_print(&q, &again);
	FUZZ_CHECK(strcmp(mw_buf_text(&out), mw_buf_text(&again)) == 0);
	mw_buf_fini(&out);
	mw_buf_fini(&again);
}

static void device(const char *name, enum pim_op op, struct pim_type type)
{
	char err[1000] = "", spec[300];
	struct pim_device *dev = NULL;
	struct pim_price price = {.size = sizeof(price), .energy = {.size = sizeof(price.energy)}};
	(void)snprintf(spec, sizeof(spec), "%s:part=%s/f", name, fuzz_folder());
	if (pim_open(spec, &dev, err, sizeof(err)) < 0) {
		FUZZ_CHECK(!dev);
		fuzz_line(err);
		return;
	}
	if (pim_price_of(dev, op, type, &price) == 0) {
		FUZZ_CHECK(price.ps > 0 && price.lanes > 0);
		FUZZ_CHECK(isfinite(price.energy.min_pj) && isfinite(price.energy.typ_pj));
		FUZZ_CHECK(price.energy.min_pj <= price.energy.typ_pj && price.energy.typ_pj <= price.energy.max_pj);
	}
	pim_close(dev);
}

int fuzz_part(const uint8_t *data, size_t n)
{
	char *text = fuzz_text(data, n);
	table(text);
	fuzz_folder_put("f", text, strlen(text));
	device("ambit", PIM_AND, pim_uint(1));
	device("cots", PIM_AND, pim_uint(1));
	device("dimc", PIM_GEMV, pim_int(8));
	fuzz_folder_clear();
	free(text);
	return 0;
}
