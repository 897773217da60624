#include "bench/model/precision.h"

#include <string.h>

/* Microscaling (MX) formats: Open Compute Project, "OCP Microscaling Formats (MX) Specification", version 1.0, 2023:
 * blocks of 32 values share one scale of 8 bits, 8/32 = 0.25 bit for each value. */
static const struct precision formats[] = {
	{"f32", 32, "IEEE 754 binary32"},
	{"bf16", 16, "bfloat16: the upper half of binary32"},
	{"f16", 16, "IEEE 754 binary16"},
	{"fp8", 8, "8-bit floating point (E4M3 or E5M2), scales not counted"},
	{"int8", 8, "8-bit integers, scales not counted"},
	{"int4", 4, "4-bit integers, scales not counted"},
	{"mxint8", 8.25, "MXINT8 of the OCP MX specification 1.0: 8-bit integers, one 8-bit scale for 32 values"},
	{"mxint4", 4.25, "4-bit integers scaled as MXINT8 is; not a format of the OCP MX specification 1.0"},
};

const struct precision *precision_at(size_t i)
{
	return i < sizeof(formats) / sizeof(formats[0]) ? &formats[i] : NULL;
}

const struct precision *precision_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const char *precision_name(size_t i)
{
	const struct precision *p = precision_at(i);
	return p ? p->name : NULL;
}
