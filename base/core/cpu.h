/* CPU features and the choice of an instruction-set path.
 *
 * Kernels come as tables indexed by enum mw_isa; MEMWALL_ISA=portable|avx2|avx512|neon overrides the choice so
 * that every path can be tested on one machine. */
#ifndef MW_CPU_H
#define MW_CPU_H

#include <stdbool.h>
#include <stddef.h>

enum mw_isa { MW_ISA_PORTABLE, MW_ISA_NEON, MW_ISA_AVX2, MW_ISA_AVX512, MW_ISA_COUNT };

/* Extensions beyond the base of a path. AVX2 path = AVX2+FMA; AVX-512 path = F+BW+DQ+VL. */
enum mw_cpu_feature {
	MW_CPU_AVX512_VNNI = 1 << 0,
	MW_CPU_AVX512_VBMI = 1 << 1,
	MW_CPU_AVX512_BF16 = 1 << 2,
	MW_CPU_AVX512_VPOPCNT = 1 << 3,
	MW_CPU_AVX_VNNI = 1 << 4,
	MW_CPU_CLFLUSHOPT = 1 << 5,
	MW_CPU_CLWB = 1 << 6,
	MW_CPU_FMA = 1 << 7,
	MW_CPU_GFNI = 1 << 8,
};

const char *mw_isa_name(enum mw_isa isa);
/* Instruction set present and its register state enabled by the operating system (XGETBV). Thread-safe. */
bool mw_isa_supported(enum mw_isa isa);
/* Widest supported path, or the one MEMWALL_ISA names when it is supported. */
enum mw_isa mw_isa_best(void);
/* Is MEMWALL_ISA unset or usable? Otherwise MW_ESPEC and a line in err. */
int mw_isa_check_override(char *err, size_t n);
bool mw_cpu_has(enum mw_cpu_feature f);
/* Space-separated names of what was found, for reports. Length of the whole as snprintf. */
size_t mw_cpu_describe(char *out, size_t n);

#endif
