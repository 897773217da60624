/* Shared by the fuzz targets of the three circuit languages: compiles small circuits and compares them with the input.
 */
#ifndef TEST_FUZZ_CIRCUIT_H
#define TEST_FUZZ_CIRCUIT_H

#include "ambit-emu/compile.h"
#include "tests/fuzz/fuzz.h"

enum { FUZZ_NODES = 60, FUZZ_PORTS = 10 };

static inline void fuzz_circuit(int (*read)(struct ambit_circuit *, const char *, size_t, char *, size_t),
				const uint8_t *data, size_t n)
{
	struct ambit_circuit c;
	struct ambit_builder b = {0};
	struct ambit_equivalence e;
	struct mig_size size;
	char err[250] = "";
	if (read(&c, (const char *)data, n, err, sizeof(err)) < 0) {
		fuzz_line(err);
		circuit_free(&c);
		return;
	}
	FUZZ_CHECK(c.outputs.n > 0);
	FUZZ_CHECK(mig_measure(&c.g, c.out, c.outputs.n, &size) == 0);
	if (size.nodes <= FUZZ_NODES && c.inputs.n <= FUZZ_PORTS && c.outputs.n <= FUZZ_PORTS) {
		FUZZ_CHECK(ambit_compile(&c, AMBIT_QUICK, &b, NULL) == 0);
		FUZZ_CHECK(ambit_equivalent(&c, &b.p, 3, &e) == 0);
		FUZZ_CHECK(e.exhaustive && e.wrong == 0);
		ambit_builder_free(&b);
	}
	circuit_free(&c);
}

#endif
