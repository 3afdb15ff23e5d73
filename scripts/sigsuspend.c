// Valgrind 3.19 writes into the mask that sigsuspend is given; libdispatch's is in memory that cannot be written. Preloaded.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, (size_t)8);
}
