#include "bench/model/costs.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define OF_THE_DEVICE ((double)NAN), 1e-9, 1e24, "table of devices"

/* clang-format off */
const struct constant_row constant_table[CONSTANT_COUNT] = {
	[C_MEMORY] = {"memory", "byte", OF_THE_DEVICE, "memory of a device"},
	[C_BANDWIDTH] = {"bandwidth", "byte/s", OF_THE_DEVICE, "bandwidth of that memory"},
	[C_PEAK] = {"peak", "op/s", OF_THE_DEVICE, "operations per second of a device"},
	[C_LINK] = {"link", "byte/s", OF_THE_DEVICE, "link between devices, in one direction"},
	[C_POWER] = {"power", "W", OF_THE_DEVICE, "power of a device"},
	[C_PRICE] = {"price", "USD", OF_THE_DEVICE, "price of a device"},
	[C_MEMORY_SHARE] = {"memory_share", "ratio", 1, 1e-6, 1, "assumed: all of it, as in 320 x 80 GB",
			    "share of a device's memory that the model may take"},
	[C_COMPUTE_SHARE] = {"compute_share", "ratio", 1, 1e-6, 1, "assumed: the roof",
			     "share of the peak that serving reaches where arithmetic binds"},
	[C_BANDWIDTH_SHARE] = {"bandwidth_share", "ratio", 1, 1e-6, 1, "assumed: the roof",
			       "share of the bandwidth that serving reaches where memory binds"},
	[C_LINK_SHARE] = {"link_share", "ratio", 1, 1e-6, 1, "assumed: the roof", "share of the link that is reached"},
	[C_LINK_LATENCY] = {"link_latency", "s", 2e-6, 0, 1, "assumed", "latency of a message"},
	[C_NODE] = {"node", "devices", 8, 1, 1e6, "assumed: 8 as in an HGX board",
		    "most ways that a layer is split without --tp"},
	[C_TRAINING_SHARE] = {"training_share", "ratio", 0.4, 1e-6, 1,
			      "assumed; PaLM 0.462, GPT-3 0.213 (Chowdhery et al. 2022, arXiv:2204.02311, Table 3)",
			      "share of the peak that training reaches"},
	[C_TOKENS_PER_PARAMETER] = {"tokens_per_parameter", "ratio", 20, 1e-9, 1e12,
				    "Hoffmann et al. 2022, arXiv:2203.15556", "training tokens for each parameter"},
	[C_YEARS] = {"years", "years", 4, 1e-3, 100, "assumed", "life of a device"},
	[C_BUSY] = {"busy", "ratio", 0.7, 1e-6, 1, "assumed", "share of its life that a device works"},
	[C_ELECTRICITY] = {"electricity", "USD/kWh", 0.1, 0, 1000, "assumed", "price of electricity"},
	[C_PUE] = {"pue", "ratio", 1.58, 1, 100, "Uptime Institute survey of 2023, as reported by upsite.com",
		   "power of the building over that of its machines"},
	[C_POWER_SHARE] = {"power_share", "ratio", 1, 1e-6, 10, "assumed: all of it",
			   "share of its power that a working device draws"},
	[C_SERVED_TOKENS] = {"served_tokens", "tokens", 1e13, 0, 1e30, "assumed",
			     "tokens generated in the life of the model"},
	[C_PJ_PER_BYTE] = {"pj_per_byte", "pJ/byte", 31.36, 0, 1e9,
			   "HBM2, 3.92 pJ/bit: O'Connor et al., MICRO 2017, through isaacyhe/PIMID",
			   "energy of a byte of memory traffic"},
	[C_PJ_PER_FLOP] = {"pj_per_flop", "pJ/FLOP", 0.75, 0, 1e9,
			   "half of fp16 add 0.4 and multiply 1.1 pJ, 45 nm: Horowitz, ISSCC 2014, public copies",
			   "energy of a floating-point operation"},
};
/* clang-format on */

int constant_find(const char *key)
{
	for (int i = 0; i < CONSTANT_COUNT; i++)
		if (strcmp(constant_table[i].key, key) == 0)
			return i;
	return -1;
}

void constants_init(struct constants *c)
{
	c->user = 0;
	for (int i = 0; i < CONSTANT_COUNT; i++)
		c->value[i] = constant_table[i].value;
}

int constants_set(struct constants *c, enum constant which, double value)
{
	const struct constant_row *row = &constant_table[which];
	if (!(value >= row->min) || !(value <= row->max))
		return -ERANGE;
	c->value[which] = value;
	c->user |= 1U << which;
	return 0;
}

double cost_watts(const struct constants *c, double power)
{
	return power * c->value[C_POWER_SHARE] * c->value[C_PUE];
}

double cost_per_second(const struct constants *c, double price, double power)
{
	const double year_s = 365.25 * 86400, kwh_j = 3.6e6;
	return price / (c->value[C_YEARS] * year_s * c->value[C_BUSY]) +
	       cost_watts(c, power) / kwh_j * c->value[C_ELECTRICITY];
}

double cost_serving_share(double training, double tokens, double per_token)
{
	const double serving = tokens * per_token;
	return serving / (training + serving);
}

double cost_tokens_for_share(double training, double share, double per_token)
{
	return share / (1 - share) * training / per_token;
}
