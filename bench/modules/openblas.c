/* NEEDS: openblas_config.h */
/* CFLAGS: -I/usr/include/openblas */
/* LINK: -lopenblas */
/* OpenBLAS, single precision. The library reads its environment (one thread, core type) when it is loaded, so it must
 * be set before this module is opened. */
#include <stdio.h>

#include "bench/modules/cblas_engine.h"

char *openblas_get_corename(void);
char *openblas_get_config(void);
int openblas_get_num_threads(void);

static int init(char *detail, size_t dn, char *err, size_t en)
{
	if (openblas_get_num_threads() != 1) {
		engine_say(err, en, "OpenBLAS started %d threads of its own", openblas_get_num_threads());
		return GEMM_EUNAVAILABLE;
	}
	/* The second word of "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...". */
	char version[32] = "";
	(void)sscanf(openblas_get_config(), "%*s %31s", version);
	engine_say(detail, dn, "%s %s", version, openblas_get_corename());
	return 0;
}

GEMM_ENGINE_EXPORT extern const struct gemm_engine gemm_engine;
const struct gemm_engine gemm_engine = {
	CBLAS_ENGINE,
	.name = "openblas",
	.init = init,
};
