/* Machines that models run on: GPUs, CPU sockets, memory that computes. libc only.
 *
 * Every number has a source. A figure that is not known is NaN, never 0. Peaks are dense, without structured sparsity.
 */
#ifndef MW_MACHINES_H
#define MW_MACHINES_H

#include <stdbool.h>
#include <stddef.h>

enum machine_kind { MACHINE_GPU, MACHINE_CPU, MACHINE_NEAR_MEMORY, MACHINE_DIMC };

/* Number formats that machines multiply. */
enum machine_format {
	MACHINE_FP32,
	MACHINE_FP16,
	MACHINE_BF16,
	MACHINE_FP8,
	MACHINE_INT8,
	MACHINE_INT4,
	MACHINE_FORMATS
};

enum machine_field {
	MACHINE_MEMORY,    /* bytes */
	MACHINE_BANDWIDTH, /* bytes per second that its arithmetic reads from that memory */
	MACHINE_PEAK,      /* operations per second, a multiply-accumulate is two */
	MACHINE_LINK,      /* bytes per second to its neighbours, in one direction */
	MACHINE_POWER,     /* watt, as the maker states it */
	MACHINE_PRICE,     /* USD */
	MACHINE_FIELDS
};

struct machine {
	const char *name;  /* on the command line */
	const char *words; /* as its maker calls it */
	enum machine_kind kind;
	int year;
	double memory, bandwidth, peak[MACHINE_FORMATS], link, power, price; /* units: enum machine_field */
	const char *source;                       /* of all fields that field_source leaves NULL */
	const char *field_source[MACHINE_FIELDS]; /* of one field, or NULL */
	unsigned unverified; /* bit i: enum machine_field i is a claim, or was not checked against a second source */
};

/* The table, ended by name NULL. */
extern const struct machine machine_table[];

/* The machine of that name; NULL when there is none. */
const struct machine *machine_find(const char *name);
const char *machine_kind_name(enum machine_kind kind);
const char *machine_format_name(enum machine_format format);
const char *machine_field_name(enum machine_field field);
/* Where this field's number comes from. */
const char *machine_source(const struct machine *m, enum machine_field field);
bool machine_is_verified(const struct machine *m, enum machine_field field);

/* Operations per second on numbers of that format: its peak in that format, or, where the machine lacks it, in the
 * nearest wider format that it has (int4, int8, fp16, bf16, fp32; fp8, fp16, bf16, fp32). *used is set to the format
 * whose peak was taken; used may be NULL. NaN when there is none. */
double machine_peak(const struct machine *m, enum machine_format format, enum machine_format *used);

#endif
