# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# A port for a directory, by one command from start to end. The twin asks
# SQLite for the same decision in one transaction; it does not look whether the
# port is in use, as berth does.

# reserve_sql DIRECTORY [looks]: gives the directory its port, or the lowest
# free one, and notes when; or only looks where there is nothing to note.
reserve_sql() {
    local conflict="UPDATE SET used = excluded.used"
    [[ ${2:-} != looks ]] || conflict=NOTHING
    cat <<SQL
BEGIN IMMEDIATE;
INSERT INTO ports (path, tag, port, created, used)
SELECT '$1', '', min(candidate), julianday('now'), julianday('now') FROM (
    SELECT 20000 AS candidate UNION SELECT port + 1 FROM ports)
WHERE candidate NOT IN (SELECT port FROM ports) AND candidate <= 39999
ON CONFLICT (path, tag) DO $conflict;
SELECT port FROM ports WHERE path = '$1' AND tag = '';
COMMIT;
SQL
}

# measure_ports DIRECTORY NAME
measure_ports() {
    local place=$1/ports number again='' before note="WAL, FULL"
    mkdir "$place"
    (cd "$place" && for ((number = 0; number <= starts; number++)); do mkdir "new-$number"; done)
    export BERTH_STORE=$place/store
    local reserve=("$berth" port reserve --allow-unrelated-path --min 20000 --max 39999 --path)
    local sqlite=(sqlite3 -batch -cmd ".timeout 10000" -cmd "PRAGMA synchronous=FULL"
        "$place/sqlite.db")

    sqlite3 "$place/sqlite.db" >/dev/null "PRAGMA journal_mode=WAL;
        CREATE TABLE ports (path TEXT, tag TEXT, port INTEGER UNIQUE, created REAL,
            used REAL, PRIMARY KEY (path, tag)) WITHOUT ROWID;"
    for ((number = 0; number < 100; number++)); do
        mkdir "$place/old-$number"
        "${reserve[@]}" "$place/old-$number" >/dev/null || break
        "${sqlite[@]}" "$(reserve_sql "$place/old-$number")" >/dev/null
    done
    # The twin writes what berth writes: does berth, for what is reserved?
    before=$(cksum "$place/store/journal" 2>/dev/null || true)
    "${reserve[@]}" "$place/old-50" >/dev/null || true
    if [[ $before == "$(cksum "$place/store/journal" 2>/dev/null || true)" ]]; then
        again=looks note="WAL, nothing to write"
    fi

    compare_starts "$starts" "${reserve[@]}" "$place/old-50" \
        --- "${sqlite[@]}" "$(reserve_sql "$place/old-50" "$again")"
    row "\`berth port reserve\`, already reserved" "$2" "${time_of[0]}" "µs" \
        "\`sqlite3\`, $note" "${time_of[1]}" "<= 0.8"
    compare_starts "$starts" "${reserve[@]}" "$place/new-{}" \
        --- "${sqlite[@]}" "$(reserve_sql "$place/new-{}")"
    row "\`berth port reserve\`, new" "$2" "${time_of[0]}" "µs" \
        "\`sqlite3\`, WAL, FULL" "${time_of[1]}" "<= 1.0"
    rm -rf "$place"
}

# fill_ports DIRECTORY GROUPS: a thousand times, reserves ten ports for one of
# some directories after the other. However many there are, as much is written.
fill_ports() {
    local number service place services=''
    for ((service = 0; service < 10; service++)); do
        services+=",\"s$service\":{\"offset\":$service}"
    done
    for ((number = 0; number < 1000; number++)); do
        place=$1/$((number % $2))
        mkdir -p "$place"
        echo "{\"ports\":{\"min\":20000,\"max\":39999},\"allow_unrelated_path\":true,
            \"reservations\":{\"services\":{${services:1}}}}" >"$place/berth.json"
        "$berth" --store "$1/store" port reserve-group --skip-occupancy-check \
            "$place/berth.json" >/dev/null || return
    done
}

# begin_journal STORE: writes until a new journal begins, so that two stores are
# met with journals as short.
begin_journal() {
    local header first
    header=$(head -n 1 "$1/journal")
    first=$header
    while [[ $header == "$first" ]]; do
        "$berth" --store "$1" kv set --raw filler "$(printf '%08000d' 0)" >/dev/null || return
        header=$(head -n 1 "$1/journal")
    done
}

# measure_many DIRECTORY NAME: the same command with few reservations and with many.
measure_many() {
    local few=$1/few many=$1/many number
    mkdir "$few" "$many"
    fill_ports "$few" 1 && fill_ports "$many" 1000 || return
    local options=(port reserve --allow-unrelated-path --min 20000 --max 39999 --path)
    for number in few many; do
        "$berth" --store "$1/$number/store" "${options[@]}" "$1/again" >/dev/null
        begin_journal "$1/$number/store" || return
    done
    compare_starts "$starts" "$berth" --store "$many/store" "${options[@]}" "$1/again" \
        --- "$berth" --store "$few/store" "${options[@]}" "$1/again"
    row "\`berth port reserve\`, already reserved, among 10,000" "$2" "${time_of[0]}" "µs" \
        "among 10" "${time_of[1]}" "<= 1.2"
    for number in few many; do begin_journal "$1/$number/store" || return; done
    compare_starts "$starts" "$berth" --store "$many/store" "${options[@]}" "$1/new-{}" \
        --- "$berth" --store "$few/store" "${options[@]}" "$1/new-{}"
    row "\`berth port reserve\`, new, among 10,000" "$2" "${time_of[0]}" "µs" \
        "among 10" "${time_of[1]}" "<= 1.2"
    rm -rf "$few" "$many"
}

# measure_scan NAME: the ports of the default range.
measure_scan() {
    compare_starts 20 "$berth" --store "$work/none" port scan --json --- true
    row "\`berth port scan\` of 2,001 ports" "$1" "${time_of[0]}" "µs" "the goal" 100000 "<= 1.0"
}

need sqlite3 command -v sqlite3
prepare_places
for index in "${!places[@]}"; do
    note "ports on ${place_names[index]}"
    measure_ports "${places[index]}" "${place_names[index]}"
    measure_many "${places[index]}" "${place_names[index]}"
done
measure_scan "any"
