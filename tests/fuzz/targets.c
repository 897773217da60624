#include "tests/fuzz/fuzz.h"

#define ROW(name, inputs) {#name, fuzz_##name, inputs},
const struct fuzz_target fuzz_targets[] = {FUZZ_TARGETS(ROW){NULL, NULL, 0}};

void fuzz_complain(const char *file, int line, const char *condition)
{
	(void)fprintf(stderr, "%s:%d: %s\n", file, line, condition);
	fuzz_folder_remove();
}
