#ifndef KEYVAULT_ALLOCATIONS_H
#define KEYVAULT_ALLOCATIONS_H

#include <stdint.h>

/// How often the calling thread has asked for heap memory so far. The program that links this has its own `malloc`, which
/// counts and hands on to glibc's; its libraries use it too.
uint64_t allocations_of_thread(void);

#endif
