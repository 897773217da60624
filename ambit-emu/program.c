#include "ambit-emu/program.h"

#include <errno.h>
#include <stdio.h>

#define D(i)                                                                                                           \
	{                                                                                                              \
		AMBIT_D, 0, i                                                                                          \
	}
#define B(i)                                                                                                           \
	{                                                                                                              \
		AMBIT_B, 0, i                                                                                          \
	}
#define C(i)                                                                                                           \
	{                                                                                                              \
		AMBIT_C, 0, i                                                                                          \
	}
#define AAP(x, y)                                                                                                      \
	{                                                                                                              \
		AMBIT_AAP, x, y                                                                                        \
	}
#define AP(x)                                                                                                          \
	{                                                                                                              \
		AMBIT_AP, x, D(0)                                                                                      \
	}

/* Ambit's B addresses; wordlines as in CMU-SAFARI/MIMDRAM@49549f9 microworkloads/mimdram.h. */
static const struct ambit_wordlines b_map[AMBIT_B_ADDRESSES] = {
	{1, {{AMBIT_T0, 0}}},
	{1, {{AMBIT_T1, 0}}},
	{1, {{AMBIT_T2, 0}}},
	{1, {{AMBIT_T3, 0}}},
	{1, {{AMBIT_DCC0, 0}}},
	{1, {{AMBIT_DCC0, 1}}},
	{1, {{AMBIT_DCC1, 0}}},
	{1, {{AMBIT_DCC1, 1}}},
	{2, {{AMBIT_DCC0, 1}, {AMBIT_T0, 0}}},
	{2, {{AMBIT_DCC1, 1}, {AMBIT_T1, 0}}},
	{2, {{AMBIT_T2, 0}, {AMBIT_T3, 0}}},
	{2, {{AMBIT_T0, 0}, {AMBIT_T3, 0}}},
	{3, {{AMBIT_T0, 0}, {AMBIT_T1, 0}, {AMBIT_T2, 0}}},
	{3, {{AMBIT_T1, 0}, {AMBIT_T2, 0}, {AMBIT_T3, 0}}},
	{3, {{AMBIT_DCC0, 0}, {AMBIT_T1, 0}, {AMBIT_T2, 0}}},
	{3, {{AMBIT_DCC1, 0}, {AMBIT_T0, 0}, {AMBIT_T3, 0}}},
};

/* and, or, not, xor: CMU-SAFARI/MIMDRAM@49549f9 gem5/src/mem/dram_ctrl.cc; nand, nor, xnor and maj are derived from
 * them. */
static const struct ambit_command not_cmd[] = {AAP(D(0), B(5)), AAP(B(4), D(1))};
static const struct ambit_command and_cmd[] = {AAP(D(0), B(0)), AAP(D(1), B(1)), AAP(C(0), B(2)), AAP(B(12), D(2))};
static const struct ambit_command or_cmd[] = {AAP(D(0), B(0)), AAP(D(1), B(1)), AAP(C(1), B(2)), AAP(B(12), D(2))};
static const struct ambit_command nand_cmd[] = {AAP(D(0), B(0)), AAP(D(1), B(1)), AAP(C(0), B(2)), AAP(B(12), B(5)),
						AAP(B(4), D(2))};
static const struct ambit_command nor_cmd[] = {AAP(D(0), B(0)), AAP(D(1), B(1)), AAP(C(1), B(2)), AAP(B(12), B(5)),
					       AAP(B(4), D(2))};
static const struct ambit_command xor_cmd[] = {AAP(D(0), B(8)), AAP(D(1), B(9)), AAP(C(0), B(10)), AP(B(14)),
					       AP(B(15)),       AAP(C(1), B(2)), AAP(B(12), D(2))};
static const struct ambit_command xnor_cmd[] = {AAP(D(0), B(8)), AAP(D(1), B(9)), AAP(C(1), B(10)), AP(B(14)),
						AP(B(15)),       AAP(C(0), B(2)), AAP(B(12), D(2))};
