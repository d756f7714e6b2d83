# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# Jobs claimed and completed one by one, beside a table of SQLite with an index;
# many enqueued at once; and what it takes to hand a command over.

# fill DIRECTORY KIND MODE COUNT: prints nanoseconds.
fill() {
    case $2 in
        berth) "$client" enqueue "$1" "$3" "$4" ;;
        sqlite) "$build/sqlite-jobs" "$1" "$3" enqueue "$4" ;;
    esac
}

# job_rate WORKERS DIRECTORY KIND MODE: one round of one contender.
job_rate() {
    local directory=$2/jobs-$3-$4 worker
    case $3 in
        berth) worker=("$client" work "$directory" "$4") ;;
        sqlite) worker=("$build/sqlite-jobs" "$directory" "$4") ;;
    esac
    mkdir -p "$directory"
    local batch
    for ((batch = 0; batch < 10; batch++)); do
        fill "$directory" "$3" "$4" 10000 >>"$work/jobs/enqueue-$3-$4"
    done
    "$build/fleet" "$1" "$warmup" "$seconds" "${worker[@]}" || true
    rm -rf "$directory"
}

# measure_jobs DIRECTORY NAME WORKERS
measure_jobs() {
    local round contender kind mode on="$2, $3 processes" durable=">= 2.0"
    [[ $3 != 1 ]] || on="$2, 1 process" durable=">= 1.0"
    rm -rf "$work/jobs" && mkdir "$work/jobs"
    for ((round = 0; round < rounds; round++)); do
        for contender in "berth full" "sqlite FULL" "berth process" "sqlite NORMAL"; do
            read -r kind mode <<<"$contender"
            job_rate "$3" "$1" "$kind" "$mode" >>"$work/jobs/$kind-$mode"
        done
    done
    row "jobs claimed and completed, \`full\`" "$on" "$(median <"$work/jobs/berth-full")" "/s" \
        "SQLite WAL, FULL" "$(median <"$work/jobs/sqlite-FULL")" "$durable"
    row "jobs claimed and completed, \`process\`" "$on" \
        "$(median <"$work/jobs/berth-process")" "/s" \
        "SQLite WAL, NORMAL" "$(median <"$work/jobs/sqlite-NORMAL")" ">= 1.5"
    [[ $3 == 1 ]] || return 0
    row "10,000 jobs enqueued in one transaction" "$2" \
        "$(median <"$work/jobs/enqueue-berth-full" | awk '{ print $1 / 1000 }')" "µs" \
        "SQLite WAL, FULL" \
        "$(median <"$work/jobs/enqueue-sqlite-FULL" | awk '{ print $1 / 1000 }')" "<= 1.0"
}

# measure_adding: a command handed over, until the shell goes on.
measure_adding() {
    local place=$work/adding on
    on=$(file_system "$work")
    mkdir -p "$place/nq"
    export BERTH_STORE=$place/store NQDIR=$place/nq
    # As where a worker serves the queue: none is started.
    "$berth" job pause bench >/dev/null 2>&1 || true
    local commands=("$berth" job add --no-start bench -- true)
    if command -v nq >/dev/null; then
        compare_starts "$starts" "${commands[@]}" --- nq -q true
        row "\`berth job add\`" "$on" "${time_of[0]}" "µs" "\`nq true\`" "${time_of[1]}" "<= 2.0"
    else
        compare_starts "$starts" "${commands[@]}" --- true
        row "\`berth job add\`" "$on" "${time_of[0]}" "µs" "\`true\`" "${time_of[1]}"
    fi
    unset BERTH_STORE NQDIR
    rm -rf "$place"
}

need libsqlite3-dev sh -c 'echo "#include <sqlite3.h>" | cc -E -'
need nq command -v nq || true
compile sqlite-jobs -lsqlite3
compile_library_client
prepare_places
for index in "${!places[@]}"; do
    for workers in 1 16; do
        note "jobs on ${place_names[index]}, workers: $workers"
        measure_jobs "${places[index]}" "${place_names[index]}" "$workers"
    done
done
measure_adding
