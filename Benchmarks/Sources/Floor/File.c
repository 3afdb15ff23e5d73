#include "Floor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct floor_file {
    int descriptor;
    size_t frames;
    uint8_t frame[];
};

enum { frame_length = FLOOR_FRAME_LENGTH };

__attribute__((target("sse4.2"))) static uint32_t crc32c(const uint8_t *bytes, size_t count) {
    uint64_t state = 0xffffffff;
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        state = __builtin_ia32_crc32di(state, word);
    }
    uint32_t narrow = (uint32_t)state;
    if (count >= 4) {
        uint32_t word;
        memcpy(&word, bytes, 4);
        narrow = __builtin_ia32_crc32si(narrow, word);
        count -= 4;
        bytes += 4;
    }
    for (; count > 0; count--, bytes++) narrow = __builtin_ia32_crc32qi(narrow, *bytes);
    return ~narrow;
}

floor_file *floor_file_create(const char *path) {
    floor_file *file = calloc(1, sizeof *file + frame_length);
    if (!file) return NULL;
    memset(file->frame, 0x6b, frame_length);
    file->descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file->descriptor < 0) {
        free(file);
        return NULL;
    }
    return file;
}

int floor_file_append(floor_file *file, int is_durable) {
    uint32_t checksum = crc32c(file->frame, frame_length - sizeof checksum);
    memcpy(file->frame + frame_length - sizeof checksum, &checksum, sizeof checksum);
    if (write(file->descriptor, file->frame, frame_length) != frame_length) return -1;
    file->frames++;
    return is_durable ? fdatasync(file->descriptor) : 0;
}

int floor_file_read(const floor_file *file, size_t number) {
    uint8_t frame[frame_length];
    uint32_t checksum;
    off_t offset = (off_t)(number % file->frames) * frame_length;
    if (pread(file->descriptor, frame, frame_length, offset) != frame_length) return -1;
    memcpy(&checksum, frame + frame_length - sizeof checksum, sizeof checksum);
    return crc32c(frame, frame_length - sizeof checksum) == checksum ? 0 : -1;
}

void floor_file_close(floor_file *file) {
    close(file->descriptor);
    free(file);
}
