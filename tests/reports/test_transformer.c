/* Description: published values of transformers against the closed forms, which of them differ, and what is said. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/err.h"
#include "reports/transformer.h"

static char err[400];

static struct profile published(void)
{
	struct profile p;
	cr_assert_eq(profile_open(&p, err, sizeof(err)), 0, "%s", err);
	return p;
}

Test(profile, every_cell_is_within_a_few_units_of_what_is_printed)
{
	struct profile p = published();
	cr_assert_eq(p.n, 120);
	for (size_t i = 0; i < p.n; i++) {
		const struct profile_cell *c = &p.cells[i];
		const double v = profile_value(c);
		if (c->metric > PROFILE_INTENSITY) {
			cr_assert(isnan(v) && c->value >= 1);
			continue;
		}
		/* One misprint and BERT-Large are further off; 0.032 is what the misprint 2.00 for 1.97 differs by. */
		const bool off = strcmp(c->printed, "0.006") == 0 || strcmp(c->model->name, "bert-large") == 0;
		const double half =
			pow(10, -(double)(strchr(c->printed, '.') ? strlen(strchr(c->printed, '.') + 1) : 0)) / 2;
		cr_assert(off || fabs(v - c->value) <= half + 0.032, "%s %g %s: %g, printed %s", c->model->name, c->seq,
			  transformer_op_name(c->op), v, c->printed);
	}
	profile_close(&p);
}

/* The cells that do not round to what is printed: misprints, residuals of the fit, and BERT-Large. */
Test(profile, cells_that_differ)
{
	static const char *const want[] = {
		"bert-base 128 attention 1 0.006",     "bert-base 128 total 2 159.68",
		"bert-base 512 ffn 2 558.54",          "bert-base-4heads 128 ffn 0 14.47",
		"bert-base-4heads 128 total 2 167.14", "bert-base-4heads 512 ffn 2 558.54",
		"bert-base-4heads 512 other 1 0.10",   "bert-base-4heads 512 total 2 303.59",
		"gpt2 128 projections 2 2.00",         "gpt2 512 projections 2 2.00",
		"gpt2 512 attention 2 2.00",           "bert-large 128 total 0 73",
		"bert-large 512 total 0 310",          "bert-large 128 total 2 171",
		"bert-large 512 total 2 266",
	};
	struct profile p = published();
	size_t n = 0;
	for (size_t i = 0; i < p.n; i++) {
		const struct profile_cell *c = &p.cells[i];
		if (c->metric > PROFILE_INTENSITY || profile_rounds(profile_value(c), c->printed))
			continue;
		char text[100];
		(void)snprintf(text, sizeof(text), "%s %.0f %s %d %s", c->model->name, c->seq,
			       transformer_op_name(c->op), (int)c->metric, c->printed);
		cr_assert(n < sizeof(want) / sizeof(want[0]), "%s differs too", text);
		cr_assert_str_eq(text, want[n]);
		n++;
	}
	cr_assert_eq(n, sizeof(want) / sizeof(want[0]));
	const struct profile_fit tables = profile_fit(&p, true), figures = profile_fit(&p, false);
	cr_assert(tables.cells == 90 && tables.missed == 11, "%zu of %zu", tables.missed, tables.cells);
	cr_assert(figures.cells == 18 && figures.missed == 4, "%zu of %zu", figures.missed, figures.cells);
	profile_close(&p);
}

Test(profile, rounding_by_the_decimals_that_are_printed)
{
	cr_assert(profile_rounds(0.1049, "0.10") && !profile_rounds(0.1054, "0.10"));
	cr_assert(profile_rounds(0.14, "0.1") && !profile_rounds(0.14, "0.10"));
	cr_assert(profile_rounds(72.5, "73") && profile_rounds(73.5, "73") && !profile_rounds(73.51, "73"));
	cr_assert(profile_rounds(1.995, "2.00") && !profile_rounds(1.9948, "2.00"));
	cr_assert(!profile_rounds(NAN, "2.00"));
}

static struct transformer_case case_of(const char *name, double tokens)
{
	const struct transformer_model *m = transformer_find(name);
	return (struct transformer_case){
		.name = m->name, .model = m, .shape = m->shape, .load = transformer_paper_load(m, tokens)};
}

static void notes(const struct transformer_case *c, enum transformer_op op, const char *part)
{
	struct profile p = published();
	struct transformer_row rows[TRANSFORMER_OPS];
	struct mw_buf note = {0};
	transformer_rows(c, &p, rows);
	transformer_row_note(&rows[op], &note);
	cr_assert(*part ? strstr(mw_buf_text(&note), part) != NULL : !note.len, "'%s', want '%s'", mw_buf_text(&note),
		  part);
	mw_buf_fini(&note);
	profile_close(&p);
}

