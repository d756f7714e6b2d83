// SPDX-License-Identifier: Apache-2.0
//
// What the workers of `fleet` share: the times of their work.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline long long nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// To be called first of all: a worker that comes late was not warm.
static inline void check_in(long long begin) {
    if (nanoseconds() < begin) return;
    fputs("worker: ready too late\n", stderr);
    exit(1);
}

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}