static const struct ambit_command maj_cmd[] = {AAP(D(0), B(0)), AAP(D(1), B(1)), AAP(D(2), B(2)), AAP(B(12), D(3))};
static const struct ambit_command copy_cmd[] = {AAP(D(0), D(1))};
static const struct ambit_command zero_cmd[] = {AAP(C(0), D(0))};
static const struct ambit_command one_cmd[] = {AAP(C(1), D(0))};

#define PROGRAM(op, in)                                                                                                \
	{                                                                                                              \
		.name = #op, .cmd = op##_cmd, .n = sizeof(op##_cmd) / sizeof(op##_cmd[0]), .inputs = (in),             \
		.rows = (in) + 1, .outputs = 1                                                                         \
	}

static const struct ambit_program bulk[AMBIT_BULK_COUNT] = {
	[AMBIT_NOT] = PROGRAM(not, 1),   [AMBIT_AND] = PROGRAM(and, 2), [AMBIT_OR] = PROGRAM(or, 2),
	[AMBIT_NAND] = PROGRAM(nand, 2), [AMBIT_NOR] = PROGRAM(nor, 2), [AMBIT_XOR] = PROGRAM(xor, 2),
	[AMBIT_XNOR] = PROGRAM(xnor, 2), [AMBIT_MAJ] = PROGRAM(maj, 3), [AMBIT_COPY] = PROGRAM(copy, 1),
	[AMBIT_ZERO] = PROGRAM(zero, 0), [AMBIT_ONE] = PROGRAM(one, 0),
};

const struct ambit_program *ambit_bulk_program(enum ambit_bulk op)
{
	return (unsigned)op < AMBIT_BULK_COUNT ? &bulk[op] : NULL;
}

int ambit_decode(struct ambit_address a, struct ambit_wordlines *out)
{
	switch (a.group) {
	case AMBIT_B:
		if (a.index >= AMBIT_B_ADDRESSES)
			return -EINVAL;
		*out = b_map[a.index];
		return 0;
	case AMBIT_C:
		if (a.index > 1)
			return -EINVAL;
		*out = (struct ambit_wordlines){1, {{(uint16_t)(AMBIT_C0 + a.index), false}}};
		return 0;
	case AMBIT_D:
		if (a.index > UINT16_MAX - AMBIT_FIRST_D)
			return -EINVAL;
		*out = (struct ambit_wordlines){1, {{(uint16_t)(AMBIT_FIRST_D + a.index), false}}};
		return 0;
	default:
		return -EINVAL;
	}
}

void ambit_program_counts(const struct ambit_program *p, struct ambit_counts *out)
{
	*out = (struct ambit_counts){0};
	for (size_t i = 0; i < p->n; i++) {
		struct ambit_wordlines w = {0};
		(void)ambit_decode(p->cmd[i].a, &w);
		out->extra_first += w.count - 1;
		if (p->cmd[i].kind == AMBIT_AP) {
			out->ap++;
			continue;
		}
		out->aap++;
		(void)ambit_decode(p->cmd[i].b, &w);
		out->extra_second += w.count - 1;
	}
}

int ambit_program_print(const struct ambit_program *p, char *out, size_t n)
{
	static const char group[] = {[AMBIT_D] = 'D', [AMBIT_B] = 'B', [AMBIT_C] = 'C'};
	size_t len = 0;
	if (n)
		out[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		const struct ambit_command *c = &p->cmd[i];
		size_t room = len < n ? n - len : 0;
		char *at = room ? out + len : NULL;
		const char *sep = i ? ";" : "";
		int k = c->kind == AMBIT_AAP ? snprintf(at, room, "%sAAP(%c%u,%c%u)", sep, group[c->a.group % 3],
							c->a.index, group[c->b.group % 3], c->b.index)
					     : snprintf(at, room, "%sAP(%c%u)", sep, group[c->a.group % 3], c->a.index);
		len += (size_t)k;
	}
	return (int)len;
}
