/* Opening and closing devices, their specs and error lines. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/keyfile.h"
#include "base/core/text.h"
#include "pim/core.h"

const char *pim_version(void)
{
	return MEMWALL_VERSION;
}

const struct pim_device_ops *pim_builtin(size_t i)
{
	for (size_t k = 0; device_table[k]; k++)
		if (k == i)
			return device_table[k];
	return NULL;
}

/* Appends the words of a key to c->words as "a|b|c". */
static void list_words(struct pim_config *c, const struct pim_device_ops *ops, const char *key)
{
	const char *word;
	for (size_t i = 0; (word = ops->word(key, i)); i++)
		mw_buf_add(&c->words, "%s%s", i ? "|" : "", word);
}

/* Translates the public key table for the SPEC parser. */
static int make_table(struct pim_config *c, const struct pim_device_ops *ops, char *err, size_t n)
{
	const struct pim_key *keys = ops->keys;
	static const enum mw_option_type types[] = {
		[PIM_KEY_INT] = MW_OPT_INT,   [PIM_KEY_SIZE] = MW_OPT_SIZE,     [PIM_KEY_REAL] = MW_OPT_REAL,
		[PIM_KEY_TEXT] = MW_OPT_TEXT, [PIM_KEY_CHOICE] = MW_OPT_CHOICE, [PIM_KEY_U64] = MW_OPT_U64,
		[PIM_KEY_FILE] = MW_OPT_TEXT,
	};
	size_t i = 0, begin[CORE_MAX_KEYS + 1];
	for (; keys && keys[i].name; i++) {
		if (i == CORE_MAX_KEYS)
			return mw_fail(-EINVAL, err, n, "the device has more than %d keys", CORE_MAX_KEYS);
		c->table[i] = (struct mw_option){
			.name = keys[i].name,
			.type = types[keys[i].type],
			.arg = "VALUE",
			.def = keys[i].def,
			.choices = keys[i].choices,
			.min = keys[i].min,
			.max = keys[i].max,
			.help = keys[i].help,
		};
		begin[i] = c->words.len;
		if (keys[i].type == PIM_KEY_CHOICE && !keys[i].choices && ops->word) {
			list_words(c, ops, keys[i].name);
			mw_buf_add(&c->words, "%c", '\0');
		}
	}
	c->table[i] = (struct mw_option)MW_OPT_END;
	if (c->words.failed)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	while (i-- > 0) /* now that the text does not move any more */
		if (keys[i].type == PIM_KEY_CHOICE && !keys[i].choices && ops->word)
			c->table[i].choices = c->words.p + begin[i];
	return 0;
}

enum { HASH_DIGITS = 16 };

/* Takes "@" and 16 hexadecimal digits off the end of a path; false: there are none. */
static bool take_hash(char *path, char digits[HASH_DIGITS + 1])
{
	char *at = strrchr(path, '@');
	if (!at || strspn(at + 1, "0123456789abcdef") != HASH_DIGITS || at[1 + HASH_DIGITS])
		return false;
	memcpy(digits, at + 1, HASH_DIGITS + 1);
	*at = '\0';
	return true;
}

/* Reads the file of one key and puts the hash of its contents into the SPEC. */
static int read_file(struct pim_config *c, size_t i, char *err, size_t n)
{
	char *value = c->spec.kv[i].value, wanted[HASH_DIGITS + 1] = "", found[HASH_DIGITS + 1], why[MW_ERR_ROOM];
	size_t room = sizeof(c->spec.kv[i].value);
	bool has_hash = take_hash(value, wanted);
	if (strlen(value) + 1 + HASH_DIGITS >= room)
		return mw_fail(-EINVAL, err, n, "%s=%s: a path may have %zu characters here", c->file_key, value,
			       room - HASH_DIGITS - 2);
	mw_format(c->file_path, sizeof(c->file_path), "%s", value);
	if (mw_keyfile_load(value, &c->file_text, why, sizeof(why)) < 0)
		return mw_fail(-EINVAL, err, n, "%s=%s", c->file_key, why);
	mw_format(found, sizeof(found), "%016llx", (unsigned long long)mw_keyfile_hash(c->file_text));
	if (has_hash && strcmp(wanted, found) != 0)
		return mw_fail(-EINVAL, err, n, "%s=%s: the file has changed since this SPEC was written (%s, now %s)",
			       c->file_key, value, wanted, found);
	mw_clip_add(value, room, "@%s", found);
	return 0;
}

