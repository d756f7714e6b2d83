# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# A command under a lock, from start to end, and what many contenders make of
# one lock.

measure_starts() {
    local sem=()
    need util-linux command -v flock
    need parallel command -v sem
    if command -v sem >/dev/null; then sem=(--- sem --fg --id berth-bench true); fi
    compare_starts "$starts" "$berth" lock bench -- true --- flock "$work/locks/flock" true \
        --- "$berth" flock "$work/locks/flock" true ${sem[@]+"${sem[@]}"}
    row "\`berth lock X -- true\`" "$on" "${time_of[0]}" "µs" \
        "\`flock X true\`" "${time_of[1]}" "<= 1.0"
    row "\`berth flock X true\`" "$on" "${time_of[2]}" "µs" \
        "\`flock X true\`" "${time_of[1]}" "<= 1.0"
    row "\`berth lock X -- true\`" "$on" "${time_of[0]}" "µs" \
        "\`sem --fg true\`" "${time_of[3]:--}" "<= 0.03"
}

# 16 processes that want the lock all the time.
measure_turns() {
    local seconds=10 begin number most fewest
    [[ ! $quick ]] || seconds=2
    mkdir "$work/locks/turns"
    begin=$(("$("$client" clock)" + 1000000000))
    for ((number = 0; number < 16; number++)); do
        "$client" turns "$BERTH_STORE" "$work/locks/note" "$begin" \
            $((begin + seconds * 1000000000)) >"$work/locks/turns/$number" &
    done
    wait
    most=$(head -qn 1 "$work"/locks/turns/* | percentile 100)
    fewest=$(head -qn 1 "$work"/locks/turns/* | percentile 0)
    row "hand-off to another of 16 processes, median" "$on" \
        "$(in_unit "$(tail -qn +2 "$work"/locks/turns/* | percentile 50)" 1000)" "µs" \
        "120 µs" 120 "<= 1"
    row "most turns of 16 contenders, $seconds s" "$on" "$most" "turns" "fewest" "$fewest" "<= 1.05"
}

# A writer that comes now and then to a lock that 8 readers hold all the time.
measure_writers() {
    local seconds=10 hold=20000000 end number readers=()
    [[ ! $quick ]] || seconds=2
    end=$(("$("$client" clock)" + seconds * 1000000000))
    for ((number = 0; number < 8; number++)); do
        "$client" read "$BERTH_STORE" $hold $end &
        readers+=($!)
    done
    number=$("$client" write "$BERTH_STORE" $hold $((end - 500000000)) | percentile 95)
    wait "${readers[@]}"
    row "wait of a writer among 8 readers, 95 of 100" "$on" "$(in_unit "$number" 1000)" "µs" \
        "one reader's hold" $((hold / 1000)) "<= 1"
}

measure_takeover() {
    local rounds=200
    [[ ! $quick ]] || rounds=30
    row "SIGKILL of a holder until the next has the lock, 99 of 100" "$on" \
        "$(in_unit "$("$client" takeover "$BERTH_STORE" $rounds | percentile 99)" 1000)" "µs" \
        "5 ms" 5000 "<= 1"
}

# lanes COMMAND…: 16 turns of 20 ms, four after each other in each of 4 lanes.
lanes() {
    local lane turn
    for ((lane = 0; lane < 4; lane++)); do
        for ((turn = 0; turn < 4; turn++)); do "$@"; done &
    done
    wait
}

# crowd COMMAND…: 16 turns at once.
crowd() {
    local number
    for ((number = 0; number < 16; number++)); do "$@" & done
    wait
}

# microseconds COMMAND…: how long it takes.
microseconds() {
    local begin=${EPOCHREALTIME/[^0-9]/}
    "$@" >/dev/null
    echo $((${EPOCHREALTIME/[^0-9]/} - begin))
}

measure_slots() {
    local round slots=() fours=() turn=("$build/turn")
    for ((round = 0; round < rounds; round++)); do
        fours+=("$(microseconds lanes "${turn[@]}" "$work/locks/lanes" 20000)")
        slots+=("$(microseconds crowd \
            "$berth" lock slots --slots 4 -- "${turn[@]}" "$work/locks/slots" 20000)")
    done
    row "\`berth lock --slots 4\`, 16 turns of 20 ms" "$on" \
        "$(printf '%s\n' "${slots[@]}" | median)" "µs" \
        "4 lanes without a lock" "$(printf '%s\n' "${fours[@]}" | median)" "<= 1.15"
    row "its most turns at a time" "$on" \
        "$(od -An -t d4 -j 4 -N 4 "$work/locks/slots" | tr -d ' ')" "turns" "slots" 4 "<= 1"
}

# How late an unrelated task is while 64 others of its process wait.
measure_tasks() {
    local seconds=5
    [[ ! $quick ]] || seconds=2
    row "delay of a task beside 64 that wait, the longest" "$on" \
        "$(in_unit "$("$client" tasks "$BERTH_STORE" 64 \
            $(("$("$client" clock)" + seconds * 1000000000)) | percentile 100)" 1000)" "µs" \
        "10 ms" 10000 "<= 1"
}

# How often waiters were woken: each wake-up is a switch to the process, and one
# that is never switched to makes no system call.
measure_sleep() {
    local seconds=10 number holder waiters=() before after
    [[ ! $quick ]] || seconds=2
    [[ $(uname -s) == Linux ]] || return 0
    mkfifo "$work/locks/go"
    "$berth" lock sleep -- cat "$work/locks/go" >/dev/null &
    holder=$!
    until "$berth" --quiet locks sleep >/dev/null; do :; done
    for ((number = 0; number < 64; number++)); do
        "$berth" lock sleep -- true 2>/dev/null &
        waiters+=($!)
    done
    # Deadlocks are looked for once, in the first seconds of a wait.
    sleep 4
    before=$(switches "${waiters[@]}")
    sleep "$seconds"
    after=$(switches "${waiters[@]}")
    row "wake-ups of 64 waiters in $seconds s" "$on" $((after - before)) "" "one each" 64 "<= 0"
    : >"$work/locks/go"
    wait "$holder" "${waiters[@]}"
}

switches() {
    local process files=()
    for process; do files+=("/proc/$process/status"); done
    awk '/ctxt_switches/ { sum += $2 } END { print sum }' "${files[@]}"
}

on=$(file_system "$work")
mkdir "$work/locks"
export BERTH_STORE=$work/locks/store
compile_library_client
compile turn
measure_starts
note "contenders"
measure_turns
measure_writers
measure_takeover
measure_tasks
note "slots and sleepers"
measure_slots
measure_sleep
