/* Both engines of device ambit with their slices on a team of threads, under TSan: no slice may touch what another
 * writes. Exit 0 when results equal plain C and costs equal those of one thread. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys/team.h"
#include "pim/pim.h"

enum { MEMBERS = 3, SLICES = 7, BYTES = 600 * 1024 + 5 };

struct slices {
	void (*fn)(void *arg, size_t i);
	void *arg;
	size_t n;
};

static void member(void *arg, int rank, int members)
{
	const struct slices *s = arg;
	for (size_t i = (size_t)rank; i < s->n; i += (size_t)members)
		s->fn(s->arg, i);
}

static void on_team(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	struct slices s = {fn, arg, n};
	(void)mw_team_run(ctx, MEMBERS, member, &s);
}

static int run(const char *spec, struct mw_team *team, uint64_t *aap)
{
	static unsigned char in[2][BYTES], out[BYTES];
	struct pim_executor ex = {sizeof(ex), SLICES, on_team, team};
	struct pim_device *dev;
	struct pim_vector *v[3];
	struct pim_cost *cost;
	int wrong = 0;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i / BYTES][i % BYTES] = (unsigned char)(i * 2654435761u >> 11);
	if (pim_open(spec, &dev, NULL, 0) < 0)
		return 1;
	if (team)
		wrong |= pim_set_executor(dev, &ex);
	for (int i = 0; i < 3; i++)
		wrong |= pim_alloc(dev, pim_uint(1), 8 * (uint64_t)BYTES, &v[i]);
	wrong |= pim_write(v[0], in[0], BYTES) | pim_write(v[1], in[1], BYTES) | pim_cost_begin(dev, &cost);
	for (int round = 0; round < 20 && !wrong; round++) {
		wrong |= pim_xor(v[2], v[0], v[1]) | pim_nand(v[1], v[2], v[0]) | pim_read(v[2], out, BYTES);
		for (size_t i = 0; i < BYTES; i++) {
			wrong |= out[i] != (in[0][i] ^ in[1][i]);
			in[1][i] = (unsigned char)~(out[i] & in[0][i]);
		}
	}
	wrong |= pim_cost_count(cost, PIM_AAP, aap);
	pim_close(dev);
	return wrong;
}

/* Wide lanes: transposed, added, compared and reduced in slices. */
static int run_wide(const char *spec, struct mw_team *team, uint64_t *aap)
{
	enum { LANES = 300 * 1024 + 5 };
	static uint16_t in[2][LANES], out[LANES];
	static unsigned char less[(LANES + 7) / 8];
	struct pim_executor ex = {sizeof(ex), SLICES, on_team, team};
	struct pim_device *dev;
	struct pim_vector *v[4];
	struct pim_cost *cost;
	uint64_t sum = 0, expected = 0;
	int wrong = 0;
	for (unsigned i = 0; i < 2 * LANES; i++)
		in[i / LANES][i % LANES] = (uint16_t)(i * 2654435761u >> 13) & 0x1fff;
	if (pim_open(spec, &dev, NULL, 0) < 0)
		return 1;
	if (team)
		wrong |= pim_set_executor(dev, &ex);
	for (int i = 0; i < 4; i++)
		wrong |= pim_alloc(dev, pim_uint(i < 3 ? 13 : 1), LANES, &v[i]);
	wrong |= pim_cost_begin(dev, &cost);
	wrong |= pim_write(v[0], in[0], sizeof(in[0])) | pim_write(v[1], in[1], sizeof(in[1]));
	for (int round = 0; round < 3 && !wrong; round++) {
		wrong |= pim_add(v[2], v[0], v[1]) | pim_lt(v[3], v[0], v[1]) | pim_if_else(v[1], v[3], v[2], v[1]);
		wrong |= pim_read(v[2], out, sizeof(out)) | pim_read(v[3], less, sizeof(less));
		wrong |= pim_reduce(PIM_SUM_LANES, v[2], &sum);
		for (size_t i = expected = 0; i < LANES; i++) {
			bool lt = in[0][i] < in[1][i];
			wrong |= out[i] != ((in[0][i] + in[1][i]) & 0x1fff) || (less[i / 8] >> i % 8 & 1) != lt;
			in[1][i] = lt ? out[i] : in[1][i];
			expected += out[i];
		}
		wrong |= sum != expected;
	}
	wrong |= pim_cost_count(cost, PIM_AAP, aap);
	pim_close(dev);
	return wrong;
}

int main(void)
{
	static const char *const specs[] = {"ambit:engine=exact", "ambit:engine=fused"};
	int cpus[MEMBERS] = {0}, failures = 0;
	uint64_t alone = 0, together = 1;
	char err[160];
	struct mw_team *team;
	if (mw_team_create(cpus, MEMBERS, &team, err, sizeof(err)) < 0) {
		(void)fprintf(stderr, "%s\n", err);
		return 1;
	}
	for (int i = 0; i < 2; i++) {
		failures +=
			run(specs[i], NULL, &alone) != 0 || run(specs[i], team, &together) != 0 || alone != together;
		failures += run_wide(specs[i], NULL, &alone) != 0 || run_wide(specs[i], team, &together) != 0 ||
			    alone != together;
	}
	mw_team_destroy(team);
	(void)printf("pim_slices: %d failures\n", failures);
	return failures != 0;
}
