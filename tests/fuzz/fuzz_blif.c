#include "tests/fuzz/circuit.h"

int fuzz_blif(const uint8_t *data, size_t n)
{
	fuzz_circuit(circuit_parse_blif, data, n);
	return 0;
}
