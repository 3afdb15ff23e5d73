// What Swift cannot reach on its own. Of glibc, what the Glibc module leaves out: `statfs`, `statx`, `renameat2`,
// open-file-description locks, and threads with a name. Of C: a thread-local variable, and a copy of memory that another thread may be changing. Of the processor:
// prefetching, and CRC-32C.
#ifndef CKEYVAULTLINUX_H
#define CKEYVAULTLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/vfs.h>

// Takes the open-file-description lock on the first byte of a file (F_WRLCK), or gives it up (F_UNLCK), without waiting.
//
// Returns 0, or -1 and `errno`.
int keyvault_set_lock(int descriptor, short type);

// Which file bears the name `path`, or `descriptor` has open where `path` is empty: its number, and the device that gave it. Of a
// symbolic link it is the link itself: whoever opens it by name meets others at the lock beside what it leads to.
//
// It asks for nothing else. Where somebody has asked for a file's times, as `stat` does, Linux (6.13 and later) gives the next write
// to it a time of its own, and the read after that one too: measured, 4 of some 50 µs that a durable write takes beside its flush.
//
// Returns 0, or an `errno`.
int keyvault_identify(int descriptor, const char *path, uint64_t *device, uint64_t *number);

// Gives the file `path` the name `target` unless anything has it: `EEXIST`. Where the system or the file system cannot do that in
// one step, by a link, after which the old name is removed.
//
// Returns 0, or an `errno`.
int keyvault_rename_new(const char *path, const char *target);

// Starts a thread that runs `work` on `argument` and goes away by itself. Linux shows 15 bytes of its name.
//
// Returns 0, or an `errno`: `EAGAIN` where the system gives none.
int keyvault_start_thread(const char *name, void *(*work)(void *), void *argument);

// A word that each thread has for itself, null at first.
extern _Thread_local void *keyvault_thread_word;

static inline void *keyvault_get_thread_word(void) { return keyvault_thread_word; }
static inline void keyvault_set_thread_word(void *value) { keyvault_thread_word = value; }

// Asks the processor to fetch the cache line of an address, and does not wait. Any address will do.
static inline void keyvault_prefetch(const void *address) { __builtin_prefetch(address); }

// Copies from where another thread may be writing: what is copied may be torn, and the caller finds out whether it is. The
// thread sanitizer is told so. `count` is a multiple of 16, and both addresses are aligned to that.
__attribute__((no_sanitize("thread"))) static inline void keyvault_copy_unordered(
    void *to, const void *from, size_t count) {
    typedef long long piece __attribute__((vector_size(16), may_alias));
    for (size_t offset = 0; offset < count; offset += sizeof(piece))
        *(piece *)((char *)to + offset) = *(const volatile piece *)((const char *)from + offset);
}

#if defined(__x86_64__)

static inline bool keyvault_crc32c_is_available(void) {
    return __builtin_cpu_supports("sse4.2");
}

// Goes on from `state`; neither begins nor ends with an inversion. Only where it is available.
__attribute__((target("sse4.2"))) static inline uint32_t keyvault_crc32c(
    uint32_t state, const void *bytes, size_t count) {
    const char *next = (const char *)bytes;
    uint64_t wide = state;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    uint32_t narrow = (uint32_t)wide;
    if (count >= 4) {
        uint32_t word;
        memcpy(&word, next, 4);
        narrow = __builtin_ia32_crc32si(narrow, word);
        count -= 4;
        next += 4;
    }
    for (; count > 0; count--, next++) narrow = __builtin_ia32_crc32qi(narrow, (unsigned char)*next);
    return narrow;
}

#else

static inline bool keyvault_crc32c_is_available(void) { return false; }

static inline uint32_t keyvault_crc32c(uint32_t state, const void *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return state;
}

#endif
#endif
