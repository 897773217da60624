/* `memwall transformer --published` and `--models`. */
#include <inttypes.h>
#include <string.h>

#include "base/core/text.h"
#include "cli/transformer.h"
#include "cli/transformer_page.h"

/* ---- published values ---- */

static const struct grid_column published_columns[] = {
	{"model", NULL, false},  {"seq", NULL, true},     {"operator", NULL, false}, {"metric", NULL, false},
	{"unit", NULL, false},   {"printed", NULL, true}, {"modelled", NULL, true},  {"rounds", NULL, false},
	{"source", NULL, false}, {"note", NULL, false},   {"licence", NULL, false},
};

static int add_published(const struct cli *cli, struct page *page, const struct profile_cell *c)
{
	static const char *const metric_words[] = {"flops", "mops", "intensity"};
	const double v = profile_value(c);
	const bool rounds = profile_rounds(v, c->printed);
	char seq[PAGE_CELL], value[PAGE_CELL], mark[PAGE_CELL];
	const char *note_text;
	/* The first part of a source is the paper, which the page names once. */
	const char *table = strchr(c->source, ' ');
	int rc = page_note(cli, page, !rounds && !*c->note ? "fit residual" : c->note, mark, &note_text);
	mw_format(value, sizeof(value), page_for_people(cli) ? "%.5g" : "%.9g", v);
	const char *cells[] = {
		c->model->name,
		page_plain(c->seq, seq),
		transformer_op_name(c->op),
		metric_words[c->metric],
		c->unit,
		c->printed,
		value,
		rounds ? "yes" : "no",
		page_for_people(cli) && table ? table + 1 : c->source,
		note_text,
		c->licence,
	};
	return rc < 0 ? rc : grid_add(&page->grid, cells);
}

int cli_transformer_published(const struct cli *cli, const struct profile *p, char *err, size_t n)
{
	struct page page = {0};
	/* The licence is the same for all and stands below. */
	grid_init(&page.grid, published_columns,
		  sizeof(published_columns) / sizeof(published_columns[0]) - page_for_people(cli));
	int rc = 0;
	for (size_t i = 0; i < p->n && rc == 0; i++)
		if (p->cells[i].metric <= PROFILE_INTENSITY)
			rc = add_published(cli, &page, &p->cells[i]);
	if (rc == 0)
		rc = cli_out_open(cli, &page.out, err, n);
	if (rc == 0)
		rc = page_print(cli, &page);
	if (rc == 0 && cli->format == PRINT_TABLE) {
		cli_transformer_put_fit(page.out.f, p);
		(void)fputs("Source: Kim et al., arXiv:2302.14017.\n", page.out.f);
	}
	rc = cli_out_close(&page.out, rc, err, n);
	page_fini(&page);
	return rc;
}

/* ---- models ---- */

static const struct grid_column model_columns[] = {
	{"model", NULL, false},
	{"layers", NULL, true},
	{"d", NULL, true},
	{"heads", NULL, true},
	{"kv_heads", "kv", true},
	{"ffn", NULL, true},
	{"context", NULL, true},
	{"parameters", NULL, true},
	{"active_parameters", "active", true},
	{"kv_bytes_per_token_16bit", "KV/token", true},
	{"source", "src", false},
	{"head_dim", NULL, true},
	{"experts", NULL, true},
	{"active_experts", NULL, true},
	{"vocab", NULL, true},
};
enum { MODEL_COLUMNS_PEOPLE = 11 };

static int add_transformer_model(const struct cli *cli, struct page *page, const struct transformer_model *m)
{
	const struct transformer_shape *s = &m->shape;
	const uint64_t whole[] = {s->layers,  s->d,        s->heads,   s->kv_heads,       s->ffn,
				  s->context, s->head_dim, s->experts, s->active_experts, s->vocab};
	char text[sizeof(whole) / sizeof(whole[0])][PAGE_CELL], value[3][PAGE_CELL], mark[PAGE_CELL];
	const char *source;
	int rc = page_note(cli, page, m->source, mark, &source);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		mw_format(text[i], PAGE_CELL, "%" PRIu64, whole[i]);
	const char *cells[] = {
		m->name,
		text[0],
		text[1],
		text[2],
		text[3],
		text[4],
		text[5],
		page_number(cli, transformer_parameters(s), value[0]),
		page_number(cli, transformer_active_parameters(s), value[1]),
		/* An encoder has no KV cache. */
		s->decoder ? page_plain(transformer_kv_bytes(s, 16), value[2]) : NULL,
		source,
		text[6],
		text[7],
		text[8],
		text[9],
	};
	return rc < 0 ? rc : grid_add(&page->grid, cells);
}

int cli_transformer_models(const struct cli *cli, char *err, size_t n)
{
	struct page page = {0};
	int rc = 0;
	grid_init(&page.grid, model_columns,
		  page_for_people(cli) ? MODEL_COLUMNS_PEOPLE : sizeof(model_columns) / sizeof(model_columns[0]));
	for (size_t i = 0; transformer_at(i) && rc == 0; i++)
		rc = add_transformer_model(cli, &page, transformer_at(i));
	if (rc == 0)
		rc = cli_out_open(cli, &page.out, err, n);
	if (rc == 0)
		rc = page_print(cli, &page);
	if (rc == 0 && cli->format == PRINT_TABLE)
		(void)fputs("\nactive: parameters that one token uses. KV/token: bytes of KV cache for each token, "
			    "16 bits a value.\n",
			    page.out.f);
	rc = cli_out_close(&page.out, rc, err, n);
	page_fini(&page);
	return rc;
}
