/* SMBIOS tables built by tests: structures of types 16 and 17. */
#ifndef TEST_DMI_BLOB_H
#define TEST_DMI_BLOB_H

#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

struct blob {
	unsigned char v[16384];
	size_t n;
	unsigned handle;
};

static inline void blob_word(unsigned char *at, unsigned v)
{
	at[0] = (unsigned char)v;
	at[1] = (unsigned char)(v >> 8);
}

/* Appends a structure of `len` bytes, of which body holds those behind the header, and its strings. */
static inline unsigned blob_add(struct blob *b, unsigned type, size_t len, const unsigned char *body,
				const char *const *strings)
{
	unsigned char *p = b->v + b->n;
	cr_assert_lt(b->n + len + 256, sizeof(b->v));
	p[0] = (unsigned char)type;
	p[1] = (unsigned char)len;
	blob_word(p + 2, ++b->handle);
	memcpy(p + 4, body + 4, len - 4);
	b->n += len;
	size_t k = 0;
	for (; strings && strings[k]; k++) {
		memcpy(b->v + b->n, strings[k], strlen(strings[k]) + 1);
		b->n += strlen(strings[k]) + 1;
	}
	b->v[b->n++] = 0;
	if (k == 0)
		b->v[b->n++] = 0;
	return b->handle;
}

/* An array; use 3 is system memory, 5 flash. Returns its handle. */
static inline unsigned blob_array(struct blob *b, unsigned use)
{
	unsigned char body[0x17] = {0};
	body[5] = (unsigned char)use;
	return blob_add(b, 16, sizeof(body), body, NULL);
}

struct blob_slot {
	const char *slot, *bank;
	uint64_t mib; /* 0: empty */
	unsigned mts, rated, ranks, type;
};

/* A device of the length of SMBIOS 3.2; from 32 GiB on its size is in the extended field. */
static inline void blob_device(struct blob *b, unsigned array, const struct blob_slot *s)
{
	unsigned char body[0x54] = {0};
	const char *strings[3] = {s->slot, s->bank, NULL};
	blob_word(body + 0x04, array);
	blob_word(body + 0x08, 72);
	blob_word(body + 0x0a, 64);
	blob_word(body + 0x0c, s->mib >= 32768 ? 0x7fff : (unsigned)s->mib);
	body[0x10] = 1;
	body[0x11] = s->bank ? 2 : 0;
	body[0x12] = (unsigned char)s->type;
	blob_word(body + 0x15, s->rated);
	body[0x1b] = (unsigned char)s->ranks;
	if (s->mib >= 32768) {
		blob_word(body + 0x1c, (unsigned)s->mib & 0xffff);
		blob_word(body + 0x1e, (unsigned)(s->mib >> 16));
	}
	blob_word(body + 0x20, s->mts);
	(void)blob_add(b, 17, sizeof(body), body, strings);
}

static inline void blob_end(struct blob *b)
{
	static const unsigned char none[4] = {0};
	(void)blob_add(b, 127, 4, none, NULL);
}

enum { BLOB_DDR4 = 0x1a, BLOB_DDR5 = 0x22 };

#endif
