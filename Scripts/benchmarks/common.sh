# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the sections of Scripts/bench share: places to measure on, programs to
# measure with, and the rows of the table.

note() { echo "bench: $*" >&2; }

# need PACKAGE COMMAND…: installs a package where a command that tells fails.
need() {
    "${@:2}" >/dev/null 2>&1 && return
    if command -v apt-get >/dev/null && ((EUID == 0)); then
        note "installing $1"
        apt-get install -qq --yes "$1" >&2 || {
            apt-get update -qq
            apt-get install -qq --yes "$1"
        } >&2 || true
    fi
    "${@:2}" >/dev/null 2>&1 || note "$1 is missing and could not be installed"
}

# Installs berth, builds the helpers, and makes a directory that goes at the end.
prepare() {
    build=$PWD/.build/bench
    mkdir -p "$build"
    if command -v flock >/dev/null; then
        exec 9>"$build/lock"
        flock -n 9 || {
            note "another benchmark is running, and the two would measure each other"
            return 75
        }
    fi
    work=$(mktemp -d "$build/run.XXXXXX")
    mounts=()
    trap clean_up EXIT
    note "installing a copy of berth"
    berth=$(Scripts/install --prefix "$build/prefix" 2>"$build/install.log") || {
        cat "$build/install.log" >&2
        return 1
    }
    need gcc command -v cc
    compile compare
    compile fleet
    if [[ $quick ]]; then
        starts=60 rounds=3 warmup=0.6 seconds=0.3
    else
        starts=300 rounds=7 warmup=0.6 seconds=0.5
    fi
}

clean_up() {
    local mount
    for mount in ${mounts[@]+"${mounts[@]}"}; do umount "$mount" || true; done
    rm -rf "$work"
}

# compile NAME [FLAG…]: builds a helper written in C.
compile() {
    cc -std=gnu11 -O2 -Wall -Wextra -o "$build/$1" "Scripts/benchmarks/$1.c" "${@:2}"
}

# The programs that use the library, in a package of their own.
compile_library_client() {
    local arguments=(-c release --package-path Scripts/benchmarks/commits
        --scratch-path "$build/commits")
    [[ $(uname -s) != Linux ]] || arguments+=(--static-swift-stdlib)
    note "building the client of the library"
    swift build "${arguments[@]}" >"$build/commits.log" || {
        cat "$build/commits.log" >&2
        return 1
    }
    client=$(swift build "${arguments[@]}" --show-bin-path)/berth-bench
}

# Fills `places` with directories on the file systems to measure on, and
# `place_names` with what they are called.
prepare_places() {
    [[ -z ${places+set} ]] || return 0
    places=("$work/here") place_names=("$(file_system "$work"), here")
    mkdir "$work/here"
    [[ $(uname -s) == Linux ]] || return 0
    local kind
    for kind in ext4 xfs; do
        if mount_image "$kind" 2>"$build/mount.log"; then
            places+=("$work/$kind") place_names+=("$(file_system "$work/$kind"), loop")
        else
            note "$kind is left out: $(grep . "$build/mount.log" | head -n 1)"
            echo "| *not on $kind: it cannot be mounted here* | | | | | | |"
        fi
    done
}

# mount_image KIND: a fresh file system in a file. A sparse file would be slow,
# so it is written once and kept. It is large because the log of SQLite grows
# for as long as 16 writers leave it no pause.
mount_image() {
    local image=$build/$1.img
    need "$([[ $1 == xfs ]] && echo xfsprogs || echo e2fsprogs)" command -v "mkfs.$1"
    [[ -e $image ]] || dd if=/dev/zero of="$image" bs=1M count=1024 conv=fsync status=none || return
    case $1 in
        ext4) mkfs.ext4 -q -F -O has_journal "$image" || return ;;
        xfs) mkfs.xfs -q -f "$image" || return ;;
    esac
    mkdir "$work/$1"
    mount -o loop "$image" "$work/$1" || return
    mounts+=("$work/$1")
}

# The kind of file system a directory is on.
file_system() {
    local device kind
    if [[ $(uname -s) != Linux ]]; then
        echo "APFS"
        return
    fi
    read -r device kind < <(findmnt -nro SOURCE,FSTYPE -T "$1")
    if [[ $kind == ext4 && ! -e /proc/fs/jbd2/${device##*/}-8 ]]; then
        kind="ext4 without a journal"
    fi
    echo "$kind"
}

describe_machine() {
    local cpu cores
    if [[ $(uname -s) == Darwin ]]; then
        cpu=$(sysctl -n machdep.cpu.brand_string) cores=$(sysctl -n hw.ncpu)
    else
        cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1) cores=$(nproc)
    fi
    cat <<TEXT
$cores cores, ${cpu:-unknown processor}, $(uname -sr), $(file_system "$work").
Medians of one run, the contenders by turns.

| measured | on | berth | beside | its figure | ratio | goal |
|---|---|---:|---|---:|---:|---|
TEXT
}

# row MEASURED ON FIGURE UNIT BESIDE FIGURE [GOAL]: the goal is like "<= 1.3";
# a figure of "-" could not be measured.
row() {
    awk -v measured="$1" -v on="$2" -v mine="$3" -v unit="$4" -v beside="$5" -v theirs="$6" \
        -v goal="${7:-}" '
        function grouped(n,   text, head) {
            text = sprintf("%.0f", n)
            while (length(text) > 3) {
                head = "," substr(text, length(text) - 2) head
                text = substr(text, 1, length(text) - 3)
            }
            return text head
        }
        function shown(n) { return n == "-" ? "-" : grouped(n) " " unit }
        BEGIN {
            ratio = "-"
            if (mine != "-" && theirs != "-" && theirs > 0) ratio = sprintf("%.2f", mine / theirs)
            if (goal != "" && ratio != "-") {
                split(goal, part, " ")
                met = part[1] == "<=" ? ratio + 0 <= part[2] + 0 : ratio + 0 >= part[2] + 0
                goal = goal (met ? ", met" : ", missed")
            }
            sub("<=", "≤", goal)
            sub(">=", "≥", goal)
            printf "| %s | %s | %s | %s | %s | %s | %s |\n", \
                measured, on, shown(mine), beside, shown(theirs), ratio, goal
        }'
}

# compare_starts ROUNDS COMMAND… --- COMMAND…: runs `compare` and fills `time_of` and
# `memory_of`, "-" for a command that failed.
compare_starts() {
    time_of=() memory_of=()
    local time memory failures
    while read -r time memory failures; do
        if ((failures)); then
            note "command ${#time_of[@]} failed in $failures runs"
            time=- memory=-
        fi
        time_of+=("$time") memory_of+=("$memory")
    done < <("$build/compare" "$@")
}

# The median of the numbers on standard input, or "-" where there is none.
median() {
    sort -n | awk '{ value[NR] = $1 } END { print NR ? value[int((NR + 1) / 2)] : "-" }'
}

# A figure of a list: percentile N of the numbers on standard input.
percentile() {
    sort -n | awk -v part="$1" '
        { value[NR] = $1 }
        END { print NR ? value[int((NR - 1) * part / 100) + 1] : "-" }'
}

# in_unit NANOSECONDS UNIT: the number in the unit, "-" where there is none.
in_unit() { awk -v n="$1" -v unit="$2" 'BEGIN { print n == "-" ? n : n / unit }'; }