static int read_files(struct pim_config *c, const struct pim_key *keys, char *err, size_t n)
{
	for (const struct pim_key *k = keys; k && k->name; k++)
		for (size_t i = 0; i < c->spec.n; i++)
			if (k->type == PIM_KEY_FILE && strcmp(c->spec.kv[i].key, k->name) == 0) {
				c->file_key = k->name;
				return read_file(c, i, err, n);
			}
	return 0;
}

static void config_free(struct pim_config *c)
{
	if (!c)
		return;
	mw_buf_fini(&c->words);
	free(c->file_text);
	free(c);
}

/* Codes below -4096 are this project's own and no errno: a spec that cannot be read is -EINVAL. */
static int as_errno(int rc)
{
	return rc < -4096 ? -EINVAL : rc;
}

static char *canonical(const struct pim_config *c)
{
	int len = mw_spec_canonical(&c->spec, c->table, NULL, 0);
	char *text = len < 0 ? NULL : malloc((size_t)len + 1);
	if (text)
		mw_spec_canonical(&c->spec, c->table, text, (size_t)len + 1);
	return text;
}

static int open_with(const struct pim_device_ops *ops, void *priv, struct pim_config *config, struct pim_device **out,
		     char *err, size_t n)
{
	if (ops->size < sizeof(*ops) || ops->abi != PIM_ABI || !ops->open || !ops->close)
		return mw_fail(-EINVAL, err, n, "device %s was built for another version of pim_device.h",
			       config->spec.name);
	int rc = make_table(config, ops, err, n);
	if (rc == 0)
		rc = as_errno(mw_spec_check(&config->spec, config->table, err, n));
	if (rc == 0)
		rc = read_files(config, ops->keys, err, n);
	if (rc < 0)
		return rc;
	struct pim_device *dev = calloc(1, sizeof(*dev));
	if (!dev)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	dev->ops = ops;
	dev->link.magic = CORE_OPEN;
	core_link_init(&dev->graves);
	core_link_init(&dev->vectors);
	core_link_init(&dev->matrices);
	core_link_init(&dev->costs);
	core_link_init(&dev->subarrays);
	dev->spec = canonical(config);
	rc = dev->spec ? as_errno(ops->open(priv, config, &dev->state, err, n))
		       : mw_fail(-ENOMEM, err, n, "out of memory");
	if (rc < 0) {
		free(dev->spec);
		free(dev);
		return rc;
	}
	*out = dev;
	return 0;
}

/* The i-th device: those of the library, then the built-in ones. */
static const struct pim_device_ops *device_at(const struct pim_library *library, size_t i)
{
	size_t own = 0;
	while (own < i && pim_library_device(library, own))
		own++;
	const struct pim_device_ops *ops = pim_library_device(library, i);
	return ops ? ops : pim_builtin(i - own);
}

static const struct pim_device_ops *find(const struct pim_library *library, const char *name, char *err, size_t n)
{
	const char *names[64] = {NULL};
	const struct pim_device_ops *ops;
	for (size_t i = 0; (ops = device_at(library, i)); i++) {
		if (strcmp(ops->name, name) == 0)
			return ops;
		if (i + 1 < sizeof(names) / sizeof(names[0]))
			names[i] = ops->name;
	}
	const char *near = mw_nearest(name, names);
	(void)mw_fail(-ENODEV, err, n, "no device '%s'%s%s%s", name,
		      near ? ", did you mean '" : ", known:", near ? near : "", near ? "'?" : "");
	if (!near)
		for (size_t i = 0; names[i] && err; i++)
			mw_clip_add(err, n, " %s", names[i]);
	return NULL;
}

