// SPDX-License-Identifier: Apache-2.0
//
// A disk that ignores flushes, for one process: preloaded, it makes every flush
// succeed without doing anything. What a rig proves without it, it must find
// broken with it.

int fsync(int descriptor) {
    (void)descriptor;
    return 0;
}

int fdatasync(int descriptor) {
    (void)descriptor;
    return 0;
}
