/* json_samples_take gives the same samples as the JSON reader, and leaves lines of other forms to it. */
#include <criterion/criterion.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/visits.h"
#include "reports/json_samples.h"

static bool take(const char *samples, struct json_samples *out, char **rest, size_t *len)
{
	char line[1000];
	int n = snprintf(line, sizeof(line), "{\"record\":{\"case\":\"a,\\\"samples\\\":{\",\"n\":2,\"samples\":%s}}",
			 samples);
	return json_samples_take(line, (size_t)n, out, rest, len);
}

static double number(const json_t *o, const char *list, size_t i)
{
	const json_t *v = json_array_get(json_object_get(o, list), i);
	return json_is_null(v) ? (double)NAN : json_number_value(v);
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

Test(json_samples, same_samples_as_by_json)
{
	static const char *const good[] = {
		("{\"flags\":[0,2],\"round\":[0,1],\"state\":[1,null],\"t_ns\":[12,9223372036854775807],"
		 "\"value\":[1.5,-2e-3],\"visit\":[0,4294967295]}"),
		"{\"value\":[0,null],\"t_ns\":[0,0],\"visit\":[1,1],\"round\":[7,8],\"state\":[0,0],\"flags\":[15,0]}",
		"{\"value\":[1E+3],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]}",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct json_samples got;
		char *rest = NULL;
		size_t len = 0;
		cr_assert(take(good[i], &got, &rest, &len), "%s", good[i]);
		json_t *doc = json_loads(good[i], 0, NULL), *left = json_loadb(rest, len, JSON_REJECT_DUPLICATES, NULL);
		cr_assert(doc && left, "%.*s", (int)len, rest);
		cr_assert_eq(json_integer_value(json_object_get(json_object_get(left, "record"), "n")), 2);
		cr_assert_null(json_object_get(json_object_get(left, "record"), "samples"));
		cr_assert_eq(got.n, json_array_size(json_object_get(doc, "value")));
		for (size_t k = 0; k < got.n; k++) {
			const struct mw_sample *s = &got.v[k];
			cr_expect(same(s->value, number(doc, "value", k)), "%g", s->value);
			cr_expect_eq(s->round, (uint32_t)number(doc, "round", k));
			double state = number(doc, "state", k);
			cr_expect_eq(s->state, isnan(state) ? MW_STATE_UNKNOWN : (uint32_t)state);
			cr_expect_eq(s->flags, (uint32_t)number(doc, "flags", k));
			cr_expect_eq(s->visit, (uint32_t)number(doc, "visit", k));
			cr_expect_eq((json_int_t)s->t_ns,
				     json_integer_value(json_array_get(json_object_get(doc, "t_ns"), k)));
			cr_expect(isnan(s->before_ns) && isnan(s->after_ns));
		}
		json_decref(doc);
		json_decref(left);
		free(got.v);
		free(rest);
	}
}

Test(json_samples, other_forms_are_left_to_json)
{
	static const char *const bad[] = {
		"{}",
		"{\"value\":[],\"t_ns\":[],\"visit\":[],\"round\":[],\"state\":[],\"flags\":[]}",
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0]}",
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"state\":[0]}",
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1,2]}",
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[01]}",
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[-1]}",
		("{\"value\":[1],\"t_ns\":[9223372036854775808],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]"
		 "}"),
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[4294967296],\"round\":[7],\"state\":[0],\"flags\":[1]}",
		"{\"value\":[1.],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]}",
		"{\"value\":[.5],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]}",
		"{\"value\":[1e],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]}",
		"{\"value\":[1e999],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]}",
		"{\"value\":[nan],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]}",
		"{\"value\":[1], \"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]}",
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1],\"x\":[1]}",
		"{\"value\":[1],\"t_ns\":[0],\"visit\":[1],\"round\":[7],\"state\":[0],\"flags\":[1]},\"samples\":{}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json_samples got;
		char *rest = NULL;
		size_t len;
		cr_expect_not(take(bad[i], &got, &rest, &len), "%s", bad[i]);
		cr_expect_null(got.v);
		cr_expect_null(rest);
	}
}
