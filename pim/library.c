/* Devices of shared libraries. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/core.h"

enum { MAX_DEVICES = 32 };

/* dlopen() would search the system's folders for a name without '/', and wait for the writer of a pipe. */
static int load(const char *path, void **handle, char *err, size_t n)
{
	struct stat st;
	char *file = NULL;
	if (stat(path, &st) < 0)
		return mw_fail(-errno, err, n, "%s: %s", path, mw_strerror(-errno));
	if (!S_ISREG(st.st_mode))
		return mw_fail(-EINVAL, err, n, "%s: not a file", path);
	size_t room = strlen(path) + sizeof("./");
	file = malloc(room);
	if (!file)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	mw_format(file, room, "%s%s", strchr(path, '/') ? "" : "./", path);
	*handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!*handle) {
		const char *why = dlerror();
		size_t len = strlen(file);
		if (why && strncmp(why, file, len) == 0 && strncmp(why + len, ": ", 2) == 0)
			why += len + 2;
		(void)mw_fail(0, err, n, "%s: not a shared library that can be loaded: %s", path,
			      why ? why : "no reason given");
	}
	free(file);
	return *handle ? 0 : -EINVAL;
}

/* The table of the library; NULL where it has none. The symbol must be data of at least the size that it claims, so
 * that a function of that name or a shorter table is not read. */
static const struct pim_device_library *table_of(void *handle)
{
	const struct pim_device_library *table = dlsym(handle, "pim_device_library");
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;
	if (!table || !dladdr1(table, &info, (void **)(void *)&symbol, RTLD_DL_SYMENT) || !symbol)
		return NULL;
	bool data = ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT; /* the same bits as in 32-bit files */
	return data && symbol->st_size >= sizeof(table->size) && table->size == symbol->st_size ? table : NULL;
}

/* True when the library and this program were compiled with the same structures. */
static bool same_layout(const struct pim_device_library *table)
{
	static const uint32_t layout[PIM_LAYOUT_N] = PIM_LAYOUT;
	return table->size == sizeof(*table) && table->abi == PIM_ABI &&
	       memcmp(table->layout, layout, sizeof(layout)) == 0;
}

/* A name that a spec can begin with. */
static bool spellable(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
	size_t len = name ? strlen(name) : 0;
	return len > 0 && len < sizeof(((struct mw_spec *)NULL)->name) && strspn(name, letters) == len;
}

static int check_device(const struct pim_library *l, size_t at, const char *path, char *err, size_t n)
{
	const struct pim_device_ops *ops = l->table->devices[at], *other;
	if (ops->size != sizeof(*ops) || ops->abi != PIM_ABI)
		return mw_fail(-EINVAL, err, n,
			       "%s: device %zu says size %zu and abi %u; pim_device.h of this version has %zu and %u",
			       path, at + 1, ops->size, ops->abi, sizeof(*ops), (unsigned)PIM_ABI);
	if (!spellable(ops->name))
		return mw_fail(-EINVAL, err, n,
			       "%s: device %zu needs a name of a-z, 0-9, '_', '-' or '.', at most 31 of them", path,
			       at + 1);
	if (!ops->open || !ops->close)
		return mw_fail(-EINVAL, err, n, "%s: device %s has no open() or no close()", path, ops->name);
	for (size_t i = 0; (other = pim_builtin(i)); i++)
		if (strcmp(other->name, ops->name) == 0)
			return mw_fail(-EINVAL, err, n, "%s: device %s has the name of a built-in device", path,
				       ops->name);
	for (size_t i = 0; i < at; i++)
		if (strcmp(l->table->devices[i]->name, ops->name) == 0)
			return mw_fail(-EINVAL, err, n, "%s: two devices are called %s", path, ops->name);
	return 0;
}

static int check(struct pim_library *l, const char *path, char *err, size_t n)
{
	l->table = table_of(l->handle);
	if (!l->table)
		return mw_fail(-EINVAL, err, n,
			       "%s: no devices in it: its source must end with PIM_DEVICE_LIBRARY(&device)", path);
	if (!same_layout(l->table))
		return mw_fail(-EINVAL, err, n,
			       "%s: compiled with another version of pim_device.h: compile it with that of %s", path,
			       pim_version());
	while (l->table->devices && l->table->devices[l->n]) {
		if (l->n == MAX_DEVICES)
			return mw_fail(-EINVAL, err, n, "%s: more than %d devices", path, MAX_DEVICES);
		int rc = check_device(l, l->n, path, err, n);
		if (rc < 0)
			return rc;
		l->n++;
	}
	return l->n ? 0 : mw_fail(-EINVAL, err, n, "%s: its list of devices is empty", path);
}

int pim_library_open(const char *path, struct pim_library **library, char *err, size_t n)
{
	if (library)
		*library = NULL;
	if (!path || !library)
		return mw_fail(-EINVAL, err, n, "NULL where a library was expected");
	int saved = errno;
	struct pim_library *l = calloc(1, sizeof(*l));
	int rc = -ENOMEM;
	if (l) {
		l->link.magic = CORE_OPEN;
		rc = load(path, &l->handle, err, n);
		if (rc == 0)
			rc = check(l, path, err, n);
	} else {
		(void)mw_fail(rc, err, n, "out of memory");
	}
	if (rc == 0)
		*library = l;
	else
		pim_library_close(l);
	errno = saved;
	return rc;
}

void pim_library_close(struct pim_library *l)
{
	CORE_CHECK(l);
	if (!l)
		return;
	int saved = errno;
	if (l->handle)
		(void)dlclose(l->handle);
	core_bury(NULL, &l->link);
	errno = saved;
}

const struct pim_device_ops *pim_library_device(const struct pim_library *l, size_t i)
{
	CORE_CHECK(l);
	return l && i < l->n ? l->table->devices[i] : NULL;
}
