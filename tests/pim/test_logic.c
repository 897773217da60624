/* Functions of three bits on every instruction set, and the fused engine's plans made of them. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "ambit-emu/circuit.h"
#include "pim/core.h"
#include "pim/logic.h"
#include "pim/program_fused.h"
#include "tests/pim/lanes.h"

enum { BYTES = 64 * 9 };

static void random_bytes(void *p, size_t n, uint64_t *r)
{
	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = (unsigned char)(oracle_random(r) >> 20);
}

/* Bit by bit. */
static unsigned char value(unsigned f, unsigned a, unsigned b, unsigned c)
{
	unsigned v = 0;
	for (unsigned k = 0; k < 8; k++)
		v |= (f >> ((a >> k & 1) + 2 * (b >> k & 1) + 4 * (c >> k & 1)) & 1) << k;
	return (unsigned char)v;
}

Test(pim_logic, every_function_on_every_instruction_set)
{
	static _Alignas(64) unsigned char in[3][BYTES], out[BYTES + 64];
	uint64_t r = 31;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++)
		for (unsigned f = 0; f < LOGIC_FUNCTIONS && logic_table((enum mw_isa)isa); f++)
			for (int in_place = -1; in_place < 3; in_place++) {
				size_t bytes = 64 * (1 + oracle_random(&r) % (BYTES / 64));
				random_bytes(in, sizeof(in), &r);
				unsigned char want[BYTES];
				for (size_t i = 0; i < bytes; i++)
					want[i] = value(f, in[0][i], in[1][i], in[2][i]);
				unsigned char *dst = in_place < 0 ? out : in[in_place];
				memset(out, 0x5a, sizeof(out));
				const void *const src[3] = {in[0], in[1], in[2]};
				logic_table((enum mw_isa)isa)->fn[f](dst, src, bytes);
				cr_assert(memcmp(dst, want, bytes) == 0, "%s: function %02x",
					  mw_isa_name((enum mw_isa)isa), f);
				cr_assert(in_place >= 0 || out[bytes] == 0x5a);
			}
}

Test(pim_logic, results_larger_than_the_cache_are_the_same)
{
	static _Alignas(64) unsigned char in[3][BYTES], out[BYTES];
	struct pim_device *dev;
	uint64_t r = 77;
	cr_assert_eq(pim_open("host", &dev, NULL, 0), 0);
	struct pim_call call = {dev};
	random_bytes(in, sizeof(in), &r);
	const void *const src[3] = {in[0], in[1], in[2]};
	for (unsigned f = 0; f < LOGIC_FUNCTIONS; f++) {
		logic_run(&call, f, out, src, BYTES, 1);
		for (size_t i = 0; i < BYTES; i++)
			cr_assert_eq(out[i], value(f, in[0][i], in[1][i], in[2][i]), "function %02x", f);
	}
	pim_close(dev);
}

/* ---- programs ---- */

/* A circuit and its plan; the search for commands is left out. */
struct planned {
	struct ambit_circuit c;
	struct fused_plan plan;
};

static int plan(const char *text, struct planned *p, char *err, size_t n)
{
	struct mig_net net = {0};
	int rc = circuit_parse_expression(&p->c, text, strlen(text), err, n);
	if (rc == 0)
		rc = mig_net_copy(&net, &p->c.g, p->c.in, p->c.inputs.n, p->c.out, p->c.outputs.n);
	if (rc == 0)
		rc = fused_plan(&net, &p->plan);
	mig_net_free(&net);
	return rc;
}

static void drop(struct planned *p)
{
	fused_free(&p->plan);
	circuit_free(&p->c);
}

/* A program makes no more passes than the operations that it is written with. */
Test(pim_logic, a_program_takes_no_more_steps_than_operations)
{
	static const struct {
		const char *text;
		size_t operations, buffers;
	} cases[] = {
		{"y = a & b", 1, 0},
		{"y = ~(a ^ b)", 1, 0},
		{"y = (a & b) | (c ^ d)", 3, 2},
		{"y = a ^ b ^ c", 1, 0},
		{"s = a ^ b ^ c; d = maj(a, b, c)", 2, 0},
		{"y = s ? a : b", 1, 0},
		{"y = a; z = ~a; w = 0; v = 1", 4, 0},
		{"y = a & b & c & d & e & f & g & h", 7, 7},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct planned p;
		char err[200] = "";
		cr_assert_eq(plan(cases[i].text, &p, err, sizeof(err)), 0, "%s: %s", cases[i].text, err);
		cr_assert(p.plan.n <= cases[i].operations, "%s: %zu steps", cases[i].text, p.plan.n);
		cr_assert(p.plan.buffers <= cases[i].buffers, "%s: %u buffers", cases[i].text, p.plan.buffers);
		drop(&p);
	}
}

