# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# Transactions per second with handles that stay open: one key read and written
# in each. Beside SQLite with a write-ahead log, and beside the least that any
# durable log must do.

# rate WORKERS DIRECTORY KIND MODE: one round of one contender.
rate() {
    local directory=$2/$3-$4 worker=$build/$3
    [[ $3 != berth ]] || worker=$client
    mkdir -p "$directory"
    # Alone for a moment: the files are made, and no worker meets another there.
    "$build/fleet" 1 0.01 "$worker" "$directory" "$4" >/dev/null 2>&1 \
        && "$build/fleet" "$1" "$seconds" "$worker" "$directory" "$4"
    rm -rf "$directory"
}

# measure_commits DIRECTORY NAME WORKERS
measure_commits() {
    local results=$work/rates round contender
    rm -rf "$results" && mkdir "$results"
    for ((round = 0; round < rounds; round++)); do
        for contender in "${contenders[@]}"; do
            read -r kind mode <<<"$contender"
            rate "$3" "$1" "$kind" "$mode" >>"$results/$kind-$mode" || true
        done
    done
    figure() { median <"$results/$1"; }

    local on="$2, $3 processes" strict_goal='' process_goal=''
    [[ $3 != 1 ]] || on="$2, 1 process" strict_goal=">= 0.9" process_goal=">= 1.0"
    row "commits, \`strict\`" "$on" "$(figure berth-strict)" "/s" \
        "SQLite WAL, FULL" "$(figure sqlite-FULL)" "$strict_goal"
    row "" "$on" "$(figure berth-strict)" "/s" \
        "append, flush under the lock" "$(figure append-under)"
    row "" "$on" "$(figure berth-strict)" "/s" \
        "the same, extended ahead" "$(figure append-ahead-under)"
    row "commits, \`full\`" "$on" "$(figure berth-full)" "/s" \
        "SQLite WAL, FULL" "$(figure sqlite-FULL)"
    row "" "$on" "$(figure berth-full)" "/s" \
        "append, flush after the lock" "$(figure append-after)"
    row "" "$on" "$(figure berth-full)" "/s" \
        "the same, extended ahead" "$(figure append-ahead-after)"
    row "commits, \`process\`" "$on" "$(figure berth-process)" "/s" \
        "SQLite WAL, NORMAL" "$(figure sqlite-NORMAL)" "$process_goal"
}

[[ -e /usr/include/sqlite3.h ]] || need no-such-command libsqlite3-dev
compile append
compile sqlite -lsqlite3
compile_library_client
prepare_places

contenders=(
    "berth strict" "sqlite FULL" "append under" "append ahead-under"
    "berth full" "append after" "append ahead-after"
    "berth process" "sqlite NORMAL"
)
for index in "${!places[@]}"; do
    for workers in 1 16; do
        note "commits on ${place_names[index]}, workers: $workers"
        measure_commits "${places[index]}" "${place_names[index]}" "$workers"
    done
done
