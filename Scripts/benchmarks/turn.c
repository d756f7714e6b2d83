// SPDX-License-Identifier: Apache-2.0
//
// turn FILE MICROSECONDS
//
// Is there for a while. The file holds how many are there at this moment, and
// how many there were at most.

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct counts {
    atomic_int now, most;
};

int main(int count, char **values) {
    if (count != 3) return 64;
    int file = open(values[1], O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, sizeof(struct counts)) != 0) return 73;
    struct counts *counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counts == MAP_FAILED) return 71;
    int here = atomic_fetch_add(&counts->now, 1) + 1;
    int most = atomic_load(&counts->most);
    while (here > most && !atomic_compare_exchange_weak(&counts->most, &most, here)) {}
    usleep(atoi(values[2]));
    atomic_fetch_sub(&counts->now, 1);
    return 0;
}