/* An expression over a..h, drawn at random; results may use earlier ones. */
static void random_text(char *out, size_t n, uint64_t *r)
{
	static const char *const forms[] = {"%s = %s & %s; ",   "%s = ~%s | %s; ",        "%s = %s ^ ~%s; ",
					    "%s = ~(%s & %s);", "%s = maj(a, %s, ~%s); ", "%s = mux(b, %s, %s); "};
	size_t len = 0;
	unsigned made = 3 + (unsigned)(oracle_random(r) % 20);
	out[0] = '\0';
	for (unsigned i = 0; i < made; i++) {
		char name[3][8];
		for (int k = 0; k < 3; k++) {
			unsigned from = (unsigned)(oracle_random(r) % (8 + i));
			if (k == 0)
				(void)snprintf(name[k], 8, "%s%u", i % 3 ? "_v" : "v", i);
			else if (from < 8)
				(void)snprintf(name[k], 8, "%c", 'a' + (int)from);
			else
				(void)snprintf(name[k], 8, "%s%u", (from - 8) % 3 ? "_v" : "v", from - 8);
		}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		len += (size_t)snprintf(out + len, n - len, forms[oracle_random(r) % 6], name[0], name[1], name[2]);
#pragma GCC diagnostic pop
	}
}

enum { MOST = 24 };

/* What the circuit says, 64 columns at a time. */
static void evaluate(const struct ambit_circuit *c, unsigned char (*in)[BYTES], unsigned char (*out)[BYTES])
{
	uint64_t *v = calloc(c->g.n, sizeof(*v));
	for (size_t at = 0; at < BYTES; at += 8) {
		for (size_t i = 0; i < c->inputs.n; i++)
			memcpy(&v[c->in[i] >> 1], in[i] + at, 8);
		mig_evaluate(&c->g, v);
		for (size_t k = 0; k < c->outputs.n; k++) {
			uint64_t w = mig_value(v, c->out[k]);
			memcpy(out[k] + at, &w, 8);
		}
	}
	free(v);
}

Test(pim_logic, random_programs_equal_their_circuits)
{
	static _Alignas(64) unsigned char in[MOST][BYTES], now[MOST][BYTES], out[MOST][BYTES], want[MOST][BYTES];
	struct pim_device *dev;
	uint64_t r = 2718281828u;
	unsigned in_place = 0;
	cr_assert_eq(pim_open("host", &dev, NULL, 0), 0);
	struct pim_call call = {dev};
	for (int i = 0; i < 400; i++) {
		char text[1500];
		random_text(text, sizeof(text), &r);
		struct planned p;
		char err[200] = "";
		cr_assert_eq(plan(text, &p, err, sizeof(err)), 0, "%s: %s", text, err);
		unsigned inputs = p.plan.inputs, results = p.plan.results;
		random_bytes(in, sizeof(in), &r);
		evaluate(&p.c, in, want);
		for (unsigned mode = 0; mode < 4; mode++) {
			char *src[MOST], *dst[MOST];
			memcpy(now, in, sizeof(in));
			memset(out, 0, sizeof(out));
			for (unsigned k = 0; k < inputs; k++)
				src[k] = (char *)now[k];
			for (unsigned k = 0; k < results; k++) {
				bool here = (mode & 1) && k < inputs;
				dst[k] = (char *)(here ? now[inputs - 1 - k] : out[k]);
				in_place += here;
			}
			size_t cache = mode & 2 ? 1 : (size_t)1 << 30;
			setenv("MEMWALL_ISA", i % 2 ? "portable" : "", 1);
			cr_assert_eq(fused_run(&p.plan, &call, dst, src, BYTES, cache), 0);
			for (unsigned k = 0; k < results; k++)
				cr_assert_eq(memcmp(dst[k], want[k], BYTES), 0, "%s: result %u, mode %u", text, k,
					     mode);
		}
		drop(&p);
	}
	unsetenv("MEMWALL_ISA");
	cr_assert(in_place > 100);
	pim_close(dev);
}
