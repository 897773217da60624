#include "ambit-emu/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash(const char *word, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)word[i]) * 16777619u;
	return h;
}

uint32_t ambit_names_find(const struct ambit_names *l, const char *word, size_t len)
{
	if (!l->slot)
		return AMBIT_NO_NAME;
	for (uint32_t at = hash(word, len) & l->mask; l->slot[at]; at = (at + 1) & l->mask) {
		const char *known = l->v[l->slot[at] - 1];
		if (strncmp(known, word, len) == 0 && known[len] == '\0')
			return l->slot[at] - 1;
	}
	return AMBIT_NO_NAME;
}

static void insert(struct ambit_names *l, uint32_t index)
{
	uint32_t at = hash(l->v[index], strlen(l->v[index])) & l->mask;
	while (l->slot[at])
		at = (at + 1) & l->mask;
	l->slot[at] = index + 1;
}

static int grow(struct ambit_names *l)
{
	uint32_t capacity = l->capacity ? 2 * l->capacity : 16;
	char **v = reallocarray(l->v, capacity, sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->v = v;
	uint32_t *slot = calloc((size_t)capacity * 2, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(l->slot);
	l->slot = slot;
	l->mask = capacity * 2 - 1;
	l->capacity = capacity;
	for (uint32_t i = 0; i < l->n; i++)
		insert(l, i);
	return 0;
}

int ambit_names_add(struct ambit_names *l, const char *word, size_t len)
{
	if (l->n == l->capacity && grow(l) < 0)
		return -ENOMEM;
	char *copy = strndup(word, len);
	if (!copy)
		return -ENOMEM;
	l->v[l->n++] = copy;
	insert(l, l->n - 1);
	return 0;
}

void ambit_names_free(struct ambit_names *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	free(l->slot);
	*l = (struct ambit_names){0};
}
