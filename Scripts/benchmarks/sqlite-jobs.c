// SPDX-License-Identifier: Apache-2.0
//
// sqlite-jobs DIRECTORY FULL|NORMAL BEGIN END
// sqlite-jobs DIRECTORY FULL|NORMAL enqueue COUNT
//
// Jobs in a table with an index, and a write-ahead log. A claim is an UPDATE
// with RETURNING, and completing is another that asks for the claim's token:
// two transactions, as in the twin for Berth. The second form adds jobs in one
// transaction, and prints how long that took, in nanoseconds.

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

static sqlite3 *db;

static void check(int code) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "sqlite-jobs: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static sqlite3_stmt *prepared(const char *text) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(db, text, -1, &statement, NULL));
    return statement;
}

int main(int count, char **values) {
    if (count != 5) return 64;
    char text[4096];
    snprintf(text, sizeof text, "%s/jobs.db", values[1]);
    check(sqlite3_open(text, &db));
    check(sqlite3_busy_timeout(db, 10000));
    snprintf(text, sizeof text,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s;"
             "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, state INTEGER, "
             "priority INTEGER, due INTEGER, attempt INTEGER, token INTEGER, worker INTEGER, "
             "payload BLOB);"
             "CREATE INDEX IF NOT EXISTS waiting ON jobs (state, priority, id);",
             values[2]);
    check(sqlite3_exec(db, text, NULL, NULL, NULL));

    if (strcmp(values[3], "enqueue") == 0) {
        sqlite3_stmt *add = prepared(
            "INSERT INTO jobs (state, priority, due, attempt, payload) VALUES (0, 0, 0, 0, ?)");
        char payload[256];
        int size = snprintf(payload, sizeof payload, "{\"count\":1,\"fill\":\"%0100d\"}", 0);
        long long begin = nanoseconds();
        check(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        for (int i = 0; i < atoi(values[4]); i++) {
            check(sqlite3_bind_blob(add, 1, payload, size, SQLITE_STATIC));
            check(sqlite3_step(add));
            check(sqlite3_reset(add));
        }
        check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
        printf("%lld\n", nanoseconds() - begin);
        return 0;
    }

    long long begin = atoll(values[3]), end = atoll(values[4]);
    sqlite3_stmt *claim = prepared(
        "UPDATE jobs SET state = 1, attempt = attempt + 1, token = random(), worker = ? "
        "WHERE id = (SELECT id FROM jobs WHERE state = 0 ORDER BY priority, id LIMIT 1) "
        "RETURNING id, token, payload");
    sqlite3_stmt *complete = prepared(
        "UPDATE jobs SET state = 2 WHERE id = ? AND state = 1 AND token = ?");
    long done = 0;
    check_in(begin);
    for (long long now = 0; now <= end;) {
        check(sqlite3_bind_int(claim, 1, getpid()));
        int code = sqlite3_step(claim);
        check(code);
        if (code != SQLITE_ROW) {
            fputs("sqlite-jobs: no job is left\n", stderr);
            return 1;
        }
        long long id = sqlite3_column_int64(claim, 0), token = sqlite3_column_int64(claim, 1);
        check(sqlite3_step(claim));
        check(sqlite3_reset(claim));
        check(sqlite3_bind_int64(complete, 1, id));
        check(sqlite3_bind_int64(complete, 2, token));
        check(sqlite3_step(complete));
        check(sqlite3_reset(complete));
        now = nanoseconds();
        if (now >= begin && now < end) done++;
    }
    printf("%ld\n", done);
    return 0;
}
