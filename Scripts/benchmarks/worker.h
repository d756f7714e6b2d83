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

static inline void sleep_until(long long begin) {
    long long left = begin - nanoseconds();
    if (left <= 0) {
        fputs("worker: ready too late\n", stderr);
        exit(1);
    }
    struct timespec t = {left / 1000000000LL, left % 1000000000LL};
    nanosleep(&t, NULL);
}

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}
