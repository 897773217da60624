/* `memwall plan`: what a model needs. Private to cli/plan*.c. */
#ifndef MW_CLI_PLAN_H
#define MW_CLI_PLAN_H

#include "base/core/text.h"
#include "bench/model/costs.h"
#include "bench/model/machines.h"
#include "bench/model/precision.h"
#include "bench/model/serving.h"
#include "bench/model/training.h"
#include "cli/command.h"

enum { PLAN_DEVICES = 16 };

/* A machine of the table, this host as it was measured, or a device that libpim models. */
struct plan_device {
	struct machine m; /* its texts point into the table */
	struct mw_buf name, words;
	struct mw_buf source[MACHINE_FIELDS];
	enum mw_provenance provenance[MACHINE_FIELDS]; /* of its figures before the user sets any */
	struct mw_buf note;                            /* printed beside its figures */
};

struct plan {
	struct cli *cli;
	/* The model. */
	struct transformer_shape shape;
	const char *model, *model_source;
	bool shape_assumed; /* only the number of parameters is known */
	double parameters, active;
	const struct precision *activations, *weights, *cache;
	/* The work. */
	bool train, serve, asked; /* asked: --train or --serve stood on the command line */
	double batch, prompt, output, sequence, tokens;
	const struct optimizer *optimizer;
	int zero;
	enum checkpointing checkpointing;
	/* The devices. */
	double tensor, pipeline, count; /* 0: as few as it takes */
	struct constants constants;
	struct memory_tier tiers[SERVING_TIERS];
	size_t n_tiers; /* 0: the memory of each device */
	struct plan_device devices[PLAN_DEVICES];
	size_t n_devices;
};

/* One line of the answer. */
struct plan_row {
	const struct plan_item *item;
	const struct plan_device *device; /* NULL: of the model itself */
	double value;
	const char *text; /* in place of a value; not owned; NULL for none */
	uint32_t uses;    /* bit i: enum constant i enters the value, unless the user set it */
	enum mw_provenance provenance;
	bool user, unverified; /* rests on a value set by the user; on a figure that is unverified */
	char *note;            /* owned; NULL for none */
};

enum plan_table { PLAN_MODEL, PLAN_DEVICE, PLAN_TRAINING, PLAN_SERVING, PLAN_COST, PLAN_TABLES };

struct plan_item {
	enum plan_table table;
	const char *name;  /* in CSV and JSON */
	const char *words; /* on the terminal */
	const char *unit;
	const char *source;
};

/* Index of the table of items in plan_rows.c. */
enum item {
	I_PARAMETERS,
	I_ACTIVE,
	I_LAYERS,
	I_WIDTH,
	I_HEADS,
	I_KV_TOKEN,
	I_WEIGHTS,
	I_GRADIENTS,
	I_STATES,
	I_PER_PARAMETER,
	I_ACTIVATIONS,
	I_RECOMPUTE,
	I_TOKENS,
	I_TRAIN_FLOPS,
	I_SERVE_WEIGHTS,
	I_SERVE_CACHE,

	I_FIGURE_FIRST, /* enum machine_field follows */
	I_FIGURE_LAST = I_FIGURE_FIRST + MACHINE_FIELDS - 1,

	I_TRAIN_DEVICES,
	I_TRAIN_TENSOR,
	I_TRAIN_PIPELINE,
	I_EACH_WEIGHTS,
	I_EACH_GRADIENTS,
	I_EACH_STATES,
	I_EACH_ACTIVATIONS,
	I_EACH_ALL,
	I_TRAIN_PRICE,
	I_TRAIN_TIME,
	I_TRAIN_ENERGY,
	I_TRAIN_COST,

	I_SERVE_DEVICES,
	I_SERVE_TENSOR,
	I_SERVE_PIPELINE,
	I_SERVE_EACH,
	I_SERVE_PRICE,
	I_FORMAT,
	I_PREFILL_TIME,
	I_PREFILL_RATE,
	I_PREFILL_ROOF,
	I_DECODE_TIME,
	I_DECODE_COMPUTE,
	I_DECODE_MEMORY,
	I_DECODE_LINK,
	I_DECODE_RATE,
	I_DECODE_ROOF,
	I_ANSWER_TIME,
	I_DECODE_ENERGY,
	I_BARE_ENERGY,
	I_BARE_SHARE,
	I_TOKEN_COST,

	I_SERVED,
	I_SERVING_SHARE,
	I_TOKENS_HALF,
	I_TOKENS_NINETY,
	I_COUNT
};

