/* The part of Criterion that the unit tests use, for tests/arm/runner.c. Criterion starts each test by exec of its own
 * program, which an emulated program cannot do; this runner forks. A macro that is missing here does not compile. */
#ifndef ARM_CRITERION_H
#define ARM_CRITERION_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct runner_options {
	void (*init)(void);
	void (*fini)(void);
	double timeout; /* s; 0: the runner's */
	int signal;     /* that ends the test; 0: none */
};

struct runner_test {
	const char *suite, *name;
	void (*run)(void); /* NULL: a TestSuite, whose init and fini are for all its tests */
	struct runner_options options;
	struct runner_test *next;
};

void runner_add(struct runner_test *t);
/* Prints what failed; the test goes on. */
void runner_expected(const char *file, int line, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, and ends the test. */
void runner_asserted(const char *file, int line, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), noreturn));
void runner_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void runner_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void runner_redirect_stdout(void);
bool runner_stdout_is(const char *text);

#define RUNNER_ADD(id, suite_, name_, run_, ...)                                                                       \
	static struct runner_test id##_entry = {                                                                       \
		.suite = suite_, .name = name_, .run = run_, .options = {__VA_ARGS__}};                                \
	__attribute__((constructor)) static void id##_add(void)                                                        \
	{                                                                                                              \
		runner_add(&id##_entry);                                                                               \
	}
#define Test(suite, name, ...)                                                                                         \
	static void suite##_##name##_run(void);                                                                        \
	RUNNER_ADD(suite##_##name, #suite, #name, suite##_##name##_run, __VA_ARGS__)                                   \
	static void suite##_##name##_run(void)
#define TestSuite(suite, ...) RUNNER_ADD(suite##_suite, #suite, "", NULL, __VA_ARGS__) struct runner_test

#define RUNNER_CHECK(how, ok, what, ...) ((ok) ? (void)0 : runner_##how(__FILE__, __LINE__, what, " " __VA_ARGS__))
#define RUNNER_STR(a, op, b) (strcmp((a), (b)) op 0)

#define cr_assert(x, ...) RUNNER_CHECK(asserted, x, #x, __VA_ARGS__)
#define cr_expect(x, ...) RUNNER_CHECK(expected, x, #x, __VA_ARGS__)
#define cr_assert_not(x, ...) RUNNER_CHECK(asserted, !(x), "not " #x, __VA_ARGS__)
#define cr_expect_not(x, ...) RUNNER_CHECK(expected, !(x), "not " #x, __VA_ARGS__)
#define cr_assert_fail(...) RUNNER_CHECK(asserted, false, "reached", __VA_ARGS__)
#define cr_assert_null(x, ...) RUNNER_CHECK(asserted, (x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_expect_null(x, ...) RUNNER_CHECK(expected, (x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_assert_not_null(x, ...) RUNNER_CHECK(asserted, (x) != NULL, #x " is not NULL", __VA_ARGS__)
#define cr_assert_eq(a, b, ...) RUNNER_CHECK(asserted, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) RUNNER_CHECK(expected, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) RUNNER_CHECK(asserted, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) RUNNER_CHECK(expected, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) RUNNER_CHECK(asserted, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) RUNNER_CHECK(expected, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) RUNNER_CHECK(asserted, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) RUNNER_CHECK(expected, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) RUNNER_CHECK(asserted, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) RUNNER_CHECK(expected, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) RUNNER_CHECK(asserted, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) RUNNER_CHECK(expected, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) RUNNER_CHECK(asserted, RUNNER_STR(a, ==, b), #a " == " #b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) RUNNER_CHECK(expected, RUNNER_STR(a, ==, b), #a " == " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) RUNNER_CHECK(asserted, RUNNER_STR(a, !=, b), #a " != " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) RUNNER_CHECK(expected, RUNNER_STR(a, !=, b), #a " != " #b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...) RUNNER_CHECK(expected, *(a) == '\0', #a " is empty", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) RUNNER_CHECK(asserted, memcmp(a, b, n) == 0, #a " == " #b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, eps, ...) RUNNER_CHECK(asserted, fabs((a) - (b)) <= (eps), #a " ~ " #b, __VA_ARGS__)
#define cr_expect_float_eq(a, b, eps, ...) RUNNER_CHECK(expected, fabs((a) - (b)) <= (eps), #a " ~ " #b, __VA_ARGS__)
#define cr_assert_stdout_eq_str(s, ...) RUNNER_CHECK(asserted, runner_stdout_is(s), "stdout is " #s, __VA_ARGS__)
#define cr_redirect_stdout() runner_redirect_stdout()
#define cr_skip_test(...) runner_skip(__VA_ARGS__)
#define cr_log_info(...) runner_log(__VA_ARGS__)

#endif
