/* CPU features and the choice of an instruction-set path.
 *
 * Kernels come as tables indexed by enum mw_isa; MEMWALL_ISA=portable|avx2|avx512|neon overrides the choice so
 * that every path can be tested on one machine. */
#ifndef MW_CPU_H
#define MW_CPU_H

#include <stdbool.h>
#include <stddef.h>

enum mw_isa { MW_ISA_PORTABLE, MW_ISA_NEON, MW_ISA_AVX2, MW_ISA_AVX512, MW_ISA_COUNT };

/* Extensions beyond those that a path always has: AVX2 path = AVX2 and FMA; AVX-512 path = F, BW, DQ and VL. */
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
/* True when the CPU has the instruction set and the operating system saves its registers (XGETBV). Thread-safe. */
bool mw_isa_supported(enum mw_isa isa);
/* The path that MEMWALL_ISA names if this CPU supports it, else the widest supported one. */
enum mw_isa mw_isa_best(void);
/* 0 when MEMWALL_ISA is unset or names a supported path; else MW_ESPEC and a line in err. */
int mw_isa_check_override(char *err, size_t n);
bool mw_cpu_has(enum mw_cpu_feature f);
/* Names of the supported paths and extensions, separated by spaces. Returns the full length, as snprintf. */
size_t mw_cpu_describe(char *out, size_t n);

#endif
