# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the sections of Scripts/bench share: places to measure on, programs to
# measure with, and the rows of the table.

note() { echo "bench: $*" >&2; }

# need TOOL PACKAGE: installs a package where the tool is missing.
need() {
    command -v "$1" >/dev/null && return
    if command -v apt-get >/dev/null && ((EUID == 0)); then
        note "installing $2"
        apt-get install -qq --yes "$2" >&2 || { apt-get update -qq && apt-get install -qq --yes "$2"; } >&2
    fi
    command -v "$1" >/dev/null || note "$1 is missing and could not be installed ($2)"
}

# Installs berth, builds the helpers, and makes a directory that goes at the end.
prepare() {
    build=$PWD/.build/bench
    mkdir -p "$build"
    work=$(mktemp -d "$build/run.XXXXXX")
    mounts=()
    trap clean_up EXIT
    note "installing a copy of berth"
    berth=$(Scripts/install --prefix "$build/prefix" 2>"$build/install.log") || {
        cat "$build/install.log" >&2
        return 1
    }
    need cc gcc
    compile compare
    compile fleet
    if [[ $quick ]]; then
        starts=60 rounds=3 seconds=0.4
    else
        starts=300 rounds=5 seconds=1
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
        if mount_image "$kind" 2>>"$build/mount.log"; then
            places+=("$work/$kind") place_names+=("$(file_system "$work/$kind"), loop")
        else
            echo "| *$kind: not measured, loop mounts are not allowed here* | | | | | | |"
        fi
    done
}

# mount_image KIND: a fresh file system of half a gigabyte in a file.
mount_image() {
    local image=$work/$1.img
    need "mkfs.$1" "$([[ $1 == xfs ]] && echo xfsprogs || echo e2fsprogs)"
    dd if=/dev/zero of="$image" bs=1M count=512 status=none || return
    case $1 in
        ext4) mkfs.ext4 -q -F -O has_journal "$image" || return ;;
        xfs) mkfs.xfs -q "$image" || return ;;
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
                met = part[1] == "<=" ? ratio <= part[2] + 0 : ratio >= part[2] + 0
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
