#include <criterion/criterion.h>

#include <dirent.h>

#include "tests/fuzz/fuzz.h"

static uint8_t *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	cr_assert_not_null(f, "%s", path);
	uint8_t *data = malloc(1 << 20);
	*n = fread(data, 1, 1 << 20, f);
	cr_assert_eq(fclose(f), 0);
	return data;
}

/* Every file of a target's corpus: first inputs, and what once ended the process. */
static void replay(const char *name, int (*target)(const uint8_t *, size_t), unsigned least)
{
	char folder[64], path[400];
	unsigned files = 0;
	(void)snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", name);
	DIR *d = opendir(folder);
	cr_assert_not_null(d, "%s", folder);
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		size_t n;
		uint8_t *data = read_file(path, &n);
		/* Memory of exactly that length: what reads beyond it is seen. */
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, data, n);
		cr_assert_eq(target(exact, n), 0, "%s", path);
		free(exact);
		free(data);
		files++;
	}
	cr_assert_eq(closedir(d), 0);
	cr_assert_geq(files, least, "%s holds %u files", folder, files);
}

Test(corpus, micro_programs)
{
	replay("program", fuzz_program, 8);
}

Test(corpus, device_specs)
{
	replay("spec", fuzz_spec, 8);
}

Test(corpus, expressions)
{
	replay("expression", fuzz_expression, 8);
}

Test(corpus, blif)
{
	replay("blif", fuzz_blif, 6);
}

Test(corpus, aiger)
{
	replay("aiger", fuzz_aiger, 6);
}
