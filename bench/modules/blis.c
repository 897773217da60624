/* NEEDS: blis.h */
/* CFLAGS: -I/usr/include/blis */
/* LINK: -lblis */
/* BLIS, single precision. */
#include <stdlib.h>
#include <string.h>

#include "bench/modules/cblas_engine.h"

/* Declared here, because blis.h gives compiler warnings. */
char *bli_info_get_version_str(void);
char *bli_arch_string(int id);
int bli_arch_query_id(void);

/* Number of an architecture name, for BLIS_ARCH_TYPE. BLIS 0.9 uses "generic" kernels, with a fifth of the speed, on
 * CPUs that it does not know. The numbers change between versions, the names do not; "generic" is the last. */
static int arch_number(const char *name)
{
	for (int id = 0; id < 64; id++) {
		const char *s = bli_arch_string(id);
		if (strcmp(s, name) == 0)
			return id;
		if (strcmp(s, "generic") == 0)
			break;
	}
	return -1;
}

static void choose_arch(void)
{
#if defined(__x86_64__)
	const char *name = NULL;
	__builtin_cpu_init();
	/* BLIS recognises Intel's CPUs. */
	if (__builtin_cpu_is("intel"))
		return;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		name = "skx";
	else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		name = "zen3";
	int id = name ? arch_number(name) : -1;
	char number[12];
	engine_say(number, sizeof(number), "%d", id);
	if (id >= 0)
		(void)setenv("BLIS_ARCH_TYPE", number, 0);
#endif
}

static int init(char *detail, size_t dn, char *err, size_t en)
{
	(void)err;
	(void)en;
	choose_arch();
	/* The first product initialises the library. bli_arch_query_id aborts before that when the variable is set. */
	float a = 2.0f, b = 3.0f, c = 0.0f;
	cblas_sgemm(ROW_MAJOR, NO_TRANS, TRANS, 1, 1, 1, 1.0f, &a, 1, &b, 1, 0.0f, &c, 1);
	engine_say(detail, dn, "%s %s", bli_info_get_version_str(), bli_arch_string(bli_arch_query_id()));
	return 0;
}
GEMM_ENGINE_EXPORT extern const struct gemm_engine gemm_engine;
const struct gemm_engine gemm_engine = {
	CBLAS_ENGINE,
	.name = "blis",
	.init = init,
};