Test(profile, notes_say_why)
{
	struct transformer_case c = case_of("bert-base", 128);
	notes(&c, TRANSFORMER_ATTENTION, "bytes: misprint: Table 3 prints 63.62 FLOP/byte");
	notes(&c, TRANSFORMER_TOTAL, "intensity: fit residual, 159.67 where 159.68 is printed");
	notes(&c, TRANSFORMER_FFN, "");
	c = case_of("bert-large", 512);
	notes(&c, TRANSFORMER_TOTAL, "FLOPs, intensity: the six values of BERT-Large");
	c = case_of("bert-large-published", 512);
	notes(&c, TRANSFORMER_TOTAL, "not a real model");
	c = case_of("mixtral-8x7b", 100000);
	notes(&c, TRANSFORMER_FFN, "reads 2 of 8 experts");
	notes(&c, TRANSFORMER_TOTAL, "beyond the 32768 tokens");
}

/* Both of BERT-Large stand beside the figures; only the one with a projection missing rounds to them. */
Test(profile, bert_large_both_ways)
{
	struct profile p = published();
	struct transformer_row full[TRANSFORMER_OPS], less[TRANSFORMER_OPS];
	for (double tokens = 128; tokens <= 512; tokens += 384) {
		const struct transformer_case a = case_of("bert-large", tokens),
					      b = case_of("bert-large-published", tokens);
		transformer_rows(&a, &p, full);
		transformer_rows(&b, &p, less);
		for (int m = 0; m <= PROFILE_INTENSITY; m++) {
			const struct profile_cell *c = less[TRANSFORMER_TOTAL].published[m];
			cr_assert(c && c == full[TRANSFORMER_TOTAL].published[m]);
			const double v = transformer_row_value(&less[TRANSFORMER_TOTAL], (enum profile_metric)m);
			cr_assert(profile_rounds(v / c->unit_size, c->printed), "%g, printed %s", v, c->printed);
		}
	}
	profile_close(&p);
}

Test(profile, other_conditions_have_no_published_values)
{
	struct profile p = published();
	struct transformer_row rows[TRANSFORMER_OPS];
	struct transformer_case c = case_of("gpt2", 128);
	transformer_rows(&c, &p, rows);
	cr_assert_not_null(rows[TRANSFORMER_FFN].published[PROFILE_FLOPS]);
	cr_assert(transformer_latency_of(&c, &p, 80).measured->value == 45);
	const struct transformer_case was = c;
	for (int change = 0; change < 6; change++) {
		c = was;
		c.load.batch += change == 0;
		c.load.weight_bits += change == 1;
		c.load.activation_bits += change == 2;
		c.load.kv_bits += change == 3;
		c.load.phase = change == 4 ? TRANSFORMER_PREFILL : c.load.phase;
		c.model = change == 5 ? NULL : c.model;
		transformer_rows(&c, &p, rows);
		cr_assert_null(rows[TRANSFORMER_FFN].published[PROFILE_FLOPS], "change %d", change);
		cr_assert_null(transformer_latency_of(&c, &p, 80).measured, "change %d", change);
	}
	profile_close(&p);
}

/* Of the ridges 10, 20, 40, 80, 160 FLOP/byte, 80 has the least rms error of the logarithm against Figure 9. */
Test(profile, ridge_that_fits_measured_latencies)
{
	static const char *const models[] = {"bert-base", "bert-large", "gpt2"};
	static const double want[] = {1.321, 0.936, 0.570, 0.281, 0.320};
	struct profile p = published();
	double ridge = 10;
	for (size_t k = 0; k < sizeof(want) / sizeof(want[0]); k++, ridge *= 2) {
		double sum = 0;
		for (size_t i = 0; i < 6; i++) {
			const struct transformer_case c = case_of(models[i / 2], i % 2 ? 512 : 128);
			const struct transformer_latency l = transformer_latency_of(&c, &p, ridge);
			cr_assert(l.measured && l.analytic);
			sum += pow(log(l.modelled / l.measured->value), 2);
		}
		cr_assert_float_eq(sqrt(sum / 6), want[k], 0.0005, "ridge %g: %g", ridge, sqrt(sum / 6));
	}
	profile_close(&p);
}

static void refused(const char *row, const char *part)
{
	struct profile p;
	char text[400];
	(void)snprintf(text, sizeof(text), "model,seq,operator,metric,value,unit,source,licence,note\n%s\n", row);
	cr_assert_eq(profile_parse(&p, "t.csv", text, strlen(text), err, sizeof(err)), MW_EFORMAT, "%s", row);
	cr_assert_not_null(strstr(err, part), "%s", err);
	profile_close(&p);
}

Test(profile, tables_that_cannot_be_read)
{
	refused("bert,128,ffn,flops,1,GFLOP,s,l,", "t.csv:2: column 'model'");
	refused("gpt2,128,fnn,flops,1,GFLOP,s,l,", "column 'operator'");
	refused("gpt2,128,ffn,flops,1,GB,s,l,", "column 'metric'");
	refused("gpt2,128,ffn,flops,1,GFLOP,,l,", "column 'source'");
	refused("gpt2,128,ffn,flops,,GFLOP,s,l,", "a number is missing");
	refused("gpt2,128,ffn,flops,x,GFLOP,s,l,", "'x' is no number");
	struct profile p;
	cr_assert_eq(profile_parse(&p, "t.csv", "model\n", 6, err, sizeof(err)), MW_EFORMAT);
	profile_close(&p);
}
