/* Transposition for AVX-512 with byte permutations (VBMI) and 8 x 8 bit products (GFNI).
 *
 * A 64-byte vector of bytes of one significance holds 8 groups of 8 lanes of 8 bits: [group][lane][bit]. GF2P8AFFINEQB
 * transposes each group: [group][bit][lane]. VPERMB exchanges the first two: [bit][group][lane], that is, 8 bytes of
 * each of 8 planes. An 8 x 8 transposition of 8-byte elements over 8 such vectors (512 lanes) makes whole cache lines
 * of planes. */
#if defined(__AVX512VBMI__) && defined(__GFNI__)
#include <immintrin.h>
#include <stdint.h>

#include "base/core/kernels/transpose_paths.h"

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 8")
#endif

typedef __m512i V;
enum { LINE = MW_TRANSPOSE_LANES / 8, GROUPS = 8 };

/* Index lists for VPERMB: ROW is eight indices, `step` apart; ROWS is eight such rows. */
#define ROW(first, step)                                                                                               \
	(first), (first) + (step), (first) + 2 * (step), (first) + 3 * (step), (first) + 4 * (step),                   \
		(first) + 5 * (step), (first) + 6 * (step), (first) + 7 * (step)
#define ROWS(first, row, step)                                                                                         \
	ROW(first, step), ROW((first) + (row), step), ROW((first) + 2 * (row), step), ROW((first) + 3 * (row), step),  \
		ROW((first) + 4 * (row), step), ROW((first) + 5 * (row), step), ROW((first) + 6 * (row), step),        \
		ROW((first) + 7 * (row), step)
#define QUAD(lane) (lane), 16 + (lane), 32 + (lane), 48 + (lane)
#define QUADS(lane) QUAD(lane), QUAD((lane) + 1), QUAD((lane) + 2), QUAD((lane) + 3)
#define PAIRS(lane) (lane), 64 + (lane), (lane) + 1, 65 + (lane), (lane) + 2, 66 + (lane), (lane) + 3, 67 + (lane)

/* The bit product takes the rows of its matrix from the highest byte down, so its input is in reverse order. */
static const _Alignas(64) int8_t exchange[64] = {ROWS(0, 1, 8)},
				 exchange_reverse[64] = {ROWS(56, 1, -8)}, reverse[64] = {ROWS(7, 8, -1)};
/* Containers of 2 bytes: the first bytes of 64 lanes of two vectors; the second bytes are next to them. */
static const _Alignas(64) int8_t split2_reverse[64] = {ROWS(14, 16, -2)};
/* Containers of 4 bytes: 16 lanes, 16 bytes of each significance. */
static const _Alignas(64) int8_t split4_reverse[64] = {ROW(28, -4), ROW(60, -4), ROW(29, -4), ROW(61, -4),
						       ROW(30, -4), ROW(62, -4), ROW(31, -4), ROW(63, -4)};
static const _Alignas(64) int8_t join4[64] = {QUADS(0), QUADS(4), QUADS(8), QUADS(12)};
static const _Alignas(64) int8_t join2[64] = {PAIRS(0),  PAIRS(4),  PAIRS(8),  PAIRS(12),
					      PAIRS(16), PAIRS(20), PAIRS(24), PAIRS(28)};

INLINE V load(const void *p)
{
	return _mm512_load_si512(p);
}

INLINE V permute(const int8_t *table, V v)
{
	return _mm512_permutexvar_epi8(load(table), v);
}

INLINE V permute2(V index, V a, V b)
{
	return _mm512_permutex2var_epi8(a, index, b);
}

/* Within 8 bytes, given in reverse order: bit b of byte i to bit i of byte b. */
INLINE V transpose_bits(V v)
{
	/* Byte j of the first factor selects column j. */
	return _mm512_gf2p8affine_epi64_epi8(_mm512_set1_epi64((long long)0x8040201008040201), v, 0);
}

/* Part p of v[q] to part q of v[p]; parts of 16 bytes. */
INLINE void transpose_parts(V v[4])
{
	V a = _mm512_shuffle_i32x4(v[0], v[1], 0x44), b = _mm512_shuffle_i32x4(v[2], v[3], 0x44);
	V c = _mm512_shuffle_i32x4(v[0], v[1], 0xee), d = _mm512_shuffle_i32x4(v[2], v[3], 0xee);
	v[0] = _mm512_shuffle_i32x4(a, b, 0x88);
	v[1] = _mm512_shuffle_i32x4(a, b, 0xdd);
	v[2] = _mm512_shuffle_i32x4(c, d, 0x88);
	v[3] = _mm512_shuffle_i32x4(c, d, 0xdd);
}

