/* Transposition in C with 16-byte vector types, which the compiler splits where the processor has no such vectors. */
#include <stddef.h>
#include <stdint.h>

#include "base/core/kernels/transpose_paths.h"

typedef uint64_t V __attribute__((vector_size(16)));
typedef uint8_t v_bytes __attribute__((vector_size(16)));
#define V_PARTS 1
#define V_STREAM 0
#define TRANSPOSE_TO mw_to_planes_portable
#define TRANSPOSE_FROM mw_from_planes_portable

#if defined(__clang__) || __GNUC__ >= 12
#define v_shuffle(a, b, ...) ((V)__builtin_shufflevector((v_bytes)(a), (v_bytes)(b), __VA_ARGS__))
#else
#define v_shuffle(a, b, ...) ((V)__builtin_shuffle((v_bytes)(a), (v_bytes)(b), (v_bytes){__VA_ARGS__}))
#endif
#define v_zip_lo(a, b) v_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define v_zip_hi(a, b) v_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define v_load_parts(p, d) v_load(p)
#define v_store_parts(p, d, v) v_store(p, v)
#define v_fence() ((void)0)

#include "base/core/kernels/transpose_loop.h"
