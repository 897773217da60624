/* The loop of every transposition but that of transpose_vbmi.c. Included once by each path's file, which first defines
 *   V                        vector of uint64_t    V_PARTS   its size / 16: 1, 2 or 4
 *   v_zip_lo(a, b), v_zip_hi bytes of the low or high halves of each 16-byte part, alternating
 *   v_load_parts(p, d)       part k from p + k * d; v_store_parts(p, d, v)
 *   v_stream(p, v)           non-temporal, and V_STREAM 1, or V_STREAM 0; v_fence()
 *   v_exchange(a, b, s, m)   optional, see below
 *   TRANSPOSE_TO/_FROM       names of the functions, with _NT where V_STREAM is 1
 *
 * Each 16-byte part works on 128 lanes. Step 1 (zips) collects the bytes of one significance: byte b of vector v then
 * belongs to lane 8 * b + v. Step 2 exchanges the number of the vector with the number of the bit in each byte, which
 * gives one vector per plane. Each step is its own inverse. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/core/kernels/transpose.h"

#define T_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define T_UNROLLED _Pragma("unroll")
#else
#define T_UNROLLED _Pragma("GCC unroll 16")
#endif

#define T_LANES (128u * V_PARTS)
#define T_LINE (MW_TRANSPOSE_LANES / 8)

T_INLINE V v_load(const void *p)
{
	V v;
	memcpy(&v, __builtin_assume_aligned(p, sizeof(V)), sizeof(v));
	return v;
}

T_INLINE void v_store(void *p, V v)
{
	memcpy(__builtin_assume_aligned(p, sizeof(V)), &v, sizeof(v));
}

#ifndef v_exchange
/* Exchanges the bits of a whose number within the byte has bit s set with those of b whose number has it clear; m
 * selects the latter. */
T_INLINE void v_exchange(V *a, V *b, unsigned s, uint64_t m)
{
	V t = ((*a >> s) ^ *b) & m;
	*b ^= t;
	*a ^= t << s;
}
#endif

/* Zips each vector whose number has bit d clear with the one that has it set: bit d of the vector number becomes the
 * lowest bit of the byte number, whose highest bit takes its place. */
T_INLINE void zip(V *x, unsigned n, unsigned d)
{
	T_UNROLLED
	for (unsigned i = 0; i < n; i++) {
		if (i & d)
			continue;
		V lo = v_zip_lo(x[i], x[i + d]), hi = v_zip_hi(x[i], x[i + d]);
		x[i] = lo;
		x[i + d] = hi;
	}
}

/* Byte b of vector a goes to byte a of vector b. */
T_INLINE void transpose_bytes(V x[16])
{
	zip(x, 16, 8);
	zip(x, 16, 4);
	zip(x, 16, 2);
	zip(x, 16, 1);
}

/* Bit b of every byte of vector a goes to bit a of vector b. */
T_INLINE void transpose_bits(V x[8])
{
	static const uint64_t without[] = {0, 0x5555555555555555, 0x3333333333333333, 0, 0x0f0f0f0f0f0f0f0f};
	T_UNROLLED
	for (unsigned s = 4; s > 0; s /= 2) {
		T_UNROLLED
		for (unsigned i = 0; i < 8; i++)
			if (!(i & s))
				v_exchange(&x[i], &x[i + s], s, without[s]);
	}
}

/* out[k][i]: bytes k of lanes i, 8 + i, 16 + i, ... */
T_INLINE void gather(const char *in, size_t unit, V out[][8])
{
	V x[16];
	if (unit == 1) {
		T_UNROLLED
		for (unsigned a = 0; a < 8; a++)
			x[a] = v_load_parts(in + 16 * a, 128);
		zip(x, 8, 4);
		zip(x, 8, 2);
		zip(x, 8, 1);
		zip(x, 8, 4);
		T_UNROLLED
		for (unsigned i = 0; i < 8; i++)
			out[0][i] = x[i % 2 * 4 + i / 2];
		return;
	}
	const unsigned groups = (unsigned)unit / 2, lanes = 16 / (unsigned)unit; /* lanes: of 16 bytes */
	for (unsigned g = 0; g < groups; g++) {
		T_UNROLLED
		for (unsigned a = 0; a < 16; a++)
			x[a] = v_load_parts(in + 16 * (a * groups + g), 128 * unit);
		transpose_bytes(x);
		T_UNROLLED
		for (unsigned p = 0; p < 16; p++)
			out[p % unit][g * lanes + p / unit] = x[p];
	}
}

T_INLINE void scatter(V in[][8], size_t unit, char *out)
{
	V x[16];
	if (unit == 1) {
		T_UNROLLED
		for (unsigned i = 0; i < 8; i++)
			x[i] = in[0][i];
		zip(x, 8, 4);
		zip(x, 8, 2);
		zip(x, 8, 1);
		T_UNROLLED
		for (unsigned a = 0; a < 8; a++)
			v_store_parts(out + 16 * a, 128, x[a]);
		return;
	}
	const unsigned groups = (unsigned)unit / 2, lanes = 16 / (unsigned)unit;
	for (unsigned g = 0; g < groups; g++) {
		T_UNROLLED
		for (unsigned p = 0; p < 16; p++)
			x[p] = in[p % unit][g * lanes + p / unit];
		transpose_bytes(x);
		T_UNROLLED
		for (unsigned a = 0; a < 16; a++)
			v_store_parts(out + 16 * (a * groups + g), 128 * unit, x[a]);
	}
}

T_INLINE void put(char *p, V v, bool nt)
{
#if V_STREAM
	if (nt) {
		v_stream(p, v);
		return;
	}
#endif
	(void)nt;
	v_store(p, v);
}

