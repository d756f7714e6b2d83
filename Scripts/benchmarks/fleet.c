// SPDX-License-Identifier: Apache-2.0
//
// fleet WORKERS SECONDS COMMAND [ARG…]
//
// Starts some workers at once and prints how much they did per second, all
// together. A worker gets two more arguments, the begin and the end of its work
// on CLOCK_MONOTONIC in nanoseconds; it opens what it needs, waits for the
// begin, works to the end, and prints how often it got round.

#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int main(int count, char **values) {
    if (count < 4) return 64;
    int workers = atoi(values[1]);
    double seconds = atof(values[2]);

    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    // Time for every worker to open its handle before the first begins.
    long long begin = t.tv_sec * 1000000000LL + t.tv_nsec + 300000000LL + workers * 20000000LL;
    long long end = begin + (long long)(seconds * 1e9);
    char from[32], to[32];
    snprintf(from, sizeof from, "%lld", begin);
    snprintf(to, sizeof to, "%lld", end);

    char *arguments[64];
    int n = 0;
    for (int i = 3; i < count && n < 60; i++) arguments[n++] = values[i];
    arguments[n++] = from;
    arguments[n++] = to;
    arguments[n] = NULL;

    int answers[2];
    if (pipe(answers) != 0) return 71;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, answers[1], 1);
    posix_spawn_file_actions_addclose(&actions, answers[0]);
    for (int i = 0; i < workers; i++) {
        pid_t child;
        if (posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ) != 0) return 71;
    }
    close(answers[1]);

    FILE *lines = fdopen(answers[0], "r");
    long done, total = 0;
    int answered = 0, status, failed = 0;
    while (fscanf(lines, "%ld", &done) == 1) total += done, answered++;
    while (wait(&status) > 0) failed |= status;
    if (failed || answered != workers) return 1;
    printf("%.0f\n", total / seconds);
    return 0;
}
