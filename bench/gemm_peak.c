#include "bench/gemm_peak.h"

#include <math.h>

#include "base/core/err.h"
#include "base/core/kernels/gemv.h"
#include "bench/gemm_plan.h"
#include "bench/gemm_records.h"

static void member(void *arg, int rank, int n)
{
	struct gemm_peak *p = arg;
	uint64_t ops = p->fn(p->steps);
	(void)n;
	if (rank == 0)
		p->ops = ops;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct gemm_peak *p = arg;
	uint64_t ns = 0;
	int rc = mw_team_time(p->team, p->threads, member, p, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "peak: %s", mw_strerror(rc));
	*value = (double)p->ops * p->threads / (double)ns;
	return 0;
}

static void add(struct gemm_peaks *p, const struct gemm_peak *c, const char *isa)
{
	struct round_point *pt = &p->pts[p->n];
	mw_record_open(&pt->rec, &gemm_emitter, gemm_emit(GEMM_PEAK, c->type), "peak");
	mw_record_method(&pt->rec, "register-chains", 1);
	mw_put_text(&pt->rec, &mw_key_dtype, gemm_dtype_name(c->type));
	mw_put_text(&pt->rec, &mw_key_isa, isa);
	mw_put_int(&pt->rec, &mw_key_threads, c->threads);
	p->cases[p->n] = *c;
	pt->measure = measure;
	pt->arg = &p->cases[p->n];
	pt->threads = c->threads;
	p->n++;
}

static bool is_listed(const struct gemm_peaks *p, const struct gemm_peak *c)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->cases[i].fn == c->fn && p->cases[i].threads == c->threads)
			return true;
	return false;
}

static void list(const struct bench_ctx *ctx, struct gemm_peaks *p, const bool types[GEMM_DTYPES])
{
	int counts[2], n_counts = gemm_thread_counts(ctx, counts);
	for (const struct mw_gemv_path *path = mw_gemv_paths; path->name; path++)
		for (int t = 0; t < GEMM_DTYPES; t++)
			for (int i = 0; i < n_counts; i++) {
				struct gemm_peak c = {.team = ctx->team, .threads = counts[i], .steps = 20000};
				c.type = (enum gemm_dtype)t;
				c.fn = t == GEMM_F32 ? path->peak_f32 : path->peak_s8;
				/* Paths may share a kernel, which is measured once. */
				if (types[t] && mw_gemv_usable(path) && p->n < GEMM_MAX_PEAKS && !is_listed(p, &c))
					add(p, &c, path->name);
			}
}

static void calibrate(const struct bench_ctx *ctx, struct gemm_peaks *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct gemm_peak *c = &p->cases[i];
		double rate = 1;
		if (c->threads > mw_team_size(ctx->team))
			continue; /* the rounds drop it, with the reason */
		/* The first run powers up the wide vector units; the second one is used. */
		for (int k = 0; k < 2; k++)
			if (measure(c, &rate, NULL, 0) < 0)
				rate = 1;
		double ns = (double)c->ops * c->threads / rate;
		c->steps = (uint64_t)fmax(20000.0 * 1e9 * p->sample_s / ns, 1000.0);
		if (c->threads == 1 && rate > p->rates[c->type])
			p->rates[c->type] = rate;
	}
}

int gemm_peaks_open(const struct bench_ctx *ctx, struct gemm_peaks *p, const bool types[GEMM_DTYPES])
{
	*p = (struct gemm_peaks){.rates = {1, 1}};
	list(ctx, p, types);
	p->sample_s = fmin(ctx->profile->sample_s, 0.01);
	calibrate(ctx, p);
	return rounds_open(ctx, p->pts, p->n, &p->rounds);
}

void gemm_peaks_close(struct gemm_peaks *p)
{
	rounds_close(p->rounds);
	p->rounds = NULL;
}
