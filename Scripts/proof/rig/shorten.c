// SPDX-License-Identifier: Apache-2.0
//
// Runs a command and shortens one of its transfers, or every one from there on:
// the system moves half of the bytes that were asked for, as it may at any time.
//
//     shorten read|pread64|write|pwrite64 INDEX[+] COMMAND [ARG…]
//
// Calls are counted from 1 in the command's first thread, as strace counts them,
// until it becomes another program. Ends as the command does.

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
typedef struct user_regs_struct registers;
#define NUMBER(them) ((long)(them).orig_rax)
#define COUNT(them) ((them).rdx)
#elif defined(__aarch64__)
typedef struct user_regs_struct registers;
#define NUMBER(them) ((long)(them).regs[8])
#define COUNT(them) ((them).regs[2])
#else
#error "the registers of this processor are not known"
#endif

static long number(const char *name) {
    if (!strcmp(name, "read")) return SYS_read;
    if (!strcmp(name, "pread64")) return SYS_pread64;
    if (!strcmp(name, "write")) return SYS_write;
    if (!strcmp(name, "pwrite64")) return SYS_pwrite64;
    exit(64);
}

static void end_as(int status) {
    if (WIFEXITED(status)) exit(WEXITSTATUS(status));
    signal(WTERMSIG(status), SIG_DFL);
    kill(getpid(), WTERMSIG(status));
    exit(128 + WTERMSIG(status));
}

int main(int count, char **words) {
    if (count < 4) exit(64);
    const long wanted = number(words[1]);
    char *rest;
    const long index = strtol(words[2], &rest, 10);
    const int is_sticky = *rest == '+';

    const pid_t child = fork();
    if (child < 0) exit(71);
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execvp(words[3], words + 3);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    ptrace(PTRACE_SETOPTIONS, child, 0,
           PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    long seen = 0, deliver = 0;
    int is_entry = 1, programs = 0;
    for (;;) {
        ptrace(PTRACE_SYSCALL, child, 0, deliver);
        deliver = 0;
        if (waitpid(child, &status, 0) < 0) exit(71);
        if (!WIFSTOPPED(status)) end_as(status);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
            if (++programs == 1) continue;
            ptrace(PTRACE_DETACH, child, 0, 0);
            waitpid(child, &status, 0);
            end_as(status);
        }
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
            deliver = WSTOPSIG(status);
            continue;
        }
        if (is_entry && programs) {
            registers them;
            struct iovec all = {&them, sizeof them};
            ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &all);
            if (NUMBER(them) == wanted) {
                seen++;
                if ((seen == index || (is_sticky && seen > index)) && COUNT(them) > 1) {
                    COUNT(them) /= 2;
                    ptrace(PTRACE_SETREGSET, child, NT_PRSTATUS, &all);
                }
            }
        }
        is_entry = !is_entry;
    }
}