/* Element p of v[q] to element q of v[p]; elements of 8 bytes. */
INLINE void transpose_elements(V v[8])
{
	V even[4], odd[4];
	UNROLLED
	for (unsigned i = 0; i < 4; i++) {
		even[i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
		odd[i] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
	}
	transpose_parts(even);
	transpose_parts(odd);
	UNROLLED
	for (unsigned i = 0; i < 4; i++) {
		v[2 * i] = even[i];
		v[2 * i + 1] = odd[i];
	}
}

/* 64 lanes: bytes of significance k into v[k], each 8 in reverse order. */
INLINE void split(const char *in, size_t unit, V v[8])
{
	UNROLLED
	for (unsigned i = 0; i < unit; i++) {
		v[i] = load(in + 64 * i);
		_mm_prefetch(in + 64 * i + 2 * MW_TRANSPOSE_LANES * unit, _MM_HINT_T0);
	}
	if (unit == 1) {
		v[0] = permute(reverse, v[0]);
	} else if (unit == 2) {
		V first = load(split2_reverse), second = _mm512_or_si512(first, _mm512_set1_epi8(1));
		V lo = permute2(first, v[0], v[1]);
		v[1] = permute2(second, v[0], v[1]);
		v[0] = lo;
	} else {
		UNROLLED
		for (unsigned i = 0; i < unit; i++)
			v[i] = permute(unit == 4 ? split4_reverse : exchange_reverse, v[i]);
		if (unit == 4)
			transpose_parts(v);
		else
			transpose_elements(v);
	}
}

/* The inverse of split, but with the bytes in order. */
INLINE void join(V v[8], size_t unit)
{
	if (unit == 2) {
		V first = load(join2), second = _mm512_add_epi8(first, _mm512_set1_epi8(32));
		V lo = permute2(first, v[0], v[1]);
		v[1] = permute2(second, v[0], v[1]);
		v[0] = lo;
	} else if (unit > 2) {
		if (unit == 4)
			transpose_parts(v);
		else
			transpose_elements(v);
		UNROLLED
		for (unsigned i = 0; i < unit; i++)
			v[i] = permute(unit == 4 ? join4 : exchange, v[i]);
	}
}

INLINE void put(char *p, V v, bool nt)
{
	if (nt)
		_mm512_stream_si512((V *)(void *)p, v);
	else
		_mm512_store_si512(p, v);
}

INLINE void step_to_planes(const char *in, size_t unit, unsigned bits, char *const *plane, size_t at, bool nt)
{
	V x[8][GROUPS];
	for (unsigned g = 0; g < GROUPS; g++) {
		V v[8];
		split(in + 64 * unit * g, unit, v);
		UNROLLED
		for (unsigned k = 0; k < unit; k++)
			x[k][g] = permute(exchange, transpose_bits(v[k]));
	}
	for (unsigned k = 0; 8 * k < bits; k++) {
		unsigned left = bits - 8 * k;
		transpose_elements(x[k]);
		UNROLLED
		for (unsigned b = 0; b < 8; b++)
			if (b < left)
				put(plane[8 * k + b] + at, x[k][b], nt);
	}
}

/* The hardware prefetchers cannot follow dozens of planes: prefetch four lines ahead. (Twice as fast at 64 planes.) */
INLINE V load_plane(const char *p)
{
	_mm_prefetch(p + 4 * LINE, _MM_HINT_T0);
	return load(p);
}

INLINE void step_from_planes(char *out, size_t unit, unsigned bits, const char *const *plane, size_t at, bool nt)
{
	V x[8][GROUPS];
	for (unsigned k = 0; k < unit; k++) {
		UNROLLED
		for (unsigned b = 0; b < 8; b++)
			x[k][b] = 8 * k + b < bits ? load_plane(plane[8 * k + b] + at) : _mm512_setzero_si512();
		transpose_elements(x[k]);
	}
	for (unsigned g = 0; g < GROUPS; g++) {
		V v[8];
		UNROLLED
		for (unsigned k = 0; k < unit; k++)
			v[k] = transpose_bits(permute(exchange_reverse, x[k][g]));
		join(v, unit);
		UNROLLED
		for (unsigned i = 0; i < unit; i++)
			put(out + 64 * (unit * g + i), v[i], nt);
	}
}

INLINE void to_planes(const char *in, size_t unit, unsigned bits, size_t n, char *const *plane, bool nt)
{
	for (size_t i = 0; i < n; i += MW_TRANSPOSE_LANES)
		step_to_planes(in + i * unit, unit, bits, plane, i / 8, nt);
	if (nt)
		_mm_sfence();
}

INLINE void from_planes(char *out, size_t unit, unsigned bits, size_t n, const char *const *plane, bool nt)
{
	for (size_t i = 0; i < n; i += MW_TRANSPOSE_LANES)
		step_from_planes(out + i * unit, unit, bits, plane, i / 8, nt);
	if (nt)
		_mm_sfence();
}

#define BY_UNIT(run, nt)                                                                                               \
	switch (unit) {                                                                                                \
	case 1:                                                                                                        \
		run(lanes, 1, bits, n, plane, nt);                                                                     \
		return;                                                                                                \
	case 2:                                                                                                        \
		run(lanes, 2, bits, n, plane, nt);                                                                     \
		return;                                                                                                \
	case 4:                                                                                                        \
		run(lanes, 4, bits, n, plane, nt);                                                                     \
		return;                                                                                                \
	default:                                                                                                       \
		run(lanes, 8, bits, n, plane, nt);                                                                     \
	}

void mw_to_planes_vbmi(const void *lanes, size_t unit, unsigned bits, size_t n, char *const *plane)
{
	BY_UNIT(to_planes, false)
}

void mw_from_planes_vbmi(void *lanes, size_t unit, unsigned bits, size_t n, const char *const *plane)
{
	BY_UNIT(from_planes, false)
}

void mw_to_planes_vbmi_nt(const void *lanes, size_t unit, unsigned bits, size_t n, char *const *plane)
{
	BY_UNIT(to_planes, true)
}

void mw_from_planes_vbmi_nt(void *lanes, size_t unit, unsigned bits, size_t n, const char *const *plane)
{
	BY_UNIT(from_planes, true)
}
#else
typedef int transpose_vbmi_not_built; /* an empty translation unit is not ISO C */
#endif
