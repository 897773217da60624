/* What a fuzzer calls: any bytes; returns 0, ends the process where something is wrong. Each target is one file,
 * fuzz_NAME.c, with its first inputs in corpus/NAME; `make fuzz` links each with libFuzzer, the unit tests replay the
 * inputs. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fuzz_program(const uint8_t *data, size_t n);
int fuzz_spec(const uint8_t *data, size_t n);
int fuzz_expression(const uint8_t *data, size_t n);
int fuzz_blif(const uint8_t *data, size_t n);
int fuzz_aiger(const uint8_t *data, size_t n);

#define FUZZ_CHECK(condition)                                                                                          \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* A failure is one printable line. */
static inline void fuzz_line(const char *err)
{
	FUZZ_CHECK(*err);
	for (; *err; err++)
		FUZZ_CHECK(*err >= ' ' && *err <= '~');
}

#endif
