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

static const struct fuzz_target *find(const char *name)
{
	for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	cr_assert_fail("no target %s", name);
	return NULL;
}

/* Every file of a target's corpus: first inputs, and what once ended the process. */
static void replay(const char *name)
{
	const struct fuzz_target *target = find(name);
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
		cr_assert_eq(target->run(exact, n), 0, "%s", path);
		free(exact);
		free(data);
		files++;
	}
	cr_assert_eq(closedir(d), 0);
	cr_assert_geq(files, target->inputs, "%s holds %u files", folder, files);
	fuzz_folder_remove();
}

Test(corpus, micro_programs)
{
	replay("program");
}

Test(corpus, device_specs)
{
	replay("spec");
}

Test(corpus, expressions)
{
	replay("expression");
}

Test(corpus, blif)
{
	replay("blif");
}

Test(corpus, aiger)
{
	replay("aiger");
}

Test(corpus, results)
{
	replay("results");
}

Test(corpus, journal)
{
	replay("journal");
}

Test(corpus, options)
{
	replay("options");
}

Test(corpus, numbers)
{
	replay("number");
}

Test(corpus, figures)
{
	replay("figure");
}

Test(corpus, svg)
{
	replay("svg");
}

Test(corpus, topology)
{
	replay("topology");
}

Test(corpus, meters)
{
	replay("meters");
}

Test(corpus, dmi)
{
	replay("dmi");
}

Test(corpus, csv)
{
	replay("csv");
}

Test(corpus, parts)
{
	replay("part");
}
