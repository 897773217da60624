/* The functions that libFuzzer calls. One program holds every target: build/fuzz/fuzz-NAME are names of it. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);
size_t fuzz_mutate_json(uint8_t *data, size_t n, size_t most, unsigned seed);

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *dash = strrchr((*argv)[0], '-');
	(void)argc;
	for (const struct fuzz_target *t = fuzz_targets; dash && t->name; t++)
		if (strcmp(t->name, dash + 1) == 0)
			target = t;
	if (!target) {
		(void)fprintf(stderr, "%s: expected a name that ends in -TARGET\n", (*argv)[0]);
		exit(2);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return target->run(data, n);
}

/* Bytes of JSON changed at random are seldom JSON. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
	bool json = strcmp(target->name, "results") == 0 || strcmp(target->name, "journal") == 0;
	size_t changed = json && seed % 4 ? fuzz_mutate_json(data, n, most, seed / 4) : 0;
	return changed ? changed : LLVMFuzzerMutate(data, n, most);
}
