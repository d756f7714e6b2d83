# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# One command that finds one record, on stores of three sizes. The journal is
# just under the size at which it would be rotated: the worst case.

compile_library_client
sizes=(1000 100000 1000000)
commands=()
for size in "${sizes[@]}"; do
    note "making a store of $size records"
    "$client" fill "$work/cold-$size" "$size"
    printf -v key 'bench/%07d' $((size / 2))
    commands+=("$berth" --store "$work/cold-$size" kv get "$key" ---)
done
note "cold commands"
compare_starts "$starts" "${commands[@]}" true

on=$(file_system "$work")
row "\`berth kv get\`, 1,000 records" "$on" "${time_of[0]}" "µs" "\`true\`" "${time_of[3]}"
row "\`berth kv get\`, 100,000 records" "$on" "${time_of[1]}" "µs" "1,000 records" "${time_of[0]}"
row "\`berth kv get\`, 1,000,000 records" "$on" "${time_of[2]}" "µs" \
    "1,000 records" "${time_of[0]}" "<= 1.3"
# What is written for each byte that is changed, over the generations that are kept.
amplification=$("$berth" --store "$work/cold-1000000" store info --json \
    | sed -n 's/.*"write_amplification":\([0-9.]*\).*/\1/p')
row "bytes written, 1,000,000 records" "$on" \
    "$(awk -v ratio="${amplification:-x}" \
        'BEGIN { print ratio ~ /^[0-9.]+$/ ? ratio * 1000 : "-" }')" "B" \
    "1,000 B changed" 1000 "<= 12"
row "its peak memory" "$on" "${memory_of[2]}" "KiB" "12 MB" 12288 "<= 1"
rm -rf "$work"/cold-*
