/* Reductions of one instruction set, a part of arith_loop.h. Sums and counts are kept in narrow lanes as long as these
 * cannot overflow. */

/* Adds the halves of each lane: bytes to 16 bits, those to 32, those to 64. */
ARITH_INLINE arith_words arith_widen_8(arith_words v)
{
	return (v & 0x00ff00ff00ff00ffu) + (v >> 8 & 0x00ff00ff00ff00ffu);
}

ARITH_INLINE arith_words arith_widen_16(arith_words v)
{
	return (v & 0x0000ffff0000ffffu) + (v >> 16 & 0x0000ffff0000ffffu);
}

ARITH_INLINE arith_words arith_widen_32(arith_words v)
{
	return (v & 0xffffffffu) + (v >> 32);
}

ARITH_INLINE uint64_t arith_total(arith_words v)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < V_BYTES / 8; i++)
		sum += v[i];
	return sum;
}

static uint64_t ones(const void *src, size_t bytes)
{
	const arith_words *p = src, *end = p + bytes / V_BYTES;
	arith_words total = {0};
	while (p < end) {
		/* 31 vectors have at most 248 ones in one byte column. */
		const arith_words *stop = end - p < 31 ? end : p + 31;
		arith_octets n = {0};
		for (; p < stop; p++)
			n += (arith_octets)arith_ones(*p);
		total += arith_widen_32(arith_widen_16(arith_widen_8((arith_words)n)));
	}
	return arith_total(total);
}

/* With its sign bit flipped a signed lane is a number without sign, larger by 2^(bits - 1). Each of `most` vectors adds
 * at most twice the largest lane to a lane of double width; the next sizes follow by widening. */
#define SUM(bits, most, add, fold)                                                                                     \
	static uint64_t sum_##bits(const void *src, size_t lanes, uint64_t sign)                                       \
	{                                                                                                              \
		const arith_words *p = src, *end = p + lanes * ((bits) / 8) / V_BYTES;                                 \
		const arith_words flip = (arith_words)splat_##bits(sign);                                              \
		arith_words total = {0};                                                                               \
		while (p < end) {                                                                                      \
			const arith_words *stop = end - p < (most) ? end : p + (most);                                 \
			arith_words n = {0};                                                                           \
			for (; p < stop; p++)                                                                          \
				n += add(*p ^ flip);                                                                   \
			total += fold(n);                                                                              \
		}                                                                                                      \
		return arith_total(total) - lanes * sign;                                                              \
	}
#define SUM_SAME(v) (v)
#define SUM_FOLD_8(v) arith_widen_32(arith_widen_16(v))
SUM(8, 128, arith_widen_8, SUM_FOLD_8)
SUM(16, 32768, arith_widen_16, arith_widen_32)
SUM(32, 1 << 20, arith_widen_32, SUM_SAME)
SUM(64, 1 << 20, SUM_SAME, SUM_SAME)
#undef SUM
#undef SUM_SAME
#undef SUM_FOLD_8

/* The least lane, with its sign bit flipped. Four at a time, because each comparison waits for the one before. */
#define LEAST(bits)                                                                                                    \
	static uint64_t least_##bits(const void *src, size_t lanes, uint64_t sign)                                     \
	{                                                                                                              \
		enum { LANES = V_BYTES / ((bits) / 8), WAYS = 4 };                                                     \
		const vec_##bits *p = src, flip = splat_##bits(sign);                                                  \
		const size_t n = lanes / LANES;                                                                        \
		vec_##bits least[WAYS];                                                                                \
		size_t i = 0;                                                                                          \
		for (unsigned k = 0; k < WAYS; k++)                                                                    \
			least[k] = splat_##bits(UINT64_MAX);                                                           \
		for (; i + WAYS <= n; i += WAYS)                                                                       \
			ARITH_UNROLL for (unsigned k = 0; k < WAYS; k++)                                               \
			{                                                                                              \
				const vec_##bits x = p[i + k] ^ flip;                                                  \
				least[k] = choose_##bits((vec_##bits)(x < least[k]), x, least[k]);                     \
			}                                                                                              \
		for (; i < n; i++) {                                                                                   \
			const vec_##bits x = p[i] ^ flip;                                                              \
			least[0] = choose_##bits((vec_##bits)(x < least[0]), x, least[0]);                             \
		}                                                                                                      \
		uint64_t r = UINT64_MAX;                                                                               \
		for (unsigned k = 0; k < WAYS; k++)                                                                    \
			for (unsigned j = 0; j < LANES; j++)                                                           \
				r = least[k][j] < r ? least[k][j] : r;                                                 \
		return r;                                                                                              \
	}
LEAST(8)
LEAST(16)
LEAST(32)
LEAST(64)
#undef LEAST
