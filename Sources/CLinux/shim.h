// What the Glibc module leaves out: `statfs`, and the open-file-description locks.
#ifndef KEYVAULT_CLINUX_SHIM_H
#define KEYVAULT_CLINUX_SHIM_H

#include <sys/vfs.h>

// F_OFD_SETLK of <fcntl.h>, which only shows under _GNU_SOURCE. The same on every Linux architecture.
static const int keyvault_F_OFD_SETLK = 37;

#endif
