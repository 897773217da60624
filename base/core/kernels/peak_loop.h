/* A loop that measures peak compute: PEAK_CHAINS independent chains, enough to hide the latency of a step. No include
 * guard, because each kernel file includes it once per kernel and defines before:
 *   PEAK_NAME    function to define: uint64_t PEAK_NAME(uint64_t steps), returns the operations done
 *   PEAK_X       type of the constant operand x, PEAK_X_INIT its value
 *   PEAK_ACC     type of an accumulator, PEAK_ACC_INIT its first value
 *   PEAK_STEP(acc)  the step as an expression of acc and x
 *   PEAK_CHAINS  4, 8, 12 or 16: as many as the registers hold
 *   PEAK_OPS     operations of one step, multiplication and addition counted apart */

/* Hides a value from the optimiser, which would merge equal chains; volatile keeps it from removing them. */
#if defined(__x86_64__)
#define OPAQUE(v) __asm__ volatile("" : "+x"(v))
#elif defined(__aarch64__)
#define OPAQUE(v) __asm__ volatile("" : "+w"(v))
#else
#define OPAQUE(v) __asm__ volatile("" : "+m"(v))
#endif

#define ONE(acc)                                                                                                       \
	do {                                                                                                           \
		OPAQUE(x);                                                                                             \
		(acc) = PEAK_STEP(acc);                                                                                \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t PEAK_NAME(uint64_t steps)
{
	PEAK_X x = PEAK_X_INIT;
	PEAK_ACC a = PEAK_ACC_INIT, b = a, c = a, d = a;
#if PEAK_CHAINS > 4
	PEAK_ACC e = a, f = a, g = a, h = a;
#endif
#if PEAK_CHAINS > 8
	PEAK_ACC i = a, j = a, k = a, l = a;
#endif
#if PEAK_CHAINS > 12
	PEAK_ACC m = a, n = a, o = a, p = a;
#endif
	for (uint64_t s = 0; s < steps; s++) {
		ONE(a);
		ONE(b);
		ONE(c);
		ONE(d);
#if PEAK_CHAINS > 4
		ONE(e);
		ONE(f);
		ONE(g);
		ONE(h);
#endif
#if PEAK_CHAINS > 8
		ONE(i);
		ONE(j);
		ONE(k);
		ONE(l);
#endif
#if PEAK_CHAINS > 12
		ONE(m);
		ONE(n);
		ONE(o);
		ONE(p);
#endif
	}
	return steps * PEAK_CHAINS * (PEAK_OPS);
}

#undef ONE
#undef OPAQUE
#undef PEAK_NAME
#undef PEAK_X
#undef PEAK_X_INIT
#undef PEAK_ACC
#undef PEAK_ACC_INIT
#undef PEAK_STEP
#undef PEAK_CHAINS
#undef PEAK_OPS
