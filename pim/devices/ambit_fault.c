#include "pim/devices/ambit_fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/secded.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/lanes.h"

enum { MAX_COPIES = 9 };

/* protect=none|ecc|tmr|replicate:K */
static int read_protection(struct ambit_failures *f, const char *text, char *err, size_t n)
{
	static const char *const words[] = {"none", "ecc", "tmr"};
	f->copies = 1;
	for (int i = 0; i < 3; i++)
		if (strcmp(text, words[i]) == 0) {
			f->protection = (enum ambit_protection)i;
			return 0;
		}
	char *end = NULL;
	unsigned long k = strncmp(text, "replicate:", 10) == 0 ? strtoul(text + 10, &end, 10) : 0;
	if (!end || *end || end == text + 10 || k < 3 || k > MAX_COPIES || k % 2 == 0)
		return mw_fail(-EINVAL, err, n,
			       "ambit: protect=%s: expected none, ecc, tmr or replicate:K, K = 3, 5, 7 or 9", text);
	f->protection = AMBIT_PROTECT_COPIES;
	f->copies = (unsigned)k;
	return 0;
}

static enum ambit_curve curve_of(const char *text)
{
	return strcmp(text, ambit_curve_name(AMBIT_CURVE_SIMDRAM22)) == 0 ? AMBIT_CURVE_SIMDRAM22 : AMBIT_CURVE_AMBIT55;
}

int ambit_failures_open(struct ambit_failures *f, const struct pim_config *c, const struct ambit_geometry *g,
			unsigned chip_bits, bool exact, char *err, size_t n)
{
	double variation = pim_config_real(c, "variation"), interference = pim_config_real(c, "interference");
	enum ambit_curve curve = curve_of(pim_config_text(c, "curve"));
	struct ambit_fault_model model;
	struct ambit_rate rate;
	char shown[80];
	int rc = read_protection(f, pim_config_text(c, "protect"), err, n);
	if (rc < 0)
		return rc;
	f->on = variation > 0 || interference > 0;
	if (f->on && !exact)
		return mw_fail(-EINVAL, err, n,
			       "ambit: %s needs engine=exact, the fused engine has no columns that fail",
			       variation > 0 ? "variation" : "interference");
	if (!exact && (f->protection == AMBIT_PROTECT_ECC || f->protection == AMBIT_PROTECT_COPIES))
		return mw_fail(-EINVAL, err, n, "ambit: protect=%s needs engine=exact", pim_config_text(c, "protect"));
	rc = ambit_fault_model(&model, (uint64_t)pim_config_int(c, "seed"), curve, variation, interference, &rate);
	if (rc < 0)
		return mw_fail(-EINVAL, err, n,
			       "ambit: variation=%g is beyond the data of curve=%s, which end at %g %%", variation,
			       ambit_curve_name(curve), ambit_curve_end(curve));
	unsigned beat = g->chips * chip_bits;
	f->burst = beat > 64 || g->chips == 1 ? (struct ambit_burst){64, 64} : (struct ambit_burst){chip_bits, beat};
	/* The columns of the ECC chip follow those of the lanes. */
	ambit_fault_maps_init(&f->maps, &model, g, 9 * ambit_row_bytes(g));
	(void)ambit_rate_print(&rate, shown, sizeof(shown));
	if (f->on)
		mw_format(f->note, sizeof(f->note), "columns fail at a rate of %s (%s at %g %%)%s", shown,
			  ambit_curve_name(curve), variation,
			  interference > 0 ? "; interference scaled from maxima (a model)" : "");
	return 0;
}

void ambit_failures_close(struct ambit_failures *f)
{
	ambit_fault_maps_free(&f->maps);
}

/* ---- running ---- */

struct failing_slices {
	struct ambit_failures *f;
	struct ambit_fault_job job;
	unsigned addresses;
	uint64_t slots;
	size_t bytes, n, scratch_bytes;
	char *scratch;
	struct ambit_fault_done *done; /* per slice */
	int *rc;                       /* per subarray */
};

static void draw_one(void *arg, size_t slot)
{
	struct failing_slices *s = arg;
	s->rc[slot] = ambit_fault_maps_draw(&s->f->maps, slot, &s->job.at, s->addresses);
}

static int draw_maps(struct pim_call *call, struct failing_slices *s)
{
	size_t n = (size_t)ambit_fault_subarrays(&s->f->maps, s->slots);
	int rc = ambit_fault_maps_reserve(&s->f->maps, s->slots, &s->job.at);
	s->rc = calloc(n, sizeof(*s->rc));
	if (rc == 0 && s->rc)
		pim_call_run(call, n, draw_one, s);
	for (size_t i = 0; i < n && s->rc && rc == 0; i++)
		rc = s->rc[i];
	if (!s->rc)
		rc = -ENOMEM;
	free(s->rc);
	return rc;
}

