#include "tests/fuzz/circuit.h"

int fuzz_aiger(const uint8_t *data, size_t n)
{
	fuzz_circuit(circuit_parse_aiger, data, n);
	return 0;
}
