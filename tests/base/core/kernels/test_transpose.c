/* Compares transposition by every path, container and width with a loop over single bits. */
#include <criterion/criterion.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/transpose.h"
#include "base/core/stats.h"

enum { GUARD = 64, FILL = 0xa5 };

/* Planes in one block, a guard on each side of each. */
struct planes {
	char *p[64];
	char *block;
	size_t bytes, step;
};

static void planes_make(struct planes *s, size_t n)
{
	s->bytes = n / 8;
	s->step = s->bytes + GUARD;
	s->block = aligned_alloc(64, 64 * s->step + GUARD);
	cr_assert(s->block);
	memset(s->block, FILL, 64 * s->step + GUARD);
	for (unsigned j = 0; j < 64; j++)
		s->p[j] = s->block + GUARD + j * s->step;
}

static bool filled(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] != FILL)
			return false;
	return true;
}

static uint64_t container(const char *lanes, size_t unit, size_t i)
{
	uint64_t v = 0;
	for (size_t b = 0; b < unit; b++)
		v |= (uint64_t)(unsigned char)lanes[i * unit + b] << (8 * b);
	return v;
}

static void one(const struct mw_transpose *t, bool nt, size_t unit, unsigned bits, size_t n, uint64_t seed)
{
	struct planes out;
	planes_make(&out, n);
	char *room = aligned_alloc(64, n * unit + 2 * GUARD), *back_room = aligned_alloc(64, n * unit + 2 * GUARD);
	cr_assert(room && back_room);
	char *lanes = room + GUARD, *back = back_room + GUARD;
	for (size_t i = 0; i < n * unit; i++)
		lanes[i] = (char)mw_random(&seed);
	(nt ? t->to_planes_nt : t->to_planes)(lanes, unit, bits, n, out.p);
	for (unsigned j = 0; j < bits; j++)
		for (size_t i = 0; i < n; i++) {
			unsigned got = (unsigned)(unsigned char)out.p[j][i / 8] >> (i % 8) & 1u;
			if (got != (container(lanes, unit, i) >> j & 1u))
				cr_assert_fail("%s nt %d: unit %zu, %u bits, %zu lanes: plane %u, lane %zu", t->name,
					       nt, unit, bits, n, j, i);
		}
	for (unsigned j = 0; j < 64; j++) {
		cr_assert(filled(out.p[j] - GUARD, GUARD), "%s unit %zu bits %u: before plane %u", t->name, unit, bits,
			  j);
		cr_assert(j < bits || filled(out.p[j], out.bytes), "%s unit %zu bits %u: wrote plane %u", t->name, unit,
			  bits, j);
	}
	cr_assert(filled(out.block + 64 * out.step, GUARD), "%s: behind the last plane", t->name);

	memset(back_room, FILL, n * unit + 2 * GUARD);
	const char *in[64];
	for (unsigned j = 0; j < 64; j++)
		in[j] = j < bits ? out.p[j] : NULL; /* must not be read */
	(nt ? t->from_planes_nt : t->from_planes)(back, unit, bits, n, in);
	uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	for (size_t i = 0; i < n; i++)
		if (container(back, unit, i) != (container(lanes, unit, i) & mask))
			cr_assert_fail("%s nt %d: unit %zu, %u bits, %zu lanes: lane %zu back", t->name, nt, unit, bits,
				       n, i);
	cr_assert(filled(back_room, GUARD) && filled(back + n * unit, GUARD), "%s unit %zu bits %u: wrote around lanes",
		  t->name, unit, bits);
	free(out.block);
	free(room);
	free(back_room);
}

Test(kernels_transpose, every_path_container_and_width)
{
	unsigned paths = 0;
	for (const struct mw_transpose *t = mw_transpose_paths; t->name; t++) {
		if (!mw_transpose_usable(t))
			continue;
		paths++;
		for (size_t unit = 1; unit <= 8; unit *= 2)
			for (unsigned bits = 1; bits <= 8 * unit; bits++)
				for (unsigned nt = 0; nt < 2; nt++)
					one(t, nt, unit, bits, MW_TRANSPOSE_LANES * (1 + bits % 3), bits * 977 + unit);
	}
	cr_assert(paths >= 1);
	cr_assert_str_eq(mw_transpose_paths[0].name, "portable");
	cr_assert(mw_transpose_usable(&mw_transpose_paths[0]));
}

/* More lanes than a tile of any path; ordinary and non-temporal stores agree with the portable path. */
Test(kernels_transpose, paths_agree)
{
	const size_t n = 8 * MW_TRANSPOSE_LANES * 9;
	for (size_t unit = 1; unit <= 8; unit *= 2) {
		uint64_t seed = unit;
		char *lanes = aligned_alloc(64, n * unit),
		     *back[2] = {aligned_alloc(64, n * unit), aligned_alloc(64, n * unit)};
		struct planes out[2];
		for (size_t i = 0; i < n * unit; i += 8) {
			uint64_t v = mw_random(&seed);
			memcpy(lanes + i, &v, 8);
		}
		planes_make(&out[0], n);
		unsigned bits = 8 * (unsigned)unit - (unsigned)unit % 3;
		mw_transpose_paths[0].to_planes(lanes, unit, bits, n, out[0].p);
		mw_transpose_paths[0].from_planes(back[0], unit, bits, n, (const char *const *)out[0].p);
		for (const struct mw_transpose *t = mw_transpose_paths; t->name; t++)
			for (unsigned nt = 0; nt < 2 && mw_transpose_usable(t); nt++) {
				planes_make(&out[1], n);
				(nt ? t->to_planes_nt : t->to_planes)(lanes, unit, bits, n, out[1].p);
				cr_assert_eq(memcmp(out[0].block, out[1].block, 64 * out[0].step + GUARD), 0,
					     "%s nt %u unit %zu", t->name, nt, unit);
				(nt ? t->from_planes_nt : t->from_planes)(back[1], unit, bits, n,
									  (const char *const *)out[1].p);
				cr_assert_eq(memcmp(back[0], back[1], n * unit), 0, "%s nt %u unit %zu back", t->name,
					     nt, unit);
				free(out[1].block);
			}
		free(out[0].block);
		free(lanes);
		free(back[0]);
		free(back[1]);
	}
}

Test(kernels_transpose, override)
{
	setenv("MEMWALL_ISA", "portable", 1);
	cr_assert_str_eq(mw_transpose_best()->name, "portable");
	unsetenv("MEMWALL_ISA");
	const struct mw_transpose *best = mw_transpose_best();
	cr_assert(mw_transpose_usable(best) && best->isa == mw_isa_best());
	for (const struct mw_transpose *t = best + 1; t->name; t++)
		cr_assert_not(mw_transpose_usable(t), "%s is later and usable", t->name);
}