/* ops NULL: finds them by the name in the spec. */
static int open_spec(const struct pim_library *library, const struct pim_device_ops *ops, void *priv, const char *spec,
		     struct pim_device **dev, char *err, size_t n)
{
	int saved = errno;
	struct pim_config *config = NULL;
	int rc;
	/* Specs and tables have decimal points whatever the locale of the program. */
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = c ? uselocale(c) : (locale_t)0;
	if (!spec)
		spec = ops ? ops->name : NULL;
	if (!dev || !spec) {
		rc = mw_fail(-EINVAL, err, n, "NULL where a device was expected");
		goto out;
	}
	*dev = NULL;
	config = calloc(1, sizeof(*config));
	if (!config) {
		rc = mw_fail(-ENOMEM, err, n, "out of memory");
		goto out;
	}
	rc = as_errno(mw_spec_parse(&config->spec, spec, err, n));
	if (rc < 0)
		goto out;
	if (!ops && !(ops = find(library, config->spec.name, err, n))) {
		rc = -ENODEV;
		goto out;
	}
	if (strcmp(ops->name, config->spec.name) != 0) {
		rc = mw_fail(-EINVAL, err, n, "spec of '%s' for device '%s'", config->spec.name, ops->name);
		goto out;
	}
	rc = open_with(ops, priv, config, dev, err, n);
out:
	config_free(config);
	if (c) {
		(void)uselocale(before);
		freelocale(c);
	}
	errno = saved;
	return rc;
}

int pim_open(const char *spec, struct pim_device **dev, char *err, size_t n)
{
	if (!spec)
		return mw_fail(-EINVAL, err, n, "NULL where a device's spec was expected");
	return open_spec(NULL, NULL, NULL, spec, dev, err, n);
}

int pim_open_ops(const struct pim_device_ops *ops, void *priv, const char *spec, struct pim_device **dev, char *err,
		 size_t n)
{
	return open_spec(NULL, ops, priv, spec, dev, err, n);
}

int pim_library_open_device(const struct pim_library *library, const char *spec, struct pim_device **dev, char *err,
			    size_t n)
{
	CORE_CHECK(library);
	if (!spec)
		return mw_fail(-EINVAL, err, n, "NULL where a device's spec was expected");
	return open_spec(library, NULL, NULL, spec, dev, err, n);
}

void pim_close(struct pim_device *dev)
{
	CORE_CHECK(dev);
	if (!dev)
		return;
	int saved = errno;
	dev->link.magic = CORE_CLOSED;
	while (dev->vectors.next != &dev->vectors)
		pim_free((struct pim_vector *)dev->vectors.next);
	while (dev->matrices.next != &dev->matrices)
		pim_matrix_free((struct pim_matrix *)dev->matrices.next);
	while (dev->costs.next != &dev->costs)
		pim_cost_end((struct pim_cost *)(void *)dev->costs.next);
	while (dev->subarrays.next != &dev->subarrays)
		pim_subarray_close((struct pim_subarray *)dev->subarrays.next);
	dev->ops->close(dev->state);
	free(dev->spec);
	core_bury(NULL, &dev->link);
	errno = saved;
}

const struct pim_device_ops *pim_ops_of(const struct pim_device *dev)
{
	CORE_CHECK(dev);
	return dev ? dev->ops : NULL;
}

static double known(double v)
{
	return isfinite(v) && v > 0 ? v : (double)NAN;
}

