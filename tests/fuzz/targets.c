#include "tests/fuzz/fuzz.h"

#define ROW(name, inputs) {#name, fuzz_##name, inputs},
const struct fuzz_target fuzz_targets[] = {FUZZ_TARGETS(ROW){NULL, NULL, 0}};
