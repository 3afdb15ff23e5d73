// Makes system calls fail that concern the files of one folder, or the folder itself. Preloaded into a process (LD_PRELOAD).
//
//   KEYVAULT_FAIL_IN     the folder
//   KEYVAULT_FAIL        CALL:N:ERRNO:once or CALL:N:ERRNO:ever: the N-th such call fails, or it and all after it. With an error
//                        number of -1 it does half of its work.
//   KEYVAULT_FAIL_COUNT  a file to which the process writes, at its end, how often each call was made
//
// What the C library calls within itself (`realpath`, for one) does not come by here.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum call { OPEN, STAT, PREAD, PWRITE, FSYNC, FDATASYNC, FTRUNCATE, RENAME, UNLINK, LOCK, CALLS };

static const char *const names[CALLS] = {"open",      "stat",      "pread",  "pwrite", "fsync",
                                         "fdatasync", "ftruncate", "rename", "unlink", "lock"};
static atomic_long counts[CALLS];
static const char *folder;
static int failing = -1, error_number, for_ever;
static long failing_from;

__attribute__((constructor)) static void start(void) {
    folder = getenv("KEYVAULT_FAIL_IN");
    const char *what = getenv("KEYVAULT_FAIL");
    char name[32], times[8];
    if (what && sscanf(what, "%31[a-z]:%ld:%d:%7s", name, &failing_from, &error_number, times) == 4) {
        for (int call = 0; call < CALLS; call++)
            if (!strcmp(names[call], name)) failing = call;
        for_ever = !strcmp(times, "ever");
    }
}

__attribute__((destructor)) static void finish(void) {
    const char *path = getenv("KEYVAULT_FAIL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    for (int call = 0; call < CALLS; call++) fprintf(file, "%s %ld\n", names[call], atomic_load(&counts[call]));
    fclose(file);
}

static int concerns(const char *path) {
    size_t length = folder ? strlen(folder) : 0;
    return length && path && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int concerns_file(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return concerns(path);
}

// Whether this call is one that fails; if so, `errno` says how.
static int fails(enum call call) {
    long number = atomic_fetch_add(&counts[call], 1) + 1;
    if (call != (enum call)failing || number < failing_from || (number > failing_from && !for_ever)) return 0;
    errno = error_number;
    return 1;
}

// A name that is followed by the underscore-free one of the C library, found once.
#define NEXT(name) \
    static __typeof__(&name) next; \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define OPENS(name)                                                             \
    int name(const char *path, int flags, ...) {                                \
        NEXT(name);                                                             \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                           \
        if (concerns(path) && fails(OPEN)) return -1;                           \
        return next(path, flags, mode);                                         \
    }
OPENS(open)
OPENS(open64)

#define LOOKS(name, type)                                    \
    int name(const char *path, struct type *result) {        \
        NEXT(name);                                          \
        if (concerns(path) && fails(STAT)) return -1;        \
        return next(path, result);                           \
    }
LOOKS(stat, stat)
LOOKS(stat64, stat64)
LOOKS(lstat, stat)
LOOKS(lstat64, stat64)

#define MEASURES(name, type)                                 \
    int name(int file, struct type *result) {                \
        NEXT(name);                                          \
        if (concerns_file(file) && fails(STAT)) return -1;   \
        return next(file, result);                           \
    }
MEASURES(fstat, stat)
MEASURES(fstat64, stat64)

// By this one the stores ask which file it is that has a name, or, where the path is empty, that a descriptor has open.
int statx(int file, const char *path, int flags, unsigned int mask, struct statx *result) {
    NEXT(statx);
    if ((*path ? concerns(path) : concerns_file(file)) && fails(STAT)) return -1;
    return next(file, path, flags, mask, result);
}

#define TRANSFERS(name, call, buffer_type, offset_type)                              \
    ssize_t name(int file, buffer_type buffer, size_t count, offset_type offset) {   \
        NEXT(name);                                                                  \
        if (concerns_file(file) && fails(call)) {                                    \
            if (error_number != -1) return -1;                                       \
            return next(file, buffer, count > 1 ? count / 2 : count, offset);        \
        }                                                                            \
        return next(file, buffer, count, offset);                                    \
    }
TRANSFERS(pread, PREAD, void *, off_t)
TRANSFERS(pread64, PREAD, void *, off64_t)
TRANSFERS(pwrite, PWRITE, const void *, off_t)
TRANSFERS(pwrite64, PWRITE, const void *, off64_t)

#define SYNCS(name, call)                                     \
    int name(int file) {                                      \
        NEXT(name);                                           \
        if (concerns_file(file) && fails(call)) return -1;    \
        return next(file);                                    \
    }
SYNCS(fsync, FSYNC)
SYNCS(fdatasync, FDATASYNC)

#define TRUNCATES(name, offset_type)                          \
    int name(int file, offset_type length) {                  \
        NEXT(name);                                           \
        if (concerns_file(file) && fails(FTRUNCATE)) return -1; \
        return next(file, length);                            \
    }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
    NEXT(rename);
    if (concerns(to) && fails(RENAME)) return -1;
    return next(from, to);
}

int unlink(const char *path) {
    NEXT(unlink);
    if (concerns(path) && fails(UNLINK)) return -1;
    return next(path);
}

#define LOCKS(name)                                                                              \
    int name(int file, int command, ...) {                                                       \
        NEXT(name);                                                                              \
        va_list rest;                                                                            \
        va_start(rest, command);                                                                 \
        void *argument = va_arg(rest, void *);                                                   \
        va_end(rest);                                                                            \
        int locks = command == F_SETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;     \
        /* Giving up a lock that is held does not fail on a local file system. */                \
        locks = locks && ((struct flock *)argument)->l_type != F_UNLCK;                          \
        if (locks && concerns_file(file) && fails(LOCK)) return -1;                              \
        return next(file, command, argument);                                                    \
    }
LOCKS(fcntl)
LOCKS(fcntl64)
