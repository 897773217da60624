/* Micro-program text: print and parse are inverse; what the verifier calls legal runs, and does what it says. */
#include "ambit-emu/compile.h"
#include "ambit-emu/exact.h"
#include "tests/fuzz/fuzz.h"

static char *printed(const struct ambit_program *p, size_t *len)
{
	*len = (size_t)ambit_program_print(p, NULL, 0);
	char *text = malloc(*len + 1);
	FUZZ_CHECK(text && (size_t)ambit_program_print(p, text, *len + 1) == *len);
	return text;
}

static void round_trip(const struct ambit_program *p)
{
	struct ambit_builder b = {0};
	size_t len, again_len;
	char *text = printed(p, &len), err[200] = "";
	FUZZ_CHECK(ambit_program_parse(text, len, &b, NULL, err, sizeof(err)) == 0 && b.p.n == p->n);
	char *again = printed(&b.p, &again_len);
	FUZZ_CHECK(len == again_len && strcmp(text, again) == 0);
	free(text);
	free(again);
	ambit_builder_free(&b);
}

/* Both engines' view: commands executed, against what the symbols say. */
static void run(const struct ambit_program *p, const struct ambit_ports *ports)
{
	struct ambit_circuit c;
	struct ambit_equivalence e;
	int rc = ambit_circuit_of(&c, p, ports);
	FUZZ_CHECK(rc == 0 || (rc == -17 && ports->inputs.n + ports->outputs.n)); /* EEXIST: named like a row */
	if (rc == 0) {
		FUZZ_CHECK(ambit_equivalent(&c, p, 3, &e) == 0);
		FUZZ_CHECK(e.wrong == 0);
	}
	circuit_free(&c);
}

int fuzz_program(const uint8_t *data, size_t n)
{
	struct ambit_builder b = {0};
	struct ambit_ports ports = {0};
	struct ambit_verdict v;
	char err[200] = "";
	int rc = ambit_program_parse((const char *)data, n, &b, &ports, err, sizeof(err));
	if (rc < 0) {
		fuzz_line(err);
	} else {
		round_trip(&b.p);
		if (b.p.inputs + b.p.outputs == 0)
			FUZZ_CHECK(ambit_program_infer(&b.p) == 0);
		rc = ambit_verify(&b.p, &v);
		if (rc < 0)
			fuzz_line(v.why);
		else if (!v.result_stale && !v.input_changed && b.p.inputs <= 10 && b.p.rows <= 64)
			run(&b.p, &ports);
	}
	ambit_ports_free(&ports);
	ambit_builder_free(&b);
	return 0;
}
