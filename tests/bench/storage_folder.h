/* A folder and a file for the tests of the storage benchmark. */
#ifndef MW_TESTS_BENCH_STORAGE_FOLDER_H
#define MW_TESTS_BENCH_STORAGE_FOLDER_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/storage_io.h"

#define MIB (1u << 20)

static char test_folder[64];

/* A folder of our own on storage: the benchmark refuses memory file systems. */
static inline const char *folder(void)
{
	static const char *const usual[] = {"/var/tmp", "/tmp", "build", "."};
	char *own = test_folder;
	char why[200] = "";
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && !own[0]; i++) {
		if (storage_check_dir(usual[i], 4 * MIB, why, sizeof(why)) < 0)
			continue;
		(void)snprintf(own, sizeof(test_folder), "%s/memwall-test-XXXXXX", usual[i]);
		cr_assert(mkdtemp(own), "%s", own);
	}
	if (!own[0])
		cr_skip_test("no folder on storage: %s", why);
	return own;
}

/* Files have no name: the folder must be empty. */
static inline void remove_folder(void)
{
	cr_assert_eq(rmdir(folder()), 0, "something was left in %s", folder());
	test_folder[0] = '\0';
}

static const struct storage_limit forever = {0};

#endif
