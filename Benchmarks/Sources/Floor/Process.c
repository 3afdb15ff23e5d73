#include "Floor.h"

#include <malloc.h>
#include <time.h>

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

uint64_t floor_nanoseconds_on_the_wall(void) { return nanoseconds(CLOCK_MONOTONIC); }

uint64_t floor_nanoseconds_of_process(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

void floor_trim_heap(void) { malloc_trim(0); }
