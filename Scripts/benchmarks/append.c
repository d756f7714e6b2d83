// SPDX-License-Identifier: Apache-2.0
//
// append DIRECTORY under|after|ahead-under|ahead-after BEGIN END
//
// The least a durable log can do: flock, write a line at the end, fdatasync,
// the flush under the lock or after it. "ahead" writes 64 KiB of newlines at a
// time and then overwrites them, so that most flushes find the size unchanged.

#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "worker.h"

enum { LINE = 300, EXTENSION = 64 * 1024 };

int main(int count, char **values) {
    if (count != 5) return 64;
    int ahead = strncmp(values[2], "ahead-", 6) == 0;
    int after = strstr(values[2], "after") != NULL;
    long long begin = atoll(values[3]), end = atoll(values[4]);

    static char newlines[EXTENSION], line[LINE], read_ahead[4096];
    memset(newlines, '\n', sizeof newlines);
    memset(line, 'x', sizeof line);
    line[LINE - 1] = '\n';

    int directory = open(values[1], O_RDONLY | O_DIRECTORY);
    if (directory < 0) fail(values[1]);
    int lock = openat(directory, "append.lock", O_RDWR | O_CREAT, 0600);
    int log = openat(directory, "append.log", O_RDWR | O_CREAT | (ahead ? 0 : O_APPEND), 0600);
    if (lock < 0 || log < 0) fail("open");

    long done = 0;
    off_t at = 0;
    sleep_until(begin);
    while (nanoseconds() < end) {
        if (flock(lock, LOCK_EX) != 0) fail("flock");
        if (!ahead) {
            if (write(log, line, LINE) != LINE) fail("write");
        } else {
            // The end of the lines is found by reading: a stat of the file
            // would make the next flush dearer.
            ssize_t room;
            for (;;) {
                room = pread(log, read_ahead, sizeof read_ahead, at);
                if (room < 0) fail("pread");
                ssize_t lines = 0;
                while (lines + LINE <= room && read_ahead[lines] == 'x') lines += LINE;
                at += lines;
                room -= lines;
                if (lines == 0 || room >= LINE) break;
            }
            if (room < LINE && pwrite(log, newlines, EXTENSION, at + room) != EXTENSION)
                fail("extend");
            if (pwrite(log, line, LINE, at) != LINE) fail("pwrite");
            at += LINE;
        }
        if (!after && fdatasync(log) != 0) fail("fdatasync");
        if (flock(lock, LOCK_UN) != 0) fail("flock");
        if (after && fdatasync(log) != 0) fail("fdatasync");
        done++;
    }
    printf("%ld\n", done);
    return 0;
}
