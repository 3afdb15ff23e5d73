#define _GNU_SOURCE
#include "CKeyVaultLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

_Thread_local void *keyvault_thread_word;

int keyvault_set_lock(int descriptor, short type) {
    struct flock request = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};
    return fcntl(descriptor, F_OFD_SETLK, &request);
}

int keyvault_identify(int descriptor, const char *path, uint64_t *device, uint64_t *number) {
    struct statx found;
    int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
    if (statx(descriptor, path, flags, STATX_INO, &found) != 0) {
        struct stat old;
        // A sandbox that is older than `statx` does not let it through.
        if (errno != EPERM && errno != ENOSYS) return errno;
        if (fstatat(descriptor, path, &old, flags) != 0) return errno;
        *device = (uint64_t)major(old.st_dev) << 32 | minor(old.st_dev);
        *number = old.st_ino;
        return 0;
    }
    *device = (uint64_t)found.stx_dev_major << 32 | found.stx_dev_minor;
    *number = found.stx_ino;
    return 0;
}

int keyvault_rename_new(const char *path, const char *target) {
    if (renameat2(AT_FDCWD, path, AT_FDCWD, target, RENAME_NOREPLACE) == 0) return 0;
    // Unknown to the file system, to the kernel, or to a sandbox.
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return errno;
    if (link(path, target) != 0) return errno;
    (void)unlink(path);
    return 0;
}

int keyvault_start_thread(const char *name, void *(*work)(void *), void *argument) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, work, argument);
    if (error != 0) return error;
    // Without a name it works as well.
    (void)pthread_setname_np(thread, name);
    (void)pthread_detach(thread);
    return 0;
}
