/* Common to all handles: the list of their device, closing, the line about a failure. */
#include <stdarg.h>
#include <stdlib.h>

#include "base/core/text.h"
#include "pim/core.h"

void core_link_init(struct core_link *head)
{
	head->prev = head->next = head;
}

void core_link_add(struct core_link *head, struct core_link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
	l->magic = CORE_OPEN;
}

void core_link_del(struct core_link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
}

void core_bury(struct pim_device *dev, struct core_link *l)
{
#ifdef PIM_CHECK_HANDLES
	if (dev) {
		core_link_add(&dev->graves, l);
		/* pim_close() may close more than CORE_GRAVES handles at once: it keeps all of them. */
		if (++dev->n_graves > CORE_GRAVES && dev->link.magic == CORE_OPEN) {
			struct core_link *oldest = dev->graves.next;
			core_link_del(oldest);
			free(oldest);
		}
	}
	l->magic = CORE_CLOSED;
#else
	(void)dev;
	free(l);
#endif
}

int core_fail(struct pim_device *dev, int code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_vclip(dev->error, sizeof(dev->error), fmt, ap);
	va_end(ap);
	return code;
}