T_INLINE void put_line(char *p, const char *line, bool nt)
{
	T_UNROLLED
	for (unsigned i = 0; i < T_LINE; i += sizeof(V))
		put(p + i, v_load(line + i), nt);
}

/* T_LANES lanes into sizeof(V) bytes of each plane, from byte `at` on. */
T_INLINE void block_to_planes(const char *in, size_t unit, unsigned bits, char *const *plane, size_t at, bool nt)
{
	V x[8][8];
	gather(in, unit, x);
	for (unsigned k = 0; 8 * k < bits; k++) {
		transpose_bits(x[k]);
		unsigned left = bits - 8 * k;
		T_UNROLLED
		for (unsigned b = 0; b < 8; b++)
			if (b < left)
				put(plane[8 * k + b] + at, x[k][b], nt);
	}
}

T_INLINE void block_from_planes(char *out, size_t unit, unsigned bits, const char *const *plane, size_t at)
{
	V x[8][8];
	for (unsigned k = 0; k < unit; k++) {
		T_UNROLLED
		for (unsigned b = 0; b < 8; b++)
			x[k][b] = 8 * k + b < bits ? v_load(plane[8 * k + b] + at) : (V){0};
		/* The hardware prefetchers cannot follow dozens of planes: prefetch each plane four lines ahead, once
		 * per line. */
		for (unsigned j = 8 * k; j < bits && j < 8 * k + 8 && at % T_LINE == 0; j++)
			__builtin_prefetch(plane[j] + at + 4 * T_LINE);
		transpose_bits(x[k]);
	}
	scatter(x, unit, out);
}

/* Paths with vectors shorter than 64 bytes collect each plane's cache line in `line` and write it as a whole. */
T_INLINE void to_planes(const char *in, size_t unit, unsigned bits, size_t n, char *const *plane, bool nt)
{
	_Alignas(64) char line[64][T_LINE];
	char *lines[64];
	for (unsigned j = 0; j < 64; j++)
		lines[j] = line[j];
	for (size_t i = 0; i < n; i += MW_TRANSPOSE_LANES) {
		const char *from = in + i * unit;
		/* v_load_parts reads at large distances, which the hardware prefetchers do not follow. */
		for (size_t b = 0; b < MW_TRANSPOSE_LANES * unit; b += T_LINE)
			__builtin_prefetch(from + MW_TRANSPOSE_LANES * unit + b);
		if (T_LANES == MW_TRANSPOSE_LANES) {
			block_to_planes(from, unit, bits, plane, i / 8, nt);
			continue;
		}
		for (unsigned l = 0; l < MW_TRANSPOSE_LANES; l += T_LANES)
			block_to_planes(from + l * unit, unit, bits, lines, l / 8, false);
		for (unsigned j = 0; j < bits; j++)
			put_line(plane[j] + i / 8, line[j], nt);
	}
	if (nt)
		v_fence();
}

T_INLINE void put_lines(char *p, const char *line, size_t bytes)
{
	for (size_t b = 0; b < bytes; b += T_LINE)
		put_line(p + b, line + b, true);
}

/* v_store_parts writes 16 bytes at a time at large distances. For non-temporal stores it writes to `line`, which is
 * copied out in order one step later: a load of a line that several stores still in the store buffer have written would
 * stall. */
T_INLINE void from_planes(char *out, size_t unit, unsigned bits, size_t n, const char *const *plane, bool nt)
{
	_Alignas(64) char line[2][8 * MW_TRANSPOSE_LANES];
	const size_t step = MW_TRANSPOSE_LANES * unit;
	unsigned now = 0;
	for (size_t i = 0; i < n; i += MW_TRANSPOSE_LANES, out += step, now ^= 1u) {
		char *to = nt ? line[now] : out;
		for (unsigned l = 0; l < MW_TRANSPOSE_LANES; l += T_LANES)
			block_from_planes(to + l * unit, unit, bits, plane, (i + l) / 8);
		if (nt && i > 0)
			put_lines(out - step, line[now ^ 1u], step);
	}
	if (nt) {
		put_lines(out - step, line[now ^ 1u], step);
		v_fence();
	}
}

#define T_UNIT(run, ...)                                                                                               \
	switch (unit) {                                                                                                \
	case 1:                                                                                                        \
		run(lanes, 1, __VA_ARGS__);                                                                            \
		return;                                                                                                \
	case 2:                                                                                                        \
		run(lanes, 2, __VA_ARGS__);                                                                            \
		return;                                                                                                \
	case 4:                                                                                                        \
		run(lanes, 4, __VA_ARGS__);                                                                            \
		return;                                                                                                \
	default:                                                                                                       \
		run(lanes, 8, __VA_ARGS__);                                                                            \
	}

void TRANSPOSE_TO(const void *lanes, size_t unit, unsigned bits, size_t n, char *const *plane)
{
	T_UNIT(to_planes, bits, n, plane, false)
}

void TRANSPOSE_FROM(void *lanes, size_t unit, unsigned bits, size_t n, const char *const *plane)
{
	T_UNIT(from_planes, bits, n, plane, false)
}

#if V_STREAM
void TRANSPOSE_TO_NT(const void *lanes, size_t unit, unsigned bits, size_t n, char *const *plane)
{
	T_UNIT(to_planes, bits, n, plane, true)
}

void TRANSPOSE_FROM_NT(void *lanes, size_t unit, unsigned bits, size_t n, const char *const *plane)
{
	T_UNIT(from_planes, bits, n, plane, true)
}
#endif