int pim_device_info(struct pim_device *dev, struct pim_device_info *info)
{
	CORE_CHECK(dev);
	if (!dev || !info || info->size < sizeof(*info))
		return -EINVAL;
	const struct pim_device_info none = {.size = sizeof(none),
					     .channel_peak_gbps = (double)NAN,
					     .peak_gbps = (double)NAN,
					     .area_mm2 = (double)NAN};
	*info = none;
	int rc = dev->ops->info ? dev->ops->info(dev->state, info) : -EOPNOTSUPP;
	if (rc < 0) {
		*info = none;
		return core_fail(dev, rc, "device %s does not describe itself", dev->ops->name);
	}
	info->size = sizeof(*info);
	/* A device that clears the structure leaves 0 where it knows nothing. */
	info->channel_peak_gbps = known(info->channel_peak_gbps);
	info->peak_gbps = known(info->peak_gbps);
	info->area_mm2 = known(info->area_mm2);
	if (isnan(info->area_mm2))
		info->area_source = NULL;
	return 0;
}

const char *pim_spec(const struct pim_device *dev)
{
	CORE_CHECK(dev);
	return dev ? dev->spec : "";
}

const char *pim_error(const struct pim_device *dev)
{
	CORE_CHECK(dev);
	return dev ? dev->error : "";
}

int pim_set_executor(struct pim_device *dev, const struct pim_executor *executor)
{
	CORE_CHECK(dev);
	if (!dev)
		return -EINVAL;
	if (!executor) {
		dev->executor = (struct pim_executor){0};
		return 0;
	}
	if (executor->size < sizeof(*executor) || !executor->run || executor->threads == 0)
		return core_fail(dev, -EINVAL, "an executor needs its size, at least one thread and run()");
	dev->executor = *executor;
	return 0;
}

/* ---- what a device may call ---- */

int64_t pim_config_int(const struct pim_config *c, const char *key)
{
	return mw_spec_int(&c->spec, c->table, key);
}

double pim_config_real(const struct pim_config *c, const char *key)
{
	return mw_spec_real(&c->spec, c->table, key);
}

int pim_config_given(const struct pim_config *c, const char *key)
{
	return mw_spec_get(&c->spec, key) != NULL;
}

const char *pim_config_file(const struct pim_config *c, const char *key)
{
	return c->file_key && strcmp(key, c->file_key) == 0 ? c->file_text : NULL;
}

const char *pim_config_text(const struct pim_config *c, const char *key)
{
	if (c->file_key && strcmp(key, c->file_key) == 0)
		return c->file_path;
	return mw_spec_text(&c->spec, c->table, key);
}

int pim_call_fail(struct pim_call *call, int code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_vclip(call->dev->error, sizeof(call->dev->error), fmt, ap);
	va_end(ap);
	return code;
}

/* At 2^128 - 1 a counter stays, and its scopes give -ERANGE. */
static void count_up(struct pim_call *call, enum pim_count what, mw_wide n)
{
	mw_wide *sum = &call->dev->counts[what];
	if (__builtin_add_overflow(*sum, n, sum))
		*sum = CORE_FULL;
}

void core_charge(struct pim_call *call, enum pim_count what, mw_wide n)
{
	count_up(call, what, n);
}

void core_time(struct pim_call *call, enum pim_count part, mw_wide elapsed_ps, mw_wide busy_ps)
{
	count_up(call, part, elapsed_ps);
	count_up(call, PIM_PS_ELAPSED, elapsed_ps);
	count_up(call, PIM_PS_BUSY, busy_ps);
}

void pim_call_charge(struct pim_call *call, enum pim_count what, uint64_t n)
{
	core_charge(call, what, n);
}

void pim_call_time(struct pim_call *call, enum pim_count part, uint64_t elapsed_ps, uint64_t busy_ps)
{
	core_time(call, part, elapsed_ps, busy_ps);
}

size_t pim_call_threads(const struct pim_call *call)
{
	return call->dev->executor.run ? call->dev->executor.threads : 1;
}

void pim_call_run(struct pim_call *call, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	const struct pim_executor *e = &call->dev->executor;
	if (e->run && n > 1) {
		e->run(e->ctx, n, fn, arg);
		return;
	}
	for (size_t i = 0; i < n; i++)
		fn(arg, i);
}
