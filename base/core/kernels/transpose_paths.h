/* Functions of the paths of transpose.h. */
#ifndef MW_TRANSPOSE_PATHS_H
#define MW_TRANSPOSE_PATHS_H

#include "base/core/kernels/transpose.h"

#define MW_TRANSPOSE_PATH(path)                                                                                        \
	void mw_to_planes_##path(const void *lanes, size_t unit, unsigned bits, size_t n, char *const *plane);         \
	void mw_from_planes_##path(void *lanes, size_t unit, unsigned bits, size_t n, const char *const *plane);

MW_TRANSPOSE_PATH(portable)
MW_TRANSPOSE_PATH(avx2)
MW_TRANSPOSE_PATH(avx2_nt)
MW_TRANSPOSE_PATH(avx512)
MW_TRANSPOSE_PATH(avx512_nt)
MW_TRANSPOSE_PATH(vbmi)
MW_TRANSPOSE_PATH(vbmi_nt)
MW_TRANSPOSE_PATH(neon)

#endif