struct plan_rows {
	struct plan_row *v;
	size_t n, cap;
	bool failed; /* memory was out */
};

/* plan_devices.c: fills p->devices from --on, --here and --device; then the constants that the user set, and --memory,
 * replace their figures. */
int plan_devices(struct plan *p, char *err, size_t n);
void plan_devices_fini(struct plan *p);
/* Effective figure of a device: the user's, or its own. */
double plan_figure(const struct plan *p, const struct plan_device *d, enum machine_field field);
/* Operations per second in that format, and the format in which the device computes. */
double plan_peak(const struct plan *p, const struct plan_device *d, const struct precision *format,
		 enum machine_format *used);

/* plan_rows.c: all rows. MW_ESPEC when the work does not fit into --count devices, -ENOMEM. */
int plan_fill(struct plan *p, struct plan_rows *rows, char *err, size_t n);
void plan_rows_fini(struct plan_rows *rows);

/* ---- for the files that fill rows ---- */

/* Adds a row. uses: bit i: enum constant i enters the value, figures of the device included. A value that is not finite
 * becomes unavailable, and the note says which figure of the device is missing. NULL when memory is out. */
struct plan_row *plan_put(const struct plan *p, struct plan_rows *l, enum item item, const struct plan_device *d,
			  double value, uint32_t uses);
/* Adds a row with a text, which must live as long as the program. */
void plan_put_text(const struct plan *p, struct plan_rows *l, enum item item, const struct plan_device *d,
		   const char *text, uint32_t uses);
/* Adds all items of a table from first on as unavailable, with why as their note. */
void plan_put_absent(const struct plan *p, struct plan_rows *l, enum item first, const struct plan_device *d,
		     const char *why);
/* Adds to the note, after "; " where there is one. r may be NULL. */
void plan_say(struct plan_rows *l, struct plan_row *r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The figures of a device are the first constants. */
_Static_assert((int)C_PRICE == (int)MACHINE_PRICE && (int)C_MEMORY == (int)MACHINE_MEMORY, "one order");
#define BIT(c) (1U << (c))
enum {
	FITTING = BIT(C_MEMORY) | BIT(C_MEMORY_SHARE) | BIT(C_NODE),
	SPEED = BIT(C_PEAK) | BIT(C_COMPUTE_SHARE) | BIT(C_BANDWIDTH) | BIT(C_BANDWIDTH_SHARE),
	LINKS = BIT(C_LINK) | BIT(C_LINK_SHARE) | BIT(C_LINK_LATENCY),
	DRAWN = BIT(C_POWER) | BIT(C_POWER_SHARE) | BIT(C_PUE),
	SPENT = DRAWN | BIT(C_PRICE) | BIT(C_YEARS) | BIT(C_BUSY) | BIT(C_ELECTRICITY),
};

/* Tokens of the training, the constants that enter them, and its operations. */
double plan_tokens(const struct plan *p);
uint32_t plan_tokens_use(const struct plan *p);
double plan_training_flops(const struct plan *p);
/* Bytes of a device that the model may use; NaN where its memory is not known. */
double plan_room(const struct plan *p, const struct plan_device *d);

struct answers {
	double training_usd, token_usd;
	uint32_t training_use, token_use;
};

/* plan_training.c, plan_serving.c: the rows of one device. -ENOSPC with the reason in why when the model does not fit.
 */
int plan_fill_training(const struct plan *p, struct plan_rows *l, const struct plan_device *d, struct answers *out,
		       char *why, size_t n);
int plan_fill_serving(const struct plan *p, struct plan_rows *l, const struct plan_device *d, struct answers *out,
		      char *why, size_t n);
void plan_fill_cost(const struct plan *p, struct plan_rows *l, const struct plan_device *d, const struct answers *a);

/* plan_print.c */
int plan_print(const struct plan *p, const struct plan_rows *rows, char *err, size_t n);
/* Words of text on lines of 100 characters; it begins at that column, further lines after `indent` blanks. */
void plan_wrap(FILE *f, const char *text, size_t column, size_t indent);

/* plan_lists.c */
int plan_print_cases(const struct plan *p, char *err, size_t n);
int plan_print_devices(const struct cli *cli, char *err, size_t n);
int plan_print_constants(const struct plan *p, char *err, size_t n);
/* 16e12 -> "16 TB"; the unit is left to the head of the table where it takes no prefix. Returns out. */
const char *plan_value(double v, const char *unit, char *out, size_t n);

#endif
