/* Description: each benchmark refuses wrong options before anything is measured, by its table or its check(). */
#include "tests/bench/context.h"

#include "base/core/err.h"

Test(check, every_benchmark_takes_its_defaults)
{
	struct mw_topology *topo = calloc(1, sizeof(*topo));
	char err[300] = "";
	cr_assert_eq(mw_topology_read("/", NULL, topo, err, sizeof(err)), 0, "%s", err);
	const struct bench_profile profile = {"tiny", 20, 0.5, 2, 3, 0.0005, 24u << 20, 2};
	atomic_int stop = 0;
	for (const struct bench *const *b = bench_table; *b; b++) {
		struct mw_opts opts;
		char *argv[] = {NULL};
		struct bench_ctx ctx = {.topo = topo, .profile = &profile, .opts = &opts, .stop = &stop, .named = true};
		cr_assert_eq(mw_arenas_create(256u << 20, &ctx.arenas), 0);
		ctx.start_ns = mw_now_ns();
		ctx.deadline_ns = ctx.start_ns + 20000000000u;
		cr_assert_eq(mw_opts_parse(&opts, &(*b)->options, 1, 1, argv, err, sizeof(err)), 0, "%s", err);
		int rc = (*b)->check ? (*b)->check(&ctx, err, sizeof(err)) : 0;
		cr_expect_eq(rc, 0, "%s: %d %s", (*b)->name, rc, err);
		mw_opts_fini(&opts);
		mw_arenas_destroy(ctx.arenas);
	}
	mw_topology_fini(topo);
	free(topo);
}

Test(check, wrong_options_are_refused_before_a_run)
{
	static const struct {
		char bench[16];
		const char *options[4];
		int code;
		const char *word;
	} bad[] = {
		{"gemm", {"--engine=zz"}, MW_ESPEC, "not one of own|openblas|blis|onednn"},
		{"gemm", {"--engine=own,"}, MW_ESPEC, "empty item"},
		{"gemm", {"--engine=own,own"}, MW_ESPEC, "twice"},
		{"gemm", {"--shapes=768"}, MW_ESPEC, "'768' is not INPUTSxOUTPUTS"},
		{"gemm", {"--shapes=768x3072,"}, MW_ESPEC, "empty item"},
		{"gemm", {"--shapes=0x5"}, MW_ESPEC, "'0x5'"},
		{"gemm", {"--shapes=131072x5"}, MW_ESPEC, "up to 131071"},
		{"gemm", {"--shapes=5x16777217"}, MW_ESPEC, "up to 16M"},
		{"gemm", {"--shapes=1Kx768,1024x768"}, MW_ESPEC, "twice"},
		{"gemm", {"--shapes=131071x16M"}, MW_ESPEC, "more than"},
		{"gemm", {"--tokens=0"}, MW_ESPEC, "out of range"},
		{"gemm",
		 {"--shapes=1x1,2x1,3x1,4x1,5x1,6x1,7x1,8x1,9x1", "--tokens=1,2,3,4,5,6,7,8"},
		 MW_ESPEC,
		 "more than 64 products"},
		{"energy", {"--meter=zz"}, MW_ESPEC, "not one of auto|"},
		{"energy", {"--sample-time=0"}, MW_ESPEC, "not a time"},
		{"energy", {"--dram=ddr9"}, MW_ESPEC, "not one of"},
		{"energy", {"--row-hit=1.1"}, MW_ESPEC, "out of range"},
		{"offload", {"--kernels=,"}, MW_ESPEC, "empty item"},
		{"offload", {"--kernels=nand"}, MW_ESPEC, "did you mean 'and'"},
		{"offload", {"--kernels=and,and"}, MW_ESPEC, "twice"},
		{"offload", {"--kernels=and", "--shapes=5x5"}, MW_ESPEC, "--shapes is for gemv"},
		{"offload", {"--kernels=gemv", "--sizes=1M"}, MW_ESPEC, "--sizes is for bulk"},
		{"offload", {"--shapes= 5x5"}, MW_ESPEC, "' 5x5'"},
		{"offload", {"--shapes=5x5,05x5"}, MW_ESPEC, "twice"},
		{"offload", {"--shapes=131071x16M"}, MW_ESPEC, "more than"},
		{"offload", {"--sizes=1000001"}, MW_ESPEC, "multiple of 8"},
		{"offload", {"--sizes=900G"}, MW_ESPEC, "--sizes"},
		{"offload", {"--device=nonsense"}, MW_ESPEC, "--device=nonsense: no device"},
		{"offload", {"--device=ambit:colour=1"}, MW_ESPEC, "no key 'colour'"},
		{"offload", {"--device=dimc", "--device=dimc"}, MW_ESPEC, "twice"},
		{"offload", {"--device=ambit", "--device=ambit:limit=none"}, MW_ESPEC, "twice"},
		{"offload", {"--device=dimc", "--kernels=and"}, MW_EUNAVAILABLE, "none of these kernels"},
		{"storage", {"--dir=/no/such/folder"}, MW_ESPEC, "is not a directory"},
		{"storage", {"--dir=/proc/self/exe"}, MW_ESPEC, "is not a directory"},
		{"storage", {"--dir=/proc"}, MW_EUNAVAILABLE, "--dir: /proc"},
		{"storage", {"--blocks=5000"}, MW_ESPEC, "--blocks: 5000 is not a multiple of 4096"},
		{"storage", {"--blocks=2M"}, MW_ESPEC, "--blocks"},
		{"storage", {"--depths=0"}, MW_ESPEC, "--depths"},
		{"storage", {"--depths=1", "--max-depth=4"}, MW_ESPEC, "only one of them"},
		{"storage", {"--engine=aio"}, MW_ESPEC, "not one of auto|io_uring|pread"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_refused(bench_find(bad[i].bench), bad[i].options, bad[i].code, bad[i].word);
}
