/* Computing in off-the-shelf DDR4 chips by ACTIVATE, PRECHARGE, ACTIVATE with violated timings: simultaneous activation
 * of up to 32 rows, majorities and Multi-RowCopy (SiMRA, DSN 2024), NOT and many-input logic across two neighbouring
 * subarrays (FCDRAM, HPCA 2024).
 *
 * Rows. MAJ of X inputs opens a group of N = 4..32 rows: every input is stored N / X times, and Frac makes the N % X
 * rows left over neutral (half charged). Logic of N inputs opens N operand rows in one subarray and N reference rows in
 * the neighbour: N - 1 constants (ones for AND and NAND, zeros for OR and NOR) and a neutral row. The operand rows then
 * hold AND or OR, the reference rows NAND or NOR. Only the bitlines whose sense amplifiers the two subarrays share take
 * part: half of the columns. Multi-RowCopy brings the inputs: one copy into the group, then to 15, 7, 3 or 1 more rows
 * at once. That lowering is this library's own; the papers write inputs from the host.
 *
 * Success. The published rates are means over chips and row groups of the share of cells that are right. SiMRA's public
 * analysis plots cells that were right in all of 1000 random trials, so each kind of operation has one map of bad
 * columns that never changes: a column is bad when its latent value (ambit-emu/fault.h) is beyond the quantile of 1 -
 * rate. A bad column gives the wrong value: in a majority where the rows are not all equal; in a copy or NOT always; in
 * AND and NAND where at most one operand is 0, in OR and NOR where at most one is 1, because the sense amplifier must
 * tell these two charges apart. Copies of constants into reference rows never fail in this model.
 *
 * Violated timings, in ns from ACT to PRE and from PRE to ACT, from the settings of the papers' public artifacts
 * (CMU-SAFARI/SiMRA-DRAM, CMU-SAFARI/FCDRAM; command slots of 1.5 ns): majority 1.5 and 3, Multi-RowCopy 36 and 3,
 * logic 1.5 and 1.5, NOT 46.5 and 3, Frac 1.5. tRAS and tRP after the second ACT and the number of Frac (3 for SiMRA, 5
 * for FCDRAM) also follow the artifacts. No latency is published: every time here is unverified. */
#ifndef AMBIT_COTS_H
#define AMBIT_COTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cots_op { COTS_COPY, COTS_NOT, COTS_AND, COTS_NAND, COTS_OR, COTS_NOR, COTS_MAJ };

#define COTS_MAX_ROWS 32u
#define COTS_MAX_INPUTS 16u

/* Commands; all but Frac (ACT, PRE) are ACT, PRE, ACT, PRE. */
enum cots_kind { COTS_K_COPY, COTS_K_NOT, COTS_K_LOGIC, COTS_K_MAJ, COTS_K_FRAC, COTS_KINDS };

struct cots_rate {
	double success; /* share of right cells, 0..1 */
	bool verified;  /* published for these inputs and rows */
};

/* rows: open in one subarray. COPY: 2, 4, .. 32, the source included; NOT: 2; MAJ: 4, 8, 16, 32; logic: as many as
 * inputs. inputs: MAJ 3, 5, 7, 9; logic 2, 4, 8, 16. Unpublished combinations are unverified: MAJ of 8 or 16 rows is
 * interpolated, logic of fewer than 16 inputs takes the rate of 16. -EOPNOTSUPP: MAJ with no published rates to
 * interpolate; -EINVAL: no such operation. */
int cots_rate(enum cots_op op, unsigned inputs, unsigned rows, struct cots_rate *out);

/* One operation with the commands that bring its inputs and take its result away. */
struct cots_plan {
	enum cots_op op; /* the compute command: COPY, NOT, logic or MAJ */
	unsigned inputs, rows;
	unsigned copies;   /* of every input */
	unsigned constant; /* how many of the last inputs are constant: MAJ as AND or OR */
	bool ones;         /* value of the constant inputs */
	bool complement;   /* a NOT into the neighbour subarray follows (NAND, NOR) */
	uint64_t n[COTS_KINDS];
	bool verified; /* every rate that it uses is published */
};

/* AND, OR, NAND and NOR of two inputs as majorities with a constant (simra) or as logic of two subarrays. */
enum cots_logic { COTS_FCDRAM, COTS_SIMRA };

/* rows: of a majority's group. Errors as cots_rate(); -EOPNOTSUPP also for simra logic of other than two inputs. */
int cots_plan(enum cots_op op, unsigned inputs, unsigned rows, enum cots_logic logic, struct cots_plan *out);
/* Does the result lie in the neighbour of the operands' subarray? */
static inline bool cots_moves(const struct cots_plan *p)
{
	return p->complement || p->op == COTS_NOT || p->op == COTS_NAND || p->op == COTS_NOR;
}
/* Does a command open more than one row of a subarray at once? */
static inline bool cots_opens_many(const struct cots_plan *p)
{
	return p->op != COTS_COPY && p->op != COTS_NOT;
}

struct cots_timing {
	uint64_t tras, trp; /* ps */
};

/* Time of one command, and of a whole plan, in ps. */
uint64_t cots_command_ps(const struct cots_timing *t, enum cots_kind kind);
uint64_t cots_plan_ps(const struct cots_timing *t, const struct cots_plan *p);
/* ACTs of a plan; it has as many PREs. */
uint64_t cots_activations(const struct cots_plan *p);

/* ---- maps ---- */

/* Kinds of maps of bad columns, of one pair of subarrays. */
enum cots_map {
	COTS_M_COPY, /* to 1, 3, 7, 15, 31 rows */
	COTS_M_NOT = COTS_M_COPY + 5,
	COTS_M_COMPUTE,
	COTS_MAPS
};

/* Rate of one map for a plan, and the address that seeds its columns; false: the plan has no such command. */
bool cots_map_of(const struct cots_plan *p, enum cots_map map, struct cots_rate *rate, uint32_t *address);

struct cots_done {
	uint64_t injected; /* bits that a command got wrong */
	uint64_t wrong;    /* bits of the result that differ from the right ones */
};

/* Runs a plan on `words` words of 64 columns, `lanes` of which are counted. map[m]: bad columns, NULL: none fail. src:
 * the inputs that are not constant. dst may be one of them. scratch: cots_scratch() bytes, aligned to 8. Adds to *done.
 */
size_t cots_scratch(size_t words);
void cots_run(const struct cots_plan *p, const uint64_t *const map[COTS_MAPS], const uint64_t *const *src,
	      uint64_t *dst, size_t words, uint64_t lanes, void *scratch, struct cots_done *done);

#endif
