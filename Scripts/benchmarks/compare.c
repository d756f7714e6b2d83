// SPDX-License-Identifier: Apache-2.0
//
// compare ROUNDS COMMAND [ARG…] [--- COMMAND [ARG…]]…
//
// Runs some commands by turns and prints a line for each: the median time from
// start to end in microseconds, the median of the peak memory in KiB, and how
// many runs did not end with status 0. Every "{}" in an argument becomes the
// number of the round. Standard output and error of the commands are thrown
// away. One run of each comes first and is not counted.

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { MOST_COMMANDS = 8, MOST_ARGUMENTS = 64, MOST_ROUNDS = 10000 };

static char **commands[MOST_COMMANDS];
static double times[MOST_COMMANDS][MOST_ROUNDS];
static double memory[MOST_COMMANDS][MOST_ROUNDS];
static int failures[MOST_COMMANDS];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

// The arguments of a round, with its number in place of "{}".
static char **filled(char **command, int round) {
    static char text[MOST_ARGUMENTS][4096];
    static char *arguments[MOST_ARGUMENTS + 1];
    int i = 0;
    for (; command[i] && i < MOST_ARGUMENTS; i++) {
        char *place = strstr(command[i], "{}");
        arguments[i] = command[i];
        if (!place) continue;
        snprintf(text[i], sizeof text[i], "%.*s%d%s",
                 (int)(place - command[i]), command[i], round, place + 2);
        arguments[i] = text[i];
    }
    arguments[i] = NULL;
    return arguments;
}

int main(int count, char **values) {
    if (count < 3) return 64;
    int rounds = atoi(values[1]), n = 0;
    if (rounds < 1 || rounds > MOST_ROUNDS) return 64;
    commands[n++] = &values[2];
    for (int i = 2; i < count; i++) {
        if (strcmp(values[i], "---") != 0) continue;
        values[i] = NULL;
        if (n == MOST_COMMANDS) return 64;
        commands[n++] = &values[i + 1];
    }

    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);

    for (int round = 0; round <= rounds; round++) {
        for (int turn = 0; turn < n; turn++) {
            int i = (turn + round) % n;
            char **arguments = filled(commands[i], round);
            pid_t child;
            int status;
            struct rusage usage;
            double start = now();
            if (posix_spawnp(&child, arguments[0], &quiet, NULL, arguments, environ) != 0) {
                failures[i]++;
                continue;
            }
            wait4(child, &status, 0, &usage);
            double end = now();
            if (status != 0) failures[i]++;
            if (round == 0) continue;
            times[i][round - 1] = end - start;
#ifdef __APPLE__
            memory[i][round - 1] = usage.ru_maxrss / 1024.0;
#else
            memory[i][round - 1] = usage.ru_maxrss;
#endif
        }
    }
    for (int i = 0; i < n; i++)
        printf("%.0f %.0f %d\n", median(times[i], rounds), median(memory[i], rounds), failures[i]);
    return 0;
}
