#include "CLinux.h"

_Thread_local void *keyvault_thread_word;
