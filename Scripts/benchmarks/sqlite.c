// SPDX-License-Identifier: Apache-2.0
//
// sqlite DIRECTORY FULL|NORMAL|OFF BEGIN END
// sqlite DIRECTORY FULL|NORMAL|OFF KEY
//
// A key read and written in one transaction of SQLite, with a write-ahead log
// and prepared statements. As in the twin for Berth, a worker has 16 keys of
// its own, and each value carries the number before.

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

static sqlite3 *db;

static void check(int code) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static sqlite3_stmt *prepared(const char *text) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(db, text, -1, &statement, NULL));
    return statement;
}

static void run(sqlite3_stmt *statement) {
    check(sqlite3_step(statement));
    check(sqlite3_reset(statement));
}

// The second form does it once, for one key, and ends.
int main(int count, char **values) {
    if (count != 4 && count != 5) return 64;
    long long begin = 0, end = 0;
    if (count == 5) begin = atoll(values[3]), end = atoll(values[4]);
    char text[4096];
    snprintf(text, sizeof text, "%s/sqlite.db", values[1]);
    check(sqlite3_open(text, &db));
    check(sqlite3_busy_timeout(db, 10000));
    snprintf(text, sizeof text,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s;"
             "CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;",
             values[2]);
    check(sqlite3_exec(db, text, NULL, NULL, NULL));

    sqlite3_stmt *start = prepared("BEGIN IMMEDIATE"), *commit = prepared("COMMIT");
    sqlite3_stmt *get = prepared("SELECT value FROM kv WHERE key = ?");
    sqlite3_stmt *set = prepared(
        "INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");

    long done = 0, turn = 0;
    if (count == 5) check_in(begin);
    for (long long now = 0; now <= end;) {
        char key[64], value[256];
        int length = count == 4 ? snprintf(key, sizeof key, "%s", values[3])
            : snprintf(key, sizeof key, "bench/%d/%ld", getpid(), turn++ % 16);
        long before = 0;
        run(start);
        check(sqlite3_bind_text(get, 1, key, length, SQLITE_STATIC));
        if (sqlite3_step(get) == SQLITE_ROW)
            sscanf((const char *)sqlite3_column_text(get, 0), "{\"count\":%ld", &before);
        check(sqlite3_reset(get));
        int size = snprintf(value, sizeof value, "{\"count\":%ld,\"fill\":\"%0100d\"}", before + 1, 0);
        check(sqlite3_bind_text(set, 1, key, length, SQLITE_STATIC));
        check(sqlite3_bind_blob(set, 2, value, size, SQLITE_STATIC));
        run(set);
        run(commit);
        now = nanoseconds();
        if (now >= begin && now < end) done++;
    }
    if (count == 5) printf("%ld\n", done);
    return 0;
}
