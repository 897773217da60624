/* Device specs: an error names what is wrong in one line; a device's canonical spec opens the same device. */
#include "pim/pim.h"
#include "tests/fuzz/fuzz.h"

int fuzz_spec(const uint8_t *data, size_t n)
{
	char *spec = malloc(n + 1), err[300] = "";
	struct pim_device *dev = NULL, *again = NULL;
	if (!spec)
		return 0;
	memcpy(spec, data, n);
	spec[n] = '\0';
	if (pim_open(spec, &dev, err, sizeof(err)) < 0) {
		FUZZ_CHECK(!dev);
		fuzz_line(err);
	} else {
		FUZZ_CHECK(pim_open(pim_spec(dev), &again, err, sizeof(err)) == 0);
		FUZZ_CHECK(strcmp(pim_spec(dev), pim_spec(again)) == 0);
	}
	pim_close(dev);
	pim_close(again);
	free(spec);
	return 0;
}