static void run_one(void *arg, size_t i)
{
	struct failing_slices *s = arg;
	size_t begin, end;
	lanes_slice((size_t)s->slots, 1, i, s->n, &begin, &end);
	ambit_fault_run(&s->job, begin, end, s->bytes, s->scratch + i * s->scratch_bytes, &s->done[i]);
}

static int run_prepared(struct ambit_failures *f, struct pim_call *call, const struct ambit_failing_run *r,
			const struct ambit_fault_program *x, uint64_t executed[2])
{
	struct failing_slices s = {
		.f = f,
		.job = {.x = x,
			.maps = &f->maps,
			.at = r->at,
			.d = r->d,
			.row_bytes = r->row_bytes,
			.first_column = r->first_column,
			.lanes = r->lanes,
			.period = r->period,
			.burst = r->burst,
			.strip = 4096,
			.seed = r->seed},
		.addresses = x->addresses,
		.slots = r->bytes / r->row_bytes + (r->bytes % r->row_bytes != 0),
		.bytes = r->bytes,
		.n = r->bytes < (1u << 15) ? 1 : pim_call_threads(call),
	};
	s.scratch_bytes = (ambit_fault_scratch(&s.job) + 63) / 64 * 64;
	s.scratch = aligned_alloc(64, s.n * s.scratch_bytes);
	s.done = calloc(s.n, sizeof(*s.done));
	int rc = s.scratch && s.done ? draw_maps(call, &s) : -ENOMEM;
	if (rc == 0)
		pim_call_run(call, s.n, run_one, &s);
	for (size_t i = 0; i < s.n && rc == 0; i++) {
		pim_call_charge(call, PIM_FAULTS_INJECTED, r->uncounted ? 0 : s.done[i].injected);
		pim_call_charge(call, PIM_BITS_WRONG, r->uncounted ? 0 : s.done[i].wrong);
		executed[AMBIT_AAP] += s.done[i].bytes[AMBIT_AAP];
		executed[AMBIT_AP] += s.done[i].bytes[AMBIT_AP];
	}
	free(s.scratch);
	free(s.done);
	return rc < 0 ? pim_call_fail(call, rc, "ambit: no memory for rows and maps of columns") : 0;
}

int ambit_failures_run(struct ambit_failures *f, struct pim_call *call, const struct ambit_failing_run *r,
		       uint64_t executed[2])
{
	struct ambit_fault_program x;
	struct ambit_verdict v;
	int rc = ambit_fault_prepare(r->program, &x, &v);
	if (rc < 0)
		return pim_call_fail(call, rc, "ambit: %s", rc == -ENOMEM ? "no memory for a micro-program" : v.why);
	rc = run_prepared(f, call, r, &x, executed);
	ambit_fault_program_free(&x);
	return rc;
}

/* ---- protection at read-out ---- */

bool ambit_ecc_survives(enum pim_op op)
{
	switch (op) {
	case PIM_NOT:
	case PIM_XOR:
	case PIM_XNOR:
	case PIM_COPY:
	case PIM_FILL:
	case PIM_SHL: /* rows are copied, others filled with a constant */
	case PIM_SHR:
	case PIM_RED_XOR:
		return true;
	default:
		return false;
	}
}

void ambit_ecc_encode(const uint64_t *data, uint8_t *check, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check[i] = ambit_secded_check(data[i]);
}

void ambit_ecc_decode(const uint64_t *data, const uint8_t *check, const uint64_t *truth, uint64_t *out, size_t n,
		      struct ambit_ecc_count *count)
{
	for (size_t i = 0; i < n; i++) {
		out[i] = data[i];
		enum ambit_ecc e = ambit_secded_decode(&out[i], check[i]);
		count->detected += e == AMBIT_ECC_DETECTED;
		count->corrected += e == AMBIT_ECC_CORRECTED && out[i] == truth[i];
		count->undetected += e != AMBIT_ECC_DETECTED && out[i] != truth[i];
	}
}

void ambit_vote(const uint64_t *data, size_t stride, unsigned copies, uint64_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t sum[4] = {0}, below = 0;
		for (unsigned k = 0; k < copies; k++) {
			uint64_t carry = data[k * stride + i];
			for (unsigned b = 0; b < 4; b++) {
				uint64_t next = sum[b] & carry;
				sum[b] ^= carry;
				carry = next;
			}
		}
		for (unsigned b = 0; b < 4; b++) /* below = borrow of sum - (copies / 2 + 1) */
			below = (copies / 2 + 1) >> b & 1 ? ~sum[b] | below : ~sum[b] & below;
		out[i] = ~below;
	}
}
