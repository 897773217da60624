/* Claims that can be compared only with a second publication or a published table, or with nothing. */
#include "reports/claims_rules.h"

#include <string.h>

#include "base/core/err.h"

/* What a second publication says (columns second_value and second_source of the claims). */
static int find_cited(struct claim_case *k)
{
	const struct claim *c = k->claim;
	if (!*c->second_source) {
		claim_cannot(k, "cited only: no second source was found, and nothing here measures it");
		return 0;
	}
	claim_plain(k, c->second, MW_REFERENCE);
	claim_evidence(k, "%s", c->second_source);
	return 0;
}

/* ---- models of Epoch's table ---- */

struct epoch_model {
	const char *name, *confidence;
	double params;
};

/* The model whose name is `name`; NULL: the one of that maker whose size is nearest to the claim's. */
static int epoch_model(const struct claim_case *k, const char *name, const char *maker, struct epoch_model *out)
{
	const struct csv *t = &k->facts->trends.tables[TREND_EPOCH_MODELS];
	int name_at = -1, maker_at = -1, params_at = -1, confidence_at = -1;
	double nearest = (double)INFINITY;
	int rc = csv_need(t, "model", &name_at, k->err, k->n);
	if (rc == 0)
		rc = csv_need(t, "org", &maker_at, k->err, k->n);
	if (rc == 0)
		rc = csv_need(t, "params", &params_at, k->err, k->n);
	if (rc == 0)
		rc = csv_need(t, "confidence", &confidence_at, k->err, k->n);
	for (size_t row = 0; row < t->n_rows && rc >= 0; row++) {
		double params;
		if (name ? strcmp(csv_cell(t, row, name_at), name) != 0 : !strstr(csv_cell(t, row, maker_at), maker))
			continue;
		rc = csv_number(t, row, params_at, &params, k->err, k->n);
		double off = rc == 1 ? fabs(log(params / k->claim->lo)) : (double)INFINITY;
		if (off >= nearest)
			continue;
		nearest = off;
		*out = (struct epoch_model){.name = csv_cell(t, row, name_at),
					    .confidence = csv_cell(t, row, confidence_at),
					    .params = params};
	}
	if (rc < 0)
		return rc;
	return isfinite(nearest)
		       ? 0
		       : mw_fail(MW_EFORMAT, k->err, k->n, "%s: no size of a model '%s'", t->name, name ? name : maker);
}

static int find_model(struct claim_case *k, const char *name, const char *maker)
{
	struct epoch_model m = {0};
	int rc = epoch_model(k, name, maker, &m);
	if (rc != 0)
		return rc;
	claim_plain(k, m.params, MW_REFERENCE);
	mw_buf_add(&k->out->found, " (%s)", m.name);
	claim_evidence(k, "%s, confidence: %s", trend_tables[TREND_EPOCH_MODELS].credit, m.confidence);
	return 0;
}

static int find_dalle(struct claim_case *k)
{
	return find_model(k, "DALL·E 2", NULL);
}

static int find_imagen(struct claim_case *k)
{
	int rc = find_model(k, "Imagen", NULL);
	if (rc == 0)
		claim_evidence(k, "models in several stages have several counts, and the phrase does not say which");
	return rc;
}

static int find_trillion(struct claim_case *k)
{
	int rc = find_model(k, NULL, "Google");
	if (rc == 0)
		claim_evidence(k, "the model of Google nearest to that size; the text does not name one");
	return rc;
}

/* ---- memory of GPUs ---- */

/* B06, B07: memory of the parts that the claim names: one row of figure 2a each; B06 names one part, given twice. */
static int find_memory(struct claim_case *k, const char *where, const char *other)
{
	const struct csv *t = &k->facts->trends.tables[TREND_ACCELERATOR_MEMORY];
	double gb, gb_other;
	int rc = claim_cell(k, t, where, "memory_bytes_GB", &gb);
	if (rc == 0)
		rc = claim_cell(k, t, other, "memory_bytes_GB", &gb_other);
	if (rc != 0)
		return rc;
	claim_plain(k, gb, MW_REFERENCE);
	if (gb != gb_other) {
		k->out->verdict = CLAIM_DIFFERS;
		claim_found(k, "%s GB for the other", num(gb_other).text);
	}
	claim_evidence(k, "figure 2a of Gholami et al. (accelerator_memory.csv)");
	return 0;
}

static int find_v100(struct claim_case *k)
{
	return find_memory(k, "name=V100 (32GB)", "name=V100 (32GB)");
}

static int find_a100(struct claim_case *k)
{
	return find_memory(k, "name=A100-80 (80GB)", "name=H100 (80GB)");
}

/* ---- C22 ---- */

/* The survey whose latencies the paper shows names its CPU. */
static int find_cpu(struct claim_case *k)
{
	const struct profile_cell *cell = profile_find(&k->facts->profile, transformer_find("gpt2"), 128,
						       TRANSFORMER_TOTAL, PROFILE_LATENCY_MEASURED);
	bool same = cell && strstr(cell->note, "Gold 6242");
	claim_states(k, same, (double)NAN, MW_REFERENCE);
	if (!cell) {
		claim_cannot(k, "cited only: no published latency names a CPU");
		return 0;
	}
	claim_found(k, "%s", cell->note);
	claim_evidence(k, "%s, the survey that the text cites for these models", cell->source);
	return 0;
}

const struct claim_rule claim_rules_cited[] = {
	{"A05", find_cited}, {"A06", find_cited}, {"B02", find_dalle}, {"B03", find_imagen}, {"B05", find_trillion},
	{"B06", find_v100},  {"B07", find_a100},  {"B12", find_cited}, {"B14", find_cited},  {"B15", find_cited},
	{"B20", find_cited}, {"B21", find_cited}, {"B22", find_cited}, {"B23", find_cited},  {"B24", find_cited},
	{"B25", find_cited}, {"C22", find_cpu},   {NULL, NULL},
};
