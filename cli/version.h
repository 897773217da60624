/* Commit, compiler and flags of this build; generated at build time. */
#ifndef MW_VERSION_H
#define MW_VERSION_H

extern const char memwall_commit[];
extern const char memwall_compiler[];
extern const char memwall_flags[];

#endif
