#include <sodium.h>

// glibc hides this declaration unless _GNU_SOURCE is set, which Swift's own import of glibc does not do.
int sched_getcpu(void);
