# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# Transactions per second with handles that stay open: one key read and written
# in each. Beside SQLite with a write-ahead log, and beside the least that any
# durable log must do. Then with a fresh process for each commit, and how long
# the slowest commits of many writers take.

# rate WORKERS DIRECTORY KIND MODE: one round of one contender.
rate() {
    local directory=$2/$3-$4 worker
    case $3 in
        berth) worker=("$client" "$directory" "$4") ;;
        fresh-berth) worker=("$build/each" "$berth" --store "$directory/store" kv set "bench/{}" 1) ;;
        fresh-sqlite) worker=("$build/each" "$build/sqlite" "$directory" "$4" "bench/{}") ;;
        *) worker=("$build/$3" "$directory" "$4") ;;
    esac
    mkdir -p "$directory"
    # Alone for a moment: the files are made, and no worker meets another there.
    "$build/fleet" 1 0.2 0.01 "${worker[@]}" >/dev/null 2>&1 \
        && "$build/fleet" "$1" "$warmup" "$seconds" "${worker[@]}"
    rm -rf "$directory"
}

# take_rates WORKERS DIRECTORY CONTENDER…: rounds of all contenders, by turns;
# `figure KIND-MODE` is then the median of one.
take_rates() {
    local round contender
    results=$work/rates
    rm -rf "$results" && mkdir "$results"
    for ((round = 0; round < rounds; round++)); do
        for contender in "${@:3}"; do
            read -r kind mode <<<"$contender"
            rate "$1" "$2" "$kind" "$mode" >>"$results/$kind-$mode" || true
        done
    done
}

# A contender that never answered left an empty file.
figure() { median <"$results/$1"; }

# measure_commits DIRECTORY NAME WORKERS
measure_commits() {
    take_rates "$3" "$1" "${contenders[@]}"
    local on="$2, $3 processes" strict_goal='' full_goal=">= 2.0" least_goal=">= 0.85"
    local early_goal=">= 2.0" process_goal=">= 1.5"
    if [[ $3 == 1 ]]; then
        on="$2, 1 process" strict_goal=">= 0.9" full_goal=">= 1.0" early_goal=">= 0.9"
        process_goal=">= 2.0"
    fi
    row "commits, \`strict\`" "$on" "$(figure berth-strict)" "/s" \
        "SQLite WAL, FULL" "$(figure sqlite-FULL)" "$strict_goal"
    row "" "$on" "$(figure berth-strict)" "/s" \
        "append, flush under the lock" "$(figure append-under)"
    row "" "$on" "$(figure berth-strict)" "/s" \
        "the same, extended ahead" "$(figure append-ahead-under)"
    if [[ $(figure berth-full) != - ]]; then
        row "commits, \`full\`" "$on" "$(figure berth-full)" "/s" \
            "SQLite WAL, FULL" "$(figure sqlite-FULL)" "$full_goal"
        row "" "$on" "$(figure berth-full)" "/s" \
            "append, flush after the lock" "$(figure append-after)"
        row "" "$on" "$(figure berth-full)" "/s" \
            "the same, extended ahead" "$(figure append-ahead-after)" "$least_goal"
        row "" "$on" "$(figure berth-full)" "/s" \
            "\`strict\`" "$(figure berth-strict)" "$early_goal"
    fi
    row "commits, \`process\`" "$on" "$(figure berth-process)" "/s" \
        "SQLite WAL, NORMAL" "$(figure sqlite-NORMAL)" "$process_goal"
}

# measure_fresh DIRECTORY NAME: a process for each commit.
measure_fresh() {
    take_rates 16 "$1" "fresh-berth full" "fresh-sqlite FULL"
    row "a fresh process for each commit" "$2, 16 at once" "$(figure fresh-berth-full)" "/s" \
        "SQLite WAL, FULL, opened for each" "$(figure fresh-sqlite-FULL)" ">= 1.8"
}

# measure_early DIRECTORY NAME: flushes that overlap, with few writers.
measure_early() {
    take_rates 4 "$1" "berth full" "berth strict"
    row "commits, \`full\`" "$2, 4 processes" "$(figure berth-full)" "/s" \
        "\`strict\`" "$(figure berth-strict)" ">= 1.5"
}

# measure_latency DIRECTORY NAME: the slowest commits of 32 writers, and how
# evenly they take turns.
measure_latency() {
    local round directory=$1/latency
    rm -rf "$work/p99" "$work/turns"
    for ((round = 0; round < rounds; round++)); do
        mkdir -p "$directory/times"
        "$build/fleet" 1 0.2 0.01 "$client" "$directory" full >/dev/null 2>&1
        "$build/fleet" 32 "$warmup" "$seconds" \
            "$client" times "$directory/times" "$directory" full >/dev/null || true
        cat "$directory"/times/* | sort -n \
            | awk '{ value[NR] = $1 } END { print value[int(NR * 0.99)] }' >>"$work/p99"
        wc -l "$directory"/times/* | awk '$2 != "total" { print $1 }' | sort -n \
            | awk '{ value[NR] = $1 } END { printf "%.0f\n", 1000 * value[1] / value[NR] }' \
                >>"$work/turns"
        rm -rf "$directory"
    done
    row "the slowest hundredth, rotations among them" "$2, 32 processes" \
        "$(median <"$work/p99")" "µs" "10 ms" 10000 "<= 1"
    row "fewest turns of a process" "$2, 32 processes" "$(median <"$work/turns")" \
        "of 1,000" "most turns" 1000 ">= 0.7"
}

need libsqlite3-dev sh -c 'echo "#include <sqlite3.h>" | cc -E -'
compile append
compile each
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
    note "commits on ${place_names[index]}, other counts"
    measure_early "${places[index]}" "${place_names[index]}"
    measure_fresh "${places[index]}" "${place_names[index]}"
    measure_latency "${places[index]}" "${place_names[index]}"
done
