/* Did memory end while jansson read a text? jansson 2.14 does not say: its scanner drops the character that found no
 * room and goes on, so a text can come out cut short, or be called malformed. */
#ifndef MW_JSON_MEMORY_H
#define MW_JSON_MEMORY_H

#include "reports/results.h"

/* Once, at the start of the program. */
void cli_json_watch(void);
/* Before reading. */
void cli_json_begin(void);
/* After it: rc as it is, or -ENOMEM and no results when memory ended in between. what names the file in err. */
int cli_json_end(int rc, const char *what, struct results *r, char *err, size_t n);

#endif
