// SPDX-License-Identifier: Apache-2.0
//
// each COMMAND [ARG…] BEGIN END
//
// Runs a command to its end, over and over: a fresh process for each commit.
// Every "{}" in an argument becomes the number of this worker and of the turn.

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker.h"

extern char **environ;

enum { MOST_ARGUMENTS = 32 };

int main(int count, char **values) {
    if (count < 4 || count > MOST_ARGUMENTS) return 64;
    long long begin = atoll(values[count - 2]), end = atoll(values[count - 1]);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);

    static char texts[MOST_ARGUMENTS][4096];
    char *arguments[MOST_ARGUMENTS + 1];
    long done = 0, turn = 0;
    check_in(begin);
    for (long long now = 0; now < end;) {
        int n = 0;
        for (int i = 1; i < count - 2; i++, n++) {
            char *place = strstr(values[i], "{}");
            arguments[n] = values[i];
            if (!place) continue;
            snprintf(texts[n], sizeof texts[n], "%.*s%d/%ld%s", (int)(place - values[i]),
                     values[i], getpid(), turn % 16, place + 2);
            arguments[n] = texts[n];
        }
        arguments[n] = NULL;
        turn++;
        pid_t child;
        int status;
        if (posix_spawnp(&child, arguments[0], &quiet, NULL, arguments, environ) != 0) fail("spawn");
        if (waitpid(child, &status, 0) != child) fail("waitpid");
        if (status != 0) {
            fprintf(stderr, "each: %s ended with %d\n", arguments[0], status);
            return 1;
        }
        now = nanoseconds();
        if (now >= begin && now < end) done++;
    }
    printf("%ld\n", done);
    return 0;
}
