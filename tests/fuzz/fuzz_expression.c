#include "tests/fuzz/circuit.h"

/* Expressions; what begins with a digit or '-' is a truth table. */
int fuzz_expression(const uint8_t *data, size_t n)
{
	bool table = n && (data[0] == '-' || (data[0] >= '0' && data[0] <= '9'));
	fuzz_circuit(table ? circuit_parse_table : circuit_parse_expression, data, n);
	return 0;
}
