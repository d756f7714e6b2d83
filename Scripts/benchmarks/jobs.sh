# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# Jobs claimed and completed one by one, beside a table of SQLite with an index;
# many enqueued at once; claims in large stores; how soon workers begin, and go
# on where others died; and what it takes to hand a command over.

# fill DIRECTORY KIND MODE COUNT: prints nanoseconds.
fill() {
    case $2 in
        berth) "$client" enqueue "$1" "$3" "$4" ;;
        sqlite) "$build/sqlite-jobs" "$1" "$3" enqueue "$4" ;;
    esac
}

# settle DIRECTORY: the merges of runs for which the processes that made them
# ended too soon. SQLite does the like when its last connection closes.
settle() { "$berth" --store "$1/store" --quiet store compact >/dev/null; }

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
    [[ $3 != berth ]] || settle "$directory"
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

# measure_sizes: a claim in a store of many jobs that wait, and after many that
# have ended. Without flushes, which would hide what a claim costs itself.
measure_sizes() {
    local most=1000000 many=1,000,000 turns=2000 place=$work/sizes size figures=() batch
    [[ ! $quick ]] || most=200000 many=200,000 turns=500
    for size in 1000 "$most"; do
        note "a store of $size jobs"
        mkdir -p "$place/$size"
        for ((batch = 0; batch < size + turns; batch += 10000)); do
            "$client" enqueue "$place/$size" process \
                $((size + turns - batch < 10000 ? size + turns - batch : 10000)) >/dev/null
        done
        settle "$place/$size"
        figures+=("$("$client" claims "$place/$size" "$turns" | median)")
    done
    note "after $most have ended"
    "$client" finish "$place/$most" "$most"
    "$client" enqueue "$place/$most" process $((1000 + turns)) >/dev/null
    settle "$place/$most"
    figures+=("$("$client" claims "$place/$most" "$turns" | median)")
    rm -rf "$place"
    row "claim of a job, $many waiting" "$on" "${figures[1]}" "ns" \
        "1,000 waiting" "${figures[0]}" "<= 1.3"
    row "claim of a job, after $many ended" "$on" "${figures[2]}" "ns" \
        "1,000 waiting" "${figures[0]}" "<= 1.3"
}

# measure_workers: how soon a worker begins, and how soon another goes on with
# what a killed one was at.
measure_workers() {
    local times=200 place=$work/workers idle seconds=5 before after
    [[ ! $quick ]] || times=40 seconds=2
    mkdir -p "$place/locks"
    "$client" idle "$place/store" >"$place/waits" &
    idle=$!
    "$client" starts "$place/store" "$times"
    wait "$idle"
    row "a job added until an idle worker begins, 99 of 100" "$on" \
        "$(in_unit "$(percentile 99 <"$place/waits")" 1000)" "µs" "10 ms" 10000 "<= 1"
    row "SIGKILL of a worker until another begins its job, 99 of 100" "$on" \
        "$(in_unit "$("$client" rescues "$place/store" $((times / 4)) | percentile 99)" 1000)" \
        "µs" "50 ms" 50000 "<= 1"
    row "the same for a command, which is ended first" "$on" \
        "$(in_unit "$("$client" command-rescues "$berth" "$place/store" $((times / 4)) \
            | percentile 99)" 1000)" "µs" "50 ms" 50000 "<= 1"
    if [[ $(uname -s) == Linux ]]; then
        "$berth" --store "$place/store" --quiet work sleepy &
        idle=$!
        sleep 1
        before=$(switches "$idle")
        sleep "$seconds"
        after=$(switches "$idle")
        kill "$idle"
        wait "$idle"
        row "wake-ups of an idle worker in $seconds s" "$on" $((after - before)) "" \
            "one a second" "$seconds" "<= 0"
    fi
    rm -rf "$place"
}

# switches PROCESS: how often its threads were set to run.
switches() { cat /proc/"$1"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'; }

# measure_storm: nothing is lost and nothing is done twice, whoever dies.
measure_storm() {
    local count=10000 place=$work/storm lost overlaps deaths
    [[ ! $quick ]] || count=2000
    mkdir -p "$place/locks"
    read -r lost overlaps deaths < <("$client" storm "$place/store" "$place/locks" $count)
    row "of $count jobs by 8 workers, $deaths killed: not done just once" "$on" "$lost" "" \
        "all" $count "<= 0"
    row "attempts of one job that overlapped" "$on" "$overlaps" "" "all" $count "<= 0"
    rm -rf "$place"
}

# measure_adding: a command handed over, until the shell goes on. First as where
# a worker serves the queue, then with the start of one.
measure_adding() {
    local place=$work/adding add i
    mkdir -p "$place/nq"
    export BERTH_STORE=$place/store NQDIR=$place/nq
    for add in "--no-start waiting" "{}"; do
        local what="\`berth job add\`" others=(--- true)
        [[ $add != "{}" ]] || what+=", and start a worker"
        if command -v nq >/dev/null && command -v tsp >/dev/null; then
            others=(--- nq -q true --- env "TS_SOCKET=$place/tsp.{}" tsp -n true)
        fi
        # shellcheck disable=SC2086
        compare_starts "$starts" "$berth" job add $add -- true "${others[@]}"
        row "$what" "$on" "${time_of[0]}" "µs" "\`nq true\`" "${time_of[1]}" "<= 2.0"
        row "$what" "$on" "${time_of[0]}" "µs" "\`tsp true\` and its daemon" \
            "${time_of[2]:--}" "<= 0.2"
        for ((i = 0; i <= starts; i++)); do
            [[ ! -e $place/tsp.$i ]] || TS_SOCKET=$place/tsp.$i tsp -K
        done
    done
    "$berth" job wait --queue "$starts" --wait 60 || true
    unset BERTH_STORE NQDIR
    rm -rf "$place"
}

need libsqlite3-dev sh -c 'echo "#include <sqlite3.h>" | cc -E -'
need nq command -v nq || true
need task-spooler command -v tsp || true
compile sqlite-jobs -lsqlite3
compile_library_client
prepare_places
for index in "${!places[@]}"; do
    for workers in 1 16; do
        note "jobs on ${place_names[index]}, workers: $workers"
        measure_jobs "${places[index]}" "${place_names[index]}" "$workers"
    done
done
on=$(file_system "$work")
measure_sizes
note "workers"
measure_workers
measure_storm
measure_adding
